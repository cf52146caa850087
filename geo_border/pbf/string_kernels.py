"""Compiled reading of the strings and tags of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo_border.pbf.compiling import compiled, inlined, room, uncounted
from geo_border.pbf.kernels import CUT, FORM, STRING, UNEVEN, fail
from geo_border.pbf.wire import LENGTH, field, varint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

_STRING = 1 << 3 | LENGTH
_BYTES_A_STRING = 8


class Names(NamedTuple):
    """Keys that select an object and keys that become columns, as arrays.

    Parameters
    ----------
    text, ends
        The keys in order of their first byte, back to back, and where each ends.
    first
        Keys that begin with byte b are numbers ``first[b]`` to ``first[b + 1]``.
    selects
        Whether a key selects its object, by any value or by some.
    columns
        Column of a key, -1 without one.
    by_value
        Whether a key selects its object by some values alone.
    accepts
        Whether a key (row) selects its object by a value (column).
    """

    text: NDArray[np.uint8]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]
    selects: NDArray[np.bool_]
    columns: NDArray[np.int32]
    by_value: NDArray[np.bool_]
    accepts: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        selecting: Sequence[str],
        columns: Sequence[str],
        values: Mapping[str, Collection[str]] | None = None,
    ) -> Names:
        """Arrange keys.

        Parameters
        ----------
        selecting
            Keys that select an object.
        columns
            Keys whose values are kept, in the order of the columns.
        values
            Of keys in `selecting`, the values by which alone they select an object.

        Returns
        -------
        Names
            As arrays.
        """
        values = values or {}
        words = (word for some in values.values() for word in some)
        keys = sorted({key.encode() for key in (*selecting, *columns, *words)} - {b""})
        chosen = {key.encode() for key in selecting}
        place = {key.encode(): number for number, key in enumerate(columns)}
        starts = np.array([key[0] for key in keys], np.int64)
        return cls(
            np.frombuffer(b"".join(keys), np.uint8),
            np.cumsum([len(key) for key in keys], dtype=np.int64),
            np.searchsorted(starts, np.arange(257)).astype(np.int64),
            np.array([key in chosen for key in keys], bool),
            np.array([place.get(key, -1) for key in keys], np.int32),
            np.array([key.decode() in values for key in keys], bool),
            np.array(
                [word.decode() in values.get(key.decode(), ()) for key in keys for word in keys],
                bool,
            ).reshape(len(keys), len(keys)),
        )


@uncounted
def strings(
    buf: Bytes,
    at: int,
    end: int,
    names: Names,
    starts: Numbers,
    sizes: Numbers,
    found: NDArray[np.int16],
    status: Ids,
) -> int:
    """Where each string of a block lies, and which of the wanted names it is.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the string table.
    names
        The wanted names.
    starts, sizes
        First byte and length of each string; filled in place as far as there is room.
    found
        Number of the name, -1 for a string that is none; filled likewise.
    status
        Changed in place.

    Returns
    -------
    int
        How many strings there are, room or not.
    """
    n = 0
    while at < end:
        here = at
        key, size, at = field(buf, at, end)
        if at < 0:
            fail(status, CUT, here)
            break
        if key == _STRING:
            if n < starts.size:
                starts[n], sizes[n], found[n] = at - size, size, name_of(buf, at - size, at, names)
            n += 1
        elif key >> 3 == 1:
            fail(status, FORM, here)
            break
    return n


@inlined
def name_of(buf: Bytes, at: int, end: int, names: Names) -> int:
    """Which of the wanted names a string is.

    Parameters
    ----------
    buf
        The block.
    at, end
        Its bytes.
    names
        The wanted names.

    Returns
    -------
    int
        Number of the name, -1 for a string that is none.
    """
    if at == end:
        return -1
    byte = buf[at]
    for name in range(names.first[byte], names.first[byte + 1]):
        begin = names.ends[name - 1] if name else 0
        size = names.ends[name] - begin
        i = 1
        while at + size == end and i < size and buf[at + i] == names.text[begin + i]:
            i += 1
        if at + size == end and i == size:
            return name
    return -1


@compiled
def recognised(
    buf: Bytes, at: int, end: int, names: Names, status: Ids
) -> tuple[Numbers, Numbers, NDArray[np.int16]]:
    """Where each string of a block lies, and which of the wanted names it is.

    Parameters
    ----------
    buf, at, end, names, status
        As for `strings`.

    Returns
    -------
    starts, sizes, found
        As `strings` fills them.
    """
    n = (end - at) // _BYTES_A_STRING + 1
    while True:
        most = n
        starts, sizes = np.empty(most, np.int32), np.empty(most, np.int32)
        found = np.empty(most, np.int16)
        n = strings(buf, at, end, names, starts, sizes, found, status)
        if n <= most:
            return starts[:n], sizes[:n], found[:n]


@uncounted
def is_selected(
    buf: Bytes, fields: Ids, found: NDArray[np.int16], names: Names, status: Ids
) -> bool:
    """Whether one of the tags of a node, way or relation selects it.

    Parameters
    ----------
    buf
        The block.
    fields
        Where keys (row 2) and values (row 3) start and end.
    found
        Wanted name of each string.
    names
        The wanted names.
    status
        Changed in place.

    Returns
    -------
    bool
        False where the keys are not sound; those after the first that selects are left unread,
        and so are values that do not matter.
    """
    at, end = fields[2, 0], fields[2, 1]
    before = 0
    while at < end:
        here = at
        s, at = varint(buf, at, end)
        if at < 0:
            fail(status, CUT, here)
            return False
        if s < 0 or s >= found.size:
            fail(status, STRING, here)
            return False
        name = found[s]
        if (
            name >= 0
            and names.selects[name]
            and (
                not names.by_value[name]
                or has_value(buf, fields, before, found, names.accepts, name, status)
            )
        ):
            return True
        before += 1
    return False


@uncounted
def has_value(
    buf: Bytes,
    fields: Ids,
    before: int,
    found: NDArray[np.int16],
    accepts: Flags,
    name: int,
    status: Ids,
) -> bool:
    """Whether a tag has one of the values by which its key selects an object.

    Parameters
    ----------
    buf
        The block.
    fields
        Where values (row 3) start and end.
    before
        How many tags come before it.
    found
        Wanted name of each string.
    accepts, name
        Whether a name is one of the values that count for another, and that of the key.
    status
        Changed in place.

    Returns
    -------
    bool
        False where the values are not sound.
    """
    s, at = varint(buf, fields[3, 0], fields[3, 1])
    for _ in range(before):
        s, at = varint(buf, at, fields[3, 1])
    if at < 0:
        fail(status, UNEVEN, fields[3, 0])
        return False
    if s < 0 or s >= found.size:
        fail(status, STRING, fields[3, 0])
        return False
    return bool(found[s] >= 0 and accepts[name, found[s]])


@uncounted
def take_tags(
    buf: Bytes,
    fields: Ids,
    found: NDArray[np.int16],
    columns: Numbers,
    row: int,
    tags: Numbers,
    n: int,
    status: Ids,
) -> int:
    """Read the tags of a kept node, way or relation.

    Parameters
    ----------
    buf
        The block.
    fields
        Where keys (row 2) and values (row 3) start and end.
    found
        Wanted name of each string.
    columns
        Column of a name, -1 without one.
    row
        The object's row among those kept.
    tags
        Row, column and string of each tag, three numbers each; has room for a tag of every
        byte of the keys.
    n
        How many tags it holds.
    status
        Changed in place.

    Returns
    -------
    int
        How many it holds now.
    """
    at, other = fields[2, 0], fields[3, 0]
    while at < fields[2, 1]:
        here = at
        s, at = varint(buf, at, fields[2, 1])
        value, other = varint(buf, other, fields[3, 1])
        if at < 0 or other < 0:
            fail(status, UNEVEN, here)
            return n
        if s < 0 or s >= found.size or value < 0 or value >= found.size:
            fail(status, STRING, here)
            return n
        name = found[s]
        if name >= 0 and columns[name] >= 0:
            tags[3 * n] = row
            tags[3 * n + 1] = columns[name]
            tags[3 * n + 2] = value
            n += 1
    if other != fields[3, 1]:
        fail(status, UNEVEN, other)
    return n


@compiled
def pooled(
    buf: Bytes,
    starts: Numbers,
    sizes: Numbers,
    used: Numbers,
    first: int,
    pool: NDArray[np.uint8],
    ends: Ids,
    n: int,
) -> tuple[NDArray[np.uint8], Ids, int]:
    """Collect the strings of a block that are in use, once each.

    Parameters
    ----------
    buf
        The block.
    starts, sizes
        Its strings.
    used
        Strings in use from element `first` on, every third of them; renumbered in place in the
        order of their first use, on from those collected before.
    first
        See `used`.
    pool, ends
        Bytes of the strings collected before back to back, and where each ends; more is added.
    n
        How many there are.

    Returns
    -------
    pool, ends, n
        The same, with those of the block.
    """
    pool = room(pool, (ends[n - 1] if n else 0) + sizes.sum())
    ends = room(ends, n + sizes.size)
    number = np.full(starts.size, -1, np.int32)
    return pool, ends, pool_strings(buf, starts, sizes, used, first, pool, ends, n, number)


@uncounted
def pool_strings(
    buf: Bytes,
    starts: Numbers,
    sizes: Numbers,
    used: Numbers,
    first: int,
    pool: NDArray[np.uint8],
    ends: Ids,
    n: int,
    number: Numbers,
) -> int:
    """Collect strings where there is room for all.

    Parameters
    ----------
    buf, starts, sizes, used, first, pool, ends, n
        As for `pooled`; changed in place.
    number
        -1 for each string of the block; filled in place.

    Returns
    -------
    int
        How many strings are collected.
    """
    end = ends[n - 1] if n else 0
    for i in range(first, used.size, 3):
        s = used[i]
        if number[s] < 0:
            number[s] = n
            for j in range(sizes[s]):
                pool[end + j] = buf[starts[s] + j]
            end += sizes[s]
            ends[n] = end
            n += 1
        used[i] = number[s]
    return n


@uncounted
def by_column(tags: Numbers, codes: Numbers, cursor: Ids, row: Numbers, value: Numbers) -> None:
    """Sort tags by their columns, those of one column backwards.

    Parameters
    ----------
    tags
        Row, column and string of each tag, shape (n, 3).
    codes
        What stands for each string.
    cursor
        Where each column ends; changed in place to where it begins.
    row, value
        Row and what stands for the string of each tag; filled in place.
    """
    for i in range(tags.shape[0]):
        column = tags[i, 1]
        at = cursor[column] - 1
        cursor[column] = at
        row[at], value[at] = tags[i, 0], codes[tags[i, 2]]
