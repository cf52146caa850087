"""Compiled part of looking at pairs by tiles: which gates the pairs of a tile can take at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.kernels import evaluate, shorten_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPAN = 16
"""Origins, and destinations, of a tile."""

FAR = 1e30
"""Stands for infinity where differences of times are taken."""

LONGER, SHORTER, OTHER = 1, 2, 4
"""What a way under a scenario is to some destinations of a tile: marks of `Pool`."""


class Ends(NamedTuple):
    """Origins or destinations in T tiles, in the order of a map.

    Parameters
    ----------
    legs
        Hours between them and K gates, infinite beyond the last, shape (T, K, SPAN).
    number
        How many there are in each tile, shape (T,).
    low, high
        Least and greatest leg by tile and gate, shape (T, K).
    gaps
        Greatest leg of gate q less that of gate k, over those whom k reaches,
        shape (T, K, K).
    """

    legs: Floats
    number: NDArray[np.int64]
    low: Floats
    high: Floats
    gaps: Floats


class Pool(NamedTuple):
    """Ways from the first passage to the destinations: K as they are, then those that differ.

    Parameters
    ----------
    legs
        Hours by tile of destinations and way, shape (J, R, SPAN).
    last
        Gate of the last passage, -1 where there is no way, shape (J, R, SPAN).
    low, high
        Least and greatest of the hours, shape (J, R).
    least, most
        Bounds of what they are longer than the legs from the first gate, shape (J, R).
    marks
        `LONGER`, `SHORTER` and `OTHER` (gate of the last passage), against the way by the
        same gate as it is, shape (J, R).
    """

    legs: Floats
    last: NDArray[np.int32]
    low: Floats
    high: Floats
    least: Floats
    most: Floats
    marks: NDArray[np.uint8]


class Trips(NamedTuple):
    """Demand of the pairs: origin times destination mass times the impedance of the time as it is.

    Parameters
    ----------
    origin_mass
        By tile, shape (I, SPAN); (0, SPAN) where no trips are wanted.
    destination_mass
        By tile, shape (J, SPAN). Beyond the last place a mass is 0.
    code
        Impedance function, shape (3,).
    """

    origin_mass: Floats
    destination_mass: Floats
    code: Floats


@kernel
def bound_ends(ends: Ends) -> None:
    """Fill the bounds of origins or destinations from their legs.

    Parameters
    ----------
    ends
        Legs and counts; the rest is written.
    """
    gates = ends.legs.shape[1]
    ends.low[:] = np.inf
    ends.high[:] = -np.inf
    ends.gaps[:] = -np.inf
    for tile in range(len(ends.legs)):
        legs = ends.legs[tile]
        for k in range(gates):
            for i in range(ends.number[tile]):
                leg = legs[k, i]
                ends.low[tile, k] = min(ends.low[tile, k], leg)
                ends.high[tile, k] = max(ends.high[tile, k], leg)
                if leg < np.inf:
                    for q in range(gates):
                        gap = min(legs[q, i], FAR) - leg
                        ends.gaps[tile, q, k] = max(ends.gaps[tile, q, k], gap)


@kernel
def fill_pool(routes: Floats, gate: NDArray[np.int64], ends: Ends, pool: Pool) -> None:
    """Lead ways between gates on to the destinations.

    Parameters
    ----------
    routes
        Hours from before the first passage to after each last one, shape (R, K); the first
        K as they are, by gate.
    gate
        Gate of the first passage, shape (R,).
    ends
        The destinations.
    pool
        Written.
    """
    for J in range(len(ends.legs)):
        for r in range(len(routes)):
            legs, last, from_gate = pool.legs[J, r], pool.last[J, r], ends.legs[J, gate[r]]
            legs[:] = np.inf
            last[:] = -1
            shorten_by(routes[r], ends.legs[J], legs, last)
            low, high, least, most, mark = np.inf, -np.inf, np.inf, -np.inf, 0
            as_is, last_as_is = pool.legs[J, gate[r]], pool.last[J, gate[r]]
            for j in range(ends.number[J]):
                low, high = min(low, legs[j]), max(high, legs[j])
                if from_gate[j] < np.inf:
                    least = min(least, legs[j] - from_gate[j])
                    most = max(most, legs[j] - from_gate[j])
                elif legs[j] < np.inf:
                    least, most = -np.inf, np.inf
                mark |= LONGER if legs[j] > as_is[j] else 0
                mark |= SHORTER if legs[j] < as_is[j] else 0
                mark |= OTHER if last[j] != last_as_is[j] else 0
            pool.low[J, r], pool.high[J, r] = low, high
            pool.least[J, r], pool.most[J, r] = least, most
            pool.marks[J, r] = mark


@kernel
def kept_gates(  # noqa: C901  (two sweeps of one search)
    origins: tuple[Floats, Floats, Floats],
    gaps: Floats,
    bounds: tuple[Floats, Floats, Floats, Floats],
    row: NDArray[np.int64],
    reach: Floats,
    slack: float,
    kept: NDArray[np.int64],
) -> int:
    """Gates that no other beats in the whole tile, nor the direct way.

    Gate q beats k where its time is less for every pair. The gates of the least upper
    bounds put most of the others out, so these are compared with them first.

    Parameters
    ----------
    origins
        Least and greatest legs and gaps of the tile of origins, as `Ends` has them.
    gaps
        Those of the tile of destinations.
    bounds
        Of the ways to it: ``low``, ``high``, ``least`` and ``most`` of `Pool`.
    row
        Way by gate, -1 where there is none, shape (K,).
    reach
        How long the rest of a way by each gate may take to beat the direct ones, shape (K,).
    slack
        By how much a gate must be faster to put another one out, hours.
    kept
        The gates, ascending, first of shape (K,); written.

    Returns
    -------
    int
        Their number.
    """
    low_a, high_a, gaps_a = origins
    low, high, least, most = bounds
    first, second = -1, -1
    top, next_top = np.inf, np.inf
    for k in range(len(row)):
        if row[k] >= 0:
            bound = high_a[k] + high[row[k]]
            if bound < top:
                first, second, top, next_top = k, first, bound, top
            elif bound < next_top:
                second, next_top = k, bound
    count = 0
    for k in range(len(row)):
        if row[k] < 0 or not low[row[k]] < reach[k] or low_a[k] + low[row[k]] > top + slack:
            continue
        kept[count] = k
        for q in (first, second):
            if q >= 0 and gaps_a[q, k] + gaps[q, k] + (most[row[q]] - least[row[k]]) < -slack:
                kept[count] = -1
        count += kept[count] >= 0
    left = 0
    for a in range(count):
        k = kept[a]
        out = False
        for b in range(count):
            # Those before a that were put out have left their place to others.
            if b > a or b < left:
                q = kept[b]
                out |= gaps_a[q, k] + gaps[q, k] + (most[row[q]] - least[row[k]]) < -slack
        if not out:
            kept[left] = k
            left += 1
    return left


@kernel
def shorten_tile(
    A: Floats,
    legs: Floats,
    row: NDArray[np.int64],
    kept: NDArray[np.int64],
    count: int,
    times: Floats,
    first: NDArray[np.int64],
) -> None:
    """Lower the times of a tile's pairs by some gates, in their order, and note these.

    Parameters
    ----------
    A
        Legs of the origins, shape (K, SPAN).
    legs
        Of the ways of the pool on to the destinations, shape (R, SPAN).
    row, kept, count
        As `kept_gates` has them.
    times, first
        Hours, and gates of the first passage, by destination and origin, shape
        (SPAN * SPAN,); changed.
    """
    for j in range(SPAN):
        of_j, first_of_j = times[j * SPAN : (j + 1) * SPAN], first[j * SPAN : (j + 1) * SPAN]
        for at in range(count):
            k = kept[at]
            leg, of_k = legs[row[k], j], A[k]
            for i in range(SPAN):
                value = of_k[i] + leg
                less = value < of_j[i]
                of_j[i] = value if less else of_j[i]
                first_of_j[i] = k if less else first_of_j[i]


@kernel
def fill_flow(
    code: Floats, times: Floats, origin_mass: Floats, destination_mass: Floats, flow: Floats
) -> None:
    """Demand of a tile's pairs.

    Parameters
    ----------
    code
        Impedance function, shape (3,).
    times
        Hours by destination and origin, shape (SPAN * SPAN,).
    origin_mass, destination_mass
        Rows of `Trips`, shape (SPAN,).
    flow
        Shape (SPAN * SPAN,); written.
    """
    evaluate(code, times, flow)
    for j in range(SPAN):
        of_j = flow[j * SPAN : (j + 1) * SPAN]
        for i in range(SPAN):
            of_j[i] *= origin_mass[i] * destination_mass[j]
