"""What the page shows, as plain lists of words and numbers for its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.report.hover import checkpoint_words, delay_origin
from geo_border.report.style import (
    BAD,
    LEVELS,
    MODES,
    PERCENT,
    SCORES,
    checkpoint_label,
    percent,
    pretty_classes,
    sentence,
    short_names,
    type_colours,
)
from geo_border.report.words import number

if TYPE_CHECKING:
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
        As in `geo_border.report.words.number`.

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


def words_of(value: object) -> str:
    """Words of a cell that may be missing.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    str
        Empty where it is missing.
    """
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124


def _order(results: Results) -> pd.Index:
    """Regions by their index; without one by the level that has scores."""
    by = ["index", *LEVELS]
    return results.levels.sort_values(by, ascending=False, na_position="last").index


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
        ("To the nearest check\N{SOFT HYPHEN}point", "h"),
        ("Border effect", "%"),
    ]
    rows = []
    near = results.regions.loc[results.levels.index, "hours_to_checkpoint"].max() < 2
    for name in _order(results):
        region, level = results.regions.loc[name], results.levels.loc[name]
        kind = words_of(results.typology["type"].get(name))
        interval = cell(level["rank_low"])
        if interval["key"] and level["rank_high"] != level["rank_low"]:
            interval["text"] += f"\N{EN DASH}{number(level['rank_high'])}"
        rows.append(
            [
                cell(str(region["name"])),
                cell(sentence(kind) or "not typed"),
                cell(level["index"]),
                interval,
                *(cell(level[key]) for key in SCORES if key != "index"),
                cell(region["hours_to_checkpoint"], 2 if near else 1),
                cell(region["border_effect"], 1, factor=100),
            ]
        )
    return {"head": head, "rows": rows}


def _access_cells(region: pd.Series[Any]) -> list[Cell]:
    """Cells with the accessibility of one region."""
    return [
        cell(region["border_km"]),
        cell(region["checkpoints_open"]),
        cell(region["km_per_checkpoint"]),
        cell(region["hours_to_checkpoint"], 1),
        cell(region["border_effect"], 1, factor=100),
    ]


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
        ("To the nearest check\N{SOFT HYPHEN}point", "h"),
        ("Border effect", "%"),
        (f"Within {minutes}, own side", "thousand"),
        (f"Within {minutes}, across", "thousand"),
        ("Potential, own side", "thousand"),
        ("Potential, across", "thousand"),
    ]
    study = results.settings.study
    side = {"home": study.home, "neighbour": study.neighbour}
    rows = [
        [
            cell(str(region["name"])),
            cell(side[region["side"]]),
            cell(region["population"], factor=1e-3),
            *_access_cells(region),
            cell(region["population_60min_own"], factor=1e-3),
            cell(region["population_60min_across"], 1, factor=1e-3),
            cell(region["potential_own"], factor=1e-3),
            cell(region["potential_across"], 1, factor=1e-3),
        ]
        for _, region in results.regions.iterrows()
    ]
    return {"head": head, "rows": rows}


def region_cards(results: Results) -> list[dict[str, Any]]:
    """One card for each region with levels, best index first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        What each card says.
    """
    colours = type_colours(results)
    settings = results.settings.typology
    lines = results.cards[results.cards["kind"] == "region"].groupby("id", sort=False)["line"]
    lines_of = {name: [checkpoint_label(words_of(line)) for line in group] for name, group in lines}
    order = _order(results)
    cards = []
    for name in order:
        level = results.levels.loc[name]
        known = name in results.typology.index
        kind = results.typology.loc[name] if known else pd.Series(dtype=object)
        bars = []
        for key, title in SCORES.items():
            value = level[key]
            text = number(value)
            bars.append(
                {
                    "title": title,
                    "text": "no data" if text == "\N{EN DASH}" else text,
                    "width": float(np.clip(value, 0, 100)) if np.isfinite(value) else None,
                    "grade": _grade(value, settings.low, settings.high),
                    "main": key in LEVELS,
                }
            )
        said = {
            part: checkpoint_label(words_of(kind.get(part)))
            for part in ("reasons", "growth_point", "bottleneck", "would_change")
        }
        readiness = kind.get("readiness")
        cards.append(
            {
                "id": str(name),
                "name": str(results.regions.at[name, "name"]),
                "local": words_of(results.regions.loc[name].get("name_ru")),
                "type": sentence(words_of(kind.get("type"))) or "not typed",
                "colour": colours.get(str(kind.get("type")), "#dcdcd8"),
                "probability": number(kind.get("probability"), factor=100, unit=PERCENT),
                "readiness": readiness if isinstance(readiness, str) else number(readiness),
                **said,
                "bars": bars,
                "lines": [
                    line
                    for line in lines_of.get(name, [])
                    if not any(words and words in line for words in said.values())
                ],
            }
        )
    return cards


def _grade(value: float, low: float, high: float) -> str:
    """Low, medium or high by the thresholds of the typology."""
    if not np.isfinite(value):
        return "missing"
    return "low" if value < low else "high" if value >= high else "medium"


def other_cards(results: Results, kind: str) -> list[dict[str, Any]]:
    """Cards in words of dyads or checkpoints.

    Parameters
    ----------
    results
        What a run gave.
    kind
        ``"dyad"`` or ``"checkpoint"``.

    Returns
    -------
    list of dict
        ``title`` and ``lines``.
    """
    mine = results.cards[results.cards["kind"] == kind]
    return [
        {
            "title": checkpoint_label(words_of(group["title"].iloc[0])),
            "lines": [checkpoint_label(words_of(line)) for line in group["line"]],
        }
        for _, group in mine.groupby("id", sort=False)
    ]


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
    origin = delay_origin(posts)
    names = results.checkpoints["name"].astype(str).map(checkpoint_label)
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
        ("Delay", "h, mean"),
        ("Delay is", ""),
        ("If closed: extra", "h a diverted trip"),
        ("No other way", "% of demand"),
        ("Traffic goes to", "share"),
    ]
    rows = [
        [
            cell(words["name"][number_]),
            cell(words["between"][number_]),
            cell(words["mode_text"][number_]),
            cell(str(post["status"])),
            cell(post["load_share"], 1, factor=100),
            cell(float(np.mean([post["delay_out_h"], post["delay_in_h"]])), 1),
            cell(origin[number_]),
            cell(post["closure_extra_hours"], 1),
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
    rows = [
        [
            cell(str(names.get(dyad["home_id"], dyad["home_id"]))),
            cell(str(names.get(dyad["neighbour_id"], dyad["neighbour_id"]))),
            cell(dyad["length_km"]),
            *(cell(dyad[mode]) for mode in modes),
        ]
        for _, dyad in results.dyads.iterrows()
    ]
    return {"head": head, "rows": rows}


def capital_matrix(results: Results) -> dict[str, Any]:
    """Hours and km from each home capital to each neighbour capital.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        ``ends`` in words, ``columns`` of names; ``rows`` of a name and cells with ``hours``,
        ``km``, ``via``, ``colour``; ``legend`` of colours and labels.
    """
    regions = results.regions
    short = short_names(regions["name"].astype(str))
    capital = regions["capital"].map(words_of)
    capital = capital.where(capital != "", short)
    known_from = regions.get("capital_known_from", pd.Series(dtype=object))
    stand_in = bool((known_from == "most populous settlement").any())
    times = results.travel_times.set_index(["from_id", "to_id"])
    posts = results.checkpoints["name"].astype(str).map(checkpoint_label)
    rows_of = list(regions.index[regions["side"] == "home"])
    columns = list(regions.index[regions["side"] == "neighbour"])
    across = times[
        times.index.get_level_values(0).isin(rows_of)
        & times.index.get_level_values(1).isin(columns)
    ]
    scale = pretty_classes(across["hours"], colours=BAD, unit=" h", darkest=0.5)
    rows = []
    for start in rows_of:
        cells = []
        for end in columns:
            if (start, end) not in across.index:
                cells.append({"hours": "\N{EN DASH}", "km": "", "via": "", "colour": "#ffffff"})
                continue
            trip = across.loc[(start, end)]
            ways = [way for way in words_of(trip["via"]).replace(",", ";").split(";") if way]
            cells.append(
                {
                    "hours": number(trip["hours"], 1),
                    "km": number(trip["km"], unit=" km"),
                    "via": ", ".join(str(posts.get(way.strip(), way.strip())) for way in ways),
                    "colour": str(scale.colour(pd.Series([trip["hours"]], dtype=float))[0]),
                }
            )
        rows.append({"name": capital[start], "cells": cells})
    return {
        "ends": "largest settlement" if stand_in else "capital",
        "columns": [capital[name] for name in columns],
        "rows": rows,
        "legend": list(zip(scale.colours, scale.labels, strict=True)),
    }


def indicator_tables(results: Results) -> list[dict[str, Any]]:
    """Indicators by level, with how far they are known and their values.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        ``title`` and ``rows``: what each indicator is, its years and regions.
    """
    registry = results.registry
    if registry.index.name == "indicator_id":
        registry = registry.reset_index()
    here = results.indicators[results.indicators["region_id"].isin(results.levels.index)]
    start = "from_year" if "from_year" in here else "year"
    used = here.groupby("indicator_id").agg(
        first=(start, "min"),
        last=("year", "max"),
        regions=("region_id", "nunique"),
        unit=("unit", "first"),
    )
    total = len(results.levels)
    tables = []
    for level, rows in registry.groupby("level", sort=False):
        entries = []
        for _, row in rows.iterrows():
            if row["indicator_id"] not in used.index:
                continue
            known = used.loc[row["indicator_id"]]
            span = {int(year) for year in known[["first", "last"]].dropna()}
            entries.append(
                {
                    "name": words_of(row["name"]),
                    "unit": words_of(known["unit"]),
                    "better": "more" if row["direction"] > 0 else "less",
                    "years": "\N{EN DASH}".join(str(year) for year in sorted(span)) or "this run",
                    "regions": f"{int(known['regions'])} of {total}",
                    "definition": words_of(row["definition"]),
                    "source": words_of(row["source"]),
                    "licence": words_of(row["licence"]),
                    "role": words_of(row.get("role")),
                }
            )
        if entries:
            title = SCORES.get(str(level), str(level).replace("_", " ").capitalize())
            tables.append({"title": title, "rows": entries})
    return tables


def quality_groups(results: Results) -> list[dict[str, Any]]:
    """Account of the data by topic.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        ``topic`` and ``rows`` of item, value with unit, note.
    """
    return [
        {
            "topic": str(topic).capitalize(),
            "rows": [
                (
                    words_of(row["item"]),
                    _quality_value(row["value"], row["unit"]),
                    words_of(row["note"]),
                )
                for _, row in rows.iterrows()
            ],
        }
        for topic, rows in results.quality.groupby("topic", sort=False)
    ]


def _quality_value(value: object, unit: object) -> str:
    """Write a figure of the account: counts whole, small numbers with a digit."""
    if isinstance(value, int | float | np.integer | np.floating):
        whole = float(value).is_integer() or abs(float(value)) >= 1000
        text = number(value, 0 if whole else 1)
    else:
        text = words_of(value)
    return f"{text} {words_of(unit)}".strip()


def provenance(manifest: dict[str, Any]) -> list[tuple[str, Any]]:
    """Make the manifest a nested list of names and words.

    Parameters
    ----------
    manifest
        Versions, parameters, digests, counts.

    Returns
    -------
    list of tuple
        Name, and words or a list like this one.
    """
    return [
        (str(key).replace("_", " "), provenance(value) if isinstance(value, dict) else _flat(value))
        for key, value in manifest.items()
    ]


def _flat(value: object) -> str:
    """Words of a leaf of the manifest."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
