"""The interactive border profile of the page, as a Bokeh model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.core.properties import value
from bokeh.layouts import column
from bokeh.models import (
    ColumnDataSource,
    HoverTool,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    ResetTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from geo_border.border.line import on_land
from geo_border.report.along import beginning, gaps_along, has_delays, open_on_the_line, runs_along
from geo_border.report.checkpoints import checkpoint_words
from geo_border.report.page.hover import CONTROL_ROWS, FONT, MARKERS, tooltip
from geo_border.report.page.layers import LETTER_PX, WIDTH
from geo_border.report.room import folded
from geo_border.report.style import BANDS, INK, MODE_COLOURS, MUTED, short_names

if TYPE_CHECKING:
    import pandas as pd
    from bokeh.models import LayoutDOM

    from geo_border.pipeline.results import Results


BAND_LINES = 3
"""Lines of a name that go into a band."""


def profile(results: Results) -> LayoutDOM:
    """Build the border profile: regions, load, delay, distance between road checkpoints.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    LayoutDOM
        Strips that share the distance along the border; that of the delays where there are any.
    """
    along = Range1d(start=0, end=float(on_land(results.border)["to_km"].max()), bounds="auto")
    controls = open_on_the_line(results)
    strips = [_band_strip(results, along), _load_strip(results, controls, along)]
    if has_delays(results):
        strips.append(_delay_strip(results, controls, along))
    strips.append(_gap_strip(results, along))
    for strip in strips[:-1]:
        strip.xaxis.visible = False
    return column(*strips, sizing_mode="stretch_width", spacing=4)


def _strip(along: Range1d, height: int, label: str) -> figure:
    """One strip of the profile."""
    strip = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=along,
        tools=[PanTool(dimensions="width"), WheelZoomTool(dimensions="width"), ResetTool()],
        active_scroll=None,
        active_drag=None,
        toolbar_location=None,
        outline_line_color=None,
        min_border_left=64,
        min_border_right=12,
    )
    strip.yaxis.axis_label = label
    strip.yaxis.axis_label_text_font_style = "normal"
    strip.axis.axis_label_text_font = FONT
    strip.axis.axis_label_text_font_size = "12px"
    strip.axis.axis_label_text_color = MUTED
    strip.axis.major_label_text_font = FONT
    strip.axis.major_label_text_color = MUTED
    strip.axis.axis_line_color = "#b8b6ae"
    strip.axis.major_tick_line_color = "#b8b6ae"
    strip.axis.minor_tick_line_color = None
    strip.xgrid.grid_line_color = None
    strip.ygrid.grid_line_color = "#eceae4"
    return strip


def _band_strip(results: Results, along: Range1d) -> figure:
    """Bands with the regions of both sides."""
    strip = _strip(along, 84, "")
    short = short_names(results)
    full = float(on_land(results.border)["to_km"].max())
    for level, side in ((1, "home"), (0, "neighbour")):
        runs = runs_along(results, side)
        length = runs["to_km"] - runs["from_km"]
        names = [str(short.get(name, name)) for name in runs["region_id"]]
        bands = strip.quad(
            source=ColumnDataSource(
                {
                    "left": runs["from_km"].round(1).tolist(),
                    "right": runs["to_km"].round(1).tolist(),
                    "bottom": [level + 0.04] * len(runs),
                    "top": [level + 0.96] * len(runs),
                    "fill": [BANDS[side][number % 2] for number in range(len(runs))],
                    "name": names,
                    "length": [f"{km:,.0f} km" for km in length],
                }
            ),
            fill_color="fill",
            line_color="white",
        )
        stated = [_in_band(name, WIDTH * km / full) for name, km in zip(names, length, strict=True)]
        strip.text(
            x=((runs["from_km"] + runs["to_km"]) / 2).tolist(),
            y=[level + 0.5] * len(runs),
            text=stated,
            text_align="center",
            text_baseline="middle",
            text_font=value(FONT),
            text_font_size="10.5px",
            text_line_height=1.05,
            text_color=INK,
            name=f"bands-{side}",
        )
        strip.add_tools(
            HoverTool(renderers=[bands], tooltips=tooltip("name", {"Border": "length"}))
        )
    strip.y_range = Range1d(start=0, end=2)
    strip.yaxis.visible = False
    strip.ygrid.grid_line_color = None
    strip.min_border_left = 64
    return strip


def _in_band(name: str, room: float) -> str:
    """Name in one line or in up to `BAND_LINES`, empty where it does not go into its band."""
    for text in (name, folded(name)):
        lines = text.split("\n")
        if LETTER_PX * max(map(len, lines)) <= room and len(lines) <= BAND_LINES:
            return text
    return ""


def _load_strip(results: Results, controls: pd.DataFrame, along: Range1d) -> figure:
    """Stems with the load of each checkpoint."""
    strip = _strip(along, 190, "Load, %")
    controls = controls[controls["load_share"].notna()]
    words = checkpoint_words(results, controls)
    share = (100 * controls["load_share"]).round(3)
    source = ColumnDataSource(
        {
            "x": controls["chainage_km"].round(1).tolist(),
            "y": share.tolist(),
            "zero": [0] * len(controls),
            "colour": controls["mode"].map(MODE_COLOURS).fillna(MUTED).tolist(),
            "marker": controls["mode"].map(MARKERS).fillna("circle").tolist(),
            **words,
        }
    )
    strip.segment("x", "zero", "x", "y", source=source, line_color="colour", line_width=2)
    tips = strip.scatter(
        "x", "y", source=source, marker="marker", size=8, color="colour", line_color="white"
    )
    strip.add_tools(HoverTool(renderers=[tips], tooltips=tooltip("name", CONTROL_ROWS)))
    strip.y_range = Range1d(start=0, end=1.15 * max(share.max() if len(share) else 0, 1))
    return strip


def _delay_strip(results: Results, controls: pd.DataFrame, along: Range1d) -> figure:
    """Points with the delay of each checkpoint, hollow where it is a default."""
    strip = _strip(along, 130, "Delay, h")
    imputed = controls["delay_imputed"].to_numpy(bool)
    colour = controls["mode"].map(MODE_COLOURS).fillna(MUTED)
    points = strip.scatter(
        "x",
        "y",
        source=ColumnDataSource(
            {
                "x": controls["chainage_km"].round(1).tolist(),
                "y": controls["delay_h"].round(3).tolist(),
                "fill": np.where(imputed, "#ffffff", colour).tolist(),
                "line": colour.tolist(),
                "marker": controls["mode"].map(MARKERS).fillna("circle").tolist(),
                **checkpoint_words(results, controls),
            }
        ),
        marker="marker",
        size=8,
        fill_color="fill",
        line_color="line",
        line_width=1.5,
    )
    strip.add_tools(HoverTool(renderers=[points], tooltips=tooltip("name", CONTROL_ROWS)))
    strip.y_range = Range1d(
        start=0, end=1.2 * max(controls["delay_h"].max() if len(controls) else 0, 1)
    )
    return strip


def _gap_strip(results: Results, along: Range1d) -> figure:
    """Blocks with the distance between road checkpoints."""
    strip = _strip(along, 160, "Between, km")
    gaps = gaps_along(results).round(1)
    blocks = strip.quad(
        source=ColumnDataSource(
            {
                "left": gaps["from_km"].tolist(),
                "right": gaps["to_km"].tolist(),
                "bottom": [0] * len(gaps),
                "top": gaps["length_km"].tolist(),
                "name": np.where(
                    gaps["to_end"],
                    "From a road checkpoint to the end of the border",
                    "Between road checkpoints",
                ).tolist(),
                "length": [f"{km:,.0f} km" for km in gaps["length_km"]],
            }
        ),
        fill_color="#efe2d3",
        line_color=MODE_COLOURS["road"],
        line_width=1,
    )
    strip.add_tools(HoverTool(renderers=[blocks], tooltips=tooltip("name", {"Border": "length"})))
    strip.y_range = Range1d(start=0, end=1.1 * float(gaps["length_km"].max()))
    strip.xaxis.axis_label = f"Distance along the border from {beginning(results)}, km"
    strip.xaxis.axis_label_text_font_style = "normal"
    strip.xaxis.formatter = NumeralTickFormatter(format="0,0")
    return strip
