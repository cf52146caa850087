"""Protocol-buffer wire format in compiled code that never reads past its buffer.

Every position is checked against the end of the message it lies in; a damaged message
gives the position `BAD` or a status other than `SOUND`, never an exception, because an
exception in compiled code would leak the arrays it leaves behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

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

WORD, SHORT = 8, 4
"""Bytes that `eight_bytes` and `short` look at."""

ROW = 64
"""Bytes that `goes_on` looks at."""

GOES_ON = np.uint64(0x8080808080808080)
"""The bits of eight bytes that say a number goes on in the next byte."""

_UNCOUNTED: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""`_nrt` leaves out numba's counting of references, as issue 2350 of numba describes it."""

_ALL, _PARTS = np.uint64(64), np.uint64(0x7F7F7F7F7F7F7F7F)
_ONE, _TWO, _THREE, _FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_SEVENS = np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00)
_FOURTEENS = np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000)
_HALVES = np.uint64(0x0FFFFFFF), np.uint64(0x0FFFFFFF00000000)


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


def inlined(function: F) -> F:
    """Compile a small function into each of those that call it.

    Parameters
    ----------
    function
        Like those for `compiled`, but short: a call costs more than it does.

    Returns
    -------
    callable
        The compiled function.
    """
    return cast("F", njit(forceinline=True, **_UNCOUNTED)(function))


def uncounted(function: F) -> F:
    """Compile a function that neither makes arrays nor gives any back.

    In loops with branches numba counts who holds each array, again and again, which costs more
    than to read a number; here nothing is counted, as the caller holds the arrays.

    Parameters
    ----------
    function
        Like those for `compiled`. Numba refuses one that makes an array.

    Returns
    -------
    callable
        The compiled function.
    """
    return cast("F", njit(**_UNCOUNTED)(function))


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


def _count_zeros(_context: Any, word: Any) -> Any:
    """Signature and generator of the instruction that counts zeros, as numba asks for them."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.uint64(word), generate


trailing_zeros: Any = intrinsic(_count_zeros)
"""Zeros below the lowest set bit of an unsigned number of 64 bits; 64 if none is set."""


def _count_ones(_context: Any, word: Any) -> Any:
    """Signature and generator of the instruction that counts ones, as numba asks for them."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(word), generate


set_bits: Any = intrinsic(_count_ones)
"""How many bits of an unsigned number of 64 bits are set."""


def _top_bits(_context: Any, buf: Any, _at: Any) -> Any:
    """Signature and generator of the comparison of a row of bytes, as numba asks for them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        row = ir.VectorType(ir.IntType(8), ROW)
        start = builder.gep(array.data, [arguments[1]])
        pointer = builder.bitcast(start, row.as_pointer())
        content = builder.load(pointer, align=1)
        is_set = builder.icmp_signed("<", content, ir.Constant(row, [0] * ROW))
        return builder.bitcast(is_set, ir.IntType(ROW))

    return types.uint64(buf, types.intp), generate


goes_on: Any = intrinsic(_top_bits)
"""Which of `ROW` bytes from a position on say that a number goes on, a bit for each byte.

The caller has seen that the position is not negative and that ``at + ROW <= buf.size``.
"""


@inlined
def below(n: int) -> np.uint64:
    """The lowest bits of a word.

    Parameters
    ----------
    n
        How many, less than `ROW`.

    Returns
    -------
    uint64
        Those bits set.
    """
    return (_ONE << np.uint64(n)) - _ONE


@inlined
def number_at(buf: NDArray[np.uint8], at: int, size: int) -> int:
    """Read a signed difference whose length is known.

    Parameters
    ----------
    buf
        The block.
    at
        Where the number starts; the caller has seen that ``at + WORD <= buf.size``.
    size
        Its bytes, from 1 to `WORD`.

    Returns
    -------
    int
        The signed number that was written, less than 2 to the 55th.
    """
    word = eight_bytes(buf, at) & (_PARTS >> (_ALL - np.uint64(8 * size)))
    value = joined_bits(word)
    return np.int64(value >> _ONE) ^ -np.int64(value & _ONE)  # type: ignore[return-value]  # int64


@inlined
def joined_bits(word: np.uint64) -> np.uint64:
    """Number of variable length from its bytes.

    Parameters
    ----------
    word
        The bytes, the first the lowest, zeros behind the last; highest bits cleared.

    Returns
    -------
    uint64
        The number.
    """
    word = (word & _SEVENS[0]) | ((word & _SEVENS[1]) >> _ONE)
    word = (word & _FOURTEENS[0]) | ((word & _FOURTEENS[1]) >> _TWO)
    return (word & _HALVES[0]) | ((word & _HALVES[1]) >> _FOUR)


@inlined
def eight_bytes(buf: NDArray[np.uint8], at: int) -> np.uint64:
    """Eight bytes as one number, the first the lowest; compiles to a single load.

    Parameters
    ----------
    buf
        The block.
    at
        The first byte, not negative; the caller has seen that ``at + WORD <= buf.size``.

    Returns
    -------
    uint64
        The number.
    """
    word = np.uint64(0)
    for i in range(WORD):
        word |= np.uint64(buf[np.uint64(at) + np.uint64(i)]) << np.uint64(8 * i)
    return word


@inlined
def four_bytes(buf: NDArray[np.uint8], at: int) -> np.uint32:
    """Four bytes as one number, the first the lowest; compiles to a single load.

    Parameters
    ----------
    buf
        The block.
    at
        The first byte, not negative; the caller has seen that ``at + 4 <= buf.size``.

    Returns
    -------
    uint32
        The number.
    """
    word = np.uint32(0)
    for i in range(4):
        word |= np.uint32(buf[np.uint64(at) + np.uint64(i)]) << np.uint32(8 * i)
    return word


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
    size = np.int64(trailing_zeros(np.uint64(ends)) >> _THREE) + 1
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
            size: int = np.int64(trailing_zeros(ends) >> _THREE) + 1  # type: ignore[assignment]
            return number_at(buf, at, size), at + size
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
    value = np.int64(joined_bits(word & (ends ^ (ends - _ONE))))
    after = at + 2 + np.int64(trailing_zeros(ends) >> _THREE)
    if key & LENGTH:
        after = after + value if value <= end - after else np.int64(BAD)
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


@uncounted
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
