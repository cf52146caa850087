"""Settlements and their population from the place nodes of extracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.osm.tags import has, mapped, population, text

if TYPE_CHECKING:
    from geo_border.pbf.extract import Extract

SETTLEMENTS = ("city", "town", "village", "hamlet")
"""Values of ``place`` that are settlements of their own; parts of towns are none."""


def settlements_from_extract(extract: Extract) -> gpd.GeoDataFrame:
    """Named settlements that are drawn as nodes.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.

    Returns
    -------
    GeoDataFrame
        Index ``place_id`` (``osm-n`` and the node's id), ``name`` and names by language,
        ``kind`` (of `SETTLEMENTS`), ``population`` (as tagged, missing without), ``lon``,
        ``lat``, points in WGS 84.
    """
    nodes = extract.tagged_nodes
    rows = nodes[has(nodes, "place", SETTLEMENTS) & has(nodes, "name")]
    node = rows["node"].to_numpy(np.int64)
    lon, lat = extract.degrees(node)
    names = [key for key in map(str, rows) if key == "name" or key.startswith("name:")]
    table = pd.DataFrame(
        {
            **{key.replace(":", "_"): text(rows, key) for key in names},
            "kind": text(rows, "place"),
            "population": mapped(rows, "population", population, missing=np.nan, dtype=float),
            "lon": lon,
            "lat": lat,
        },
        index=pd.Index([f"osm-n{number}" for number in extract.node_id[node]], name="place_id"),
    )
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)
