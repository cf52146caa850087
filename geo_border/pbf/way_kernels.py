"""Compiled decoding of ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.pbf.compiling import compiled, inlined, room, uncounted
from geo_border.pbf.id_kernels import seek
from geo_border.pbf.kernels import (
    ID,
    SOUND,
    WAYS,
    block_units,
    check_visible,
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
from geo_border.pbf.wire import ID_LIMIT, LENGTH, VARINT
from geo_border.pbf.words import GOES_ON, WORD, eight_bytes, leading_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]

WAY_LENGTHS = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8
_MANY = 1 << 14


@compiled
def read_ways(
    data: Bytes, frames: Ids, tool: tuple[int, int], names: Names, members: Ids, status: Ids
) -> tuple[Ids, Numbers, Ids, Numbers, NDArray[np.uint8], Ids, Ids, int]:
    """Ways of some blocks that have a wanted key or belong to a kept relation.

    Parameters
    ----------
    data, frames, tool
        The blocks, packed, see `unpacked`.
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
    looks
        Kinds of objects in each block, and how many strings there are up to its end.
    total
        Ways in the blocks.
    """
    block = np.empty(largest_block(frames), np.uint8)
    looks = np.zeros((frames.shape[0], 2), np.int64)
    ids, counts = np.empty(_MANY, np.int64), np.empty(_MANY, np.int32)
    refs, tags = np.empty(8 * _MANY, np.int64), np.empty(8 * _MANY, np.int32)
    pool, ends = np.empty(8 * _MANY, np.uint8), np.empty(_MANY, np.int64)
    fields, held = np.zeros((11, 2), np.int64), np.zeros(4, np.int64)
    total = n_strings = 0
    for b in range(frames.shape[0]):
        status[2] = b
        buf = unpacked(data, frames[b], tool, block, status)
        _, _, _, start, end = block_units(buf, status)
        string_starts, string_sizes, found = recognised(buf, start, end, names, status)
        spans, looks[b, 0] = listed(buf, WAYS, status)
        total += spans.shape[0]
        most = held[0] + spans.shape[0]
        ids, counts = room(ids, most), room(counts, most)
        first_tag = 3 * held[2]
        done = 0
        while done < spans.shape[0] and status[0] == SOUND:
            done, most_refs, most_tags = take_ways(
                buf, spans, done, found, names, members,
                ids, counts, refs, tags, fields, held, status,
            )  # fmt: skip
            refs, tags = room(refs, most_refs), room(tags, 3 * most_tags)
        if status[0] != SOUND:
            break
        pool, ends, n_strings = pooled(
            buf,
            string_starts,
            string_sizes,
            tags[: 3 * held[2]],
            first_tag + 2,
            pool,
            ends,
            n_strings,
        )
        looks[b, 1] = n_strings
    return (
        ids[: held[0]],
        counts[: held[0]],
        refs[: held[1]],
        tags[: 3 * held[2]],
        pool[: ends[n_strings - 1] if n_strings else 0].copy(),
        ends[:n_strings].copy(),
        looks,
        total,
    )


@uncounted
def take_ways(
    buf: Bytes,
    spans: Numbers,
    first: int,
    found: NDArray[np.int16],
    names: Names,
    members: Ids,
    ids: Ids,
    counts: Numbers,
    refs: Ids,
    tags: Numbers,
    fields: Ids,
    held: Ids,
    status: Ids,
) -> tuple[int, int, int]:
    """Read ways of a block until there is no room for one.

    Parameters
    ----------
    buf
        The block.
    spans, first
        Where its ways lie, and which is the first to read.
    found
        Wanted name of each string.
    names
        The wanted names.
    members
        Ids of ways that are kept in any case, ascending.
    ids, counts, refs, tags
        As `read_ways` gives them; changed in place. There is room for an id and a count of
        each way.
    fields
        Room to work in, see `message`.
    held
        How many ways, references and tags there are, and where in `members` to look first;
        changed in place.
    status
        Changed in place.

    Returns
    -------
    done
        Which is to be read next; as many as there are when all are read.
    most_refs, most_tags
        How many references and tags there must be room for to go on.
    """
    n, n_refs, n_tags, cursor = int(held[0]), int(held[1]), int(held[2]), int(held[3])
    most_refs, most_tags = n_refs, n_tags
    done = first
    while done < spans.shape[0]:
        at, end = spans[done, 0], spans[done, 1]
        if quick_way(buf, at, end, fields):
            check_visible(buf, fields[4, 0], fields[4, 1], status)
            way = fields[1, 0]
        else:
            way = read_id(buf, at, end, WAY_LENGTHS, fields, status)
        if status[0] != SOUND:
            break
        if members.size:
            cursor = seek(members, cursor, way)
        if (cursor < members.size and members[cursor] == way) or is_selected(
            buf, fields, found, names, status
        ):
            most_refs = n_refs + int(fields[8, 1] - fields[8, 0])
            most_tags = n_tags + int(fields[2, 1] - fields[2, 0])
            if most_refs > refs.size or 3 * most_tags > tags.size:
                break
            n_tags = take_tags(buf, fields, found, names.columns, n, tags, n_tags, status)
            before = n_refs
            n_refs = take_sums(buf, fields[8, 0], fields[8, 1], ID_LIMIT, ID, refs, n_refs, status)
            ids[n] = way
            counts[n] = n_refs - before
            n += 1
        done += 1
    held[0], held[1], held[2], held[3] = n, n_refs, n_tags, cursor
    return done, most_refs, most_tags


@uncounted
def quick_way(buf: Bytes, at: int, end: int, fields: Ids) -> bool:
    """Find the fields of a way whose fields are short and in the order of their numbers.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the way.
    fields
        Filled in place for id, keys, values, metadata and references, as by `message`; a field
        that is not there is as one without bytes.

    Returns
    -------
    bool
        False for another way; it may be sound or not.
    """
    if not at < end <= buf.size - 1 - WORD or buf[np.uint64(at)] != 1 << 3 | VARINT:
        return False
    word = eight_bytes(buf, at + 1)
    ends = ~word & GOES_ON
    if ends == 0:
        return False
    fields[1, 0], size = leading_number(word, ends)
    at += 1 + size
    fields[2, 0], fields[2, 1], at = span(buf, at, end, 2 << 3 | LENGTH)
    fields[3, 0], fields[3, 1], at = span(buf, at, end, 3 << 3 | LENGTH)
    fields[4, 0], fields[4, 1], at = span(buf, at, end, 4 << 3 | LENGTH)
    fields[8, 0], fields[8, 1], at = span(buf, at, end, 8 << 3 | LENGTH)
    return at == end


@inlined
def span(buf: Bytes, at: int, end: int, key: int) -> tuple[int, int, int]:
    """A field of bytes, if it begins here.

    Parameters
    ----------
    buf
        The block; it goes on for two bytes behind `end`.
    at, end
        Where the field may begin, and where the message ends.
    key
        Field number times 8 plus wire type.

    Returns
    -------
    start, stop
        Its bytes; none for another field.
    at
        Where the next field begins; beyond `end` for a field that does not end there, or has
        more bytes than two tell.
    """
    if not at < end or buf[np.uint64(at)] != key:
        return at, at, at
    start = at + 2
    size = int(buf[np.uint64(at) + np.uint64(1)])
    if size > 0x7F:
        more = int(buf[np.uint64(start)])
        size = (size & 0x7F) + (more << 7) if more < 0x80 else end
        start += 1
    return start, start + size, start + size
