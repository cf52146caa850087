"""Welfare in hours: the envelope against finite differences, and what a closure does to trips."""

import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, trips_of
from brute_traffic import random_lanes, random_model

from geo_border.errors import ParameterError
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.equilibrium import NO_LANES, equilibrium
from geo_border.traffic.model import traffic_model
from geo_border.traffic.welfare import hour_values, welfare


def total_surplus(traffic):
    """Of all classes, vehicle-hours a day; those without a way are left out."""
    totals = [each.by_origin()["surplus_h"] for each in traffic.classes.values()]
    return sum(total[np.isfinite(total)].sum() for total in totals)


@pytest.mark.parametrize("queues", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_an_hour_less_is_worth_what_finite_differences_say(seed, queues):
    # Derivatives of all classes by the delay of all: that is what a scenario can change.
    model = random_model(seed, scale=0.3, most_passages=1)
    lanes = random_lanes(seed, model) if queues else NO_LANES
    traffic = equilibrium(model, lanes=lanes)
    values = hour_values(traffic).groupby(level=0).sum()
    step = 1e-4
    for gate in values.index:
        for direction, pair in (("out", (step, None)), ("in", (None, step))):
            if not all(
                np.isfinite(free[("out", "in").index(direction), values.index.get_loc(gate)])
                for free in model.free_delays().values()
            ):
                continue
            twice = tuple(hours and 2 * hours for hours in pair)
            less, least = (
                total_surplus(equilibrium(model, Scenario(added={gate: hours}), lanes=lanes))
                for hours in (pair, twice)
            )
            slope = (3 * total_surplus(traffic) - 4 * less + least) / (2 * step)
            assert values.at[gate, f"hour_{direction}_queued"] == pytest.approx(
                slope, abs=1e-3, rel=1e-5
            )
    passed = sum(each.passed for each in traffic.classes.values())
    by_hand = values.reindex(model.classes["car"].travel.tables.gates.index)
    np.testing.assert_allclose(by_hand[["hour_out", "hour_in"]].T, passed)
    if not queues:
        np.testing.assert_allclose(values["hour_out"], values["hour_out_queued"])


@pytest.mark.parametrize("seed", range(6))
def test_every_trip_of_a_closure_is_accounted_for(seed):
    model = random_model(seed, hostile=seed > 2, scale=0.1)
    lanes = random_lanes(seed, model)
    before = equilibrium(model, lanes=lanes)
    lost = welfare(before, equilibrium(model, Scenario(close=["g1", "g2"]), lanes=lanes))
    for name in model.classes:
        places, sums = lost.origins.xs(name, level=1), lost.classes.loc[name]
        balance = places["trips_before"] - places["trips_after"]
        np.testing.assert_allclose(
            balance, places["suppressed"] + places["cut"] - places["induced"], atol=1e-9
        )
        checkpoints = lost.checkpoints.xs(name, level=1)
        gained = checkpoints["change"].clip(lower=0).sum()
        assert (checkpoints.loc[["g1", "g2"], "after"] == 0).all()
        assert sums["diverted"] <= before.classes[name].passed.sum() + 1e-9
        assert sums["diverted"] >= gained - 1e-9
        fixed = all(segment.outside == 0 for segment in model.classes[name].traffic_class.segments)
        if fixed:
            assert sums["suppressed"] == pytest.approx(0, abs=1e-6)
    nothing = welfare(before, before)
    assert (nothing.classes == 0).all(axis=None)


def test_a_closure_by_hand():
    # h = a or b = n; the way by b is an hour longer, and the far place reaches a alone.
    sides = [0, 0, 0, 1, 1, 1, 0]
    pairs = ((0, 1), (0, 2), (3, 5), (4, 5))
    edges = [(*pair, 0.5, "road") for u, v in pairs for pair in ((u, v), (v, u))]
    edges += [(6, 1, 1.0, "road"), (1, 6, 1.0, "road")]
    edges = [edge for edge in edges if edge[:2] != (1, 0)]
    network = make_network(sides, edges)
    rows = [("h", "home", 0), ("far", "home", 6), ("n", "neighbour", 5)]
    places = make_places(network, [(*row, 0.0, 10.0, None) for row in rows])
    gates = make_gates([("a", 1, 3, 1.0, 1.0, True, "road"), ("b", 2, 4, 2.0, 2.0, True, "road")])
    trips = trips_of(places, gate_tables(network, places, gates))
    sure = TrafficClass("car", (Segment(theta=1e3, outside=0),), total_year=365 * 30)
    model = traffic_model({"car": trips}, [sure])
    found = welfare(equilibrium(model), equilibrium(model, Scenario(close=["a"])))
    origins = found.origins.xs("car", level=1)
    assert origins["cut"].to_dict() == pytest.approx({"h": 0, "far": 10, "n": 0})
    assert np.isnan(origins.loc["far", "hours_lost"])
    # Home by b as before; out an hour longer, as is the way of those from n that is not to far.
    assert origins.loc["h", "hours_lost"] == pytest.approx(5.0, rel=1e-3)
    assert found.classes.loc["car", "cut"] == pytest.approx(10)
    assert np.isnan(found.classes.loc["car", "hours_lost"])
    assert found.classes.loc["car", "suppressed"] == pytest.approx(0)


def test_equilibria_of_two_models_are_not_compared():
    one, other = (equilibrium(random_model(seed)) for seed in range(2))
    with pytest.raises(ParameterError, match="different models"):
        welfare(one, other)
