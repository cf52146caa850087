"""Travel between capitals and other chosen places, and how straight it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import GeometryError
from geo_border.routing.routes import WGS84

if TYPE_CHECKING:
    import geopandas as gpd


def detours(times: pd.DataFrame, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Detour index of each pair of a travel time table.

    Parameters
    ----------
    times
        Result of `geo_border.routing.routes.travel_times`: ``from_id``, ``to_id``, ``km``
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
