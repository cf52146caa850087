"""Readers of tables: a CSV becomes a checked frame, or one clear error with all its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd

from geo_border.errors import TableError, all_of
from geo_border.pipeline.inputs.checks import checked_cells, known_columns
from geo_border.pipeline.inputs.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import pandera.pandas as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read.

    Parameters
    ----------
    file
        Where it is from.
    frame
        The columns that its schema knows; the index is the row in the file, as a spreadsheet
        counts it. What is wrong is missing.
    further
        Its other columns as text, the same index.
    faults
        All that is wrong with its cells.
    """

    file: Path
    frame: pd.DataFrame
    further: pd.DataFrame
    faults: Sequence[TableError]


def open_table(file: Path, schema: pa.DataFrameSchema) -> Table:
    """Read a CSV table, and hold its cells against a schema.

    Parameters
    ----------
    file
        Text with a header, see `geo_border.pipeline.inputs.sheets.read_sheet`.
    schema
        Columns and what they may hold.

    Returns
    -------
    Table
        Its cells, and what is wrong with them.

    Raises
    ------
    TableError
        If the file is missing or not a table, lacks a column, or has no row.
    """
    sheet = read_sheet(file, [name for name, column in schema.columns.items() if column.required])
    try:
        known = known_columns(map(str, sheet.cells), schema, file)
        cells = sheet.cells[list(known)].rename(columns=known)
        frame, faults = checked_cells(cells, schema, file=file, separator=sheet.separator)
    except TableError as error:
        raise all_of([*sheet.faults, error]) from None
    further = sheet.cells.drop(columns=list(known))
    return Table(file, frame, further, [*sheet.faults, *faults])


def read_table(file: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a CSV table and check it.

    Parameters
    ----------
    file
        Text with a header, see `geo_border.pipeline.inputs.sheets.read_sheet`.
    schema
        Columns and what they may hold; others are left out.

    Returns
    -------
    DataFrame
        One row a record, in the file's order; empty cells are missing. The index is the row in
        the file, as a spreadsheet counts it.

    Raises
    ------
    TableError
        If the file is missing or not a table, lacks a column, repeats a key, or holds a value
        that its column does not allow: one error that says all of it.
    """
    table = open_table(file, schema)
    if table.faults:
        raise all_of(table.faults)
    return table.frame


def points_of(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows of a table as points.

    Parameters
    ----------
    rows
        With ``lon`` and ``lat``.

    Returns
    -------
    GeoDataFrame
        Points in WGS 84.
    """
    return gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs=4326)
