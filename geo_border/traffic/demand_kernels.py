"""Compiled part of demand: pairs of a tile go to their gates together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.pair_kernels import SPAN, fill_flow, kept_gates, shorten_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.pair_kernels import Ends, Pool, Trips

    Floats = NDArray[np.float64]


@kernel
def assign_tiles(
    start: int,
    stop: int,
    origins: Ends,
    ends: Ends,
    pool: Pool,
    row: NDArray[np.int64],
    slack: float,
    trips: Trips,
    to_gate: Floats,
    through: Floats,
    from_gate: Floats,
    hours: Floats,
) -> None:
    """Demand of some tiles of origins to the gates, through them, from them, and its hours.

    Parameters
    ----------
    start, stop
        Which tiles of the origins, n of them.
    origins, ends
        Both ends of the pairs, in I and J tiles.
    pool
        Ways on to the destinations, one by gate of the first passage.
    row
        Way by gate, -1 where there is none, shape (K,).
    slack
        By how much a gate must be faster to put another one out, hours.
    trips
        Demand.
    to_gate
        By origin and gate of the first passage, shape (n * SPAN, K); added to.
    through
        By gate of the first and of the last passage, shape (K, K); added to.
    from_gate
        By tile, gate of the last passage and destination, shape (J, K, SPAN); added to.
    hours
        Demand times its travel time by origin, shape (n * SPAN,); added to.
    """
    gates, pairs = len(row), SPAN * SPAN
    kept, reach = np.empty(gates, np.int64), np.full(gates, np.inf)
    times, flow, first = np.empty(pairs), np.empty(pairs), np.empty(pairs, np.int64)
    for J in range(len(ends.legs)):
        bounds = pool.low[J], pool.high[J], pool.least[J], pool.most[J]
        legs, last, arrived = pool.legs[J], pool.last[J], from_gate[J]
        for tile in range(start, stop):
            of_origins = origins.low[tile], origins.high[tile], origins.gaps[tile]
            count = kept_gates(of_origins, ends.gaps[J], bounds, row, reach, slack, kept)
            if count == 0:
                continue
            times[:], first[:] = np.inf, -1
            shorten_tile(origins.legs[tile], legs, row, kept, count, times, first)
            fill_flow(trips.code, times, trips.origin_mass[tile], trips.destination_mass[J], flow)
            here = slice((tile - start) * SPAN, (tile - start + 1) * SPAN)
            left, lasted = to_gate[here], hours[here]
            if count == 1:
                _assign_to(kept[0], flow, last[row[kept[0]]], left, through, arrived)
            else:
                _assign_each(first, flow, row, last, left, through, arrived)
            for pair in range(pairs):
                lasted[pair % SPAN] += flow[pair] * times[pair] if first[pair] >= 0 else 0.0


@kernel
def _assign_to(
    k: int,
    flow: Floats,
    last: NDArray[np.int32],
    left: Floats,
    through: Floats,
    arrived: Floats,
) -> None:
    """Assign a tile's demand that all leaves by one gate."""
    for j in range(SPAN):
        total = 0.0
        for i in range(SPAN):
            left[i, k] += flow[j * SPAN + i]
            total += flow[j * SPAN + i]
        if last[j] >= 0:
            through[k, last[j]] += total
            arrived[last[j], j] += total


@kernel
def _assign_each(
    first: NDArray[np.int64],
    flow: Floats,
    row: NDArray[np.int64],
    last: NDArray[np.int32],
    left: Floats,
    through: Floats,
    arrived: Floats,
) -> None:
    """Assign a tile's demand pair by pair."""
    for j in range(SPAN):
        for i in range(SPAN):
            pair = j * SPAN + i
            k = first[pair]
            if k >= 0:
                end = last[row[k], j]
                left[i, k] += flow[pair]
                through[k, end] += flow[pair]
                arrived[end, j] += flow[pair]
