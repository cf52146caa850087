"""The printed maps of the cells along the border."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from matplotlib.colors import ListedColormap
from pyproj import Transformer
from rasterio.warp import Resampling, reproject

from geo_border.columns import column_of
from geo_border.report.along import has_delays
from geo_border.report.print.cartography import SMALL_PT
from geo_border.report.print.sheet import (
    MapSheet,
    class_handles,
    legend_under,
    mark,
)
from geo_border.report.style import BAD, GOOD, INK, MUTED, OUTLINE, Classes, quantile_classes
from geo_border.typology.words import PERCENT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.border.belt import CellGrid
    from geo_border.pipeline.results import Results, Surfaces
    from geo_border.report.ground import Ground


def surfaces_map(results: Results, surfaces: Surfaces, ground: Ground) -> Figure:
    """Draw, for every cell along the border, what it reaches and what delays take.

    Parameters
    ----------
    results
        What a run gave.
    surfaces
        Its cells.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        Three maps of the belt, one above the other; two where there are no delays.
    """
    cells, grid = surfaces.cells, surfaces.grid
    half_life = results.settings.access.half_life_h
    what = f"Potential, thousand people (half of them count at {half_life:g} h)"
    panels_of: list[tuple[str, str, str]] = [
        ("potential_own", f"{what}: own side", GOOD),
        ("potential_across", f"{what}: across the border", GOOD),
        ("border_effect", column_of("regions", "border_effect").title, BAD),
    ]
    if not has_delays(results):
        del panels_of[-1]
    ground = replace(ground, extent=_extent(cells, ground))
    controls = results.checkpoints
    controls = controls[
        controls["is_open"] & controls["mode"].isin(["road", "ferry"]) & controls["lon"].notna()
    ]
    at = controls.geometry.to_crs(ground.crs)
    sheet = MapSheet(ground, n=len(panels_of), legend_rows=1, legend_each=True, titled=True)
    for number, (column, title, colours) in enumerate(panels_of):
        share = column == "border_effect"
        scale = quantile_classes(
            cells[column],
            colours=colours,
            unit=PERCENT if share else "",
            scale=100 if share else 1e-3,
        )
        axes = sheet.draw(number, title=title)
        _draw_cells(axes, ground, grid, grid.raster(cells, cells[column]), scale)
        ground.regions.boundary.plot(ax=axes, color=OUTLINE, linewidth=0.3, zorder=1.7)
        axes.scatter(at.x, at.y, s=7, c=INK, edgecolors="white", linewidths=0.4, zorder=5)
        sheet.labels(axes).in_polygons(
            ground.regions.geometry, ground.regions["short"], size=SMALL_PT, colour=MUTED
        )
        handles = class_handles(scale)
        if axes is sheet.panels[-1]:
            handles.append(mark(INK, "open by road", size=3, line=1))
        legend_under(axes, handles)
    return sheet.finish()


def _extent(cells: pd.DataFrame, ground: Ground) -> tuple[float, float, float, float]:
    """West, east, south, north of the cells on the map, with some room."""
    x, y = Transformer.from_crs(4326, ground.crs, always_xy=True).transform(
        cells["lon"].to_numpy(), cells["lat"].to_numpy()
    )
    free = 0.02 * (x.max() - x.min())
    return x.min() - free, x.max() + free, y.min() - free, y.max() + free


def _draw_cells(
    axes: Axes, ground: Ground, grid: CellGrid, values: np.ndarray, scale: Classes
) -> None:
    """Draw a raster of cells in the colours of classes, a dot of print at a time."""
    west, east, south, north = ground.extent
    wide = axes.get_window_extent().width
    dot = (east - west) / wide
    shown = np.full((round((north - south) / dot), round(wide)), np.nan)
    reproject(
        values,
        shown,
        src_transform=grid.transform,
        src_crs=grid.crs.to_wkt(),
        dst_transform=Affine(dot, 0, west, 0, -dot, north),
        dst_crs=ground.crs.to_wkt(),
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    known = np.isfinite(shown)
    number = np.searchsorted(scale.bins, np.where(known, shown, 0)).clip(max=len(scale.bins) - 1)
    axes.imshow(
        np.ma.masked_array(number, ~known),
        extent=ground.extent,
        cmap=ListedColormap(scale.colours),
        vmin=-0.5,
        vmax=len(scale.colours) - 0.5,
        interpolation="nearest",
        aspect="auto",
        zorder=1.5,
    )
