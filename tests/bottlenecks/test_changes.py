"""Scenarios compared with the border as it is, against routing every pair again."""

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
    whole_graph,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential, Step
from geo_border.access.nearest import nearest_gate
from geo_border.access.reach import border_effect, potential
from geo_border.access.regions import by_region
from geo_border.bottlenecks.changes import BATCH, MEASURES, changes
from geo_border.errors import CheckpointError
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import AS_IS, Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.traffic.demand import Gravity

DECAY = Exponential(1.2)
GRAVITY = Gravity(Exponential(1.5), 0.9, 1.0, total=7.0)

SCENARIOS = {
    "nothing": AS_IS,
    "closed": Scenario(close=frozenset({"g0"})),
    "all closed": Scenario(close=frozenset({"g0", "g1", "g2", "g3"})),
    "opened": Scenario(open=frozenset({"g1", "g2"})),
    "faster": Scenario(delay={"g0": (0.1, 0.0)}, one_way={"g3": "in"}),
    "slower": Scenario(factor=2.0),
    "mixed": Scenario(close=frozenset({"g1"}), delay={"g2": (0.0, np.inf), "g3": (0.01, 3)}),
}


def measured(places, tables, own, scenario):
    """The measures by the functions that evaluate one scenario, each place anew."""
    reach = potential(Travel(places, tables, own), decay=DECAY, scenario=scenario)
    within = potential(Travel(places, tables, own), decay=Step(1.0), scenario=scenario)
    values = reach.assign(
        hours_to_checkpoint=nearest_gate(tables, scenario=scenario)["hours"],
        population_60min_across=within["across"],
    )
    return values.rename(columns={"own": "potential_own", "across": "potential_across"})


def effect_of(values):
    names = {"potential_own": "own", "potential_across": "across"}
    return values.assign(border_effect=border_effect(values.rename(columns=names))["all"])


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans(), scale=st.sampled_from([0.03, 0.5]))
def test_measures_are_those_of_each_scenario_alone(seed, hostile, scale):
    land = random_borderland(seed, hostile=hostile, scale=scale)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places)
    base = Scenario(factor=1.1)
    given = land.places, tables, own
    found = changes(Travel(*given), SCENARIOS, decay=DECAY, gravity=GRAVITY, base=base)
    assert found.totals.index.tolist() == list(SCENARIOS)
    before = measured(*given, base)
    for name, scenario in SCENARIOS.items():
        after = measured(*given, scenario)
        for when, values in (("before", before), ("after", after)):
            shown = found.places.loc[name].filter(like=f"_{when}")
            expected = effect_of(values)[list(MEASURES)].add_suffix(f"_{when}")
            pd.testing.assert_frame_equal(shown, expected, check_names=False, rtol=1e-9, atol=1e-7)
            of_region = by_region(effect_of(values), land.places)
            shown = found.regions.loc[name]
            pd.testing.assert_frame_equal(
                shown[expected.columns],
                of_region[list(MEASURES)].add_suffix(f"_{when}"),
                check_names=False,
                rtol=1e-9,
                atol=1e-7,
            )
            np.testing.assert_allclose(
                shown[f"unreached_share_{when}"], of_region["hours_to_checkpoint_unreached"]
            )
        difference = found.regions.loc[name]
        for measure in MEASURES:
            np.testing.assert_allclose(
                difference[f"{measure}_change"],
                difference[f"{measure}_after"] - difference[f"{measure}_before"],
            )


# The only way that keeps its first and last gate and passes another one in between.
@example(seed=182, hostile=False, scale=0.03)
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans(), scale=st.sampled_from([0.03, 0.5]))
def test_trips_and_loads_equal_routing_again(seed, hostile, scale):
    land = random_borderland(seed, hostile=hostile, scale=scale, n_places=5)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places)
    found = changes(Travel(land.places, tables, own), SCENARIOS, decay=DECAY, gravity=GRAVITY)
    trips, times = brute_trips(land, tables, AS_IS, GRAVITY)
    pairs = [tuple(pair) for pair in np.argwhere(trips > 0)]
    region = land.places["region_id"].to_numpy(object)
    graph = whole_graph(land, tables, AS_IS)
    before = {pair: passed(graph, land, pair) for pair in pairs}
    for name, scenario in SCENARIOS.items():
        new_times = brute_times(land, tables, scenario)
        new_graph = whole_graph(land, tables, scenario)
        load = dict.fromkeys(land.gates.index, 0.0)
        sums = {where: np.zeros(4) for where in [None, *region]}
        for pair in pairs:
            flow, after = trips[pair], []
            change = np.array([flow, 0, 0, flow])
            if np.isfinite(new_times[pair]):
                after = passed(new_graph, land, pair)
                lasts = new_times[pair] - times[pair]
                moved = after != before[pair] or abs(lasts) > 1e-9
                change = flow * np.array([moved, moved, lasts, 0])
            for gate in after:
                load[gate] += flow
            for where in {None, region[pair[0]]}:
                sums[where] += change
        checkpoints = found.checkpoints.loc[name]
        np.testing.assert_allclose(checkpoints["load_share_after"], list(load.values()), atol=1e-9)
        total = found.totals.loc[name]
        affected, served, extra, cut = sums[None]
        assert total["affected_share"] == pytest.approx(affected, abs=1e-9)
        assert total["unserved_share"] == pytest.approx(cut, abs=1e-9)
        assert total["extra_total"] == pytest.approx(extra, abs=1e-9)
        if served > 1e-9:
            assert total["extra_hours"] == pytest.approx(extra / served, abs=1e-6)
        for where, row in found.regions.loc[name].iterrows():
            started = trips[region == where].sum()
            assert row["demand_share"] == pytest.approx(started, abs=1e-12)
            if started > 0:
                assert row["affected_share"] * started == pytest.approx(sums[where][0], abs=1e-9)


def two_ways():
    """Home town h, foreign town f, an hour by the slow gate, a quarter by a candidate."""
    network = make_network([0, 1], [])
    places = make_places(
        network, [("h", "home", 0, 0.0, 10.0, "H"), ("f", "neighbour", 1, 0, 4, "F")]
    )
    rows = [("slow", 0, 1, 1.0, 1.0, True, "road"), ("new", 0, 1, 0.25, 0.5, False, "road")]
    return places, gate_tables(network, places, make_gates(rows)), own_times(network, places)


def test_a_new_checkpoint_by_hand():
    scenario = Scenario(open=frozenset({"new"}))
    found = changes(Travel(*two_ways()), {"new": scenario}, decay=Exponential(1.0))
    home = found.regions.loc[("new", "H")]
    assert home["potential_across_before"] == 4 / 2
    assert home["potential_across_after"] == pytest.approx(4 / 2**0.25)
    assert home["population_60min_across_change"] == 0
    assert home["border_effect_before"] == pytest.approx(1 - 12 / 14)
    assert home["border_effect_after"] == pytest.approx(1 - (10 + 4 / 2**0.25) / 14)
    # Both directions are half of the demand each.
    assert found.totals.loc["new"].to_dict() == pytest.approx(
        {"affected_share": 1, "extra_hours": -0.625, "extra_total": -0.625, "unserved_share": 0}
    )
    load = found.checkpoints.loc["new"]
    assert load["load_share_before"].tolist() == [1, 0]
    assert load["load_share_after"].tolist() == [0, 1]
    assert load["delay_in_h"].tolist() == [1, 0.5]


def test_many_scenarios_are_each_evaluated_alone():
    many = {f"{n}": Scenario(delay={"slow": (n / 50, n / 25)}) for n in range(BATCH + 5)}
    together = changes(Travel(*two_ways()), many, each_place=False)
    assert together.places.empty
    assert together.totals.index.tolist() == list(many)
    alone = changes(Travel(*two_ways()), {"34": many["34"]})
    pd.testing.assert_frame_equal(together.regions.loc[["34"]], alone.regions)
    pd.testing.assert_frame_equal(together.checkpoints.loc[["34"]], alone.checkpoints)


def test_the_scenario_at_fault_is_named():
    with pytest.raises(CheckpointError, match=r"scenario 'bad': .*names checkpoint 'nowhere'"):
        changes(Travel(*two_ways()), {"good": AS_IS, "bad": Scenario(close=frozenset({"nowhere"}))})
    with pytest.raises(CheckpointError, match="no scenario"):
        changes(Travel(*two_ways()), {})


@pytest.mark.parametrize("held", [True, False], ids=["held", "searched"])
def test_places_of_one_spot_change_as_each_alone(held, monkeypatch):
    land, places = crowded(3)
    places["region_id"] = places["region_id"].mask(
        places["region_id"].notna() & (np.arange(len(places)) % 3 == 1), "S"
    )
    trips = apart_and_merged(land, places, monkeypatch, held=held)
    apart, merged = (
        changes(travel, SCENARIOS, decay=DECAY, gravity=GRAVITY, base=Scenario(factor=0.3))
        for travel in trips
    )
    assert apart.totals["affected_share"].any()
    for name in ("totals", "regions", "places", "checkpoints"):
        one, other = getattr(apart, name), getattr(merged, name)
        pd.testing.assert_frame_equal(other, one, rtol=1e-9, atol=1e-9)
