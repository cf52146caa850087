"""Ways between places of one side by the other side, a tile of destinations at a time.

Few of them beat the direct way. A tile's nearest destination by a gate and its farthest one
without tell for all of it that none does: so a pair costs a look at its direct time, and not one
at each gate and scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_border.routing.engine.kernels import latest_of_tiles
from geo_border.routing.tiles import map_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.routing.crossing import Crossing

TILE = 64
"""Destinations of a tile."""


@dataclass(frozen=True, slots=True, eq=False)
class Detours:
    """Ways by the other side under some scenarios, from the same origins to the same places.

    Parameters
    ----------
    order
        Destinations that some gate leads to, by tile, shape (m,).
    A
        Hours from the origins to the first passages, for each scenario, shapes (N, K).
    legs
        From there to the destinations by tile, infinite behind the last, for each scenario,
        shapes (K, tiles, `TILE`).
    least
        The least of them in each tile, for each scenario, shapes (K, tiles).
    """

    order: NDArray[np.int64]
    A: tuple[NDArray[np.float64], ...]
    legs: tuple[NDArray[np.float64], ...]
    least: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, transits: Sequence[Crossing]) -> Detours:
        """Cut the destinations of ways into tiles.

        Parameters
        ----------
        transits
            As `geo_border.routing.crossing.transit` gives them, one at least.

        Returns
        -------
        Detours
            The same ways.
        """
        E = [transit.E for transit in transits]
        reached = np.flatnonzero(np.any([np.isfinite(hours).any(axis=0) for hours in E], axis=0))
        order = reached[map_order(E[0][:, reached].T)]
        tiles = -(-len(order) // TILE)
        legs = []
        for hours in E:
            padded = np.full((len(hours), tiles * TILE), np.inf)
            padded[:, : len(order)] = hours[:, order]
            legs.append(padded.reshape(len(hours), tiles, TILE))
        least = tuple(hours.min(axis=2) for hours in legs)
        return cls(order, tuple(transit.A for transit in transits), tuple(legs), least)

    def latest(self, direct: NDArray[np.float64]) -> NDArray[np.float64]:
        """Greatest direct time from each origin to each tile.

        Parameters
        ----------
        direct
            Hours from some of the origins to all destinations, shape (rows, M).

        Returns
        -------
        ndarray
            Hours, shape (rows, tiles).
        """
        found = np.empty((len(direct), self.least[0].shape[1]))
        latest_of_tiles(direct, self.order, TILE, found)
        return found
