"""Compiled kernels: one decorator, and blocks of rows on all cores or all workers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache

from geo_border.routing.cluster import current_cluster, on_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F")
R = TypeVar("R")

BLOCKS = 32
"""Most blocks that rows are cut into; fixed, so that sums do not depend on the machine."""

SMALLEST_BLOCK = 64

SOURCES = sha256(
    b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()
"""Hash of this folder, where every kernel lives that a kernel of another file calls."""


class _PackageCache(FunctionCache):
    """Machine code on disk, found only while no kernel that it may contain has changed.

    A compiled kernel holds the code of those it calls, but numba looks at its own file
    alone. With the hash of the folder in the key, whoever upgrades or edits gets new code.
    """

    def _index_key(self, sig: object, codegen: object) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), SOURCES)  # type: ignore[no-untyped-call]


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays once, without the interpreter lock.

    Parameters
    ----------
    function
        The function. It may call kernels of its own file and of this folder. Its machine
        code is kept beside its file for the next run, and made anew when one of these
        files changes.

    Returns
    -------
    callable
        The compiled function.
    """
    compiled: Any = njit(nogil=True)(cast("Any", function))
    # What cache=True does, with another key.
    compiled._cache = _PackageCache(function)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return cast("F", compiled)


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
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, blocks)
