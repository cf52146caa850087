"""Routes of single pairs against paths on the whole graph."""

import numpy as np
import pytest
from borderland import (
    brute_path,
    brute_times,
    make_gates,
    make_network,
    make_places,
    random_borderland,
    whole_graph,
)
from pyproj import Geod

from geo_border.errors import TableError
from geo_border.routing.routes import routes
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel_times import times_and_ways

WGS84 = Geod(ellps="WGS84")


@pytest.mark.parametrize("seed", range(12))
def test_routes_equal_paths_on_one_graph(seed):
    land = random_borderland(seed, k=5, n_places=6, scale=0.2)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    scenario = Scenario(factor=0.5, open=frozenset({"g1"}))
    graph = whole_graph(land, tables, scenario)
    times = brute_times(land, tables, scenario)
    found = routes(land.network, tables, land.places, scenario=scenario)
    net, tail = land.network, land.network.tail
    for i, origin in enumerate(land.places.index):
        for j, target in enumerate(land.places.index):
            if i == j:
                assert (origin, target) not in found
                continue
            route = found[origin, target]
            assert route.hours == pytest.approx(times[i, j])
            if np.isinf(times[i, j]):
                assert np.isnan(route.km)
                assert not len(route.edges)
                assert route.lines.is_empty
                continue
            path = brute_path(graph, origin, target)
            assert list(route.edges) == [step["edge"] for step in path if "edge" in step]
            assert list(route.via) == [step["gate"] for step in path if "gate" in step]
            ends = tables.gates.loc[list(route.via), ["home_node", "neighbour_node"]]
            over = sum(
                WGS84.inv(net.lon[a], net.lat[a], net.lon[b], net.lat[b])[2]
                for a, b in ends.to_numpy(int)
            )
            assert route.km == pytest.approx((net.length_m[route.edges].sum() + over) / 1000)
            drawn = [xy for line in route.lines.geoms for xy in line.coords]
            if len(route.edges):
                first, last = tail[route.edges[0]], net.indices[route.edges[-1]]
                assert drawn[0] == (net.lon[first], net.lat[first])
                assert drawn[-1] == (net.lon[last], net.lat[last])


def test_any_number_of_gates_fits():
    # 64 gates of two sides have numbers that no integer of eight bits holds.
    land = random_borderland(1, k=70, n_places=3, scale=0.2)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    times = brute_times(land, tables, Scenario())
    found = routes(land.network, tables, land.places)
    given = times_and_ways(land.network, tables, land.places).set_index(["from_id", "to_id"])
    for i, origin in enumerate(land.places.index):
        for j, target in enumerate(land.places.index):
            if i != j:
                assert found[origin, target].hours == pytest.approx(times[i, j])
                assert given.at[(origin, target), "hours"] == pytest.approx(times[i, j])


def test_line_drawn_the_other_way_is_turned():
    network = make_network(
        [0, 0, 1], [(0, 1, 1.0, "road"), (1, 0, 1.0, "road")], np.array([[0.0, 0], [1, 0], [2, 0]])
    )
    # Both directions are one link, drawn from node 0.
    network = type(network)(
        **{
            **{name: getattr(network, name) for name in network.__slots__},
            "link": np.zeros(2, np.int32),
            "lines": network.lines[:1],
        }
    )
    gates = make_gates([("g", 1, 2, 0.5, 0.5, True, "road")])
    places = make_places(
        network, [("h", "home", 0, 0.0, 1.0, "H"), ("n", "neighbour", 2, 0.0, 1.0, "N")]
    )
    tables = gate_tables(network, places, gates, trees=True)
    found = routes(network, tables, places)
    assert list(found["h", "n"].lines.geoms[0].coords) == [(0, 0), (1, 0)]
    assert list(found["n", "h"].lines.geoms[0].coords) == [(1, 0), (0, 0)]


def test_trees_are_needed():
    land = random_borderland(0)
    tables = gate_tables(land.network, land.places, land.gates)
    with pytest.raises(TableError, match="trees=True"):
        routes(land.network, tables, land.places)
