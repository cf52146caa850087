"""Corridors for the page and for print: hours against kilometres, delays as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from geo_border.report.print.cartography import SMALL_PT, new_figure, source_lines, write_source
from geo_border.report.print.letters import literal
from geo_border.report.style import INK, MODE_COLOURS, MUTED, checkpoint_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from geo_border.results import Results

WIDE, HIGH = 300.0, 130.0
"""Size of a panel of the page, in units of its drawing."""

COLOUR = MODE_COLOURS["road"]
"""Colour of a delay."""


def corridor_panels(results: Results) -> list[dict[str, Any]]:
    """Small drawings of the corridors for the page, all to one scale.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        ``title``, ``line`` and ``free`` (points of the way with and without delays, in a
        box of `WIDE` by `HIGH`), ``steps`` (where a checkpoint is passed, its name and
        delay), ``end`` (hours and km in words), ``words`` (for those who do not see the drawing).
    """
    profiles = results.more.get("corridor_profiles")
    if profiles is None or profiles.empty:
        return []
    names = checkpoint_names(results)
    x = WIDE / float(profiles["km"].max())
    y = HIGH / float(profiles["hours"].max())
    panels = []
    for title, rows in profiles.groupby("corridor", sort=False):
        passed = rows[rows["checkpoint_id"].notna()]
        last = rows.iloc[-1]
        panels.append(
            {
                "title": str(title),
                "line": _points(rows["km"] * x, HIGH - rows["hours"] * y),
                "free": _points(rows["km"] * x, HIGH - rows["driving_hours"] * y),
                "steps": [
                    {
                        "x": round(row["km"] * x, 1),
                        "top": round(HIGH - row["hours"] * y, 1),
                        "foot": round(HIGH - (row["hours"] - row["delay_h"]) * y, 1),
                        "name": str(names.get(row["checkpoint_id"], row["checkpoint_id"])),
                        "delay": f"{row['delay_h']:.1f} h",
                    }
                    for row in passed.to_dict("records")
                ],
                "end": f"{last['hours']:.1f} h, {last['km']:,.0f} km",
                "words": (
                    f"{title}: {last['km']:,.0f} km in {last['hours']:.1f} hours, "
                    f"{last['hours'] - last['driving_hours']:.1f} of them at the border"
                ),
            }
        )
    return panels


def _points(x: pd.Series[float], y: pd.Series[float]) -> str:
    """Points of a polyline; neighbours closer than half a unit are one."""
    at: NDArray[np.float64] = np.round(np.stack([x, y], axis=1), 1)
    kept = np.append(True, np.abs(np.diff(at, axis=0)).max(axis=1) >= 0.5)
    kept[-1] = True
    return " ".join(f"{a:g},{b:g}" for a, b in at[kept])


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
    groups = list(profiles.groupby("corridor", sort=False))
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
            f"{names.get(post, post)}, {delay:.1f} h"
            for post, delay in zip(passed["checkpoint_id"], passed["delay_h"], strict=True)
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
        axes.set_title(literal(str(title)), fontsize=SMALL_PT + 1, loc="left", pad=3, color=INK)
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
