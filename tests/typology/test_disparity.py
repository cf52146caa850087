"""Disparity: closed forms, decompositions and invariances."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.errors import IndicatorError
from geo_border.typology.disparity import (
    beta_convergence,
    disparity,
    dyad_gradient,
    gini,
    herfindahl,
    location_quotient,
    sigma_convergence,
    theil,
    williamson,
)

positive = st.lists(st.tuples(st.floats(0.1, 1000), st.floats(0.1, 1000)), min_size=2, max_size=12)


def series(values):
    return pd.Series(values, index=[f"R{i}" for i in range(len(values))], dtype=float)


def test_gini_by_hand():
    # 1, 2, 3, 4: mean difference 1.25, mean 2.5, so 1.25 / 5.
    assert gini(series([1, 2, 3, 4])) == pytest.approx(0.25)
    assert gini(series([5, 5, 5])) == 0
    # One has all: 1 - 1/n.
    assert gini(series([0, 0, 0, 9])) == pytest.approx(0.75)


def test_gini_of_an_even_spread():
    # Uniform on 0..1 has 1/3; Pareto with shape 2 has 1/3 too, exponential 1/2.
    q = (np.arange(4000) + 0.5) / 4000
    assert gini(series(q[::4])) == pytest.approx(1 / 3, abs=1e-3)
    assert gini(series(-np.log(q[::4]))) == pytest.approx(1 / 2, abs=2e-3)


def test_population_is_a_number_of_equal_people():
    values, people = series([1, 4]), series([3, 1])
    assert gini(values, people) == pytest.approx(gini(series([1, 1, 1, 4])))
    once = theil(series([1, 1, 1, 4]), series([1, 1, 1, 1]))["theil"]
    assert theil(values, people)["theil"] == pytest.approx(once)
    assert williamson(values, people) == pytest.approx(np.std([1, 1, 1, 4]) / np.mean([1, 1, 1, 4]))


def test_theil_by_hand():
    people = series([1, 1, 1, 1])
    assert theil(series([0, 0, 0, 9]), people)["theil"] == pytest.approx(np.log(4))
    # Two halves with 3/4 and 1/4 of the income.
    expected = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    assert theil(series([3, 1]), series([1, 1]))["theil"] == pytest.approx(expected)


def test_theil_between_and_within():
    values, people = series([1, 3, 2, 6]), series([1, 1, 1, 1])
    side = pd.Series(["a", "a", "b", "b"], index=values.index)
    found = theil(values, people, groups=side)
    inside = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    between = (1 / 3) * np.log((1 / 3) / 0.5) + (2 / 3) * np.log((2 / 3) / 0.5)
    assert found["theil_within"] == pytest.approx(inside)
    assert found["theil_between"] == pytest.approx(between)
    assert found["theil"] == pytest.approx(inside + between)


@settings(max_examples=30, deadline=None)
@given(positive, st.integers(0, 99))
def test_theil_parts_add_up_whatever_the_groups(rows, seed):
    values, people = (series(x) for x in zip(*rows, strict=True))
    group = pd.Series(np.random.default_rng(seed).integers(0, 3, len(rows)), index=values.index)
    found = theil(values, people, groups=group.astype(str))
    assert found["theil"] == pytest.approx(found["theil_between"] + found["theil_within"], abs=1e-9)
    assert (found >= -1e-9).all()


@settings(max_examples=30, deadline=None)
@given(positive, st.floats(0.01, 100))
def test_units_do_not_matter_and_bounds_hold(rows, factor):
    values, people = (series(x) for x in zip(*rows, strict=True))
    one, two = disparity(values, people), disparity(values * factor, people * 3)
    np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-9)
    assert 0 <= one["gini"] < 1
    assert -1e-12 <= one["theil"] <= np.log(1 / (people / people.sum()).min()) + 1e-9
    assert one["ratio"] >= 1
    turned = values.sample(frac=1, random_state=1)
    np.testing.assert_allclose(disparity(turned, people), one, rtol=1e-9, atol=1e-12)


def test_a_gift_from_rich_to_poor_lowers_every_measure():
    before, people = series([10, 20, 60]), series([1, 1, 1])
    after = series([15, 20, 55])
    assert (
        disparity(after, people)[["theil", "gini", "williamson", "ratio"]]
        < disparity(before, people)[["theil", "gini", "williamson", "ratio"]]
    ).all()


def test_missing_regions_are_left_out():
    values = series([1, np.nan, 3])
    assert disparity(values, series([1, 1, 1]))["regions"] == 2


def test_sigma_convergence():
    table = pd.DataFrame({2000: [1, np.e, 5], 2010: [np.e, np.e, np.nan]}, index=["a", "b", "c"])
    found = sigma_convergence(table)
    assert found["sigma"].tolist() == pytest.approx([np.sqrt(0.5), 0])
    assert found["regions"].tolist() == [2, 2]
    with pytest.raises(IndicatorError, match="fewer than two"):
        sigma_convergence(table.iloc[[2]])


def test_beta_convergence_of_a_known_speed():
    # ln y_T = ln y* + (ln y_0 - ln y*) exp(-λ T) with λ = 0.02 exactly.
    start = series([1, 2, 5, 9])
    end = np.exp(3 + (np.log(start) - 3) * np.exp(-0.02 * 10))
    found = beta_convergence(start, end, years=10)
    assert found["speed"] == pytest.approx(0.02)
    assert found["half_life"] == pytest.approx(np.log(2) / 0.02)
    assert found["r_squared"] == pytest.approx(1)
    assert found["regions"] == 4
    away = beta_convergence(end, start, years=10)
    assert away["b"] > 0
    assert away["half_life"] == np.inf
    # All end equal: the speed has no limit.
    assert np.isnan(beta_convergence(start, start * 0 + 7, years=10)["speed"])


def test_location_quotient_and_herfindahl():
    table = pd.DataFrame({"trade": [1, 3], "farms": [1, 3], "mines": [2, 0]}, index=["a", "b"])
    found = location_quotient(table)
    # Trade is 4 of 10 in all, 1 of 4 in a, 3 of 6 in b.
    assert found["trade"].tolist() == pytest.approx([0.25 / 0.4, 0.5 / 0.4])
    assert found.loc["b", "mines"] == 0
    assert herfindahl(table).tolist() == pytest.approx([6 / 16, 1 / 2])
    empty = table.assign(ghosts=0)
    empty.loc["c"] = 0
    assert location_quotient(empty).loc["c"].isna().all()
    assert location_quotient(empty)["ghosts"].isna().all()
    assert np.isnan(herfindahl(empty)["c"])


def test_gradient():
    dyads = pd.DataFrame({"home_id": ["a", "b", "a"], "neighbour_id": ["x", "x", "y"]})
    found = dyad_gradient(dyads, pd.Series({"a": 6.0, "b": 0.0, "x": 2.0}))
    assert found[0] == 3
    assert found[1:].isna().all()


@pytest.mark.parametrize(
    ("values", "people"),
    [
        ([1, -1], [1, 1]),
        ([0, 0], [1, 1]),
        ([1, np.inf], [1, 1]),
        ([1, 2], [1, -1]),
        ([1, 2], [0, np.nan]),
        ([np.nan, np.nan], [1, 1]),
    ],
)
def test_hostile_values(values, people):
    for measure in (theil, gini, williamson):
        with pytest.raises(IndicatorError):
            measure(series(values), series(people))
    # Beside each other they are missing: a table of several indicators goes on.
    assert disparity(series(values), series(people)).drop("regions").isna().all()


def test_regions_without_people_change_nothing():
    values, people = series([10.0, 20.0, 60.0]), series([1.0, 2.0, 3.0])
    more, with_none = series([10.0, 20.0, 60.0, 1e9, 5.0]), series([1.0, 2.0, 3.0, 0.0, np.nan])
    pd.testing.assert_series_equal(disparity(more, with_none), disparity(values, people))
    assert theil(more, with_none)["theil"] == theil(values, people)["theil"]
    assert gini(more, with_none) == gini(values, people)
    assert williamson(more, with_none) == williamson(values, people)


def test_hostile_tables():
    values, people = series([1, 2]), series([1, 1])
    with pytest.raises(IndicatorError, match="has no group"):
        theil(values, people, groups=pd.Series({"R0": "a"}))
    with pytest.raises(IndicatorError, match="fewer than three"):
        beta_convergence(values, values, years=5)
    three = series([1, 2, 3])
    with pytest.raises(IndicatorError, match="above zero"):
        beta_convergence(three, three * 0, years=5)
    with pytest.raises(IndicatorError, match="began equal"):
        beta_convergence(three * 0 + 1, three, years=5)
    with pytest.raises(IndicatorError, match="above zero"):
        sigma_convergence(pd.DataFrame({2000: [1, 0]}))
    for table in (pd.DataFrame({"a": [1, -1]}), pd.DataFrame({"a": [1, np.nan]})):
        with pytest.raises(IndicatorError, match="none missing"):
            herfindahl(table)
        with pytest.raises(IndicatorError, match="none missing"):
            location_quotient(table)
