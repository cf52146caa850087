"""Where a figure of one class, direction or kind stands in for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.border.capacities import without_capacity
from geo_border.border.classes import class_columns
from geo_border.pipeline.inputs.extracts import TAGS
from geo_border.pipeline.stages.count_findings import of_contradictions
from geo_border.terms import CAR, DIRECTIONS, EVERY_CLASS, ROAD
from geo_border.typology.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.checkpoint_findings import Finding

CENTRAL = ("mean", "rule")
"""Kinds of delay that are what a passage takes as a rule."""

MOST_NAMES = 5
"""Checkpoints that a finding names."""


def of_classes(
    settings: Settings,
    register: pd.DataFrame,
    counts: pd.DataFrame | None,
    where: Mapping[str, str],
    counted: Mapping[int, str],
    checkpoints: pd.DataFrame,
) -> list[Finding]:
    """Audit what a study says of the classes of traffic.

    Parameters
    ----------
    settings
        The study's parameters.
    register
        Checkpoints as the study's files have them.
    counts
        Counts of vehicles; None without any.
    where
        File and row of checkpoints that are in a file, by id.
    counted
        File and row of counts, by their index.
    checkpoints
        Of the border, with what is open to which class.

    Returns
    -------
    list of tuple
        Findings.
    """
    by_road = register["mode"].isin(ROAD) & (register["known_from"] != TAGS)
    rows = register[by_road]
    classes = list(settings.traffic.classes)
    return [
        *_of_no_class(rows, classes),
        *_of_defaults(settings),
        *_of_shut_out(settings, checkpoints[checkpoints["mode"].isin(ROAD)]),
        *(finding for name in classes for finding in _of_rows(rows, name, where)),
        *_of_capacity(rows, classes, where),
        *_of_trains(register[~register["mode"].isin(ROAD)], classes, where),
        *_of_counts(rows, counts, counted),
        *of_contradictions(register, counts, counted),
    ]


def _of_no_class(rows: pd.DataFrame, classes: list[str]) -> list[Finding]:
    """Figures of the register that are of no class."""
    found: list[Finding] = []
    for column in ("delay_h", "delay_out_h", "delay_in_h", "capacity_day"):
        if column not in rows or not rows[column].notna().any():
            continue
        names = rows.loc[rows[column].notna(), "name"].astype(str).tolist()
        shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
        taken = "what every class shares" if column == "capacity_day" else "that of every class"
        problem = f"is of no class: it is taken for {taken} ({listed(classes)}) at {shown}"
        found.append(("note", "classes", column, problem, ""))
    return found


def _of_shut_out(settings: Settings, checkpoints: pd.DataFrame) -> list[Finding]:
    """Classes that no checkpoint lets pass while others pass."""
    if checkpoints.empty:
        return []
    classes = settings.traffic.classes
    keys = {name: "is_open" if name == CAR else f"is_open_{name}" for name in classes}
    passed = {name: bool(checkpoints[key].any()) for name, key in keys.items()}
    if not any(passed.values()):
        return []
    found: list[Finding] = []
    for name, section in classes.items():
        if not passed[name]:
            total = section.total_year
            stated = "" if total is None else f", though study.toml states {total:,.0f} a year"
            problem = (
                f"no checkpoint is open to the class{stated}: it has no traffic, gains nothing and "
                "has no way along corridors"
            )
            found.append(("warning", "classes", name, problem, "study.toml"))
    return found


def _of_defaults(settings: Settings) -> list[Finding]:
    """Delays of classes where the register has none."""
    found: list[Finding] = []
    general = settings.checkpoints.delay_h.get("road")
    for name in settings.traffic.classes:
        own = settings.checkpoints.classes.get(name)
        if own is None or own.delay_h is None:
            if general is not None:
                problem = f"has no delay of its own: that of every class, {general:g} h, stands in"
                found.append(("note", "classes", name, problem, "study.toml"))
            continue
        ends = [hours for hours in (own.delay_lo_h, own.delay_hi_h) if hours is not None]
        between = f" ({ends[0]:g} to {ends[1]:g} h)" if len(ends) == len(DIRECTIONS) else ""
        default = f"its default delay, {own.delay_h:g} h{between},"
        if own.delay_kind == "rule":
            problem = f"{default} was found by a rule between these ends, not measured"
            found.append(("note", "classes", name, problem, "study.toml"))
        elif own.delay_kind not in (None, *CENTRAL):
            problem = f"{default} is of the kind {own.delay_kind!r}, which stands in for a mean"
            found.append(("warning", "classes", name, problem, "study.toml"))
        if own.delay_direction != "both":
            other = DIRECTIONS[1 - DIRECTIONS.index(own.delay_direction)]
            problem = f"{default} is of the direction {own.delay_direction!r}: it stands in for "
            found.append(("warning", "classes", name, f"{problem}{other!r} too", "study.toml"))
    return found


def _of_rows(rows: pd.DataFrame, name: str, where: Mapping[str, str]) -> list[Finding]:
    """What stands in for another thing in the rows of one class."""
    columns = class_columns(name)
    table = rows.reindex(columns=list(columns.values())).set_axis(list(columns), axis=1)
    found: list[Finding] = []
    for key, row in table.iterrows():
        at = (str(rows.at[key, "name"]), where.get(str(key), ""))
        known = {way: row[f"delay_{way}_h"] for way in DIRECTIONS}
        alone = [way for way, hours in known.items() if not pd.isna(hours)]
        is_known = not pd.isna(row["delay_h"]) or bool(alone)
        kind = row["delay_kind"]
        if is_known and not pd.isna(kind) and kind not in CENTRAL:
            problem = f"its delay for the class {name} is of the kind {kind!r}, which stands in "
            found.append(("warning", "classes", at[0], f"{problem}for a mean", at[1]))
        if pd.isna(row["delay_h"]) and len(alone) == 1:
            other = DIRECTIONS[1 - DIRECTIONS.index(alone[0])]
            problem = f"its delay for the class {name} is known {alone[0]!r} alone: "
            found.append(("note", "classes", at[0], f"{problem}{other!r} has the default", at[1]))
        ways = [way for way in ("", *(f"_{way}" for way in DIRECTIONS)) if row[f"status{way}"]]
        for way in ways:
            if pd.isna(status := row[f"status{way}"]):
                continue
            since = "" if pd.isna(row["status_since"]) else f" since {row['status_since']}"
            problem = f"is {status} to the class {name}{way.replace('_', ' ')}{since}"
            found.append(("note", "classes", at[0], problem, at[1]))
    return found


def _of_capacity(rows: pd.DataFrame, classes: list[str], where: Mapping[str, str]) -> list[Finding]:
    """Capacities of 0, and those that are no more than what a checkpoint was built for."""
    found: list[Finding] = []
    for name in classes:
        shut = without_capacity(rows, name)
        for key, ways in shut[shut.any(axis=1)].iterrows():
            way = "" if ways.all() else f", direction {next(w for w in DIRECTIONS if ways[w])}"
            problem = f"is closed to the class {name}{way}: its capacity is 0"
            item = str(rows.at[key, "name"])
            found.append(("note", "classes", item, problem, where.get(str(key), "")))
    for column in ("capacity_kind", *(class_columns(name)["capacity_kind"] for name in classes)):
        if column in rows:
            problem = f"{column} is 'design': what it was built for is no measure of what passes"
            found += [
                ("warning", "classes", str(row["name"]), problem, where.get(str(key), ""))
                for key, row in rows[rows[column] == "design"].iterrows()
            ]
    return found


def _of_trains(rows: pd.DataFrame, classes: list[str], where: Mapping[str, str]) -> list[Finding]:
    """What is said of classes of road traffic where no road passes."""
    said = [column for name in classes for column in class_columns(name).values()]
    known = rows.reindex(columns=said).notna()
    found: list[Finding] = []
    for key, row in zip(rows.index, known.to_numpy(), strict=True):
        if row.any():
            columns, mode = listed(known.columns[row].tolist()), str(rows.at[key, "mode"])
            problem = f"{columns} of a checkpoint of mode {mode}: classes take roads and ferries, "
            at = where.get(str(key), "")
            name = str(rows.at[key, "name"])
            found.append(("warning", "classes", name, f"{problem}so it is left out", at))
    return found


def _of_counts(
    rows: pd.DataFrame, counts: pd.DataFrame | None, counted: Mapping[int, str]
) -> list[Finding]:
    """Counts above the capacity of the register."""
    if counts is None:
        return []
    found: list[Finding] = []
    for at, count in counts.iterrows():
        key, name, way = (str(count[part]) for part in ("checkpoint_id", "class", "direction"))
        part = "" if way == "both" else f"_{way}"
        column = f"capacity{part}_day"
        if name != EVERY_CLASS:
            column = class_columns(name)[column]
        if key not in rows.index or column not in rows:
            continue
        vehicles, most = float(count["vehicles_day"]), float(rows[column].astype(float)[key])
        if vehicles > most:
            problem = f"{vehicles:,.0f} vehicles a day were counted, more than the {most:,.0f} of "
            where = counted.get(int(str(at)), "")
            found.append(("warning", "classes", str(rows.at[key, "name"]), problem + column, where))
    return found
