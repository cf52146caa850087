"""Isochrones of the open checkpoints: as rings for any map, and the printed map of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely
from matplotlib.lines import Line2D

from geo_border.report.isochrones import is_cut, rings
from geo_border.report.print.cartography import draw_border
from geo_border.report.print.sheet import (
    MapSheet,
    region_names,
    swatch,
)
from geo_border.report.style import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results
    from geo_border.report.ground import Ground

BEYOND = "Roads beyond the extract are not known: nothing is drawn there"


def isochrones_map(results: Results, ground: Ground) -> Figure:
    """Draw what lies within the zones of the open checkpoints, on both sides.

    Parameters
    ----------
    results
        What a run gave, with the layer ``isochrones``.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    found = rings(results, ground)
    if is_cut(results):
        ground = replace(ground, source=f"{ground.source.rstrip('.')}. {BEYOND}")
    sheet = MapSheet(ground, legend_rows=1)
    axes = sheet.draw()
    for ring in found:
        shape = gpd.GeoSeries([ring.shape], crs=ground.crs)
        shape.plot(ax=axes, color=ring.colour, edgecolor="white", linewidth=0.2, aspect=None)
    draw_border(axes, ground, line=0.6, colour=INK)
    controls = results.checkpoints
    controls = controls[
        controls["is_open"] & controls.index.isin(results.layers["isochrones"]["from_id"])
    ]
    at = controls.geometry.to_crs(ground.crs)
    axes.scatter(at.x, at.y, s=4, c=INK, linewidths=0, zorder=5)
    labels = sheet.labels(axes)
    labels.room.avoid(shapely.union_all([ring.shape for ring in found]))
    for x, y in zip(at.x, at.y, strict=True):
        labels.keep_clear(x, y, 1.2)
    region_names(labels, ground, ground.regions["short"])
    handles = [swatch(ring.colour, ring.words) for ring in found]
    handles.append(Line2D([], [], marker="o", ls="", ms=2, color=INK, label="open checkpoint"))
    return sheet.finish(handles, columns=6)
