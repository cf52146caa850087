"""How far from its road a checkpoint may lie, and which links and nodes are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.geometry.locate import samples

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

TOLERANCE_KM = 2.0
"""A checkpoint this near to a link of an unknown or coarse source stands on it."""

OSM_TOLERANCE_KM = 0.5
"""A checkpoint this near to a way of OpenStreetMap stands on it: roads are drawn where they are."""

METRES_A_DEGREE = 111_195.0
"""Of latitude, on a sphere of the Earth's volume."""


def roads_near(
    links: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    crs: CRS,
    tolerance_km: float | None = None,
) -> pd.DataFrame:
    """Links of the mode of each checkpoint within its reach, how far off and where on them.

    Parameters
    ----------
    links
        With ``mode`` and, where known, ``way_id``.
    checkpoints
        Those on the line whose place is known, with ``mode`` and ``accuracy_km``.
    crs
        Projection in which distances are measured.
    tolerance_km
        How far from its road a checkpoint may lie, km; by default `OSM_TOLERANCE_KM` for links
        with an OSM way, `TOLERANCE_KM` for others, and its own accuracy where that is more.

    Returns
    -------
    DataFrame
        ``post``, ``link`` (positions), ``mode``, ``off_km`` (from post to link),
        ``tolerance_km`` (whatever the post's accuracy), ``share`` (of the link's length, where it
        is nearest).
    """
    own_km = checkpoints["accuracy_km"].fillna(0).to_numpy(float)
    most = np.maximum(own_km, TOLERANCE_KM if tolerance_km is None else tolerance_km)
    lon, lat = checkpoints["lon"].to_numpy(float), checkpoints["lat"].to_numpy(float)
    high = 1.02 * 1000 * most / METRES_A_DEGREE
    wide = high / np.cos(np.radians(np.minimum(np.abs(lat) + high, 89)))
    boxes = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
    link, control = shapely.STRtree(boxes).query(links.geometry.to_numpy(), predicate="intersects")
    mode = links["mode"].to_numpy(object)[link]
    right = mode == checkpoints["mode"].to_numpy(object)[control]
    link, control, mode = link[right], control[right], mode[right]
    lines = gpd.GeoSeries(links.geometry.to_numpy()[link], crs=links.crs).to_crs(crs).to_numpy()
    points = checkpoints.geometry.to_crs(crs).to_numpy()[control]
    off_km = shapely.distance(lines, points) / 1000
    if tolerance_km is None:
        way = links["way_id"].to_numpy()[link] if "way_id" in links else np.zeros(len(link))
        of_osm = pd.to_numeric(pd.Series(way), errors="coerce").fillna(0).to_numpy(float) > 0
        reach = np.where(of_osm, OSM_TOLERANCE_KM, TOLERANCE_KM)
    else:
        reach = np.full(len(link), tolerance_km)
    near = off_km <= np.maximum(reach, own_km[control])
    share = shapely.line_locate_point(lines[near], points[near], normalized=True)
    return pd.DataFrame(
        {
            "control": control[near],
            "link": link[near],
            "mode": mode[near],
            "off_km": off_km[near],
            "tolerance_km": reach[near],
            "share": share,
        }
    )


def within_reach(
    links: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    crs: CRS,
    tolerance_km: float | None = None,
) -> NDArray[np.bool_]:
    """Links all of which lies within the tolerance of one checkpoint of their mode.

    How vaguely a checkpoint's place is known makes no longer stretch of road its own.

    Parameters
    ----------
    links, checkpoints, crs, tolerance_km
        As `roads_near` takes them.

    Returns
    -------
    ndarray
        Shape (n,).
    """
    within = np.zeros(len(links), bool)
    near = roads_near(links, checkpoints, crs=crs, tolerance_km=tolerance_km)
    if near.empty:
        return within
    at, row = samples(links.geometry.to_numpy()[near["link"]])
    points = gpd.GeoSeries(shapely.points(at), crs=4326).to_crs(crs).to_numpy()
    controls = checkpoints.geometry.to_crs(crs).to_numpy()[near["control"]]
    beyond = shapely.distance(points, controls[row]) > 1000 * near["tolerance_km"].to_numpy()[row]
    whole = np.bincount(row, beyond, minlength=len(near)) == 0
    within[near["link"].to_numpy()[whole]] = True
    return within


def tagged_nodes(nodes: pd.DataFrame, marked: pd.DataFrame) -> pd.Series:
    """Nodes of the network that are among the objects of checkpoints or stations.

    Parameters
    ----------
    nodes
        With ``osm``, the id of each node in OpenStreetMap.
    marked
        Column ``osm``, ids of objects such as ``n12 w34``; without it there are none.

    Returns
    -------
    Series
        Positions of nodes; the index is the position in `marked`.
    """
    if "osm" not in marked or "osm" not in nodes:
        return pd.Series(dtype=np.int64)
    texts = (
        marked["osm"]
        .astype(object)
        .fillna("")
        .str.split()
        .reset_index(drop=True)
        .explode()
        .dropna()
    )
    ids = texts[texts.str.fullmatch(r"n-?\d{1,18}")].str[1:].astype(np.int64)
    number = pd.Series(nodes.index, index=nodes["osm"].to_numpy())
    return ids[ids.isin(number.index)].map(number[~number.index.duplicated()])
