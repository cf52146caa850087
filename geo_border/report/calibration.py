"""A calibration as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.files.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo_border.traffic.calibration import Calibration
    from geo_border.traffic.classes import TrafficClass

DIGITS = 4
"""Figures of a parameter that are written: counts tell no more."""


def write_calibration(found: Calibration, folder: Path) -> None:
    """Write a calibration as two tables and the part of study.toml that takes it over.

    Parameters
    ----------
    found
        The calibration.
    folder
        An existing folder: ``parameters.csv``, ``counts.csv`` and ``classes.toml`` are written
        into it.
    """
    write_table(found.parameters.reset_index(), folder / "parameters.csv")
    write_table(found.counts, folder / "counts.csv")
    text = classes_toml(found.classes)
    (folder / "classes.toml").write_text(text, encoding="utf-8", newline="\n")


def classes_toml(classes: Sequence[TrafficClass]) -> str:
    """Classes as the sections of study.toml that state their parameters.

    Parameters
    ----------
    classes
        The classes.

    Returns
    -------
    str
        TOML.
    """
    return "\n".join(map(_section, classes))


def _section(each: TrafficClass) -> str:
    """Section of one class."""
    whole = sum(segment.share for segment in each.segments)
    shares = [round(segment.share / whole, DIGITS) for segment in each.segments[1:]]
    segments = [
        f"    {{ share = {share:g}, theta = {_figure(segment.theta)}, "
        f"outside = {_figure(segment.outside)} }},"
        for share, segment in zip(
            [round(1 - sum(shares), DIGITS), *shares], each.segments, strict=True
        )
    ]
    lines = {
        "alpha": each.alpha,
        "gamma": each.gamma,
        "total_year": each.total_year,
        "pcu": each.pcu,
        "speed_factor": each.speed_factor,
        "delay_factor": each.delay_factor,
    }
    stated = [f"{key} = {_figure(value)}" for key, value in lines.items() if value is not None]
    head = f"[traffic.classes.{each.name}]"
    return "\n".join([head, *stated, "segments = [", *segments, "]", ""])


def _figure(value: float) -> str:
    """A number of `DIGITS` figures, without an exponent."""
    rounded = float(f"{value:.{DIGITS - 1}e}")
    return f"{rounded:.0f}" if rounded == round(rounded) else f"{rounded:.10f}".rstrip("0")
