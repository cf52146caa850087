"""Services and those who compete for them: floating catchments and spatial availability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import ROUNDING_H, Step
from geo_border.access.regions import weight_of
from geo_border.access.services import check_services, service_blocks
from geo_border.errors import ParameterError
from geo_border.ids import by_id
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geo_border.access.services import ServiceTimes

    Impedance = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Stepwise:
    """Impedance in steps: a weight up to each time, 0 beyond the last.

    Parameters
    ----------
    bounds
        Ends of the steps, hours, ascending; each end belongs to its step.
    weights
        Weight of each step; those of Luo & Qi (2009) for 10, 20 and 30 minutes if not given.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Stepwise(bounds=(0.5, 1.0), weights=(1.0, 0.4))([0.2, 0.7, 3.0]).tolist()
    [1.0, 0.4, 0.0]
    """

    bounds: tuple[float, ...] = (1 / 6, 1 / 3, 1 / 2)
    weights: tuple[float, ...] = (1.0, 0.68, 0.22)

    def __post_init__(self) -> None:
        if len(self.bounds) != len(self.weights) or not self.bounds:
            raise ParameterError("each step has one end and one weight")
        if not all(low < high for low, high in pairwise((0.0, *self.bounds))):
            raise ParameterError("ends of steps are positive and ascend")

    def __call__(self, hours: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight after the given hours."""
        step = np.searchsorted(np.array(self.bounds) + ROUNDING_H, hours)
        return np.array([*self.weights, 0.0])[step]


@dataclass(frozen=True, slots=True, eq=False)
class Catchment:
    """What services offer to places, and who asks for each.

    Parameters
    ----------
    places
        Index of the places; columns ``own`` and ``across``: supply on the place's own side
        and across the border, in the unit of the measure.
    services
        Index of the services; ``demand_own`` and ``demand_across`` (persons, weighted, from
        the service's own side and from across) and ``level`` (supply over demand, 0 where
        nobody can come).
    """

    __repr__ = shown

    places: pd.DataFrame
    services: pd.DataFrame


def two_step(
    times: ServiceTimes,
    places: pd.DataFrame,
    services: pd.DataFrame,
    *,
    within_h: float = 1.0,
    demand: str = "population",
    supply: str = "supply",
) -> Catchment:
    """Two-step floating catchment areas (2SFCA): supply per person within a time.

    Parameters
    ----------
    times
        Times from the places to the services. All places compete: give those beyond the
        regions of interest too.
    places
        Column with the people who may come.
    services
        Column `supply`. All are of one kind: they replace each other.
    within_h
        Size of the catchments, hours.
    demand, supply
        Names of the columns.

    Returns
    -------
    Catchment
        Units of supply per person.

    Raises
    ------
    TableError
        If the times are not of these places and services, or a weight is not sound.

    References
    ----------
    Luo & Wang (2003), Environ. Plann. B 30(6) 865-884.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(20, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> gb.two_step(times, net.places, clinics, within_h=2).places.shape
    (1420, 2)
    """
    step = Step(within=within_h)
    return enhanced_two_step(times, places, services, decay=step, demand=demand, supply=supply)


def enhanced_two_step(
    times: ServiceTimes,
    places: pd.DataFrame,
    services: pd.DataFrame,
    *,
    decay: Impedance = Stepwise(),
    demand: str = "population",
    supply: str = "supply",
) -> Catchment:
    """Enhanced 2SFCA: supply per person, both weighted by distance decay.

    ``A_i = Σ_j S_j f(t_ij) / Σ_n P_n f(t_nj)``, which with an exponential decay is also the
    accessibility of Shen (1998). One pass over the times.

    Parameters
    ----------
    times, places, services, demand, supply
        As in `two_step`.
    decay
        Impedance function of travel time.

    Returns
    -------
    Catchment
        Units of supply per person.

    Raises
    ------
    TableError
        As in `two_step`.

    References
    ----------
    Luo & Qi (2009), Health & Place 15(4) 1100-1107.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(20, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> offer = gb.enhanced_two_step(times, net.places, clinics, decay=gb.Exponential(1))
    >>> sorted(offer.services)
    ['demand_across', 'demand_own', 'level']
    """
    people, offered = _checked(times, places, services, demand, supply)
    work = partial(_offered, times, decay, people, people, offered)
    return _gathered(times, places, services, offered, work)


def balanced(
    times: ServiceTimes,
    places: pd.DataFrame,
    services: pd.DataFrame,
    *,
    decay: Impedance = Stepwise(),
    demand: str = "population",
    supply: str = "supply",
) -> Catchment:
    """Balanced floating catchment areas: nobody is counted twice, nor is any level of service.

    Weights add up to 1 over the services of each place where demand is shared out, so that
    demand adds up to the people who reach a service; and to 1 over the places of each
    service where its level is, so that the places' values add up to the levels. Two passes
    over the times.

    Parameters
    ----------
    times, places, services, demand, supply
        As in `two_step`.
    decay
        Impedance function of travel time.

    Returns
    -------
    Catchment
        Units of supply per person, shared out over the places.

    Raises
    ------
    TableError
        As in `two_step`.

    References
    ----------
    Paez, Higgins & Vivona (2019), PLoS ONE 14(6) e0218773.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(20, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> offer = gb.balanced(times, net.places, clinics, decay=gb.Exponential(1))
    >>> list(offer.places)
    ['own', 'across']
    """
    people, offered = _checked(times, places, services, demand, supply)
    reach = np.zeros(len(places))
    for _, found in service_blocks(times, partial(_row_sums, times, decay)):
        reach += found
    shared = np.divide(people, reach, out=np.zeros_like(people), where=reach > 0)
    work = partial(_offered, times, decay, shared, np.ones_like(people), offered)
    return _gathered(times, places, services, offered, work)


def spatial_availability(
    times: ServiceTimes,
    places: pd.DataFrame,
    services: pd.DataFrame,
    *,
    decay: Impedance = Stepwise(),
    demand: str = "population",
    supply: str = "supply",
) -> Catchment:
    """Opportunities that are there for each place, each given out once.

    ``V_i = Σ_j O_j P_i f(t_ij) / Σ_n P_n f(t_nj)``: what a place gets of each service by its
    people and their distance. The values add up to the supply of all services that anyone
    reaches, and ``V_i / P_i`` is the enhanced 2SFCA. One pass over the times.

    Parameters
    ----------
    times, places, services, demand, supply
        As in `two_step`.
    decay
        Impedance function of travel time.

    Returns
    -------
    Catchment
        Units of supply.

    Raises
    ------
    TableError
        As in `two_step`.

    References
    ----------
    Soukhov, Páez, Higgins & Mohamed (2023), PLoS ONE 18(1) e0278468.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(20, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> offer = gb.spatial_availability(times, net.places, clinics, decay=gb.Exponential(1))
    >>> float(offer.places.to_numpy().sum().round())
    2000.0
    """
    found = enhanced_two_step(times, places, services, decay=decay, demand=demand, supply=supply)
    return Catchment(found.places.mul(weight_of(places, demand), axis=0), found.services)


def _checked(
    times: ServiceTimes, places: pd.DataFrame, services: pd.DataFrame, demand: str, supply: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People and supply, after checking that they are those of the times."""
    check_services(times, places, services)
    return weight_of(places, demand), weight_of(services, supply)


def _row_sums(times: ServiceTimes, decay: Impedance, rows: slice) -> NDArray[np.float64]:
    """Sum of the weights of some services for each place."""
    sums: NDArray[np.float64] = decay(times.block(rows)).sum(axis=1)
    return sums


def _offered(
    times: ServiceTimes,
    decay: Impedance,
    asking: NDArray[np.float64],
    competing: NDArray[np.float64],
    offered: NDArray[np.float64],
    rows: slice,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What some services offer to each place, and what is asked of them, own and across.

    Where the people that ask and those that compete are the same (2SFCA) a level is given
    to each place in full weight; else (balanced) the level is shared out by weights that
    add up to 1.
    """
    weight = decay(times.block(rows))
    same = times.place_side[:, None] == times.service_side[rows]
    own = np.where(same, weight, 0.0)
    requested = np.stack([asking @ own, asking @ (weight - own)])
    total = requested.sum(axis=0)
    level = np.divide(offered[rows], total, out=np.zeros_like(total), where=total > 0)
    if asking is not competing:
        spread = competing @ weight
        level = np.divide(level, spread, out=np.zeros_like(total), where=spread > 0)
    return np.stack([own @ level, (weight - own) @ level]), requested


def _gathered(
    times: ServiceTimes,
    places: pd.DataFrame,
    services: pd.DataFrame,
    offered: NDArray[np.float64],
    work: Callable[[slice], tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> Catchment:
    """Add up what the blocks of services offer."""
    got = np.zeros((2, len(places)))
    requested = np.zeros((2, len(services)))
    for rows, (given, of_services) in service_blocks(times, work):
        got += given
        requested[:, rows] = of_services
    total = requested.sum(axis=0)
    level = np.divide(offered, total, out=np.zeros_like(total), where=total > 0)
    return Catchment(
        places=pd.DataFrame(
            {"own": got[0], "across": got[1]}, index=by_id(places, "place_id").index
        ),
        services=pd.DataFrame(
            {"demand_own": requested[0], "demand_across": requested[1], "level": level},
            index=by_id(services, "service_id").index,
        ),
    )
