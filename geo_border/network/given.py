"""Land, places and lines as users give them, made whole."""

from __future__ import annotations

from typing import Any

import geopandas as gpd

from geo_border.border.edges import equal_area_crs
from geo_border.border.matching import match_sides
from geo_border.border.register import referenced
from geo_border.errors import NetworkError, SideError, TableError
from geo_border.geometry.locate import polygon_near
from geo_border.ids import by_id
from geo_border.terms import SIDES

REACH_M = 10_000.0
"""A point farther than this from both sides belongs to neither, metres."""


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
    territory = referenced(by_region_id(territory), "the territory")
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
    places = referenced(by_id(places, "place_id"), "the places")
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
    lines = referenced(lines, "the lines")
    strange = ~lines.geom_type.isin(["LineString", "MultiLineString"])
    if strange.any():
        raise NetworkError(
            f"a {lines.geom_type[strange].iloc[0] or 'missing geometry'} among the lines",
            row=str(lines.index[strange][0]),
            remedy="Give LineStrings alone",
        )
    missing = {"mode": "road", "road_class": "road"}
    return lines.assign(**{key: value for key, value in missing.items() if key not in lines})
