"""The command that writes the times of all pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from geo_border.cli.console import (
    BorderOption,
    CloseOption,
    DelayOption,
    ModeOption,
    SchedulerOption,
    StudyArgument,
    out,
    path_named,
    spread,
    stages_shown,
    study_named,
)

_ENDS = "`home`, `neighbour`, the id of a region, or the id or name of a place; once for each"


def matrix(
    study: StudyArgument,
    file: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            parser=path_named,
            help="FILE.npy (float32, with FILE.from.csv and FILE.to.csv for its rows and columns) "
            "or FILE.parquet (from_id, to_id, hours).",
        ),
    ],
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="NAME", help=f"{_ENDS} (default: all places).", show_default=False
        ),
    ] = None,
    destinations: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="NAME", help="The same.", show_default=False),
    ] = None,
    close: CloseOption = None,
    delay: DelayOption = None,
    border: BorderOption = "as-is",
    mode: ModeOption = "road",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="DIR",
            parser=path_named,
            help="Output folder of a run, whose finished stages are not computed again; `out/` "
            "and the name of the study if not given.",
            show_default=False,
        ),
    ] = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Write the travel times between all pairs of places, or a block of them."""
    from geo_border.pipeline.inputs.scenarios import parsed_scenario  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.matrix_files import MATRIX_STAGES  # noqa: PLC0415  (--help stays quick)

    opened = study_named(study)
    with stages_shown(MATRIX_STAGES) as progress, spread(scheduler):
        rows, columns = opened.matrix(
            file,
            origins=origins or (),
            destinations=destinations or (),
            scenario=parsed_scenario(close=close, delay=delay),
            passed=border,
            mode=mode,
            memory=folder or Path("out") / opened.settings.study.id,
            progress=progress,
        )
    out.print(Text(f"Hours of {rows:,} x {columns:,} pairs: {file}"), soft_wrap=True)
