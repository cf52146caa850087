"""CSV that a spreadsheet takes for words and numbers alone: the one writer of all of them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FULLWIDTH = "\uff1d\uff0b\uff0d\uff20"  # a Japanese spreadsheet takes these for = + - @
_FORMULA = tuple(f"=+-@\t\n{_FULLWIDTH}")

ROWS_HELD = 50_000
"""Rows whose cells are held as texts at once."""


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as a CSV file: UTF-8, comma, decimal point, a line feed after each row.

    Parameters
    ----------
    frame
        See `harmless_csv`.
    path
        The file; an earlier one is replaced.
    """
    path.write_bytes(harmless_csv(frame).encode())


def read_csv(path: Path, *, is_text: Callable[[str], bool]) -> pd.DataFrame:
    """Read back a CSV file that was written here: words as they were, rounded numbers.

    Parameters
    ----------
    path
        The file.
    is_text
        Whether a column holds words, by its name: those that look like numbers stay words.

    Returns
    -------
    DataFrame
        Empty cells are missing, and nothing else is.
    """
    names = pd.read_csv(path, nrows=0).columns
    words = [name for name in names if is_text(_as_written(name))]
    frame = pd.read_csv(
        path, dtype=dict.fromkeys(words, "str"), keep_default_na=False, na_values=[""]
    )
    for name in words:
        column = frame[name]
        frame[name] = column.map(_as_written, na_action="ignore").astype(column.dtype)
    return frame.rename(columns=_as_written)


def _as_written(text: str) -> str:
    """Text without the apostrophe that `_harmless` has put before a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def harmless_csv(
    frame: pd.DataFrame, *, decimals: Callable[[str], int | None] = lambda _: None
) -> str:
    """Write a frame as CSV whose words no spreadsheet takes for formulas.

    Parameters
    ----------
    frame
        Columns of numbers, words and truth values; the index is left out.
    decimals
        Decimals of numbers by the name of their column; None for ten significant digits.

    Returns
    -------
    str
        One line a row, after a header. Words that begin as formulas do have an apostrophe
        before them.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_harmless(str(column)) for column in frame.columns])
    for start in range(0, len(frame), ROWS_HELD):
        rows = frame.iloc[start : start + ROWS_HELD]
        columns = [_cells(values, decimals(str(name))) for name, values in rows.items()]
        writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _cells(values: pd.Series[Any], decimals: int | None) -> list[str]:
    """Texts of the cells of a column."""
    if values.dtype == np.float64:
        known = values.to_numpy(np.float64)
        texts = [_number(value, decimals) for value in known.tolist()]
        for row in np.flatnonzero(np.isnan(known)):
            texts[row] = ""
        return texts
    return ["" if _missing(value) else _cell(value, decimals) for value in values.tolist()]


def _missing(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _cell(value: object, decimals: int | None) -> str:
    """Text of one cell: numbers with a fixed number of decimals, words made harmless."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return _number(value, decimals)
    return _harmless(str(value))


def _number(value: float | np.floating[Any], decimals: int | None) -> str:
    """Text of a number with a fixed number of decimals, or of significant digits."""
    text = f"{value:.10g}" if decimals is None else f"{value:.{decimals}f}"
    # Rounding must not leave a minus sign before nothing.
    return text.removeprefix("-") if text[0] == "-" and float(text) == 0 else text


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, and no reader for the end of a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_FORMULA) else text
