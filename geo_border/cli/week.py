"""The command `week`: queues at a checkpoint over the hours of a week."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from geo_border.cli.console import StudyArgument, out, path_named, stages_shown, study_named
from geo_border.errors import ParameterError

if TYPE_CHECKING:
    from geo_border.pipeline.stages.week import CheckpointWeek

BARS = "▁▂▃▄▅▆▇█"

EACH_H = 3
"""Hours of one letter of a line of queues."""


def week(
    study: StudyArgument,
    checkpoint: Annotated[
        str, typer.Option("--checkpoint", metavar="ID", help="Id or name of the checkpoint.")
    ],
    vehicles: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS=N,…",
            help="Vehicles a day by class, of both directions: car=800,truck=400; or by direction: "
            "car=500/300 (home to neighbour/back). The traffic of the study in equilibrium if not "
            "given.",
            show_default=False,
        ),
    ] = None,
    week_: Annotated[
        str | None,
        typer.Option(
            "--week",
            metavar="WEEK",
            help="Such as 2026-W07, or a day in it; the commonest of 2026 if not given.",
            show_default=False,
        ),
    ] = None,
    lanes: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Lanes of each direction that all classes share; car=2,truck=1 for their own.",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Minutes that the service of a vehicle takes; by class car=3,truck=12.",
            show_default=False,
        ),
    ] = None,
    capacity: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Instead of both: vehicles a day of both directions, in all or by class.",
            show_default=False,
        ),
    ] = None,
    hours: Annotated[
        str | None,
        typer.Option(
            metavar="HOURS",
            help="Other opening hours than the register has, in OSM syntax.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=path_named,
            help="CSV of 24 or 168 rows: how arrivals are spread over the hours, a column for each "
            "class or `all` (default: evenly).",
            show_default=False,
        ),
    ] = None,
    informed: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Share that knows the opening hours and comes within them (default: that of the "
            "study).",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            parser=path_named,
            help="Output folder; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Queue, wait and passages at a checkpoint over the hours of a week.

    First come, first served, exact for rates that are constant within each hour. Tables and a
    figure go into `week/` in the output folder.
    """
    from geo_border.pipeline.inputs.profiles import read_profile  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.outputs import study_output  # noqa: PLC0415
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415
    from geo_border.pipeline.stages.week_service import Operation  # noqa: PLC0415
    from geo_border.report.week import write_week  # noqa: PLC0415
    from geo_border.report.whatif import folder_name  # noqa: PLC0415

    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id
    by_class = {} if vehicles is None else _by_class(vehicles, "--vehicles")
    coming = {name: _directions(text) for name, text in by_class.items()}
    operation = Operation(
        lanes=_numbers(lanes, "--lanes"),
        minutes=_numbers(minutes, "--minutes"),
        capacity=_numbers(capacity, "--capacity"),
        hours=hours,
        profile=None if profile is None else read_profile(profile),
        informed=informed,
    )
    last = "searches" if vehicles is None else "border"
    with stages_shown(STAGES[: STAGES.index(last) + 1]) as progress:
        found = opened.week(
            checkpoint,
            coming or None,
            folder,
            week=week_,
            operation=operation,
            progress=progress,
        )
    target = f"week/{folder_name(found.checkpoint_id)}"
    place = study_output(opened.settings, opened.folder, folder, (target,))
    about = opened.settings.study
    with place.held(), place.writing() as aside:
        (aside / target).mkdir(parents=True)
        write_week(found, aside / target, (about.home, about.neighbour))
    _show(found, {"out": f"to {about.neighbour}", "in": f"to {about.home}"})
    out.print(Text(f"Written to {folder / target}"), soft_wrap=True)


def _by_class(text: str, option: str) -> dict[str, str]:
    """Texts by class of ``car=800,truck=400``."""
    pairs = [entry.partition("=") for entry in text.split(",")]
    if not all(name.strip() and value.strip() for name, _, value in pairs):
        raise ParameterError(
            f"{option} {text!r} does not say a number for each class",
            remedy=f"Write for example {option} car=800,truck=400",
        )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _numbers(text: str | None, option: str) -> float | dict[str, float] | None:
    """Number that all classes share, or one for each."""
    if text is None:
        return None
    if "=" not in text:
        return _number(text)
    return {name: _number(value) for name, value in _by_class(text, option).items()}


def _directions(text: str) -> float | tuple[float, float]:
    """Number of both directions, or one for each."""
    one, slash, other = text.partition("/")
    return (_number(one), _number(other)) if slash else _number(one)


def _number(text: str) -> float:
    """Number of an option."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ParameterError(f"{text!r} is no number of 0 or more", remedy="Write for example 12.5")
    return number


def _show(found: CheckpointWeek, ways: dict[str, str]) -> None:
    """Print the week of each direction and class, and the course of its queue."""
    out.print(Text(f"{found.name}, week {found.week}, open {found.hours}", style="bold"))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    headings = (
        "vehicles\na week",
        "lanes\nin use",
        "mean\nwait h",
        "by its\nhours",
        "95 %\nwait h",
    )
    table.add_column("")
    for heading in (*headings, "longest\nwait h", "longest\nqueue"):
        table.add_column(heading, justify="right", no_wrap=True)
    summary, hourly = found.summary, found.hourly
    for row in summary.to_dict("records"):
        waits = ("wait_h", "hours_wait_h", "often_wait_h", "longest_wait_h")
        table.add_row(
            Text(f"{row['class']} {ways[row['direction']]}"),
            f"{row['arrivals']:,.0f}",
            f"{100 * row['utilisation']:.0f} %",
            *(_shown(row[name], ".2f") for name in waits),
            _shown(row["longest_queue"], ",.0f"),
        )
    out.print(table)
    for row in summary[summary["growth"] > 0].to_dict("records"):
        text = (
            f"{row['class']} {ways[row['direction']]}: more come than can pass; the queue grows by "
            f"{row['growth']:,.0f} vehicles a week. Below, the first week from an empty queue."
        )
        out.print(Text(text, style="yellow"), soft_wrap=True)
    each = 24 // EACH_H
    out.print(Text(f"{'queue':22} " + "".join(f"{day:{each}}" for day in _days()), style="dim"))
    for (way, name), rows in hourly.groupby(["direction", "class"], sort=False):
        line = _bars(rows["queue"].to_numpy().reshape(-1, EACH_H).max(axis=1).tolist())
        out.print(Text(f"{f'{name} {ways[str(way)]}'[:22]:22} {line}"))
    for text in found.assumptions:
        out.print(Text(text, style="dim"), soft_wrap=True)


def _days() -> tuple[str, ...]:
    """Days as the tables name them."""
    from geo_border.traffic.week import DAYS  # noqa: PLC0415  (--help stays quick)

    return DAYS


def _shown(value: float, form: str) -> str:
    """Number, or a dash for one that there is not."""
    return "-" if not math.isfinite(value) else f"{value:{form}}"


def _bars(values: list[float]) -> str:
    """Bars as high as numbers, a dot for none."""
    top = max(values)
    steps = len(BARS) - 1
    return "".join(
        "·" if value <= 0 else BARS[min(int(value / top * steps), steps)] for value in values
    )
