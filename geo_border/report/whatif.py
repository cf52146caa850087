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

    What can be reached is in ``regions`` and ``places``; traffic by class in ``totals``,
    ``checkpoints`` and ``traffic_regions``.

    Parameters
    ----------
    result
        What scenarios change.
    folder
        An existing folder: ``totals.csv``, ``regions.csv``, ``traffic_regions.csv``,
        ``checkpoints.csv``, ``places.csv`` (if it has places) and ``whatif.gpkg``, with a row for
        each scenario and region, checkpoint or place, are written into it, ``delays.csv`` and
        ``remarks.csv`` if there are any, and ``map.png``, for several scenarios ``maps/``, up
        to `MOST_MAPS`.
    """
    trips = ["demand_share", "affected_share", "extra_hours", "unserved_share"]
    reached = {
        name: frame.drop(columns=trips, errors="ignore")
        for name, frame in (("regions", result.changes.regions), ("places", result.changes.places))
    }
    traffic = result.traffic
    tables = {
        "totals": traffic.totals,
        "regions": _named(reached["regions"], result.regions),
        "traffic_regions": _named(traffic.regions, result.regions),
        "checkpoints": _named(traffic.checkpoints, result.checkpoints),
    }
    if len(traffic.passages):
        tables["delays"] = traffic.passages.replace([np.inf], np.nan)
    if len(result.notes):
        tables["remarks"] = result.notes.set_index("scenario")
    if len(result.changes.places):
        tables["places"] = _named(reached["places"], result.places)
    for name, frame in tables.items():
        write_table(frame.reset_index(), folder / f"{name}.csv")
    layers: dict[str, gpd.GeoDataFrame] = {}
    shapes_of = {
        "regions": result.regions.geometry,
        "traffic_regions": result.regions.geometry,
        "checkpoints": result.checkpoints.geometry,
        "places": result.places.geometry,
    }
    for layer, shapes in shapes_of.items():
        if layer in tables:
            frame = tables[layer].reset_index()
            if layer == "traffic_regions":
                frame = frame[frame["class"] == traffic.of]
            # A GeoPackage holds no infinite numbers.
            numbers = frame.select_dtypes("number").columns
            frame[numbers] = frame[numbers].replace([np.inf, -np.inf], np.nan)
            # Those who live beyond the study have no region to be drawn.
            frame = frame[frame[shapes.index.name].isin(shapes.index)]
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
