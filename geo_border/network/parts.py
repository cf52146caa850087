"""Which parts of the network lead to a checkpoint, and back from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from geo_border.network.gates import gates_in_use
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

CAR_MODES = ("road", "ferry")
"""Modes that make one network for cars."""

PART_MODES = {"road": CAR_MODES, "rail": ("rail",)}


def leading_links(
    nodes: pd.DataFrame, links: pd.DataFrame, gates: pd.DataFrame, modes: Collection[str]
) -> NDArray[np.bool_]:
    """Links from which one can reach a gate of their side, and be reached from one.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.gates.open_gates` gives them.
    modes
        Modes of the links and gates.

    Returns
    -------
    ndarray
        Shape (n,). On a side without a gate the largest part in which all nodes reach each
        other stands for one; on a side where no link leads both ways, one way is enough.
    """
    away, back, inside = _reach(nodes, links, gates, modes)
    leading = away & back
    side = nodes["side"].to_numpy()[links["tail"]]
    for number in range(len(SIDES)):
        here = inside & (side == number)
        if not leading[here].any():
            leading[here] = (away | back)[here]
    return leading


def network_parts(nodes: pd.DataFrame, links: pd.DataFrame, gates: pd.DataFrame) -> pd.DataFrame:
    """Connected parts of each side's roads and railways, and what of them leads to a checkpoint.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.gates.open_gates` gives them.

    Returns
    -------
    DataFrame
        One row a part, the longest first: ``side``, ``mode`` (``road`` with the ferries,
        ``rail``), ``nodes``, ``km``, ``gates`` in it, ``no_way_out_km`` (length from which no
        checkpoint can be reached), ``no_way_in_km`` (length that cannot be reached from
        one), ``lon``, ``lat`` of a node of it.
    """
    tail = links["tail"].to_numpy()
    side = nodes["side"].to_numpy()
    in_use = gates_in_use(gates)
    frames = []
    for mode, modes in PART_MODES.items():
        away, back, inside = _reach(nodes, links, gates, modes, only_gates=True)
        part = connected_components(_graph(nodes, links, inside, both=True), directed=False)[1]
        km = links["length_km"].to_numpy()[inside]
        own = pd.DataFrame(
            {
                "part": part[tail[inside]],
                "km": km,
                "no_way_out_km": np.where(away[inside], 0.0, km),
                "no_way_in_km": np.where(back[inside], 0.0, km),
            }
        )
        table = own.groupby("part").sum()
        first = pd.Series(tail[inside], index=part[tail[inside]])
        first = first[~first.index.duplicated()].reindex(table.index)
        at_gates = in_use.loc[in_use["mode"].isin(modes), ["home_node", "neighbour_node"]]
        table.insert(0, "side", np.array(SIDES, object)[side[first]])
        table.insert(1, "mode", mode)
        table.insert(2, "nodes", np.bincount(part)[table.index])
        gate_of = np.bincount(part[at_gates.to_numpy().ravel()], minlength=len(nodes))
        table.insert(4, "gates", gate_of[table.index])
        for axis in ("lon", "lat"):
            table[axis] = nodes[axis].to_numpy()[first]
        frames.append(table)
    parts = pd.concat(frames, ignore_index=True)
    return parts.sort_values("km", ascending=False, kind="stable", ignore_index=True)


def gate_parts(
    nodes: pd.DataFrame, links: pd.DataFrame, gates: pd.DataFrame, modes: Collection[str]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Connected parts of the sides' networks, and which of their nodes lead to a gate.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.gates.open_gates` gives them.
    modes
        Modes of the links and gates.

    Returns
    -------
    part : ndarray
        Number of the part each node is in, shape (n,).
    to_gate : ndarray
        Whether a gate can be reached from each node, shape (n,).
    from_gate : ndarray
        Whether each node can be reached from a gate, shape (n,).
    """
    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    inside = links["mode"].isin(modes).to_numpy() & (side[tail] == side[head])
    in_use = gates_in_use(gates)
    source = np.zeros(len(nodes), bool)
    at_gates = in_use.loc[in_use["mode"].isin(modes), ["home_node", "neighbour_node"]]
    source[at_gates.to_numpy().ravel()] = True
    graph = _graph(nodes, links, inside)
    part = connected_components(_graph(nodes, links, inside, both=True), directed=False)[1]
    return part, _reached(graph.T.tocsr(), source), _reached(graph, source)


def _reach(
    nodes: pd.DataFrame,
    links: pd.DataFrame,
    gates: pd.DataFrame,
    modes: Collection[str],
    *,
    only_gates: bool = False,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each link leads to a gate, is led to from one, and lies inside a side."""
    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    inside = links["mode"].isin(modes).to_numpy() & (side[tail] == side[head])
    in_use = gates_in_use(gates)
    at_gates = in_use.loc[in_use["mode"].isin(modes), ["home_node", "neighbour_node"]]
    source = np.zeros(len(nodes), bool)
    source[at_gates.to_numpy().ravel()] = True
    graph = _graph(nodes, links, inside)
    if not only_gates:
        source |= _largest_circuits(graph, side, source)
    forward, reverse = _reached(graph.T.tocsr(), source), _reached(graph, source)
    oneway = links["oneway"].to_numpy()
    along, against = oneway >= 0, oneway <= 0
    away = (along & forward[head]) | (against & forward[tail])
    back = (along & reverse[tail]) | (against & reverse[head])
    return inside & away, inside & back, inside


def _graph(
    nodes: pd.DataFrame, links: pd.DataFrame, rows: NDArray[np.bool_], *, both: bool = False
) -> csr_array:
    """Adjacency of some links, in their directions or in both."""
    own = links.loc[rows, ["tail", "head", "oneway"]].to_numpy()
    along = own[both | (own[:, 2] >= 0), :2]
    against = own[both | (own[:, 2] <= 0), 1::-1]
    tail, head = np.concatenate([along, against]).T
    return csr_array((np.ones(len(tail), np.int8), (tail, head)), shape=(len(nodes),) * 2)


def _reached(graph: csr_array, source: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Nodes that can be reached from any of the sources."""
    n = len(source)
    start = np.flatnonzero(source)
    if not len(start):
        return source
    # One more node that leads to all sources makes it one search.
    indptr = np.append(graph.indptr, graph.indptr[-1] + len(start))
    indices = np.append(graph.indices, start)
    whole = csr_array((np.ones(len(indices), np.int8), indices, indptr), shape=(n + 1, n + 1))
    found = np.zeros(n + 1, bool)
    found[breadth_first_order(whole, n, return_predecessors=False)] = True
    return found[:n]


def _largest_circuits(
    graph: csr_array, side: NDArray[np.int8], source: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Nodes of the largest strongly connected part of each side that has no source."""
    chosen = np.zeros(len(side), bool)
    lacking = [number for number in range(len(SIDES)) if not source[side == number].any()]
    if lacking:
        part = connected_components(graph, directed=True, connection="strong")[1]
        for number in lacking:
            here = part[side == number]
            if len(here):
                chosen |= part == np.bincount(here).argmax()
    return chosen
