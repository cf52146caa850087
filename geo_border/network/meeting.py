"""Which ends of lines lie at one place, up to the rounding of coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo_border.osm.lines import sphere

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEETING_M = 0.16
"""Ends nearer than this are one node, metres: coordinates rounded to six decimals of a degree lie
up to 0.16 m from those that round the other way."""


def one_place(
    lonlat: NDArray[np.float64], *, within_m: float = MEETING_M
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Unite points that lie within a distance of each other, directly or through others.

    A grid would part neighbours that lie on either side of one of its lines.

    Parameters
    ----------
    lonlat
        Degrees, shape (n, 2).
    within_m
        The distance, metres.

    Returns
    -------
    place : ndarray
        Number of the place each point lies at, shape (n,).
    at : ndarray
        Degrees of each place, those of its southernmost of the westernmost points, shape (m, 2);
        in the order of these. The same whatever the order of the points.
    """
    if not len(lonlat):
        return np.zeros(0, np.int64), lonlat
    # Most ends that meet are the same to the last bit.
    spots, of = np.unique(lonlat[:, 0] + 1j * lonlat[:, 1], return_inverse=True)
    tree = cKDTree(sphere(spots.real, spots.imag))
    near = tree.query_pairs(within_m, output_type="ndarray")
    graph = coo_array((np.ones(len(near), np.int8), near.T), shape=(len(spots),) * 2)
    place = connected_components(graph, directed=False)[1]
    _, first, place = np.unique(place, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    at = spots[first[order]]
    return rank[place][of].astype(np.int64), np.column_stack([at.real, at.imag])


def nearest_there(
    points: NDArray[np.float64],
    kind: NDArray[np.bool_],
    others: NDArray[np.float64],
    other_kind: NDArray[np.bool_],
    *,
    within_m: float = MEETING_M,
) -> NDArray[np.int64]:
    """Find the nearest of other points of the same kind.

    Parameters
    ----------
    points, others
        Degrees, shapes (n, 2) and (m, 2).
    kind, other_kind
        Their kinds.
    within_m
        How near it must be, metres.

    Returns
    -------
    ndarray
        Position in `others`, -1 where none is so near, shape (n,).
    """
    found = np.full(len(points), -1)
    for value in (False, True):
        mine, theirs = np.flatnonzero(kind == value), np.flatnonzero(other_kind == value)
        if len(mine) and len(theirs):
            tree = cKDTree(sphere(*others[theirs].T))
            away, hit = tree.query(sphere(*points[mine].T), distance_upper_bound=within_m)
            near = np.isfinite(away)
            found[mine[near]] = theirs[hit[near]]
    return found
