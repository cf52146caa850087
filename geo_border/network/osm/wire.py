"""Protocol-buffer wire format in compiled code that never reads past its buffer.

Every position is checked against the end of the message it lies in; a damaged message
gives the position `BAD` or a status other than `SOUND`, never an exception, because an
exception in compiled code would leak the arrays it leaves behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

F = TypeVar("F")
T = TypeVar("T", bound=np.generic)

BAD = -1
"""The position after something that could not be read."""

VARINT, LENGTH = 0, 2
"""Wire types: a number of variable length, and bytes preceded by their length."""

ID_LIMIT = 1 << 60
"""Beyond any id that exists; below it, sums and differences of ids cannot overflow."""


def compiled(function: F) -> F:
    """Compile a function once, to run without the interpreter lock.

    Parameters
    ----------
    function
        A function of numbers and arrays; its machine code is kept beside the file.

    Returns
    -------
    callable
        The compiled function.
    """
    return cast("F", njit(cache=True, nogil=True)(function))


@compiled
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


@compiled
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


@compiled
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


@compiled
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


@compiled
def seek(ids: NDArray[np.int64], at: int, wanted: int) -> int:
    """First position in sorted ids whose id is not less than the wanted one.

    Parameters
    ----------
    ids
        Ids in ascending order.
    at
        Where to start; the cost grows with the logarithm of the distance from here.
    wanted
        The id to find.

    Returns
    -------
    int
        A position, ``len(ids)`` if all ids are less.
    """
    n = ids.size
    at = min(max(at, 0), n)
    step = 1
    if at < n and ids[at] < wanted:
        low = at
        while low + step < n and ids[low + step] < wanted:
            low += step
            step *= 2
        high = min(low + step, n)
    else:
        high = at
        low = high - 1
        while low >= 0 and ids[low] >= wanted:
            high = low
            low -= step
            step *= 2
        low = max(low, -1)
    while high - low > 1:
        middle = (low + high) // 2
        if ids[middle] < wanted:
            low = middle
        else:
            high = middle
    return high


@compiled
def room(array: NDArray[T], size: int) -> NDArray[T]:
    """The array itself, or a copy at least twice as long, if it has no room for `size`.

    Parameters
    ----------
    array
        The array; only its beginning is in use.
    size
        Elements there must be room for.

    Returns
    -------
    ndarray
        An array of at least `size` elements that begins with the same ones.
    """
    if size <= array.size:
        return array
    larger = np.empty(max(size, 2 * array.size), array.dtype)
    larger[: array.size] = array
    return larger
