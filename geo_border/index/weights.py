"""Weights of indicators: from the data, from judgements, or best for each region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.optimize import linprog

from geo_border.errors import IndicatorError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Weighting = Literal["equal", "pca", "entropy", "critic"]
"""Rules that give one set of weights from the scores."""

WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)

RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Mean consistency index of random matrices by their size (Saaty 1980, scale 1 to 9)."""


def data_weights(scores: NDArray[np.float64], rule: Weighting = "equal") -> NDArray[np.float64]:
    """Weights that a rule draws from the scores of one level.

    - ``equal``: ``1 / J``.
    - ``pca``: squared loadings of the first principal component of the correlations.
    - ``entropy``: ``w_j ∝ 1 - e_j`` with ``e_j = -Σ p_ij ln p_ij / ln n``, ``p`` the shares
      of the regions in the sum of the scores.
    - ``critic``: ``w_j ∝ σ_j Σ_k (1 - r_jk)``.

    Correlations are of the regions that have both scores. Where a rule finds nothing to
    tell the indicators apart, the weights are equal.

    Parameters
    ----------
    scores
        Not negative, shape (..., R, J).
    rule
        The rule.

    Returns
    -------
    ndarray
        Not negative, adding up to 1, shape (..., J).

    Raises
    ------
    ParameterError
        If there is no such rule.

    References
    ----------
    OECD & JRC (2008), Handbook on Constructing Composite Indicators, Paris, step 6;
    Shannon (1948), Bell Syst. Tech. J. 27 379-423; Diakoulaki, Mavrotas & Papayannakis
    (1995), Determining objective weights in multiple criteria problems: the CRITIC method,
    Comput. Oper. Res. 22(7) 763-770.
    """
    n_indicators = scores.shape[-1]
    match rule:
        case "equal":
            raw = np.ones((*scores.shape[:-2], n_indicators))
        case "pca":
            raw = np.linalg.eigh(_correlations(scores))[1][..., -1] ** 2
        case "entropy":
            raw = _divergence(scores)
        case "critic":
            variance = np.diagonal(_covariances(scores)[0], axis1=-2, axis2=-1)
            deviation = np.sqrt(np.maximum(variance, 0.0))
            raw = deviation * (1 - _correlations(scores)).sum(axis=-1)
        case _:
            raise ParameterError(f"weights must be one of {', '.join(WEIGHTINGS)}, not {rule!r}")
    total = raw.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights: NDArray[np.float64] = np.where(total > 1e-12, raw / total, 1 / n_indicators)
    return weights


def _covariances(
    scores: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Covariances over the pairs that are there, and the product of the deviations over them."""
    known = ~np.isnan(scores)
    mask = known.astype(float)
    x = np.where(known, scores, 0.0)
    # Centred first, so that the differences below do not cancel.
    x = (x - x.sum(axis=-2, keepdims=True) / np.maximum(mask.sum(axis=-2, keepdims=True), 1)) * mask
    turned = np.swapaxes(x, -1, -2)
    n = np.swapaxes(mask, -1, -2) @ mask
    with np.errstate(invalid="ignore", divide="ignore"):
        # Means of j over the regions that also have k, and the other way round.
        own = (turned @ mask) / n
        cross = (turned @ x) / n - own * np.swapaxes(own, -1, -2)
        square = (np.swapaxes(x**2, -1, -2) @ mask) / n - own**2
    cross, square = np.nan_to_num(cross), np.maximum(np.nan_to_num(square), 0.0)
    return cross, np.sqrt(square * np.swapaxes(square, -1, -2))


def _correlations(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations over the pairs that are there; 0 where one does not vary."""
    cross, deviations = _covariances(scores)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(deviations > 1e-9, cross / deviations, 0.0)
    r = np.clip(r, -1.0, 1.0)
    return np.where(np.eye(r.shape[-1], dtype=bool), 1.0, r)


def _divergence(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """One less the entropy of each indicator."""
    known = ~np.isnan(scores)
    x = np.where(known, scores, 0.0)
    n = known.sum(axis=-2)
    total = x.sum(axis=-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(total > 0, x / total, 0.0)
        terms = np.where(p > 0, p * np.log(p), 0.0)
        entropy = -terms.sum(axis=-2) / np.log(n)
    informative = (n > 1) & (total[..., 0, :] > 0)
    return np.where(informative, np.maximum(1 - entropy, 0.0), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseWeights:
    """Weights from pairwise comparisons, and how far these agree with each other.

    Parameters
    ----------
    weights
        Adding up to 1, shape (n,).
    lambda_max
        Principal eigenvalue, ``n`` if the comparisons agree exactly.
    consistency_ratio
        ``(λ - n) / (n - 1)`` over its mean for random matrices; 0 for n < 3.
    """

    weights: NDArray[np.float64]
    lambda_max: float
    consistency_ratio: float

    @property
    def consistent(self) -> bool:
        """Whether the ratio is below the customary 0.1."""
        return self.consistency_ratio < 0.1


def ahp(comparisons: NDArray[np.float64]) -> PairwiseWeights:
    """Weights by the analytic hierarchy process.

    Parameters
    ----------
    comparisons
        How many times more important the row is than the column, shape (n, n), n up to 10;
        reciprocal.

    Returns
    -------
    PairwiseWeights
        Principal eigenvector and consistency ratio; a ratio from 0.1 on means that the
        comparisons should be revised.

    Raises
    ------
    IndicatorError
        If the matrix is not square, positive and reciprocal, or has more than 10 rows.

    References
    ----------
    Saaty (1977), A scaling method for priorities in hierarchical structures, J. Math.
    Psychol. 15(3) 234-281; Saaty (1980), The Analytic Hierarchy Process, McGraw-Hill.
    """
    matrix = np.asarray(comparisons, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise IndicatorError("pairwise comparisons are not a square matrix")
    n = len(matrix)
    if n >= len(RANDOM_INDEX):
        raise IndicatorError(
            f"{n} indicators are too many to compare in pairs",
            remedy="Compare the levels first, then the indicators within each",
        )
    if not (np.isfinite(matrix).all() and (matrix > 0).all()):
        raise IndicatorError("pairwise comparisons must be positive numbers")
    # Published matrices give 1/3 as 0.33.
    if not np.allclose(matrix * matrix.T, 1.0, atol=0.05):
        raise IndicatorError(
            "pairwise comparisons are not reciprocal",
            remedy="Where a is 3 times b, b must be 1/3 of a",
        )
    values, vectors = np.linalg.eig(matrix)
    principal = int(np.argmax(values.real))
    vector = np.abs(vectors[:, principal].real)
    lambda_max = float(values[principal].real)
    index = RANDOM_INDEX[n]
    ratio = (lambda_max - n) / (n - 1) / index if index else 0.0
    return PairwiseWeights(vector / vector.sum(), lambda_max, max(ratio, 0.0))


def benefit_of_the_doubt(
    scores: NDArray[np.float64], *, least_share: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score of each region under the weights that are best for it.

    ``max_w Σ_j w_j x_ij`` so that no region scores above 1 with these weights, and each
    indicator gives at least `least_share` of the region's own score. Indicators that a
    region lacks count nothing for it.

    Parameters
    ----------
    scores
        Not negative, shape (R, J).
    least_share
        Least share of each indicator (over the number of them at most), so that a region
        cannot live on its one best indicator; a region that scores 0 in one would then
        score nothing at all, so the shares bind only for indicators above 0.

    Returns
    -------
    tuple
        Scores 0 to 1, shape (R,), missing where the region has no indicator; weights, not
        normalised, shape (R, J).

    Raises
    ------
    ParameterError
        If the shares cannot be met or a score is negative.
    IndicatorError
        If the linear programme has no solution.

    References
    ----------
    Melyn & Moesen (1991), Towards a synthetic indicator of macroeconomic performance, KU
    Leuven; Cherchye et al. (2007), An introduction to 'benefit of the doubt' composite
    indicators, Soc. Indic. Res. 82 111-145.
    """
    n_regions, n_indicators = scores.shape
    if not 0 <= least_share * n_indicators <= 1:
        raise ParameterError(f"least_share must be 0 to 1/{n_indicators}, not {least_share}")
    known = ~np.isnan(scores)
    x = np.where(known, scores, 0.0)
    if (x < 0).any():
        raise ParameterError("benefit of the doubt needs scores that are not negative")
    best = np.full(n_regions, np.nan)
    weights = np.full((n_regions, n_indicators), np.nan)
    for i in np.flatnonzero(known.any(axis=1)):
        own = x[i]
        if not (own > 0).any():
            best[i], weights[i] = 0.0, 0.0
            continue
        bound = np.flatnonzero(own > 0)
        # least_share Σ_k w_k x_ik - w_j x_ij <= 0
        shares = np.tile(least_share * own, (len(bound), 1))
        shares[np.arange(len(bound)), bound] -= own[bound]
        # An indicator that no region scores in must not have a weight without limit.
        upper = [(0, None) if x[:, j].any() else (0, 0) for j in range(n_indicators)]
        solution = linprog(
            -own,
            A_ub=np.vstack([x, shares]),
            b_ub=np.concatenate([np.ones(n_regions), np.zeros(len(bound))]),
            bounds=upper,
            method="highs",
        )
        if not solution.success:
            raise IndicatorError(f"benefit of the doubt has no solution: {solution.message}")
        best[i], weights[i] = -solution.fun, solution.x
    return best, weights
