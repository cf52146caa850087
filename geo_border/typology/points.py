"""Readiness, growth points, and how far a region's lowest level is behind its economy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

READINESS = ("index", "potential", "dynamics")
"""What readiness is the mean of: the levels, the economic potential, its trend."""

GROWTH = ("unknown", "growth point", "close", "none")
"""Verdicts on a region: its potential is not known, it is a growth point, it lacks one of the
conditions and its potential is not low, or it is none."""


def readiness(levels: pd.DataFrame) -> pd.Series[float]:
    """Readiness of each region for cross-border growth.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.

    Returns
    -------
    Series
        ``readiness``, 0 to 100: mean of `READINESS`, missing where one of them is.

    Raises
    ------
    IndicatorError
        If one of them has no column.
    """
    absent = [score for score in READINESS if score not in levels.columns]
    if absent:
        raise IndicatorError(f"the levels lack the column {absent[0]!r}")
    return levels[list(READINESS)].mean(axis=1, skipna=False).rename("readiness")


def growth_conditions(classes: pd.DataFrame) -> pd.DataFrame:
    """Which conditions of a growth point each region meets.

    Parameters
    ----------
    classes
        Result of `geo_border.typology.rules.classes`.

    Returns
    -------
    DataFrame
        Index of `classes`, booleans: ``high_potential`` (the potential is high), ``rising``
        (the dynamics are not low), ``connected`` (transport communication are not low),
        ``growth_point`` (all three).
    """
    upper = {"medium", "high"}
    table = pd.DataFrame(
        {
            "high_potential": classes["potential"] == "high",
            "rising": classes["dynamics"].isin(upper),
            "connected": classes["transport_communication"].isin(upper),
        },
        index=classes.index,
    )
    table["growth_point"] = table.all(axis=1)
    return table


def growth(classes: pd.DataFrame) -> pd.DataFrame:
    """Whether each region is a growth point, or near to one.

    Parameters
    ----------
    classes
        Result of `geo_border.typology.rules.classes`.

    Returns
    -------
    DataFrame
        Index of `classes`: ``is_growth_point`` and ``growth``, one of `GROWTH`.
    """
    met = growth_conditions(classes)
    is_point = met.pop("growth_point")
    near = (met.sum(axis=1) == 2) & classes["potential"].isin(["medium", "high"])
    verdict = np.select([classes["potential"].isna(), is_point, near], GROWTH[:3], GROWTH[3])
    return pd.DataFrame({"is_growth_point": is_point, "growth": verdict}, index=classes.index)


def largest_gap(levels: pd.DataFrame) -> pd.Series[float]:
    """How far the lowest level of each region is behind its economic potential.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.

    Returns
    -------
    Series
        ``gap``, points; negative where no level is behind, missing where a score is.
    """
    lowest = levels[list(LEVELS)].min(axis=1, skipna=False)
    return (levels["potential"] - lowest).rename("gap")


def best_rows(table: pd.DataFrame, by: Sequence[str], figure: str) -> pd.DataFrame:
    """Row of the largest figure of each group, the first where several have it.

    Parameters
    ----------
    table
        The rows.
    by
        Columns of the groups.
    figure
        Column of the figure; rows without it are left out.

    Returns
    -------
    DataFrame
        Rows of `table`, one for each group.
    """
    ordered = table.dropna(subset=[figure]).sort_values(figure, ascending=False, kind="stable")
    return ordered.drop_duplicates(list(by))
