"""Kernels that find times from many roots in one sweep over a hierarchy (PHAST)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.customisation import TOO_FAR
from geo_border.routing.engine.queue import MS_PER_H, UNREACHED

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Unsigned integers throughout: signed ones make numba look for negative positions.
@kernel
def _lower(row: NDArray[np.uint32], other: NDArray[np.uint32], weight: np.uint32) -> None:
    """Take the ways through another node where they are faster."""
    # Where the other node is not reached the sum is UNREACHED again, without a branch.
    most = ~weight
    for lane in range(len(row)):
        row[lane] = min(row[lane], np.uint32(min(other[lane], most) + weight))


@kernel
def _cap(row: NDArray[np.uint32]) -> None:
    """Put what is beyond `TOO_FAR` at it."""
    for lane in range(len(row)):
        value = row[lane]
        row[lane] = value if value == UNREACHED else min(value, TOO_FAR)


@kernel
def climb(
    parent: NDArray[np.int32],
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    roots: NDArray[np.int32],
    lanes: int,
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Times from roots to the nodes above them, by ways that only lead up.

    Parameters
    ----------
    parent
        Parent of each node in the elimination tree, -1 at its roots, shape (n,).
    indptr
        First arc up of each node, shape (n + 1,).
    arcs
        Higher node and weight (ms) of each arc, shape (arcs, 2).
    roots
        Where the ways begin, at most as many as `lanes`.
    lanes
        Number of columns of the result; those without a root are not reached.

    Returns
    -------
    above : ndarray
        All nodes above a root, and the roots, ascending.
    times : ndarray
        Milliseconds to each of them, shape (above, lanes).
    """
    n = len(parent)
    # Only entries that agree with `above` count: it needs no clearing.
    row_of = np.empty(n, np.int32)
    above = np.empty(min(n, 1024), np.int32)
    count = 0
    for root in roots:
        x = root
        while x >= 0:
            row = row_of[x]
            if 0 <= row < count and above[row] == x:
                break
            if count == len(above):
                longer = np.empty(min(n, 2 * count), np.int32)
                longer[:count] = above
                above = longer
            row_of[x] = count
            above[count] = x
            count += 1
            x = parent[x]
    above = np.sort(above[:count])
    for row in range(count):
        row_of[above[row]] = row
    times = np.full((count, lanes), UNREACHED, np.uint32)
    for lane in range(len(roots)):
        times[row_of[roots[lane]], lane] = 0
    for row in range(count):
        x = above[row]
        _cap(times[row])
        for arc in range(indptr[x], indptr[x + 1]):
            _lower(times[row_of[arcs[arc, 0]]], times[row], arcs[arc, 1])
    return above, times


@kernel
def leading_nodes(
    parent: NDArray[np.int32],
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    wanted: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Nodes from which arcs down lead to wanted nodes, highest first.

    A sweep keeps the times of the nodes above the one at hand and no others, in rows that
    the nodes of other branches use again.

    Parameters
    ----------
    parent
        As in `climb`.
    indptr
        First arc down to each node, shape (n + 1,).
    arcs
        Higher node and weight (ms) of each arc, shape (arcs, 2).
    wanted
        Whether each node is wanted, shape (n,); the nodes above are added.

    Returns
    -------
    place : ndarray
        Turn of each node in the sweep, -1 for those left out, shape (n,).
    rows : ndarray
        Row of each node of the sweep, shape (k,).
    start : ndarray
        First arc of each node of the sweep, shape (k + 1,).
    selected : ndarray
        Row of the higher node and weight of each arc, shape (a, 2).
    """
    n = len(parent)
    count, total = 0, 0
    for x in range(n):
        if wanted[x]:
            count += 1
            total += int(indptr[x + 1]) - int(indptr[x])
            for arc in range(indptr[x], indptr[x + 1]):
                wanted[arcs[arc, 0]] = True
    place = np.full(n, -1, np.int32)
    row_of = np.zeros(n, np.uint32)
    rows, start = np.empty(count, np.uint32), np.zeros(count + 1, np.uint32)
    selected = np.empty((total, 2), np.uint32)
    turn, end = 0, 0
    for x in range(n - 1, -1, -1):
        above = parent[x]
        if above >= 0:
            row_of[x] = row_of[above] + np.uint32(wanted[above])
        if not wanted[x]:
            continue
        place[x] = turn
        rows[turn] = row_of[x]
        for arc in range(indptr[x], indptr[x + 1]):
            selected[end, 0] = row_of[arcs[arc, 0]]
            selected[end, 1] = arcs[arc, 1]
            end += 1
        turn += 1
        start[turn] = end
    return place, rows, start, selected


@kernel
def sweep(
    rows: NDArray[np.uint32],
    start: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    turns: NDArray[np.uint32],
    times: NDArray[np.uint32],
    targets: NDArray[np.uint32],
    found: NDArray[np.uint32],
) -> None:
    """Times to targets, by ways that lead down from the nodes that `climb` reached.

    Parameters
    ----------
    rows, start, arcs
        As `leading_nodes` gives them.
    turns
        Turns of nodes that were reached, ascending.
    times
        Milliseconds to them, shape (turns, lanes).
    targets
        Turns of the targets, ascending, each once.
    found
        Milliseconds to the targets, `TOO_FAR` for all that are longer, `UNREACHED` where
        there is no path, shape (targets, lanes); written.
    """
    one = np.uint32(1)
    lanes = times.shape[1]
    held = np.empty((int(rows.max()) + 1 if len(rows) else 0, lanes), np.uint32)
    reached, target = np.uint32(0), np.uint32(0)
    for i in range(np.uint32(len(rows))):
        turn = np.uint32(i)
        row = held[rows[turn]]
        if reached < len(turns) and turns[reached] == turn:
            row[:] = times[reached]
            reached = np.uint32(reached + one)
        else:
            row[:] = UNREACHED
        for arc in range(start[turn], start[np.uint32(turn + one)]):
            _lower(row, held[arcs[arc, 0]], arcs[arc, 1])
        _cap(row)
        if target < len(targets) and targets[target] == turn:
            into = found[target]
            for lane in range(lanes):
                into[lane] = row[lane]
            target = np.uint32(target + one)


@kernel
def fill_hours(
    found: NDArray[np.uint32],
    target_of: NDArray[np.uint32],
    into: NDArray[np.int64],
    hours: NDArray[np.float64],
) -> bool:
    """Turn what `sweep` found into rows of hours.

    Parameters
    ----------
    found
        Milliseconds to the targets, shape (targets, lanes).
    target_of
        Target of each column, shape (c,).
    into
        Row of each lane that has a root.
    hours
        Hours, infinite where there is no path, shape (rows, c); written.

    Returns
    -------
    bool
        False if a path is too long.
    """
    too_far = np.uint32(0)
    # A few columns at a time, so that what is read and written stays near.
    for first in range(0, len(target_of), 8):
        last = min(first + 8, len(target_of))
        for lane in range(len(into)):
            row = hours[into[lane]]
            for column in range(first, last):
                value = found[target_of[column], lane]
                too_far |= np.uint32(value == TOO_FAR)
                row[column] = np.inf if value == UNREACHED else value / MS_PER_H
    return bool(too_far == 0)
