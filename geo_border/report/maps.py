"""Maps for print, as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from geo_border.report.cartography import (
    LABEL_PT,
    SMALL_PT,
    WIDTH_IN,
    Ground,
    Labels,
    draw_ground,
    ground_of,
    literal,
    map_axes,
    new_figure,
    save,
    scale_bar,
    source_lines,
    write_source,
)
from geo_border.report.figures import border_profile
from geo_border.report.style import (
    BAD,
    BORDER,
    GOOD,
    INK,
    LEVELS,
    MODE_COLOURS,
    MODES,
    MUTED,
    NO_DATA,
    SCORES,
    Classes,
    checkpoint_label,
    classes,
    pretty_classes,
    score_classes,
    short_names,
    type_colours,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.results import Results

MARGIN_IN = 0.04
SYMBOLS = {"road": "o", "rail": "s", "ferry": "D", "foot": "^", "air": "v"}


def write_maps(results: Results, folder: Path) -> list[Path]:
    """Draw every map and figure for print.

    Parameters
    ----------
    results
        What a run gave.
    folder
        Where the PNG go; made if missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ground = ground_of(results)
    figures = {
        "types": types_map(results, ground),
        "levels": levels_map(results, ground),
        "network": network_map(results, ground),
        "access": access_map(results, ground),
        "border_profile": border_profile(results),
    }
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def types_map(results: Results, ground: Ground) -> Figure:
    """Draw the types of the regions; letters beside the names tell them apart without colour.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    colours = type_colours(results)
    letter = dict(zip(colours, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    kind = results.typology["type"].reindex(ground.regions.index)
    home = ground.regions["side"] == "home"
    fill = np.where(home, NO_DATA, "#f1efe9").astype(object)
    known = kind.notna().to_numpy()
    fill[known] = [colours[name] for name in kind[known].astype(str)]
    figure, (axes,) = _sheet(ground, legend_rows=(len(colours) + 1) // 2)
    draw_ground(axes, ground, fill=fill)
    marks = kind.map(letter).fillna("")
    texts = (ground.regions["short"] + " " + marks).str.strip()
    _names(axes, ground, texts)
    handles = [
        Patch(facecolor=colour, edgecolor="#8d8f8c", linewidth=0.4, label=f"{letter[name]}  {name}")
        for name, colour in colours.items()
    ]
    return _finish(figure, axes, ground, handles, columns=2)


def levels_map(results: Results, ground: Ground) -> Figure:
    """Draw the three levels and the economic potential side by side, in the same classes.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        Four maps.
    """
    shown = [*LEVELS, "potential"]
    scale = score_classes(results)
    figure, panels = _sheet(ground, n=len(shown), columns=2, legend_rows=1, width_in=7.09)
    for axes, column in zip(panels, shown, strict=True):
        values = results.levels[column].reindex(ground.regions.index)
        fill = scale.colour(values)
        neighbour = (ground.regions["side"] != "home").to_numpy() & values.isna().to_numpy()
        fill[neighbour] = "#f1efe9"
        draw_ground(axes, ground, fill=fill, line=0.8)
        axes.set_title(SCORES[column], fontsize=7.5, loc="left", pad=3, color=INK)
        scored = ground.regions[values.notna()]
        labels = Labels(axes)
        labels.in_polygons(
            scored.geometry, [f"{value:.0f}" for value in values.dropna()], size=LABEL_PT
        )
    handles = _class_handles(scale)
    missing = results.levels[shown].isna().to_numpy().any()
    if missing:
        handles.append(Patch(facecolor=NO_DATA, label="no data"))
    return _finish(figure, panels[0], ground, handles, columns=6, title="Score, 0 to 100")


def network_map(results: Results, ground: Ground) -> Figure:
    """Draw roads and railways with their load, checkpoints by load, unserved crossings.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    figure, (axes,) = _sheet(ground, legend_rows=4)
    draw_ground(axes, ground, line=0.8)
    edges = results.edges[results.edges["mode"] != "transfer"]
    edges = edges.set_geometry(edges.geometry.to_crs(ground.crs).simplify(500))
    for mode, dashes in (("road", "solid"), ("rail", (0, (4, 1.2)))):
        mine = edges[edges["mode"] == mode]
        axes.add_collection(
            LineCollection(_paths(mine), colors="#a9aaa6", linewidths=0.3, linestyles=[dashes])
        )
    top = edges["load_share"].max()
    loaded = edges[edges["load_share"] > 0.002 * top].sort_values("load_share")
    axes.add_collection(
        LineCollection(
            _paths(loaded),
            colors=loaded["mode"].map(MODE_COLOURS).fillna(MUTED).tolist(),
            linewidths=(3.2 * loaded["load_share"] / top).clip(lower=0.35).tolist(),
            capstyle="round",
            alpha=0.8,
        )
    )
    labels = Labels(axes)
    size = _checkpoint_symbols(axes, results, ground, labels)
    lost = results.crossings[results.crossings["checkpoint_id"].isna()]
    if len(lost):
        at = lost.geometry.to_crs(ground.crs)
        axes.scatter(at.x, at.y, s=9, marker="x", c=INK, linewidths=0.7, zorder=6)
    axes.set_xlim(ground.extent[0], ground.extent[1])
    axes.set_ylim(ground.extent[2], ground.extent[3])
    _busiest_names(results, ground, labels, size)
    labels.in_polygons(
        ground.regions.geometry, ground.regions["short"], size=SMALL_PT, colour=MUTED
    )
    handles = _network_handles(results, top=float(top), unserved=len(lost) > 0)
    return _finish(figure, axes, ground, handles, columns=3)


def access_map(results: Results, ground: Ground) -> Figure:
    """Draw, for every place, the time to the nearest checkpoint and what delays take.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        Two maps, one above the other.
    """
    places = results.places
    zones = [minutes / 60 for minutes in results.settings.access.zones_min]
    panels_of: list[tuple[str, str, Classes]] = [
        (
            "hours_to_checkpoint",
            "Time to the nearest open checkpoint, hours",
            classes([*zones, 2 * zones[-1], np.inf], colours=BAD),
        ),
        (
            "border_effect",
            "Border effect: accessibility lost to delays at the border",
            pretty_classes(places["border_effect"], colours=BAD, unit=" %", scale=100),
        ),
    ]
    at = places.geometry.to_crs(ground.crs)
    # Area by population, but a village is still to be seen.
    area = (2e-5 * places["population"].to_numpy(float)).clip(0.9, 45)
    order = np.argsort(-area, kind="stable")
    figure, panels = _sheet(ground, n=2, columns=1, legend_rows=1, legend_each=True)
    for axes, (column, title, scale) in zip(panels, panels_of, strict=True):
        draw_ground(axes, ground, line=0.8)
        values = places[column].replace([np.inf], np.nan)
        axes.scatter(
            at.x.to_numpy()[order],
            at.y.to_numpy()[order],
            s=area[order],
            c=scale.colour(values)[order].tolist(),
            edgecolors="#4b4b4b",
            linewidths=0.15,
            zorder=4,
        )
        axes.set_xlim(ground.extent[0], ground.extent[1])
        axes.set_ylim(ground.extent[2], ground.extent[3])
        axes.set_title(title, fontsize=7.5, loc="left", pad=3, color=INK)
        handles: list[Artist] = [
            Line2D([], [], marker="o", ls="", ms=4.5, mec="#4b4b4b", mew=0.2, mfc=c, label=text)
            for c, text in zip(scale.colours, scale.labels, strict=True)
        ]
        if values.isna().any():
            handles.append(
                Line2D([], [], marker="o", ls="", ms=4.5, mec="#4b4b4b", mew=0.2, mfc=NO_DATA)
            )
            handles[-1].set_label("not reached")
        _legend(axes, handles, columns=7)
    return _finish(figure, panels[-1], ground, [], columns=1)


def _sheet(
    ground: Ground,
    *,
    n: int = 1,
    columns: int = 1,
    legend_rows: int,
    legend_each: bool = False,
    width_in: float = WIDTH_IN,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with room for maps, legend, scale bar and source line."""
    rows = -(-n // columns)
    title = 0.2 if n > 1 else 0.0
    gap = 0.12
    wide = (width_in - 2 * MARGIN_IN - gap * (columns - 1)) / columns
    high = wide * ground.aspect
    legend = 0.1 + 0.14 * legend_rows
    each = legend if legend_each else 0.04
    foot = (0.24 if legend_each else legend + 0.02) + 0.085 * len(_source(ground, width_in))
    height = MARGIN_IN + rows * (title + high + each) + foot
    figure = new_figure(width_in, height)
    panels = [
        map_axes(
            figure,
            ground,
            left=MARGIN_IN + (number % columns) * (wide + gap),
            top=MARGIN_IN + title + (number // columns) * (title + high + each),
            width=wide,
        )
        for number in range(n)
    ]
    return figure, panels


def _source(ground: Ground, width_in: float) -> list[str]:
    """Source lines with the projection, which a reader of areas must know."""
    projection = "Albers equal-area projection."
    text = f"{ground.source.rstrip('.')}. {projection}" if ground.source else ""
    return source_lines(text, width_in)


def _finish(
    figure: Figure,
    axes: Axes,
    ground: Ground,
    handles: Sequence[Artist],
    *,
    columns: int,
    title: str | None = None,
) -> Figure:
    """Add legend, scale bar and source line."""
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    lines = _source(ground, width_in)
    foot = 0.085 * len(lines)
    lowest = min(panel.get_position().y0 for panel in figure.axes) * height_in
    if handles:
        figure.legend(
            handles=list(handles),
            loc="upper left",
            bbox_to_anchor=(0, (lowest - 0.02) / height_in),
            ncols=columns,
            fontsize=SMALL_PT + 0.3,
            title=title,
            title_fontsize=SMALL_PT + 0.3,
            alignment="left",
            frameon=False,
            handlelength=1.4,
            handleheight=0.9,
            columnspacing=1.2,
            labelspacing=0.35,
            borderpad=0.3,
        )
    bottom = foot + 0.07 if not handles else lowest - 0.2
    scale_bar(figure, axes, right=width_in - MARGIN_IN - 0.16, bottom=bottom)
    write_source(figure, lines)
    return figure


def _legend(axes: Axes, handles: Sequence[Artist], *, columns: int) -> None:
    """Put a legend of one row under a map."""
    axes.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        ncols=columns,
        fontsize=SMALL_PT + 0.3,
        frameon=False,
        handlelength=0.8,
        handletextpad=0.3,
        columnspacing=0.9,
        borderpad=0.3,
        borderaxespad=0.1,
    )


def _class_handles(scale: Classes) -> list[Artist]:
    """Legend boxes of classes."""
    return [
        Patch(facecolor=colour, edgecolor="#8d8f8c", linewidth=0.4, label=text)
        for colour, text in zip(scale.colours, scale.labels, strict=True)
    ]


def _names(axes: Axes, ground: Ground, texts: pd.Series[str]) -> None:
    """Names of the regions: home in ink, neighbours in grey."""
    labels = Labels(axes)
    for side, colour, size in (("home", INK, LABEL_PT), ("neighbour", MUTED, SMALL_PT)):
        mine = ground.regions["side"] == side
        labels.in_polygons(
            ground.regions.geometry[mine], texts[mine], size=size, colour=colour
        )


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
    posts = results.checkpoints[results.checkpoints["lon"].notna()]
    at = posts.geometry.to_crs(ground.crs)
    area = _symbol_area(posts["load_share"])
    for name in area.sort_values(ascending=False, kind="stable").index:
        mode, is_open = posts.at[name, "mode"], bool(posts.at[name, "is_open"])
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
    posts = results.checkpoints.loc[area.index]
    busiest = posts.sort_values("load_share", ascending=False, kind="stable").head(n)
    at = busiest.geometry.to_crs(ground.crs)
    for name in busiest.index[busiest["load_share"] > 0]:
        labels.beside_point(
            at[name].x,
            at[name].y,
            checkpoint_label(str(busiest.at[name, "name"])),
            radius_pt=float(np.sqrt(area[name]) / 2),
        )


def _network_handles(results: Results, *, top: float, unserved: bool) -> list[Artist]:
    """Legend of the network map."""
    posts = results.checkpoints
    handles: list[Artist] = [
        Line2D([], [], color="#a9aaa6", lw=0.6, label="road without cross-border load"),
        Line2D([], [], color="#a9aaa6", lw=0.6, ls=(0, (4, 1.2)), label="railway without it"),
    ]
    for mode, name in (("road", "road"), ("rail", "railway")):
        width = f", up to {top:.0%} of the load" if mode == "road" else ""
        handles.append(
            Line2D([], [], color=MODE_COLOURS[mode], lw=2, alpha=0.8, label=f"{name} with load{width}")
        )
    for mode, name in MODES.items():
        used = posts[(posts["mode"] == mode) & posts["lon"].notna()]
        if used["is_open"].any():
            handles.append(_mark(mode, MODE_COLOURS[mode], f"{name.lower()} checkpoint, open"))
    if (~posts["is_open"] & posts["lon"].notna()).any():
        handles.append(_mark("road", "white", "checkpoint not open to all", edge=MUTED))
    if unserved:
        handles.append(
            Line2D([], [], marker="x", ls="", color=INK, ms=3.2, mew=0.7, label="unserved crossing")
        )
    handles.append(Line2D([], [], color=BORDER, lw=0.9, label="border"))
    for handle in handles:
        handle.set_label(literal(str(handle.get_label())))
    return handles


def _mark(mode: str, colour: str, text: str, *, edge: str = "white") -> Line2D:
    """Legend entry of a checkpoint symbol."""
    return Line2D(
        [], [], marker=SYMBOLS[mode], ls="", ms=4.5, mfc=colour, mec=edge, mew=0.5, label=text
    )
