"""The printed map of the network: load, checkpoints, unserved crossings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from geo_border.report.ground import Ground, drawn_edges
from geo_border.report.print.cartography import AT_SEA, SMALL_PT
from geo_border.report.print.sheet import (
    MapSheet,
    mark,
)
from geo_border.report.style import (
    BORDER,
    INK,
    LEAST_LOAD,
    MODE_COLOURS,
    MODES,
    MUTED,
    SEA_BORDER,
    checkpoint_label,
)
from geo_border.typology.words import percent

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results
    from geo_border.report.print.labels import Labels


SYMBOLS = {"road": "o", "rail": "s", "ferry": "D", "foot": "^", "air": "v"}


def network_map(results: Results, ground: Ground) -> Figure:
    """Draw roads and railways with their load, checkpoints by load, unserved crossings.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    top = float(results.edges["load_share"].max())
    handles = _network_handles(results, top=top)
    sheet = MapSheet(ground, legend_rows=(len(handles) + 1) // 2)
    axes = sheet.draw()
    edges = drawn_edges(results)
    edges = edges.set_geometry(edges.geometry.to_crs(ground.crs).simplify(ground.detail_m / 2))
    for mode, dashes in (("rail", (0, (4, 1.2))), ("road", "solid")):
        mine = edges[edges["mode"] == mode]
        axes.add_collection(
            LineCollection(_paths(mine), colors="#a9aaa6", linewidths=0.3, linestyles=[dashes])
        )
    loaded = edges[edges["load_share"] >= LEAST_LOAD].sort_values("load_share", kind="stable")
    axes.add_collection(
        LineCollection(
            _paths(loaded),
            colors=loaded["mode"].map(MODE_COLOURS).fillna(MUTED).tolist(),
            linewidths=(0.35 + 3 * loaded["load_share"] / top).tolist(),
            capstyle="round",
            alpha=0.85,
        )
    )
    labels = sheet.labels(axes)
    labels.room.avoid(shapely.union_all(loaded.geometry.buffer(3 * ground.detail_m).to_numpy()))
    size = _checkpoint_symbols(axes, results, ground, labels)
    lost = results.crossings[results.crossings["checkpoint_id"].isna()]
    if len(lost):
        at = lost.geometry.to_crs(ground.crs)
        axes.scatter(at.x, at.y, s=9, marker="x", c=INK, linewidths=0.7, zorder=6)
    _busiest_names(results, ground, labels, size)
    labels.in_polygons(
        ground.regions.geometry, ground.regions["short"], size=SMALL_PT, colour=MUTED
    )
    return sheet.finish(handles, columns=2)


def _paths(edges: gpd.GeoDataFrame) -> list[np.ndarray]:
    """Coordinates of each line."""
    return [np.asarray(line.coords) for line in edges.geometry]


def _symbol_area(share: pd.Series[float]) -> pd.Series[float]:
    """Area of checkpoint symbols, square points, in proportion to their load."""
    top = share.max()
    return (110 * share.fillna(0) / (top if top > 0 else 1)).clip(lower=4)


def _checkpoint_symbols(
    axes: Axes, results: Results, ground: Ground, labels: Labels
) -> pd.Series[float]:
    """Draw checkpoints, largest first; give their areas."""
    controls = results.checkpoints[results.checkpoints["lon"].notna()]
    at = controls.geometry.to_crs(ground.crs)
    area = _symbol_area(controls["load_share"])
    for name in area.sort_values(ascending=False, kind="stable").index:
        mode, is_open = controls.at[name, "mode"], bool(controls.at[name, "is_open"])
        colour = MODE_COLOURS.get(mode, MUTED)
        axes.scatter(
            at[name].x,
            at[name].y,
            s=area[name],
            marker=SYMBOLS.get(mode, "o"),
            facecolors=colour if is_open else "white",
            edgecolors="white" if is_open else colour,
            linewidths=0.4 if is_open else 0.6,
            zorder=5,
        )
        labels.keep_clear(at[name].x, at[name].y, np.sqrt(area[name]) / 2)
    return area


def _busiest_names(
    results: Results, ground: Ground, labels: Labels, area: pd.Series[float], n: int = 8
) -> None:
    """Name the checkpoints that carry most."""
    controls = results.checkpoints.loc[area.index]
    busiest = controls.sort_values("load_share", ascending=False, kind="stable").head(n)
    at = busiest.geometry.to_crs(ground.crs)
    for name in busiest.index[busiest["load_share"] > 0]:
        labels.beside_point(
            at[name].x,
            at[name].y,
            checkpoint_label(str(busiest.at[name, "name"])),
            radius_pt=float(np.sqrt(area[name]) / 2),
        )


def _network_handles(results: Results, *, top: float) -> list[Artist]:
    """Legend of the network map."""
    controls = results.checkpoints
    loaded = results.edges[results.edges["load_share"] >= LEAST_LOAD]
    handles: list[Artist] = [
        Line2D([], [], color="#a9aaa6", lw=0.6, label="road"),
    ]
    if (results.edges["mode"] == "rail").any():
        handles.append(Line2D([], [], color="#a9aaa6", lw=0.6, ls=(0, (4, 1.2)), label="railway"))
    for mode, name in (("road", "road"), ("rail", "railway")):
        if (loaded["mode"] == mode).any():
            words = f"{name} with {percent(LEAST_LOAD, 1)} to {percent(top)} of the demand"
            handles.append(Line2D([], [], color=MODE_COLOURS[mode], lw=2, alpha=0.85, label=words))
    for mode, name in MODES.items():
        used = controls[(controls["mode"] == mode) & controls["lon"].notna()]
        if used["is_open"].any():
            text = f"{name.lower()} checkpoint, open"
            handles.append(mark(MODE_COLOURS[mode], text, marker=SYMBOLS[mode], line=0.5))
    if (~controls["is_open"] & controls["lon"].notna()).any():
        handles.append(mark("white", "checkpoint not open to all", edge=MUTED, line=0.5))
    if results.crossings["checkpoint_id"].isna().any():
        handles.append(
            Line2D([], [], marker="x", ls="", color=INK, ms=3.2, mew=0.7, label="unserved crossing")
        )
    handles.append(Line2D([], [], color=BORDER, lw=0.9, label="border"))
    if results.border["at_sea"].any():
        handles.append(Line2D([], [], color=SEA_BORDER, lw=0.9, ls=AT_SEA, label="border at sea"))
    return handles
