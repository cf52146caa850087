"""Weights of arcs against fastest paths of scipy, and the arcs that are left out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo_border.routing.engine.contraction import contract
from geo_border.routing.engine.customisation import (
    DOWN,
    TOO_FAR,
    UP,
    customise_below,
    needed_arcs,
    place_weights,
)
from geo_border.routing.engine.dissection import elimination_order
from geo_border.routing.engine.queue import UNREACHED
from tests.routing.engine.test_queue import random_graph


def customised(matrix, ms):
    found = contract(matrix, elimination_order(matrix))
    tails = np.repeat(found.position, np.diff(matrix.indptr))
    heads = found.position[matrix.indices]
    weights, complete = place_weights(found.indptr, found.heads, tails, heads, ms)
    assert complete
    customise_below(found.indptr, found.heads, weights)
    return found, weights, needed_arcs(found.indptr, found.heads, weights)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    degree=st.floats(0.5, 6),
    greatest=st.sampled_from([1, 3, 1000]),
)
def test_needed_arcs_have_the_times_of_fastest_paths_and_no_way_above(seed, n, degree, greatest):
    rng = np.random.default_rng(seed)
    matrix = random_graph(rng, n, int(degree * n), greatest)
    ms = np.rint(matrix.data * 3.6e6)
    found, weights, needed = customised(matrix, ms.astype(np.uint32))
    times = dijkstra(csr_array((ms, matrix.indices, matrix.indptr), matrix.shape))
    times = times[np.ix_(found.node, found.node)]
    for x in range(n):
        row = range(found.indptr[x], found.indptr[x + 1])
        above = [int(found.heads[entry]) for entry in row]
        for entry, y in zip(row, above, strict=True):
            others = [z for z in above if z != y]
            for way, (a, b) in ((UP, (x, y)), (DOWN, (y, x))):
                weight = np.inf if weights[entry, way] == UNREACHED else int(weights[entry, way])
                assert weight >= times[a, b]
                witness = min((times[a, z] + times[z, b] for z in others), default=np.inf)
                expected = np.isfinite(times[a, b]) and times[a, b] < witness
                assert needed[entry, way] == expected
                if expected:
                    assert weight == times[a, b]


def test_ways_equally_fast_keep_one_of_them():
    # A clique of equal weights and the corner of a square: everything ties.
    n = 6
    clique = csr_array(1.0 - np.eye(n))
    _, _, needed = customised(clique, np.ones(clique.nnz, np.uint32))
    assert needed.all()
    doubled = csr_array(2.0 - np.eye(n) - 1)
    doubled[0] *= 2
    found, _, needed = customised(csr_array(doubled), doubled.data.astype(np.uint32))
    assert needed[:, DOWN].sum() + needed[:, UP].sum() >= n - 1
    assert len(found.node) == n


def test_times_beyond_32_bits_stay_at_too_far():
    n = 40
    longest = np.uint32(1_800_000_000)
    tails = np.arange(n - 1)
    chain = csr_array((np.ones(n - 1), (tails, tails + 1)), shape=(n, n))
    found, weights, needed = customised(chain, np.full(n - 1, longest))
    finite = weights[weights != UNREACHED]
    assert set(finite.tolist()) == {int(longest), int(TOO_FAR)}
    assert needed[weights == longest].all()
    assert not needed[weights == UNREACHED].any()
    assert len(found.heads) > n - 1


def test_edges_that_the_contraction_does_not_know_are_found_out():
    known = csr_array((np.ones(2), ([0, 1], [1, 2])), shape=(4, 4))
    found = contract(known, np.arange(4, dtype=np.int32))
    for tail, head in ((0, 3), (3, 0), (0, 2)):
        tails, heads = (np.array([found.position[end]]) for end in (tail, head))
        _, complete = place_weights(found.indptr, found.heads, tails, heads, np.ones(1, np.uint32))
        assert not complete
