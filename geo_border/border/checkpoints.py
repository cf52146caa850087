"""Checkpoints on the border: where they lie, what a passage costs, how permeable a border is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from opening_hours import (  # type: ignore[attr-defined]  # its stub forgets ParserError
    OpeningHours,
    ParserError,
    State,
)

from geo_border.border.line import along
from geo_border.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

STATUSES = ("open", "restricted", "uncertain", "closed", "planned")
USERS = ("multilateral", "bilateral", "local")
RULE = "open crossing by rule"
"""Where a checkpoint is known from that stands wherever a road passes."""

ON_THE_LINE = ("road", "rail", "ferry", "foot")
"""Modes whose checkpoints lie on the border itself; airports do not."""


def expected_wait(hours: str) -> float:
    """Mean wait for the opening of a checkpoint, arrivals uniform over the week.

    Parameters
    ----------
    hours
        Opening hours in OSM syntax, such as ``"Mo-Su 08:00-20:00"``.

    Returns
    -------
    float
        Hours: the sum over closed blocks of ``c² / 2`` over the 168 hours of a week; one
        closed block of `c` hours a day gives ``c² / 48``. Infinite if it never opens.

    Raises
    ------
    CheckpointError
        If the text is not in the opening-hours syntax.
    """
    try:
        rule = OpeningHours(hours)
    except ParserError as error:
        raise CheckpointError(
            f"opening hours {hours!r} are not in OSM syntax",
            remedy='Write for example "24/7" or "Mo-Fr 08:00-20:00"',
        ) from error
    # An ordinary week, without a holiday of any country.
    start = datetime(2024, 6, 3)  # noqa: DTZ001  (local time at the checkpoint)
    stop = start + timedelta(days=7)
    closed = [
        [max(begin, start), min(end, stop)]
        for begin, end, state, _ in rule.intervals(start, stop)
        if state != State.OPEN
    ]
    if closed and closed[0] == [start, stop]:
        return float("inf")
    if len(closed) > 1 and closed[0][0] == start and closed[-1][1] == stop:
        # The week repeats: its last and first hours are one block.
        closed[0][0] -= stop - closed.pop()[0]
    blocks = ((end - begin) / timedelta(hours=1) for begin, end in closed)
    return sum(block**2 for block in blocks) / 2 / 168


def placed_checkpoints(
    table: pd.DataFrame,
    border: gpd.GeoDataFrame,
    *,
    delay_h: Mapping[Any, float],
    open_status: Collection[str] = ("open", "restricted"),
    open_users: Collection[str] = ("multilateral", "bilateral"),
    farthest_km: float = 50,
    file: str = "checkpoints",
) -> gpd.GeoDataFrame:
    """Checkpoints with their place on the border and the delay of a passage.

    Parameters
    ----------
    table
        Index ``checkpoint_id``; columns ``name``, ``mode``, ``status``, ``users``,
        ``home_id``, ``neighbour_id``, ``lon``, ``lat``, ``accuracy_km``, ``delay_h``
        and, where directions differ, ``delay_out_h``, ``delay_in_h``; ``hours`` in OSM
        syntax; ``capacity_day``. Empty where unknown.
    border
        Pieces as `border_line` gives them.
    delay_h
        Delay by mode where the table has none, hours.
    open_status, open_users
        Status and users with which a checkpoint carries general traffic; unknown users count
        as general.
    farthest_km
        Distance from the border at which a checkpoint on it must be a mistake, km.
    file
        Name of the table's file, for messages.

    Returns
    -------
    GeoDataFrame
        The table with points, ``chainage_km``, ``border_distance_km``, ``delay_out_h``
        (home to neighbour), ``delay_in_h``, ``delay_h`` (their mean), ``wait_h`` (the part of
        them that is the expected wait for the opening), ``delay_imputed``, ``in_service``
        (a checkpoint on the border whose place is unknown is not), ``is_open`` (in service
        and for general traffic); region ids filled from the nearest piece of the border
        where the table has none.

    Raises
    ------
    CheckpointError
        If a checkpoint on the border lies farther from it than `farthest_km`, or a mode has
        no default delay.
    """
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), table.index, crs=4326)
    position = along(border, points)
    on_line = table["mode"].isin(ON_THE_LINE)
    far = on_line & (position["border_distance_km"] > farthest_km)
    if far.any():
        number = int(far.to_numpy().argmax())
        raise CheckpointError(
            f"checkpoint lies {position['border_distance_km'].iloc[number]:.0f} km from the border",
            file=file,
            row=f"{number + 2} ({table.index[number]})",
            remedy="Check lon and lat (degrees, in that order), or leave both empty",
        )
    missing = sorted(set(table["mode"]) - set(delay_h))
    if missing:
        raise CheckpointError(
            f"no default delay for mode {', '.join(missing)}",
            file=file,
            remedy="Add it to `delay_h` in [checkpoints] of study.toml",
        )
    found = table.drop(columns=["delay_h", "delay_out_h", "delay_in_h"], errors="ignore").assign(
        **{
            side: table[side].astype(object).fillna(position[side].where(on_line))
            for side in ("home_id", "neighbour_id")
        },
        chainage_km=position["chainage_km"].where(on_line),
        border_distance_km=position["border_distance_km"],
    )
    wait = _waits(table["hours"], file)
    default = table["mode"].map(dict(delay_h)).astype(float)
    for column in ("delay_out_h", "delay_in_h"):
        given = table[column] if column in table else table["delay_h"]
        found[column] = given.fillna(table["delay_h"]).fillna(default).astype(float) + wait
    found["delay_h"] = (found["delay_out_h"] + found["delay_in_h"]) / 2
    found["wait_h"] = wait
    found["delay_imputed"] = table["delay_h"].isna()
    found["in_service"] = table["status"].isin(open_status) & (points.x.notna() | ~on_line)
    general = table["users"].isna() | table["users"].isin(open_users)
    found["is_open"] = found["in_service"] & general
    return gpd.GeoDataFrame(found, geometry=points)


def _waits(hours: pd.Series[str], file: str) -> pd.Series[float]:
    """Expected wait of each checkpoint; none where its hours are unknown."""
    waits = []
    for number, (checkpoint_id, text) in enumerate(hours.items(), start=2):
        if pd.isna(text):
            waits.append(0.0)
        else:
            try:
                waits.append(expected_wait(text))
            except CheckpointError as error:
                problem = f"opening hours {text!r} are not in OSM syntax"
                remedy = 'Write for example "24/7" or "Mo-Fr 08:00-20:00"'
                row = f"{number} ({checkpoint_id})"
                raise CheckpointError(problem, file=file, row=row, remedy=remedy) from error
    return pd.Series(waits, hours.index, dtype=float)


def permeability(
    length_km: pd.Series, checkpoints: pd.DataFrame, *, by: str = "home_id"
) -> pd.DataFrame:
    """Border length for each open checkpoint on it, by mode and in all.

    Parameters
    ----------
    length_km
        Border length by region, km.
    checkpoints
        Columns ``mode``, ``is_open``, ``capacity_day`` and the column `by`.
    by
        Column of `checkpoints` with the region id.

    Returns
    -------
    DataFrame
        Index of `length_km`: ``border_km``; ``checkpoints_open`` and, by mode,
        ``checkpoints_road``, ``checkpoints_rail``...; ``km_per_checkpoint`` (missing where
        there is no border or no checkpoint), ``checkpoints_per_100km``,
        ``capacity_per_km`` (a day, in what the register counts, of the checkpoints with one).

    References
    ----------
    Tarkhov (2022): permeability ``K = L / n`` of land borders.
    """
    on_line = checkpoints[checkpoints["is_open"] & checkpoints["mode"].isin(ON_THE_LINE)]
    count = on_line.groupby([by, "mode"]).size().unstack("mode", fill_value=0)
    count = count.reindex(length_km.index, fill_value=0)
    total = count.sum(axis=1)
    length = length_km.where(length_km > 0)
    capacity = on_line.groupby(by)["capacity_day"].sum(min_count=1).reindex(length_km.index)
    return pd.DataFrame(
        {
            "border_km": length_km,
            "checkpoints_open": total,
            **{f"checkpoints_{mode}": count[mode] for mode in count.columns},
            "km_per_checkpoint": length / total.where(total > 0),
            "checkpoints_per_100km": 100 * total / length,
            "capacity_per_km": capacity / length,
        }
    ).replace([np.inf], np.nan)
