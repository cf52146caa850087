"""What the border costs, apart by detours, delays and queues."""

import numpy as np
import pandas as pd
import pytest
from borderland import (
    apart_and_merged,
    brute_times,
    crowded,
    make_gates,
    make_network,
    make_places,
    random_borderland,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.border_costs import border_costs
from geo_border.access.decay import Exponential
from geo_border.access.efficiency import checkpoint_detour, every_gate
from geo_border.access.reach import potential
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel


@pytest.fixture
def two_gates():
    """From a to c 4 h by a closed gate, 5 h and an hour of delay by the open one."""
    edges = [(0, 1, 2.0), (1, 0, 2.0), (2, 3, 3.0), (3, 2, 3.0), (4, 3, 4.0), (3, 4, 4.0)]
    network = make_network([0, 0, 1, 1, 1], [(*edge, "road") for edge in edges])
    places = make_places(
        network,
        [
            ("a", "home", 0, 0.0, 100.0, "A"),
            ("b", "home", 1, 0.0, 300.0, "A"),
            ("c", "neighbour", 3, 0.0, 500.0, "C"),
            ("lost", "neighbour", -1, np.nan, 50.0, "C"),
        ],
    )
    gates = make_gates(
        [("open", 1, 2, 1.0, 1.0, True, "road"), ("shut", 0, 4, np.inf, np.inf, False, "road")]
    )
    return Travel(places, gate_tables(network, places, gates), own_times(network, places))


def test_detours_and_delays_by_hand(two_gates):
    found = border_costs(two_gates, decay=Exponential(2))
    a, b = found.loc["a"], found.loc["b"]
    assert a["hours_lost_to_detours"] == pytest.approx(1)
    assert a["hours_lost_to_delays"] == pytest.approx(1)
    assert a["lost_to_detours"] == pytest.approx(500 * (2**-2 - 2**-2.5))
    assert a["lost_to_delays"] == pytest.approx(500 * (2**-2.5 - 2**-3))
    assert b["hours_lost_to_detours"] == 0
    assert b["lost_to_detours"] == 0
    assert b["lost_to_delays"] == pytest.approx(500 * (2**-1.5 - 2**-2))
    # Whom nothing leads across loses nothing there.
    assert found.loc["lost", ["lost_to_detours", "lost_to_delays"]].tolist() == [0, 0]
    assert np.isnan(found.loc["lost", "hours_lost_to_delays"])


def test_queues_are_what_delays_have_more_with_them(two_gates):
    quick = Scenario(delay={"open": 0.25})
    found = border_costs(two_gates, decay=Exponential(2), unqueued=quick).loc["a"]
    assert found["hours_lost_to_delays"] == pytest.approx(0.25)
    assert found["hours_lost_to_queues"] == pytest.approx(0.75)
    assert found["lost_to_queues"] == pytest.approx(500 * (2**-2.625 - 2**-3))


def test_who_finds_no_way_loses_people_and_no_hours(two_gates):
    found = border_costs(two_gates, decay=Exponential(2), scenario=Scenario(close=["open"])).loc[
        "a"
    ]
    assert found["lost_to_detours"] == pytest.approx(500 / 4)
    assert found["lost_to_delays"] == 0
    assert np.isnan(found["hours_lost_to_detours"])
    assert found["checkpoint_detour_unreached"] == 1


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_costs_are_those_of_all_pairs_and_add_up(seed):
    land = random_borderland(seed, scale=0.3)
    tables = gate_tables(land.network, land.places, land.gates)
    trips = Travel(land.places, tables, own_times(land.network, land.places))
    scenario, decay = Scenario(open=frozenset({"g1"})), Exponential(1.5)
    found = border_costs(trips, decay=decay, scenario=scenario)
    pd.testing.assert_frame_equal(
        found[["checkpoint_detour", "checkpoint_detour_unreached", "detour_hours"]],
        checkpoint_detour(trips, scenario=scenario),
    )
    borders = (every_gate(tables), Scenario(open=frozenset({"g1"}), factor=0), scenario)
    times = [brute_times(land, tables, border) for border in borders]
    persons = land.places["population"].to_numpy()
    reached = potential(trips, decay=decay, scenario=scenario)
    lost = found["lost_to_delays"]
    np.testing.assert_allclose(
        lost, reached["across_open"] - reached["across"], rtol=1e-6, atol=1e-6
    )
    for i in np.flatnonzero(found["lost_to_detours"].notna()):
        pairs = (tables.place_side != tables.place_side[i]) & np.isfinite(times[2][i])
        free, bare, full = (hours[i][pairs] for hours in times)
        weight = persons[pairs] * decay(free)
        if weight.sum() > 0:
            row = found.iloc[i]
            detours = np.average(bare - free, weights=weight)
            assert row["hours_lost_to_detours"] == pytest.approx(detours, abs=1e-9)
            delays = np.average(full - bare, weights=weight)
            assert row["hours_lost_to_delays"] == pytest.approx(delays, abs=1e-9)


def test_places_of_one_spot_lose_the_same(monkeypatch):
    land, places = crowded(3)
    apart, merged = (border_costs(trips) for trips in apart_and_merged(land, places, monkeypatch))
    pd.testing.assert_frame_equal(apart, merged)
