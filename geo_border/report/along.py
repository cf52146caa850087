"""What lies along the border, and whether passing it takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.line import is_ring, on_land

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


ON_THE_LINE = ("road", "rail", "ferry", "foot")


def open_on_the_line(results: Results) -> pd.DataFrame:
    """Open checkpoints that lie on the border, in order along it.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    DataFrame
        The checkpoints with ``delay_h`` (mean of the directions that may be passed).
    """
    controls = results.checkpoints
    mine = (
        controls["is_open"] & controls["mode"].isin(ON_THE_LINE) & controls["chainage_km"].notna()
    )
    found = pd.DataFrame(controls[mine].drop(columns=controls.geometry.name))
    delay = found[["delay_out_h", "delay_in_h"]].replace(np.inf, np.nan).mean(axis=1)
    return found.assign(delay_h=delay).sort_values("chainage_km", kind="stable")


def has_delays(results: Results) -> bool:
    """Whether passing any open checkpoint takes time.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    bool
        False where every delay is 0.
    """
    delays = open_on_the_line(results)[["delay_out_h", "delay_in_h"]]
    return bool(delays.to_numpy().any())


def effect_of_delays(results: Results) -> pd.Series[float]:
    """Accessibility lost to delays at the border.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Series
        Shares, index ``region_id``; missing where the study knows of no delay: that nothing is
        lost is not known then.
    """
    effect: pd.Series[float] = results.regions["border_effect"].astype(float)
    return effect if has_delays(results) else effect * np.nan


def gaps_along(results: Results, mode: str = "road") -> pd.DataFrame:
    """Stretches of the border between one open checkpoint of a mode and the next.

    Parameters
    ----------
    results
        What a run gave.
    mode
        Mode of the checkpoints.

    Returns
    -------
    DataFrame
        ``from_km``, ``to_km``, ``length_km``, ``to_end``. The outer ones go to the ends of the
        border (``to_end``); of a border that is a closed ring they are one stretch, whose
        length both have.
    """
    controls = open_on_the_line(results)
    at = controls.loc[controls["mode"] == mode, "chainage_km"].to_numpy(float)
    dry = on_land(results.border)
    ends = np.r_[dry["from_km"].min(), at, dry["to_km"].max()]
    length = np.diff(ends)
    to_end = np.zeros(len(length), bool)
    if not is_ring(results.border):
        to_end[[0, -1]] = True
    elif len(at):
        length[[0, -1]] = length[0] + length[-1]
    return pd.DataFrame(
        {"from_km": ends[:-1], "to_km": ends[1:], "length_km": length, "to_end": to_end}
    )


def beginning(results: Results) -> str:
    """Where the distance along the border begins.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        Goes on after *from*.
    """
    ring = is_ring(results.border)
    return "its westernmost point, clockwise" if ring else "its western end"


def runs_along(results: Results, side: str) -> pd.DataFrame:
    """Stretches of the border along which the region of one side stays the same.

    Parameters
    ----------
    results
        What a run gave.
    side
        ``"home"`` or ``"neighbour"``.

    Returns
    -------
    DataFrame
        ``region_id``, ``from_km``, ``to_km`` in order.
    """
    pieces = on_land(results.border).sort_values("from_km", kind="stable")
    region = pieces[f"{side}_id"]
    run = (region != region.shift()).cumsum()
    return (
        pd.DataFrame(pieces[["from_km", "to_km"]])
        .assign(region_id=region)
        .groupby(run.to_numpy())
        .agg(region_id=("region_id", "first"), from_km=("from_km", "min"), to_km=("to_km", "max"))
    )
