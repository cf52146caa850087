"""Where the polygons of the sides contradict each other: overlaps, and land of nobody."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geo_border.border.edges import geodesic_km2
from geo_border.border.matching import SLIVER_KM2
from geo_border.geometry.frame import polygonal


def overlaps(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Land that two regions of one side both claim.

    Parameters
    ----------
    land
        Polygons in WGS 84 with ``side`` and ``region_id`` (missing outside the studied regions).

    Returns
    -------
    GeoDataFrame
        ``side``, ``region_id``, ``other_id``, ``area_km2``, polygons; the largest first.
    """
    regions = land.dropna(subset="region_id")
    shapes = regions.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    side = regions["side"].to_numpy(object)
    pair = (one < other) & (side[one] == side[other])
    one, other = one[pair], other[pair]
    names = regions["region_id"].to_numpy(object)
    common = [polygonal(shape) for shape in shapely.intersection(shapes[one], shapes[other])]
    found = gpd.GeoDataFrame(
        {"side": side[one], "region_id": names[one], "other_id": names[other]},
        geometry=common,
        crs=4326,
    )
    found.insert(3, "area_km2", geodesic_km2(found.geometry))
    found = found[found["area_km2"] > SLIVER_KM2]
    return found.sort_values(["area_km2", "region_id", "other_id"], ascending=False)


def of_nobody(land: gpd.GeoDataFrame, between: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Land that both sides enclose and neither has.

    Parameters
    ----------
    land
        Polygons in WGS 84 with ``side``, after edge matching.
    between
        Land of countries of neither side, as `geo_border.border.matching.MatchedSides` has it.

    Returns
    -------
    GeoDataFrame
        ``area_km2``, polygons; the largest first.
    """
    sides = [
        shapely.union_all(land.geometry[land["side"] == side].to_numpy())
        for side in ("home", "neighbour")
    ]
    union = shapely.get_parts(shapely.union_all(sides))
    rings = [ring for part in union for ring in shapely.get_rings(part)[1:]]
    holes = [shapely.Polygon(ring) for ring in rings]
    holes = [hole for hole in holes if all(shapely.intersects(hole, side) for side in sides)]
    known = shapely.union_all(between.geometry.to_numpy())
    left = [polygonal(shapely.difference(hole, known)) for hole in holes]
    return by_area(gpd.GeoDataFrame(geometry=gpd.GeoSeries(left, crs=4326)))


def by_area(pieces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Measure pieces of land, and leave slivers out.

    Parameters
    ----------
    pieces
        Polygons in WGS 84.

    Returns
    -------
    GeoDataFrame
        ``area_km2``, polygons; the largest first.
    """
    area = pd.Series(geodesic_km2(pieces.geometry), pieces.index, dtype=float)
    found = gpd.GeoDataFrame({"area_km2": area}, geometry=pieces.geometry, crs=4326)
    found = found[found["area_km2"] > SLIVER_KM2]
    return found.sort_values("area_km2", ascending=False, ignore_index=True)
