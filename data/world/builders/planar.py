"""Lines that part the land: noded, the faces between them, and the arcs between unlike faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

if TYPE_CHECKING:
    from numpy.typing import NDArray

WGS84 = Geod(ellps="WGS84")
GRID = 1e-7
"""Coordinates are multiples of this, degrees: a centimetre, as in OpenStreetMap."""


def vertices(lines: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Segments of lines or rings, on the grid, the lesser end first.

    Parameters
    ----------
    lines
        LineStrings or LinearRings.

    Returns
    -------
    segments : ndarray
        Longitude and latitude of both ends in steps of the grid, shape (n, 4).
    line : ndarray
        Position of the line that each is of. Segments of no length are left out.
    """
    at, line = shapely.get_coordinates(lines, return_index=True)
    at = np.round(at / GRID).astype(np.int64)
    joined = line[1:] == line[:-1]
    a, b, line = at[:-1][joined], at[1:][joined], line[1:][joined]
    turned = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    ends = np.where(turned[:, None], np.c_[b, a], np.c_[a, b])
    real = (a != b).any(axis=1)
    return ends[real], line[real]


def straight_km(segments: NDArray[np.int64]) -> NDArray[np.float64]:
    """Geodesic lengths of segments.

    Parameters
    ----------
    segments
        As `vertices` gives them.

    Returns
    -------
    ndarray
        Kilometres.
    """
    at = segments * GRID
    return np.asarray(WGS84.inv(at[:, 0], at[:, 1], at[:, 2], at[:, 3])[2], float) / 1000


def numbered(segments: NDArray[np.int64]) -> NDArray[np.intp]:
    """Number of each segment, the same for the same ends.

    Parameters
    ----------
    segments
        As `vertices` gives them.

    Returns
    -------
    ndarray
        From 0, in the order of first appearance.
    """
    frame = pd.DataFrame(segments, columns=list("abcd"))
    return frame.groupby(list("abcd"), sort=False).ngroup().to_numpy()


def lines_of(segments: NDArray[np.int64]) -> NDArray[np.object_]:
    """Segments as lines in degrees.

    Parameters
    ----------
    segments
        As `vertices` gives them.

    Returns
    -------
    ndarray
        LineStrings of two points.
    """
    lines: NDArray[np.object_] = shapely.linestrings(segments.reshape(-1, 2, 2) * GRID)
    return lines


def merged(segments: NDArray[np.int64]) -> NDArray[np.object_]:
    """Segments joined to the longest lines.

    Parameters
    ----------
    segments
        As `vertices` gives them.

    Returns
    -------
    ndarray
        LineStrings.
    """
    whole = shapely.line_merge(shapely.multilinestrings(lines_of(segments)))
    parts: NDArray[np.object_] = shapely.get_parts(whole)
    return parts


def faces_between(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons that lines enclose.

    Parameters
    ----------
    lines
        Lines that may cross each other.

    Returns
    -------
    ndarray
        Polygons without overlap, in a fixed order.
    """
    noded = shapely.union_all(lines, grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    west, south, east, north = shapely.bounds(faces).T
    ordered: NDArray[np.object_] = faces[np.lexsort((north, east, south, west))]
    return ordered


def sides_of_segments(
    faces: NDArray[np.object_],
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Segments between faces and the two faces that each parts.

    Parameters
    ----------
    faces
        As `faces_between` gives them.

    Returns
    -------
    segments : ndarray
        As `vertices` gives them, each once.
    one, other : ndarray
        Position of the face on each side, the lesser first; -1 where there is none.
    """
    rings, face = shapely.get_rings(faces, return_index=True)
    segments, ring = vertices(rings)
    number = numbered(segments)
    found = pd.DataFrame({"number": number, "face": face[ring]}).groupby("number")["face"]
    first = found.min().to_numpy()
    last = found.max().to_numpy()
    count = found.size().to_numpy()
    once = np.unique(number, return_index=True)[1]
    alone = count == 1
    return segments[once], np.where(alone, -1, first), np.where(alone, first, last)
