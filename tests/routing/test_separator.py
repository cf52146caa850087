"""Times through the tables against Dijkstra's algorithm on the whole graph."""

import numpy as np
import pandas as pd
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

from geo_border.border.hours import INFORMED
from geo_border.routing.crossing import across, transit
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, Scenario, passages
from geo_border.routing.tables import gate_tables

EVERYWHERE = np.s_[:]


def all_times(land, tables, scenario=AS_IS):
    """Times between all places from the tables."""
    routes = passages(tables, scenario)
    every = np.ones(len(land.places), bool)
    own = own_times(land.network, land.places, origins=every)
    times = np.full((len(land.places),) * 2, np.nan)
    for side in range(2):
        here, there = tables.places_on(side), tables.places_on(1 - side)
        times[np.ix_(here, there)] = across(tables, routes, side).matrix()[0]
        times[np.ix_(here, here)] = transit(tables, routes, side).matrix(own.hours[side])[0]
    return times


def scenarios_of(land, rng):
    """A scenario that uses everything."""
    ids = land.gates.index
    return Scenario(
        close=frozenset(rng.choice(ids, rng.integers(0, 2), replace=False)),
        open=frozenset(rng.choice(ids, min(len(ids), rng.integers(0, 3)), replace=False)),
        delay={rng.choice(ids): tuple(rng.choice([0.0, 0.7, np.inf], 2))},
        factor=float(rng.choice([0.0, 0.5, 1.0, 3.0])),
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
    routes = passages(tables)
    times, first, last = across(tables, routes, 0).matrix()
    assert times[0, 0] == pytest.approx(0.1 + 0.5 + 0.25 + 1.0 + 0.5 + 0.25 + 0.5 + 0.2)
    assert (first[0, 0], last[0, 0]) == (0, 4)
    hops = routes.hops(0, 0, 4, back=False)
    assert [gate for _, gate in hops] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] or len(hops) >= 8
    counts = routes.counts(0, back=False)[0, 4]
    np.testing.assert_array_equal(counts, [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]])
    np.testing.assert_allclose(all_times(land, tables), brute_times(land, tables))


@pytest.mark.parametrize("seed", range(5))
def test_closed_border_leaves_the_direct_times(seed):
    land = random_borderland(seed)
    tables = gate_tables(land.network, land.places, land.gates)
    times = all_times(land, tables, Scenario(close=frozenset(land.gates.index)))
    alone = brute_times(land, tables, only_side=True)
    np.testing.assert_allclose(times, alone, rtol=1e-12)
    side = tables.place_side
    assert np.isinf(times[side[:, None] != side]).all()


HOURS = {
    hours: (1 - INFORMED) * closed**2 / 48
    for hours, closed in {"24/7": 0, "Mo-Su 08:00-20:00": 12, "Mo-Su 06:00-22:00": 8}.items()
}
"""Expected waits by hand."""

WIDEST = ["multilateral", "bilateral", "local"]


def with_particulars(land, rng):
    """The same land with all that gates can know of their checkpoints."""
    k = len(land.gates)
    wait = rng.choice([0.0, 3.0], k)
    users = rng.choice([*WIDEST, ""], k)
    in_service = land.gates["is_open"] | (rng.random(k) < 0.3)
    gates = land.gates.assign(
        mode=rng.choice(["road", "ferry"], k),
        delay_out_h=land.gates["delay_out_h"] + wait,
        delay_in_h=land.gates["delay_in_h"] + wait,
        wait_h=wait,
        users=[user or None for user in users],
        in_service=in_service,
        is_open=in_service & (users != "local"),
    )
    return Borderland(land.network, land.places, gates)


def anything(land, rng):
    """A scenario that says all that can be said."""
    ids = land.gates.index.to_numpy()

    def some():
        return rng.choice(ids, min(len(ids), int(rng.integers(0, 3))), replace=False)

    return Scenario(
        close=frozenset(some()[:1]),
        open=frozenset(some()),
        delay={gate: tuple(rng.choice([0.0, 0.7, np.inf], 2)) for gate in some()},
        hours={gate: str(rng.choice(list(HOURS))) for gate in some()},
        one_way={gate: str(rng.choice(["out", "in"])) for gate in some()},
        modes=frozenset(rng.choice(["road", "ferry"], int(rng.integers(0, 2)))),
        users=rng.choice([None, *WIDEST]),
        factor=float(rng.choice([0.0, 0.5, 1.0, 3.0])),
    )


def gates_changed(gates, what):
    """The gates as they would be if the scenario were so, one by one."""
    rows = []
    for name, gate in gates.iterrows():
        pair = what.delay.get(name, (gate["delay_out_h"], gate["delay_in_h"]))
        if name in what.hours:
            before = 0.0 if name in what.delay else gate["wait_h"]
            pair = [hours - before + HOURS[what.hours[name]] for hours in pair]
        pair = [np.inf if np.isinf(hours) else hours * what.factor for hours in pair]
        passes = gate["is_open"]
        if what.users is not None:
            group = 0 if pd.isna(gate["users"]) else WIDEST.index(gate["users"])
            passes = gate["in_service"] and group <= WIDEST.index(what.users)
        passes = (passes or name in what.open) and name not in what.close
        passes = passes and (not what.modes or gate["mode"] in what.modes)
        if what.one_way.get(name) == "out":
            pair[1] = np.inf
        if what.one_way.get(name) == "in":
            pair[0] = np.inf
        ends = gate["home_node"], gate["neighbour_node"]
        rows.append((name, *ends, *pair, bool(passes), "road"))
    return make_gates(rows)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6), symmetric=st.booleans())
def test_a_scenario_on_the_tables_is_a_search_of_the_network_it_describes(seed, k, symmetric):
    rng = np.random.default_rng(seed)
    land = with_particulars(random_borderland(seed, k=k, symmetric=symmetric), rng)
    tables = gate_tables(land.network, land.places, land.gates, modes=("road", "ferry"))
    for _ in range(2):
        what = anything(land, rng)
        changed = Borderland(land.network, land.places, gates_changed(land.gates, what))
        other = gate_tables(land.network, land.places, changed.gates)
        np.testing.assert_allclose(
            all_times(land, tables, what), brute_times(changed, other), rtol=1e-11, atol=1e-12
        )
