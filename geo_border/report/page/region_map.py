"""The interactive map of the page, as a Bokeh model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
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

from geo_border.report.page.choices import Choice, region_fills
from geo_border.report.page.hover import (
    CONTROL_ROWS,
    FLAW_ROWS,
    LOST_ROWS,
    PLACE_ROWS,
    REGION_ROWS,
    numbers,
    tooltip,
)
from geo_border.report.page.layers import (
    draw_checkpoints,
    draw_flaws,
    draw_isochrones,
    draw_names,
    draw_network,
    draw_places,
    draw_unserved,
    drawn_flaws,
    line_columns,
    map_height,
    polygon_columns,
)
from geo_border.report.style import (
    BORDER,
    OUTLINE,
    OUTSIDE,
    SEA_BORDER,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from bokeh.models import LayoutDOM

    from geo_border.pipeline.results import Results
    from geo_border.report.ground import Ground
    from geo_border.report.isochrones import Ring


def region_map(
    results: Results, ground: Ground, isochrones: Sequence[Ring] = ()
) -> tuple[LayoutDOM, list[Choice]]:
    """Build the map.

    Parameters
    ----------
    results
        What a run gave.
    ground
        Projected layers, as `geo_border.report.ground.ground_of` gives them.
    isochrones
        As `geo_border.report.isochrones.rings` gives them.

    Returns
    -------
    map : LayoutDOM
        Its renderers have names that begin with ``layer-``; that of the regions has the
        columns of `region_fills` and ``fill``.
    choices : list of Choice
        Ways to colour the regions.
    """
    frame = DataRange1d(range_padding=0.02), DataRange1d(range_padding=0.04)
    plot = _empty_map(*frame, height=map_height(ground))
    fills, choices = region_fills(results)
    territory: dict[str, Any] = polygon_columns(ground.territory.geometry)
    plot.multi_polygons(
        source=ColumnDataSource(territory), fill_color=OUTSIDE, line_color=None, line_width=0.6
    )
    regions = plot.multi_polygons(
        source=ColumnDataSource(_region_columns(results, ground, fills)),
        fill_color="fill",
        line_color=OUTLINE,
        line_width=0.8,
        name="layer-regions",
    )
    west, east, south, north = ground.extent
    shown = plot.quad(
        left=west, right=east, bottom=south, top=north, fill_color=None, line_color=None
    )
    for extent in frame:
        extent.renderers = [shown]
    draw_isochrones(plot, isochrones)
    draw_network(plot, results, ground)
    wet = ground.border["at_sea"].to_numpy(bool)
    for where, colour, dash in ((wet, SEA_BORDER, [4, 3]), (~wet, BORDER, "solid")):
        if where.any():
            xs, ys = line_columns(ground.border.geometry[where])
            plot.multi_line(xs, ys, line_color="white", line_width=4, line_alpha=0.8)
            plot.multi_line(xs, ys, line_color=colour, line_width=1.8, line_dash=dash)
    places = draw_places(plot, results, ground)
    lost = draw_unserved(plot, results, ground)
    flaws = drawn_flaws(results)
    if flaws is not None:
        marks = draw_flaws(plot, flaws, ground)
        plot.add_tools(HoverTool(renderers=[marks], tooltips=tooltip("kind", FLAW_ROWS), limit=3))
    controls = draw_checkpoints(plot, results, ground)
    draw_names(plot, ground, dict(controls.data_source.data))
    plot.add_tools(
        # Above the pointer, so that the region beneath can tell of itself below it.
        HoverTool(
            renderers=[controls],
            tooltips=tooltip("name", CONTROL_ROWS),
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


def _empty_map(x_range: DataRange1d, y_range: DataRange1d, *, height: int) -> figure:
    """Make a map without axes, in true proportions, that zooms where one points."""
    tools = [
        PanTool(),
        WheelZoomTool(),
        BoxZoomTool(match_aspect=True),
        ResetTool(),
        SaveTool(filename="map"),
    ]
    plot = figure(
        height=height,
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
        **polygon_columns(ground.regions.geometry),
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
