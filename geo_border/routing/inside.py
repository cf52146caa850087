"""Times between places of one side that do not pass the border."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from geo_border.network.graph import SIDES
from geo_border.routing.compiled import in_blocks
from geo_border.routing.searches import search_graph, times_from
from geo_border.routing.tables import (
    PLACE_COLUMNS,
    check_columns,
    nodes_and_legs,
    side_positions,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.searches import SearchGraph

BLOCK_ENTRIES = 2_000_000
"""Most times held at once by a thread that sums over them."""


class Inside(Protocol):
    """Times from some places to all places of their own side, a block of origins at a time.

    What sums over these times takes either `OwnTimes` (held) or `OwnSearches` (found when
    asked for, each block by new searches). Each attribute is a pair, home and neighbour.
    """

    @property
    def origins(self) -> tuple[NDArray[np.int64], ...]:
        """Positions of the origins among the places, ascending."""

    @property
    def destinations(self) -> tuple[NDArray[np.int64], ...]:
        """Positions of all places of the side, ascending."""

    def block(self, side: int, rows: slice) -> NDArray[np.float64]:
        """Hours from some origins of a side, shape (rows, destinations)."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnTimes:
    """Times from some places to all places of their own side, border not passed.

    Each entry is a pair, home and neighbour.

    Parameters
    ----------
    origins
        Positions of the origins among the places.
    destinations
        Positions of all places of the side.
    hours
        Hours, 0 from a place to itself, infinite where there is no path,
        shape (origins, destinations).
    """

    origins: tuple[NDArray[np.int64], ...]
    destinations: tuple[NDArray[np.int64], ...]
    hours: tuple[NDArray[np.float64], ...]

    def block(self, side: int, rows: slice) -> NDArray[np.float64]:
        """Hours from some origins.

        Parameters
        ----------
        side
            Position in `SIDES`.
        rows
            Which of the origins of the side.

        Returns
        -------
        ndarray
            Shape (rows, destinations).
        """
        return self.hours[side][rows]


@dataclass(frozen=True, slots=True, eq=False)
class OwnSearches:
    """The times of `OwnTimes`, searched for whenever they are asked for.

    Memory does not grow with the number of pairs: for a hundred thousand origins.

    Parameters
    ----------
    origins, destinations
        As in `OwnTimes`.
    graph
        The network, laid out for searches.
    node
        Node of each place, -1 where it does not reach the network, shape (P,).
    access
        Hours between place and node, shape (P,).
    """

    origins: tuple[NDArray[np.int64], ...]
    destinations: tuple[NDArray[np.int64], ...]
    graph: SearchGraph
    node: NDArray[np.int64]
    access: NDArray[np.float64]

    def block(self, side: int, rows: slice) -> NDArray[np.float64]:
        """Hours from some origins, one search for each node that they lie at.

        Parameters
        ----------
        side
            Position in `SIDES`.
        rows
            Which of the origins of the side.

        Returns
        -------
        ndarray
            Shape (rows, destinations).
        """
        start, end = self.origins[side][rows], self.destinations[side]
        hours = np.full((len(start), len(end)), np.inf)
        here, there = self.node[start] >= 0, self.node[end] >= 0
        roots, root_of = np.unique(self.node[start[here]], return_inverse=True)
        found = times_from(self.graph, roots, self.node[end[there]])
        hours[np.ix_(here, there)] = found[root_of]
        hours += self.access[start][:, None]
        hours += self.access[end]
        hours[np.arange(len(start)), np.searchsorted(end, start)] = 0.0
        return hours


def own_searches(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    origins: NDArray[np.bool_] | None = None,
) -> OwnSearches:
    """Prepare searches from every origin inside its side.

    Parameters
    ----------
    network
        The graph.
    places
        Index ``place_id``; columns ``side``, ``node``, ``access_h``, ``region_id``.
    modes
        Modes of the edges that may be used.
    origins
        Which places to search from, shape (P,); those with a ``region_id`` if not given.

    Returns
    -------
    OwnSearches
        For measures that sum over the times without keeping them.

    Raises
    ------
    TableError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    check_columns(places, (*PLACE_COLUMNS, "region_id"), "places")
    side = side_positions(places)
    node, access = nodes_and_legs(network, places, side)
    wanted = places["region_id"].notna().to_numpy() if origins is None else origins
    return OwnSearches(
        origins=tuple(np.flatnonzero((side == s) & wanted) for s in range(len(SIDES))),
        destinations=tuple(np.flatnonzero(side == s) for s in range(len(SIDES))),
        graph=search_graph(network.matrix(modes), network.lon, network.lat),
        node=node,
        access=access,
    )


def own_times(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    origins: NDArray[np.bool_] | None = None,
) -> OwnTimes:
    """Search from every origin inside its side and keep all times.

    This is the costly part of accessibility, and no scenario at the border changes it.

    Parameters
    ----------
    network, places, modes, origins
        As in `own_searches`.

    Returns
    -------
    OwnTimes
        A matrix of hours for each side.

    Raises
    ------
    TableError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    found = own_searches(network, places, modes=modes, origins=origins)
    hours = []
    for side in range(len(SIDES)):
        n, m = len(found.origins[side]), len(found.destinations[side])
        times = np.empty((n, m))
        size = rows_at_once(m)
        for block, part in enumerate(in_blocks(n, partial(found.block, side), size=size)):
            times[block * size : (block + 1) * size] = part
        hours.append(times)
    return OwnTimes(found.origins, found.destinations, tuple(hours))


def rows_at_once(columns: int) -> int:
    """How many rows of times a thread should hold.

    Parameters
    ----------
    columns
        Length of a row.

    Returns
    -------
    int
        Between 1 and 64.
    """
    return max(1, min(64, BLOCK_ENTRIES // max(columns, 1)))
