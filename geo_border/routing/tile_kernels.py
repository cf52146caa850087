"""Compiled part of the sums over tiles: which gates stay, and the sums over those."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel
from geo_border.routing.engine.kernels import EXPONENTIAL, STEP, evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32] | NDArray[np.float64]

ROWS, COLUMNS = 64, 128
"""Origins and destinations of a tile."""

LANES = 16
"""Partial sums of a tile's row; fixed, so that rounding does not depend on the machine."""

FEW = 32
"""Gates up to which all are compared with each other before any pair is looked at."""

MANY = 16
"""Gates from which on an exponential, or a step, costs less than a look at each of them."""

TOGETHER = 4
"""Origins that share each look at the legs of many gates, which the nearest cache cannot hold."""

FAR = 1e30
"""Stands for infinity where differences of times are taken."""


# What does not change in a loop is taken out of it by hand below: the compiler cannot know
# that nothing written in the loop is the same memory.
@kernel
def greatest_gaps(times: Floats, gaps: Floats) -> None:
    """Greatest ``times[i, q] - times[i, k]`` over the rows.

    Parameters
    ----------
    times
        Hours, finite, shape (n, K).
    gaps
        By q and k, shape (K, K); written.
    """
    gaps[:] = -np.inf
    gates = times.shape[1]
    for i in range(len(times)):
        row = times[i]
        for q in range(gates):
            of_q, greatest = row[q], gaps[q]
            for k in range(gates):
                gap = of_q - row[k]
                greatest[k] = max(greatest[k], gap)


@kernel
def _stay(  # noqa: C901  (two sweeps of one search)
    low: Floats,
    high: Floats,
    gaps_a: Floats,
    gaps_e: Floats,
    slack: float,
    better: int,
    some: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> int:
    """Gates that fewer than `better` others beat in the whole tile; their number.

    `low` and `high` are the bounds of the times through each gate. The gates of the least
    upper bounds put most of the others out, so these are compared with them first.
    """
    first, second = -1, -1
    for k in range(len(high)):
        if high[k] < np.inf and (first < 0 or high[k] < high[first]):
            first, second = k, first
        elif high[k] < np.inf and (second < 0 or high[k] < high[second]):
            second = k
    count = 0
    for k in range(len(low)):
        beaten = 0 if low[k] < np.inf else better
        for q in (first, second):
            if q >= 0 and gaps_a[q, k] + gaps_e[q, k] < -slack:
                beaten += 1
        if beaten < better:
            some[count] = k
            count += 1
    left = 0
    others = count if count <= FEW else 0
    for a in range(count):
        k = some[a]
        beaten = 0
        for b in range(others):
            if gaps_a[some[b], k] + gaps_e[some[b], k] < -slack:
                beaten += 1
        if beaten < better:
            kept[left] = k
            left += 1
    return left


@kernel
def _least(a: Floats, legs: Floats, kept: NDArray[np.int64], count: int, least: Floats) -> None:
    """Least of ``a[k] + legs[k, j]`` over the gates kept."""
    first, of_first = a[kept[0]], legs[kept[0]]
    for j in range(COLUMNS):
        least[j] = first + of_first[j]
    at = 1
    while at + 3 < count:
        k, m, n, o = a[kept[at]], a[kept[at + 1]], a[kept[at + 2]], a[kept[at + 3]]
        of_k, of_m = legs[kept[at]], legs[kept[at + 1]]
        of_n, of_o = legs[kept[at + 2]], legs[kept[at + 3]]
        for j in range(COLUMNS):
            x, y, z, w = k + of_k[j], m + of_m[j], n + of_n[j], o + of_o[j]
            x = min(y, x)
            z = min(w, z)
            x = min(z, x)
            least[j] = min(least[j], x)
        at += 4
    while at < count:
        k, of_k = a[kept[at]], legs[kept[at]]
        for j in range(COLUMNS):
            x = k + of_k[j]
            least[j] = min(least[j], x)
        at += 1


@kernel
def _least_together(
    tile: Floats, top: int, legs: Floats, kept: NDArray[np.int64], count: int, least: Floats
) -> None:
    """Least of ``tile[i, k] + legs[k, j]`` over the gates kept, one row i after another.

    Rows from `top` on, as many as are taken together; the last one again where they end.
    """
    last = len(tile) - 1
    p, q = tile[top], tile[min(top + 1, last)]
    r, s = tile[min(top + 2, last)], tile[min(top + 3, last)]
    least[:] = np.inf
    for at in range(0, count, 2):
        k, m = kept[at], kept[min(at + 1, count - 1)]
        of_k, of_m = legs[k], legs[m]
        p_k, q_k, r_k, s_k = p[k], q[k], r[k], s[k]
        p_m, q_m, r_m, s_m = p[m], q[m], r[m], s[m]
        for j in range(COLUMNS):
            k_j, m_j = of_k[j], of_m[j]
            x, y = min(p_k + k_j, p_m + m_j), min(q_k + k_j, q_m + m_j)
            z, w = min(r_k + k_j, r_m + m_j), min(s_k + k_j, s_m + m_j)
            least[j] = min(x, least[j])
            least[j + COLUMNS] = min(y, least[j + COLUMNS])
            least[j + 2 * COLUMNS] = min(z, least[j + 2 * COLUMNS])
            least[j + 3 * COLUMNS] = min(w, least[j + 3 * COLUMNS])


@kernel
def _greatest(
    a: Floats, shares: Floats, kept: NDArray[np.int64], count: int, greatest: Floats
) -> None:
    """Greatest of ``a[k] * shares[k, j]`` over the gates kept."""
    first, of_first = a[kept[0]], shares[kept[0]]
    for j in range(COLUMNS):
        greatest[j] = first * of_first[j]
    at = 1
    while at + 3 < count:
        k, m, n, o = a[kept[at]], a[kept[at + 1]], a[kept[at + 2]], a[kept[at + 3]]
        of_k, of_m = shares[kept[at]], shares[kept[at + 1]]
        of_n, of_o = shares[kept[at + 2]], shares[kept[at + 3]]
        for j in range(COLUMNS):
            x, y, z, w = k * of_k[j], m * of_m[j], n * of_n[j], o * of_o[j]
            x = max(y, x)
            z = max(w, z)
            x = max(z, x)
            greatest[j] = max(greatest[j], x)
        at += 4
    while at < count:
        k, of_k = a[kept[at]], shares[kept[at]]
        for j in range(COLUMNS):
            x = k * of_k[j]
            greatest[j] = max(greatest[j], x)
        at += 1


@kernel
def _two_least(
    a: Floats, legs: Floats, kept: NDArray[np.int64], count: int, least: Floats, second: Floats
) -> None:
    """Least and second least of ``a[k] + legs[k, j]`` over the gates kept."""
    least[:] = np.inf
    second[:] = np.inf
    unreached = least[0]
    for at in range(0, count, 2):
        k, of_k = a[kept[at]], legs[kept[at]]
        m, of_m = unreached, of_k
        if at + 1 < count:
            m, of_m = a[kept[at + 1]], legs[kept[at + 1]]
        for j in range(COLUMNS):
            x, y = k + of_k[j], m + of_m[j]
            ahead, behind = min(x, y), max(x, y)
            beaten = max(ahead, least[j])
            behind = min(behind, second[j])
            second[j] = min(beaten, behind)
            least[j] = min(ahead, least[j])


@kernel
def _two_greatest(
    a: Floats, shares: Floats, kept: NDArray[np.int64], count: int, greatest: Floats, second: Floats
) -> None:
    """Greatest and second greatest of ``a[k] * shares[k, j]`` over the gates kept."""
    greatest[:] = 0
    second[:] = 0
    nothing = greatest[0]
    for at in range(0, count, 2):
        k, of_k = a[kept[at]], shares[kept[at]]
        m, of_m = nothing, of_k
        if at + 1 < count:
            m, of_m = a[kept[at + 1]], shares[kept[at + 1]]
        for j in range(COLUMNS):
            x, y = k * of_k[j], m * of_m[j]
            ahead, behind = max(x, y), min(x, y)
            beaten = min(ahead, greatest[j])
            behind = max(behind, second[j])
            second[j] = max(beaten, behind)
            greatest[j] = max(ahead, greatest[j])


@kernel
def _folded(part: Floats) -> float:
    """Sum of the lanes, in a fixed order on every machine."""
    a = (part[0] + part[8]) + (part[4] + part[12])
    b = (part[1] + part[9]) + (part[5] + part[13])
    c = (part[2] + part[10]) + (part[6] + part[14])
    d = (part[3] + part[11]) + (part[7] + part[15])
    return float((a + c) + (b + d))


@kernel
def _weighted(weight: Floats, values: Floats, part: Floats) -> float:
    """Sum of the products."""
    for j in range(LANES):
        a = weight[j] * values[j] + weight[j + 16] * values[j + 16]
        b = weight[j + 32] * values[j + 32] + weight[j + 48] * values[j + 48]
        c = weight[j + 64] * values[j + 64] + weight[j + 80] * values[j + 80]
        d = weight[j + 96] * values[j + 96] + weight[j + 112] * values[j + 112]
        part[j] = (a + b) + (c + d)
    return _folded(part)


@kernel
def _weighted_within(limit: float, weight: Floats, times: Floats, part: Floats) -> float:
    """Sum of the weights where the times are within a limit."""
    for j in range(LANES):
        a = weight[j] if times[j] <= limit else 0 * weight[j]
        b = weight[j + 16] if times[j + 16] <= limit else 0 * weight[j]
        c = weight[j + 32] if times[j + 32] <= limit else 0 * weight[j]
        d = weight[j + 48] if times[j + 48] <= limit else 0 * weight[j]
        a += weight[j + 64] if times[j + 64] <= limit else 0 * weight[j]
        b += weight[j + 80] if times[j + 80] <= limit else 0 * weight[j]
        c += weight[j + 96] if times[j + 96] <= limit else 0 * weight[j]
        d += weight[j + 112] if times[j + 112] <= limit else 0 * weight[j]
        part[j] = (a + b) + (c + d)
    return _folded(part)


@kernel
def sum_tiles(  # noqa: C901, PLR0912, PLR0915  (one loop; calls would hand its state around)
    A: Floats,
    legs: Floats,
    shares: Floats,
    wholes: NDArray[np.float64],
    weight: Floats,
    mass: NDArray[np.float64],
    low: Floats,
    high: Floats,
    gaps: Floats,
    slack: float,
    codes: NDArray[np.float64],
    limits: Floats,
    sums: NDArray[np.float64],
) -> None:
    """Sums of `geo_border.routing.tiles.tile_sums` for some origins, a tile at a time.

    Parameters
    ----------
    A
        Hours from the origins to the gates, shape (n, K).
    legs
        Hours from the gates to the destinations, by tile, shape (J, K, COLUMNS).
    shares
        ``exp(-β legs)`` for each exponential function, shape (X, J, K, COLUMNS).
    wholes
        Their sums with the weights, shape (X, J, K).
    weight
        Opportunities, shape (J, COLUMNS).
    mass
        Their sums, shape (J,).
    low, high
        Least and greatest leg of each gate in each tile, shape (J, K).
    gaps
        `greatest_gaps` of the legs of each tile, shape (J, K, K).
    slack
        By how much a gate must be faster to put another one out.
    codes
        Impedance functions, shape (D, 3).
    limits
        Their second column in the type of the times.
    sums
        Shape (n, D); added to.
    """
    gates = A.shape[1]
    tiles, functions = len(legs), len(codes)
    gaps_a = np.empty((gates, gates), A.dtype)
    low_a, high_a = np.empty(gates, A.dtype), np.empty(gates, A.dtype)
    some, kept = np.empty(gates, np.int64), np.empty(gates, np.int64)
    times = np.empty(TOGETHER * COLUMNS, A.dtype)
    value, part = np.empty(COLUMNS, A.dtype), np.empty(LANES, A.dtype)
    share_a = np.empty((len(shares), ROWS, gates), A.dtype)
    for top in range(0, len(A), ROWS):
        tile = A[top : top + ROWS]
        tile_bounds(tile, low_a, high_a, gaps_a)
        fill_shares(tile, codes, share_a)
        for J in range(tiles):
            count = _stay(low_a + low[J], high_a + high[J], gaps_a, gaps[J], slack, 1, some, kept)
            if count == 0:
                continue
            many = count >= MANY
            for i in range(len(tile)):
                row = i % TOGETHER if many else 0
                near = times[row * COLUMNS : (row + 1) * COLUMNS]
                if many and row == 0:
                    _least_together(tile, i, legs[J], kept, count, times)
                soonest, latest = (0.0, np.inf) if many else (np.inf, np.inf)
                for at in range(0 if many else count):
                    k = kept[at]
                    soonest = min(soonest, tile[i, k] + low[J, k])
                    latest = min(latest, tile[i, k] + high[J, k])
                if soonest == np.inf:
                    continue
                x = -1
                ready = many
                for d in range(functions):
                    kind = codes[d, 0]
                    if kind == EXPONENTIAL:
                        x += 1
                    if kind == EXPONENTIAL and count == 1:
                        k = kept[0]
                        sums[top + i, d] += share_a[x, i, k] * wholes[x, J, k]
                        continue
                    if kind == EXPONENTIAL and not many:
                        _greatest(share_a[x, i], shares[x, J], kept, count, value)
                        sums[top + i, d] += _weighted(weight[J], value, part)
                        continue
                    if kind == STEP and soonest > limits[d]:
                        continue
                    if kind == STEP and latest <= limits[d]:
                        sums[top + i, d] += mass[J]
                        continue
                    if not ready:
                        _least(tile[i], legs[J], kept, count, near)
                        ready = True
                    if kind == STEP:
                        sums[top + i, d] += _weighted_within(limits[d], weight[J], near, part)
                    else:
                        evaluate(codes[d], near, value)
                        sums[top + i, d] += _weighted(weight[J], value, part)


@kernel
def close_tiles(  # noqa: C901, PLR0915  (as sum_tiles)
    A: Floats,
    legs: Floats,
    shares: Floats,
    wholes: NDArray[np.float64],
    weight: Floats,
    low: Floats,
    high: Floats,
    gaps: Floats,
    slack: float,
    codes: NDArray[np.float64],
    sums: NDArray[np.float64],
    losses: NDArray[np.float64],
) -> None:
    """Sums of `geo_border.routing.tiles.tile_closures` for some origins.

    Parameters
    ----------
    A, legs, shares, wholes, weight, low, high, gaps, slack, codes, sums
        As in `sum_tiles`.
    losses
        What the closure of each gate takes, shape (K, n, D); added to.
    """
    gates = A.shape[1]
    gaps_a = np.empty((gates, gates), A.dtype)
    low_a, high_a = np.empty(gates, A.dtype), np.empty(gates, A.dtype)
    some, rest = np.empty(gates, np.int64), np.empty(gates, np.int64)
    winners, kept = np.empty(gates, np.int64), np.empty(gates, np.int64)
    near, behind = np.empty(COLUMNS, A.dtype), np.empty(COLUMNS, A.dtype)
    value, after = np.empty(COLUMNS, A.dtype), np.empty(COLUMNS, A.dtype)
    lost, part = np.empty(COLUMNS, A.dtype), np.empty(LANES, A.dtype)
    nothing = np.empty(0)
    share_a = np.empty((len(shares), ROWS, gates), A.dtype)
    for top in range(0, len(A), ROWS):
        tile = A[top : top + ROWS]
        tile_bounds(tile, low_a, high_a, gaps_a)
        fill_shares(tile, codes, share_a)
        for J in range(len(legs)):
            lows, highs = low_a + low[J], high_a + high[J]
            won = _stay(lows, highs, gaps_a, gaps[J], slack, 1, some, winners)
            if won == 0:
                continue
            count = _stay(lows, highs, gaps_a, gaps[J], slack, 2, some, kept)
            left = 0
            for at in range(count):
                if kept[at] != winners[0]:
                    rest[left] = kept[at]
                    left += 1
            for i in range(len(tile)):
                x = -1
                for d in range(len(codes)):
                    exponential = codes[d, 0] == EXPONENTIAL
                    x += 1 if exponential else 0
                    if won == 1:
                        with_all = _sum_over(
                            tile[i],
                            legs[J],
                            share_a[x, i] if exponential else tile[i],
                            shares[x, J] if exponential else legs[J],
                            wholes[x, J] if exponential else nothing,
                            weight[J],
                            codes[d],
                            winners,
                            1,
                            near,
                            value,
                            part,
                        )
                        without = 0.0
                        if left > 0:
                            without = _sum_over(
                                tile[i],
                                legs[J],
                                share_a[x, i] if exponential else tile[i],
                                shares[x, J] if exponential else legs[J],
                                wholes[x, J] if exponential else nothing,
                                weight[J],
                                codes[d],
                                rest,
                                left,
                                near,
                                value,
                                part,
                            )
                        sums[top + i, d] += with_all
                        losses[winners[0], top + i, d] += with_all - without
                        continue
                    if exponential:
                        of_a, of_legs = share_a[x, i], shares[x, J]
                        _two_greatest(of_a, of_legs, kept, count, near, behind)
                        sums[top + i, d] += _weighted(weight[J], near, part)
                        _lose(near, behind, weight[J], lost)
                        for at in range(won):
                            k = winners[at]
                            charge = _charge(of_a[k], of_legs[k], near, lost, part)
                            losses[k, top + i, d] += charge
                        continue
                    _two_least(tile[i], legs[J], kept, count, near, behind)
                    evaluate(codes[d], near, value)
                    evaluate(codes[d], behind, after)
                    sums[top + i, d] += _weighted(weight[J], value, part)
                    _lose(value, after, weight[J], lost)
                    for at in range(won):
                        k = winners[at]
                        _least(tile[i], legs[J], winners[at:], 1, value)
                        losses[k, top + i, d] += _charge(1.0, value, near, lost, part)


@kernel
def _lose(value: Floats, after: Floats, weight: Floats, lost: Floats) -> None:
    """What the weighted values lose when others come after them."""
    for j in range(COLUMNS):
        lost[j] = weight[j] * (value[j] - after[j])


@kernel
def _charge(a: float, shares: Floats, best: Floats, lost: Floats, part: Floats) -> float:
    """Sum of what is lost where ``a * shares[j]`` is the best.

    Where two gates are equally good nothing is lost, so both may be charged.
    """
    nothing = lost.dtype.type(0)
    for j in range(LANES):
        p = lost[j] if a * shares[j] == best[j] else nothing
        q = lost[j + 16] if a * shares[j + 16] == best[j + 16] else nothing
        r = lost[j + 32] if a * shares[j + 32] == best[j + 32] else nothing
        s = lost[j + 48] if a * shares[j + 48] == best[j + 48] else nothing
        p += lost[j + 64] if a * shares[j + 64] == best[j + 64] else nothing
        q += lost[j + 80] if a * shares[j + 80] == best[j + 80] else nothing
        r += lost[j + 96] if a * shares[j + 96] == best[j + 96] else nothing
        s += lost[j + 112] if a * shares[j + 112] == best[j + 112] else nothing
        part[j] = (p + q) + (r + s)
    return _folded(part)


@kernel
def _sum_over(
    a: Floats,
    legs: Floats,
    share_a: Floats,
    shares: Floats,
    wholes: NDArray[np.float64],
    weight: Floats,
    code: NDArray[np.float64],
    kept: NDArray[np.int64],
    count: int,
    near: Floats,
    value: Floats,
    part: Floats,
) -> float:
    """Sum of one function over one row of a tile with the gates kept."""
    if code[0] == EXPONENTIAL and count == 1:
        return float(share_a[kept[0]] * wholes[kept[0]])
    if code[0] == EXPONENTIAL:
        _greatest(share_a, shares, kept, count, near)
        return _weighted(weight, near, part)
    _least(a, legs, kept, count, near)
    evaluate(code, near, value)
    return _weighted(weight, value, part)


@kernel
def tile_bounds(tile: Floats, low: Floats, high: Floats, gaps: Floats) -> None:
    """Bounds of the times of a tile and the greatest gaps between them.

    Parameters
    ----------
    tile
        Hours, shape (n, K).
    low, high
        Shape (K,); written.
    gaps
        Shape (K, K), infinite times taken as just far; written.
    """
    near = np.empty(tile.shape, tile.dtype)
    low[:] = np.inf
    high[:] = -np.inf
    for i in range(len(tile)):
        for k in range(tile.shape[1]):
            low[k] = min(low[k], tile[i, k])
            high[k] = max(high[k], tile[i, k])
            near[i, k] = min(tile[i, k], FAR)
    greatest_gaps(near, gaps)


@kernel
def fill_shares(tile: Floats, codes: NDArray[np.float64], shares: Floats) -> None:
    """Exponentials of the times of a tile.

    Parameters
    ----------
    tile
        Hours, shape (n, K).
    codes
        Impedance functions, shape (D, 3).
    shares
        ``exp(-β tile)`` for each exponential function among them; written.
    """
    x = 0
    for d in range(len(codes)):
        if codes[d, 0] == EXPONENTIAL:
            for i in range(len(tile)):
                for k in range(tile.shape[1]):
                    shares[x, i, k] = math.exp(-codes[d, 1] * tile[i, k])
            x += 1
