"""Pairs of places in tiles: near each other, they take few of the gates and share their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.routing.pair_kernels import SPAN, Ends, Pool, bound_ends, fill_pool
from geo_border.routing.tiles import ROUNDING, map_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.tables import GateTables

    Floats = NDArray[np.float64]

BLOCKS = 16
"""Blocks that the tiles of origins are cut into: each takes all ways through the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Origins and destinations in tiles, and the bounds of their legs, whatever the scenario.

    Parameters
    ----------
    origins, destinations
        Positions of places in the order of the tiles.
    starts, ends
        The same in tiles.
    """

    origins: NDArray[np.int64]
    destinations: NDArray[np.int64]
    starts: Ends
    ends: Ends


def tiled(tables: GateTables, origins: NDArray[np.int64], destinations: NDArray[np.int64]) -> Pairs:
    """Cut pairs of places into tiles.

    Parameters
    ----------
    tables
        Checkpoint tables.
    origins, destinations
        Positions of places.

    Returns
    -------
    Pairs
        In the order of a map.
    """
    A, B = tables.to_gate[origins], tables.from_gate[:, destinations].T
    rows, columns = map_order(A), map_order(B)
    return Pairs(origins[rows], destinations[columns], _ends(A[rows]), _ends(B[columns]))


def _ends(legs: Floats) -> Ends:
    """Tiles of legs that are in order, shape (N, K)."""
    n, gates = legs.shape
    tiles = -(-n // SPAN)
    padded = np.full((tiles * SPAN, gates), np.inf)
    padded[:n] = legs
    low, high = np.empty((2, tiles, gates))
    ends = Ends(
        legs=np.ascontiguousarray(padded.reshape(tiles, SPAN, gates).transpose(0, 2, 1)),
        number=np.minimum(SPAN, n - SPAN * np.arange(tiles)),
        low=low,
        high=high,
        gaps=np.empty((tiles, gates, gates)),
    )
    bound_ends(ends)
    return ends


def in_tiles(values: NDArray[Any], tiles: int) -> NDArray[Any]:
    """Cut values into tiles.

    Parameters
    ----------
    values
        In the order of the tiles, shape (N,).
    tiles
        How many; those of no use take none of the values.

    Returns
    -------
    ndarray
        Padded by zeros, shape (tiles, SPAN).
    """
    padded = np.zeros((tiles, SPAN), values.dtype)
    padded.ravel()[: len(values)] = values[: padded.size]
    return padded


def lead_on(ends: Ends, routes: Floats, gate: NDArray[np.int64]) -> Pool:
    """Lead ways between the gates on to the destinations.

    Parameters
    ----------
    ends
        The destinations.
    routes, gate
        As in `geo_border.routing.pair_kernels.fill_pool`.

    Returns
    -------
    Pool
        The ways with their bounds.
    """
    shape = len(ends.legs), len(routes)
    low, high, least, most = np.empty((4, *shape))
    pool = Pool(
        legs=np.empty((*shape, SPAN)),
        last=np.empty((*shape, SPAN), np.int32),
        low=low,
        high=high,
        least=least,
        most=most,
        marks=np.empty(shape, np.uint8),
    )
    fill_pool(routes, gate, ends, pool)
    return pool


def slack_of(starts: Ends, pool: Pool) -> float:
    """By how much a gate must be faster to put another one out, whatever the rounding.

    Parameters
    ----------
    starts
        The origins.
    pool
        Ways on to the destinations.

    Returns
    -------
    float
        Hours.
    """
    finite = (part[np.isfinite(part)].max(initial=0) for part in (starts.legs, pool.legs))
    return ROUNDING * float(np.finfo(float).eps) * float(sum(finite))
