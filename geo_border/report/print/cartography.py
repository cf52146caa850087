"""The paper of printed maps: projection, ground, labels, scale bar, source line."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geo_border.report.print.letters import literal
from geo_border.report.style import BORDER, INK, MUTED, NEIGHBOUR, OUTLINE, OUTSIDE, SEA_BORDER

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from geo_border.report.ground import Ground


WIDTH_IN = 4.72
"""Width of a map, inches (120 mm): its letters still read at a journal column of 85 mm."""

DPI = 300


AT_SEA = (0, (2.5, 1.5))
"""Dashes of the border at sea."""

LABEL_PT = 6.0
SMALL_PT = 5.2
SOURCE_PT = 4.3


class _Canvas(FigureCanvasAgg):
    """A canvas that is drawn when it is saved, not each time a layer is added."""

    def draw_idle(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: there is no window to keep up to date."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """Make a figure with its own canvas, apart from the state of pyplot.

    Parameters
    ----------
    width_in, height_in
        Size, inches.

    Returns
    -------
    Figure
        White, empty.
    """
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    _Canvas(figure)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG without the date or version of the program.

    Parameters
    ----------
    figure
        The figure.
    path
        The file.

    Returns
    -------
    Path
        The same path.
    """
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    return path


def map_axes(figure: Figure, ground: Ground, *, left: float, top: float, width: float) -> Axes:
    """Axes of one map, in the ground's proportions.

    Parameters
    ----------
    figure
        The figure.
    ground
        What lies under the map.
    left, top, width
        Place of the map from the left upper corner of the figure, inches.

    Returns
    -------
    Axes
        With a thin frame and no ticks.
    """
    total_width, total_height = figure.get_size_inches()
    height = width * ground.aspect
    box = (
        left / total_width,
        1 - (top + height) / total_height,
        width / total_width,
        height / total_height,
    )
    axes = figure.add_axes(box)
    axes.set_xlim(ground.extent[0], ground.extent[1])
    axes.set_ylim(ground.extent[2], ground.extent[3])
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(linewidth=0.4, color=MUTED)
    return axes


def draw_ground(
    axes: Axes, ground: Ground, *, fill: NDArray[np.object_] | None = None, line: float = 1.0
) -> None:
    """Draw territory, regions and the border line.

    Parameters
    ----------
    axes
        Where to draw.
    ground
        What to draw.
    fill
        Colour of each region; sides only if not given.
    line
        Width of the border line, points.
    """
    plain = np.where(ground.regions["side"] == "home", "#fbfaf6", NEIGHBOUR)
    ground.territory.plot(ax=axes, color=OUTSIDE, linewidth=0, aspect=None)
    ground.regions.plot(
        ax=axes,
        color=list(plain if fill is None else fill),
        edgecolor=OUTLINE,
        linewidth=0.4,
        aspect=None,
    )
    draw_border(axes, ground, line=line, halo=0.9)
    axes.set(
        xlabel="", ylabel="", xlim=ground.extent[:2], ylim=ground.extent[2:], xticks=[], yticks=[]
    )


def draw_border(
    axes: Axes, ground: Ground, *, line: float, colour: str = BORDER, halo: float = 0.0
) -> None:
    """Draw the border line, dashed and lighter at sea.

    Parameters
    ----------
    axes
        Where to draw.
    ground
        What to draw.
    line
        Width, points.
    colour
        Of the pieces on land.
    halo
        Width of the white around it, points.
    """
    wet = ground.border["at_sea"].to_numpy(bool)
    pieces = ((wet, SEA_BORDER, AT_SEA), (~wet, colour, "solid"))
    for where, tone, style in pieces:
        if where.any():
            mine = ground.border[where]
            if halo:
                mine.plot(ax=axes, color="white", linewidth=line + halo, aspect=None)
            mine.plot(ax=axes, color=tone, linewidth=line, linestyle=style, aspect=None)


def scale_bar(figure: Figure, axes: Axes, *, right: float, bottom: float) -> None:
    """Draw a scale bar of a round length under a map.

    Parameters
    ----------
    figure
        The figure.
    axes
        The map.
    right, bottom
        Place of the right end of the bar from the left lower corner, inches.
    """
    width_in, height_in = figure.get_size_inches()
    map_in = axes.get_position().width * width_in
    west, east = axes.get_xlim()
    km_per_in = (east - west) / 1000 / map_in
    most = 0.22 * map_in * km_per_in
    power = 10 ** np.floor(np.log10(most))
    km = max(step * power for step in (1, 2, 5) if step * power <= most)
    length = km / km_per_in
    bar = figure.add_axes(
        ((right - length) / width_in, bottom / height_in, length / width_in, 0.045 / height_in)
    )
    bar.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    bar.axvspan(0, 0.5, color=INK)
    for spine in bar.spines.values():
        spine.set(linewidth=0.4, color=INK)
    for place, text in ((0.0, "0"), (1.0, f"{km:,.0f} km")):
        bar.annotate(
            text, (place, 1), (0, 1.5), textcoords="offset points", ha="center", fontsize=SMALL_PT
        )


def source_lines(source: str, width_in: float) -> list[str]:
    """Wrap the attribution to the width of a figure.

    Parameters
    ----------
    source
        The attribution.
    width_in
        Width of the figure, inches.

    Returns
    -------
    list of str
        Lines, none for no attribution.
    """
    letters = int(width_in * 72 / (SOURCE_PT * 0.54))
    return textwrap.wrap(f"Sources: {source}", letters) if source else []


def write_source(figure: Figure, lines: list[str], *, left: float = 0.06) -> None:
    """Write the attribution at the foot of a figure.

    Parameters
    ----------
    figure
        The figure.
    lines
        As `source_lines` gives them.
    left
        Left edge, inches.
    """
    width_in, height_in = figure.get_size_inches()
    figure.text(
        left / width_in,
        0.04 / height_in,
        literal("\n".join(lines)),
        fontsize=SOURCE_PT,
        color=MUTED,
        va="bottom",
        linespacing=1.25,
    )
