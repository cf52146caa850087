"""A sheet of printed maps: panels, legends, names of regions, scale bar, source line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from geo_border.report.print.cartography import (
    LABEL_PT,
    SMALL_PT,
    WIDTH_IN,
    draw_ground,
    map_axes,
    new_figure,
    scale_bar,
    source_lines,
    write_source,
)
from geo_border.report.print.labels import Labels
from geo_border.report.print.letters import literal
from geo_border.report.style import INK, MUTED, OUTLINE, Classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from geo_border.report.ground import Ground

MARGIN_IN = 0.04

_LEGEND: dict[str, Any] = {"fontsize": SMALL_PT + 0.3, "frameon": False, "borderpad": 0.3}


class MapSheet:
    """A figure with room for maps, legends, scale bar and source line.

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

    Attributes
    ----------
    figure
        The figure.
    panels
        Its maps, row by row.
    """

    def __init__(
        self,
        ground: Ground,
        *,
        n: int = 1,
        columns: int = 1,
        legend_rows: int,
        legend_each: bool = False,
        titled: bool = False,
        width_in: float = WIDTH_IN,
    ) -> None:
        self.ground = ground
        self._source = _source(ground, width_in)
        rows = -(-n // columns)
        title = 0.2 if titled else 0.0
        gap = 0.12
        wide = (width_in - 2 * MARGIN_IN - gap * (columns - 1)) / columns
        high = wide * ground.aspect
        legend = 0.09 + 0.109 * legend_rows
        each = legend if legend_each else 0.04
        foot = (0.12 if legend_each else max(legend, 0.24)) + 0.085 * len(self._source)
        height = MARGIN_IN + rows * (title + high + each) + foot
        self.figure = new_figure(width_in, height)
        self.panels = [
            map_axes(
                self.figure,
                ground,
                left=MARGIN_IN + (number % columns) * (wide + gap),
                top=MARGIN_IN + title + (number // columns) * (title + high + each),
                width=wide,
            )
            for number in range(n)
        ]

    def draw(
        self,
        number: int = 0,
        *,
        fill: NDArray[np.object_] | None = None,
        line: float = 0.8,
        title: str = "",
    ) -> Axes:
        """Draw the ground of a map, and write its title.

        Parameters
        ----------
        number
            Which of the panels.
        fill, line
            As in `geo_border.report.print.cartography.draw_ground`.
        title
            The title, none if empty.

        Returns
        -------
        Axes
            The panel.
        """
        axes = self.panels[number]
        draw_ground(axes, self.ground, fill=fill, line=line)
        if title:
            axes.set_title(literal(title), fontsize=7.5, loc="left", pad=3, color=INK)
        return axes

    def labels(self, axes: Axes) -> Labels:
        """Words on a map that is drawn.

        Parameters
        ----------
        axes
            The panel: what was drawn on it does not change what it shows.

        Returns
        -------
        Labels
            None yet.
        """
        west, east, south, north = self.ground.extent
        axes.set(xlabel="", ylabel="", xlim=(west, east), ylim=(south, north))
        return Labels(axes)

    def finish(
        self, handles: Sequence[Artist] = (), *, columns: int = 1, title: str | None = None
    ) -> Figure:
        """Add legend, scale bar and source line.

        Parameters
        ----------
        handles
            Entries of the legend.
        columns
            Columns of the legend.
        title
            Title of the legend.

        Returns
        -------
        Figure
            The whole sheet.
        """
        figure = self.figure
        width_in, height_in = (float(size) for size in figure.get_size_inches())
        lowest = min(panel.get_position().y0 for panel in figure.axes) * height_in
        if handles:
            figure.legend(
                handles=list(handles),
                loc="upper left",
                bbox_to_anchor=(0, (lowest - 0.02) / height_in),
                ncols=columns,
                title=title,
                title_fontsize=SMALL_PT + 0.3,
                alignment="left",
                handlelength=1.4,
                handleheight=0.9,
                columnspacing=1.2,
                labelspacing=0.35,
                **_LEGEND,
            )
        right = width_in - MARGIN_IN - 0.16
        scale_bar(figure, self.panels[0], right=right, bottom=lowest - 0.19)
        write_source(figure, self._source)
        return figure


def _source(ground: Ground, width_in: float) -> list[str]:
    """Source lines with the projection, which a reader of areas must know."""
    projection = "Albers equal-area projection."
    if ground.border["at_sea"].any():
        projection = f"Dashed: border at sea. {projection}"
    text = f"{ground.source.rstrip('.')}. {projection}" if ground.source else ""
    return source_lines(text, width_in)


def legend_under(axes: Axes, handles: Sequence[Artist], *, columns: int = 7) -> None:
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
        handlelength=0.8,
        handletextpad=0.3,
        columnspacing=0.9,
        borderaxespad=0.1,
        **_LEGEND,
    )


def swatch(colour: str, text: str) -> Artist:
    """Legend entry of an area.

    Parameters
    ----------
    colour
        Its fill.
    text
        What it means.

    Returns
    -------
    Artist
        A box with a thin outline.
    """
    return Patch(facecolor=colour, edgecolor=OUTLINE, linewidth=0.4, label=literal(text))


def mark(
    colour: str,
    text: str,
    *,
    marker: str = "o",
    size: float = 4.5,
    edge: str = "white",
    line: float = 0.4,
) -> Artist:
    """Legend entry of a symbol.

    Parameters
    ----------
    colour
        Its fill.
    text
        What it means.
    marker
        Its shape.
    size
        Its size, points.
    edge, line
        Colour and width of its outline, points.

    Returns
    -------
    Artist
        A symbol without a line.
    """
    return Line2D(
        [], [], marker=marker, ls="", ms=size, mfc=colour, mec=edge, mew=line, label=literal(text)
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
    return [swatch(colour, text) for colour, text in zip(scale.colours, scale.labels, strict=True)]


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
