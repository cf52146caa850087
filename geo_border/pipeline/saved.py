"""What a run wrote, read back: every table and layer by name, manifest and settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geo_border.errors import StudyError
from geo_border.pipeline.folders import MANIFEST
from geo_border.pipeline.settings import Settings
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Saved:
    """What a run wrote into a folder; figures are rounded as its tables are.

    Parameters
    ----------
    folder
        The folder.
    settings
        The study's parameters.
    manifest
        Versions, parameters, digests of inputs, counts.
    frames
        Tables by the name of their file, and layers of the GeoPackage: ``regions``,
        ``checkpoints``, ``levels``, ``typology`` and so on. A table that is a layer too has
        its geometry; ids of regions, places and checkpoints are the index.
    """

    __repr__ = shown

    folder: Path
    settings: Settings
    manifest: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]


def load(folder: Path | str) -> Saved:
    """Read back what a run wrote.

    Parameters
    ----------
    folder
        Its output folder.

    Returns
    -------
    Saved
        Frames, manifest and settings.

    Raises
    ------
    StudyError
        If no run has written there, or what it wrote cannot be read.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        settings = Settings.model_validate(manifest["study"])
        frames = {file.stem: _table(file) for file in sorted((folder / "tables").iterdir())}
        layers = folder / "study.gpkg"
        for name in pyogrio.list_layers(layers)[:, 0] if layers.is_file() else ():
            frames[name] = _layer(gpd.read_file(layers, layer=name), frames.get(name))
    except (OSError, KeyError, ValueError, pyogrio.errors.DataSourceError) as error:
        raise StudyError(
            f"no results can be read from it ({error})",
            file=folder,
            remedy="Give the folder that a run wrote its outputs into",
        ) from error
    return Saved(folder, settings, manifest, frames)


def _table(file: Path) -> pd.DataFrame:
    """A table, its first column as the index where that holds ids of its rows."""
    frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    key = str(frame.columns[0])
    if key.endswith("_id"):
        ids = frame[key].astype(str)
        frame = frame.assign(**{key: ids}) if ids.duplicated().any() else frame.set_index(ids)
        if frame.index.name == key:
            frame = frame.drop(columns=key)
    return frame


def _layer(layer: gpd.GeoDataFrame, table: pd.DataFrame | None) -> gpd.GeoDataFrame:
    """A layer, with the columns of its table if it has one."""
    if table is None or len(table) != len(layer):
        return layer
    key = table.index.name
    if key in layer:
        lines = layer.set_index(layer[key].astype(str)).geometry.reindex(table.index)
        return gpd.GeoDataFrame(table, geometry=lines, crs=layer.crs)
    return gpd.GeoDataFrame(table, geometry=layer.geometry.to_numpy(), crs=layer.crs)
