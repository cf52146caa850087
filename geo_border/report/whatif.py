"""What scenarios change, as tables and as layers of a GeoPackage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from geo_border.report.files.tables import write_layers, write_table
from geo_border.report.ground import ground_of
from geo_border.report.print.cartography import save
from geo_border.report.print.letters import lettering
from geo_border.report.print.whatif import whatif_map

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from geo_border.pipeline.results import WhatIf

MOST_MAPS = 6
"""Scenarios up to which each is drawn."""


def write_whatif(result: WhatIf, folder: Path) -> None:
    """Write the changes as CSV tables, and as layers that open in QGIS.

    Parameters
    ----------
    result
        What scenarios change.
    folder
        An existing folder: ``totals.csv``, ``regions.csv``, ``checkpoints.csv``,
        ``places.csv`` (if it has places) and ``whatif.gpkg``, with a row for each scenario
        and region, checkpoint or place, are written into it, ``delays.csv`` and
        ``remarks.csv`` if there are any, and ``map.png``, for several scenarios ``maps/``, up
        to `MOST_MAPS`.
    """
    tables = {
        "totals": result.changes.totals,
        "regions": _named(result.changes.regions, result.regions),
        "checkpoints": _named(result.changes.checkpoints, result.checkpoints),
    }
    if len(result.delays):
        tables["delays"] = result.delays.replace([np.inf], np.nan)
    if len(result.notes):
        tables["remarks"] = result.notes.set_index("scenario")
    if len(result.changes.places):
        tables["places"] = _named(result.changes.places, result.places)
    for name, frame in tables.items():
        write_table(frame.reset_index(), folder / f"{name}.csv")
    layers: dict[str, gpd.GeoDataFrame] = {}
    for layer in ("regions", "checkpoints", "places"):
        if layer in tables:
            shapes = getattr(result, layer).geometry
            frame = tables[layer].reset_index()
            # A GeoPackage holds no infinite numbers.
            numbers = frame.select_dtypes("number").columns
            frame[numbers] = frame[numbers].replace([np.inf, -np.inf], np.nan)
            at = shapes.reindex(frame[shapes.index.name]).to_numpy()
            layers[layer] = gpd.GeoDataFrame(frame, geometry=at, crs=shapes.crs)
    write_layers(layers, folder / "whatif.gpkg")
    _write_maps(result, folder)


@lettering()
def _write_maps(result: WhatIf, folder: Path) -> None:
    """Draw each scenario, if they are few."""
    names = list(result.scenarios)
    if len(names) > MOST_MAPS:
        return
    ground = ground_of(result)
    if len(names) > 1:
        (folder / "maps").mkdir()
    for number, name in enumerate(names, start=1):
        file = "map.png" if len(names) == 1 else f"maps/{number:02d}-{folder_name(name)}.png"
        save(whatif_map(result, ground, name), folder / file)


def _named(frame: pd.DataFrame, layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows with the name of what they are of."""
    ids = frame.index.get_level_values(1)
    named = frame.copy()
    named.insert(0, "name", layer["name"].reindex(ids).to_numpy())
    return named


def folder_name(name: str) -> str:
    """Name of a folder for a scenario, made of letters, digits and hyphens alone.

    Parameters
    ----------
    name
        Name of the scenario.

    Returns
    -------
    str
        At most 60 characters, at least one.
    """
    return re.sub(r"\W+", "-", name.casefold()).strip("-_")[:60] or "scenario"
