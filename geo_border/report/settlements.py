"""Which settlements maps draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

MOST_DRAWN = 10_000
"""Settlements that a map draws, the most populous; all are in the tables."""


def drawn_places(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Settlements that a map draws.

    Parameters
    ----------
    places
        All, with their ``population``.

    Returns
    -------
    GeoDataFrame
        At most `MOST_DRAWN`, the most populous, of equals the first; in the order of all.
    """
    if len(places) <= MOST_DRAWN:
        return places
    order = (-places["population"].to_numpy(float)).argsort(kind="stable")
    order[:MOST_DRAWN].sort()
    return places.iloc[order[:MOST_DRAWN]]


def drawn_in_words(places: gpd.GeoDataFrame) -> str:
    """Say of a map which settlements it draws.

    Parameters
    ----------
    places
        All of them.

    Returns
    -------
    str
        Such as ``the 10,000 most populous of 1,000,000``; empty if it draws all.
    """
    if len(places) <= MOST_DRAWN:
        return ""
    return f"the {MOST_DRAWN:,} most populous of {len(places):,}"
