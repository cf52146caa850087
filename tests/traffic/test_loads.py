"""Demand and loads against counting every pair's path on one graph."""

import numpy as np
import pytest
from borderland import (
    apart_and_merged,
    brute_path,
    brute_times,
    crowded,
    make_gates,
    make_network,
    make_places,
    random_borderland,
    trips_of,
    whole_graph,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential, Linear
from geo_border.errors import SideError, TableError
from geo_border.routing.crossing import across
from geo_border.routing.engine.searches import search
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import gate_tables
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads, edge_loads


def brute_demand(land, tables, gravity, scenario, among=None):
    """Demand of all pairs and their times."""
    times = brute_times(land, tables, scenario)
    population = land.places["population"].to_numpy()
    mass = population**gravity.origin_exponent
    pull = population**gravity.destination_exponent
    across = tables.place_side[:, None] != tables.place_side
    if among is not None:
        across &= among[:, None] & among
    trips = np.where(across, mass[:, None] * pull * gravity.decay(times), 0.0)
    return trips * (gravity.total / trips.sum() if trips.sum() > 0 else 0.0), times


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans())
def test_loads_equal_counting_paths(seed, hostile):
    # Small delays make many trips pass the border more than once.
    land = random_borderland(seed, k=5, n_places=6, scale=0.1, hostile=hostile)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    gravity = Gravity(Exponential(1.2), 0.8, 1.1, total=50.0)
    scenario = Scenario(factor=1.5, open=frozenset({"g2"}))
    routes = passages(tables, scenario)
    demand = cross_demand(trips_of(land.places, tables), routes, gravity=gravity)
    trips, times = brute_demand(land, tables, gravity, scenario)
    graph = whole_graph(land, tables, scenario)
    edges = np.zeros(land.network.n_edges)
    gates = dict.fromkeys(((g, d) for g in tables.gates.index for d in range(2)), 0.0)
    ids = land.places.index
    for i, j in np.argwhere(trips > 0):
        for step in brute_path(graph, ids[i], ids[j]):
            if "edge" in step:
                edges[step["edge"]] += trips[i, j]
            if "gate" in step:
                gates[step["gate"], step["direction"]] += trips[i, j]
    found = checkpoint_loads(tables, routes, demand)
    # A route that starts with a tie (gates at one node, no delay) may go either way.
    assert found["load"].sum() == pytest.approx(sum(gates.values()))
    for g in tables.gates.index:
        np.testing.assert_allclose(
            found.loc[g, ["load_out", "load_in"]].to_numpy(float),
            [gates[g, 0], gates[g, 1]],
            atol=1e-9,
        )
    np.testing.assert_allclose(
        edge_loads(land.network, tables, routes, demand), edges, rtol=1e-9, atol=1e-9
    )
    if trips.any():
        served = trips > 0
        mean = (trips[served] * times[served]).sum() / trips.sum()
        assert demand.hours == pytest.approx(mean)
        np.testing.assert_allclose(found["load_share"], found["load"] / 50.0)


@pytest.mark.parametrize("seed", range(8))
def test_demand_is_conserved(seed):
    land = random_borderland(seed, scale=0.2)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    routes = passages(tables, Scenario(open=frozenset(land.gates.index)))
    demand = cross_demand(trips_of(land.places, tables), routes)
    for flows in (demand.to_gate, demand.through, demand.from_gate):
        assert flows.sum() == pytest.approx(1.0 if demand.through.any() else 0.0)
    # What leaves a place on the network is what begins there.
    load = edge_loads(land.network, tables, routes, demand)
    node_out = np.bincount(land.network.tail, load, land.network.n_nodes)
    node_in = np.bincount(land.network.indices, load, land.network.n_nodes)
    nodes = land.places["node"].to_numpy()
    begins, ends = demand.to_gate.sum(axis=1), demand.from_gate.sum(axis=0)
    used = nodes >= 0
    balance = np.bincount(nodes[used], (begins - ends)[used], land.network.n_nodes)
    loads = checkpoint_loads(tables, routes, demand)
    np.add.at(balance, tables.gates["home_node"], loads["load_in"] - loads["load_out"])
    np.add.at(balance, tables.gates["neighbour_node"], loads["load_out"] - loads["load_in"])
    np.testing.assert_allclose(node_out - node_in, balance, atol=1e-12)


def test_loads_by_hand():
    # h --1 h-- x =a= y --1 h-- n, and gate b only inward, without delay.
    sides = [0, 0, 1, 1]
    network = make_network(
        sides, [(u, v, 1.0, "road") for u, v in ((0, 1), (1, 0), (2, 3), (3, 2))]
    )
    places = make_places(
        network,
        [
            ("h", "home", 0, 0.0, 2.0, "H"),
            ("x", "home", 1, 0.0, 4.0, "H"),
            ("n", "neighbour", 3, 0.0, 10.0, "N"),
        ],
    )
    gates = make_gates(
        [("a", 1, 2, 2.0, 1.0, True, "road"), ("b", 1, 2, np.inf, 0.0, True, "road")]
    )
    tables = gate_tables(network, places, gates, trees=True)
    routes = passages(tables)
    gravity = Gravity(Linear(10.0), total=1.0)
    demand = cross_demand(trips_of(places, tables), routes, gravity=gravity)
    # Times h-n 4, x-n 3 by a; back 2 and 1 by b.
    out_h, out_x, in_h, in_x = 20 * 0.6, 40 * 0.7, 20 * 0.8, 40 * 0.9
    total = out_h + out_x + in_h + in_x
    loads = checkpoint_loads(tables, routes, demand)
    np.testing.assert_allclose(loads.loc["a", "load_out"], (out_h + out_x) / total)
    np.testing.assert_allclose(loads.loc["b", "load_in_share"], (in_h + in_x) / total)
    assert loads.loc["a", "load_in"] == loads.loc["b", "load_out"] == 0
    np.testing.assert_allclose(
        edge_loads(network, tables, routes, demand) * total,
        [out_h, in_h, out_h + out_x, in_h + in_x],
    )
    only = cross_demand(
        trips_of(places, tables), routes, gravity=gravity, among=np.array([True, False, True])
    )
    np.testing.assert_allclose(only.to_gate.sum(axis=1), [12 / 28, 0, 16 / 28])


DEMANDS = [Gravity(Exponential(1.2), 0.8, 1.1, total=50.0), Gravity(Linear(2.0), 1.3, 0.0)]


@pytest.mark.parametrize("gravity", DEMANDS, ids=["exponential", "linear, without a pull"])
@pytest.mark.parametrize("seed", range(3))
def test_tiles_and_spots_carry_what_every_pair_does(seed, gravity, monkeypatch):
    land, places = crowded(seed)
    travel, merged = apart_and_merged(land, places, monkeypatch)
    tables, routes = travel.tables, passages(travel.tables, Scenario(factor=0.1))
    among = np.arange(len(places)) % 7 > 0
    demand = cross_demand(travel, routes, gravity=gravity, among=among)
    persons = np.where(among, places["population"], 0.0)
    to_gate, from_gate = np.zeros(tables.to_gate.shape), np.zeros(tables.from_gate.shape)
    through = np.zeros(demand.through.shape)
    for side in range(2):
        ends = [np.flatnonzero((tables.place_side == s) & (persons > 0)) for s in (side, 1 - side)]
        crossing = across(tables, routes, side, origins=ends[0], destinations=ends[1])
        times, first, last = crossing.matrix()
        trips = persons[ends[0], None] ** gravity.origin_exponent * gravity.decay(times)
        trips = np.where(first >= 0, trips * persons[ends[1]] ** gravity.destination_exponent, 0.0)
        origin, target = np.nonzero(first >= 0)
        flow, k, end = trips[origin, target], first[origin, target], last[origin, target]
        np.add.at(to_gate, (ends[0][origin], k), flow)
        np.add.at(through[side], (k, end), flow)
        np.add.at(from_gate, (end, ends[1][target]), flow)
    scale = gravity.total / through.sum()
    together = cross_demand(merged, routes, gravity=gravity, among=among)
    for found in (demand, together):
        for name, expected in (("to_gate", to_gate), ("through", through)):
            np.testing.assert_allclose(getattr(found, name), expected * scale, atol=1e-12)
        np.testing.assert_allclose(found.from_gate, from_gate * scale, atol=1e-12)
        assert found.hours == pytest.approx(demand.hours, rel=1e-12)
    loads = [checkpoint_loads(tables, routes, found) for found in (demand, together)]
    np.testing.assert_allclose(loads[1], loads[0], atol=1e-12)
    loads = [edge_loads(land.network, tables, routes, found) for found in (demand, together)]
    np.testing.assert_allclose(loads[1], loads[0], atol=1e-12)


@pytest.mark.parametrize("symmetric", [False, True])
def test_trees_are_grown_a_few_at_a_time(symmetric, monkeypatch):
    land = random_borderland(8, n=40, k=7, n_places=30, symmetric=symmetric)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    routes = passages(tables)
    demand = cross_demand(trips_of(land.places, tables), routes)
    at_once = edge_loads(land.network, tables, routes, demand)
    assert at_once.any()
    grown = []

    def counted(graph, roots):
        grown.append(len(roots))
        return search(graph, roots)

    monkeypatch.setattr("geo_border.routing.tables.ROOTS", 3)
    monkeypatch.setattr("geo_border.routing.tables.search", counted)
    np.testing.assert_array_equal(edge_loads(land.network, tables, routes, demand), at_once)
    assert max(grown) == 3
    assert sum(grown) == 14 * (1 if symmetric else 2)


def test_nobody_crosses_a_closed_border():
    land = random_borderland(4)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    routes = passages(tables, Scenario(close=frozenset(land.gates.index)))
    demand = cross_demand(trips_of(land.places, tables), routes)
    assert not demand.through.any()
    assert np.isnan(demand.hours)
    loads = checkpoint_loads(tables, routes, demand)
    assert (loads["load"] == 0).all()
    assert loads["load_share"].isna().all()
    assert not edge_loads(land.network, tables, routes, demand).any()


def test_what_is_refused():
    land = random_borderland(4)
    tables = gate_tables(land.network, land.places, land.gates)
    routes = passages(tables)
    demand = cross_demand(trips_of(land.places, tables), routes)
    with pytest.raises(TableError, match="trees=True"):
        edge_loads(land.network, tables, routes, demand)
    with pytest.raises(TableError, match="not those of the checkpoint tables"):
        cross_demand(trips_of(land.places.iloc[1:], tables), routes)
    empty = land.places.assign(
        population=land.places["population"].where(land.places["side"] == "home", 0.0)
    )
    with pytest.raises(SideError, match="neighbour"):
        cross_demand(trips_of(empty, tables), routes)
