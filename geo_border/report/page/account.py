"""Where the figures of the page are from: indicators, quality of the data, provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.report.style import SCORES
from geo_border.typology.words import number, words_of

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


COUNTED = ("links", "pairs", "persons")
"""Units of the account that are things, and have another form for one of them."""


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
        if value == 1 and words_of(unit) in COUNTED:
            return f"{text} {words_of(unit).removesuffix('s')}"
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
