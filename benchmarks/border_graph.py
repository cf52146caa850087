"""Two sides of a border with places and gates on a planar road-like graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from searches import road_graph

from geo_border.network.graph import Network
from geo_border.routing.engine.queue import MS_PER_H
from geo_border.routing.engine.searches import milliseconds
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

GATES, REGIONS = 64, 10


@dataclass(frozen=True, slots=True)
class Border:
    """Two sides with places and gates; `sample` are the places that slow engines search from."""

    network: Network
    places: pd.DataFrame
    gates: pd.DataFrame
    sample: NDArray[np.int64]

    @property
    def node(self) -> NDArray[np.int64]:
        """Node of each place."""
        return self.places["node"].to_numpy()

    def whole(self, closed: str = "") -> csr_array:
        """Milliseconds of both sides and the gates as one graph."""
        inside = self.network.matrix(("road",)).tocoo()
        gates = self.gates.drop(index=closed, errors="ignore")
        out, back = gates["home_node"], gates["neighbour_node"]
        hours = np.concatenate([inside.data, gates["delay_out_h"], gates["delay_in_h"]])
        ends = np.r_[inside.row, out, back], np.r_[inside.col, back, out]
        ms = milliseconds(hours).astype(float)
        return csr_array(coo_array((ms, ends), shape=inside.shape))


def border(n: int, n_places: int, n_sample: int) -> Border:
    """Cut a road graph into two sides, with gates at every so manyth road across."""
    xy, matrix = road_graph(n)
    rng = np.random.default_rng(n)
    side = (xy[:, 0] > xy[:, 0].mean()).astype(np.int8)
    tail, edges = np.repeat(np.arange(n), np.diff(matrix.indptr)), matrix.nnz
    network = Network(
        *(xy / 111).T,
        side,
        side.astype(np.int32),
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        np.ones(edges),
        milliseconds(matrix.data) / MS_PER_H,
        np.zeros(edges, np.int8),
        np.zeros(edges, np.int16),
        np.arange(edges, dtype=np.int32),
        np.empty(edges, object),
        SIDES,
        ("road",),
    )
    across = np.flatnonzero((side[tail] == 0) & (side[matrix.indices] == 1))
    across = across[np.argsort(xy[tail[across], 1])]
    assert len(across) >= GATES, "too few roads across: take more nodes"
    across = across[np.linspace(0, len(across) - 1, GATES).astype(int)]
    delay = milliseconds(rng.uniform(0.1, 2, (2, GATES)).ravel()).reshape(2, -1) / MS_PER_H
    gates = pd.DataFrame(
        {
            "mode": "road",
            "home_node": tail[across],
            "neighbour_node": matrix.indices[across],
            "delay_out_h": delay[0],
            "delay_in_h": delay[1],
            "is_open": True,
        },
        index=pd.Index([f"gate {k}" for k in range(GATES)], name="checkpoint_id"),
    )
    labels = connected_components(matrix)[1]
    node = rng.choice(np.flatnonzero(labels == np.bincount(labels).argmax()), n_places, False)
    region = side[node] * REGIONS + (xy[node, 1] / (xy[:, 1].max() + 1) * REGIONS).astype(int)
    places = pd.DataFrame(
        {
            "side": np.array(SIDES)[side[node]],
            "node": node,
            "access_h": 0.0,
            "region_id": [f"region {number}" for number in region],
            "population": np.round(rng.pareto(1.2, n_places) * 1000) + 1,
        },
        index=pd.Index([f"place {number}" for number in range(n_places)], name="place_id"),
    )
    return Border(network, places, gates, rng.choice(n_places, min(n_sample, n_places), False))
