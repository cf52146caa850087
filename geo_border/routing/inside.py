"""Times between places of one side that do not pass the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_border.network.graph import SIDES
from geo_border.routing.searches import search_columns
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
    from scipy.sparse import csr_array

    from geo_border.network.graph import Network


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


def own_times(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    origins: NDArray[np.bool_] | None = None,
) -> OwnTimes:
    """Search from every origin inside its side.

    This is the costly part of accessibility, and no scenario at the border changes it.

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
    OwnTimes
        A matrix of hours for each side.

    Raises
    ------
    TableError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    check_columns(places, (*PLACE_COLUMNS, "region_id"), "places")
    side = side_positions(places)
    node, access = nodes_and_legs(network, places, side)
    wanted = places["region_id"].notna().to_numpy() if origins is None else origins
    matrix = network.matrix(modes)

    starts, ends, hours = [], [], []
    for position in range(len(SIDES)):
        start = np.flatnonzero((side == position) & wanted)
        end = np.flatnonzero(side == position)
        times = np.full((len(start), len(end)), np.inf)
        # Searches set up every node of the graph they get: give them only this side's.
        used = np.flatnonzero((network.side == position) & _touched(matrix))
        used = np.union1d(used, node[end][node[end] >= 0])
        part = matrix[used][:, used]
        roots, root_of = np.unique(node[start][node[start] >= 0], return_inverse=True)
        rows = np.flatnonzero(node[start] >= 0)
        columns = np.flatnonzero(node[end] >= 0)
        by_root = np.empty((len(roots), len(columns)))
        at = np.searchsorted(used, node[end][columns])
        for chunk, found in search_columns(part, np.searchsorted(used, roots), at):
            by_root[chunk] = found
        times[np.ix_(rows, columns)] = by_root[root_of]
        times += access[start][:, None]
        times += access[end]
        times[np.arange(len(start)), np.searchsorted(end, start)] = 0.0
        starts.append(start)
        ends.append(end)
        hours.append(times)
    return OwnTimes(tuple(starts), tuple(ends), tuple(hours))


def _touched(matrix: csr_array) -> NDArray[np.bool_]:
    """Nodes with an edge."""
    touched: NDArray[np.bool_] = np.diff(matrix.indptr) > 0
    touched[matrix.indices] = True
    return touched
