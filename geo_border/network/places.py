"""Places joined to the network: the point where each enters it, and stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from pyproj.enums import TransformDirection

from geo_border.border.edges import WGS84, equal_area_crs
from geo_border.network.graph import SIDES
from geo_border.network.links import split_links
from geo_border.network.parts import CAR_MODES, leading_links
from geo_border.network.straight import next_best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.straight import ForeignLand


STAND_IN = "most populous settlement"
"""Where the capital of a region is known from that has none by name."""

TRACK_M = 500.0
"""A station is on a railway this near to it, metres."""


@dataclass(frozen=True, slots=True)
class Access:
    """How places reach the network.

    Parameters
    ----------
    farthest_km
        Places farther from the network than this, in a straight line, do not reach it.
    detour
        Length of a local way over the straight line.
    speed_kmh
        Speed on local ways.
    station_km
        A settlement this near a railway has a station on it, where no stations are given; a
        given station this near a road can be reached from it.
    transfer_h
        Time to change between road and railway at a station, hours, each way.
    beyond_km
        Places farther from the network than this, in a straight line, lie where it does not
        reach, see `geo_border.network.beyond.join_beyond`; None where there are none.
    """

    farthest_km: float = 100
    detour: float = 1.3
    speed_kmh: float = 40
    station_km: float = 5
    transfer_h: float = 0.5
    beyond_km: float | None = None


def join_places(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    land: ForeignLand,
    *,
    access: Access = Access(),
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Join each place to the nearest road of its side that leads to a checkpoint and back.

    The road is cut at its nearest point; where the way there would lead through foreign land,
    the next road is taken. Places do not snap to what
    `geo_border.network.parts.leading_links` leaves out: islands, one-way traps, and links that
    end at a closed candidate.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.gates.open_gates` gives them.
    places
        Points in WGS 84 with column ``side``.
    land
        What bars local ways.
    access
        Reach, detour and speed of local ways.

    Returns
    -------
    nodes : DataFrame
        With the new nodes where places enter.
    links : GeoDataFrame
        Cut where places enter.
    places : GeoDataFrame
        With ``node`` (-1 where the network is out of reach), ``access_km`` (along the local
        way), ``access_h``, ``is_barred`` (whether foreign land lies before the nearest road).
    """
    entry = np.full(len(places), -1)
    barred = np.zeros(len(places), bool)
    straight_m = np.full(len(places), np.nan)
    if len(places):
        usable = leading_links(nodes, links, gates, CAR_MODES) & _of_mode(links, "road")
        link, share, barred = _nearest(
            nodes, links, usable, places, land, 1000 * access.farthest_km
        )
        joined = np.flatnonzero(link >= 0)
        cuts = pd.DataFrame({"link": link[joined], "share": share[joined]})
        nodes, links, node = split_links(nodes, links, cuts)
        entry[joined] = node
        straight_m[joined] = WGS84.inv(
            places.geometry.x.to_numpy()[joined],
            places.geometry.y.to_numpy()[joined],
            nodes["lon"].to_numpy()[node],
            nodes["lat"].to_numpy()[node],
        )[2]
    way_km = straight_m / 1000 * access.detour
    places = places.assign(
        node=entry, access_km=way_km, access_h=way_km / access.speed_kmh, is_barred=barred
    )
    return nodes, links, places


def _of_mode(links: pd.DataFrame, mode: str) -> NDArray[np.bool_]:
    """Whether each link is of a mode."""
    holds: NDArray[np.bool_] = (links["mode"] == mode).to_numpy()
    return holds


def _nearest(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    usable: NDArray[np.bool_],
    points: gpd.GeoDataFrame,
    land: ForeignLand,
    reach_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Nearest usable link of its side to each point, and the share of its length.

    The link is -1 where none can be reached; at last, whether the way to the nearest is barred.
    """
    crs = equal_area_crs(points)
    there = Transformer.from_crs(4326, crs, always_xy=True)
    lonlat = shapely.get_coordinates(points.geometry.to_numpy())
    at = points.geometry.to_crs(crs).to_numpy()
    side = nodes["side"].to_numpy()[links["tail"]]
    link, share = np.full(len(points), -1), np.full(len(points), np.nan)
    barred = np.zeros(len(points), bool)
    for number, name in enumerate(SIDES):
        mine = np.flatnonzero((points["side"] == name).to_numpy())
        here = np.flatnonzero(usable & (side == number))
        # One side at a time, so that only its lines are there twice.
        line = links.geometry.iloc[here].to_crs(crs).to_numpy()
        near, hit = shapely.STRtree(line).query_nearest(
            at[mine], max_distance=reach_m, all_matches=False
        )
        along = shapely.line_locate_point(line[hit], at[mine[near]])
        spot = shapely.get_coordinates(shapely.line_interpolate_point(line[hit], along))
        ends = np.column_stack(there.transform(*spot.T, direction=TransformDirection.INVERSE))
        bad = np.flatnonzero(land.bars(number, lonlat[mine[near]], ends))
        barred[mine[near[bad]]] = True
        hit[bad], spot[bad] = next_best(
            land, number, shapely.get_coordinates(at[mine[near[bad]]]), line, there, reach_m=reach_m
        )
        near, hit, spot = near[hit >= 0], hit[hit >= 0], spot[hit >= 0]
        link[mine[near]] = here[hit]
        share[mine[near]] = shapely.line_locate_point(
            line[hit], shapely.points(spot), normalized=True
        )
    # Ways that meet within the rounding of coordinates meet at one point.
    return link, np.round(share, 4), barred


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
    """Add transfers between road and railway at stations.

    Where none are given, a settlement near a railway is taken to have one.

    Parameters
    ----------
    nodes, links, gates, places, land
        As `join_places` takes and gives them.
    stations
        Points in WGS 84 with ``side``; those farther than `TRACK_M` from a railway of their
        side, or than the reach of a station from a road, have no transfer.
    access
        Reach of a station and the time of a transfer.

    Returns
    -------
    nodes : DataFrame
        With the new nodes at stations.
    links : GeoDataFrame
        With links of mode ``transfer`` from the road to the station: from the node of each
        joined place, or from the road nearest to a given station.
    """
    side = nodes["side"].to_numpy()
    rail = _of_mode(links, "rail") & (side[links["tail"]] == side[links["head"]])
    at = places[places["node"] >= 0] if stations is None else stations
    if not rail.any() or at.empty:
        return nodes, links
    if stations is None:
        track, track_share = _nearest(nodes, links, rail, at, land, 1000 * access.station_km)[:2]
        there = track >= 0
        cuts = pd.DataFrame({"link": track[there], "share": track_share[there]})
        nodes, links, station = split_links(nodes, links, cuts)
        road = at["node"].to_numpy()[there]
    else:
        roads = leading_links(nodes, links, gates, CAR_MODES) & _of_mode(links, "road")
        track, track_share, _ = _nearest(nodes, links, rail, at, land, TRACK_M)
        street, street_share, _ = _nearest(nodes, links, roads, at, land, 1000 * access.station_km)
        there = (track >= 0) & (street >= 0)
        cuts = pd.DataFrame(
            {
                "link": np.concatenate([track[there], street[there]]),
                "share": np.concatenate([track_share[there], street_share[there]]),
            }
        )
        nodes, links, both = split_links(nodes, links, cuts)
        station, road = np.split(both, 2)
    ends = nodes[["lon", "lat"]].to_numpy()
    free = np.ones(len(road), bool)
    for number in range(len(SIDES)):
        mine = np.flatnonzero(nodes["side"].to_numpy()[road] == number)
        free[mine] = ~land.bars(number, ends[road[mine]], ends[station[mine]])
    return nodes, _with_transfers(nodes, links, road[free], station[free], access)


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
