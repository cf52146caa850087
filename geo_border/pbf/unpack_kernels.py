"""Compiled unpacking: the blobs of a task inflate one after the other into the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from geo_border.pbf.compiling import compiled, uncounted
from geo_border.pbf.kernels import PACKED, SOUND, fail, objects
from geo_border.pbf.wire import LENGTH, VARINT, field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ids = NDArray[np.int64]

PLAIN = -1
"""Size in a frame of a block that is not packed."""

_SIZE, _ZLIB = 2 << 3 | VARINT, 3 << 3 | LENGTH


def _call(
    _context: Any, function: Any, state: Any, source: Any, size: Any, target: Any, room: Any
) -> Any:
    """Signature and generator of a call of libdeflate, as numba asks for them."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(64)
        kinds = [pointer, pointer, number, pointer, number, pointer]
        form = ir.FunctionType(ir.IntType(32), kinds)
        given = [
            builder.inttoptr(value, kind) if kind == pointer else value
            for value, kind in zip(values[1:], kinds, strict=False)
        ]
        called = builder.inttoptr(values[0], form.as_pointer())
        return builder.call(called, [*given, ir.Constant(pointer, None)])

    return types.int32(function, state, source, size, target, room), generate


_inflate: Any = intrinsic(_call)
"""`libdeflate_zlib_decompress` by its address; all arguments are whole numbers of 64 bits."""


@uncounted
def find_frames(
    data: Bytes, ends: Ids, largest: int, times: int, at_least: int, frames: Ids
) -> bool:
    """Find the packed bytes of blobs that lie back to back.

    Parameters
    ----------
    data
        The blobs as they are in the file.
    ends
        Where each ends.
    largest, times, at_least
        Limits of the size of a block: bytes, times the size packed, and bytes that it may
        have in any case.
    frames
        Start and end of the packed bytes, and size of the block, a row for each blob; filled
        in place.

    Returns
    -------
    bool
        False where a blob is not in the form that nearly all writers use, or not sound: one
        has to look more closely.
    """
    at = 0
    for b in range(ends.size):
        frames[b, 0] = frames[b, 1] = 0
        frames[b, 2] = -1
        while at < ends[b]:
            key, value, at = field(data, at, ends[b])
            if at < 0:
                return False
            if key == _SIZE and frames[b, 2] < 0:
                frames[b, 2] = value
            elif key == _ZLIB and frames[b, 1] == 0:
                frames[b, 0], frames[b, 1] = at - value, at
            else:
                return False
        packed = frames[b, 1] - frames[b, 0]
        if packed == 0 or not 0 <= frames[b, 2] <= min(largest, max(at_least, times * packed)):
            return False
    return True


@compiled
def unpacked(data: Bytes, frame: Ids, tool: tuple[int, int], block: Bytes, status: Ids) -> Bytes:
    """Inflate one block.

    Parameters
    ----------
    data
        What the blobs hold.
    frame
        Start, end and size, as `find_frames` found them; size `PLAIN` for a block that
        lies in `data` as it is.
    tool
        Address of `libdeflate_zlib_decompress`, and of a decompressor that no other thread
        uses.
    block
        Room for the largest block.
    status
        Changed in place if the block does not inflate to its size.

    Returns
    -------
    ndarray
        The block, in the memory of `block` or `data`.
    """
    start, end, size = frame[0], frame[1], frame[2]
    if size == PLAIN:
        return data[start:end]
    code = _inflate(
        np.int64(tool[0]),
        np.int64(tool[1]),
        np.int64(data.ctypes.data) + start,
        end - start,
        np.int64(block.ctypes.data),
        size,
    )
    if code != 0:
        fail(status, PACKED, 0)
    return block[:size]


@compiled
def look_into(data: Bytes, frames: Ids, tool: tuple[int, int], status: Ids) -> Ids:
    """Kinds of objects in some blocks.

    Parameters
    ----------
    data, frames, tool
        The blocks, packed, see `unpacked`.
    status
        Changed in place.

    Returns
    -------
    ndarray
        Bits of the kinds in the first column.
    """
    block = np.empty(largest_block(frames), np.uint8)
    spans = np.empty((0, 3), np.int32)
    looks = np.zeros((frames.shape[0], 2), np.int64)
    for b in range(frames.shape[0]):
        status[2] = b
        buf = unpacked(data, frames[b], tool, block, status)
        _, looks[b, 0] = objects(buf, 0, spans, status)
        if status[0] != SOUND:
            break
    return looks


@uncounted
def largest_block(frames: Ids) -> int:
    """Bytes of the largest block that is packed.

    Parameters
    ----------
    frames
        As `find_frames` found them.

    Returns
    -------
    int
        At least 1.
    """
    most = 1
    for b in range(frames.shape[0]):
        most = max(most, frames[b, 2])
    return most
