"""Stations: where one changes between road and railway, and where trips by rail begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84
from geo_border.network.links import split_links
from geo_border.network.parts import CAR_MODES, gate_parts, leading_links
from geo_border.network.places import Access, nearest_links, of_mode
from geo_border.osm.lines import sphere
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.straight import ForeignLand

TRACK_M = 500.0
"""A station is on a railway this near to it, metres."""

TRIED = 8
"""So many of the stations nearest to a place are looked at for each part of the railways."""


def join_stations(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    land: ForeignLand,
    *,
    stations: gpd.GeoDataFrame | None = None,
    access: Access = Access(),
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Add transfers between road and railway at stations, and from places to their stations.

    Where none are given, a settlement near a railway is taken to have one.

    Parameters
    ----------
    nodes, links, gates, places, land
        As `geo_border.network.places.join_places` takes and gives them.
    stations
        Points in WGS 84 with ``side``; those farther than `TRACK_M` from a railway of their
        side are none.
    access
        Reach of a station and the time of a transfer.

    Returns
    -------
    nodes : DataFrame
        With the new nodes at stations.
    links : GeoDataFrame
        With links of mode ``transfer`` to the station: from the node of each joined place within
        its reach (of given ones to the nearest of each part of the railways), and from the road
        nearest to a given station, if that is within its reach. None leads through foreign land.
    """
    side = nodes["side"].to_numpy()
    rail = of_mode(links, "rail") & (side[links["tail"]] == side[links["head"]])
    joined = places[places["node"] >= 0]
    at = joined if stations is None else stations
    if not rail.any() or at.empty:
        return nodes, links
    reach_m = 1000 * access.station_km
    if stations is None:
        track, share, _ = nearest_links(nodes, links, rail, at, land, reach_m)
        there = track >= 0
        cuts = pd.DataFrame({"link": track[there], "share": share[there]})
        nodes, links, station = split_links(nodes, links, cuts)
        road = at["node"].to_numpy(np.int64)[there]
    else:
        track, share, _ = nearest_links(nodes, links, rail, at, land, TRACK_M)
        at, track, share = at[track >= 0], track[track >= 0], share[track >= 0]
        roads = leading_links(nodes, links, gates, CAR_MODES) & of_mode(links, "road")
        street, street_share, _ = nearest_links(nodes, links, roads, at, land, reach_m)
        there = street >= 0
        cuts = pd.DataFrame(
            {
                "link": np.concatenate([track, street[there]]),
                "share": np.concatenate([share, street_share[there]]),
            }
        )
        nodes, links, both = split_links(nodes, links, cuts)
        platform, road = np.split(both, [len(track)])
        place, near = _stations_of(nodes, links, gates, joined, platform, reach_m)
        station = np.concatenate([platform[there], near])
        road = np.concatenate([road, place])
    ends = nodes[["lon", "lat"]].to_numpy()
    free = np.ones(len(road), bool)
    for number in range(len(SIDES)):
        mine = np.flatnonzero(nodes["side"].to_numpy()[road] == number)
        free[mine] = ~land.bars(number, ends[road[mine]], ends[station[mine]])
    return nodes, _with_transfers(nodes, links, road[free], station[free], access)


def _stations_of(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    platform: NDArray[np.int64],
    reach_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes of places, and of the nearest station within reach on each part of the railways."""
    node = places["node"].to_numpy(np.int64)
    side, part = nodes["side"].to_numpy(), gate_parts(nodes, links, gates, ("rail",))[0]
    lonlat = nodes[["lon", "lat"]].to_numpy()
    starts = sphere(*shapely.get_coordinates(places.geometry.to_numpy()).T)
    found = []
    for number in range(len(SIDES)):
        mine = np.flatnonzero(side[node] == number)
        here = np.unique(platform[side[platform] == number])
        k = np.arange(1, min(TRIED, len(here)) + 1)
        if not len(mine) or not len(k):
            continue
        away, hit = cKDTree(sphere(*lonlat[here].T)).query(
            starts[mine], k=k, distance_upper_bound=reach_m
        )
        row, rank = np.nonzero(np.isfinite(away))
        pairs = pd.DataFrame({"place": node[mine[row]], "station": here[hit[row, rank]]})
        found.append(
            pairs[~pairs.assign(part=part[pairs["station"]])[["place", "part"]].duplicated()]
        )
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pairs = pd.concat(found)
    return pairs["place"].to_numpy(np.int64), pairs["station"].to_numpy(np.int64)


def _with_transfers(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    road: NDArray[np.int64],
    station: NDArray[np.int64],
    access: Access,
) -> gpd.GeoDataFrame:
    """Links from nodes on roads to nodes on railways, on foot or by a local way."""
    pairs = pd.DataFrame({"tail": road, "head": station}).drop_duplicates()
    ends = nodes[["lon", "lat"]].to_numpy()
    start, stop = ends[pairs["tail"]], ends[pairs["head"]]
    metres = WGS84.inv(start[:, 0], start[:, 1], stop[:, 0], stop[:, 1])[2]
    way_km = metres / 1000 * access.detour
    transfers = gpd.GeoDataFrame(
        {
            "tail": pairs["tail"].to_numpy(),
            "head": pairs["head"].to_numpy(),
            "mode": "transfer",
            "road_class": "transfer",
            "length_km": way_km,
            "oneway": np.int8(0),
            "speed_kmh": np.nan,
            "travel_kmh": np.nan,
            "hours": access.transfer_h + way_km / access.speed_kmh,
            "line": -1,
        },
        geometry=shapely.linestrings(np.stack([start, stop], axis=1)),
        crs=4326,
    )
    return gpd.GeoDataFrame(pd.concat([links, transfers], ignore_index=True))
