"""Closures and shorter delays against routing every pair again."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from borderland import (
    apart_and_merged,
    brute_times,
    brute_trips,
    crowded,
    make_gates,
    make_network,
    make_places,
    passed,
    random_borderland,
    trips_of,
    whole_graph,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential, Linear
from geo_border.bottlenecks.checkpoints import checkpoint_ranking
from geo_border.bottlenecks.closures import closures
from geo_border.bottlenecks.gains import delay_gains
from geo_border.errors import CheckpointError, TableError
from geo_border.routing.scenarios import AS_IS, Scenario, delays, passages
from geo_border.routing.tables import gate_tables
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads

GRAVITY = Gravity(Exponential(1.5), 0.9, 1.0, total=7.0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans(), scale=st.sampled_from([0.03, 0.5]))
def test_closures_equal_routing_again(seed, hostile, scale):
    land = random_borderland(seed, k=4, n_places=5, scale=scale, hostile=hostile)
    tables = gate_tables(land.network, land.places, land.gates)
    scenario = Scenario(factor=1.2)
    sets = [(g,) for g in land.gates.index] + list(combinations(land.gates.index, 2))
    found = closures(trips_of(land.places, tables), gravity=GRAVITY, scenario=scenario, sets=sets)
    trips, times = brute_trips(land, tables, scenario, GRAVITY)
    graph = whole_graph(land, tables, scenario)
    pairs = [tuple(pair) for pair in np.argwhere(trips > 0)]
    via = {pair: passed(graph, land, pair) for pair in pairs}
    for closed in sets:
        after = Scenario(factor=1.2, close=frozenset(closed))
        new_times = brute_times(land, tables, after)
        new_graph = whole_graph(land, tables, after)
        served = cut = extra = 0.0
        to = dict.fromkeys(land.gates.index, 0.0)
        for pair in pairs:
            if not set(closed) & set(via[pair]):
                assert new_times[pair] == pytest.approx(times[pair])
            elif np.isinf(new_times[pair]):
                cut += trips[pair]
            else:
                served += trips[pair]
                extra += trips[pair] * (new_times[pair] - times[pair])
                new_via = passed(new_graph, land, pair)
                for gate in new_via:
                    to[gate] += trips[pair] / len(new_via)
        row = found.effects.loc[";".join(closed)]
        assert row["closure_demand"] == pytest.approx(served + cut, abs=1e-12)
        assert row["closure_diverted"] == pytest.approx(served, abs=1e-12)
        assert row["closure_unserved"] == pytest.approx(cut, abs=1e-12)
        assert row["closure_extra_total"] == pytest.approx(extra, abs=1e-12)
        if served > 0:
            assert row["closure_extra_hours"] == pytest.approx(extra / (served + cut))
        else:
            assert np.isnan(row["closure_extra_hours"])
        there = found.diversions[found.diversions["closed_id"] == ";".join(closed)]
        assert there["share"].is_monotonic_decreasing
        shares = dict(zip(there["to_id"], there["share"], strict=True))
        for gate, flow in to.items():
            assert shares.get(gate, 0) * (served + cut) == pytest.approx(flow, abs=1e-12)
        if served + cut > 0:
            assert there["share"].sum() + cut / (served + cut) == pytest.approx(1)


@pytest.fixture
def corridor():
    """h -1h- x, y -1h- n; gates a (x-y, 1 h), b (h-n, 5 h out, 6 h back), c (x-y, 2 h out)."""
    network = make_network(
        [0, 0, 1, 1], [(u, v, 1.0, "road") for u, v in ((0, 1), (1, 0), (2, 3), (3, 2))]
    )
    places = make_places(
        network, [("h", "home", 0, 0.0, 3.0, "H"), ("n", "neighbour", 3, 0.0, 5.0, "N")]
    )
    gates = make_gates(
        [
            ("a", 1, 2, 1.0, 1.0, True, "road"),
            ("b", 0, 3, 5.0, np.inf, True, "road"),
            ("c", 1, 2, 2.0, np.inf, True, "road"),
        ]
    )
    return places, gate_tables(network, places, gates)


def test_closures_by_hand(corridor):
    places, tables = corridor
    found = closures(trips_of(places, tables), gravity=Gravity(Linear(6.0)))
    # Both directions take 3 h by a. Without it out takes 4 h by c, back finds no way.
    a = found.effects.loc["a"]
    assert a.tolist() == [1.0, 0.5, 0.5, 0.5, 0.5]
    assert found.effects.loc["b", "closure_demand"] == 0
    assert np.isnan(found.effects.loc["b", "closure_extra_hours"])
    expected = pd.DataFrame({"closed_id": ["a"], "to_id": ["c"], "share": [0.5]})
    pd.testing.assert_frame_equal(found.diversions, expected, check_dtype=False)
    pair = closures(trips_of(places, tables), gravity=Gravity(Linear(6.0)), sets=[("a", "c")])
    assert pair.effects.loc["a;c"].tolist() == [1.0, 0.5, 1.0, 1.0, 0.5]
    assert pair.diversions["to_id"].tolist() == ["b"]


def test_a_trip_diverted_through_three_checkpoints_counts_a_third_at_each():
    # No roads at all: without gate d the way from h leads out by a, back by b, out by c.
    network = make_network([0, 0, 1, 1], [])
    places = make_places(
        network, [("h", "home", 0, 0.0, 1.0, "H"), ("n", "neighbour", 3, 0.0, 1.0, "N")]
    )
    inf = np.inf
    gates = make_gates(
        [
            ("a", 0, 2, 1.0, inf, True, "road"),
            ("b", 1, 2, inf, 2.0, True, "road"),
            ("c", 1, 3, 3.0, inf, True, "road"),
            ("d", 0, 3, 1.0, inf, True, "road"),
        ]
    )
    found = closures(trips_of(places, gate_tables(network, places, gates)))
    assert found.effects.loc["d"].tolist() == pytest.approx([1.0, 1.0, 5.0, 5.0, 0.0])
    assert found.diversions["to_id"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(found.diversions["share"], 1 / 3)


def test_no_open_checkpoint_has_no_effects(corridor):
    places, tables = corridor
    shut = Scenario(close=frozenset("abc"))
    assert closures(trips_of(places, tables), scenario=shut).effects.empty
    assert delay_gains(trips_of(places, tables), scenario=shut).empty


def test_ranking(corridor):
    places, tables = corridor
    routes = passages(tables)
    loads = checkpoint_loads(tables, routes, cross_demand(trips_of(places, tables), routes))
    table = checkpoint_ranking(loads, closures(trips_of(places, tables)))
    assert table.index.tolist() == ["a", "b", "c"]
    assert table.loc["a", "load_share"] == 1
    assert table.loc["a", "diverted_to"] == "c"
    assert table.loc["a", "diverted_to_share"] == 0.5
    assert table.loc["a", "closure_unserved"] == 0.5
    assert table["diverted_to"].isna().tolist() == [False, True, True]


def test_unknown_checkpoints_are_refused(corridor):
    places, tables = corridor
    with pytest.raises(CheckpointError, match="'z'"):
        closures(trips_of(places, tables), sets=[("z",)])
    assert closures(trips_of(places, tables), sets=[]).effects.empty


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans())
def test_gains_equal_routing_again(seed, hostile):
    land = random_borderland(seed, k=3, n_places=6, hostile=hostile)
    tables = gate_tables(land.network, land.places, land.gates)
    scenario = Scenario(factor=1.5)
    decay = Exponential(2.0)
    found = delay_gains(
        trips_of(land.places, tables), cut_h=0.75, decay=decay, gravity=GRAVITY, scenario=scenario
    )
    trips, times = brute_trips(land, tables, scenario, GRAVITY)
    population = land.places["population"].to_numpy()
    across = tables.place_side[:, None] != tables.place_side
    before = delays(tables, scenario)
    is_open = np.isfinite(before).any(axis=0)
    assert set(found["checkpoint_id"]) == set(tables.gates.index[is_open])
    for gate, part in found.groupby("checkpoint_id"):
        g = tables.gates.index.get_loc(gate)
        cut = np.maximum(before[:, g] - 0.75, 0)
        # The factor applies to given delays as well.
        after = Scenario(factor=1.5, delay={gate: tuple(cut / 1.5)})
        new = brute_times(land, tables, after)
        rise = np.where(across, (decay(new) - decay(times)) * population, 0).sum(axis=1)
        fall = np.where(np.isfinite(times), times, 0) - np.where(np.isfinite(times), new, 0)
        for _, row in part.iterrows():
            here = (land.places["region_id"] == row["region_id"]).to_numpy()
            persons = population[here]
            assert row["potential_across_gain"] == pytest.approx(
                (rise[here] * persons).sum() / persons.sum(), abs=1e-9
            )
            started = trips[here].sum()
            if started > 0:
                saved = (trips * fall)[here].sum() / started
                assert row["hours_saved"] == pytest.approx(saved, abs=1e-9)
            else:
                assert np.isnan(row["hours_saved"])


def test_gains_by_hand(corridor):
    places, tables = corridor
    gains = delay_gains(trips_of(places, tables), decay=Linear(10.0)).set_index(
        ["checkpoint_id", "region_id"]
    )
    # Only a is on a fastest route; c becomes as fast as a, not faster.
    assert gains.loc[("a", "H")].tolist() == pytest.approx([1.0, 0.5, 1.0])
    assert gains.loc[("a", "N")].tolist() == pytest.approx([1.0, 0.3, 1.0])
    assert (gains.loc["c", ["potential_across_gain", "hours_saved"]] == 0).all(axis=None)
    with pytest.raises(ValueError, match="cut_h"):
        delay_gains(trips_of(places, tables), cut_h=0.0)
    with pytest.raises(TableError, match="region_id"):
        delay_gains(trips_of(places.drop(columns="region_id"), tables), scenario=AS_IS)


@pytest.mark.parametrize("seed", range(3))
def test_places_of_one_spot_are_closed_off_and_gain_as_each_alone(seed, monkeypatch):
    land, places = crowded(seed)
    places["region_id"] = places["region_id"].mask(np.arange(len(places)) % 3 == 1, "S")
    trips = apart_and_merged(land, places, monkeypatch)
    among = np.arange(len(places)) % 5 > 0
    given = {"gravity": GRAVITY, "scenario": Scenario(factor=0.1), "among": among}
    apart, merged = (closures(travel, sets=[["g0"], ["g1", "g2"]], **given) for travel in trips)
    pd.testing.assert_frame_equal(merged.effects, apart.effects, atol=1e-12)
    pd.testing.assert_frame_equal(merged.diversions, apart.diversions, atol=1e-12)
    apart, merged = (delay_gains(travel, decay=Exponential(1.0), **given) for travel in trips)
    assert set(apart["region_id"]) == {"R", "S"}
    pd.testing.assert_frame_equal(merged, apart, rtol=1e-9, atol=1e-9)
