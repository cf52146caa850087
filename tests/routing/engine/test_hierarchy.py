"""Sweeps against the bucket queue and scipy: the same times to the bit."""

import pickle
from functools import partial

import extracts
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import geo_border.routing.engine.hierarchy as hierarchy_module
from geo_border.errors import NetworkError
from geo_border.routing.engine.contraction import Fresh, contract
from geo_border.routing.engine.dissection import elimination_order
from geo_border.routing.engine.hierarchy import LANES, customise, hierarchy_for, sweep_to
from geo_border.routing.engine.searches import is_symmetric, search_columns, search_graph
from tests.routing.engine.test_dissection import grid
from tests.routing.engine.test_queue import MS, by_scipy, graph_of, random_graph, two_edges


def prepared(matrix):
    return customise(contract(matrix, elimination_order(matrix)), matrix)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 60),
    degree=st.floats(0, 6),
    # Few weights make many ties; the greatest make sums that must not run over.
    greatest=st.sampled_from([1, 2, 7, 5000, 20_000_000]),
    both_ways=st.booleans(),
    n_roots=st.sampled_from([1, 3, 16, 17, 70]),
)
def test_times_equal_the_queue_and_scipy(seed, n, degree, greatest, both_ways, n_roots):
    rng = np.random.default_rng(seed)
    matrix = random_graph(rng, n, int(degree * n), greatest)
    matrix.data[rng.random(matrix.nnz) < 0.1] = np.inf
    if both_ways:
        matrix = csr_array(matrix.maximum(matrix.T))
    roots, columns = rng.integers(n, size=n_roots), rng.integers(n, size=rng.integers(1, 2 * n))
    times = sweep_to(prepared(matrix), columns).times(roots)
    expected = search_columns(search_graph(matrix), roots, columns)
    np.testing.assert_array_equal(times, expected)
    usable = csr_array(matrix)
    usable.data[np.isinf(usable.data)] = 0
    usable.eliminate_zeros()
    np.testing.assert_array_equal(times, by_scipy(usable, roots)[0][:, columns] / MS)


def test_a_larger_network_of_one_way_and_two_way_streets_in_several_parts():
    rng = np.random.default_rng(3)
    streets = grid(50)
    tails, heads = streets.nonzero()
    kept = rng.random(len(tails)) < 0.7
    tails, heads = tails[kept], heads[kept]
    back = rng.random(len(tails)) < 0.8
    n = streets.shape[0]
    matrix = graph_of(
        rng.integers(1, 100_000, len(tails) + back.sum()),
        np.concatenate([tails, heads[back]]),
        np.concatenate([heads, tails[back]]),
        n,
    )
    found = prepared(matrix)
    roots = rng.integers(n, size=2 * LANES + 5)
    expected, _ = by_scipy(matrix, roots)
    assert np.isinf(expected).any()
    for columns in (np.arange(n), rng.integers(n, size=7)):
        sweep = sweep_to(found, columns)
        np.testing.assert_array_equal(sweep.times(roots), expected[:, columns] / MS)
    # What no target needs is left out.
    assert len(sweep.rows) < n / 4
    few = sweep.times(roots[:3])
    np.testing.assert_array_equal(few, expected[:3, columns] / MS)


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_the_streets_of_a_country(key, extract_file):
    network = extracts.network_of(extract_file(key), "LI").network
    matrix = network.matrix(("road", "ferry"))
    assert not is_symmetric(matrix)
    every = np.arange(network.n_nodes)
    times = sweep_to(prepared(matrix), every).times(every)
    graph = search_graph(matrix, network.lon, network.lat)
    np.testing.assert_array_equal(times, search_columns(graph, every, every))


def test_new_speeds_need_the_same_order_and_contraction():
    rng = np.random.default_rng(8)
    slow = random_graph(rng, 300, 800, 10_000)
    fast = csr_array((slow.data / rng.integers(1, 9, slow.nnz), slow.indices, slow.indptr))
    contraction = contract(slow, elimination_order(slow))
    np.testing.assert_array_equal(elimination_order(fast), elimination_order(slow))
    roots, columns = np.arange(0, 300, 5), np.arange(300)
    for matrix in (slow, fast):
        times = sweep_to(customise(contraction, matrix), columns).times(roots)
        np.testing.assert_array_equal(times, search_columns(search_graph(matrix), roots, columns))


def test_single_nodes_no_edges_no_roots_no_columns():
    for n in (1, 3):
        found = prepared(csr_array((n, n), dtype=float))
        times = sweep_to(found, np.arange(n)).times(np.arange(n))
        np.testing.assert_array_equal(times, np.where(np.eye(n) > 0, 0, np.inf))
        assert sweep_to(found, np.arange(n)).times(np.empty(0, int)).shape == (0, n)
        assert sweep_to(found, np.empty(0, int)).times(np.arange(n)).shape == (n, 0)


def test_edges_nobody_can_use_and_impossible_ones():
    times = sweep_to(prepared(two_edges(1.0, np.inf)), np.arange(3)).times(np.array([0]))
    assert times.tolist() == [[0, 1, np.inf]]
    for wrong in (np.nan, -1.0, 501.0, -np.inf):
        with pytest.raises(NetworkError, match="500 hours"):
            prepared(two_edges(1.0, wrong))


def test_paths_beyond_32_bits_are_refused_never_wrapped_or_lost():
    n = 30
    tails = np.arange(n - 1)
    for hours in (490.0, 300.0, 21.0):
        chain = csr_array((np.full(n - 1, hours), (tails, tails + 1)), shape=(n, n))
        found = prepared(chain)
        reach = int((2**31 - 2) / MS / hours)
        for column in range(n):
            sweep = sweep_to(found, np.array([column]))
            if column <= reach:
                assert sweep.times(np.array([0])).tolist() == [[hours * column]]
            else:
                with pytest.raises(NetworkError, match="24 days"):
                    sweep.times(np.array([0]))


def test_the_longest_path_that_is_taken_is_that_of_the_queue():
    longest = 2**31 - 2
    for extra in (0, 1):
        parts = np.array([longest // 2, longest // 2 + extra])
        chain = graph_of(parts, np.array([0, 1]), np.array([1, 2]), 3)
        root, column = np.array([0]), np.array([2])
        finds = [
            partial(sweep_to(prepared(chain), column).times, root),
            partial(search_columns, search_graph(chain), root, column),
        ]
        for find in finds:
            if extra:
                with pytest.raises(NetworkError, match="24 days"):
                    find()
            else:
                assert find().tolist() == [[longest / MS]]


def test_a_contraction_of_another_network_is_refused():
    chain, triangle = two_edges(1.0, 1.0), csr_array(1.0 - np.eye(3))
    with pytest.raises(NetworkError, match="not one of this network"):
        customise(contract(chain, elimination_order(chain)), triangle)


def test_no_room_for_the_times_is_an_error():
    sweep = sweep_to(prepared(two_edges(1.0, 1.0)), np.arange(3))
    for shape in ((3, 1), (2, 16)):
        with pytest.raises(ValueError, match="no room"):
            sweep.fill(np.arange(2), np.empty(shape, np.uint32))


def test_sweeps_travel_to_other_processes():
    sweep = sweep_to(prepared(random_graph(np.random.default_rng(1), 50, 120, 99)), np.arange(50))
    there = pickle.loads(pickle.dumps(sweep.times))
    np.testing.assert_array_equal(there(np.arange(50)), sweep.times(np.arange(50)))


class Counting(Fresh):
    """A contractor that counts, and may know what it is asked for."""

    def __init__(self, *, known=False):
        self.known, self.requested = known, 0

    def knows(self, _):
        return self.known

    def contraction(self, matrix):
        self.requested += 1
        return super().contraction(matrix)


def test_a_hierarchy_is_prepared_where_the_number_of_searches_pays(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    roads = csr_array(grid(20))
    count = Counting()
    take = partial(hierarchy_for, roads, contractor=count)
    assert take(1000) is None
    assert not count.requested
    assert take(100_000_000) is not None
    assert count.requested == 1
    enough = next(s for s in range(10**7) if take(s * 10_000))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert take(enough * 10_000) is None
    # Without METIS or small separators it never does.
    with monkeypatch.context() as patched:
        patched.setattr(hierarchy_module, "CAN_DISSECT", False)
        assert take(100_000_000) is None
    monkeypatch.setattr(hierarchy_module, "TRIANGLE_S", 1e9)
    assert take(100_000_000) is None
    monkeypatch.setattr("geo_border.routing.engine.contraction.MOST_ARCS", 0)
    assert take(100_000_000) is None


def test_fewer_searches_pay_for_a_hierarchy_whose_contraction_is_known(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(hierarchy_module, "LOAD_S", 0.0)
    monkeypatch.setattr(hierarchy_module, "TRIANGLE_S", 0.0)
    roads = csr_array(grid(20))
    first = {}
    for known in (False, True):
        count = Counting(known=known)
        first[known] = next(s for s in range(1000) if hierarchy_for(roads, s, contractor=count))
        # The costly part is asked for only where it is taken.
        assert count.requested == 1
    # Six tenths of a microsecond for each node and edge, or one, at 13 ns a search.
    assert first == {False: 47, True: 8}


def test_turned_directions_are_those_of_the_transposed_network():
    matrix = random_graph(np.random.default_rng(9), 80, 200, 500)
    every = np.arange(80)
    back = sweep_to(prepared(matrix).against(), every).times(every)
    ahead = sweep_to(prepared(matrix), every).times(every)
    np.testing.assert_array_equal(back, ahead.T)
    assert not np.array_equal(back, ahead)
