"""An order of elimination for hierarchies: nested dissection of what small degrees leave."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from geo_border.compute.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


CAN_DISSECT = find_spec("pymetis") is not None
"""Whether METIS is here: its package has no wheels for Windows."""


def elimination_order(matrix: csr_array) -> NDArray[np.int32]:
    """Order nodes so that eliminating one after another adds few links.

    Nodes with one or two neighbours go first, in rounds of nodes that are no neighbours,
    as long as there are any: no better place exists for them, and they are half of a road
    network. The rest is dissected by METIS: separators go last. Weights and directions do
    not count, so that an order serves for any speeds.

    Parameters
    ----------
    matrix
        Edges, shape (n, n); a link may be there in one direction or in both.

    Returns
    -------
    ndarray
        The nodes, first eliminated first, shape (n,).

    References
    ----------
    George (1973), Nested dissection of a regular finite element mesh, SIAM J. Numer. Anal.
    10(2) 345-363. Karypis and Kumar (1998), A fast and high quality multilevel scheme for
    partitioning irregular graphs, SIAM J. Sci. Comput. 20(1) 359-392. Ost, Schulz and
    Strash (2021), Engineering data reduction for nested dissection, ALENEX 2021, 113-127.
    """
    from pymetis import CSRAdjacency, nested_dissection  # noqa: PLC0415  (not everywhere)

    indptr, neighbours = undirected(matrix)
    n = len(indptr) - 1
    degree = np.diff(indptr).astype(np.int32)
    order = np.empty(n, np.int32)
    first = _eliminate_small(indptr, neighbours, degree, order)
    core = np.flatnonzero(degree >= 0)
    if len(core):
        number = np.full(n, -1)
        number[core] = np.arange(len(core))
        start = np.zeros(len(core) + 1, np.int64)
        np.cumsum(degree[core], out=start[1:])
        entries = np.arange(start[-1]) + np.repeat(indptr[core] - start[:-1], degree[core])
        # METIS takes no graph without edges; here every node has three or more.
        found, _ = nested_dissection(CSRAdjacency(start, number[neighbours[entries]]))
        order[first:] = core[np.asarray(found)]
    return order


def undirected(matrix: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Neighbours of each node by an edge in either direction.

    Parameters
    ----------
    matrix
        Edges, shape (n, n).

    Returns
    -------
    indptr : ndarray
        First neighbour of each node, shape (n + 1,).
    neighbours : ndarray
        Neighbours in ascending order, each once, never the node itself.
    """
    n = matrix.shape[0]
    tail = np.repeat(np.arange(n), np.diff(matrix.indptr))
    other = tail != matrix.indices
    tail, head = tail[other], matrix.indices[other]
    ones = np.ones(len(tail), np.int8)
    there = csr_array((ones, (tail, head)), shape=(n, n))
    back = csr_array((ones, (head, tail)), shape=(n, n))
    both = there.maximum(back)
    both.sort_indices()
    return both.indptr.astype(np.int64), both.indices.astype(np.int32)


@kernel
def _eliminate_small(
    indptr: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    degree: NDArray[np.int32],
    order: NDArray[np.int32],
) -> int:
    """Eliminate nodes of degree two or less; the number of them.

    What is left is in `neighbours`, as many from ``indptr[u]`` on as `degree` says, -1 for
    those eliminated. The link that replaces a node takes its place in the lists.
    """
    n = len(degree)
    waiting, later = np.arange(n).astype(np.int32), np.empty(n, np.int32)
    queued, busy = np.ones(n, np.bool_), np.full(n, -1, np.int32)
    length, done, turn = n, 0, 0
    while length:
        count = 0
        for at in range(length):
            x = waiting[at]
            queued[x] = False
            if degree[x] < 0 or degree[x] > 2:
                continue
            if busy[x] == turn:
                queued[x] = True
                later[count] = x
                count += 1
                continue
            order[done] = x
            done += 1
            start, size = indptr[x], degree[x]
            degree[x] = -1
            for i in range(size):
                u = neighbours[start + i]
                busy[u] = turn
                other = neighbours[start + 1 - i] if size == 2 else np.int32(-1)
                known, place = False, indptr[u]
                for entry in range(indptr[u], indptr[u] + degree[u]):
                    if neighbours[entry] == x:
                        place = entry
                    known |= neighbours[entry] == other
                if size == 2 and not known:
                    neighbours[place] = other
                else:
                    degree[u] -= 1
                    neighbours[place] = neighbours[indptr[u] + degree[u]]
                if degree[u] <= 2 and not queued[u]:
                    queued[u] = True
                    later[count] = u
                    count += 1
        waiting, later = later, waiting
        length = count
        turn += 1
    return done
