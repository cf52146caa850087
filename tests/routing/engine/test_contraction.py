"""Elimination trees and arcs against elimination done literally."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo_border.errors import NetworkError
from geo_border.routing.engine.contraction import MOST_ARCS, contract, contraction_of


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


def parts_of(seed):
    rng = np.random.default_rng(seed)
    ends = rng.integers(30, size=(2, 60))
    matrix = csr_array((np.ones(60), tuple(ends)), shape=(30, 30))
    found = contract(matrix, rng.permutation(30).astype(np.int32))
    return found, {name: getattr(found, name).copy() for name in ("node", "indptr", "heads")}


@given(seed=st.integers(0, 2**32 - 1))
def test_a_contraction_comes_back_from_its_parts(seed):
    found, parts = parts_of(seed)
    again = contraction_of(**parts)
    for name in ("node", "position", "parent", "indptr", "heads"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
        assert getattr(again, name).dtype == getattr(found, name).dtype


@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_damaged_parts_are_refused_or_harmless(seed, data):
    _, parts = parts_of(seed)
    name = data.draw(st.sampled_from(sorted(parts)))
    array = parts[name]
    at = data.draw(st.integers(0, len(array) - 1))
    array[at] = data.draw(st.sampled_from([0, 1, 29, 30, 31, 2**31 - 1]))
    try:
        again = contraction_of(**parts)
    except NetworkError as error:
        assert "damaged" in str(error)
        return
    # What is let through is closed under elimination, so kernels stay within the arrays.
    rows = [set(again.heads[a:b]) for a, b in zip(again.indptr, again.indptr[1:], strict=False)]
    for x, row in enumerate(rows):
        assert all(x < y < 30 for y in row)
        assert all(z in rows[y] for y in row for z in row if z > y)


def test_parts_of_wrong_lengths_are_refused():
    _, parts = parts_of(1)
    for name in parts:
        with pytest.raises(NetworkError, match="damaged"):
            contraction_of(**{**parts, name: parts[name][:-1]})
