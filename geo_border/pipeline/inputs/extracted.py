"""What is kept of the extracts of a study."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from geo_border.geometry.frame import table_in_frame

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """Countries and their units as the extracts have them.

    Parameters
    ----------
    countries
        ``country``, ``name``, ``is_whole``; polygons.
    units
        Administrative units that are whole, with ``region_id`` and ``admin_level``.
    report
        All units of these levels and what their outlines lack.
    levels
        ``admin_level`` of any boundary.
    sources
        The extracts: ``file``, ``bytes``, ``timestamp``, their frame, counts of objects.
    """

    countries: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    report: pd.DataFrame
    levels: pd.DataFrame
    sources: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Extracts:
    """What a study can need of its extracts.

    Parameters
    ----------
    land
        Countries and units.
    sea
        Lines at which land ends: coasts, and boundaries at sea.
    lines
        Roads, railways and ferries.
    account
        Ways that were dropped, and speeds that were imputed.
    checkpoints
        Objects tagged as checkpoints.
    settlements
        With or without a population.
    stations
        Where one changes between road and railway.
    """

    land: Land
    sea: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    account: pd.DataFrame
    checkpoints: pd.DataFrame
    settlements: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame

    def in_frame(self, meridian: float) -> Extracts:
        """Everything with its longitudes within half a turn of a meridian.

        Parameters
        ----------
        meridian
            The middle of the frame, degrees.

        Returns
        -------
        Extracts
            The same rows.
        """
        land = {
            part.name: table_in_frame(getattr(self.land, part.name), meridian)
            for part in fields(self.land)
        }
        parts = {
            part.name: table_in_frame(getattr(self, part.name), meridian)
            for part in fields(self)
            if part.name != "land"
        }
        return replace(self, land=replace(self.land, **land), **parts)
