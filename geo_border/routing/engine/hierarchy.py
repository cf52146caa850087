"""Times from very many roots: sweeps over a customised contraction hierarchy.

The order of the nodes costs most, and depends on which links there are, not on their
times. Sweeps give the same milliseconds as searches with the bucket queue.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geo_border.errors import NetworkError
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.engine.customisation import (
    DOWN,
    UP,
    customise_below,
    needed_arcs,
    place_weights,
)
from geo_border.routing.engine.dissection import CAN_DISSECT
from geo_border.routing.engine.searches import check_range, edge_milliseconds
from geo_border.routing.engine.sweeps import climb, fill_hours, leading_nodes, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.routing.engine.contraction import Contraction, Contractor

LANES = 64
"""Most roots of one sweep."""

LANE_STEP = 16
"""Lanes come in multiples of what one instruction of the machine takes."""


SEARCH_S = 13e-9
"""Seconds of a search, for each node and edge; these are measured (benchmarks/searches.py)."""

ORDER_S, LOAD_S = 0.6e-6, 0.5
"""Seconds to order, contract and customise, for each node and edge, and to load the code."""

CUSTOMISE_S = 0.1e-6
"""Seconds to load a known contraction and customise it, for each node and edge."""

TRIANGLE_S = 6e-9
"""Seconds to customise, for each pair of neighbours of higher rank that a node has."""


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """A contraction with the arcs that fastest paths need under given times.

    A fastest path between any two nodes leads up by `up_arcs` and then down by
    `down_arcs`.

    Parameters
    ----------
    position
        Number inside of each outside node, shape (n,).
    parent
        Parent of each node in the elimination tree, -1 at its roots, shape (n,).
    up_indptr, up_arcs
        Higher node and milliseconds of the arcs that lead up from each node, shapes
        (n + 1,) and (arcs, 2).
    down_indptr, down_arcs
        Higher node and milliseconds of the arcs that lead down to each node.
    """

    position: NDArray[np.int32]
    parent: NDArray[np.int32]
    up_indptr: NDArray[np.uint32]
    up_arcs: NDArray[np.uint32]
    down_indptr: NDArray[np.uint32]
    down_arcs: NDArray[np.uint32]

    def against(self) -> Hierarchy:
        """Turn all directions, at no cost: times to the roots in place of those from them.

        Returns
        -------
        Hierarchy
            That of the transposed matrix.
        """
        return replace(
            self,
            up_indptr=self.down_indptr,
            up_arcs=self.down_arcs,
            down_indptr=self.up_indptr,
            down_arcs=self.up_arcs,
        )


def hierarchy_for(
    matrix: csr_array, searches: int, *, contractor: Contractor = FRESH
) -> Hierarchy | None:
    """Prepare a hierarchy if so many searches pay for it.

    With n nodes and m edges, a search with the bucket queue takes about 13 ns × (n + m),
    on all cores at once; preparing takes 0.5 s + 0.6 µs × (n + m), on one core, or a sixth
    of the latter if the contraction is known. So it pays from about 60 searches a core at a
    million nodes, 150 at a hundred thousand; from 20 and 115 if it is known. Where
    contraction shows that the network has no small separators (a large full grid, a random
    graph) and customising alone would take longer than the searches, there is no hierarchy
    either.

    Parameters
    ----------
    matrix
        Hours of the edges, shape (n, n).
    searches
        Number of distinct roots.
    contractor
        Gives the contraction, the costly part.

    Returns
    -------
    Hierarchy or None
        None if searches from each root take less time, or METIS is not installed.

    Raises
    ------
    NetworkError
        As `customise`.
    """
    size = matrix.shape[0] + matrix.nnz
    by_search = searches * SEARCH_S * size / (os.cpu_count() or 1)
    if not CAN_DISSECT or by_search < LOAD_S + CUSTOMISE_S * size:
        return None
    if by_search < LOAD_S + ORDER_S * size and not contractor.knows(matrix):
        return None
    contraction = contractor.contraction(matrix)
    if contraction is None:
        return None
    higher = np.diff(contraction.indptr).astype(np.int64)
    if TRIANGLE_S * int((higher * (higher - 1)).sum()) / 2 > by_search:
        return None
    return customise(contraction, matrix)


def customise(contraction: Contraction, matrix: csr_array) -> Hierarchy:
    """Put times into a contraction and leave out what no fastest path needs.

    Parameters
    ----------
    contraction
        Of a matrix with the same entries.
    matrix
        Hours of the edges, shape (n, n); infinite ones are left out.

    Returns
    -------
    Hierarchy
        For sweeps.

    Raises
    ------
    NetworkError
        If an edge has no time, a negative one, or one of more than 500 hours, or is not
        in the contraction.

    References
    ----------
    Dibbelt, Strasser and Wagner (2016), Customizable contraction hierarchies, ACM J. Exp.
    Algorithmics 21, 1.5, sections 7 and 8.
    """
    indptr, heads = contraction.indptr, contraction.heads
    rows = np.repeat(contraction.position, np.diff(matrix.indptr))
    columns = contraction.position[matrix.indices]
    ms = edge_milliseconds(matrix.data)
    weights, complete = place_weights(indptr, heads, rows, columns, ms)
    if not complete:
        raise NetworkError("the contraction is not one of this network", remedy="Contract it anew")
    customise_below(indptr, heads, weights)
    needed = needed_arcs(indptr, heads, weights)
    up, down = (_arcs_kept(contraction, weights[:, way], needed[:, way]) for way in (UP, DOWN))
    return Hierarchy(contraction.position, contraction.parent, *up, *down)


def _arcs_kept(
    contraction: Contraction, weight: NDArray[np.uint32], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Compressed rows of some of the arcs."""
    before = np.concatenate([[0], np.cumsum(kept)])
    arcs = np.stack([contraction.heads[kept], weight[kept]], axis=1)
    return before[contraction.indptr].astype(np.uint32), arcs


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The part of a hierarchy that leads to some nodes, laid out for sweeps.

    Parameters
    ----------
    hierarchy
        The hierarchy.
    place
        Turn of each of its nodes in the sweep, -1 for those left out, shape (n,).
    rows
        Row in which the times of each node of the sweep are held, shape (k,).
    start
        First arc down to each node of the sweep, shape (k + 1,).
    arcs
        Row of the higher node and milliseconds of each arc, shape (a, 2).
    targets
        Turns of the nodes that are wanted, ascending, shape (t,).
    target_of
        Position in `targets` of each column, shape (c,).
    """

    hierarchy: Hierarchy
    place: NDArray[np.int32]
    rows: NDArray[np.uint32]
    start: NDArray[np.uint32]
    arcs: NDArray[np.uint32]
    targets: NDArray[np.uint32]
    target_of: NDArray[np.uint32]

    def times(self, roots: NDArray[np.int64]) -> NDArray[np.float64]:
        """Times from roots to the columns, on the thread that asks.

        Parameters
        ----------
        roots
            Nodes, shape (s,).

        Returns
        -------
        ndarray
            Hours, infinite where there is no path, shape (s, c).

        Raises
        ------
        NetworkError
            If a path to one of the columns takes more than 24 days.
        """
        hours = np.empty((len(roots), len(self.target_of)))
        # Roots that lie together share most of the nodes above them.
        order = np.argsort(self.hierarchy.position[roots], kind="stable")
        lanes = min(LANES, -(-len(roots) // LANE_STEP) * LANE_STEP)
        found = np.empty((len(self.targets), lanes), np.uint32)
        for first in range(0, len(roots), LANES):
            into = order[first : first + LANES]
            self.fill(roots[into], found)
            check_range(within_range=fill_hours(found, self.target_of, into, hours))
        return hours

    def fill(self, roots: NDArray[np.int64], found: NDArray[np.uint32]) -> None:
        """Times from a few roots to each of the targets, in one sweep.

        Parameters
        ----------
        roots
            Nodes, at most as many as `found` has columns.
        found
            Milliseconds, `geo_border.routing.engine.customisation.TOO_FAR` for all that are
            longer, `geo_border.routing.engine.queue.UNREACHED` where there is no path,
            shape (t, lanes); written.

        Raises
        ------
        ValueError
            If `found` has not that shape.
        """
        if len(found) != len(self.targets) or found.shape[1] < len(roots):
            raise ValueError(f"no room for {len(self.targets)} x {len(roots)} times")
        above = self.hierarchy
        nodes, times = climb(
            above.parent, above.up_indptr, above.up_arcs, above.position[roots], found.shape[1]
        )
        turns = self.place[nodes[::-1]]
        met = turns >= 0
        met_turns = turns[met].astype(np.uint32)
        sweep(self.rows, self.start, self.arcs, met_turns, times[::-1][met], self.targets, found)


def sweep_to(hierarchy: Hierarchy, columns: NDArray[np.int64]) -> Sweep:
    """Select what leads to some nodes.

    Parameters
    ----------
    hierarchy
        The hierarchy.
    columns
        Nodes whose times are wanted, shape (c,); may repeat.

    Returns
    -------
    Sweep
        For any number of roots.

    References
    ----------
    Delling, Goldberg, Nowatzyk and Werneck (2013), PHAST: hardware-accelerated shortest
    path trees, J. Parallel Distrib. Comput. 73(7) 940-952. Delling, Goldberg and Werneck
    (2011), Faster batched shortest paths in road networks, ATMOS 2011, 52-63 (the
    selection).
    """
    inside = hierarchy.position[columns]
    wanted = np.zeros(len(hierarchy.position), np.bool_)
    wanted[inside] = True
    place, rows, start, arcs = leading_nodes(
        hierarchy.parent, hierarchy.down_indptr, hierarchy.down_arcs, wanted
    )
    targets, target_of = np.unique(place[inside], return_inverse=True)
    return Sweep(
        hierarchy=hierarchy,
        place=place,
        rows=rows,
        start=start,
        arcs=arcs,
        targets=targets.astype(np.uint32),
        target_of=target_of.astype(np.uint32),
    )
