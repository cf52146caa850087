"""The border line: its pieces in order, the dyads that share it, distance along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo_border.border.coast import Shore
from geo_border.border.edges import WGS84, equal_area_crs, projected
from geo_border.errors import SideError
from geo_border.geometry.frame import DECIMALS
from geo_border.geometry.locate import segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENT_M = 500.0
"""Longest segment whose region is decided as a whole, metres."""

SAME_M = 1e-3
"""Edges of two regions this near to each other are one edge, metres."""


def border_line(
    home: gpd.GeoDataFrame,
    neighbour: gpd.GeoDataFrame,
    *,
    touch_m: float = 1.0,
    sea: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Pieces of the common border in order from its western end, those at sea after all others.

    A border that is a closed ring begins at its westernmost point and runs clockwise; rings
    beside an open line, around enclaves, follow it.

    The line is the outline of the neighbour where home polygons touch it (after
    `edge_match`). A new piece begins where the home or the neighbour region changes. Where
    several regions claim the same edge it is of the one that comes first in the alphabet.

    Parameters
    ----------
    home, neighbour
        Polygons in WGS 84, index of region ids; their order changes nothing.
    touch_m
        How far a home polygon may lie from the outline to count as touching, metres.
    sea
        Lines at which land ends, as `geo_border.border.coast.Shore.near` takes them.

    Returns
    -------
    GeoDataFrame
        Columns ``home_id``, ``neighbour_id``, ``from_km``, ``to_km`` (distance along the
        border from its western end), ``length_km`` (geodesic), ``at_sea``, ``sea_known``
        (whether that is known; else, as without `sea`, it counts as land), LineStrings in
        WGS 84, rounded to `geo_border.geometry.frame.DECIMALS`.

    Raises
    ------
    SideError
        If the sides share no border.

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import shapely
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> both = gpd.GeoDataFrame(geometry=halves, index=["A", "B"], crs=4326)
    >>> border = gb.border_line(both.loc[["A"]], both.loc[["B"]])
    >>> border[["home_id", "neighbour_id"]].to_numpy().tolist()
    [['A', 'B']]
    """
    home, neighbour = (
        side.sort_index(key=lambda ids: ids.astype(str)) for side in (home, neighbour)
    )
    crs = equal_area_crs(home, neighbour)
    ours = projected(home, crs)
    theirs = projected(neighbour, crs)
    outline = shapely.boundary(shapely.union_all(theirs.to_numpy()))
    outline = shapely.intersection(outline, shapely.box(*ours.total_bounds).buffer(touch_m + 1))
    pieces, _ = segments(shapely.segmentize(outline, SEGMENT_M))
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    edges, _ = segments(ours.boundary.to_numpy())
    hit = shapely.STRtree(edges).query(middle, predicate="dwithin", distance=touch_m)[0]
    shared = np.unique(hit)
    if not len(shared):
        raise SideError(
            "the two sides share no border",
            remedy="Check that the layers are of neighbouring regions, or raise "
            "`edge_tolerance_km`",
        )
    shore = Shore.near(sea, pieces[shared], crs)
    pieces = shore.cut(pieces[shared])
    at_sea, is_known = shore.sides(pieces)
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    chains = [_ordered(_merged(pieces[at_sea == wet]), to_degrees) for wet in (False, True)]
    n_dry = len(chains[0])
    unknown = pieces[~is_known]
    return _pieces([*chains[0], *chains[1]], n_dry, unknown, ours, theirs, to_degrees)


def _merged(pieces: NDArray[np.object_]) -> NDArray[np.object_]:
    """Pieces joined to the longest lines."""
    if not len(pieces):
        return pieces
    parts: NDArray[np.object_] = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(pieces))
    )
    return parts


def _nearest_region(points: NDArray[np.object_], polygons: gpd.GeoSeries) -> NDArray[np.intp]:
    """Position of the polygon whose edge is nearest to each point, the first of equals."""
    edges, region = segments(polygons.boundary.to_numpy())
    tree = shapely.STRtree(edges)
    away = tree.query_nearest(points, return_distance=True, all_matches=False)[1]
    point, edge = tree.query(points, predicate="dwithin", distance=away + SAME_M)
    nearest = np.full(len(points), len(polygons), np.intp)
    np.minimum.at(nearest, point, region[edge])
    return nearest


def _ordered(chains: NDArray[np.object_], to_degrees: Transformer) -> list[NDArray[np.float64]]:
    """Coordinates of chains in the order one meets them from the western free end.

    The longest open chain is extended at both ends by the one whose end is nearest; closed
    chains follow.
    """
    longest = chains[np.argsort(-shapely.length(chains), kind="stable")]
    closed = shapely.is_ring(longest)
    rings = [_ring(shapely.get_coordinates(chain)) for chain in longest[closed]]
    left = [shapely.get_coordinates(chain) for chain in longest[~closed]]
    if not left:
        return rings
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
    west, east = to_degrees.transform(*np.stack([row[0][0], row[-1][-1]]).T)[0]
    if west > east:
        row = [chain[::-1] for chain in reversed(row)]
    return row + rings


def _ring(chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates of a closed chain, clockwise from the westernmost."""
    open_chain = chain[:-1][::-1] if shapely.is_ccw(shapely.linestrings(chain)) else chain[:-1]
    turned = np.roll(open_chain, -int(open_chain[:, 0].argmin()), axis=0)
    return np.concatenate([turned, turned[:1]])


def on_land(border: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pieces of a border that are not at sea.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.

    Returns
    -------
    GeoDataFrame
        Those pieces; all of them if the border has none on land.
    """
    dry = border[~border["at_sea"]]
    return dry if len(dry) else border


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
    dry = on_land(border)
    first, last = dry.geometry.iloc[[dry["from_km"].argmin(), dry["to_km"].argmax()]]
    ends = shapely.get_point(first, 0), shapely.get_point(last, -1)
    return bool(shapely.dwithin(*ends, 1e-9))


def breaks(border: gpd.GeoDataFrame) -> pd.DataFrame:
    """Where the line on land stops and goes on elsewhere.

    A stretch at sea in between is no break, nor is the way to the ring of an enclave.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.

    Returns
    -------
    DataFrame
        ``chainage_km``, ``km`` (geodesic, how far apart the ends are), ``lon``, ``lat`` (of
        the first end), ``to_lon``, ``to_lat``; in order along the border.
    """
    shapes = border.sort_values("from_km", kind="stable")
    start = shapely.get_coordinates(shapely.get_point(shapes.geometry.to_numpy(), 0))
    end = shapely.get_coordinates(shapely.get_point(shapes.geometry.to_numpy(), -1))
    metres = WGS84.inv(*end[:-1].T, *start[1:].T)[2]
    first = np.r_[0, 1 + np.flatnonzero(np.asarray(metres) > 1.0)]
    last = np.r_[first[1:] - 1, len(shapes) - 1]
    is_open = np.asarray(WGS84.inv(*start[first].T, *end[last].T)[2]) > 1.0
    wet = shapes["at_sea"].to_numpy(bool)
    quays = np.concatenate([start[wet], end[wet]])
    dry = is_open & ~wet[first]
    stops, goes = last[dry][:-1], first[dry][1:]
    rows = []
    for stop, go in zip(stops, goes, strict=True):
        ends = np.stack([end[stop], start[go]])
        if len(quays) and all(
            np.min(WGS84.inv(*np.broadcast_to(at, quays.shape).T, *quays.T)[2]) < SEGMENT_M
            for at in ends
        ):
            continue
        km = WGS84.inv(*ends[0], *ends[1])[2] / 1000
        rows.append((float(shapes["to_km"].iloc[stop]), km, *ends[0], *ends[1]))
    return pd.DataFrame(rows, columns=["chainage_km", "km", "lon", "lat", "to_lon", "to_lat"])


def _pieces(
    chains: list[NDArray[np.float64]],
    n_dry: int,
    unknown: NDArray[np.object_],
    ours: gpd.GeoSeries,
    theirs: gpd.GeoSeries,
    to_degrees: Transformer,
) -> gpd.GeoDataFrame:
    """Cut ordered chains, the first on land, where a region changes or what is known of the sea."""
    start = np.concatenate([chain[:-1] for chain in chains])
    end = np.concatenate([chain[1:] for chain in chains])
    chain_of = np.repeat(np.arange(len(chains)), [len(chain) - 1 for chain in chains])
    # What libraries differ in is far below the last decimal: the line is one on all machines.
    tail, head = (
        np.round(np.column_stack(to_degrees.transform(*at.T)), DECIMALS) for at in (start, end)
    )
    long = (tail != head).any(axis=1)
    start, end, tail, head, chain_of = (at[long] for at in (start, end, tail, head, chain_of))
    middle = shapely.points((start + end) / 2)
    home = _nearest_region(middle, ours)
    neighbour = _nearest_region(middle, theirs)
    metres = np.asarray(WGS84.inv(*tail.T, *head.T)[2])
    is_known = np.ones(len(middle), bool)
    is_known[shapely.STRtree(unknown).query(middle, predicate="dwithin", distance=SAME_M)[0]] = (
        False
    )
    key = np.stack([home, neighbour, chain_of, is_known])
    first = np.flatnonzero(np.r_[True, (key[:, 1:] != key[:, :-1]).any(axis=0)])
    length_km = np.add.reduceat(metres, first) / 1000
    to_km = np.cumsum(length_km)
    stop = np.r_[first[1:], len(tail)]
    lines = [
        shapely.linestrings(np.r_[tail[a:b], head[b - 1 : b]])
        for a, b in zip(first, stop, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "home_id": ours.index[home[first]],
            "neighbour_id": theirs.index[neighbour[first]],
            "from_km": to_km - length_km,
            "to_km": to_km,
            "length_km": length_km,
            "at_sea": chain_of[first] >= n_dry,
            "sea_known": is_known[first],
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
        Columns ``home_id``, ``neighbour_id``, ``length_km`` (geodesic, on land), ``sea_km``
        (as far as it is known; missing where nothing is), ``from_km`` (where the dyad begins
        along the border), MultiLineStrings; in order along the border.

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import shapely
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> both = gpd.GeoDataFrame(geometry=halves, index=["A", "B"], crs=4326)
    >>> border = gb.border_line(both.loc[["A"]], both.loc[["B"]])
    >>> gb.dyads(border)["length_km"].round().tolist()
    [22.0]
    """
    pair = ["home_id", "neighbour_id"]
    pairs = border.dissolve(pair, aggfunc={"from_km": "min"}, method="disjoint_subset")
    pairs = pairs.join(lengths(border, pair))[["geometry", "length_km", "sea_km", "from_km"]]
    return pairs.sort_values("from_km").reset_index()


def lengths(border: gpd.GeoDataFrame, by: str | list[str]) -> pd.DataFrame:
    """Length of a border on land and at sea, of regions or pairs of them.

    Parameters
    ----------
    border
        Pieces as `border_line` gives them.
    by
        Columns of `border` that name the regions.

    Returns
    -------
    DataFrame
        ``length_km`` (geodesic, on land), ``sea_km`` (as far as it is known; missing where
        nothing is), index of the regions.
    """
    wet, known = border["at_sea"], border["sea_known"]
    km = border[[by] if isinstance(by, str) else by].assign(
        length_km=border["length_km"].where(~wet, 0.0),
        sea_km=border["length_km"].where(wet, 0.0),
        unknown_km=border["length_km"].where(~known, 0.0),
    )
    found: pd.DataFrame = km.groupby(by).sum()
    is_known = (found["sea_km"] > 0) | (found["unknown_km"] == 0)
    return found.assign(sea_km=found["sea_km"].where(is_known)).drop(columns="unknown_km")


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
    here = points.x.notna() & points.y.notna()
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
