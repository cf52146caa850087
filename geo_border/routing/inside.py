"""Times between places of one side that do not pass the border."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from geo_border.compute.compiled import in_blocks, kernel
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.engine.hierarchy import LANE_STEP, LANES, hierarchy_for, sweep_to
from geo_border.routing.engine.searches import search_graph, times_from
from geo_border.routing.spots import OwnSpots, spots_of
from geo_border.routing.tables import (
    PLACE_COLUMNS,
    check_columns,
    nodes_and_legs,
    side_positions,
)
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.engine.contraction import Contractor

    Times: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.float64]]

MOST_HELD = 200_000_000
"""Most times inside the sides (1.6 GB) that a study holds; where there are more, they are
searched for whenever they are asked for."""

BLOCK_ENTRIES = 4_000_000
"""Most times held at once by a thread that sums over them, but for `LANE_STEP` rows."""


class Inside(Protocol):
    """Times from some places to others of their own side, a block of origins at a time.

    What sums over these times takes `OwnTimes` (held), `OwnSearches` (found when asked for,
    each block by new searches) or `geo_border.routing.spots.OwnSpots` (those of either between
    the points that places share). Each attribute is a pair, home and neighbour.
    """

    @property
    def origins(self) -> tuple[NDArray[np.int64], ...]:
        """Positions of the origins among the places, ascending."""

    @property
    def destinations(self) -> tuple[NDArray[np.int64], ...]:
        """Positions of the places of the side that are reached, ascending."""

    def block(self, side: int, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
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

    __repr__ = shown

    origins: tuple[NDArray[np.int64], ...]
    destinations: tuple[NDArray[np.int64], ...]
    hours: tuple[NDArray[np.float64], ...]

    def block(self, side: int, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
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
    times
        What finds the hours from some nodes to those of the destinations that reach the
        network, shape (roots, destinations there).
    node
        Node of each place, -1 where it does not reach the network, shape (P,).
    access
        Hours between place and node, shape (P,).
    is_spot
        Whether each place stands for several at its point, so that a trip from it to itself
        takes the way to the node and back, in place of none.
    """

    __repr__ = shown

    origins: tuple[NDArray[np.int64], ...]
    destinations: tuple[NDArray[np.int64], ...]
    times: tuple[Times, ...]
    node: NDArray[np.int64]
    access: NDArray[np.float64]
    is_spot: bool = False

    def block(self, side: int, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
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
        roots, row_of = np.unique(self.node[start], return_inverse=True)
        lost = int(np.searchsorted(roots, 0))  # those at -1, no node
        there = self.node[end] >= 0
        column_of = np.where(there, np.cumsum(there) - 1, -1)
        hours = np.empty((len(start), len(end)))
        found = self.times[side](roots[lost:])
        _add_legs(found, row_of - lost, column_of, self.access[start], self.access[end], hours)
        if self.is_spot:
            return hours
        here = np.searchsorted(end, start).clip(max=max(len(end) - 1, 0))
        itself = np.flatnonzero(end[here] == start) if len(end) else here[:0]
        hours[itself, here[itself]] = 0.0
        return hours


@kernel
def _add_legs(
    found: NDArray[np.float64],
    row_of: NDArray[np.int64],
    column_of: NDArray[np.int64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    hours: NDArray[np.float64],
) -> None:
    """Times between places from those between their nodes; infinite where one has none."""
    for i in range(len(row_of)):
        for j in range(len(column_of)):
            if row_of[i] < 0 or column_of[j] < 0:
                hours[i, j] = np.inf
            else:
                hours[i, j] = found[row_of[i], column_of[j]] + before[i] + after[j]


def own_searches(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    origins: NDArray[np.bool_] | None = None,
    destinations: NDArray[np.bool_] | None = None,
    is_spot: bool = False,
    contractor: Contractor = FRESH,
) -> OwnSearches:
    """Prepare searches from every origin inside its side.

    Times come from sweeps over a hierarchy where the number of nodes with origins pays
    for one (`geo_border.routing.engine.hierarchy.hierarchy_for`), else from the bucket queue;
    they are the same.

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
    destinations
        Which places to search to, shape (P,); all if not given.
    is_spot
        As in `OwnSearches`.
    contractor
        Gives the contraction of a hierarchy.

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
    requested = np.ones(len(side), np.bool_) if destinations is None else destinations
    ends = tuple(np.flatnonzero((side == s) & requested) for s in range(len(SIDES)))
    columns = [node[end][node[end] >= 0] for end in ends]
    roots = node[wanted & (node >= 0)]
    times = times_to(network, modes, roots, columns, contractor=contractor)
    return OwnSearches(
        origins=tuple(np.flatnonzero((side == s) & wanted) for s in range(len(SIDES))),
        destinations=ends,
        times=tuple(times),
        node=node,
        access=access,
        is_spot=is_spot,
    )


def times_to(
    network: Network,
    modes: Collection[str],
    roots: NDArray[np.int64],
    columns: Sequence[NDArray[np.int64]],
    *,
    contractor: Contractor = FRESH,
    against: bool = False,
) -> list[Times]:
    """Prepare searches from many nodes by the engine that their number pays for.

    Parameters
    ----------
    network
        The graph.
    modes
        Modes of the edges that may be used.
    roots
        Nodes that will be searched from, shape (s,); may repeat.
    columns
        Sets of nodes whose times are wanted.
    contractor
        Gives the contraction of a hierarchy.
    against
        Whether to find the times to the roots in place of those from them.

    Returns
    -------
    list of callable
        For each set, what finds hours from some roots, shape (roots, nodes of the set).

    Raises
    ------
    NetworkError
        As `geo_border.routing.engine.searches.search_graph`.
    """
    matrix = network.matrix(modes)
    hierarchy = hierarchy_for(matrix, len(np.unique(roots)), contractor=contractor)
    if hierarchy is None:
        directed = matrix.T.tocsr() if against else matrix
        graph = search_graph(directed, network.lon, network.lat)
        return [partial(times_from, graph, columns=wanted) for wanted in columns]
    directed_hierarchy = hierarchy.against() if against else hierarchy
    return [sweep_to(directed_hierarchy, wanted).times for wanted in columns]


def held_or_searched(
    network: Network,
    places: gpd.GeoDataFrame,
    *,
    modes: Collection[str] = ("road",),
    contractor: Contractor = FRESH,
) -> Inside:
    """Times inside the sides, kept unless there are more than `MOST_HELD`.

    Where there are more, those between spots are taken: N places at U spots cost what U do.
    They are kept if there are not too many of these, else searched for at every pass, U
    searches in all, and a block of them at a time is held.

    Parameters
    ----------
    network, modes, contractor
        As in `own_searches`.
    places
        As there, points.

    Returns
    -------
    Inside
        The same times either way.

    Raises
    ------
    TableError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    if can_be_held(places):
        return own_times(network, places, modes=modes, contractor=contractor)
    first, spot = spots_of(places)
    if len(first) == len(places):
        return own_searches(network, places, modes=modes, contractor=contractor)
    points = places.iloc[first]
    take = own_times if can_be_held(points) else own_searches
    spots = take(network, points, modes=modes, is_spot=True, contractor=contractor)
    side, within = side_positions(places), places["region_id"].notna().to_numpy()
    there = np.where(points["node"] >= 0, points["access_h"], np.inf)
    return OwnSpots(
        origins=tuple(np.flatnonzero((side == s) & within) for s in range(len(SIDES))),
        destinations=tuple(np.flatnonzero(side == s) for s in range(len(SIDES))),
        spots=spots,
        first=first,
        spot=spot,
        between=2 * there,
    )


def can_be_held(places: pd.DataFrame) -> bool:
    """Whether the times inside the sides are not too many to hold.

    Parameters
    ----------
    places
        As in `own_searches`.

    Returns
    -------
    bool
        True up to `MOST_HELD`.

    Raises
    ------
    TableError, SideError
        If a column is missing or a side unknown.
    """
    check_columns(places, (*PLACE_COLUMNS, "region_id"), "places")
    side = side_positions(places)
    begins = side[places["region_id"].notna()]
    pairs = sum(int((begins == s).sum()) * int((side == s).sum()) for s in range(len(SIDES)))
    return pairs <= MOST_HELD


def own_times(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    origins: NDArray[np.bool_] | None = None,
    is_spot: bool = False,
    contractor: Contractor = FRESH,
) -> OwnTimes:
    """Search from every origin inside its side and keep all times.

    This is the costly part of accessibility, and no scenario at the border changes it.

    Parameters
    ----------
    network, places, modes, origins, is_spot, contractor
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
    found = own_searches(
        network, places, modes=modes, origins=origins, is_spot=is_spot, contractor=contractor
    )
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
        Between `LANE_STEP` and `LANES`, so that sweeps have work for all their lanes.
    """
    rows = BLOCK_ENTRIES // max(columns, 1) // LANE_STEP * LANE_STEP
    return max(LANE_STEP, min(LANES, rows))
