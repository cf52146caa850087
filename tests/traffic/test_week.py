import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_border as gb
from geo_border.border.hours import expected_wait
from geo_border.errors import CheckpointError, ParameterError

NIGHTS = "Mo-Su 08:00-20:00"


def test_half_of_what_can_pass_does_not_wait():
    found = gb.border_week({"car": 720, "truck": 72}, lanes=2, minutes={"car": 1, "truck": 10})
    assert found.summary["wait_h"].tolist() == [0, 0]
    assert found.summary["utilisation"].to_numpy() == pytest.approx(0.5)
    assert found.hourly["queue"].max() == 0


def test_a_night_is_a_triangle_on_each_day():
    # 15 an hour come, 60 go while it is open: 180 wait at 8, none from 12 on.
    found = gb.border_week({"car": 360}, lanes=1, minutes=1, hours=NIGHTS, informed=0)
    week = found.summary.loc["car"]
    assert week["longest_queue"] == pytest.approx(180)
    assert week["longest_wait_h"] == pytest.approx(12)
    assert week["wait_h"] == pytest.approx(180 * 16 / 2 / 360)
    hourly = found.hourly
    assert len(hourly) == 168
    assert hourly["queue_end"].to_numpy()[[7, 8, 11, 19, 20]] == pytest.approx([180, 135, 0, 0, 15])
    assert hourly["passed"].to_numpy()[[7, 8, 11, 12]] == pytest.approx([0, 60, 60, 15])
    assert hourly["open_share"].sum() == pytest.approx(84)


@given(
    st.sampled_from([NIGHTS, "Mo-Fr 08:00-20:00", "Fr-Su 08:00-16:00", "Mo 12:30-12:45"]),
    st.floats(0, 1),
)
def test_without_a_queue_hours_cost_what_a_year_of_them_does(hours, informed):
    """Flat arrivals, room for all: the limit is the sum of squares that a year is read with."""
    found = gb.border_week({"car": 1e-6}, capacity=1e6, hours=hours, informed=informed)
    limit = (1 - informed) * expected_wait(hours, informed=0)
    assert found.summary.loc["car", "wait_h"] == pytest.approx(limit, rel=1e-5, abs=1e-7)
    assert limit == pytest.approx(expected_wait(hours, informed=informed))


def test_who_knows_the_hours_comes_within_them():
    found = gb.border_week({"car": 100}, capacity=1000, hours="Mo-Fr 08:00-20:00", informed=1)
    hourly = found.hourly
    assert hourly.loc[hourly["open_share"] == 0, "arrivals"].sum() == 0
    assert hourly["arrivals"].sum() == pytest.approx(700)
    assert found.summary.loc["car", "wait_h"] == 0
    profile = np.zeros(24)
    profile[[7, 9, 10]] = 5, 1, 3
    found = gb.border_week({"car": 100}, capacity=1e5, hours=NIGHTS, profile=profile, informed=1)
    assert found.hourly["arrivals"].to_numpy()[[7, 9, 10]] == pytest.approx([0, 25, 75])


def test_what_exceeds_a_week_grows_by_so_many():
    found = gb.border_week({"car": 1000}, capacity=900)
    assert not found.steady
    week = found.summary.loc["car"]
    assert week["growth"] == pytest.approx(700)
    assert week["passed"] == pytest.approx(6300)
    assert np.isinf(week[["wait_h", "often_wait_h", "longest_wait_h", "longest_queue"]]).all()
    # It is the first week, not one that repeats.
    assert found.hourly["queue_end"].iloc[-1] == pytest.approx(700)


def test_a_peak_above_capacity_makes_a_queue_that_hours_have_no_part_in():
    profile = np.zeros(24)
    profile[8:12] = 1
    found = gb.border_week({"car": 240}, lanes=1, minutes=2, profile=profile)
    # 60 an hour for 4 h, 30 go: 120 wait at noon, for 4 h.
    week = found.summary.loc["car"]
    assert week["longest_queue"] == pytest.approx(120)
    assert week["wait_h"] == pytest.approx(120 * 8 / 2 / 240)
    assert week["hours_wait_h"] == pytest.approx(0)


def test_classes_that_share_lanes_wait_for_each_other():
    profile = {"truck": [0] * 8 + [1] + [0] * 15}
    alone = gb.border_week({"car": 240}, lanes=1, minutes=2)
    both = gb.border_week(
        {"car": 240, "truck": 30}, lanes=1, minutes={"car": 2, "truck": 20}, profile=profile
    )
    assert alone.summary.loc["car", "wait_h"] == 0
    assert both.summary.loc["car", "wait_h"] > 0.1


@given(
    st.floats(1, 500),
    st.floats(1, 200),
    st.floats(0, 1),
    st.sampled_from([NIGHTS, "24/7", "Mo-Fr 09:10-17:50"]),
    st.lists(st.floats(0, 5), min_size=24, max_size=24).map(lambda p: [x + 0.01 for x in p]),
)
def test_all_who_come_pass(cars, trucks, informed, hours, profile):
    found = gb.border_week(
        {"car": cars, "truck": trucks},
        lanes=3,
        minutes={"car": 1, "truck": 4},
        hours=hours,
        informed=informed,
        profile=profile,
    )
    sums = found.hourly.groupby("class")[["arrivals", "passed", "queue"]].sum()
    assert sums["arrivals"].to_numpy() == pytest.approx([7 * cars, 7 * trucks])
    if found.steady:
        assert sums["passed"].to_numpy() == pytest.approx(sums["arrivals"].to_numpy())
        waited = found.summary["wait_h"] * sums["arrivals"]
        assert sums["queue"].to_numpy() == pytest.approx(waited.to_numpy(), abs=1e-6)
        closed = found.hourly["open_share"] == 0
        assert found.hourly.loc[closed, "passed"].to_numpy() == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "lanes and minutes"),
        ({"lanes": 2}, "lanes and minutes"),
        ({"lanes": 2, "minutes": 2, "capacity": 9}, "said twice"),
        ({"lanes": 0, "minutes": 2}, "not above 0"),
        ({"lanes": 2, "minutes": {"truck": 2}}, "class 'car'"),
        ({"capacity": 9, "informed": 1.5}, "0 to 1"),
        ({"capacity": 9, "profile": [1, 2]}, "24 .a day. or 168"),
        ({"capacity": 9, "week": "soon"}, "2026-W07"),
        ({"capacity": 9, "hours": NIGHTS, "profile": [1] + [0] * 23}, "nobody comes"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(given, says):
    with pytest.raises(ParameterError, match=says):
        gb.border_week({"car": 10}, **given)


def test_no_vehicles_and_a_closed_week_are_refused():
    for vehicles in ({}, {"car": 0}, {"car": -1}, {"car": np.nan}):
        with pytest.raises(ParameterError):
            gb.border_week(vehicles, capacity=9)
    with pytest.raises(CheckpointError, match="such as 2026-W23"):
        gb.border_week({"car": 1}, capacity=9, hours="Jun-Sep 08:00-20:00", week="2026-W07")
