"""Inflating zlib streams of known size, on several threads at once.

libdeflate is the quickest there is, nearly twice as quick as ISA-L. The package ``deflate``
ships it, but its own functions keep the interpreter lock, so that two threads would take
turns; called through `ctypes`, libdeflate's run side by side. Where the package does not
export them (on Windows), ISA-L does the work.
"""

from __future__ import annotations

import ctypes
import importlib.util
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Inflate = Callable[[bytes | memoryview, int], NDArray[np.uint8]]

_SOUND, _DAMAGED = 0, 1


class InflateError(Exception):
    """A stream that does not inflate to its announced size, and why."""


@cache
def quickest() -> Inflate:
    """Choose what inflates on this machine.

    Returns
    -------
    callable
        `with_libdeflate` or, where that is not to be had, `with_isal`.
    """
    return with_isal if _libdeflate() is None else with_libdeflate


def with_libdeflate(packed: bytes | memoryview, size: int) -> NDArray[np.uint8]:
    """Inflate by libdeflate.

    Parameters
    ----------
    packed
        A zlib stream.
    size
        Bytes it inflates to; no more are ever written.

    Returns
    -------
    ndarray
        The bytes, read-only.

    Raises
    ------
    InflateError
        If the stream is damaged or of another size.
    """
    library = _libdeflate()
    assert library is not None
    stream = np.frombuffer(packed, np.uint8)
    block = np.empty(size, np.uint8)
    state = library.libdeflate_alloc_decompressor()
    if not state:
        raise MemoryError
    try:
        code = library.libdeflate_zlib_decompress(
            state, stream.ctypes.data, stream.size, block.ctypes.data, size, None
        )
    finally:
        library.libdeflate_free_decompressor(state)
    if code == _DAMAGED:
        raise InflateError("a blob does not inflate")
    if code != _SOUND:
        raise InflateError("a blob does not inflate to its announced size")
    block.flags.writeable = False
    return block


def with_isal(packed: bytes | memoryview, size: int) -> NDArray[np.uint8]:
    """Inflate by ISA-L.

    Parameters
    ----------
    packed
        A zlib stream.
    size
        Bytes it inflates to.

    Returns
    -------
    ndarray
        The bytes, read-only.

    Raises
    ------
    InflateError
        If the stream is damaged or of another size.
    """
    stream = isal_zlib.decompressobj()
    try:
        # One byte more than announced: a bomb shows itself and does not go off.
        block = stream.decompress(packed, size + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # untyped
        raise InflateError(f"a blob does not inflate ({error})") from None
    if len(block) != size or not stream.eof:
        raise InflateError("a blob does not inflate to its announced size")
    return np.frombuffer(block, np.uint8)


def is_compiled() -> bool:
    """Whether compiled code can inflate, by `tool`.

    Returns
    -------
    bool
        False where libdeflate is not to be had.
    """
    return _libdeflate() is not None


@contextmanager
def tool() -> Iterator[tuple[int, int]]:
    """What compiled code needs to inflate by libdeflate in one thread.

    Yields
    ------
    address, state : int
        Address of ``libdeflate_zlib_decompress`` and of a decompressor; zeros where the
        library is not to be had.

    Raises
    ------
    MemoryError
        If there is no memory for a decompressor.
    """
    library = _libdeflate()
    if library is None:
        yield 0, 0
        return
    state = library.libdeflate_alloc_decompressor()
    if not state:
        raise MemoryError
    try:
        address = ctypes.cast(library.libdeflate_zlib_decompress, ctypes.c_void_p).value
        yield address or 0, state
    finally:
        library.libdeflate_free_decompressor(state)


@cache
def _libdeflate() -> ctypes.CDLL | None:
    """The library in the package's extension module, if it exports its functions."""
    package = importlib.util.find_spec("deflate")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for file in sorted(Path(folder).glob("_deflate*")):
            try:
                library = ctypes.CDLL(str(file))
                allocate = library.libdeflate_alloc_decompressor
                release = library.libdeflate_free_decompressor
                inflate = library.libdeflate_zlib_decompress
            except (OSError, AttributeError):
                continue
            pointer, number = ctypes.c_void_p, ctypes.c_size_t
            allocate.restype, allocate.argtypes = pointer, []
            release.restype, release.argtypes = None, [pointer]
            inflate.restype = ctypes.c_int
            inflate.argtypes = [pointer, pointer, number, pointer, number, pointer]
            return library
    return None
