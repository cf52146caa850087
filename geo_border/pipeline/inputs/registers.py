"""What a register and counts say of classes of traffic, held against the study's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.border.capacities import contradiction
from geo_border.border.classes import class_columns, classes_in, days_of, register_of_class
from geo_border.errors import CheckpointError, GeoBorderError, TableError
from geo_border.pipeline.inputs.agreement import unknown_values
from geo_border.pipeline.inputs.faults import fault_of_rows
from geo_border.terms import CAR, EVERY_CLASS, ROAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from geo_border.pipeline.inputs.opened import Opened
    from geo_border.pipeline.inputs.tables import Table


def class_faults(opened: Opened, default_h: Mapping[str, float | None]) -> list[GeoBorderError]:
    """Say all that a register and counts have wrong about classes.

    Parameters
    ----------
    opened
        The files of a study.
    default_h
        Delay by road of each class of the study where the register has none, hours; None for
        unknown.

    Returns
    -------
    list of GeoBorderError
        With file and rows: columns of classes that the study has not, ranges that do not hold
        their delay, statuses since what is no day, capacities whose parts are more than the
        whole, counts of what is not there.
    """
    found: list[GeoBorderError] = []
    if "checkpoints" in opened.tables:
        table = opened.tables["checkpoints"]
        found += _strange_columns(table)
        for name, hours in default_h.items():
            found += _wrong_ranges(table, name, hours)
            found += _wrong_days(table, class_columns(name)["status_since"])
        found += _wrong_capacities(table, list(default_h))
    if "traffic.counts" in opened.tables:
        counts = opened.tables["traffic.counts"]
        known = [*default_h, EVERY_CLASS]
        found += unknown_values(counts.frame["class"], known, "class", counts, TableError)
    return found


def counted_elsewhere(opened: Opened) -> list[GeoBorderError]:
    """Counts of checkpoints that the register has not.

    Parameters
    ----------
    opened
        The files of a study without extracts, whose register has all checkpoints.

    Returns
    -------
    list of GeoBorderError
        One for each id.
    """
    if not {"traffic.counts", "checkpoints"} <= opened.tables.keys():
        return []
    counts = opened.tables["traffic.counts"]
    ids = opened.tables["checkpoints"].frame["checkpoint_id"].dropna()
    column = counts.frame["checkpoint_id"]
    return unknown_values(column, ids, "checkpoint", counts, TableError)


def _strange_columns(table: Table) -> list[GeoBorderError]:
    """Columns of classes that study.toml does not have."""
    # A status of one's own, such as status_note, may be anything.
    figures = [str(name) for name in table.further if not str(name).startswith("status")]
    found: list[GeoBorderError] = []
    for column in figures:
        for name in classes_in([column]):
            problem = f"the column {column} is of the class {name!r}, which the study has not"
            remedy = f"Add [traffic.classes.{name}] to study.toml, or leave the column out"
            found.append(CheckpointError(problem, file=table.file, remedy=remedy))
        if column in ("delay_lo_h", "delay_hi_h"):
            problem = f"the column {column} is of no class"
            remedy = f"Name it after one, such as {column.replace('delay', f'delay_{CAR}')}"
            found.append(CheckpointError(problem, file=table.file, remedy=remedy))
    return found


def _wrong_ranges(table: Table, name: str, default_h: float | None) -> list[GeoBorderError]:
    """Rows whose delay of a class lies outside its range."""
    frame, columns = table.frame, class_columns(name)
    lo, hi = (frame.get(columns[f"delay_{end}_h"]) for end in ("lo", "hi"))
    central = [
        frame[columns[key]]
        for key in ("delay_h", "delay_out_h", "delay_in_h")
        if columns[key] in frame
    ]
    if default_h is not None:
        own = register_of_class(frame, name)[["delay_h", "delay_out_h", "delay_in_h"]]
        unknown = own.isna().all(axis=1) & frame["mode"].isin(ROAD)
        central.append(unknown.map({True: default_h}).rename("the default delay"))
    found: list[GeoBorderError] = []

    def blame(is_wrong: pd.Series, problem: str, remedy: str) -> None:
        if is_wrong.any():
            rows = frame.index[is_wrong]
            fault = fault_of_rows(CheckpointError, problem, rows, file=table.file, remedy=remedy)
            found.append(fault)

    if lo is not None and hi is not None:
        problem = f"{columns['delay_lo_h']} is more than {columns['delay_hi_h']}"
        blame(lo > hi, problem, "Exchange or correct them")
    for bound, values in (("lo", lo), ("hi", hi)):
        if values is None:
            continue
        column = columns[f"delay_{bound}_h"]
        for hours in central:
            beyond = hours < values if bound == "lo" else hours > values
            side = "below" if bound == "lo" else "above"
            blame(beyond, f"{hours.name} lies {side} {column}", "Correct one of them")
    return found


def _wrong_days(table: Table, column: str) -> list[GeoBorderError]:
    """Rows whose status began on what is no day."""
    if column not in table.frame:
        return []
    since = table.frame[column]
    wrong = since.index[since.notna() & days_of(since).isna()]
    if not len(wrong):
        return []
    problem = f"{column} is {since[wrong[0]]!r}, which is no day"
    remedy = "Write a day such as 2025-08-04, a month or a year"
    return [fault_of_rows(CheckpointError, problem, wrong, file=table.file, remedy=remedy)]


def _wrong_capacities(table: Table, classes: list[str]) -> list[GeoBorderError]:
    """Rows whose capacities cannot hold together."""
    frame = table.frame[table.frame["mode"].isin(ROAD)]
    rows = zip(frame.index, frame.to_dict("records"), strict=True)
    said = {row: contradiction({str(k): v for k, v in of.items()}, classes) for row, of in rows}
    remedy = (
        "A total is of both directions and of every class: write 0 for those that may not pass, "
        "and leave the total empty where it is not one"
    )
    return [
        CheckpointError(problem, file=table.file, row=row, remedy=remedy)
        for row, problem in said.items()
        if problem is not None
    ]
