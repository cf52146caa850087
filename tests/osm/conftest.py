"""Extracts by hand, sketched and real."""

import functools

import numpy as np
import pandas as pd
import pytest

from geo_border.osm.tags import wanted
from geo_border.pbf.extract import Extract, read_extract


def build(nodes, ways=(), relations=()):
    """Extract of nodes (lon, lat, tags), ways (refs, tags) and relations (members, tags) by id."""
    want = wanted(languages=("en", "ru"))
    nodes, ways, relations = dict(nodes), dict(ways), dict(relations)
    node_id, way_id = np.array(sorted(nodes), np.int64), np.array(sorted(ways), np.int64)
    position = {number: at for at, number in enumerate(node_id.tolist())}
    walks = [ways[number][0] for number in way_id.tolist()]
    refs = [node for walk in walks for node in walk]
    tagged = [
        (position[number], row[2])
        for number, row in sorted(nodes.items())
        if len(row) > 2 and set(row[2]) & set(want.node_keys)
    ]
    tagged_nodes = frame([tags for _, tags in tagged], want.node_tag_keys)
    tagged_nodes.insert(0, "node", np.array([at for at, _ in tagged], np.int64))
    table = frame([relations[number][1] for number in sorted(relations)], want.relation_tag_keys)
    table.insert(0, "relation_id", np.array(sorted(relations), np.int64))
    members = pd.DataFrame(
        [(number, *member) for number in sorted(relations) for member in relations[number][0]],
        columns=["relation_id", "member_type", "ref", "role"],
    )
    return Extract(
        way_id=way_id,
        way_start=np.cumsum([0, *map(len, walks)]).astype(np.int64),
        ref_node=np.array([position.get(node, -1) for node in refs], np.int32),
        lacking=np.array([node for node in refs if node not in position], np.int64),
        node_id=node_id,
        x=np.array([round(nodes[number][0] * 1e7) for number in node_id.tolist()], np.int32),
        y=np.array([round(nodes[number][1] * 1e7) for number in node_id.tolist()], np.int32),
        way_tags=frame([ways[number][1] for number in way_id.tolist()], want.tag_keys),
        tagged_nodes=tagged_nodes,
        relations=table,
        members=members.astype({"relation_id": np.int64, "ref": np.int64}),
        sources=pd.DataFrame(),
    )


def frame(rows, keys):
    """Tags of elements as a table of categories."""
    return pd.DataFrame({key: pd.Categorical([row.get(key) for row in rows]) for key in keys})


@pytest.fixture(scope="session")
def make_extract():
    return build


@pytest.fixture(scope="session")
def extract_of(extract_file):
    """What is read of a sketch or a real extract, by its key."""
    return functools.cache(lambda key: read_extract([extract_file(key)], wanted()))


@pytest.fixture(scope="session")
def ways_of(extract_file):
    """Highways and railways of an extract as pyosmium gives them: nodes, places, tags."""
    osmium = pytest.importorskip("osmium", reason="pyosmium is what is checked against")
    kinds = osmium.filter.KeyFilter("highway", "railway")

    def read(key):
        file = osmium.FileProcessor(str(extract_file(key)))
        return {
            way.id: (
                [node.ref for node in way.nodes],
                [(node.lon, node.lat) for node in way.nodes if node.location.valid()],
                dict(way.tags),
            )
            for way in file.with_locations().with_filter(kinds)
            if way.is_way()
        }

    return functools.cache(read)
