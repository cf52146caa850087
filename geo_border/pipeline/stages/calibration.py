"""Parameters of a study's traffic from its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import StudyError
from geo_border.pipeline.stages.class_checkpoints import checkpoints_of
from geo_border.pipeline.stages.class_trips import class_trips, trips_by
from geo_border.pipeline.stages.traffic_counts import border_of
from geo_border.traffic.calibration import Calibration, calibrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.travel import Travel

FITTED = ("theta", "outside", "delay_factor")
"""Parameters, in the order in which they are taken up; before them the totals of classes that have
none: one that is stated is known better than counts at some checkpoints tell it."""

COUNTED = ("actual", "mean")
"""Kinds of counts that are what passed: a bound, a plan or a peak is not."""


def calibration(
    settings: Settings,
    inputs: Inputs,
    border: Border,
    net: StudyNetwork,
    everyone: Travel,
    *,
    fit: Sequence[str] | None = None,
    leave_one_out: bool = True,
) -> Calibration:
    """Fit the parameters of the classes of a study to its counts.

    Parameters
    ----------
    settings, inputs
        The study, with counts.
    border, net
        Its border and network.
    everyone
        Trips by road of all who make them, with those of cities beyond.
    fit, leave_one_out
        As `geo_border.traffic.calibration.calibrate` takes them; `FITTED` if not given.

    Returns
    -------
    Calibration
        By counts of what passed at checkpoints that the network reaches; statuses of a class that
        began in the year of the last of them, or later, do not hold.

    Raises
    ------
    StudyError
        If the study has no such counts.
    """
    if inputs.counts is None:
        raise StudyError(
            "the study has no counts to fit its traffic to",
            file="study.toml",
            remedy='Name a table in [traffic], such as counts = "counts.csv"',
        )
    counts = counts_of_passages(inputs.counts, everyone.tables.gates.index)
    if counts.empty:
        raise StudyError(
            "none of its counts is of what passed at a checkpoint that its roads lead to",
            file=settings.traffic.counts,
            remedy=f"Their kind should be {' or '.join(COUNTED)}, or empty",
        )
    checkpoints = border.checkpoints
    last = counts[counts["year"] == counts["year"].max()]
    day = border_of(last, border.register).max()
    if not pd.isna(day):
        checkpoints = checkpoints_of(settings, border.register, border.line, day=day)
        everyone = trips_by(everyone, net.controls, checkpoints)
    trips = class_trips(settings, checkpoints, net.controls, everyone)
    if fit is None:
        unknown = [each.name for each in trips.classes if each.total_year is None]
        fit = [*(f"total of {name}" for name in unknown), *FITTED]
    return calibrate(
        trips.travels,
        trips.classes,
        counts,
        fit=fit,
        most_passages=settings.traffic.most_passages,
        leave_one_out=leave_one_out,
    )


def counts_of_passages(counts: pd.DataFrame, gates: pd.Index[str]) -> pd.DataFrame:
    """Counts that traffic can be held against.

    Parameters
    ----------
    counts
        The table of the study.
    gates
        Ids of the gates that were searched.

    Returns
    -------
    DataFrame
        Those of what passed, at these gates.
    """
    actual = counts["checkpoint_id"].isin(gates)
    if "kind" in counts:
        actual &= counts["kind"].isna() | counts["kind"].isin(COUNTED)
    return counts[actual].reset_index(drop=True)
