"""Sums over cells behind entries, against every pair of cells one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.access.cells.cell_entries import shared_entries
from geo_border.access.cells.cell_sums import ERROR, CellSums, on_grid, smooth_part, taken_apart
from geo_border.access.decay import Exponential, Gaussian, Linear, Logistic, Power, Step, codes
from geo_border.errors import TableError

parameter = st.floats(0.05, 20)
decays = st.one_of(
    st.builds(Exponential, half_life=parameter),
    st.builds(Power, exponent=st.floats(0.2, 3), floor=parameter),
    st.builds(Gaussian, sigma=parameter),
    st.builds(Logistic, midpoint=parameter, slope=st.floats(0.1, 20)),
    st.builds(Step, within=parameter),
    st.builds(Linear, reach=parameter),
)


def cells_of(rng, n, entries, longest):
    """Cells at random entries, some off the network, some empty, some at the road itself."""
    node = rng.integers(-1, entries, n)
    access = np.where(rng.random(n) < 0.2, 0.0, rng.uniform(0, longest, n))
    return pd.DataFrame(
        {
            "side": "home",
            "node": node,
            "access_h": np.where(node < 0, np.nan, access),
            "population": rng.integers(0, 2, n) * rng.integers(0, 1000, n).astype(float),
        }
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    longest=st.sampled_from([0.01, 0.5, 5.0]),
    functions=st.lists(decays, min_size=1, max_size=4),
)
def test_sums_are_those_of_all_pairs(seed, n, longest, functions):
    rng = np.random.default_rng(seed)
    cells = cells_of(rng, n, 6, longest)
    entries = shared_entries(cells)
    size = len(entries.places)
    times = np.where(rng.random((size, size)) < 0.2, np.inf, rng.uniform(0, 30, (size, size)))
    np.fill_diagonal(times, 0.0)
    everything = np.arange(size)
    prepared = CellSums.of(entries, functions)
    rows, sums = prepared.over(times, everything, everything)
    # The same from other times and what differs.
    base = np.where(rng.random((size, size)) < 0.5, times, rng.uniform(0, 40, (size, size)))
    before = prepared.over(base, everything, everything)[1]
    more = prepared.over(times, everything, everything, base=base)[1]
    most = 1e-9 * (1 + cells["population"].sum())
    np.testing.assert_allclose(before + more, sums, rtol=1e-9, atol=20 * most)
    assert sorted(rows) == np.flatnonzero(entries.entry >= 0).tolist()

    access = cells["access_h"].to_numpy()
    joined = np.flatnonzero(entries.entry >= 0)
    people = cells["population"].to_numpy()[joined]
    hours = times[np.ix_(entries.entry[rows], entries.entry[joined])]
    hours = hours + access[rows, None] + access[joined]
    for number, decay in enumerate(functions):
        wanted = decay(hours) @ people
        # A step falls where rounding puts it: nobody stands there in random times.
        np.testing.assert_allclose(
            sums[:, number], wanted, rtol=1e-9, atol=5 * ERROR * people.sum() + 1e-9
        )


@pytest.mark.parametrize("decay", [Power(1.0, 0.5), Power(3.0, 2.0), Gaussian(0.4), Logistic()])
def test_parts_add_up_to_the_function(decay):
    hours = np.linspace(0, 20, 5001)
    parts = taken_apart([decay])
    left = np.maximum(parts.limits[0] - hours, 0.0) if parts.limits[0] > 0 else np.zeros_like(hours)
    cut = np.polynomial.polynomial.polyval(left, parts.ramps[0])
    whole = smooth_part(codes([decay])[0], hours) + cut
    np.testing.assert_allclose(whole, decay(hours), rtol=1e-12, atol=1e-12)
    assert decay(parts.horizon * 1.001) < 1e-17 or parts.horizon > 1e300


def test_people_on_a_grid_keep_their_moments():
    cells = pd.DataFrame(
        {
            "side": "home",
            "node": [3, 3, 3, 7],
            "access_h": [0.0, 0.37, 2.11, 0.5],
            "population": [5.0, 7.0, 11.0, 2.0],
        }
    )
    grid = on_grid(shared_entries(cells).destinations, 0.1)
    of_first = grid.persons[grid.start[0] : grid.start[1]]
    at = (grid.first[0] + np.arange(len(of_first))) * 0.1
    for power in range(6):
        wanted = (cells["population"] * cells["access_h"] ** power)[:3].sum()
        assert of_first @ at**power == pytest.approx(wanted, rel=1e-10)
    assert grid.last >= grid.first[0] + len(of_first)


def test_functions_that_change_within_seconds_are_refused():
    with pytest.raises(TableError, match="changes within seconds"):
        taken_apart([Exponential(), Gaussian(1e-4)])
    assert len(taken_apart([Exponential(1e-9), Step(1e-9), Linear(1e-9)]).smooth) == 0
