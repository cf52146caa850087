"""Travel between capitals and other chosen places, and how straight it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import GeometryError
from geo_border.routing.routes import WGS84

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.network.graph import Network

DISTANCE_KMH = 100.0
"""Speed at which kilometres are told in hours: few enough hours for the searches."""


def detours(times: pd.DataFrame, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Detour index of each pair of a travel time table.

    Parameters
    ----------
    times
        Result of `geo_border.routing.travel_times.times_and_ways`: ``from_id``, ``to_id``, ``km``
        and ``hours``.
    points
        The places, as points in EPSG:4326.

    Returns
    -------
    DataFrame
        Index of `times`; ``geodesic_km`` (WGS 84), ``detour`` (km along the way over
        geodesic km, missing where there is no way or the places coincide) and ``kmh``
        (geodesic km an hour, delays included; 0 where there is no way).

    Raises
    ------
    GeometryError
        If the points are not in EPSG:4326.
    """
    if points.crs is None or points.crs.to_epsg() != 4326:
        raise GeometryError("the places are not in EPSG:4326", remedy="Use to_crs(4326)")
    ends = [points.geometry.loc[times[column]] for column in ("from_id", "to_id")]
    geodesic = WGS84.inv(ends[0].x, ends[0].y, ends[1].x, ends[1].y)[2] / 1000
    geodesic = pd.Series(np.asarray(geodesic), index=times.index)
    return pd.DataFrame(
        {
            "geodesic_km": geodesic,
            "detour": times["km"] / geodesic.where(geodesic > 0),
            "kmh": geodesic / times["hours"].where(times["hours"] > 0),
        }
    )


def by_distance(network: Network) -> Network:
    """Give the network on which `DISTANCE_KMH` km take an hour everywhere.

    Times searched on it are lengths of the shortest ways, and network efficiency with
    `DISTANCE_KMH` as the reference speed, without delays, is the **detour index** of places:
    the mean ratio of the length of the way to the geodesic distance.

    Parameters
    ----------
    network
        The graph.

    Returns
    -------
    Network
        The same links.
    """
    return replace(network, hours=network.length_m / 1000 / DISTANCE_KMH)
