"""Tags as columns: strings of many blocks become one dictionary, tags become categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from geo_border.errors import ExtractError
from geo_border.pbf.string_kernels import by_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class Dictionary:
    """All strings of a kind of object; each block's strings are numbered on from the last.

    The strings are made one dictionary when all blocks are in: pyarrow does that in one
    go, in the order in which they first came.
    """

    def __init__(self) -> None:
        self._pools: list[NDArray[np.uint8]] = []
        self._ends: list[NDArray[np.int64]] = []
        self._origins: list[tuple[Path, Sequence[tuple[int, int | None]]]] = []
        self._strings = 0
        self._bytes = 0

    def add(
        self,
        pool: NDArray[np.uint8],
        ends: NDArray[np.int64],
        path: Path,
        origins: Sequence[tuple[int, int | None]],
    ) -> int:
        """Add the strings of some blocks.

        Parameters
        ----------
        pool, ends
            Bytes of the strings back to back, and where each ends.
        path, origins
            The file, how many of the strings come before each block, and where it lies, for
            errors.

        Returns
        -------
        int
            Number of the first string.
        """
        base = self._strings
        if ends.size:
            self._pools.append(pool)
            self._ends.append(ends + self._bytes)
            self._origins.append((path, origins))
            self._strings += ends.size
            self._bytes += pool.size
        return base

    def encoded(self) -> tuple[NDArray[np.int32], pa.Array]:
        """Make one dictionary of all strings.

        Returns
        -------
        codes
            Entry of each string.
        entries
            The strings, once each.

        Raises
        ------
        ExtractError
            If a string is not UTF-8.
        """
        pool = np.concatenate([np.empty(0, np.uint8), *self._pools])
        ends = np.concatenate([np.zeros(1, np.int64), *self._ends])
        found = _binary(pool, ends).dictionary_encode()
        try:
            entries = found.dictionary.cast(pa.large_string())
        except pa.ArrowInvalid:
            raise self._not_text() from None
        return found.indices.to_numpy(), entries

    def _not_text(self) -> ExtractError:
        """Error that names the first block with a string that is not UTF-8."""
        before = 0
        for pool, ends, (path, origins) in zip(self._pools, self._ends, self._origins, strict=True):
            bounds = np.concatenate([[0], ends - before])
            firsts = [first for first, _ in origins]
            for (first, offset), stop in zip(origins, [*firsts[1:], ends.size], strict=True):
                try:
                    _binary(pool, bounds[first : stop + 1]).cast(pa.large_string())
                except pa.ArrowInvalid:
                    return ExtractError("a tag or role is not UTF-8", file=path, offset=offset)
            before += pool.size
        raise AssertionError


def tag_frame(
    tags: NDArray[np.int32],
    rows: int,
    keys: Sequence[str],
    codes: NDArray[np.int32],
    entries: pa.Array,
) -> pd.DataFrame:
    """Tags as a frame of categories.

    Parameters
    ----------
    tags
        Row, column and string of each tag, shape (n, 3). Where an object has a key twice,
        its first value counts.
    rows
        Rows of the frame.
    keys
        Its columns.
    codes, entries
        The dictionary of the strings.

    Returns
    -------
    DataFrame
        A categorical column a key, missing where an object lacks it.
    """
    ends = np.cumsum(np.bincount(tags[:, 1], minlength=len(keys)))
    row, value = np.empty((2, len(tags)), np.int32)
    by_column(tags, codes, ends.copy(), row, value)
    frame = {}
    for key, stop, start in zip(keys, ends, np.append(0, ends), strict=False):
        frame[key] = category(value[start:stop], entries, row=row[start:stop], rows=rows)
    return pd.DataFrame(frame, index=pd.RangeIndex(rows), columns=list(keys), copy=False)


def category(
    values: NDArray[np.int32],
    entries: pa.Array,
    *,
    row: NDArray[np.int32] | slice = slice(None),
    rows: int | None = None,
) -> pd.Categorical:
    """A column of strings from entries of a dictionary.

    Parameters
    ----------
    values
        Entries.
    entries
        The strings.
    row
        Row of each value; of several for a row the last counts. All rows in turn by default.
    rows
        How many rows there are; as many as values by default.

    Returns
    -------
    Categorical
        Missing in rows without a value; its categories are the strings in use, in the order
        of the dictionary.
    """
    is_used = np.zeros(len(entries), bool)
    is_used[values] = True
    used = np.flatnonzero(is_used)
    numbers = np.zeros(len(entries), np.int32)
    numbers[used] = np.arange(used.size)
    codes = np.full(values.size if rows is None else rows, -1, np.min_scalar_type(-1 - used.size))
    codes[row] = numbers[values]
    if np.count_nonzero(codes >= 0) < values.size:
        left = np.unique(codes[codes >= 0])
        renumbered = np.full(used.size + 1, -1, codes.dtype)
        renumbered[left] = np.arange(left.size)
        used, codes = used[left], renumbered[codes]
    categories = pd.Index(entries.take(pa.array(used)).to_pandas(), dtype="str")
    return pd.Categorical.from_codes(codes, categories=categories)


def _binary(pool: NDArray[np.uint8], ends: NDArray[np.int64]) -> pa.Array:
    """Strings as an array of pyarrow, without copying them."""
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(pool)]
    )
