"""Whether two crossings are the carriageways of one road, by where these lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

PARTED_KM = 10.0
"""The carriageways of a road come together again within this from the border, km."""

TOGETHER_M = 50.0
"""Carriageways this near to each other run beside each other."""


def come_together(
    links: gpd.GeoDataFrame, crossings: pd.DataFrame, pairs: NDArray[np.int64], *, crs: CRS
) -> NDArray[np.bool_]:
    """Whether what leads to and from each two crossings comes together on both sides.

    From a crossing lead the links of its class that are driven one way, upstream where its
    traffic comes from and downstream where it goes, as far as `PARTED_KM`. Two one-way roads
    that only end at a common street do so where both of them end at one node of it.

    Parameters
    ----------
    links
        As `geo_border.network.sides.cut_at_border` gives them.
    crossings
        ``node``, ``road_class``, ``out`` (whether one may drive from home).
    pairs
        Positions of crossings of opposite directions, shape (n, 2).
    crs
        Projection in which distances are measured.

    Returns
    -------
    ndarray
        Shape (n,); the cost is a search by crossing, over the one-way links near it.
    """
    if not len(pairs):
        return np.zeros(0, bool)
    oneway = links[links["oneway"] != 0]
    kind = oneway["road_class"].astype(str).str.removesuffix("_link").to_numpy(object)
    side, bounds = oneway["side"].to_numpy(), oneway.bounds.to_numpy()
    roads = {}
    for number in np.unique(pairs).tolist():
        node, own, out = crossings[["node", "road_class", "out"]].iloc[number]
        place = _place(links, node)
        flat = max(float(np.cos(np.radians(place[1]))), 0.01)
        reach = PARTED_KM / 110 / np.array([flat, 1.0])
        near = (bounds[:, :2] <= place + reach).all(axis=1)
        near &= (bounds[:, 2:] >= place - reach).all(axis=1) & (kind == own.removesuffix("_link"))
        for at in range(len(SIDES)):
            local = oneway[near & (side == at)]
            led = local[_led(local, node, against=out == (at == 0))]
            roads[number, at] = shapely.union_all(led.geometry.to_crs(crs).to_numpy())
    return np.array(
        [
            all(
                shapely.dwithin(roads[one, at], roads[two, at], TOGETHER_M)
                for at in range(len(SIDES))
            )
            for one, two in pairs.tolist()
        ]
    )


def _place(links: gpd.GeoDataFrame, node: int) -> NDArray[np.float64]:
    """Where a node lies, by a link that ends there."""
    tail = links["tail"].to_numpy() == node
    link = np.flatnonzero(tail | (links["head"].to_numpy() == node))[0]
    ends = shapely.get_coordinates(links.geometry.to_numpy()[link])
    place: NDArray[np.float64] = ends[0 if tail[link] else -1]
    return place


def _led(links: pd.DataFrame, start: int, *, against: bool) -> NDArray[np.bool_]:
    """Links by which one gets on from a node, or to it, within `PARTED_KM`."""
    tail, head = links["tail"].to_numpy(np.int64), links["head"].to_numpy(np.int64)
    turned = (links["oneway"].to_numpy() < 0) != against
    begin, end = np.where(turned, head, tail), np.where(turned, tail, head)
    names, number = np.unique(np.r_[start, begin, end], return_inverse=True)
    begin, end = np.split(number[1:], 2)
    km = np.maximum(links["length_km"].to_numpy(float), 1e-9)
    graph = csr_array((km, (begin, end)), shape=(len(names),) * 2)
    reached = dijkstra(graph, indices=number[0], limit=PARTED_KM)
    found: NDArray[np.bool_] = np.isfinite(reached)[begin]
    return found
