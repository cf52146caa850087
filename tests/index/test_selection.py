# ruff: noqa: PD011  (`Selected.values` is a frame)
"""Selection of values: years, transforms, denominators, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.errors import IndicatorError
from geo_border.index.selection import OLDEST_COMMON, USED, select, unit_of

REGIONS = ["A", "B", "C"]


def registry(**row):
    about = {
        "name": "x",
        "level": "potential",
        "role": "index",
        "unit": "u",
        "direction": 1,
        "denominator": None,
        "transform": "none",
        "years": 1,
        "year_rule": "latest",
    } | row
    below = about | {"denominator": None, "role": "context", "transform": "none", "years": 1}
    return pd.DataFrame([about, below], index=pd.Index(["x", "people"], name="indicator_id"))


def figures(series, indicator="x"):
    rows = [
        (region, indicator, year, value, f"{indicator} {year}")
        for region, values in series.items()
        for year, value in values.items()
    ]
    return pd.DataFrame(rows, columns=["region_id", "indicator_id", "year", "value", "source"])


def chosen(series, people=None, **row):
    table = figures(series)
    if people:
        table = pd.concat([table, figures(people, "people")], ignore_index=True)
    return select(registry(**row), table, REGIONS)


def test_latest_common_year():
    found = chosen({"A": {2020: 1, 2021: 2, 2022: 3}, "B": {2020: 4, 2021: 5}, "C": {2021: 6}})
    assert found.values["x"].tolist() == [2, 5, 6]
    assert found.used["year"].tolist() == [2021] * 3
    assert found.used["source"].tolist() == ["x 2021"] * 3
    assert list(found.used.columns) == list(USED)


def test_a_region_without_figures_does_not_matter_and_stays_missing():
    found = chosen({"A": {2020: 1, 2021: 2}, "B": {2020: 4, 2021: 5}})
    assert found.values["x"].tolist()[:2] == [2, 5]
    assert np.isnan(found.values.at["C", "x"])
    assert found.used["region_id"].tolist() == ["A", "B"]


def test_each_its_latest_where_no_year_is_common():
    found = chosen({"A": {2020: 1}, "B": {2021: 4, 2022: 5}})
    assert found.values["x"].tolist()[:2] == [1, 5]
    assert found.used["year"].tolist() == [2020, 2022]


def test_a_common_year_that_is_too_old_is_not_used():
    latest = 2010 + OLDEST_COMMON
    near = chosen({"A": {2010: 1, latest: 2}, "B": {2010: 3}})
    assert near.used["year"].tolist() == [2010, 2010]
    far = chosen({"A": {2010: 1, latest + 1: 2}, "B": {2010: 3}})
    assert far.used["year"].tolist() == [latest + 1, 2010]


def test_mean_of_the_last_years():
    found = chosen(
        {"A": {2018: 100, 2020: 1, 2021: 2, 2022: 6}, "B": {2020: 4, 2022: 5}},
        year_rule="mean",
        years=3,
    )
    assert found.values["x"].tolist()[:2] == [3, 4.5]
    assert found.used["n_years"].tolist() == [3, 2]
    assert found.used["from_year"].tolist() == [2020, 2020]
    assert found.used["year"].tolist() == [2022, 2022]


def test_mean_growth():
    found = chosen(
        {
            "A": {2017: 100, 2022: 100 * 1.1**5},
            "B": {2018: 100, 2022: 200},
            "C": {2017: -5, 2022: 5},
        },
        transform="cagr",
        years=5,
    )
    assert found.values.at["A", "x"] == pytest.approx(10)
    # No figure five years before, and a negative one: no growth rate.
    assert found.values["x"].isna().tolist() == [False, True, True]
    assert found.used[["from_year", "year"]].to_numpy().tolist() == [[2017, 2022]]


def test_compounded_chain_index():
    found = chosen(
        {"A": {2020: 110, 2021: 90, 2022: 105}, "B": {2020: 100, 2022: 100}},
        transform="compound",
        years=3,
    )
    assert found.values.at["A", "x"] == pytest.approx(100 * ((1.1 * 0.9 * 1.05) ** (1 / 3) - 1))
    assert np.isnan(found.values.at["B", "x"])
    assert found.used[["from_year", "year"]].to_numpy().tolist() == [[2020, 2022]]


def test_denominator_of_the_year_or_the_nearest_before():
    found = chosen(
        {"A": {2021: 10, 2022: 12}, "B": {2021: 10, 2022: 20}, "C": {2021: 1, 2022: 8}},
        people={"A": {2022: 4}, "B": {2020: 5, 2023: 1}, "C": {2022: 0}},
        denominator="people",
    )
    assert found.values["x"].tolist()[:2] == [3, 4]
    assert np.isnan(found.values.at["C", "x"])
    assert found.used["denominator"].tolist() == ["people", "people"]


def test_a_denominator_that_comes_later_is_not_used():
    found = chosen({"A": {2021: 10}}, people={"A": {2022: 4}}, denominator="people")
    assert found.values["x"].isna().all()
    assert found.used.empty


def test_denominator_first_then_growth():
    found = chosen(
        {"A": {2020: 100, 2022: 400}},
        people={"A": {2020: 10, 2022: 10 * 4 / 1.21}},
        denominator="people",
        transform="cagr",
        years=2,
    )
    assert found.values.at["A", "x"] == pytest.approx(10)


def test_measured_values_and_their_denominator():
    measured = pd.DataFrame({"x": [10, np.inf, 8.0]}, index=["B", "A", "C"])
    found = select(
        registry(denominator="people"),
        figures({"A": {2022: 2}, "B": {2020: 1, 2022: 2}, "C": {2022: 4}}, "people"),
        REGIONS,
        measured=measured,
    )
    # Infinity is not a value.
    assert found.values["x"].tolist()[1:] == [5, 2]
    assert np.isnan(found.values.at["A", "x"])
    assert found.used["year"].isna().all()


def test_other_regions_are_left_aside():
    found = chosen({"A": {2022: 1}, "Z": {2022: 9}})
    assert found.values.index.tolist() == REGIONS
    assert found.used["region_id"].tolist() == ["A"]


def test_roles():
    table = figures({"A": {2022: 7}}, "people")
    assert select(registry(), table, REGIONS, roles=("context",)).values.columns.tolist() == [
        "people"
    ]
    assert select(registry(), table, REGIONS).values["x"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indicator_id": "y"}, "not in the registry"),
        ({"value": "twelve"}, "not a finite number"),
        ({"value": np.inf}, "not a finite number"),
        ({"value": np.nan}, "not a finite number"),
        ({"year": "MMXX"}, "has no year"),
        ({"year": 2020.5}, "has no year"),
        ({"year": 1e30}, "has no year"),
        ({"region_id": "A", "year": 2021}, "is there twice"),
    ],
)
def test_hostile_figures(change, message):
    table = figures({"A": {2021: 1.0, 2022: 2.0}}).astype(object)
    for column, value in change.items():
        table.loc[1, column] = value
    with pytest.raises(IndicatorError, match=message):
        select(registry(), table, REGIONS)


def test_hostile_tables():
    table = figures({"A": {2021: 1.0}})
    with pytest.raises(IndicatorError, match="lack the column 'year'"):
        select(registry(), table.drop(columns="year"), REGIONS)
    with pytest.raises(IndicatorError, match="region 'A' is there twice"):
        select(registry(), table, ["A", "A"])
    with pytest.raises(IndicatorError, match="measured indicator 'z' is not"):
        select(registry(), table, REGIONS, measured=pd.DataFrame({"z": [1.0]}, index=["A"]))
    with pytest.raises(IndicatorError, match="measured and also in the table"):
        select(registry(), table, REGIONS, measured=pd.DataFrame({"x": [1.0]}, index=["A"]))


def test_no_figures_at_all():
    found = select(registry(), figures({}), REGIONS)
    assert found.values.shape == (3, 1)
    assert found.values.isna().all(axis=None)
    assert found.used.empty


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(REGIONS),
        st.dictionaries(st.integers(2000, 2012), st.integers(1, 1000), max_size=8),
    ),
    st.sampled_from(["latest", "mean"]),
    st.integers(1, 4),
)
def test_values_are_never_invented(series, rule, years):
    found = chosen(series, year_rule=rule, years=years)
    for region in REGIONS:
        given_here = series.get(region, {})
        value = found.values.at[region, "x"]
        assert np.isnan(value) == (not given_here)
        if given_here:
            assert min(given_here.values()) <= value <= max(given_here.values())
            row = found.used[found.used["region_id"] == region].iloc[0]
            assert row["year"] in given_here
            window = [v for y, v in given_here.items() if row["from_year"] <= y <= row["year"]]
            assert value == pytest.approx(np.mean(window))
            assert len(window) == row["n_years"]


def test_the_unit_is_that_of_the_value_that_enters():
    registry = pd.DataFrame(
        {
            "unit": ["million t", "thousand persons", "RUB"],
            "denominator": ["people", None, None],
            "transform": ["none", "none", "cagr"],
        },
        index=["freight", "people", "wage"],
    )
    assert unit_of("freight", registry) == "million t per thousand persons"
    assert unit_of("people", registry) == "thousand persons"
    assert unit_of("wage", registry) == "% a year"
