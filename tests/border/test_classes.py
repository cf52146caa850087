"""A register as a class meets it: nothing known of one class is taken for another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border.classes import (
    class_columns,
    classes_in,
    closed_to_class,
    delay_range,
    register_of_class,
)

HOURS = st.one_of(st.none(), st.floats(0, 50))
DELAYS = ("delay_h", "delay_out_h", "delay_in_h")


def register(**columns):
    return pd.DataFrame(
        {"status": ["open"], "mode": ["road"], **{k: [v] for k, v in columns.items()}}
    )


@given(st.fixed_dictionaries({key: HOURS for key in class_columns("truck").values()
                              if key.endswith("_h")}))  # fmt: skip
def test_what_is_known_of_trucks_says_nothing_of_cars(known):
    table = register(**known)
    as_car = register_of_class(table, "car")
    assert as_car[list(DELAYS)].isna().all(axis=None)
    assert delay_range(table, "car", (None, None)).isna().all(axis=None)


@given(*[HOURS] * 6)
def test_what_is_known_of_a_class_goes_before_what_is_said_of_all(own, out, back, every, o, i):
    table = register(
        delay_truck_h=own, delay_truck_out_h=out, delay_truck_in_h=back,
        delay_h=every, delay_out_h=o, delay_in_h=i,
    )  # fmt: skip
    taken = register_of_class(table, "truck").iloc[0]
    for way, orders in (("out", (out, own, o, every)), ("in", (back, own, i, every))):
        first = next((hours for hours in orders if hours is not None), np.nan)
        assert taken[f"delay_{way}_h"] == pytest.approx(first, nan_ok=True)


def test_a_status_of_a_class_is_its_own_and_one_of_a_direction_is_of_that_direction():
    table = register(status_car="closed", status_truck_in="closed")
    assert register_of_class(table, "car")["status"].tolist() == ["closed"]
    assert register_of_class(table, "truck")["status"].tolist() == ["open"]
    shut = closed_to_class(table, "truck", ["open"])
    assert shut.to_numpy().tolist() == [[False, True]]
    assert not closed_to_class(table, "car", ["open"]).any(axis=None)


def test_the_range_of_a_default_is_taken_where_the_default_is():
    table = pd.DataFrame({"delay_car_h": [None, 2.0, None], "delay_car_hi_h": [None, 4.0, 6.0]})
    found = delay_range(table, "car", (0.2, 3.0))
    assert found["lo"].tolist() == pytest.approx([0.2, np.nan, 0.2], nan_ok=True)
    assert found["hi"].tolist() == [3.0, 4.0, 6.0]


@given(*[HOURS] * 3)
def test_a_direction_that_has_the_default_has_its_range(own, out, back):
    table = register(delay_car_h=own, delay_car_out_h=out, delay_car_in_h=back)
    found = delay_range(table, "car", (0.2, 3.0)).iloc[0]
    stated = {"out": own is not None or out is not None, "in": own is not None or back is not None}
    for way, other in (("out", "in"), ("in", "out")):
        alone = stated[other] and not stated[way]
        ends = [found[f"{way}_{end}"] for end in ("lo", "hi")]
        assert ends == pytest.approx([0.2, 3.0] if alone else [np.nan] * 2, nan_ok=True)
    none = not any(stated.values())
    assert found[["lo", "hi"]].tolist() == pytest.approx(
        [0.2, 3.0] if none else [np.nan] * 2, nan_ok=True
    )


def test_columns_of_classes_are_known_by_their_names():
    names = [*class_columns("truck").values(), *class_columns("bus").values()]
    assert classes_in(names) == ["truck", "bus"]
    general = [*class_columns("truck"), "delay_source", "status", "capacity_day", "hours", "name"]
    assert classes_in(general) == []


def test_no_class_takes_the_train():
    """What is said of cars at a railway neither shuts it nor delays it; a ferry carries them."""
    modes = ["rail", "ferry"]
    table = pd.concat([register(status_car="closed", delay_car_h=3, status_car_out="closed")] * 2)
    table = table.assign(mode=modes).set_axis(modes)
    taken = register_of_class(table, "car")
    assert taken["status"].tolist() == ["open", "closed"]
    assert taken["delay_out_h"].fillna(-1).tolist() == [-1, 3]
    assert closed_to_class(table, "car", ["open"])["out"].tolist() == [False, True]
