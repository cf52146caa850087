"""Equilibrium with queues against a generic convex solver and against averaging of steps."""

import numpy as np
import pytest
from brute_traffic import flows_at, random_lanes, random_model, start_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from geo_border.errors import CheckpointError, ParameterError, TableError
from geo_border.routing.scenarios import AS_IS, Scenario
from geo_border.traffic.classes import TrafficClass
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.lanes import read_lanes
from geo_border.traffic.model import traffic_model

SCENARIO = Scenario(
    factor=0.7, open=frozenset({"g1"}), close=frozenset({"g0"}), one_way={"g2": "out"}
)


CASES = given(
    seed=st.integers(0, 2**32 - 1),
    hostile=st.booleans(),
    most=st.sampled_from([1, 3]),
    scenario=st.sampled_from([AS_IS, SCENARIO]),
)


@settings(max_examples=25, deadline=None)
@CASES
def test_there_is_one_equilibrium_from_anywhere(seed, hostile, most, scenario):
    model = random_model(seed, hostile=hostile, scale=0.1, most_passages=most)
    lanes = random_lanes(seed, model, steep=True)
    traffic = equilibrium(model, scenario, lanes=lanes)
    table = traffic.lanes
    # The digits of a queue of years do not reach down to 1e-9 h.
    exact = 1e-9 * max(1.0, table["queue_h"].max())
    assert traffic.residual < exact
    assert traffic.steps <= 40
    assert (table["queue_h"] >= -1e-9).all()
    # The certificate by hand.
    wait = table["wait_h"] * (table["flow_day"] / table["capacity_day"]) ** table["power"]
    np.testing.assert_allclose(table["queue_h"], wait, atol=1e-9)
    flow, _ = flows_at(model, *start_of(model, scenario), table, table["queue_h"].to_numpy())
    np.testing.assert_allclose(table["flow_day"], flow, rtol=1e-12, atol=1e-12)
    rng = np.random.default_rng(seed)
    again = equilibrium(model, scenario, lanes=lanes, start=rng.uniform(0, 20, len(table)))
    assert again.residual < exact
    np.testing.assert_allclose(again.lanes["queue_h"], table["queue_h"], atol=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_a_generic_solver_finds_the_same(seed):
    model = random_model(seed, hostile=seed % 2 == 0, scale=0.1)
    lanes = random_lanes(seed, model)
    traffic = equilibrium(model, lanes=lanes)
    table = traffic.lanes
    known = table[["capacity_day", "wait_h", "power"]].to_numpy(float).T
    capacity, scale, power = known
    start = start_of(model, AS_IS)

    def cost(waits):
        flow, surplus = flows_at(model, *start, table, waits)
        makes = capacity * (waits / scale) ** (1 / power)
        return surplus + (power / (power + 1) * waits * makes).sum(), makes - flow

    found = minimize(
        cost,
        np.full(len(table), 0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(table),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000},
    )
    np.testing.assert_allclose(table["queue_h"], found.x, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_averaging_of_steps_comes_to_the_same(seed):
    model = random_model(seed, scale=0.1)
    lanes = random_lanes(seed, model)
    lanes["capacity_day"] *= 5
    table = equilibrium(model, SCENARIO, lanes=lanes).lanes
    known = table[["capacity_day", "wait_h", "power"]].to_numpy(float).T
    capacity, scale, power = known
    flow = np.zeros(len(table))
    start = start_of(model, SCENARIO)
    for step in range(1, 600):
        answer, _ = flows_at(model, *start, table, scale * (flow / capacity) ** power)
        flow += (answer - flow) / (step + 1)
    np.testing.assert_allclose(table["flow_day"], flow, rtol=0.02, atol=0.5)


def test_a_scenario_solved_again_is_a_study_made_anew():
    model = random_model(11, hostile=False, scale=0.1)
    lanes = random_lanes(11, model)
    scenario = Scenario(close=["g3"], added={"g1": (0.5, None)})
    as_is = equilibrium(model, lanes=lanes)
    found = equilibrium(model, scenario, lanes=lanes)
    fresh = equilibrium(
        random_model(11, hostile=False, scale=0.1),
        scenario,
        lanes=lanes,
        start=as_is.lanes["queue_h"].to_numpy(),
    )
    np.testing.assert_allclose(found.lanes["queue_h"], fresh.lanes["queue_h"], atol=1e-8)
    # Who finds no way round waits longer where the others still go.
    assert (found.lanes["queue_h"] - as_is.lanes["queue_h"]).max() > 0


def test_lanes_that_are_never_full_leave_the_free_delays():
    model = random_model(2)
    lanes = random_lanes(2, model).assign(capacity_day=1e12, power=4)
    with_lanes, free = equilibrium(model, lanes=lanes), equilibrium(model)
    for name, each in free.classes.items():
        np.testing.assert_allclose(with_lanes.classes[name].passed, each.passed, rtol=1e-9)
        np.testing.assert_array_equal(each.delay, each.free)
    assert free.residual == free.steps == 0


def test_what_is_refused():
    model = random_model(0)
    lanes = random_lanes(0, model)
    gates = model.classes["car"].travel.tables.gates.index
    for change, error, what in (
        ({"capacity_day": -1.0}, TableError, "capacity_day"),
        ({"power": np.nan}, TableError, "power"),
        ({"direction": "both"}, TableError, "both"),
        ({"checkpoint_id": "g1", "direction": "in", "classes": "car"}, CheckpointError, "'car'"),
    ):
        with pytest.raises(error, match=what):
            read_lanes(lanes.assign(**change), gates, ["car", "truck"])
    with pytest.raises(TableError, match="classes"):
        equilibrium(model, lanes=lanes.drop(columns="classes"))
    trips = model.classes["car"].travel
    shares = traffic_model({"car": trips}, [TrafficClass("car")])
    with pytest.raises(ParameterError, match="total_year"):
        equilibrium(shares, lanes=lanes)
    # Lanes of checkpoints that are not there, or of classes that are not, make no queue.
    none = lanes.assign(checkpoint_id="elsewhere")
    assert equilibrium(shares, lanes=none).lanes.empty


@pytest.mark.parametrize("seed", range(3))
def test_a_start_from_fewer_origins_comes_to_the_same(seed, monkeypatch):
    lanes = random_lanes(seed, random_model(seed, scale=0.1))
    whole = equilibrium(random_model(seed, scale=0.1), lanes=lanes)
    monkeypatch.setattr("geo_border.traffic.model.FEW", 2)
    thinned = random_model(seed, scale=0.1)
    for each in thinned.classes.values():
        for origins, few in zip(each.origins, each.thinned, strict=True):
            assert len(few.potential) <= 3 or not origins.potential.any()
            assert few.potential.sum() == pytest.approx(origins.potential.sum())
    found = equilibrium(thinned, lanes=lanes)
    assert found.residual < 1e-9
    np.testing.assert_allclose(found.lanes["queue_h"], whole.lanes["queue_h"], atol=1e-8)
    for name, each in whole.classes.items():
        np.testing.assert_allclose(found.classes[name].passed, each.passed, atol=1e-6)
