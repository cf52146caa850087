"""A week at the border for print: queue and wait by direction and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.report.print.cartography import SMALL_PT, WIDTH_IN, new_figure
from geo_border.report.print.letters import literal
from geo_border.report.style import INK, MODE_COLOURS, MUTED, checkpoint_label
from geo_border.traffic.week import DAYS, HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.pipeline.stages.week import CheckpointWeek
    from geo_border.traffic.week import BorderWeek

CLOSED = "#ececea"
"""Behind the hours in which it is closed."""

COLOURS = tuple(MODE_COLOURS.values())
"""Of classes, in their order."""


def week_figure(found: CheckpointWeek, sides: tuple[str, str]) -> Figure:
    """Draw queues and waits of a week, a row for each direction in which anybody comes.

    Parameters
    ----------
    found
        The week.
    sides
        Names of home and neighbour.

    Returns
    -------
    Figure
        The queue to the left, the wait of who arrives to the right.
    """
    ways = [(way, several) for way, several in found.weeks.items() if several]
    names = tuple(dict.fromkeys(found.summary["class"]))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    height = 0.72 + 1.45 * len(ways)
    figure = new_figure(WIDTH_IN, height)
    grid = figure.add_gridspec(
        len(ways),
        2,
        left=0.065,
        right=0.99,
        top=1 - 0.42 / height,
        bottom=0.36 / height,
        hspace=0.42,
        wspace=0.16,
    )
    for row, (way, several) in enumerate(ways):
        leads = sides if way == "out" else sides[::-1]
        queue, wait = (figure.add_subplot(grid[row, column]) for column in (0, 1))
        _queues(queue, several, colours)
        _waits(wait, several, colours)
        lasts = "" if all(week.steady for week in several) else ", growing from week to week"
        leads_to = f"{leads[0]} \N{RIGHTWARDS ARROW} {leads[1]}"
        queue.set_title(literal(f"{leads_to}: vehicles in the queue{lasts}"), **_TITLE)
        wait.set_title("Wait of who arrives then, h", **_TITLE)
        for axes in (queue, wait):
            _frame(axes, several[0])
    figure.axes[0].legend(
        loc="upper right", ncols=3, frameon=False, fontsize=SMALL_PT + 0.3, borderpad=0.1
    )
    stated = f"{checkpoint_label(found.name)}, week {found.week}, open {found.hours}"
    figure.text(
        0.008, 1 - 0.05 / height, literal(stated), fontsize=7.5, color=INK, ha="left", va="top"
    )
    return figure


_TITLE: dict[str, Any] = {"fontsize": SMALL_PT + 1, "loc": "left", "pad": 2, "color": INK}


def _queues(axes: Axes, several: Sequence[BorderWeek], colours: dict[str, str]) -> None:
    """Lines of the vehicles in the queue, by class."""
    top = 0.0
    for week in several:
        at = np.union1d(week.queue.turns, np.arange(HOURS + 1.0))
        for name, waiting in zip(week.classes, week.queue.waiting(at), strict=True):
            axes.plot(at, waiting, color=colours[name], lw=0.9, label=literal(name))
            top = max(top, float(waiting.max()))
    axes.set_ylim(0, 1.12 * top if top > 0 else 1)


def _waits(axes: Axes, several: Sequence[BorderWeek], colours: dict[str, str]) -> None:
    """Lines of the wait of who arrives at each time: one for all that share lanes."""
    top = 0.0
    for week in several:
        queue = week.queue
        wait = (queue.leave - queue.arrive).ravel()
        # From the last of a portion to the first of the next nobody arrives.
        apart = np.flatnonzero(queue.arrive[1:, 0] - queue.arrive[:-1, 1] > 1e-9)
        at = np.insert(queue.arrive.ravel(), 2 * apart + 2, np.nan)
        shared = len(week.classes) > 1
        colour = INK if shared else colours[week.classes[0]]
        axes.plot(at, np.insert(wait, 2 * apart + 2, np.nan), color=colour, lw=0.9)
        top = max(top, float(wait.max(initial=0.0)))
    axes.set_ylim(0, 1.12 * top if top > 0 else 1)


def _frame(axes: Axes, week: BorderWeek) -> None:
    """Days below, and grey where it is closed."""
    edges = np.concatenate([[0.0], week.opened.ravel() / 60, [float(HOURS)]])
    for begin, end in edges.reshape(-1, 2):
        if end > begin:
            axes.axvspan(begin, end, color=CLOSED, lw=0, zorder=0)
    axes.set_xlim(0, HOURS)
    axes.set_xticks(np.arange(0, HOURS, 24))
    axes.set_xticklabels([f" {day}" for day in DAYS], ha="left")
    axes.tick_params(labelsize=SMALL_PT + 0.5, width=0.4, length=2, color=MUTED)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), linewidth=0.4, color=MUTED)
