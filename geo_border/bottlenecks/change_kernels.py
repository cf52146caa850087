"""Compiled part of comparing scenarios: only trips that a scenario touches are looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.routing.compiled import kernel
from geo_border.routing.kernels import evaluate, impedance, shorten, shorten_by

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def compare_rows(
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    E_other: NDArray[np.float64],
    last_other: NDArray[np.int32],
    rows: NDArray[np.bool_],
) -> None:
    """Which gates a scenario touches, as first passages of trips.

    Parameters
    ----------
    E, last
        Factors of the times as they are, see `geo_border.routing.crossing.Crossing`,
        shape (K, M).
    E_other, last_other
        Under the scenario.
    rows
        Whether some trips that leave by the gate take longer, some take less long, some take
        another time or way, shape (3, K); written.
    """
    gates, ends = E.shape
    rows[:] = False
    for k in range(gates):
        for j in range(ends):
            rows[0, k] |= E_other[k, j] > E[k, j]
            rows[1, k] |= E_other[k, j] < E[k, j]
            rows[2, k] |= E_other[k, j] != E[k, j] or last_other[k, j] != last[k, j]


@kernel
def _used(first: NDArray[np.int32], used: NDArray[np.bool_]) -> None:
    """By which gates the trips of one origin leave."""
    used[:] = False
    for j in range(len(first)):
        if first[j] >= 0:
            used[first[j]] = True


@kernel
def sum_changes(
    direct: NDArray[np.float64],
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    E_other: NDArray[np.float64],
    rows: NDArray[np.bool_],
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    changes: NDArray[np.float64],
) -> None:
    """By how much sums of impedance functions change under each scenario.

    Parameters
    ----------
    direct
        Hours without passing the border, shape (N, M), or (0, 0) where all pairs must pass
        it.
    A
        Hours from the origins to the gates, shape (N, K).
    E, E_other
        Factors of the times as they are, shape (K, M), and under the scenarios,
        shape (S, K, M).
    rows
        As `compare_rows` gives them, shape (S, 3, K).
    weight
        Opportunities at the destinations, shape (M,).
    codes
        Impedance functions, shape (D, 3).
    changes
        Shape (S, N, D); written.
    """
    scenarios, gates, ends = E_other.shape
    times, other, first = np.empty(ends), np.empty(ends), np.empty(ends, np.int32)
    used = np.empty(gates, np.bool_)
    before = np.empty((len(codes), ends))
    for i in range(len(A)):
        for j in range(ends):
            times[j] = direct[i, j] if len(direct) > 0 else np.inf
        first[:] = -1
        shorten_by(A[i], E, times, first)
        _used(first, used)
        for d in range(len(codes)):
            evaluate(codes[d], times, before[d])
        for s in range(scenarios):
            changes[s, i] = 0.0
            if np.any(used & rows[s, 0]):
                for j in range(ends):
                    other[j] = direct[i, j] if len(direct) > 0 else np.inf
                shorten(A[i], E_other[s], other)
            else:
                other[:] = times
                for k in range(gates):
                    if rows[s, 1, k]:
                        shorten(A[i, k : k + 1], E_other[s, k : k + 1], other)
            _add_gains(times, other, before, weight, codes, changes[s, i])


@kernel
def _add_gains(
    times: NDArray[np.float64],
    other: NDArray[np.float64],
    before: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    gains: NDArray[np.float64],
) -> None:
    """Add what the destinations count more at other times than they do at those that are."""
    differ = 0
    for j in range(len(times)):
        differ += other[j] != times[j]
    if differ == 0:
        return
    after = np.empty(len(times))
    for d in range(len(codes)):
        evaluate(codes[d], other, after)
        total = 0.0
        for j in range(len(times)):
            total += weight[j] * (after[j] - before[d, j])
        gains[d] += total


@kernel
def route_changes(
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    E_other: NDArray[np.float64],
    last_other: NDArray[np.int32],
    rows: NDArray[np.bool_],
    origin_mass: NDArray[np.float64],
    destination_mass: NDArray[np.float64],
    code: NDArray[np.float64],
    trips: NDArray[np.float64],
    left: NDArray[np.float64],
    taken: NDArray[np.float64],
) -> None:
    """Route the demand anew where a scenario changes its way or its time.

    Parameters
    ----------
    A, E, E_other, rows
        As in `sum_changes`.
    last, last_other
        Gates of the last passages, as they are and under the scenarios.
    origin_mass, destination_mass
        The demand of a pair is their product times the impedance of its time as it is.
    code
        Impedance function of the demand, shape (3,).
    trips
        By scenario and origin: demand that takes another way or another time, the hours that
        it takes longer, and demand that finds no way, shape (S, N, 3); written.
    left, taken
        Demand by the first and the last gate of the ways it leaves, and of those it takes
        instead, shape (S, K, K); added to.
    """
    scenarios, gates, ends = E_other.shape
    times, other = np.empty(ends), np.empty(ends)
    first, leave = np.empty(ends, np.int32), np.empty(ends, np.int32)
    used = np.empty(gates, np.bool_)
    for i in range(len(A)):
        times[:] = np.inf
        first[:] = -1
        shorten_by(A[i], E, times, first)
        _used(first, used)
        for s in range(scenarios):
            trips[s, i] = 0.0
            if np.any(used & rows[s, 0]):
                other[:] = np.inf
                leave[:] = -1
                shorten_by(A[i], E_other[s], other, leave)
            else:
                other[:] = times
                leave[:] = first
                for k in range(gates):
                    if rows[s, 1, k]:
                        _shorten_by_one(A[i, k], E_other[s, k], other, leave, k)
            for j in range(ends):
                k, way = first[j], leave[j]
                if k < 0 or (
                    other[j] == times[j] and way == k and last_other[s, k, j] == last[k, j]
                ):
                    continue
                flow = origin_mass[i] * destination_mass[j] * impedance(code, times[j])
                left[s, k, last[k, j]] += flow
                if way < 0:
                    trips[s, i, 2] += flow
                else:
                    trips[s, i, 0] += flow
                    trips[s, i, 1] += flow * (other[j] - times[j])
                    taken[s, way, last_other[s, way, j]] += flow


@kernel
def _shorten_by_one(
    a: float,
    E: NDArray[np.float64],
    times: NDArray[np.float64],
    first: NDArray[np.int32],
    gate: int,
) -> None:
    """Lower times where the way by one gate is faster, and note it there."""
    for j in range(len(times)):
        value = a + E[j]
        less = value < times[j]
        times[j] = value if less else times[j]
        first[j] = gate if less else first[j]
