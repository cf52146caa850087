"""Nodes that lie a few metres across the border without leading anywhere there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo_border.border.edges import equal_area_crs
from geo_border.border.locate import segments

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_CELL_DEGREES = 0.02
_CELL_COLUMNS = 1 << 20


def settle_sides(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    *,
    along_m: float = 25,
) -> pd.DataFrame:
    """Give nodes that hardly cross the border to the side that their roads are on.

    A road along the border may weave over the line, and one that ends at it may end a little
    beyond. A group of nodes on one side, all within `along_m` of the border and without a link
    to a node farther in, belongs to the other side if its links lead there.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    along_m
        How far from the border a node may lie to be given to the other side, metres.

    Returns
    -------
    DataFrame
        The nodes with ``side`` and ``region_id`` changed where that is so. The cost is linear
        in nodes and links.
    """
    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    passes = side[tail] != side[head]
    if not passes.any():
        return nodes
    near = np.zeros(len(nodes), bool)
    near[near_border(nodes, border, along_m)] = True
    member = np.flatnonzero(near)
    number = np.full(len(nodes), -1)
    number[member] = np.arange(len(member))
    within = near[tail] & near[head] & ~passes
    graph = coo_array(
        (np.ones(int(within.sum()), np.int8), (number[tail[within]], number[head[within]])),
        shape=(len(member), len(member)),
    )
    group = np.full(len(nodes), -1)
    groups, group[member] = connected_components(graph, directed=False)
    # The last entry stands for all nodes that are not near: they hold their side.
    held = np.zeros(groups + 1, bool)
    held[-1] = True
    for here, there in ((tail, head), (head, tail)):
        held[group[here[~passes & near[here] & ~near[there]]]] = True
    new_side, region = side.copy(), nodes["region_id"].to_numpy(dtype=object).copy()
    heir = np.full(groups + 1, -1)
    for here, there in ((tail, head), (head, tail)):
        leads = passes & ~held[group[here]] & held[group[there]]
        heir[group[here[leads]]] = there[leads]
    moved = member[heir[group[member]] >= 0]
    new_side[moved] = side[heir[group[moved]]]
    region[moved] = region[heir[group[moved]]]
    return nodes.assign(side=new_side, region_id=region)


def near_border(
    nodes: pd.DataFrame, border: gpd.GeoDataFrame, distance_m: float
) -> NDArray[np.int64]:
    """Nodes near the border.

    Parameters
    ----------
    nodes
        Columns ``lon``, ``lat``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    distance_m
        How near, at most 1 km.

    Returns
    -------
    ndarray
        Their positions, ascending.
    """
    corners = shapely.get_coordinates(
        shapely.segmentize(border.geometry.to_numpy(), _CELL_DEGREES / 2)
    )
    step = _CELL_DEGREES * np.array([-1, 0, 1])
    around = _cells(corners[:, 0, None, None] + step[:, None], corners[:, 1, None, None] + step)
    cells = _cells(nodes["lon"].to_numpy(), nodes["lat"].to_numpy())
    close = np.flatnonzero(np.isin(cells, np.unique(around)))
    crs = equal_area_crs(border)
    points = gpd.GeoSeries(
        gpd.points_from_xy(nodes["lon"].to_numpy()[close], nodes["lat"].to_numpy()[close]), crs=4326
    ).to_crs(crs)
    edges, _ = segments(border.geometry.to_crs(crs).to_numpy())
    hit = shapely.STRtree(edges).query(points.to_numpy(), predicate="dwithin", distance=distance_m)[
        0
    ]
    found: NDArray[np.int64] = close[np.unique(hit)]
    return found


def _cells(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the cell of a grid that each point lies in."""
    row, column = (np.floor(axis / _CELL_DEGREES).astype(np.int64) for axis in (lat, lon))
    cells: NDArray[np.int64] = row * _CELL_COLUMNS + column
    return cells
