"""Gravity demand across the border, summed over pairs without holding them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.decay import Decay, Exponential, codes
from geo_border.access.regions import population_of
from geo_border.compute.compiled import in_blocks
from geo_border.errors import SideError
from geo_border.routing.pair_kernels import SPAN, Trips
from geo_border.routing.pair_tiles import BLOCKS, in_tiles, lead_on, slack_of, tiled
from geo_border.routing.scenarios import passages
from geo_border.routing.spots import merge
from geo_border.shown import shown
from geo_border.terms import SIDES
from geo_border.traffic.demand_kernels import assign_tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.pair_kernels import Pool
    from geo_border.routing.pair_tiles import Pairs
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.spots import Merged
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

    Floats = NDArray[np.float64]
    Flows = tuple[Floats, Floats, Floats, Floats]


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
    """Origins on one side and destinations on the other, at their spots.

    Parameters
    ----------
    origins, destinations
        Positions of spots with a population, as `geo_border.routing.spots.merge` has them.
    origin_mass, destination_mass
        Sums over their places of ``k P^α`` and ``P^γ``.
    """

    __repr__ = shown

    origins: NDArray[np.int64]
    destinations: NDArray[np.int64]
    origin_mass: Floats
    destination_mass: Floats


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
    to_gate: Floats
    through: Floats
    from_gate: Floats
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
    merged = merge(travel)
    routes = passages(travel.tables) if routes is None else routes
    persons = travellers(travel, among)
    found = demand_at(merged, routes, gravity, persons)
    of_start, of_end = (merged.share(mass) for mass in masses(gravity, persons))
    to_gate, from_gate = found.to_gate[merged.spot], found.from_gate[:, merged.spot]
    to_gate *= of_start[:, None]
    from_gate *= of_end
    return replace(found, to_gate=to_gate, from_gate=from_gate)


def travellers(travel: Travel, among: NDArray[np.bool_] | None) -> Floats:
    """Persons at the places that travel.

    Parameters
    ----------
    travel
        The trips.
    among
        Which places travel, shape (P,); all if not given.

    Returns
    -------
    ndarray
        0 at the others, shape (P,).

    Raises
    ------
    TableError
        If the population is not sound.
    """
    population = population_of(travel.places)
    return population if among is None else np.where(among, population, 0.0)


def demand_at(merged: Merged, routes: Passages, gravity: Gravity, persons: Floats) -> Demand:
    """Demand of all pairs, by spots in place of places.

    Costs a look at each pair of tiles of spots, and at each pair in it for every gate that
    no other beats in the whole tile.

    Parameters
    ----------
    merged
        The trips.
    routes
        Ways between the gates.
    gravity
        Demand model.
    persons
        Of all P places, 0 where nobody travels, shape (P,).

    Returns
    -------
    Demand
        As of `cross_demand`, with ``to_gate`` and ``from_gate`` of the spots.

    Raises
    ------
    SideError
        If no place with a population lies on one of the sides.
    """
    tables = merged.travel.tables
    ends = _ends(tables, merged.total(persons))
    begin, end = (merged.total(mass) for mass in masses(gravity, persons))
    shape = tables.n_gates, len(merged.travel.places)
    to_gate, from_gate = np.zeros(shape[::-1]), np.zeros(shape)
    through = np.zeros((2, tables.n_gates, tables.n_gates))
    total_hours = 0.0
    for side, (origins, destinations) in enumerate((ends, ends[::-1])):
        pairs = tiled(tables, origins, destinations)
        flows = _assigned(pairs, routes.across[side], begin, end, codes([gravity.decay])[0])
        to_gate[pairs.origins], from_gate[:, pairs.destinations] = flows[0], flows[2]
        through[side] = flows[1]
        total_hours += float(flows[3].sum())
    total = through.sum()
    k = gravity.total / total if total > 0 else 0.0
    home, neighbour = (
        Market(origins, destinations, k * begin[origins], end[destinations])
        for origins, destinations in (ends, ends[::-1])
    )
    return Demand(
        gravity=gravity,
        markets=(home, neighbour),
        to_gate=to_gate * k,
        through=through * k,
        from_gate=from_gate * k,
        hours=total_hours / total if total > 0 else np.nan,
    )


def masses(gravity: Gravity, persons: Floats) -> tuple[Floats, Floats]:
    """Mass of each place as origin and as destination, without the factor ``k``.

    Parameters
    ----------
    gravity
        Demand model.
    persons
        Who travels, shape (P,).

    Returns
    -------
    origin, destination : ndarray
        ``P^α`` and ``P^γ``, 0 where nobody travels, shape (P,).
    """
    some = persons > 0
    origin, destination = (
        np.where(some, persons**exponent, 0.0)
        for exponent in (gravity.origin_exponent, gravity.destination_exponent)
    )
    return origin, destination


def _ends(tables: GateTables, persons: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spots with persons on either side."""
    home, neighbour = (there[persons[there] > 0] for there in map(tables.places_on, range(2)))
    for side, there in zip(SIDES, (home, neighbour), strict=True):
        if not len(there):
            raise SideError(
                f"no place with a population lies on the side {side!r}",
                remedy="Demand across the border needs both",
            )
    return home, neighbour


def _assigned(pairs: Pairs, across: Floats, begin: Floats, end: Floats, code: Floats) -> Flows:
    """Demand to, through and from the gates and its hours, in the order of the tiles."""
    gates, tiles, targets = len(across), len(pairs.starts.legs), len(pairs.ends.legs)
    pool = lead_on(pairs.ends, across, np.arange(gates))
    row = np.where(np.isfinite(across).any(axis=1), np.arange(gates), -1)
    trips = Trips(
        in_tiles(begin[pairs.origins], tiles), in_tiles(end[pairs.destinations], targets), code
    )
    to_gate = np.empty((tiles * SPAN, gates))
    through, hours = np.zeros((gates, gates)), np.zeros(tiles * SPAN)
    from_gate = np.zeros((targets, gates, SPAN))
    size = -(-tiles // BLOCKS)
    work = partial(_some_tiles, pairs, pool, row, slack_of(pairs.starts, pool), trips)
    for block, part in enumerate(in_blocks(tiles, work, size=size)):
        here = slice(block * size * SPAN, block * size * SPAN + len(part[0]))
        to_gate[here], hours[here] = part[0], part[3]
        through += part[1]
        from_gate += part[2]
    there = from_gate.transpose(1, 0, 2).reshape(gates, targets * SPAN)
    there = there[:, : len(pairs.destinations)]
    return to_gate[: len(pairs.origins)], through, there, hours


def _some_tiles(
    pairs: Pairs, pool: Pool, row: NDArray[np.int64], slack: float, trips: Trips, tiles: slice
) -> Flows:
    """Flows of some tiles of origins."""
    gates, rows = len(row), (tiles.stop - tiles.start) * SPAN
    to_gate, through = np.zeros((rows, gates)), np.zeros((gates, gates))
    from_gate, hours = np.zeros((len(pairs.ends.legs), gates, SPAN)), np.zeros(rows)
    assign_tiles(
        *(tiles.start, tiles.stop, pairs.starts, pairs.ends, pool, row, slack, trips),
        *(to_gate, through, from_gate, hours),
    )
    return to_gate, through, from_gate, hours
