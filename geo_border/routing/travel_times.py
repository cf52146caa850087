"""Times, kilometres and checkpoints between all pairs of some places, no way of them drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.compute.compiled import kernel
from geo_border.routing.crossing import across, transit
from geo_border.routing.engine.searches import find_entry, search, search_columns
from geo_border.routing.routes import WGS84, tables_at, trees_of
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tables import (
    PLACE_COLUMNS,
    ROOTS,
    GateTables,
    check_columns,
    nodes_and_legs,
    side_positions,
)

SIDE_PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""From which side to which: positions in `geo_border.terms.SIDES`."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.scenarios import Passages


def times_and_ways(
    network: Network,
    tables: GateTables,
    points: pd.DataFrame,
    *,
    scenario: Scenario = AS_IS,
    others: Mapping[str, Scenario] | None = None,
) -> pd.DataFrame:
    """Table of fastest ways between all pairs of some places.

    One search is made from each place and each gate node, whatever the number of scenarios, and
    kilometres are added up once along its tree: a pair costs a few additions.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    points
        Places, as `geo_border.routing.routes.routes` takes them.
    scenario
        What is different at the border.
    others
        More scenarios, whose hours alone are wanted, by the name of their column.

    Returns
    -------
    DataFrame
        Columns ``from_id``, ``to_id``, ``km`` (missing where there is no way), ``hours``
        (infinite there) and ``via`` (checkpoints in order, joined by ``;``), in the order
        of `points`; and hours by each of `others`.

    Raises
    ------
    TableError
        If the tables were made without trees or `points` lack a column.
    CheckpointError
        If a scenario does not fit the tables.
    """
    pairs = _Pairs(network, tables, points)
    passing = passages(tables, scenario)
    n = len(points)
    hours, km = np.full((n, n), np.inf), np.full((n, n), np.nan)
    via = np.full((n, n), "", object)
    for side, target in SIDE_PAIRS:
        block = pairs.block(side, target)
        hours[block], first, last = pairs.found(passing, side, target)
        km[block] = np.where(np.isfinite(hours[block]), pairs.direct_km[block], np.nan)
        for row, column in _by_gates(first, last):
            hops = passing.hops(
                side, first[row[0], column[0]], last[row[0], column[0]], back=side == target
            )
            at = block[0].ravel()[row], block[1].ravel()[column]
            km[at] = pairs.km(hops, *at)
            gates = [gate for (here, gate), (after, _) in pairwise(hops) if here != after]
            via[at] = ";".join(tables.gates.index[gates].astype(str))
    names = points.index.to_numpy(object)
    wanted = ~np.eye(n, dtype=bool)
    table = {
        "from_id": np.repeat(names, n)[wanted.ravel()],
        "to_id": np.tile(names, n)[wanted.ravel()],
        "km": km[wanted],
        "hours": hours[wanted],
        "via": via[wanted],
    }
    for name, other in (others or {}).items():
        passing = passages(tables, other)
        for side, target in SIDE_PAIRS:
            hours[pairs.block(side, target)] = pairs.found(passing, side, target)[0]
        table[name] = hours[wanted]
    return pd.DataFrame(table)


class _Pairs:
    """Searches from some places and from the gates, and what they say of pairs."""

    def __init__(self, network: Network, tables: GateTables, points: pd.DataFrame) -> None:
        self.network = network
        self.trees = trees_of(tables)
        check_columns(points, PLACE_COLUMNS, "places")
        side = side_positions(points)
        node, access = nodes_and_legs(network, points, side)
        self.gate_nodes = tables.gates[["home_node", "neighbour_node"]].to_numpy(np.int64).T
        self.node, self.rooted = node, np.flatnonzero(node >= 0)
        self.entry_km = network.length_m[self.trees.edges] / 1000
        self.legs: dict[tuple[bool, int], NDArray[np.float64]] = {}

        n, roots, ends = len(points), self.trees.roots, node[self.rooted]
        self.direct_h, self.direct_km = np.full((n, n), np.inf), np.full((n, n), np.nan)
        to_roots = np.empty((len(ends), len(roots)))
        for start in range(0, len(ends), ROOTS):
            rows = slice(start, start + ROOTS)
            grown = search(self.trees.away, ends[rows])
            block = np.ix_(self.rooted[rows], self.rooted)
            self.direct_h[block] = grown.hours[:, ends]
            self.direct_km[block] = [self._along(t, ends, away=True) for t in grown.next_node]
            to_roots[rows] = grown.hours[:, roots]
        self.direct_h += access[:, None] + access
        from_roots = to_roots
        if self.trees.back is not self.trees.away:
            from_roots = search_columns(self.trees.back, ends, roots)
        self.local = tables_at(tables, points, side, node >= 0, access, to_roots, from_roots)

    def block(self, side: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the pairs from places of one side to places of another, or the same."""
        start, end = self.local.places_on(side), self.local.places_on(target)
        return start[:, None], end[None]

    def found(
        self, passing: Passages, side: int, target: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
        """Hours of the pairs of a block, with the gates of the first and the last passage."""
        if side != target:
            return across(self.local, passing, side).matrix()
        return transit(self.local, passing, side).matrix(self.direct_h[self.block(side, target)])

    def km(
        self, hops: list[tuple[int, int]], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Kilometres from places through given gates to other places."""
        total = self._leg(hops[0], away=False)[start] + self._leg(hops[-1], away=True)[end]
        for before, after in pairwise(hops):
            nodes = [self.gate_nodes[before], self.gate_nodes[after]]
            if before[0] != after[0]:
                lon, lat = self.network.lon[nodes], self.network.lat[nodes]
                total += WGS84.line_length(lon, lat) / 1000
            else:
                total += self._leg(after, away=False)[len(self.node) + self._root(before)]
        return total

    def _root(self, gate: tuple[int, int]) -> int:
        """Position of a gate node (side and gate) among the roots of the trees."""
        return gate[0] * self.gate_nodes.shape[1] + gate[1]

    def _leg(self, gate: tuple[int, int], *, away: bool) -> NDArray[np.float64]:
        """Kilometres between a gate node and the places, then all gate nodes; found once."""
        root = self._root(gate)
        if (away, root) not in self.legs:
            grow = self.trees.from_roots if away else self.trees.to_roots
            tree = grow(slice(root, root + 1)).next_node[0]
            nodes = np.concatenate([np.maximum(self.node, 0), self.trees.roots])
            self.legs[away, root] = self._along(tree, nodes, away=away)
        return self.legs[away, root]

    def _along(
        self, tree: NDArray[np.int32], nodes: NDArray[np.int64], *, away: bool
    ) -> NDArray[np.float64]:
        """Kilometres between some nodes and the root of a tree; 0 where no path leads there."""
        matrix = self.trees.matrix
        return along_tree(tree, nodes, matrix.indptr, matrix.indices, self.entry_km, away)


def _by_gates(
    first: NDArray[np.int32], last: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows and columns of the pairs that pass the border, by their first and last gate."""
    row, column = np.nonzero(first >= 0)
    gates = first[row, column].astype(np.int64) * (last.max(initial=0) + 1) + last[row, column]
    order = np.argsort(gates, kind="stable")
    cuts = np.flatnonzero(np.diff(gates[order])) + 1
    for part in np.split(order, cuts) if len(order) else []:
        yield row[part], column[part]


@kernel
def along_tree(
    next_node: NDArray[np.int32],
    nodes: NDArray[np.int64],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    length: NDArray[np.float64],
    away: bool,  # noqa: FBT001  (compiled functions take keywords slowly)
) -> NDArray[np.float64]:
    """Lengths between some nodes and the root of a tree.

    Every edge of the tree is walked once at most, however many nodes lie beyond it.

    Parameters
    ----------
    next_node
        One row of `geo_border.routing.engine.searches.Trees.next_node`, shape (n,).
    nodes
        The nodes asked for, shape (c,).
    indptr, indices
        Structure of the matrix that was searched, untransposed, columns sorted.
    length
        Length of each entry of the matrix.
    away
        Whether the tree leads away from the root, against `next_node`.

    Returns
    -------
    ndarray
        Sums of `length`, 0 where no path leads to the node, shape (c,).
    """
    total = np.full(len(next_node), -1.0)
    found = np.empty(len(nodes))
    path = np.empty(len(next_node), np.int32)
    for position, requested in enumerate(nodes):
        node, steps = requested, 0
        while total[node] < 0 and next_node[node] >= 0:
            path[steps] = node
            steps += 1
            node = next_node[node]
        so_far = max(total[node], 0.0)
        total[node] = so_far
        for step in range(steps - 1, -1, -1):
            above, node = node, path[step]
            tail, head = (above, node) if away else (node, above)
            so_far += length[find_entry(indptr, indices, tail, head)]
            total[node] = so_far
        found[position] = so_far
    return found
