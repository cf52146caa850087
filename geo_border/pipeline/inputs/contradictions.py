"""Where files of a study contradict each other: settled by where things lie, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import equal_area_crs
from geo_border.border.hours import read_hours
from geo_border.errors import CheckpointError, GeoBorderError, TableError
from geo_border.geometry.locate import polygon_of
from geo_border.pipeline.inputs.faults import fault_of_rows, shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geo_border.pipeline.inputs.opened import Opened

BESIDE_KM = 1.0
"""A place this near to the outline of a region may be said to be on either side of it, km."""

SETTLED = ("row", "name", "said", "lies")
"""Columns of what was settled: row in the file, name, region by the file and by the map."""

MOST_KNOWN = 30
"""Known regions that a remedy lists."""


def wrong_sides(opened: Opened, known: Mapping[str, Sequence[str]]) -> list[GeoBorderError]:
    """Regions of checkpoints that are of the other side than their column.

    Parameters
    ----------
    opened
        The files of a study.
    known
        Region ids by side.

    Returns
    -------
    list of GeoBorderError
        One for each column; one for both where they are exchanged.
    """
    if "checkpoints" not in opened.tables:
        return []
    table = opened.tables["checkpoints"]
    found: list[GeoBorderError] = []
    exchanged = True
    for side, other in (SIDES, SIDES[::-1]):
        ids = table.frame[f"{side}_id"]
        wrong = ids.isin(known[other]) & ~ids.isin(known[side])
        exchanged &= bool(wrong.any() and (wrong | ids.isna()).all())
        if wrong.any():
            rows = table.frame.index[wrong]
            problem = f"{side}_id {shown(ids[rows[0]])} is a region of the {other} side"
            remedy = f"Those of the {side} side are {', '.join(known[side][:MOST_KNOWN])}"
            found.append(
                fault_of_rows(CheckpointError, problem, rows, file=table.file, remedy=remedy)
            )
    if exchanged:
        return [
            CheckpointError(
                "the columns home_id and neighbour_id stand exchanged: each names regions of the "
                "other side alone",
                file=table.file,
                remedy="Exchange their names in the header",
            )
        ]
    return found


def unread_hours(opened: Opened) -> list[GeoBorderError]:
    """Opening hours of a register that cannot be read.

    Parameters
    ----------
    opened
        The files of a study.

    Returns
    -------
    list of GeoBorderError
        One for each text.
    """
    if "checkpoints" not in opened.tables:
        return []
    table = opened.tables["checkpoints"]
    found: list[GeoBorderError] = []
    for text, rows in table.frame.groupby("hours", sort=False):
        try:
            read_hours(str(text))
        except CheckpointError as error:
            fault = fault_of_rows(
                CheckpointError, error.problem, rows.index, file=table.file, remedy=error.remedy
            )
            found.append(fault)
    return found


def settle_regions(
    places: pd.DataFrame, regions: gpd.GeoDataFrame, rest: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put places into the region they lie in, where the file says another.

    Parameters
    ----------
    places
        ``name``, ``lon``, ``lat``, ``side``, ``region_id``; the index is the row in the file.
    regions
        Polygons, index ``region_id``, with ``side``.
    rest
        Polygons with ``side``, of land beyond the studied regions.

    Returns
    -------
    places : DataFrame
        The same with regions by location where the file names another region of the side and
        the place lies more than `BESIDE_KM` outside that. If it names none for any place, all
        get theirs; a single one without is left outside, as it is said to be.
    settled : DataFrame
        `SETTLED`, a row for each place that the file names another region for, or none though
        it lies as far inside one.
    """
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    said = places["region_id"].astype(object).where(places["region_id"].notna(), None)
    ids = np.array([*regions.index, None], dtype=object)
    sides = np.array([*regions["side"], None], dtype=object)
    found = polygon_of(regions.geometry.to_numpy(), lon, lat)
    same_side = sides[found] == places["side"].to_numpy(object)
    lies = ids[np.where(same_side, found, -1)]
    if said.isna().all():
        return places.assign(region_id=lies), pd.DataFrame(columns=list(SETTLED))
    beyond = np.zeros(len(places), bool)
    for side in SIDES:
        of_side = (places["side"] == side).to_numpy()
        land = rest.geometry[rest["side"] == side].to_numpy()
        beyond[of_side] = polygon_of(land, lon[of_side], lat[of_side]) >= 0
    # Of a place in a gap, or on the other side, nothing is known.
    is_known = same_side | ((found < 0) & beyond)
    differs = is_known & (lies != said.to_numpy())
    rows = np.flatnonzero(differs)
    km = _km_to_outline(regions, said.where(said.notna(), lies).iloc[rows], lon[rows], lat[rows])
    rows = rows[km > BESIDE_KM]
    settled = pd.DataFrame(
        {
            "row": places.index.to_numpy()[rows],
            "name": places["name"].to_numpy(object)[rows],
            "said": said.to_numpy(object)[rows],
            "lies": lies[rows],
        },
        columns=list(SETTLED),
    )
    region = said.to_numpy(object, copy=True)
    named = rows[said.iloc[rows].notna().to_numpy()]
    region[named] = lies[named]
    return places.assign(region_id=region), settled


def _km_to_outline(
    regions: gpd.GeoDataFrame,
    of: pd.Series[str],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Kilometres from points to the outline of the region that each is measured from."""
    crs = equal_area_crs(regions)
    at = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326).to_crs(crs).to_numpy()
    km = np.zeros(len(at))
    for region in of.unique():
        mine = (of == region).to_numpy()
        outline = gpd.GeoSeries([regions.geometry[region].boundary], crs=4326).to_crs(crs).iloc[0]
        shapely.prepare(outline)
        km[mine] = shapely.distance(outline, at[mine]) / 1000
    return km


def check_settled(places: pd.DataFrame, regions: pd.DataFrame, file: Path | str) -> None:
    """Refuse settlements of which none lies in a studied region.

    Parameters
    ----------
    places
        ``side``, ``region_id``, ``population``.
    regions
        Index ``region_id``; ``side``.
    file
        Of the settlements.

    Raises
    ------
    TableError
        If no settlement with people is in a region of the home side.
    """
    home = regions.index[regions["side"] == SIDES[0]]
    if not (places["region_id"].isin(home) & (places["population"] > 0)).any():
        raise TableError(
            "no settlement with a population lies in a region of the home side",
            file=file,
            remedy=f"Fill in region_id, or check lon and lat; the regions are "
            f"{', '.join(map(str, home[:30]))}",
        )
