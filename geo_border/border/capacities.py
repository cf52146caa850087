"""What a register says that lanes of a checkpoint let pass: read here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.classes import class_columns, classes_in
from geo_border.border.hours import ALWAYS, DAY, Opening, read_hours
from geo_border.terms import DIRECTIONS, ROAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Row = dict[str, object]

DESIGN = "design"
"""The kind of a capacity that is no measure of what passes."""

_EVEN = 1e-9
"""Relative difference that is rounding."""

_OF_NO_CLASS = {key: key for key in class_columns("") if key.startswith("capacity")}


@dataclass(frozen=True, slots=True)
class Served:
    """What lanes of one direction of a checkpoint let pass.

    Parameters
    ----------
    checkpoint_id, direction
        Where.
    classes
        Names of those that share the lanes.
    vehicles
        Of them together, on a day on which it is open; None where lanes and minutes are known.
    lanes, minutes
        How many are served at a time, and how long each takes; None where vehicles are known.
    source
        What of the register says so.
    """

    checkpoint_id: str
    direction: str
    classes: tuple[str, ...]
    vehicles: float | None
    lanes: float | None
    minutes: float | None
    source: str

    def a_day(self, opening: Opening) -> float:
        """Vehicles on the mean of all days, those on which it is closed too.

        Parameters
        ----------
        opening
            Of the checkpoint.

        Returns
        -------
        float
            In one direction, as flows are: a 365th of those of a year.
        """
        if self.vehicles is not None:
            return self.vehicles * opening.day_share
        assert self.lanes is not None
        assert self.minutes is not None
        return self.lanes * DAY / self.minutes * opening.open_share


def lanes_served(checkpoints: pd.DataFrame, classes: Sequence[str]) -> list[Served]:
    """Lanes of checkpoints of which it is known what they let pass.

    What is known of a class goes before what is said of every class, and what is said of a part
    is taken from the whole: of the vehicles in both directions those in one leave the rest to the
    other, or each has half; of the vehicles of every class those of one leave the rest to the
    others, which share it. Classes without any capacity share the lanes. What a checkpoint was
    built for is no measure of what passes.

    Parameters
    ----------
    checkpoints
        Index ``checkpoint_id``; of the columns of capacity, ``lanes`` and ``minutes_vehicle``
        what there is.
    classes
        Names of those that pass.

    Returns
    -------
    list of Served
        By direction and checkpoint. None where a class may not pass: its capacity is 0.
    """
    others = [name for name in classes_in(checkpoints.columns) if name not in classes]
    return [
        found
        for way in DIRECTIONS
        for key, row in _rows(checkpoints)
        for found in _of_row(key, row, way, classes, others)
    ]


def openings(checkpoints: pd.DataFrame, month: int | None) -> dict[str, Opening]:
    """When checkpoints are open.

    Parameters
    ----------
    checkpoints
        Index ``checkpoint_id``; ``hours``, ``lon``, ``lat``.
    month
        As in `geo_border.border.hours.read_hours`.

    Returns
    -------
    dict
        By id; always where no hours are known.
    """
    found = {}
    for key, hours, lon, lat in checkpoints[["hours", "lon", "lat"]].itertuples():
        at = None if pd.isna(lon) or pd.isna(lat) else (float(lon), float(lat))
        is_known = isinstance(hours, str)
        found[str(key)] = read_hours(hours, at=at, month=month) if is_known else ALWAYS
    return found


def without_capacity(checkpoints: pd.DataFrame, name: str) -> pd.DataFrame:
    """In which directions nobody of a class may pass, as its capacity is 0.

    Parameters
    ----------
    checkpoints
        As in `lanes_served`.
    name
        The class.

    Returns
    -------
    DataFrame
        The same rows; columns ``out``, ``in``.
    """
    found = [
        [_vehicles(row, name, way)[0] == 0 for way in DIRECTIONS] for _, row in _rows(checkpoints)
    ]
    return pd.DataFrame(found, checkpoints.index, columns=list(DIRECTIONS), dtype=bool)


def contradiction(row: Row, classes: Sequence[str]) -> str | None:
    """Say where capacities of a checkpoint cannot hold together.

    Parameters
    ----------
    row
        Of a register.
    classes
        Those of the study.

    Returns
    -------
    str or None
        Which parts leave nothing of what they are parts of; None if all is well.
    """
    for columns in (_OF_NO_CLASS, *map(class_columns, classes)):
        ways = [columns[f"capacity_{way}_day"] for way in DIRECTIONS]
        whole, *parts = (
            (_number(row, column), f"{column} {row.get(column)}")
            for column in (columns["capacity_day"], *ways)
        )
        found = _too_much(whole, parts)
        if found is not None:
            return found
    for way in DIRECTIONS:
        parts = [_directed(row, class_columns(name), way) for name in classes]
        found = _too_much(_directed(row, _OF_NO_CLASS, way), parts)
        if found is not None:
            return found
    return None


def _too_much(
    whole: tuple[float | None, str], parts: Sequence[tuple[float | None, str]]
) -> str | None:
    """Say which parts are more than the whole, or all of it where there is a further part."""
    known = [(vehicles, column) for vehicles, column in parts if vehicles is not None]
    total, (most, column) = sum(vehicles for vehicles, _ in known), whole
    is_all = len(known) == len(parts) and most is not None and total <= most * (1 + _EVEN)
    if not most or not known or total < most or is_all:
        return None
    said = " and ".join(source for _, source in known)
    return f"{said} leave nothing of {column} to the others"


def _of_row(
    key: str, row: Row, way: str, classes: Sequence[str], others: Sequence[str]
) -> Iterator[Served]:
    """Lanes of one direction of a checkpoint: of each class its own, then those that are shared."""
    sharing, parts = [], 0.0
    for name in (*classes, *others):
        vehicles, source = _directed(row, class_columns(name), way)
        parts += vehicles or 0.0
        if name not in classes:
            continue
        if vehicles is None:
            sharing.append(name)
        elif vehicles > 0:
            yield Served(key, way, (name,), vehicles, None, None, source)
    vehicles, source = _directed(row, _OF_NO_CLASS, way)
    lanes, minutes = _number(row, "lanes"), _number(row, "minutes_vehicle")
    if not sharing:
        return
    if vehicles is not None:
        if vehicles > parts:
            left = f"{source} less those of single classes" if parts else source
            yield Served(key, way, tuple(sharing), vehicles - parts, None, None, left)
    elif lanes and minutes:
        source = f"lanes {lanes:g} and minutes_vehicle {minutes:g}"
        yield Served(key, way, tuple(sharing), None, lanes, minutes, source)


def _vehicles(row: Row, name: str, way: str) -> tuple[float | None, str]:
    """What is known of a class, else of every class."""
    own = _directed(row, class_columns(name), way)
    return own if own[0] is not None else _directed(row, _OF_NO_CLASS, way)


def _directed(row: Row, columns: Mapping[str, str], way: str) -> tuple[float | None, str]:
    """Vehicles a day in one direction, and what says so; None if nothing does."""
    kind = row.get(columns["capacity_kind"])
    if kind == DESIGN:
        return None, ""
    words = f" ({kind})" if isinstance(kind, str) else ""
    back = DIRECTIONS[1 - DIRECTIONS.index(way)]
    column = columns["capacity_day"]
    whole, own, other = (
        _number(row, columns[f"capacity{part}_day"]) for part in ("", f"_{way}", f"_{back}")
    )
    if own is not None:
        return own, f"{columns[f'capacity_{way}_day']} {own:g}{words}"
    if whole is None:
        return None, ""
    if other is None:
        return whole / 2, f"half of {column} {whole:g}{words}"
    less = f"{column} {whole:g} less {columns[f'capacity_{back}_day']} {other:g}{words}"
    return max(whole - other, 0.0), less


def _rows(checkpoints: pd.DataFrame) -> Iterator[tuple[str, Row]]:
    """Rows by id, those that no road passes without their capacities."""
    for key, row in zip(checkpoints.index, checkpoints.to_dict("records"), strict=True):
        known = {str(column): value for column, value in row.items()}
        yield str(key), known if known.get("mode", ROAD[0]) in ROAD else {}


def _number(row: Row, column: str) -> float | None:
    """Number of a row, if it has one."""
    value = row.get(column)
    if isinstance(value, int | float | np.number) and np.isfinite(value):
        return float(value)
    return None
