"""Cells grouped by the node where they enter the network, with their ways off the road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.regions import population_of
from geo_border.compute.compiled import kernel
from geo_border.routing.tables import PLACE_COLUMNS, check_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOMENTS = 6
"""Sums over the legs of an entry that are kept: of 1, t, t² … t⁵, weighted by people."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Where cells and places enter the network, and how far each is from there.

    Parameters
    ----------
    places
        The E entries as places for `geo_border.routing.tables.gate_tables` and
        `geo_border.routing.inside.own_searches`: index ``node``; ``side``, ``node``,
        ``access_h`` (0), ``region_id`` (missing).
    is_origin
        Whether a cell enters there, shape (E,): the origins of the searches.
    entry
        Entry of each cell, -1 where it does not reach the network, shape (N,).
    beyond
        The same of the places beyond the belt, shape (B,).
    origins
        Hours from the cells to their entries, by entry.
    destinations
        Hours from the entries to all that can be reached there, by entry.
    """

    places: pd.DataFrame
    is_origin: NDArray[np.bool_]
    entry: NDArray[np.int64]
    beyond: NDArray[np.int64]
    origins: Legs
    destinations: Legs


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """Ways off the road, sorted by their entry and then by their time.

    Parameters
    ----------
    start
        First leg of each entry, shape (E + 1,).
    row
        Position of each leg among those given, shape (n,).
    hours
        Time of each leg, shape (n,).
    persons
        People at the end of each leg, shape (n,).
    moments
        Sums of people times powers of `hours`, from 0 up, over the legs of an entry up to
        each, shape (n, MOMENTS).
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    hours: NDArray[np.float64]
    persons: NDArray[np.float64]
    moments: NDArray[np.float64]

    def of(self, entries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find the legs of some entries.

        Parameters
        ----------
        entries
            Positions of entries, shape (n,).

        Returns
        -------
        begin : ndarray
            First leg of each in the second array, and the end of that, shape (n + 1,).
        at : ndarray
            Positions of the legs.
        """
        number = self.start[entries + 1] - self.start[entries]
        begin = np.concatenate([[0], np.cumsum(number)])
        at = np.repeat(self.start[entries] - begin[:-1], number) + np.arange(begin[-1])
        return begin, at


def shared_entries(cells: pd.DataFrame, beyond: pd.DataFrame | None = None) -> Entries:
    """Group cells, and places beyond the belt, by the node where they enter the network.

    Parameters
    ----------
    cells
        ``side``, ``node`` (-1 where the network is out of reach), ``access_h`` and
        ``population`` (persons): origins, and destinations where anyone lives.
    beyond
        Places with the same columns that are destinations only.

    Returns
    -------
    Entries
        The entries in the order of their nodes.

    Raises
    ------
    TableError
        If a column is missing or the population is not sound.
    """
    check_columns(cells, PLACE_COLUMNS, "cells")
    columns = [*PLACE_COLUMNS, "population"]
    ends = cells if beyond is None else pd.concat([cells[columns], beyond[columns]])
    population = population_of(ends)
    node = ends["node"].to_numpy(np.int64)
    access = ends["access_h"].to_numpy(float)
    joined = np.flatnonzero(node >= 0)
    nodes, first, of = np.unique(node[joined], return_index=True, return_inverse=True)
    entry = np.full(len(ends), -1)
    entry[joined] = of
    places = pd.DataFrame(
        {
            "side": ends["side"].to_numpy(object)[joined[first]],
            "node": nodes,
            "access_h": 0.0,
            "region_id": None,
        },
        index=pd.Index(nodes, name="node"),
    )
    mine, others = entry[: len(cells)], entry[len(cells) :]
    is_origin = np.zeros(len(nodes), np.bool_)
    is_origin[mine[mine >= 0]] = True
    living = np.flatnonzero((entry >= 0) & (population > 0))
    return Entries(
        places=places,
        is_origin=is_origin,
        entry=mine,
        beyond=others,
        origins=_legs(np.flatnonzero(mine >= 0), entry, access, population, len(nodes)),
        destinations=_legs(living, entry, access, population, len(nodes)),
    )


def _legs(
    rows: NDArray[np.int64],
    entry: NDArray[np.int64],
    access: NDArray[np.float64],
    population: NDArray[np.float64],
    n: int,
) -> Legs:
    """Legs of some rows."""
    rows = rows[np.lexsort((access[rows], entry[rows]))]
    start = np.searchsorted(entry[rows], np.arange(n + 1)).astype(np.int64)
    moments = np.empty((len(rows), MOMENTS))
    _add_up(start, access[rows], population[rows], moments)
    return Legs(start, rows, access[rows], population[rows], moments)


@kernel
def _add_up(
    start: NDArray[np.int64],
    hours: NDArray[np.float64],
    persons: NDArray[np.float64],
    moments: NDArray[np.float64],
) -> None:
    """Add up people times powers of hours along the legs of each entry."""
    total = np.empty(moments.shape[1])
    for entry in range(len(start) - 1):
        total[:] = 0.0
        for leg in range(start[entry], start[entry + 1]):
            power = persons[leg]
            for m in range(len(total)):
                total[m] += power
                moments[leg, m] = total[m]
                power *= hours[leg]
