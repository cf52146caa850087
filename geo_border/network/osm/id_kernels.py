"""Compiled work on needed nodes: found among others, and their coordinates entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.network.osm.kernels import UNPLACED
from geo_border.network.osm.wire import ID_LIMIT, compiled, seek

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]

NEEDED, TAGGED = 1, 2
"""Flags of nodes that are kept."""


@compiled
def match(
    nodes: Ids,
    count: int,
    needed: Ids,
    cursor: int,
    flags: NDArray[np.uint8],
    places: Numbers,
    n: int,
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
    flags
        Filled in place: `NEEDED` or 0 for each node.
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
    hits = 0
    before = ID_LIMIT
    next_needed = ID_LIMIT
    for i in range(count):
        node = nodes[i]
        if node > next_needed or node < before:
            cursor += node > next_needed
            if node < before or (cursor < needed.size and needed[cursor] < node):
                cursor = seek(needed, cursor, node)
            next_needed = needed[cursor] if cursor < needed.size else ID_LIMIT
        before = node
        if node == next_needed:
            flags[i] = NEEDED
            places[n + hits] = cursor
            hits += 1
        else:
            flags[i] = 0
    return hits, cursor


@compiled
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
