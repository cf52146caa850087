"""Scores of many indicators as one: arithmetic, geometric, harmonic mean, Copeland."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from geo_border.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Aggregation = Literal["arithmetic", "geometric", "harmonic", "copeland"]
"""How scores become one."""

AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)

FLOOR = 1.0
"""Geometric and harmonic means are taken of scores moved to 1..100: a single 0 would leave
nothing of the others. The result is moved back."""


def aggregate(
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    how: Aggregation = "arithmetic",
) -> NDArray[np.float64]:
    """Weighted aggregate over the indicators that have a score.

    Missing scores are left out and the weights of the others renormalised; a region without
    any is missing. With ``copeland`` each pair of regions is compared over the indicators
    both have: one beats the other where the indicators in its favour have more weight
    (equal scores give half to each); the score is the number of regions beaten minus the
    number that beat it, moved from ``-(n - 1)..n - 1`` to 0..100.

    Parameters
    ----------
    scores
        0 to 100, shape (..., R, J).
    weights
        Not negative, shape (..., J) or, for weights of its own for each region,
        (..., R, J) (not with ``copeland``).
    how
        The method.

    Returns
    -------
    ndarray
        0 to 100, shape (..., R).

    Raises
    ------
    ParameterError
        If there is no such method.

    References
    ----------
    OECD & JRC (2008), Handbook on Constructing Composite Indicators, Paris, step 6;
    Copeland (1951), A reasonable social welfare function, University of Michigan.
    """
    if how == "copeland":
        return _copeland(scores, weights)
    if weights.ndim < scores.ndim:
        weights = weights[..., None, :]
    known = ~np.isnan(scores)
    w = np.where(known, weights, 0.0)
    filled = np.where(known, scores, 50.0)
    stretch = (100 - FLOOR) / 100
    with np.errstate(invalid="ignore", divide="ignore"):
        total = w.sum(axis=-1)
        match how:
            case "arithmetic":
                result = (w * filled).sum(axis=-1) / total
            case "geometric":
                logs = np.log(FLOOR + stretch * filled)
                result = (np.exp((w * logs).sum(axis=-1) / total) - FLOOR) / stretch
            case "harmonic":
                result = (total / (w / (FLOOR + stretch * filled)).sum(axis=-1) - FLOOR) / stretch
            case _:
                raise ParameterError(f"aggregation must be one of {', '.join(AGGREGATIONS)}")
    # Rounding must not carry a mean of zeros below zero.
    return np.clip(np.where(total > 0, result, np.nan), 0.0, 100.0)


def _copeland(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Regions beaten less regions that beat, on 0 to 100."""
    w = weights[..., None, None, :]
    a, b = scores[..., :, None, :], scores[..., None, :, :]
    lead = (w * ((a > b).astype(float) - (a < b))).sum(axis=-1)
    # A difference of weights that is nothing but rounding decides nothing.
    lead = np.where(np.abs(lead) > 1e-12 * weights.sum(axis=-1)[..., None, None], lead, 0.0)
    net = np.sign(lead).sum(axis=-1)
    weighed = np.where(np.isnan(scores), 0.0, weights[..., None, :]).sum(axis=-1)
    known = weighed > 0
    n = known.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        result = np.where(n > 1, 50 * (net / (n - 1) + 1), 50.0)
    return np.where(known, result, np.nan)
