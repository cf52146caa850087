"""The command line: thin, one function per command."""

from __future__ import annotations

import math
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from geo_border import __version__
from geo_border.cli_tables import whatif_tables
from geo_border.errors import CheckpointError, GeoBorderError

if TYPE_CHECKING:
    from geo_border.network.build import BuiltNetwork
    from geo_border.results import Results

EXIT_PROBLEM = 1
EXIT_BAD_INPUT = 2

MOST_WITH_PLACES = 20
"""Scenarios up to which every place of each is written."""

SCORES = ("transport_communication", "joint_projects", "social_services", "potential", "index")

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
out = Console()
err = Console(stderr=True)

StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="Name of an embedded study (see `geo-border studies`), a folder with a study.toml, "
        "or the path of a study.toml.",
        show_default=False,
    ),
]


SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Compute on the workers of a dask scheduler, such as tcp://10.0.0.5:8786 (needs "
        "`pip install 'geo-border[distributed]'`); results are the same to the bit.",
        show_default=False,
    ),
]


def _spread(scheduler: str | None) -> AbstractContextManager[None]:
    """Compute on a cluster if one is named."""
    if scheduler is None:
        return nullcontext()
    from geo_border.routing.cluster import cluster  # noqa: PLC0415  (--help stays quick)

    return cluster(scheduler)


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
            help="Folder for the outputs; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Run a study from border to typology and write tables, maps, a GeoPackage and the report.

    Finished stages are kept in the output folder: an interrupted run goes on where it stopped.
    """
    from geo_border.index.registry import LEVELS  # noqa: PLC0415  (--help stays quick)
    from geo_border.runs import STAGES  # noqa: PLC0415  (--help stays quick)
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)
    from geo_border.typology.rules import LABELS  # noqa: PLC0415  (--help stays quick)

    begun = time.perf_counter()
    opened = open_study(study)
    folder = folder or Path("out") / opened.settings.study.id
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("read", total=len(STAGES))
        with _spread(scheduler):
            results = opened.run(
                folder,
                progress=lambda stage: bar.update(
                    task, description=stage, completed=STAGES.index(stage)
                ),
            )
    out.print(_summary(results))
    unscored = [LABELS[level] for level in LEVELS if results.levels[level].isna().all()]
    if unscored:
        without = " and ".join(unscored)
        note = f"No figures for {without}: no index, no type. [indicators] in study.toml adds them."
        out.print(Text(note, style="dim"))
    out.print(
        "Scores 0-100 among the regions of the study; rank: 5-95 % of the Monte Carlo draws; "
        "share: of the draws with that type.",
        style="dim",
    )
    took = time.perf_counter() - begun
    out.print(Text(f"Report: {folder / 'report.html'}  ({took:.0f} s)"), soft_wrap=True)


def _summary(results: Results) -> Table:
    """Levels and type of each home region, best first."""
    from geo_border.report.style import short_names  # noqa: PLC0415  (--help stays quick)

    table = Table(
        title=Text(results.settings.study.title),
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("region")
    for heading in ("trans-\nport", "pro-\njects", "ser-\nvices", "poten-\ntial", "index", "rank"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("type")
    table.add_column("share", justify="right", no_wrap=True)
    names = short_names(results.regions["name"])
    rows = results.levels.join(results.typology[["type", "probability"]]).join(names)
    by = ["index", "transport_communication"]
    for row in rows.sort_values(by, ascending=False).to_dict("records"):
        table.add_row(
            Text(str(row["short"])),
            *(_score(float(row[column])) for column in SCORES),
            "-" if math.isnan(row["rank_low"]) else f"{row['rank_low']:.0f}-{row['rank_high']:.0f}",
            Text(str(row["type"])),
            f"{100 * row['probability']:.0f} %",
        )
    return table


def _score(value: float) -> str:
    """Score for the table; a level with too little data has none."""
    return "-" if math.isnan(value) else f"{value:.0f}"


def _list_option(name: str, metavar: str, says: str) -> Any:
    """Option that can be given several times."""
    return typer.Option(f"--{name}", metavar=metavar, help=says, show_default=False)


@app.command()
def whatif(
    study: StudyArgument,
    close: Annotated[
        list[str] | None, _list_option("close", "ID", "Checkpoint that nobody may pass.")
    ] = None,
    open_: Annotated[
        list[str] | None,
        _list_option("open", "ID", "Closed checkpoint, or crossing without one, that opens."),
    ] = None,
    delay: Annotated[
        list[str] | None,
        _list_option("delay", "ID=HOURS", "Hours of a passage, or ID=OUT/IN by direction."),
    ] = None,
    delay_out: Annotated[
        list[str] | None,
        _list_option("delay-out", "ID=HOURS", "Hours from home to the neighbour alone."),
    ] = None,
    delay_in: Annotated[
        list[str] | None,
        _list_option("delay-in", "ID=HOURS", "Hours from the neighbour to home alone."),
    ] = None,
    hours: Annotated[
        list[str] | None,
        _list_option(
            "hours", "ID=HOURS", "Opening hours, such as my-post='Mo-Su 08:00-20:00' (OSM syntax)."
        ),
    ] = None,
    one_way: Annotated[
        list[str] | None,
        _list_option("one-way", "ID=out|in", "Checkpoint passed in one direction alone."),
    ] = None,
    modes: Annotated[
        list[str] | None,
        _list_option("only", "road|ferry", "Mode of the checkpoints that may be passed."),
    ] = None,
    users: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="Who travels: multilateral (anybody), bilateral (citizens of the two states) or "
            "local (border residents).",
            show_default=False,
        ),
    ] = None,
    factor: Annotated[
        float, typer.Option("--delay-factor", metavar="X", help="Multiplies every delay.")
    ] = 1.0,
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the scenario.")] = "whatif",
    scenarios: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML or CSV with a list of scenarios, instead of the options above.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Output folder of the run; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Compare a scenario at the border with the border as it is, for each region and place.

    Nothing is searched again: a closure, another delay or a new checkpoint is a matter of
    seconds. Tables and a GeoPackage go into `whatif/` in the output folder.
    """
    from geo_border.inputs.proposals import Proposal, read_proposals  # noqa: PLC0415  (--help stays quick)
    from geo_border.report.whatif import folder_name, write_whatif  # noqa: PLC0415
    from geo_border.store import whole_folder  # noqa: PLC0415
    from geo_border.study import open_study  # noqa: PLC0415

    begun = time.perf_counter()
    opened = open_study(study)
    folder = folder or Path("out") / opened.settings.study.id
    proposal = Proposal(
        close=tuple(close or ()),
        open=tuple(open_ or ()),
        delay=tuple(delay or ()),
        delay_out=tuple(delay_out or ()),
        delay_in=tuple(delay_in or ()),
        hours=tuple(hours or ()),
        one_way=tuple(one_way or ()),
        modes=tuple(modes or ()),
        users=users,
        delay_factor=factor,
    )
    if scenarios is None and proposal == Proposal():
        raise CheckpointError(
            "nothing is different in this scenario",
            remedy="Give --close, --open, --delay or another option of `geo-border whatif --help`",
        )
    if scenarios is not None and proposal != Proposal():
        raise CheckpointError("--scenarios cannot be combined with a scenario of options")
    asked = {name: proposal} if scenarios is None else read_proposals(scenarios)
    with err.status("reading") as status, _spread(scheduler):
        result = opened.whatif(
            asked, folder, each_place=len(asked) <= MOST_WITH_PLACES, progress=status.update
        )
    target = folder / "whatif" / folder_name(scenarios.stem if scenarios else name)
    with whole_folder(target) as aside:
        write_whatif(result, aside)
    for table in whatif_tables(result):
        out.print(table)
    took = time.perf_counter() - begun
    out.print(Text(f"Tables and layers: {target}  ({took:.0f} s)"), soft_wrap=True)


@app.command()
def network(
    study: StudyArgument,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
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
    from geo_border.runs import STAGES  # noqa: PLC0415  (--help stays quick)
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)

    opened = open_study(study)
    folder = folder or Path("out") / opened.settings.study.id
    stages = [*STAGES[: STAGES.index("network") + 1], "outputs"]
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(stages[0], total=len(stages))
        built = opened.export_network(
            folder,
            formats or ("parquet", "gpkg"),
            progress=lambda stage: bar.update(
                task, description=stage, completed=stages.index(stage)
            ),
        )
    for line in _network_summary(built):
        out.print(Text(line), soft_wrap=True)
    out.print(Text(f"Written to {folder}"), soft_wrap=True)


def _network_summary(built: BuiltNetwork) -> list[str]:
    """Size of a network and how its crossings are served."""
    from geo_border.network.beyond import LOCAL_WAY  # noqa: PLC0415  (--help stays quick)

    made_up = built.speeds["class"].isin([LOCAL_WAY, "transfer"])
    ways = built.speeds[~made_up]
    km = ways.groupby("mode")["km"].sum().sort_values(ascending=False)
    lengths = ", ".join(f"{length:,.0f} km {mode}" for mode, length in km.items())
    imputed = 100 * ways["imputed_km"].sum() / ways["km"].sum()
    served = int(built.crossings["checkpoint_id"].notna().sum())
    size = f"{built.network.n_nodes:,} nodes, {len(built.network.lines):,} links, {lengths}"
    passed = f"{served:,} served by a checkpoint, {len(built.crossings) - served:,} unserved"
    count = int(built.gates["is_open"].sum())
    return [
        f"{size}; speed imputed on {imputed:.0f} % of the length",
        f"{len(built.crossings):,} crossings: {passed}; {count:,} open checkpoints on the network",
    ]


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
            min=0.01,
            help="A limit; once for each (default: 0.5, 1 and 2).",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Folder for isochrones.gpkg; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw what can be reached from a place or a checkpoint by road, on both sides.

    Stages that a run in the same folder has finished are not computed again.
    """
    from geo_border.runs import STAGES  # noqa: PLC0415  (--help stays quick)
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)

    opened = open_study(study)
    folder = folder or Path("out") / opened.settings.study.id
    stages = [*STAGES[: STAGES.index("network") + 1], "access", "outputs"]
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(stages[0], total=len(stages))
        found = opened.isochrones(
            start,
            hours or (0.5, 1.0, 2.0),
            folder,
            progress=lambda stage: bar.update(
                task, description=stage, completed=stages.index(stage)
            ),
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
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)

    findings = open_study(study).check()
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
    from geo_border.inputs.fetch import fetch_extracts  # noqa: PLC0415  (--help stays quick)
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)

    opened = open_study(study)
    columns = (
        TextColumn("{task.description}"),
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
    from geo_border.settings import read_settings  # noqa: PLC0415  (--help stays quick)
    from geo_border.templates import embedded_studies, templates  # noqa: PLC0415  (--help stays quick)

    for name, folder in embedded_studies().items():
        about = read_settings(folder / "study.toml").study
        out.print(Text(f"{name}  {about.title}", style="bold"))
        out.print(Text(f"    {folder}", style="dim"), soft_wrap=True)
    more = ", ".join(sorted(templates().keys() - embedded_studies().keys()))
    if more:
        note = f"To begin with OpenStreetMap: geo-border new DIR --from NAME, NAME one of {more}"
        out.print(Text(note), soft_wrap=True)


@app.command()
def new(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to make; must not exist, or be empty.")
    ],
    template: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Study to copy: ru-kz from tables and layers; andorra or liechtenstein from "
            "OpenStreetMap.",
        ),
    ] = "ru-kz",
) -> None:
    """Copy a study, to replace what it says and its files by those of your own border."""
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)
    from geo_border.templates import new_study  # noqa: PLC0415  (--help stays quick)

    new_study(folder, template=template)
    steps = [f"edit {folder / 'study.toml'} and replace the files it names"]
    if open_study(folder).settings.osm is not None:
        steps.append(f"geo-border fetch {folder}")
    steps += [f"geo-border check {folder}", f"geo-border run {folder}"]
    out.print(Text(f"{folder} is ready. Next:"), soft_wrap=True)
    for number, step in enumerate(steps, start=1):
        out.print(Text(f"  {number}. {step}"), soft_wrap=True)


def main() -> None:
    """Run the command line; a problem with the input is one message and exit code 2."""
    debug = "--debug" in sys.argv
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
        err.print("stopped; finished stages are kept, the same command goes on from there")
        sys.exit(130)
