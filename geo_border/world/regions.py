"""Regions of both sides of a pair of countries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd


def regions_near(home: str, neighbour: str, belt_km: float = 100.0) -> gpd.GeoDataFrame:
    """First-level units of both countries that lie near their border.

    Parameters
    ----------
    home, neighbour
        ISO 3166-1 codes.
    belt_km
        Units that come so near to the line are taken, kilometres; not more than 300.

    Returns
    -------
    GeoDataFrame
        Index ``region_id`` (ISO 3166-2 where it is known); ``name``, ``name_local`` and names in
        other languages, ``type``, ``country`` (alpha-3), ``side``, ``border_km`` (of the line
        that runs along it), ``away_km`` (from the line to its nearest point), and polygons that
        share their edges with each other and with the line.

    Raises
    ------
    WorldError
        If there is no such country, the two share no line, or the belt is too wide.
    """
    raise NotImplementedError
