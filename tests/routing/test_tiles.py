"""Sums over tiles of pairs against sums over all pairs."""

import numpy as np
import pytest
from borderland import random_borderland
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo_border.compute.compiled import BLOCKS
from geo_border.routing.crossing import across, closure_sums
from geo_border.routing.engine.kernels import (
    EXPONENTIAL,
    GAUSSIAN,
    LINEAR,
    LOGISTIC,
    POWER,
    STEP,
    evaluate,
    exponential,
    exponential_single,
    impedance,
)
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import gate_tables
from geo_border.routing.tiles import principal_axes, tile_closures, tile_sums

CODES = np.array(
    [
        (EXPONENTIAL, 0.4, 0),
        (STEP, 4.0, 0),
        (POWER, 1.5, 0.5),
        (STEP, 9.0, 0),
        (GAUSSIAN, 3.0, 0),
        (EXPONENTIAL, 1.7, 0),
        (LOGISTIC, 4.0, 1.0),
        (LINEAR, 8.0, 0),
    ],
    float,
)


def brute(A, E, weight, codes):
    """Sums over the matrix of all pairs, in the type of the times."""
    times = (A[:, :, None] + E).min(axis=1, initial=np.inf)
    values = np.empty((len(codes), times.size))
    for code, of_code in zip(codes, values, strict=True):
        evaluate(code, times.ravel(), of_code)
    return np.einsum("dij,j->id", values.reshape(len(codes), *times.shape), weight)


def borders(rng, n, m, k, kind):
    """Times to gates and from them: on a map, with ties, or without any order."""
    if kind == "map":
        gates, starts, ends = (rng.random((size, 2)) * 6 for size in (k, n, m))
        A = np.linalg.norm(starts[:, None] - gates, axis=2)
        E = np.linalg.norm(gates[:, None] - ends, axis=2) + rng.choice([0, 0.5, 2], (k, 1))
    elif kind == "ties":
        A, E = rng.integers(0, 4, (n, k)) / 1.0, rng.integers(0, 5, (k, m)) / 1.0
    else:
        A, E = rng.random((n, k)) * 5, rng.random((k, m)) * 5
    lost = rng.choice([0.0, 0.1, 0.5])
    A[rng.random(A.shape) < lost] = np.inf
    E[rng.random(E.shape) < lost] = np.inf
    A[:, rng.random(k) < lost / 2] = np.inf
    A[rng.random(n) < lost / 3] = np.inf
    E[:, rng.random(m) < lost / 3] = np.inf
    return A, E, np.floor(rng.random(m) * 1000)


CASES = given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 150),
    m=st.integers(1, 200),
    k=st.integers(1, 24),
    kind=st.sampled_from(["map", "ties", "none"]),
)


@settings(max_examples=40, deadline=None)
@CASES
def test_sums_equal_brute_force(seed, n, m, k, kind):
    A, E, weight = borders(np.random.default_rng(seed), n, m, k, kind)
    expected = brute(A, E, weight, CODES)
    np.testing.assert_allclose(tile_sums(A, E, weight, CODES), expected, rtol=1e-12, atol=1e-12)
    a, e = A.astype(np.float32), E.astype(np.float32)
    steps = CODES[:, 0] == STEP
    beyond = np.abs((a[:, :, None] + e).min(axis=1, initial=np.inf)[..., None] - CODES[steps, 1])
    # A hair beyond a time, where the rounding that is let pass ends, single precision is blind.
    assume(not ((beyond > 0) & (beyond < 2e-6)).any())
    single = brute(a, e, weight, CODES)
    np.testing.assert_allclose(tile_sums(a, e, weight, CODES), single, rtol=3e-6, atol=1e-3)
    # Whole persons within a time are counted exactly, also in single precision.
    np.testing.assert_array_equal(tile_sums(a, e, weight, CODES)[:, steps], single[:, steps])


@settings(max_examples=40, deadline=None)
@CASES
def test_closures_equal_leaving_out_each_gate(seed, n, m, k, kind):
    A, E, weight = borders(np.random.default_rng(seed), n, m, k, kind)
    sums, losses = tile_closures(A, E, weight, CODES)
    np.testing.assert_allclose(sums, brute(A, E, weight, CODES), rtol=1e-12, atol=1e-12)
    for gate in range(k):
        others = np.arange(k) != gate
        expected = brute(A[:, others], E[others], weight, CODES)
        np.testing.assert_allclose(sums - losses[gate], expected, rtol=1e-9, atol=1e-9)


# Around the rows and columns of a tile, the origins taken together, and the gates from which
# they are: 64, 128, 4 and 16.
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.sampled_from([1, 2, 3, 4, 5, 61, 63, 64, 65, 67, 130]),
    m=st.sampled_from([1, 15, 16, 17, 127, 128, 129, 255, 257]),
    k=st.sampled_from([15, 16, 17, 32, 33, 64, 65]),
    lost=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    codes=st.sampled_from([CODES, CODES[:2], CODES[1:2], CODES[6:]]),
)
def test_sums_where_nothing_is_pruned_equal_brute_force(seed, n, m, k, lost, codes):
    rng = np.random.default_rng(seed)
    A, E = 10 * rng.random((n, k)), 10 * rng.random((k, m))
    A[rng.random(A.shape) < lost] = np.inf
    E[rng.random(E.shape) < lost] = np.inf
    weight = np.floor(rng.random(m) * 1000)
    expected = brute(A, E, weight, codes)
    np.testing.assert_allclose(tile_sums(A, E, weight, codes), expected, rtol=1e-12, atol=1e-12)
    a, e = A.astype(np.float32), E.astype(np.float32)
    single = brute(a, e, weight, codes)
    np.testing.assert_allclose(tile_sums(a, e, weight, codes), single, rtol=3e-6, atol=1e-3)


@settings(max_examples=40, deadline=None)
@CASES
def test_closures_in_single_precision_equal_leaving_out_each_gate(seed, n, m, k, kind):
    A, E, weight = borders(np.random.default_rng(seed), n, m, k, kind)
    A, E = A.astype(np.float32), E.astype(np.float32)
    sums, losses = tile_closures(A, E, weight, CODES)
    expected = brute(A, E, weight, CODES)
    np.testing.assert_allclose(sums, expected, rtol=3e-6, atol=1e-3)
    # What is lost is a difference: it is as exact as the sums that it is taken from.
    apart = 3e-6 * expected.max(axis=0) + 1e-3
    for gate in range(k):
        others = np.arange(k) != gate
        without = brute(A[:, others], E[others], weight, CODES)
        assert (np.abs(sums - losses[gate] - without) <= apart).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6), scale=st.sampled_from([0.02, 1.0]))
def test_closures_with_more_than_one_passage_equal_scenarios(seed, k, scale):
    land = random_borderland(seed, k=k, scale=scale)
    tables = gate_tables(land.network, land.places, land.gates)
    weight = land.places["population"].to_numpy(float)
    base = Scenario(open=frozenset({"g0"}), factor=0.5)
    for side in range(2):
        there = weight[tables.places_on(1 - side)]
        sums, without = closure_sums(tables, side, there, CODES, scenario=base)
        expected = across(tables, passages(tables, base), side).sums(there, CODES)
        np.testing.assert_allclose(sums, expected, rtol=1e-12)
        for gate, name in enumerate(tables.gates.index):
            closed = Scenario(close=frozenset({name}), open=base.open, factor=0.5)
            expected = across(tables, passages(tables, closed), side).sums(there, CODES)
            np.testing.assert_allclose(without[gate], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(0, 3, 5), (3, 0, 5), (3, 4, 0)])
def test_nothing_to_sum(shape):
    n, k, m = shape
    sums, losses = tile_closures(np.ones((n, k)), np.ones((k, m)), np.ones(m), CODES)
    np.testing.assert_array_equal(sums, np.zeros((n, len(CODES))))
    assert losses.shape == (k, n, len(CODES))


def test_sums_are_the_same_on_any_number_of_cores(monkeypatch):
    rng = np.random.default_rng(1)
    A, E, weight = borders(rng, BLOCKS * 64 + 700, 300, 9, "map")
    expected = tile_sums(A, E, weight, CODES)
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        np.testing.assert_array_equal(tile_sums(A, E, weight, CODES), expected)


def test_values_of_many_hours_equal_those_of_one():
    hours = np.array([0.0, 1e-9, 0.5, 3.999, 4.0, 8.0, 100.0, 3000.0, np.inf])
    for code in CODES:
        values = np.empty(len(hours))
        evaluate(code, hours, values)
        np.testing.assert_allclose(values, [impedance(code, t) for t in hours], rtol=1e-13)
        assert values[-1] == 0


def test_exponential_is_exact_to_the_last_bits():
    x = -np.concatenate([np.linspace(0, 3, 5001), np.geomspace(1e-12, 707.9, 5001)])
    found = np.array([exponential(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x), rtol=4.5e-16)
    assert exponential(-np.inf) == exponential(-1e300) == 0
    assert exponential(0.0) == exponential(-0.0) == 1


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(2, 64), scale=st.sampled_from([1e-9, 1, 1e9]))
def test_axes_of_the_map_are_those_of_lapack(seed, k, scale):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(k, k)))[0]
    spread = np.r_[1.0, 0.3, 0.05 * rng.random(k - 2)]
    axes = principal_axes(scale * (basis * spread) @ basis.T)
    np.testing.assert_allclose(np.abs((axes * basis[:, :2]).sum(axis=0)), 1, atol=1e-6)
    assert (axes.sum(axis=0) >= 0).all()


@pytest.mark.parametrize(
    ("spread", "axes"),
    [
        (np.zeros((3, 3)), np.zeros((3, 2))),
        (np.ones((2, 2)), np.array([[0.5**0.5, 0], [0.5**0.5, 0]])),
        (np.full((1, 1), 4.0), np.ones((1, 1))),
    ],
)
def test_no_spread_is_no_axis(spread, axes):
    np.testing.assert_allclose(principal_axes(spread), axes, atol=1e-15)


def test_exponential_in_single_precision():
    x = -np.concatenate([np.linspace(0, 3, 5001), np.geomspace(1e-12, 86.99, 5001)])
    x = x.astype(np.float32)
    found = np.array([exponential_single(value) for value in x], np.float32)
    np.testing.assert_allclose(found, np.exp(x.astype(float)), rtol=1.2e-7)
    far, none = np.float32([-np.inf, -1e30, -87.1]), np.float32([0.0, -0.0])
    assert [exponential_single(value) for value in far] == [0, 0, 0]
    assert [exponential_single(value) for value in none] == [1, 1]


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code[0]:.0f} {code[1]}")
def test_values_in_single_precision_equal_those_of_one(code):
    hours = np.concatenate([np.linspace(0, 60, 999), [100, 3000, np.inf]]).astype(np.float32)
    expected = np.array([impedance(code, float(t)) for t in hours])
    values = np.empty(len(hours), np.float32)
    evaluate(code, hours, values)
    exponents = np.where(np.isfinite(hours), code[1] * hours, 0)
    bound = (1 + exponents) * 1.2e-7 * expected + 1e-37
    assert (np.abs(values - expected) <= bound).all()
