"""Which pieces of a border run at sea: OpenStreetMap has land to the left of a coastline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo_border.border.edges import projected
from geo_border.geometry.locate import segments

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

COAST, MARITIME = "coast", "maritime"
"""Kinds of lines at which land ends: coastlines, and boundaries tagged as being at sea."""

SEA_M = 10.0
"""A border this near to a boundary tagged as being at sea runs along it, metres."""

COAST_M = 1.0
"""A border this near to a coast runs along it, metres."""

BEYOND_SEA_M = 50_000.0
"""No territorial sea reaches this far from the end of a coast: 12 nautical miles from its base
line, and those straight across bays; metres."""

_REACH_M = 1_000.0
_SAME_M = 1e-3


@dataclass(frozen=True, slots=True)
class Shore:
    """The lines at which land ends near a border, projected.

    Parameters
    ----------
    coast
        Segments of the coast, land to their left.
    is_sound
        Whether the way of each meets none of the other direction.
    loose
        Where a coast ends, begins, or meets one of the other direction, shape (n, 2), metres.
    maritime
        Segments of boundaries that are tagged as being at sea.
    """

    coast: NDArray[np.object_]
    is_sound: NDArray[np.bool_]
    loose: NDArray[np.float64]
    maritime: NDArray[np.object_]

    @classmethod
    def near(cls, sea: gpd.GeoDataFrame | None, pieces: NDArray[np.object_], crs: CRS) -> Shore:
        """Take what decides about some lines.

        Parameters
        ----------
        sea
            Column ``kind`` (`COAST`, `MARITIME`), LineStrings in WGS 84; None where nothing is
            known of the sea.
        pieces
            The lines, projected.
        crs
            The projection.

        Returns
        -------
        Shore
            The coasts nearest to the lines, and all boundaries at sea.
        """
        if sea is None or not len(sea):
            nothing = np.array([], object)
            never = np.array([], bool)
            return cls(nothing, never, np.empty((0, 2)), nothing)
        coast, maritime = (
            shapely.get_parts(projected(sea[sea["kind"] == kind], crs).to_numpy())
            for kind in (COAST, MARITIME)
        )
        loose, is_sound = loose_ends(coast, same=_SAME_M)
        near = np.arange(len(coast))
        if len(coast):
            tree = shapely.STRtree(coast)
            nearest = tree.query_nearest(_middles(pieces))[1]
            beside = tree.query(pieces, predicate="dwithin", distance=_REACH_M)[1]
            near = np.unique(np.concatenate([nearest, beside]))
        edges, way = segments(coast[near])
        return cls(edges, is_sound[near][way], loose, segments(maritime)[0])

    def cut(self, pieces: NDArray[np.object_]) -> NDArray[np.object_]:
        """Cut lines where they meet the coast.

        Parameters
        ----------
        pieces
            LineStrings, projected.

        Returns
        -------
        ndarray
            LineStrings on the same ground, in no order.
        """
        piece, edge = shapely.STRtree(self.coast).query(pieces, predicate="intersects")
        met = np.unique(piece)
        if not len(met):
            return pieces
        coast = shapely.union_all(self.coast[np.unique(edge)])
        apart = np.concatenate(
            [
                shapely.get_parts(shapely.difference(pieces[met], coast)),
                shapely.get_parts(shapely.intersection(pieces[met], coast)),
            ]
        )
        return np.concatenate([np.delete(pieces, met), apart[shapely.length(apart) > 0]])

    def sides(self, pieces: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which lines are at sea.

        A line is on the side of the coast that is nearest to its middle. Where that is a loose
        end of the coast, or a way that meets one of the other direction, it is on neither for
        sure, and follows the lines with which it is connected without crossing the coast, if they
        reach it. Lines so connected that lie on both sides of the coast show that it has a gap:
        nothing is known of them. Boundaries tagged as being at sea decide where the coast does
        not.

        Parameters
        ----------
        pieces
            Lines that no coast crosses, projected.

        Returns
        -------
        at_sea
            Whether each is known to be at sea.
        is_known
            Whether that is known of it.
        """
        middle = _middles(pieces)
        tagged = _within(middle, self.maritime, SEA_M)
        if not len(self.coast):
            return tagged, tagged
        ends = [shapely.get_point(pieces, at) for at in (0, -1)]
        on_coast = np.logical_and.reduce(
            [_within(points, self.coast, COAST_M) for points in (*ends, middle)]
        )
        is_land, is_sure = self.nearest_side(middle)
        metres = np.where(on_coast | ~is_sure, 0, shapely.length(pieces))
        at_coast = np.stack([_within(points, self.coast, _SAME_M) for points in ends])
        group = _connected(shapely.get_coordinates(ends).reshape(2, -1, 2), at_coast)
        dry, wet = (
            np.bincount(group, np.where(side, metres, 0))[group] for side in (is_land, ~is_land)
        )
        reaches = np.bincount(group, at_coast.any(axis=0))[group] > 0
        # What is shorter than a line may stray along the coast says nothing.
        agree = np.minimum(dry, wet) <= SEA_M
        is_known = on_coast | (agree & (is_sure | (reaches & (dry != wet))))
        at_sea = on_coast | (is_known & (wet > dry))
        return at_sea | (tagged & ~is_known), is_known | tagged

    def nearest_side(
        self, points: NDArray[np.object_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell on which side of the nearest coast points lie.

        Parameters
        ----------
        points
            Projected, where there is a coast.

        Returns
        -------
        is_land
            Whether each lies on the land's side.
        is_sure
            Whether that is sure: the nearest is no loose end of a coast, nor one of a way that
            meets one of the other direction; or it is farther than `BEYOND_SEA_M`, and on land.
        """
        point, edge = shapely.STRtree(self.coast).query_nearest(points)
        lines, there = self.coast[edge], points[point]
        foot = shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, there))
        x, y = (shapely.get_coordinates(there) - shapely.get_coordinates(foot)).T
        ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
        east, north = ((ends[:, 1] - ends[:, 0]) / shapely.length(lines)[:, None]).T
        # At a vertex both edges count: a point beyond it may lie on the wrong side of one.
        is_land = np.bincount(point, east * y - north * x) > 0
        away, is_sure = np.zeros(len(points)), np.ones(len(points), bool)
        away[point] = np.hypot(x, y)
        is_sure[point[~self.is_sound[edge]]] = False
        if len(self.loose):
            to_end = cKDTree(self.loose).query(shapely.get_coordinates(points))[0]
            is_sure &= away < to_end - _SAME_M
        beyond = ~is_sure & (away > BEYOND_SEA_M)
        return is_land | beyond, is_sure | beyond


def _middles(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Points half way along lines."""
    points: NDArray[np.object_] = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    return points


def _within(
    points: NDArray[np.object_], lines: NDArray[np.object_], metres: float
) -> NDArray[np.bool_]:
    """Whether points lie within a distance of any line."""
    near = np.zeros(len(points), bool)
    near[shapely.STRtree(lines).query(points, predicate="dwithin", distance=metres)[0]] = True
    return near


def loose_ends(
    lines: NDArray[np.object_], *, same: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Find where coasts end.

    Parameters
    ----------
    lines
        Coasts, land to their left.
    same
        Ends this near to each other meet, in the unit of the coordinates.

    Returns
    -------
    places : ndarray
        Where not as many lines end as begin, shape (n, 2).
    is_sound : ndarray
        Whether each line meets none of the other direction.
    """
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    places, place = np.unique(np.round(ends / same), axis=0, return_inverse=True)
    way = np.repeat([1.0, -1.0], len(lines))
    is_loose = np.bincount(place, way, len(places)) != 0
    is_odd = is_loose & (np.bincount(place, minlength=len(places)) > 1)
    is_sound = ~is_odd[place].reshape(2, -1).any(axis=0)
    return places[is_loose] * same, is_sound


def _connected(ends: NDArray[np.float64], is_cut: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number of the group of each line: those whose ends meet elsewhere than where they are cut.

    Parameters
    ----------
    ends
        Both ends of each line, shape (2, n, 2).
    is_cut
        Whether an end is cut, shape (2, n).

    Returns
    -------
    ndarray
        From 0.
    """
    n = ends.shape[1]
    line = np.tile(np.arange(n), 2)[~is_cut.ravel()]
    at = np.round(ends.reshape(-1, 2)[~is_cut.ravel()] / _SAME_M)
    places, place = np.unique(at, axis=0, return_inverse=True)
    size = n + len(places)
    links = coo_array((np.ones(len(line)), (line, n + place)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1][:n])
