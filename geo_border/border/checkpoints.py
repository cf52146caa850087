"""Checkpoints on the border: where they lie, what a passage costs, how permeable a border is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.border.hours import ALWAYS, INFORMED, read_hours
from geo_border.border.line import along
from geo_border.border.register import register_of
from geo_border.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

RULE = "open crossing by rule"
"""Where a checkpoint is known from that stands wherever a road passes."""

NO_ROWS: Mapping[Any, int] = MappingProxyType({})

ON_THE_LINE = ("road", "rail", "ferry", "foot")
"""Modes whose checkpoints lie on the border itself; airports do not."""


def placed_checkpoints(
    table: pd.DataFrame,
    border: gpd.GeoDataFrame,
    *,
    delay_h: Mapping[Any, float],
    open_status: Collection[str] = ("open", "restricted"),
    open_users: Collection[str] = ("multilateral", "bilateral"),
    farthest_km: float = 50,
    month: int | None = None,
    informed: float = INFORMED,
    file: str = "checkpoints",
    rows: Mapping[Any, int] = NO_ROWS,
) -> gpd.GeoDataFrame:
    """Checkpoints with their place on the border and the delay of a passage.

    Parameters
    ----------
    table
        Ids in the index or as ``checkpoint_id``; columns ``name``, ``mode``, ``status``, ``users``,
        ``home_id``, ``neighbour_id``, ``lon``, ``lat``, ``accuracy_km``, ``delay_h``
        and, where directions differ, ``delay_out_h``, ``delay_in_h``; ``hours`` in OSM
        syntax; ``capacity_day``. Empty where unknown; but for ``lon`` and ``lat``, or points,
        columns may be missing.
    border
        Pieces as `border_line` gives them.
    delay_h
        Delay by mode where the table has none, hours.
    open_status, open_users
        Status and users with which a checkpoint carries general traffic; unknown users count
        as general.
    farthest_km
        Distance from the border at which a checkpoint on it must be a mistake, km.
    month
        Month that opening hours are read of, 1 to 12; the whole year if not given.
    informed
        Share of those who pass that knows the opening hours and comes within them, 0 to 1; the
        others come at any time of the season and wait.
    file
        Name of the table's file, for messages.
    rows
        Row of each checkpoint in it, for messages; those without one are not of the file.

    Returns
    -------
    GeoDataFrame
        The table with points, ``chainage_km``, ``border_distance_km``, ``delay_out_h``
        (home to neighbour), ``delay_in_h``, ``delay_h`` (their mean), ``wait_h`` (the part of
        them that is the expected wait for the opening in its season), ``season_share`` (of the
        time, 0 where it never opens), ``hours_remark`` (words in its hours), ``delay_imputed``
        (a direction has the default of its mode), ``in_service`` (one that never opens, or on
        the border and nobody knows where, is not), ``is_open`` (in service and for general
        traffic); region ids filled from the nearest piece of the border where the table has
        none.

    Raises
    ------
    CheckpointError
        If a checkpoint on the border lies farther from it than `farthest_km`, a mode has
        no default delay, or opening hours cannot be read.

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> both = gpd.GeoDataFrame(geometry=halves, index=["A", "B"], crs=4326)
    >>> border = gb.border_line(both.loc[["A"]], both.loc[["B"]])
    >>> bridge = pd.DataFrame({"lon": [9.5], "lat": [47.1]}, index=["bridge"])
    >>> found = gb.placed_checkpoints(bridge, border, delay_h={"road": 0.5})
    >>> found[["home_id", "is_open", "delay_h"]].to_numpy().tolist()
    [['A', True, 0.5]]
    """
    table = register_of(table)
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), table.index, crs=4326)
    position = along(border, points)
    on_line = table["mode"].isin(ON_THE_LINE)
    far = on_line & (position["border_distance_km"] > farthest_km)
    if far.any():
        number = int(far.to_numpy().argmax())
        raise CheckpointError(
            f"checkpoint lies {position['border_distance_km'].iloc[number]:.0f} km from the border",
            file=file,
            row=_row(table.index[number], rows),
            remedy="Check lon and lat (degrees, in that order), or leave both empty",
        )
    ways = [table[name] for name in ("delay_out_h", "delay_in_h") if name in table]
    stated = table["delay_h"].notna()
    if len(ways) == 2:
        stated |= ways[0].notna() & ways[1].notna()
    missing = sorted(set(table.loc[~stated, "mode"]) - set(delay_h))
    if missing:
        raise CheckpointError(
            f"no default delay for mode {', '.join(missing)}",
            file=file,
            remedy="Add it to `delay_h` in [checkpoints] of study.toml, or fill in all of them",
        )
    found = table.drop(columns=["delay_h", "delay_out_h", "delay_in_h"], errors="ignore").assign(
        **{
            side: table[side]
            .astype(object)
            .where(table[side].notna(), position[side].where(on_line))
            for side in ("home_id", "neighbour_id")
        },
        chainage_km=position["chainage_km"].where(on_line),
        border_distance_km=position["border_distance_km"],
    )
    opening = _openings(table, month, informed, file=file, rows=rows)
    opens = opening["season_share"] > 0
    # Who opens one that never opens by its hours does not keep them.
    wait = opening["wait_h"].where(opens, 0.0)
    default = table["mode"].map(dict(delay_h)).astype(float)
    imputed = pd.Series(data=False, index=table.index)
    for column in ("delay_out_h", "delay_in_h"):
        given = table[column] if column in table else table["delay_h"]
        given = given.fillna(table["delay_h"]).astype(float)
        imputed |= given.isna()
        found[column] = given.fillna(default) + wait
    found["delay_h"] = (found["delay_out_h"] + found["delay_in_h"]) / 2
    found["wait_h"] = wait
    found["season_share"] = opening["season_share"]
    found["hours_remark"] = opening["remark"].where(opening["remark"] != "", None)
    found["delay_imputed"] = imputed
    is_placed = points.x.notna() | ~on_line
    found["in_service"] = table["status"].isin(open_status) & is_placed & opens
    general = table["users"].isna() | table["users"].isin(open_users)
    found["is_open"] = found["in_service"] & general
    return gpd.GeoDataFrame(found, geometry=points)


def _row(checkpoint_id: object, rows: Mapping[Any, int]) -> str:
    """Where a checkpoint stands, as messages say it."""
    known = checkpoint_id in rows
    return f"{rows[checkpoint_id]} ({checkpoint_id})" if known else str(checkpoint_id)


def _openings(
    table: pd.DataFrame,
    month: int | None,
    informed: float,
    *,
    file: str,
    rows: Mapping[Any, int],
) -> pd.DataFrame:
    """What the hours of each checkpoint mean; always open where they are unknown."""
    found = []
    columns = table["hours"], table["lon"], table["lat"]
    for number, (text, lon, lat) in enumerate(zip(*columns, strict=True)):
        if pd.isna(text):
            found.append(ALWAYS)
            continue
        at = None if pd.isna(lon) or pd.isna(lat) else (float(lon), float(lat))
        try:
            found.append(read_hours(text, at=at, month=month, informed=informed))
        except CheckpointError as error:
            row = _row(table.index[number], rows)
            raise CheckpointError(error.problem, file=file, row=row, remedy=error.remedy) from error
    fields = ("wait_h", "season_share", "remark")
    values = {name: [getattr(opening, name) for opening in found] for name in fields}
    return pd.DataFrame(values, table.index).astype({"wait_h": float, "season_share": float})


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

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> posts = pd.DataFrame({"home_id": ["A", "A"], "mode": "road", "is_open": True})
    >>> posts = posts.assign(capacity_day=100.0)
    >>> gb.permeability(pd.Series({"A": 50.0}), posts)["km_per_checkpoint"]
    A    25.0
    Name: km_per_checkpoint, dtype: float64
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
