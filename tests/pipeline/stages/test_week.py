import numpy as np
import pandas as pd
import pytest

import geo_border as gb
from geo_border.errors import CheckpointError, ParameterError, StudyError
from geo_border.pipeline.stages.traffic import traffic_now
from geo_border.pipeline.stages.week import checkpoint_week
from geo_border.pipeline.stages.week_service import Operation
from geo_border.pipeline.traffic_settings import ClassSection
from geo_border.study import open_study
from geo_border.traffic.week import border_week

TWO = Operation(lanes=2, minutes=2)


@pytest.fixture
def register():
    return pd.DataFrame(
        {
            "name": ["Bridge", "Pass", "Pass"],
            "lon": [9.5, np.nan, 10],
            "lat": [47.1, np.nan, 47],
            "hours": ["Mo-Fr 08:00-20:00", None, "Jun-Sep 08:00-20:00"],
            "capacity_day": [500.0, np.nan, np.nan],
            "capacity_car_day": [400.0, np.nan, np.nan],
            "capacity_truck_day": [90.0, np.nan, np.nan],
            "lanes": [np.nan, 3, 1],
            "minutes_vehicle": [np.nan, np.nan, 4.0],
        },
        index=pd.Index(["bridge", "pass", "summer"], name="checkpoint_id"),
    )


def week_at(register, key, vehicles, operation=Operation(), **options):  # noqa: B008  (frozen)
    return checkpoint_week(
        register, key, vehicles, operation=operation, **{"informed": 0.9, **options}
    )


def test_both_directions_are_halves_or_as_they_are_given(register):
    found = week_at(register, "pass", {"car": 200.0}, TWO).summary.set_index("direction")
    assert found["arrivals"].to_dict() == pytest.approx({"out": 700, "in": 700})
    found = week_at(register, "pass", {"car": (150.0, 20.0)}, TWO).summary.set_index("direction")
    assert found["arrivals"].to_dict() == pytest.approx({"out": 1050, "in": 140})
    one = week_at(register, "pass", {"car": (150.0, 0.0)}, TWO)
    assert set(one.hourly["direction"]) == {"out"}
    assert len(one.hourly) == 168


def test_a_direction_is_the_week_of_its_vehicles(register):
    found = week_at(register, "Bridge", {"car": 300.0, "truck": 60.0}, TWO, week="2026-W07")
    alone = border_week(
        {"car": 150, "truck": 30}, lanes=2, minutes=2, hours="Mo-Fr 08:00-20:00", week="2026-W07"
    )
    mine = found.summary[found.summary["direction"] == "in"].set_index("class")
    assert mine["wait_h"].to_numpy() == pytest.approx(alone.summary["wait_h"].to_numpy())
    assert found.week == alone.week == "2026-W07"


def test_what_is_given_goes_before_the_register(register):
    by_class = week_at(register, "bridge", {"car": 20.0, "truck": 2.0})
    assert "half of capacity_car_day 400, by the register" in " ".join(by_class.assumptions)
    # At lanes of their own the one does not use those of the other.
    used = by_class.summary.groupby("class")["utilisation"].first()
    open_days = 5 / 7
    assert used["car"] == pytest.approx(20 / 400 / open_days)
    assert used["truck"] == pytest.approx(2 / 90 / open_days)
    other = week_at(register, "bridge", {"car": 20.0, "bus": 2.0})
    used = other.summary.groupby("class")["utilisation"].first()
    assert used["car"] == pytest.approx(20 / 400 / open_days)
    # Of the 500 of every class others have 490.
    assert used["bus"] == pytest.approx(2 / 10 / open_days)
    given = week_at(register, "bridge", {"car": 20.0}, Operation(capacity=40, hours="24/7"))
    assert given.summary["utilisation"].tolist() == pytest.approx([0.5, 0.5])
    own = week_at(register, "pass", {"car": 20.0}, Operation(lanes={"car": 1}, minutes=6))
    assert own.summary["utilisation"][0] == pytest.approx(10 * 6 / 1440)
    summer = week_at(register, "summer", {"car": 20.0})
    assert summer.week == "2026-W23"
    assert "car out: lanes 1 and minutes_vehicle 4, by the register" in summer.assumptions


def test_unknown_hours_are_said_to_be_taken_for_open(register):
    assert "always open" in week_at(register, "pass", {"car": 1.0}, TWO).assumptions[1]
    stated = week_at(register, "bridge", {"car": (900.0, 200.0)}, TWO).assumptions
    assert stated == (
        "vehicles a day (home to neighbour/back), as given: car 900/200",
        "90 % of those who come know the opening hours",
    )


@pytest.mark.parametrize(
    ("key", "operation", "options", "says"),
    [
        ("brigde", TWO, {}, "no checkpoint 'brigde'.*bridge"),
        ("Pass", TWO, {}, "2 checkpoints.*pass, summer"),
        ("pass", Operation(), {}, r"neither the lanes nor a capacity.*--lanes 2.*--capacity"),
        ("pass", Operation(lanes=2), {}, "how long.*--minutes"),
        ("summer", TWO, {"week": "2026-W07"}, "closed in the week 2026-W07.*2026-W23"),
    ],
)
def test_errors_say_what_to_give(register, key, operation, options, says):
    with pytest.raises(CheckpointError, match=says):
        week_at(register, key, {"car": 10.0}, operation, **options)


def test_what_is_said_twice_or_of_no_class_is_refused(register):
    with pytest.raises(ParameterError, match="said twice"):
        week_at(register, "pass", {"car": 1.0}, Operation(lanes=2, minutes=2, capacity=9))
    with pytest.raises(ParameterError, match="'truck'"):
        week_at(register, "pass", {"truck": 1.0}, Operation(capacity={"car": 9}))
    with pytest.raises(CheckpointError, match="no vehicles"):
        week_at(register, "pass", {"car": (0.0, 0.0)}, TWO)


def test_classes_share_a_capacity_by_what_they_take_of_lanes(register):
    classes = {
        "car": ClassSection(total_year=300),
        "truck": ClassSection(total_year=100, pcu=3),
    }
    vehicles = {"car": 30.0, "truck": 10.0}
    shared = register.drop(columns=["capacity_car_day", "capacity_truck_day"])
    mixed = week_at(shared, "bridge", vehicles, classes=classes)
    # Who come as the study has them fill as much of it as if all took the same.
    plain = week_at(shared, "bridge", vehicles)
    columns = ["utilisation", "wait_h", "arrivals"]
    np.testing.assert_allclose(mixed.summary[columns], plain.summary[columns], rtol=1e-9)
    assert "a mean vehicle taken for 1.5 passenger cars" in " ".join(mixed.assumptions)
    trucks = week_at(shared, "bridge", {"truck": 10.0}, classes=classes)
    cars = week_at(shared, "bridge", {"car": 30.0}, classes=classes)
    assert trucks.summary["utilisation"][0] == pytest.approx(cars.summary["utilisation"][0])


def test_what_a_checkpoint_was_built_for_is_no_capacity(register):
    register["capacity_kind"] = ["design", None, None]
    built = register.drop(columns=["capacity_car_day", "capacity_truck_day"])
    with pytest.raises(CheckpointError, match=r"no measure of what passes.*--capacity"):
        week_at(built, "bridge", {"car": 10.0})
    register["capacity_car_out_day"] = [0.0, None, None]
    register.loc["bridge", "capacity_car_day"] = np.nan
    with pytest.raises(CheckpointError, match=r"'car' may pass bridge, direction out.*is 0"):
        week_at(register, "bridge", {"car": 10.0})
    found = week_at(register, "bridge", {"car": 10.0, "truck": 1.0}, by_study=True)
    assert set(found.summary["class"]) == {"truck"}
    assert "car out: left out, as how many can be served is not known" in found.assumptions


TOTALS = "[traffic.classes.car]\ntotal_year = 73000\n[traffic.classes.truck]\n"


def test_vehicles_are_those_of_the_traffic_of_the_study(mini):
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + TOTALS)
    file = mini / "checkpoints.csv"
    pd.read_csv(file).assign(lanes=2, minutes_vehicle=3).to_csv(file, index=False)
    study = open_study(mini)
    found = study.week("middle").summary.set_index(["class", "direction"])
    run = study._run()
    inputs, border, net = run.network()
    now = traffic_now(study.settings, border.checkpoints, net.controls, run.everyone(inputs, net))
    passed = gb.checkpoint_traffic(now.traffic).loc[("middle", "car")]
    assert list(found.index) == [("car", "out"), ("car", "in")]
    for way in ("out", "in"):
        assert found.at[("car", way), "arrivals"] == pytest.approx(7 * passed[f"vehicles_{way}"])
    # The lanes are as full in the week as in equilibrium.
    used = now.traffic.lanes.set_index(["checkpoint_id", "direction"])["utilisation"]
    assert found.at[("car", "out"), "utilisation"] == pytest.approx(used["middle", "out"])
    given = study.week("middle", {"car": 11.0}).assumptions[0]
    assert "as given: car 6/6" in given
    assert "by the traffic of the study" in study.week("middle").assumptions[0]


def test_without_totals_it_is_said_what_to_give(mini):
    with pytest.raises(StudyError, match=r"no class has a total.*total_year.*--vehicles"):
        open_study(mini).week("middle")
