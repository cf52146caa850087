"""The tables of the page, as lists of cells for its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.limits import reach_that_tells
from geo_border.columns import column_of
from geo_border.network.places import STAND_IN
from geo_border.report.along import effect_of_delays
from geo_border.report.checkpoints import checkpoint_words, delay_known, delay_origin
from geo_border.report.style import (
    BAD,
    MODES,
    SCORES,
    best_first,
    checkpoint_names,
    pretty_classes,
    short_names,
)
from geo_border.report.traffic import class_words, traffic_of
from geo_border.typology.findings import LOST_H
from geo_border.typology.words import (
    HOURS,
    MINUTES,
    capitalised,
    hours,
    number,
    percent,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from geo_border.pipeline.results import Results


LEAST_DIVERSION, MOST_DIVERSIONS = 0.02, 3
"""Least share of a closed checkpoint's traffic that is told where it goes, and most of these."""

Cell = dict[str, Any]
"""What is shown (``text``), what it sorts by (``key``), and whether it is a number."""

SortableTable = dict[str, Any]
"""Titles with units (``head``) and ``rows`` of cells."""


def cell(value: object, decimals: int = 0, *, factor: float = 1, unit: str = "") -> Cell:
    """Make a cell of a sortable table.

    Parameters
    ----------
    value
        Number or words.
    decimals, factor, unit
        As in `geo_border.typology.words.number`.

    Returns
    -------
    dict
        ``text``, ``key``, ``numeric``.
    """
    if isinstance(value, str):
        return {"text": value, "key": value, "numeric": False}
    text = number(value, decimals, factor=factor, unit=unit)
    missing = text == "\N{EN DASH}"
    return {"text": text, "key": "" if missing else f"{float(value):.10g}", "numeric": True}  # type: ignore[arg-type]  # not missing: a number


def duration(value: float) -> Cell:
    """Make a cell of hours, or of minutes where there are few.

    Parameters
    ----------
    value
        Hours.

    Returns
    -------
    dict
        As `cell` makes it; its key is in hours.
    """
    return {**cell(value), "text": hours(value)}


Shown = tuple[str, str, "Callable[[Any], Cell]"]
"""A column of a table: its title, its unit, and the cell of a row."""


def table(
    rows: Iterable[Any],
    columns: Sequence[Shown],
    *,
    drop_empty: bool = False,
    drop_constant: bool = False,
) -> SortableTable:
    """Make a sortable table.

    Parameters
    ----------
    rows
        What the rows are of.
    columns
        Title, unit and what makes the cell of a row.
    drop_empty
        Whether columns of numbers in which no one has a figure are left out.
    drop_constant
        Whether what all of several rows have alike is no column, but said once.

    Returns
    -------
    dict
        ``head`` (title and unit), ``rows`` of cells, and ``alike``: title, unit and text of what
        all rows have alike.
    """
    cells = [[make(row) for _, _, make in columns] for row in rows]
    kept = [
        number
        for number in range(len(columns))
        if not (drop_empty and cells)
        or any(row[number]["key"] or not row[number]["numeric"] for row in cells)
    ]
    alike = []
    if drop_constant and len(cells) > 1:
        alike = [number for number in kept[1:] if len({row[number]["text"] for row in cells}) == 1]
        kept = [number for number in kept if number not in alike]
    return {
        "alike": [(*columns[number][:2], cells[0][number]["text"]) for number in alike],
        "head": [columns[number][:2] for number in kept],
        "rows": [[row[number] for number in kept] for row in cells],
    }


def shown_column(
    of: str, name: str, cell_of: Callable[[Any], Cell], unit: str | None = None
) -> Shown:
    """Column of an output, with its heading, and its unit if no other is given.

    Parameters
    ----------
    of, name
        Table of the results, and the column.
    cell_of
        Makes the cell of a row.
    unit
        In place of that of the column.

    Returns
    -------
    tuple
        For `table`.
    """
    column = column_of(of, name)
    title = column.heading.replace("checkpoint", "check\N{SOFT HYPHEN}point")
    return title, column.unit if unit is None else unit, cell_of


def region_table(results: Results) -> SortableTable:
    """Table of the home regions with levels, types and accessibility.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        As `table` makes it.
    """
    regions, levels, kind = results.regions, results.levels, results.typology["type"]
    effect = effect_of_delays(results)

    def rank(name: str) -> Cell:
        level = levels.loc[name]
        interval = cell(level["rank_low"])
        if interval["key"] and level["rank_high"] != level["rank_low"]:
            interval["text"] += f"\N{EN DASH}{number(level['rank_high'])}"
        return interval

    def type_of(name: str) -> Cell:
        return cell(capitalised(words_of(kind.get(name))) or "not typed")

    def hours_of(name: str) -> Cell:
        return duration(regions.at[name, "hours_to_checkpoint"])

    def score(key: str) -> Shown:
        return shown_column("levels", key, lambda name: cell(levels.at[name, key]))

    columns = [
        shown_column("regions", "name", lambda name: cell(str(regions.at[name, "name"]))),
        shown_column("typology", "type", type_of),
        score("index"),
        shown_column("levels", "index_rank", rank, "interval"),
        *(score(key) for key in SCORES if key != "index"),
        shown_column("regions", "hours_to_checkpoint", hours_of, ""),
        shown_column(
            "regions", "border_effect", lambda name: cell(effect[name], 1, factor=100), "%"
        ),
    ]
    return table(best_first(results), columns, drop_empty=True)


def reach_table(results: Results) -> SortableTable:
    """Table of all regions of both sides with what can be reached.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        As `table` makes it.
    """
    study = results.settings.study
    side = {"home": study.home, "neighbour": study.neighbour}

    def figure(name: str, decimals: int = 0, factor: float = 1, unit: str | None = None) -> Shown:
        return shown_column(
            "regions", name, lambda row: cell(row[name], decimals, factor=factor), unit
        )

    def people(name: str, decimals: int = 0) -> Shown:
        return figure(name, decimals, 1e-3, "thousand")

    def hours_of(row: Any) -> Cell:
        return duration(row["hours_to_checkpoint"])

    reach = reach_that_tells(results.regions)
    limit = None if reach is None else f"population_{reach[0]:g}min"
    within = [] if limit is None else [(f"{limit}_own", 0), (f"{limit}_across", 1)]
    columns = [
        shown_column("regions", "name", lambda row: cell(str(row["name"]))),
        shown_column("regions", "side", lambda row: cell(side[row["side"]])),
        people("population"),
        figure("border_km"),
        figure("checkpoints_open"),
        figure("km_per_checkpoint"),
        shown_column("regions", "hours_to_checkpoint", hours_of, ""),
        figure("border_effect", 1, 100, "%"),
        *(figure(name, 1) for name in LOST_H if name in results.regions),
        *(people(name, decimals) for name, decimals in within),
        people("potential_own"),
        people("potential_across", 1),
    ]
    rows = results.regions.assign(border_effect=effect_of_delays(results))
    return table((row for _, row in rows.iterrows()), columns, drop_empty=True)


def checkpoint_table(results: Results) -> SortableTable:
    """Table of checkpoints, the busiest first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        As `table` makes it.
    """
    controls = results.checkpoints.sort_values(
        ["is_open", "load_share"], ascending=False, na_position="last", kind="stable"
    )
    passed = np.array(delay_known(controls), bool)
    rows = pd.DataFrame(checkpoint_words(results, controls), controls.index).assign(
        load=controls["load_share"],
        delay=controls[["delay_out_h", "delay_in_h"]].mean(axis=1, skipna=False).where(passed),
        origin=np.where(controls["is_open"].astype(bool), delay_origin(controls), ""),
        extra=controls["closure_extra_hours"],
        detour=controls.get("closure_detour_h", pd.Series(np.nan, controls.index)),
        lost=controls["closure_unserved"],
        goes_to=_diversions(results).reindex(controls.index).fillna(""),
    )

    def words(column: str) -> Callable[[Any], Cell]:
        return lambda row: cell(row[column])

    def share(column: str, decimals: int) -> Callable[[Any], Cell]:
        return lambda row: cell(row[column], decimals, factor=100)

    def hours_of(column: str) -> Callable[[Any], Cell]:
        return lambda row: duration(row[column])

    columns = [
        shown_column("checkpoints", "name", words("name")),
        ("Between", "", words("between")),
        shown_column("checkpoints", "mode", words("mode_text")),
        shown_column("checkpoints", "status", words("status")),
        shown_column("checkpoints", "load_share", share("load", 1), "% of demand"),
        shown_column("checkpoints", "delay_h", hours_of("delay"), "mean"),
        ("Delay is", "", words("origin")),
        shown_column("checkpoints", "closure_extra_hours", hours_of("extra"), "a trip that passed"),
        shown_column("checkpoints", "closure_detour_h", hours_of("detour"), "a trip"),
        shown_column("checkpoints", "closure_unserved", share("lost", 2), "% of demand"),
        shown_column("diversions", "to_id", words("goes_to"), "share"),
    ]
    return table(rows.to_dict("records"), columns, drop_empty=True)


def _diversions(results: Results) -> pd.Series[str]:
    """Where most of the traffic of each checkpoint goes if it closes, in words."""
    names = checkpoint_names(results)
    moved = results.diversions[results.diversions["class"] == traffic_of(results)]
    moved = moved.sort_values("share", ascending=False, kind="stable")
    moved = moved[moved["share"] >= LEAST_DIVERSION]
    moved = moved[moved.groupby("closed_id").cumcount() < MOST_DIVERSIONS]
    stated = [
        f"{names.get(to, str(to))} {percent(share)}"
        for to, share in zip(moved["to_id"], moved["share"], strict=True)
    ]
    words: pd.Series[str] = pd.Series(stated, moved["closed_id"], dtype=object)
    return words.groupby(level=0).agg(", ".join)


def dyad_table(results: Results) -> SortableTable:
    """Table of pairs of regions along the border.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        As `table` makes it.
    """
    names = results.regions["name"].astype(str)
    study = results.settings.study

    def region(of: str) -> Callable[[Any], Cell]:
        return lambda dyad: cell(str(names.get(dyad[of], dyad[of])))

    def figure(name: str) -> Callable[[Any], Cell]:
        return lambda dyad: cell(dyad[name])

    columns: list[Shown] = [
        (f"Region of {study.home}", "", region("home_id")),
        (f"Region of {study.neighbour}", "", region("neighbour_id")),
        shown_column("dyads", "length_km", figure("length_km")),
    ]
    if results.dyads["sea_km"].any():
        columns.append(shown_column("dyads", "sea_km", figure("sea_km")))
    columns += [
        (words, "open checkpoints", figure(mode))
        for mode, words in MODES.items()
        if mode in results.dyads
    ]
    return table((dyad for _, dyad in results.dyads.iterrows()), columns)


def capital_matrix(results: Results) -> dict[str, Any]:
    """Time and km from each home capital to each neighbour capital.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``stand_in`` (whether largest settlements stand in for capitals), ``columns`` of names;
        ``rows`` of a name and cells with ``time``, ``km``, ``via``, ``colour``; ``legend`` of
        colours and labels.
    """
    regions = results.regions
    short = short_names(results)
    capital = regions["capital"].map(words_of)
    capital = capital.where(capital != "", short)
    known_from = regions.get("capital_known_from", pd.Series(dtype=object))
    controls = checkpoint_names(results).to_dict()
    rows_of = list(regions.index[regions["side"] == "home"])
    columns = list(regions.index[regions["side"] == "neighbour"])
    times = results.travel_times
    across = times[times["from_id"].isin(rows_of) & times["to_id"].isin(columns)]
    unit, factor = (MINUTES, 60) if across["hours"].max() < 2 else (HOURS, 1)
    scale = pretty_classes(across["hours"], colours=BAD, unit=unit, scale=factor, darkest=0.5)
    stated = across.assign(colour=scale.colour(across["hours"]))
    trips = {(trip["from_id"], trip["to_id"]): trip for trip in stated.to_dict("records")}
    rows = [
        {
            "name": capital[start],
            "cells": [_trip(trips.get((start, end)), controls) for end in columns],
        }
        for start in rows_of
    ]
    return {
        "stand_in": bool((known_from == STAND_IN).any()),
        "columns": [capital[name] for name in columns],
        "rows": rows,
        "legend": list(zip(scale.colours, scale.labels, strict=True)),
    }


def _trip(trip: Mapping[Hashable, Any] | None, controls: Mapping[Hashable, str]) -> dict[str, str]:
    """Cell of a trip between two capitals, with a dash where one of them has none."""
    if trip is None:
        return {"time": "\N{EN DASH}", "km": "", "via": "", "colour": "#ffffff"}
    routes = [way.strip() for way in words_of(trip["via"]).replace(",", ";").split(";") if way]
    return {
        "time": hours(trip["hours"]),
        "km": number(trip["km"], unit=" km"),
        "via": ", ".join(str(controls.get(way, way)) for way in routes),
        "colour": str(trip["colour"]),
    }


def corridor_table(results: Results) -> SortableTable | None:
    """Table of corridors with their speed without and with delay.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict or None
        As `table` makes it; None if the study names no corridor.
    """
    summary = results.more.get("corridors")
    if summary is None:
        return None
    names = checkpoint_names(results)

    def through(row: Any) -> Cell:
        if pd.isna(row["km"]):
            return cell("closed to the class")
        via = [
            str(names.get(control, control)) for control in str(row["via"]).split(";") if control
        ]
        return cell(", ".join(via))

    def figure(name: str, make: Callable[[Any], Cell], unit: str | None = None) -> Shown:
        return shown_column("corridors", name, lambda row: make(row[name]), unit)

    several = len(summary["class"].unique()) > 1
    columns = [
        figure("corridor", lambda value: cell(str(value))),
        *([figure("class", lambda value: cell(class_words(value)))] if several else []),
        figure("km", cell),
        figure("hours", duration, ""),
        figure("delay_h", duration, ""),
        figure("swod_kmh", cell),
        figure("swd_kmh", cell),
        shown_column("corridors", "via", through),
    ]
    costs = results.settings.corridor_costs
    if costs is not None and "cost" in summary:
        columns.insert(-1, figure("cost", cell, costs.currency))
    return table(summary.to_dict("records"), columns)
