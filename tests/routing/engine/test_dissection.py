"""Orders of elimination: permutations, good ones, the same for any weights and directions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo_border.routing.engine.contraction import contract
from geo_border.routing.engine.dissection import elimination_order, undirected


def links(n, *pairs):
    tails, heads = np.array(pairs, int).reshape(-1, 2).T
    return csr_array((np.ones(len(tails)), (tails, heads)), shape=(n, n))


def grid(side):
    number = np.arange(side * side).reshape(side, side)
    right = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return links(side * side, *right, *down)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 80), degree=st.floats(0, 5))
def test_every_node_is_eliminated_once_whatever_the_directions(seed, n, degree):
    rng = np.random.default_rng(seed)
    tails, heads = rng.integers(n, size=(2, int(degree * n)))
    one_way = csr_array((rng.random(len(tails)), (tails, heads)), shape=(n, n))
    both = csr_array(one_way + 7 * one_way.T)
    order = elimination_order(one_way)
    assert sorted(order) == list(range(n))
    np.testing.assert_array_equal(order, elimination_order(both))


@pytest.mark.parametrize(
    "matrix",
    [
        csr_array((0, 0), dtype=float),
        csr_array((1, 1), dtype=float),
        csr_array((50, 50), dtype=float),
        csr_array(np.eye(4)),
        links(2, (0, 1)),
        links(3, (0, 1), (1, 2), (2, 0)),
        links(4, *[(a, b) for a in range(4) for b in range(4) if a != b]),
    ],
)
def test_graphs_with_little_or_nothing_to_dissect(matrix):
    # METIS ends the process on a graph without edges: it must not be asked.
    assert sorted(elimination_order(matrix)) == list(range(matrix.shape[0]))


def test_two_separate_cores():
    clique = [(a, b) for a in range(5) for b in range(a)]
    apart = links(12, *clique, *[(a + 6, b + 6) for a, b in clique])
    assert sorted(elimination_order(apart)) == list(range(12))


def test_trees_and_rings_add_the_least_links_and_little_depth():
    n = 1024
    chain = links(n, *[(i, i + 1) for i in range(n - 1)])
    ring = links(n, *[(i, (i + 1) % n) for i in range(n)])
    star = links(n, *[(0, i) for i in range(1, n)])
    for matrix, most_arcs, most_depth in ((chain, 2 * n, 30), (ring, 2 * n, 30), (star, n, 2)):
        found = contract(matrix, elimination_order(matrix))
        assert len(found.heads) < most_arcs
        depth = np.zeros(n, int)
        for x in range(n - 1, -1, -1):
            depth[x] = 1 + (depth[found.parent[x]] if found.parent[x] >= 0 else 0)
        assert depth.max() <= most_depth


def test_a_grid_takes_far_fewer_arcs_than_row_by_row():
    matrix = grid(40)
    dissected = contract(matrix, elimination_order(matrix))
    by_row = contract(matrix, np.arange(1600, dtype=np.int32))
    assert 2 * len(dissected.heads) < len(by_row.heads)
    # A separator of this grid has 40 nodes; those of its halves are joined to it.
    assert np.diff(dissected.indptr).max() < 80


def test_neighbours_in_either_direction_once_and_never_the_node_itself():
    matrix = links(4, (0, 1), (1, 0), (2, 1), (2, 2), (3, 0))
    indptr, neighbours = undirected(matrix)
    rows = [neighbours[a:b].tolist() for a, b in zip(indptr[:-1], indptr[1:], strict=True)]
    assert rows == [[1, 3], [0, 2], [1], [0]]
