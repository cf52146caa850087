"""Straight ways, the stand-in for roads that no layer has: none leads through foreign land."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj.enums import TransformDirection
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84
from geo_border.geometry.locate import polygon_of, segments
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import Transformer

THROUGH_M = 25.0
"""A straight way may lie this far in foreign land, metres: as far as a road along the border may
run beyond it."""

BEND_M = 10.0
"""Bends smaller than this are left out where the nearest point of a line is looked for."""

STEP_M = 1000.0
"""Longest way between the points of lines that ways are tried to, metres."""

COARSE_M = 3000.0
"""Far from a place one point of all lines in a square this wide is tried, metres."""

SECTORS = 72
"""Directions in which the nearest point is tried: what lies behind it is barred as it is."""

_NEAREST = 64
"""Points around a place that are tried before those farther off."""

_TRIED = (0, 1, 16, 256)
"""So many of the nearest nodes are tried, round by round."""

_AT_ONCE = 1 << 22
"""Candidates that are held in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class ForeignLand:
    """Land that the straight ways of each side must not lead through.

    Parameters
    ----------
    polygons
        By side: the land that is not its own, in WGS 84.
    edges
        By side: ends of the segments of its outline, degrees, shape (n, 2, 2).
    trees
        By side: the same as a tree.
    """

    polygons: tuple[NDArray[np.object_], ...]
    edges: tuple[NDArray[np.float64], ...]
    trees: tuple[shapely.STRtree, ...]

    def bars(
        self, side: int, starts: NDArray[np.float64], ends: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether straight ways of a side lead through foreign land.

        Parameters
        ----------
        side
            Position in `geo_border.terms.SIDES`.
        starts, ends
            Degrees, shape (n, 2).

        Returns
        -------
        ndarray
            Shape (n,): whether more than `THROUGH_M` of a way lies in foreign land. A start that
            is in it itself, as coordinates are rounded, may lead out of it by a way twice as
            long as the shortest.
        """
        barred = np.zeros(len(starts), bool)
        rows, metres = self._metres_through(side, starts, ends)
        barred[rows] = metres > THROUGH_M
        doubtful = np.flatnonzero(barred)
        if len(doubtful):
            depth = self._depth(side, starts[doubtful])
            through = metres[np.searchsorted(rows, doubtful)]
            barred[doubtful] = through > THROUGH_M + 2 * depth
        return barred

    def _metres_through(
        self, side: int, starts: NDArray[np.float64], ends: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Rows of the ways that meet foreign land, and how far each lies in it, metres."""
        shift = np.round((starts[:, 0] - ends[:, 0]) / 360) * 360
        ends = ends + np.column_stack([shift, np.zeros(len(ends))])
        own = np.arange(len(starts))
        turned = np.flatnonzero(shift)
        # Beyond the 180th meridian the land lies at the other end of the map.
        away = np.column_stack([shift[turned], np.zeros(len(turned))])
        a = np.concatenate([starts, starts[turned] - away])
        b = np.concatenate([ends, ends[turned] - away])
        way, edge = self.trees[side].query(
            shapely.linestrings(np.stack([a, b], axis=1)), predicate="intersects"
        )
        if not len(way):
            return np.zeros(0, np.intp), np.zeros(0)
        met = np.unique(way)
        first, last = self.edges[side][edge].transpose(1, 0, 2)
        run, step, off = b[way] - a[way], last - first, first - a[way]
        turn = run[:, 0] * step[:, 1] - run[:, 1] * step[:, 0]
        # Edges along the way part nothing; its other edges do.
        at = np.zeros(len(way))
        np.divide(off[:, 0] * step[:, 1] - off[:, 1] * step[:, 0], turn, out=at, where=turn != 0)
        row = np.concatenate([way, met, met])
        share = np.concatenate([at.clip(0, 1), np.zeros(len(met)), np.ones(len(met))])
        order = np.lexsort((share, row))
        row, share = row[order], share[order]
        same = row[1:] == row[:-1]
        row, low, high = row[1:][same], share[:-1][same], share[1:][same]
        middle = a[row] + (b[row] - a[row]) * ((low + high) / 2)[:, None]
        inside = polygon_of(self.polygons[side], *middle.T) >= 0
        inside &= high > low
        metres = WGS84.inv(*a[met].T, *b[met].T)[2]
        part = np.where(inside, high - low, 0.0)
        through = np.bincount(np.searchsorted(met, row), part, len(met)) * metres
        whole = np.concatenate([own, turned])[met]
        rows, of = np.unique(whole, return_inverse=True)
        return rows.astype(np.intp), np.bincount(of, through, len(rows)).astype(float)

    def _depth(self, side: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far points lie inside foreign land, metres."""
        depth = np.zeros(len(points))
        deep = np.flatnonzero(polygon_of(self.polygons[side], *points.T) >= 0)
        # What is foreign to the other side is this side's own.
        if len(deep) and len(self.edges[1 - side]):
            _, hit = self.trees[1 - side].query_nearest(
                shapely.points(points[deep]), all_matches=False
            )
            lines = self.trees[1 - side].geometries[hit]
            spot = shapely.line_interpolate_point(
                lines, shapely.line_locate_point(lines, shapely.points(points[deep]))
            )
            there = shapely.get_coordinates(spot)
            depth[deep] = WGS84.inv(*points[deep].T, *there.T)[2]
        return depth


def foreign_land(territory: gpd.GeoDataFrame) -> ForeignLand:
    """Find the land that the straight ways of each side must not lead through.

    Parameters
    ----------
    territory
        Polygons of both sides, and of any others, with ``side``.

    Returns
    -------
    ForeignLand
        For each side all polygons but its own.
    """
    shapes = territory.geometry.to_crs(4326).to_numpy()
    side = territory["side"].to_numpy(object)
    polygons = tuple(shapes[side != name] for name in SIDES)
    edges = tuple(segments(shapely.boundary(others))[0] for others in polygons)
    ends = tuple(shapely.get_coordinates(lines).reshape(-1, 2, 2) for lines in edges)
    return ForeignLand(polygons, ends, tuple(shapely.STRtree(lines) for lines in edges))


def in_degrees(there: Transformer, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring points back to WGS 84.

    Parameters
    ----------
    there
        What has projected them.
    points
        Coordinates in its projection, shape (n, 2).

    Returns
    -------
    ndarray
        Degrees, shape (n, 2).
    """
    x, y = there.transform(points[:, 0], points[:, 1], direction=TransformDirection.INVERSE)
    return np.column_stack([x, y])


def nearest_free(
    land: ForeignLand,
    side: int,
    starts: NDArray[np.float64],
    at: NDArray[np.float64],
    ends: NDArray[np.float64],
    here: NDArray[np.float64],
    reach_m: float,
) -> NDArray[np.int64]:
    """Find the nearest of some nodes that no foreign land parts from each place.

    Parameters
    ----------
    land
        What bars the ways.
    side
        Position in `geo_border.terms.SIDES`.
    starts, ends
        Places and nodes, degrees, shapes (n, 2) and (m, 2).
    at, here
        The same in metres, shapes (n, d) and (m, d).
    reach_m
        Longest way.

    Returns
    -------
    ndarray
        Position in `ends`, shape (n,); -1 where none is within reach or the 256 nearest are all
        barred.
    """
    found = np.full(len(starts), -1)
    tree = cKDTree(here)
    left = np.arange(len(starts))
    for first, last in pairwise(_TRIED):
        k = np.arange(first + 1, min(last, len(ends)) + 1)
        if not len(left) or not len(k):
            break
        away, hit = tree.query(at[left], k=k, distance_upper_bound=reach_m)
        row, rank = np.nonzero(np.isfinite(away))
        node = hit[row, rank]
        free = np.flatnonzero(~land.bars(side, starts[left[row]], ends[node]))[::-1]
        found[left[row[free]]] = node[free]
        left = left[(found[left] < 0) & np.isfinite(away[:, -1])]
    return found


def next_best(
    land: ForeignLand,
    side: int,
    points: NDArray[np.float64],
    lines: NDArray[np.object_],
    there: Transformer,
    *,
    reach_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find where lines can be joined from points that foreign land parts from the nearest.

    Parameters
    ----------
    land
        What bars the ways.
    side
        Position in `geo_border.terms.SIDES`.
    points
        Coordinates in the projection of the lines, metres, shape (n, 2).
    lines
        Lines of the side.
    there
        From WGS 84 to that projection.
    reach_m
        Longest way.

    Returns
    -------
    line : ndarray
        Position of the line, -1 where every way within reach is barred.
    spot : ndarray
        Coordinates of its point, shape (n, 2). In each of `SECTORS` directions the nearest point
        of a line is tried, of points `STEP_M` apart at most; the nearest of those that are not
        barred is taken. Time is linear in the points.
    """
    found = np.full(len(points), -1)
    spot = np.full((len(points), 2), np.nan)
    if not len(points) or not len(lines):
        return found, spot
    low, high = points.min(axis=0) - reach_m, points.max(axis=0) + reach_m
    west, south, east, north = shapely.bounds(lines).T
    near = np.flatnonzero((west < high[0]) & (east > low[0]) & (south < high[1]) & (north > low[1]))
    drawn = shapely.segmentize(shapely.simplify(lines[near], BEND_M), STEP_M)
    samples, of = shapely.get_coordinates(drawn, return_index=True)
    of = near[of]
    if not len(samples):
        return found, spot
    square = np.floor(samples / COARSE_M).astype(np.int64)
    coarse = np.unique(square, axis=0, return_index=True)[1]
    fine, wide = cKDTree(samples), cKDTree(samples[coarse])
    around = int(np.pi * (min(reach_m, 1e9) / COARSE_M + 1) ** 2)
    for tree, number, most in ((fine, np.arange(len(samples)), _NEAREST), (wide, coarse, around)):
        k = min(most, len(number))
        lost = np.flatnonzero(found < 0)
        for rows in np.array_split(lost, 1 + len(lost) * k // _AT_ONCE):
            away, hit = tree.query(
                points[rows], k=np.arange(1, k + 1), distance_upper_bound=reach_m, workers=-1
            )
            best = _first_free(land, side, points[rows], away, samples, number, hit, there)
            found[rows] = np.where(best >= 0, of[best], -1)
            spot[rows[best >= 0]] = samples[best[best >= 0]]
    _straighten(land, side, points, lines, there, found, spot)
    return found, spot


def _first_free(
    land: ForeignLand,
    side: int,
    points: NDArray[np.float64],
    away: NDArray[np.float64],
    samples: NDArray[np.float64],
    number: NDArray[np.intp],
    hit: NDArray[np.intp],
    there: Transformer,
) -> NDArray[np.intp]:
    """The nearest sample to which a way from each point is not barred, else -1."""
    row, rank = np.nonzero(np.isfinite(away))
    sample = number[hit[row, rank]]
    run = samples[sample] - points[row]
    sector = np.floor((np.arctan2(run[:, 1], run[:, 0]) / (2 * np.pi) % 1) * SECTORS)
    # Neighbours are sorted by distance: the first of a sector is its nearest.
    first = np.sort(np.unique(row * SECTORS + sector.astype(np.int64), return_index=True)[1])
    row, sample = row[first], sample[first]
    a, b = in_degrees(there, points[row]), in_degrees(there, samples[sample])
    free = np.flatnonzero(~land.bars(side, a, b))
    best = np.full(len(points), -1)
    best[row[free][::-1]] = sample[free][::-1]
    return best


def _straighten(
    land: ForeignLand,
    side: int,
    points: NDArray[np.float64],
    lines: NDArray[np.object_],
    there: Transformer,
    found: NDArray[np.int64],
    spot: NDArray[np.float64],
) -> None:
    """Move spots to the nearest point of their line, where the way to it is not barred."""
    rows = np.flatnonzero(found >= 0)
    line, at = lines[found[rows]], shapely.points(points[rows])
    nearest = shapely.get_coordinates(
        shapely.line_interpolate_point(line, shapely.line_locate_point(line, at))
    )
    a, b = in_degrees(there, points[rows]), in_degrees(there, nearest)
    free = ~land.bars(side, a, b)
    spot[rows[free]] = nearest[free]
