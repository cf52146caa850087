"""From places to regions: means and distributions weighted by population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import ParameterError, TableError
from geo_border.ids import by_id, in_order_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the population at which a distribution is told."""


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
    return weight_of(places, "population")


def weight_of(places: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Opportunities at the places (persons, jobs, beds, km²), checked.

    Parameters
    ----------
    places
        With the column.
    column
        Its name.

    Returns
    -------
    ndarray
        Finite and not negative.

    Raises
    ------
    TableError
        If the column is missing or a value is missing, infinite or negative.
    """
    if column not in places.columns:
        raise TableError(f"places lack the column {column!r}")
    weight = places[column].to_numpy(float)
    wrong = ~((weight >= 0) & (weight < np.inf))
    if wrong.any():
        raise TableError(
            f"place {places.index[wrong][0]!r} has no {column} or a negative one",
            remedy=f"Give every place its {column}, 0 where there is none",
        )
    return weight


def _table(values: pd.DataFrame | pd.Series[float]) -> pd.DataFrame:
    """Values as a table; a column that has no name is the value."""
    if isinstance(values, pd.DataFrame):
        return values
    return values.to_frame("value" if values.name is None else values.name)


def by_region(values: pd.DataFrame | pd.Series[float], places: pd.DataFrame) -> pd.DataFrame:
    """Means over the places of each region, weighted by population.

    Infinite values (what cannot be reached) and missing ones are never averaged: the
    mean is over the others, and how many were left out is said beside it.

    Parameters
    ----------
    values
        One row for each place, by its id; numbers, in one column or several.
    places
        Columns ``region_id`` (missing: the place is in no region) and ``population``; ids in
        the index or as ``place_id``.

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

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> effect = gb.border_effect(gb.potential(trips))
    >>> gb.by_region(effect, trips.places)["all"].nlargest(2).index.tolist()
    ['KZ-27', 'KZ-39']
    """
    places = by_id(places, "place_id")
    table = in_order_of(_table(values), places, "place_id")
    regions = PeopleOfRegions.of(places)
    mean, unreached, missing = regions.means(table.to_numpy(float))
    columns: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {}
    for position, name in enumerate(table.columns):
        columns[name] = mean[:, position]
        columns[f"{name}_unreached"] = unreached[:, position]
        columns[f"{name}_missing"] = missing[:, position]
    return pd.DataFrame(columns, index=pd.Index(regions.names, name="region_id"))


def distribution(
    values: pd.DataFrame | pd.Series[float],
    places: pd.DataFrame,
    *,
    quantiles: Sequence[float] = QUANTILES,
) -> pd.DataFrame:
    """How values are spread over the people of each region.

    The value at a quantile ``q`` is the least that at least a share ``q`` of the people who
    have one do not exceed. Infinite values take part, as the greatest; missing ones do not.

    Parameters
    ----------
    values, places
        As in `by_region`.
    quantiles
        Shares of the population, above 0, at most 1.

    Returns
    -------
    DataFrame
        Index ``region_id``, ``measure`` (columns of `values`), sorted by region; a column
        for each quantile, such as ``q10``; missing where nobody has a value.

    Raises
    ------
    TableError
        If the rows do not match or the population is not sound.
    ParameterError
        If a quantile is not above 0 and at most 1.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> hours = gb.nearest_checkpoint(trips)[["hours"]]
    >>> gb.distribution(hours, trips.places, quantiles=[0.5]).columns.tolist()
    ['q50']
    """
    if not all(0 < q <= 1 for q in quantiles):
        raise ParameterError("quantiles are above 0 and at most 1")
    places = by_id(places, "place_id")
    table = in_order_of(_table(values), places, "place_id")
    regions = PeopleOfRegions.of(places)
    found = regions.spread(table.to_numpy(float), quantiles)
    return pd.DataFrame(
        found.reshape(-1, len(quantiles)),
        index=pd.MultiIndex.from_product(
            [regions.names, table.columns], names=["region_id", "measure"]
        ),
        columns=[f"q{100 * q:g}" for q in quantiles],
    )


@dataclass(frozen=True, slots=True, eq=False)
class PeopleOfRegions:
    """Who lives in which region: what means and distributions of any values are taken over.

    Parameters
    ----------
    region
        Position in `names` of the region of each place, -1 where it is in none.
    population
        Persons at each place.
    names
        Ids of the regions, sorted.
    """

    region: NDArray[np.intp]
    population: NDArray[np.float64]
    names: pd.Index[str]

    @classmethod
    def of(cls, places: pd.DataFrame) -> PeopleOfRegions:
        """Take them from the places.

        Parameters
        ----------
        places
            Columns ``region_id`` and ``population``, as in `by_region`.

        Returns
        -------
        PeopleOfRegions
            In the order of the places.

        Raises
        ------
        TableError
            If the population is not sound.
        """
        region, names = pd.factorize(places["region_id"], sort=True)
        return cls(region, population_of(places), names)

    def means(
        self, table: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Means of values, weighted by population.

        Parameters
        ----------
        table
            A row for each place.

        Returns
        -------
        mean, unreached, missing : ndarray
            As in `by_region`; a row for each region, a column for each of the table.
        """
        inside = self.region >= 0
        region, population = self.region[inside], self.population[inside]
        shape = len(self.names), table.shape[1]
        mean, unreached, missing = np.empty(shape), np.empty(shape), np.empty(shape, np.int64)

        def total(weight: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(region, weight, minlength=len(self.names)).astype(float)

        with np.errstate(invalid="ignore", divide="ignore"):
            everybody = total(population)
            for position in range(table.shape[1]):
                value = table[inside, position]
                finite, infinite = np.isfinite(value), np.isinf(value)
                weight = np.where(finite, population, 0.0)
                mean[:, position] = total(np.where(finite, value, 0.0) * weight) / total(weight)
                unreached[:, position] = total(population * infinite) / everybody
                missing[:, position] = total(np.isnan(value).astype(float))
        return mean, unreached, missing

    def spread(
        self, table: NDArray[np.float64], quantiles: Sequence[float] = QUANTILES
    ) -> NDArray[np.float64]:
        """Values at shares of the population.

        Parameters
        ----------
        table
            A row for each place.
        quantiles
            As in `distribution`.

        Returns
        -------
        ndarray
            Regions by columns of the table by quantiles.
        """
        order = np.argsort(self.region, kind="stable")
        begin = np.searchsorted(self.region[order], np.arange(len(self.names) + 1))
        shares = np.array(quantiles)
        found = np.full((len(self.names), table.shape[1], len(shares)), np.nan)
        for number in range(len(self.names)):
            here = order[begin[number] : begin[number + 1]]
            here = here[self.population[here] > 0]
            for position in range(table.shape[1]):
                value = table[here, position]
                known = ~np.isnan(value)
                ranked = np.argsort(value[known], kind="stable")
                persons = np.cumsum(self.population[here][known][ranked])
                if len(persons):
                    # Rounding of the sums must not push a share past its place.
                    at = np.searchsorted(persons, shares * persons[-1] * (1 - 1e-12))
                    found[number, position] = value[known][ranked][at]
        return found
