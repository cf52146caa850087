"""The audit: each kind of mistake found, and sound figures left in peace."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.index.audit import COLUMNS, Identity, audit

YEARS = range(2010, 2020)
LEVELS = ["transport_communication", "joint_projects", "social_services", "potential", "dynamics"]


def registry(names, unit="USD"):
    return pd.DataFrame(
        {
            "name": names,
            "level": [LEVELS[i % 5] for i in range(len(names))],
            "role": "index",
            "unit": unit,
            "direction": 1,
            "source": "a yearbook",
        },
        index=pd.Index(names, name="indicator_id"),
    )


def figures(series):
    rows = [
        (region, indicator, year, value)
        for (indicator, region), values in series.items()
        for year, value in (
            values.items() if isinstance(values, dict) else zip(YEARS, values, strict=False)
        )
    ]
    return pd.DataFrame(rows, columns=["region_id", "indicator_id", "year", "value"])


def problems(series, names=("a",), regions=("R",), **options):
    table = registry(list(names)).assign(level="joint_projects")
    found = audit(table, figures(series), regions, **options)
    assert list(found.columns) == list(COLUMNS)
    # What other levels lack is not what these tests are about.
    return found[found["indicator_id"] != ""]


def growing(start=100.0, rate=1.05):
    return [start * rate**n for n in range(len(YEARS))]


def test_a_sound_series_is_left_in_peace():
    assert problems({("a", "R"): growing()}).empty


@pytest.mark.parametrize("place", [0, 3, 9])
@pytest.mark.parametrize("factor", [10, 0.1])
def test_digit_error(place, factor):
    values = growing()
    values[place] *= factor
    found = problems({("a", "R"): values})
    assert found["year"].tolist() == [YEARS[place]]
    assert "digits?" in found["problem"].iloc[0]


def test_digit_error_beside_a_gap():
    values = dict(zip(YEARS, growing(), strict=True))
    values[2014] *= 10
    del values[2013], values[2015]
    assert problems({("a", "R"): values})["year"].tolist() == [2014]


def test_a_step_that_stays_is_another_unit():
    values = growing()
    values[6:] = [12 * value for value in values[6:]]
    found = problems({("a", "R"): values})
    assert found["year"].tolist() == [2016]
    assert "another unit, period or boundary?" in found["problem"].iloc[0]


def test_a_noisy_series_is_no_digit_error():
    assert problems({("a", "R"): [1, 9, 2, 15, 1, 30, 2, 8, 1, 20]}).empty


def test_sign():
    values = growing()
    values[4] *= -1
    found = problems({("a", "R"): values})
    assert found["year"].tolist() == [2014]
    assert "sign?" in found["problem"].iloc[0]
    # Small and negative once: a balance near zero.
    values[4] = -3
    assert problems({("a", "R"): values}).empty


def test_exchanged_figures():
    # CIS trade of Astrakhan, million USD: exports and imports of 2020 look swapped.
    exports = {2017: 74.1, 2018: 118.0, 2019: 75.9, 2020: 41.4, 2021: 229.9}
    imports = {2017: 32.1, 2018: 23.8, 2019: 16.3, 2020: 221.1, 2021: 25.8}
    found = problems(
        {("export_cis", "R"): exports, ("import_cis", "R"): imports},
        names=("export_cis", "import_cis"),
    )
    swap = found[found["problem"].str.contains("exchanged")]
    assert swap[["indicator_id", "year"]].to_numpy().tolist() == [["export_cis", 2020]]
    # In other units, or with nothing in common, it is chance.
    apart = registry(["export_cis", "import_cis"]).assign(unit=["USD", "RUB"])
    again = audit(
        apart, figures({("export_cis", "R"): exports, ("import_cis", "R"): imports}), ["R"]
    )
    assert not again["problem"].str.contains("exchanged").any()


def test_identity():
    series = {
        ("birth_rate", "R"): {2020: 9.8, 2021: 9.6},
        ("death_rate", "R"): {2020: 14.6, 2021: 16.7},
        ("natural_increase", "R"): {2020: -4.7, 2021: -6.1},
    }
    names = ("birth_rate", "death_rate", "natural_increase")
    found = problems(series, names=names)
    # -4.8 against -4.7 is rounding; -7.1 against -6.1 is a mistake.
    assert found[["indicator_id", "year"]].to_numpy().tolist() == [["natural_increase", 2021]]
    assert "by 1" in found["problem"].iloc[0]
    other = Identity("natural_increase", ("birth_rate",), ("death_rate",), tolerance=2)
    assert problems(series, names=names, identities=[other]).empty
    assert problems(series, names=names, identities=[Identity("x", ("y",))]).empty


def test_rows_that_cannot_be_used():
    table = figures({("a", "R"): growing()}).astype(object)
    extra = pd.DataFrame(
        [
            ("R", "b", 2012, 1.0),
            ("R", "a", 2010, 7.0),
            ("R", "a", "soon", 7.0),
            ("R", "a", 2031, "much"),
            ("R", "a", 2032, np.inf),
            ("Z", "a", 2012, 1.0),
        ],
        columns=table.columns,
    )
    found = audit(registry(["a"]), pd.concat([table, extra], ignore_index=True), ["R"])
    errors = found[found["severity"] == "error"]
    assert errors["problem"].str.contains("unknown").sum() == 1
    assert errors["problem"].str.contains("more than one figure").sum() == 1
    assert errors["problem"].str.contains("year is none").sum() == 1
    assert errors["problem"].str.contains("not a finite number").sum() == 2
    other = found[found["region_id"] == "Z"]
    assert other["severity"].tolist() == ["note"]
    # Worst first.
    assert found["severity"].tolist() == sorted(
        found["severity"], key=["error", "warning", "note"].index
    )


def test_missing_figures_and_components():
    names = ["a", "b", "c"]
    table = registry(names).assign(level="potential")
    series = {("a", "R"): growing(), ("a", "S"): growing(), ("b", "R"): growing()}
    found = audit(table, figures(series), ["R", "S"])
    assert found.loc[found["problem"] == "no region has a figure", "indicator_id"].tolist() == ["c"]
    lacks = found[found["problem"] == "has no figure"]
    assert lacks[["indicator_id", "region_id"]].to_numpy().tolist() == [["b", "S"]]
    missing = found[found["problem"].str.contains("will be missing")]
    assert missing["region_id"].tolist() == ["S"]
    assert "33%" in missing["problem"].iloc[0]
    assert found["problem"].str.contains("no indicator enters dynamics").any()


def test_measured_indicators_need_no_figures():
    table = registry(["a"]).assign(source="measured on the network")
    found = audit(table, figures({}), ["R"])
    assert not found["problem"].str.contains("figure").any()


def test_mixed_periods():
    series = {
        ("a", "R"): {2018: 1.0, 2020: 2.0},
        ("a", "S"): {2018: 1.0, 2020: 2.0},
        ("a", "T"): {2018: 1.0, 2019: 2.0},
        ("a", "U"): {2010: 1.0},
    }
    found = problems(series, regions=("R", "S", "T", "U"))
    mixed = found[found["problem"].str.contains("last figure")]
    assert mixed[["severity", "region_id"]].to_numpy().tolist() == [["warning", "U"], ["note", "T"]]


def test_a_registry_that_cannot_be_used():
    table = registry(["a"]).assign(direction=3)
    found = audit(table, figures({("a", "R"): growing()}), ["R"])
    assert found["problem"].str.contains("direction is 3").any()
    assert "lacks the column" in audit(table.drop(columns="unit"), figures({}), ["R"]).iloc[0, 4]
    assert "'value'" in audit(registry(["a"]), figures({}).drop(columns="value"), ["R"]).iloc[0, 4]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["R", "S", "", None]),
            st.sampled_from(["a", "b", "c", None]),
            st.one_of(st.integers(1990, 2030), st.just("x"), st.none(), st.floats()),
            st.one_of(st.floats(), st.text(max_size=3), st.none(), st.integers(-5, 5)),
        ),
        max_size=30,
    )
)
def test_whatever_comes_is_listed_not_raised(rows):
    table = pd.DataFrame(rows, columns=["region_id", "indicator_id", "year", "value"], dtype=object)
    found = audit(registry(["a", "b"]), table, ["R", "S"])
    assert set(found["severity"]) <= {"error", "warning", "note"}
    assert found["problem"].str.len().gt(0).all()
