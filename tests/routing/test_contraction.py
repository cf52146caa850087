"""Elimination trees and arcs against elimination done literally."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo_border.errors import NetworkError
from geo_border.routing.contraction import MOST_ARCS, contract


def eliminated(matrix, order):
    """Neighbours left of each node when its turn comes, by node."""
    n = matrix.shape[0]
    near = [set() for _ in range(n)]
    for u, v in zip(*matrix.nonzero(), strict=True):
        if u != v:
            near[u].add(int(v))
            near[v].add(int(u))
    higher = {}
    for x in order:
        higher[int(x)] = set(near[x])
        for u in near[x]:
            near[u] |= near[x] - {u}
            near[u].discard(int(x))
    return higher


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), degree=st.floats(0, 4))
def test_arcs_are_those_of_elimination(seed, n, degree):
    rng = np.random.default_rng(seed)
    ends = rng.integers(n, size=(2, int(degree * n)))
    matrix = csr_array((np.ones(ends.shape[1]), tuple(ends)), shape=(n, n))
    order = rng.permutation(n).astype(np.int32)
    found = contract(matrix, order)
    np.testing.assert_array_equal(found.node[found.position], np.arange(n))
    # The order may be another, the links that are added may not.
    arcs = {int(x): set() for x in order}
    first = np.arange(n)
    for x in range(n):
        heads = found.heads[found.indptr[x] : found.indptr[x + 1]].astype(int)
        assert (np.diff(heads) > 0).all()
        assert (heads > x).all()
        assert found.parent[x] == (heads[0] if len(heads) else -1)
        arcs[int(found.node[x])] = set(found.node[heads].tolist())
        if found.parent[x] >= 0:
            first[found.parent[x]] = min(first[found.parent[x]], first[x])
        above = x
        for y in heads:
            while above < y:
                above = found.parent[above]
            assert above == y
    assert arcs == eliminated(matrix, order)
    # The nodes below each are one run of numbers that ends at it.
    size = np.ones(n, int)
    for x in range(n):
        if found.parent[x] >= 0:
            size[found.parent[x]] += size[x]
    np.testing.assert_array_equal(first, np.arange(n) - size + 1)


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [0, 1, 3], [-1, 0, 1], [0, 1, 2, 3]])
def test_what_is_no_order_is_refused(order):
    matrix = csr_array((3, 3), dtype=float)
    with pytest.raises(NetworkError, match="order of elimination"):
        contract(matrix, np.array(order, np.int32))


def test_no_contraction_without_small_separators():
    n = 200
    everything = csr_array(1.0 - np.eye(n))
    assert contract(everything, np.arange(n, dtype=np.int32)) is not None
    # A sparse graph that eliminating its hub first turns into everything with everything.
    hub = csr_array((np.ones(n - 1), (np.zeros(n - 1, int), np.arange(1, n))), shape=(n, n))
    assert n * (n - 1) / 2 > MOST_ARCS * (n + hub.nnz)
    assert contract(hub, np.arange(n, dtype=np.int32)) is None
    assert len(contract(hub, np.arange(n - 1, -1, -1, dtype=np.int32)).heads) == n - 1
