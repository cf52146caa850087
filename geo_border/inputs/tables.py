"""Readers of tables: a CSV becomes a checked frame, or one clear error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
from pandera.errors import SchemaErrors

from geo_border.errors import TableError
from geo_border.inputs.schemas import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

    import pandera.pandas as pa


SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
ARCHIVE = b"PK\x03\x04"
"""First bytes of ZIP archives, which workbooks are."""


def read_services(file: Path) -> gpd.GeoDataFrame:
    """Read the table of services.

    Parameters
    ----------
    file
        Table with ``service_id``, ``name``, ``lon``, ``lat``, ``side``, ``kind`` and
        ``supply`` (beds, places, whatever people compete for).

    Returns
    -------
    GeoDataFrame
        Points in WGS 84, index ``service_id``.

    Raises
    ------
    TableError
        As `read_table`.
    """
    services = read_table(file, SERVICES).set_index("service_id")
    points = gpd.points_from_xy(services["lon"], services["lat"])
    return gpd.GeoDataFrame(services, geometry=points, crs=4326)


def read_table(file: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a CSV table and check it.

    Parameters
    ----------
    file
        Comma-separated, UTF-8, with a header.
    schema
        Columns and what they may hold; other columns are kept as text.

    Returns
    -------
    DataFrame
        One row a line, in the file's order; empty cells are missing.

    Raises
    ------
    TableError
        If the file is missing or not a table, lacks a column, repeats a key, or holds a value
        that its column does not allow.
    """
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise TableError(
            "there is no such file", file=file, remedy="Check the path in study.toml"
        ) from error
    except IsADirectoryError as error:
        raise TableError("it is a folder", file=file, remedy="Name the file in it") from error
    except pd.errors.EmptyDataError as error:
        raise TableError(
            "it is empty", file=file, remedy="Write a header and a row for each thing"
        ) from error
    except OSError as error:
        raise TableError(
            f"cannot be read ({error.strerror})", file=file, remedy="Name a file you may read"
        ) from error
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise _text_error(error, file) from error
    _refuse_columns(frame, schema, file)
    if frame.empty:
        raise TableError("has no rows", file=file, remedy="Fill it in")
    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        raise _table_error(error.failure_cases, frame, file) from None


def _text_error(error: Exception, file: Path) -> TableError:
    """Say why a file is not a comma-separated table."""
    long = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if long is not None:
        header, row, values = long.groups()
        return TableError(
            f"has {values} values where the rows before have {header}",
            file=file,
            row=row,
            remedy="Put texts that hold commas in double quotes",
        )
    with file.open("rb") as stream:
        if stream.read(len(ARCHIVE)) == ARCHIVE:
            problem = "it is a workbook or another archive, not a table of text"
            return TableError(problem, file=file, remedy="Export the sheet as CSV UTF-8")
    cause = "" if isinstance(error, UnicodeDecodeError) else f" ({str(error).strip()})"
    return TableError(
        f"not a comma-separated table in UTF-8{cause}", file=file, remedy="Save it as CSV UTF-8"
    )


def _refuse_columns(frame: pd.DataFrame, schema: pa.DataFrameSchema, file: Path) -> None:
    """Raise if the header is not parted by commas, or lacks a column."""
    for sign, signs in SEPARATORS.items():
        if len(frame.columns) == 1 and sign in frame.columns[0]:
            raise TableError(
                f"its columns are parted by {signs}", file=file, remedy="Save it with commas"
            )
    missing = [name for name, column in schema.columns.items() if column.required]
    missing = [name for name in missing if name not in frame]
    if missing:
        raise TableError(
            f"lacks the column {', '.join(missing)}",
            file=file,
            remedy=f"It has {', '.join(map(_as_written, frame.columns))}; rename or add",
        )


def _as_written(name: str) -> str:
    """A column's name, in quotes where blanks around it would not be seen."""
    return name if name == name.strip() else repr(name)


def _table_error(failures: pd.DataFrame, frame: pd.DataFrame, file: Path) -> TableError:
    """Say the first thing that a schema found wrong."""
    check = str(failures.sort_values("index", kind="stable").iloc[0]["check"])
    same = failures[failures["check"].astype(str) == check].sort_values("index", kind="stable")
    twice = check in ("field_uniqueness", "multiple_fields_uniqueness")
    # Of rows with the same key, the later is the one too many.
    case = same.iloc[-1 if twice else 0]
    column, row = case["column"], None if pd.isna(case["index"]) else int(case["index"])
    value = None if row is None or column not in frame else frame[column].iloc[row]
    rows = same["index"].nunique() - (2 if twice else 1)
    more = f" (and {rows} more rows like it)" if rows > 0 else ""
    place = None if row is None else row + 2
    if check == "field_uniqueness":
        problem, remedy = f"{column} {value!r} stands twice", "Keep one of them"
    elif twice:
        columns = ", ".join(dict.fromkeys(same["column"]))
        problem, remedy = f"the same {columns} stand twice", "Keep one row of each"
    elif check == "not_nullable" and isinstance(value, str):
        problem, remedy = f"{column} is {value!r}, which is not a number", "Correct the value"
    elif check == "not_nullable":
        problem, remedy = f"{column} is empty", "Fill it in"
    elif check.startswith(("coerce_dtype", "dtype")):
        problem = f"{column} should be a number, not {value!r}"
        remedy = "Write digits with a decimal point, or leave it empty where that is allowed"
    else:
        problem, remedy = f"{column} is {value!r}; {check}", "Correct the value"
    return TableError(f"{problem}{more}", file=file, row=place, remedy=remedy)
