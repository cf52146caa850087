"""Weights of the arcs of a contraction, and which of them any fastest path needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.queue import FARTHEST, UNREACHED

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOO_FAR = np.uint32(FARTHEST + 1)
"""What stands for all longer times: two of them still fit 32 bits."""

NOBODY = np.uint32(2**32 - 1)
"""End of a list of nodes."""

UP, DOWN = 0, 1
"""Columns of weights: to the higher node of an arc, and from it."""


@kernel
def place_weights(
    indptr: NDArray[np.uint32],
    heads: NDArray[np.uint32],
    tails_at: NDArray[np.int32],
    heads_at: NDArray[np.int32],
    ms: NDArray[np.uint32],
) -> tuple[NDArray[np.uint32], bool]:
    """Put the weights of edges on the arcs between their ends.

    Parameters
    ----------
    indptr, heads
        Arcs of a `geo_border.routing.engine.contraction.Contraction`.
    tails_at, heads_at
        Ends of the edges, numbers inside, shape (m,).
    ms
        Weights of the edges, `UNREACHED` for those nobody can use, shape (m,).

    Returns
    -------
    weights : ndarray
        Weight of each arc in both directions, the least of parallel edges, `UNREACHED`
        where there is none, shape (arcs, 2).
    complete : bool
        Whether there is an arc for every edge.
    """
    weights = np.full((len(heads), 2), UNREACHED, np.uint32)
    for edge in range(len(ms)):
        tail, head = tails_at[edge], heads_at[edge]
        if tail == head:
            continue
        lower, upper = min(tail, head), max(tail, head)
        start, end = indptr[lower], indptr[lower + 1]
        entry = start + np.searchsorted(heads[start:end], upper)
        if entry == end or heads[entry] != upper:
            return weights, False
        way = UP if tail == lower else DOWN
        weights[entry, way] = min(weights[entry, way], ms[edge])
    return weights, True


@kernel
def _sum(first: np.uint32, second: np.uint32) -> np.uint32:
    """Sum of two weights of at most `TOO_FAR`, `UNREACHED` if either is."""
    return np.uint32(min(first, ~second) + second)


@kernel
def _capped(weight: np.uint32) -> np.uint32:
    """A weight of at most `TOO_FAR`, or `UNREACHED`."""
    return weight if weight == UNREACHED else min(weight, TOO_FAR)


# Unsigned integers in the loops below: signed ones make numba look for negative positions.
@kernel
def customise_below(
    indptr: NDArray[np.uint32], heads: NDArray[np.uint32], weights: NDArray[np.uint32]
) -> None:
    """Lower weights to those of the fastest path through lower nodes alone.

    Parameters
    ----------
    indptr, heads
        Arcs of a contraction.
    weights
        As of `place_weights`; lowered.
    """
    one = np.uint32(1)
    n = np.uint32(len(indptr) - 1)
    entry_to = np.empty(n, np.uint32)
    # Nodes wait at the higher neighbour that they meet next.
    waiting, following = np.full(n, NOBODY), np.empty(n, np.uint32)
    next_entry = indptr[:-1].copy()
    for node in range(n):
        y = np.uint32(node)
        for entry in range(indptr[y], indptr[np.uint32(y + one)]):
            entry_to[heads[entry]] = entry
        x = waiting[y]
        while x != NOBODY:
            after = following[x]
            first, end = next_entry[x], indptr[np.uint32(x + one)]
            second = np.uint32(first + one)
            x_to_y, y_to_x = weights[first, UP], weights[first, DOWN]
            for other in range(second, end):
                entry = entry_to[heads[other]]
                y_to_z = _sum(weights[other, UP], y_to_x)
                z_to_y = _sum(weights[other, DOWN], x_to_y)
                weights[entry, UP] = min(weights[entry, UP], y_to_z)
                weights[entry, DOWN] = min(weights[entry, DOWN], z_to_y)
            if second < end:
                next_entry[x] = second
                following[x] = waiting[heads[second]]
                waiting[heads[second]] = x
            x = after
        first, end = indptr[y], indptr[np.uint32(y + one)]
        for entry in range(first, end):
            for way in range(2):
                weights[entry, way] = _capped(weights[entry, way])
        if first < end:
            following[y] = waiting[heads[first]]
            waiting[heads[first]] = y


@kernel
def needed_arcs(
    indptr: NDArray[np.uint32], heads: NDArray[np.uint32], weights: NDArray[np.uint32]
) -> NDArray[np.bool_]:
    """Arcs without a witness: no way through a higher node is as fast.

    Times are positive, so that of ways equally fast the one through the highest nodes
    keeps all its arcs.

    Parameters
    ----------
    indptr, heads
        Arcs of a contraction.
    weights
        As `customise_below` leaves them.

    Returns
    -------
    ndarray
        Whether each arc is needed in each direction, shape (arcs, 2).
    """
    one = np.uint32(1)
    n = np.uint32(len(indptr) - 1)
    needed = np.empty(weights.shape, np.bool_)
    fastest = np.full(weights.shape, UNREACHED, np.uint32)
    entry_to = np.empty(n, np.uint32)
    waiting, following = np.full(n, NOBODY), np.empty(n, np.uint32)
    next_entry = indptr[1:].copy()
    for node in range(n):
        x = np.uint32(node)
        if indptr[x] < next_entry[x]:
            next_entry[x] = np.uint32(next_entry[x] - one)
            z = heads[next_entry[x]]
            following[x] = waiting[z]
            waiting[z] = x
    for turn in range(n):
        z = np.uint32(n - one - np.uint32(turn))
        for entry in range(indptr[z], indptr[np.uint32(z + one)]):
            entry_to[heads[entry]] = entry
            for way in range(2):
                weight, witness = weights[entry, way], _capped(fastest[entry, way])
                # Beyond TOO_FAR nothing tells which is faster.
                is_faster = weight < witness or witness == TOO_FAR
                needed[entry, way] = weight != UNREACHED and is_faster
                fastest[entry, way] = min(weight, witness)
        x = waiting[z]
        while x != NOBODY:
            after = following[x]
            first = next_entry[x]
            x_to_z, z_to_x = weights[first, UP], weights[first, DOWN]
            by_y, to_y = fastest[first, UP], fastest[first, DOWN]
            for other in range(np.uint32(first + one), indptr[np.uint32(x + one)]):
                entry = entry_to[heads[other]]
                x_to_y, y_to_x = weights[other, UP], weights[other, DOWN]
                z_to_y, y_to_z = fastest[entry, UP], fastest[entry, DOWN]
                fastest[other, UP] = min(fastest[other, UP], _sum(z_to_y, x_to_z))
                fastest[other, DOWN] = min(fastest[other, DOWN], _sum(y_to_z, z_to_x))
                by_y = min(by_y, _sum(x_to_y, y_to_z))
                to_y = min(to_y, _sum(y_to_x, z_to_y))
            fastest[first, UP], fastest[first, DOWN] = by_y, to_y
            if first > indptr[x]:
                next_entry[x] = np.uint32(first - one)
                other = heads[next_entry[x]]
                following[x] = waiting[other]
                waiting[other] = x
            x = after
    return needed
