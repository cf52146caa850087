"""Whose land is whose: every place of one country, as the source draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from builders.planar import (
    GRID,
    faces_between,
    lines_of,
    merged,
    numbered,
    sides_of_segments,
    straight_km,
    vertices,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARTH_KM = 6371.0
COAST_KM = 30.0
"""Farther from all borders than this coasts are drawn coarsely."""
COARSE = 0.01
"""How coarsely, degrees."""
LEAST_ISLAND = 1e-3
"""Islands far from all borders whose frame is smaller than this are left out, square degrees."""
PART_SHARE = 0.99
"""A country that lies in another by this share is a part of it that has a code of its own."""
WIDE_KM, WIDE_KM2 = 0.05, 1.0
"""What two countries have, or none, and is wider and larger than this, is no inaccuracy."""
STRAY_KM2 = 1000.0
"""Land outside the area of a part, not larger than this, that touches nothing but the part."""


@dataclass(frozen=True, slots=True)
class Land:
    """Land of all countries without gaps and overlaps.

    Parameters
    ----------
    outlines
        Polygon of each country, index alpha-3.
    segments
        Segments between land of different countries or at the coast, in steps of the grid.
    disputed
        Those of `segments` that part land of one country from land that the source draws for two,
        or for none.
    settled
        What was settled: ``countries``, ``given_to``, ``km2``, ``lon``, ``lat``.
    at_sea
        Lines between two countries off all land: ``one``, ``other``, and segments.
    """

    outlines: gpd.GeoSeries
    segments: NDArray[np.int64]
    disputed: NDArray[np.bool_]
    settled: pd.DataFrame
    at_sea: tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.object_]]


def on_sphere(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors of places.

    Parameters
    ----------
    degrees
        Longitude and latitude, shape (n, 2).

    Returns
    -------
    ndarray
        Shape (n, 3).
    """
    lon, lat = np.radians(degrees).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def held(
    polygons: NDArray[np.object_], lonlat: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Points and the polygons that hold them.

    Parameters
    ----------
    polygons
        Any, overlapping or not.
    lonlat
        Degrees, shape (n, 2).

    Returns
    -------
    point, polygon : ndarray
        Positions, a pair for each that holds the other.
    """
    order = np.argsort(lonlat[:, 0], kind="stable")
    along = lonlat[order, 0]
    points, found = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for number, polygon in enumerate(polygons):
        west, south, east, north = shapely.bounds(polygon)
        rows = order[slice(*np.searchsorted(along, [west, east]))]
        rows = rows[(lonlat[rows, 1] >= south) & (lonlat[rows, 1] <= north)]
        if len(rows):
            shapely.prepare(polygon)
            rows = rows[shapely.contains_xy(polygon, *lonlat[rows].T)]
            points.append(rows)
            found.append(np.full(len(rows), number))
    return np.concatenate(points), np.concatenate(found)


def read_land(areas: gpd.GeoDataFrame, seas: NDArray[np.object_]) -> Land:
    """Part the land of the world among countries.

    Where the source draws land for two countries, the smaller one has it; where it draws it for
    none, the one with the longest edge on it.

    Parameters
    ----------
    areas
        As `builders.sources.country_areas` gives them.
    seas
        Polygons of the sea.

    Returns
    -------
    Land
        Coordinates on the grid.
    """
    codes = areas.index.to_numpy(object)
    shapes = areas.geometry.to_numpy()
    size = shapely.area(shapes)
    segments, owners = _edges(shapes)
    dry, wet = _on_land(segments, seas)
    shared = wet & np.array([len(own) > 1 for own in owners])
    nearest_two = [sorted(own, key=lambda k: size[k])[:2] for own in owners[shared]]
    sea_pairs = np.sort(codes[np.array(nearest_two).reshape(-1, 2)].astype(str), axis=1)
    at_sea = segments[shared], sea_pairs[:, 0], sea_pairs[:, 1]

    lines = [merged(segments[dry]), *_coasts(seas, segments[dry])]
    faces = faces_between(np.concatenate(lines))
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    is_sea = np.zeros(len(faces), bool)
    is_sea[held(seas, middle)[0]] = True
    face, country = held(shapes, middle)
    parts = _parts_of(shapes)
    found = pd.DataFrame({"face": face, "country": country})[~is_sea[face]]
    found["size"] = size[found["country"]]
    owner = np.full(len(faces), -1)
    smallest = found.sort_values("size").drop_duplicates("face")
    owner[smallest["face"]] = smallest["country"]
    doubtful = _drawn_for_two(found, parts, len(faces))
    edges, one, other = sides_of_segments(faces)
    km = straight_km(edges)
    owner = _without_pools(owner, is_sea, faces, one, other)
    owner, filled = _without_gaps(owner, is_sea, one, other, km)
    owner = _without_strays(owner, faces, parts, one, other)
    doubtful = (doubtful | filled) & _wide(faces)

    names = found.assign(name=codes[found["country"]]).groupby("face")["name"]
    drawn_for = names.agg(lambda mine: " ".join(sorted(mine))).reindex(np.flatnonzero(doubtful))
    settled = pd.DataFrame(
        {
            "countries": drawn_for.fillna("").to_numpy(),
            "given_to": codes[owner[doubtful]],
            "km2": _km2(faces[doubtful]).round(2),
            "lon": middle[doubtful, 0].round(4),
            "lat": middle[doubtful, 1].round(4),
        }
    ).sort_values("km2", ascending=False, ignore_index=True)
    sides = [np.where(side >= 0, owner[side], -1) for side in (one, other)]
    between = sides[0] != sides[1]
    in_doubt = [np.where(side >= 0, doubtful[side], False) for side in (one, other)]
    on_land = (sides[0] >= 0) & (sides[1] >= 0)
    outlines = {
        codes[number]: shapely.coverage_union_all(faces[owner == number])
        for number in np.unique(owner[owner >= 0])
    }
    return Land(
        gpd.GeoSeries(outlines, crs=4326).rename_axis("country"),
        edges[between],
        ((in_doubt[0] | in_doubt[1]) & on_land)[between],
        settled,
        at_sea,
    )


def _edges(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Segments of outlines, each once, and the positions of the countries that have it."""
    parts, whole = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    segments, ring = vertices(rings)
    number = numbered(segments)
    order = np.argsort(number, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(number[order]) > 0])
    country = whole[part[ring[order]]]
    owners = np.empty(len(first), object)
    owners[:] = [tuple(mine) for mine in np.split(country, first[1:])]
    return segments[order[first]], owners


def _on_land(
    segments: NDArray[np.int64], seas: NDArray[np.object_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which segments touch land, and which lie off it."""
    ends, position = np.unique(segments.reshape(-1, 2), axis=0, return_inverse=True)
    in_sea = np.zeros(len(ends), bool)
    in_sea[held(seas, ends * GRID)[0]] = True
    wet = in_sea[position.ravel()].reshape(-1, 2).all(axis=1)
    coast = shapely.STRtree(lines_of(_outer(seas)))
    rows = np.flatnonzero(wet)
    wet[rows[np.unique(coast.query(lines_of(segments[rows]), predicate="intersects")[0])]] = False
    return ~wet, wet


def _outer(polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Segments that one polygon alone has: no seams between tiles."""
    segments, _ = vertices(shapely.get_rings(polygons))
    number = numbered(segments)
    once = np.unique(number, return_index=True)[1]
    return segments[once][np.bincount(number) == 1]


def _coasts(
    seas: NDArray[np.object_], borders: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Coasts, as they are near borders and coarsely elsewhere."""
    tree = cKDTree(on_sphere(borders[:, :2] * GRID))
    chains = merged(_outer(seas))
    at, chain = shapely.get_coordinates(chains, return_index=True)
    near = np.isfinite(tree.query(on_sphere(at), distance_upper_bound=COAST_KM / EARTH_KM)[0])
    mixed = np.zeros(len(chains), bool)
    mixed[chain[near]] = True
    far = chains[~mixed]
    west, south, east, north = shapely.bounds(far).T
    frame = (east - west) * (north - south) * np.cos(np.radians((south + north) / 2))
    far = far[~shapely.is_ring(far) | (frame > LEAST_ISLAND)]
    rows = np.flatnonzero(mixed[chain])
    new = np.r_[True, (np.diff(chain[rows]) > 0) | (np.diff(near[rows].astype(int)) != 0)]
    pieces = []
    for run in np.split(rows, np.flatnonzero(new)[1:]):
        after = run[-1] + 1
        joined = after < len(chain) and chain[after] == chain[run[-1]]
        points = at[run[0] : after + joined]
        if len(points) > 1:
            line = shapely.LineString(points)
            pieces.append(line if near[run[0]] else line.simplify(COARSE, preserve_topology=False))
    return shapely.simplify(far, COARSE, preserve_topology=False), np.array(pieces, object)


def _parts_of(shapes: NDArray[np.object_]) -> set[tuple[int, int]]:
    """Which country is a part of which other, by position."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    lesser = shapely.area(shapes[one]) < shapely.area(shapes[other])
    one, other = one[lesser], other[lesser]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    inside = common > PART_SHARE * shapely.area(shapes[one])
    return set(zip(one[inside].tolist(), other[inside].tolist(), strict=True))


def _drawn_for_two(found: pd.DataFrame, parts: set[tuple[int, int]], n: int) -> NDArray[np.bool_]:
    """Faces that two countries have of which none is a part of the other."""
    flags = np.zeros(n, bool)
    ordered = found.sort_values(["face", "size"])
    smallest = ordered.groupby("face")["country"].transform("first")
    others = ordered[ordered["country"] != smallest]
    both = zip(smallest[others.index], others["country"], strict=True)
    flags[others["face"].to_numpy()[[pair not in parts for pair in both]]] = True
    return flags


def _without_pools(
    owner: NDArray[np.int64],
    is_sea: NDArray[np.bool_],
    faces: NDArray[np.object_],
    one: NDArray[np.intp],
    other: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Small waters that the land of one country encloses are its land."""
    owner = owner.copy()
    inner = (one >= 0) & (other >= 0)
    a, b = np.r_[one[inner], other[inner]], np.r_[other[inner], one[inner]]
    small = is_sea & (_km2(faces) < STRAY_KM2)
    wet = small[a]
    around = pd.Series(owner[b[wet]]).groupby(a[wet]).agg(["min", "max"])
    around = around[(around["min"] == around["max"]) & (around["min"] >= 0)]
    # At its outer edge a face that is open to the ocean has nothing on the other side.
    open_to_sea = np.zeros(len(faces), bool)
    open_to_sea[np.r_[other[one < 0], one[other < 0]]] = True
    around = around[~open_to_sea[around.index]]
    owner[around.index] = around["min"]
    return owner


def _without_gaps(
    owner: NDArray[np.int64],
    is_sea: NDArray[np.bool_],
    one: NDArray[np.intp],
    other: NDArray[np.intp],
    km: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Land of nobody given to the country with the longest edge on it, as often as it takes."""
    owner = owner.copy()
    before = owner < 0
    while True:
        gap = (owner < 0) & ~is_sea
        rows = []
        for a, b in ((one, other), (other, one)):
            met = (a >= 0) & (b >= 0) & gap[a] & (owner[b] >= 0)
            rows.append(pd.DataFrame({"face": a[met], "to": owner[b[met]], "km": km[met]}))
        edge = pd.concat(rows).groupby(["face", "to"], as_index=False)["km"].sum()
        if edge.empty:
            return owner, before & (owner >= 0)
        longest = edge.sort_values(["km", "to"]).drop_duplicates("face", keep="last")
        owner[longest["face"]] = longest["to"]


def _without_strays(
    owner: NDArray[np.int64],
    faces: NDArray[np.object_],
    parts: set[tuple[int, int]],
    one: NDArray[np.intp],
    other: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Land beside a part that touches no other land goes to the part: its coast was redrawn."""
    owner = owner.copy()
    inner = (one >= 0) & (other >= 0)
    a, b = np.r_[one[inner], other[inner]], np.r_[other[inner], one[inner]]
    unlike = (owner[a] >= 0) & (owner[b] >= 0) & (owner[a] != owner[b])
    small = _km2(faces) < STRAY_KM2
    for face, beside in pd.Series(owner[b[unlike]]).groupby(a[unlike]):
        if small[face] and beside.min() == beside.max() and (beside.iloc[0], owner[face]) in parts:
            owner[face] = beside.iloc[0]
    return owner


def _km2(faces: NDArray[np.object_]) -> NDArray[np.float64]:
    """Area by the latitude of the middle, square kilometres."""
    _, south, _, north = shapely.bounds(faces).T
    degree = EARTH_KM * np.pi / 180
    return shapely.area(faces) * degree**2 * np.cos(np.radians((south + north) / 2))


def _wide(faces: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether faces are more than inaccuracy of lines."""
    width = 2 * shapely.area(faces) / shapely.length(faces) * EARTH_KM * np.pi / 180
    return (width > WIDE_KM) & (_km2(faces) > WIDE_KM2)
