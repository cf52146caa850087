"""Modelled traffic beside what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.classes import first_days
from geo_border.terms import EVERY_CLASS
from geo_border.traffic.validation import beside_counts

if TYPE_CHECKING:
    from geo_border.traffic.equilibrium import Equilibrium

COLUMNS = (
    *("checkpoint_id", "class", "direction", "year", "kind", "counted", "modelled", "ratio"),
    *("source", "source_url", "quote"),
)
"""Columns of the table of validation."""


def beside(counts: pd.DataFrame, modelled: pd.Series[float]) -> pd.DataFrame:
    """Make the table of validation.

    Parameters
    ----------
    counts
        As the study has them.
    modelled
        Vehicles a day, aligned to `counts`.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row a count; ``ratio`` is what is modelled over what was counted,
        missing where that is nothing.
    """
    counted = counts["vehicles_day"].astype(float)
    found = counts.assign(
        counted=counted, modelled=modelled, ratio=(modelled / counted).where(counted > 0)
    )
    return found.reindex(columns=list(COLUMNS))


def modelled_as_counted(counts: pd.DataFrame, solved: Equilibrium) -> pd.Series[float]:
    """Vehicles a day that are modelled where some were counted.

    Parameters
    ----------
    counts
        As the study has them.
    solved
        Traffic in equilibrium.

    Returns
    -------
    Series
        Aligned to `counts`; missing where a class has no total or the checkpoint no gate.
    """
    classes = [each.model.traffic_class for each in solved.classes.values()]
    vehicles = {each.name for each in classes if each.total_year is not None}
    if len(vehicles) == len(classes):
        vehicles.add(EVERY_CLASS)
    first = next(iter(solved.classes.values()))
    there = counts["checkpoint_id"].isin(first.model.travel.tables.gates.index)
    known = counts[there & counts["class"].isin(vehicles)]
    return beside_counts(solved, known)["modelled"].reindex(counts.index)


def border_of(counts: pd.DataFrame, register: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Days as of which the border was as it was when counts were made.

    Parameters
    ----------
    counts
        With ``year``: statuses that began in it do not hold yet.
    register
        Checkpoints, with the columns of the classes.

    Returns
    -------
    Series
        Aligned to `counts`: the last day with the same statuses; missing where all that the
        register says holds, or the year is not known.
    """
    began = first_days(register)
    year = counts["year"].astype(float)
    later = began.dt.year.searchsorted(year.fillna(np.inf), side="left")
    last = pd.concat([began - pd.Timedelta(days=1), pd.Series([pd.NaT])], ignore_index=True)
    return last.iloc[later].set_axis(counts.index)
