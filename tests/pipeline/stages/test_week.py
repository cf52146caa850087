import numpy as np
import pandas as pd
import pytest

from geo_border.errors import CheckpointError, ParameterError
from geo_border.pipeline.stages.week import Operation, checkpoint_week
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
    assert "car 400, truck 90" in " ".join(by_class.assumptions)
    # At lanes of their own the one does not use those of the other.
    used = by_class.summary.groupby("class")["utilisation"].first()
    open_days = 5 / 7
    assert used["car"] == pytest.approx(20 / 400 / open_days)
    assert used["truck"] == pytest.approx(2 / 90 / open_days)
    together = week_at(register, "bridge", {"car": 20.0, "bus": 2.0})
    assert together.summary["utilisation"].tolist() == pytest.approx([22 / 500 / open_days] * 4)
    given = week_at(register, "bridge", {"car": 20.0}, Operation(capacity=40, hours="24/7"))
    assert given.summary["utilisation"].tolist() == pytest.approx([0.5, 0.5])
    own = week_at(register, "pass", {"car": 20.0}, Operation(lanes={"car": 1}, minutes=6))
    assert own.summary["utilisation"][0] == pytest.approx(10 * 6 / 1440)
    summer = week_at(register, "summer", {"car": 20.0})
    assert summer.week == "2026-W23"
    assert "1 lanes in each direction, by the register" in summer.assumptions


def test_unknown_hours_are_said_to_be_taken_for_open(register):
    assert "always open" in week_at(register, "pass", {"car": 1.0}, TWO).assumptions[0]
    stated = week_at(register, "bridge", {"car": 1.0}, TWO).assumptions
    assert stated == ("90 % of those who come know the opening hours",)


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
