"""Transport performance: how much of what is near can be reached in time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.reach import checked_weight, cumulative
from geo_border.errors import GeometryError
from geo_border.network.graph import SIDES
from geo_border.routing.compiled import in_blocks, kernel
from geo_border.routing.geodesic import geodesic_km, reduced_vectors
from geo_border.routing.scenarios import AS_IS, Scenario

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables


def transport_performance(
    places: gpd.GeoDataFrame,
    tables: GateTables,
    own: Inside,
    *,
    within_h: float = 1.5,
    within_km: float = 120.0,
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Population within a drive over population within a distance, both sides.

    Near 1 where who is near can be reached, above 1 where the roads reach farther. Costs one
    look at each pair, in blocks: no N x M matrix is held.

    Parameters
    ----------
    places
        The places of the tables, points in EPSG:4326.
    tables
        Checkpoint tables.
    own
        Times inside the sides.
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
    """
    if places.crs is None or places.crs.to_epsg() != 4326:
        raise GeometryError("the places are not in EPSG:4326", remedy="Use to_crs(4326)")
    near = weight_near(places, tables, own, within_km=within_km, weight=weight)
    reached = cumulative(places, tables, own, hours=(within_h,), weight=weight, scenario=scenario)
    reached.columns = reached.columns.str.removeprefix(f"{weight}_{round(within_h * 60)}min_")
    columns = {}
    for suffix in ("", "_open", "_closed"):
        parts = {"own": reached[f"own{suffix}"]}
        parts["across"] = reached.get(f"across{suffix}", pd.Series(0.0, places.index))
        total = sum(parts.values()) / near.sum(axis=1).where(lambda persons: persons > 0)
        columns[f"performance{suffix}"] = total
        for side, persons in parts.items():
            if side == "own" or suffix != "_closed":
                there = near[f"near_{side}"]
                columns[f"performance_{side}{suffix}"] = persons / there.where(there > 0)
    return pd.DataFrame(columns, index=places.index).join(near)


def weight_near(
    places: gpd.GeoDataFrame,
    tables: GateTables,
    own: Inside,
    *,
    within_km: float = 120.0,
    weight: str = "population",
) -> pd.DataFrame:
    """Population within a distance of each origin, whatever the roads.

    Parameters
    ----------
    places, tables, own, within_km, weight
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
    weights = checked_weight(places, tables, own, weight)
    points = reduced_vectors(places.geometry.x, places.geometry.y)
    near = np.full((len(places), 2), np.nan)
    for side in range(len(SIDES)):
        origins = own.origins[side]
        for column, there in enumerate((side, 1 - side)):
            ends = own.destinations[there]
            work = partial(_near, points[origins], points[ends], weights[ends], within_km)
            parts = in_blocks(len(origins), work)
            near[origins, column] = np.concatenate([np.empty(0), *parts])
    return pd.DataFrame(near, index=places.index, columns=["near_own", "near_across"])


def _near(
    start: NDArray[np.float64],
    ends: NDArray[np.float64],
    weight: NDArray[np.float64],
    within_km: float,
    rows: slice,
) -> NDArray[np.float64]:
    """Weight near some origins."""
    found = np.zeros(len(start[rows]))
    _sum_near(start[rows], ends, weight, within_km, found)
    return found


@kernel
def _sum_near(
    start: NDArray[np.float64],
    ends: NDArray[np.float64],
    weight: NDArray[np.float64],
    within_km: float,
    sums: NDArray[np.float64],
) -> None:
    """Add up the weight of the ends within a distance of each start."""
    km = np.empty(len(ends))
    for i in range(len(start)):
        geodesic_km(start[i], ends, km)
        for j in range(len(ends)):
            if km[j] <= within_km:
                sums[i] += weight[j]
