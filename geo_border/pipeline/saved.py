"""What a run wrote, read back: every table and layer by name, manifest and settings."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geo_border.columns import find_column
from geo_border.csv_files import read_csv
from geo_border.errors import NotKeptError, StudyError
from geo_border.pipeline.folders import MANIFEST
from geo_border.pipeline.results import Drawn, Results
from geo_border.pipeline.settings import Settings
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX = {
    **dict.fromkeys(("regions", "levels", "typology", "zones"), "region_id"),
    "clusters": "region_id",
    **dict.fromkeys(("registry", "disparity"), "indicator_id"),
    "checkpoints": "checkpoint_id",
    "crossings": "crossing_id",
    "places": "place_id",
    "edges": "link",
}
"""Tables and layers whose rows have an id, and its name."""

NO_WORD = ("access_measures", "surface_measures", "service_access", "quality", "travel_times")
"""Tables in which no word is an empty one: ``kind`` where a measure is of no services."""

STYLES = "layer_styles"
"""The table of the GeoPackage that QGIS reads how to draw from."""

NOT_WRITTEN = {
    "network": "`gb.open_study(...).network()` builds it",
    "surfaces": "The rasters in `surfaces/` have every measure of the cells",
}
"""What of `geo_border.pipeline.results.Results` no folder has, and where it is to be had."""


@dataclass(frozen=True, slots=True)
class Saved(Drawn):
    """What a run wrote into a folder; figures are rounded as its tables are.

    Each frame of `geo_border.pipeline.results.Results` is here under the same name:
    ``saved.regions``, ``saved.levels``. Maps show no land beyond the regions.

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

    @property
    def territory(self) -> gpd.GeoDataFrame:
        """Polygons of the regions, which is all of either side that is written."""
        regions = self.frames["regions"]
        return regions.reset_index()[["region_id", "side", "geometry"]]

    @property
    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Further layers by name."""
        return {
            name: frame
            for name, frame in self._beside_results().items()
            if isinstance(frame, gpd.GeoDataFrame)
        }

    @property
    def more(self) -> dict[str, pd.DataFrame]:
        """Further tables by name."""
        return {
            name: frame
            for name, frame in self._beside_results().items()
            if not isinstance(frame, gpd.GeoDataFrame)
        }

    @property
    def further(self) -> dict[str, pd.DataFrame]:
        """None: columns of the study's own are among those of `regions` and the others."""
        return {}

    @property
    def stages_reused(self) -> tuple[str, ...]:
        """None: this is no run."""
        return ()

    def _beside_results(self) -> dict[str, pd.DataFrame]:
        """Frames that are no field of the results."""
        own = {field.name for field in fields(Results)}
        return {name: frame for name, frame in self.frames.items() if name not in own}

    def __getattr__(self, name: str) -> Any:
        if name not in Results.__dataclass_fields__ or name in self.__dataclass_fields__:
            raise AttributeError(name)
        if name in self.frames:
            return self.frames[name]
        if name == "surfaces" and not (self.folder / name).is_dir():
            return None
        raise NotKeptError(
            f"what a run wrote has no {name!r}", file=self.folder, remedy=NOT_WRITTEN.get(name)
        )

    def __dir__(self) -> list[str]:
        own = Results.__dataclass_fields__.keys() & self.frames.keys()
        return sorted({*object.__dir__(self), *own})


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
            if name != STYLES:
                frames[name] = _layer(name, gpd.read_file(layers, layer=name), frames.get(name))
    except (OSError, KeyError, ValueError, pyogrio.errors.DataSourceError) as error:
        raise StudyError(
            f"no results can be read from it ({error})",
            file=folder,
            remedy="Give the folder that a run wrote its outputs into",
        ) from error
    return Saved(folder, settings, manifest, frames)


def _table(file: Path) -> pd.DataFrame:
    """A table, by the ids of its rows if they have any."""
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    frame = read_csv(file, is_text=lambda name: _is_text(file.stem, name))
    if file.stem in NO_WORD:
        words = [str(name) for name in frame if _is_text(file.stem, str(name))]
        frame[words] = frame[words].fillna("")
    return _by_id(file.stem, frame)


def _is_text(table: str, name: str) -> bool:
    """Whether a column holds words; those of a study's own, which nothing here reads, do."""
    column = find_column(table, name)
    return column is None or column.kind == "text"


def _by_id(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table with the ids of its rows, if they have any, as the index."""
    return frame.set_index(INDEX[name]) if INDEX.get(name) in frame else frame


def _layer(
    name: str, layer: gpd.GeoDataFrame, table: pd.DataFrame | None
) -> gpd.GeoDataFrame | pd.DataFrame:
    """A layer, with the columns of its table if it has one."""
    layer = _by_id(name, layer)
    if table is None:
        return layer
    lines = layer.geometry.reindex(table.index) if name in INDEX else layer.geometry.to_numpy()
    return gpd.GeoDataFrame(table, geometry=lines, crs=layer.crs)
