"""Compiled work on needed nodes: found among others, and their coordinates entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.pbf.compiling import uncounted
from geo_border.pbf.kernels import UNPLACED
from geo_border.pbf.wire import ID_LIMIT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]

_STEP = 8
"""Nodes that are left out at once."""


@uncounted
def seek(ids: Ids, at: int, wanted: int) -> int:
    """First position in sorted ids whose id is not less than the wanted one.

    Parameters
    ----------
    ids
        Ids in ascending order.
    at
        Where to start; the cost grows with the logarithm of the distance from here.
    wanted
        The id to find.

    Returns
    -------
    int
        A position, ``len(ids)`` if all ids are less.
    """
    n = ids.size
    at = min(max(at, 0), n)
    step = 1
    if at < n and ids[at] < wanted:
        low = at
        while low + step < n and ids[low + step] < wanted:
            low += step
            step *= 2
        high = min(low + step, n)
    else:
        high = at
        low = high - 1
        while low >= 0 and ids[low] >= wanted:
            high = low
            low -= step
            step *= 2
        low = max(low, -1)
    while high - low > 1:
        middle = (low + high) // 2
        if ids[middle] < wanted:
            low = middle
        else:
            high = middle
    return high


@uncounted
def match(
    nodes: Ids, count: int, needed: Ids, cursor: int, rows: Numbers, places: Numbers, n: int
) -> tuple[int, int]:
    """Find the needed ones among nodes.

    Parameters
    ----------
    nodes, count
        Ids, and how many of them are to be looked at; quickest where they ascend.
    needed
        Ids of the needed nodes, ascending.
    cursor
        Where in `needed` to begin.
    rows
        Filled in place: which of the nodes are needed.
    places
        Filled in place from element `n` on: their positions in `needed`.
    n
        See `places`.

    Returns
    -------
    hits
        How many nodes are needed.
    cursor
        Where in `needed` the search ended.
    """
    ascends = True
    for i in range(1, count):
        ascends &= nodes[i - 1] < nodes[i]
    hits = i = 0
    before = next_needed = ID_LIMIT
    while i < count:
        node = nodes[i]
        if node > next_needed or node <= before:
            cursor = seek(needed, cursor, node)
            next_needed = needed[cursor] if cursor < needed.size else ID_LIMIT
        before = node
        i += 1
        if node == next_needed:
            rows[hits], places[n + hits] = i - 1, cursor
            hits += 1
            cursor += cursor + 1 < needed.size
            next_needed = needed[cursor]
        else:
            while ascends and i + _STEP <= count and nodes[i + _STEP - 1] < next_needed:
                i += _STEP
    return hits, cursor


@uncounted
def place(
    places: Numbers,
    x: Numbers,
    y: Numbers,
    all_x: Numbers,
    all_y: Numbers,
) -> None:
    """Enter coordinates of found nodes; the first copy of a node stays.

    Parameters
    ----------
    places, x, y
        Positions and coordinates of the nodes of a block.
    all_x, all_y
        Coordinates of all needed nodes, changed in place; `UNPLACED` for those not found yet.
    """
    for i in range(places.size):
        at = places[i]
        if all_x[at] == UNPLACED:
            all_x[at] = x[i]
            all_y[at] = y[i]
