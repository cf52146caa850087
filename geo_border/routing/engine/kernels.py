"""(min, +) products and sums over them, without a matrix of all pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32] | NDArray[np.float64]

EXPONENTIAL, POWER, GAUSSIAN, LOGISTIC, STEP, LINEAR = range(6)
"""Kinds of impedance functions; a code is (kind, a, b), see `impedance`."""


SMALLEST_EXPONENT = -708.0
LOG2_E, LN2, LN2_REST = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
WHOLE = 1.5 * 2.0**52
"""Added to a number, it leaves its whole part in the lowest bits."""

# The same in single precision; numbers without a type would make the steps double ones.
SINGLE = 4
SMALLEST_SINGLE = np.float32(-87.0)
LOG2_E_SINGLE = np.float32(LOG2_E)
LN2_SINGLE, LN2_REST_SINGLE = np.float32(0.693359375), np.float32(-2.12194440e-4)
WHOLE_SINGLE = np.float32(1.5 * 2.0**23)
SERIES_SINGLE = tuple(np.float32(1 / math.factorial(n)) for n in range(8))


@kernel
def impedance(code: NDArray[np.float64], hours: float) -> float:
    """Value of an impedance function.

    Parameters
    ----------
    code
        Kind and its two parameters, shape (3,).
    hours
        Travel time; infinite where there is no path.

    Returns
    -------
    float
        Between 0 and 1, 0 at infinity.
    """
    kind, a, b = code
    value = 0.0
    if hours == np.inf:
        value = 0.0
    elif kind == EXPONENTIAL:
        value = math.exp(-a * hours)
    elif kind == POWER:
        value = (max(hours, b) / b) ** -a
    elif kind == GAUSSIAN:
        value = math.exp(-0.5 * (hours / a) ** 2)
    elif kind == LOGISTIC:
        # Beyond 700 the exponential function overflows.
        value = 1.0 / (1.0 + math.exp(min(b * (hours - a), 700.0)))
    elif kind == STEP:
        value = 1.0 if hours <= a else 0.0
    else:
        value = max(0.0, 1.0 - hours / a)
    return value


@kernel
def exponential(x: float) -> float:
    """``exp(x)`` to the last bits, in steps that processors take for many numbers at once.

    Parameters
    ----------
    x
        Exponent, 0 or less.

    Returns
    -------
    float
        Within 3e-16 of the value, relatively; 0 below -708.
    """
    held = max(x, SMALLEST_EXPONENT)
    raised = held * LOG2_E + WHOLE
    whole = raised - WHOLE
    r = held - whole * LN2 - whole * LN2_REST
    # Taylor's series to r^13, below 2^-53 of the value for |r| <= ln 2 / 2.
    value = 1.0 / 6227020800.0
    value = value * r + 1.0 / 479001600.0
    value = value * r + 1.0 / 39916800.0
    value = value * r + 1.0 / 3628800.0
    value = value * r + 1.0 / 362880.0
    value = value * r + 1.0 / 40320.0
    value = value * r + 1.0 / 5040.0
    value = value * r + 1.0 / 720.0
    value = value * r + 1.0 / 120.0
    value = value * r + 1.0 / 24.0
    value = value * r + 1.0 / 6.0
    value = value * r + 0.5
    value = value * r + 1.0
    value = value * r + 1.0
    power = (np.float64(raised).view(np.int64) + np.int64(1023)) << np.int64(52)
    scaled = value * np.int64(power).view(np.float64)
    return scaled if x >= SMALLEST_EXPONENT else 0.0


@kernel
def exponential_single(x: np.float32) -> np.float32:
    """``exp(x)`` in single precision, by the steps of `exponential`.

    Parameters
    ----------
    x
        Exponent, 0 or less.

    Returns
    -------
    float
        Within 1.2e-7 of the value, relatively; 0 below -87.
    """
    held = max(x, SMALLEST_SINGLE)
    raised = held * LOG2_E_SINGLE + WHOLE_SINGLE
    whole = raised - WHOLE_SINGLE
    r = held - whole * LN2_SINGLE - whole * LN2_REST_SINGLE
    # Taylor's series to r^7: the rest is 5e-9 of the value for |r| <= ln 2 / 2.
    value = SERIES_SINGLE[7]
    value = value * r + SERIES_SINGLE[6]
    value = value * r + SERIES_SINGLE[5]
    value = value * r + SERIES_SINGLE[4]
    value = value * r + SERIES_SINGLE[3]
    value = value * r + SERIES_SINGLE[2]
    value = value * r + SERIES_SINGLE[1]
    value = value * r + SERIES_SINGLE[0]
    power = np.int32((np.float32(raised).view(np.int32) + np.int32(127)) << np.int32(23))
    scaled = value * np.int32(power).view(np.float32)
    return scaled if x >= SMALLEST_SINGLE else np.float32(0.0)


@kernel
def evaluate(code: NDArray[np.float64], hours: Floats, values: Floats) -> None:
    """Values of an impedance function, as `impedance` gives one.

    Parameters
    ----------
    code
        Kind and its two parameters, shape (3,).
    hours
        Travel times, shape (M,).
    values
        Shape (M,); written. In single precision an exponential of x is taken in it too,
        within ``(1 + |x|) 1.2e-7`` of its value.
    """
    kind, a = code[0], code[1]
    if kind == EXPONENTIAL and values.itemsize == SINGLE:
        rate = np.float32(-a)
        for j in range(len(hours)):
            values[j] = exponential_single(rate * np.float32(hours[j]))
    elif kind == EXPONENTIAL:
        for j in range(len(hours)):
            values[j] = exponential(-a * hours[j])
    elif kind == GAUSSIAN:
        for j in range(len(hours)):
            values[j] = exponential(-0.5 * (hours[j] / a) ** 2)
    elif kind == STEP:
        for j in range(len(hours)):
            values[j] = 1.0 if hours[j] <= a else 0.0
    else:
        for j in range(len(hours)):
            values[j] = impedance(code, hours[j])


@kernel
def shorten(A: NDArray[np.float64], E: NDArray[np.float64], times: NDArray[np.float64]) -> None:
    """Lower times to the least of ``A[k] + E[k, j]`` where that is less.

    Parameters
    ----------
    A
        Hours from one origin to the first passages, shape (K,).
    E
        Hours from the first passages to the destinations, shape (K, M).
    times
        Hours, shape (M,); changed in place.
    """
    for k in range(len(A)):
        if A[k] == np.inf:
            continue
        for j in range(len(times)):
            value = A[k] + E[k, j]
            times[j] = min(times[j], value)


@kernel
def shorten_by(
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    times: NDArray[np.float64],
    first: NDArray[np.int32],
) -> None:
    """Lower times as `shorten` does and note the first passage where they fell.

    Parameters
    ----------
    A, E, times
        As in `shorten`.
    first
        Gate of the first passage, shape (M,); changed where the time is.
    """
    for k in range(len(A)):
        if A[k] == np.inf:
            continue
        for j in range(len(times)):
            value = A[k] + E[k, j]
            less = value < times[j]
            times[j] = value if less else times[j]
            first[j] = k if less else first[j]


@kernel
def fill_times(
    direct: NDArray[np.float64],
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    times: NDArray[np.float64],
    first: NDArray[np.int32],
) -> None:
    """Times of all pairs and the first passage of each.

    Parameters
    ----------
    direct
        Hours without passing the border, shape (N, M), or (0, 0) where all pairs must
        pass it.
    A
        Hours from the origins to the first passages, shape (N, K).
    E
        Hours from there to the destinations, shape (K, M).
    times
        Hours, shape (N, M); written.
    first
        Gate of the first passage, -1 where there is none, shape (N, M); written.
    """
    for i in range(len(A)):
        if len(direct) > 0:
            times[i] = direct[i]
        else:
            times[i] = np.inf
        first[i] = -1
        shorten_by(A[i], E, times[i], first[i])


@kernel
def sum_direct(
    direct: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Sums over the destinations of their weight times several impedance functions.

    Parameters
    ----------
    direct
        Hours, shape (N, M).
    weight
        Opportunities at the destinations, shape (M,).
    codes
        Impedance functions, shape (D, 3).
    sums
        One sum for each origin and function, shape (N, D); written.
    """
    values = np.empty(len(weight))
    for i in range(len(direct)):
        for d in range(len(codes)):
            evaluate(codes[d], direct[i], values)
            total = 0.0
            for j in range(len(weight)):
                total += weight[j] * values[j]
            sums[i, d] = total


@kernel
def latest_of_tiles(
    direct: NDArray[np.float64],
    order: NDArray[np.int64],
    tile: int,
    latest: NDArray[np.float64],
) -> None:
    """Greatest time from each origin to the destinations of each tile.

    Parameters
    ----------
    direct
        Hours, shape (N, M).
    order
        Destinations by tile, shape (m,).
    tile
        Destinations of a tile, but for the last.
    latest
        Hours, shape (N, tiles); written.
    """
    for i in range(len(direct)):
        for at in range(latest.shape[1]):
            greatest = -np.inf
            for j in order[at * tile : (at + 1) * tile]:
                greatest = max(greatest, direct[i, j])
            latest[i, at] = greatest


@kernel
def shorten_tiles(
    A: NDArray[np.float64],
    legs: NDArray[np.float64],
    least: NDArray[np.float64],
    latest: NDArray[np.float64],
    order: NDArray[np.int64],
    times: NDArray[np.float64],
    first: NDArray[np.int32],
) -> int:
    """Lower times of one origin as `shorten_by` does, where a gate may be faster at all.

    A gate is passed over in a tile where its way to the nearest destination takes no less than
    the longest one without it: rounding keeps the order of sums, so no faster way is lost.

    Parameters
    ----------
    A
        Hours to the first passages, shape (K,).
    legs
        Hours from there to the destinations, by tile, infinite behind the last,
        shape (K, tiles, size of a tile).
    least
        The least of them, shape (K, tiles).
    latest
        A row of `latest_of_tiles`, shape (tiles,).
    order
        Destinations by tile, shape (m,).
    times, first
        As in `shorten_by`.

    Returns
    -------
    int
        Tiles that were looked at.
    """
    size, looked = legs.shape[2], 0
    near, by = np.empty(size), np.empty(size, np.int32)
    for at in range(len(latest)):
        here = order[at * size : (at + 1) * size]
        seen = False
        for k in range(len(A)):
            if not A[k] + least[k, at] < latest[at]:
                continue
            if not seen:
                near[: len(here)], by[: len(here)] = times[here], first[here]
                seen = True
            to_gate, of_gate = A[k], legs[k, at]
            for position in range(size):
                value = to_gate + of_gate[position]
                less = value < near[position]
                near[position] = value if less else near[position]
                by[position] = k if less else by[position]
        if seen:
            times[here], first[here] = near[: len(here)], by[: len(here)]
            looked += 1
    return looked


@kernel
def sum_gains(
    direct: NDArray[np.float64],
    A: NDArray[np.float64],
    legs: NDArray[np.float64],
    least: NDArray[np.float64],
    latest: NDArray[np.float64],
    order: NDArray[np.int64],
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """By how much the sums rise where a way through the gates beats the direct one.

    Parameters
    ----------
    direct
        Hours without passing the border, shape (N, M).
    A
        As in `fill_times`.
    legs, least, latest, order
        As in `shorten_tiles`; `latest` of all origins, shape (N, tiles).
    weight, codes, sums
        As in `sum_direct`; only pairs that get faster cost an evaluation.
    """
    times, first = np.empty(len(weight)), np.empty(len(weight), np.int32)
    for i in range(len(A)):
        sums[i] = 0.0
        times[:] = direct[i]
        if shorten_tiles(A[i], legs, least, latest[i], order, times, first) == 0:
            continue
        for j in range(len(weight)):
            if times[j] < direct[i, j]:
                for d in range(len(codes)):
                    faster = impedance(codes[d], times[j]) - impedance(codes[d], direct[i, j])
                    sums[i, d] += weight[j] * faster
