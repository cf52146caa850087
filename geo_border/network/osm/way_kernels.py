"""Compiled decoding of ways and relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.network.osm.kernels import (
    ID,
    KIND,
    MISSING,
    RELATIONS,
    SOUND,
    STRING,
    UNEVEN,
    WAYS,
    block_units,
    check_visible,
    fail,
    message,
    numbers_in,
    objects,
    take_sums,
)
from geo_border.network.osm.string_kernels import (
    Names,
    is_selected,
    pooled,
    pooled_tags,
    recognised,
    take_tags,
)
from geo_border.network.osm.wire import ID_LIMIT, compiled, room, seek, varint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

_WAY_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8
_RELATION_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 9 | 1 << 10


@compiled
def read_ways(
    buf: Bytes, names: Names, members: Ids, status: Ids
) -> tuple[Ids, Numbers, Ids, Numbers, NDArray[np.uint8], Ids, int, int]:
    """Ways of a block that have a wanted key or belong to a kept relation.

    Parameters
    ----------
    buf
        The block.
    names
        Keys that select a way and keys to keep.
    members
        Ids of ways that are kept in any case, ascending.
    status
        Changed in place.

    Returns
    -------
    ids, counts
        Id and number of references of each way.
    refs
        Node ids of all, one way after the other.
    tags
        Row, column and string of each tag, three numbers each.
    pool, ends
        Bytes of the strings back to back, and where each ends.
    total
        Ways in the block.
    seen
        Kinds of objects in the block.
    """
    _, _, _, start, end = block_units(buf, status)
    string_starts, string_sizes, found = recognised(buf, start, end, names, status)
    starts, stops, _, seen = objects(buf, WAYS, status)
    ids = np.empty(starts.size, np.int64)
    counts = np.empty(starts.size, np.int32)
    refs = np.empty(8 * starts.size, np.int64)
    tags = np.empty(8 * starts.size, np.int32)
    fields = np.zeros((11, 2), np.int64)
    n = n_refs = n_tags = cursor = 0
    for i in range(starts.size):
        way = read_id(buf, starts[i], stops[i], _WAY_LENGTHS, fields, status)
        if status[0] != SOUND:
            break
        if members.size:
            cursor = seek(members, cursor, way)
        if not (cursor < members.size and members[cursor] == way) and not is_selected(
            buf, fields[2, 0], fields[2, 1], found, names.selects, status
        ):
            continue
        most = n_tags + fields[2, 1] - fields[2, 0]
        if 3 * most > tags.size:
            tags = room(tags, 3 * most)
        n_tags = take_tags(buf, fields, found, names.columns, n, tags, n_tags, status)
        most = n_refs + numbers_in(buf, fields[8, 0], fields[8, 1])
        if most > refs.size:
            refs = room(refs, most)
        before = n_refs
        n_refs = take_sums(buf, fields[8, 0], fields[8, 1], ID_LIMIT, ID, refs, n_refs, status)
        ids[n] = way
        counts[n] = n_refs - before
        n += 1
    pool, ends = pooled_tags(buf, string_starts, string_sizes, tags, n_tags)
    return (
        ids[:n].copy(),
        counts[:n].copy(),
        refs[:n_refs].copy(),
        tags[: 3 * n_tags].copy(),
        pool,
        ends,
        starts.size,
        seen,
    )


@compiled
def read_id(buf: Bytes, at: int, end: int, lengths: int, fields: Ids, status: Ids) -> int:
    """Id of a way or relation; its other fields are found.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the object.
    lengths
        Bits of the field numbers that are bytes with a length.
    fields
        Filled in place, see `message`.
    status
        Changed in place.

    Returns
    -------
    int
        The id, 0 if the object is not sound.
    """
    claimed = message(buf, at, end, lengths, 1 << 1, fields, status)
    check_visible(buf, fields[4, 0], fields[4, 1], status)
    if status[0] != SOUND:
        return 0
    if not claimed & 2:
        fail(status, MISSING, at)
        return 0
    if not -ID_LIMIT < fields[1, 0] < ID_LIMIT:
        fail(status, ID, at)
        return 0
    return int(fields[1, 0])


@compiled
def read_relations(
    buf: Bytes, names: Names, status: Ids
) -> tuple[Ids, Numbers, Ids, NDArray[np.int8], Numbers, Numbers, NDArray[np.uint8], Ids, int, int]:
    """Relations of a block that have a wanted key.

    Parameters
    ----------
    buf
        The block.
    names
        Keys that select a relation and keys to keep.
    status
        Changed in place.

    Returns
    -------
    ids, counts
        Id and number of members of each relation.
    refs, kinds, roles
        Id, kind (0 node, 1 way, 2 relation) and string of the role of each member.
    tags
        Row, column and string of each tag, three numbers each.
    pool, ends
        Bytes of the strings back to back, and where each ends.
    total
        Relations in the block.
    seen
        Kinds of objects in the block.
    """
    _, _, _, start, end = block_units(buf, status)
    string_starts, string_sizes, found = recognised(buf, start, end, names, status)
    starts, stops, _, seen = objects(buf, RELATIONS, status)
    ids = np.empty(starts.size, np.int64)
    counts = np.empty(starts.size, np.int32)
    refs = np.empty(512, np.int64)
    kinds = np.empty(512, np.int8)
    roles = np.empty(512, np.int32)
    tags = np.empty(512, np.int32)
    fields = np.zeros((11, 2), np.int64)
    n = n_refs = n_tags = 0
    for i in range(starts.size):
        relation = read_id(buf, starts[i], stops[i], _RELATION_LENGTHS, fields, status)
        if status[0] != SOUND:
            break
        if not is_selected(buf, fields[2, 0], fields[2, 1], found, names.selects, status):
            continue
        tags = room(tags, 3 * (n_tags + fields[2, 1] - fields[2, 0]))
        n_tags = take_tags(buf, fields, found, names.columns, n, tags, n_tags, status)
        most = n_refs + numbers_in(buf, fields[9, 0], fields[9, 1])
        refs, kinds, roles = room(refs, most), room(kinds, most), room(roles, most)
        before = n_refs
        n_refs = take_sums(buf, fields[9, 0], fields[9, 1], ID_LIMIT, ID, refs, n_refs, status)
        n_refs = take_members(buf, fields, found.size, before, n_refs, kinds, roles, status)
        ids[n] = relation
        counts[n] = n_refs - before
        n += 1
    strings = np.concatenate((tags[2 : 3 * n_tags : 3], roles[:n_refs]))
    pool, ends = pooled(buf, string_starts, string_sizes, strings)
    tags[2 : 3 * n_tags : 3] = strings[:n_tags]
    return (
        ids[:n].copy(),
        counts[:n].copy(),
        refs[:n_refs].copy(),
        kinds[:n_refs].copy(),
        strings[n_tags:].copy(),
        tags[: 3 * n_tags].copy(),
        pool,
        ends,
        starts.size,
        seen,
    )


@compiled
def take_members(
    buf: Bytes,
    fields: Ids,
    strings: int,
    first: int,
    last: int,
    kinds: NDArray[np.int8],
    roles: Numbers,
    status: Ids,
) -> int:
    """Read kinds and roles of the members of a relation.

    Parameters
    ----------
    buf
        The block.
    fields
        Where roles (row 8) and kinds (row 10) start and end.
    strings
        How many strings the block holds.
    first, last
        Rows of the members.
    kinds, roles
        Filled in place.
    status
        Changed in place.

    Returns
    -------
    int
        `last`, or the row of the first member that is not sound.
    """
    at, other = fields[8, 0], fields[10, 0]
    for i in range(first, last):
        role, at = varint(buf, at, fields[8, 1])
        kind, other = varint(buf, other, fields[10, 1])
        if at < 0 or other < 0:
            fail(status, UNEVEN, fields[8, 0])
        elif role < 0 or role >= strings:
            fail(status, STRING, at)
        elif not 0 <= kind <= 2:
            fail(status, KIND, other)
        if status[0] != SOUND:
            return i
        roles[i] = role
        kinds[i] = kind
    if at != fields[8, 1] or other != fields[10, 1]:
        fail(status, UNEVEN, fields[8, 0])
    return last
