"""Transport performance: how much of what is near can be reached in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.reach import cumulative
from geo_border.access.regions import population_of, weight_of
from geo_border.errors import GeometryError
from geo_border.geometry.geodesic import reduced_vectors
from geo_border.routing.discs import sums_within
from geo_border.routing.scenarios import AS_IS, Scenario
from geo_border.routing.spots import OwnSpots, at_spots
from geo_border.routing.tables import side_positions
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.routing.travel import Travel

NEAR = ["near_own", "near_across"]
"""Columns of who is near, on the own side and on the other."""


def transport_performance(
    travel: Travel,
    *,
    within_h: float = 1.5,
    within_km: float = 120.0,
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Population within a drive over population within a distance, both sides.

    Near 1 where who is near can be reached, above 1 where the roads reach farther.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    within_h
        The drive, hours.
    within_km
        The distance, geodesic km.
    weight
        Column of `places` that is counted.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; ratios ``performance``
        (both sides together), ``performance_own`` and ``performance_across`` (missing where
        nobody is near on that side) under the scenario, each with ``_open`` (no delays) and
        the first two with ``_closed``; and the persons near, ``near_own`` and
        ``near_across``.

    Raises
    ------
    GeometryError
        If the places are not in EPSG:4326.
    TableError, SideError, CheckpointError
        As in `geo_border.access.reach.potential`.

    References
    ----------
    Poelman, Dijkstra & Ackermans (2020), Rail transport performance in Europe, European
    Commission, WP 02/2020; ITF (2019), Benchmarking accessibility in cities, OECD.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> performance = gb.transport_performance(trips, within_h=2, within_km=150)
    >>> list(performance)[:2]
    ['performance', 'performance_own']
    """
    places = travel.places
    if places.crs is None or places.crs.to_epsg() != 4326:
        raise GeometryError("the places are not in EPSG:4326", remedy="Use to_crs(4326)")
    near = weight_near(travel, within_km=within_km, weight=weight)
    reached = cumulative(travel, hours=(within_h,), weight=weight, scenario=scenario)
    reached.columns = reached.columns.str.removeprefix(f"{weight}_{round(within_h * 60)}min_")
    return performance_of(reached, near)


def weight_near(
    travel: Travel,
    *,
    within_km: float = 120.0,
    weight: str = "population",
) -> pd.DataFrame:
    """Population within a distance of each origin, whatever the roads.

    Parameters
    ----------
    travel, within_km, weight
        As in `transport_performance`.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; persons ``near_own``
        (with the place itself) and ``near_across``.

    Raises
    ------
    TableError, SideError
        As in `transport_performance`.
    """
    places, own = travel.places, travel.own
    weights = weight_of(places, weight)
    if isinstance(own, OwnSpots):
        near_spots = weight_near(at_spots(travel, own, weight), within_km=within_km, weight=weight)
        return near_spots.iloc[own.spot].set_axis(places.index)
    points = reduced_vectors(places.geometry.x, places.geometry.y)
    near = np.full((len(places), len(NEAR)), np.nan)
    split = np.zeros((len(places), len(SIDES)))
    for side in range(len(SIDES)):
        split[own.destinations[side], side] = weights[own.destinations[side]]
    for side in range(len(SIDES)):
        origins = own.origins[side]
        found = sums_within(points[origins], points, split, within_km)
        near[origins] = found[:, [side, 1 - side]]
    return pd.DataFrame(near, index=places.index, columns=NEAR)


def people_near(
    cells: pd.DataFrame, beyond: gpd.GeoDataFrame, *, within_km: float = 120.0
) -> pd.DataFrame:
    """Population within a distance of each cell, in cells and in places beyond them.

    Parameters
    ----------
    cells
        ``side``, ``lon``, ``lat`` of the centre, where its people are taken to live, and
        ``population``.
    beyond
        Places in none of the cells, in WGS 84.
    within_km
        The distance, geodesic km.

    Returns
    -------
    DataFrame
        Index of `cells`; persons ``near_own`` (with the cell's own) and ``near_across``.

    Raises
    ------
    TableError
        If the population is not sound.
    SideError
        If a side is unknown.
    """
    starts = reduced_vectors(cells["lon"], cells["lat"])
    points = np.concatenate([starts, reduced_vectors(beyond.geometry.x, beyond.geometry.y)])
    persons = np.r_[population_of(cells), population_of(beyond)]
    side = side_positions(cells)
    split = np.zeros((len(persons), len(SIDES)))
    split[np.arange(len(persons)), np.r_[side, side_positions(beyond)]] = persons
    living = persons > 0
    found = sums_within(starts, points[living], split[living], within_km)
    own = np.arange(len(cells))
    near = np.stack([found[own, side], found[own, 1 - side]], axis=1)
    return pd.DataFrame(near, index=cells.index, columns=NEAR)


def performance_of(reached: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """Transport performance from who is reached and who is near.

    Parameters
    ----------
    reached
        ``own``, ``own_open``, ``own_closed``, ``across``, ``across_open``: persons.
    near
        ``near_own``, ``near_across``: persons.

    Returns
    -------
    DataFrame
        Index of `near`, the columns of `transport_performance`.
    """
    columns = {}
    for suffix in ("", "_open", "_closed"):
        parts = {"own": reached[f"own{suffix}"]}
        parts["across"] = reached.get(f"across{suffix}", pd.Series(0.0, near.index))
        total = sum(parts.values()) / near.sum(axis=1).where(lambda persons: persons > 0)
        columns[f"performance{suffix}"] = total
        for side, persons in parts.items():
            if side == "own" or suffix != "_closed":
                there = near[f"near_{side}"]
                columns[f"performance_{side}{suffix}"] = persons / there.where(there > 0)
    return pd.DataFrame(columns, index=near.index).join(near)


def performance_parts(performance: pd.DataFrame) -> pd.DataFrame:
    """Columns of transport performance by part and border.

    Parameters
    ----------
    performance
        Result of `transport_performance`.

    Returns
    -------
    DataFrame
        Its ratios, with columns of `geo_border.access.measures.PARTS`.
    """
    shown = performance.filter(regex="^performance")
    rest = shown.columns.str.removeprefix("performance").str.removeprefix("_")
    names = [
        name if name.startswith(("own", "across")) else f"all_{name}".rstrip("_") for name in rest
    ]
    return shown.set_axis(names, axis=1)
