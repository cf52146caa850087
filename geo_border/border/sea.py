"""Ground of the sides that is sea: states, and everything else, reach out beyond their coasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo_border.border.coast import COAST, SEA_M, Shore, loose_ends
from geo_border.border.edges import equal_area_crs
from geo_border.geometry.frame import polygonal
from geo_border.geometry.locate import faces_of, polygon_of, segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAME = 1e-7  # degrees, as coasts are rounded
_BESIDE = 1e-7  # degrees from a coast to what is told of its sides
_DEGREE_M = 111_200.0


def sea_within(ground: gpd.GeoSeries, lines: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Tell which ground is sea.

    Coasts cut the ground into pieces; one is sea if coasts say so all around it. Where a coast
    ends nothing is known of what lies beyond its end, so the ground is cut there too, square to
    the coast; a piece that no coast touches is of the side of the nearest, as pieces of a border
    are.

    Parameters
    ----------
    ground
        Polygons in WGS 84.
    lines
        Lines at which land ends, as `geo_border.border.coast.Shore.near` takes them.

    Returns
    -------
    GeoDataFrame
        ``is_known`` (else nobody can say whether it is sea), polygons in WGS 84: a row for each
        if there is such ground, none where no coast is known.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> coast = [shapely.LineString([(9.4, 47), (9.4, 47.2)])]
    >>> lines = gpd.GeoDataFrame({"kind": ["coast"]}, geometry=coast, crs=4326)
    >>> ground = gpd.GeoSeries([shapely.box(9.3, 47, 9.6, 47.2)], crs=4326)
    >>> sea_within(ground, lines).total_bounds.tolist()
    [9.4, 47.0, 9.6, 47.2]
    """
    coast = np.array([], object)
    if lines is not None:
        drawn = lines.geometry[lines["kind"] == COAST].to_numpy()
        coast = shapely.get_parts(shapely.remove_repeated_points(drawn))
    if not len(coast):
        return _frame({})
    area = shapely.union_all(ground.to_numpy())
    loose, is_sound = loose_ends(coast, same=_SAME)
    near = np.unique(shapely.STRtree(coast).query(area, predicate="intersects"))
    cuts = _across(coast, loose, area)
    faces = faces_of(area, np.concatenate([coast[near], cuts]))
    dry, wet = _beside(coast[near][is_sound[near]], faces)
    touched = dry + wet > 0
    agree = np.minimum(dry, wet) <= SEA_M
    is_sea, is_known = wet > dry, touched & agree
    if not touched.all():
        apart = gpd.GeoSeries(shapely.point_on_surface(faces[~touched]), crs=4326)
        crs = equal_area_crs(ground)
        points = apart.to_crs(crs).to_numpy()
        shore = Shore.near(lines, shapely.linestrings(_twice(points)), crs)
        is_land, is_sure = shore.nearest_side(points)
        is_sea[~touched], is_known[~touched] = ~is_land, is_sure
    return _frame({True: faces[is_known & is_sea], False: faces[~is_known]})


def without_sea(ground: gpd.GeoDataFrame, sea: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take known sea off polygons.

    Parameters
    ----------
    ground
        Polygons in WGS 84.
    sea
        As `sea_within` gives it.

    Returns
    -------
    GeoDataFrame
        The rows of `ground`, some of them maybe without any ground left.
    """
    known = sea.geometry[sea["is_known"]]
    if not len(known):
        return ground
    dry = shapely.difference(ground.geometry.to_numpy(), known.iloc[0])
    return ground.set_geometry(
        gpd.GeoSeries([polygonal(shape) for shape in dry], ground.index, crs=4326)
    )


def _frame(pieces: dict[bool, NDArray[np.object_]]) -> gpd.GeoDataFrame:
    """Layer with a row for each kind of pieces that there are any of."""
    found = {kind: polygonal(shapely.union_all(of)) for kind, of in pieces.items() if len(of)}
    kinds = np.array([*found], bool)
    return gpd.GeoDataFrame({"is_known": kinds}, geometry=[*found.values()], crs=4326)


def _across(
    coast: NDArray[np.object_], loose: NDArray[np.float64], area: shapely.Geometry
) -> NDArray[np.object_]:
    """Lines square to the coast through its loose ends, from side to side of an area, degrees."""
    if not len(loose):
        return np.array([], object)
    at = [
        np.stack([shapely.get_coordinates(shapely.get_point(coast, n)) for n in ends])
        for ends in ((0, 1), (-1, -2))
    ]
    (end, inner) = np.concatenate(at, axis=1)
    is_loose = cKDTree(loose).query(end)[0] < _SAME
    end, inner = end[is_loose], inner[is_loose]
    shrunk = np.cos(np.radians(end[:, 1]))
    east, north = ((end - inner) * np.column_stack([shrunk, np.ones(len(end))])).T
    square = np.column_stack([-north / shrunk, east])
    square /= np.hypot(*square.T)[:, None]
    west, south, right, top = shapely.bounds(shapely.union(area, shapely.multipoints(end)))
    square *= 2 * np.hypot(right - west, top - south)
    lines: NDArray[np.object_] = shapely.linestrings(
        np.stack([end - square, end, end + square], axis=1)
    )
    return lines


def _beside(
    coast: NDArray[np.object_], faces: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Length of coast to whose left, and to whose right, each face lies, metres."""
    ends = shapely.get_coordinates(segments(coast)[0]).reshape(-1, 2, 2)
    middle = ends.mean(axis=1)
    east, north = (ends[:, 1] - ends[:, 0]).T
    metres = _DEGREE_M * np.hypot(east * np.cos(np.radians(middle[:, 1])), north)
    off = _BESIDE * np.column_stack([-north, east]) / np.hypot(east, north)[:, None]
    found = np.zeros((2, len(faces)))
    for number, side in enumerate((1, -1)):
        face = polygon_of(faces, *(middle + side * off).T)
        np.add.at(found[number], face[face >= 0], metres[face >= 0])
    dry, wet = found
    return dry, wet


def _twice(points: NDArray[np.object_]) -> NDArray[np.float64]:
    """Lines of no length at points, shape (n, 2, 2)."""
    return np.repeat(shapely.get_coordinates(points)[:, None], 2, axis=1)
