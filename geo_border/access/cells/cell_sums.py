"""Sums over cells behind entries: each impedance function by the way that suits it.

A trip takes ``u + a`` hours, ``u`` to an entry and ``a`` from there off the road. Exponential
functions factor. Steps and slopes that end at a time are polynomials of ``a`` up to it, and
sums of those come from the moments of the sorted legs. Both are exact. What is left is smooth:
people are put at points of a fine grid in time with the weights of Lagrange's interpolation, and
sums are taken there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from geo_border.access.cells.cell_entries import MOMENTS, Entries, Legs
from geo_border.access.decay import codes
from geo_border.compute.compiled import kernel
from geo_border.errors import TableError
from geo_border.routing.engine.kernels import (
    EXPONENTIAL,
    GAUSSIAN,
    LINEAR,
    LOGISTIC,
    STEP,
    sum_direct,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.access.decay import Decay

POINTS = 6
"""Points of the grid that each value is interpolated from."""

LEAD = 2
"""How many of them lie before the point below the value."""

ERROR = 1e-9
"""By how much an interpolated function may be off; functions are between 0 and 1."""

NOTHING = 1e-18
"""Values of a smooth function below this are not looked at."""

SLACK_H = 1e-9
"""Hours by which a bound lets through what rounding could put on the other side of a limit."""

NO_BASE = np.empty((0, 0))
"""Times to compare with where there are none."""

FINEST_H = 1e-4
"""Least distance of the points, hours: functions that need a finer grid change within seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Functions:
    """F impedance functions taken apart, each the sum of up to two parts.

    Parameters
    ----------
    codes
        As `geo_border.access.decay.codes` gives them, shape (F, 3).
    limits
        Hours up to which a polynomial counts, -infinity where there is none, shape (F,).
    ramps
        Its coefficients of the powers of the hours left to the limit, shape (F, MOMENTS).
    exponential, smooth
        Positions of the functions that factor and of those with a part by interpolation.
    step
        Hours between the points of the grid.
    horizon
        Hours from which on no smooth function has a value that counts.
    """

    codes: NDArray[np.float64]
    limits: NDArray[np.float64]
    ramps: NDArray[np.float64]
    exponential: NDArray[np.int64]
    smooth: NDArray[np.int64]
    step: float
    horizon: float


def taken_apart(decays: Sequence[Decay]) -> Functions:
    """Take impedance functions apart.

    Parameters
    ----------
    decays
        The functions.

    Returns
    -------
    Functions
        A power is continued below its floor as a polynomial that meets it there with all
        derivatives that the interpolation needs, and what that is above 1 is cut off.

    Raises
    ------
    TableError
        If a function changes within seconds.
    """
    found = codes(decays)
    limits, ramps = np.full(len(found), -np.inf), np.zeros((len(found), MOMENTS))
    smooth, steps, horizons = [], [np.inf], [0.0]
    for number, (kind, a, b) in enumerate(found):
        if kind == STEP:
            limits[number], ramps[number, 0] = a, 1.0
        elif kind == LINEAR:
            limits[number], ramps[number, 1] = a, 1 / a
        elif kind != EXPONENTIAL:
            # The greatest sixth derivative, which bounds the error, and where nothing is left.
            if kind == GAUSSIAN:
                bend, end = 15 / a**6, a * math.sqrt(-2 * math.log(NOTHING))
            elif kind == LOGISTIC:
                bend, end = b**6 / 4, a - math.log(NOTHING) / b
            else:
                limits[number], ramps[number] = b, -_continued(a, b)
                ramps[number, 0] = 0.0
                bend = math.prod(a + n for n in range(POINTS)) / b**POINTS
                end = float(np.finfo(float).max)
            smooth.append(number)
            steps.append((ERROR / (225 / 46080) / bend) ** (1 / POINTS))
            horizons.append(end)
    if min(steps) < FINEST_H:
        raise TableError(
            "an impedance function changes within seconds: no sums over cells are taken of it",
            remedy="Make access.half_life_h larger",
        )
    return Functions(
        codes=found,
        limits=limits,
        ramps=ramps,
        exponential=np.flatnonzero(found[:, 0] == EXPONENTIAL),
        smooth=np.array(smooth, np.int64),
        step=min(steps),
        horizon=max(horizons),
    )


def _continued(exponent: float, floor: float) -> NDArray[np.float64]:
    """Taylor's coefficients of ``(t / floor)^-exponent`` in ``floor - t``, from 0 up."""
    series = [1.0]
    for n in range(1, MOMENTS):
        series.append(series[-1] * (exponent + n - 1) / n / floor)
    return np.array(series)


def smooth_part(code: NDArray[np.float64], hours: NDArray[Any]) -> NDArray[np.float64]:
    """Values of the smooth part of a function, beyond 0 on either side.

    Parameters
    ----------
    code
        Kind and parameters, shape (3,).
    hours
        Times, also a little below 0.

    Returns
    -------
    ndarray
        One for each time.
    """
    kind, a, b = code
    if kind == GAUSSIAN:
        return np.asarray(np.exp(-0.5 * (hours / a) ** 2))
    if kind == LOGISTIC:
        return np.asarray(expit(b * (a - hours)))
    beyond = (np.maximum(hours, b) / b) ** -a
    below = np.polynomial.polynomial.polyval(b - np.minimum(hours, b), _continued(a, b))
    return np.asarray(np.where(hours < b, below, beyond))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """People behind each entry, on the points of a grid in time from the entry on.

    Parameters
    ----------
    start
        First value of each entry, shape (E + 1,).
    first
        Point of that value, -`LEAD` or more, shape (E,).
    persons
        Their values, shape (n,).
    last
        The last point of all.
    """

    start: NDArray[np.int64]
    first: NDArray[np.int64]
    persons: NDArray[np.float64]
    last: int


def on_grid(legs: Legs, step: float) -> Grid:
    """Put the people at the ends of legs on the points of a grid.

    Parameters
    ----------
    legs
        Ways from the entries.
    step
        Hours between points.

    Returns
    -------
    Grid
        Sums of any polynomial of degree 5 over its points are those over the legs.
    """
    filled = np.diff(legs.start) > 0
    point = np.floor(legs.hours / step).astype(np.int64)
    low, high = np.zeros((2, len(filled)), np.int64)
    low[filled] = point[legs.start[:-1][filled]] - LEAD
    high[filled] = point[legs.start[1:][filled] - 1] - LEAD + POINTS
    start = np.concatenate([[0], np.cumsum(high - low)])
    persons = np.zeros(start[-1])
    of = np.repeat(np.arange(len(filled)), np.diff(legs.start))
    _put_down(start[of] + point - LEAD - low[of], legs.hours / step - point, legs.persons, persons)
    return Grid(start, low, persons, int(high.max(initial=0)))


@kernel
def _put_down(
    at: NDArray[np.int64],
    share: NDArray[np.float64],
    persons: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Share people out to the points around them."""
    weights = np.empty(POINTS)
    for leg in range(len(at)):
        _interpolation(share[leg], weights)
        for p in range(POINTS):
            values[at[leg] + p] += persons[leg] * weights[p]


@kernel
def _interpolation(share: float, weights: NDArray[np.float64]) -> None:
    """Lagrange's weights of the points -2 … 3 for a value between the points 0 and 1."""
    for p in range(POINTS):
        weight = 1.0
        for q in range(POINTS):
            if q != p:
                weight *= (share - (q - LEAD)) / (p - q)
        weights[p] = weight


def discounted(legs: Legs, rate: float) -> NDArray[np.float64]:
    """People behind each entry, each times ``exp(-rate t)`` of the way to them.

    Parameters
    ----------
    legs
        Ways from the entries.
    rate
        Per hour.

    Returns
    -------
    ndarray
        Shape (E,).
    """
    at = np.repeat(np.arange(len(legs.start) - 1), np.diff(legs.start))
    left = legs.persons * np.exp(-rate * legs.hours)
    return np.bincount(at, left, minlength=len(legs.start) - 1).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class CellSums:
    """Sums over all that lies behind entries, for all cells that enter at others.

    Parameters
    ----------
    entries
        Cells by entry.
    functions
        Impedance functions.
    weights
        People behind each entry, discounted, for each exponential function.
    grid
        People behind each entry by their time from it, for the smooth functions.
    """

    entries: Entries
    functions: Functions
    weights: list[NDArray[np.float64]]
    grid: Grid | None

    @classmethod
    def of(cls, entries: Entries, decays: Sequence[Decay]) -> CellSums:
        """Prepare sums.

        Parameters
        ----------
        entries
            Cells by entry.
        decays
            Impedance functions of travel time.

        Returns
        -------
        CellSums
            For any times between the entries.

        Raises
        ------
        TableError
            If a function changes within seconds.
        """
        functions, legs = taken_apart(decays), entries.destinations
        rates = functions.codes[functions.exponential, 1]
        grid = on_grid(legs, functions.step) if len(functions.smooth) else None
        return cls(entries, functions, [discounted(legs, rate) for rate in rates], grid)

    def over(
        self,
        times: NDArray[np.float64],
        origins: NDArray[np.int64],
        ends: NDArray[np.int64],
        *,
        base: NDArray[np.float64] = NO_BASE,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Sums of the cells behind some entries.

        Parameters
        ----------
        times
            Hours from entries to entries, infinite where there is no way, shape (N, M).
        origins, ends
            Which entries, shapes (N,) and (M,).
        base
            Other times: sums are then by how much those over `times` are more, and only pairs
            that differ cost anything.

        Returns
        -------
        rows : ndarray
            Positions of the cells, shape (C,).
        sums : ndarray
            One for each cell and function, shape (C, F).
        """
        legs, goals, parts = self.entries.origins, self.entries.destinations, self.functions
        begin, at = legs.of(origins)
        before = legs.hours[at]
        sums = np.zeros((len(at), len(parts.codes)))
        of = np.repeat(np.arange(len(origins)), np.diff(begin))
        for number, weight in zip(parts.exponential, self.weights, strict=True):
            code, total = parts.codes[number : number + 1], np.empty((len(origins), 1))
            sum_direct(times, weight[ends], code, total)
            if len(base):
                less = np.empty_like(total)
                sum_direct(base, weight[ends], code, less)
                total -= less
            sums[:, number] = total[of, 0] * np.exp(-code[0, 1] * before)
        ramps = np.flatnonzero(parts.limits > -np.inf)
        _sum_ramps(
            times,
            base,
            begin,
            before,
            ends,
            goals.start,
            goals.hours,
            goals.moments,
            parts.limits[ramps],
            np.ascontiguousarray(parts.ramps[ramps]),
            ramps,
            sums,
        )
        if (grid := self.grid) is not None:
            near = max(each[each <= parts.horizon].max(initial=0.0) for each in (times, base))
            points = int((near + before.max(initial=0.0)) / parts.step) + grid.last
            hours = (np.arange(points + 4 * POINTS) - 3 * LEAD) * parts.step
            table = np.stack([smooth_part(parts.codes[n], hours) for n in parts.smooth])
            _sum_smooth(
                times,
                base,
                begin,
                before,
                ends,
                grid.start,
                grid.first,
                grid.persons,
                parts.step,
                near,
                table,
                parts.smooth,
                sums,
            )
        return legs.row[at], sums


@kernel
def _sum_ramps(
    times: NDArray[np.float64],
    base: NDArray[np.float64],
    begin: NDArray[np.int64],
    legs: NDArray[np.float64],
    ends: NDArray[np.int64],
    start: NDArray[np.int64],
    hours: NDArray[np.float64],
    moments: NDArray[np.float64],
    limits: NDArray[np.float64],
    ramps: NDArray[np.float64],
    which: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add up polynomials of the time left to the limits, over all who are there before.

    `legs` of origin i are ``begin[i]:begin[i + 1]``, those of end j ``hours[start[j]:
    start[j + 1]]``, both ascending.
    """
    for i in range(len(times)):
        mine = slice(begin[i], begin[i + 1])
        if begin[i] == begin[i + 1]:
            continue
        for j in range(len(ends)):
            there = slice(start[ends[j]], start[ends[j] + 1])
            if start[ends[j]] == start[ends[j] + 1]:
                continue
            hours_there, moments_there = hours[there], moments[there]
            for sign, each in ((1.0, times), (-1.0, base)):
                if len(each) == 0 or (len(base) > 0 and times[i, j] == base[i, j]):
                    continue
                least = each[i, j] + legs[begin[i]] + hours_there[0]
                for h in range(len(limits)):
                    if least > limits[h] + SLACK_H:
                        continue
                    left, column = limits[h] - each[i, j], sums[mine, which[h]]
                    _add_ramp(left, legs[mine], hours_there, moments_there, ramps[h], sign, column)


@kernel
def _add_ramp(
    left: float,
    legs: NDArray[np.float64],
    hours: NDArray[np.float64],
    moments: NDArray[np.float64],
    ramp: NDArray[np.float64],
    sign: float,
    column: NDArray[np.float64],
) -> None:
    """Add a polynomial of the time left, from the legs before to those after."""
    degree = 0
    for k in range(len(ramp)):
        if ramp[k] != 0.0:
            degree = k
    last = len(hours)
    # From the nearest origin on, fewer and fewer of the ends are within reach.
    for c in range(len(legs)):
        over = left - legs[c]
        while last > 0 and hours[last - 1] > over:
            last -= 1
        if last == 0:
            return
        if degree == 0:
            column[c] += sign * ramp[0] * moments[last - 1, 0]
            continue
        for k in range(1, degree + 1):
            if ramp[k] != 0.0:
                column[c] += sign * ramp[k] * _power_sum(over, moments[last - 1], k)


@kernel
def _power_sum(over: float, moments: NDArray[np.float64], k: int) -> float:
    """Sum of ``(over - t)^k`` from the moments of t, by the binomial from over^0 t^k down."""
    total, choose, power = 0.0, 1.0 if k % 2 == 0 else -1.0, 1.0
    for m in range(k + 1):
        total += choose * power * moments[k - m]
        choose *= -(k - m) / (m + 1)
        power *= over
    return total


@kernel
def _sum_smooth(
    times: NDArray[np.float64],
    base: NDArray[np.float64],
    begin: NDArray[np.int64],
    legs: NDArray[np.float64],
    ends: NDArray[np.int64],
    start: NDArray[np.int64],
    first: NDArray[np.int64],
    persons: NDArray[np.float64],
    step: float,
    near: float,
    table: NDArray[np.float64],
    which: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add up smooth functions: people onto the grid from each origin, sums there, then legs.

    Point n of `table` is at ``(n - 3 LEAD) step``; times beyond `near` do not count.
    """
    people = np.empty(table.shape[1])
    for i in range(len(times)):
        if begin[i] == begin[i + 1]:
            continue
        people[:] = 0.0
        top = 0
        for j in range(len(ends)):
            there = persons[start[ends[j]] : start[ends[j] + 1]]
            if len(there) == 0 or (len(base) > 0 and times[i, j] == base[i, j]):
                continue
            for sign, each in ((1.0, times), (-1.0, base)):
                if len(each) > 0 and each[i, j] <= near:
                    by = each[i, j] / step
                    top = max(top, _shift(by, first[ends[j]], there, sign, people))
        mine = slice(begin[i], begin[i + 1])
        for f in range(len(which)):
            _read_off(people[:top], table[f], legs[mine], step, sums[mine, which[f]])


@kernel
def _shift(
    by: float, first: int, there: NDArray[np.float64], sign: float, people: NDArray[np.float64]
) -> int:
    """Put people of an entry on the grid of an origin, `by` points away; the end of them.

    Point n of `people` is n - 2 LEAD: two interpolations reach so far below none.
    """
    weights = np.empty(POINTS)
    point = int(by)
    _interpolation(by - point, weights)
    low = point + LEAD + first
    for p in range(POINTS):
        weight, onto = sign * weights[p], people[low + p : low + p + len(there)]
        for n in range(len(there)):
            onto[n] += weight * there[n]
    return low + POINTS + len(there)


@kernel
def _read_off(
    people: NDArray[np.float64],
    table: NDArray[np.float64],
    legs: NDArray[np.float64],
    step: float,
    column: NDArray[np.float64],
) -> None:
    """Add sums of a function over people on a grid, for origins some legs before it."""
    begin = int(legs[0] / step)
    width = int(legs[-1] / step) - begin + POINTS
    values = np.zeros(width)
    for n in range(len(people)):
        if people[n] != 0.0:
            mass, row = people[n], table[n + begin : n + begin + width]
            for q in range(width):
                values[q] += mass * row[q]
    weights = np.empty(POINTS)
    for c in range(len(legs)):
        point = int(legs[c] / step)
        _interpolation(legs[c] / step - point, weights)
        for p in range(POINTS):
            column[c] += weights[p] * values[point - begin + p]
