"""Distances on the ellipsoid between many points, compiled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SEMI_MAJOR_KM = 6378.137
FLATTENING = 1 / 298.257223563
"""The ellipsoid of WGS 84."""


def reduced_vectors(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Points on the unit sphere at the reduced latitudes of places.

    Parameters
    ----------
    lon, lat
        Positions, degrees (WGS 84), shape (N,).

    Returns
    -------
    ndarray
        Vectors of length 1, as `geodesic_km` takes them, shape (N, 3).
    """
    lam = np.radians(np.asarray(lon, float))
    phi = np.radians(np.asarray(lat, float))
    beta = np.arctan2((1 - FLATTENING) * np.sin(phi), np.cos(phi))
    return np.stack([np.cos(beta) * np.cos(lam), np.cos(beta) * np.sin(lam), np.sin(beta)], axis=-1)


@kernel
def apart_km(ax: float, ay: float, az: float, bx: float, by: float, bz: float) -> float:
    """Distance between two points, as `geodesic_km` gives it.

    Parameters
    ----------
    ax, ay, az, bx, by, bz
        Vectors of `reduced_vectors`.

    Returns
    -------
    float
        Kilometres.
    """
    gap = (ax - bx) ** 2 + (ay - by) ** 2 + (az - bz) ** 2
    if gap == 0.0:
        return 0.0
    h = min(gap / 4, 1.0)  # sine squared of half the angle
    angle = 2 * math.asin(math.sqrt(h))
    sine = 2 * math.sqrt(h * (1 - h))
    middle = (az + bz) / 2
    half = (az - bz) / 2
    flat = (angle - sine) * middle**2 / max(1 - h, 1e-12) + (angle + sine) * half**2 / h
    return SEMI_MAJOR_KM * (angle - FLATTENING / 2 * flat)


@kernel
def geodesic_km(
    start: NDArray[np.float64], ends: NDArray[np.float64], km: NDArray[np.float64]
) -> None:
    """Distances from one point to others by Lambert's formula.

    It holds within 10 m over thousands of kilometres and costs one arcsine a pair; near the
    antipode, where no border reaches, it does not hold.

    Parameters
    ----------
    start
        Vector of `reduced_vectors`, shape (3,).
    ends
        Vectors, shape (M, 3).
    km
        Distances, shape (M,); written. A point has distance 0 from itself.

    References
    ----------
    Lambert (1942), J. Washington Academy of Sciences 32(5) 125-130.
    """
    for j in range(len(ends)):
        km[j] = apart_km(start[0], start[1], start[2], ends[j, 0], ends[j, 1], ends[j, 2])
