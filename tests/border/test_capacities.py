"""What lanes let pass, read from a register by one rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border.capacities import (
    contradiction,
    lanes_served,
    openings,
    without_capacity,
)
from geo_border.border.hours import ALWAYS, read_hours

VEHICLES = st.floats(1, 1e5)
CLASSES = ["car", "truck"]


def register(**columns):
    return pd.DataFrame(
        {"mode": ["road"], **{name: [value] for name, value in columns.items()}},
        index=pd.Index(["bridge"], name="checkpoint_id"),
    )


def a_day(table, classes=CLASSES, opening=ALWAYS):
    return {(each.direction, each.classes): each.a_day(opening)
            for each in lanes_served(table, classes)}  # fmt: skip


@given(VEHICLES)
def test_a_total_alone_lets_as_many_pass_in_both_directions(total):
    found = a_day(register(capacity_day=total))
    assert found["out", ("car", "truck")] == found["in", ("car", "truck")] == total / 2
    own = a_day(register(capacity_truck_day=total))
    assert own == {("out", ("truck",)): total / 2, ("in", ("truck",)): total / 2}


@given(VEHICLES, st.floats(0.01, 0.99))
def test_what_is_known_of_one_direction_leaves_the_rest_to_the_other(total, share):
    table = register(capacity_day=total, capacity_in_day=share * total)
    assert contradiction(table.to_dict("records")[0], CLASSES) is None
    found = a_day(table)
    assert sum(found.values()) == pytest.approx(total)
    assert found["in", ("car", "truck")] == share * total


@given(VEHICLES, st.floats(0.01, 0.99))
def test_what_is_known_of_one_class_leaves_the_rest_to_the_others(total, share):
    table = register(capacity_day=total, capacity_truck_day=share * total)
    assert contradiction(table.to_dict("records")[0], CLASSES) is None
    for classes in (CLASSES, ["car"]):
        assert a_day(table, classes)["out", ("car",)] == pytest.approx(total / 2 * (1 - share))


@given(*[st.lists(st.floats(0.5, 50), min_size=2, max_size=2).map(sorted)] * 2,
       st.lists(st.integers(1, 24), min_size=2, max_size=2).map(sorted))  # fmt: skip
def test_more_lanes_hours_or_less_minutes_let_no_fewer_pass(lanes, minutes, closes):
    def served(lane, minute, close):
        table = register(lanes=lane, minutes_vehicle=minute, capacity_car_day=100.0)
        opening = read_hours(f"Mo-Fr 00:00-{close:02}:00")
        return a_day(table, opening=opening)["out", ("truck",)]

    fewer, more = served(lanes[0], minutes[1], closes[0]), served(lanes[1], minutes[0], closes[1])
    assert fewer <= more
    of_week = 5 / 7 * closes[0] / 24
    assert fewer == pytest.approx(lanes[0] * 1440 / minutes[1] * of_week, rel=0.01)


def test_a_checkpoint_that_is_open_half_of_the_day_has_half_of_what_its_lanes_serve():
    table = register(lanes=2.0, minutes_vehicle=4.0, hours="Mo-Su 08:00-20:00", lon=9.5, lat=47.0)
    half = openings(table, None)["bridge"]
    assert set(a_day(table, opening=half).values()) == {2 * 1440 / 4 / 2}
    # A capacity is of a day on which it is open: the length of that day is in it.
    stated = register(capacity_day=500.0)
    assert set(a_day(stated, opening=half).values()) == {250}
    some = read_hours("Jan-Jun Mo-Su 08:00-20:00")
    assert a_day(stated, opening=some)["in", ("car", "truck")] == pytest.approx(250 * 181 / 365)


def test_nothing_passes_where_the_capacity_is_0_and_nothing_is_known_of_a_design():
    closed = without_capacity(
        register(capacity_truck_out_day=0.0, capacity_truck_day=80.0), "truck"
    )
    assert closed.to_numpy().tolist() == [[True, False]]
    assert not without_capacity(register(capacity_truck_day=0.0), "car").any(axis=None)
    of_all = register(capacity_day=0.0, capacity_car_day=50.0)
    assert without_capacity(of_all, "truck").all(axis=None)
    assert not without_capacity(of_all, "car").any(axis=None)
    assert a_day(register(capacity_truck_day=0.0)) == {}
    assert a_day(register(capacity_day=90.0, capacity_kind="design")) == {}
    rail = register(capacity_day=0.0).assign(mode="rail")
    assert not without_capacity(rail, "car").any(axis=None)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"capacity_day": 10, "capacity_out_day": 10}, "capacity_out_day 10 leave nothing"),
        ({"capacity_day": 10, "capacity_out_day": 6, "capacity_in_day": 6}, "10 to the others"),
        ({"capacity_truck_day": 10, "capacity_truck_in_day": 11}, "of capacity_truck_day 10"),
        ({"capacity_day": 10, "capacity_truck_day": 10}, "half of capacity_truck_day 10 leave"),
        ({"capacity_day": 10, "capacity_car_day": 6, "capacity_truck_day": 6}, "truck_day 6 leave"),
    ],
)
def test_parts_that_leave_nothing_of_the_whole_contradict_it(columns, says):
    assert says in contradiction(columns, CLASSES)


@pytest.mark.parametrize(
    "columns",
    [
        {"capacity_day": 10, "capacity_out_day": 10, "capacity_in_day": 0},
        {"capacity_day": 10, "capacity_car_day": 6, "capacity_truck_day": 4},
        {"capacity_day": 0, "capacity_truck_day": 4},
        {"capacity_day": np.nan, "capacity_out_day": 10},
        {"capacity_day": 1, "capacity_kind": "design", "capacity_truck_day": 4},
    ],
)
def test_parts_that_are_the_whole_do_not(columns):
    assert contradiction(columns, CLASSES) is None
