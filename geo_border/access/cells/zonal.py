"""Regions from cells: who lives, and how much land lies, how near to a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.nearest import BANDS_H, zones
from geo_border.access.regions import population_of
from geo_border.border.edges import projected
from geo_border.border.extraction import extract

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geo_border.border.belt import CellGrid


def zones_area(
    hours: pd.Series[float],
    cells: pd.DataFrame,
    *,
    area_km2: pd.Series[float] | float,
    bands: Sequence[float] = BANDS_H,
) -> pd.DataFrame:
    """Population and area of each region's part of the belt by time to a checkpoint.

    Parameters
    ----------
    hours
        Hours of each cell to the nearest open checkpoint, in the order of `cells`.
    cells
        Columns ``region_id`` and ``population``.
    area_km2
        Land of each cell, square kilometres.
    bands
        Upper ends of the zones, hours, ascending; each end belongs to its zone.

    Returns
    -------
    DataFrame
        Columns ``region_id``, ``zone`` (in minutes, as of `geo_border.access.nearest.zones`),
        ``population`` (persons), ``population_share``, ``area_km2``, ``area_share`` (of the
        region's part of the belt).

    Raises
    ------
    TableError
        If the population is not sound.

    References
    ----------
    Christodoulou & Christidis (2019), Measuring cross-border road accessibility in the
    European Union, JRC116859.
    """
    persons = zones(hours, cells, bands=bands)
    area = zones(hours, cells.assign(population=area_km2), bands=bands)
    columns = {}
    for name, share, table in (
        ("population", "population_share", persons),
        ("area_km2", "area_share", area),
    ):
        total = table.sum(axis=1)
        columns[name] = table.to_numpy().ravel()
        columns[share] = table.div(total.where(total > 0), axis=0).to_numpy().ravel()
    index = pd.MultiIndex.from_product(
        [persons.index, persons.columns], names=["region_id", "zone"]
    )
    return pd.DataFrame(columns, index).reset_index()


def zonal_means(
    values: pd.DataFrame, cells: pd.DataFrame, grid: CellGrid, regions: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Population-weighted means of surfaces over the regions' part of the belt.

    Cells count by the share of them that lies in a region; those that are infinite (what
    cannot be reached) or missing are left out.

    Parameters
    ----------
    values
        Measures of the cells, in the order of `cells`.
    cells
        Columns ``row``, ``column``, ``population``.
    grid
        The grid of the cells.
    regions
        Polygons, index ``region_id``.

    Returns
    -------
    DataFrame
        Index of `regions`, the columns of `values`; missing where nobody has a value.

    Raises
    ------
    TableError
        If the population is not sound.
    """
    population = pd.Series(population_of(cells), cells.index)
    weights = np.nan_to_num(grid.raster(cells, population))
    shapes = projected(regions, grid.crs).to_numpy()
    means = {}
    for name in values.columns:
        surface = grid.raster(cells, values[name].replace([np.inf, -np.inf], np.nan))
        found = extract(surface, grid.transform, shapes, ["weighted_mean"], weights=weights)
        means[name] = found[:, 0]
    return pd.DataFrame(means, index=regions.index)
