"""Which polygon points lie in, quick for millions of points and polygons of many vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS


_DENSE_DEGREES = 0.02
"""Longest segment before projection: a parallel then bends to within 0.2 m."""


def polygon_of(
    polygons: NDArray[np.object_], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Polygon that each point lies in.

    Parameters
    ----------
    polygons
        Areas; of several that hold a point the last counts.
    x, y
        Coordinates of the points, in the same system.

    Returns
    -------
    ndarray
        Position of the polygon, -1 outside all and on an outline. The cost is linear in the
        points and grows with the logarithm of the vertices.
    """
    found = np.full(len(x), -1, np.int64)
    for number, polygon in enumerate(polygons):
        west, south, east, north = shapely.bounds(polygon)
        rows = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        shapely.prepare(polygon)
        found[rows[shapely.contains_xy(polygon, x[rows], y[rows])]] = number
    return found


def polygon_near(
    polygons: gpd.GeoSeries,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    crs: CRS,
    reach_m: float,
) -> NDArray[np.int64]:
    """Polygon that each point lies in, or the nearest within reach.

    Parameters
    ----------
    polygons
        Areas in WGS 84.
    lon, lat
        Degrees.
    crs
        Projection in which distances are measured.
    reach_m
        Points farther than this from all polygons belong to none, metres.

    Returns
    -------
    ndarray
        Position of the polygon, of several at one distance the first; -1 for none.
    """
    shapes = polygons.to_numpy()
    found = polygon_of(shapes, lon, lat)
    rest = np.flatnonzero(found < 0)
    if not len(rest):
        return found
    points = gpd.GeoSeries(gpd.points_from_xy(lon[rest], lat[rest]), crs=4326).to_crs(crs)
    outlines = shapely.segmentize(shapely.boundary(shapes), _DENSE_DEGREES)
    outlines = gpd.GeoSeries(outlines, crs=4326).to_crs(crs).to_numpy()
    edges, polygon = segments(outlines)
    near, hit = shapely.STRtree(edges).query_nearest(
        points.to_numpy(), max_distance=reach_m, all_matches=True
    )
    # On an edge of two polygons the first counts, however they are drawn elsewhere.
    order = np.argsort(polygon[hit], kind="stable")[::-1]
    found[rest[near[order]]] = polygon[hit[order]]
    return found


def faces_of(area: shapely.Geometry, lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Pieces that lines cut an area into.

    Parameters
    ----------
    area
        Polygons.
    lines
        Lines, inside it or not.

    Returns
    -------
    ndarray
        Polygons.
    """
    inner = shapely.intersection(lines, area)
    network = shapely.node(shapely.union_all([shapely.boundary(area), *inner]))
    faces = shapely.get_parts(shapely.polygonize([network]))
    shapely.prepare(area)
    inside: NDArray[np.object_] = faces[shapely.contains(area, shapely.point_on_surface(faces))]
    return inside


def segments(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Lines cut at every vertex.

    Parameters
    ----------
    lines
        Lines, of one or several parts.

    Returns
    -------
    segments : ndarray
        LineStrings of two points.
    line : ndarray
        Position of the line that each is from.
    """
    parts, whole = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[1:] == part[:-1]
    ends = np.stack([points[:-1][joined], points[1:][joined]], axis=1)
    return shapely.linestrings(ends), whole[part[1:][joined]]


def samples(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertices of lines and the middles of their segments.

    Parameters
    ----------
    lines
        LineStrings.

    Returns
    -------
    points : ndarray
        Shape (n, 2).
    line : ndarray
        Position of the line that each is of.
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[1:] == line[:-1]
    middles = (points[1:][inside] + points[:-1][inside]) / 2
    return np.concatenate([points, middles]), np.concatenate([line, line[1:][inside]])
