"""What is wrong, or odd, with the checkpoints of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.checkpoints import ON_THE_LINE
from geo_border.border.line import along

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from geo_border.pipeline.settings import Settings

Finding = tuple[str, str, str, str, str]
"""Severity, topic, item, problem, and where: file and row."""

CheckpointFinding = tuple[str, str, str]
"""Severity, checkpoint, problem."""

BESIDE_KM = 5.0
"""A checkpoint this near to the border of a region may be said to be of it, km."""

MOST_H = {"rail": 120.0}
"""A delay longer than this reads like minutes, or like a slip, hours."""

MOST_OTHERWISE_H = 48.0

LONG_WAIT_H = 24.0
"""A mean wait for the opening from which on a checkpoint is hardly one, hours."""


def of_checkpoints(
    settings: Settings,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    where: Mapping[str, str],
) -> list[Finding]:
    """Audit the checkpoints of a study.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    gates
        Of the network.
    where
        File and row of checkpoints that are in a file, by id.

    Returns
    -------
    list of tuple
        Findings.
    """
    found = [
        *_of_places(checkpoints),
        *_of_hours(settings, checkpoints),
        *_of_delays(checkpoints),
        *_of_regions(border, checkpoints),
    ]
    return [
        *_of_passage(checkpoints, gates),
        *(
            (
                severity,
                "checkpoints",
                str(checkpoints.at[name, "name"]),
                problem,
                where.get(name, ""),
            )
            for severity, name, problem in found
        ),
    ]


def _of_passage(checkpoints: pd.DataFrame, gates: pd.DataFrame) -> list[Finding]:
    """A border that nobody passes."""
    if gates["is_open"].any():
        return []
    is_open = checkpoints["is_open"] & checkpoints["mode"].isin(ON_THE_LINE)
    status = ", ".join(sorted(set(checkpoints["status"].dropna())))
    why = f"none of the {len(checkpoints)} checkpoints is open (status {status})"
    mend = "correct status and users, or open_status and open_users"
    if checkpoints.empty:
        why, mend = "there is no checkpoint", "name a register, or set open_crossings"
    elif is_open.any():
        why = f"none of the {is_open.sum()} open checkpoints lies on the network"
        mend = "check their places and modes, or raise crossing_tolerance_km"
    problem = f"{why}: nobody gets across; if that is not so, {mend}"
    return [("warning", "checkpoints", "closed border", problem, "")]


def _of_places(checkpoints: pd.DataFrame) -> list[CheckpointFinding]:
    """Checkpoints that are open nobody knows where."""
    placeless = checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["lon"].isna()
    lost = checkpoints[placeless & ~checkpoints["status"].isin(["closed", "planned"])]
    why = "but its place is not known: it is not counted as open; add lon and lat"
    return [
        ("warning", str(name), f"is {status}, {why}") for name, status in lost["status"].items()
    ]


def _of_hours(settings: Settings, checkpoints: pd.DataFrame) -> list[CheckpointFinding]:
    """Opening hours that are not understood, that close for a season, or that hardly open."""
    month, stated = settings.checkpoints.month, list[CheckpointFinding]()
    uninformed = 1 - settings.checkpoints.informed
    period = "the year" if month is None else f"month {month}"
    if "hours_unread" in checkpoints:
        stated += [
            (
                "note",
                str(name),
                f"its opening hours {text!r} are not understood: it is taken to be always open",
            )
            for name, text in checkpoints["hours_unread"].dropna().items()
        ]
    for key, row in checkpoints.dropna(subset="hours").iterrows():
        name, by = str(key), f"by its hours {row['hours']!r}"
        share, wait = float(row["season_share"]), float(row["wait_h"])
        if share == 0:
            stated.append(("warning", name, f"{by} it never opens in {period}: it is closed"))
        elif share < 1:
            days = "" if month else f" ({round(365 * share)} of 365 days)"
            season = f"it is open in {100 * share:.0f} % of {period}{days}"
            stated.append(
                ("warning", name, f"{by} {season}: times over it are those of its open season")
            )
        if wait > uninformed * LONG_WAIT_H:
            mean = wait / uninformed
            who = f"{by} who does not know them waits for its opening, in the mean {mean:.0f} h"
            stated.append(("warning", name, who))
        if not pd.isna(row["hours_remark"]):
            words = f"its hours say {row['hours_remark']!r}, which is not reckoned with"
            stated.append(("note", name, words))
    return stated


def _of_delays(checkpoints: pd.DataFrame) -> list[CheckpointFinding]:
    """Delays that read like minutes."""
    most = checkpoints["mode"].map(MOST_H).astype(float).fillna(MOST_OTHERWISE_H)
    delay = checkpoints[["delay_out_h", "delay_in_h"]].max(axis=1) - checkpoints["wait_h"]
    slow = "h besides the wait for the opening; delays are in hours, not minutes"
    return [
        ("warning", str(name), f"a passage takes {delay[name]:,.0f} {slow}")
        for name in checkpoints.index[delay > most]
    ]


def _of_regions(border: gpd.GeoDataFrame, checkpoints: gpd.GeoDataFrame) -> list[CheckpointFinding]:
    """Checkpoints that are said to be of a region whose border is elsewhere."""
    placed = checkpoints[checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["lon"].notna()]
    leeway = placed["accuracy_km"].astype(float).fillna(0.0).clip(lower=BESIDE_KM)
    there = along(border, placed.geometry)
    stated: list[CheckpointFinding] = []
    for side in ("home_id", "neighbour_id"):
        for region, controls in placed.groupby(side):
            own = border[border[side] == region]
            km = pd.Series(np.inf, controls.index)
            if len(own):
                km = along(own, controls.geometry)["border_distance_km"]
            off = km > there["border_distance_km"].reindex(controls.index) + leeway[controls.index]
            for name in controls.index[off]:
                far = f", {km[name]:.0f} km from that of {region}" if len(own) else ""
                problem = (
                    f"{side} is {region}, but it lies at the border of {there.at[name, side]!s}"
                )
                stated.append(
                    ("warning", str(name), f"{problem}{far}; correct it or leave it empty")
                )
    return stated
