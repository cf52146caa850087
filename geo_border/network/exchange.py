"""The network in other forms: networkx, for small work and for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely

from geo_border.errors import NetworkError
from geo_border.network.graph import MODES, SIDES, Network

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_networkx(network: Network) -> nx.MultiDiGraph:
    """Give the network as a networkx graph, in the manner of OSMnx.

    Parameters
    ----------
    network
        The graph; a country is too large for networkx.

    Returns
    -------
    MultiDiGraph
        Nodes 0 to n - 1 with ``x``, ``y`` (degrees), ``side``, ``region_id`` (both None
        outside); edges keyed by link with ``length`` (metres), ``hours``, ``mode``,
        ``road_class``, ``geometry`` (drawn from tail to head).
    """
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node in range(network.n_nodes):
        side, region = int(network.side[node]), int(network.region[node])
        graph.add_node(
            node,
            x=float(network.lon[node]),
            y=float(network.lat[node]),
            side=SIDES[side] if side >= 0 else None,
            region_id=network.regions[region] if region >= 0 else None,
        )
    along = runs_along(network)
    for edge, (start, end) in enumerate(zip(network.tail, network.indices, strict=True)):
        line = network.lines[network.link[edge]]
        graph.add_edge(
            int(start),
            int(end),
            key=int(network.link[edge]),
            length=float(network.length_m[edge]),
            hours=float(network.hours[edge]),
            mode=MODES[network.mode[edge]],
            road_class=network.classes[network.road_class[edge]],
            geometry=line if along[edge] else shapely.reverse(line),
        )
    return graph


def runs_along(network: Network) -> NDArray[np.bool_]:
    """Whether each edge goes as the line of its link is drawn.

    Parameters
    ----------
    network
        The graph.

    Returns
    -------
    ndarray
        Shape (m,); by the end of the line that is nearer to the edge's tail.
    """
    lines = network.lines[network.link]
    tail = np.stack([network.lon[network.tail], network.lat[network.tail]], axis=1)
    away = [
        np.hypot(*(shapely.get_coordinates(shapely.get_point(lines, end)) - tail).T)
        for end in (0, -1)
    ]
    along: NDArray[np.bool_] = away[0] <= away[1]
    return along


def from_networkx(graph: nx.MultiDiGraph) -> Network:
    """Read a network from a networkx graph.

    Parameters
    ----------
    graph
        As `to_networkx` gives it; nodes of any kind, edges of one pair and key that go both
        ways are one link. Without ``geometry`` an edge is straight.

    Returns
    -------
    Network
        Nodes in the order of the graph.

    Raises
    ------
    NetworkError
        If a node or an edge lacks an attribute, or has one of the wrong kind.
    """
    number = {node: position for position, node in enumerate(graph.nodes)}
    edges = sorted(
        graph.edges(keys=True, data=True), key=lambda e: (number[e[0]], number[e[1]], str(e[2]))
    )
    try:
        nodes = [graph.nodes[node] for node in graph.nodes]
        lon, lat = (np.array([float(node[axis]) for node in nodes]) for axis in ("x", "y"))
        regions = tuple(sorted({node["region_id"] for node in nodes} - {None}))
        classes = tuple(sorted({str(data["road_class"]) for *_, data in edges}))
        links: dict[tuple[frozenset[int], str], int] = {}
        lines: list[shapely.LineString] = []
        for tail, head, key, data in edges:
            ends = (number[tail], number[head])
            if links.setdefault((frozenset(ends), str(key)), len(links)) == len(lines):
                straight = shapely.LineString([(lon[end], lat[end]) for end in ends])
                lines.append(data.get("geometry", straight))
        tails = [number[tail] for tail, *_ in edges]
        return Network(
            lon=lon,
            lat=lat,
            side=np.array([_position(SIDES, node["side"]) for node in nodes], np.int8),
            region=np.array([_position(regions, node["region_id"]) for node in nodes], np.int32),
            indptr=np.searchsorted(tails, np.arange(len(nodes) + 1)),
            indices=np.array([number[head] for _, head, *_ in edges], np.int32),
            length_m=np.array([float(data["length"]) for *_, data in edges]),
            hours=np.array([float(data["hours"]) for *_, data in edges]),
            mode=np.array([MODES.index(data["mode"]) for *_, data in edges], np.int8),
            road_class=np.array(
                [classes.index(str(data["road_class"])) for *_, data in edges], np.int16
            ),
            link=np.array(
                [links[frozenset((number[t], number[h])), str(k)] for t, h, k, _ in edges],
                np.int32,
            ),
            lines=np.array([*lines, None], object)[:-1],
            regions=regions,
            classes=classes,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(
            f"the graph cannot be read as a network ({error!r})",
            remedy="Give nodes x, y, side, region_id and edges length, hours, mode, road_class",
        ) from error


def _position(names: tuple[str, ...], name: str | None) -> int:
    """Position of a name, -1 for none."""
    return -1 if name is None else names.index(name)
