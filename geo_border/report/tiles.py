"""Regions and checkpoints on a map of tiles to move about in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from geo_border.errors import StudyError
from geo_border.report.style import NO_DATA, checkpoint_names

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.pipeline.results import Results

_LIVE = re.compile(r"[&<>\"'`{}$\\]")
"""Signs that HTML, JavaScript, or the templates that folium makes both with, take for theirs."""


def explored(results: Results, column: str, **options: Any) -> Any:
    """Draw the regions, coloured by a column, and the checkpoints over them.

    Parameters
    ----------
    results
        What a run gave.
    column
        Column of the regions, of their levels or of their types.
    **options
        As ``GeoDataFrame.explore`` takes them.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    StudyError
        If there is no such column, no value in it, or folium is not installed.
    """
    regions = results.regions
    for table in (results.levels, results.typology):
        regions = regions.join(table[table.columns.difference(regions.columns)])
    if column not in regions.columns.drop(regions.geometry.name):
        raise StudyError(
            f"the regions have no column {column!r}",
            remedy="Choose one of `regions`, `levels` or `typology`",
        )
    regions = regions[[*dict.fromkeys(["name", column]), regions.geometry.name]]
    regions = regions.replace([np.inf, -np.inf], np.nan)
    if regions[column].isna().all():
        raise StudyError(f"no region has a value of {column!r} to be coloured by")
    points = results.checkpoints.assign(name=checkpoint_names(results))
    points = points[["name", "mode", "status", points.geometry.name]]
    options = {"missing_kwds": {"color": NO_DATA, "label": "no data"}} | options
    try:
        drawn = _harmless(regions).explore(_words(column), **options)
        return _harmless(points[results.checkpoints["lon"].notna()]).explore(m=drawn, color="black")
    except ImportError as error:
        raise StudyError(
            "the map needs folium",
            remedy="pip install 'geo-border[explore]'; `plot_map()` needs nothing more",
        ) from error


def _harmless(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Layer whose names of columns and words are words to a browser and to folium."""
    layer = layer.reset_index(drop=True)
    for name in layer.columns.drop(layer.geometry.name):
        if not is_numeric_dtype(layer[name]) or is_bool_dtype(layer[name]):
            layer[name] = layer[name].astype(object).map(_words, na_action="ignore")
    return layer.rename(columns=_words)


def _words(value: object) -> str:
    """Text as HTML shows it, in which no sign has a meaning."""
    return _LIVE.sub(lambda sign: f"&#{ord(sign[0])};", str(value))
