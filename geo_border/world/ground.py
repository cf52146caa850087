"""What a study of a pair of countries is of: border regions, and the land behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.errors import WorldError
from geo_border.geometry.frame import polygonal
from geo_border.shown import shown
from geo_border.terms import SIDES
from geo_border.world.borders import line_between, outline, pairs
from geo_border.world.countries import find_country
from geo_border.world.regions import regions_near

if TYPE_CHECKING:
    from geo_border.world.boxes import Bounds
    from geo_border.world.countries import CountryFacts

BELT_KM = 25.0
"""A region is one of the border if it comes this near to it: the distance by which Eurostat tells
border regions."""

REACH_KM = 200.0
"""How far from the border the land behind the regions is taken, with its roads and settlements: two
hours on a main road, at which a person counts half."""

STEP_KM = 40.0
"""Distance of the points along the border around which that reach is drawn, km."""

KM_A_DEGREE = 111.32
DIGITS = 5
"""Decimals of the degrees that are written, about a metre."""


@dataclass(frozen=True, slots=True)
class PairGround:
    """Land of a study of a pair.

    Parameters
    ----------
    border
        Lines of the pair, as `geo_border.world.borders.line_between` gives them.
    regions
        By side: polygons with ``name``, index ``region_id``.
    territory
        By side: the rest of the country within reach; empty where there is none.
    bounds
        West, south, east, north of all of it, degrees.
    """

    __repr__ = shown

    border: gpd.GeoDataFrame
    regions: dict[str, gpd.GeoDataFrame]
    territory: dict[str, gpd.GeoDataFrame]
    bounds: Bounds

    def sides(self) -> gpd.GeoDataFrame:
        """All of the land.

        Returns
        -------
        GeoDataFrame
            ``side``, ``region_id`` (missing outside the regions), polygons.
        """
        parts = [
            frame.reset_index()[["region_id", "geometry"]].assign(side=side)
            for side in SIDES
            for frame in (self.regions[side], self.territory[side])
            if len(frame)
        ]
        merged = pd.concat(parts, ignore_index=True)
        return gpd.GeoDataFrame(merged, geometry="geometry", crs=4326)


def ground_of(home: CountryFacts, neighbour: CountryFacts) -> PairGround:
    """Find the land of a study of a pair of countries.

    Parameters
    ----------
    home, neighbour
        The two; their order decides what is called home, and nothing else.

    Returns
    -------
    PairGround
        Regions that touch the border or come within `BELT_KM` of it, and the rest of the two
        countries within `REACH_KM`.

    Raises
    ------
    WorldError
        If the two are one, or share no border on land.
    """
    if home.alpha3 == neighbour.alpha3:
        raise WorldError(f"{home.name} is named twice", remedy="Name two countries")
    _refuse_strangers(home, neighbour)
    border = line_between(home.alpha3, neighbour.alpha3)
    found = regions_near(home.alpha3, neighbour.alpha3, belt_km=BELT_KM)
    reach = _within_reach(border[border["kind"] != "sea"])
    regions, territory = {}, {}
    for side, country in zip(SIDES, (home, neighbour), strict=True):
        own = found[found["side"] == side][["name", "geometry"]].sort_index()
        own = own[~own.is_empty & own.geometry.notna()]
        if own.empty:
            raise WorldError(f"no region of {country.name} is known near the border with the other")
        regions[side] = own
        rest = shapely.difference(
            shapely.intersection(outline(country.alpha3), reach), own.geometry.union_all()
        )
        rest = polygonal(shapely.set_precision(rest, 10.0**-DIGITS))
        territory[side] = gpd.GeoDataFrame(
            {"name": [country.name]},
            geometry=[rest],
            index=pd.Index([None], name="region_id", dtype=object),
            crs=4326,
        )[~np.array([rest.is_empty])]
    everything = [*regions.values(), *territory.values()]
    west, south, east, north = np.array([f.total_bounds for f in everything if len(f)]).T
    bounds = (float(west.min()), float(south.min()), float(east.max()), float(north.max()))
    return PairGround(border, regions, territory, bounds)


def _refuse_strangers(home: CountryFacts, neighbour: CountryFacts) -> None:
    """Say what two countries do share, if it is no border on land."""
    table = pairs()
    first, last = sorted((home.alpha3, neighbour.alpha3))
    row = table[(table["one"] == first) & (table["other"] == last)]
    if len(row) and row["length_km"].iloc[0] > 0:
        return
    beside = [_neighbours(table, country.alpha3) for country in (home, neighbour)]
    common = sorted(beside[0] & beside[1])
    at_sea = len(row) and row["sea_km"].iloc[0] > 0
    shared = [
        f"a border at sea of {row['sea_km'].iloc[0]:,.0f} km" if at_sea else "",
        f"the neighbours {', '.join(common)}" if len(common) > 1 else "",
        f"the neighbour {common[0]}" if len(common) == 1 else "",
    ]
    words = " and ".join(filter(None, shared)) or "no neighbour either"
    own = ", ".join(sorted(beside[0])) or "nobody"
    raise WorldError(
        f"{home.name} and {neighbour.name} share no border on land; they share {words}",
        remedy=f"{home.name} borders on {own}",
    )


def _neighbours(table: pd.DataFrame, country: str) -> set[str]:
    """Countries with which one shares a border on land."""
    on_land = table[table["length_km"] > 0]
    one, other = on_land["one"], on_land["other"]
    return {find_country(code).name for code in (*other[one == country], *one[other == country])}


def _within_reach(border: gpd.GeoDataFrame) -> shapely.Geometry:
    """Everything within reach of a border, as ellipses of degrees around points along it."""
    step = STEP_KM / KM_A_DEGREE
    lines = shapely.get_parts(border.geometry.to_numpy())
    points = shapely.get_coordinates(shapely.segmentize(shapely.simplify(lines, step / 10), step))
    points = np.unique(np.round(points / (step / 2)) * (step / 2), axis=0)
    turn = np.linspace(0, 2 * np.pi, 49)[:-1]
    high = REACH_KM / KM_A_DEGREE
    wide = high / np.maximum(np.cos(np.radians(points[:, 1])), 0.05)
    x = points[:, :1] + wide[:, None] * np.cos(turn)
    y = points[:, 1:] + high * np.sin(turn)
    return shapely.union_all(shapely.polygons(np.dstack([x, y])))
