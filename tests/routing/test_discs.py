"""Sums over discs, against every distance one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.geometry.geodesic import geodesic_km, reduced_vectors
from geo_border.routing.discs import sums_within


def one_by_one(starts, ends, weights, km):
    sums = np.zeros((len(starts), weights.shape[1]))
    away = np.empty(len(ends))
    for i, start in enumerate(starts):
        geodesic_km(start, ends, away)
        sums[i] = weights[away <= km].sum(axis=0)
    return sums


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 300),
    km=st.floats(0, 3000),
    lat=st.floats(-85, 80),
    spread=st.sampled_from([0.01, 1.0, 20.0]),
)
def test_discs_hold_who_is_near(seed, n, km, lat, spread):
    rng = np.random.default_rng(seed)
    ends = reduced_vectors(175 + rng.uniform(0, spread, n), lat + rng.uniform(0, spread / 4, n))
    starts = reduced_vectors(175 + rng.uniform(0, spread, 9), lat + rng.uniform(0, spread / 4, 9))
    # Whole numbers add up alike in any order.
    weights = rng.integers(0, 1000, (n, 2)).astype(float)
    found = sums_within(starts, ends, weights, km)
    np.testing.assert_array_equal(found, one_by_one(starts, ends, weights, km))


@pytest.mark.parametrize("km", [0.0, 5.0, 120.0])
def test_cells_of_a_grid_with_many_at_the_edge(km):
    lon, lat = np.meshgrid(np.arange(50, 53, 0.05), np.arange(50, 52, 0.05))
    points = reduced_vectors(lon.ravel(), lat.ravel())
    weights = np.ones((len(points), 1))
    found = sums_within(points, points, weights, km)
    np.testing.assert_array_equal(found, one_by_one(points, points, weights, km))
    assert found.min() >= 1  # each holds itself
