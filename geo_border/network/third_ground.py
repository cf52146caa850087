"""Ground of neither side: roads over it join nothing, however they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo_border.border.edges import equal_area_crs, projected
from geo_border.geometry.locate import polygon_of, segments
from geo_border.network.links import REACH_KM, between, column_or, flattened, in_parts, squeezed
from geo_border.network.reach import METRES_A_DEGREE
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RESOLUTION_M = 1.0
"""Where a road turns to the other side is known to this, metres."""

STRETCH = 1.3
"""A line may be so many times longer than it is drawn on a plane: what maps make of distances."""


@dataclass(frozen=True, slots=True, eq=False)
class LandOfSides:
    """Land of both sides, from which distances are measured.

    Parameters
    ----------
    polygons
        Land of each side, WGS 84.
    outlines
        Segments of its outline, by side, in a projection.
    there
        From WGS 84 to that projection.
    """

    polygons: tuple[NDArray[np.object_], ...]
    outlines: tuple[shapely.STRtree, ...]
    there: Transformer

    def metres(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure how far points lie from the land of each side.

        Parameters
        ----------
        lonlat
            Degrees, shape (n, 2).

        Returns
        -------
        ndarray
            Metres, 0 on the land itself, shape (n, 2).
        """
        found = np.zeros((len(lonlat), len(SIDES)))
        for number, shapes in enumerate(self.polygons):
            off = np.flatnonzero(polygon_of(shapes, *lonlat.T) < 0)
            found[off, number] = self._from_outline(number, lonlat[off])
        return found

    def inland(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure how far points lie from the edges of the land that they are on.

        Parameters
        ----------
        lonlat
            Degrees, shape (n, 2).

        Returns
        -------
        ndarray
            Metres; off all land negative, how far they lie from it.
        """
        metres = self.metres(lonlat)
        found: NDArray[np.float64] = -metres.min(axis=1)
        for number, off in enumerate(metres.T):
            own = np.flatnonzero(off == 0)
            found[own] = self._from_outline(number, lonlat[own])
        return found

    def _from_outline(self, side: int, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far points lie from the outlines of a side, metres."""
        points = shapely.points(np.column_stack(self.there.transform(*lonlat.T)))
        tree = self.outlines[side]
        return np.asarray(tree.query_nearest(points, return_distance=True, all_matches=False)[1])

    def beyond(self, reach_m: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Give what is positive within a distance of either side and negative beyond.

        Parameters
        ----------
        reach_m
            The distance, metres.

        Returns
        -------
        callable
            From points to metres that are left.
        """
        return lambda lonlat: reach_m - self.metres(lonlat).min(axis=1)

    def nearer(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure how much nearer points are to home than to the neighbour.

        Parameters
        ----------
        lonlat
            Degrees, shape (n, 2).

        Returns
        -------
        ndarray
            Metres, negative where the neighbour is nearer.
        """
        home, neighbour = self.metres(lonlat).T
        nearer: NDArray[np.float64] = neighbour - home
        return nearer


def land_of_sides(territory: gpd.GeoDataFrame) -> LandOfSides:
    """Prepare the land of both sides for distances.

    Parameters
    ----------
    territory
        Polygons of both sides with ``side``.

    Returns
    -------
    LandOfSides
        The cost is that of a tree of all vertices.
    """
    whole = territory.to_crs(4326)
    # As the sides of nodes are told.
    crs = equal_area_crs(whole)
    sides = [whole[whole["side"] == side] for side in SIDES]
    return LandOfSides(
        tuple(own.geometry.to_numpy() for own in sides),
        tuple(
            shapely.STRtree(segments(shapely.boundary(projected(own, crs).to_numpy()))[0])
            for own in sides
        ),
        Transformer.from_crs(4326, crs, always_xy=True),
    )


def turns(
    lines: NDArray[np.object_],
    height: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    slope: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find where along lines a height changes its sign.

    A line is halved until no slope could lead to the other sign and back between two points of
    it: what is found does not hang on how many vertices or nodes it has.

    Parameters
    ----------
    lines
        LineStrings in WGS 84.
    height
        From degrees, shape (n, 2), to metres.
    slope
        Most that it rises or falls in a metre.

    Returns
    -------
    line : ndarray
        Positions, in order.
    share : ndarray
        Of the length of each, as `geo_border.network.links.split_links` takes it; to within
        `RESOLUTION_M`.
    """
    flat, squeeze = flattened(lines)
    metres = shapely.length(flat) * METRES_A_DEGREE * STRETCH
    row = np.arange(len(lines))
    share = np.stack([np.zeros(len(lines)), np.ones(len(lines))])
    value = np.stack(
        [height(shapely.get_coordinates(shapely.get_point(lines, end))) for end in (0, -1)]
    )
    found = [(row[:0], share[0, :0])]
    while len(row):
        long = (share[1] - share[0]) * metres[row]
        changes = (value[0] >= 0) != (value[1] >= 0)
        fine = long <= RESOLUTION_M
        found.append((row[changes & fine], share.mean(axis=0)[changes & fine]))
        open_ = (changes | (np.abs(value).sum(axis=0) <= slope * long)) & ~fine
        row, share, value = row[open_], share[:, open_], value[:, open_]
        middle = share.mean(axis=0)
        there = height(spots(flat[row], squeeze[row], middle)) if len(row) else middle
        row = np.tile(row, 2)
        share = np.stack([np.r_[share[0], middle], np.r_[middle, share[1]]])
        value = np.stack([np.r_[value[0], there], np.r_[there, value[1]]])
    line, share = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((share, line))
    return line[order], share[order]


def spots(
    flat: NDArray[np.object_], squeeze: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give points on lines.

    Parameters
    ----------
    flat, squeeze
        As `geo_border.network.links.flattened` gives them.
    share
        Of the length of each.

    Returns
    -------
    ndarray
        Degrees, shape (n, 2).
    """
    points = shapely.line_interpolate_point(flat, share, normalized=True)
    at: NDArray[np.float64] = shapely.get_coordinates(points)
    at[:, 0] /= squeeze
    return at


def stretches(
    line: NDArray[np.int64], share: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the stretches that cuts make of lines.

    Parameters
    ----------
    line, share
        As `turns` gives them, in any order; a share of 0 or 1 cuts nothing off.

    Returns
    -------
    line : ndarray
        Positions, in order.
    start, stop : ndarray
        Shares of the length of each.
    """
    whole = np.unique(line)
    of = np.r_[whole, line, whole]
    at = np.r_[np.zeros(len(whole)), share, np.ones(len(whole))]
    order = np.lexsort((at, of))
    of, at = of[order], at[order]
    same = (of[1:] == of[:-1]) & (at[1:] > at[:-1])
    return of[1:][same], at[:-1][same], at[1:][same]


def cut_at_reach(
    lines: gpd.GeoDataFrame, territory: gpd.GeoDataFrame, *, reach_km: float = REACH_KM
) -> gpd.GeoDataFrame:
    """Cut roads and railways where they go out of reach of both sides, or come back.

    Of a line that is drawn from end to end no less is kept than of one with a vertex, or a node,
    at every turn. Ferries are on water, which may be wide.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        Polygons of both sides with ``side``.
    reach_km
        As `geo_border.network.links.links_from_lines` takes it.

    Returns
    -------
    GeoDataFrame
        Lines in WGS 84; of those that were cut the parts, without what is out of reach but for
        the ends of lines that end there.
    """
    lines = lines.to_crs(4326)
    if (shapely.get_type_id(lines.geometry.to_numpy()) != shapely.GeometryType.LINESTRING).any():
        lines = in_parts(lines)
    shapes = shapely.force_2d(lines.geometry.to_numpy())
    polygons = territory.geometry.to_crs(4326).to_numpy()
    ends = [shapely.get_coordinates(shapely.get_point(shapes, end)) for end in (0, -1)]
    off = np.logical_or(*(polygon_of(polygons, *end.T) < 0 for end in ends))
    # Within land, one must go as far out as back.
    long = shapely.length(flattened(shapes)[0]) * METRES_A_DEGREE * STRETCH > 2000 * reach_km
    rows = np.flatnonzero((off | long) & (lines["mode"] != "ferry").to_numpy())
    if not len(rows):
        return lines
    # What rounding leaves beyond would be lost.
    within = land_of_sides(territory).beyond(1000 * reach_km - RESOLUTION_M)
    line, share = turns(shapes[rows], within, slope=1)
    if not len(line):
        return lines
    position, start, stop = stretches(rows[line], share)
    flat, squeeze = flattened(shapes[position])
    middle = spots(flat, squeeze, (start + stop) / 2)
    kept = (within(middle) >= 0) | (start == 0) | (stop == 1)
    parts = squeezed(between(flat, start, stop), 1 / squeeze)[kept]
    position, start, stop = position[kept], start[kept], stop[kept]
    pieces = lines.iloc[position].set_geometry(parts, crs=4326)
    for name in ("length_km", "hours"):
        if name in pieces:
            pieces[name] = pieces[name].astype(float) * (stop - start)
    for end, is_cut in (("tail", start > 0), ("head", stop < 1)):
        for what, blank in (("osm", np.nan), ("blocked", 0.0), ("clipped", 0.0)):
            if f"{end}_{what}" in pieces:
                value = column_or(pieces, f"{end}_{what}", blank)
                pieces[f"{end}_{what}"] = np.where(is_cut, blank, value)
    left = np.setdiff1d(np.arange(len(lines)), position)
    order = np.argsort(np.r_[left, position], kind="stable")
    return gpd.GeoDataFrame(pd.concat([lines.iloc[left], pieces]).iloc[order])


def turns_of_sides(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Find where the land that is nearest to links changes from one side to the other.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    territory
        Polygons of both sides with ``side``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.

    Returns
    -------
    DataFrame
        ``link``, ``share`` (of its length), ``land_m`` (how far both sides are from there),
        ``border_m`` (how far the border); in order. Time grows with the links that leave the land
        of a side, or are not on any.
    """
    shapes = links.geometry.to_numpy()
    polygons = territory.geometry.to_crs(4326).to_numpy()
    edges, _ = segments(shapely.boundary(polygons))
    leaves = np.zeros(len(links), bool)
    leaves[shapely.STRtree(edges).query(shapes, predicate="intersects")[0]] = True
    off = polygon_of(polygons, nodes["lon"].to_numpy(), nodes["lat"].to_numpy()) < 0
    leaves |= off[links["tail"]] | off[links["head"]]
    rows = np.flatnonzero(leaves)
    land = land_of_sides(territory)
    line, share = turns(shapes[rows], land.nearer, slope=2)
    flat, squeeze = flattened(shapes[rows[line]])
    at = spots(flat, squeeze, share)
    return pd.DataFrame(
        {
            "link": rows[line],
            "share": share,
            "land_m": land.metres(at).max(axis=1),
            "border_m": from_border(at, border),
        }
    )


def from_border(lonlat: NDArray[np.float64], border: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Measure how far points lie from a border.

    Parameters
    ----------
    lonlat
        Degrees, shape (n, 2).
    border
        Pieces as `geo_border.border.line.border_line` gives them.

    Returns
    -------
    ndarray
        Metres, shape (n,).
    """
    crs = equal_area_crs(border)
    tree = shapely.STRtree(segments(projected(border, crs).to_numpy())[0])
    points = gpd.GeoSeries(shapely.points(lonlat), crs=4326).to_crs(crs).to_numpy()
    return np.asarray(tree.query_nearest(points, return_distance=True, all_matches=False)[1])
