"""Places joined to the network: the point where each enters it, and stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo_border.border.edges import WGS84, equal_area_crs
from geo_border.network.crossings import unused_links
from geo_border.network.graph import SIDES
from geo_border.network.links import split_links

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


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
        A settlement this near a railway has a station on it, where no stations are given.
    transfer_h
        Time to change between road and railway at a station, hours, each way.
    """

    farthest_km: float = 100
    detour: float = 1.3
    speed_kmh: float = 40
    station_km: float = 5
    transfer_h: float = 0.5


def join_places(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    access: Access = Access(),
    modes: Collection[str] = ("road", "ferry"),
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Join each place to the nearest road of its side from which a checkpoint can be reached.

    The road is cut at its nearest point. Where a side's network has parts that lead to no
    gate, places do not snap to them, nor to a link that ends at a closed candidate.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.crossings.open_gates` gives them.
    places
        Points in WGS 84 with column ``side``.
    access
        Reach, detour and speed of local ways.
    modes
        Modes a place can be joined to.

    Returns
    -------
    nodes : DataFrame
        With the new nodes where places enter.
    links : GeoDataFrame
        Cut where places enter.
    places : GeoDataFrame
        With ``node`` (-1 where the network is out of reach), ``access_km`` (along the local
        way), ``access_h``.
    """
    crs = equal_area_crs(places)
    line = links.geometry.to_crs(crs).to_numpy()
    point = places.geometry.to_crs(crs).to_numpy()
    usable = _leading_to_gates(nodes, links, gates, modes)
    side = nodes["side"].to_numpy()
    link = np.full(len(places), -1)
    for number, name in enumerate(SIDES):
        mine = np.flatnonzero((places["side"] == name).to_numpy())
        here = np.flatnonzero(
            usable & (side[links["tail"]] == number) & (side[links["head"]] == number)
        )
        near, hit = shapely.STRtree(line[here]).query_nearest(
            point[mine], max_distance=access.farthest_km * 1000, all_matches=False
        )
        link[mine[near]] = here[hit]
    joined = np.flatnonzero(link >= 0)
    share = shapely.line_locate_point(line[link[joined]], point[joined], normalized=True)
    # Ways that meet within the rounding of coordinates meet at one point.
    cuts = pd.DataFrame({"link": link[joined], "share": np.round(share, 4)})
    nodes, links, node = split_links(nodes, links, cuts)

    entry = np.full(len(places), -1)
    entry[joined] = node
    straight_m = np.full(len(places), np.nan)
    straight_m[joined] = WGS84.inv(
        places.geometry.x.to_numpy()[joined],
        places.geometry.y.to_numpy()[joined],
        nodes["lon"].to_numpy()[node],
        nodes["lat"].to_numpy()[node],
    )[2]
    way_km = straight_m / 1000 * access.detour
    places = places.assign(node=entry, access_km=way_km, access_h=way_km / access.speed_kmh)
    return nodes, links, places


def _leading_to_gates(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, gates: pd.DataFrame, modes: Collection[str]
) -> NDArray[np.bool_]:
    """Whether each link belongs to a part of its side's network that holds a gate."""
    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    inside = links["mode"].isin(modes).to_numpy() & (side[tail] == side[head])
    inside &= ~unused_links(links, gates)
    graph = coo_array(
        (np.ones(int(inside.sum()), np.int8), (tail[inside], head[inside])),
        shape=(len(nodes), len(nodes)),
    )
    part = connected_components(graph, directed=False)[1]
    of_mode = gates[gates["mode"].isin(modes)]
    with_gate = np.unique(part[of_mode[["home_node", "neighbour_node"]].to_numpy().ravel()])
    leading: NDArray[np.bool_] = inside & np.isin(part[tail], with_gate)
    return leading


def join_stations(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    access: Access = Access(),
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Add transfers between road and railway where a settlement lies on a railway.

    Parameters
    ----------
    nodes, links, gates, places
        As `join_places` takes and gives them.
    access
        Reach of a station and the time of a transfer.

    Returns
    -------
    nodes : DataFrame
        With the new station nodes.
    links : GeoDataFrame
        With links of mode ``transfer`` from each joined place's road node to its station.
    """
    crs = equal_area_crs(places)
    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    usable = (links["mode"] == "rail").to_numpy() & ~unused_links(links, gates)
    rail = np.flatnonzero(usable & (side[tail] == side[head]))
    if not len(rail):
        return nodes, links
    line = links.geometry.iloc[rail].to_crs(crs).to_numpy()
    served = places[places["node"] >= 0]
    point = served.geometry.to_crs(crs).to_numpy()
    near, hit = shapely.STRtree(line).query_nearest(
        point, max_distance=access.station_km * 1000, all_matches=False
    )
    same = side[tail[rail[hit]]] == served["side"].map(SIDES.index).to_numpy()[near]
    near, hit = near[same], hit[same]
    share = shapely.line_locate_point(line[hit], point[near], normalized=True)
    cuts = pd.DataFrame({"link": rail[hit], "share": np.round(share, 4)})
    nodes, links, station = split_links(nodes, links, cuts)
    road = served["node"].to_numpy()[near]
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
    return nodes, pd.concat([links, transfers], ignore_index=True)
