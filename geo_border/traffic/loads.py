"""Loads of checkpoints and of network edges under the demand across the border."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import TableError
from geo_border.routing.engine.searches import add_tree_load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables
    from geo_border.traffic.demand import Demand


def checkpoint_loads(tables: GateTables, routes: Passages, demand: Demand) -> pd.DataFrame:
    """Demand that passes each checkpoint on its fastest route.

    Parameters
    ----------
    tables
        Checkpoint tables.
    routes
        Ways between the gates, those of the demand.
    demand
        Demand across the border.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``; ``load_out`` (passages home to neighbour), ``load_in``
        (back) and ``load``, in units of the demand; ``load_share``, ``load_out_share``
        and ``load_in_share``, over the whole demand. A trip that passes the border three
        times loads three checkpoints, so shares can add up to more than 1.
    """
    loads = np.zeros((2, tables.n_gates))
    for side in range(2):
        loads += np.tensordot(demand.through[side], routes.counts(side, back=False), 2)
    total = demand.through.sum()
    frame = pd.DataFrame(
        {"load_out": loads[0], "load_in": loads[1], "load": loads.sum(axis=0)},
        index=tables.gates.index,
    )
    shares = frame / total if total > 0 else frame * np.nan
    return frame.join(shares.add_suffix("_share"))


def edge_loads(
    network: Network, tables: GateTables, routes: Passages, demand: Demand
) -> NDArray[np.float64]:
    """Demand on each edge of the network along its fastest routes.

    Flows are added up along the trees of the gates, leaves first: two searches and one pass
    over each tree for each gate node, no loop over pairs; some trees are held at once.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees and places.
    routes
        Ways between the gates, those of the demand.
    demand
        Demand across the border.

    Returns
    -------
    ndarray
        Demand on each directed edge, shape (m,).

    Raises
    ------
    TableError
        If the tables were made without trees.

    References
    ----------
    Brandes (2001), A faster algorithm for betweenness centrality, J. Math. Sociol. 25(2)
    163-177, for the accumulation.
    """
    return flow_loads(network, tables, demand.to_gate, demand.from_gate, _driving(routes, demand))


def flow_loads(
    network: Network,
    tables: GateTables,
    to_gate: NDArray[np.float64],
    from_gate: NDArray[np.float64],
    between: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Flows on each edge of the network, between places and gates along the fastest routes.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees and places.
    to_gate, from_gate
        From each place to its gates, shape (P, K), and from the gates to each place, (K, P).
    between
        Between gates inside home and inside the neighbour, shape (2, K, K).

    Returns
    -------
    ndarray
        Flow on each directed edge, shape (m,), in the units of the flows.

    Raises
    ------
    TableError
        If the tables were made without trees.
    """
    trees = tables.trees
    if trees is None:
        raise TableError(
            "the checkpoint tables hold no search trees", remedy="Make them with trees=True"
        )
    k = tables.n_gates
    gate_nodes = tables.gates[["home_node", "neighbour_node"]].to_numpy(np.int64).T
    matrix = trees.matrix
    load = np.zeros(matrix.nnz)
    places_of = [
        np.flatnonzero((tables.place_side == side) & (trees.place_node >= 0)) for side in range(2)
    ]
    for rows in trees.blocks():
        to_roots = trees.to_roots(rows)
        from_roots = to_roots if trees.back is trees.away else trees.from_roots(rows)
        for row, root in enumerate(range(rows.start, rows.stop)):
            side, gate = divmod(root, k)
            here = places_of[side]
            node = trees.place_node[here]
            for away, flow_of_place in (
                (False, to_gate[here, gate]),
                (True, from_gate[gate, here]),
            ):
                flow = np.bincount(node, flow_of_place, minlength=network.n_nodes).astype(float)
                if not away:
                    np.add.at(flow, gate_nodes[side], between[side, :, gate])
                tree = (from_roots if away else to_roots).next_node[row]
                if flow.any():
                    add_tree_load(tree, flow, matrix.indptr, matrix.indices, load, away)
    on_edges = np.zeros(network.n_edges)
    on_edges[trees.edges] = load
    return on_edges


def _driving(routes: Passages, demand: Demand) -> NDArray[np.float64]:
    """Demand between gates inside a side, by side, gate and gate."""
    k = demand.through.shape[1]
    driving = np.zeros((2, k, k))
    for side, first, last in np.argwhere(demand.through > 0):
        hops = routes.hops(side, first, last, back=False)
        for (here, gate), (there, after) in pairwise(hops):
            if here == there:
                driving[here, gate, after] += demand.through[side, first, last]
    return driving
