"""Counts of vehicles that contradict each other, or the checkpoints they were made at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.terms import EVERY_CLASS, ROAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_border.pipeline.stages.checkpoint_findings import Finding

_SLOT = ["checkpoint_id", "class", "direction", "year"]
_BOTH = "both"


def of_contradictions(
    register: pd.DataFrame, counts: pd.DataFrame | None, where: Mapping[int, str]
) -> list[Finding]:
    """Tell counts that cannot be true together.

    Parameters
    ----------
    register
        Checkpoints as the study's files have them.
    counts
        Counts of vehicles; None without any.
    where
        File and row of each, by its index.

    Returns
    -------
    list of tuple
        Findings: vehicles where no road passes, counts that stand twice, and parts that are more
        than the whole in the same year.
    """
    if counts is None:
        return []
    mode = counts["checkpoint_id"].map(register["mode"])
    strange = counts.assign(mode=mode)[mode.notna() & ~mode.isin(ROAD)]
    found = [
        (row, f"{_vehicles(row)} were counted where a checkpoint of mode {row['mode']} has none")
        for _, row in strange.iterrows()
    ]
    for _, rows in counts[counts.duplicated(_SLOT, keep=False)].groupby(_SLOT, dropna=False):
        figures = " and ".join(f"{vehicles:,.0f}" for vehicles in rows["vehicles_day"])
        first = rows.iloc[0]
        found.append((first, f"{_slot(first)} stands {len(rows)} times: {figures} vehicles a day"))
    for _, rows in counts.dropna(subset="year").groupby(["checkpoint_id", "year"]):
        for _, whole in rows.iterrows():
            is_part = rows["class"].eq(whole["class"]) | (whole["class"] == EVERY_CLASS)
            is_part &= rows["direction"].eq(whole["direction"]) | (whole["direction"] == _BOTH)
            found += [
                (row, f"{_vehicles(row)} are more than the {_vehicles(whole)} that hold them")
                for _, row in rows[
                    is_part & (rows["vehicles_day"] > whole["vehicles_day"])
                ].iterrows()
                if _slot(row) != _slot(whole)
            ]
    names = register["name"]
    return [
        (
            "warning",
            "classes",
            str(names.get(row["checkpoint_id"], row["checkpoint_id"])),
            said,
            where.get(int(str(row.name)), ""),
        )
        for row, said in found
    ]


def _slot(count: pd.Series) -> str:
    """What a count is of."""
    year = "" if pd.isna(count["year"]) else f" in {count['year']:.0f}"
    return f"the count of the class {count['class']}, direction {count['direction']}{year}"


def _vehicles(count: pd.Series) -> str:
    """What was counted, in words."""
    of = f"class {count['class']}, direction {count['direction']}"
    return f"{count['vehicles_day']:,.0f} vehicles a day ({of})"
