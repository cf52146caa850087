"""Small networks of two sides, and times on them by another way: one graph, no tables."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from shapely import LineString, points

from geo_border.network.graph import Network
from geo_border.routing.inside import OwnTimes, held_or_searched, own_times
from geo_border.routing.scenarios import AS_IS, delays
from geo_border.routing.spots import OwnSpots
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.terms import MODES


@dataclass(frozen=True)
class Borderland:
    network: Network
    places: gpd.GeoDataFrame
    gates: pd.DataFrame


def make_network(sides, edges, lonlat=None):
    """Network from (tail, head, hours, mode) tuples; 60 km an hour, one link an edge."""
    n = len(sides)
    if lonlat is None:
        lonlat = np.stack([50 + np.arange(n) * 0.1, 50 + np.arange(n) % 7 * 0.1], axis=1)
    edges = sorted(edges, key=lambda edge: edge[0])
    tail = np.array([edge[0] for edge in edges], int)
    head = np.array([edge[1] for edge in edges], np.int32)
    # Whole milliseconds, to which searches round.
    hours = np.rint(np.array([edge[2] for edge in edges], float) * 3.6e6) / 3.6e6
    mode = np.array([MODES.index(edge[3]) for edge in edges], np.int8)
    lines = np.empty(len(edges), object)
    for e, (u, v) in enumerate(zip(tail, head, strict=True)):
        lines[e] = LineString([lonlat[u], lonlat[v]])
    return Network(
        lon=lonlat[:, 0].copy(),
        lat=lonlat[:, 1].copy(),
        side=np.asarray(sides, np.int8),
        region=np.zeros(n, np.int32),
        indptr=np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.int64),
        indices=head,
        length_m=hours * 60_000,
        hours=hours,
        mode=mode,
        road_class=np.zeros(len(edges), np.int16),
        link=np.arange(len(edges), dtype=np.int32),
        lines=lines,
        regions=("R",),
        classes=("road",),
    )


def make_gates(rows):
    """Gates from (id, home node, neighbour node, out, in, is_open, mode) tuples."""
    columns = ["checkpoint_id", "home_node", "neighbour_node"]
    columns += ["delay_out_h", "delay_in_h", "is_open", "mode"]
    return pd.DataFrame(rows, columns=columns).set_index("checkpoint_id")


def make_places(network, rows):
    """Places from (id, side, node, access_h, population, region) tuples."""
    columns = ["place_id", "side", "node", "access_h", "population", "region_id"]
    frame = pd.DataFrame(rows, columns=columns).set_index("place_id")
    frame["region_id"] = frame["region_id"].astype(object)
    node = frame["node"].clip(lower=0)
    geometry = points(network.lon[node], network.lat[node])
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=4326)


def trips_of(places, tables):
    """Trips of which only those across the border count: nobody travels inside a side."""
    nobody, nowhere = np.empty(0, np.int64), np.empty((0, 0))
    own = OwnTimes((nobody, nobody), (nobody, nobody), (nowhere, nowhere))
    return Travel(places, tables, own)


def crowded(seed):
    """Borderland whose every place is there three times, in turn, with people of its own."""
    land = random_borderland(seed, n=30, n_places=40)
    places = pd.concat([land.places.assign(region_id="R")] * 3)
    places["population"] = np.random.default_rng(seed).integers(0, 900, len(places))
    places.loc[places.index[:5], "region_id"] = None
    places.index = pd.Index([f"p{i}" for i in range(len(places))], name="place_id")
    return land, places


def apart_and_merged(land, places, monkeypatch, *, held=True):
    """Trips with times between all places, and with times between their spots."""
    tables = gate_tables(land.network, places, land.gates, trees=True)
    apart = Travel(places, tables, own_times(land.network, places))
    monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", 4_000 if held else 0)
    merged = Travel(places, tables, held_or_searched(land.network, places))
    assert isinstance(merged.own, OwnSpots)
    assert len(merged.own.first) < len(places) / 2
    return apart, merged


def random_borderland(  # noqa: C901
    seed, *, n=14, k=4, n_places=9, symmetric=False, hostile=True, scale=1.0
) -> Borderland:
    """Two random multigraphs with gates between them.

    Hostile: one-way and parallel edges, unreachable parts, crossing edges that no gate
    serves, places off the network, gates that share nodes, delays of zero and infinity,
    closed gates.
    """
    rng = np.random.default_rng(seed)
    sides = np.repeat([0, 1], n)
    edges = []
    for side in range(2):
        base = side * n
        for _ in range(int(rng.integers(n, 3 * n))):
            u, v = rng.integers(n, size=2) + base
            if u == v:
                continue
            edges.append((u, v, rng.uniform(0.05, 2.0), "road"))
            if symmetric:
                edges.append((v, u, edges[-1][2], "road"))
            elif not hostile or rng.random() < 0.7:
                edges.append((v, u, rng.uniform(0.05, 2.0), "road"))
        if not hostile:  # connected both ways
            for u in range(n):
                edges.extend(
                    (base + a, base + b, rng.uniform(0.05, 2.0), "road")
                    for a, b in ((u, (u + 1) % n), ((u + 1) % n, u))
                )
    if hostile:
        edges.append((0, n, 0.01, "road"))  # a crossing that no gate serves
        edges.append((1, 2, 0.001, "rail"))
    network = make_network(sides, edges, np.column_stack([rng.uniform(50, 55, 2 * n)] * 2))
    rows = []
    for g in range(k):
        out, back = rng.uniform(0.1, 3.0, 2) * scale
        if hostile and rng.random() < 0.3:
            out = rng.choice([0.0, np.inf])
        if hostile and rng.random() < 0.3:
            back = rng.choice([0.0, np.inf])
        is_open = not hostile or rng.random() < 0.8
        rows.append((f"g{g}", rng.integers(n), n + rng.integers(n), out, back, is_open, "road"))
    places = []
    for p in range(2 * n_places):
        side = p % 2
        lost = hostile and rng.random() < 0.1
        places.append(
            (
                f"p{p}",
                ("home", "neighbour")[side],
                -1 if lost else int(rng.integers(n)) + side * n,
                np.nan if lost else rng.choice([0.0, rng.uniform(0, 0.5)]),
                float(rng.integers(0, 1000)),
                None if rng.random() < 0.2 else f"{'HN'[side]}{rng.integers(3)}",
            )
        )
    return Borderland(network, make_places(network, places), make_gates(rows))


def whole_graph(land, tables, scenario=AS_IS, *, only_side=None):
    """Both sides, the passages and the places' access legs as one networkx graph."""
    graph = nx.MultiDiGraph()
    net = land.network
    graph.add_nodes_from(range(net.n_nodes))
    tail = net.tail
    for e in range(net.n_edges):
        u, v = int(tail[e]), int(net.indices[e])
        if net.side[u] == net.side[v] and MODES[net.mode[e]] == "road":
            graph.add_edge(u, v, hours=net.hours[e], edge=e)
    if only_side is None:
        for (gate, row), out, back in zip(
            tables.gates.iterrows(), *delays(tables, scenario), strict=True
        ):
            u, v = int(row["home_node"]), int(row["neighbour_node"])
            if np.isfinite(out):
                graph.add_edge(u, v, hours=out, gate=gate, direction=0)
            if np.isfinite(back):
                graph.add_edge(v, u, hours=back, gate=gate, direction=1)
    for place, row in land.places.iterrows():
        graph.add_node(place)
        if row["node"] >= 0:
            graph.add_edge(place, int(row["node"]), hours=row["access_h"])
            graph.add_edge(int(row["node"]), place, hours=row["access_h"])
    return graph


def brute_times(land, tables, scenario=AS_IS, *, only_side=None):
    """Times between all places by Dijkstra's algorithm on the whole graph."""
    graph = whole_graph(land, tables, scenario, only_side=only_side)
    times = np.full((len(land.places),) * 2, np.inf)
    for i, origin in enumerate(land.places.index):
        found = nx.single_source_dijkstra_path_length(graph, origin, weight="hours")
        for j, target in enumerate(land.places.index):
            times[i, j] = found.get(target, np.inf)
    return times


def brute_path(graph, origin, target):
    """Edges of the fastest path as attribute dicts."""
    nodes = nx.dijkstra_path(graph, origin, target, weight="hours")
    return [
        min(graph[u][v].values(), key=lambda edge: edge["hours"])
        for u, v in zip(nodes[:-1], nodes[1:], strict=True)
    ]


def brute_trips(land, tables, scenario, gravity):
    """Shares of the demand across the border, and times, of all pairs."""
    times = brute_times(land, tables, scenario)
    population = land.places["population"].to_numpy()
    across = tables.place_side[:, None] != tables.place_side
    mass = population**gravity.origin_exponent
    trips = np.where(across, mass[:, None] * population * gravity.decay(times), 0)
    return trips / max(trips.sum(), 1e-300), times


def passed(graph, land, pair):
    """Gates on the fastest path of a pair."""
    ids = land.places.index
    path = brute_path(graph, ids[pair[0]], ids[pair[1]])
    return [step["gate"] for step in path if "gate" in step]
