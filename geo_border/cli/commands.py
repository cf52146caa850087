"""The commands: thin, one function each."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from geo_border.cli.calibrate import calibrate
from geo_border.cli.console import (
    BorderOption,
    CloseOption,
    DelayOption,
    MessagePrinter,
    ModeOption,
    SchedulerOption,
    StudyArgument,
    err,
    out,
    path_named,
    spread,
    stages_shown,
    study_named,
)
from geo_border.cli.matrix import matrix
from geo_border.cli.new import new, refine
from geo_border.cli.tables import levels_table, network_lines, worst_findings
from geo_border.cli.week import week
from geo_border.cli.whatif import whatif
from geo_border.errors import GeoBorderError
from geo_border.terms import LEVELS
from geo_border.version import __version__

if TYPE_CHECKING:
    import pandas as pd

EXIT_PROBLEM = 1
EXIT_BAD_INPUT = 2
EXIT_STOPPED = 130


app = typer.Typer(
    name="geo-border",
    help="How well is each region on a land border connected to the other side, what holds it "
    "back, and what type of border region does that make it?",
    epilog="Begin with `geo-border run ru-kz -o out/ru-kz`, then `geo-border new my-border`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"geo-border {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


@app.command()
def run(
    study: StudyArgument,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            parser=path_named,
            help="Folder for the outputs; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Run a study from border to typology and write tables, maps, a GeoPackage and the report.

    Finished stages are kept in the output folder: an interrupted run goes on where it stopped.
    """
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415  (--help stays quick)
    from geo_border.typology.rules import LABELS  # noqa: PLC0415  (--help stays quick)

    started = time.perf_counter()
    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id

    def warn(found: pd.DataFrame) -> None:
        for line in worst_findings(found, study):
            err.print(line, soft_wrap=True)

    with stages_shown(STAGES) as progress, spread(scheduler):
        results = opened.run(folder, progress=progress, audited=warn)
    out.print(levels_table(results))
    unscored = [LABELS[level] for level in LEVELS if results.levels[level].isna().all()]
    if unscored:
        without = " and ".join(unscored)
        note = f"No figures for {without}: no index, no type. [indicators] in study.toml adds them."
        out.print(Text(note, style="dim"))
    out.print(
        "Scores 0-100 among the regions of the study; index: of transport, projects and "
        "services, without potential; rank: 5-95 % of the Monte Carlo draws; "
        "share: of the draws with that type.",
        style="dim",
    )
    took = time.perf_counter() - started
    out.print(Text(f"Report: {folder / 'report.html'}  ({took:.0f} s)"), soft_wrap=True)


app.command()(whatif)
app.command()(matrix)
app.command()(week)
app.command()(calibrate)


@app.command()
def network(
    study: StudyArgument,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            parser=path_named,
            help="Folder for the files; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="parquet, gpkg, graphml or gmns; once for each (default: parquet and gpkg).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Build the network of a study alone and write it for other tools.

    Stages that a run in the same folder has finished are not computed again.
    """
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415  (--help stays quick)

    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id
    stages = [*STAGES[: STAGES.index("network") + 1], "outputs"]
    with stages_shown(stages) as progress:
        built = opened.export_network(
            folder,
            formats or ("parquet", "gpkg"),
            progress=progress,
        )
    for line in network_lines(built):
        out.print(Text(line), soft_wrap=True)
    out.print(Text(f"Written to {folder}"), soft_wrap=True)


@app.command()
def isochrones(
    study: StudyArgument,
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="Id or name of a place or a checkpoint to begin at."
        ),
    ],
    hours: Annotated[
        list[float] | None,
        typer.Option(
            "--hours",
            metavar="HOURS",
            help="A limit of 0.01 to 100; once for each (default: 0.5, 1 and 2).",
            show_default=False,
        ),
    ] = None,
    close: CloseOption = None,
    delay: DelayOption = None,
    border: BorderOption = "as-is",
    mode: ModeOption = "road",
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            parser=path_named,
            help="Folder for isochrones.gpkg; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw what can be reached from a place or a checkpoint, on both sides.

    Stages that a run in the same folder has finished are not computed again.
    """
    from geo_border.pipeline.inputs.scenarios import parsed_scenario  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415  (--help stays quick)

    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id
    stages = [*STAGES[: STAGES.index("network") + 1], "access", "outputs"]
    with stages_shown(stages) as progress:
        found = opened.isochrones(
            start,
            hours or (0.5, 1.0, 2.0),
            folder,
            scenario=parsed_scenario(close=close, delay=delay),
            passed=border,
            mode=mode,
            progress=progress,
        )
    about = opened.settings.study
    for row in found.drop(columns="geometry").to_dict("records"):
        side = about.home if row["side"] == "home" else about.neighbour
        out.print(
            Text(
                f"{row['hours']:g} h  {side}: {row['area_km2']:,.0f} km², "
                f"{row['population']:,.0f} people"
            ),
            soft_wrap=True,
        )
    out.print(Text(f"Written to {folder / 'isochrones.gpkg'}"), soft_wrap=True)


@app.command()
def check(study: StudyArgument) -> None:
    """Audit the inputs of a study; exit code 1 if there are errors, 2 if it cannot be read."""
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415  (--help stays quick)

    opened = study_named(study)
    stages = [*STAGES[: STAGES.index("network") + 1], "cells"]
    with stages_shown(stages) as progress:
        findings = opened.check(progress=progress)
    colour = {"error": "red", "warning": "yellow", "note": "dim"}
    for row in findings.itertuples():
        out.print(
            Text(f"{row.severity:8}", style=colour[str(row.severity)]),
            Text(f"{row.where or row.topic!s}: {row.item!s}: {row.problem!s}"),
            soft_wrap=True,
        )
    count = findings["severity"].value_counts()
    out.print(
        ", ".join(f"{count.get(severity, 0)} {severity}s" for severity in colour), highlight=False
    )
    if count.get("error", 0):
        raise typer.Exit(EXIT_PROBLEM)


@app.command()
def fetch(
    study: StudyArgument,
    update: Annotated[
        bool, typer.Option("--update", help="Fetch newer versions of files that are there.")
    ] = False,
) -> None:
    """Download the extracts of OpenStreetMap that a study names, and verify them.

    A download that broke off is taken up where it stopped; what is there and verified is left.
    """
    from geo_border.pipeline.inputs.fetch import fetch_extracts  # noqa: PLC0415  (--help stays quick)

    opened = study_named(study)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: list[TaskID] = []
        done = fetch_extracts(
            opened.settings,
            opened.folder,
            update=update,
            begin=lambda name: tasks.append(bar.add_task(name, total=None)),
            progress=lambda have, total: bar.update(tasks[-1], completed=have, total=total),
        )
    checks = {"md5": "verified", "length": "the server has no checksum to verify it by"}
    for row in done:
        size = row.file.stat().st_size / 1e6
        what = "was there" if row.was_there else "fetched"
        text = f"{row.file}  {size:,.1f} MB, {what}, {checks[row.checked]}"
        out.print(Text(text), soft_wrap=True)


@app.command()
def studies() -> None:
    """List the studies that come with the package."""
    from geo_border.pipeline.settings import read_settings  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.templates import embedded_studies, templates  # noqa: PLC0415  (--help stays quick)

    for name, folder in embedded_studies().items():
        about = read_settings(folder / "study.toml").study
        out.print(Text(f"{name}  {about.title}", style="bold"))
        out.print(Text(f"    {folder}", style="dim"), soft_wrap=True)
    more = ", ".join(sorted(templates().keys() - embedded_studies().keys()))
    if more:
        note = f"To begin with OpenStreetMap: geo-border new DIR --from NAME, NAME one of {more}"
        out.print(Text(note), soft_wrap=True)


app.command()(new)
app.command()(refine)


def main() -> None:
    """Run the command line; a problem with the input is one message and exit code 2."""
    debug = "--debug" in sys.argv
    # What libraries log is not for users, and may hold the bytes of a server.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("geo_border").addHandler(MessagePrinter())
    _stop_as_by_ctrl_c()
    try:
        app()
    except GeoBorderError as error:
        if debug:
            raise
        err.print(Text("error: ", style="bold red"), Text(str(error)), sep="", soft_wrap=True)
        sys.exit(EXIT_BAD_INPUT)
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        err.print(
            Text("error: ", style="bold red"),
            Text(f"{place}{error.strerror or error}. Check the folder, its rights and the space."),
            sep="",
            soft_wrap=True,
        )
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        _end_stopped()
    except SystemExit as ended:
        # Typer turns an interrupt within a command into this exit code, and says nothing.
        if ended.code == EXIT_STOPPED:
            _end_stopped()
        raise


def _stop_as_by_ctrl_c() -> None:
    """Let what ends a process elsewhere, such as `docker stop`, be the interrupt of Ctrl-C."""
    for name in ("SIGTERM", "SIGHUP"):  # the second is not everywhere
        number = getattr(signal, name, None)
        # What is ignored, as by nohup, stays so.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _end_stopped() -> NoReturn:
    """Say what an interrupt leaves, and end without waiting for threads at work."""
    err.print("stopped; finished stages are kept, the same command goes on from there")
    if any(thread.name.startswith("ThreadPool") for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_STOPPED)
    sys.exit(EXIT_STOPPED)
