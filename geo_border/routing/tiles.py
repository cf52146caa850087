"""Sums over all pairs through the gates, a tile of pairs at a time, without their times.

Origins and destinations are put in the order of a map that the times to the gates draw
themselves, and cut into tiles. In a tile a gate is left out where another one is faster for
every pair: where ``max_i (A_iq - A_ik) + max_j (E_qj - E_kj) < 0`` for some q. Few gates
stay, and the sums are those over all of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.compute.compiled import BLOCKS, in_blocks
from geo_border.routing.engine.kernels import EXPONENTIAL, STEP
from geo_border.routing.engine.ordering import hilbert_order
from geo_border.routing.tile_kernels import COLUMNS, ROWS, close_tiles, sum_tiles, tile_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.tile_kernels import Floats

ROUNDING = 16
"""Ulps of the greatest time by which a gate must be faster to put another one out."""

STEPS = 12
"""Of the iteration for the axes of the map: 0.0002 is left of an axis of half the spread."""

LOST = 1e-12
"""Share of the spread below which what is left along an axis is rounding."""


def tile_sums(
    A: Floats,
    E: Floats,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weighted sums of impedance functions of ``min_k A[i, k] + E[k, j]``.

    Parameters
    ----------
    A
        Hours from the origins to the gates, shape (N, K), float64 or float32.
    E
        Hours from the gates to the destinations, shape (K, M), of the same type.
    weight
        Opportunities at the destinations, shape (M,).
    codes
        Impedance functions, shape (D, 3).

    Returns
    -------
    ndarray
        Shape (N, D); the same on any number of cores.
    """
    return _all_tiles(A, E, weight, codes, closures=False)[0]


def tile_closures(
    A: Floats,
    E: Floats,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums as of `tile_sums`, and what each gate's closure takes from them, in one pass.

    Each pair is charged to its best gate: its value there less that by the second best.

    Parameters
    ----------
    A, E, weight, codes
        As in `tile_sums`.

    Returns
    -------
    sums : ndarray
        Shape (N, D).
    losses : ndarray
        What the sums are less without gate k, shape (K, N, D).
    """
    return _all_tiles(A, E, weight, codes, closures=True)


def _all_tiles(
    A: Floats,
    E: Floats,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    *,
    closures: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sort, cut, sum, and put back in order."""
    n, gates = A.shape
    precision = float(np.finfo(A.dtype).eps)
    codes = codes.copy()
    # A limit is not missed by what two legs lose in the type.
    codes[codes[:, 0] == STEP, 1] *= 1 + 4 * precision
    rows, columns = map_order(A), map_order(E.T)
    sums = np.zeros((n, len(codes)))
    losses = np.zeros((gates if closures else 0, n, len(codes)))
    if not len(columns) or not gates:
        return sums, losses
    tiles = -(-len(columns) // COLUMNS)
    legs = np.full((tiles * COLUMNS, gates), np.inf, A.dtype)
    legs[: len(columns)] = E.T[columns]
    mass = np.zeros((tiles, COLUMNS))
    mass.ravel()[: len(columns)] = weight[columns]
    low, high = np.empty((2, tiles, gates), A.dtype)
    gaps = np.empty((tiles, gates, gates), A.dtype)
    for tile in range(tiles):
        there = slice(tile * COLUMNS, min((tile + 1) * COLUMNS, len(columns)))
        tile_bounds(legs[there], low[tile], high[tile], gaps[tile])
    legs = np.ascontiguousarray(legs.reshape(tiles, COLUMNS, gates).transpose(0, 2, 1))
    # The exponential of a least sum is the greatest product of exponentials.
    rates = codes[codes[:, 0] == EXPONENTIAL, 1]
    shares = np.exp(-rates[:, None, None, None] * legs)
    wholes = np.einsum("xjkm,jm->xjk", shares, mass)
    shares = shares.astype(A.dtype)
    greatest = sum(float(part[np.isfinite(part)].max(initial=0)) for part in (A, E))
    slack = ROUNDING * precision * greatest
    tables: list[Any] = [legs, shares, wholes, mass.astype(A.dtype)]
    bounds = low, high, gaps, slack, codes
    if closures:
        work = partial(_closed_block, A[rows], (*tables, *bounds))
    else:
        limits = codes[:, 1].astype(A.dtype)
        work = partial(_summed_block, A[rows], (*tables, mass.sum(axis=1), *bounds, limits))
    # Whole tiles of origins: where they are cut does not depend on the blocks.
    size = ROWS * max(1, -(-n // (BLOCKS * ROWS)))
    for block, (found, lost) in enumerate(in_blocks(n, work, size=size)):
        at = rows[block * size : (block + 1) * size]
        sums[at] = found
        losses[:, at] = lost
    return sums, losses


def _summed_block(
    A: Any, tables: Any, rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of some origins."""
    found = np.zeros((rows.stop - rows.start, len(tables[-2])))
    sum_tiles(*(A[rows], *tables, found))
    return found, np.zeros((0, *found.shape))


def _closed_block(
    A: Any, tables: Any, rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of some origins, and what each closure takes from them."""
    found = np.zeros((rows.stop - rows.start, len(tables[-1])))
    lost = np.zeros((A.shape[1], *found.shape))
    close_tiles(*(A[rows], *tables, found, lost))
    return found, lost


def map_order(times: Floats) -> NDArray[np.int64]:
    """Order along a Hilbert curve on the first two principal components of the times.

    Places with like times to all gates lie near each other, on the ground and in it.

    Parameters
    ----------
    times
        Hours between places and gates, infinite where there is no way, shape (N, K).

    Returns
    -------
    ndarray
        Positions of the places, shape (N,).
    """
    finite = np.isfinite(times)
    if not finite.any():
        return np.arange(len(times))
    plain = np.where(finite, times, 2 * times[finite].max()).astype(float)
    plain -= plain.mean(axis=0)
    axes = principal_axes(plain.T @ plain)
    first = plain @ axes[:, 0]
    second = plain @ axes[:, 1] if axes.shape[1] > 1 else np.zeros(len(plain))
    return hilbert_order(first, second)


def principal_axes(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """First two principal axes, near enough for a map, by orthogonal iteration.

    Without LAPACK, whose threads wait for each other on a busy machine a hundred times as
    long as all this takes.

    Parameters
    ----------
    spread
        Products of the coordinates, symmetric and positive, shape (K, K).

    Returns
    -------
    ndarray
        Orthogonal columns of length 1, or 0 where there is no spread; the sign of each
        makes its sum positive, so that the order is the same everywhere; shape
        (K, 1 or 2).

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, 4th ed., section 7.3.2.
    """
    widest = np.argsort(-np.diag(spread), kind="stable")[:2]
    axes = np.eye(len(spread))[:, widest]
    scale = max(float(np.abs(spread).max()), np.finfo(float).tiny)
    for _ in range(STEPS):
        axes = np.einsum("kl,lx->kx", spread / scale, axes)
        for column in range(axes.shape[1]):
            for before in range(column):
                axes[:, column] -= (axes[:, before] * axes[:, column]).sum() * axes[:, before]
            length = float(np.sqrt((axes[:, column] ** 2).sum()))
            axes[:, column] *= 1 / length if length > LOST else 0.0
    signed: NDArray[np.float64] = axes * np.where(axes.sum(axis=0) < 0, -1.0, 1.0)
    return signed
