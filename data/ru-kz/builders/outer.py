"""Trunk roads beyond the territory layers, thinned to what joins cities to the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from builders.network import WGS84, on_the_sides, source_graph
from builders.packages import NATURAL_EARTH, geojson
from builders.writing import DECIMALS
from geo_border.geometry.locate import polygon_of
from geo_border.osm.lines import sphere

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from builders.network import Lines
    from builders.polygons import Land

SIDES = ("home", "neighbour")
SIDE_OF = {"RU": 0, "KZ": 1, "KG": 1, "UZ": 1, "TJ": 1, "TM": 1}
"""Countries whose traffic passes the border, by the side that it comes from."""

NO_LAND = -2
KM_A_DEGREE = 111.2
SOURCE = "scgraph-data 2.0.0"
MET_KM = 1.0
"""Pieces of the source that come this near to the rest are joined to it."""

FOREIGN_SHARE = 0.5
"""A straight link with more of it than this in other countries is left out: it may cut a bend of
its road along a border, but is no road of its side."""

STEP_KM = 1.0
"""Links are looked at this often for the country they pass through."""


@dataclass(frozen=True)
class Trunks:
    """Trunk roads beyond the territory layers.

    Parameters
    ----------
    lonlat
        Nodes, degrees, shape (n, 2).
    side
        Position of each node's side in `SIDES`.
    is_entry
        Whether each node is one of the network within the territory layers.
    ends
        Nodes that each link joins, shape (m, 2).
    km
        Corrected length of each link.
    """

    lonlat: NDArray[np.float64]
    side: NDArray[np.int64]
    is_entry: NDArray[np.bool_]
    ends: NDArray[np.int64]
    km: NDArray[np.float64]

    def graph(self, links: NDArray[np.int64]) -> csr_array:
        """Kilometres between the nodes that some links join, in both directions."""
        km = np.tile(self.km[links], 2)
        u, v = self.ends[links].T
        return csr_array((km, (np.r_[u, v], np.r_[v, u])), shape=(len(self.lonlat),) * 2)


def read_trunks(
    land: Land, belt: Lines, gaps: pd.DataFrame, factors: pd.DataFrame, cache: Path
) -> Trunks:
    """Links of the source beyond the territory layers that lead to the network within.

    Parameters
    ----------
    land
        The two sides.
    belt
        The roads within, mended.
    gaps
        ``from_lon``, ``from_lat``, ``to_lon``, ``to_lat``: gaps of the source that are joined.
    factors
        Of lengths, as `builders.factors.length_factors` gives them.
    cache
        Folder of downloads.

    Returns
    -------
    Trunks
        Links of each side that hang together with the network of that side.
    """
    lonlat, ends = source_graph("road", cache)
    lonlat = np.round(lonlat, DECIMALS)
    within = on_the_sides(lonlat, land)
    countries = _countries(cache)
    side = _sides(countries, lonlat)
    side[within] = land.side_of(lonlat[within], reach_m=10_000)
    ends = ends[~within[ends].all(axis=1)]
    for one, other in (ends.T, ends.T[::-1]):
        # Where a coast is drawn coarsely a node off all land is of the side of its road.
        off = (side[one] == NO_LAND) & (side[other] >= 0)
        side[one[off]] = side[other[off]]
    ends = ends[(side[ends[:, 0]] == side[ends[:, 1]]) & (side[ends[:, 0]] >= 0)]
    ends = ends[_foreign(countries, lonlat, ends, side) <= FOREIGN_SHARE]
    known = set(map(tuple, np.array(belt.points)[belt.links[["u", "v"]].to_numpy().ravel()]))
    is_entry = np.zeros(len(lonlat), bool)
    used = np.unique(ends)
    is_entry[used] = within[used] & [tuple(point) in known for point in lonlat[used]]
    ends = np.concatenate([ends, _entered_gaps(lonlat, used, gaps)])
    while True:
        piece = _pieces(ends, len(lonlat))
        leads = np.isin(piece, piece[is_entry])
        met = _met(lonlat, side, np.unique(ends), leads, piece)
        if not len(met):
            break
        ends = np.concatenate([ends, met])
    ends = ends[leads[ends[:, 0]]]
    metres = WGS84.inv(*lonlat[ends[:, 0]].T, *lonlat[ends[:, 1]].T)[2]
    straight = np.asarray(metres) / 1000
    mine = factors[factors["mode"] == "road"]
    factor = mine["factor"].to_numpy()[np.digitize(straight, mine["from_km"]) - 1]
    used, position = np.unique(ends, return_inverse=True)
    return Trunks(
        lonlat[used],
        side[used],
        is_entry[used],
        position.reshape(ends.shape),
        np.round((straight * factor).clip(1e-4), 4),
    )


def _countries(cache: Path) -> gpd.GeoDataFrame:
    """Provinces of all countries that the frame of these meets."""
    features = geojson(NATURAL_EARTH, "package/data/states/admin1.json", cache)
    world = gpd.GeoDataFrame.from_features(features, crs=4326)[["iso_a2", "geometry"]]
    mine = world[world["iso_a2"].isin(SIDE_OF)]
    west, south, east, north = mine.total_bounds
    # A part of Russia lies beyond the 180th meridian; no road leads there.
    return world.cx[max(west, 0) : east, south:north].reset_index(drop=True)


def _sides(countries: gpd.GeoDataFrame, lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Side of points by their country; -1 in others, `NO_LAND` on none."""
    side = countries["iso_a2"].map(SIDE_OF).fillna(-1).to_numpy(np.int64)
    found = polygon_of(countries.geometry.to_numpy(), *lonlat.T)
    return np.where(found < 0, NO_LAND, side[found])


def _foreign(
    countries: gpd.GeoDataFrame,
    lonlat: NDArray[np.float64],
    ends: NDArray[np.int64],
    side: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Share of straight links that lies in countries that are not of their side."""
    km = np.asarray(WGS84.inv(*lonlat[ends[:, 0]].T, *lonlat[ends[:, 1]].T)[2]) / 1000
    steps = np.ceil(km / STEP_KM).astype(np.int64)
    link = np.repeat(np.arange(len(ends)), steps)
    first = np.repeat(np.cumsum(steps) - steps, steps)
    share = ((np.arange(len(link)) - first + 0.5) / steps[link])[:, None]
    at = lonlat[ends[link, 0]] * (1 - share) + lonlat[ends[link, 1]] * share
    there = _sides(countries, at)
    foreign = (there != side[ends[link, 0]]) & (there != NO_LAND)
    return np.bincount(link[foreign], minlength=len(ends)) / np.maximum(steps, 1)


def _entered_gaps(
    lonlat: NDArray[np.float64], used: NDArray[np.int64], gaps: pd.DataFrame
) -> NDArray[np.int64]:
    """Nodes that the gaps of a table part."""
    tree = cKDTree(sphere(*lonlat[used].T))
    ends = []
    for end in ("from", "to"):
        away, node = tree.query(sphere(*gaps[[f"{end}_lon", f"{end}_lat"]].to_numpy().T))
        if (away > 1000 * MET_KM).any():
            raise ValueError(f"no road of the source ends at {gaps[away > 1000 * MET_KM]}")
        ends.append(used[node])
    return np.stack(ends, axis=1)


def _pieces(ends: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    """Number of the connected piece that each node is in."""
    graph = coo_array((np.ones(len(ends), bool), tuple(ends.T)), shape=(n, n))
    piece: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return piece


def _met(
    lonlat: NDArray[np.float64],
    side: NDArray[np.int64],
    used: NDArray[np.int64],
    leads: NDArray[np.bool_],
    piece: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Nodes where pieces that lead nowhere come nearest to some that do, within `MET_KM`."""
    found = []
    for number in range(len(SIDES)):
        mine = used[side[used] == number]
        there, lone = mine[leads[mine]], mine[~leads[mine]]
        if len(there) and len(lone):
            away, near = cKDTree(sphere(*lonlat[there].T)).query(sphere(*lonlat[lone].T))
            pairs = pd.DataFrame({"a": lone, "b": there[near], "m": away, "piece": piece[lone]})
            pairs = pairs.sort_values(["m", "a"]).drop_duplicates("piece")
            found.append(pairs.loc[pairs["m"] <= 1000 * MET_KM, ["a", "b"]].to_numpy())
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


def nearest_links(
    trunks: Trunks, cities: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the nearest link of its side to each city.

    Parameters
    ----------
    trunks
        The roads.
    cities
        ``lon``, ``lat``, ``side``.

    Returns
    -------
    link : ndarray
        Position of the link.
    km : ndarray
        How far it is, as it is drawn.
    """
    link, km = np.full(len(cities), -1), np.full(len(cities), np.inf)
    for number, name in enumerate(SIDES):
        here = np.flatnonzero(trunks.side[trunks.ends[:, 0]] == number)
        for row in np.flatnonzero((cities["side"] == name).to_numpy()):
            at = cities[["lon", "lat"]].to_numpy(float)[row]
            # Degrees of longitude as long as those of latitude, here.
            scale = np.array([np.cos(np.radians(at[1])), 1])
            flat = shapely.linestrings((trunks.lonlat[trunks.ends[here]] - at) * scale)
            away = shapely.distance(flat, shapely.Point(0, 0))
            link[row] = here[away.argmin()]
            km[row] = away.min() * KM_A_DEGREE
    return link, km


def thinned(trunks: Trunks, kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """Links on the shortest paths from the network to given links, and through the roads beyond.

    Parameters
    ----------
    trunks
        The roads.
    kept
        Links that stay, those by which cities are reached.

    Returns
    -------
    ndarray
        Positions of links, ascending. Between all entries, and from each to the ends of the
        links that stay, paths along them are as short as they were.
    """
    everything = np.arange(len(trunks.km))
    graph = trunks.graph(everything)
    u, v = trunks.ends.T
    n = len(trunks.lonlat)
    number = csr_array(
        (np.r_[everything, everything] + 1, (np.r_[u, v], np.r_[v, u])), shape=(n, n)
    )
    entries = np.flatnonzero(trunks.is_entry)
    targets = np.union1d(entries, trunks.ends[kept])
    found = [kept]
    for entry in entries:
        km, before = dijkstra(graph, indices=entry, return_predecessors=True)
        node = targets[np.isfinite(km[targets])]
        seen = np.zeros(n, bool)
        while len(node := np.unique(node[(node != entry) & ~seen[node]])):
            seen[node] = True
            found.append(np.asarray(number[before[node], node]).ravel() - 1)
            node = before[node]
    return np.unique(np.concatenate(found))


def chains(trunks: Trunks, links: NDArray[np.int64], kept: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Links joined where nothing else meets them.

    Parameters
    ----------
    trunks
        The roads.
    links
        Those that are left.
    kept
        Links whose ends stay nodes.

    Returns
    -------
    GeoDataFrame
        ``link_id``, ``class``, ``side``, ``length_km``, ``source``, and lines between entries,
        junctions and the ends of `kept`, in the order of the nodes of the source.
    """
    ends, km = trunks.ends[links], trunks.km[links]
    degree = np.bincount(ends.ravel(), minlength=len(trunks.lonlat))
    stays = (degree != 2) | trunks.is_entry
    stays[trunks.ends[kept]] = True
    at: dict[int, list[int]] = {}
    for link, pair in enumerate(ends):
        for node in pair:
            at.setdefault(int(node), []).append(link)
    left = np.ones(len(links), bool)
    rows, shapes = [], []
    for start in np.flatnonzero(stays & (degree > 0)):
        for first in at[int(start)]:
            if not left[first]:
                continue
            node, link, path, length = int(start), first, [int(start)], 0.0
            while True:
                left[link] = False
                node = int(ends[link].sum()) - node
                path.append(node)
                length += km[link]
                if stays[node]:
                    break
                link = next(other for other in at[node] if other != link)
            side = SIDES[trunks.side[node]]
            rows.append((f"outer-{len(rows)}", "trunk", side, round(length, 4), SOURCE))
            shapes.append(shapely.LineString(trunks.lonlat[path]))
    if left.any():
        raise ValueError(f"{left.sum()} links lead round in a circle that meets nothing")
    columns = ["link_id", "class", "side", "length_km", "source"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=shapes, crs=4326)


def compare(
    trunks: Trunks, thin: gpd.GeoDataFrame, kept: NDArray[np.int64], *, step: int = 40
) -> pd.DataFrame:
    """Hold the lengths of the shortest paths after thinning against those before.

    Parameters
    ----------
    trunks
        All roads.
    thin
        Those that are left, as `chains` gives them.
    kept
        Links by which cities are reached.
    step
        Every so manyth pair is written.

    Returns
    -------
    DataFrame
        Some of the pairs of an entry and an end of a link that stays: ``from_lon``, ``from_lat``,
        ``to_lon``, ``to_lat``, ``side``, ``km`` before thinning.

    Raises
    ------
    ValueError
        If a path has become longer or shorter by more than the rounding of lengths.
    """
    tips = [
        shapely.get_coordinates(shapely.get_point(thin.geometry.to_numpy(), e)) for e in (0, -1)
    ]
    # A place of both sides would be two nodes: side first.
    side = np.tile(thin["side"].map(SIDES.index).to_numpy(float), 2)
    spots, node = np.unique(np.c_[side, np.concatenate(tips)], axis=0, return_inverse=True)
    u, v = np.split(node.ravel(), 2)
    best = pd.DataFrame({"u": np.r_[u, v], "v": np.r_[v, u], "km": np.tile(thin["length_km"], 2)})
    best = best.groupby(["u", "v"], as_index=False)["km"].min()
    graph = csr_array((best["km"], (best["u"], best["v"])), shape=(len(spots),) * 2)
    position = {tuple(spot): number for number, spot in enumerate(spots)}
    whole = trunks.graph(np.arange(len(trunks.km)))
    entries = np.flatnonzero(trunks.is_entry)
    cities = np.unique(trunks.ends[kept])
    rows = []
    for entry in entries:
        before = dijkstra(whole, indices=entry)[cities]
        mine = np.flatnonzero(np.isfinite(before))
        keys = np.c_[trunks.side, trunks.lonlat].astype(float)
        if not len(mine):
            continue
        at = [position[tuple(keys[city])] for city in cities[mine]]
        after = dijkstra(graph, indices=position[tuple(keys[entry])])[at]
        wrong = ~(np.abs(after - before[mine]) < 1e-2)
        if wrong.any():
            raise ValueError(f"thinned paths differ from {keys[entry]}: {before[mine][wrong]}")
        rows += [
            (*trunks.lonlat[entry], *trunks.lonlat[city], SIDES[trunks.side[entry]], km)
            for city, km in zip(cities[mine], before[mine], strict=True)
        ]
    columns = ["from_lon", "from_lat", "to_lon", "to_lat", "side", "km"]
    return pd.DataFrame(rows[::step], columns=columns).round({"km": 3})
