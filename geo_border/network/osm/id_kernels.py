"""Compiled work on sorted ids: matched, merged, and the coordinates that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.network.osm.wire import ID_LIMIT, compiled, seek

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]


@compiled
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
        Filled in place: which nodes are needed.
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
            rows[hits] = i
            places[n + hits] = cursor
            hits += 1
    return hits, cursor


@compiled
def place(
    places: Numbers,
    x: Numbers,
    y: Numbers,
    all_x: Numbers,
    all_y: Numbers,
    is_found: Flags,
) -> None:
    """Enter coordinates of found nodes; the first copy of a node stays.

    Parameters
    ----------
    places, x, y
        Positions and coordinates of the nodes of a block.
    all_x, all_y, is_found
        Those of all needed nodes, changed in place.
    """
    for i in range(places.size):
        at = places[i]
        if not is_found[at]:
            is_found[at] = True
            all_x[at] = x[i]
            all_y[at] = y[i]


@compiled
def joined_nodes(
    needed: Ids,
    x: Numbers,
    y: Numbers,
    is_found: Flags,
    tagged: Ids,
    tagged_x: Numbers,
    tagged_y: Numbers,
    ids: Ids,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> int:
    """Merge the needed nodes that were found with the tagged ones.

    Parameters
    ----------
    needed, x, y, is_found
        Ids, ascending, coordinates (1e-7 degrees), and whether there are any.
    tagged, tagged_x, tagged_y
        Ids, ascending, and coordinates of tagged nodes; those needed too are taken once.
    ids, lon, lat
        Filled in place: ids, ascending, and degrees. They have room for all.

    Returns
    -------
    int
        How many nodes there are.
    """
    n = other = 0
    for i in range(needed.size):
        if not is_found[i]:
            continue
        while other < tagged.size and tagged[other] <= needed[i]:
            if tagged[other] < needed[i]:
                ids[n], lon[n], lat[n] = tagged[other], tagged_x[other] / 1e7, tagged_y[other] / 1e7
                n += 1
            other += 1
        ids[n], lon[n], lat[n] = needed[i], x[i] / 1e7, y[i] / 1e7
        n += 1
    for i in range(other, tagged.size):
        ids[n], lon[n], lat[n] = tagged[i], tagged_x[i] / 1e7, tagged_y[i] / 1e7
        n += 1
    return n


@compiled
def locate(ids: Ids, refs: Ids, out: Ids) -> None:
    """Position of each reference among sorted ids.

    Parameters
    ----------
    ids
        Ids in ascending order.
    refs
        Ids to look up; quickest where successive ones are close.
    out
        Positions, -1 for an id that is not there.
    """
    at = 0
    for i in range(refs.size):
        ref = refs[i]
        # Ways mostly go on to the node that was drawn next or before.
        if at + 1 < ids.size and ids[at + 1] == ref:
            at += 1
        elif 0 < at <= ids.size and ids[at - 1] == ref:
            at -= 1
        else:
            at = seek(ids, at, ref)
        out[i] = at if at < ids.size and ids[at] == ref else -1


@compiled
def united(some: Ids, others: Ids) -> Ids:
    """Merge two ascending lists of ids.

    Parameters
    ----------
    some, others
        The lists; an id may come several times.

    Returns
    -------
    ndarray
        Each id once, ascending.
    """
    out = np.empty(some.size + others.size, np.int64)
    n = i = j = 0
    while i < some.size or j < others.size:
        if j == others.size or (i < some.size and some[i] <= others[j]):
            node = some[i]
            i += 1
        else:
            node = others[j]
            j += 1
        if n == 0 or out[n - 1] != node:
            out[n] = node
            n += 1
    return out[:n]
