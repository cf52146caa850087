"""One frame of longitudes, in which a border that passes the 180th meridian is in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECIMALS = 7
"""Decimals of degrees that land and border are known to: a centimetre, as in OpenStreetMap."""

POLE = 89.0
"""Land beyond this latitude has no east and west that a border could run between, degrees."""

HALF_TURN = 180.0
"""Longitudes lie within so many degrees of the middle of their frame."""

_TURN = 360.0
_SPACING = 0.5
"""Distance of points that stand for an outline where the border is looked for, degrees."""

_NEAR = 1.2
"""Points of outlines this near to each other may be of the border, degrees: their spacing, and
what a parallel far from the equator needs."""

_Frame = TypeVar("_Frame", gpd.GeoDataFrame, gpd.GeoSeries)


def central_meridian(home: gpd.GeoSeries, neighbour: gpd.GeoSeries) -> float:
    """Meridian in the middle of a border, from which longitudes count to either side.

    Parameters
    ----------
    home, neighbour
        Polygons in WGS 84.

    Returns
    -------
    float
        Degrees, from -180 to 180. That of all land if the sides are nowhere near each other.

    Raises
    ------
    GeometryError
        If a polygon reaches a pole.
    """
    sides = [np.asarray(side.to_numpy(), object) for side in (home, neighbour)]
    bounds = shapely.bounds(np.concatenate(sides))
    south, north = np.nanmin(bounds[:, 1]), np.nanmax(bounds[:, 3])
    if max(-south, north) > POLE:
        raise GeometryError(
            "a region reaches the pole, where longitudes meet",
            remedy=f"Cut the regions at a latitude of {POLE:g} degrees",
        )
    west, east = np.nanmin(bounds[:, 0]), np.nanmax(bounds[:, 2])
    if east - west <= HALF_TURN:
        return principal((west + east) / 2)
    ours, theirs = (_outline_points(shapes) for shapes in sides)
    reach = 2 * np.sin(np.radians(_NEAR) / 2)
    near = cKDTree(_on_sphere(theirs)).query(_on_sphere(ours), distance_upper_bound=reach)[0]
    border = ours[np.isfinite(near), 0]
    return middle_of(border if len(border) else np.concatenate([ours, theirs])[:, 0])


def principal(lon: float) -> float:
    """Longitude as WGS 84 has it.

    Parameters
    ----------
    lon
        Degrees, in any frame.

    Returns
    -------
    float
        From -180 to 180.
    """
    within = -HALF_TURN <= lon <= HALF_TURN
    return float(lon if within else (lon + HALF_TURN) % _TURN - HALF_TURN)


def middle_of(lon: NDArray[np.float64]) -> float:
    """Middle of longitudes: opposite the widest stretch of the circle that holds none.

    Parameters
    ----------
    lon
        Degrees.

    Returns
    -------
    float
        From -180 to 180.
    """
    ring = np.unique(lon % _TURN)
    gaps = np.diff(np.r_[ring, ring[0] + _TURN])
    widest = int(gaps.argmax())
    return principal(float(ring[widest] + gaps[widest] / 2 + HALF_TURN))


def cut_jumps(layer: _Frame) -> _Frame:
    """Layer whose lines and rings that jump over the 180th meridian are cut there.

    Parameters
    ----------
    layer
        Geometry in WGS 84.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows; the same layer where nothing jumps.
    """
    shapes = np.asarray(layer.geometry.to_numpy(), object)
    west, _, east, _ = shapely.bounds(shapes).T
    wide = east - west > HALF_TURN
    if not wide.any():
        return layer
    shapes = shapes.copy()
    shapes[wide] = [
        _collected([_unwrapped(part) for part in shapely.get_parts(shape)])
        for shape in shapes[wide]
    ]
    series = gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs)
    return to_globe(layer.set_geometry(series) if isinstance(layer, gpd.GeoDataFrame) else series)


def meridian_of(border: gpd.GeoDataFrame) -> float:
    """Meridian in the middle of a border line that is in one frame.

    Parameters
    ----------
    border
        Pieces in WGS 84.

    Returns
    -------
    float
        Degrees.
    """
    west, _, east, _ = border.total_bounds
    return float(west + east) / 2


def turned(lon: NDArray[np.float64], meridian: float) -> NDArray[np.float64]:
    """Longitudes within half a turn of a meridian.

    Parameters
    ----------
    lon
        Degrees; missing ones stay so.
    meridian
        The middle of the frame, degrees.

    Returns
    -------
    ndarray
        Degrees, the same bits where nothing had to be turned.
    """
    lon = np.asarray(lon, float)
    away = np.abs(lon - meridian) > HALF_TURN
    if not away.any():
        return lon
    turns = np.where(away, np.round((lon - meridian) / _TURN), 0)
    return np.where(away, np.round(lon - _TURN * turns, 12), lon)


def in_frame(layer: _Frame, meridian: float) -> _Frame:
    """Layer with each part of its geometry within half a turn of a meridian.

    Lines and rings that jump over the 180th meridian are put together again, and so are parts
    of a polygon that was cut there.

    Parameters
    ----------
    layer
        Geometry in WGS 84.
    meridian
        The middle of the frame, degrees.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows; the same layer where nothing had to be done.
    """
    shapes = np.asarray(layer.geometry.to_numpy(), object)
    west, _, east, _ = shapely.bounds(shapes).T
    # What is as wide as half the globe may jump from one edge of the map to the other.
    odd = (np.abs((west + east) / 2 - meridian) > HALF_TURN) | (east - west > HALF_TURN)
    odd |= (west < meridian - HALF_TURN) | (east > meridian + HALF_TURN)
    if not odd.any():
        return layer
    shapes = shapes.copy()
    shapes[odd] = [_put_together(shape, meridian) for shape in shapes[odd]]
    series = gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs)
    return layer.set_geometry(series) if isinstance(layer, gpd.GeoDataFrame) else series


_Table = TypeVar("_Table", bound=pd.DataFrame)


def table_in_frame(table: _Table, meridian: float) -> _Table:
    """Table whose geometry and longitudes lie within half a turn of a meridian.

    Parameters
    ----------
    table
        Any table; its longitudes are the columns ``lon`` and those whose name ends in ``_lon``.
    meridian
        The middle of the frame, degrees.

    Returns
    -------
    DataFrame
        The same rows; the same table where nothing had to be done.
    """
    if isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None:
        table = in_frame(table, meridian)
    return _with_longitudes(table, meridian)


def to_globe(layer: _Frame) -> _Frame:
    """Layer with longitudes from -180 to 180, as WGS 84 has them; what lies on both is cut.

    Parameters
    ----------
    layer
        Geometry in WGS 84, in any frame.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows; the same layer where nothing lies beyond.
    """
    if layer.crs is None or not layer.crs.is_geographic:
        return layer
    shapes = np.asarray(layer.geometry.to_numpy(), object)
    bounds = shapely.bounds(shapes)
    beyond = (bounds[:, 0] < -HALF_TURN) | (bounds[:, 2] > HALF_TURN)
    if not beyond.any():
        return layer
    shapes = shapes.copy()
    shapes[beyond] = [_cut_at_the_edge(shape) for shape in shapes[beyond]]
    series = gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs)
    return layer.set_geometry(series) if isinstance(layer, gpd.GeoDataFrame) else series


def table_to_globe(table: _Table) -> _Table:
    """Table with longitudes from -180 to 180, in its geometry and in its columns of longitudes.

    Parameters
    ----------
    table
        Any table; geometry that is not in degrees stays.

    Returns
    -------
    DataFrame
        The same rows; the same table where nothing lies beyond.
    """
    if isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None:
        table = to_globe(table)
    return _with_longitudes(table, 0.0)


def _with_longitudes(table: _Table, meridian: float) -> _Table:
    """Table whose columns of longitudes lie within half a turn of a meridian."""
    changed = {}
    for column in map(str, table):
        if column == "lon" or column.endswith("_lon"):
            if not pd.api.types.is_numeric_dtype(table[column]):
                continue
            lon = table[column].to_numpy(float, na_value=np.nan)
            there = turned(lon, meridian)
            if there is not lon:
                changed[column] = there
    return table.assign(**changed) if changed else table


def rounded(layer: _Frame) -> _Frame:
    """Layer whose coordinates are rounded to `DECIMALS`.

    A place then has one pair of coordinates, whichever projection or version of a library it
    went through; edges that are common stay common.

    Parameters
    ----------
    layer
        Polygons or lines in degrees.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows, valid.
    """
    shapes = np.asarray(layer.geometry.to_numpy(), object)
    near = shapely.transform(shapes, lambda at: np.round(at, DECIMALS))
    bad = ~shapely.is_valid(near)
    near[~bad] = shapely.remove_repeated_points(near[~bad])
    if bad.any():
        # Slower, and it may move an edge by as much again: only for shapes that fold up.
        near[bad] = [polygonal(shapely.set_precision(s, 10.0**-DECIMALS)) for s in shapes[bad]]
    series = gpd.GeoSeries(near, index=layer.index, crs=layer.crs)
    return layer.set_geometry(series) if isinstance(layer, gpd.GeoDataFrame) else series


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of a geometry: set operations leave points and lines behind.

    Parameters
    ----------
    shape
        Any geometry.

    Returns
    -------
    Geometry
        Polygon or MultiPolygon.
    """
    parts = shapely.get_parts(shapely.get_parts(shapely.get_parts(shape)))
    parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 0)]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _outline_points(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Points along outlines, degrees."""
    edges = shapely.segmentize(shapely.boundary(shapes), _SPACING)
    at: NDArray[np.float64] = shapely.get_coordinates(edges)
    return at


def _on_sphere(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors of points."""
    lon, lat = np.radians(degrees).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _put_together(shape: shapely.Geometry, meridian: float) -> shapely.Geometry:
    """One shape in the frame, its parts joined again where the 180th meridian cut them."""
    if shape is None or shapely.is_empty(shape):
        return shape
    parts = [_moved(_unwrapped(part), meridian) for part in shapely.get_parts(shape)]
    if len(parts) == 1:
        return parts[0]
    if shapely.get_dimensions(shape) == 2:
        return polygonal(shapely.union_all(parts))
    if shapely.get_dimensions(shape) == 1:
        return shapely.line_merge(shapely.multilinestrings(parts))
    return shapely.multipoints(parts)


def _moved(part: shapely.Geometry, meridian: float) -> shapely.Geometry:
    """A part within half a turn of a meridian."""
    west, _, east, _ = shapely.bounds(part)
    shift = _TURN * np.round(((west + east) / 2 - meridian) / _TURN)
    return part if not shift else shapely.transform(part, lambda at: np.round(at - [shift, 0], 12))


def _unwrapped(part: shapely.Geometry) -> shapely.Geometry:
    """A line or polygon whose coordinates do not jump over the 180th meridian."""
    west, _, east, _ = shapely.bounds(part)
    if east - west <= HALF_TURN:
        return part
    if shapely.get_dimensions(part) == 1:
        return type(part)(_straight(shapely.get_coordinates(part)))
    if shapely.get_dimensions(part) != 2:
        return part
    outer, *inner = (_straight(shapely.get_coordinates(ring)) for ring in _rings(part))
    if abs(outer[0, 0] - outer[-1, 0]) > HALF_TURN:
        return part
    holes = [
        np.add(ring, [_TURN * np.round((outer[:, 0].mean() - ring[:, 0].mean()) / _TURN), 0])
        for ring in inner
    ]
    there = shapely.Polygon(outer, holes)
    return there if there.is_valid and there.area > 0 else part


def _rings(polygon: shapely.Geometry) -> list[shapely.Geometry]:
    """Outer ring and holes."""
    return list(shapely.get_rings(polygon))


def _straight(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates without jumps of more than half a turn."""
    jumps = np.round(np.diff(at[:, 0]) / _TURN)
    lon = at[:, 0] - _TURN * np.r_[0, np.cumsum(jumps)]
    return np.stack([np.round(lon, 12), at[:, 1]], axis=1)


def _cut_at_the_edge(shape: shapely.Geometry) -> shapely.Geometry:
    """One shape cut at the 180th meridian, its parts moved to where WGS 84 has them."""
    _, south, _, north = shapely.bounds(shape)
    pieces = []
    for turn in (-1, 0, 1):
        window = shapely.box(
            turn * _TURN - HALF_TURN, south - 1, turn * _TURN + HALF_TURN, north + 1
        )
        if not shapely.intersects(window, shape):
            continue
        here = shapely.intersection(shape, window)
        pieces += [
            shapely.transform(part, lambda at, turn=turn: np.round(at - [turn * _TURN, 0], 12))
            for part in shapely.get_parts(here)
            if shapely.get_dimensions(part) == shapely.get_dimensions(shape)
        ]
        if shapely.get_dimensions(shape) == 0 and shapely.get_num_geometries(shape) == 1:
            break
    if len(pieces) == 1 and not shape.geom_type.startswith("Multi"):
        return pieces[0]
    return _collected(pieces)


def _collected(pieces: list[shapely.Geometry]) -> shapely.Geometry:
    """Parts of one kind as one geometry."""
    kinds = shapely.multipoints, shapely.multilinestrings, shapely.multipolygons
    return kinds[shapely.get_dimensions(pieces[0])](pieces)
