"""Quantiles of a Gaussian copula, and the distribution that they are put into."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from geo_border.errors import ParameterError
from geo_border.routing.draws import between, quantiles

NAMES = ["ilek", "syrym", "orda", "aul"]


def test_quantiles_hang_on_the_name_and_not_on_who_else_is_drawn():
    found = quantiles(NAMES, draws=50, seed=3, correlation=0.4)
    other = quantiles(NAMES[:0:-1], draws=50, seed=3, correlation=0.4)
    np.testing.assert_array_equal(other[:, ::-1], found[:, 1:])
    assert (quantiles(NAMES, draws=50, seed=4, correlation=0.4) != found).all()


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_quantiles_are_uniform_and_any_two_correlated_as_stated(correlation):
    found = quantiles(NAMES, draws=20_000, correlation=correlation)
    for share in (0.05, 0.5, 0.8):
        np.testing.assert_allclose((found < share).mean(axis=0), share, atol=0.015)
    apart = np.corrcoef(norm.ppf(found).T)[np.triu_indices(len(NAMES), 1)]
    np.testing.assert_allclose(apart, correlation, atol=0.03)


def test_all_are_one_where_they_are_wholly_correlated():
    found = quantiles(NAMES, draws=20, correlation=1.0)
    assert (found == found[:, :1]).all()
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ParameterError, match="between 0 and 1"):
            quantiles(NAMES, draws=2, correlation=wrong)


ends = st.lists(st.floats(0, 50), min_size=3, max_size=3).map(sorted)


@given(ends, st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted))
def test_values_rise_from_the_low_end_by_the_median_to_the_high_end(ends, at):
    low, central, high = ends
    np.testing.assert_allclose(between([0, 0.5, 1], low, central, high), ends, atol=1e-12)
    first, second = between(at, low, central, high)
    assert low - 1e-12 <= first <= second + 1e-12 <= high + 2e-12


def test_the_density_is_that_of_two_halves_of_triangles():
    at = (np.arange(100_000) + 0.5) / 100_000
    found = between(at, 0.0, 1.0, 5.0)
    # The mean of a triangle lies a third of its width from its right angle.
    assert found.mean() == pytest.approx((1 - 1 / 3 + 1 + 4 / 3) / 2, abs=1e-4)
    assert (found < 0.5).mean() == pytest.approx(0.5 * 0.5**2, abs=1e-4)
    assert (between(at, 2.0, 2.0, 2.0) == 2).all()
    assert np.isinf(between(at, np.inf, np.inf, np.inf)).all()
