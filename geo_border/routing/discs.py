"""Who lives within a distance: exact sums over discs on the ellipsoid, by a tree of points."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geo_border.compute.compiled import in_blocks, kernel
from geo_border.geometry.geodesic import FLATTENING, SEMI_MAJOR_KM, apart_km
from geo_border.routing.engine.ordering import hilbert_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHILDREN = 4
"""Points, or nodes, that a node of the tree holds: a square of a grid in Hilbert's order."""

DEEPEST = 32
"""Levels of a tree of all points that there can be."""

DOUBT = 2e-5
"""Relative error of the distances that are compared with."""


def sums_within(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    weights: NDArray[np.float64],
    km: float,
) -> NDArray[np.float64]:
    """Add up what lies within a geodesic distance of each point.

    Whole squares of points are taken or left by bounds, and a point is looked at only along
    the edge of the disc, so that a disc costs in step with its edge.

    Parameters
    ----------
    starts, ends
        Vectors of `geo_border.geometry.geodesic.reduced_vectors`, shapes (N, 3) and (M, 3).
    weights
        What is added up at each end, shape (M, S).
    km
        The distance, itself still inside, as `geo_border.geometry.geodesic.geodesic_km` has it.

    Returns
    -------
    ndarray
        Shape (N, S).
    """
    if not len(ends):
        return np.zeros((len(starts), weights.shape[1]))
    lon, lat = np.arctan2(ends[:, 1], ends[:, 0]), np.arcsin(ends[:, 2].clip(-1, 1))
    order = hilbert_order(lon, lat)
    levels = _levels(ends[order], weights[order])
    centre, radius, total = (np.concatenate(part) for part in zip(*levels, strict=True))
    first = np.concatenate([[0], np.cumsum([len(level[0]) for level in levels])])
    tree = first.astype(np.int64), centre, radius, total
    # A great circle of the sphere is no shorter than the geodesic, nor longer than this.
    half = np.array([km / SEMI_MAJOR_KM, km / (SEMI_MAJOR_KM * (1 - FLATTENING))]) / 2
    chords = 2 * np.sin(half.clip(0, np.pi / 2)) * [1 - DOUBT, 1 + DOUBT]
    parts = in_blocks(len(starts), partial(_block, starts, tree, chords, km))
    return np.concatenate([np.empty((0, weights.shape[1])), *parts])


def _levels(
    points: NDArray[np.float64], weights: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Centre, radius and sum of the nodes of each level, the points themselves first."""
    levels = [(points, np.zeros(len(points)), weights)]
    while len(levels[-1][0]) > 1:
        centre, radius, total = levels[-1]
        edges = np.arange(0, len(centre), CHILDREN)
        parent = np.arange(len(centre)) // CHILDREN
        middle = np.add.reduceat(centre, edges) / np.diff(np.r_[edges, len(centre)])[:, None]
        away = np.linalg.norm(centre - middle[parent], axis=1) + radius
        levels.append((middle, np.maximum.reduceat(away, edges), np.add.reduceat(total, edges)))
    return levels


def _block(
    starts: NDArray[np.float64],
    tree: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    chords: NDArray[np.float64],
    km: float,
    rows: slice,
) -> NDArray[np.float64]:
    """Sums around some points."""
    sums = np.zeros((len(starts[rows]), tree[-1].shape[1]))
    _add_within(starts[rows], *tree, chords, km, sums)
    return sums


@kernel
def _add_within(
    starts: NDArray[np.float64],
    first: NDArray[np.int64],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    total: NDArray[np.float64],
    chords: NDArray[np.float64],
    km: float,
    sums: NDArray[np.float64],
) -> None:
    """Add up the nodes within a distance; those of level n are ``first[n]:first[n + 1]``."""
    level_of = np.empty(CHILDREN * DEEPEST, np.int64)
    node_of = np.empty(CHILDREN * DEEPEST, np.int64)
    for i in range(len(starts)):
        x, y, z = starts[i]
        level_of[0], node_of[0] = len(first) - 2, 0
        waiting = 1
        while waiting > 0:
            waiting -= 1
            level, node = level_of[waiting], node_of[waiting]
            at = first[level] + node
            cx, cy, cz = centre[at]
            chord = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2)
            if chord - radius[at] > chords[1]:
                continue
            if chord + radius[at] <= chords[0] or (
                level == 0 and apart_km(x, y, z, cx, cy, cz) <= km
            ):
                for s in range(total.shape[1]):
                    sums[i, s] += total[at, s]
            elif level > 0:
                below = first[level] - first[level - 1]
                for child in range(CHILDREN * node, min(CHILDREN * (node + 1), below)):
                    level_of[waiting], node_of[waiting] = level - 1, child
                    waiting += 1
