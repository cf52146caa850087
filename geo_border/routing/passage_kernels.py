"""Compiled part of the ways between gates: all of them at once, and one in its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""A way that passes the border more often must be faster by more than this fraction."""


UNKNOWN = -2
"""Stands in a tree that has not been looked for."""


@kernel
def fill_passages(
    delay: Floats, within: Floats, hours: Floats, across: Floats, transit: Floats
) -> None:
    """Fastest ways between K gates, as `geo_border.routing.scenarios.Passages` has them.

    On each side the drives between its gates are lowered by ways out and back, and closed
    by the algorithm of Floyd and Warshall; what begins on one side and ends on the other
    follows by one (min, +) product.

    Parameters
    ----------
    delay
        Hours of a passage home to neighbour and back, shape (2, K).
    within
        Fastest drives between the gate nodes inside home and inside the neighbour, hours,
        shape (2, K, K).
    hours, across, transit
        As in `Passages`; written.

    References
    ----------
    Floyd (1962), Algorithm 97: shortest path, Commun. ACM 5(6) 345.
    """
    k = delay.shape[1]
    for side in range(2):
        here = slice(side * k, (side + 1) * k)
        _close_side(delay, within, side, hours[here, here])
    for side in range(2):
        here, there = slice(side * k, (side + 1) * k), slice((1 - side) * k, (2 - side) * k)
        over, beyond = hours[here, there], hours[there, there]
        over[:] = np.inf
        for a in range(k):
            for m in range(k):
                _lower(within[side, a, m] + delay[side, m], beyond[m], over[a])
    previous = np.empty(2 * k, np.int64)
    for side in range(2):
        for first in range(k):
            previous[:] = UNKNOWN
            for last in range(k):
                across[side, first, last] = _across(
                    delay, within, hours, side, first, last, previous
                )
                transit[side, first, last] = _transit(
                    delay, within, hours, side, first, last, previous
                )


@kernel
def _close_side(delay: Floats, within: Floats, side: int, hours: Floats) -> None:
    """Fastest ways between the gate nodes of one side, by the other where that is faster."""
    k = len(hours)
    away = np.zeros((k, k), np.bool_)
    for a in range(k):
        for b in range(k):
            drive = within[side, a, b]
            out = delay[side, a] + within[1 - side, a, b] + delay[1 - side, b]
            away[a, b] = out < drive and a != b
            hours[a, b] = out if away[a, b] else drive
        hours[a, a] = 0.0
    for m in range(k):
        leaves = np.any(away[m])
        for a in range(k):
            # Two drives in a row are never faster than one.
            if a != m and (leaves or away[a, m]) and _lower(hours[a, m], hours[m], hours[a]):
                for b in range(k):
                    away[a, b] |= hours[a, b] < within[side, a, b]


@kernel
def _lower(first: float, rest: Floats, hours: Floats) -> bool:
    """Lower hours to ``first + rest`` where that is less; whether any."""
    if first == np.inf:
        return False
    lower = 0
    for b in range(len(hours)):
        value = first + rest[b]
        lower += value < hours[b]
        hours[b] = min(value, hours[b])
    return lower > 0


@kernel
def _across(
    delay: Floats,
    within: Floats,
    hours: Floats,
    side: int,
    first: int,
    last: int,
    previous: NDArray[np.int64],
) -> float:
    """Hours from before the first passage to after the last, infinite if the way does not pay."""
    out = delay[side]
    if first == last:
        return float(out[first])
    k = len(out)
    start, end = (1 - side) * k + first, side * k + last
    way = out[first] + hours[start, end] + out[last]
    once = min(within[side, first, last] + out[last], out[first] + within[1 - side, first, last])
    if way < once * (1 - ROUNDING) and not _returns(delay, within, hours, start, end, previous):
        return float(way)
    return np.inf


@kernel
def _transit(
    delay: Floats,
    within: Floats,
    hours: Floats,
    side: int,
    first: int,
    last: int,
    previous: NDArray[np.int64],
) -> float:
    """Hours from before the first passage to after the last back, infinite if it does not pay."""
    k = delay.shape[1]
    start, end = (1 - side) * k + first, (1 - side) * k + last
    way = delay[side, first] + hours[start, end] + delay[1 - side, last]
    pays = way < within[side, first, last] * (1 - ROUNDING)
    if pays and not _returns(delay, within, hours, start, end, previous):
        return float(way)
    return np.inf


@kernel
def _returns(
    delay: Floats,
    within: Floats,
    hours: Floats,
    start: int,
    end: int,
    previous: NDArray[np.int64],
) -> bool:
    """Whether a way passes the other node of the gate where it begins or ends.

    Before and after the passages at its ends it would come twice through one node, so a
    shorter way is in it. Its steps are looked up, once for each start, only where by its
    time it may pass there.
    """
    n = len(hours)
    before, after = (start + n // 2) % n, (end + n // 2) % n
    by = min(hours[start, before] + hours[before, end], hours[start, after] + hours[after, end])
    if by > hours[start, end] * (1 + ROUNDING):
        return False
    if previous[start] == UNKNOWN:
        tree_from(delay, within, start, previous)
    node = end
    while node >= 0:
        if node in (before, after):
            return True
        node = previous[node]
    return False


@kernel
def tree_from(delay: Floats, within: Floats, root: int, previous: NDArray[np.int64]) -> None:
    """Gate node before each on the fastest way from one: Dijkstra's algorithm.

    Its tree has no cycles even where passages take no time; of equally fast ways the one
    with fewer steps is taken.

    Parameters
    ----------
    delay, within
        As in `fill_passages`.
    root
        Gate node: home nodes are numbered by gate, then neighbour nodes.
    previous
        -1 at the root and where there is no way, shape (2K,); written.
    """
    k = delay.shape[1]
    hours, steps = np.full(2 * k, np.inf), np.zeros(2 * k, np.int64)
    open_ = np.ones(2 * k, np.bool_)
    previous[:] = -1
    hours[root] = 0.0
    for _ in range(2 * k):
        best = -1
        for node in range(2 * k):
            if (
                open_[node]
                and hours[node] < np.inf
                and (
                    best < 0
                    or hours[node] < hours[best]
                    or (hours[node] == hours[best] and steps[node] < steps[best])
                )
            ):
                best = node
        if best < 0:
            break
        open_[best] = False
        side, gate = best // k, best % k
        for node in range(2 * k):
            arc = np.inf
            if node // k == side:
                arc = within[side, gate, node % k]
            elif node % k == gate:
                arc = delay[side, gate]
            value = hours[best] + arc
            if open_[node] and (
                value < hours[node]
                or (value == hours[node] and value < np.inf and steps[best] + 1 < steps[node])
            ):
                hours[node] = value
                steps[node] = steps[best] + 1
                previous[node] = best
