"""Normalisation: hand-worked scores, reference values of COINr, properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm, rankdata

from geo_border.index.normalise import NORMALISATIONS, normalise

UP = np.array([1])
FREE = [how for how in NORMALISATIONS if how != "goalposts"]
MONOTONE = ["minmax", "zscore", "rank", "percentile", "borda"]

tables = hnp.arrays(
    float,
    st.tuples(st.integers(2, 9), st.integers(1, 4)),
    elements=st.one_of(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), st.just(np.nan)),
)


def score(values, how, direction=1, **options):
    column = np.array(values, float)[:, None]
    return normalise(column, np.array([direction]), how=how, **options)[:, 0]


def test_min_max_and_its_mirror():
    np.testing.assert_allclose(score([2, 4, 10], "minmax"), [0, 25, 100])
    np.testing.assert_allclose(score([2, 4, 10], "minmax", -1), [100, 75, 0])


def test_z_score_is_the_normal_distribution_of_the_standardised_value():
    values = np.array([1.0, 2, 3, 4, 10])
    z = (values - values.mean()) / values.std(ddof=1)
    np.testing.assert_allclose(score(values, "zscore"), 100 * norm.cdf(z))
    np.testing.assert_allclose(score(values, "zscore", -1), 100 * norm.cdf(-z))


def test_orders_differ_in_ties_and_ends():
    values = [5, 5, 1, 9]
    np.testing.assert_allclose(score(values, "rank"), [50, 50, 0, 100])
    np.testing.assert_allclose(score(values, "percentile"), [50, 50, 12.5, 87.5])
    np.testing.assert_allclose(score(values, "borda"), [100 / 3, 100 / 3, 0, 100])


@given(tables, st.sampled_from([0.0, 1e-9]))
def test_orders_are_those_of_all_pairs(values, shaken):
    # A figure that rounding has moved is a tie.
    values = np.vstack([values, values[0] * (1 + shaken * 1e-6)])
    scale = np.nanmax(np.abs(np.where(np.isnan(values), 0.0, values)), axis=0)
    ahead = values[:, None, :] - values[None, :, :]
    beaten = (ahead > 1e-12 * scale).sum(axis=1)
    equal = (np.abs(ahead) <= 1e-12 * scale).sum(axis=1)
    n = (~np.isnan(values)).sum(axis=0)
    both = np.broadcast_to(n > 1, values.shape) & ~np.isnan(values)
    of_all = normalise(np.stack([values, values]), np.ones(values.shape[1], int), how="rank")
    expected = (100 * (beaten + (equal - 1) / 2) / np.maximum(n - 1, 1))[both]
    np.testing.assert_allclose(of_all[0][both], expected)
    np.testing.assert_allclose(of_all[1][both], expected)


def test_borda_points_of_ten_units_are_0_to_9():
    # COINr: n_borda of ten distinct values gives 0..9.
    values = np.random.default_rng(0).permutation(10)
    np.testing.assert_allclose(score(values, "borda") * 9 / 100, values)


def test_distance_is_the_share_of_the_best():
    np.testing.assert_allclose(score([2, 5, 10], "distance"), [20, 50, 100])
    np.testing.assert_allclose(score([2, 5, 10], "distance", -1), [100, 40, 20])
    # Growth rates have no true zero: scored by their range.
    np.testing.assert_allclose(score([-2, 0, 2], "distance"), [0, 50, 100])
    np.testing.assert_allclose(score([0, 1, 4], "distance", -1), [100, 75, 0])


@pytest.mark.parametrize(
    ("value", "direction", "expected"),
    # COINr's own tests of n_goalposts, posts 0 and 10.
    [(1, 1, 10), (11, 1, 100), (-1, 1, 0), (1, -1, 90), (-1, -1, 100), (11, -1, 0)],
)
def test_goalposts(value, direction, expected):
    controls = np.array([[0.0], [10.0]])
    assert score([value], "goalposts", direction, goalposts=controls)[0] == pytest.approx(expected)


def test_goalposts_score_a_region_alone():
    controls = np.array([[0], [10]])
    assert score([4], "goalposts", goalposts=controls).tolist() == [40]


def test_goalposts_must_be_given_and_in_order():
    with pytest.raises(ValueError, match="goalposts"):
        score([1, 2], "goalposts")
    with pytest.raises(ValueError, match="goalposts"):
        score([1, 2], "goalposts", goalposts=np.array([[3.0], [3.0]]))


def test_unknown_method():
    with pytest.raises(ValueError, match="one of minmax"):
        score([1, 2], "median")


@pytest.mark.parametrize("how", FREE)
def test_regions_that_are_equal_are_in_the_middle(how):
    expected = {"borda": 0, "distance": 100}.get(how, 50)
    # 0.1 + 0.2 and 0.3 are the same figure.
    np.testing.assert_allclose(score([0.3, 0.1 + 0.2, 0.3], how), expected, atol=1e-6)


@pytest.mark.parametrize("how", FREE)
def test_one_region_alone_and_none_at_all(how):
    known = score([7, np.nan], how)
    assert 0 <= known[0] <= 100
    assert np.isnan(known[1])
    # A study of one region has nothing to compare it with.
    assert np.isnan(score([7], how)).all()
    assert np.isnan(score([np.nan, np.nan], how)).all()


@pytest.mark.parametrize("how", FREE)
@settings(max_examples=25, deadline=None)
@given(values=tables)
def test_bounds_and_missing(how, values):
    scores = normalise(values, np.ones(values.shape[1], int), how=how)
    np.testing.assert_array_equal(np.isnan(scores), np.isnan(values))
    known = scores[~np.isnan(scores)]
    assert ((known >= 0) & (known <= 100)).all()


@pytest.mark.parametrize("how", MONOTONE)
@settings(max_examples=25, deadline=None)
@given(values=tables)
def test_order_is_kept(how, values):
    scores = normalise(values, np.ones(values.shape[1], int), how=how)
    for before, after in zip(values.T, scores.T, strict=True):
        known = ~np.isnan(before)
        order = np.argsort(before[known], kind="stable")
        assert (np.diff(after[known][order]) >= -1e-9).all()


@pytest.mark.parametrize("how", MONOTONE)
@settings(max_examples=25, deadline=None)
@given(values=tables, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_unit_and_zero_do_not_matter(how, values, scale, shift):
    # Shifting by more than the digits of a figure would blur distinct ones.
    direction = np.ones(values.shape[1], int)
    before = normalise(np.round(values), direction, how=how)
    after = normalise(np.round(values) * 2.0 ** np.round(np.log2(scale)), direction, how=how)
    np.testing.assert_allclose(after, before, atol=1e-6)
    moved = normalise(np.round(values) + np.round(shift), direction, how=how)
    np.testing.assert_allclose(moved, before, atol=1e-6)


@pytest.mark.parametrize("how", ["minmax", "zscore", "rank", "percentile"])
@settings(max_examples=25, deadline=None)
@given(values=tables)
def test_direction_mirrors(how, values):
    up = normalise(values, np.ones(values.shape[1], int), how=how)
    down = normalise(values, -np.ones(values.shape[1], int), how=how)
    np.testing.assert_allclose(up + down, np.where(np.isnan(values), np.nan, 100), atol=1e-6)


@pytest.mark.parametrize("how", FREE)
@settings(max_examples=25, deadline=None)
@given(values=tables, seed=st.integers(0, 99))
def test_order_of_regions_does_not_matter(how, values, seed):
    turn = np.random.default_rng(seed).permutation(len(values))
    direction = np.ones(values.shape[1], int)
    np.testing.assert_allclose(
        normalise(values[turn], direction, how=how),
        normalise(values, direction, how=how)[turn],
        atol=1e-9,
    )


@pytest.mark.parametrize("how", FREE)
def test_many_tables_at_once(how):
    random = np.random.default_rng(3)
    stack = random.normal(size=(4, 5, 6, 3))
    stack[0, 0, 0, 0] = np.nan
    direction = np.array([1, -1, 1])
    together = normalise(stack, direction, how=how)
    for index in np.ndindex(4, 5):
        np.testing.assert_array_equal(together[index], normalise(stack[index], direction, how=how))


def test_ranks_are_those_of_scipy():
    values = np.random.default_rng(1).integers(0, 5, 12).astype(float)
    np.testing.assert_allclose(score(values, "rank"), 100 * (rankdata(values) - 1) / 11)
