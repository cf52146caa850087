"""Borders that may be crossed on every road: a checkpoint wherever a line passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import equal_area_crs
from geo_border.geometry.locate import segments
from geo_border.network.crossings import place_ids
from geo_border.network.divided import divide
from geo_border.network.reach import METRES_A_DEGREE
from geo_border.network.tolerances import Tolerances
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

FREE_MODES = ("road", "rail", "ferry")
"""Modes whose crossings are opened."""

NEAR_BORDER_DEGREES = 0.05
"""Lines farther from the border than this, and than the edges of the sides may lie apart, do not
cross it, degrees."""

NAMED_KM = 10.0
"""A settlement farther from a crossing than this does not give it its name, km."""


def open_crossings(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    *,
    tolerances: Tolerances = Tolerances(),
) -> pd.DataFrame:
    """Checkpoints without delay where lines pass the border and no checkpoint serves them.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        Polygons of both sides with ``side`` and ``region_id``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        Those that are known, as `geo_border.border.checkpoints.placed_checkpoints` gives them.
    places
        Points with ``name`` and ``side``, to name the crossings.
    tolerances
        As `geo_border.network.build.build_network` takes them.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` (``open-`` and the place); columns of a register of checkpoints.
    """
    near = lines[_near(lines, border, tolerances.edge_km)]
    crossings = divide(near, territory, border, checkpoints, tolerances).crossings
    first = crossings[
        crossings["checkpoint_id"].isna()
        & crossings["leads_across"]
        & crossings["mode"].isin(FREE_MODES)
        & (crossings["passage"] == crossings.index)
    ]
    ids = place_ids("open-", first["lon"].to_numpy(), first["lat"].to_numpy())
    return pd.DataFrame(
        {
            "name": _names(first, places, border),
            "mode": first["mode"],
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": first["lon"],
            "lat": first["lat"],
            "accuracy_km": np.nan,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": 0.0,
        }
    ).set_index(pd.Index(ids, name="checkpoint_id"))


def _near(lines: gpd.GeoDataFrame, border: gpd.GeoDataFrame, edge_km: float) -> NDArray[np.bool_]:
    """Whether each line comes near the border."""
    flattest = np.cos(np.radians(min(np.abs(border.total_bounds[[1, 3]]).max() + 1, 89.0)))
    reach = max(NEAR_BORDER_DEGREES, 1.02 * 1000 * edge_km / (METRES_A_DEGREE * flattest))
    pieces = segments(shapely.simplify(border.geometry.to_numpy(), NEAR_BORDER_DEGREES / 10))[0]
    tree = shapely.STRtree(lines.geometry.to_numpy())
    hit = tree.query(pieces, predicate="dwithin", distance=reach)[1]
    near = np.zeros(len(lines), bool)
    near[hit] = True
    return near


def _names(
    first: gpd.GeoDataFrame, places: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> pd.Series[str]:
    """Nearest settlements on either side, and the road and the place of those alike in them."""
    crs = equal_area_crs(first if len(first) > 1 else border)
    points = first.geometry.to_crs(crs).to_numpy()
    ends = []
    for side in SIDES:
        there = places[places["side"] == side]
        near, hit = shapely.STRtree(there.geometry.to_crs(crs).to_numpy()).query_nearest(
            points, max_distance=1000 * NAMED_KM, all_matches=False
        )
        name = np.full(len(first), None, object)
        name[near] = there["name"].to_numpy(dtype=object)[hit]
        ends.append(name)
    road = first["name"].fillna(first["ref"])
    known = [[end for end in pair if end is not None] for pair in zip(*ends, strict=True)]
    between = pd.Series([" – ".join(map(str, pair)) for pair in known], first.index, dtype=object)
    several = between.duplicated(keep=False)
    sorts = road.fillna(first["road_class"]).astype(str)
    named = between.where(~several, between + " (" + sorts + ")")
    # Nobody lives near: the road, if it has a name.
    named = named.where(between != "", road.fillna("crossing"))
    # A road that winds along the border passes it more than once between the same settlements.
    at = [
        f", {abs(lat):.3f}° {'N' if lat >= 0 else 'S'} {abs(lon):.3f}° {'E' if lon >= 0 else 'W'}"
        for lon, lat in zip(first.geometry.x, first.geometry.y, strict=True)
    ]
    alike = named.duplicated(keep=False) | (named == "crossing")
    return named.where(~alike, named + pd.Series(at, first.index))
