"""Weights: published examples, linear programmes solved by hand, properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo_border.errors import IndicatorError
from geo_border.index.normalise import normalise
from geo_border.index.weights import (
    WEIGHTINGS,
    ahp,
    benefit_of_the_doubt,
    data_weights,
)

# Wealth of nations: USA, USSR, China, France, UK, Japan, West Germany.
WEALTH = np.array(
    [
        [1, 4, 9, 6, 6, 5, 5],
        [1 / 4, 1, 7, 5, 5, 3, 4],
        [1 / 9, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 7, 1 / 5],
        [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
        [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
        [1 / 5, 1 / 3, 7, 3, 3, 1, 2],
        [1 / 5, 1 / 4, 5, 3, 3, 1 / 2, 1],
    ]
)

tables = hnp.arrays(
    float,
    st.tuples(st.integers(2, 9), st.integers(1, 5)),
    elements=st.one_of(st.floats(0, 100), st.just(np.nan)),
)


def test_critic_of_the_paper():
    # Diakoulaki et al. (1995): eight firms by profitability, market share, productivity.
    firms = np.array(
        [
            [61, 1.08, 4.33],
            [20.7, 0.26, 4.34],
            [16.3, 1.98, 2.53],
            [9, 3.29, 1.65],
            [5.4, 2.77, 2.33],
            [4, 4.12, 1.21],
            [-6.1, 3.52, 2.10],
            [-34.6, 3.31, 0.98],
        ]
    )
    scores = normalise(firms, np.ones(3, int))
    np.testing.assert_allclose(
        data_weights(scores, "critic"), [0.20222554, 0.48090173, 0.31687273], rtol=1e-7
    )


def test_entropy_of_a_published_example():
    # Elsayed et al. (2017), Int. J. Eng. Trends Technol. 46(2) 60-66.
    alternatives = np.array(
        [
            [7, 312, 1891, 6613, 163],
            [72, 88, 728, 941804, 1078],
            [10, 252, 2594, 3466, 117471],
            [10, 145, 980, 2371, 86329],
            [65, 54, 350, 501, 29897],
            [29, 48, 380, 912, 34051],
            [7, 476, 3300, 78470, 2212],
            [70, 87, 650, 733, 819000],
            [4, 86, 591, 3015, 103],
            [12, 79, 579, 3240, 96098],
            [21, 45, 261, 1253, 453],
            [1, 72, 530, 4333, 0.1048],
        ]
    )
    np.testing.assert_allclose(
        data_weights(alternatives, "entropy"),
        [0.104991, 0.069124, 0.071373, 0.449937, 0.304575],
        atol=1e-6,
    )


def test_pca_takes_the_squared_loadings_of_the_first_component():
    random = np.random.default_rng(0)
    scores = random.uniform(0, 100, (40, 4))
    scores[:, 1] = scores[:, 0] + random.normal(0, 5, 40)
    vector = np.linalg.eigh(np.corrcoef(scores.T))[1][:, -1]
    np.testing.assert_allclose(data_weights(scores, "pca"), vector**2)
    # Two indicators that go together explain most, so they weigh most.
    assert data_weights(scores, "pca")[:2].sum() > 0.8


def test_critic_gives_two_that_say_the_same_less():
    random = np.random.default_rng(1)
    a, b = random.uniform(0, 100, (2, 50))
    weights = data_weights(np.column_stack([a, a, b]), "critic")
    assert weights[2] > weights[0] == pytest.approx(weights[1])


@pytest.mark.parametrize("rule", WEIGHTINGS)
@settings(max_examples=25, deadline=None)
@given(scores=tables)
def test_weights_add_up_to_one(rule, scores):
    weights = data_weights(scores, rule)
    assert weights.shape == (scores.shape[1],)
    assert (weights >= -1e-12).all()
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("rule", WEIGHTINGS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 200))
def test_order_of_indicators_and_regions_does_not_matter(rule, seed):
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 100, (9, 4))
    scores[random.uniform(size=scores.shape) < 0.1] = np.nan
    rows, columns = random.permutation(9), random.permutation(4)
    np.testing.assert_allclose(
        data_weights(scores[rows][:, columns], rule), data_weights(scores, rule)[columns], atol=1e-7
    )


@pytest.mark.parametrize("rule", WEIGHTINGS)
def test_nothing_to_tell_indicators_apart(rule):
    np.testing.assert_allclose(data_weights(np.full((5, 4), 50.0), rule).sum(), 1)
    np.testing.assert_allclose(data_weights(np.full((5, 4), np.nan), rule).sum(), 1)


def test_unknown_rule():
    with pytest.raises(ValueError, match="weights must be"):
        data_weights(np.ones((3, 2)), "budget")


def test_ahp_wealth_of_nations():
    # Saaty (1977): 0.427 0.230 0.021 0.052 0.052 0.123 0.094, λ 7.608, ratio 0.08.
    found = ahp(WEALTH)
    np.testing.assert_allclose(
        found.weights, [0.427, 0.230, 0.021, 0.052, 0.052, 0.123, 0.094], atol=0.006
    )
    assert found.lambda_max == pytest.approx(7.608, abs=0.01)
    assert found.consistency_ratio == pytest.approx(0.08, abs=0.005)
    assert found.consistent


def test_ahp_of_consistent_judgements_gives_back_the_weights():
    weights = np.array([0.5, 0.3, 0.2])
    found = ahp(weights[:, None] / weights[None, :])
    np.testing.assert_allclose(found.weights, weights)
    assert found.lambda_max == pytest.approx(3)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)


def test_ahp_of_a_circle_is_inconsistent():
    circle = np.array([[1, 5, 1 / 5], [1 / 5, 1, 5], [5, 1 / 5, 1]])
    found = ahp(circle)
    np.testing.assert_allclose(found.weights, 1 / 3)
    # λ = 1 + 5 + 1/5, so the index is 1.6 and the ratio 1.6 / 0.58.
    assert found.consistency_ratio == pytest.approx((6.2 - 3) / 2 / 0.58)
    assert not found.consistent


def test_ahp_of_one_and_two():
    assert ahp(np.array([[1.0]])).weights.tolist() == [1.0]
    np.testing.assert_allclose(ahp(np.array([[1, 3], [1 / 3, 1]])).weights, [0.75, 0.25])


@pytest.mark.parametrize(
    "matrix",
    [
        np.ones((2, 3)),
        np.ones(3),
        np.empty((0, 0)),
        np.array([[1, 0], [0, 1]]),
        np.array([[1, -2], [-0.5, 1]]),
        np.array([[1, 3], [3, 1]]),
        np.array([[2, 1], [1, 1]]),
        np.array([[1, np.nan], [1, 1]]),
        np.ones((11, 11)),
    ],
)
def test_ahp_refuses(matrix):
    with pytest.raises(IndicatorError):
        ahp(matrix)


def test_benefit_of_the_doubt_by_hand():
    # The frontier runs from (0, 80) over (60, 60) to (80, 0); (30, 30) is half way to it.
    scores = np.array([[80, 0], [0, 80], [60, 60], [30, 30.0]])
    best, weights = benefit_of_the_doubt(scores)
    np.testing.assert_allclose(best, [1, 1, 1, 0.5])
    np.testing.assert_allclose((weights * scores).sum(axis=1), best)


def test_benefit_of_the_doubt_with_least_shares():
    scores = np.array([[100, 10], [10, 100], [60, 60.0]])
    free, _ = benefit_of_the_doubt(scores)
    bound, weights = benefit_of_the_doubt(scores, least_share=0.4)
    assert (bound <= free + 1e-9).all()
    shares = weights * scores / (weights * scores).sum(axis=1, keepdims=True)
    assert (shares >= 0.4 - 1e-9).all()
    # With shares of one half each the weights are those of the region's own profile:
    # (60, 60) gets w = (1/120, 1/120) scaled until (100, 10) reaches 1.
    half, _ = benefit_of_the_doubt(scores, least_share=0.5)
    assert half[2] == pytest.approx(1)
    assert half[0] == pytest.approx(1 / max(1, (10 / 200 + 100 / 20), (60 / 200 + 60 / 20)))


def test_benefit_of_the_doubt_with_gaps():
    scores = np.array([[np.nan, 50], [80, np.nan], [np.nan, np.nan], [0, 0], [40, 25.0]])
    best, _ = benefit_of_the_doubt(scores)
    assert best[0] == pytest.approx(1)
    assert best[1] == pytest.approx(1)
    assert np.isnan(best[2])
    assert best[3] == 0
    assert best[4] == pytest.approx(1)


def test_benefit_of_the_doubt_refuses():
    with pytest.raises(ValueError, match="least_share"):
        benefit_of_the_doubt(np.ones((2, 3)), least_share=0.4)
    with pytest.raises(ValueError, match="negative"):
        benefit_of_the_doubt(np.array([[1, -1.0]]))


@settings(max_examples=15, deadline=None)
@given(hnp.arrays(float, (5, 3), elements=st.floats(1, 100)), st.floats(0.1, 10))
def test_benefit_of_the_doubt_knows_no_units(scores, factor):
    best, _ = benefit_of_the_doubt(scores)
    assert best.max() == pytest.approx(1)
    assert ((best > 0) & (best <= 1 + 1e-9)).all()
    scaled, _ = benefit_of_the_doubt(scores * [1, factor, 1])
    np.testing.assert_allclose(scaled, best, atol=1e-6)
