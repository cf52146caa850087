"""Surfaces as Cloud-Optimized GeoTIFF."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geo_border.border.belt import CellGrid
    from geo_border.pipeline.results import Surfaces

BLOCK = 512
"""Side of a tile, pixels."""

PARTS = {"own": "own side", "across": "across the border", "all": "both sides"}
BORDERS = {"as is": "delays as they are", "no delay": "no delays", "closed": "border closed"}
"""Words for what a band is of."""


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a raster.

    Parameters
    ----------
    array
        Missing or infinite where there is nothing to say, shape (rows, columns).
    description
        What it shows, in words.
    unit
        Its unit.
    """

    array: NDArray[np.float64]
    description: str
    unit: str


def write_raster(path: Path, grid: CellGrid, bands: Sequence[Band]) -> Path:
    """Write bands as a Cloud-Optimized GeoTIFF, whole or not at all.

    Parameters
    ----------
    path
        The file; an earlier one is replaced.
    grid
        The grid of the bands.
    bands
        What to write, as 32-bit numbers, missing where they are not finite.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    ValueError
        If a band does not have the size of the grid.
    """
    for band in bands:
        # GDAL would stretch it without a word.
        if band.array.shape != (grid.rows, grid.columns):
            raise ValueError(f"the band {band.description!r} is of another size than its grid")
    aside = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        with rasterio.open(
            aside,
            "w",
            driver="COG",
            width=grid.columns,
            height=grid.rows,
            count=len(bands),
            dtype="float32",
            nodata=np.nan,
            crs=rasterio.CRS.from_wkt(grid.crs.to_wkt()),
            transform=grid.transform,
            compress="deflate",
            predictor="yes",
            blocksize=BLOCK,
            overview_resampling="average",
        ) as raster:
            for number, band in enumerate(bands, 1):
                finite = np.where(np.isfinite(band.array), band.array, np.nan)
                raster.write(finite.astype(np.float32), number)
                raster.set_band_description(number, band.description)
                raster.set_band_unit(number, band.unit)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def write_surfaces(surfaces: Surfaces, folder: Path) -> list[Path]:
    """Write population and every measure of the cells.

    Parameters
    ----------
    surfaces
        Grid and cells with their measures.
    folder
        Where the files go; made if missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cells, grid = surfaces.cells, surfaces.grid
    people = Band(grid.raster(cells, cells["population"]), "population", "persons")
    written = [write_raster(folder / "population.tif", grid, [people])]
    for (measure, mode), layers in surfaces.layers.groupby(["measure", "mode"], sort=False):
        bands = [
            Band(grid.raster(cells, cells[layer.column]), _description(layer), str(layer.unit))
            for layer in layers.itertuples()
        ]
        name = measure if mode == "road" else f"{measure}_{mode}"
        written.append(write_raster(folder / f"{name}.tif", grid, bands))
    return sorted(written)


def _description(layer: Any) -> str:
    """What a band shows, in words."""
    what = " ".join(filter(None, [str(layer.measure).replace("_", " "), layer.kind]))
    words = [what, PARTS[layer.part], BORDERS[layer.border]]
    if layer.mode != "road":
        words.insert(1, "by rail" if layer.mode == "rail" else "by road and rail")
    if layer.note:
        words.append(layer.note)
    return ", ".join(words)
