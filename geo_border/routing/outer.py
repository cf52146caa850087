"""Trips across the border of all who make them: the places of a study and the cities beyond."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from geo_border.network.outer import OuterZones
    from geo_border.routing.travel import Travel


def with_outer(travel: Travel, outer: OuterZones) -> Travel:
    """Trips across the border with those from and to cities beyond.

    The times inside the sides stay those between the places of the study: measures of these are
    made of the trips without the cities.

    Parameters
    ----------
    travel
        Trips by road between the places of the study.
    outer
        What lies beyond.

    Returns
    -------
    Travel
        The places of the study first, then the cities; the tables are of the network with the
        roads beyond, with trees if those of `travel` have some.

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
    >>> gb.with_outer(gb.travel(net), beyond)
    <Travel: 1,421 places, 30 checkpoints>
    """
    places = pd.concat([travel.places, outer.places])
    tables = gate_tables(
        outer.network,
        places,
        travel.tables.gates,
        modes=MODES_OF[travel.mode],
        trees=travel.tables.trees is not None,
    )
    return replace(travel, places=places, tables=tables)
