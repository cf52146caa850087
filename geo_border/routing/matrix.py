"""The matrix of all pairs across the border, or a block of it, on disk where memory is short."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from geo_border.routing.crossing import Crossing

ROWS = 1024
"""Origins whose times are held at once."""


def write_matrix(
    crossing: Crossing,
    file: Path | str,
    *,
    rows: slice = slice(None),
    columns: slice = slice(None),
    dtype: type[np.float64 | np.float32] = np.float32,
) -> np.memmap[tuple[int, int], np.dtype[np.float64 | np.float32]]:
    """Write times of all pairs, or of a block of them, as a NumPy file mapped into memory.

    Parameters
    ----------
    crossing
        Factored times, as `geo_border.routing.crossing.across` gives them.
    file
        The ``.npy`` file; it appears whole or not at all, and replaces an earlier one.
    rows, columns
        Origins and destinations of the block; all if not given.
    dtype
        Type of the hours in the file; they are computed in the type of `crossing`.

    Returns
    -------
    memmap
        Hours, infinite where there is no way, shape (rows, columns), read as it is used.
    """
    target = Path(file)
    A, E = crossing.A[rows], crossing.E[:, columns]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.parent) as folder:
        aside = Path(folder) / target.name
        shape = len(A), E.shape[1]
        times = np.lib.format.open_memmap(aside, "w+", dtype=dtype, shape=shape)
        for start in range(0, shape[0], ROWS):
            here = slice(start, start + ROWS)
            part = type(crossing)(A[here], E, crossing.last[:, columns])
            times[here] = part.matrix()[0]
        times.flush()
        del times
        aside.replace(target)
    return np.lib.format.open_memmap(target, "r")
