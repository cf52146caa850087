"""First-level units of each country, moved onto its outline: their walls led on to its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from builders.planar import GRID, merged, numbered, vertices

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

ISO = r"[A-Z]{2}-[A-Z0-9]{1,3}"
"""Codes of ISO 3166-2; others of that column are inventions of the source."""
NO_NAMES = {"name_len", "name_alt"}
OWN_SHARE = 0.2
"""A unit stays with the country of its code if so much of it lies on that country's land."""
LONGEST_DEGREES = 1.0
"""A wall that ends farther from the edge of its country is not led on."""
BEYOND = 1e-6
"""How far a wall is led beyond the edge, so that it surely meets it, degrees."""


def country_of(
    units: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, outlines: gpd.GeoSeries
) -> pd.Series:
    """Country on whose land each unit lies.

    Parameters
    ----------
    units
        As `builders.sources.first_level_units` gives them.
    areas
        Codes of countries: index alpha-3, ``alpha2``.
    outlines
        Land of each country.

    Returns
    -------
    Series
        Alpha-3 by the index of `units`; missing where a unit lies on no land.
    """
    codes = outlines.index.to_numpy(object)
    land = outlines.to_numpy()
    unit, country = shapely.STRtree(land).query(units.geometry.to_numpy(), predicate="intersects")
    by_alpha2 = dict(zip(areas["alpha2"], areas.index, strict=True))
    own: pd.Series = (
        units["iso_a2"].map(by_alpha2).where(~units["adm0_a3"].isin(codes), units["adm0_a3"])
    )
    common = pd.DataFrame({"unit": unit, "country": codes[country]})
    shapes = units.geometry.to_numpy()
    alone = common.groupby("unit")["country"].transform("size") == 1
    common["share"] = 1.0
    rows = np.flatnonzero(~alone)
    common.loc[rows, "share"] = shapely.area(
        shapely.intersection(shapes[unit[rows]], land[country[rows]])
    ) / shapely.area(shapes[unit[rows]])
    mine = common["country"].to_numpy() == own.to_numpy()[common["unit"]]
    common.loc[mine & (common["share"] > OWN_SHARE), "share"] += 1
    best = common.sort_values(["share", "country"]).drop_duplicates("unit", keep="last")
    found = pd.Series(best["country"].to_numpy(object), units.index[best["unit"]])
    found = found.reindex(units.index)
    # The smallest countries are drawn beside themselves.
    lost = own.isin(codes) & ~own.isin(found)
    return found.where(~lost, own)


def walls(
    units: gpd.GeoDataFrame, outlines: gpd.GeoSeries, is_near: NDArray[np.bool_], coarse: float
) -> NDArray[np.object_]:
    """Lines that part the units of a country, led on to the edge of its land.

    Parameters
    ----------
    units
        With ``country``.
    outlines
        Land of each country.
    is_near
        Units whose walls are kept as they are.
    coarse
        Tolerance of the others, degrees.

    Returns
    -------
    ndarray
        LineStrings.
    """
    parts, unit = shapely.get_parts(units.geometry.to_numpy(), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    segments, ring = vertices(rings)
    frame = pd.DataFrame({"number": numbered(segments), "unit": unit[part[ring]]})
    frame = frame.drop_duplicates()
    ends = frame.groupby("number")["unit"].agg(["min", "max", "size"])
    country = units["country"].to_numpy(object)
    one, other = ends["min"].to_numpy(), ends["max"].to_numpy()
    inner = (one != other) & (country[one] == country[other])
    once = np.unique(frame["number"], return_index=True)[1]
    segments = segments[frame.index.to_numpy()[once]]
    lines = []
    for near in (True, False):
        chosen = inner & ((is_near[one] | is_near[other]) == near)
        chains = merged(segments[chosen])
        lines += list(chains if near else shapely.simplify(chains, coarse, preserve_topology=False))
    for code in outlines.index:
        mine = (country[one] == code) | (country[other] == code)
        free = _free_ends(segments[inner & mine], segments[~inner & mine])
        lines += _led_on(free, outlines[code])
    return np.array(lines, object)


def _free_ends(walls: NDArray[np.int64], edge: NDArray[np.int64]) -> NDArray[np.object_]:
    """Points at which walls end, or meet the edge of their country as the source draws it."""
    steps, count = np.unique(walls.reshape(-1, 2), axis=0, return_counts=True)
    outer = np.unique(edge.reshape(-1, 2), axis=0)
    both = np.unique(np.concatenate([steps, outer]), axis=0, return_counts=True)
    met = set(map(tuple, both[0][both[1] == 2].tolist()))
    on_edge = np.array([tuple(at) in met for at in steps.tolist()], bool)
    points: NDArray[np.object_] = shapely.points(steps[(count == 1) | on_edge] * GRID)
    return points


def _led_on(free: NDArray[np.object_], land: shapely.Geometry) -> list[shapely.Geometry]:
    """Straight lines from the free ends of walls to the nearest edge of the land."""
    shapely.prepare(land)
    free = free[shapely.contains_properly(land, free)]
    if not len(free):
        return []
    rings = shapely.get_rings(shapely.get_parts(land))
    edges, _ = vertices(rings)
    tree = shapely.STRtree(shapely.linestrings(edges.reshape(-1, 2, 2) * GRID))
    tip, edge = tree.query_nearest(free, max_distance=LONGEST_DEGREES, all_matches=False)
    bridge = shapely.shortest_line(free[tip], tree.geometries[edge])
    at = shapely.get_coordinates(bridge).reshape(-1, 2, 2)
    length = shapely.length(bridge)[:, None]
    step = at[:, 1] - at[:, 0]
    at[:, 1] += np.divide(step, length, out=np.zeros_like(step), where=length > 0) * BEYOND
    return list(shapely.linestrings(at[length[:, 0] > 0]))


def unit_of(
    faces: NDArray[np.object_], country: NDArray[np.object_], units: gpd.GeoDataFrame
) -> NDArray[np.intp]:
    """Unit that each piece of land belongs to: that of its country with most of it, or nearest.

    Parameters
    ----------
    faces
        Pieces of land.
    country
        Alpha-3 of each.
    units
        With ``country``.

    Returns
    -------
    ndarray
        Position of the unit.
    """
    owner = np.full(len(faces), -1)
    shapes, of = units.geometry.to_numpy(), units["country"].to_numpy(object)
    for code, rows in pd.Series(np.arange(len(faces))).groupby(country):
        mine = np.flatnonzero(of == code)
        tree = shapely.STRtree(shapes[mine])
        face, unit = tree.query(faces[rows], predicate="intersects")
        common = pd.DataFrame({"face": rows.to_numpy()[face], "unit": mine[unit], "area": 1.0})
        several = (common.groupby("face")["unit"].transform("size") > 1).to_numpy()
        pieces = common[several]
        common.loc[several, "area"] = shapely.area(
            shapely.intersection(faces[pieces["face"]], shapes[pieces["unit"]])
        )
        best = common.sort_values(["area", "unit"]).drop_duplicates("face", keep="last")
        owner[best["face"]] = best["unit"]
        left = rows[owner[rows] < 0].to_numpy()
        if len(left):
            middle = shapely.point_on_surface(faces[left])
            hit, near = tree.query_nearest(middle, all_matches=False)
            owner[left[hit]] = mine[near]
    return owner


def region_table(units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Names and codes of units.

    Parameters
    ----------
    units
        With ``country``.

    Returns
    -------
    DataFrame
        ``region_id`` (ISO 3166-2 where the source has one, that no other unit has; else its own
        code), ``country``, ``name``, ``type``, and names in other languages.
    """
    code = units["iso_3166_2"]
    known = code.str.fullmatch(ISO) & ~code.duplicated(keep=False)
    names = sorted(name for name in units if name.startswith("name_") and name not in NO_NAMES)
    table = pd.DataFrame(
        {
            "region_id": code.where(known, units["adm1_code"]),
            "country": units["country"],
            "name": units["name"].fillna(units["gn_name"]).fillna(units["admin"]),
            "type": units["type_en"].fillna(""),
        }
    )
    return pd.concat([table, units[names].fillna("")], axis=1)
