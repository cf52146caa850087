"""The network: roads, railways and transfers as one graph of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from geo_border.shown import shown
from geo_border.terms import MODES

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The graph of a `BuiltNetwork`: roads, railways and transfers of both sides, as arrays.

    It is directed, and has no checkpoints and no places: these are beside it.

    Edges are in compressed sparse row order: those that leave node ``u`` are
    ``indptr[u]:indptr[u + 1]``. A line open in both directions is two edges with
    the same `link`. An edge whose ends lie on different sides is a crossing: it
    carries traffic only where a checkpoint serves it, so `matrix` leaves it out.

    Parameters
    ----------
    lon, lat
        Node positions, degrees (WGS 84), shape (n,).
    side
        Position in `SIDES`, -1 outside both, shape (n,).
    region
        Position in `regions`, -1 outside all, shape (n,).
    indptr, indices
        CSR structure of the directed edges, shapes (n + 1,) and (m,).
    length_m
        Length of each edge, metres, shape (m,).
    hours
        Travel time of each edge, hours, positive, shape (m,).
    mode
        Position in `MODES`, shape (m,).
    road_class
        Position in `classes`, shape (m,).
    link
        Position of the edge's line in `lines`, shape (m,).
    lines
        LineStrings (WGS 84), one for each link, drawn from the tail of its first edge.
    regions
        Region ids.
    classes
        Names of road and railway classes.

    Examples
    --------
    >>> import geo_border as gb
    >>> network = gb.example_network().network
    >>> network.n_nodes == len(network.lon)
    True
    >>> network.regions[:2]
    ('KZ-10', 'KZ-15')
    """

    __repr__ = shown

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    side: NDArray[np.int8]
    region: NDArray[np.int32]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    length_m: NDArray[np.float64]
    hours: NDArray[np.float64]
    mode: NDArray[np.int8]
    road_class: NDArray[np.int16]
    link: NDArray[np.int32]
    lines: NDArray[np.object_]
    regions: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.lon)

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return len(self.indices)

    @property
    def tail(self) -> NDArray[np.int32]:
        """Node that each edge leaves, shape (m,)."""
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.indptr))

    @property
    def crosses(self) -> NDArray[np.bool_]:
        """Whether each edge passes from one side to the other, shape (m,)."""
        tail_side, head_side = self.side[self.tail], self.side[self.indices]
        crosses: NDArray[np.bool_] = (tail_side != head_side) & (tail_side >= 0) & (head_side >= 0)
        return crosses

    def edges_inside(self, modes: Collection[str] = MODES) -> NDArray[np.int64]:
        """Edges that carry traffic without passing the border, the fastest of parallel ones.

        Parameters
        ----------
        modes
            Modes of the edges that may be used.

        Returns
        -------
        ndarray
            Edge positions, sorted by tail and head: the order of the entries of `matrix`.
        """
        tail = self.tail
        allowed = np.isin(self.mode, [MODES.index(mode) for mode in modes])
        inside = (self.side[tail] == self.side[self.indices]) & (self.side[tail] >= 0)
        edges = np.flatnonzero(allowed & inside)
        edges = edges[np.lexsort((self.hours[edges], self.indices[edges], tail[edges]))]
        pair = tail[edges].astype(np.int64) * self.n_nodes + self.indices[edges]
        return edges[np.unique(pair, return_index=True)[1]]

    def matrix(self, modes: Collection[str] = MODES, *, weight: str = "hours") -> csr_array:
        """Adjacency of the edges inside the sides.

        Parameters
        ----------
        modes
            Modes of the edges that may be used.
        weight
            ``"hours"`` or ``"length_m"``: the value of the entries. Which of parallel
            edges is kept is always decided by hours.

        Returns
        -------
        csr_array
            Shape (n, n); its entries are the edges of `edges_inside`, in that order.
        """
        edges = self.edges_inside(modes)
        indptr = np.zeros(self.n_nodes + 1, np.int32)
        np.cumsum(np.bincount(self.tail[edges], minlength=self.n_nodes), out=indptr[1:])
        values = getattr(self, weight)[edges]
        return csr_array((values, self.indices[edges], indptr), shape=(self.n_nodes,) * 2)
