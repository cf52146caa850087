"""Bytes taken four, eight and sixty-four at a time, as compiled code does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from geo_border.pbf.compiling import inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD, SHORT = 8, 4
"""Bytes that `eight_bytes` and `short` look at."""

ROW = 64
"""Bytes that `goes_on` looks at."""

GOES_ON = np.uint64(0x8080808080808080)
"""The bits of eight bytes that say a number goes on in the next byte."""

_ALL, _PARTS = np.uint64(64), np.uint64(0x7F7F7F7F7F7F7F7F)
_ONE, _TWO, _THREE, _FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_SEVENS = np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00)
_FOURTEENS = np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000)
_HALVES = np.uint64(0x0FFFFFFF), np.uint64(0x0FFFFFFF00000000)


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
def leading_number(word: np.uint64, ends: np.uint64) -> tuple[int, int]:
    """The number of variable length with which eight bytes begin.

    Parameters
    ----------
    word
        The bytes, the first the lowest.
    ends
        ``~word & GOES_ON``, not zero: a number ends in these bytes.

    Returns
    -------
    value
        The number as it is written, less than 2 to the 56th.
    size
        Its bytes.
    """
    value = joined_bits(word & (ends ^ (ends - _ONE)))
    return np.int64(value), np.int64(trailing_zeros(ends) >> _THREE) + 1  # type: ignore[return-value]  # int64 once compiled
