"""Compiled decoding of nodes: coordinates of the needed ones, tags of the wanted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.pbf.compiling import compiled, inlined, room, uncounted
from geo_border.pbf.dense_kernels import (
    dense_ids,
    dense_places,
    dense_tags,
    longest,
    mark_tagged,
)
from geo_border.pbf.id_kernels import match
from geo_border.pbf.kernels import (
    ID,
    MISSING,
    NANO_LIMIT,
    NODES,
    PLACE,
    SOUND,
    UNPLACED,
    block_units,
    check_visible,
    fail,
    listed,
    message,
)
from geo_border.pbf.string_kernels import (
    Names,
    is_selected,
    pooled,
    recognised,
    take_tags,
)
from geo_border.pbf.unpack_kernels import largest_block, unpacked
from geo_border.pbf.wire import ID_LIMIT, zigzag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

_NODE_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4
_NODE_NUMBERS = 1 << 1 | 1 << 8 | 1 << 9
_MANY = 1 << 14
_NO_PLACE = -UNPLACED - 1


@inlined
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
    if granularity == 100 and offset == 0:
        cut = value
    else:
        nano = value * granularity + offset
        cut = nano // 100 if nano >= 0 else -(-nano // 100)
    return cut if -most <= cut <= most or cut == UNPLACED else _NO_PLACE


@compiled
def read_nodes(  # noqa: C901, PLR0912, PLR0915  (one walk; calls with arrays cost time)
    data: Bytes, frames: Ids, tool: tuple[int, int], names: Names, needed: Ids, status: Ids
) -> tuple[
    Numbers, Numbers, Numbers, Ids, Numbers, Numbers, Numbers, NDArray[np.uint8], Ids, Ids, int
]:
    """Nodes of some blocks that are needed for ways or have a wanted key.

    Parameters
    ----------
    data, frames, tool
        The blocks, packed, see `unpacked`.
    names
        Keys that select a node and keys to keep.
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
    pool, ends
        Bytes of the strings back to back, and where each ends.
    looks
        Kinds of objects in each block, and how many strings there are up to its end.
    total
        Nodes in the blocks.
    """
    block = np.empty(largest_block(frames), np.uint8)
    looks = np.zeros((frames.shape[0], 2), np.int64)
    fields = np.zeros((11, 2), np.int64)
    nodes, lats, lons = np.empty(2, np.int64), np.empty(2, np.int64), np.empty(2, np.int64)
    rows, marks = np.empty(2, np.int32), np.empty((2, 3), np.int32)
    places, x, y = np.empty(_MANY, np.int32), np.empty(_MANY, np.int32), np.empty(_MANY, np.int32)
    ids, tagged_x, tagged_y = np.empty(16, np.int64), np.empty(16, np.int32), np.empty(16, np.int32)
    tags, pool, ends = np.empty(64, np.int32), np.empty(64, np.uint8), np.empty(16, np.int64)
    n = n_tagged = n_tags = n_strings = total = cursor = 0
    for b in range(frames.shape[0]):
        status[2] = b
        buf = unpacked(data, frames[b], tool, block, status)
        granularity, lat_offset, lon_offset, start, end = block_units(buf, status)
        units = (granularity, lat_offset, lon_offset)
        string_starts, string_sizes, found = recognised(buf, start, end, names, status)
        selecting = False
        for name in found:
            selecting |= name >= 0 and names.selects[name]
        limit = NANO_LIMIT // granularity + 1
        spans, looks[b, 0] = listed(buf, NODES, status)
        most = longest(buf, spans, fields, status)
        if most > nodes.size:
            nodes, lats, lons = room(nodes, most), room(lats, most), room(lons, most)
            rows, marks = room(rows, most), np.empty((nodes.size, 3), np.int32)
        first_tag = 3 * n_tags
        for i in range(spans.shape[0]):
            if status[0] != SOUND:
                break
            at, stop, is_dense = spans[i, 0], spans[i, 1], spans[i, 2]
            if is_dense:
                count = dense_ids(buf, at, stop, fields, nodes, status)
            else:
                count = 1
                plain_node(buf, at, stop, limit, fields, nodes, lats, lons, status)
            if status[0] != SOUND:
                break
            total += count
            if n + count > places.size:
                places, x, y = room(places, n + count), room(x, n + count), room(y, n + count)
            hits, cursor = match(nodes, count, needed, cursor, rows, places, n)
            marked = 0
            if is_dense:
                if selecting:
                    marked = mark_tagged(buf, fields, count, found, names.selects, marks, status)
                dense_places(buf, fields, count, limit, lats, lons, status)
            elif is_selected(buf, fields, found, names, status):
                marks[0, 0], marked = 0, 1
            if status[0] != SOUND:
                break
            n = enter(rows, hits, lons, lats, units, places, x, y, n, at, status)
            for j in range(marked):
                node = marks[j, 0]
                east, north = place_of(lons[node], lats[node], units, at, status)
                if east == UNPLACED:
                    continue
                if n_tagged == ids.size:
                    ids = room(ids, n_tagged + 1)
                    tagged_x, tagged_y = room(tagged_x, ids.size), room(tagged_y, ids.size)
                ids[n_tagged], tagged_x[n_tagged], tagged_y[n_tagged] = nodes[node], east, north
                if is_dense:
                    first, last = marks[j, 1], marks[j, 2]
                    tags = room(tags, 3 * (n_tags + last - first))
                    n_tags = dense_tags(
                        buf, first, last, found, names.columns, n_tagged, tags, n_tags
                    )
                else:
                    tags = room(tags, 3 * (n_tags + fields[2, 1] - fields[2, 0]))
                    n_tags = take_tags(
                        buf, fields, found, names.columns, n_tagged, tags, n_tags, status
                    )
                n_tagged += 1
        if status[0] != SOUND:
            break
        pool, ends, n_strings = pooled(
            buf,
            string_starts,
            string_sizes,
            tags[: 3 * n_tags],
            first_tag + 2,
            pool,
            ends,
            n_strings,
        )
        looks[b, 1] = n_strings
    return (
        places[:n],
        x[:n],
        y[:n],
        ids[:n_tagged].copy(),
        tagged_x[:n_tagged].copy(),
        tagged_y[:n_tagged].copy(),
        tags[: 3 * n_tags].copy(),
        pool[: ends[n_strings - 1] if n_strings else 0].copy(),
        ends[:n_strings].copy(),
        looks,
        total,
    )


@uncounted
def plain_node(
    buf: Bytes,
    at: int,
    end: int,
    limit: int,
    fields: Ids,
    nodes: Ids,
    lats: Ids,
    lons: Ids,
    status: Ids,
) -> None:
    """Read id and coordinates of a node that is not in a list of dense ones.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the node.
    limit
        Largest coordinate, absolutely, in units of the block.
    fields
        Filled in place, see `message`.
    nodes, lats, lons
        Their first elements are filled in place, as in the file.
    status
        Changed in place.
    """
    claimed = message(buf, at, end, _NODE_LENGTHS, _NODE_NUMBERS, fields, status)
    if claimed >= 0 and claimed & _NODE_NUMBERS != _NODE_NUMBERS:
        fail(status, MISSING, at)
    check_visible(buf, fields[4, 0], fields[4, 1], status)
    nodes[0], lats[0], lons[0] = zigzag(fields[1, 0]), zigzag(fields[8, 0]), zigzag(fields[9, 0])
    if not -ID_LIMIT < nodes[0] < ID_LIMIT:
        fail(status, ID, at)
    if not (-limit < lats[0] < limit and -limit < lons[0] < limit):
        fail(status, PLACE, at)


@uncounted
def enter(
    rows: Numbers,
    hits: int,
    lons: Ids,
    lats: Ids,
    units: tuple[int, int, int],
    places: Numbers,
    x: Numbers,
    y: Numbers,
    n: int,
    here: int,
    status: Ids,
) -> int:
    """Enter the coordinates of needed nodes; nodes without coordinates are left out.

    Parameters
    ----------
    rows, hits
        Which nodes of a list are needed, and how many.
    lons, lats
        Coordinates of the list as in the file.
    units
        Granularity, offset of latitudes, offset of longitudes, nanodegrees.
    places, x, y
        Changed in place from element `n` on; `places` holds those of all that are needed.
    n
        How many there are before.
    here
        Where the list begins, for errors.
    status
        Changed in place.

    Returns
    -------
    int
        How many there are now.
    """
    before = n
    for k in range(hits):
        east, north = place_of(lons[rows[k]], lats[rows[k]], units, here, status)
        places[n], x[n], y[n] = places[before + k], east, north
        n += east != UNPLACED
    return n


@inlined
def place_of(
    lon: int, lat: int, units: tuple[int, int, int], here: int, status: Ids
) -> tuple[int, int]:
    """Coordinates of a node.

    Parameters
    ----------
    lon, lat
        As in the file.
    units
        Granularity, offset of latitudes, offset of longitudes, nanodegrees.
    here
        Where the node or its list begins, for errors.
    status
        Changed in place if the coordinates do not lie on the Earth.

    Returns
    -------
    east, north
        1e-7 degrees; both `UNPLACED` for a node without coordinates.
    """
    east = degrees7(lon, units[0], units[2], 1_800_000_000)
    north = degrees7(lat, units[0], units[1], 900_000_000)
    if east == _NO_PLACE or north == _NO_PLACE:  # noqa: PLR1714  (quicker compiled)
        fail(status, PLACE, here)
    elif east != UNPLACED and north != UNPLACED:  # noqa: PLR1714
        return east, north
    return UNPLACED, UNPLACED
