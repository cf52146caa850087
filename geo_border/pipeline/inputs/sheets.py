"""CSV as spreadsheets and programs write it: text of its cells, each with its row."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import TableError
from geo_border.pipeline.inputs.faults import fault_of_rows
from geo_border.pipeline.inputs.opening import refuse_unreadable
from geo_border.pipeline.inputs.words import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""Signs between the cells of a row; of equals the first is taken."""

MOST_BYTES = 1_000_000_000
"""A table of more would not fit into memory."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Marks that say the encoding; those of UTF-32 begin with those of UTF-16."""

OTHERS = (
    (b"PK\x03\x04", "a workbook or another archive", "Export the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "a workbook", "Export the sheet as CSV UTF-8"),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it, and name what was in it"),
    (b"BZh", "compressed (bzip2)", "Unpack it, and name what was in it"),
    (b"\xfd7zXZ\x00", "compressed (xz)", "Unpack it, and name what was in it"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Unpack it, and name what was in it"),
    (b"PAR1", "a Parquet file", "Save the table as CSV UTF-8"),
    (b"SQLite format 3\x00", "a database or GeoPackage", "Save the table as CSV UTF-8"),
    (b"%PDF", "a PDF", "Save the table as CSV UTF-8"),
)
"""First bytes of what is named in place of a table, what it is, and what to do."""

ROWS_HELD = 50_000
"""Rows whose cells are held as they are read: as a column they take a tenth."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands where bytes are no text."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a table as text.

    Parameters
    ----------
    cells
        A column for each that has a name; the index is the row in the file as a spreadsheet
        counts it: blank lines and line breaks within cells included, the header usually 1.
        Blanks around a text are taken off, empty cells are missing.
    separator
        The sign between cells.
    faults
        Rows that do not fit the header, or are not text; they are left out of `cells`.
    """

    cells: pd.DataFrame
    separator: str
    faults: list[TableError]


def read_sheet(file: Path, wanted: Collection[str]) -> Sheet:
    """Read the cells of a CSV file.

    Parameters
    ----------
    file
        Text in UTF-8, or in UTF-16 or UTF-32 with a mark; cells parted by commas, semicolons,
        tabs or bars.
    wanted
        Names of columns, one of which at least the header must have.

    Returns
    -------
    Sheet
        Its cells.

    Raises
    ------
    TableError
        If the file is missing, not a regular file, too large, or not a table with such a header.
    """
    refuse_unreadable(file, TableError)
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TableError(
            f"has more than {MOST_BYTES / 1e9:g} GB",
            file=file,
            remedy="Leave out rows and columns that the study does not need",
        )
    for start, what, remedy in OTHERS:
        if content.startswith(start):
            raise TableError(f"it is {what}, not a table of text", file=file, remedy=remedy)
    text, is_whole = _decoded(content)
    separator, above, header = _header(text, wanted, file)
    names = _names(header, file)
    cells, faults = _cells(_records(text, separator, above, file), names, file)
    if not is_whole:
        faults += _not_text(cells, file)
    return Sheet(cells, separator, faults)


def _decoded(content: bytes) -> tuple[str, bool]:
    """Text, and whether all of it could be read."""
    mark, encoding = next(
        ((mark, name) for mark, name in BOMS if content.startswith(mark)), (b"", "utf-8")
    )
    content = content.removeprefix(mark)
    try:
        return content.decode(encoding), True
    except UnicodeDecodeError:
        return content.decode(encoding, errors="replace"), False


def _header(text: str, wanted: Collection[str], file: Path) -> tuple[str, int, list[str]]:
    """The separator under which the first row that is not blank names most of the columns.

    With the number of the row and its cells. A file without any of them is not shown: it may be
    anything.
    """
    best: tuple[int, str, int, list[str]] = (0, ",", 0, [])
    for separator in SEPARATORS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            number, first = next(
                (n, row) for n, row in enumerate(islice(reader, 1000), start=1) if any(row)
            )
        except (StopIteration, csv.Error):
            continue
        found = len({plain(name).casefold() for name in first} & set(wanted))
        if found > best[0]:
            best = found, separator, number, first
    if not best[0]:
        if not text.strip("\r\n\t ,;|"):
            raise TableError(
                "it is empty", file=file, remedy="Write a header and a row for each thing"
            )
        raise TableError(
            f"not a comma-separated table in UTF-8 with a header of {', '.join(wanted)}",
            file=file,
            remedy="Name the right file, or save it as CSV UTF-8 with these names in its first row",
        )
    return best[1], best[2], best[3]


def _names(header: Sequence[str], file: Path) -> list[str]:
    """Names of the columns without what is empty behind the last."""
    names = [plain(name) for name in header]
    while names and not names[-1]:
        names.pop()
    for position, name in enumerate(names):
        if name and name in names[:position]:
            raise TableError(
                f"has the column {name} twice (columns {names.index(name) + 1} and {position + 1})",
                file=file,
                remedy="Keep one of them",
            )
    return names


def _records(text: str, separator: str, above: int, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header that are not blank, with their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            if number > above and not "".join(row).isspace() and any(row):
                yield number, row
    except csv.Error as error:
        raise TableError(
            f"a cell in double quotes does not end as it should ({error})",
            file=file,
            row=number + 1,
            remedy="Close its quotes, and write a double quote within it twice",
        ) from error


def _cells(
    records: Iterator[tuple[int, list[str]]], names: list[str], file: Path
) -> tuple[pd.DataFrame, list[TableError]]:
    """Cells by row and column, and rows that have more of them than the header names."""
    width = len(names)
    rows: list[int] = []
    held: list[list[str]] = []
    parts: list[pd.DataFrame] = []
    long: list[tuple[int, int]] = []
    nameless = [position for position, name in enumerate(names) if not name]
    for number, row in records:
        surplus = row[width:]
        if any(map(plain, surplus)) or any(plain(row[at]) for at in nameless if at < len(row)):
            long.append((number, max(len(row), width)))
            continue
        rows.append(number)
        held.append(row)
        if len(held) == ROWS_HELD:
            parts.append(_texts(held, names))
            held = []
    cells = pd.concat([*parts, _texts(held, names)])
    cells = cells.set_axis(pd.Index(rows, dtype=np.int64, name="row"))
    if not long:
        return cells, []
    problem = f"has {long[0][1]} values where the header names {width - len(nameless)}"
    numbers = [number for number, _ in long]
    remedy = "Put texts that hold the sign between cells in double quotes, and name every column"
    return cells, [fault_of_rows(TableError, problem, numbers, file=file, remedy=remedy)]


def _texts(rows: list[list[str]], names: list[str]) -> pd.DataFrame:
    """Cells without the blanks around them, missing where nothing is left, by column."""
    columns = islice(zip_longest(names, *rows), len(names))
    return pd.DataFrame(
        {
            name: pd.Series([plain(cell) or None if cell else None for cell in cells], dtype="str")
            for name, *cells in columns
            if name
        }
    )


def _not_text(cells: pd.DataFrame, file: Path) -> list[TableError]:
    """What of a file is not in the encoding it says."""
    remedy = (
        "It may be in Windows-1251, Windows-1252 or another code page: save it as CSV UTF-8 (in "
        "LibreOffice: Save As, Edit filter settings)"
    )
    faults = []
    for name in cells:
        rows = cells.index[cells[name].str.contains(UNREADABLE, regex=False, na=False)].tolist()
        if rows:
            problem = f"{name} is not text in UTF-8"
            faults.append(fault_of_rows(TableError, problem, rows, file=file, remedy=remedy))
    return faults or [TableError("not text in UTF-8", file=file, remedy=remedy)]
