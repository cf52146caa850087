"""Lines that do not meet where they should, and times that nobody can drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.network.links import geodesic_km
from geo_border.network.meeting import MEETING_M, one_place
from geo_border.osm.lines import sphere

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR_M = 20.0
"""A loose end this near to another line may have been meant to meet it, metres."""

LIKELY_KMH = {"road": (3.0, 150.0), "rail": (5.0, 350.0), "ferry": (1.0, 120.0)}
"""Speeds that one goes by mode; others are mistakes of units or of typing."""

HIGH_IMPUTED = 0.3
"""Where more than this share of the length has the speed of a table, times are those of a table."""

CROSS = "lines cross or touch without a node"
NEAR_MISS = "a line ends beside another"
PACE = "hours imply a speed that nobody goes"
SPEED = "speed that nobody goes"

DEGREE_M = 111_320.0

FLAGS = ("", "no", "0", "false", "none", "nan", "<na>", "f")
"""What a layer writes where there is no bridge or tunnel."""


def audit_lines(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Find where lines do not meet as they should, and times that cannot be.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them. Lines with ids of nodes of
        OpenStreetMap say themselves where they meet: their ends are no near misses.

    Returns
    -------
    GeoDataFrame
        ``kind`` (`CROSS`, `NEAR_MISS`, `PACE`, `SPEED`), ``mode``, ``line`` (position), ``other``
        (that of the other line, -1 for none), ``value`` (metres or km/h), points in WGS 84; by
        kind and in the order of the lines. Time grows with the lines and what crosses.
    """
    parts = [_crossing(lines), _near_misses(lines), *_paces(lines)]
    table = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(table, geometry=table["geometry"].to_numpy(), crs=4326)


def _found(
    kind: str,
    lines: gpd.GeoDataFrame,
    line: NDArray[np.int64],
    other: NDArray[np.int64],
    value: NDArray[np.float64],
    at: NDArray[np.object_],
) -> pd.DataFrame:
    """Rows of a kind."""
    return pd.DataFrame(
        {
            "kind": kind,
            "mode": lines["mode"].to_numpy(object)[line],
            "line": line,
            "other": other,
            "value": value,
            "geometry": at,
        }
    )


def _crossing(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Where lines of one kind cross each other, and neither is on another level."""
    level = _level(lines)
    rail = (lines["mode"] == "rail").to_numpy()
    ferry = (lines["mode"] == "ferry").to_numpy()
    rows = np.flatnonzero((level == 0) & ~ferry)
    shapes = lines.geometry.to_numpy()[rows]
    one, two = shapely.STRtree(shapes).query(shapes, predicate="crosses")
    kept = (one < two) & (rail[rows[one]] == rail[rows[two]])
    one, two = one[kept], two[kept]
    at = shapely.intersection(shapes[one], shapes[two])
    points, pair = shapely.get_coordinates(at, return_index=True)
    # Where the end of one lies on the other, that is a near miss, told apart.
    ends = [shapely.get_coordinates(shapely.get_point(shapes, end)) for end in (0, -1)]
    away = np.full(len(points), np.inf)
    for of in (one[pair], two[pair]):
        for end in ends:
            gap = sphere(*points.T) - sphere(*end[of].T)
            away = np.minimum(away, np.linalg.norm(gap, axis=1))
    inner = np.flatnonzero(away > NEAR_M)
    first = inner[np.unique(pair[inner], return_index=True)[1]]
    pair, points = pair[first], points[first]
    return _found(
        CROSS,
        lines,
        rows[one[pair]],
        rows[two[pair]],
        np.zeros(len(pair)),
        shapely.points(points),
    )


def _level(lines: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """0 where a line lies on the ground, 1 on a bridge, in a tunnel or on another layer."""
    level = np.zeros(len(lines), np.int64)
    for name in ("bridge", "tunnel", "layer"):
        if name in lines:
            words = lines[name].astype(object).where(lines[name].notna(), "").astype(str)
            level |= ~words.str.strip().str.lower().isin([*FLAGS, "0.0"]).to_numpy()
    return level


def _near_misses(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Loose ends that lie beside another line of their kind."""
    shapes = lines.geometry.to_numpy()
    n = len(lines)
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(shapes, end)) for end in (0, -1)]
    )
    own = np.tile(np.arange(n), 2)
    place, _ = one_place(ends)
    loose = np.bincount(place)[place] == 1
    for number, end in enumerate(("tail", "head")):
        for column in (f"{end}_osm", f"{end}_clipped"):
            if column in lines:
                given = lines[column].notna() if column.endswith("osm") else lines[column] == 1
                loose[number * n : (number + 1) * n] &= ~given.to_numpy(bool)
    rail = (lines["mode"] == "rail").to_numpy()
    found = []
    for kind in (False, True):
        rows = np.flatnonzero(rail == kind)
        mine = np.flatnonzero(loose & (rail[own] == kind))
        if not len(mine) or len(rows) < 2:
            continue
        found.append(_beside(shapes, rows, ends[mine], own[mine]))
    line, other, metres, at = (
        np.concatenate(part) for part in zip(*found, strict=True)
    ) if found else (own[:0], own[:0], np.zeros(0), np.zeros((0, 2)))  # fmt: skip
    misses = _found(NEAR_MISS, lines, line, other, metres, shapely.points(at))
    # An end on a line that goes on without a node there crosses it as far as it can.
    return misses.assign(kind=misses["kind"].mask(misses["value"] <= MEETING_M, CROSS))


def _beside(
    shapes: NDArray[np.object_],
    rows: NDArray[np.int64],
    ends: NDArray[np.float64],
    own: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Ends within reach of another line: their line, the other one, the gap, where."""
    wide = NEAR_M / DEGREE_M
    narrow = wide / np.maximum(0.02, np.cos(np.radians(ends[:, 1])))
    boxes = shapely.box(
        ends[:, 0] - narrow, ends[:, 1] - wide, ends[:, 0] + narrow, ends[:, 1] + wide
    )
    end, hit = shapely.STRtree(shapes[rows]).query(boxes, predicate="intersects")
    hit = rows[hit]
    strange = hit != own[end]
    end, hit = end[strange], hit[strange]
    points = shapely.points(ends[end])
    spot = shapely.get_coordinates(
        shapely.line_interpolate_point(shapes[hit], shapely.line_locate_point(shapes[hit], points))
    )
    metres = np.linalg.norm(sphere(*ends[end].T) - sphere(*spot.T), axis=1)
    order = np.lexsort((hit, metres, end))
    order = order[metres[order] <= NEAR_M]
    first = order[np.unique(end[order], return_index=True)[1]]
    return own[end[first]], hit[first], metres[first], ends[end[first]]


def _paces(lines: gpd.GeoDataFrame) -> list[pd.DataFrame]:
    """Lines whose speed, or whose length over their time, nobody goes."""
    mode = lines["mode"].to_numpy(object)
    low, high = (
        np.array([LIKELY_KMH.get(str(name), (0.0, np.inf))[end] for name in mode], float)
        for end in (0, 1)
    )
    shapes = lines.geometry.to_numpy()
    speeds = {}
    if "hours" in lines:
        hours = lines["hours"].to_numpy(float, na_value=np.nan)
        timed = np.flatnonzero(~np.isnan(hours))
        parts, of = shapely.get_parts(shapes[timed], return_index=True)
        km = np.full(len(lines), np.nan)
        km[timed] = np.bincount(of, geodesic_km(parts), len(timed))
        if "length_km" in lines:
            given = lines["length_km"].to_numpy(float, na_value=np.nan)
            km = np.where(np.isnan(given), km, given)
        with np.errstate(divide="ignore", invalid="ignore"):
            # A few metres have no pace worth the word.
            speeds[PACE] = np.where(km >= MEETING_M, km / hours, np.nan)
    for name in ("speed_kmh", "travel_kmh"):
        if name in lines:
            kmh = lines[name].to_numpy(float, na_value=np.nan)
            # What one goes says more than what one may.
            speeds[SPEED] = np.where(np.isnan(kmh), speeds.get(SPEED, np.nan), kmh)
    found = []
    for kind, kmh in speeds.items():
        bad = np.flatnonzero((kmh < low) | (kmh > high))
        at = shapely.line_interpolate_point(shapes[bad], 0.5, normalized=True)
        found.append(_found(kind, lines, bad, np.full(len(bad), -1), kmh[bad], at))
    return found


def imputed_shares(speeds: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Share of the length whose speed no sign or time tells.

    Parameters
    ----------
    speeds
        As `geo_border.network.build.BuiltNetwork` has it.

    Returns
    -------
    dict
        By mode and side, 0 to 1; without local ways and transfers.
    """
    own = speeds[speeds["mode"].isin(list(LIKELY_KMH))]
    km = own.groupby(["mode", "side"])[["km", "imputed_km"]].sum()
    shares = (km["imputed_km"] / km["km"].where(km["km"] > 0)).fillna(0.0).reset_index(name="share")
    return {(row["mode"], row["side"]): row["share"] for row in shares.to_dict("records")}
