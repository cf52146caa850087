"""From places to regions: means weighted by population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def population_of(places: pd.DataFrame) -> NDArray[np.float64]:
    """Population of the places, checked.

    Parameters
    ----------
    places
        With the column ``population``, persons.

    Returns
    -------
    ndarray
        Persons, finite and not negative.

    Raises
    ------
    TableError
        If the column is missing or a value is missing, infinite or negative.
    """
    if "population" not in places.columns:
        raise TableError("places lack the column 'population'")
    population = places["population"].to_numpy(float)
    wrong = ~((population >= 0) & (population < np.inf))
    if wrong.any():
        raise TableError(
            f"place {places.index[wrong][0]!r} has no population or a negative one",
            remedy="Give every place its population, 0 where nobody lives",
        )
    return population


def by_region(values: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Means over the places of each region, weighted by population.

    Infinite values (what cannot be reached) and missing ones are never averaged: the
    mean is over the others, and how many were left out is said beside it.

    Parameters
    ----------
    values
        One row for each place, in the order of `places`; numbers.
    places
        Columns ``region_id`` (missing: the place is in no region) and ``population``.

    Returns
    -------
    DataFrame
        Index ``region_id``, sorted; for each column ``x`` of `values` the mean ``x``
        (missing where no population has a value), ``x_unreached`` (share of the
        population for which it is infinite) and ``x_missing`` (number of places without
        a value).

    Raises
    ------
    TableError
        If the rows do not match or the population is not sound.
    """
    if not values.index.equals(places.index):
        raise TableError("values and places do not have the same index")
    inside = places["region_id"].notna().to_numpy()
    population = population_of(places)[inside]
    region, names = pd.factorize(places["region_id"][inside], sort=True)

    def total(weight: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(region, weight, minlength=len(names)).astype(float)

    columns = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for name in values.columns:
            value = values[name].to_numpy(float)[inside]
            finite, infinite = np.isfinite(value), np.isinf(value)
            weight = np.where(finite, population, 0.0)
            columns[name] = total(np.where(finite, value, 0.0) * weight) / total(weight)
            columns[f"{name}_unreached"] = total(population * infinite) / total(population)
            columns[f"{name}_missing"] = total(np.isnan(value).astype(float)).astype(int)
    return pd.DataFrame(columns, index=pd.Index(names, name="region_id"))
