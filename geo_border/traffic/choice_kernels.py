"""Compiled part of the choice: shares of gates row by row, and the moments that slopes need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.kernels import exponential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AT_ONCE = 8
"""Rows whose products are added to the moments together."""


@kernel
def share_row(hours: Floats, worth: Floats, theta: float, shares: Floats) -> float:
    """Shares of the gates in what one origin chooses, and the logarithm of their sum.

    Parameters
    ----------
    hours
        Between the origin and the gates, shape (K,).
    worth
        Logarithm of what each gate leads to, shape (K,).
    theta
        ``θ``, per hour.
    shares
        Shape (K,); written, 0 where there is no way.

    Returns
    -------
    float
        ``ln W``, minus infinity where there is no way.
    """
    for k in range(len(hours)):
        shares[k] = worth[k] - theta * hours[k]
    # Four at a time: one after the other, each would wait for the one before.
    m0 = m1 = m2 = m3 = -np.inf
    whole = len(shares) // 4 * 4
    for k in range(0, whole, 4):
        m0, m1 = max(m0, shares[k]), max(m1, shares[k + 1])
        m2, m3 = max(m2, shares[k + 2]), max(m3, shares[k + 3])
    most = max(m0, m1, m2, m3)
    for k in range(whole, len(shares)):
        most = max(most, shares[k])
    if most == -np.inf:
        shares[:] = 0.0
        return most
    for k in range(len(hours)):
        shares[k] = exponential(shares[k] - most)
    t0 = t1 = t2 = t3 = 0.0
    for k in range(0, whole, 4):
        t0, t1 = t0 + shares[k], t1 + shares[k + 1]
        t2, t3 = t2 + shares[k + 2], t3 + shares[k + 3]
    total = (t0 + t1) + (t2 + t3)
    for k in range(whole, len(shares)):
        total += shares[k]
    part = 1 / total
    for k in range(len(hours)):
        shares[k] *= part
    return float(most + np.log(total))


@kernel
def share_rows(hours: Floats, worth: Floats, theta: float, shares: Floats) -> None:
    """Shares of the gates in what some origins choose.

    Parameters
    ----------
    hours
        Shape (N, K).
    worth, theta
        As in `share_row`.
    shares
        Shape (N, K); written.
    """
    for i in range(len(hours)):
        share_row(hours[i], worth, theta, shares[i])


@kernel
def answer_rows(
    out_hours: Floats,
    home_hours: Floats,
    out_worth: Floats,
    home_worth: Floats,
    theta: float,
    log_outside: float,
    potential: Floats,
    made: Floats,
    worth: Floats,
    near: Floats,
    moments: Floats,
) -> None:
    """Trips of some origins, added up by gate.

    Parameters
    ----------
    out_hours, home_hours
        Between the origins and the gates, shape (N, K).
    out_worth, home_worth
        As `share_row` takes them, by leg.
    theta
        ``θ``, per hour.
    log_outside
        ``ln U_0``.
    potential
        Trips that could be made, shape (N,).
    made, worth
        Share of them that is made and ``ln W``, shape (N,); written.
    near
        Trips by leg and gate, shape (2, K); added to.
    moments
        ``Σ u p pᵀ`` of the way out and of the way home, and ``Σ v p_out p_homeᵀ``, where
        ``v`` are the trips times half of the share that is not made and ``u`` the rest of
        them, shape (3, K, K), or (0, K, K) if no slope is wanted; added to.
    """
    n, k = out_hours.shape
    shares = np.zeros((2, AT_ONCE, k))
    scaled = np.zeros((3, AT_ONCE, k))
    for start in range(0, n, AT_ONCE):
        rows = min(AT_ONCE, n - start)
        for r in range(rows):
            i = start + r
            out_sum = share_row(out_hours[i], out_worth, theta, shares[0, r])
            home_sum = share_row(home_hours[i], home_worth, theta, shares[1, r])
            worth[i] = (out_sum + home_sum) / 2
            made[i] = 0.0 if worth[i] == -np.inf else 1 / (1 + np.exp(log_outside - worth[i]))
            trips = potential[i] * made[i] / 2
            lost = trips * (1 - made[i]) / 2
            for g in range(k):
                near[0, g] += trips * shares[0, r, g]
                near[1, g] += trips * shares[1, r, g]
            if len(moments):
                for g in range(k):
                    scaled[0, r, g] = (trips - lost) * shares[0, r, g]
                    scaled[1, r, g] = (trips - lost) * shares[1, r, g]
                    scaled[2, r, g] = lost * shares[0, r, g]
        if len(moments):
            shares[:, rows:] = 0.0
            _add_products(scaled[0], shares[0], moments[0])
            _add_products(scaled[1], shares[1], moments[1])
            if log_outside > -np.inf:
                _add_products(scaled[2], shares[1], moments[2])


@kernel
def _add_products(left: Floats, right: Floats, total: Floats) -> None:
    """Add ``leftᵀ right`` of `AT_ONCE` rows."""
    for a in range(len(total)):
        c0, c1, c2, c3 = left[0, a], left[1, a], left[2, a], left[3, a]
        c4, c5, c6, c7 = left[4, a], left[5, a], left[6, a], left[7, a]
        row = total[a]
        for b in range(len(row)):
            first = c0 * right[0, b] + c1 * right[1, b] + c2 * right[2, b] + c3 * right[3, b]
            rest = c4 * right[4, b] + c5 * right[5, b] + c6 * right[6, b] + c7 * right[7, b]
            row[b] += first + rest


@kernel
def excursions(
    away: Floats, back: Floats, before: Floats, beyond: Floats, rounding: float
) -> tuple[NDArray[np.int64], Floats]:
    """Routes of three passages that pay, as `border_routes` has them.

    Parameters
    ----------
    away, back
        Hours of a passage in the direction of the routes and against it, shape (K,).
    before, beyond
        Drives between the gates on the side that is left and on the other, shape (K, K).
    rounding
        Fraction of a drive by which an excursion must be faster.

    Returns
    -------
    gates : ndarray
        First, second and third of each route, shape (R, 3).
    drive : ndarray
        Hours between the passages, shape (R,).
    """
    k = len(away)
    gates, drives = np.empty((0, 3), np.int64), np.empty(0)
    for look in range(2):
        count = 0
        for first in range(k):
            for turn in range(k):
                over = beyond[first, turn] + back[turn]
                if turn == first or away[first] + over == np.inf:
                    continue
                for last in range(k):
                    excursion = over + before[turn, last]
                    if last in (first, turn) or excursion + away[last] == np.inf:
                        continue
                    if away[first] + excursion < before[first, last] * (
                        1 - rounding
                    ) and excursion + away[last] < beyond[first, last] * (1 - rounding):
                        if look:
                            gates[count] = first, turn, last
                            drives[count] = beyond[first, turn] + before[turn, last]
                        count += 1
        if not look:
            gates, drives = np.empty((count, 3), np.int64), np.empty(count)
    return gates, drives
