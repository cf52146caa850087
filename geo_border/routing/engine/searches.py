"""Fastest paths inside the sides: single-source searches and what flows along their trees.

Times are rounded once, edge by edge, to whole milliseconds, and added as integers: every
engine that does so finds the same times to the bit.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import in_blocks, kernel
from geo_border.errors import NetworkError
from geo_border.routing.engine.ordering import hilbert_order
from geo_border.routing.engine.queue import (
    LONGEST_EDGE_H,
    MS_PER_H,
    UNREACHED,
    fill_columns,
    fill_trees,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

MOST_BUCKETS = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class SearchGraph:
    """A graph laid out for searches.

    Parameters
    ----------
    indptr
        First arc of each node, shape (n + 1,).
    arcs
        Head and weight (whole milliseconds) of each arc, shape (m, 2).
    node
        Number outside of each node, shape (n,).
    position
        Number inside of each outside node, shape (n,).
    shift
        Buckets of the queue are ``2**shift`` ms wide.
    buckets
        Number of buckets in the circle of the queue.
    """

    indptr: NDArray[np.uint32]
    arcs: NDArray[np.uint32]
    node: NDArray[np.uint32]
    position: NDArray[np.uint32]
    shift: np.uint32
    buckets: int


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees of fastest paths, one for each root.

    Parameters
    ----------
    hours
        Time between the root and each node, hours, infinite where there is no path,
        shape (s, n).
    next_node
        The neighbour of each node on the way to its root (for trees that lead away
        from the root: the node before it), the one of the least number where several
        ways are equally fast, -1 at the root and where there is no path, shape (s, n).
    """

    hours: NDArray[np.float64]
    next_node: NDArray[np.int32]


def is_symmetric(matrix: csr_array) -> bool:
    """Whether every edge has a counterpart of the same weight.

    Parameters
    ----------
    matrix
        Weights, shape (n, n).

    Returns
    -------
    bool
        True if the matrix equals its transpose, so that searches with and against the
        direction of the edges give the same.
    """
    return bool((matrix != matrix.T).nnz == 0)


def milliseconds(hours: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Round times of edges to the whole milliseconds that searches add.

    Parameters
    ----------
    hours
        Hours, not negative.

    Returns
    -------
    ndarray
        The nearest whole number, at least 1: no edge is free, so that trees have no
        cycles. Divided by 3,600,000 sums of them are hours again.
    """
    return np.maximum(np.rint(hours * MS_PER_H), 1).astype(np.uint32)


def edge_milliseconds(hours: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Round times of edges as `milliseconds` does, after checking them.

    Parameters
    ----------
    hours
        Hours, infinite for edges that nobody can use.

    Returns
    -------
    ndarray
        Whole milliseconds, `geo_border.routing.engine.queue.UNREACHED` for infinite ones.

    Raises
    ------
    NetworkError
        If an edge has no time, a negative one, or one of more than 500 hours.
    """
    usable = ~np.isposinf(hours)
    if not (hours[usable] >= 0).all() or (hours[usable] > LONGEST_EDGE_H).any():
        raise NetworkError(
            "an edge has no time, a negative one, or one of more than 500 hours",
            remedy="Check lengths and speeds of lines, and `place_reach_km`, `place_detour`, "
            "`place_kmh` and `transfer_h` in [network]",
        )
    weights = np.full(len(hours), UNREACHED)
    weights[usable] = milliseconds(hours[usable])
    return weights


def search_graph(
    matrix: csr_array,
    lon: NDArray[np.float64] | None = None,
    lat: NDArray[np.float64] | None = None,
) -> SearchGraph:
    """Lay a graph out for searches.

    Parameters
    ----------
    matrix
        Hours of the edges, shape (n, n); infinite ones are left out. Its transpose gives
        the paths from every node to the roots.
    lon, lat
        Positions of the nodes, shape (n,). With them nodes lie in memory in the order of
        a Hilbert curve, which makes searches up to twice as fast where the order given
        is not spatial, and changes nothing else.

    Returns
    -------
    SearchGraph
        The graph in milliseconds.

    Raises
    ------
    NetworkError
        If an edge has no time, a negative one, or one of more than 500 hours.
    """
    n = matrix.shape[0]
    order = np.arange(n) if lon is None or lat is None else hilbert_order(lon, lat)
    position = np.empty(n, np.uint32)
    position[order] = np.arange(n)
    rows = np.diff(matrix.indptr)[order]
    start = np.zeros(n + 1, np.int64)
    np.cumsum(rows, out=start[1:])
    entries = np.arange(start[-1]) + np.repeat(matrix.indptr[:-1][order] - start[:-1], rows)
    weights = edge_milliseconds(matrix.data[entries])
    kept = weights != UNREACHED
    start = np.concatenate([[0], np.cumsum(kept)])[start]
    weights = weights[kept]
    arcs = np.stack([position[matrix.indices[entries[kept]]], weights], axis=1)
    # A quarter of the usual weight: few empty buckets, few nodes settled twice.
    usual = float(np.median(weights)) if len(weights) else 1.0
    heaviest = int(weights.max(initial=1))
    shift = int(np.ceil(np.log2(max(usual / 4, heaviest / MOST_BUCKETS, 1.0))))
    return SearchGraph(
        indptr=start.astype(np.uint32),
        arcs=np.ascontiguousarray(arcs, np.uint32),
        node=order.astype(np.uint32),
        position=position,
        shift=np.uint32(shift),
        buckets=2 << (heaviest >> shift).bit_length(),
    )


def search(graph: SearchGraph, roots: NDArray[np.int64]) -> Trees:
    """Fastest paths from each root to every node.

    Parameters
    ----------
    graph
        The graph.
    roots
        Nodes, shape (s,).

    Returns
    -------
    Trees
        One tree for each root, in their order.

    Raises
    ------
    NetworkError
        If a path takes more than 24 days.
    """
    size = _few(len(roots))
    if len(roots) <= size:
        return Trees(*_trees(graph, roots, slice(None)))
    shape = len(roots), len(graph.node)
    hours, before = np.empty(shape), np.empty(shape, np.int32)
    for block, part in enumerate(in_blocks(len(roots), partial(_trees, graph, roots), size=size)):
        rows = slice(block * size, (block + 1) * size)
        hours[rows], before[rows] = part
    return Trees(hours=hours, next_node=before)


def _trees(
    graph: SearchGraph, roots: NDArray[np.int64], rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Hours and next nodes of some trees."""
    inside = graph.position[roots[rows]]
    shape = len(inside), len(graph.node)
    hours, before = np.empty(shape), np.empty(shape, np.int32)
    within_range = fill_trees(
        graph.indptr, graph.arcs, graph.shift, graph.buckets, inside, graph.node, hours, before
    )
    check_range(within_range=within_range)
    return hours, before


def search_columns(
    graph: SearchGraph, roots: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Times from roots to some nodes.

    Parameters
    ----------
    graph
        The graph.
    roots
        Nodes, shape (s,).
    columns
        Nodes whose times are wanted, shape (c,): no memory is taken for others.

    Returns
    -------
    ndarray
        Hours, infinite where there is no path, shape (s, c).

    Raises
    ------
    NetworkError
        As `search`.
    """
    parts = in_blocks(len(roots), partial(_times, graph, roots, columns), size=_few(len(roots)))
    return np.concatenate([np.empty((0, len(columns))), *parts])


def _times(
    graph: SearchGraph, roots: NDArray[np.int64], columns: NDArray[np.int64], rows: slice
) -> NDArray[np.float64]:
    """Times from some of the roots."""
    return times_from(graph, roots[rows], columns)


def times_from(
    graph: SearchGraph, roots: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Times as of `search_columns`, on the thread that asks.

    Parameters
    ----------
    graph, roots, columns
        As in `search_columns`.

    Returns
    -------
    ndarray
        Hours, infinite where there is no path, shape (s, c).

    Raises
    ------
    NetworkError
        As `search`.
    """
    hours = np.empty((len(roots), len(columns)))
    within_range = fill_columns(
        graph.indptr,
        graph.arcs,
        graph.shift,
        graph.buckets,
        graph.position[roots],
        graph.position[columns],
        hours,
    )
    check_range(within_range=within_range)
    return hours


def _few(rows: int) -> int:
    """Size of blocks of searches that keeps all cores busy to the end."""
    return max(1, min(16, rows // (4 * (os.cpu_count() or 1))))


def check_range(*, within_range: bool) -> None:
    """Refuse distances that do not fit 32 bits.

    Parameters
    ----------
    within_range
        What a kernel said.

    Raises
    ------
    NetworkError
        If it is false.
    """
    if not within_range:
        raise NetworkError("a path takes more than 24 days", remedy="Check lengths and speeds")


@kernel
def find_entry(indptr: NDArray[np.int32], indices: NDArray[np.int32], row: int, column: int) -> int:
    """Position of an entry in a matrix of sorted compressed rows, -1 if it has none.

    Parameters
    ----------
    indptr, indices
        The rows; column numbers sorted within each.
    row, column
        The entry.

    Returns
    -------
    int
        Position in `indices`.
    """
    low, high = int(indptr[row]), int(indptr[row + 1])
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < column:
            low = middle + 1
        else:
            high = middle
    if low < indptr[row + 1] and indices[low] == column:
        return low
    return -1


@kernel
def _leaves_first(next_node: NDArray[np.int32]) -> NDArray[np.int32]:
    """Nodes of a tree, each before the node that it leads to."""
    n = len(next_node)
    children = np.zeros(n, np.int32)
    for node in range(n):
        if next_node[node] >= 0:
            children[next_node[node]] += 1
    order = np.empty(n, np.int32)
    count = 0
    for node in range(n):
        if children[node] == 0:
            order[count] = node
            count += 1
    done = 0
    while done < count:
        above = next_node[order[done]]
        done += 1
        if above >= 0:
            children[above] -= 1
            if children[above] == 0:
                order[count] = above
                count += 1
    return order


@kernel
def add_tree_load(
    next_node: NDArray[np.int32],
    flow: NDArray[np.float64],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    load: NDArray[np.float64],
    away: bool,  # noqa: FBT001  (compiled functions take keywords slowly)
) -> None:
    """Send the flow of every node along a tree and add it to the edges it uses.

    Parameters
    ----------
    next_node
        One row of `Trees.next_node`, shape (n,).
    flow
        Flow between each node and the root, shape (n,); used up.
    indptr, indices
        Structure of the matrix that was searched, untransposed, columns sorted.
    load
        Flow on each entry of the matrix; added to.
    away
        Whether the flow leads away from the root, against `next_node`.
    """
    for node in _leaves_first(next_node):
        above = next_node[node]
        if above >= 0 and flow[node] != 0.0:
            if away:
                load[find_entry(indptr, indices, above, node)] += flow[node]
            else:
                load[find_entry(indptr, indices, node, above)] += flow[node]
            flow[above] += flow[node]
