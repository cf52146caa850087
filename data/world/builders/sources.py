"""The sources as they come: areas of countries, seas, lakes, rivers, first-level units."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from builders.packages import COUNTRIES, UNITS, Package, content

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


NO_CODE = {"BES": "BQ", "CUW": "CW", "SXM": "SX"}
"""ISO 3166-1 alpha-2 codes that the source leaves out."""


def country_areas(cache: Path) -> gpd.GeoDataFrame:
    """Areas of countries with their territorial waters.

    Parameters
    ----------
    cache
        Folder of downloads.

    Returns
    -------
    GeoDataFrame
        Index ``country`` (alpha-3), ``alpha2``, valid polygons; they overlap where the source
        draws land for two.
    """
    features = json.loads(content(COUNTRIES, cache))["features"]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
    valid = shapely.make_valid(shapely.get_geometry(shapes, 0), method="structure")
    names = [f["properties"] for f in features]
    frame = {
        "country": [name["isoA3"] for name in names],
        "alpha2": [name.get("isoA2") or NO_CODE[name["isoA3"]] for name in names],
    }
    return gpd.GeoDataFrame(frame, geometry=valid, crs=4326).set_index("country")


def waters(package: Package, cache: Path) -> NDArray[np.object_]:
    """Polygons of seas, lakes or rivers.

    Parameters
    ----------
    package
        Which.
    cache
        Folder of downloads.

    Returns
    -------
    ndarray
        Valid polygons.
    """
    shape = shapely.from_geojson(content(package, cache))
    parts = shapely.get_parts(shapely.get_parts(shape))
    bad = ~shapely.is_valid(parts)
    parts[bad] = shapely.make_valid(parts[bad], method="structure")
    polygons: NDArray[np.object_] = shapely.get_parts(parts)
    return polygons


def first_level_units(cache: Path) -> gpd.GeoDataFrame:
    """Provinces, states, oblasts and the like of all countries.

    Parameters
    ----------
    cache
        Folder of downloads.

    Returns
    -------
    GeoDataFrame
        The columns of the source, valid polygons.
    """
    features = json.loads(content(UNITS, cache))["features"]
    units = gpd.GeoDataFrame.from_features(features, crs=4326)
    return units.set_geometry(shapely.make_valid(units.geometry.to_numpy(), method="structure"))
