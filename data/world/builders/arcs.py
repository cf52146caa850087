"""Arcs between regions: every line once, with what lies on both sides of it and what it is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from builders.land import held
from builders.planar import GRID, faces_between, lines_of, merged, sides_of_segments
from builders.units import unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from builders.land import Land

RIVER_DEGREES = 0.0015
"""Rivers are drawn within 100 m: a line so near to one is in it."""
SHORTEST_DEGREES = 0.01
"""A stretch of another kind that is shorter than this, between two of one kind, is of that."""


def partition(
    land: Land, walls: NDArray[np.object_], units: gpd.GeoDataFrame
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Segments between regions.

    Parameters
    ----------
    land
        As `builders.land.read_land` gives it.
    walls
        As `builders.units.walls` gives them.
    units
        With ``country``.

    Returns
    -------
    segments : ndarray
        In steps of the grid, shape (n, 4).
    one, other : ndarray
        Position of the unit on each side, the lesser first; -1 for the sea.
    """
    faces = faces_between(np.concatenate([merged(land.segments), walls]))
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    face, country = held(land.outlines.to_numpy(), middle)
    faces = faces[face]
    codes = land.outlines.index.to_numpy(object)[country]
    order = np.argsort(face, kind="stable")
    faces, codes = faces[order], codes[order]
    owner = unit_of(faces, codes, units)
    segments, one, other = sides_of_segments(faces)
    a, b = (np.where(side >= 0, owner[side], -1) for side in (one, other))
    between = a != b
    return segments[between], np.minimum(a, b)[between], np.maximum(a, b)[between]


def kinds(
    segments: NDArray[np.int64], lakes: NDArray[np.object_], rivers: NDArray[np.object_]
) -> NDArray[np.object_]:
    """What segments on land lie in.

    Parameters
    ----------
    segments
        In steps of the grid.
    lakes, rivers
        Polygons.

    Returns
    -------
    ndarray
        ``lake``, ``river`` or ``land``.
    """
    at = (segments[:, :2] + segments[:, 2:]) / 2 * GRID
    found = np.full(len(segments), "land", object)
    near, _ = shapely.STRtree(rivers).query(
        shapely.points(at), predicate="dwithin", distance=RIVER_DEGREES
    )
    found[near] = "river"
    found[held(lakes, at)[0]] = "lake"
    return found


def smoothed(segments: NDArray[np.int64], kind: NDArray[np.object_]) -> NDArray[np.object_]:
    """Kinds without short stretches between two of another.

    Parameters
    ----------
    segments
        Of one pair of regions, in steps of the grid.
    kind
        Of each segment.

    Returns
    -------
    ndarray
        Kind of each segment.
    """
    number = {tuple(ends): k for k, ends in enumerate(segments.tolist())}
    kind = kind.copy()
    for chain in merged(segments):
        at = np.round(shapely.get_coordinates(chain) / GRID).astype(np.int64).tolist()
        rows = np.array([number[tuple(min(a, b) + max(a, b))] for a, b in itertools.pairwise(at)])
        length = shapely.length(lines_of(segments[rows]))
        mine = kind[rows]
        for name in ("land", "river", "lake"):
            starts = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1]])
            stops = np.r_[starts[1:], len(mine)]
            for start, stop in zip(starts[1:-1], stops[1:-1], strict=True):
                short = length[start:stop].sum() < SHORTEST_DEGREES
                if short and mine[start] == name and mine[start - 1] == mine[stop]:
                    mine[start:stop] = mine[stop]
        kind[rows] = mine
    return kind


def disputed(segments: NDArray[np.int64], land: Land) -> NDArray[np.bool_]:
    """Which segments lie on lines that the source draws twice.

    Parameters
    ----------
    segments
        In steps of the grid.
    land
        As `builders.land.read_land` gives it.

    Returns
    -------
    ndarray
        Flags.
    """
    middle = shapely.points((segments[:, :2] + segments[:, 2:]) / 2 * GRID)
    lines = shapely.STRtree(lines_of(land.segments[land.disputed]))
    flags = np.zeros(len(segments), bool)
    flags[lines.query(middle, predicate="dwithin", distance=2 * GRID)[0]] = True
    return flags


def as_lines(table: pd.DataFrame, segments: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Segments alike in all columns joined to lines that meet others in their ends alone.

    Parameters
    ----------
    table
        Columns of each segment.
    segments
        In steps of the grid.

    Returns
    -------
    GeoDataFrame
        The columns, LineStrings, in a fixed order.
    """
    ends, degree = np.unique(_packed(segments.reshape(-1, 2)), return_counts=True)
    nodes = ends[degree != 2]
    rows, lines = [], []
    for key, mine in table.groupby(list(table), sort=True).indices.items():
        chains = _parted(merged(segments[mine]), nodes)
        west, south, east, north = shapely.bounds(chains).T
        chains = chains[np.lexsort((north, east, south, west))]
        rows += [key] * len(chains)
        lines += list(shapely.transform(chains, lambda at: np.round(at, 7)))
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=list(table)), geometry=lines, crs=4326)


def _packed(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each place on the grid."""
    packed: NDArray[np.int64] = at[:, 0] * 2**31 + at[:, 1]
    return packed


def _parted(chains: NDArray[np.object_], nodes: NDArray[np.int64]) -> NDArray[np.object_]:
    """Lines parted where they pass a node."""
    at, chain = shapely.get_coordinates(chains, return_index=True)
    packed = _packed(np.round(at / GRID).astype(np.int64))
    is_node = nodes[np.searchsorted(nodes, packed).clip(max=len(nodes) - 1)] == packed
    first = np.r_[True, np.diff(chain) > 0]
    last = np.r_[first[1:], True]
    inner = is_node & ~first & ~last
    if not inner.any():
        return chains
    # A node within is the end of one line and the start of the next.
    copies = 1 + inner.astype(int)
    line = np.repeat(np.cumsum(first | inner) - 1, copies)
    starts = np.r_[0, np.cumsum(copies)[:-1]][inner]
    line[starts] -= 1
    parts: NDArray[np.object_] = shapely.linestrings(np.repeat(at, copies, axis=0), indices=line)
    return parts
