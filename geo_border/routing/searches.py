"""Fastest paths inside the sides: single-source searches and what flows along their trees.

The engine is Dijkstra's algorithm of scipy. Whatever replaces it must give `Trees`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geo_border.routing.compiled import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

CHUNK = 128
"""Sources searched at once where only some columns are kept."""


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
        from the root: the node before it), negative at the root and where there is no
        path, shape (s, n).
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


def search(matrix: csr_array, roots: NDArray[np.int64]) -> Trees:
    """Fastest paths from each root to every node.

    Parameters
    ----------
    matrix
        Hours of the edges, positive, shape (n, n); its transpose gives the paths from
        every node to the roots.
    roots
        Nodes, shape (s,).

    Returns
    -------
    Trees
        One tree for each root, in their order.
    """
    hours, before = dijkstra(matrix, indices=roots, return_predecessors=True)
    return Trees(hours=hours, next_node=before)


def search_columns(
    matrix: csr_array, roots: NDArray[np.int64], columns: NDArray[np.int64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Times from many roots to some nodes, a chunk of roots at a time.

    Parameters
    ----------
    matrix
        Hours of the edges, positive, shape (n, n).
    roots
        Nodes, shape (s,).
    columns
        Nodes whose times are wanted, shape (c,).

    Yields
    ------
    tuple of slice and ndarray
        Positions in `roots` and their times, hours, shape (chunk, c).
    """
    for start in range(0, len(roots), CHUNK):
        rows = slice(start, min(start + CHUNK, len(roots)))
        yield rows, dijkstra(matrix, indices=roots[rows])[:, columns]


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
