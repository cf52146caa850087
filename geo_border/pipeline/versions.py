"""Versions of what results hang on: libraries, and the C and C++ libraries in them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

import pyogrio
import pyproj
import shapely

LIBRARIES = (
    "exactextract",
    "geopandas",
    "networkx",
    "numba",
    "numpy",
    "opening-hours-py",
    "pandas",
    "pyarrow",
    "pymetis",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scikit-learn",
    "scipy",
    "shapely",
)
"""Libraries whose versions the manifest names, and remembered stages depend on."""


@cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that results hang on.

    Returns
    -------
    dict
        Version by name, those that are not installed left out; with GDAL, GEOS and PROJ.
    """
    found = {
        "GDAL": pyogrio.__gdal_version_string__,
        "GEOS": shapely.geos_version_string,
        "PROJ": pyproj.proj_version_str,
    }
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # pymetis, where it has no wheels
            continue
    return found
