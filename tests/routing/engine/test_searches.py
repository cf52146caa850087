"""Trees, flows along them, and the products of tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from geo_border.compute.compiled import in_blocks
from geo_border.routing.crossing import Crossing, own_sums
from geo_border.routing.engine.kernels import EXPONENTIAL, STEP
from geo_border.routing.engine.searches import (
    add_tree_load,
    find_entry,
    is_symmetric,
    search,
    search_graph,
)
from geo_border.routing.inside import OwnTimes


def random_matrix(seed, n=30):
    rng = np.random.default_rng(seed)
    matrix = csr_array(random_array((n, n), density=0.08, rng=rng))
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_entries_are_found(seed):
    matrix = random_matrix(seed)
    dense = matrix.toarray()
    for row in range(30):
        for column in range(30):
            at = find_entry(matrix.indptr, matrix.indices, row, column)
            assert (at >= 0) == (dense[row, column] > 0)
            if at >= 0:
                assert matrix.data[at] == dense[row, column]


def test_symmetry():
    matrix = random_matrix(0)
    assert not is_symmetric(matrix)
    assert is_symmetric(csr_array(matrix + matrix.T))
    other = csr_array(matrix + matrix.T)
    other.data[0] *= 2
    assert not is_symmetric(other)


@pytest.mark.parametrize("away", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_tree_loads_equal_walking_every_path(seed, away):
    matrix = random_matrix(seed)
    rng = np.random.default_rng(seed)
    flow = rng.random(30)
    tree = search(search_graph(matrix if away else csr_array(matrix.T)), np.array([3])).next_node[0]
    expected = np.zeros((30, 30))
    for node in range(30):
        at = node
        while tree[at] >= 0:
            edge = (tree[at], at) if away else (at, tree[at])
            expected[edge] += flow[node]
            at = tree[at]
    load = np.zeros(matrix.nnz)
    add_tree_load(tree, flow.copy(), matrix.indptr, matrix.indices, load, away)
    found = csr_array((load, matrix.indices, matrix.indptr), shape=(30, 30)).toarray()
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(("n", "k", "m"), [(1, 1, 1), (7, 3, 5), (300, 4, 70), (5, 2, 0)])
def test_products_equal_numpy(n, k, m):
    rng = np.random.default_rng(n)
    A, E, direct = rng.random((n, k)), rng.random((k, m)), rng.random((n, m)) + 0.2
    A[rng.random((n, k)) < 0.3] = np.inf
    E[rng.random((k, m)) < 0.3] = np.inf
    last = rng.integers(k, size=(k, m)).astype(np.int32)
    crossing = Crossing(A, E, last)
    sums = A[:, :, None] + E
    times, first, final = crossing.matrix()
    np.testing.assert_array_equal(times, sums.min(axis=1))
    reached = np.isfinite(times)
    np.testing.assert_array_equal(first, np.where(reached, sums.argmin(axis=1), -1))
    np.testing.assert_array_equal(final[reached], last[first, np.arange(m)][reached])
    assert (final[~reached] == -1).all()

    both, first, _ = crossing.matrix(direct)
    np.testing.assert_array_equal(both, np.minimum(direct, times))
    np.testing.assert_array_equal(first >= 0, times < direct)

    weight = rng.random(m)
    codes = np.array([(EXPONENTIAL, 1.3, 0), (STEP, 0.6, 0)], float)
    value = np.stack([np.exp(-1.3 * times), times <= 0.6], axis=2)
    np.testing.assert_allclose(crossing.sums(weight, codes), np.einsum("ijd,j->id", value, weight))
    held = OwnTimes((np.arange(n),) * 2, (np.arange(m),) * 2, (both, direct))
    together = own_sums(held, 0, weight, codes)[0]
    apart, gained = own_sums(held, 1, weight, codes, [crossing])
    np.testing.assert_allclose(apart + gained, together, atol=1e-12)


def test_blocks_cover_all_rows_in_order():
    for rows in (0, 1, 64, 65, 5000):
        blocks = list(in_blocks(rows, lambda block: block))
        assert [row for block in blocks for row in range(*block.indices(rows))] == list(range(rows))
