"""The registry: defaults and everything it refuses."""

import pandas as pd
import pytest

from geo_border.errors import IndicatorError
from geo_border.index.registry import checked_registry, indicators_of, registry_problems


def registry(**columns):
    table = pd.DataFrame(
        {
            "name": ["Roads", "Trade", "People"],
            "level": ["transport_communication", "joint_projects", "context"],
            "role": ["index", "index", "context"],
            "unit": ["km", "USD", "persons"],
            "direction": [1, -1, 1],
        },
        index=pd.Index(["roads", "trade", "people"], name="indicator_id"),
    )
    return table.assign(**columns)


def test_defaults():
    full = checked_registry(registry())
    assert full["transform"].tolist() == ["none"] * 3
    assert full["years"].tolist() == [1, 1, 1]
    assert full["year_rule"].tolist() == ["latest"] * 3
    assert full["denominator"].tolist() == [None] * 3


def test_empty_cells_take_the_default_too():
    full = checked_registry(
        registry(
            transform=["cagr", None, ""],
            years=[5.0, float("nan"), float("nan")],
            year_rule=[pd.NA, "mean", "latest"],
            denominator=["people", pd.NA, ""],
            direction=[1.0, -1.0, 1.0],
        )
    )
    assert full["transform"].tolist() == ["cagr", "none", "none"]
    assert full["years"].tolist() == [5, 1, 1]
    assert full["year_rule"].tolist() == ["latest", "mean", "latest"]
    assert full["denominator"].tolist() == ["people", None, None]
    assert full["direction"].dtype.kind == "i"


def test_the_given_registry_is_left_alone():
    table = registry()
    before = table.copy()
    checked_registry(table)
    pd.testing.assert_frame_equal(table, before)


def test_indicators_of_a_level():
    full = checked_registry(registry())
    assert indicators_of(full, "transport_communication") == ["roads"]
    assert indicators_of(full, "social_services") == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"level": ["transport", "joint_projects", "context"]}, "level is 'transport'"),
        ({"role": ["index", "both", "context"]}, "role is 'both'"),
        ({"direction": [1, 0, 1]}, "direction is 0"),
        ({"direction": [1, "up", 1]}, "direction is 'up'"),
        ({"transform": ["log", None, None]}, "transform is 'log'"),
        ({"year_rule": ["newest", None, None]}, "year_rule is 'newest'"),
        ({"years": [0, 1, 1]}, "years is 0"),
        ({"years": [2.5, 1, 1]}, "years is 2.5"),
        ({"years": ["five", 1, 1]}, "years is 'five'"),
        ({"denominator": ["persons", None, None]}, "'persons' is not in the registry"),
        ({"denominator": ["roads", None, None]}, "its own denominator"),
        ({"level": ["context", "joint_projects", "context"]}, "belongs to no level"),
    ],
)
def test_what_it_refuses(columns, message):
    with pytest.raises(IndicatorError, match=message):
        checked_registry(registry(**columns))


def test_twice_and_missing_columns():
    twice = pd.concat([registry(), registry().loc[["roads"]]])
    with pytest.raises(IndicatorError, match="'roads': is there twice"):
        checked_registry(twice)
    with pytest.raises(IndicatorError, match="lacks the column 'unit'"):
        checked_registry(registry().drop(columns="unit"))


def test_all_problems_are_listed():
    wrong = registry(role=["index", "both", "context"], direction=[2, 1, 1])
    assert len(registry_problems(wrong)) == 2
