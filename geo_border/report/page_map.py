"""The interactive map of the page, as a Bokeh model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from bokeh.core.properties import value
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    DataRange1d,
    HoverTool,
    PanTool,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from geo_border.report.cartography import drawn_edges
from geo_border.report.hover import (
    FONT,
    LOST_ROWS,
    MARKERS,
    PLACE_ROWS,
    POST_ROWS,
    REGION_ROWS,
    checkpoint_words,
    numbers,
    tooltip,
)
from geo_border.report.map_network import LEAST_LOAD
from geo_border.report.page_choices import Choice, region_fills
from geo_border.report.style import (
    BORDER,
    INK,
    MODE_COLOURS,
    MUTED,
    OUTSIDE,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from bokeh.models import LayoutDOM

    from geo_border.report.cartography import Ground
    from geo_border.results import Results

LOAD_CLASSES = 8


def region_map(results: Results, ground: Ground) -> tuple[LayoutDOM, list[Choice]]:
    """Build the map.

    Parameters
    ----------
    results
        What a run gave.
    ground
        Projected layers, as `geo_border.report.cartography.ground_of` gives them.

    Returns
    -------
    map : LayoutDOM
        Its renderers have names that begin with ``layer-``; that of the regions has the
        columns of `region_fills` and ``fill``.
    choices : list of Choice
        Ways to colour the regions.
    """
    frame = DataRange1d(range_padding=0.02), DataRange1d(range_padding=0.04)
    plot = _empty_map(*frame)
    fills, choices = region_fills(results)
    territory: dict[str, Any] = _polygon_columns(ground.territory.geometry)
    plot.multi_polygons(
        source=ColumnDataSource(territory), fill_color=OUTSIDE, line_color=None, line_width=0.6
    )
    regions = plot.multi_polygons(
        source=ColumnDataSource(_region_columns(results, ground, fills)),
        fill_color="fill",
        line_color="#8d8f8c",
        line_width=0.8,
        name="layer-regions",
    )
    west, east, south, north = ground.extent
    shown = plot.quad(
        left=west, right=east, bottom=south, top=north, fill_color=None, line_color=None
    )
    for extent in frame:
        extent.renderers = [shown]
    _draw_network(plot, results, ground)
    xs, ys = _line_columns(ground.border.geometry)
    plot.multi_line(xs, ys, line_color="white", line_width=4, line_alpha=0.8)
    plot.multi_line(xs, ys, line_color=BORDER, line_width=1.8)
    places = _draw_places(plot, results, ground)
    lost = _draw_unserved(plot, results, ground)
    posts = _draw_checkpoints(plot, results, ground)
    _draw_names(plot, ground)
    plot.add_tools(
        # Above the pointer, so that the region beneath can tell of itself below it.
        HoverTool(
            renderers=[posts],
            tooltips=tooltip("name", POST_ROWS),
            point_policy="follow_mouse",
            attachment="above",
            limit=2,
        ),
        HoverTool(renderers=[lost], tooltips=tooltip("name", LOST_ROWS)),
        HoverTool(renderers=[places], tooltips=tooltip("name", PLACE_ROWS)),
        HoverTool(
            renderers=[regions],
            tooltips=tooltip("name", REGION_ROWS),
            point_policy="follow_mouse",
            attachment="below",
        ),
    )
    return plot, choices


def _empty_map(x_range: DataRange1d, y_range: DataRange1d) -> figure:
    """Make a map without axes, in true proportions, that zooms where one points."""
    tools = [
        PanTool(),
        WheelZoomTool(),
        BoxZoomTool(match_aspect=True),
        ResetTool(),
        SaveTool(filename="map"),
    ]
    plot = figure(
        height=520,
        sizing_mode="stretch_width",
        match_aspect=True,
        tools=tools,
        name="plot",
        active_scroll=None,
        toolbar_location="above",
        x_range=x_range,
        y_range=y_range,
        background_fill_color="#ffffff",
        outline_line_color="#d6d3cb",
        min_border=0,
        lod_threshold=None,
    )
    plot.axis.visible = False
    plot.grid.visible = False
    plot.toolbar.logo = None
    return plot


def _polygon_columns(shapes: gpd.GeoSeries) -> dict[str, list[Any]]:
    """Nested lists of polygons with holes, as Bokeh wants them, to the nearest 10 m."""
    xs, ys = [], []
    for shape in shapes:
        rings = [
            [shapely.get_coordinates(ring).round(-1) for ring in (part.exterior, *part.interiors)]
            for part in shapely.get_parts(shape)
            if part.geom_type == "Polygon"
        ]
        xs.append([[ring[:, 0].astype(int).tolist() for ring in part] for part in rings])
        ys.append([[ring[:, 1].astype(int).tolist() for ring in part] for part in rings])
    return {"xs": xs, "ys": ys}


def _line_columns(lines: gpd.GeoSeries) -> tuple[list[list[int]], list[list[int]]]:
    """Coordinates of the parts of lines, to the nearest 10 m."""
    parts = [shapely.get_coordinates(part).round(-1).astype(int) for part in _parts(lines)]
    return [part[:, 0].tolist() for part in parts], [part[:, 1].tolist() for part in parts]


def _parts(lines: gpd.GeoSeries) -> list[shapely.LineString]:
    """Single lines of a series, those that meet end to end joined."""
    if lines.empty:
        return []
    merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines.to_numpy())))
    return list(shapely.get_parts(merged))


def _region_columns(results: Results, ground: Ground, fills: pd.DataFrame) -> dict[str, Any]:
    """Columns of the regions: shapes, colours, what hovering tells."""
    regions = results.regions
    levels = results.levels.reindex(regions.index)
    rank = [
        "" if not np.isfinite(low + high) else f" (rank {low:.0f}\N{EN DASH}{high:.0f})"
        for low, high in zip(
            levels["rank_low"].to_numpy(float, na_value=np.nan),
            levels["rank_high"].to_numpy(float, na_value=np.nan),
            strict=True,
        )
    ]
    return {
        **_polygon_columns(ground.regions.geometry),
        **{str(name): fills[name].tolist() for name in fills},
        "fill": fills["fill_type"].tolist(),
        "name": regions["name"].astype(str).tolist(),
        "told": fills["told_type"].tolist(),
        "told_title": ["Type of region"] * len(regions),
        "index_text": [a + b for a, b in zip(fills["told_index"], rank, strict=True)],
        "border_text": [
            f"{length}, {open_now} open checkpoints on it"
            for length, open_now in zip(
                numbers(regions["border_km"], "{:,.0f} km"),
                numbers(regions["checkpoints_open"], "{:.0f}"),
                strict=True,
            )
        ],
    }


def _draw_network(plot: figure, results: Results, ground: Ground) -> None:
    """Draw links in grey, and those with cross-border load in classes of width."""
    edges = drawn_edges(results)
    lines = edges.geometry.to_crs(ground.crs).simplify(ground.detail_m / 2)
    load = edges["load_share"].fillna(0).to_numpy(float)
    top = load.max() if len(load) and load.max() > 0 else 1.0
    for mode, dash in (("road", "solid"), ("rail", [5, 2])):
        mine = (edges["mode"] == mode).to_numpy()
        xs, ys = _line_columns(lines[mine])
        plot.multi_line(
            xs,
            ys,
            line_color="#9b9c98",
            line_width=0.7,
            line_dash=dash,
            name=f"layer-{mode}",
        )
    width = np.ceil(LOAD_CLASSES * load / top).astype(int)
    loaded = load >= LEAST_LOAD
    columns: dict[str, Any] = {"xs": [], "ys": [], "width": [], "colour": []}
    for (mode, number), part in lines[loaded].groupby(
        [edges["mode"].to_numpy()[loaded], width[loaded]], sort=True
    ):
        xs, ys = _line_columns(part)
        columns["xs"] += xs
        columns["ys"] += ys
        columns["width"] += [0.2 + 0.9 * number] * len(xs)
        columns["colour"] += [MODE_COLOURS.get(mode, MUTED)] * len(xs)
    plot.multi_line(
        source=ColumnDataSource(columns),
        line_color="colour",
        line_width="width",
        line_alpha=0.75,
        line_cap="round",
        line_join="round",
        name="layer-load",
    )


def _draw_places(plot: figure, results: Results, ground: Ground) -> Any:
    """Draw settlements; they are off until asked for."""
    places = results.places
    at = places.geometry.to_crs(ground.crs)
    people = places["population"].to_numpy(float)
    return plot.scatter(
        source=ColumnDataSource(
            {
                "x": at.x.round(-1).tolist(),
                "y": at.y.round(-1).tolist(),
                "size": np.sqrt(people / 4000).clip(2.5, 20).round(1).tolist(),
                "name": places["name"].astype(str).tolist(),
                "population_text": numbers(places["population"], "{:,.0f}"),
                "hours_text": numbers(places["hours_to_checkpoint"], "{:.1f} h"),
                "effect_text": numbers(places["border_effect"], "{:.1f} %", factor=100),
            }
        ),
        size="size",
        fill_color="#57534e",
        fill_alpha=0.55,
        line_color=None,
        visible=False,
        name="layer-places",
    )


def _draw_unserved(plot: figure, results: Results, ground: Ground) -> Any:
    """Mark crossings that no checkpoint serves."""
    lost = results.crossings[results.crossings["checkpoint_id"].isna()]
    at = lost.geometry.to_crs(ground.crs)
    return plot.scatter(
        source=ColumnDataSource(
            {
                "x": at.x.round(-1).tolist(),
                "y": at.y.round(-1).tolist(),
                "name": [f"Crossing without a checkpoint ({name})" for name in lost.index],
                "mode": lost["mode"].astype(str).tolist(),
                "found_by": lost["found_by"].astype(str).tolist(),
                "confidence": lost["confidence"].astype(str).tolist(),
            }
        ),
        marker="x",
        size=8,
        line_color=INK,
        line_width=1.6,
        name="layer-unserved",
    )


def _draw_checkpoints(plot: figure, results: Results, ground: Ground) -> Any:
    """Draw checkpoints, the largest first, so that none hides another."""
    posts = results.checkpoints[results.checkpoints["lon"].notna()]
    posts = posts.sort_values("load_share", ascending=False, na_position="last", kind="stable")
    at = posts.geometry.to_crs(ground.crs)
    share = posts["load_share"].fillna(0).to_numpy(float)
    top = share.max() if len(share) and share.max() > 0 else 1.0
    is_open = posts["is_open"].to_numpy(bool)
    colour = posts["mode"].map(MODE_COLOURS).fillna(MUTED)
    return plot.scatter(
        source=ColumnDataSource(
            {
                "x": at.x.round(-1).tolist(),
                "y": at.y.round(-1).tolist(),
                "size": (28 * np.sqrt(share / top)).clip(7).round(1).tolist(),
                "marker": posts["mode"].map(MARKERS).fillna("circle").tolist(),
                "fill": np.where(is_open, colour, "#ffffff").tolist(),
                "line": np.where(is_open, "#ffffff", colour).tolist(),
                **checkpoint_words(results, posts),
            }
        ),
        marker="marker",
        size="size",
        fill_color="fill",
        fill_alpha=0.92,
        line_color="line",
        line_width=1.2,
        name="layer-checkpoints",
    )


def _draw_names(plot: figure, ground: Ground) -> None:
    """Write the names of the regions."""
    largest = [max(shapely.get_parts(shape), key=shapely.area) for shape in ground.regions.geometry]
    middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest))[::2]
    # Bokeh's stubs do not know the box behind a text yet.
    box: dict[str, Any] = {
        "background_fill_color": "white",
        "background_fill_alpha": 0.5,
        "border_radius": 2,
        "padding": 1,
    }
    plot.text(
        x=middle[:, 0].round(-1).tolist(),
        y=middle[:, 1].round(-1).tolist(),
        text=[str(name).replace(" ", "\n") for name in ground.regions["short"]],
        text_align="center",
        text_baseline="middle",
        text_font=value(FONT),
        text_font_size="11px",
        text_line_height=1.05,
        text_color=INK,
        name="layer-names",
        **box,
    )
