"""Calibration finds the parameters that counts were made with, and says what they cannot tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from borderland import random_borderland, trips_of
from scipy.optimize import minimize

from geo_border.errors import CheckpointError, ParameterError, TableError
from geo_border.routing.tables import gate_tables
from geo_border.traffic.calibration import calibrate
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic
from geo_border.traffic.model import traffic_model
from geo_border.traffic.validation import ALL, beside_counts, validate

CAR = TrafficClass("car", (Segment(1, 1.3, 0.7),), total_year=4e6, delay_factor=0.5)
TRUCK = TrafficClass("truck", (Segment(1, 0.4, 0.3),), total_year=5e5, speed_factor=0.8)
START = [
    TrafficClass("car", (Segment(1, 0.6, 0.5),), total_year=1e6),
    TrafficClass("truck", (Segment(1, 0.8, 0.5),), speed_factor=0.8),
]


@pytest.fixture(scope="module")
def trips():
    land = random_borderland(1, n=30, k=14, n_places=25, hostile=False)
    return trips_of(land.places, gate_tables(land.network, land.places, land.gates))


def counts_of(trips, classes, *, noise=0.0):
    model = traffic_model({each.name: class_travel(trips, each) for each in classes}, classes)
    made = checkpoint_traffic(equilibrium(model)).reset_index()
    error = np.exp(noise * np.random.default_rng(0).normal(size=len(made)))
    return pd.DataFrame(
        {
            "checkpoint_id": made["checkpoint_id"],
            "class": made["class"],
            "direction": "both",
            "vehicles_day": made["vehicles"] * error,
        }
    )


def test_parameters_are_recovered(trips):
    counts = counts_of(trips, [CAR, TRUCK])
    travels = {"car": trips, "truck": trips}
    found = calibrate(travels, START, counts, leave_one_out=False)
    value = found.parameters["value"]
    for true in (CAR, TRUCK):
        segment = true.segments[0]
        of_class = value[true.name]
        wanted = [true.total_year, segment.theta, segment.outside, true.delay_factor]
        names = ["total", "theta_1", "outside_1", "delay_factor"]
        np.testing.assert_allclose(of_class[names], wanted, rtol=1e-3)
    assert found.parameters["fitted"].all()
    np.testing.assert_allclose(found.counts["modelled"], counts["vehicles_day"], rtol=1e-4)
    car, truck = found.classes
    assert car.segments[0].theta == value["car", "theta_1"]
    assert truck.speed_factor == 0.8


def test_intervals_hold_the_truth_and_the_fit_is_the_best(trips):
    counts = counts_of(trips, [CAR], noise=0.2)
    found = calibrate({"car": trips}, START[:1], counts, fit=["total", "theta"])
    rows = found.parameters.loc["car"]
    # What was not fitted stands at its start here, so only the total is the true one.
    assert rows.loc["total", "low"] < CAR.total_year < rows.loc["total", "high"]
    assert (rows["low"] < rows["value"]).all()
    assert (rows["value"] < rows["high"]).all()

    def loss(free):
        total, theta = np.exp(free)
        again = replace(START[0], segments=(Segment(1, theta, 0.5),), total_year=total)
        modelled = beside_counts(equilibrium(traffic_model({"car": trips}, [again])), counts)[
            "modelled"
        ]
        return (modelled - counts["vehicles_day"] * np.log(modelled)).sum()

    best = minimize(loss, np.log([3e6, 1.0]), method="Nelder-Mead", options={"xatol": 1e-5})
    np.testing.assert_allclose(rows["value"], np.exp(best.x), rtol=1e-3)
    # Left out, a count is met less well.
    table = found.counts
    error = {
        name: np.abs(np.log(table[name] / table["vehicles_day"])).mean()
        for name in ("modelled", "predicted")
    }
    assert error["predicted"] > error["modelled"]
    one = counts.drop(index=3)
    without = calibrate({"car": trips}, START[:1], one, fit=["total", "theta"], leave_one_out=False)
    model = traffic_model({"car": class_travel(trips, without.classes[0])}, without.classes)
    again = beside_counts(equilibrium(model), counts)["modelled"]
    assert table["predicted"][3] == pytest.approx(again[3], rel=1e-4)


def test_what_counts_cannot_tell_stays_as_it_was(trips):
    counts = counts_of(trips, [CAR, TRUCK])
    few = counts[counts["class"].eq("car") | counts.index.isin(counts.index[:8])].reset_index()
    few = few[few["class"].eq("truck")][:4]
    found = calibrate({"car": trips, "truck": trips}, START, few).parameters
    assert not found.loc["car", "fitted"].any()
    assert found.loc["car", "note"].str.contains("0 counts").all()
    assert found["fitted"]["truck"].tolist() == [True, False, False, False]
    np.testing.assert_array_equal(found["value"]["truck"][1:], found["start"]["truck"][1:])
    assert found["low"]["car"].isna().all()


def test_a_parameter_hidden_by_another_is_not_fitted():
    # With one delay everywhere its factor does what the total and the outside option do.
    land = random_borderland(3, n=30, k=12, n_places=20, hostile=False)
    gates = land.gates.assign(delay_out_h=2.0, delay_in_h=2.0)
    trips = trips_of(land.places, gate_tables(land.network, land.places, gates))
    car = replace(CAR, delay_factor=1.0)
    travel = {"car": trips}
    model = traffic_model(travel, [car], most_passages=1)
    made = checkpoint_traffic(equilibrium(model)).reset_index()
    counts = made.assign(direction="both", vehicles_day=made["vehicles"])
    found = calibrate(travel, START[:1], counts, most_passages=1, leave_one_out=False).parameters
    assert found["fitted"].tolist() == [True, True, True, False]
    assert "cannot tell" in found.loc[("car", "delay_factor"), "note"]
    assert found.loc[("car", "theta_1"), "value"] == pytest.approx(1.3, rel=1e-3)


def test_a_parameter_without_a_best_value_is_not_fitted(trips):
    # All traffic at the fastest: the higher theta, the better the fit.
    sure = replace(CAR, segments=(Segment(1, 300.0, 0.0),), delay_factor=1.0)
    counts = counts_of(trips, [sure])
    start = [replace(START[0], segments=(Segment(1, 2.0, 0.0),))]
    found = calibrate({"car": trips}, start, counts, fit=["total", "theta"], leave_one_out=False)
    theta = found.parameters.loc[("car", "theta_1")]
    assert not theta["fitted"]
    assert "the further" in theta["note"]
    assert theta["value"] == found.classes[0].segments[0].theta == 2.0
    assert found.parameters.loc[("car", "total"), "value"] == pytest.approx(4e6, rel=0.5)


def test_counts_of_all_classes_count(trips):
    counts = counts_of(trips, [CAR, TRUCK])
    both = counts.groupby("checkpoint_id", as_index=False, sort=False)["vehicles_day"].sum()
    both = both.assign(**{"class": ALL, "direction": "both"})
    start = [CAR, replace(TRUCK, total_year=1e5)]
    found = calibrate(
        {"car": trips, "truck": trips}, start, both, fit=["total"], leave_one_out=False
    )
    np.testing.assert_allclose(found.parameters["value"], [4e6, 5e5], rtol=1e-3)


def test_figures_of_validation():
    found = validate([10, 20, 30, 0], [5, 50, 30, 1])
    assert found["spearman"] == pytest.approx(0.8)
    p, q = np.array([10, 20, 30, 0]) / 60, np.array([5, 50, 30, 1]) / 86
    assert found["overlap"] == pytest.approx(np.minimum(p, q).sum())
    log = np.log(q[:3] / p[:3])
    assert found["rmse_log"] == pytest.approx(np.sqrt((log**2).mean()))
    assert found["within_2"] == 0.5
    same = validate([1, 2, 3, np.nan], [2, 4, 6, 9])
    assert same.tolist() == pytest.approx([3, 1, 1, 0, 1])
    assert validate([], []).isna().sum() == 4
    assert np.isnan(validate([1, 1, 1], [1, 2, 3])["spearman"])
    with pytest.raises(ParameterError, match="2 counts"):
        validate([1, 2], [1])


def test_what_is_refused(trips):
    counts = counts_of(trips, [CAR])
    travel = {"car": trips}
    for change, error, what in (
        ({"direction": "up"}, TableError, "up"),
        ({"class": "bus"}, TableError, "bus"),
        ({"vehicles_day": -1}, TableError, "vehicles_day"),
        ({"checkpoint_id": "nowhere"}, CheckpointError, "nowhere"),
    ):
        with pytest.raises(error, match=what):
            calibrate(travel, [CAR], counts.assign(**change))
    with pytest.raises(TableError, match="direction"):
        calibrate(travel, [CAR], counts.drop(columns="direction"))
    with pytest.raises(ParameterError, match=r"'total of bus'.*total of car"):
        calibrate({"car": trips}, START[:1], counts_of(trips, [CAR]), fit=["total of bus"])
    with pytest.raises(ParameterError, match="speed"):
        calibrate(travel, [CAR], counts, fit=["speed"])


def test_no_counts_have_nothing_beside_them(trips):
    car = TrafficClass("car", total_year=1e6)
    traffic = equilibrium(traffic_model({"car": trips}, [car]))
    none = pd.DataFrame(columns=["checkpoint_id", "class", "direction", "vehicles_day"])
    assert beside_counts(traffic, none.astype({"vehicles_day": float})).empty


def test_a_parameter_may_be_of_one_class_alone(trips):
    travels = {"car": trips, "truck": trips}
    fit = ["total of truck", "theta", "theta of truck"]
    found = calibrate(
        travels, [CAR, START[1]], counts_of(trips, [CAR, TRUCK]), fit=fit, leave_one_out=False
    )
    assert list(found.parameters.index) == [
        *(("truck", "total"), ("car", "theta_1"), ("truck", "theta_1")),
    ]
    assert found.classes[0].total_year == CAR.total_year
