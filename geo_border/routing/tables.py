"""Checkpoint tables: times between places and gates, and between gates inside each side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import CheckpointError, NetworkError, SideError, TableError
from geo_border.routing.engine.searches import is_symmetric, search, search_columns, search_graph
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.network.graph import Network
    from geo_border.routing.engine.searches import SearchGraph, Trees

GATE_COLUMNS = ("mode", "home_node", "neighbour_node", "delay_out_h", "delay_in_h", "is_open")
ROOTS = 16
"""Gate nodes whose trees are held at once."""

PLACE_COLUMNS = ("side", "node", "access_h")


@dataclass(frozen=True, slots=True, eq=False)
class GateTrees:
    """Trees of the searches behind the tables, grown anew for routes and loads that ask.

    Roots are the home nodes of the gates and then their neighbour nodes, 2K in all: their
    trees together would take 24 bytes for each gate and node of the network.

    Parameters
    ----------
    matrix
        Hours of the edges that were searched, shape (n, n); searches round them to
        milliseconds.
    edges
        Edge of the network for each entry of `matrix`.
    away, back
        The network in its direction and against it, laid out for searches; the same where
        both are.
    roots
        The gate nodes, shape (2K,).
    place_node
        Node of each place, -1 where it does not reach the network, shape (P,).
    """

    __repr__ = shown

    matrix: csr_array
    edges: NDArray[np.int64]
    away: SearchGraph
    back: SearchGraph
    roots: NDArray[np.int64]
    place_node: NDArray[np.int64]

    def from_roots(self, rows: slice) -> Trees:
        """Fastest paths from some gate nodes to every node.

        Parameters
        ----------
        rows
            Which of the roots.

        Returns
        -------
        Trees
            One for each, 12 bytes a node.
        """
        return search(self.away, self.roots[rows])

    def to_roots(self, rows: slice) -> Trees:
        """Fastest paths from every node to some gate nodes.

        Parameters
        ----------
        rows
            Which of the roots.

        Returns
        -------
        Trees
            One for each, 12 bytes a node.
        """
        return search(self.back, self.roots[rows])

    def hours_from(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Times from some gate nodes to every node.

        Parameters
        ----------
        rows
            Which of the roots.

        Returns
        -------
        ndarray
            Hours, infinite where there is no path, shape (rows, n).
        """
        return search_columns(self.away, self.roots[rows], np.arange(len(self.away.node)))

    def blocks(self) -> list[slice]:
        """Cut the roots into blocks whose trees may be held at once.

        Returns
        -------
        list of slice
            At most `ROOTS` each.
        """
        count = len(self.roots)
        return [slice(start, min(start + ROOTS, count)) for start in range(0, count, ROOTS)]


@dataclass(frozen=True, slots=True, eq=False)
class GateTables:
    """Times between P places and K gates, none of which passes the border.

    Parameters
    ----------
    gates
        The gates that were searched, index ``checkpoint_id``, K rows.
    place_ids
        Index of the places, P entries.
    place_side
        Position of each place's side in `SIDES`, shape (P,).
    to_gate
        From each place to the gate node on its side, access leg included, hours,
        infinite where there is no path, shape (P, K).
    from_gate
        From the gate node on the place's side to the place, hours, shape (K, P).
    within
        Between the gate nodes inside home and inside the neighbour, hours,
        shape (2, K, K).
    trees
        What grows the trees of the searches, if it was asked for.
    """

    __repr__ = shown

    gates: pd.DataFrame
    place_ids: pd.Index[str]
    place_side: NDArray[np.int8]
    to_gate: NDArray[np.float64]
    from_gate: NDArray[np.float64]
    within: NDArray[np.float64]
    trees: GateTrees | None = None

    @property
    def n_gates(self) -> int:
        """Number of gates."""
        return len(self.gates)

    def places_on(self, side: int) -> NDArray[np.int64]:
        """Positions of the places of one side.

        Parameters
        ----------
        side
            Position in `SIDES`.

        Returns
        -------
        ndarray
            Positions in `place_ids`, ascending.
        """
        return np.flatnonzero(self.place_side == side)


def gate_tables(
    network: Network,
    places: pd.DataFrame,
    gates: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    trees: bool = False,
) -> GateTables:
    """Search once from both ends of every gate.

    Parameters
    ----------
    network
        The graph.
    places
        Index ``place_id``; columns ``side``, ``node`` (-1 where the place does not reach
        the network) and ``access_h`` (hours between place and node).
    gates
        Index ``checkpoint_id``; columns ``mode``, ``home_node``, ``neighbour_node``,
        ``delay_out_h``, ``delay_in_h`` (hours, infinite where nobody may pass) and
        ``is_open``. Closed gates are searched too, so that a scenario can open them.
    modes
        Modes of the edges that may be used; gates of other modes are left out.
    trees
        Whether to keep what grows their trees, which routes and edge loads need.

    Returns
    -------
    GateTables
        Times, independent of delays and of which gates are open.

    Raises
    ------
    TableError
        If a column is missing, an id repeats or a value is of the wrong kind.
    CheckpointError
        If a gate does not join the two sides.
    NetworkError
        If a place is joined to a node of the other side, or an edge or a path takes
        impossibly long.
    SideError
        If a place names an unknown side.
    """
    check_columns(places, PLACE_COLUMNS, "places")
    check_columns(gates, GATE_COLUMNS, "gates")
    gates = gates[gates["mode"].isin(list(modes))]
    _check_gates(network, gates)
    side = side_positions(places)
    node, access = nodes_and_legs(network, places, side)

    matrix = network.matrix(modes)
    ends = gates[["home_node", "neighbour_node"]].to_numpy(np.int64)
    roots = ends.T.ravel()
    away = search_graph(matrix, network.lon, network.lat)
    symmetric = is_symmetric(matrix)
    back = away if symmetric else search_graph(matrix.T.tocsr(), network.lon, network.lat)
    kept = None
    if trees:
        kept = GateTrees(matrix, network.edges_inside(modes), away, back, roots, node)
    columns = np.unique(np.concatenate([roots, node[node >= 0]]))
    from_hours = search_columns(away, roots, columns)
    to_hours = from_hours if symmetric else search_columns(back, roots, columns)

    k = len(gates)
    to_gate = np.full((len(places), k), np.inf)
    from_gate = np.full((k, len(places)), np.inf)
    for position in range(2):
        there = np.flatnonzero((side == position) & (node >= 0))
        at = np.searchsorted(columns, node[there])
        own = slice(position * k, (position + 1) * k)
        to_gate[there] = to_hours[own, at].T + access[there, None]
        from_gate[:, there] = from_hours[own, at] + access[there]
    at = np.searchsorted(columns, ends)
    within = np.stack([from_hours[:k, at[:, 0]], from_hours[k:, at[:, 1]]])
    return GateTables(gates, places.index, side, to_gate, from_gate, within, kept)


def check_columns(frame: pd.DataFrame, columns: Collection[str], name: str) -> None:
    """Refuse a frame that lacks a column or repeats an id.

    Parameters
    ----------
    frame
        The frame.
    columns
        Columns it must have.
    name
        What to call it in the message.

    Raises
    ------
    TableError
        If a column is missing or an id repeats.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TableError(
            f"{name} lack the column {missing[0]!r}",
            remedy=f"They need {', '.join(columns)}",
        )
    if frame.index.has_duplicates:
        twice = frame.index[frame.index.duplicated()][0]
        raise TableError(f"{name} repeat the id {twice!r}", remedy="Ids must be unique")


def side_positions(places: pd.DataFrame) -> NDArray[np.int8]:
    """Position of each place's side in `SIDES`.

    Parameters
    ----------
    places
        With the column ``side``.

    Returns
    -------
    ndarray
        0 for home, 1 for the neighbour.

    Raises
    ------
    SideError
        If a side is neither.
    """
    position = pd.Index(SIDES).get_indexer(pd.Index(places["side"]))
    if (position < 0).any():
        place = places.index[position < 0][0]
        raise SideError(
            f"place {place!r} lies on side {places['side'][place]!r}",
            remedy=f"Sides are {' and '.join(SIDES)}",
        )
    return position.astype(np.int8)


def nodes_and_legs(
    network: Network, places: pd.DataFrame, side: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Node of each place and the hours to it, checked against the network.

    Parameters
    ----------
    network
        The graph.
    places
        With the columns ``node`` and ``access_h``.
    side
        Side of each place.

    Returns
    -------
    node : ndarray
        Node, -1 where the place does not reach the network.
    access : ndarray
        Hours between place and node, infinite where there is no node.

    Raises
    ------
    NetworkError
        If a node does not exist or lies on the other side.
    TableError
        If an access time is missing or negative.
    """
    node = places["node"].to_numpy(np.int64)
    reaches = node >= 0
    access = np.where(reaches, places["access_h"].to_numpy(float), np.inf)
    wrong = ~(access >= 0)
    if wrong.any():
        raise TableError(
            f"place {places.index[wrong][0]!r} has no access time or a negative one",
            remedy="access_h is in hours, 0 or more",
        )
    lost = node >= network.n_nodes
    lost[~lost] = reaches[~lost] & (network.side[node[~lost]] != side[~lost])
    if lost.any():
        raise NetworkError(
            f"place {places.index[lost][0]!r} is joined to a node that is not on its side",
            remedy="Join places to the nearest node of their own side",
        )
    return node, access


def _check_gates(network: Network, gates: pd.DataFrame) -> None:
    """Refuse gates that do not join the sides, or have impossible delays."""
    for column, side in (("home_node", 0), ("neighbour_node", 1)):
        node = gates[column].to_numpy(np.int64)
        wrong = (node < 0) | (node >= network.n_nodes)
        wrong[~wrong] = network.side[node[~wrong]] != side
        if wrong.any():
            raise CheckpointError(
                f"the {column} of checkpoint {gates.index[wrong][0]!r} is not on that side",
                remedy="A gate joins a node of home and a node of the neighbour",
            )
    for column in ("delay_out_h", "delay_in_h"):
        wrong = ~(gates[column].to_numpy(float) >= 0)
        if wrong.any():
            raise CheckpointError(
                f"checkpoint {gates.index[wrong][0]!r} has no {column} or a negative one",
                remedy="Delays are in hours, 0 or more, infinite where nobody may pass",
            )
