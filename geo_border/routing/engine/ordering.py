"""Orders that keep near things near: the Hilbert curve through points of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 16
"""The plane is cut into 2**BITS squares each way."""


def hilbert_order(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Points in the order in which a Hilbert curve meets them.

    Parameters
    ----------
    x, y
        Coordinates, finite, shape (n,).

    Returns
    -------
    ndarray
        Positions of the points, those in one square in the order given, shape (n,).

    References
    ----------
    Hilbert (1891), Ueber die stetige Abbildung einer Linie auf ein Flächenstück, Math.
    Ann. 38, 459-460; by quadrants as in Warren (2013), Hacker's Delight, 16-2.
    """
    column, row = _squares(x), _squares(y)
    position = np.zeros(len(column), np.int64)
    half = 1 << (BITS - 1)
    while half:
        right, upper = (column & half) > 0, (row & half) > 0
        position += half * half * ((3 * right) ^ upper)
        column, row = column & (half - 1), row & (half - 1)
        turned = right & ~upper
        column, row = (np.where(turned, half - 1 - value, value) for value in (column, row))
        column, row = np.where(upper, column, row), np.where(upper, row, column)
        half >>= 1
    return np.argsort(position, kind="stable")


def _squares(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the square in one direction."""
    low = values.min(initial=np.inf)
    span = max(values.max(initial=-np.inf) - low, np.finfo(float).tiny)
    squares: NDArray[np.int64] = ((values - low) / span * (2**BITS - 1)).astype(np.int64)
    return squares
