"""Aggregation: hand-worked means, elections, properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo_border.index.aggregate import AGGREGATIONS, FLOOR, aggregate

MEANS = ["arithmetic", "geometric", "harmonic"]

tables = hnp.arrays(
    float,
    st.tuples(st.integers(2, 8), st.integers(1, 5)),
    elements=st.one_of(st.floats(0, 100), st.just(np.nan)),
)


def lifted(x):
    return FLOOR + (100 - FLOOR) / 100 * x


def lowered(x):
    return (x - FLOOR) / ((100 - FLOOR) / 100)


def test_means_by_hand():
    scores, weights = np.array([[20.0, 80.0]]), np.array([0.25, 0.75])
    assert aggregate(scores, weights)[0] == pytest.approx(65)
    a, b = lifted(20), lifted(80)
    assert aggregate(scores, weights, how="geometric")[0] == pytest.approx(
        lowered(a**0.25 * b**0.75)
    )
    assert aggregate(scores, weights, how="harmonic")[0] == pytest.approx(
        lowered(1 / (0.25 / a + 0.75 / b))
    )


def test_a_zero_does_not_annihilate():
    scores = np.array([[0.0, 100, 100]])
    result = aggregate(scores, np.ones(3), how="geometric")[0]
    assert result == pytest.approx(lowered(100 ** (2 / 3)))
    assert aggregate(np.zeros((1, 3)), np.ones(3), how="geometric")[0] == 0


def test_weights_of_what_is_missing_go_to_the_rest():
    scores = np.array([[np.nan, 40, 80.0]])
    weights = np.array([0.5, 0.3, 0.2])
    assert aggregate(scores, weights)[0] == pytest.approx((0.3 * 40 + 0.2 * 80) / 0.5)


def test_copeland_by_hand():
    # A beats B (2 of 3), B beats C (2 of 3), A and C: A 2, C 1. A +2, B 0, C -2.
    scores = np.array([[90, 70, 10], [50, 40, 60], [10, 20, 70.0]])
    np.testing.assert_allclose(aggregate(scores, np.ones(3), how="copeland"), [100, 50, 0])
    # With all the weight on the last indicator the order turns.
    np.testing.assert_allclose(
        aggregate(scores, np.array([0.2, 0.2, 0.6]), how="copeland"), [0, 50, 100]
    )


def test_copeland_of_a_circle_is_a_tie():
    # Condorcet's paradox: each beats one and loses to one.
    scores = np.array([[3, 1, 2], [2, 3, 1], [1, 2, 3.0]])
    np.testing.assert_allclose(aggregate(scores, np.ones(3), how="copeland"), 50)


def test_copeland_compares_what_both_have():
    scores = np.array([[90, np.nan], [80, 10], [np.nan, 20.0], [np.nan, np.nan]])
    result = aggregate(scores, np.ones(2), how="copeland")
    # 0 beats 1, 2 beats 1, 0 and 2 share nothing.
    np.testing.assert_allclose(result[:3], [75, 0, 75])
    assert np.isnan(result[3])


def test_copeland_is_not_decided_by_rounding():
    scores = np.array([[1, 1, 0, 0], [0, 0, 1, 1.0]])
    weights = np.array([0.1, 0.2, 0.3, 0.0]) / 0.6
    np.testing.assert_allclose(aggregate(scores, weights, how="copeland"), 50)


def test_weights_of_each_region():
    scores = np.array([[10, 30], [10, 30.0]])
    weights = np.array([[1, 0], [0.5, 0.5]])
    np.testing.assert_allclose(aggregate(scores, weights), [10, 20])


def test_unknown_method():
    with pytest.raises(ValueError, match="aggregation must be"):
        aggregate(np.ones((2, 2)), np.ones(2), how="median")


@pytest.mark.parametrize("how", AGGREGATIONS)
@settings(max_examples=25, deadline=None)
@given(scores=tables)
def test_bounds_and_missing(how, scores):
    result = aggregate(scores, np.ones(scores.shape[1]), how=how)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(scores).all(axis=1))
    known = result[~np.isnan(result)]
    assert ((known >= 0) & (known <= 100)).all()


@settings(max_examples=25, deadline=None)
@given(scores=tables)
def test_harmonic_below_geometric_below_arithmetic(scores):
    weights = np.ones(scores.shape[1])
    a, g, h = (aggregate(scores, weights, how=how) for how in MEANS)
    known = ~np.isnan(a)
    assert (h[known] <= g[known] + 1e-6).all()
    assert (g[known] <= a[known] + 1e-6).all()


@pytest.mark.parametrize("how", AGGREGATIONS)
@settings(max_examples=25, deadline=None)
@given(scores=tables, row=st.integers(0, 7), more=st.floats(0, 50))
def test_more_is_never_worse(how, scores, row, more):
    row %= len(scores)
    better = scores.copy()
    better[row] = np.minimum(better[row] + more, 100)
    weights = np.ones(scores.shape[1])
    before = aggregate(scores, weights, how=how)[row]
    after = aggregate(better, weights, how=how)[row]
    assert np.isnan(before) or after >= before - 1e-6


@pytest.mark.parametrize("how", AGGREGATIONS)
@settings(max_examples=25, deadline=None)
@given(scores=tables, seed=st.integers(0, 99))
def test_order_and_scale_of_weights_do_not_matter(how, scores, seed):
    random = np.random.default_rng(seed)
    weights = random.integers(1, 5, scores.shape[1]).astype(float)
    rows, columns = random.permutation(len(scores)), random.permutation(scores.shape[1])
    expected = aggregate(scores, weights, how=how)[rows]
    found = aggregate(scores[rows][:, columns], 4 * weights[columns], how=how)
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("how", AGGREGATIONS)
def test_many_tables_at_once(how):
    random = np.random.default_rng(2)
    scores, weights = random.uniform(0, 100, (5, 6, 3)), random.uniform(0.1, 1, (5, 3))
    together = aggregate(scores, weights, how=how)
    for i in range(5):
        np.testing.assert_allclose(together[i], aggregate(scores[i], weights[i], how=how))
