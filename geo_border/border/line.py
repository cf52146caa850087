"""The border line: its pieces in order, the dyads that share it, distance along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import WGS84, equal_area_crs, projected
from geo_border.border.locate import segments
from geo_border.errors import SideError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENT_M = 500.0
"""Longest segment whose region is decided as a whole, metres."""


def border_line(
    home: gpd.GeoDataFrame, neighbour: gpd.GeoDataFrame, *, touch_m: float = 1.0
) -> gpd.GeoDataFrame:
    """Pieces of the common border in order from its western end.

    A border that is a closed ring begins at its westernmost point and runs clockwise.

    The line is the outline of the neighbour where home polygons touch it (after
    `edge_match`). A new piece begins where the home or the neighbour region changes.

    Parameters
    ----------
    home, neighbour
        Polygons in WGS 84, index of region ids.
    touch_m
        How far a home polygon may lie from the outline to count as touching, metres.

    Returns
    -------
    GeoDataFrame
        Columns ``home_id``, ``neighbour_id``, ``from_km``, ``to_km`` (distance along the
        border from its western end), ``length_km`` (geodesic), LineStrings in WGS 84.

    Raises
    ------
    SideError
        If the sides share no border.
    """
    crs = equal_area_crs(home, neighbour)
    ours = projected(home, crs)
    theirs = projected(neighbour, crs)
    outline = shapely.boundary(shapely.union_all(theirs.to_numpy()))
    outline = shapely.intersection(outline, shapely.box(*ours.total_bounds).buffer(touch_m + 1))
    pieces, _ = segments(shapely.segmentize(outline, SEGMENT_M))
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    edges, _ = segments(ours.boundary.to_numpy())
    hit = shapely.STRtree(edges).query(middle, predicate="dwithin", distance=touch_m)[0]
    shared = pieces[np.unique(hit)]
    if not len(shared):
        raise SideError(
            "the two sides share no border",
            remedy="Check that the layers are of neighbouring regions, or raise "
            "`edge_tolerance_km`",
        )
    chains = _ordered(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shared))))
    return _pieces(chains, ours, theirs)


def _nearest_region(points: NDArray[np.object_], polygons: gpd.GeoSeries) -> NDArray[np.intp]:
    """Position of the polygon whose edge is nearest to each point."""
    edges, region = segments(polygons.boundary.to_numpy())
    nearest: NDArray[np.intp] = region[shapely.STRtree(edges).nearest(points)]
    return nearest


def _ordered(chains: NDArray[np.object_]) -> list[NDArray[np.float64]]:
    """Coordinates of chains in the order one meets them from the western free end.

    The longest chain is extended at both ends by the chain whose end is nearest.
    """
    left = [shapely.get_coordinates(chain) for chain in chains[np.argsort(-shapely.length(chains))]]
    row = [left.pop(0)]
    while left:
        ends = np.array([[chain[0], chain[-1]] for chain in left])
        to_head = np.hypot(*np.moveaxis(ends - row[0][0], -1, 0))
        to_tail = np.hypot(*np.moveaxis(ends - row[-1][-1], -1, 0))
        at_tail = to_tail.min() <= to_head.min()
        which, end = np.unravel_index(np.argmin(to_tail if at_tail else to_head), to_tail.shape)
        chain = left.pop(int(which))
        if at_tail:
            row.append(chain if end == 0 else chain[::-1])
        else:
            row.insert(0, chain if end == 1 else chain[::-1])
    if len(row) == 1 and (row[0][0] == row[0][-1]).all():
        return [_ring(row[0])]
    if row[0][0, 0] > row[-1][-1, 0]:
        row = [chain[::-1] for chain in reversed(row)]
    return row


def _ring(chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates of a closed chain, clockwise from the westernmost."""
    open_chain = chain[:-1][::-1] if shapely.is_ccw(shapely.linestrings(chain)) else chain[:-1]
    turned = np.roll(open_chain, -int(open_chain[:, 0].argmin()), axis=0)
    return np.concatenate([turned, turned[:1]])


def is_ring(border: gpd.GeoDataFrame) -> bool:
    """Whether the border ends where it begins.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.

    Returns
    -------
    bool
        True for a country that borders on nothing but the other side.
    """
    first, last = border.geometry.iloc[[border["from_km"].argmin(), border["to_km"].argmax()]]
    ends = shapely.get_point(first, 0), shapely.get_point(last, -1)
    return bool(shapely.dwithin(*ends, 1e-9))


def _pieces(
    chains: list[NDArray[np.float64]], ours: gpd.GeoSeries, theirs: gpd.GeoSeries
) -> gpd.GeoDataFrame:
    """Cut ordered chains where a region on either side changes."""
    start = np.concatenate([chain[:-1] for chain in chains])
    end = np.concatenate([chain[1:] for chain in chains])
    chain_of = np.repeat(np.arange(len(chains)), [len(chain) - 1 for chain in chains])
    middle = shapely.points((start + end) / 2)
    home = _nearest_region(middle, ours)
    neighbour = _nearest_region(middle, theirs)
    lonlat = gpd.GeoSeries(shapely.points(np.concatenate([start, end])), crs=ours.crs).to_crs(4326)
    lon, lat = lonlat.x.to_numpy(), lonlat.y.to_numpy()
    n = len(start)
    metres = WGS84.inv(lon[:n], lat[:n], lon[n:], lat[n:])[2]
    key = np.stack([home, neighbour, chain_of])
    first = np.flatnonzero(np.r_[True, (key[:, 1:] != key[:, :-1]).any(axis=0)])
    length_km = np.add.reduceat(metres, first) / 1000
    to_km = np.cumsum(length_km)
    stop = np.r_[first[1:], n]
    lines = [
        shapely.linestrings(np.r_[np.c_[lon[a:b], lat[a:b]], [[lon[n + b - 1], lat[n + b - 1]]]])
        for a, b in zip(first, stop, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "home_id": ours.index[home[first]],
            "neighbour_id": theirs.index[neighbour[first]],
            "from_km": to_km - length_km,
            "to_km": to_km,
            "length_km": length_km,
        },
        geometry=lines,
        crs=4326,
    )


def dyads(border: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pairs of a home and a neighbour region that share the border.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.

    Returns
    -------
    GeoDataFrame
        Columns ``home_id``, ``neighbour_id``, ``length_km`` (geodesic), ``from_km`` (where the
        dyad begins along the border), MultiLineStrings; in order along the border.
    """
    pairs = border.dissolve(
        ["home_id", "neighbour_id"],
        aggfunc={"length_km": "sum", "from_km": "min"},
        method="disjoint_subset",
    )
    return pairs.sort_values("from_km").reset_index()


def along(border: gpd.GeoDataFrame, points: gpd.GeoSeries) -> pd.DataFrame:
    """Position of points along the border.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.
    points
        Points in WGS 84; empty ones get missing values.

    Returns
    -------
    DataFrame
        Columns ``chainage_km``, ``border_distance_km`` (geodesic, to the nearest point of the
        line), ``home_id``, ``neighbour_id`` of the nearest piece; the index of `points`.
    """
    crs = equal_area_crs(border)
    lines = border.geometry.to_crs(crs).to_numpy()
    here = points.x.notna()
    at = points[here].to_crs(crs).to_numpy()
    nearest = shapely.STRtree(lines).nearest(at)
    share = shapely.line_locate_point(lines[nearest], at, normalized=True)
    foot = shapely.line_interpolate_point(lines[nearest], share, normalized=True)
    foot_lonlat = gpd.GeoSeries(foot, crs=crs).to_crs(4326)
    piece = border.iloc[nearest]
    metres = WGS84.inv(
        points[here].x.to_numpy(),
        points[here].y.to_numpy(),
        foot_lonlat.x.to_numpy(),
        foot_lonlat.y.to_numpy(),
    )[2]
    found = pd.DataFrame(
        {
            "chainage_km": piece["from_km"].to_numpy() + share * piece["length_km"].to_numpy(),
            "border_distance_km": metres / 1000,
            "home_id": piece["home_id"].to_numpy(),
            "neighbour_id": piece["neighbour_id"].to_numpy(),
        },
        index=points.index[here],
    )
    return found.reindex(points.index)
