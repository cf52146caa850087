"""Modelled traffic beside what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.terms import DIRECTIONS, EVERY_CLASS

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
        ``checkpoint_id``, ``class``, ``direction``.
    solved
        Traffic in equilibrium.

    Returns
    -------
    Series
        Aligned to `counts`; missing where the class has no total or the checkpoint no gate.
    """
    first = next(iter(solved.classes.values()))
    gates = first.model.travel.tables.gates.index
    found = []
    for row in counts.to_dict("records"):
        names = [row["class"]] if row["class"] != EVERY_CLASS else list(solved.classes)
        traffic = [solved.classes[name] for name in names]
        known = all(each.model.traffic_class.total_year is not None for each in traffic)
        at = gates.get_indexer(pd.Index([row["checkpoint_id"]]))[0]
        if at < 0 or not known:
            found.append(np.nan)
            continue
        passed = np.sum([each.passed[:, at] for each in traffic], axis=0)
        way = row["direction"]
        found.append(float(passed.sum() if way == "both" else passed[DIRECTIONS.index(way)]))
    return pd.Series(found, counts.index, dtype=float)


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
        [pd.to_datetime(checkpoints[name], errors="coerce").dt.year for name in since]
        or [pd.Series(dtype=float)]
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
