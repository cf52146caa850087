"""Pairs of places in tiles, of which scenarios at the border touch some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.bottlenecks.change_kernels import Differing, change_tiles
from geo_border.compute.compiled import in_blocks
from geo_border.routing.crossing import NO_DIRECT
from geo_border.routing.inside import rows_at_once
from geo_border.routing.pair_kernels import SPAN, Trips
from geo_border.routing.pair_tiles import BLOCKS, in_tiles, lead_on, slack_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.pair_tiles import Pairs
    from geo_border.traffic.demand import Market

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What S scenarios change for the N origins of some pairs, in the order of these.

    Parameters
    ----------
    sums
        By how much sums of D impedance functions change, shape (S, D, N).
    moved
        Demand that takes another way or another time, the hours that it takes longer, and
        demand that finds no way, shape (S, 3, N).
    left, taken
        Demand by the first and the last gate of the ways it leaves, and of those it takes
        instead, shape (S, K, K).
    """

    sums: Floats
    moved: Floats
    left: Floats
    taken: Floats


def changed_sums(
    pairs: Pairs,
    as_is: Floats,
    others: Floats,
    codes: Floats,
    population: Floats,
    *,
    own: Inside | None = None,
    side: int = 0,
    market: Market | None = None,
    demand_code: Floats | None = None,
) -> Found:
    """Sum over the tiles that scenarios touch.

    Parameters
    ----------
    pairs
        Origins and destinations.
    as_is, others
        Ways between the gates as they are, shape (K, K), and under the scenarios,
        shape (S, K, K): an ``across`` or ``transit`` of `geo_border.routing.scenarios.Passages`.
    codes
        Impedance functions, shape (D, 3).
    population
        Of all places, shape (P,).
    own, side
        Times inside the side of both origins and destinations; not given where all
        pairs must pass the border.
    market, demand_code
        Demand of the pairs and its impedance function, where it is to be routed anew.

    Returns
    -------
    Found
        No sum is taken anew where nothing changes: the changes there are 0.
    """
    scenarios, gates = others.shape[:2]
    n, tiles = len(pairs.origins), len(pairs.starts.legs)
    differing, routes, gate = _differing(as_is, others)
    pool = lead_on(pairs.ends, routes, gate)
    found = Found(
        np.zeros((scenarios, len(codes), n)),
        np.zeros((scenarios, 3, n)),
        *np.zeros((2, scenarios, gates, gates)),
    )
    some = np.flatnonzero(np.diff(differing.start))
    if not (len(some) and tiles and len(pairs.ends.legs)):
        return found
    slack = slack_of(pairs.starts, pool)
    mass = np.zeros((2, len(population)))
    if market is not None:
        mass[0, market.origins] = market.origin_mass
        mass[1, market.destinations] = market.destination_mass
    trips = Trips(
        in_tiles(mass[0, pairs.origins], tiles if market is not None else 0),
        in_tiles(mass[1, pairs.destinations], len(pairs.ends.legs)),
        np.empty(3) if demand_code is None else demand_code,
    )
    work = partial(
        _some_tiles,
        pairs,
        own,
        side,
        (
            pairs.ends,
            in_tiles(population[pairs.destinations], len(pairs.ends.legs)),
            pool,
            differing,
            slack,
            codes,
            trips,
        ),
    )
    size = -(-tiles // BLOCKS)
    if own is not None:
        size = min(size, max(1, rows_at_once(len(pairs.destinations)) // SPAN))
    for block, part in enumerate(in_blocks(tiles, work, size=size)):
        at = slice(block * size * SPAN, min((block + 1) * size * SPAN, n))
        rows = at.stop - at.start
        found.sums[:, :, at], found.moved[:, :, at] = part[0][..., :rows], part[1][..., :rows]
        found.left[:] += part[2]
        found.taken[:] += part[3]
    return found


def _differing(as_is: Floats, others: Floats) -> tuple[Differing, Floats, NDArray[np.int64]]:
    """Which ways scenarios change, and all ways there are with their first gates."""
    scenarios, gates = others.shape[:2]
    differs = (others != as_is).any(axis=2)
    open_as_is, still_open = np.isfinite(as_is).any(axis=1), np.isfinite(others).any(axis=2)
    row = np.empty((scenarios + 1, gates), np.int64)
    row[:] = np.where(open_as_is, np.arange(gates), -1)
    row[:-1][differs & ~still_open] = -1
    new = np.argwhere(differs & still_open)
    row[new[:, 0], new[:, 1]] = gates + np.arange(len(new))
    routes = np.concatenate([as_is, others[new[:, 0], new[:, 1]]])
    start = np.zeros(scenarios + 1, np.int64)
    np.cumsum(differs.sum(axis=1), out=start[1:])
    gate = np.concatenate([np.arange(gates), new[:, 1]])
    return Differing(row, start, np.nonzero(differs)[1]), routes, gate


def _some_tiles(
    pairs: Pairs, own: Inside | None, side: int, rest: Any, tiles: slice
) -> tuple[Floats, Floats, Floats, Floats]:
    """What scenarios change for some tiles of origins."""
    ends, weight, pool, differing, slack, codes, trips = rest
    scenarios, gates = len(differing.row) - 1, differing.row.shape[1]
    rows = (tiles.stop - tiles.start) * SPAN
    direct = NO_DIRECT
    if own is not None:
        direct = _direct(pairs, own, side, slice(tiles.start * SPAN, tiles.stop * SPAN))
    sums, moved = np.zeros((scenarios, len(codes), rows)), np.zeros((scenarios, 3, rows))
    left, taken = np.zeros((2, scenarios, gates, gates))
    change_tiles(
        *(tiles.start, tiles.stop, direct, pairs.starts, ends, weight, pool),
        *(differing, slack, codes, trips, sums, moved, left, taken),
    )
    return sums, moved, left, taken


def _direct(pairs: Pairs, own: Inside, side: int, rows: slice) -> Floats:
    """Hours inside the side from some origins, in the order of the tiles."""
    origins, columns = pairs.origins[rows], pairs.destinations
    hours = own.block(side, np.searchsorted(own.origins[side], origins))
    direct = np.full((len(pairs.ends.legs) * SPAN, rows.stop - rows.start), np.inf)
    at = np.searchsorted(own.destinations[side], columns)
    direct[: len(columns), : len(origins)] = hours.T[at]
    return direct
