"""Both sides made to meet in one line: the better one that is known, where one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import (
    TOUCH_M,
    EdgeMatch,
    edge_match,
    equal_area_crs,
    geodesic_km2,
    projected,
)
from geo_border.border.line import border_line, on_land
from geo_border.geometry.frame import polygonal, rounded
from geo_border.geometry.locate import segments
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray
    from pyproj import CRS

_SIDES = ("home", "neighbour")

SLIVER_KM2 = 0.01
"""Less than this is where two outlines of one place do not quite agree."""

_AROUND_GAP = 0.1
"""How far around a gap the land says whose it is, degrees."""

MOSTLY = 0.5
"""A country belongs to the side that has more than this share of its land along the border."""


@dataclass(frozen=True, slots=True)
class MatchedSides:
    """Result of `match_sides`.

    Parameters
    ----------
    land
        The polygons of both sides, which meet in one line.
    border
        That line, as `geo_border.border.line.border_line` gives it.
    mismatch
        What was changed: ``region_id``, ``area_km2``, ``kind`` (``overlap`` for what was taken,
        ``gap`` for what was given), ``side`` that was changed.
    followed
        One row for every outline that the border follows: ``country``, ``side`` it is of,
        ``km`` of the border on land along it, ``share`` of all that is on land, ``moved_km``
        (how far the line of the sides' own polygons lay from it at most). None where none is known.
    between
        Land of countries of neither side that lies between the sides and was given to none:
        ``country``, ``area_km2``, polygons.
    """

    __repr__ = shown

    land: gpd.GeoDataFrame
    border: gpd.GeoDataFrame
    mismatch: gpd.GeoDataFrame
    followed: pd.DataFrame
    between: gpd.GeoDataFrame


def match_sides(
    land: gpd.GeoDataFrame,
    *,
    kept: str = "neighbour",
    outlines: gpd.GeoDataFrame | None = None,
    countries: gpd.GeoDataFrame | None = None,
    sea: gpd.GeoDataFrame | None = None,
    tolerance_m: float = 5_000,
) -> MatchedSides:
    """Move the edges of the sides to one line.

    The outline of the kept side is the border, unless a better one is known: then both sides
    are moved to that wherever they lie within the tolerance of it. An outline counts if it is
    of a country that lies on one side; of countries on both sides, those of the side along whose
    outlines more of the border runs are followed.

    Parameters
    ----------
    land
        Polygons in WGS 84 with ``side`` and ``region_id`` (missing outside the studied regions),
        unique index.
    kept
        The side whose own outline is taken for the border.
    outlines
        Polygons in WGS 84 of whole countries, with ``country``, drawn more finely than the sides.
    countries
        Polygons in WGS 84 of whole countries, with ``country``: the land of one of neither side
        is no gap between the sides.
    sea
        Lines at which land ends, as `geo_border.border.line.border_line` takes them.
    tolerance_m
        How far the lines may lie apart, metres.

    Returns
    -------
    MatchedSides
        The polygons, the border, and what was done.

    Raises
    ------
    SideError
        If a side is empty, or they share no border within the tolerance.

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import shapely
    >>> halves = [shapely.box(9.3, 47, 9.501, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> names = {"side": ["home", "neighbour"], "region_id": ["A", "B"]}
    >>> land = gpd.GeoDataFrame(names, geometry=halves, crs=4326)
    >>> gb.match_sides(land, tolerance_m=200).mismatch["kind"].tolist()
    ['overlap']
    """
    order = land.index
    land = rounded(_sorted(land))
    moved = _SIDES[1 - _SIDES.index(kept)]
    matched, changes = _moved(land, moved, _of_side(land, kept), tolerance_m)
    between = _between(land, changes, countries)
    third = shapely.union_all(between.geometry.to_numpy())
    if len(between):
        matched, changes = _moved(land, moved, _of_side(land, kept), tolerance_m, third)
    border = _border(matched, sea)
    followed = _followed(pd.DataFrame(columns=["country", "side"]), border, border)
    if outlines is not None and len(outlines):
        own = _of_one_side(land, border, outlines, tolerance_m)
        if len(own):
            better = outlines.loc[own.index]
            anchored = own["side"].iloc[0]
            other = _SIDES[1 - _SIDES.index(anchored)]
            matched, changes = _moved(land, other, better, tolerance_m, third)
            matched, more = _moved(matched, anchored, _of_side(matched, other), tolerance_m, third)
            changes += more
            before, border = border, _border(matched, sea)
            followed = _followed(own.assign(geometry=better.geometry), border, before)
    mismatch = gpd.GeoDataFrame(pd.concat(changes, ignore_index=True), crs=4326)
    mismatch["region_id"] = land["region_id"].reindex(mismatch["region_id"]).to_numpy()
    return MatchedSides(matched.loc[order], border, mismatch, followed, between)


def _between(
    land: gpd.GeoDataFrame,
    changes: list[gpd.GeoDataFrame],
    countries: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """Gaps that are land of a country of neither side: ``country``, ``area_km2``, polygons."""
    rows: list[tuple[object, shapely.Geometry]] = []
    gaps = pd.concat(changes).query("kind == 'gap'").geometry.to_numpy()
    gaps = shapely.make_valid(gaps, method="structure", keep_collapsed=False)
    for row in () if countries is None or not len(gaps) else countries.itertuples():
        taken = gaps[shapely.intersects(gaps, row.geometry)]
        part = polygonal(
            shapely.union_all(shapely.make_valid(shapely.intersection(taken, row.geometry)))
        )
        if part.is_empty:
            continue
        # Of a side is a country whose land around the gap is that side's.
        near = shapely.intersection(row.geometry, shapely.buffer(part, _AROUND_GAP))
        held = sum(
            shapely.intersection(near, shape).area
            for shape in land.geometry
            if shapely.intersects(near, shape)
        )
        if held < (1 - MOSTLY) * near.area:
            rows.append((row.country, part))
    found = gpd.GeoDataFrame(
        {"country": pd.Series([name for name, _ in rows], dtype=object)},
        geometry=[shape for _, shape in rows],
        crs=4326,
    )
    found.insert(1, "area_km2", geodesic_km2(found.geometry))
    return found[found["area_km2"] > SLIVER_KM2]


def _sorted(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Land in an order of its own: that of a file's rows must change nothing."""
    west, south, _, _ = land.bounds.to_numpy().T
    names = land["region_id"].fillna("").astype(str).to_numpy()
    return land.iloc[np.lexsort((south, west, names, land["side"].astype(str).to_numpy()))]


def _of_side(land: gpd.GeoDataFrame, side: str) -> gpd.GeoDataFrame:
    """Polygons of a side."""
    return land[land["side"] == side]


def _moved(
    land: gpd.GeoDataFrame,
    side: str,
    fixed: gpd.GeoDataFrame,
    tolerance_m: float,
    others: shapely.Geometry | None = None,
) -> tuple[gpd.GeoDataFrame, list[gpd.GeoDataFrame]]:
    """Land whose one side is moved to the outline of what is fixed, and what that changed."""
    match: EdgeMatch = edge_match(
        _of_side(land, side), fixed, tolerance_m=tolerance_m, others=others
    )
    land = land.copy()
    land.loc[match.home.index, "geometry"] = rounded(match.home.geometry)
    pieces = {"overlap": match.overlaps, "gap": match.gaps}
    return land, [
        rows.rename(columns={"home_id": "region_id"}).assign(kind=kind, side=side)
        for kind, rows in pieces.items()
    ]


def _border(land: gpd.GeoDataFrame, sea: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """The line between the studied regions of both sides."""
    studied = land.dropna(subset="region_id").set_index("region_id")
    home, neighbour = (_of_side(studied, side) for side in _SIDES)
    return border_line(home, neighbour, sea=sea)


def _of_one_side(
    land: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame,
    tolerance_m: float,
) -> pd.DataFrame:
    """Countries that lie on one side and whose outline may be the border, of the better side.

    ``country``, ``side``; the index of the outlines.
    """
    crs = equal_area_crs(border)
    west, south, east, north = border.total_bounds
    shapes = projected(outlines.cx[west:east, south:north], crs)
    line = border.geometry.to_crs(crs).to_numpy()
    at, km = _steps(line)
    rough = shapely.simplify(shapely.union_all(line), tolerance_m / 10)
    strip = shapely.buffer(rough, 4 * tolerance_m, quad_segs=2)
    sides = [
        shapely.intersection(shapely.union_all(projected(_of_side(land, side), crs)), strip)
        for side in _SIDES
    ]
    rows: dict[Hashable, tuple[str, float]] = {}
    for key, shape in shapes.items():
        edge = shapely.boundary(shape)
        shapely.prepare(edge)
        along = float(km[shapely.dwithin(edge, at, tolerance_m)].sum())
        here = shapely.intersection(shape, strip)
        if not along or here.is_empty:
            continue
        shares = [shapely.intersection(here, side).area / here.area for side in sides]
        number = int(np.argmax(shares))
        # A country that reaches over both sides is not bounded by the border between them.
        core = shapely.buffer(shapely.simplify(here, tolerance_m / 10), -tolerance_m, quad_segs=2)
        if shares[number] > MOSTLY and not shapely.intersects(core, sides[1 - number]):
            rows[key] = _SIDES[number], along
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["side", "km"])
    if found.empty:
        return found
    best = found.groupby("side")["km"].sum().reindex(list(reversed(_SIDES))).idxmax()
    found = found[found["side"] == best].drop(columns="km")
    return found.assign(country=outlines["country"].reindex(found.index))


def _steps(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Middles of the segments of lines, and their lengths in km."""
    pieces, _ = segments(shapely.segmentize(lines, 100.0))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    return middles, shapely.length(pieces) / 1000


def _followed(
    outlines: pd.DataFrame, border: gpd.GeoDataFrame, before: gpd.GeoDataFrame
) -> pd.DataFrame:
    """How much of the border on land runs along each outline, and how far it was moved there."""
    crs = equal_area_crs(border)
    border = on_land(border)
    at, km = _steps(border.geometry.to_crs(crs).to_numpy())
    tree = shapely.STRtree(segments(before.geometry.to_crs(crs).to_numpy())[0])
    rows = []
    for row in outlines.itertuples():
        edges, _ = segments(_edge(row.geometry, crs))
        on = np.unique(shapely.STRtree(edges).query(at, predicate="dwithin", distance=TOUCH_M)[0])
        if len(on):
            away = tree.query_nearest(at[on], return_distance=True, all_matches=False)[1]
            rows.append((row.country, row.side, km[on].sum(), away.max() / 1000))
    table = pd.DataFrame(rows, columns=["country", "side", "km", "moved_km"])
    table.insert(3, "share", table["km"] / km.sum())
    return table


def _edge(shape: shapely.Geometry, crs: CRS) -> NDArray[np.object_]:
    """Projected outline of a country."""
    whole = gpd.GeoDataFrame(geometry=[shape], crs=4326)
    return np.asarray(shapely.boundary(projected(whole, crs).to_numpy()))
