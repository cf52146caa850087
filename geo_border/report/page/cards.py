"""The cards of the page, as words and numbers for its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.report.style import LEVELS, SCORES, best_first, checkpoint_label, type_colours
from geo_border.typology.rules import Thresholds, classes
from geo_border.typology.words import capitalised, number, percent, words_of

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


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
    cuts = results.settings.typology
    grades = classes(results.levels, thresholds=Thresholds(low=cuts.low, high=cuts.high))
    lines = results.cards[results.cards["kind"] == "region"].groupby("id", sort=False)["line"]
    lines_of = {name: [checkpoint_label(words_of(line)) for line in group] for name, group in lines}
    scored = {key: title for key, title in SCORES.items() if results.levels[key].notna().any()}
    local = f"name_{results.settings.regions.local_language}"
    cards = []
    for name in best_first(results):
        level = results.levels.loc[name]
        typed = name in results.typology.index
        kind = results.typology.loc[name] if typed else pd.Series(dtype=object)
        bars = []
        for key, title in scored.items():
            value = level[key]
            bars.append(
                {
                    "title": title,
                    "text": number(value) if np.isfinite(value) else "no data",
                    "width": float(np.clip(value, 0, 100)) if np.isfinite(value) else None,
                    "grade": grades.at[name, key] or "missing",
                    "main": key in LEVELS,
                }
            )
        said = {
            part: checkpoint_label(words_of(kind.get(part)))
            for part in ("reasons", "growth_point", "bottleneck", "would_change")
        }
        readiness, probability = kind.get("readiness"), kind.get("probability")
        cards.append(
            {
                "id": str(name),
                "name": str(results.regions.at[name, "name"]),
                "local": words_of(results.regions.loc[name].get(local)),
                "type": capitalised(words_of(kind.get("type"))) or "not typed",
                "colour": colours.get(str(kind.get("type")), "#dcdcd8"),
                "probability": percent(float(probability)) if pd.notna(probability) else "",
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
