"""Protocol-buffer wire format in compiled code that never reads past its buffer.

Every position is checked against the end of the message it lies in; a damaged message
gives the position `BAD` or a status other than `SOUND`, never an exception, because an
exception in compiled code would leak the arrays it leaves behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.pbf.compiling import inlined, uncounted
from geo_border.pbf.words import (
    GOES_ON,
    WORD,
    eight_bytes,
    four_bytes,
    leading_number,
    trailing_zeros,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


BAD = -1
"""The position after something that could not be read."""

VARINT, LENGTH = 0, 2
"""Wire types: a number of variable length, and bytes preceded by their length."""

ID_LIMIT = 1 << 60
"""Beyond any id that exists; below it, sums and differences of ids cannot overflow."""


@uncounted
def varint(buf: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Read a number of variable length.

    Parameters
    ----------
    buf
        The block.
    at
        Where the number starts; `BAD` is passed on.
    end
        Where the message around it ends.

    Returns
    -------
    value
        The number as a signed one of 64 bits.
    at
        The position after it; `BAD` if it is cut off or longer than 10 bytes.
    """
    if 0 <= at < end and buf[at] < 0x80:
        return np.int64(buf[at]), at + 1  # type: ignore[return-value]  # int64 once compiled
    value = 0
    shift = 0
    while 0 <= at < end and shift < 70:
        byte = np.int64(buf[at])
        at += 1
        # Of the tenth byte, only the lowest bit is left by the shift.
        value |= (byte & 0x7F) << shift  # type: ignore[assignment]  # int64 once compiled
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, BAD


@inlined
def short(buf: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Read a difference of at most four bytes, without a branch for its length.

    Lengths of differences of coordinates follow no pattern, so that a loop over their bytes
    costs more in mispredicted branches than in work.

    Parameters
    ----------
    buf
        The block.
    at
        Where the number starts; the caller has seen that ``at + 4 <= buf.size``.

    Returns
    -------
    value
        The signed number that was written, less than 2 to the 27th.
    at
        The position after it; `BAD` if it is longer than four bytes.
    """
    word = four_bytes(buf, at)
    ends = ~word & np.uint32(0x80808080)
    if ends == 0:
        return 0, BAD
    size = np.int64(trailing_zeros(np.uint64(ends)) >> np.uint64(3)) + 1
    word &= (ends ^ (ends - np.uint32(1))) & np.uint32(0x7F7F7F7F)
    word = word & np.uint32(0x007F007F) | (word & np.uint32(0x7F007F00)) >> np.uint32(1)
    word = word & np.uint32(0x3FFF) | word >> np.uint32(2) & np.uint32(0x0FFFC000)
    return np.int64(word >> np.uint32(1)) ^ -np.int64(word & np.uint32(1)), at + size  # type: ignore[return-value]  # int64 once compiled


@inlined
def difference(buf: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Read a signed difference; quickest for one byte, and quick for up to eight.

    Parameters
    ----------
    buf
        The block.
    at
        Where the number starts, before `end`.
    end
        Where the message around it ends. Its last byte ends a number.

    Returns
    -------
    value
        The signed number that was written.
    at
        The position after it; `BAD` if it is longer than 10 bytes.
    """
    byte = np.int64(buf[np.uint64(at)])
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at + 1  # type: ignore[return-value]  # as above
    if at + WORD <= buf.size:
        word = eight_bytes(buf, at)
        ends = ~word & GOES_ON
        if ends:
            value, size = leading_number(word, ends)
            return zigzag(value), at + size
    value, after = varint(buf, at, end)
    return zigzag(value), after


@inlined
def zigzag(value: int) -> int:
    """Signed number whose sign the format moved to the lowest bit.

    Parameters
    ----------
    value
        What `varint` read.

    Returns
    -------
    int
        The number that was written.
    """
    return ((value >> 1) & 0x7FFFFFFFFFFFFFFF) ^ -(value & 1)


@inlined
def quick_field(buf: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Read one field of a key of one byte, and a number or length of up to eight.

    Parameters
    ----------
    buf
        The block.
    at
        Where the field starts.
    end
        Where the message ends.

    Returns
    -------
    key, value, at
        As of `field`; key 0 for a field of another form.
    """
    if not 0 <= at < end or at + 1 + WORD > buf.size:
        return 0, 0, BAD
    key = np.int64(buf[np.uint64(at)])
    byte = np.int64(buf[np.uint64(at) + np.uint64(1)])
    if byte < 0x80 and 8 <= key < 0x80 and not key & 5:
        after = at + 2 + byte if key & LENGTH else at + 2
        return key, byte, after if after <= end else BAD  # type: ignore[return-value]  # int64
    word = eight_bytes(buf, at + 1)
    ends = ~word & GOES_ON
    if not 8 <= key < 0x80 or key & 5 or ends == 0:
        return 0, 0, BAD
    value, size = leading_number(word, ends)
    after = at + 1 + size
    if key & LENGTH:
        after = after + value if value <= end - after else BAD
    return key, value, after if after <= end else BAD  # type: ignore[return-value]  # int64


@inlined
def field(buf: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Read one field of a message.

    Parameters
    ----------
    buf
        The block.
    at
        Where the field starts.
    end
        Where the message ends.

    Returns
    -------
    key
        Field number times 8 plus wire type.
    value
        The number, or the length of the bytes, which end where the next field starts.
    at
        Where the next field starts; `BAD` if this one reaches past the message.
    """
    key, value, after = quick_field(buf, at, end)
    if key:
        return key, value, after
    key, at = varint(buf, at, end)
    if at < 0 or key < 8:
        return 0, 0, BAD
    wire = key & 7
    if wire == VARINT:
        value, at = varint(buf, at, end)
        return key, value, at
    if wire == LENGTH:
        size, at = varint(buf, at, end)
    elif wire == 1:
        size = 8
    elif wire == 5:
        size = 4
    else:
        return 0, 0, BAD
    if at < 0 or size < 0 or size > end - at:
        return 0, 0, BAD
    return key, size, at + size


@inlined
def claim(key: int, seen: int, lengths: int, numbers: int) -> int:
    """Note that a field was met; refuse it in another wire type or a second time.

    A field of unexpected type would otherwise pass for an unknown one and be lost.

    Parameters
    ----------
    key
        Field number times 8 plus wire type.
    seen
        Bits of the field numbers met before.
    lengths
        Bits of the field numbers that are bytes with a length.
    numbers
        Bits of the field numbers that are single numbers.

    Returns
    -------
    int
        `seen` with this field's bit, or `BAD`. Fields in neither set are let pass.
    """
    number = key >> 3
    if number > 31:
        return seen
    bit = 1 << number
    if lengths & bit:
        right = key & 7 == LENGTH
    elif numbers & bit:
        right = key & 7 == VARINT
    else:
        return seen
    if not right or seen & bit:
        return BAD
    return seen | bit
