"""The tables of the page, as lists of cells for its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.network.places import STAND_IN
from geo_border.report.along import border_effect
from geo_border.report.checkpoints import checkpoint_words, delay_origin, delay_told
from geo_border.report.style import (
    BAD,
    MODES,
    SCORES,
    best_first,
    checkpoint_names,
    pretty_classes,
    short_names,
)
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
    from collections.abc import Hashable, Mapping

    from geo_border.results import Results


Cell = dict[str, Any]
"""What is shown (``text``), what it sorts by (``key``), and whether it is a number."""


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


def _without_empty(head: list[tuple[str, str]], rows: list[list[Cell]]) -> dict[str, Any]:
    """Table without the columns of numbers in which no one has a figure."""
    told = [
        number
        for number in range(len(head))
        if not rows or any(row[number]["key"] or not row[number]["numeric"] for row in rows)
    ]
    return {
        "head": [head[number] for number in told],
        "rows": [[row[number] for number in told] for row in rows],
    }


def region_table(results: Results) -> dict[str, Any]:
    """Table of the home regions with levels, types and accessibility.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``head`` (title and unit) and ``rows`` of cells.
    """
    head = [
        ("Region", ""),
        ("Type", ""),
        ("Index", "0\N{EN DASH}100"),
        ("Rank", "interval"),
        *((title, "0\N{EN DASH}100") for key, title in SCORES.items() if key != "index"),
        ("To the nearest check\N{SOFT HYPHEN}point", ""),
        ("Border effect", "%"),
    ]
    rows = []
    effect = border_effect(results)
    for name in best_first(results):
        region, level = results.regions.loc[name], results.levels.loc[name]
        kind = words_of(results.typology["type"].get(name))
        interval = cell(level["rank_low"])
        if interval["key"] and level["rank_high"] != level["rank_low"]:
            interval["text"] += f"\N{EN DASH}{number(level['rank_high'])}"
        rows.append(
            [
                cell(str(region["name"])),
                cell(capitalised(kind) or "not typed"),
                cell(level["index"]),
                interval,
                *(cell(level[key]) for key in SCORES if key != "index"),
                duration(region["hours_to_checkpoint"]),
                cell(effect[name], 1, factor=100),
            ]
        )
    return _without_empty(head, rows)


def reach_table(results: Results) -> dict[str, Any]:
    """Table of all regions of both sides with what can be reached.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``head`` and ``rows`` as in `region_table`.
    """
    minutes = "60 min"
    head = [
        ("Region", ""),
        ("Side", ""),
        ("Population", "thousand"),
        ("Border", "km"),
        ("Open check\N{SOFT HYPHEN}points", ""),
        ("Border per check\N{SOFT HYPHEN}point", "km"),
        ("To the nearest check\N{SOFT HYPHEN}point", ""),
        ("Border effect", "%"),
        (f"Within {minutes}, own side", "thousand"),
        (f"Within {minutes}, across", "thousand"),
        ("Potential, own side", "thousand"),
        ("Potential, across", "thousand"),
    ]
    study = results.settings.study
    side = {"home": study.home, "neighbour": study.neighbour}
    effect = border_effect(results)
    rows = [
        [
            cell(str(region["name"])),
            cell(side[region["side"]]),
            cell(region["population"], factor=1e-3),
            cell(region["border_km"]),
            cell(region["checkpoints_open"]),
            cell(region["km_per_checkpoint"]),
            duration(region["hours_to_checkpoint"]),
            cell(effect[name], 1, factor=100),
            cell(region["population_60min_own"], factor=1e-3),
            cell(region["population_60min_across"], 1, factor=1e-3),
            cell(region["potential_own"], factor=1e-3),
            cell(region["potential_across"], 1, factor=1e-3),
        ]
        for name, region in results.regions.iterrows()
    ]
    return _without_empty(head, rows)


def checkpoint_table(results: Results) -> dict[str, Any]:
    """Table of checkpoints, the busiest first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``head`` and ``rows`` as in `region_table`.
    """
    posts = results.checkpoints.sort_values(
        ["is_open", "load_share"], ascending=False, na_position="last", kind="stable"
    )
    words = checkpoint_words(results, posts)
    origin, passed = delay_origin(posts), delay_told(posts)
    names = checkpoint_names(results)
    ways: dict[str, list[str]] = {}
    moved = results.diversions.sort_values("share", ascending=False, kind="stable")
    for closed, to, share in zip(moved["closed_id"], moved["to_id"], moved["share"], strict=True):
        told = ways.setdefault(str(closed), [])
        if len(told) < 3 and share >= 0.02:
            told.append(f"{names.get(to, str(to))} {percent(share)}")
    head = [
        ("Checkpoint", ""),
        ("Between", ""),
        ("Mode", ""),
        ("Status", ""),
        ("Load", "% of demand"),
        ("Delay", "mean"),
        ("Delay is", ""),
        ("If closed: extra", "a diverted trip"),
        ("No other way", "% of demand"),
        ("Traffic goes to", "share"),
    ]
    rows = [
        [
            cell(words["name"][number_]),
            cell(words["between"][number_]),
            cell(words["mode_text"][number_]),
            cell(words["status"][number_]),
            cell(post["load_share"], 1, factor=100),
            duration(
                float(np.mean([post["delay_out_h"], post["delay_in_h"]]))
                if passed[number_]
                else np.nan
            ),
            cell(origin[number_] if post["is_open"] else ""),
            duration(post["closure_extra_hours"]),
            cell(post["closure_unserved"], 2, factor=100),
            cell(", ".join(ways.get(str(name), []))),
        ]
        for number_, (name, post) in enumerate(posts.iterrows())
    ]
    return {"head": head, "rows": rows}


def dyad_table(results: Results) -> dict[str, Any]:
    """Table of pairs of regions along the border.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``head`` and ``rows`` as in `region_table`.
    """
    names = results.regions["name"].astype(str)
    modes = [mode for mode in MODES if mode in results.dyads]
    study = results.settings.study
    head = [
        (f"Region of {study.home}", ""),
        (f"Region of {study.neighbour}", ""),
        ("Common border", "km"),
        *((f"{MODES[mode]}", "open checkpoints") for mode in modes),
    ]
    wet = bool(results.dyads["sea_km"].any())
    if wet:
        head.insert(3, ("At sea", "km"))
    rows = [
        [
            cell(str(names.get(dyad["home_id"], dyad["home_id"]))),
            cell(str(names.get(dyad["neighbour_id"], dyad["neighbour_id"]))),
            cell(dyad["length_km"]),
            *([cell(dyad["sea_km"])] if wet else []),
            *(cell(dyad[mode]) for mode in modes),
        ]
        for _, dyad in results.dyads.iterrows()
    ]
    return {"head": head, "rows": rows}


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
    posts = checkpoint_names(results).to_dict()
    rows_of = list(regions.index[regions["side"] == "home"])
    columns = list(regions.index[regions["side"] == "neighbour"])
    times = results.travel_times
    across = times[times["from_id"].isin(rows_of) & times["to_id"].isin(columns)]
    unit, factor = (MINUTES, 60) if across["hours"].max() < 2 else (HOURS, 1)
    scale = pretty_classes(across["hours"], colours=BAD, unit=unit, scale=factor, darkest=0.5)
    told = across.assign(colour=scale.colour(across["hours"]))
    trips = {(trip["from_id"], trip["to_id"]): trip for trip in told.to_dict("records")}
    rows = [
        {
            "name": capital[start],
            "cells": [_trip(trips.get((start, end)), posts) for end in columns],
        }
        for start in rows_of
    ]
    return {
        "stand_in": bool((known_from == STAND_IN).any()),
        "columns": [capital[name] for name in columns],
        "rows": rows,
        "legend": list(zip(scale.colours, scale.labels, strict=True)),
    }


def _trip(trip: Mapping[Hashable, Any] | None, posts: Mapping[Hashable, str]) -> dict[str, str]:
    """Cell of a trip between two capitals, with a dash where one of them has none."""
    if trip is None:
        return {"time": "\N{EN DASH}", "km": "", "via": "", "colour": "#ffffff"}
    ways = [way.strip() for way in words_of(trip["via"]).replace(",", ";").split(";") if way]
    return {
        "time": hours(trip["hours"]),
        "km": number(trip["km"], unit=" km"),
        "via": ", ".join(str(posts.get(way, way)) for way in ways),
        "colour": str(trip["colour"]),
    }


def corridor_table(results: Results) -> dict[str, Any] | None:
    """Table of corridors with their speed without and with delay.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict or None
        ``head`` and ``rows`` as the other tables of the page have them; None if the study
        names no corridor.
    """
    summary = results.more.get("corridors")
    if summary is None:
        return None
    names = checkpoint_names(results)
    head = [
        ("Corridor", ""),
        ("Length", "km"),
        ("Time", ""),
        ("of it delay", ""),
        ("Speed without delay", "km/h"),
        ("Speed with delay", "km/h"),
        ("Through", ""),
    ]
    cost = "cost" in summary
    if cost and results.settings.corridor_costs is not None:
        head.insert(6, ("Cost", results.settings.corridor_costs.currency))
    rows = []
    for row in summary.to_dict("records"):
        via = [str(names.get(post, post)) for post in str(row["via"]).split(";") if post]
        cells = [
            cell(str(row["corridor"])),
            cell(row["km"]),
            duration(row["hours"]),
            duration(row["delay_h"]),
            cell(row["swod_kmh"]),
            cell(row["swd_kmh"]),
            cell(", ".join(via)),
        ]
        if cost:
            cells.insert(6, cell(row["cost"]))
        rows.append(cells)
    return {"head": head, "rows": rows}
