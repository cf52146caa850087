"""Settlements of the world with their population, none counted twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from geo_border.world.boxes import Bounds


@dataclass(frozen=True, slots=True)
class Settlements:
    """Result of `settlements`.

    Parameters
    ----------
    places
        Index ``place_id`` (of GeoNames); ``name``, ``names`` (others, parted by ``|``),
        ``country`` (alpha-3), ``population``, ``lon``, ``lat``, and points in WGS 84.
    left_out
        Entries that would be counted twice, or whose population is unknown: the same columns,
        ``reason`` and ``within_id`` (the place that they are part of).
    """

    __repr__ = shown

    places: gpd.GeoDataFrame
    left_out: pd.DataFrame


def settlements(
    countries: Sequence[str] = (), *, bounds: Bounds | None = None, margin_km: float = 0.0
) -> Settlements:
    """Settlements of countries or of a frame.

    Parameters
    ----------
    countries
        ISO 3166-1 codes; all if none is given.
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian. Everywhere if missing.
    margin_km
        How much wider the frame is taken, kilometres.

    Returns
    -------
    Settlements
        Those that lie in the frame, and the entries that were left out.

    Raises
    ------
    WorldError
        If the package with the settlements is not installed, or there is no such country.
    """
    raise NotImplementedError
