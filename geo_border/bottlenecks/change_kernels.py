"""Compiled part of comparing scenarios: only tiles of pairs that a scenario touches are summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.kernels import evaluate
from geo_border.routing.pair_kernels import (
    LONGER,
    OTHER,
    SHORTER,
    SPAN,
    fill_flow,
    kept_gates,
    shorten_tile,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.pair_kernels import Ends, Pool, Trips

    Floats = NDArray[np.float64]

FEW = 2
"""Ways that got shorter up to which these alone are looked at."""


class Differing(NamedTuple):
    """Which ways of a pool S scenarios take.

    Parameters
    ----------
    row
        Way by scenario and gate, those as they are last; -1 where there is none,
        shape (S + 1, K).
    start, gates
        Gates whose way differs, one scenario after the other: those of s are
        ``gates[start[s]:start[s + 1]]``.
    """

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    gates: NDArray[np.int64]


@kernel
def _lower_tile(
    A: Floats,
    legs: Floats,
    row: NDArray[np.int64],
    kept: NDArray[np.int64],
    count: int,
    times: Floats,
) -> None:
    """Lower the times of a tile's pairs as `shorten_tile` does, without noting by what."""
    for j in range(SPAN):
        of_j = times[j * SPAN : (j + 1) * SPAN]
        for at in range(0, count, 4):
            k, m = kept[at], kept[min(at + 1, count - 1)]
            n, o = kept[min(at + 2, count - 1)], kept[min(at + 3, count - 1)]
            of_k, of_m, of_n, of_o = A[k], A[m], A[n], A[o]
            leg_k, leg_m = legs[row[k], j], legs[row[m], j]
            leg_n, leg_o = legs[row[n], j], legs[row[o], j]
            for i in range(SPAN):
                x, y = min(of_k[i] + leg_k, of_m[i] + leg_m), min(of_n[i] + leg_n, of_o[i] + leg_o)
                x = min(x, y)
                of_j[i] = min(x, of_j[i])


@kernel
def _fill_direct(direct: Floats, J: int, top: int, times: Floats) -> None:
    """Times of a tile's pairs without passing the border."""
    for j in range(SPAN):
        of_j = times[j * SPAN : (j + 1) * SPAN]
        if len(direct) > 0:
            of_j[:] = direct[J * SPAN + j, top : top + SPAN]
        else:
            of_j[:] = np.inf


@kernel
def _differ(times: Floats, other: Floats) -> bool:
    """Whether any of a tile's times differ."""
    differ = 0
    for pair in range(SPAN * SPAN):
        differ += times[pair] != other[pair]
    return differ > 0


@kernel
def _latest(times: Floats, ends: int, latest: Floats) -> None:
    """Greatest of a tile's times for each origin."""
    latest[:] = -np.inf
    for j in range(ends):
        of_j = times[j * SPAN : (j + 1) * SPAN]
        for i in range(SPAN):
            latest[i] = max(latest[i], of_j[i])


@kernel
def _fill_reach(A: Floats, origins: int, latest: Floats, reach: Floats) -> None:
    """How long the rest of a way by each gate may take to beat the latest times at all."""
    for k in range(len(A)):
        most = -np.inf
        for i in range(origins):
            if A[k, i] < np.inf:
                most = max(most, latest[i] - A[k, i])
        reach[k] = most


@kernel
def change_tiles(  # noqa: C901, PLR0912, PLR0915  (one loop; calls would hand its state around)
    start: int,
    stop: int,
    direct: Floats,
    origins: Ends,
    ends: Ends,
    weight: Floats,
    pool: Pool,
    differing: Differing,
    slack: float,
    codes: Floats,
    trips: Trips,
    changes: Floats,
    moved: Floats,
    left: Floats,
    taken: Floats,
) -> None:
    """What scenarios change for the pairs of some tiles of origins.

    Parameters
    ----------
    start, stop
        Which tiles of the origins, n of them.
    direct
        Hours without passing the border to the destinations, from these origins, in the
        order of the tiles, infinite beyond the last, shape (J * SPAN, n * SPAN); (0, 0)
        where all pairs must pass it.
    origins, ends
        Both ends of the pairs.
    weight
        Opportunities, 0 beyond the last destination, shape (J, SPAN).
    pool, differing
        Ways as they are and under the scenarios.
    slack
        By how much a gate must be faster to put another one out, hours.
    codes
        Impedance functions of the sums, shape (D, 3).
    trips
        Demand.
    changes
        By how much sums of impedance functions change, shape (S, D, n * SPAN); added to.
    moved
        Demand that takes another way or another time, the hours that it takes longer, and
        demand that finds no way, shape (S, 3, n * SPAN); added to.
    left, taken
        Demand by the first and the last gate of the ways it leaves, and of those it takes
        instead, shape (S, K, K); added to.
    """
    scenarios, gates = len(differing.row) - 1, differing.row.shape[1]
    kept, better = np.empty(gates, np.int64), np.empty(gates, np.int64)
    used = np.empty(gates, np.bool_)
    reach, gain = np.full(gates, np.inf), np.empty(gates)
    pairs = SPAN * SPAN
    times, other, value = np.empty(pairs), np.empty(pairs), np.empty(pairs)
    first, way = np.empty(pairs, np.int64), np.empty(pairs, np.int64)
    before, flow, total = np.empty((len(codes), pairs)), np.empty(pairs), np.empty(SPAN)
    row_as_is = differing.row[scenarios]
    for J in range(len(ends.legs)):
        gaps, legs = ends.gaps[J], pool.legs[J]
        low, travelling = pool.low[J], len(trips.origin_mass) > 0
        bounds = low, pool.high[J], pool.least[J], pool.most[J]
        for tile in range(start, stop):
            A, top = origins.legs[tile], (tile - start) * SPAN
            of_origins = origins.low[tile], origins.high[tile], origins.gaps[tile]
            _fill_direct(direct, J, top, times)
            if len(direct) > 0:
                _latest(times, ends.number[J], total)
                _fill_reach(A, origins.number[tile], total, reach)
            first[:] = -1
            count = kept_gates(of_origins, gaps, bounds, row_as_is, reach, slack, kept)
            shorten_tile(A, legs, row_as_is, kept, count, times, first)
            _latest(times, ends.number[J], total)
            _fill_reach(A, origins.number[tile], total, gain)
            used[:] = False
            for pair in range(pairs):
                if first[pair] >= 0:
                    used[first[pair]] = True
            ready = False
            for s in range(scenarios):
                row = differing.row[s]
                worse, elsewhere, faster = False, False, 0
                for at in range(differing.start[s], differing.start[s + 1]):
                    k = differing.gates[at]
                    r = row[k]
                    mark = LONGER if r < 0 else pool.marks[J, r]
                    if used[k]:
                        worse |= mark & LONGER > 0
                        elsewhere |= mark & OTHER > 0
                    if mark & SHORTER and low[r] < gain[k]:
                        better[faster] = k
                        faster += 1
                if not (worse or elsewhere or faster):
                    continue
                among = better
                if worse or elsewhere or faster > FEW:
                    _fill_direct(direct, J, top, other)
                    way[:] = -1
                    among = kept
                    faster = kept_gates(of_origins, gaps, bounds, row, reach, slack, kept)
                else:
                    other[:] = times
                    way[:] = first
                if travelling:
                    shorten_tile(A, legs, row, among, faster, other, way)
                else:
                    _lower_tile(A, legs, row, among, faster, other)
                if not (elsewhere or _differ(times, other)):
                    continue
                if not ready:
                    ready = True
                    for d in range(len(codes)):
                        evaluate(codes[d], times, before[d])
                    if travelling:
                        masses = trips.origin_mass[tile], trips.destination_mass[J]
                        fill_flow(trips.code, times, *masses, flow)
                for d in range(len(codes)):
                    evaluate(codes[d], other, value)
                    total[:] = 0.0
                    for j in range(SPAN):
                        here = slice(j * SPAN, (j + 1) * SPAN)
                        will_be, was = value[here], before[d, here]
                        for i in range(SPAN):
                            total[i] += weight[J, j] * (will_be[i] - was[i])
                    changes[s, d, top : top + SPAN] += total
                if travelling:
                    here = slice(top, top + SPAN)
                    if _move(flow, times, first, other, way, moved[s, :, here]) or elsewhere:
                        routes = (first, row_as_is), (way, row)
                        _redirect(
                            flow,
                            *routes,
                            pool.last[J],
                            times,
                            other,
                            moved[s, 0, here],
                            left[s],
                            taken[s],
                        )


@kernel
def _move(
    flow: Floats,
    times: Floats,
    first: NDArray[np.int64],
    other: Floats,
    way: NDArray[np.int64],
    moved: Floats,
) -> bool:
    """Add up the demand of a tile's pairs at new times; whether some leaves by another gate."""
    affected, extra, lost = moved[0], moved[1], moved[2]
    switched = 0
    for j in range(SPAN):
        here = slice(j * SPAN, (j + 1) * SPAN)
        trips, was, will_be, left, taken = (
            flow[here],
            times[here],
            other[here],
            first[here],
            way[here],
        )
        for i in range(SPAN):
            served = left[i] >= 0 and taken[i] >= 0
            anew = served and will_be[i] != was[i]
            affected[i] += trips[i] if anew else 0.0
            extra[i] += trips[i] * (will_be[i] - was[i]) if anew else 0.0
            lost[i] += trips[i] if taken[i] < 0 else 0.0
            switched += left[i] != taken[i]
    return switched > 0


@kernel
def _redirect(
    flow: Floats,
    was: tuple[NDArray[np.int64], NDArray[np.int64]],
    will_be: tuple[NDArray[np.int64], NDArray[np.int64]],
    last: NDArray[np.int32],
    times: Floats,
    other: Floats,
    affected: Floats,
    left: Floats,
    taken: Floats,
) -> None:
    """Move the demand of a tile's pairs between ways, known by first gates and rows of `last`."""
    first, row = was
    way, other_row = will_be
    for j in range(SPAN):
        for i in range(SPAN):
            pair = j * SPAN + i
            k, m = first[pair], way[pair]
            if k < 0:
                continue
            end, other_end = last[row[k], j], -1
            if m >= 0:
                other_end = last[other_row[m], j]
            if m == k and other_end == end:
                continue
            left[k, end] += flow[pair]
            if m >= 0:
                taken[m, other_end] += flow[pair]
                affected[i] += flow[pair] if other[pair] == times[pair] else 0.0
