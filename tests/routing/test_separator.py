"""Times through the tables against Dijkstra's algorithm on the whole graph."""

import numpy as np
import pytest
from borderland import (
    Borderland,
    brute_times,
    make_gates,
    make_network,
    make_places,
    random_borderland,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.routing.crossing import across, transit
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, Scenario, passages
from geo_border.routing.tables import gate_tables

EVERYWHERE = np.s_[:]


def all_times(land, tables, scenario=AS_IS):
    """Times between all places from the tables."""
    ways = passages(tables, scenario)
    every = np.ones(len(land.places), bool)
    own = own_times(land.network, land.places, origins=every)
    times = np.full((len(land.places),) * 2, np.nan)
    for side in range(2):
        here, there = tables.places_on(side), tables.places_on(1 - side)
        times[np.ix_(here, there)] = across(tables, ways, side).matrix()[0]
        times[np.ix_(here, here)] = transit(tables, ways, side).matrix(own.hours[side])[0]
    return times


def scenarios_of(land, rng):
    """A scenario that uses everything."""
    ids = land.gates.index
    return Scenario(
        closed=frozenset(rng.choice(ids, rng.integers(0, 2), replace=False)),
        opened=frozenset(rng.choice(ids, min(len(ids), rng.integers(0, 3)), replace=False)),
        delay_h={rng.choice(ids): tuple(rng.choice([0.0, 0.7, np.inf], 2))},
        delay_factor=float(rng.choice([0.0, 0.5, 1.0, 3.0])),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6), symmetric=st.booleans())
def test_tables_equal_one_graph(seed, k, symmetric):
    land = random_borderland(seed, k=k, symmetric=symmetric)
    tables = gate_tables(land.network, land.places, land.gates)
    rng = np.random.default_rng(seed)
    for scenario in (AS_IS, OPEN_BORDER, scenarios_of(land, rng)):
        np.testing.assert_allclose(
            all_times(land, tables, scenario), brute_times(land, tables, scenario), rtol=1e-11
        )


def test_many_passages():
    # Home is three islands in a row, joined only through the neighbour: the way from the
    # first to the neighbour's last place passes the border five times.
    sides = [0, 0, 0, 0, 1, 1, 1]
    edges = [(1, 2, 1.0, "road"), (2, 1, 1.0, "road")]
    land_gates = make_gates(
        [
            ("a", 0, 4, 0.5, 0.25, True, "road"),
            ("b", 1, 4, 0.5, 0.25, True, "road"),
            ("c", 2, 5, 0.5, 0.25, True, "road"),
            ("d", 3, 5, 0.5, 0.25, True, "road"),
            ("e", 3, 6, 0.5, 0.25, True, "road"),
        ]
    )
    network = make_network(sides, edges)
    places = make_places(
        network,
        [
            ("from", "home", 0, 0.1, 1.0, "H"),
            ("far", "home", 3, 0.0, 1.0, "H"),
            ("to", "neighbour", 6, 0.2, 1.0, "N"),
        ],
    )
    land = Borderland(network, places, land_gates)
    tables = gate_tables(network, places, land_gates)
    ways = passages(tables)
    times, first, last = across(tables, ways, 0).matrix()
    assert times[0, 0] == pytest.approx(0.1 + 0.5 + 0.25 + 1.0 + 0.5 + 0.25 + 0.5 + 0.2)
    assert (first[0, 0], last[0, 0]) == (0, 4)
    hops = ways.hops(0, 0, 4, back=False)
    assert [gate for _, gate in hops] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] or len(hops) >= 8
    counts = ways.counts(0, back=False)[0, 4]
    np.testing.assert_array_equal(counts, [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]])
    np.testing.assert_allclose(all_times(land, tables), brute_times(land, tables))


@pytest.mark.parametrize("seed", range(5))
def test_closed_border_leaves_the_direct_times(seed):
    land = random_borderland(seed)
    tables = gate_tables(land.network, land.places, land.gates)
    times = all_times(land, tables, Scenario(closed=frozenset(land.gates.index)))
    alone = brute_times(land, tables, only_side=True)
    np.testing.assert_allclose(times, alone, rtol=1e-12)
    side = tables.place_side
    assert np.isinf(times[side[:, None] != side]).all()
