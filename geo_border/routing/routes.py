"""The way of single pairs: edges, kilometres, checkpoints, geometry."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Geod
from shapely import LineString, MultiLineString, get_coordinates, reverse

from geo_border.errors import TableError
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.engine.searches import find_entry, search, search_columns
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tables import (
    PLACE_COLUMNS,
    GateTables,
    check_columns,
    nodes_and_legs,
    side_positions,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTrees

WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The fastest way from one place to another.

    Parameters
    ----------
    hours
        Travel time with access legs and delays, infinite where there is no way.
    km
        Length along the network, with the straight line between the two nodes of each
        gate passed and without access legs; missing where there is no way.
    via
        Checkpoints passed, in order.
    edges
        Edges of the network, in order.
    lines
        One line for each piece of the way inside one side, drawn in the direction of
        travel.
    """

    hours: float
    km: float
    via: tuple[str, ...]
    edges: NDArray[np.int64]
    lines: MultiLineString


def routes(
    network: Network,
    tables: GateTables,
    points: pd.DataFrame,
    *,
    scenario: Scenario = AS_IS,
) -> dict[tuple[str, str], Route]:
    """Fastest ways between all pairs of a few places, both sides.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    points
        Places, whether or not they are in the tables: index of ids; columns ``side``,
        ``node``, ``access_h``. One search is made from each.
    scenario
        What is different at the border.

    Returns
    -------
    dict
        Route by (from, to), pairs of one place with itself left out.

    Raises
    ------
    TableError
        If the tables were made without trees or `points` lack a column.
    CheckpointError
        If the scenario does not fit the tables.
    """
    trees = trees_of(tables)
    check_columns(points, PLACE_COLUMNS, "places")
    side = side_positions(points)
    node, access = nodes_and_legs(network, points, side)
    passing = passages(tables, scenario)
    walker = _Walker(network, trees, tables, passing)
    rooted = node >= 0
    direct_trees = search(trees.away, node[rooted])
    row_of = np.cumsum(rooted) - 1
    to_roots = direct_trees.hours[:, trees.roots]
    from_roots = to_roots
    if trees.back is not trees.away:
        from_roots = search_columns(trees.back, node[rooted], trees.roots)
    local = tables_at(tables, points, side, rooted, access, to_roots, from_roots)

    found = {}
    for origin_side in range(2):
        for target_side in range(2):
            start, end = local.places_on(origin_side), local.places_on(target_side)
            direct = NO_DIRECT
            if origin_side == target_side:
                direct = np.full((len(start), len(end)), np.inf)
                r, c = rooted[start], rooted[end]
                direct[np.ix_(r, c)] = direct_trees.hours[np.ix_(row_of[start[r]], node[end[c]])]
                direct += access[start][:, None] + access[end]
                crossing = transit(local, passing, origin_side)
            else:
                crossing = across(local, passing, origin_side)
            hours, first, last = crossing.matrix(direct)
            for a, i in enumerate(start):
                for b, j in enumerate(end):
                    if i == j:
                        continue
                    pieces: list[list[int]] = []
                    gates: list[int] = []
                    if first[a, b] >= 0:
                        pieces, gates = walker.through(
                            (int(origin_side), int(first[a, b]), int(last[a, b])),
                            int(node[i]),
                            int(node[j]),
                            back=origin_side == target_side,
                        )
                    elif np.isfinite(hours[a, b]):
                        tree = direct_trees.next_node[row_of[i]]
                        pieces = [walker.down(tree, int(node[j]))]
                    key = points.index[i], points.index[j]
                    found[key] = walker.route(float(hours[a, b]), pieces, gates)
    return found


def trees_of(tables: GateTables) -> GateTrees:
    """The trees of the tables, or an error that says how to get them.

    Parameters
    ----------
    tables
        Checkpoint tables.

    Returns
    -------
    GateTrees
        The searches behind them.

    Raises
    ------
    TableError
        If they were not kept.
    """
    if tables.trees is None:
        raise TableError(
            "the checkpoint tables hold no search trees", remedy="Make them with trees=True"
        )
    return tables.trees


def tables_at(
    tables: GateTables,
    points: pd.DataFrame,
    side: NDArray[np.int8],
    rooted: NDArray[np.bool_],
    access: NDArray[np.float64],
    to_roots: NDArray[np.float64],
    from_roots: NDArray[np.float64],
) -> GateTables:
    """Tables of other places, from the times between their nodes and all gate nodes.

    Parameters
    ----------
    tables
        Checkpoint tables with their trees.
    points
        The places, P.
    side
        Position of each place's side, shape (P,).
    rooted
        Which of them reach the network, shape (P,); R do.
    access
        Hours between place and node, shape (P,).
    to_roots, from_roots
        Hours from their nodes to all gate nodes and back, shape (R, 2K).

    Returns
    -------
    GateTables
        Tables of these places and the same gates, without trees.
    """
    k = tables.n_gates
    to_gate = np.full((len(points), k), np.inf)
    from_gate = np.full((k, len(points)), np.inf)
    for row, p in enumerate(np.flatnonzero(rooted)):
        # Sides are small integers, in which a product with many gates does not fit.
        here = int(side[p])
        own = slice(here * k, (here + 1) * k)
        to_gate[p] = to_roots[row, own] + access[p]
        from_gate[:, p] = from_roots[row, own] + access[p]
    return GateTables(tables.gates, points.index, side, to_gate, from_gate, tables.within)


class _Walker:
    """Follows the trees and turns nodes into routes."""

    def __init__(
        self, network: Network, trees: GateTrees, tables: GateTables, passing: Passages
    ) -> None:
        self.network = network
        self.trees = trees
        self.grown: dict[tuple[bool, int], NDArray[np.int32]] = {}
        self.passing = passing
        self.names = tables.gates.index
        self.gate_nodes = tables.gates[["home_node", "neighbour_node"]].to_numpy(np.int64).T
        self.tail = network.tail
        self.drawn_from = np.empty(len(network.lines), np.int64)
        # Assigned backwards, so that the first edge of each link is what remains.
        self.drawn_from[network.link[::-1]] = self.tail[::-1]

    def tree(self, gate: tuple[int, int], *, away: bool) -> NDArray[np.int32]:
        """Next nodes to a gate node (side and gate), or away from it; each is grown once."""
        root = gate[0] * self.gate_nodes.shape[1] + gate[1]
        if (away, root) not in self.grown:
            grow = self.trees.from_roots if away else self.trees.to_roots
            self.grown[away, root] = grow(slice(root, root + 1)).next_node[0]
        return self.grown[away, root]

    @staticmethod
    def up(tree: NDArray[np.int32], node: int) -> list[int]:
        """Nodes from a node to the root of a tree."""
        path = [node]
        while tree[path[-1]] >= 0:
            path.append(int(tree[path[-1]]))
        return path

    @classmethod
    def down(cls, tree: NDArray[np.int32], node: int) -> list[int]:
        """Nodes from the root of a tree to a node."""
        return cls.up(tree, node)[::-1]

    def through(
        self, way: tuple[int, int, int], origin: int, target: int, *, back: bool
    ) -> tuple[list[list[int]], list[int]]:
        """Nodes of a way through the gates, a list for each piece, and the gates in order."""
        hops = self.passing.hops(*way, back=back)
        pieces = [self.up(self.tree(hops[0], away=False), origin)]
        gates = []
        for (side, gate), (side_after, gate_after) in pairwise(hops):
            if side != side_after:
                gates.append(gate)
                pieces.append([int(self.gate_nodes[side_after, gate_after])])
            else:
                tree = self.tree((side, gate_after), away=False)
                pieces[-1] += self.up(tree, pieces[-1][-1])[1:]
        pieces[-1] += self.down(self.tree(hops[-1], away=True), target)[1:]
        return pieces, gates

    def route(self, hours: float, pieces: list[list[int]], gates: list[int]) -> Route:
        """Put the pieces together."""
        network, matrix = self.network, self.trees.matrix
        entries = [
            [int(find_entry(matrix.indptr, matrix.indices, u, v)) for u, v in pairwise(piece)]
            for piece in pieces
        ]
        parts = [self.trees.edges[np.array(piece, np.int64)] for piece in entries]
        edges = np.concatenate([np.empty(0, np.int64), *parts])
        km = float(network.length_m[edges].sum()) / 1000 if pieces else np.nan
        for before, after in pairwise(pieces):
            ends = [before[-1], after[0]]
            km += WGS84.line_length(network.lon[ends], network.lat[ends]) / 1000
        lines = MultiLineString([self._line(part) for part in parts if len(part)])
        return Route(hours, km, tuple(str(self.names[gate]) for gate in gates), edges, lines)

    def _line(self, edges: NDArray[np.int64]) -> LineString:
        """One line along consecutive edges."""
        links = self.network.link[edges]
        as_drawn = self.tail[edges] == self.drawn_from[links]
        lines = self.network.lines[links]
        lines = np.where(as_drawn, lines, reverse(lines))
        parts = [get_coordinates(line) for line in lines]
        # Each part begins where the one before ends.
        return LineString(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]))
