"""Compiled kernels: one decorator, and blocks of rows on all cores or all workers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from geo_border.compute.cluster import current_cluster, on_workers
from geo_border.compute.machine_code import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F")
R = TypeVar("R")

BLOCKS = 32
"""Most blocks that rows are cut into; fixed, so that sums do not depend on the machine."""

SMALLEST_BLOCK = 64

SHARED = [Path(__file__).parents[1] / room for room in ("geometry", "routing", "routing/engine")]
"""Folders of the kernels that other rooms call."""


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays once, without the interpreter lock.

    Parameters
    ----------
    function
        The function. It may call kernels of its own folder and those of `SHARED`. Its machine
        code is kept beside its file for the next run, and made anew when a file of these
        folders changes.

    Returns
    -------
    callable
        The compiled function.
    """
    return kept(function, *SHARED, nogil=True)


def in_blocks(rows: int, work: Callable[[slice], R], *, size: int | None = None) -> Iterator[R]:
    """Apply `work` to blocks of rows, on all cores or on the workers of the cluster in use.

    Parameters
    ----------
    rows
        Number of rows.
    work
        Called with the slice of each block; should spend its time in kernels. A function of
        a module, or a `functools.partial` of one: workers get its arguments, and find its
        code by its name.
    size
        Rows of a block; a fixed number of blocks if not given.

    Yields
    ------
    object
        What `work` returned for each block, in the order of the rows: sums over the
        blocks come out the same on any number of cores and workers.
    """
    if size is None:
        size = max(SMALLEST_BLOCK, -(-rows // BLOCKS))
    blocks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
    if (cluster := current_cluster()) is not None:
        yield from on_workers(cluster, work, blocks)
        return
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield from pool.map(work, blocks)
    finally:
        # Whoever stops a run is not kept waiting for blocks that nobody will look at.
        pool.shutdown(wait=False, cancel_futures=True)
