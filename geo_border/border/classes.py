"""A register of checkpoints as one class of traffic meets it: its delays, status, capacity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.terms import DIRECTIONS, NO_CLASS, ROAD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

_CLASS = rf"(?!(?:{'|'.join(NO_CLASS)})(?:_|$))([a-z][a-z0-9]*)"
_OF_A_CLASS = re.compile(
    rf"delay_{_CLASS}(?:_lo|_hi|_out|_in)?_h|capacity_{_CLASS}(?:_out|_in)?_day"
    rf"|status_{_CLASS}(?:_out|_in|_since)?"
)
"""Columns that say something of one class."""


def class_columns(name: str) -> dict[str, str]:
    """Columns of a register that are of one class, by what they say of it.

    Parameters
    ----------
    name
        The class.

    Returns
    -------
    dict
        Name of each column by the name that the same has for every class.

    Examples
    --------
    >>> from geo_border.border.classes import class_columns
    >>> class_columns("truck")["delay_out_h"]
    'delay_truck_out_h'
    """
    return {
        **{f"delay{part}_h": f"delay_{name}{part}_h" for part in ("", "_lo", "_hi", "_out", "_in")},
        **{f"delay_{part}": f"delay_{name}_{part}" for part in ("kind", "source")},
        **{f"capacity{part}_day": f"capacity_{name}{part}_day" for part in ("", "_out", "_in")},
        "capacity_kind": f"capacity_{name}_kind",
        **{f"status{part}": f"status_{name}{part}" for part in ("", "_out", "_in")},
        "status_since": f"status_{name}_since",
    }


def days_of(since: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """First days of days such as ``2025-08-04``, of months, or of years alone.

    Parameters
    ----------
    since
        The days as they are written.

    Returns
    -------
    Series
        Missing where nothing is said, or what is no day.
    """
    return pd.to_datetime(since, format="ISO8601", errors="coerce")


def first_days(register: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Days on which statuses of classes began.

    Parameters
    ----------
    register
        As in `register_of_class`.

    Returns
    -------
    Series
        Each once, ascending.
    """
    columns = [class_columns(name)["status_since"] for name in classes_in(register.columns)]
    days = [days_of(register[column]) for column in columns if column in register]
    every: pd.Series[pd.Timestamp] = pd.concat([pd.Series(dtype="datetime64[ns]"), *days])
    return every.dropna().drop_duplicates().sort_values(ignore_index=True)


def register_as_of(register: pd.DataFrame, day: date) -> pd.DataFrame:
    """A register without what began after a day.

    Parameters
    ----------
    register
        As in `register_of_class`.
    day
        The last on which what began holds.

    Returns
    -------
    DataFrame
        The same rows. Where the status of a class began later, neither it nor that of one of its
        directions nor the capacity that came with it holds: the class meets what every class
        meets.
    """
    found = register
    for name in classes_in(register.columns):
        own = class_columns(name)
        if own["status_since"] not in register:
            continue
        later = days_of(register[own["status_since"]]) > pd.Timestamp(day)
        gone = [
            column
            for key, column in own.items()
            if key.startswith(("status", "capacity")) and column in register
        ]
        found = found.assign(**{column: found[column].mask(later) for column in gone})
    return found


def classes_in(columns: Iterable[object]) -> list[str]:
    """Classes that a register has columns of.

    Parameters
    ----------
    columns
        Names of its columns.

    Returns
    -------
    list of str
        In the order of the columns.

    Examples
    --------
    >>> from geo_border.border.classes import classes_in
    >>> classes_in(["delay_h", "delay_out_h", "delay_truck_lo_h", "capacity_bus_day"])
    ['truck', 'bus']
    """
    found = (_OF_A_CLASS.fullmatch(str(column)) for column in columns)
    return list(dict.fromkeys(next(filter(None, match.groups())) for match in found if match))


def register_of_class(register: pd.DataFrame, name: str) -> pd.DataFrame:
    """A register as one class meets it.

    What is known of the class goes before what is said of every class; what is known of another
    class is never taken. A checkpoint that no road passes is to all classes what it is to every.

    Parameters
    ----------
    register
        Columns as `geo_border.border.checkpoints.placed_checkpoints` takes them and those of
        `class_columns`, as far as there are any.
    name
        The class.

    Returns
    -------
    DataFrame
        The same rows with ``status``, ``delay_h``, ``delay_out_h`` and ``delay_in_h`` (hours,
        missing where nothing is known of the class) of the class.

    Examples
    --------
    >>> import pandas as pd
    >>> from geo_border.border.classes import register_of_class
    >>> register = pd.DataFrame({"status": ["open"], "delay_h": [0.5], "delay_truck_h": [3.0]})
    >>> register_of_class(register, "truck")["delay_out_h"].tolist()
    [3.0]
    >>> register_of_class(register, "car")["delay_out_h"].tolist()
    [0.5]
    """
    own, known = class_columns(name), _by_road(register, name)
    delays = {
        f"delay_{way}_h": _first(
            known,
            (own[f"delay_{way}_h"], own["delay_h"], f"delay_{way}_h", "delay_h"),
        )
        for way in DIRECTIONS
    }
    return register.assign(
        status=_first(known, (own["status"], "status"), dtype=object),
        delay_h=_first(known, (own["delay_h"], "delay_h")),
        **delays,
    )


def closed_to_class(
    register: pd.DataFrame, name: str, open_status: Collection[str]
) -> pd.DataFrame:
    """In which directions a class may not pass though it may in the other.

    Parameters
    ----------
    register
        As in `register_of_class`.
    name
        The class.
    open_status
        Statuses with which a checkpoint carries traffic.

    Returns
    -------
    DataFrame
        The same rows; columns ``out``, ``in``, true where the status of the class in that
        direction is none of `open_status`.
    """
    found, known = {}, _by_road(register, name)
    for way in DIRECTIONS:
        status = _first(known, (class_columns(name)[f"status_{way}"],), dtype=object)
        found[way] = status.notna() & ~status.isin(list(open_status))
    return pd.DataFrame(found, register.index)


def delay_range(
    register: pd.DataFrame, name: str, default: tuple[float | None, float | None]
) -> pd.DataFrame:
    """Between which hours the delays lie that hold for a class.

    Parameters
    ----------
    register
        As in `register_of_class`.
    name
        The class.
    default
        Low and high of the delay that holds where the register has none for the class, hours;
        None for unknown.

    Returns
    -------
    DataFrame
        The same rows; columns ``lo``, ``hi``, missing where only the delay itself is known, and
        ``out_lo``, ``out_hi``, ``in_lo``, ``in_hi`` of the direction that has the default where
        that of the other is known.
    """
    own, taken = class_columns(name), register_of_class(register, name)
    known = taken[[f"delay_{way}_h" for way in DIRECTIONS]].notna()
    ends = {}
    for end, value in zip(("lo", "hi"), default, strict=True):
        given = _first(_by_road(register, name), (own[f"delay_{end}_h"],))
        of_default = np.nan if value is None else value
        ends[end] = given.where(given.notna() | known.any(axis=1), of_default)
        for way in DIRECTIONS:
            alone = given.isna() & known.any(axis=1) & ~known[f"delay_{way}_h"]
            ends[f"{way}_{end}"] = pd.Series(of_default, register.index, dtype=float).where(alone)
    return pd.DataFrame(ends)


def _by_road(register: pd.DataFrame, name: str) -> pd.DataFrame:
    """A register that says of a class only what its vehicles meet: they take no train."""
    if "mode" not in register:
        return register
    columns = [column for column in class_columns(name).values() if column in register]
    by_road = register["mode"].isin(ROAD)
    return register.assign(**{column: register[column].where(by_road) for column in columns})


def _first(register: pd.DataFrame, columns: Collection[str], *, dtype: type = float) -> pd.Series:
    """The first of some columns that a row has a value in."""
    found = pd.Series(np.nan if dtype is float else None, register.index, dtype=dtype)
    for column in columns:
        if column in register:
            found = found.where(found.notna(), register[column].astype(dtype))
    return found
