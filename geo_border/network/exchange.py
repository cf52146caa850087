"""The network in other forms: networkx, for small work and for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely

from geo_border.errors import NetworkError
from geo_border.network.gate_links import gate_edges, gate_links
from geo_border.network.graph import Network
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.build import BuiltNetwork

GATE_ATTRIBUTES = (
    *("checkpoint_id", "mode", "road_class", "hours_if_open"),
    *("delay_out_h", "delay_in_h", "is_open", "is_candidate"),
)
"""What the edges of gates say beside length, time and geometry."""


def to_networkx(built: BuiltNetwork | Network) -> nx.MultiDiGraph:
    """Give the network as a networkx graph, in the manner of OSMnx.

    Where nobody may pass, which is at closed checkpoints, candidates and crossings that no
    checkpoint serves, ``hours`` and ``travel_time`` are infinite, ``is_open`` is False and
    ``hours_if_open`` says the time all the same.

    Parameters
    ----------
    built
        The network and its gates; a `Network` alone has none, and its sides do not meet. A
        country is too large for networkx.

    Returns
    -------
    MultiDiGraph
        Nodes 0 to n - 1 with ``x``, ``y`` (degrees), ``side``, ``region_id`` (both None
        outside), ``street_count`` (links that meet there); edges keyed by link with ``length``
        (metres), ``hours``, ``travel_time`` (seconds), ``mode``, ``road_class``, ``is_open``,
        ``oneway``, ``reversed`` (against the line of the link), ``geometry`` (drawn from tail
        to head). Each gate is two edges of class
        `geo_border.network.gate_links.GATE_CLASS` with all of `GATE_ATTRIBUTES`.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> graph = gb.to_networkx(net)
    >>> graph.number_of_nodes() == net.network.n_nodes
    True
    """
    network = built if isinstance(built, Network) else built.network
    graph = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    for node in range(network.n_nodes):
        side, region = int(network.side[node]), int(network.region[node])
        graph.add_node(
            node,
            x=float(network.lon[node]),
            y=float(network.lat[node]),
            side=SIDES[side] if side >= 0 else None,
            region_id=network.regions[region] if region >= 0 else None,
        )
    along, unserved = runs_along(network), network.crosses
    oneway = np.bincount(network.link, minlength=len(network.lines)) == 1
    for edge, (start, end) in enumerate(zip(network.tail, network.indices, strict=True)):
        line = network.lines[network.link[edge]]
        hours = float(network.hours[edge])
        closed: dict[str, float] = {"hours_if_open": hours} if unserved[edge] else {}
        graph.add_edge(
            int(start),
            int(end),
            key=int(network.link[edge]),
            length=float(network.length_m[edge]),
            **_times(np.inf if unserved[edge] else hours),
            mode=MODES[network.mode[edge]],
            road_class=network.classes[network.road_class[edge]],
            is_open=not unserved[edge],
            oneway=bool(oneway[network.link[edge]]),
            reversed=not along[edge],
            geometry=line if along[edge] else shapely.reverse(line),
            **closed,
        )
    if not isinstance(built, Network):
        _add_gates(graph, gate_edges(gate_links(network, built.gates)))
    for node, data in graph.nodes(data=True):
        edges = (*graph.in_edges(node, keys=True), *graph.out_edges(node, keys=True))
        data["street_count"] = len({key for *_, key in edges})
    return graph


def _times(hours: float) -> dict[str, float]:
    """A time in hours, and as OSMnx names it."""
    return {"hours": hours, "travel_time": hours * 3600}


def _add_gates(graph: nx.MultiDiGraph, edges: pd.DataFrame) -> None:
    """Join the sides by the edges of gates."""
    for edge in edges.to_dict("records"):
        graph.add_edge(
            edge["tail"],
            edge["head"],
            key=edge["link"],
            length=edge["length_m"],
            **_times(edge["hours"]),
            **{name: edge[name] for name in GATE_ATTRIBUTES},
            oneway=False,
            reversed=not edge["along"],
            geometry=edge["geometry"] if edge["along"] else shapely.reverse(edge["geometry"]),
        )


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
        ways are one link. Without ``geometry`` an edge is straight. Edges with a
        ``checkpoint_id`` are gates, which `gates_from_networkx` reads.

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
        (edge for edge in graph.edges(keys=True, data=True) if "checkpoint_id" not in edge[3]),
        key=lambda e: (number[e[0]], number[e[1]], str(e[2])),
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
            hours=np.array([_hours(data) for *_, data in edges]),
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


def gates_from_networkx(graph: nx.MultiDiGraph) -> pd.DataFrame:
    """Read the gates of a networkx graph.

    Parameters
    ----------
    graph
        As `to_networkx` gives it.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``; ``mode``, ``home_node``, ``neighbour_node`` (positions in the
        order of the graph), ``delay_out_h``, ``delay_in_h``, ``is_open``, ``is_candidate``: what
        `geo_border.routing.tables.gate_tables` asks of gates.

    Raises
    ------
    NetworkError
        If an edge with a ``checkpoint_id`` lacks another attribute.
    """
    number = {node: position for position, node in enumerate(graph.nodes)}
    edges = [
        edge
        for edge in graph.edges(keys=True, data=True)
        if "checkpoint_id" in edge[3] and graph.nodes[edge[0]]["side"] == SIDES[0]
    ]
    try:
        rows = [
            (
                *(data["checkpoint_id"], data["mode"], number[tail], number[head]),
                *(float(data[name]) for name in ("delay_out_h", "delay_in_h")),
                *(_flag(data[name]) for name in ("is_open", "is_candidate")),
            )
            for tail, head, _, data in sorted(edges, key=lambda edge: edge[2])
        ]
    except (KeyError, ValueError) as error:
        raise NetworkError(f"the gates of the graph cannot be read ({error!r})") from error
    columns = [
        *("checkpoint_id", "mode", "home_node", "neighbour_node"),
        *("delay_out_h", "delay_in_h", "is_open", "is_candidate"),
    ]
    return pd.DataFrame(rows, columns=columns).set_index("checkpoint_id")


def _hours(data: dict[str, Any]) -> float:
    """Time of an edge, also where nobody may pass."""
    return float(data.get("hours_if_open", data["hours"]))


def _flag(value: bool | str) -> bool:  # noqa: FBT001  (as GraphML or networkx has it)
    """Whether an attribute says so, also in writing."""
    return str(value) == "True"


def _position(names: tuple[str, ...], name: str | None) -> int:
    """Position of a name, -1 for none."""
    return -1 if name is None else names.index(name)
