"""A week at the border as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.report.files.tables import write_table
from geo_border.report.print.cartography import save
from geo_border.report.print.letters import lettering
from geo_border.report.print.week import week_figure

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.stages.week import CheckpointWeek


@lettering()
def write_week(found: CheckpointWeek, folder: Path, sides: tuple[str, str]) -> None:
    """Write the week as two tables and a figure.

    Parameters
    ----------
    found
        The week.
    folder
        An existing folder: ``hours.csv`` (168 rows for each direction and class),
        ``classes.csv`` (a row for each) and ``week.png`` are written into it.
    sides
        Names of home and neighbour.
    """
    write_table(found.hourly, folder / "hours.csv")
    write_table(found.summary.replace([np.inf], np.nan), folder / "classes.csv")
    save(week_figure(found, sides), folder / "week.png")
