"""Contraction without weights: the elimination tree and the arcs that any weights may need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.errors import NetworkError
from geo_border.routing.engine.dissection import elimination_order, undirected

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


MOST_ARCS = 16
"""Arcs for each node and edge that a contraction may have; roads need less than one."""


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """A graph with the arcs that elimination adds, whatever the weights.

    Nodes are numbered by rank: each after all nodes below it in the elimination tree, the
    nodes below one in one run of numbers. All neighbours of higher rank lie on the way to
    the root of the tree, and are neighbours of each other.

    Parameters
    ----------
    node
        Number outside of each node, shape (n,).
    position
        Number inside of each outside node, shape (n,).
    parent
        The least neighbour of higher rank, -1 where there is none, shape (n,).
    indptr, heads
        Neighbours of higher rank, ascending, shapes (n + 1,) and (arcs,).
    """

    node: NDArray[np.int32]
    position: NDArray[np.int32]
    parent: NDArray[np.int32]
    indptr: NDArray[np.uint32]
    heads: NDArray[np.uint32]


class Contractor(Protocol):
    """Gives the contraction of a network, by far the most that a hierarchy costs."""

    def knows(self, matrix: csr_array) -> bool:
        """Whether the contraction of a matrix of such entries is at hand."""

    def contraction(self, matrix: csr_array) -> Contraction | None:
        """The contraction, None as of `contract`."""


class Fresh:
    """A `Contractor` that dissects and contracts whenever it is asked."""

    def knows(self, matrix: csr_array) -> bool:  # noqa: ARG002  (of the protocol)
        """Say that nothing is at hand.

        Parameters
        ----------
        matrix
            Edges, shape (n, n).

        Returns
        -------
        bool
            False.
        """
        return False

    def contraction(self, matrix: csr_array) -> Contraction | None:
        """Contract along an order of METIS.

        Parameters
        ----------
        matrix
            Edges, shape (n, n).

        Returns
        -------
        Contraction or None
            As of `contract`.
        """
        return contract(matrix, elimination_order(matrix))


FRESH: Fresh = Fresh()
"""What contracts if nothing else is given."""


def contract(matrix: csr_array, order: NDArray[np.int32]) -> Contraction | None:
    """Eliminate nodes in an order, joining the neighbours of each that are left.

    Parameters
    ----------
    matrix
        Edges, shape (n, n); weights and directions do not count.
    order
        The nodes, first eliminated first, shape (n,). An equivalent order is taken that
        keeps the nodes below each node together.

    Returns
    -------
    Contraction or None
        For times to be put in; none where it would have more than `MOST_ARCS` arcs for
        each node and edge, as in graphs without small separators.

    Raises
    ------
    NetworkError
        If the order is not one of these nodes.

    References
    ----------
    Dibbelt, Strasser and Wagner (2016), Customizable contraction hierarchies, ACM J. Exp.
    Algorithmics 21, 1.5. Liu (1990), The role of elimination trees in sparse
    factorization, SIAM J. Matrix Anal. Appl. 11(1) 134-172.
    """
    n = matrix.shape[0]
    if not np.array_equal(np.sort(order), np.arange(n)):
        raise NetworkError(
            "an order of elimination is not one of the nodes of this network",
            remedy="Let it be found anew",
        )
    indptr, neighbours = undirected(matrix)
    parent = _elimination_tree(indptr, neighbours, order, _ranks(order))
    order = order[_children_first(parent)]
    rank = _ranks(order)
    most = MOST_ARCS * (n + matrix.nnz)
    parent, start, heads = _upper_neighbours(indptr, neighbours, order, rank, most)
    if start[-1] > most:
        return None
    return Contraction(order, rank, parent, start.astype(np.uint32), heads.astype(np.uint32))


def contraction_of(
    node: NDArray[np.int32], indptr: NDArray[np.uint32], heads: NDArray[np.uint32]
) -> Contraction:
    """Put a contraction together again from what it is determined by.

    Parameters
    ----------
    node, indptr, heads
        As in `Contraction`, perhaps read from a file.

    Returns
    -------
    Contraction
        The one that these parts were of; kernels can trust it.

    Raises
    ------
    NetworkError
        If the parts are not those of any contraction.
    """
    n = len(node)
    sound = (
        np.array_equal(np.sort(node), np.arange(n))
        and len(indptr) == n + 1
        and (np.diff(indptr.astype(np.int64), prepend=0, append=len(heads)) >= 0).all()
        and indptr[0] == 0
        and indptr[-1] == len(heads)
        and _upper_neighbours_agree(indptr, heads)
    )
    if not sound:
        raise NetworkError(
            "a remembered contraction is damaged",
            remedy="Remove the folder .stages of the outputs",
        )
    parent = np.full(n, -1, np.int32)
    linked = np.diff(indptr) > 0
    parent[linked] = heads[indptr[:-1][linked]]
    return Contraction(node, _ranks(node), parent, indptr, heads)


@kernel
def _upper_neighbours_agree(indptr: NDArray[np.uint32], heads: NDArray[np.uint32]) -> bool:
    """Whether rows ascend above the diagonal, and all but the first of each are in its row."""
    n = len(indptr) - 1
    for x in range(n):
        start, end = int(indptr[x]), int(indptr[x + 1])
        below = x
        for entry in range(start, end):
            if heads[entry] <= below or heads[entry] >= n:
                return False
            below = int(heads[entry])
    for x in range(n):
        start, end = int(indptr[x]), int(indptr[x + 1])
        if start == end:
            continue
        at, last = int(indptr[heads[start]]), int(indptr[heads[start] + 1])
        for entry in range(start + 1, end):
            while at < last and heads[at] < heads[entry]:
                at += 1
            if at == last or heads[at] != heads[entry]:
                return False
    return True


def _ranks(order: NDArray[np.int32]) -> NDArray[np.int32]:
    """Place of each node in an order."""
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank


@kernel
def _elimination_tree(
    indptr: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    order: NDArray[np.int32],
    rank: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Parent of each rank in the elimination tree, -1 at roots."""
    n = len(order)
    parent, above = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for x in range(n):
        for entry in range(indptr[order[x]], indptr[order[x] + 1]):
            at = rank[neighbours[entry]]
            # To the root of the tree so far, by short cuts that end at x from now on.
            while at < x and at != -1:
                following = above[at]
                above[at] = x
                if following == -1:
                    parent[at] = x
                    break
                at = following
    return parent


@kernel
def _children_first(parent: NDArray[np.int32]) -> NDArray[np.int32]:
    """Nodes of a forest, each right after the nodes below it."""
    n = len(parent)
    below, beside = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for x in range(n - 1, -1, -1):
        if parent[x] >= 0:
            beside[x] = below[parent[x]]
            below[parent[x]] = x
    order = np.empty(n, np.int32)
    done = 0
    for root in range(n):
        if parent[root] >= 0:
            continue
        x = root
        while below[x] >= 0:
            x = below[x]
        while True:
            order[done] = x
            done += 1
            if x == root:
                break
            if beside[x] >= 0:
                x = beside[x]
                while below[x] >= 0:
                    x = below[x]
            else:
                x = parent[x]
    return order


@kernel
def _with_room(filled: NDArray[np.int32], end: int, room: int) -> NDArray[np.int32]:
    """An array with the first entries of another, itself if there is room enough in it."""
    if room <= len(filled):
        return filled
    larger = np.empty(2 * room, np.int32)
    larger[:end] = filled[:end]
    return larger


@kernel
def _upper_neighbours(
    indptr: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    order: NDArray[np.int32],
    rank: NDArray[np.int32],
    most: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Parent of each rank and its neighbours of higher rank after elimination.

    It stops where there are more than `most`, with their number last in the second array.
    """
    n = len(order)
    parent = np.full(n, -1, np.int32)
    below, beside = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    seen = np.full(n, -1, np.int32)
    start = np.zeros(n + 1, np.int64)
    heads = np.empty(len(neighbours) + n, np.int32)
    end = 0
    for x in range(n):
        room = end + indptr[order[x] + 1] - indptr[order[x]]
        child = below[x]
        while child >= 0:
            room += start[child + 1] - start[child]
            child = beside[child]
        heads = _with_room(heads, end, room)
        for entry in range(indptr[order[x]], indptr[order[x] + 1]):
            y = rank[neighbours[entry]]
            if y > x:
                seen[y] = x
                heads[end] = y
                end += 1
        child = below[x]
        while child >= 0:
            for entry in range(start[child], start[child + 1]):
                y = heads[entry]
                if y > x and seen[y] != x:
                    seen[y] = x
                    heads[end] = y
                    end += 1
            child = beside[child]
        start[x + 1] = end
        if end > most:
            start[n] = end
            break
        if end > start[x]:
            heads[start[x] : end].sort()
            parent[x] = heads[start[x]]
            beside[x] = below[parent[x]]
            below[parent[x]] = x
    return parent, start, heads[:end].copy()
