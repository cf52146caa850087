"""Border lines of the world's pairs of countries, and the outlines that they are part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from geo_border.world.boxes import Bounds


def pairs() -> pd.DataFrame:
    """Pairs of countries that share a border.

    Returns
    -------
    DataFrame
        ``pair`` (``DEU|POL``), ``one``, ``other`` (alpha-3, in alphabetical order),
        ``length_km`` (on land, in rivers and lakes), ``sea_km``, ``disputed`` (any part).
    """
    raise NotImplementedError


def line_between(one: str, other: str) -> gpd.GeoDataFrame:
    """Border line of a pair of countries.

    Parameters
    ----------
    one, other
        ISO 3166-1 codes, in any order.

    Returns
    -------
    GeoDataFrame
        ``pair``, ``kind`` (``land``, ``river``, ``lake``, ``sea``), ``disputed``, ``source``,
        ``length_km`` (geodesic), and lines in WGS 84.

    Raises
    ------
    WorldError
        If there is no such country, or the two share no line.
    """
    raise NotImplementedError


def outline(country: str) -> shapely.Geometry:
    """Land of a country.

    Parameters
    ----------
    country
        ISO 3166-1 code.

    Returns
    -------
    Geometry
        Polygons in WGS 84; their edges along other countries are those of `line_between`.

    Raises
    ------
    WorldError
        If there is no such country.
    """
    raise NotImplementedError


def outlines_near(bounds: Bounds) -> gpd.GeoDataFrame:
    """Land of all countries that lie in a frame.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian.

    Returns
    -------
    GeoDataFrame
        ``country`` (alpha-3), and polygons in WGS 84, whole.
    """
    raise NotImplementedError
