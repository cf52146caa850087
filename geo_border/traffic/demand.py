"""Gravity demand across the border, summed over pairs without holding them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.decay import Decay, Exponential
from geo_border.access.regions import population_of
from geo_border.compute.compiled import in_blocks, kernel
from geo_border.errors import SideError
from geo_border.routing.crossing import Crossing, across
from geo_border.routing.engine.kernels import impedance, shorten_by
from geo_border.routing.scenarios import passages
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

    Flows = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]


@dataclass(frozen=True, slots=True)
class Gravity:
    """Demand ``T_ij = k P_i^α P_j^γ f(t_ij)`` between places on different sides.

    Parameters
    ----------
    decay
        ``f``, impedance function of travel time.
    origin_exponent, destination_exponent
        ``α`` and ``γ``.
    total
        Sum of the demand over all pairs, both directions; 1 makes shares of it, a count
        of trips calibrates it. ``k`` follows.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> near = gb.Gravity(decay=gb.Exponential(1))
    >>> demand = gb.cross_demand(trips, gravity=near)
    >>> demand.through.shape
    (2, 30, 30)
    """

    decay: Decay = Exponential(half_life=3.0)
    origin_exponent: float = 1.0
    destination_exponent: float = 1.0
    total: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Pairs of origins on one side and destinations on the other.

    Parameters
    ----------
    origins, destinations
        Positions of places with any mass.
    origin_mass, destination_mass
        ``k P^α`` and ``P^γ``.
    crossing
        Times of the pairs.
    """

    __repr__ = shown

    origins: NDArray[np.int64]
    destinations: NDArray[np.int64]
    origin_mass: NDArray[np.float64]
    destination_mass: NDArray[np.float64]
    crossing: Crossing


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Demand across the border and the ways it takes.

    Parameters
    ----------
    gravity
        What it was made from.
    markets
        Pairs by side of the origin; the masses hold the factor ``k``.
    to_gate
        Demand from each place to the gate of its first passage, shape (P, K).
    through
        Demand by side of the origin, first and last gate, shape (2, K, K).
    from_gate
        Demand from the gate of the last passage to each place, shape (K, P).
    hours
        Mean travel time of the demand, hours, missing if there is none.
    """

    __repr__ = shown

    gravity: Gravity
    markets: tuple[Market, Market]
    to_gate: NDArray[np.float64]
    through: NDArray[np.float64]
    from_gate: NDArray[np.float64]
    hours: float


def cross_demand(
    travel: Travel,
    routes: Passages | None = None,
    *,
    gravity: Gravity = Gravity(),
    among: NDArray[np.bool_] | None = None,
) -> Demand:
    """Demand of all pairs of places on different sides, by the gates it takes.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    routes
        Ways between the gates under a scenario; those of the border as it is if not given.
    gravity
        Demand model.
    among
        Which places travel, shape (P,); all if not given.

    Returns
    -------
    Demand
        Pairs without a way have none. All zero where nobody can cross.

    Raises
    ------
    TableError
        If places and tables do not match or the population is not sound.
    SideError
        If no place with a population lies on one of the sides.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> demand = gb.cross_demand(trips)
    >>> bool(demand.hours > 0)
    True
    """
    places, tables = travel.places, travel.tables
    routes = passages(tables) if routes is None else routes
    population = population_of(places)
    if among is not None:
        population = np.where(among, population, 0.0)
    raw = tuple(_market(tables, routes, gravity, population, side) for side in range(len(SIDES)))
    code = np.array(gravity.decay.code)
    shape = tables.n_gates, len(places)
    to_gate, from_gate = np.zeros(shape[::-1]), np.zeros(shape)
    through = np.zeros((2, tables.n_gates, tables.n_gates))
    total_hours = 0.0
    for side, market in enumerate(raw):
        for rows, flows in _blocks(market, code):
            to_gate[market.origins[rows]] = flows[0]
            through[side] += flows[1]
            from_gate[:, market.destinations] += flows[2]
            total_hours += flows[3]
    total = through.sum()
    k = gravity.total / total if total > 0 else 0.0
    scaled = [
        Market(m.origins, m.destinations, m.origin_mass * k, m.destination_mass, m.crossing)
        for m in raw
    ]
    return Demand(
        gravity=gravity,
        markets=(scaled[0], scaled[1]),
        to_gate=to_gate * k,
        through=through * k,
        from_gate=from_gate * k,
        hours=total_hours / total if total > 0 else np.nan,
    )


def _market(
    tables: GateTables,
    routes: Passages,
    gravity: Gravity,
    population: NDArray[np.float64],
    side: int,
) -> Market:
    """Pairs of one direction, masses without ``k``."""
    ends = []
    for where in (side, 1 - side):
        there = tables.places_on(where)
        ends.append(there[population[there] > 0])
        if not len(ends[-1]):
            raise SideError(
                f"no place with a population lies on the side {SIDES[where]!r}",
                remedy="Demand across the border needs both",
            )
    return Market(
        origins=ends[0],
        destinations=ends[1],
        origin_mass=population[ends[0]] ** gravity.origin_exponent,
        destination_mass=population[ends[1]] ** gravity.destination_exponent,
        crossing=across(tables, routes, side, origins=ends[0], destinations=ends[1]),
    )


def _blocks(market: Market, code: NDArray[np.float64]) -> list[tuple[slice, Flows]]:
    """Flows of one direction by block of origins."""
    return list(in_blocks(len(market.origins), partial(_block_flows, market, code)))


def _block_flows(market: Market, code: NDArray[np.float64], rows: slice) -> tuple[slice, Flows]:
    """Flows of some origins."""
    crossing = market.crossing
    masses = market.origin_mass[rows], market.destination_mass
    flows: Flows = _assign(crossing.A[rows], crossing.E, crossing.last, *masses, code)
    return rows, flows


@kernel
def _assign(
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    origin_mass: NDArray[np.float64],
    destination_mass: NDArray[np.float64],
    code: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Demand of some origins to the gates, through them, from them, and its hours."""
    n_gates, n_ends = E.shape
    to_gate = np.zeros(A.shape)
    through = np.zeros((n_gates, n_gates))
    from_gate = np.zeros(E.shape)
    total_hours = 0.0
    times = np.empty(n_ends)
    first = np.empty(n_ends, np.int32)
    for i in range(len(A)):
        times[:] = np.inf
        shorten_by(A[i], E, times, first)
        for j in range(n_ends):
            if times[j] == np.inf:
                continue
            trips = origin_mass[i] * destination_mass[j] * impedance(code, times[j])
            leave, enter = first[j], last[first[j], j]
            to_gate[i, leave] += trips
            through[leave, enter] += trips
            from_gate[enter, j] += trips
            total_hours += trips * times[j]
    return to_gate, through, from_gate, total_hours
