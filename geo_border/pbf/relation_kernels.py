"""Compiled decoding of relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.pbf.compiling import compiled, room, uncounted
from geo_border.pbf.kernels import (
    ID,
    KIND,
    RELATIONS,
    SOUND,
    STRING,
    UNEVEN,
    block_units,
    fail,
    listed,
    read_id,
    take_sums,
)
from geo_border.pbf.string_kernels import (
    Names,
    is_selected,
    pooled,
    recognised,
    take_tags,
)
from geo_border.pbf.unpack_kernels import largest_block, unpacked
from geo_border.pbf.wire import ID_LIMIT, varint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]

_MANY = 1 << 14
_RELATION_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 9 | 1 << 10


@compiled
def read_relations(
    data: Bytes, frames: Ids, tool: tuple[int, int], names: Names, status: Ids
) -> tuple[Ids, Numbers, Ids, Numbers, Numbers, NDArray[np.uint8], Ids, Ids, int]:
    """Relations of some blocks that have a wanted key.

    Parameters
    ----------
    data, frames, tool
        The blocks, packed, see `unpacked`.
    names
        Keys that select a relation and keys to keep.
    status
        Changed in place.

    Returns
    -------
    ids, counts
        Id and number of members of each relation.
    refs
        Ids of the members of all, one relation after the other.
    members
        Number of the member in its relation, kind (0 node, 1 way, 2 relation) and string of
        the role of each member, three numbers each.
    tags
        Row, column and string of each tag, three numbers each.
    pool, ends
        Bytes of the strings back to back, and where each ends.
    looks
        Kinds of objects in each block, and how many strings there are up to its end.
    total
        Relations in the blocks.
    """
    block = np.empty(largest_block(frames), np.uint8)
    looks = np.zeros((frames.shape[0], 2), np.int64)
    ids, counts = np.empty(_MANY, np.int64), np.empty(_MANY, np.int32)
    refs, members = np.empty(_MANY, np.int64), np.empty(3 * _MANY, np.int32)
    tags = np.empty(8 * _MANY, np.int32)
    pool, ends = np.empty(8 * _MANY, np.uint8), np.empty(_MANY, np.int64)
    fields = np.zeros((11, 2), np.int64)
    n = n_refs = n_tags = n_strings = total = 0
    for b in range(frames.shape[0]):
        status[2] = b
        buf = unpacked(data, frames[b], tool, block, status)
        _, _, _, start, end = block_units(buf, status)
        string_starts, string_sizes, found = recognised(buf, start, end, names, status)
        spans, looks[b, 0] = listed(buf, RELATIONS, status)
        total += spans.shape[0]
        ids, counts = room(ids, n + spans.shape[0]), room(counts, n + spans.shape[0])
        first_tag, first_member = 3 * n_tags, 3 * n_refs
        for i in range(spans.shape[0]):
            relation = read_id(buf, spans[i, 0], spans[i, 1], _RELATION_LENGTHS, fields, status)
            if status[0] != SOUND:
                break
            if not is_selected(buf, fields, found, names, status):
                continue
            tags = room(tags, 3 * (n_tags + fields[2, 1] - fields[2, 0]))
            n_tags = take_tags(buf, fields, found, names.columns, n, tags, n_tags, status)
            most = n_refs + fields[9, 1] - fields[9, 0]
            refs, members = room(refs, most), room(members, 3 * most)
            before = n_refs
            n_refs = take_sums(buf, fields[9, 0], fields[9, 1], ID_LIMIT, ID, refs, n_refs, status)
            n_refs = take_members(buf, fields, found.size, before, n_refs, members, status)
            ids[n] = relation
            counts[n] = n_refs - before
            n += 1
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
        pool, ends, n_strings = pooled(
            buf, string_starts, string_sizes, members[: 3 * n_refs], first_member + 2,
            pool, ends, n_strings,
        )  # fmt: skip
        looks[b, 1] = n_strings
    return (
        ids[:n].copy(),
        counts[:n].copy(),
        refs[:n_refs].copy(),
        members[: 3 * n_refs].copy(),
        tags[: 3 * n_tags].copy(),
        pool[: ends[n_strings - 1] if n_strings else 0].copy(),
        ends[:n_strings].copy(),
        looks,
        total,
    )


@uncounted
def take_members(
    buf: Bytes,
    fields: Ids,
    strings: int,
    first: int,
    last: int,
    members: Numbers,
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
    members
        Number in the relation, kind and role of each member, three numbers each; filled in
        place.
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
        members[3 * i], members[3 * i + 1], members[3 * i + 2] = i - first, kind, role
    if at != fields[8, 1] or other != fields[10, 1]:
        fail(status, UNEVEN, fields[8, 0])
    return last
