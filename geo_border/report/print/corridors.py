"""Corridors for the page and for print: hours against kilometres, delays as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from geo_border.report.print.cartography import SMALL_PT, new_figure, source_lines, write_source
from geo_border.report.print.letters import literal
from geo_border.report.style import INK, MODE_COLOURS, MUTED, checkpoint_names
from geo_border.report.traffic import by_class

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results


COLOUR = MODE_COLOURS["road"]
"""Colour of a delay."""


def corridor_figure(results: Results) -> Figure | None:
    """Draw the corridors for print, each with and without delays, all to one scale.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Figure or None
        Panels of hours over kilometres; None if the study names no corridor.
    """
    profiles = results.more.get("corridor_profiles")
    if profiles is None or profiles.empty:
        return None
    groups = by_class(profiles)
    names = checkpoint_names(results)
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    width, height = 7.09, 0.75 + 1.35 * rows
    figure = new_figure(width, height)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    figure.subplots_adjust(
        left=0.06, right=0.99, top=1 - 0.2 / height, bottom=0.62 / height, wspace=0.08, hspace=0.28
    )
    for axes, (title, way) in zip(panels.ravel(), groups, strict=False):
        axes.plot(way["km"], way["driving_hours"], color=MUTED, lw=0.7, ls=(0, (3, 2)))
        axes.plot(way["km"], way["hours"], color=INK, lw=1.1)
        passed = way[way["checkpoint_id"].notna()]
        starts = passed["hours"] - passed["delay_h"]
        axes.vlines(passed["km"], starts, passed["hours"], color=COLOUR, lw=2)
        words = [
            f"{names.get(control, control)}, {delay:.1f} h"
            for control, delay in zip(passed["checkpoint_id"], passed["delay_h"], strict=True)
        ]
        axes.text(
            0.03,
            0.97,
            literal("\n".join(words)),
            transform=axes.transAxes,
            fontsize=SMALL_PT,
            color=COLOUR,
            va="top",
        )
        axes.set_title(literal(title), fontsize=SMALL_PT + 1, loc="left", pad=3, color=INK)
        axes.tick_params(labelsize=SMALL_PT + 0.3, width=0.4, length=2, color=MUTED)
        for side, spine in axes.spines.items():
            spine.set(visible=side in ("left", "bottom"), linewidth=0.4, color=MUTED)
    for axes in panels.ravel()[len(groups) :]:
        axes.set_visible(False)
    panels[0, 0].set(xlim=(0, None), ylim=(0, None))
    figure.supxlabel("Kilometres", fontsize=SMALL_PT + 1, y=0.31 / height)
    figure.supylabel("Hours", fontsize=SMALL_PT + 1, x=0.008)
    handles = [
        Line2D([], [], color=INK, lw=1.1, label="with delays"),
        Line2D([], [], color=MUTED, lw=0.7, ls=(0, (3, 2)), label="driving alone"),
        Line2D([], [], color=COLOUR, lw=2, label="delay at a checkpoint"),
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.05, 0.14 / height),
        ncols=3,
        frameon=False,
        fontsize=SMALL_PT + 0.3,
    )
    write_source(figure, source_lines(results.settings.study.licence.strip(), width))
    return figure
