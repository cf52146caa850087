"""Counts by checkpoint and class, and delays where a checkpoint has none, from what is entered."""

from __future__ import annotations

import numpy as np
import pandas as pd

DIRECTIONS = {"RU to KZ": "out", "KZ to RU": "in", "both": "both"}
"""Direction of travel, home to neighbour or back, by the words of the entered tables."""

CLASSES = {"vehicles": "all", "trucks": "truck", "truck arrivals": "truck", "cars": "car"}
"""Class of traffic by what was counted."""

DAYS = 365


def counts(flows: pd.DataFrame, checkpoints: pd.Index) -> pd.DataFrame:
    """Vehicles a day that were counted at a checkpoint, of each class and direction the latest.

    Parameters
    ----------
    flows
        The entered table.
    checkpoints
        Ids of the register; figures of whole regions or borders are left out.

    Returns
    -------
    DataFrame
        ``checkpoint_id``, ``class``, ``direction``, ``vehicles_day``, ``year``, ``kind``,
        ``source``, ``source_url``, ``quote``, in order of the first two.
    """
    rows = flows[
        flows["checkpoint_id"].isin(checkpoints)
        & flows["metric"].isin(CLASSES)
        & flows["kind"].str.startswith("actual")
        & flows["direction"].isin(DIRECTIONS)
        & flows["unit"].str.contains("/(?:day|year)", regex=True)
    ]
    a_year = rows["unit"].str.contains("/year", regex=False)
    found = pd.DataFrame(
        {
            "checkpoint_id": rows["checkpoint_id"],
            "class": rows["metric"].map(CLASSES),
            "direction": rows["direction"].map(DIRECTIONS),
            "vehicles_day": (rows["value"] / np.where(a_year, DAYS, 1)).round(),
            "year": rows["period"].str.extract("(20[0-9]{2})")[0].astype(float),
            "kind": np.where(rows["kind"] == "actual", "actual", "at least"),
            "source": rows["source_title"],
            "source_url": rows["source_url"],
            "quote": rows["quote"],
        }
    )
    keys = ["checkpoint_id", "class", "direction"]
    latest = found.sort_values("year", na_position="first", kind="stable").groupby(keys).tail(1)
    return latest.sort_values(keys, kind="stable").astype({"vehicles_day": int, "year": "Int64"})


def default_delay(delays: pd.DataFrame, name: str) -> tuple[float, float, float, str]:
    """Delay of a class by road where a checkpoint has none, and between which ends it lies.

    Whoever passes needs what the procedures take where nobody waits, and a mean lies below
    what is told of as a queue. The lower end is the shortest time of procedures, the upper end
    the shortest of the upper ends, peaks and anecdotes, of the class itself or where the source
    does not say which vehicles. Between them lies the mean that was measured at a checkpoint of
    this border, or without one the geometric mean of the ends, which lie apart by a factor.

    Parameters
    ----------
    delays
        The entered table.
    name
        Class of traffic.

    Returns
    -------
    tuple
        Lower end, central value and upper end, hours; kind of the central value.
    """
    rows = delays[
        (delays["mode"] == "road")
        & delays["class"].isin([name, "all"])
        & delays["unit"].str.fullmatch("h|h per vehicle")
        & (delays["checkpoint_id"] != "ALL_KZ")
    ]
    low = rows.loc[rows["measure"] == "service", "value_lo"].min()
    queues = rows["measure"].isin(["upper end", "peak", "anecdote"])
    high = rows.loc[queues, "value_hi"].min()
    measured = rows.loc[(rows["measure"] == "mean") & (rows["class"] == name), "value_lo"]
    if len(measured):
        return float(low), float(measured.mean()), float(high), "mean"
    return float(low), float(np.sqrt(low * high)), float(high), "rule"
