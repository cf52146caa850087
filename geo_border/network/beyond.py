"""Settlements beyond the reach of the network: straight ways to each part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import WGS84
from geo_border.network.parts import CAR_MODES, gate_parts
from geo_border.network.straight import nearest_free
from geo_border.osm.lines import sphere
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from geo_border.network.places import Access
    from geo_border.network.straight import ForeignLand

LOCAL_WAY = "local way"
"""Class of the links that stand for roads beyond the network."""


def join_beyond(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    places: gpd.GeoDataFrame,
    land: ForeignLand,
    *,
    access: Access,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Join places far from all roads to every part of their side that leads to a checkpoint.

    An extract of one country has only the first metres of the roads beyond the border. A town
    there can be reached through any of them, not only through the nearest: a straight way leads
    from it to the nearest end in each that no foreign land parts it from.

    Parameters
    ----------
    nodes, links, places
        As `geo_border.network.places.join_places` gives them.
    gates
        As `geo_border.network.gates.open_gates` gives them.
    land
        What bars local ways.
    access
        Places farther from a road than its ``beyond_km``, straight, are joined so (all places
        without one); its
        ``farthest_km``, ``detour`` and ``speed_kmh`` hold for the ways.

    Returns
    -------
    nodes : DataFrame
        With a node for each such place.
    links : GeoDataFrame
        With its ways, of mode ``road`` and class `LOCAL_WAY`, each in one direction.
    places : GeoDataFrame
        ``node`` is that of the place, ``access_km`` and ``access_h`` are 0; ``local_km`` of all
        places is the length of the way to the nearest road.
    """
    places = places.assign(local_km=places["access_km"])
    far = places
    if access.beyond_km is not None:
        straight_km = places["access_km"] / access.detour
        far = places[(places["node"] < 0) | (straight_km > access.beyond_km)]
    if far.empty:
        return nodes, links, places
    ways = pd.concat(
        [_ways(nodes, links, gates, far, land, number, access) for number in (0, 1)],
        ignore_index=True,
    )
    reached = far.index[np.isin(np.arange(len(far)), ways["place"])]
    if not len(reached):
        return nodes, links, places
    first = len(nodes)
    own = pd.Series(first + np.arange(len(reached)), index=reached)
    at = far.loc[reached]
    new = pd.DataFrame(
        {
            "lon": at.geometry.x.to_numpy(),
            "lat": at.geometry.y.to_numpy(),
            "side": at["side"].map(SIDES.index).to_numpy(np.int8),
            "region_id": at["region_id"].to_numpy(),
        }
    )
    nodes = pd.concat([nodes, new], ignore_index=True)
    node = own[far.index[ways["place"]]].to_numpy()
    tail = np.where(ways["leaves"], node, ways["node"])
    head = np.where(ways["leaves"], ways["node"], node)
    lonlat = nodes[["lon", "lat"]].to_numpy()
    local = gpd.GeoDataFrame(
        {
            "tail": tail,
            "head": head,
            "mode": "road",
            "road_class": LOCAL_WAY,
            "length_km": ways["km"],
            "oneway": np.int8(1),
            "speed_kmh": np.nan,
            "travel_kmh": access.speed_kmh,
            "hours": np.nan,
            "line": -1,
        },
        geometry=shapely.linestrings(np.stack([lonlat[tail], lonlat[head]], axis=1)),
        crs=4326,
    )
    links = pd.concat([links, local], ignore_index=True)
    nearest = ways.groupby("place")["km"].min()
    places.loc[far.index[nearest.index], "local_km"] = nearest.to_numpy()
    places.loc[reached, "node"] = own
    places.loc[reached, ["access_km", "access_h"]] = 0.0
    return nodes, links, places


def local_km(places: pd.DataFrame) -> pd.Series:
    """How far places are from the network, whether or not it was led to them.

    Parameters
    ----------
    places
        As `geo_border.network.places.join_places` or `join_beyond` gives them.

    Returns
    -------
    Series
        Length of the local way, km; missing where there is none.
    """
    return places.get("local_km", places["access_km"])


def _ways(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    far: gpd.GeoDataFrame,
    land: ForeignLand,
    number: int,
    access: Access,
) -> pd.DataFrame:
    """Ways of the places of a side: ``place``, ``node``, ``km``, ``leaves`` (else it arrives)."""
    mine = np.flatnonzero((far["side"] == SIDES[number]).to_numpy())
    lonlat = shapely.get_coordinates(far.geometry.to_numpy())[mine]
    ends = nodes[["lon", "lat"]].to_numpy()
    at, here = sphere(*lonlat.T), sphere(*ends.T)
    part, to_gate, from_gate = gate_parts(nodes, links, gates, CAR_MODES)
    side = nodes["side"].to_numpy() == number
    rows = []
    for leaves, usable in ((True, to_gate), (False, from_gate)):
        for name in np.unique(part[usable & side]):
            there = np.flatnonzero(usable & side & (part == name))
            hit = nearest_free(
                land, number, lonlat, at, ends[there], here[there], 1000 * access.farthest_km
            )
            near = np.flatnonzero(hit >= 0)
            rows.append(
                pd.DataFrame({"place": mine[near], "node": there[hit[near]], "leaves": leaves})
            )
    columns = ["place", "node", "leaves"]
    ways = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    ends = ends[ways["node"].to_numpy(np.int64)]
    starts = shapely.get_coordinates(far.geometry.to_numpy())[ways["place"].to_numpy(np.int64)]
    metres = WGS84.inv(*starts.T, *ends.T)[2]
    ways["km"] = np.asarray(metres) / 1000 * access.detour
    return ways
