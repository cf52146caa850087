"""What places can reach, split into own side and across the border."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential, Step, codes
from geo_border.access.regions import population_of
from geo_border.errors import SideError, TableError
from geo_border.network.graph import SIDES
from geo_border.routing.crossing import across, own_sums, transit
from geo_border.routing.scenarios import AS_IS, Scenario, passages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables


def potential(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    *,
    decay: Decay = Exponential(),
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Potential accessibility ``A_i = Σ_j P_j f(t_ij)`` of each origin.

    A place reaches itself in no time. Trips on the own side take the way through the
    other side where that is faster.

    Parameters
    ----------
    places
        The places of the tables; column ``population`` (persons).
    tables
        Checkpoint tables.
    own
        Times inside the sides, `OwnTimes` or (for very many places) `OwnSearches`; its
        origins are the places that get a value.
    decay
        Impedance function of travel time.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; persons reached,
        discounted: ``own`` and ``across`` under the scenario, ``own_open`` and
        ``across_open`` with no delay at its open checkpoints, ``own_closed`` with all
        checkpoints closed (nothing is across then).

    Raises
    ------
    TableError
        If places and tables do not match or the population is not sound.
    SideError
        If no place lies on one of the sides.
    CheckpointError
        If the scenario does not fit the tables.

    References
    ----------
    Hansen (1959), How accessibility shapes land use, J. Am. Inst. Plann. 25(2) 73-76.
    """
    cases = [passages(tables, what) for what in (scenario, without_delays(scenario))]
    closed, *gains = reached_inside(places, tables, own, cases, [decay])[:, :, 0]
    columns = {}
    for suffix, ways, gained in zip(("", "_open"), cases, gains, strict=True):
        columns[f"own{suffix}"] = closed + gained
        columns[f"across{suffix}"] = reached_across(places, tables, own, ways, [decay])[:, 0]
    return pd.DataFrame({**columns, "own_closed": closed}, index=places.index)


def cumulative(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    *,
    hours: Sequence[float] = (1.0,),
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Population within given times of each origin.

    Parameters
    ----------
    places, tables, own
        As in `potential`.
    hours
        The times, hours.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; persons:
        ``population_60min_own``, ``population_60min_across`` and so on for each time,
        by its minutes.

    Raises
    ------
    TableError, SideError, CheckpointError
        As in `potential`.
    """
    steps = [Step(within) for within in hours]
    ways = passages(tables, scenario)
    inside = reached_inside(places, tables, own, [ways], steps).sum(axis=0)
    beyond = reached_across(places, tables, own, ways, steps)
    columns = {}
    for position, within in enumerate(hours):
        name = f"population_{round(within * 60)}min"
        columns[f"{name}_own"] = inside[:, position]
        columns[f"{name}_across"] = beyond[:, position]
    return pd.DataFrame(columns, index=places.index)


def border_effect(potentials: pd.DataFrame) -> pd.Series[float]:
    """Share of accessibility lost to delays, ``1 - A(as is) / A(no delay)``.

    ``A`` is the whole of what is reached, own side and across.

    Parameters
    ----------
    potentials
        Columns ``own``, ``across``, ``own_open`` and ``across_open`` of `potential`, by
        place or by region.

    Returns
    -------
    Series
        ``border_effect``, between 0 (delays cost nothing) and 1; missing where nothing is
        reached even without delays.
    """
    free = potentials["own_open"] + potentials["across_open"]
    as_is = potentials["own"] + potentials["across"]
    # Rounding of the two sums must not make a loss below zero.
    return (1 - as_is / free.where(free > 0)).clip(lower=0).rename("border_effect")


def without_delays(scenario: Scenario) -> Scenario:
    """Take the delays out of a scenario.

    Parameters
    ----------
    scenario
        What is different at the border.

    Returns
    -------
    Scenario
        The same checkpoints open, with no delay.
    """
    return replace(scenario, delay_factor=0.0)


def reached_inside(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    cases: Sequence[Passages],
    decays: Sequence[Decay],
) -> NDArray[np.float64]:
    """Discounted population on the own side, in one pass over its times.

    Parameters
    ----------
    places, tables, own
        As in `potential`.
    cases
        Ways between the gates under some scenarios.
    decays
        Impedance functions.

    Returns
    -------
    ndarray
        Persons reached without passing the border, and then for each case those that the
        way through the other side adds; missing for places that are no origins,
        shape (1 + cases, P, D).

    Raises
    ------
    TableError, SideError
        As in `potential`.
    """
    population = _checked(places, tables, own)
    sums = np.full((1 + len(cases), len(places), len(decays)), np.nan)
    for side in range(len(SIDES)):
        origins, ends = own.origins[side], own.destinations[side]
        transits = [
            transit(tables, ways, side, origins=origins, destinations=ends) for ways in cases
        ]
        sums[:, origins] = own_sums(own, side, population[ends], codes(decays), transits)
    return sums


def reached_across(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    ways: Passages,
    decays: Sequence[Decay],
) -> NDArray[np.float64]:
    """Discounted population on the other side.

    Parameters
    ----------
    places, tables, own
        As in `potential`; of `own` only the origins count.
    ways
        Ways between the gates.
    decays
        Impedance functions.

    Returns
    -------
    ndarray
        Persons, missing for places that are no origins, shape (P, D).

    Raises
    ------
    TableError, SideError
        As in `potential`.
    """
    population = _checked(places, tables, own)
    sums = np.full((len(places), len(decays)), np.nan)
    for side in range(len(SIDES)):
        origins, ends = own.origins[side], own.destinations[1 - side]
        crossing = across(tables, ways, side, origins=origins, destinations=ends)
        sums[origins] = crossing.sums(population[ends], codes(decays))
    return sums


def _checked(places: pd.DataFrame, tables: GateTables, own: Inside) -> NDArray[np.float64]:
    """Population of the places, after checking that they are those of the tables."""
    if not places.index.equals(tables.place_ids):
        raise TableError("the places are not those of the checkpoint tables")
    for name, ends in zip(SIDES, own.destinations, strict=True):
        if not len(ends):
            raise SideError(f"no place lies on the side {name!r}", remedy="Both are needed")
    return population_of(places)
