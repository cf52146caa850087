"""What places can reach, split into own side and across the border."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential, Step, codes
from geo_border.access.regions import weight_of
from geo_border.routing.crossing import across, own_sums, transit
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.spots import OwnSpots, at_spots
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Passages
    from geo_border.routing.travel import Travel


def potential(
    travel: Travel,
    *,
    decay: Decay = Exponential(),
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Potential accessibility ``A_i = Σ_j P_j f(t_ij)`` of each origin.

    A place reaches itself in no time. Trips on the own side take the way through the
    other side where that is faster.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    decay
        Impedance function of travel time.
    weight
        Column of `places` with the opportunities.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; persons (or the unit of
        `weight`) reached, discounted: ``own`` and ``across`` under the scenario, ``own_open`` and
        ``across_open`` with no delay at its open checkpoints, ``own_closed`` with all
        checkpoints closed (nothing is across then).

    Raises
    ------
    TableError
        If places and tables do not match or the weights are not sound.
    CheckpointError
        If the scenario does not fit the tables.

    References
    ----------
    Hansen (1959), How accessibility shapes land use, J. Am. Inst. Plann. 25(2) 73-76.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> reached = gb.potential(trips, decay=gb.Exponential(2))
    >>> list(reached)
    ['own', 'across', 'own_open', 'across_open', 'own_closed']
    >>> bool(reached["across"].sum() < reached["across_open"].sum())
    True
    """
    return potentials(travel, decays=[decay], weight=weight, scenario=scenario)[0]


def potentials(
    travel: Travel,
    *,
    decays: Sequence[Decay],
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> list[pd.DataFrame]:
    """Potential accessibility under several impedance functions, in one pass over the times.

    Costs a look at each pair of places of a side, or of spots where these are told apart
    (`geo_border.routing.spots.OwnSpots`), and an evaluation of each function there; a block of
    rows is held. Across the border, `geo_border.routing.tiles.tile_sums`.

    Parameters
    ----------
    travel, weight, scenario
        As in `potential`.
    decays
        Impedance functions of travel time.

    Returns
    -------
    list of DataFrame
        What `potential` gives under each.

    Raises
    ------
    TableError, CheckpointError
        As in `potential`.
    """
    places, tables = travel.places, travel.tables
    cases = [passages(tables, what) for what in (scenario, without_delays(scenario))]
    inside = reached_inside(travel, cases, decays, weight=weight)
    inside[1:] += inside[0]
    beyond = [reached_across(travel, routes, decays, weight=weight) for routes in cases]
    return [
        pd.DataFrame(
            {
                "own": inside[1, :, position],
                "across": beyond[0][:, position],
                "own_open": inside[2, :, position],
                "across_open": beyond[1][:, position],
                "own_closed": inside[0, :, position],
            },
            index=places.index,
        )
        for position in range(len(decays))
    ]


def cumulative(
    travel: Travel,
    *,
    hours: Sequence[float] = (1.0,),
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Population (or jobs, or beds) within given times of each origin.

    Parameters
    ----------
    travel
        As in `potential`.
    hours
        The times, hours.
    weight
        Column of `places` that is counted.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; for each time, by its
        minutes, persons (or the unit of `weight`): ``population_60min_own`` and
        ``population_60min_across`` under the scenario, both with ``_open`` (no delays), and
        ``population_60min_own_closed``.

    Raises
    ------
    TableError, CheckpointError
        As in `potential`.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> reached = gb.cumulative(trips, hours=[2])
    >>> list(reached)[:2]
    ['population_120min_own', 'population_120min_across']
    """
    steps = [Step(within) for within in hours]
    found = potentials(travel, decays=steps, weight=weight, scenario=scenario)
    return by_minutes(found, hours, weight=weight)


def by_minutes(
    found: Sequence[pd.DataFrame], hours: Sequence[float], *, weight: str = "population"
) -> pd.DataFrame:
    """Name what is reached within some times by their minutes.

    Parameters
    ----------
    found
        Result of `potentials` under a step at each time, one at least.
    hours
        The times, hours.
    weight
        Column of the places that was counted.

    Returns
    -------
    DataFrame
        The columns of `cumulative`.
    """
    parts = [
        part.add_prefix(f"{weight}_{round(within * 60)}min_")
        for within, part in zip(hours, found, strict=True)
    ]
    return pd.concat(parts, axis=1)


def border_effect(potentials: pd.DataFrame) -> pd.DataFrame:
    """Share of accessibility lost to delays, ``1 - A(as is) / A(no delay)``.

    The effect of a region is the mean of its places' effects, weighted by population
    (`geo_border.access.regions.by_region`), as with every other measure: what the border
    takes from one of its people, not from the sum of what they reach.

    Parameters
    ----------
    potentials
        Columns ``own``, ``across``, ``own_open`` and ``across_open`` of `potential`, by place.

    Returns
    -------
    DataFrame
        ``all`` (of what is reached on both sides), ``own`` (of what is reached on the own
        side, in part through the other) and ``across``: between 0 (delays cost nothing) and
        1; missing where nothing is reached even without delays.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> effect = gb.border_effect(gb.potential(trips))
    >>> list(effect)
    ['all', 'own', 'across']
    """
    as_is = potentials[["own", "across"]]
    free = potentials[["own_open", "across_open"]].set_axis(as_is.columns, axis=1)
    as_is, free = (part.assign(all=part["own"] + part["across"]) for part in (as_is, free))
    # Rounding of the two sums must not make a loss below zero.
    return (1 - as_is / free.where(free > 0)).clip(lower=0)[["all", "own", "across"]]


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
    return replace(scenario, factor=0.0)


def reached_inside(
    travel: Travel,
    cases: Sequence[Passages],
    decays: Sequence[Decay],
    *,
    weight: str = "population",
) -> NDArray[np.float64]:
    """Discounted population on the own side, in one pass over its times.

    Parameters
    ----------
    travel
        As in `potential`.
    cases
        Ways between the gates under some scenarios.
    decays
        Impedance functions.
    weight
        Column of `places` with the opportunities.

    Returns
    -------
    ndarray
        Persons reached without passing the border, and then for each case those that the
        way through the other side adds; missing for places that are no origins,
        shape (1 + cases, P, D).

    Raises
    ------
    TableError
        As in `potential`.
    """
    places, tables, own = travel.places, travel.tables, travel.own
    weights = weight_of(travel.places, weight)
    if isinstance(own, OwnSpots):
        spots = at_spots(travel, own, weight)
        sums = reached_inside(spots, cases, decays, weight=weight)[:, own.spot]
        # A place reaches itself in no time, the others of its spot by the node.
        nearer = [decay(0.0) - decay(own.between) for decay in decays]
        sums[0] += weights[:, None] * np.stack(nearer, axis=1)[own.spot]
        return sums
    sums = np.full((1 + len(cases), len(places), len(decays)), np.nan)
    for side in range(len(SIDES)):
        origins, ends = own.origins[side], own.destinations[side]
        transits = [
            transit(tables, routes, side, origins=origins, destinations=ends) for routes in cases
        ]
        sums[:, origins] = own_sums(own, side, weights[ends], codes(decays), transits)
    return sums


def reached_across(
    travel: Travel,
    routes: Passages,
    decays: Sequence[Decay],
    *,
    weight: str = "population",
    sides: Collection[int] = (0, 1),
) -> NDArray[np.float64]:
    """Discounted population on the other side.

    Parameters
    ----------
    travel
        As in `potential`; of `own` only the origins count.
    routes
        Ways between the gates.
    decays
        Impedance functions.
    weight
        Column of `places` with the opportunities.
    sides
        Of the origins, positions in `geo_border.terms.SIDES`.

    Returns
    -------
    ndarray
        Persons, missing for places that are no origins of these sides, shape (P, D).

    Raises
    ------
    TableError
        As in `potential`.
    """
    places, tables, own = travel.places, travel.tables, travel.own
    weights = weight_of(travel.places, weight)
    if isinstance(own, OwnSpots):
        spots = at_spots(travel, own, weight)
        return reached_across(spots, routes, decays, weight=weight, sides=sides)[own.spot]
    sums = np.full((len(places), len(decays)), np.nan)
    for side in sides:
        origins, ends = own.origins[side], own.destinations[1 - side]
        crossing = across(tables, routes, side, origins=origins, destinations=ends)
        sums[origins] = crossing.sums(weights[ends], codes(decays))
    return sums
