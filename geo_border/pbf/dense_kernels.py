"""Compiled decoding of lists of dense nodes: ids, coordinates and tags, each in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.pbf.compiling import uncounted
from geo_border.pbf.kernels import (
    CUT,
    DELTA_LIMIT,
    ID,
    PLACE,
    SOUND,
    STRING,
    UNEVEN,
    check_visible,
    fail,
    message,
    numbers_in,
    take_sums,
)
from geo_border.pbf.wire import BAD, ID_LIMIT, difference, short, varint
from geo_border.pbf.words import SHORT, WORD, eight_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

_DENSE_LENGTHS = 1 << 1 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 10


@uncounted
def longest(buf: Bytes, spans: Numbers, fields: Ids, status: Ids) -> int:
    """More nodes than the longest list of a block holds.

    Parameters
    ----------
    buf
        The block.
    spans
        Its nodes and lists of nodes, as `objects` found them.
    fields
        Room to work in, see `message`.
    status
        Changed in place.

    Returns
    -------
    int
        At least 2.
    """
    most = 1
    for i in range(spans.shape[0]):
        if spans[i, 2]:
            message(buf, spans[i, 0], spans[i, 1], _DENSE_LENGTHS, 0, fields, status)
            most = max(most, fields[1, 1] - fields[1, 0])
    return most + 1


@uncounted
def dense_ids(buf: Bytes, at: int, end: int, fields: Ids, nodes: Ids, status: Ids) -> int:
    """Read the ids of a list of dense nodes, and see that it has as many coordinates.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the list.
    fields
        Filled in place, see `message`.
    nodes
        Filled in place; has room for all.
    status
        Changed in place.

    Returns
    -------
    int
        How many there are. If the list is sound, the bytes of the latitudes (field 8) and of
        the longitudes (field 9) end with the end of their last number.
    """
    message(buf, at, end, _DENSE_LENGTHS, 0, fields, status)
    check_visible(buf, fields[5, 0], fields[5, 1], status)
    count = take_sums(buf, fields[1, 0], fields[1, 1], ID_LIMIT, ID, nodes, 0, status)
    for number in (8, 9):
        first, last = fields[number, 0], fields[number, 1]
        if numbers_in(buf, first, last) != count:
            fail(status, UNEVEN, first)
        elif count and buf[last - 1] > 0x7F:
            fail(status, CUT, last - 1)
    return count


@uncounted
def dense_places(
    buf: Bytes, fields: Ids, count: int, limit: int, lats: Ids, lons: Ids, status: Ids
) -> None:
    """Read the coordinates of a list of dense nodes.

    Parameters
    ----------
    buf
        The block.
    fields
        Where the coordinates lie, as `dense_ids` left and checked it.
    count
        How many there are.
    limit
        Largest coordinate, absolutely, in units of the block.
    lats, lons
        Filled in place; they have room for all.
    status
        Changed in place.
    """
    at, other = fields[8, 0], fields[9, 0]
    last = buf.size - SHORT
    lat = lon = 0
    # Two chains of numbers side by side keep the processor busier than one after the other.
    for i in range(count):
        here, there = at, other
        north = east = 0
        at = other = BAD
        if here <= last and there <= last:
            north, at = short(buf, here)
            east, other = short(buf, there)
        if at < 0 or other < 0:
            north, at = difference(buf, here, fields[8, 1])
            east, other = difference(buf, there, fields[9, 1])
            if at < 0 or other < 0:
                fail(status, CUT, here)
                break
            # Beyond this a sum could overflow.
            if not (-DELTA_LIMIT < north < DELTA_LIMIT and -DELTA_LIMIT < east < DELTA_LIMIT):
                fail(status, PLACE, here)
                break
        lat += north
        lon += east
        if not (-limit < lat < limit and -limit < lon < limit):
            fail(status, PLACE, here)
            break
        lats[i], lons[i] = lat, lon


@uncounted
def mark_tagged(  # noqa: C901  (one walk)
    buf: Bytes,
    fields: Ids,
    count: int,
    found: NDArray[np.int16],
    selects: Flags,
    marks: Numbers,
    status: Ids,
) -> int:
    """Find the nodes of a list of dense ones that a key selects.

    Parameters
    ----------
    buf
        The block.
    fields
        Where the tags (row 10) start and end; there may be none at all.
    count
        Nodes in the list.
    found
        Wanted name of each string.
    selects
        Whether a name selects its node.
    marks
        Filled in place: the nodes found, and where their tags begin and end.
    status
        Changed in place; all tags are checked.

    Returns
    -------
    int
        How many were found.
    """
    n = 0
    at, end = fields[10, 0], fields[10, 1]
    if at == end:
        return 0
    node = -1
    while node + 1 < count:
        node += 1
        while node + WORD < count and at + WORD <= end and eight_bytes(buf, at) == 0:
            # Eight nodes without tags.
            at += WORD
            node += WORD
        if at < end and buf[at] == 0:
            at += 1
            continue
        first = at
        kept = False
        while status[0] == SOUND:
            here = at
            s, at = varint(buf, at, end)
            if at > 0 and s == 0:
                break
            value, at = varint(buf, at, end)
            if at < 0:
                fail(status, UNEVEN, here)
            elif s < 0 or s >= found.size or value < 0 or value >= found.size:
                fail(status, STRING, here)
            else:
                kept |= found[s] >= 0 and selects[found[s]]
        if status[0] != SOUND:
            return 0
        if kept:
            marks[n, 0], marks[n, 1], marks[n, 2] = node, first, at
            n += 1
    if at != end:
        fail(status, UNEVEN, at)
        return 0
    return n


@uncounted
def dense_tags(
    buf: Bytes,
    at: int,
    end: int,
    found: NDArray[np.int16],
    columns: Numbers,
    row: int,
    tags: Numbers,
    n: int,
) -> int:
    """Read the tags of one dense node.

    Parameters
    ----------
    buf
        The block.
    at, end
        Where its tags begin and end, as `mark_tagged` found and checked them.
    found
        Wanted name of each string.
    columns
        Column of a name, -1 without one.
    row
        The node's row among the tagged ones.
    tags
        Row, column and string of each tag, three numbers each; has room for a tag of every
        byte.
    n
        How many tags it holds.

    Returns
    -------
    int
        How many it holds now.
    """
    while at < end:
        s, at = varint(buf, at, end)
        if s == 0:
            break
        value, at = varint(buf, at, end)
        name = found[s]
        if name >= 0 and columns[name] >= 0:
            tags[3 * n] = row
            tags[3 * n + 1] = columns[name]
            tags[3 * n + 2] = value
            n += 1
    return n
