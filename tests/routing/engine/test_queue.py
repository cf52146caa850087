"""The bucket queue against scipy on the same whole milliseconds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo_border.errors import NetworkError
from geo_border.routing.engine.ordering import hilbert_order
from geo_border.routing.engine.searches import (
    milliseconds,
    search,
    search_columns,
    search_graph,
)

MS = 3.6e6


def graph_of(weights, tails, heads, n):
    """Matrix of hours from whole milliseconds, the least of parallel edges."""
    order = np.lexsort((weights, heads, tails))
    pair, first = np.unique(tails[order] * n + heads[order], return_index=True)
    data = weights[order][first] / MS
    indptr = np.searchsorted(pair // n, np.arange(n + 1))
    return csr_array((data, pair % n, indptr), shape=(n, n))


def random_graph(rng, n, m, greatest):
    ends = rng.integers(n, size=(2, m))
    ends = ends[:, ends[0] != ends[1]]
    return graph_of(rng.integers(1, greatest + 1, ends.shape[1]), *ends, n)


def by_scipy(matrix, roots):
    whole = csr_array((np.rint(matrix.data * MS), matrix.indices, matrix.indptr), matrix.shape)
    return dijkstra(whole, indices=roots), whole


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 60),
    degree=st.floats(0, 6),
    # Few weights make many ties; a wide range makes nodes fall back within a bucket.
    greatest=st.sampled_from([1, 2, 7, 5000, 90_000_000]),
    spatial=st.booleans(),
)
def test_times_and_trees_equal_scipy(seed, n, degree, greatest, spatial):
    rng = np.random.default_rng(seed)
    matrix = random_graph(rng, n, int(degree * n), greatest)
    matrix.data[rng.random(matrix.nnz) < 0.2] = 1 / MS
    roots = rng.integers(n, size=3)
    expected, whole = by_scipy(matrix, roots)
    where = tuple(rng.random((2, n))) if spatial else ()
    graph = search_graph(matrix, *where)
    trees = search(graph, roots)
    np.testing.assert_array_equal(trees.hours, expected / MS)
    for root, distance, before in zip(roots, expected, trees.next_node, strict=True):
        tails, heads = whole.nonzero()
        least = np.full(n, n)
        tight = np.isfinite(distance[tails]) & (distance[tails] + whole.data == distance[heads])
        np.minimum.at(least, heads[tight], tails[tight])
        least[root] = n
        np.testing.assert_array_equal(before, np.where(least < n, least, -1))
    columns = rng.integers(n, size=5)
    np.testing.assert_array_equal(search_columns(graph, roots, columns), trees.hours[:, columns])


def test_crowded_buckets():
    # A star of 20,000 leaves: all wait in one bucket, more than the queue has room for.
    n = 20_001
    leaves = np.arange(1, n)
    for weights in (np.full(n - 1, 1000), np.arange(1, n)):
        star = graph_of(weights, np.zeros(n - 1, int), leaves, n)
        found = search(search_graph(star), np.array([0])).hours[0]
        np.testing.assert_array_equal(found[1:], weights / MS)


def test_nodes_that_fall_again_and_again_within_a_bucket():
    # Node i reaches every later one; the long edges are looked at first and always beaten.
    n = 120
    tails, heads = np.triu_indices(n, 1)
    weights = np.where(heads - tails == 1, 10, 1000 * (heads - tails))
    ladder = graph_of(weights, tails, heads, n)
    expected, _ = by_scipy(ladder, np.array([0]))
    np.testing.assert_array_equal(search(search_graph(ladder), np.array([0])).hours, expected / MS)


def test_larger_graph_in_any_order():
    rng = np.random.default_rng(5)
    n = 4000
    x, y = rng.random((2, n))
    order = np.argsort(x + 10 * np.floor(y * 60))
    near = [order[:-d] for d in (1, 61)], [order[d:] for d in (1, 61)]
    tails, heads = (np.concatenate(part) for part in near)
    weights = milliseconds(np.hypot(x[tails] - x[heads], y[tails] - y[heads])).astype(int)
    matrix = graph_of(np.r_[weights, weights], np.r_[tails, heads], np.r_[heads, tails], n)
    roots = rng.integers(n, size=40)
    expected, _ = by_scipy(matrix, roots)
    given_order, spatial = search_graph(matrix), search_graph(matrix, x, y)
    for graph in (given_order, spatial):
        np.testing.assert_array_equal(search(graph, roots).hours, expected / MS)
    assert (spatial.node != given_order.node).any()
    np.testing.assert_array_equal(
        search(given_order, roots).next_node, search(spatial, roots).next_node
    )
    everything = search_columns(spatial, roots, np.arange(n))
    np.testing.assert_array_equal(everything, expected / MS)


def test_rounding_to_milliseconds():
    hours = np.array([0.0, 1e-9, 0.4 / MS, 0.6 / MS, 1.5, 500.0])
    assert milliseconds(hours).tolist() == [1, 1, 1, 1, 5_400_000, 1_800_000_000]


def two_edges(first, second):
    return csr_array((np.array([first, second]), np.array([1, 2]), [0, 1, 2, 2]), shape=(3, 3))


def test_edges_nobody_can_use_and_impossible_ones():
    graph = search_graph(two_edges(1.0, np.inf))
    assert search(graph, np.array([0])).hours.tolist() == [[0, 1, np.inf]]
    for wrong in (np.nan, -1.0, 501.0, -np.inf):
        with pytest.raises(NetworkError, match="500 hours"):
            search_graph(two_edges(1.0, wrong))


def test_paths_beyond_32_bits_are_refused():
    n = 5
    chain = csr_array((np.full(n - 1, 490.0), np.arange(1, n), [*range(n), n - 1]), shape=(n, n))
    graph = search_graph(chain)
    assert search(graph, np.array([3])).hours[0, 4] == 490.0
    for find in (search, lambda g, r: search_columns(g, r, r)):
        with pytest.raises(NetworkError, match="24 days"):
            find(graph, np.array([0]))


def test_nothing_to_search():
    empty = search_graph(csr_array((3, 3), dtype=float))
    assert search(empty, np.empty(0, int)).hours.shape == (0, 3)
    assert search_columns(empty, np.empty(0, int), np.array([1])).shape == (0, 1)
    assert search(empty, np.array([1])).hours.tolist() == [[np.inf, 0, np.inf]]


def test_hilbert_curve_takes_one_step_at_a_time():
    x, y = (part.ravel() for part in np.meshgrid(np.arange(32.0), np.arange(32.0)))
    order = hilbert_order(x, y)
    assert sorted(order) == list(range(1024))
    assert (np.abs(np.diff(x[order])) + np.abs(np.diff(y[order])) == 1).all()
    assert hilbert_order(np.ones(3), np.ones(3)).tolist() == [0, 1, 2]
