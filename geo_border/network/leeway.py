"""How far from where it is drawn the course of a road or a border may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from geo_border.geometry.locate import segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEND_DEGREES = 5e-6
"""A vertex of the border that is nearer to a straight line than this is no bend: half a metre."""


def _leeways(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """How far the course of each segment of lines may lie from it, metres.

    A course that bends at the ends of a segment stays within the triangle that its neighbours'
    directions make with it; where nothing is known of them, half the segment.
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    step = np.diff(points, axis=0)
    inside = line[1:] == line[:-1]
    step, line = step[inside], line[1:][inside]
    length, heading = np.hypot(*step.T), np.arctan2(step[:, 1], step[:, 0])
    turn = np.abs((np.diff(heading) + np.pi) % (2 * np.pi) - np.pi)
    turn[line[1:] != line[:-1]] = -1
    sharpest = np.maximum(np.append(turn, -1), np.insert(turn, 0, -1))
    sharpest[sharpest < 0] = np.pi / 2
    leeway: NDArray[np.float64] = length / 2 * np.minimum(np.tan(sharpest.clip(max=3) / 2), 2)
    return leeway


def own_leeway(lines: NDArray[np.object_], at: NDArray[np.object_]) -> NDArray[np.float64]:
    """How far the course of lines may lie from them at points on them.

    Parameters
    ----------
    lines
        LineStrings in a projection.
    at
        A point on each.

    Returns
    -------
    ndarray
        Metres.
    """
    pieces, line = segments(lines)
    order = np.lexsort((shapely.distance(pieces, at[line]), line))
    first = order[np.searchsorted(line[order], np.arange(len(lines)))]
    return np.asarray(_leeways(lines)[first])


def leeway_at(border: gpd.GeoSeries, at: gpd.GeoSeries) -> NDArray[np.float64]:
    """How far the course of a border may lie from it, near points.

    Parameters
    ----------
    border
        Lines in WGS 84; their vertices are those where they bend.
    at
        Points in a projection.

    Returns
    -------
    ndarray
        Metres, one for each point.
    """
    merged = shapely.line_merge(shapely.multilinestrings(border.to_numpy()))
    # In degrees, in which it was drawn: long straight pieces bend in any projection.
    bends = gpd.GeoSeries(shapely.get_parts(shapely.simplify(merged, BEND_DEGREES)), crs=4326)
    lines = bends.to_crs(at.crs).to_numpy()
    nearest = shapely.STRtree(segments(lines)[0]).nearest(at.to_numpy())
    return np.asarray(_leeways(lines)[nearest])
