"""Roads that lead from one side to the other over ground of neither, which nobody passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo_border.geometry.locate import polygon_of, segments
from geo_border.network.links import between, flattened, geodesic_km, in_parts, squeezed
from geo_border.network.meeting import one_place
from geo_border.network.third_ground import (
    RESOLUTION_M,
    from_border,
    land_of_sides,
    spots,
    stretches,
    turns,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.third_ground import LandOfSides

AT_LAND_M = 5.0
"""An end of a road this near to the land of a side leads to it, metres."""


def over_third_ground(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    *,
    edge_km: float = 5,
) -> gpd.GeoDataFrame:
    """Find roads and railways that join the sides over ground of neither.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        Polygons of both sides with ``side``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    edge_km
        As `geo_border.network.sides.cut_at_border` takes it.

    Returns
    -------
    GeoDataFrame
        A row for each place where one leaves home and would come to the neighbour: ``mode``,
        ``name`` (its name, number or class), ``km`` (of the shortest way over ground of neither
        side), points in WGS 84; the shortest first. Ways within `edge_km` of the border are
        crossings of it.
    """
    lines = lines[lines["mode"] != "ferry"].to_crs(4326).reset_index(drop=True)
    if (shapely.get_type_id(lines.geometry.to_numpy()) != shapely.GeometryType.LINESTRING).any():
        lines = in_parts(lines)
    land = land_of_sides(territory)
    row, parts, starts, stops = _off_land(lines, territory, border, land, edge_km)
    mode = lines["mode"].to_numpy(object)[row]
    found = [
        pd.DataFrame({"row": row[own][at], "km": km, "lon": lonlat[:, 0], "lat": lonlat[:, 1]})
        for own in (np.flatnonzero(mode == name) for name in ("road", "rail"))
        for at, km, lonlat in [_exits(parts[own], starts[own], stops[own], land)]
    ]
    table = pd.concat(found).sort_values(["km", "lon", "lat"], ignore_index=True)
    stated = [lines[name] for name in ("name", "ref") if name in lines]
    name = lines["road_class"].astype(object)
    for words in reversed(stated):
        name = words.astype(object).where(words.notna(), name)
    at = table["row"].to_numpy(np.int64)
    return gpd.GeoDataFrame(
        {
            "mode": lines["mode"].to_numpy(object)[at],
            "name": name.astype(str).to_numpy(object)[at],
            "km": table["km"],
        },
        geometry=gpd.points_from_xy(table["lon"], table["lat"]),
        crs=4326,
    )


def _off_land(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    land: LandOfSides,
    edge_km: float,
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Stretches off all land: their lines, shapes, and whether they go on at start and stop.

    They end where the border can be passed.
    """
    shapes = shapely.force_2d(lines.geometry.to_numpy())
    polygons = territory.geometry.to_crs(4326).to_numpy()
    ends = shapely.get_coordinates(shapely.get_point(shapes, 0))
    leaves = polygon_of(polygons, *ends.T) < 0
    edges, _ = segments(shapely.boundary(polygons))
    leaves[shapely.STRtree(edges).query(shapes, predicate="intersects")[0]] = True
    rows = np.flatnonzero(leaves)
    out, at_edge = turns(shapes[rows], land.inland, slope=1)
    over, at_turn = turns(shapes[rows], land.nearer, slope=2)
    flat, squeeze = flattened(shapes[rows])
    near = from_border(spots(flat[over], squeeze[over], at_turn), border) <= 1000 * edge_km
    over, at_turn = over[near], at_turn[near]
    whole = np.arange(len(rows))
    of, start, stop = stretches(
        np.r_[whole, out, over], np.r_[np.zeros(len(whole)), at_edge, at_turn]
    )
    off = land.inland(spots(flat[of], squeeze[of], (start + stop) / 2)) < -RESOLUTION_M
    of, start, stop = of[off], start[off], stop[off]
    passed = set(zip(over.tolist(), at_turn.tolist(), strict=True))
    goes_on = [
        np.array([spot not in passed for spot in zip(of.tolist(), at.tolist(), strict=True)], bool)
        for at in (start, stop)
    ]
    parts = squeezed(between(flat[of], start, stop), 1 / squeeze[of])
    return rows[of], parts, goes_on[0], goes_on[1]


def _exits(
    parts: NDArray[np.object_],
    starts: NDArray[np.bool_],
    stops: NDArray[np.bool_],
    land: LandOfSides,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Parts by which one leaves home, the way from there to the neighbour, and where."""
    n = len(parts)
    lonlat = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(parts, end)) for end in (0, -1)]
    )
    place, at = one_place(lonlat)
    # Where the border can be passed a road ends on either side.
    apart = np.flatnonzero(~np.r_[starts, stops])
    place[apart] = len(at) + np.arange(len(apart))
    metres = land.metres(lonlat)
    side = np.where(metres.min(axis=1) <= AT_LAND_M, metres.argmin(axis=1), -1)
    home, neighbour = (np.flatnonzero(side == number) for number in (0, 1))
    if not len(home) or not len(neighbour):
        return home[:0], np.zeros(0), lonlat[:0]
    km = np.maximum(geodesic_km(parts), 1e-6)
    tail, head = place[:n], place[n:]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    order = np.lexsort((km, high, low))
    # Of parallel parts the shortest: a matrix would add them up.
    kept = order[np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]]
    count = place.max() + 1
    graph = coo_array((km[kept], (low[kept], high[kept])), shape=(count, count)).tocsr()
    away = dijkstra(graph, directed=False, indices=np.unique(place[neighbour]), min_only=True)
    _, first = np.unique(place[home], return_index=True)
    leads = home[first][np.isfinite(away[place[home[first]]])]
    return leads % n, away[place[leads]], lonlat[leads]
