"""What an Overpass server answers, through osmnx, in the form of an extract."""

from __future__ import annotations

import socket
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.errors import ExtractError
from geo_border.osm.settlements import SETTLEMENTS
from geo_border.osm.tags import CONTROL_MARKS, wanted
from geo_border.pbf.extract import COUNTS, MEMBER_TYPES, Extract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import networkx as nx

    from geo_border.osm.railways import RailRules
    from geo_border.osm.roads import RoadRules

TURNED = frozenset({"-1", "reverse", "T"})
"""Values of ``oneway`` for which osmnx turns a way round."""


def extract_from_overpass(
    polygon: shapely.Polygon | shapely.MultiPolygon,
    *,
    roads: RoadRules,
    rails: RailRules,
    url: str | None = None,
) -> Extract:
    """Ask an Overpass server for the network of an area, and for what is marked beside it.

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
        Ways, their nodes and the tags of both, and the checkpoints, stations and settlements of
        the area; no boundaries. The outline of an area has nodes of its own, with ids below 0.

    Raises
    ------
    ExtractError
        If the server does not answer with ways.
    """
    import osmnx  # noqa: PLC0415  (slow to import)

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
            marked = _marked(osmnx, polygon)
    except (OSError, ValueError, KeyError) as error:
        raise ExtractError(
            f"the Overpass server gave no network ({error})",
            file=server,
            remedy="Check the address and the area, or give an extract",
        ) from error
    return _Objects.of(graph, marked).extract(server)


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


def _marked(osmnx: Any, polygon: shapely.Polygon | shapely.MultiPolygon) -> gpd.GeoDataFrame:
    """Checkpoints, stations and settlements, on a way or not; index ``element`` and ``id``."""
    requested = {**CONTROL_MARKS, "railway": ["station", "halt"], "place": list(SETTLEMENTS)}
    try:
        found: gpd.GeoDataFrame = osmnx.features_from_polygon(polygon, requested)
    except osmnx._errors.InsufficientResponseError:  # noqa: SLF001  (it has no public name)
        index = pd.MultiIndex.from_arrays([[], []], names=["element", "id"])
        found = gpd.GeoDataFrame(geometry=[], index=index, crs=4326)
    return found


@dataclass(slots=True)
class _Objects:
    """Nodes (longitude, latitude, tags), ways and relations (members, tags) by id.

    What is drawn anew counts its nodes downwards from -1, where OpenStreetMap has none.
    """

    nodes: dict[int, tuple[float, float, dict[str, Any]]] = field(default_factory=dict)
    ways: list[tuple[int, list[int], dict[str, Any]]] = field(default_factory=list)
    relations: dict[int, tuple[list[int], dict[str, Any]]] = field(default_factory=dict)
    drawn: int = 0

    @classmethod
    def of(cls, graph: nx.MultiDiGraph, marked: gpd.GeoDataFrame) -> _Objects:
        """Take the ways of a graph with an edge for each segment, and what is marked."""
        steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
        tags: dict[int, dict[str, Any]] = {}
        for tail, head, data in graph.edges(data=True):
            turned = data.get("oneway") in TURNED
            steps[data["osmid"]].append((head, tail) if turned else (tail, head))
            tags[data["osmid"]] = data
        found = cls({node: (data["x"], data["y"], data) for node, data in graph.nodes(data=True)})
        found.ways = [(way, walk, tags[way]) for way in steps for walk in _walks(steps[way])]
        for (element, number), row in marked.iterrows():
            own = {key: value for key, value in row.items() if isinstance(value, str)}
            if element == "node":
                found.nodes.setdefault(number, (row.geometry.x, row.geometry.y, own))
            elif element == "way" and number not in steps:
                found.draw(number, row.geometry, own)
            elif element == "relation":
                parts = []
                for shape in shapely.get_parts(row.geometry):
                    parts.append(-len(found.ways) - 1)
                    found.draw(parts[-1], shape, {})
                found.relations[number] = parts, own
        return found

    def draw(self, way: int, shape: shapely.Geometry, tags: dict[str, Any]) -> None:
        """Add a line, or the outline of an area, as a way with nodes of its own."""
        line = shape.exterior if isinstance(shape, shapely.Polygon) else shape
        points = shapely.get_coordinates(line).tolist()
        walk = [-self.drawn - n for n in range(1, len(points) + 1)]
        self.drawn += len(points)
        if line.is_closed:
            walk[-1] = walk[0]
        self.nodes |= {node: (x, y, {}) for node, (x, y) in zip(walk, points, strict=True)}
        self.ways.append((way, walk, tags))

    def extract(self, server: str) -> Extract:
        """Give them in the form of a file that was read."""
        keys = wanted()
        ways = sorted(self.ways, key=lambda way: way[0])
        node_id = np.array(sorted(self.nodes), np.int64)
        position = {int(node): number for number, node in enumerate(node_id)}
        own = [self.nodes[node] for node in node_id.tolist()]
        tagged = [
            number
            for number, (*_, tags) in enumerate(own)
            if not tags.keys().isdisjoint(keys.node_keys)
        ]
        tagged_nodes = _tag_frame([own[number][2] for number in tagged], keys.node_tag_keys)
        tagged_nodes.insert(0, "node", np.array(tagged, np.int64))
        numbers = sorted(self.relations)
        relations = _tag_frame(
            [self.relations[number][1] for number in numbers], keys.relation_tag_keys
        )
        relations.insert(0, "relation_id", np.array(numbers, np.int64))
        members = [(number, way) for number in numbers for way in self.relations[number][0]]
        return Extract(
            way_id=np.array([way for way, *_ in ways], np.int64),
            way_start=np.cumsum([0, *(len(walk) for _, walk, _ in ways)], dtype=np.int64),
            ref_node=np.array([position[node] for _, walk, _ in ways for node in walk], np.int32),
            lacking=np.zeros(0, np.int64),
            node_id=node_id,
            x=np.array([round(x * COUNTS) for x, _, _ in own], np.int32),
            y=np.array([round(y * COUNTS) for _, y, _ in own], np.int32),
            way_tags=_tag_frame([tags for *_, tags in ways], keys.tag_keys),
            tagged_nodes=tagged_nodes,
            relations=relations,
            members=pd.DataFrame(
                {
                    "relation_id": np.array([number for number, _ in members], np.int64),
                    "member_type": pd.Categorical(["w"] * len(members), list(MEMBER_TYPES)),
                    "ref": np.array([way for _, way in members], np.int64),
                    "role": pd.Categorical(["outer"] * len(members)),
                }
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
