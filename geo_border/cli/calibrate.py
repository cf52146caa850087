"""The command `calibrate`: parameters of traffic from counts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from geo_border.cli.console import StudyArgument, out, path_named, stages_shown, study_named

if TYPE_CHECKING:
    from geo_border.traffic.calibration import Calibration

TARGET = "calibration"
"""Folder in the output folder."""


def calibrate(
    study: StudyArgument,
    fit: Annotated[
        str | None,
        typer.Option(
            metavar="PARAMETER,…",
            help="Parameters, in the order in which they are taken up: total, theta, outside, "
            "delay_factor, share (default: theta,outside,delay_factor; total before them where a "
            "class has none).",
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
    """Fit the parameters of traffic to the counts of a study.

    Writes the parameters with their intervals, counts beside what is modelled, and the sections
    of study.toml that take the fitted values over. What the counts cannot tell stays as it is.
    """
    from geo_border.pipeline.outputs import study_output  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.stages.declared import STAGES  # noqa: PLC0415
    from geo_border.report.calibration import write_calibration  # noqa: PLC0415

    opened = study_named(study)
    folder = folder or Path("out") / opened.settings.study.id
    names = None if fit is None else [name.strip() for name in fit.split(",")]
    with stages_shown(STAGES[: STAGES.index("searches") + 1]) as progress:
        found = opened.calibrate(folder, fit=names, progress=progress)
    place = study_output(opened.settings, opened.folder, folder, (TARGET,))
    with place.held(), place.writing() as aside:
        (aside / TARGET).mkdir(parents=True)
        write_calibration(found, aside / TARGET)
    _show(found)
    at = folder / TARGET
    text = f"Written to {at}; the sections of {at / 'classes.toml'} take it over into study.toml."
    out.print(Text(text), soft_wrap=True)


def _show(found: Calibration) -> None:
    """Print the parameters, and how near modelled traffic comes to the counts."""
    from geo_border.traffic.validation import validate  # noqa: PLC0415  (--help stays quick)

    rows = found.parameters.reset_index()
    rows["named"] = rows["class"] + " " + rows["parameter"]
    fitted = rows[rows["fitted"]]
    if len(fitted):
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column("")
        for heading in ("stated", "fitted", "95 % from", "to"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in fitted.to_dict("records"):
            numbers = (row[name] for name in ("start", "value", "low", "high"))
            table.add_row(row["named"], *map(_shown, numbers))
        out.print(table)
    for (is_fitted, note), same in rows[rows["note"] != ""].groupby(["fitted", "note"], sort=False):
        text = f"{'Fitted' if is_fitted else 'As stated'}: {', '.join(same['named'])} ({note})"
        out.print(Text(text, style="dim"), soft_wrap=True)
    counted = found.counts["vehicles_day"]
    for column, how in (("modelled", "fitted to all"), ("predicted", "each by all others")):
        fit = validate(counted, found.counts[column])
        near = fit["within_2"] * fit["n"]
        text = (
            f"{fit['n']:.0f} counts, {how}: {near:.0f} within a factor of 2, rank correlation "
            f"{_shown(fit['spearman'])}, overlap of shares {_shown(fit['overlap'])}"
        )
        out.print(Text(text), soft_wrap=True)


def _shown(value: float) -> str:
    """Number of three figures, or a dash for none."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
