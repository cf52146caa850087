"""Outliers: found by skewness and kurtosis, winsorised, or else put on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from geo_border.errors import ParameterError

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
        Most values that are winsorised before the logarithm is taken instead.

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
    table
        Values, shape of the input.
    account
        Index ``indicator_id``: ``skewness``, ``kurtosis`` (before), ``treatment`` (``none``,
        ``winsorised``, ``logarithm``), ``points`` (how many values were changed; regions that
        share the highest value are several).
    """

    table: pd.DataFrame
    account: pd.DataFrame


def treat(
    values: pd.DataFrame,
    *,
    rule: Rule = "winsorise",
    outliers: Outliers = Outliers(),
) -> Treated:
    """Treat the indicators that have outliers.

    The largest value (the smallest, where the skew is negative) is set to the next one,
    again until the indicator passes, at most `Outliers.points` values; if that is not enough,
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
    ParameterError
        If there is no such rule.
    """
    if rule not in RULES:
        raise ParameterError(f"treatment must be one of {', '.join(RULES)}, not {rule!r}")
    array, done, points = treated_array(values.to_numpy(float), rule, outliers)
    skewness, kurtosis = shape_of(values.to_numpy(float))
    account = pd.DataFrame(
        {"skewness": skewness, "kurtosis": kurtosis, "treatment": done, "points": points},
        index=pd.Index(values.columns, name="indicator_id"),
    )
    return Treated(pd.DataFrame(array, index=values.index, columns=values.columns), account)


def treated_array(
    values: NDArray[np.float64], rule: Rule, outliers: Outliers
) -> tuple[NDArray[np.float64], list[str], list[int]]:
    """Treat the columns of an array.

    Parameters
    ----------
    values
        Regions by indicators, shape (R, J).
    rule, outliers
        As in `treat`.

    Returns
    -------
    tuple
        Treated values; of each indicator what was done, and how many values were winsorised.
    """
    n_indicators = values.shape[1]
    result, done, points = values.copy(), ["none"] * n_indicators, [0] * n_indicators
    rest = np.flatnonzero(_has_outliers(values, outliers))
    if rule == "none" or not len(rest):
        return result, done, points
    if rule == "winsorise":
        rest = _winsorise(values, rest, outliers, result, done, points)
    result[:, rest] = _logarithm(values[:, rest])
    for j in rest:
        done[j] = "logarithm"
    return result, done, points


def shape_of(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sample skewness and excess kurtosis of each indicator.

    Both are corrected for bias (type 2), as `scipy.stats.skew` and `scipy.stats.kurtosis` do
    with ``bias=False``, but for many columns with gaps at once.

    Parameters
    ----------
    values
        Shape (R, J); missing values are left out.

    Returns
    -------
    tuple of ndarray
        Shape (J,) each; 0 where they are not defined: fewer than four values, or all the same.
    """
    known = ~np.isnan(values)
    n = known.sum(axis=0).astype(float)
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.where(known, values - filled.sum(axis=0) / n, 0.0)
        width = np.abs(off).max(axis=0, initial=0.0)
        # In units of the largest deviation, so that no power is lost to rounding.
        off = off / width
        m2, m3, m4 = ((off**power).sum(axis=0) / n for power in (2, 3, 4))
        skewness = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
        kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    defined = (n >= 4) & (width > 1e-12 * np.abs(filled).max(axis=0, initial=0.0))
    return np.where(defined, skewness, 0.0), np.where(defined, kurtosis, 0.0)


def _winsorise(
    values: NDArray[np.float64],
    rest: NDArray[np.intp],
    outliers: Outliers,
    result: NDArray[np.float64],
    done: list[str],
    points: list[int],
) -> NDArray[np.intp]:
    """Winsorise some indicators, all at once; those for which it is not enough."""
    too_many: list[NDArray[np.intp]] = []
    columns = values[:, rest]
    for _ in range(outliers.points):
        columns = _winsorised_once(columns)
        differ = (columns != values[:, rest]) & ~np.isnan(columns)
        changed = differ.sum(axis=0)
        fits = changed <= outliers.points
        passed = fits & ~_has_outliers(columns, outliers)
        result[:, rest[passed]] = columns[:, passed]
        for j, count in zip(rest[passed], changed[passed], strict=True):
            done[j], points[j] = "winsorised", int(count)
        too_many.append(rest[~fits])
        on = fits & ~passed
        rest, columns = rest[on], columns[:, on]
    return np.concatenate([*too_many, rest])


def _has_outliers(values: NDArray[np.float64], outliers: Outliers) -> NDArray[np.bool_]:
    """Whether both limits are passed, shape (J,)."""
    skewness, kurtosis = shape_of(values)
    return (np.abs(skewness) > outliers.skewness) & (kurtosis > outliers.kurtosis)


def _is_skewed_up(columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the long tail of each column is on the high side."""
    return shape_of(columns)[0] > 0


def _winsorised_once(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set the most extreme point of each column on its skewed side to the next value."""
    sign = np.where(_is_skewed_up(columns), 1.0, -1.0)
    signed = sign * columns
    # Points winsorised before have the same value as the next one: they move together.
    top = np.fmax.reduce(signed, axis=0)
    following = np.where(signed < top, signed, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(signed == top, sign * following, columns)


def _logarithm(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the distance from the end away from the skew, increasing in the values."""
    low, high = np.fmin.reduce(columns, axis=0), np.fmax.reduce(columns, axis=0)
    up, shift = _is_skewed_up(columns), 0.01 * (high - low)
    logarithm = np.log(np.where(up, columns - low, high - columns) + shift)
    rising: NDArray[np.float64] = np.where(up, logarithm, -logarithm)
    return rising
