"""A sheet of printed maps: panels, legends, names of regions, scale bar, source line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
from matplotlib.patches import Patch

from geo_border.report.print.cartography import (
    LABEL_PT,
    SMALL_PT,
    WIDTH_IN,
    map_axes,
    new_figure,
    scale_bar,
    source_lines,
    write_source,
)
from geo_border.report.style import INK, MUTED, Classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.report.ground import Ground
    from geo_border.report.print.labels import Labels


MARGIN_IN = 0.04


def map_sheet(
    ground: Ground,
    *,
    n: int = 1,
    columns: int = 1,
    legend_rows: int,
    legend_each: bool = False,
    titled: bool = False,
    width_in: float = WIDTH_IN,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with room for maps, legend, scale bar and source line.

    Parameters
    ----------
    ground
        As `geo_border.report.ground.ground_of` gives it.
    n
        Maps on it.
    columns
        Maps beside each other.
    legend_rows
        Rows of the legend.
    legend_each
        Whether each map has a legend of its own.
    titled
        Whether each map has a title.
    width_in
        Width, inches.

    Returns
    -------
    tuple
        The figure and its panels, row by row.
    """
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


def finish(
    figure: Figure,
    axes: Axes,
    ground: Ground,
    handles: Sequence[Artist],
    *,
    columns: int,
    title: str | None = None,
) -> Figure:
    """Add legend, scale bar and source line.

    Parameters
    ----------
    figure
        As `map_sheet` gives it.
    axes
        The panel whose scale the bar shows.
    ground
        As `geo_border.report.ground.ground_of` gives it.
    handles
        Entries of the legend.
    columns
        Columns of the legend.
    title
        Title of the legend.

    Returns
    -------
    Figure
        The same figure.
    """
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


def legend_under(axes: Axes, handles: Sequence[Artist], *, columns: int) -> None:
    """Put a legend of one row under a map.

    Parameters
    ----------
    axes
        The panel.
    handles
        Entries of the legend.
    columns
        Columns of the legend.
    """
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


def class_handles(scale: Classes) -> list[Artist]:
    """Legend boxes of classes.

    Parameters
    ----------
    scale
        The classes.

    Returns
    -------
    list of Artist
        One a class.
    """
    return [
        Patch(facecolor=colour, edgecolor="#8d8f8c", linewidth=0.4, label=text)
        for colour, text in zip(scale.colours, scale.labels, strict=True)
    ]


def region_names(labels: Labels, ground: Ground, texts: pd.Series[str]) -> None:
    """Names of the regions: home in ink, neighbours in grey.

    Parameters
    ----------
    labels
        Those of the panel.
    ground
        As `geo_border.report.ground.ground_of` gives it.
    texts
        What to write, index ``region_id``.
    """
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
