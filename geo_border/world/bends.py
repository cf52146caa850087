"""Straight links that cut over a border and come back: their roads stay on their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.ops import substring

from geo_border.geometry.locate import segments

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

LONGEST = 20.0
"""How many times longer than the cut the way along the border may be; else it stays straight."""


def bent(links: gpd.GeoDataFrame, border: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lead links along the border where they cut over it and come back.

    Parameters
    ----------
    links
        Lines of two points. One that passes the border an even number of times has both ends on
        one side; between each first and second pass it is led along the border.
    border
        Lines of the border.

    Returns
    -------
    GeoDataFrame
        The links; ``bent`` says which were led so. Lengths are left as they are: they are not
        those of the drawing.
    """
    merged = shapely.line_merge(shapely.union_all(border.geometry.to_numpy()))
    lines = shapely.get_parts(merged)
    pieces, of = segments(lines)
    shapes = links.geometry.to_numpy().copy()
    link, piece = shapely.STRtree(pieces).query(shapes, predicate="intersects")
    found = np.zeros(len(links), bool)
    for row in np.unique(link):
        hit = piece[link == row]
        led = _led(shapes[row], pieces[hit], lines, np.asarray(of)[hit])
        if led is not None:
            shapes[row], found[row] = led, True
    return links.set_geometry(shapes, crs=links.crs).assign(bent=found)


def _led(
    link: shapely.LineString,
    pieces: NDArray[np.object_],
    lines: NDArray[np.object_],
    of: NDArray[np.int64],
) -> shapely.LineString | None:
    """A link led along the border, None where it does not come back or the border is far longer."""
    crossed = shapely.intersection(pieces, link)
    point = shapely.get_type_id(crossed) == 0
    at, on = crossed[point], of[point]
    along = shapely.line_locate_point(link, at)
    # A pass through a vertex hits both of its pieces.
    along, first = np.unique(np.round(along, 9), return_index=True)
    if len(along) % 2 or not len(along):
        return None
    start, end = shapely.get_coordinates(link)
    course = [start[None]]
    for one, other in first.reshape(-1, 2):
        if on[one] != on[other]:
            return None
        line = lines[on[one]]
        way = substring(line, *shapely.line_locate_point(line, at[[one, other]]))
        if way.length > LONGEST * shapely.distance(at[one], at[other]):
            return None
        course.append(shapely.get_coordinates(way))
    return shapely.LineString(np.concatenate([*course, end[None]]))
