"""Places joined to the network: the point where each enters it, and stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo_border.border.edges import WGS84, equal_area_crs
from geo_border.network.links import split_links
from geo_border.network.parts import CAR_MODES, leading_links
from geo_border.network.straight import in_degrees, next_best
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.network.straight import ForeignLand


STAND_IN = "most populous settlement"
"""Where the capital of a region is known from that has none by name."""


@dataclass(frozen=True, slots=True)
class Access:
    """How places reach the network, and what changes on it take.

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
    gauge_break_h
        Time that a change of gauge at the border takes, hours, each way.
    beyond_km
        Places farther from the network than this, in a straight line, lie where it does not
        reach, see `geo_border.network.beyond.join_beyond`; None where there are none.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Access(speed_kmh=30).detour
    1.3
    """

    farthest_km: float = 100
    detour: float = 1.3
    speed_kmh: float = 40
    station_km: float = 5
    transfer_h: float = 0.5
    gauge_break_h: float = 0.0
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
        usable = leading_links(nodes, links, gates, CAR_MODES) & of_mode(links, "road")
        link, share, barred = nearest_links(
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


def of_mode(links: pd.DataFrame, mode: str) -> NDArray[np.bool_]:
    """Whether each link is of a mode.

    Parameters
    ----------
    links
        Column ``mode``.
    mode
        The mode.

    Returns
    -------
    ndarray
        One flag a link.
    """
    holds: NDArray[np.bool_] = (links["mode"] == mode).to_numpy()
    return holds


def nearest_links(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    usable: NDArray[np.bool_],
    points: gpd.GeoDataFrame,
    land: ForeignLand,
    reach_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the nearest usable link of its side to each point, and where on it.

    Points at one place are looked at once.

    Parameters
    ----------
    nodes, links
        The network.
    usable
        Which of the links count.
    points
        Points in WGS 84 with ``side``.
    land
        What bars the ways: the next link is taken then.
    reach_m
        Longest way, straight.

    Returns
    -------
    link : ndarray
        Position of the link, -1 where none can be reached.
    share : ndarray
        Share of its length.
    is_barred : ndarray
        Whether foreign land lies before the nearest.
    """
    crs = equal_area_crs(points)
    there = Transformer.from_crs(4326, crs, always_xy=True)
    alike = pd.DataFrame({"side": points["side"], "x": points.geometry.x, "y": points.geometry.y})
    place = alike.groupby(["side", "x", "y"], sort=False, dropna=False).ngroup().to_numpy()
    points = points.iloc[np.unique(place, return_index=True)[1]]
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
        ends = in_degrees(there, spot)
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
    return link[place], np.round(share, 4)[place], barred[place]
