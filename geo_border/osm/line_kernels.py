"""Compiled walks along ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.pbf.compiling import uncounted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]


@uncounted
def walk(
    starts: NDArray[np.int64],
    refs: Numbers,
    ways: NDArray[np.int64],
    node: Numbers,
    way: Numbers,
    begins: Flags,
    ends: Flags,
) -> int:
    """Vertices of ways: the parts between nodes that are lacking, no node twice in a row.

    Parameters
    ----------
    starts, refs
        The references of way w are ``refs[starts[w]:starts[w + 1]]``, negative where a node is
        lacking.
    ways
        The ways to take.
    node, way
        Node of each vertex and position in `ways`; filled in place. They have room for all.
    begins, ends
        Whether a part begins or ends at each vertex; filled in place.

    Returns
    -------
    int
        How many vertices there are. Parts of one vertex are left out.
    """
    n = 0
    for w in range(ways.size):
        first = n
        for i in range(starts[ways[w]], starts[ways[w] + 1]):
            if refs[i] < 0:
                n = close_part(first, n, ends)
                first = n
            elif n == first or node[n - 1] != refs[i]:
                node[n], way[n] = refs[i], w
                begins[n], ends[n] = n == first, False
                n += 1
        n = close_part(first, n, ends)
    return n


@uncounted
def close_part(first: int, n: int, ends: Flags) -> int:
    """End a part of a way.

    Parameters
    ----------
    first, n
        Its first vertex, and the one after its last.
    ends
        Changed in place.

    Returns
    -------
    int
        The vertex after the last: `first` if there is but one.
    """
    if n - first <= 1:
        return first
    ends[n - 1] = True
    return n


@uncounted
def more_than_once(node: Numbers, seen: NDArray[np.uint8], is_shared: Flags) -> None:
    """Whether each vertex is a node that occurs more than once.

    Parameters
    ----------
    node
        Nodes of the vertices.
    seen
        0 for each node that there is; changed in place.
    is_shared
        Filled in place.
    """
    for i in range(node.size):
        seen[node[i]] += seen[node[i]] < 2
    for i in range(node.size):
        is_shared[i] = seen[node[i]] > 1
