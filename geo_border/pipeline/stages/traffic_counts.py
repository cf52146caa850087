"""Modelled traffic beside what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.classes import years_of
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


def years_apart(counts: pd.DataFrame, checkpoints: pd.DataFrame) -> pd.Series[float]:
    """Years in whose border the counts were made; missing for the border as it is.

    Parameters
    ----------
    counts
        With ``year``.
    checkpoints
        Of the border, with the columns of the classes.

    Returns
    -------
    Series
        Aligned to `counts`: the earliest year with the same statuses.
    """
    since = [name for name in checkpoints if str(name).endswith("_since")]
    began = pd.concat(
        [years_of(checkpoints[name]) for name in since] or [pd.Series(dtype=float)]
    ).dropna()
    marks = np.sort(began.unique())
    year = counts["year"].astype(float)
    # A status of a year holds for counts of later years.
    later = np.searchsorted(marks, year.to_numpy(), side="left")
    known = year.notna().to_numpy() & (later < len(marks))
    return pd.Series(
        np.where(known, marks[np.minimum(later, len(marks) - 1)] if len(marks) else np.nan, np.nan),
        counts.index,
    )
