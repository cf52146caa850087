"""The command `whatif`: scenarios beside the border as it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from geo_border.cli.console import (
    ModeOption,
    SchedulerOption,
    StudyArgument,
    err,
    list_option,
    out,
    path_named,
    spread,
    study_named,
)
from geo_border.cli.whatif_tables import whatif_tables
from geo_border.errors import CheckpointError

PLACE = "ID[:CLASS]"
"""What a change is of: a checkpoint, for every class of traffic or for one."""

MOST_WITH_PLACES = 20
"""Scenarios up to which every place of each is written, and detours are."""


def whatif(
    study: StudyArgument,
    close: Annotated[
        list[str] | None, list_option("close", PLACE, "Checkpoint that nobody may pass.")
    ] = None,
    open_: Annotated[
        list[str] | None,
        list_option("open", PLACE, "Closed checkpoint, or crossing without one, that opens."),
    ] = None,
    delay: Annotated[
        list[str] | None,
        list_option(
            "delay",
            f"{PLACE}=HOURS",
            "Hours of a passage, ID=+HOURS for more than as it is, or ID=OUT/IN by direction.",
        ),
    ] = None,
    delay_out: Annotated[
        list[str] | None,
        list_option("delay-out", f"{PLACE}=HOURS", "Hours from home to the neighbour alone."),
    ] = None,
    delay_in: Annotated[
        list[str] | None,
        list_option("delay-in", f"{PLACE}=HOURS", "Hours from the neighbour to home alone."),
    ] = None,
    hours: Annotated[
        list[str] | None,
        list_option(
            "hours",
            f"{PLACE}=HOURS",
            "Opening hours, such as my-post='Mo-Su 08:00-20:00' (OSM syntax).",
        ),
    ] = None,
    one_way: Annotated[
        list[str] | None,
        list_option("one-way", f"{PLACE}=out|in", "Checkpoint passed in one direction alone."),
    ] = None,
    modes: Annotated[
        list[str] | None,
        list_option("only", "road|rail|ferry", "Mode of the checkpoints that may be passed."),
    ] = None,
    mode: ModeOption = "road",
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
            parser=path_named,
            help="Output folder of the run; `out/` and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Compare a scenario at the border with the border as it is, by class of traffic and region.

    Traffic is solved anew as a run solves it, and nothing is searched again: a closure, another
    delay or a new checkpoint is a matter of seconds. An option holds for every class of traffic;
    with ID:CLASS in place of ID, as in --close my-post:truck or --delay my-post:car=+1, for that
    class alone. Tables, a map and a GeoPackage go into `whatif/` in the output folder.
    """
    from geo_border.pipeline.inputs.scenarios import parsed_scenario, read_scenarios  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.outputs import study_output  # noqa: PLC0415
    from geo_border.report.whatif import folder_name, write_whatif  # noqa: PLC0415
    from geo_border.routing.scenarios import AS_IS  # noqa: PLC0415  (--help stays quick)

    started = time.perf_counter()
    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id
    scenario = parsed_scenario(
        close=close,
        open=open_,
        delay=delay,
        delay_out=delay_out,
        delay_in=delay_in,
        hours=hours,
        one_way=one_way,
        modes=modes,
        users=users,
        factor=factor,
    )
    if scenarios is None and scenario == AS_IS:
        raise CheckpointError(
            "nothing is different in this scenario",
            remedy="Give --close, --open, --delay or another option of `geo-border whatif --help`",
        )
    if scenarios is not None and scenario != AS_IS:
        raise CheckpointError("--scenarios cannot be combined with a scenario of options")
    compared = {name: scenario} if scenarios is None else read_scenarios(scenarios)
    target = f"whatif/{folder_name(scenarios.name if scenarios else name)}"
    place = study_output(opened.settings, opened.folder, folder, (target,))
    place.check()
    with err.status("reading") as status, spread(scheduler):
        result = opened.whatif(
            compared,
            folder,
            mode=mode,
            each_place=len(compared) <= MOST_WITH_PLACES,
            progress=lambda text: status.update(Text(text)),
        )
    with place.held(), place.writing() as aside:
        (aside / target).mkdir(parents=True)
        write_whatif(result, aside / target)
    for table in whatif_tables(result):
        out.print(table)
    took = time.perf_counter() - started
    out.print(Text(f"Tables and layers: {folder / target}  ({took:.0f} s)"), soft_wrap=True)
