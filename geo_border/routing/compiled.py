"""Compiled kernels: one decorator, and blocks of rows on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F")
R = TypeVar("R")

BLOCKS = 32
"""Most blocks that rows are cut into; fixed, so that sums do not depend on the machine."""

SMALLEST_BLOCK = 64


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays once, without the interpreter lock.

    Parameters
    ----------
    function
        The function. Its machine code is kept beside its file for the next run and made
        anew when that file changes, but not when only the file of a kernel that it calls
        does: empty ``__pycache__`` then.

    Returns
    -------
    callable
        The compiled function.
    """
    return cast("F", njit(cache=True, nogil=True)(function))


def in_blocks(rows: int, work: Callable[[slice], R]) -> Iterator[R]:
    """Apply `work` to blocks of rows, on all cores.

    Parameters
    ----------
    rows
        Number of rows.
    work
        Called with the slice of each block; should spend its time in kernels.

    Yields
    ------
    object
        What `work` returned for each block, in the order of the rows: sums over the
        blocks come out the same on any number of cores.
    """
    size = max(SMALLEST_BLOCK, -(-rows // BLOCKS))
    blocks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, blocks)
