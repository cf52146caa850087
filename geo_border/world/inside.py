"""What of the world's networks and settlements lies on the land of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from geo_border.border.edges import equal_area_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.world.ground import PairGround

BESIDE_KM = 5.0
"""A settlement or the end of a link this near to the land lies on it: coasts are thinned."""

MOST_PLACES = 2000
"""Settlements of a side that stand for themselves; the smaller ones count with the nearest of
these, because a run takes as long as there are settlements."""

PLAIN_M = 100.0
"""How far outlines are thinned where it is asked what lies beside them, metres."""


def links_inside(links: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Links both of whose ends lie on the land of a pair.

    Parameters
    ----------
    links
        Lines of two points, as `geo_border.world.networks.trunk_roads` gives them.
    land
        Polygons with ``side``, as `PairGround.sides` gives them.

    Returns
    -------
    GeoDataFrame
        Those; links that end in a third country, or farther off, are left out.
    """
    ends = shapely.get_coordinates(links.geometry.to_numpy()).reshape(-1, 2, 2)
    kept = np.ones(len(links), bool)
    for end in (0, 1):
        kept &= _nearest(ends[:, end], land) >= 0
    return links[kept]


def settlements_inside(places: gpd.GeoDataFrame, ground: PairGround) -> pd.DataFrame:
    """Settlements on the land of a pair.

    Parameters
    ----------
    places
        Settlements of both countries, as `geo_border.world.settlements.settlements` gives them.
    ground
        The land.

    Returns
    -------
    DataFrame
        ``place_id``, ``name``, ``lon``, ``lat``, ``side``, ``region_id`` (empty outside the
        regions), ``population``: each on the side and in the region it lies in. Beyond
        `MOST_PLACES` of a side, the people of the smallest are counted in the nearest larger
        one of their region; ``villages`` says how many such there are.
    """
    land = ground.sides()
    hit = _nearest(places[["lon", "lat"]].to_numpy(float), land)
    found = places[hit >= 0]
    at = land.iloc[hit[hit >= 0]]
    return _with_villages(
        pd.DataFrame(
            {
                "place_id": found.index.astype(str),
                "name": found["name"].to_numpy(),
                "lon": found["lon"].to_numpy().round(5),
                "lat": found["lat"].to_numpy().round(5),
                "side": at["side"].to_numpy(),
                "region_id": at["region_id"].to_numpy(),
                "population": found["population"].to_numpy().astype(int),
            }
        )
    )


def _with_villages(places: pd.DataFrame) -> pd.DataFrame:
    """The largest settlements of each side, with the people of those around them."""
    largest_first = places.sort_values(
        ["population", "place_id"], ascending=[False, True], ignore_index=True
    )
    region = largest_first["region_id"].fillna("")
    rank = largest_first.groupby("side").cumcount()
    first = ~pd.concat([largest_first["side"], region], axis=1).duplicated()
    stays = (rank < MOST_PLACES) | first
    host = np.arange(len(largest_first))
    for _, group in largest_first.groupby([largest_first["side"], region]):
        kept, gone = group[stays[group.index]], group[~stays[group.index]]
        if gone.empty:
            continue
        narrow = np.cos(np.radians(group["lat"].mean()))
        near, far = (part[["lon", "lat"]].to_numpy() * [narrow, 1.0] for part in (kept, gone))
        host[gone.index] = kept.index[KDTree(near).query(far)[1]]
    people = largest_first["population"].groupby(host).sum()
    villages = pd.Series(host).value_counts() - 1
    found = largest_first[stays].assign(population=people, villages=villages)
    return found.sort_values("place_id", key=lambda ids: ids.str.zfill(12), ignore_index=True)


def with_seats(regions: gpd.GeoDataFrame, places: pd.DataFrame) -> gpd.GeoDataFrame:
    """Regions with their most populous settlement, which stands for the capital.

    Parameters
    ----------
    regions
        Index ``region_id``.
    places
        As `settlements_inside` gives them.

    Returns
    -------
    GeoDataFrame
        With ``capital``, ``capital_lon``, ``capital_lat``; missing where nobody is known to live.
    """
    largest = places.dropna(subset="region_id").sort_values("population", kind="stable")
    seats = largest.groupby("region_id").last().reindex(regions.index)
    return regions.assign(capital=seats["name"], capital_lon=seats["lon"], capital_lat=seats["lat"])


def _nearest(points: NDArray[np.float64], land: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Polygon that each point lies in, or the nearest within `BESIDE_KM`; -1 for none."""
    found = np.full(len(points), -1, np.int64)
    # Polygons are asked for points, not points for polygons: those asked with are prepared.
    polygon, point = shapely.STRtree(shapely.points(points)).query(
        land.geometry.to_numpy(), predicate="intersects"
    )
    # A point on a common edge lies in the first of the two.
    found[point[::-1]] = polygon[::-1]
    out = np.flatnonzero(found < 0)
    if out.size == 0:
        return found
    crs = equal_area_crs(land)
    plain = shapely.simplify(land.geometry.to_crs(crs).to_numpy(), PLAIN_M)
    outside = gpd.GeoSeries(shapely.points(points[out]), crs=4326).to_crs(crs).to_numpy()
    grown = shapely.buffer(plain, 1000 * BESIDE_KM, quad_segs=2)
    polygon, point = shapely.STRtree(outside).query(grown, predicate="intersects")
    order = np.argsort(-shapely.distance(plain[polygon], outside[point]), kind="stable")
    # The nearest is written last.
    found[out[point[order]]] = polygon[order]
    return found
