"""Which choice causes how much of the uncertainty: Sobol indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import ParameterError
from geo_border.index.levels import IndexMethod
from geo_border.index.uncertainty import FACTORS, Alternatives, Model, rank_shift, ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

RANK_SHIFT = "rank_shift"
"""Name of the mean rank shift among the outputs."""


def variance_shares(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    *,
    size: int = 512,
    seed: int = 1,
    method: IndexMethod = IndexMethod(),
    alternatives: Alternatives = Alternatives(),
    transport_draws: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Split the variance of the mean rank shift, and of each region's index, by factor.

    Parameters
    ----------
    values, registry
        As in `geo_border.index.levels.levels`.
    size
        Points of each of the two sample matrices, a power of 2; the model is evaluated
        ``size * (factors + 2)`` times.
    seed
        Of the random numbers.
    method, alternatives, transport_draws
        As in `geo_border.index.uncertainty.uncertainty`.

    Returns
    -------
    DataFrame
        ``output`` (``rank_shift`` or a region), ``factor`` (of `FACTORS`, those with more
        than one choice), ``first`` (share of the variance that the factor causes alone) and
        ``total`` (alone and with others). Estimates: small shares may come out below 0.
        Missing where an output does not vary or is not there.

    Raises
    ------
    IndicatorError
        As `geo_border.index.uncertainty.uncertainty`.
    ParameterError
        If `size` is not a power of 2.

    References
    ----------
    Saltelli et al. (2010), Variance based sensitivity analysis of model output, Comput.
    Phys. Commun. 181(2) 259-270: the sample, the first-order estimator and, after Jansen
    (1999), the total one.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> gb.variance_shares(values, registry, size=8)["output"].iloc[0]
    'rank_shift'
    """
    if size < 2 or size & (size - 1):
        raise ParameterError(f"size must be a power of 2, not {size}")
    model = Model(values, registry, method, alternatives, transport_draws)
    # The perturbation of weights has many dimensions; one of `size` of them is picked.
    noises = size if alternatives.weight_variation > 0 else 1
    sizes = {factor: model.sizes.get(factor, noises) for factor in FACTORS}
    varied = [factor for factor in FACTORS if sizes[factor] > 1]
    random = np.random.default_rng(seed)
    noise = model.perturbations(random, noises)
    reference = ranks(model.reference()[:, -1])

    def outputs(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # Rank shift and index of each region, shape (points, 1 + R).
        picks = {factor: np.zeros(len(points), np.int64) for factor in FACTORS}
        for column, factor in enumerate(varied):
            picks[factor] = (points[:, column] * sizes[factor]).astype(np.int64)
        own = noise[picks.pop("perturbation")]
        index = model.scores(picks, own)[..., -1]
        return np.column_stack([rank_shift(ranks(index), reference), index])

    A, B = sample_pair(size, len(varied), random)
    of_A, of_B = outputs(A), outputs(B)
    parts = []
    for column, factor in enumerate(varied):
        mixed = A.copy()
        mixed[:, column] = B[:, column]
        first, total = indices(of_A, of_B, outputs(mixed))
        names = [RANK_SHIFT, *model.table.index.astype(str)]
        parts.append(
            pd.DataFrame({"output": names, "factor": factor, "first": first, "total": total})
        )
    if not parts:
        return pd.DataFrame(columns=["output", "factor", "first", "total"])
    table = pd.concat(parts, ignore_index=True)
    order = {name: place for place, name in enumerate(parts[0]["output"])}
    return table.sort_values(
        "output", key=lambda names: names.map(order), kind="stable"
    ).reset_index(drop=True)


def sample_pair(
    size: int, n_factors: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two independent samples of the unit cube from one Sobol sequence.

    Parameters
    ----------
    size
        Points, a power of 2.
    n_factors
        Dimensions of each.
    random
        Source of the shift that makes the sequence random (modulo 1).

    Returns
    -------
    tuple of ndarray
        Shape (size, n_factors) each, in [0, 1).
    """
    if not n_factors:
        return np.empty((size, 0)), np.empty((size, 0))
    from scipy.stats import qmc  # noqa: PLC0415  (slow to import)

    points = qmc.Sobol(2 * n_factors, scramble=False).random(size)
    points = (points + random.random(2 * n_factors)) % 1.0
    return points[:, :n_factors], points[:, n_factors:]


def indices(
    of_A: NDArray[np.float64], of_B: NDArray[np.float64], of_mixed: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First-order and total Sobol index of one factor.

    Parameters
    ----------
    of_A, of_B
        Outputs at the two samples, shape (N, S).
    of_mixed
        Outputs at the first sample with the factor taken from the second, shape (N, S).

    Returns
    -------
    tuple of ndarray
        Shape (S,) each; missing where the output does not vary.
    """
    both = np.concatenate([of_A, of_B])
    variance = both.var(axis=0)
    mean = both.mean(axis=0)
    varies = variance > 1e-12 * (1 + mean**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = ((of_B - mean) * (of_mixed - of_A)).mean(axis=0) / variance
        total = 0.5 * ((of_A - of_mixed) ** 2).mean(axis=0) / variance
    return np.where(varies, first, np.nan), np.where(varies, total, np.nan)
