"""Land, places, registers and lines as users give them, made whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.border.edges import equal_area_crs
from geo_border.border.locate import polygon_near
from geo_border.border.matching import match_sides
from geo_border.errors import CheckpointError, GeometryError, NetworkError, SideError, TableError
from geo_border.ids import by_id
from geo_border.network.graph import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping

REACH_M = 10_000.0
"""A point farther than this from both sides belongs to neither, metres."""

_REGISTER: Mapping[str, Any] = {
    "name": None,
    "mode": "road",
    "status": "open",
    "users": None,
    "home_id": None,
    "neighbour_id": None,
    "lon": np.nan,
    "lat": np.nan,
    "accuracy_km": np.nan,
    "hours": None,
    "capacity_day": np.nan,
    "delay_h": np.nan,
}
"""Columns of a register of checkpoints, and what stands there if the user gives none."""


def land_and_border(
    territory: gpd.GeoDataFrame, tolerance_km: float, outlines: gpd.GeoDataFrame | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Land of both sides that meets in one line, that of an outline if one is known; the line.

    Parameters
    ----------
    territory
        Polygons with ``side`` and, if there are several regions on one, ``region_id``.
    tolerance_km
        How far apart the sides' edges may lie, km.
    outlines
        As `geo_border.border.matching.match_sides` takes them.

    Returns
    -------
    land : GeoDataFrame
        Polygons in WGS 84.
    border : GeoDataFrame
        Their line.

    Raises
    ------
    GeometryError
        If the land has no coordinate reference system.
    SideError
        If a side has no polygon, or they share no border.
    """
    territory = _referenced(by_region_id(territory), "the territory")
    given = set(territory["side"]) if "side" in territory else set()
    unknown = [side for side in SIDES if side not in given]
    if unknown:
        raise SideError(
            f"the territory has no polygon of the {unknown[0]} side",
            remedy=f"Give every polygon a `side`, one of {', '.join(SIDES)}",
        )
    if "region_id" not in territory:
        land = territory.dissolve("side", as_index=False)
        territory = land.assign(region_id=land["side"])
    land = territory.reset_index(drop=True)
    matched = match_sides(land, outlines=outlines, tolerance_m=1000 * tolerance_km)
    return matched.land, matched.border


def by_region_id(territory: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Polygons with their region as a column, also where it is the index.

    Parameters
    ----------
    territory
        Polygons.

    Returns
    -------
    GeoDataFrame
        The same.
    """
    return territory.reset_index() if territory.index.name == "region_id" else territory


def given_places(places: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Places in WGS 84 by their ids, which are words.

    Parameters
    ----------
    places
        Points with ``population``; ids are the index or ``place_id``.

    Returns
    -------
    GeoDataFrame
        Index ``place_id``; none if none are given.

    Raises
    ------
    GeometryError
        If they have no coordinate reference system.
    TableError
        If they have no population, or an id stands twice.
    """
    if places is None:
        columns: dict[str, list[Any]] = {"side": [], "region_id": [], "population": []}
        places = gpd.GeoDataFrame(columns, geometry=[], crs=4326)
    places = _referenced(by_id(places, "place_id"), "the places")
    if "population" not in places:
        raise TableError(
            "the places have no population",
            remedy="Give them a column `population` (persons), 0 where nobody lives",
        )
    places = places.set_axis(places.index.astype(str)).rename_axis("place_id")
    if places.index.has_duplicates:
        raise TableError(f"place_id {places.index[places.index.duplicated()][0]!r} stands twice")
    return places


def with_side(points: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points with the side and region they lie in; those of neither side are left out.

    Parameters
    ----------
    points
        Points of any projection.
    land
        Polygons with ``side`` and ``region_id``, WGS 84.

    Returns
    -------
    GeoDataFrame
        In WGS 84, with both columns.
    """
    if {"side", "region_id"} <= {*points} or points.empty:
        return points
    points = points.to_crs(4326)
    polygon = polygon_near(
        land.geometry,
        points.geometry.x.to_numpy(),
        points.geometry.y.to_numpy(),
        crs=equal_area_crs(land),
        reach_m=REACH_M,
    )
    columns = [name for name in ("side", "region_id") if name in land]
    of = land[columns].iloc[polygon[polygon >= 0]]
    there = points[polygon >= 0]
    found = {name: of[name].to_numpy() for name in of if name not in there}
    return there.assign(**found)


def register_of(checkpoints: pd.DataFrame | None) -> pd.DataFrame:
    """A register with all its columns.

    Parameters
    ----------
    checkpoints
        Checkpoints with ``lon`` and ``lat``, or points; ids are the index or
        ``checkpoint_id``. What else is not said: by road, open, to anybody.

    Returns
    -------
    DataFrame
        As `geo_border.border.checkpoints.placed_checkpoints` takes it; empty if none are given.

    Raises
    ------
    CheckpointError
        If it is not said where they are.
    GeometryError
        If the points have no coordinate reference system.
    TableError
        If an id stands twice.
    """
    if checkpoints is None:
        index = pd.Index([], name="checkpoint_id", dtype=object)
        columns = {
            key: pd.Series(dtype=float if isinstance(value, float) else object)
            for key, value in _REGISTER.items()
        }
        return pd.DataFrame(columns, index)
    table = by_id(checkpoints, "checkpoint_id")
    if isinstance(table, gpd.GeoDataFrame):
        points = _referenced(table, "the checkpoints").geometry
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
        table = table.assign(**{"lon": points.x, "lat": points.y, **table})
    if not {"lon", "lat"} <= {*table}:
        raise CheckpointError(
            "it is not said where the checkpoints are",
            remedy="Give `lon` and `lat` (degrees), or a GeoDataFrame of points",
        )
    table = table.set_axis(table.index.astype(str)).rename_axis("checkpoint_id")
    missing = {key: value for key, value in _REGISTER.items() if key not in table}
    return table.assign(**missing)


def given_lines(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lines in WGS 84, roads if nothing else is said.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them; ``mode`` and ``road_class``
        may be missing.

    Returns
    -------
    GeoDataFrame
        With both.

    Raises
    ------
    GeometryError
        If they have no coordinate reference system.
    NetworkError
        If a geometry is no line.
    """
    lines = _referenced(lines, "the lines")
    strange = ~lines.geom_type.isin(["LineString", "MultiLineString"])
    if strange.any():
        raise NetworkError(
            f"a {lines.geom_type[strange].iloc[0] or 'missing geometry'} among the lines",
            row=str(lines.index[strange][0]),
            remedy="Give LineStrings alone",
        )
    missing = {"mode": "road", "road_class": "road"}
    return lines.assign(**{key: value for key, value in missing.items() if key not in lines})


def _referenced(frame: gpd.GeoDataFrame, what: str) -> gpd.GeoDataFrame:
    """A layer in WGS 84."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryError(
            f"{what} are no GeoDataFrame" if what[-1] == "s" else f"{what} is no GeoDataFrame",
            remedy="Make one, such as with geopandas.points_from_xy and crs=4326",
        )
    if frame.crs is None:
        raise GeometryError(
            f"{what} have no coordinate reference system"
            if what[-1] == "s"
            else f"{what} has no coordinate reference system",
            remedy="Say which it is with set_crs, such as set_crs(4326)",
        )
    return frame.to_crs(4326)
