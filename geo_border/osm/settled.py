"""Where roads lie in a settlement, known from how dense its streets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL_M = 150.0
"""Width of the squares in which streets and junctions are counted, metres at `TRUE_AT`."""

TRUE_AT = 50.0
"""Latitude at which a square of the Mercator projection has its width, degrees."""

STREETS_KM = 3.0
"""So many km of streets of a settlement on a km² make one: of the roads of Liechtenstein that are
signed 50 km/h or less three quarters are then found, of those with 70 or more 4 %."""

JUNCTIONS = 30.0
"""So many junctions on a km² make one, whatever the class of the streets."""

STREETS = ("residential", "living_street")
"""Classes of roads that are there for those who live on them."""

NO_STREETS = ("motorway", "motorway_link", "trunk_link", "primary_link", "service")
"""Classes whose junctions are those of interchanges and car parks."""

_RADIUS_M = 6_378_137.0


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """Streets and junctions by square, and around each.

    Parameters
    ----------
    squares
        Keys of the squares that hold any, ascending, shape (n,).
    streets_km
        Kilometres of streets in each and its eight neighbours, shape (n,).
    junctions
        Junctions there, shape (n,).
    """

    squares: NDArray[np.int64]
    streets_km: NDArray[np.float64]
    junctions: NDArray[np.float64]

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether points lie in a settlement.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).

        Returns
        -------
        ndarray
            True where there are `STREETS_KM` or `JUNCTIONS` around, shape (n,).
        """
        if not len(self.squares):
            return np.zeros(len(lon), bool)
        key = _square(lon, lat)
        at = np.searchsorted(self.squares, key).clip(max=len(self.squares) - 1)
        there = self.squares[at] == key
        width = CELL_M / 1000 * np.cos(np.radians(lat)) / np.cos(np.radians(TRUE_AT))
        km2 = 9 * width**2
        dense = (self.streets_km[at] >= STREETS_KM * km2) | (self.junctions[at] >= JUNCTIONS * km2)
        found: NDArray[np.bool_] = there & dense
        return found


def built_up(
    street_lonlat: tuple[NDArray[np.float64], NDArray[np.float64]],
    street_km: NDArray[np.float64],
    junction_lonlat: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Built:
    """Count streets and junctions by square.

    Parameters
    ----------
    street_lonlat
        Points along streets, degrees.
    street_km
        Kilometres of street that each stands for.
    junction_lonlat
        Junctions, degrees.

    Returns
    -------
    Built
        The same wherever an extract begins and ends. Time and memory are linear in the points.
    """
    street, junction = _square(*street_lonlat), _square(*junction_lonlat)
    own = np.unique(np.concatenate([street, junction]))
    km = np.bincount(np.searchsorted(own, street), street_km, len(own))
    number = np.bincount(np.searchsorted(own, junction), minlength=len(own)).astype(float)
    steps = np.array([-1, 0, 1])
    around = (_ROW * steps[:, None] + steps).ravel()
    squares = np.unique((own[:, None] + around).ravel())
    sums = np.zeros((2, len(squares)))
    for step in around:
        at = np.searchsorted(own, squares + step).clip(max=max(len(own) - 1, 0))
        if len(own):
            there = own[at] == squares + step
            sums += np.where(there, np.stack([km[at], number[at]]), 0.0)
    return Built(squares, *sums)


_ROW = np.int64(1) << 31
"""Squares of a row of the map have keys next to each other."""


def _square(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Key of the square that each point lies in."""
    size = CELL_M / np.cos(np.radians(TRUE_AT)) / _RADIUS_M
    east = np.floor(np.radians(lon) / size).astype(np.int64)
    rise = np.arcsinh(np.tan(np.radians(np.clip(lat, -89, 89))))
    key: NDArray[np.int64] = np.floor(rise / size).astype(np.int64) * _ROW + east
    return key
