"""Outliers: found by skewness and kurtosis, winsorised, or else put on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rule = Literal["winsorise", "log", "none"]
"""What is done with an indicator that has outliers."""

RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True)
class Outliers:
    """When an indicator has outliers, and how many points may be winsorised.

    Parameters
    ----------
    skewness
        Limit of the absolute sample skewness.
    kurtosis
        Limit of the sample excess kurtosis; both must be passed.
    points
        Most points that are winsorised before the logarithm is taken instead.

    References
    ----------
    OECD & JRC (2008), Handbook on Constructing Composite Indicators, Paris; the limits are
    those of COINr (Becker et al. 2022, J. Open Source Softw. 7(78) 4567).
    """

    skewness: float = 2.0
    kurtosis: float = 3.5
    points: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Treated:
    """Values after treatment, and what was done.

    Parameters
    ----------
    values
        Shape of the input.
    account
        Index ``indicator_id``: ``skewness``, ``kurtosis`` (before), ``treatment`` (``none``,
        ``winsorised``, ``logarithm``), ``points`` (number winsorised).
    """

    values: pd.DataFrame
    account: pd.DataFrame


def treat(
    values: pd.DataFrame,
    *,
    rule: Rule = "winsorise",
    outliers: Outliers = Outliers(),  # noqa: B008  (frozen)
) -> Treated:
    """Treat the indicators that have outliers.

    The largest value (the smallest, where the skew is negative) is set to the next one,
    again until the indicator passes, at most `Outliers.points` times; if that is not enough,
    the original values are put on a logarithmic scale, with a shift of 1 % of their range so
    that negative values have a logarithm too. The order of the regions never turns.

    Parameters
    ----------
    values
        Index ``region_id``, a column for each indicator.
    rule
        ``"winsorise"`` as above; ``"log"`` takes the logarithm at once; ``"none"`` leaves
        the values as they are.
    outliers
        The limits.

    Returns
    -------
    Treated
        Values and account.

    Raises
    ------
    ValueError
        If there is no such rule.
    """
    if rule not in RULES:
        raise ValueError(f"treatment must be one of {', '.join(RULES)}, not {rule!r}")
    columns, rows = {}, []
    for name in values.columns:
        column = values[name].to_numpy(float)
        treated, done, points = treated_column(column, rule, outliers)
        columns[name] = treated
        skewness, kurtosis = shape_of(column)
        rows.append((skewness, kurtosis, done, points))
    account = pd.DataFrame(
        rows,
        columns=["skewness", "kurtosis", "treatment", "points"],
        index=pd.Index(values.columns, name="indicator_id"),
    )
    return Treated(pd.DataFrame(columns, index=values.index, dtype=float), account)


def shape_of(column: NDArray[np.float64]) -> tuple[float, float]:
    """Sample skewness and excess kurtosis of the values there are.

    Parameters
    ----------
    column
        Values, shape (n,), missing ones left out.

    Returns
    -------
    tuple
        Both corrected for bias (type 2); 0 where they are not defined: fewer than four
        values, or all the same.
    """
    known = column[~np.isnan(column)]
    if len(known) < 4 or np.ptp(known) <= 1e-12 * np.abs(known).max():
        return 0.0, 0.0
    return float(stats.skew(known, bias=False)), float(stats.kurtosis(known, bias=False))


def treated_column(
    column: NDArray[np.float64], rule: Rule, outliers: Outliers
) -> tuple[NDArray[np.float64], str, int]:
    """Treat one indicator.

    Parameters
    ----------
    column
        Values, shape (n,).
    rule, outliers
        As in `treat`.

    Returns
    -------
    tuple
        Treated values, what was done, and how many points were winsorised.
    """
    if rule == "none" or not _has_outliers(column, outliers):
        return column, "none", 0
    if rule == "winsorise":
        winsorised = column.copy()
        for point in range(1, outliers.points + 1):
            _winsorise_one(winsorised)
            if not _has_outliers(winsorised, outliers):
                return winsorised, "winsorised", point
    return _logarithm(column), "logarithm", 0


def _has_outliers(column: NDArray[np.float64], outliers: Outliers) -> bool:
    """Whether both limits are passed."""
    skewness, kurtosis = shape_of(column)
    return abs(skewness) > outliers.skewness and kurtosis > outliers.kurtosis


def _winsorise_one(column: NDArray[np.float64]) -> None:
    """Set the most extreme point on the skewed side to the next value, in place."""
    sign = 1.0 if shape_of(column)[0] > 0 else -1.0
    signed = sign * column
    # Points winsorised before have the same value as the next one: they move together.
    top = np.nanmax(signed)
    column[signed == top] = sign * np.nanmax(signed[signed < top])


def _logarithm(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the distance from the end away from the skew, increasing in the values."""
    low, high = np.nanmin(column), np.nanmax(column)
    shift = 0.01 * (high - low)
    if shape_of(column)[0] > 0:
        logarithm: NDArray[np.float64] = np.log(column - low + shift)
        return logarithm
    mirrored: NDArray[np.float64] = -np.log(high - column + shift)
    return mirrored
