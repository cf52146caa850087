"""Trunk roads and cities beyond the land of a study, joined to its network in a graph of its own.

Demand across the border is searched for in this graph; the network of the study, and all that is
measured on it, stays as it is. A road keeps to the side that it is said to be of: nodes of
different sides are never one, wherever they lie, so that nothing beyond leads around the border.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.errors import NetworkError
from geo_border.network.beyond import LOCAL_WAY
from geo_border.network.build import SHORTEST_HOURS, assemble, hours_of
from geo_border.network.links import column_or, geodesic_km, in_parts, straight_km
from geo_border.network.meeting import one_place
from geo_border.network.places import Access, join_places
from geo_border.network.straight import foreign_land
from geo_border.shown import shown
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.build import BuiltNetwork
    from geo_border.network.graph import Network

JOINT_KM = 1.0
"""A trunk road whose end lies this near to a road of the study, in a straight line, joins it."""


@dataclass(frozen=True, slots=True, eq=False)
class OuterZones:
    """The network of a study with the trunk roads and cities beyond.

    Parameters
    ----------
    network
        The graph; the nodes of the study's network come first, in their order.
    places
        Cities beyond, with the ``node`` where they enter, ``access_km``, ``access_h``.
    inner
        Edge of the study's network that each edge is or is part of, -1 beyond, shape (m,).

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.OuterZones.__name__
    'OuterZones'
    """

    __repr__ = shown

    network: Network
    places: gpd.GeoDataFrame
    inner: NDArray[np.int64]

    def inner_load(self, load: NDArray[np.float64], n_edges: int) -> NDArray[np.float64]:
        """Load of the edges of the study's network.

        Parameters
        ----------
        load
            That of the edges here, shape (m,).
        n_edges
            How many edges the study's network has.

        Returns
        -------
        ndarray
            The greatest of any part of an edge, shape (n_edges,).
        """
        found = np.zeros(n_edges)
        inside = self.inner >= 0
        np.maximum.at(found, self.inner[inside], load[inside])
        return found


def outer_zones(
    net: BuiltNetwork,
    roads: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    speeds: pd.DataFrame | None = None,
    *,
    access: Access = Access(),
) -> OuterZones:
    """Join trunk roads and cities beyond the land of a study to its network.

    Parameters
    ----------
    net
        The network of the study.
    roads
        Lines that meet at their ends, with ``side``, ``mode``, ``road_class``, and what else
        `geo_border.network.links.links_from_lines` takes. What lies within `JOINT_KM` of a road
        of their side in the study's network that leads to a checkpoint is joined to it.
    places
        Points, index ``place_id``, with ``side``.
    speeds
        As `geo_border.network.build.build_network` takes them.
    access
        How cities and the ends of roads are joined.

    Returns
    -------
    OuterZones
        Cities out of reach of all roads that lead to a checkpoint have node -1.

    Raises
    ------
    NetworkError
        If no road of a side with cities joins the study's network, or a class has no speed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> node = net.places["node"].iloc[0]
    >>> ways = [LineString([(net.network.lon[node], net.network.lat[node]), (37.6, 55.7)])]
    >>> road = {"side": ["home"], "mode": "road", "road_class": "trunk", "speed_kmh": 90.0}
    >>> roads = gpd.GeoDataFrame(road, geometry=ways, crs=4326)
    >>> city = {"side": ["home"], "population": 10e6, "region_id": None}
    >>> cities = gpd.GeoDataFrame(city, geometry=gpd.points_from_xy([37.6], [55.7]), crs=4326)
    >>> beyond = gb.outer_zones(net, roads, cities.set_index([["moscow"]]))
    >>> beyond.places["node"].ge(0).all()
    np.True_
    """
    land = foreign_land(net.land)
    nodes, links = _drafts(net.network)
    outer_nodes, outer_links = _outer_links(roads, speeds)
    ends = gpd.GeoDataFrame(
        {"side": np.array(SIDES, object)[outer_nodes["side"]]},
        geometry=gpd.points_from_xy(outer_nodes["lon"], outer_nodes["lat"]),
        crs=4326,
    )
    near = replace(access, farthest_km=JOINT_KM)
    nodes, links, ends = join_places(nodes, links, net.gates, ends, land, access=near)
    joined = np.flatnonzero(ends["node"] >= 0)
    for number, side in enumerate(SIDES):
        if (places["side"] == side).any() and not (
            outer_nodes["side"].iloc[joined] == number
        ).any():
            raise NetworkError(
                f"no outer road of the {side} side meets a road of the study",
                remedy=f"Let them end within {JOINT_KM:g} km of a road of [network] that leads to "
                "a checkpoint",
            )
    first = len(nodes)
    outer_links = outer_links.assign(
        tail=outer_links["tail"] + first, head=outer_links["head"] + first
    )
    local = _local_ways(ends.iloc[joined], joined + first, nodes)
    nodes = pd.concat([nodes, outer_nodes], ignore_index=True)
    links = pd.concat([links, outer_links, local], ignore_index=True)
    nodes, links, places = join_places(nodes, links, net.gates, places, land, access=access)
    hours = links["hours"].clip(lower=SHORTEST_HOURS)
    network = assemble(nodes, links, hours, net.network.regions)
    along = network.tail == links["tail"].to_numpy()[network.link]
    inner = links[["along", "against"]].to_numpy(np.int64)[network.link]
    return OuterZones(network, places, np.where(along, inner[:, 0], inner[:, 1]))


def _drafts(network: Network) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Nodes and links of a network, each link with its edges in both directions."""
    nodes = pd.DataFrame(
        {
            "lon": network.lon,
            "lat": network.lat,
            "side": network.side,
            "region_id": np.array([*network.regions, None], object)[network.region],
        }
    )
    first = np.unique(network.link, return_index=True)[1]
    against = np.full(len(first), -1)
    second = np.ones(network.n_edges, bool)
    second[first] = False
    against[network.link[second]] = np.flatnonzero(second)
    links = gpd.GeoDataFrame(
        {
            "tail": network.tail[first].astype(np.int64),
            "head": network.indices[first].astype(np.int64),
            "mode": np.array(MODES, object)[network.mode[first]],
            "road_class": np.array(network.classes, object)[network.road_class[first]],
            "length_km": network.length_m[first] / 1000,
            "oneway": np.where(against < 0, 1, 0).astype(np.int8),
            "hours": network.hours[first],
            "along": first,
            "against": against,
        },
        geometry=network.lines,
        crs=4326,
    )
    return nodes, links


def _outer_links(
    roads: gpd.GeoDataFrame, speeds: pd.DataFrame | None
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Nodes and links of the roads beyond; those of different sides share no node."""
    parts = in_parts(roads.to_crs(4326))
    lines = shapely.force_2d(parts.geometry.to_numpy())
    lonlat = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(lines, end)) for end in (0, -1)]
    )
    place, spots = one_place(lonlat)
    side = np.tile(parts["side"].map(SIDES.index).to_numpy(np.int64), 2)
    key, node = np.unique(len(SIDES) * place + side, return_inverse=True)
    at = spots[key // len(SIDES)]
    nodes = pd.DataFrame(
        {
            "lon": at[:, 0],
            "lat": at[:, 1],
            "side": (key % len(SIDES)).astype(np.int8),
            "region_id": None,
        }
    )
    tail, head = np.split(node, 2)
    km = column_or(parts, "length_km", np.nan)
    km = np.where(np.isnan(km), geodesic_km(lines), np.maximum(km, straight_km(lines)))
    links = gpd.GeoDataFrame(
        {
            "tail": tail,
            "head": head,
            "mode": parts["mode"].to_numpy(),
            "road_class": parts["road_class"].to_numpy(),
            "length_km": km,
            "oneway": column_or(parts, "oneway", 0).astype(np.int8),
            "speed_kmh": column_or(parts, "speed_kmh", np.nan),
            "travel_kmh": np.nan,
            "hours": column_or(parts, "hours", np.nan),
        },
        geometry=lines,
        crs=4326,
    )
    links = links[tail != head].reset_index(drop=True)
    hours, _ = hours_of(nodes, links, speeds)
    return nodes, links.drop(columns=["speed_kmh", "travel_kmh"]).assign(
        hours=hours, along=-1, against=-1
    )


def _local_ways(
    ends: gpd.GeoDataFrame, own: NDArray[np.int64], nodes: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Links from the ends of outer roads to where they join the study's network."""
    node = ends["node"].to_numpy(np.int64)
    here = shapely.get_coordinates(ends.geometry.to_numpy())
    there = nodes[["lon", "lat"]].to_numpy()[node]
    return gpd.GeoDataFrame(
        {
            "tail": own,
            "head": node,
            "mode": "road",
            "road_class": LOCAL_WAY,
            "length_km": ends["access_km"].to_numpy(),
            "oneway": np.int8(0),
            "hours": ends["access_h"].to_numpy(),
            "along": -1,
            "against": -1,
        },
        geometry=shapely.linestrings(np.stack([here, there], axis=1)),
        crs=4326,
    )
