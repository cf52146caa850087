"""Dijkstra's algorithm with a bucket queue on whole milliseconds, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from geo_border.compute.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Before: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.uint32]] | None

UNREACHED = np.uint32(2**32 - 1)
"""Distance of nodes without a path, and the end of lists in the queue."""

MS_PER_H = 3_600_000.0

LONGEST_EDGE_H = 500.0
"""The greatest weight that searches take."""

FARTHEST = np.uint32(2**31 - 2)
"""The longest path (24 days) that searches take, ms: two of them still fit 32 bits."""

DONE, QUEUE_FULL, TOO_FAR = range(3)


# Unsigned integers throughout: signed ones make numba look for negative positions.
@kernel
def _search(  # noqa: C901, PLR0912, PLR0915  (one loop; calls would hand its state around)
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    root: np.uint32,
    shift: np.uint32,
    dist: NDArray[np.uint32],
    before: Before,
    heads: NDArray[np.uint32],
    pool: NDArray[np.uint32],
    current: NDArray[np.uint32],
) -> int:
    """Distances from a root; the outcome as one of the codes above.

    `before` is None, or the number of the node before each, written, and the numbers of the
    nodes: the least is taken where several ways are equally fast. Whatever is before a node
    on a fastest way is settled at its distance, so that all of them are seen.

    Nodes wait in buckets of ``2**shift`` ms, in a circle of lists whose entries (node,
    distance, next) come from `pool`. The bucket at hand is an array that grows while it is
    read; a node whose distance has fallen since it was queued is skipped.
    """
    one = np.uint32(1)
    mask = np.uint32(len(heads) - 1)
    room, longest = np.uint32(len(pool)), np.uint32(len(current) - 1)
    dist[:] = UNREACHED
    heads[:] = UNREACHED
    free, used = np.uint32(UNREACHED), np.uint32(0)
    dist[root] = 0
    current[0, 0], current[0, 1] = root, 0
    length, bucket, waiting = one, np.uint32(0), 0
    while True:
        at = np.uint32(0)
        while at < length:
            u, d = current[at, 0], current[at, 1]
            at = np.uint32(at + one)
            if dist[u] != d:
                continue
            if d > FARTHEST:
                return TOO_FAR
            if before is not None:
                number = before[1][u]
            for arc in range(indptr[u], indptr[np.uint32(u + one)]):
                v = arcs[arc, 0]
                value = np.uint32(d + arcs[arc, 1])
                if value >= dist[v]:
                    if before is not None and value == dist[v]:
                        before[0][v] = min(before[0][v], number)
                    continue
                dist[v] = value
                if before is not None:
                    before[0][v] = number
                into = np.uint32(value >> shift) & mask
                if into == bucket:
                    if length == longest:
                        return QUEUE_FULL
                    current[length, 0], current[length, 1] = v, value
                    length = np.uint32(length + one)
                    continue
                entry = free
                if free != UNREACHED:
                    free = pool[free, 2]
                elif used < room:
                    entry = used
                    used = np.uint32(used + one)
                else:
                    return QUEUE_FULL
                pool[entry, 0], pool[entry, 1], pool[entry, 2] = v, value, heads[into]
                heads[into] = entry
                waiting += 1
        if waiting == 0:
            return DONE
        bucket = np.uint32(bucket + one) & mask
        while heads[bucket] == UNREACHED:
            bucket = np.uint32(bucket + one) & mask
        length = np.uint32(0)
        entry = last = heads[bucket]
        while entry != UNREACHED:
            if length == longest:
                return QUEUE_FULL
            current[length, 0], current[length, 1] = pool[entry, 0], pool[entry, 1]
            length = np.uint32(length + one)
            last, entry = entry, pool[entry, 2]
        pool[last, 2] = free
        free = heads[bucket]
        heads[bucket] = UNREACHED
        waiting -= int(length)


@kernel
def _distances(
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    root: np.uint32,
    shift: np.uint32,
    dist: NDArray[np.uint32],
    before: Before,
    heads: NDArray[np.uint32],
    room: int,
) -> int:
    """Search with room for so many entries in the queue; the room that it took, 0 if too far."""
    while True:
        pool = np.empty((room, 3), np.uint32)
        current = np.empty((room, 2), np.uint32)
        outcome = _search(indptr, arcs, root, shift, dist, before, heads, pool, current)
        if outcome == DONE:
            return room
        if outcome == TOO_FAR:
            return 0
        room *= 2


@kernel
def fill_columns(
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    shift: np.uint32,
    buckets: int,
    roots: NDArray[np.uint32],
    columns: NDArray[np.uint32],
    hours: NDArray[np.float64],
) -> bool:
    """Times from some roots to some nodes.

    Parameters
    ----------
    indptr
        First arc of each node, shape (n + 1,).
    arcs
        Head and weight (ms, 1 to those of `LONGEST_EDGE_H`) of each arc, shape (m, 2).
    shift
        Buckets are ``2**shift`` ms wide.
    buckets
        Number of buckets, a power of two; more than the greatest weight fills.
    roots, columns
        Nodes.
    hours
        Times, infinite where there is no path, shape (roots, columns); written.

    Returns
    -------
    bool
        False if a path is longer than `FARTHEST`.
    """
    dist = np.empty(len(indptr) - 1, np.uint32)
    heads = np.empty(buckets, np.uint32)
    room = 4096
    for row in range(len(roots)):
        room = _distances(indptr, arcs, roots[row], shift, dist, None, heads, room)
        if room == 0:
            return False
        for column in range(len(columns)):
            value = dist[columns[column]]
            hours[row, column] = np.inf if value == UNREACHED else value / MS_PER_H
    return True


@kernel
def fill_trees(
    indptr: NDArray[np.uint32],
    arcs: NDArray[np.uint32],
    shift: np.uint32,
    buckets: int,
    roots: NDArray[np.uint32],
    node: NDArray[np.uint32],
    hours: NDArray[np.float64],
    before: NDArray[np.int32],
) -> bool:
    """Times from some roots to all nodes, and the node before each.

    Parameters
    ----------
    indptr, arcs, shift, buckets, roots
        As in `fill_columns`.
    node
        Number of each node outside, shape (n,).
    hours
        Times by outside number, shape (roots, n); written.
    before
        Outside number of the node before, the least where several paths are equally
        fast, -1 at the root and where there is no path, shape (roots, n); written.

    Returns
    -------
    bool
        False if a path is longer than `FARTHEST`.
    """
    n = len(node)
    dist = np.empty(n, np.uint32)
    nearer = np.empty(n, np.uint32)
    heads = np.empty(buckets, np.uint32)
    room = 4096
    for row in range(len(roots)):
        room = _distances(indptr, arcs, roots[row], shift, dist, (nearer, node), heads, room)
        if room == 0:
            return False
        nearer[roots[row]] = UNREACHED
        for u in range(n):
            outside = node[u]
            if dist[u] == UNREACHED:
                hours[row, outside], before[row, outside] = np.inf, -1
            else:
                hours[row, outside] = dist[u] / MS_PER_H
                before[row, outside] = np.int32(nearer[u])
    return True
