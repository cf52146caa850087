"""Ids of rows, which frames have as their index or as a column."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from geo_border.errors import TableError

Frame = TypeVar("Frame", bound="pd.DataFrame")
Values = TypeVar("Values", "pd.DataFrame", "pd.Series[float]")


def by_id(frame: Frame, key: str) -> Frame:
    """Give a frame its ids as the index.

    Parameters
    ----------
    frame
        With ids in the index, or in a column.
    key
        Name of the column, such as ``place_id``.

    Returns
    -------
    DataFrame
        The same rows; the index as it is where there is no such column.

    Raises
    ------
    TableError
        If an id is missing or stands twice.
    """
    if key not in frame.columns:
        return frame
    rows = frame.set_index(key)
    if rows.index.hasnans:
        raise TableError(f"a row has no {key}", remedy="Give each its own")
    twice = rows.index[rows.index.duplicated()]
    if len(twice):
        raise TableError(f"{key} {twice[0]!r} stands twice", remedy="Give each row its own")
    return rows


def in_order_of(values: Values, rows: pd.DataFrame, key: str) -> Values:
    """Give values the order of the rows that they are of.

    Parameters
    ----------
    values
        A value, or several, for each of `rows`, with their ids.
    rows
        Index of ids.
    key
        Name of the ids.

    Returns
    -------
    DataFrame or Series
        Index of `rows`.

    Raises
    ------
    TableError
        If the ids are not the same.
    """
    if isinstance(values, pd.DataFrame):
        values = by_id(values, key)
    if values.index.equals(rows.index):
        return values
    if len(values) == len(rows) and values.index.is_unique and values.index.isin(rows.index).all():
        return values.reindex(rows.index)
    raise TableError(
        f"the values and their rows do not have the same index: {key}",
        remedy=f"Give one value for each {key}, as the index or as a column",
    )
