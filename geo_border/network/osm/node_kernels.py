"""Compiled decoding of nodes: coordinates of the needed ones, tags of the wanted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.network.osm.kernels import (
    ID,
    MISSING,
    NANO_LIMIT,
    NODES,
    PLACE,
    SOUND,
    STRING,
    UNEVEN,
    UNPLACED,
    check_visible,
    fail,
    message,
    objects,
    take_sums,
    take_tags,
)
from geo_border.network.osm.wire import (
    ID_LIMIT,
    compiled,
    room,
    seek,
    varint,
    zigzag,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

_NODE_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4
_NODE_NUMBERS = 1 << 1 | 1 << 8 | 1 << 9
_DENSE_LENGTHS = 1 << 1 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 10
_NO_PLACE = -UNPLACED - 1


@compiled
def degrees7(value: int, granularity: int, offset: int, most: int) -> int:
    """Coordinate in units of 1e-7 degrees, cut as libosmium cuts.

    Parameters
    ----------
    value
        The number in the file.
    granularity, offset
        Nanodegrees, of the block.
    most
        Largest absolute value allowed, 1e-7 degrees.

    Returns
    -------
    int
        `UNPLACED` for a node without coordinates, less than ``-most`` for one that is
        not on the Earth.
    """
    nano = value * granularity + offset
    cut = nano // 100 if nano >= 0 else -(-nano // 100)
    return cut if -most <= cut <= most or cut == UNPLACED else _NO_PLACE


@compiled
def dense_tags(
    buf: Bytes,
    at: int,
    end: int,
    found: NDArray[np.int16],
    selects: Flags,
    columns: Numbers,
    row: int,
    tags: Numbers,
    n: int,
    status: Ids,
) -> tuple[int, Numbers, int, bool]:
    """Read the tags of the next dense node if one of its keys selects it.

    Parameters
    ----------
    buf
        The block.
    at, end
        Where its tags begin and where those of all nodes end.
    found
        Wanted name of each string.
    selects
        Whether a name selects its node.
    columns
        Column of a name, -1 without one.
    row
        The node's row among the tagged ones.
    tags
        Row, column and string of each tag, three numbers each.
    n
        How many tags it holds.
    status
        Changed in place.

    Returns
    -------
    at
        Where the tags of the following node begin.
    tags, n
        With the new tags.
    bool
        Whether the node is kept.
    """
    kept = False
    before = n
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
        elif found[s] >= 0:
            name = found[s]
            kept |= selects[name]
            if columns[name] >= 0:
                tags = room(tags, 3 * n + 3)
                tags[3 * n] = row
                tags[3 * n + 1] = columns[name]
                tags[3 * n + 2] = value
                n += 1
    return at, tags, n if kept else before, kept


@compiled
def read_nodes(  # noqa: C901, PLR0912, PLR0915  (one walk; calls with arrays cost time)
    buf: Bytes,
    units: tuple[int, int, int],
    found: NDArray[np.int16],
    selects: Flags,
    columns: Numbers,
    needed: Ids,
    status: Ids,
) -> tuple[Numbers, Numbers, Numbers, Ids, Numbers, Numbers, Numbers, int, int]:
    """Nodes of a block that are needed for ways or have a wanted key.

    Parameters
    ----------
    buf
        The block.
    units
        Granularity, offset of latitudes, offset of longitudes, nanodegrees.
    found
        Wanted name of each string.
    selects
        Whether a name selects a node.
    columns
        Column of a name, -1 without one.
    needed
        Ids of the needed nodes, ascending.
    status
        Changed in place.

    Returns
    -------
    places, x, y
        Position in `needed`, longitude and latitude (1e-7 degrees) of each found.
    ids, tagged_x, tagged_y
        Id, longitude and latitude of each node with a wanted key.
    tags
        Row, column and string of each tag, three numbers each.
    total
        Nodes in the block.
    seen
        Kinds of objects in the block.
    """
    granularity, lat_offset, lon_offset = units
    limit = NANO_LIMIT // granularity + 1
    starts, stops, is_dense, seen = objects(buf, NODES, status)
    places = np.empty(64, np.int32)
    x = np.empty(64, np.int32)
    y = np.empty(64, np.int32)
    ids = np.empty(16, np.int64)
    tagged_x = np.empty(16, np.int32)
    tagged_y = np.empty(16, np.int32)
    tags = np.empty(64, np.int32)
    fields = np.zeros((11, 2), np.int64)
    n = n_tagged = n_tags = total = cursor = 0
    selecting = False
    for s in range(found.size):
        selecting |= found[s] >= 0 and selects[found[s]]
    nodes = np.empty(0, np.int64)
    lats = np.empty(0, np.int64)
    lons = np.empty(0, np.int64)
    for i in range(starts.size):
        dense = is_dense[i]
        nodes, lats, lons, count = take_nodes(
            buf, starts[i], stops[i], dense, limit, fields, nodes, lats, lons, status
        )
        if status[0] != SOUND:
            break
        with_tags = dense and selecting and fields[10, 0] < fields[10, 1]
        at, end = fields[10, 0], fields[10, 1]
        places = room(places, n + count)
        x = room(x, n + count)
        y = room(y, n + count)
        for j in range(count):
            is_tagged = False
            before = n_tags
            if with_tags and at < end and buf[at] == 0:
                at += 1
            elif with_tags:
                at, tags, n_tags, is_tagged = dense_tags(
                    buf, at, end, found, selects, columns, n_tagged, tags, n_tags, status
                )
            elif not dense:
                tags, n_tags, is_tagged = take_tags(
                    buf, fields, found, selects, columns, n_tagged, False, tags, n_tags, status
                )
            if status[0] != SOUND:
                break
            node = nodes[j]
            if cursor < needed.size and needed[cursor] < node:
                cursor += 1
            if (cursor < needed.size and needed[cursor] < node) or (
                cursor > 0 and needed[cursor - 1] >= node
            ):
                cursor = seek(needed, cursor, node)
            is_needed = cursor < needed.size and needed[cursor] == node
            if not (is_needed or is_tagged):
                continue
            east = degrees7(lons[j], granularity, lon_offset, 1_800_000_000)
            north = degrees7(lats[j], granularity, lat_offset, 900_000_000)
            if east == _NO_PLACE or north == _NO_PLACE:  # noqa: PLR1714  (quicker compiled)
                fail(status, PLACE, starts[i])
                break
            if east == UNPLACED or north == UNPLACED:  # noqa: PLR1714
                n_tags = before
                continue
            if is_needed:
                places[n] = cursor
                x[n] = east
                y[n] = north
                n += 1
            if is_tagged:
                ids = room(ids, n_tagged + 1)
                tagged_x = room(tagged_x, n_tagged + 1)
                tagged_y = room(tagged_y, n_tagged + 1)
                ids[n_tagged] = node
                tagged_x[n_tagged] = east
                tagged_y[n_tagged] = north
                n_tagged += 1
        total += count
        if with_tags and at != end:
            fail(status, UNEVEN, starts[i])
    return (
        places[:n].copy(),
        x[:n].copy(),
        y[:n].copy(),
        ids[:n_tagged].copy(),
        tagged_x[:n_tagged].copy(),
        tagged_y[:n_tagged].copy(),
        tags[: 3 * n_tags].copy(),
        total,
        seen,
    )


@compiled
def take_nodes(
    buf: Bytes,
    at: int,
    end: int,
    dense: bool,  # noqa: FBT001  (compiled functions are called by position)
    limit: int,
    fields: Ids,
    nodes: Ids,
    lats: Ids,
    lons: Ids,
    status: Ids,
) -> tuple[Ids, Ids, Ids, int]:
    """Read ids and coordinates of a node or of a list of dense nodes.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the node or list.
    dense
        Whether it is a list.
    limit
        Largest coordinate, absolutely, in units of the block.
    fields
        Filled in place, see `message`.
    nodes, lats, lons
        Arrays to use if they are long enough.
    status
        Changed in place.

    Returns
    -------
    nodes, lats, lons
        Ids, latitudes and longitudes as in the file.
    count
        How many there are.
    """
    if dense:
        message(buf, at, end, _DENSE_LENGTHS, 0, fields, status)
        check_visible(buf, fields[5, 0], fields[5, 1], status)
        nodes, n = take_sums(buf, fields[1, 0], fields[1, 1], ID_LIMIT, ID, nodes, 0, status)
        lats, n_lats = take_sums(buf, fields[8, 0], fields[8, 1], limit, PLACE, lats, 0, status)
        lons, n_lons = take_sums(buf, fields[9, 0], fields[9, 1], limit, PLACE, lons, 0, status)
        if n_lats != n or n_lons != n:
            fail(status, UNEVEN, at)
        return nodes, lats, lons, n
    claimed = message(buf, at, end, _NODE_LENGTHS, _NODE_NUMBERS, fields, status)
    if claimed >= 0 and claimed & _NODE_NUMBERS != _NODE_NUMBERS:
        fail(status, MISSING, at)
    check_visible(buf, fields[4, 0], fields[4, 1], status)
    nodes = room(nodes, 1)
    lats = room(lats, 1)
    lons = room(lons, 1)
    nodes[0], lats[0], lons[0] = zigzag(fields[1, 0]), zigzag(fields[8, 0]), zigzag(fields[9, 0])
    if not -ID_LIMIT < nodes[0] < ID_LIMIT:
        fail(status, ID, at)
    if not (-limit < lats[0] < limit and -limit < lons[0] < limit):
        fail(status, PLACE, at)
    return nodes, lats, lons, 1


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
        at = seek(ids, at, refs[i])
        out[i] = at if at < ids.size and ids[at] == refs[i] else -1
