"""Indicators of any unit on one scale from 0 to 100, where more is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.special import ndtr

from geo_border.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Normalisation = Literal["minmax", "zscore", "rank", "percentile", "distance", "borda", "goalposts"]
"""How values become scores."""

NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)


def normalise(
    values: NDArray[np.float64],
    direction: NDArray[np.int64],
    *,
    how: Normalisation = "minmax",
    goalposts: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Scores of the regions in each indicator.

    With ``n`` regions that have a value, and rank 1 the worst, ties at their mean rank:

    - ``minmax``: ``100 (x - min) / (max - min)``.
    - ``zscore``: ``100 Φ((x - mean) / s)``, ``s`` the sample standard deviation. The normal
      distribution function keeps the score within 0 and 100 without cutting off.
    - ``rank``: ``100 (rank - 1) / (n - 1)``.
    - ``percentile``: ``100 (rank - 1/2) / n``.
    - ``distance``: share of the best value, ``100 x / max`` (``100 min / x`` where less is
      better); an indicator with values below zero, or at zero where less is better, has no
      true zero to measure from and is scored by ``minmax``.
    - ``borda``: 100 times the share of the other regions that it beats.
    - ``goalposts``: ``100 (x - low) / (high - low)``, cut off at 0 and 100.

    An indicator in which all regions are equal tells nothing: they score 50 (``borda``: 0,
    no one is beaten; ``distance``: 100, all are the best; ``goalposts`` as they stand). A
    region alone compares with none: only goalposts score it, else its scores are missing.

    Parameters
    ----------
    values
        Regions by indicators, shape (..., R, J); missing values stay missing.
    direction
        1 where more is better, -1 where less is, shape (J,).
    how
        The method.
    goalposts
        Low and high post of each indicator, shape (2, J).

    Returns
    -------
    ndarray
        Scores, 0 to 100, shape of `values`.

    Raises
    ------
    ParameterError
        If there is no such method, or it lacks its goalposts.

    References
    ----------
    OECD & JRC (2008), Handbook on Constructing Composite Indicators, Paris, step 5.
    """
    signed = values * direction
    if values.shape[-2] == 1 and how in set(NORMALISATIONS) - {"goalposts"}:
        return np.full(values.shape, np.nan)
    match how:
        case "minmax":
            return _minmax(signed)
        case "zscore":
            return _zscore(signed)
        case "distance":
            return _distance(values, direction)
        case "goalposts":
            if goalposts is None or not (goalposts[0] < goalposts[1]).all():
                raise ParameterError("goalposts need a low and a higher post for each indicator")
            low, high = goalposts
            scores = np.clip(100 * (values - low) / (high - low), 0.0, 100.0)
            reached: NDArray[np.float64] = np.where(direction > 0, scores, 100 - scores)
            return reached
        case "rank" | "percentile" | "borda":
            return _by_order(signed, how)
        case _:
            raise ParameterError(f"normalisation must be one of {', '.join(NORMALISATIONS)}")


def _extremes(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and greatest value over regions, shape (..., 1, J); infinite where all are missing."""
    missing = np.isnan(values)
    low = np.where(missing, np.inf, values).min(axis=-2, keepdims=True)
    high = np.where(missing, -np.inf, values).max(axis=-2, keepdims=True)
    return low, high


def _same(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a range is nothing but rounding."""
    with np.errstate(invalid="ignore"):
        return high - low <= 1e-12 * np.maximum(np.abs(low), np.abs(high))


def _minmax(signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the range."""
    low, high = _extremes(signed)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = 100 * (signed - low) / (high - low)
    return _or_middle(np.clip(scores, 0.0, 100.0), signed, _same(low, high))


def _zscore(signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal distribution function of the standardised value."""
    known = ~np.isnan(signed)
    n = known.sum(axis=-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, signed, 0.0).sum(axis=-2, keepdims=True) / n
        off = np.where(known, signed - mean, 0.0)
        deviation = np.sqrt((off**2).sum(axis=-2, keepdims=True) / (n - 1))
        scores = 100 * ndtr((signed - mean) / deviation)
    return _or_middle(scores, signed, _same(*_extremes(signed)))


def _distance(values: NDArray[np.float64], direction: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the best value."""
    low, high = _extremes(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(direction > 0, 100 * (values / high), 100 * (low / values))
    suits = np.where(direction > 0, (low >= 0) & (high > 0), low > 0)
    return np.where(suits, scores, _minmax(values * direction))


def _by_order(signed: NDArray[np.float64], how: str) -> NDArray[np.float64]:
    """Scores that depend on the order alone."""
    known = ~np.isnan(signed)
    n = known.sum(axis=-2, keepdims=True)
    low, high = _extremes(signed)
    # Figures that differ by rounding alone are a tie.
    dust = 1e-12 * np.maximum(np.abs(low), np.abs(high))
    below, above = (np.moveaxis(signed + side * dust, -2, -1) for side in (-1, 1))
    columns = np.sort(np.moveaxis(signed, -2, -1), axis=-1)
    beaten, upto = np.zeros(columns.shape), np.zeros(columns.shape)
    for column in np.ndindex(columns.shape[:-1]):
        beaten[column] = np.searchsorted(columns[column], below[column], side="left")
        upto[column] = np.searchsorted(columns[column], above[column], side="right")
    beaten, equal = np.moveaxis(beaten, -1, -2), np.moveaxis(upto - beaten, -1, -2)
    with np.errstate(invalid="ignore", divide="ignore"):
        if how == "borda":
            scores = 100 * beaten / (n - 1)
        elif how == "rank":
            scores = 100 * (beaten + (equal - 1) / 2) / (n - 1)
        else:
            scores = 100 * (beaten + equal / 2) / n
    if how == "borda":
        scores = np.where(n > 1, scores, 0.0)
        return np.where(known, scores, np.nan)
    return _or_middle(scores, signed, n <= 1)


def _or_middle(
    scores: NDArray[np.float64], signed: NDArray[np.float64], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Scores, 50 where the indicator tells nothing, missing where the value is."""
    return np.where(np.isnan(signed), np.nan, np.where(where, 50.0, scores))
