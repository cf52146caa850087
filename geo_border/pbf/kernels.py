"""Compiled decoding of the blocks of a PBF file into arrays.

A kernel gets an inflated block, walks it and returns arrays; `status` (code, byte) says
whether the block was sound and, if not, what was wrong at which of its bytes.

References
----------
OpenStreetMap wiki, "PBF Format"; osmformat.proto of the OSM-binary project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.pbf.compiling import compiled, inlined, uncounted
from geo_border.pbf.wire import ID_LIMIT, LENGTH, VARINT, claim, difference, field
from geo_border.pbf.words import (
    ROW,
    WORD,
    below,
    eight_bytes,
    goes_on,
    number_at,
    set_bits,
    trailing_zeros,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

SOUND, CUT, FORM, STRING, UNEVEN, ID, MISSING, PLACE, HISTORY, UNIT, KIND, PACKED = range(12)
"""What was found in a block; `PROBLEMS` says it in words."""

PROBLEMS = {
    CUT: "a field reaches past the end of what holds it",
    FORM: "a field comes twice, or in a form that the format does not have",
    STRING: "a tag or role names a string that the block does not hold",
    UNEVEN: "lists that belong together differ in length",
    ID: "an id is out of range",
    MISSING: "an object lacks its id, its coordinates or its strings",
    PLACE: "a coordinate does not lie on the Earth",
    HISTORY: "the file holds deleted objects, so it is a history or change file",
    UNIT: "granularity or offset of the coordinates is out of range",
    KIND: "a relation member is neither node, way nor relation",
    PACKED: "a blob does not inflate to its announced size",
}

NODES, WAYS, RELATIONS = 1, 2, 4
"""Bits of the kinds of objects in a block."""

UNPLACED = 2147483647
"""The coordinate, in 1e-7 degrees, that libosmium writes for a node without one."""

NANO_LIMIT = 2_000_000_000_000
"""Far beyond any coordinate in nanodegrees; below it nothing overflows."""

DELTA_LIMIT = 1 << 61

_BYTES_AN_OBJECT = 32

_EIGHT = np.uint64(0xFF)
"""Eight numbers that end in eight bytes."""

_STRINGS = 1 << 3 | LENGTH
_GROUP = 2 << 3 | LENGTH
_NODE = 1 << 3 | LENGTH
_DENSE = 2 << 3 | LENGTH
_WAY = 3 << 3 | LENGTH
_RELATION = 4 << 3 | LENGTH


@uncounted
def fail(status: Ids, code: int, at: int) -> None:
    """Note the first thing that is wrong with a block.

    Parameters
    ----------
    status
        Code and byte, changed in place.
    code
        What is wrong.
    at
        Near which byte of the block.
    """
    if status[0] == SOUND:
        status[0] = code
        status[1] = at


@uncounted
def block_units(buf: Bytes, status: Ids) -> tuple[int, int, int, int, int]:
    """Units of the coordinates of a block, and where its strings lie.

    Parameters
    ----------
    buf
        The block.
    status
        Changed in place.

    Returns
    -------
    granularity, lat_offset, lon_offset
        Nanodegrees.
    start, end
        Bytes of the string table.
    """
    granularity, lat_offset, lon_offset, start, end = 100, 0, 0, 0, 0
    seen = 0
    at = 0
    while at < buf.size:
        here = at
        key, value, at = field(buf, at, buf.size)
        if at < 0:
            fail(status, CUT, here)
            break
        seen = claim(key, seen, 1 << 1, 1 << 17 | 1 << 19 | 1 << 20)
        if seen < 0 or (key >> 3 == 2 and key != _GROUP):
            fail(status, FORM, here)
            break
        if key == _STRINGS:
            start, end = at - value, at
        elif key == 17 << 3 | VARINT:
            granularity = value
        elif key == 19 << 3 | VARINT:
            lat_offset = value
        elif key == 20 << 3 | VARINT:
            lon_offset = value
    if (
        not 1 <= granularity <= 1_000_000_000
        or abs(lat_offset // 2) > NANO_LIMIT // 2
        or abs(lon_offset // 2) > NANO_LIMIT // 2
    ):
        fail(status, UNIT, 0)
        granularity = 100
    return granularity, lat_offset, lon_offset, start, end


@uncounted
def objects(buf: Bytes, wanted: int, spans: Numbers, status: Ids) -> tuple[int, int]:
    """Where the nodes, ways or relations of a block lie.

    Parameters
    ----------
    buf
        The block.
    wanted
        Bits of the kinds to list.
    spans
        Start and end of each object, and whether it is a list of dense nodes, a row each;
        filled in place as far as there is room.
    status
        Changed in place.

    Returns
    -------
    n
        How many objects there are, rows or not.
    seen
        Bits of the kinds that the block holds.
    """
    n = seen = at = 0
    while at < buf.size and status[0] == SOUND:
        here = at
        key, size, at = field(buf, at, buf.size)
        if at < 0:
            fail(status, CUT, here)
            break
        if key != _GROUP:
            if key >> 3 == _GROUP >> 3:
                fail(status, FORM, here)
            continue
        inner = at - size
        while inner < at:
            here = inner
            key, size, inner = field(buf, inner, at)
            if inner < 0:
                fail(status, CUT, here)
                break
            if key >> 3 <= 4 and key & 7 != LENGTH:
                fail(status, FORM, here)
                break
            kind = kind_bit(key)
            seen |= kind
            if kind & wanted:
                if n < spans.shape[0]:
                    spans[n, 0], spans[n, 1], spans[n, 2] = inner - size, inner, key == _DENSE
                n += 1
    return n, seen


@compiled
def listed(buf: Bytes, wanted: int, status: Ids) -> tuple[Numbers, int]:
    """Where the nodes, ways or relations of a block lie.

    Parameters
    ----------
    buf, wanted, status
        As for `objects`.

    Returns
    -------
    spans
        As `objects` fills them.
    seen
        Bits of the kinds that the block holds.
    """
    n = buf.size // _BYTES_AN_OBJECT + 1
    while True:
        spans = np.empty((n, 3), np.int32)
        n, seen = objects(buf, wanted, spans, status)
        if n <= spans.shape[0]:
            return spans[:n], seen


@uncounted
def message(
    buf: Bytes, at: int, end: int, lengths: int, numbers: int, fields: Ids, status: Ids
) -> int:
    """Find the fields of a node, way or relation.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the object.
    lengths
        Bits of the field numbers that are bytes with a length.
    numbers
        Bits of the field numbers that are single numbers.
    fields
        Shape (11, 2), filled in place: start and end of a field of bytes, value and 0 of
        a number; zeros for one that is not there.
    status
        Changed in place.

    Returns
    -------
    int
        Bits of the fields that are there.
    """
    fields[:] = 0
    claimed = 0
    while at < end:
        here = at
        key, value, at = field(buf, at, end)
        if at < 0:
            fail(status, CUT, here)
            break
        claimed = claim(key, claimed, lengths, numbers)
        if claimed < 0:
            fail(status, FORM, here)
            break
        number = key >> 3
        if number < 11 and lengths >> number & 1:
            fields[number, 0] = at - value
            fields[number, 1] = at
        elif number < 11 and numbers >> number & 1:
            fields[number, 0] = value
    return claimed


@uncounted
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


@inlined
def kind_bit(key: int) -> int:
    """Bit of the kind of object that a field of a group holds.

    Parameters
    ----------
    key
        Field number times 8 plus wire type.

    Returns
    -------
    int
        `NODES`, `WAYS`, `RELATIONS` or 0.
    """
    if key == _NODE or key == _DENSE:  # noqa: PLR1714, SIM109  (a set is built each time)
        return NODES
    if key == _WAY:
        return WAYS
    if key == _RELATION:
        return RELATIONS
    return 0


@uncounted
def check_visible(buf: Bytes, at: int, end: int, status: Ids) -> None:
    """Refuse metadata that say an object was deleted.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the metadata of one object, or of a list of dense nodes.
    status
        Changed in place.
    """
    if only_numbers(buf, at, end):
        return
    while at < end:
        here = at
        key, value, at = field(buf, at, end)
        if at < 0:
            fail(status, CUT, here)
            break
        if key == 6 << 3 | VARINT and value == 0:
            fail(status, HISTORY, here)
        elif key == 6 << 3 | LENGTH:
            for i in range(at - value, at):
                if buf[i] == 0:
                    fail(status, HISTORY, i)
                    break


@inlined
def only_numbers(buf: Bytes, at: int, end: int) -> bool:
    """Whether short metadata are sound and hold numbers alone, none of which is ``visible``.

    Parameters
    ----------
    buf
        The block.
    at, end
        Bytes of the metadata.

    Returns
    -------
    bool
        False where one has to look more closely.
    """
    size = end - at
    if size >= ROW or at + ROW > buf.size:
        return size == 0
    ends = ~goes_on(buf, at) & below(size)
    looked = 0
    while ends != 0:
        key = np.int64(buf[np.uint64(at + looked)])
        value = ends & (ends - np.uint64(1))
        if key & 0x87 != VARINT or key == 6 << 3 or key < 8 or value == 0:
            return False
        looked = np.int64(trailing_zeros(value)) + 1  # type: ignore[assignment]  # int64
        ends = value & (value - np.uint64(1))
    return looked == size


@uncounted
def numbers_in(buf: Bytes, at: int, end: int) -> int:
    """How many numbers of variable length end in a span of bytes.

    Parameters
    ----------
    buf
        The block.
    at, end
        The bytes.

    Returns
    -------
    int
        Never more than the bytes.
    """
    n = 0
    while at + ROW <= end:
        n += ROW - np.int64(set_bits(goes_on(buf, at)))  # type: ignore[assignment]  # int64
        at += ROW
    for i in range(at, end):
        n += buf[i] < 0x80
    return n


@uncounted
def take_sums(  # noqa: C901, PLR0912  (one walk)
    buf: Bytes, at: int, end: int, limit: int, code: int, out: Ids, n: int, status: Ids
) -> int:
    """Read a list of numbers written as differences.

    Parameters
    ----------
    buf
        The block.
    at, end
        The bytes of the list.
    limit
        The numbers must be less than this, absolutely.
    code
        What is wrong if they are not.
    out
        Numbers so far; has room for as many as end in the bytes (`numbers_in`).
    n
        How many.
    status
        Changed in place.

    Returns
    -------
    int
        How many there are now.
    """
    value = 0
    if at < end and buf[end - 1] > 0x7F:
        fail(status, CUT, end - 1)
        return n
    near = limit - WORD * 0x40
    row = at
    while row < end:
        # The numbers that end in a row of bytes; in the last ones of a block, one number.
        ends = np.uint64(1)
        is_row = row + ROW + WORD <= buf.size
        if is_row:
            ends = ~goes_on(buf, row)
            if end < row + ROW:
                ends &= below(end - row)
        while ends != 0:
            here = at
            if is_row and at >= row and -near < value < near:
                behind = ends >> np.uint64(at - row)
                if behind & _EIGHT == _EIGHT:
                    # Eight differences of one byte each, as ids mostly are.
                    word = eight_bytes(buf, at)
                    for i in range(WORD):
                        byte = np.int64(word >> np.uint64(8 * i) & np.uint64(0x7F))
                        value += (byte >> 1) ^ -(byte & 1)  # type: ignore[assignment]  # int64
                        out[n + i] = value
                    n += WORD
                    at += WORD
                    ends = (behind ^ _EIGHT) << np.uint64(at - WORD - row)
                    continue
            size: int = row + np.int64(trailing_zeros(ends)) + 1 - at  # type: ignore[assignment]  # int64
            if is_row and size <= WORD:
                delta = number_at(buf, at, size)
                at += size
            else:
                delta, at = difference(buf, at, end)
                if at < 0:
                    fail(status, CUT, here)
                    return n
                # Beyond this the sum could overflow.
                if not -DELTA_LIMIT < delta < DELTA_LIMIT:
                    fail(status, code, here)
                    return n
            ends &= ends - np.uint64(1)
            value += delta
            if not -limit < value < limit:
                fail(status, code, here)
                return n
            out[n] = value
            n += 1
        row = row + ROW if is_row else at
    return n
