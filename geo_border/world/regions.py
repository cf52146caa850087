"""Regions of both sides of a pair of countries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.errors import ParameterError
from geo_border.osm.lines import sphere
from geo_border.world.borders import NO_BORDER, WGS84, arcs, area_within, line_between, units
from geo_border.world.data import alpha3

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST_KM = 300.0
"""Regions farther from all borders are drawn coarsely."""

STEP_DEGREES = 0.01
"""Distances from the line are taken from points on it no farther apart than this."""


def regions_near(home: str, neighbour: str, belt_km: float = 100.0) -> gpd.GeoDataFrame:
    """First-level units of both countries that lie near their border.

    Parameters
    ----------
    home, neighbour
        ISO 3166-1 codes.
    belt_km
        Units that come so near to the line are taken, kilometres; not more than `WIDEST_KM`.

    Returns
    -------
    GeoDataFrame
        Index ``region_id`` (ISO 3166-2 where it is known); ``name`` and names in other
        languages, ``type``, ``country`` (alpha-3), ``side``, ``border_km`` (of the line that runs
        along it), ``away_km`` (from the line to its nearest vertex, to a kilometre), and polygons
        that share their edges with each other and with the line.

    Raises
    ------
    WorldError
        If there is no such country, or the two share no line.
    ParameterError
        If the belt is wider than `WIDEST_KM`, or the two countries are one.
    """
    sides = {alpha3(home): "home", alpha3(neighbour): "neighbour"}
    if len(sides) < 2:
        raise ParameterError(f"{home} and {neighbour} are one country")
    if not 0 <= belt_km <= WIDEST_KM:
        raise ParameterError(f"a belt of {belt_km:g} km is not between 0 and {WIDEST_KM:g} km")
    line = line_between(home, neighbour)
    dry = line[line["kind"] != "sea"]
    away = _away_km(list(sides), (dry if len(dry) else line).geometry.to_numpy())
    near = away[away <= belt_km]
    table = units().iloc[near.index]
    regions = gpd.GeoDataFrame(
        table.assign(
            side=table["country"].map(sides),
            border_km=_border_km(list(sides)).reindex(table.index).fillna(0.0),
            away_km=near,
        ),
        geometry=[region_area(number) for number in table.index],
        crs=4326,
    )
    return regions.sort_values(["side", "region_id"]).set_index("region_id")


@cache
def region_area(number: int) -> shapely.Geometry:
    """Land of a unit.

    Parameters
    ----------
    number
        Its row in `geo_border.world.borders.units`.

    Returns
    -------
    Geometry
        Polygons in WGS 84.
    """
    lines = arcs()
    edge = (lines["one"] == number) | (lines["other"] == number)
    return area_within(lines.geometry[edge].to_numpy())


def _away_km(countries: list[str], line: NDArray[np.object_]) -> pd.Series:
    """How far the units of two countries lie from a line, by their numbers."""
    lines = arcs()
    mine = lines[lines["country_one"].isin(countries) | lines["country_other"].isin(countries)]
    at, arc = shapely.get_coordinates(mine.geometry.to_numpy(), return_index=True)
    steps = shapely.get_coordinates(shapely.segmentize(line, STEP_DEGREES))
    metres, _ = cKDTree(sphere(*steps.T)).query(
        sphere(*at.T), distance_upper_bound=1100 * WIDEST_KM
    )
    nearest = pd.Series(metres / 1000).groupby(arc).min().to_numpy()
    both = pd.Series(np.r_[nearest, nearest], np.r_[mine["one"], mine["other"]])
    nearest_of = both.groupby(level=0).min()
    is_theirs = units()["country"].isin(countries)
    return nearest_of[nearest_of.index.isin(np.flatnonzero(is_theirs))]


def _border_km(countries: list[str]) -> pd.Series:
    """Length of the line between two countries along each of their units, by their numbers."""
    lines = arcs()
    mine = lines["country_one"].isin(countries) & lines["country_other"].isin(countries)
    mine &= ~lines["kind"].isin(NO_BORDER)
    km = [WGS84.geometry_length(arc) / 1000 for arc in lines.geometry[mine]]
    ends = np.r_[lines["one"][mine], lines["other"][mine]]
    return pd.Series(np.r_[km, km], ends).groupby(level=0).sum()
