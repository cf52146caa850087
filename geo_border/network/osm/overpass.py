"""What an Overpass server answers, through osmnx, in the form of an extract."""

from __future__ import annotations

import socket
from collections import Counter, defaultdict
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.errors import ExtractError
from geo_border.network.osm.extract import COUNTS, MEMBER_TYPES, Extract
from geo_border.network.osm.tags import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import networkx as nx
    import shapely

    from geo_border.network.osm.railways import RailRules
    from geo_border.network.osm.roads import RoadRules

TURNED = frozenset({"-1", "reverse", "T"})
"""Values of ``oneway`` for which osmnx turns a way round."""


def extract_from_overpass(
    polygon: shapely.Polygon | shapely.MultiPolygon,
    *,
    roads: RoadRules,
    rails: RailRules,
    url: str | None = None,
) -> Extract:
    """Ask an Overpass server for the roads, ferries and railways of an area.

    Parameters
    ----------
    polygon
        Area in WGS 84.
    roads, rails
        Which classes to ask for.
    url
        Address of the server, without ``/interpreter``; that of osmnx's settings by default.
        All other settings of osmnx (cache, time limit) hold as they are.

    Returns
    -------
    Extract
        Ways, their nodes and the tags of both; no relations.

    Raises
    ------
    ExtractError
        If osmnx is not installed, or the server does not answer with ways.
    """
    try:
        import osmnx  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise ExtractError(
            "osmnx is not installed, which speaks to Overpass servers",
            remedy="Run `pip install 'geo-border[overpass]'`, or give an extract",
        ) from error
    classes = "|".join(dict.fromkeys([*roads.classes, "service"]))
    filters = [
        f'["highway"~"^({classes})$"]',
        f'["railway"~"^({"|".join(rails.kinds)})$"]',
        '["route"~"^(ferry|shuttle_train)$"]',
    ]
    keys = wanted()
    server = url or osmnx.settings.overpass_url
    changes = {
        "overpass_url": server,
        "all_oneway": True,
        "useful_tags_way": list(keys.tag_keys),
        "useful_tags_node": list(keys.node_tag_keys),
    }
    try:
        with _settings(osmnx.settings, changes):
            graph = osmnx.graph_from_polygon(
                polygon,
                simplify=False,
                retain_all=True,
                truncate_by_edge=True,
                custom_filter=filters,
            )
    except (OSError, ValueError, KeyError) as error:
        raise ExtractError(
            f"the Overpass server gave no network ({error})",
            file=server,
            remedy="Check the address and the area, or give an extract",
        ) from error
    return _extract_from_graph(graph, server)


@contextmanager
def _settings(module: Any, changes: dict[str, Any]) -> Iterator[None]:
    """Change settings, and what osmnx does to name resolution, for a while."""
    before = {name: getattr(module, name) for name in changes}
    resolve = socket.getaddrinfo
    try:
        for name, value in changes.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)
        socket.getaddrinfo = resolve


def _extract_from_graph(graph: nx.MultiDiGraph, server: str) -> Extract:
    """An extract of a graph with an edge for each segment of a way."""
    keys = wanted()
    node_id = np.array(sorted(graph.nodes), np.int64)
    position = {int(node): number for number, node in enumerate(node_id)}
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    tags: dict[int, dict[str, Any]] = {}
    for tail, head, data in graph.edges(data=True):
        turned = data.get("oneway") in TURNED
        steps[data["osmid"]].append((head, tail) if turned else (tail, head))
        tags[data["osmid"]] = data
    walks = [(way, walk) for way in sorted(steps) for walk in _walks(steps[way])]
    own = [graph.nodes[node] for node in node_id.tolist()]
    tagged = [
        number for number, data in enumerate(own) if not data.keys().isdisjoint(keys.node_keys)
    ]
    tagged_nodes = _tag_frame([own[number] for number in tagged], keys.node_tag_keys)
    tagged_nodes.insert(0, "node", np.array(tagged, np.int64))
    relations = _tag_frame([], keys.relation_tag_keys)
    relations.insert(0, "relation_id", np.zeros(0, np.int64))
    types = pd.Categorical([], categories=list(MEMBER_TYPES))
    empty = np.zeros(0, np.int64)
    return Extract(
        way_id=np.array([way for way, _ in walks], np.int64),
        way_start=np.cumsum([0, *(len(walk) for _, walk in walks)], dtype=np.int64),
        ref_node=np.array([position[node] for _, walk in walks for node in walk], np.int32),
        lacking=empty,
        node_id=node_id,
        x=np.array([round(data["x"] * COUNTS) for data in own], np.int32),
        y=np.array([round(data["y"] * COUNTS) for data in own], np.int32),
        way_tags=_tag_frame([tags[way] for way, _ in walks], keys.tag_keys),
        tagged_nodes=tagged_nodes,
        relations=relations,
        members=pd.DataFrame(
            {"relation_id": empty, "member_type": types, "ref": empty, "role": types[:0]}
        ),
        sources=pd.DataFrame({"file": [server], "timestamp": [pd.NaT]}),
    )


def _walks(steps: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Steps from node to node as one walk, or as several where one does not hold them all."""
    heads = Counter(head for _, head in steps)
    tails = Counter(tail for tail, _ in steps)
    begins = [tail for tail in tails if tails[tail] > heads[tail]] or [steps[0][0]]
    whole = _circuit(steps, begins[0])
    if Counter(pairwise(whole)) == Counter(steps):
        return [whole]
    onward = _onward(steps)
    walks = []
    for start in [*begins, *tails]:
        while onward[start]:
            walk = [start]
            while onward[walk[-1]]:
                walk.append(onward[walk[-1]].pop())
            walks.append(walk)
    return walks


def _onward(steps: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Where one can go from each node, the first last."""
    onward: dict[int, list[int]] = defaultdict(list)
    for tail, head in reversed(steps):
        onward[tail].append(head)
    return onward


def _circuit(steps: Sequence[tuple[int, int]], start: int) -> list[int]:
    """Walk that holds every step once, if there is one from the start (Hierholzer 1873)."""
    onward = _onward(steps)
    stack, walk = [start], []
    while stack:
        if onward[stack[-1]]:
            stack.append(onward[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[::-1]


def _tag_frame(rows: Iterable[dict[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Tags as a categorical column a key."""
    rows = list(rows)
    return pd.DataFrame(
        {key: pd.Categorical([row.get(key) for row in rows]) for key in keys},
        index=pd.RangeIndex(len(rows)),
    )
