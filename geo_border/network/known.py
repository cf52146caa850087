"""The ground whose roads are known: extracts end, and what lies beyond has no roads in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from geo_border.geometry.locate import polygon_of
from geo_border.network.beyond import LOCAL_WAY
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.graph import Network

BESIDE_DEGREES = 0.005
"""Roads bend beyond the hull of their ends, degrees."""


def known_ground(
    territory: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, network: Network
) -> gpd.GeoDataFrame:
    """Land of both sides as far as its roads are known.

    Parameters
    ----------
    territory
        Polygons with ``side``, WGS 84.
    lines
        Lines of the study, with ``tail_clipped`` and ``head_clipped`` where a source ends on the
        way.
    network
        The graph that they became.

    Returns
    -------
    GeoDataFrame
        A row for each side: ``side``, polygons. All of its land where no line is cut; else what
        lies within the convex hull of its roads.
    """
    cut = _sides_cut(territory, lines)
    is_road = np.ones(network.n_edges, bool)
    if LOCAL_WAY in network.classes:
        is_road = network.road_class != network.classes.index(LOCAL_WAY)
    shapes = []
    for number, side in enumerate(SIDES):
        land = territory.geometry[territory["side"] == side].union_all()
        if side in cut:
            nodes = np.unique(network.tail[is_road & (network.side[network.tail] == number)])
            points = np.column_stack([network.lon[nodes], network.lat[nodes]])
            land = shapely.intersection(land, _hull(points))
        shapes.append(land)
    return gpd.GeoDataFrame({"side": list(SIDES)}, geometry=shapes, crs=4326)


def _hull(points: NDArray[np.float64]) -> shapely.Geometry:
    """Convex hull of the ends of roads, and what is beside them."""
    return shapely.convex_hull(shapely.MultiPoint(points)).buffer(BESIDE_DEGREES)


def _sides_cut(territory: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> set[str]:
    """Sides on which a source ends in the middle of a way."""
    ends = []
    for name, position in (("tail_clipped", 0), ("head_clipped", -1)):
        if name in lines:
            is_cut = lines[name].fillna(0).to_numpy(float) > 0
            ends.append(shapely.get_point(lines.geometry[is_cut].to_numpy(), position))
    at = shapely.get_coordinates(np.concatenate(ends)) if ends else np.empty((0, 2))
    polygon = polygon_of(territory.geometry.to_numpy(), at[:, 0], at[:, 1])
    return set(territory["side"].to_numpy(object)[np.unique(polygon[polygon >= 0])])
