"""Treatment of outliers: the reference cases of COINr, and properties."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geo_border.index.treatment import Outliers, shape_of, treat, treated_array


def winsorised(values, points=5):
    column = np.array(values, float)[:, None]
    treated, done, used = treated_array(column, "winsorise", Outliers(points=points))
    return treated[:, 0], done[0], used[0]


def test_one_outlier():
    # COINr: 1..10, 100 fails, one point is winsorised to 10, then it passes.
    values = [*range(1, 11), 100]
    treated, done, points = winsorised(values)
    assert (done, points) == ("winsorised", 1)
    assert treated.tolist() == [*range(1, 11), 10]


def test_two_outliers_of_which_one_is_enough():
    # COINr's manual: 1..10, 30, 100 becomes 1..10, 30, 30 by one point.
    treated, done, points = winsorised([*range(1, 11), 30, 100])
    assert (done, points) == ("winsorised", 1)
    assert treated.tolist() == [*range(1, 11), 30, 30]


def test_values_are_counted_not_steps():
    # Two regions share the highest value: one step changes both.
    treated, done, points = winsorised([*range(1, 21), 200, 200])
    assert (done, points) == ("winsorised", 2)
    assert treated.tolist() == [*range(1, 21), 20, 20]
    # Where one value may be changed, two of them are too many.
    assert winsorised([*range(1, 21), 200, 200], points=1)[1] == "logarithm"


@given(st.lists(st.integers(0, 9), min_size=5, max_size=12), st.integers(1, 4))
def test_no_more_values_change_than_may_and_as_many_are_told(low, copies):
    column = np.array([*low, *[1e6] * copies])
    treated, _, used = treated_array(column[:, None], "winsorise", Outliers(points=3))
    if used[0]:
        assert used[0] == (treated[:, 0] != column).sum() <= 3


def test_the_low_end_where_the_skew_is_negative():
    treated, done, points = winsorised([*range(1, 11), -100])
    assert (done, points) == ("winsorised", 1)
    assert treated[-1] == 1


def test_logarithm_where_winsorising_is_not_enough():
    # COINr takes log(x) for 1..20, 100, 200 with one point; here the shift is 1 % of the range.
    values = np.array([*range(1, 21), 100, 200], float)
    treated, done, points = winsorised(values, points=1)
    assert (done, points) == ("logarithm", 0)
    np.testing.assert_allclose(treated, np.log(values - 1 + 0.01 * 199))
    assert abs(shape_of(treated[:, None])[0][0]) < abs(shape_of(values[:, None])[0][0])
    mirrored = winsorised(-values, points=1)[0]
    np.testing.assert_allclose(mirrored, -treated)


def test_rules():
    frame = pd.DataFrame({"a": [*range(1, 11), 100.0], "b": [float(x) for x in range(11)]})
    left = treat(frame, rule="none")
    pd.testing.assert_frame_equal(left.table, frame)
    assert left.account["treatment"].tolist() == ["none", "none"]
    both = treat(frame)
    assert both.account.loc["a", ["treatment", "points"]].tolist() == ["winsorised", 1]
    assert both.account.loc["a", "skewness"] > 2
    assert both.table["b"].tolist() == frame["b"].tolist()
    assert treat(frame, rule="log").account.loc["a", "treatment"] == "logarithm"
    with pytest.raises(ValueError, match="treatment must be"):
        treat(frame, rule="drop")


@pytest.mark.parametrize(
    "values", [[], [1.0], [1, 2, 3], [5.0] * 8, [np.nan] * 5, [0.3, 0.1 + 0.2] * 4]
)
def test_too_little_to_tell(values):
    assert [x.tolist() for x in shape_of(np.array(values, float)[:, None])] == [[0], [0]]
    assert winsorised(values)[1] == "none"


def test_shape_is_that_of_scipy():
    values = np.random.default_rng(0).lognormal(size=(12, 5))
    values[3, 1] = values[4:8, 2] = np.nan
    skewness, kurtosis = shape_of(values)
    for j, column in enumerate(values.T):
        known = column[~np.isnan(column)]
        assert skewness[j] == pytest.approx(stats.skew(known, bias=False))
        assert kurtosis[j] == pytest.approx(stats.kurtosis(known, bias=False))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.sampled_from([1e7, -1e7])),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from(["winsorise", "log"]),
    st.integers(0, 5),
)
def test_order_and_missing_are_kept(values, rule, points):
    column = np.array(values, float)
    treated, _, used = treated_array(column[:, None], rule, Outliers(points=points))
    treated = treated[:, 0]
    np.testing.assert_array_equal(np.isnan(treated), np.isnan(column))
    known = ~np.isnan(column)
    order = np.argsort(column[known], kind="stable")
    assert (np.diff(treated[known][order]) >= -1e-9).all()
    assert used[0] <= points
    np.testing.assert_array_equal(column, np.array(values, float))
