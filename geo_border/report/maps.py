"""Maps for print, as PNG."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pyproj import Transformer
from rasterio.warp import Resampling, reproject

from geo_border.report.cartography import (
    LABEL_PT,
    SMALL_PT,
    WIDTH_IN,
    Ground,
    Labels,
    draw_ground,
    drawn_edges,
    ground_of,
    literal,
    map_axes,
    new_figure,
    save,
    scale_bar,
    source_lines,
    write_source,
)
from geo_border.report.corridors import corridor_figure
from geo_border.report.figures import border_profile, has_delays
from geo_border.report.style import (
    BAD,
    BORDER,
    GOOD,
    INK,
    LEVELS,
    MODE_COLOURS,
    MODES,
    MUTED,
    NEIGHBOUR,
    NO_DATA,
    PERCENT,
    SCORES,
    Classes,
    checkpoint_label,
    classes,
    percent,
    quantile_classes,
    score_classes,
    sentence,
    type_colours,
)
from geo_border.typology.rules import UNDETERMINED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.border.belt import CellGrid
    from geo_border.results import Results, Surfaces

MARGIN_IN = 0.04
LEAST_LOAD = 0.005
"""Share of the demand across the border from which a link counts as loaded."""

LARGEST_PLACE = 32.0
"""Area of the symbol of the most populous place, square points."""

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
    typed = (results.typology["type"] != UNDETERMINED).any()
    figures = {"types": types_map(results, ground)} if typed else {}
    figures |= {
        "levels": levels_map(results, ground),
        "network": network_map(results, ground),
        "access": access_map(results, ground),
        "border_profile": border_profile(results),
    }
    if "isochrones" in results.layers:
        figures["isochrones"] = isochrones_map(results, ground)
    if (corridors := corridor_figure(results)) is not None:
        figures["corridors"] = corridors
    if results.surfaces is not None:
        figures["surfaces"] = surfaces_map(results, results.surfaces, ground)
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
    fill = np.where(home, NO_DATA, NEIGHBOUR).astype(object)
    known = kind.notna().to_numpy()
    fill[known] = [colours[name] for name in kind[known].astype(str)]
    figure, (axes,) = _sheet(ground, legend_rows=(len(colours) + 1) // 2)
    draw_ground(axes, ground, fill=fill)
    marks = [f" ({letter[name]})" if name in letter else "" for name in kind]
    _names(axes, ground, ground.regions["short"] + marks)
    handles = [
        Patch(
            facecolor=colour,
            edgecolor="#8d8f8c",
            linewidth=0.4,
            label=literal(f"{letter.get(name, '')}  {sentence(name)}"),
        )
        for name, colour in colours.items()
    ]
    return _finish(figure, axes, ground, handles, columns=2)


def levels_map(results: Results, ground: Ground) -> Figure:
    """Draw the levels and the economic potential that are scored, in the same classes.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        A map each, side by side; one of the first level if nothing is scored.
    """
    scored = [name for name in (*LEVELS, "potential") if results.levels[name].notna().any()]
    shown = scored or [next(iter(LEVELS))]
    scale = score_classes(results)
    figure, panels = _sheet(
        ground,
        n=len(shown),
        columns=min(2, len(shown)),
        legend_rows=2,
        titled=True,
        width_in=7.09 if len(shown) > 1 else WIDTH_IN,
    )
    for axes, column in zip(panels, shown, strict=True):
        values = results.levels[column].reindex(ground.regions.index)
        fill = scale.colour(values)
        neighbour = (ground.regions["side"] != "home").to_numpy() & values.isna().to_numpy()
        fill[neighbour] = NEIGHBOUR
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
    top = float(results.edges["load_share"].max())
    handles = _network_handles(results, top=top)
    figure, (axes,) = _sheet(ground, legend_rows=(len(handles) + 1) // 2)
    draw_ground(axes, ground, line=0.8)
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
    axes.set(xlim=ground.extent[:2], ylim=ground.extent[2:])
    labels = Labels(axes)
    size = _checkpoint_symbols(axes, results, ground, labels)
    lost = results.crossings[results.crossings["checkpoint_id"].isna()]
    if len(lost):
        at = lost.geometry.to_crs(ground.crs)
        axes.scatter(at.x, at.y, s=9, marker="x", c=INK, linewidths=0.7, zorder=6)
    _busiest_names(results, ground, labels, size)
    labels.in_polygons(
        ground.regions.geometry, ground.regions["short"], size=SMALL_PT, colour=MUTED
    )
    return _finish(figure, axes, ground, handles, columns=2)


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
        Two maps, one above the other; the first alone where there are no delays.
    """
    places = results.places
    zones = [minutes / 60 for minutes in results.settings.access.zones_min]
    whole = all(hours * 2 % 1 == 0 for hours in zones)
    panels_of: list[tuple[str, str, Classes]] = [
        (
            "hours_to_checkpoint",
            f"Time to the nearest open checkpoint, {'hours' if whole else 'minutes'}",
            classes([*zones, 2 * zones[-1], np.inf], colours=BAD, scale=1 if whole else 60),
        ),
        (
            "border_effect",
            "Border effect: accessibility lost to delays at the border",
            quantile_classes(places["border_effect"], colours=BAD, unit=PERCENT, scale=100),
        ),
    ]
    if not has_delays(results):
        del panels_of[1]
    at = places.geometry.to_crs(ground.crs)
    # Area by population, but a village is still to be seen.
    people = places["population"].to_numpy(float)
    area = (LARGEST_PLACE * people / people.max(initial=1)).clip(0.9)
    order = np.argsort(-area, kind="stable")
    figure, panels = _sheet(
        ground, n=len(panels_of), columns=1, legend_rows=1, legend_each=True, titled=True
    )
    for axes, (column, title, scale) in zip(panels, panels_of, strict=True):
        draw_ground(axes, ground, line=0.8)
        values = places[column].to_numpy(float)
        # What is infinite, or off the network, is not reached; other gaps were not measured.
        lost = np.isinf(values) | (np.isnan(values) & (places["node"] < 0).to_numpy())
        shown = order[(~np.isnan(values) | lost)[order]]
        fill = scale.colour(pd.Series(np.where(lost, np.nan, values)))
        axes.scatter(
            at.x.to_numpy()[shown],
            at.y.to_numpy()[shown],
            s=area[shown],
            c=fill[shown].tolist(),
            edgecolors="#4b4b4b",
            linewidths=0.15,
            zorder=4,
        )
        axes.set(xlim=ground.extent[:2], ylim=ground.extent[2:])
        axes.set_title(title, fontsize=7.5, loc="left", pad=3, color=INK)
        handles: list[Artist] = [
            Line2D([], [], marker="o", ls="", ms=4.5, mec="#4b4b4b", mew=0.2, mfc=c, label=text)
            for c, text in zip(scale.colours, scale.labels, strict=True)
        ]
        if lost.any():
            handles.append(
                Line2D([], [], marker="o", ls="", ms=4.5, mec="#4b4b4b", mew=0.2, mfc=NO_DATA)
            )
            handles[-1].set_label("not reached")
        _legend(axes, handles, columns=7)
    return _finish(figure, panels[-1], ground, [], columns=1)


def isochrones_map(results: Results, ground: Ground) -> Figure:
    """Draw what lies within the zones of the open checkpoints, on both sides.

    Parameters
    ----------
    results
        What a run gave, with the layer ``isochrones``.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    layer = results.layers["isochrones"]
    limits = sorted(layer["hours"].unique())
    scale = classes([*limits, np.inf], colours=BAD)
    figure, (axes,) = _sheet(ground, legend_rows=1)
    draw_ground(axes, ground, line=0.8)
    # The largest first: what is near covers what is far.
    for limit, colour in sorted(zip(limits, scale.colours, strict=False), reverse=True):
        shapes = layer.geometry[layer["hours"] == limit].to_crs(ground.crs)
        merged = gpd.GeoSeries([shapes.union_all()], crs=ground.crs).simplify(300)
        merged.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.2, zorder=3)
    posts = results.checkpoints
    posts = posts[posts["is_open"] & posts.index.isin(layer["from_id"])]
    at = posts.geometry.to_crs(ground.crs)
    axes.scatter(at.x, at.y, s=4, c=INK, linewidths=0, zorder=5)
    axes.set(xlim=ground.extent[:2], ylim=ground.extent[2:], xlabel="", ylabel="")
    _names(axes, ground, ground.regions["short"])
    handles: list[Artist] = [
        Patch(facecolor=colour, edgecolor="#8d8f8c", linewidth=0.4, label=f"{60 * limit:.0f} min")
        for limit, colour in zip(limits, scale.colours, strict=False)
    ]
    handles.append(Line2D([], [], marker="o", ls="", ms=2, color=INK, label="open checkpoint"))
    return _finish(figure, axes, ground, handles, columns=6)


def surfaces_map(results: Results, surfaces: Surfaces, ground: Ground) -> Figure:
    """Draw, for every cell along the border, what it reaches and what delays take.

    Parameters
    ----------
    results
        What a run gave.
    surfaces
        Its cells.
    ground
        As `geo_border.report.cartography.ground_of` gives it.

    Returns
    -------
    Figure
        Three maps of the belt, one above the other.
    """
    cells, grid = surfaces.cells, surfaces.grid
    half_life = results.settings.access.half_life_h
    what = f"Potential, thousand people (half of them count at {half_life:g} h)"
    panels_of: list[tuple[str, str, str]] = [
        ("potential_own", f"{what}: own side", GOOD),
        ("potential_across", f"{what}: across the border", GOOD),
        ("border_effect", "Border effect: accessibility lost to delays at the border", BAD),
    ]
    ground = replace(ground, extent=_extent(cells, ground))
    posts = results.checkpoints
    posts = posts[posts["is_open"] & posts["mode"].isin(["road", "ferry"]) & posts["lon"].notna()]
    at = posts.geometry.to_crs(ground.crs)
    figure, panels = _sheet(ground, n=3, columns=1, legend_rows=1, legend_each=True)
    for axes, (column, title, colours) in zip(panels, panels_of, strict=True):
        share = column == "border_effect"
        scale = quantile_classes(
            cells[column],
            colours=colours,
            unit=PERCENT if share else "",
            scale=100 if share else 1e-3,
        )
        draw_ground(axes, ground, line=0.8)
        _draw_cells(axes, ground, grid, grid.raster(cells, cells[column]), scale)
        ground.regions.boundary.plot(ax=axes, color="#8d8f8c", linewidth=0.3, zorder=1.7)
        axes.scatter(at.x, at.y, s=7, c=INK, edgecolors="white", linewidths=0.4, zorder=5)
        axes.set(xlabel="", ylabel="", xlim=ground.extent[:2], ylim=ground.extent[2:])
        axes.set_title(title, fontsize=7.5, loc="left", pad=3, color=INK)
        Labels(axes).in_polygons(
            ground.regions.geometry, ground.regions["short"], size=SMALL_PT, colour=MUTED
        )
        handles = _class_handles(scale)
        if axes is panels[-1]:
            handles.append(
                Line2D([], [], marker="o", ls="", ms=3, mfc=INK, mec="white", label="open by road")
            )
        _legend(axes, handles, columns=7)
    return _finish(figure, panels[-1], ground, [], columns=1)


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


def _sheet(
    ground: Ground,
    *,
    n: int = 1,
    columns: int = 1,
    legend_rows: int,
    legend_each: bool = False,
    titled: bool = False,
    width_in: float = WIDTH_IN,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with room for maps, legend, scale bar and source line."""
    rows = -(-n // columns)
    title = 0.2 if titled else 0.0
    gap = 0.12
    wide = (width_in - 2 * MARGIN_IN - gap * (columns - 1)) / columns
    high = wide * ground.aspect
    legend = 0.09 + 0.109 * legend_rows
    each = legend if legend_each else 0.04
    foot = (0.12 if legend_each else max(legend, 0.24)) + 0.085 * len(_source(ground, width_in))
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
    scale_bar(figure, axes, right=width_in - MARGIN_IN - 0.16, bottom=lowest - 0.19)
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
        labels.in_polygons(ground.regions.geometry[mine], texts[mine], size=size, colour=colour)
    _side_names(labels, ground)


def _side_names(labels: Labels, ground: Ground) -> None:
    """Names of the two sides, in spaced capitals, where there is room."""
    for name, ground_of_side in ground.sides.items():
        spaced = "\N{THIN SPACE}".join(name.upper().replace(" ", "\N{NO-BREAK SPACE}"))
        labels.in_polygons(
            gpd.GeoSeries([ground_of_side]), [spaced], size=LABEL_PT, colour="#a3a39b", most=0.5
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


def _network_handles(results: Results, *, top: float) -> list[Artist]:
    """Legend of the network map."""
    posts = results.checkpoints
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
        used = posts[(posts["mode"] == mode) & posts["lon"].notna()]
        if used["is_open"].any():
            handles.append(_mark(mode, MODE_COLOURS[mode], f"{name.lower()} checkpoint, open"))
    if (~posts["is_open"] & posts["lon"].notna()).any():
        handles.append(_mark("road", "white", "checkpoint not open to all", edge=MUTED))
    if results.crossings["checkpoint_id"].isna().any():
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
