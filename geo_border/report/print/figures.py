"""Figures for print that are not maps."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter
from matplotlib.transforms import Bbox

from geo_border.border.line import on_land
from geo_border.report.along import beginning, gaps_along, has_delays, open_on_the_line, runs_along
from geo_border.report.checkpoints import guessed
from geo_border.report.print.cartography import SMALL_PT, new_figure, source_lines, write_source
from geo_border.report.print.letters import literal
from geo_border.report.room import folded
from geo_border.report.style import (
    BANDS,
    INK,
    MODE_COLOURS,
    MODES,
    MUTED,
    checkpoint_label,
    short_names,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results

SIDE_LETTERS = 14
"""Letters of the name of a side in one line, left of its band."""


def border_profile(results: Results) -> Figure:
    """Draw what lies along the border: regions, load, delay, distance between checkpoints.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Figure
        Strips over the distance along the border; that of the delays where there are any.
    """
    delayed = has_delays(results)
    ratios = (1.35, 2, 1.3, 1.3) if delayed else (1.35, 2, 1.3)
    width, height = 7.09, 0.6 + 0.67 * sum(ratios)
    figure = new_figure(width, height)
    grid = figure.add_gridspec(
        len(ratios),
        1,
        height_ratios=ratios,
        left=0.095,
        right=0.99,
        top=1 - 0.07 / height,
        bottom=0.5 / height,
        hspace=0.14,
    )
    strips = [figure.add_subplot(grid[0])]
    strips += [figure.add_subplot(grid[row], sharex=strips[0]) for row in range(1, len(ratios))]
    controls = open_on_the_line(results)
    _regions_strip(strips[0], results)
    _load_strip(strips[1], controls)
    if delayed:
        _delay_strip(strips[2], controls)
    _gap_strip(strips[-1], results)
    for strip in strips:
        strip.tick_params(labelsize=SMALL_PT + 0.5, width=0.4, length=2, color=MUTED)
        strip.tick_params(axis="x", labelbottom=strip is strips[-1])
        for side, spine in strip.spines.items():
            spine.set(visible=side in ("left", "bottom"), linewidth=0.4, color=MUTED)
        _home_borders(strip, results)
    strips[0].spines["left"].set_visible(False)
    strips[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    strips[-1].set_xlabel(
        f"Distance along the border from {beginning(results)}, km",
        fontsize=SMALL_PT + 1,
        labelpad=2,
    )
    figure.align_ylabels(strips[1:])
    write_source(figure, source_lines(results.settings.attribution, width))
    return figure


def _regions_strip(axes: Axes, results: Results) -> None:
    """Bands with the regions of both sides."""
    short = short_names(results)
    axes.set(xlim=(0, float(on_land(results.border)["to_km"].max())), ylim=(0, 2))
    for level, side in ((1, "home"), (0, "neighbour")):
        runs = runs_along(results, side)
        bands = zip(runs["region_id"], runs["from_km"], runs["to_km"], strict=True)
        for number, (name, from_km, to_km) in enumerate(bands):
            axes.broken_barh(
                [(from_km, to_km - from_km)],
                (level + 0.04, 0.92),
                facecolor=BANDS[side][number % 2],
                edgecolor="white",
                linewidth=0.8,
            )
            _band_name(axes, short.get(name, str(name)), from_km, to_km, level + 0.5)
    study = results.settings.study
    sides = [fill(literal(name), SIDE_LETTERS) for name in (study.neighbour, study.home)]
    axes.set_yticks([0.5, 1.5], sides)
    axes.tick_params(axis="y", length=0)


def _band_name(axes: Axes, name: str, from_km: float, to_km: float, level: float) -> None:
    """Write a name into its band: in one line, in several, upright, or not at all."""
    room = abs(np.diff(axes.transData.transform([(from_km, 0), (to_km, 0)])[:, 0])[0])
    words = name.replace(" ", "\n")
    for text, rotation in ((name, 0), (folded(name), 0), (words, 0), (name, 90), (words, 90)):
        label = axes.text(
            (from_km + to_km) / 2,
            level,
            literal(text),
            ha="center",
            va="center",
            fontsize=SMALL_PT - 0.4,
            rotation=rotation,
            linespacing=1.0,
            color=INK,
        )
        box = label.get_window_extent()
        high = axes.get_window_extent().height / 2
        if box.width <= 0.96 * room and box.height <= 0.98 * high:
            return
        label.remove()


def _load_strip(axes: Axes, controls: pd.DataFrame) -> None:
    """Stems with the load of each checkpoint in the model, the largest named."""
    loaded = controls[controls["load_share"].notna()]
    for mode in loaded["mode"].unique():
        mine = loaded[loaded["mode"] == mode]
        colour = MODE_COLOURS.get(mode, MUTED)
        axes.vlines(mine["chainage_km"], 0, 100 * mine["load_share"], color=colour, lw=1.1)
        axes.plot(
            mine["chainage_km"],
            100 * mine["load_share"],
            "o" if mode == "road" else "s",
            color=colour,
            ms=2.6,
            mew=0,
        )
    top = 100 * loaded["load_share"].max() if len(loaded) else 0
    axes.set_ylim(0, 1.3 * top if top > 0 else 1)
    axes.set_ylabel("Load, %", fontsize=SMALL_PT + 1)
    _stem_names(axes, loaded)
    handles = [
        Line2D(
            [],
            [],
            color=MODE_COLOURS.get(mode, MUTED),
            marker="o" if mode == "road" else "s",
            ms=3,
            lw=1.1,
            label=MODES.get(mode, mode),
        )
        for mode in MODES
        if mode in set(controls["mode"])
    ]
    axes.legend(handles=handles, loc="upper right", ncols=4, frameon=False, fontsize=SMALL_PT + 0.3)


def _stem_names(axes: Axes, controls: pd.DataFrame, n: int = 12) -> None:
    """Name the tallest stems, each beside its head where it covers no stem and no name."""
    heads = np.c_[controls["chainage_km"], 100 * controls["load_share"]]
    tops = axes.transData.transform(heads)
    feet = axes.transData.transform(heads * [1, 0])
    taken = [Bbox([foot - 2, head + 4]) for foot, head in zip(feet, tops, strict=True)]
    for row in np.argsort(-heads[:, 1], kind="stable")[:n]:
        if not heads[row, 1] > 0:
            break
        name = literal(checkpoint_label(str(controls["name"].iloc[row])))
        for offset, side in (((3, -1), "left"), ((-3, -1), "right"), ((0, 4), "center")):
            label = axes.annotate(
                name,
                tuple(heads[row]),
                offset,
                textcoords="offset points",
                ha=side,
                va="bottom" if side == "center" else "baseline",
                fontsize=SMALL_PT - 0.2,
                color=INK,
            )
            box = label.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            others = [*taken[:row], *taken[row + 1 :]] if side == "center" else taken
            if inside and not box.count_overlaps(others):
                taken.append(box)
                break
            label.remove()


def _delay_strip(axes: Axes, controls: pd.DataFrame) -> None:
    """Points with the delay of each checkpoint, hollow where it is a default."""
    for mode in controls["mode"].unique():
        mine = controls[controls["mode"] == mode]
        colour = MODE_COLOURS.get(mode, MUTED)
        imputed = mine["delay_imputed"].astype(bool).to_numpy()
        marker = "o" if mode == "road" else "s"
        for which, face in ((~imputed, colour), (imputed, "white")):
            axes.plot(
                mine["chainage_km"][which],
                mine["delay_h"][which],
                marker,
                mfc=face,
                mec=colour,
                mew=0.6,
                ms=3,
            )
    highest = controls["delay_h"].max() if len(controls) else 1.0
    axes.set_ylim(0, 1.35 * highest if highest > 0 else 1)
    axes.set_ylabel("Delay, h", fontsize=SMALL_PT + 1)
    handles = [
        Line2D([], [], marker="o", ls="", ms=3, mfc=INK, mec=INK, mew=0.6, label="from a source"),
        Line2D(
            [],
            [],
            marker="o",
            ls="",
            ms=3,
            mfc="white",
            mec=INK,
            mew=0.6,
            label=" or ".join(guessed(controls)),
        ),
    ]
    axes.legend(handles=handles, loc="upper right", ncols=2, frameon=False, fontsize=SMALL_PT + 0.3)


def _gap_strip(axes: Axes, results: Results) -> None:
    """Steps with the distance between road checkpoints."""
    gaps = gaps_along(results)
    axes.stairs(
        gaps["length_km"],
        np.r_[gaps["from_km"], gaps["to_km"].iloc[-1]],
        fill=True,
        color="#efe2d3",
        baseline=0,
    )
    axes.stairs(
        gaps["length_km"],
        np.r_[gaps["from_km"], gaps["to_km"].iloc[-1]],
        color=MODE_COLOURS["road"],
        lw=0.8,
    )
    axes.set_ylabel("Between road\ncheckpoints, km", fontsize=SMALL_PT + 1)
    axes.set_ylim(0, 1.1 * gaps["length_km"].max())


def _home_borders(axes: Axes, results: Results) -> None:
    """Thin lines where the home region changes."""
    for km in runs_along(results, "home")["from_km"].iloc[1:]:
        axes.axvline(km, color="#c9c7c0", lw=0.3, zorder=0)
