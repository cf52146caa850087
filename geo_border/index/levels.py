"""The levels of each region: indicators treated, normalised, weighted and aggregated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError, ParameterError
from geo_border.ids import by_id
from geo_border.index.aggregate import AGGREGATIONS, Aggregation, aggregate
from geo_border.index.normalise import NORMALISATIONS, Normalisation, normalise
from geo_border.index.registry import COMPONENTS, SCORES, checked_registry, indicators_of
from geo_border.index.treatment import RULES, Outliers, Rule, treat
from geo_border.index.weights import (
    WEIGHTINGS,
    Weighting,
    benefit_of_the_doubt,
    data_weights,
)
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class IndexMethod:
    """How indicators become levels, and levels the index.

    Parameters
    ----------
    normalisation
        See `geo_border.index.normalise.normalise`.
    weights
        Rule for the weights within each level (see `geo_border.index.weights.data_weights`),
        ``"bod"`` for the benefit of the doubt, or the weights themselves by indicator.
    aggregation
        See `geo_border.index.aggregate.aggregate`; within the levels and of the levels.
        With ``"bod"`` it is of the levels only.
    treatment, outliers
        See `geo_border.index.treatment.treat`.
    least_share
        A level (or the potential, or the dynamics) in which a region has less than this
        share of the indicators is missing for it.
    level_weights
        Weights of the levels in the index; equal if not given.
    goalposts
        Low and high post by indicator, for the normalisation of that name.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> gb.levels(values, registry, method=gb.IndexMethod(aggregation="geometric"))["rank"].idxmin()
    'RU-NVS'
    """

    normalisation: Normalisation = "minmax"
    weights: Weighting | Literal["bod"] | Mapping[str, float] = "equal"
    aggregation: Aggregation = "arithmetic"
    treatment: Rule = "winsorise"
    outliers: Outliers = Outliers()
    least_share: float = 2 / 3
    level_weights: Mapping[str, float] | None = None
    goalposts: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("normalisation", self.normalisation, NORMALISATIONS),
            ("aggregation", self.aggregation, AGGREGATIONS),
            ("treatment", self.treatment, RULES),
        ):
            if value not in allowed:
                raise ParameterError(f"{what} must be one of {', '.join(allowed)}, not {value!r}")
        if isinstance(self.weights, str) and self.weights not in (*WEIGHTINGS, "bod"):
            raise ParameterError(
                f"weights must be one of {', '.join(WEIGHTINGS)}, bod or a mapping"
            )
        if not 0 < self.least_share <= 1:
            raise ParameterError(
                f"least_share must be above 0 and at most 1, not {self.least_share}"
            )


def levels(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    *,
    method: IndexMethod = IndexMethod(),
) -> pd.DataFrame:
    """Score every region on the three levels, the potential, the dynamics and the index.

    Parameters
    ----------
    values
        Index ``region_id``, a column for each indicator of role ``index``, as
        `geo_border.index.selection.select` gives it.
    registry
        The registry, index ``indicator_id``.
    method
        How.

    Returns
    -------
    DataFrame
        Index ``region_id``; `LEVELS`, ``potential``, ``dynamics`` and ``index`` from 0 to
        100, missing where there is too little to go by (the index where a level is
        missing); ``rank`` of the index, 1 the highest, ties at the better rank; for each
        component ``<component>_share``, the share of its indicators that the region has.

    Raises
    ------
    IndicatorError
        If values and registry do not fit, or weights or goalposts lack an indicator.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> list(gb.levels(values, registry))[:3]
    ['transport_communication', 'joint_projects', 'social_services']
    """
    parts = scores_of(values, registry, method=method)
    array = component_scores(
        parts.scores.to_numpy(), parts.weights.to_numpy(), parts.registry, method
    )
    table = pd.DataFrame(array, index=parts.scores.index, columns=list(SCORES))
    # What differs by rounding alone is a tie.
    table["rank"] = table["index"].round(9).rank(ascending=False, method="min")
    for component in COMPONENTS:
        names = indicators_of(parts.registry, component)
        share = parts.scores[names].notna().mean(axis=1) if names else 0.0
        table[f"{component}_share"] = share
    return table


def component_scores(
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
    registry: pd.DataFrame,
    method: IndexMethod,
) -> NDArray[np.float64]:
    """Aggregate scored indicators to the components and the index.

    Parameters
    ----------
    scores
        Indicators in the order of the registry, 0 to 100, shape (..., R, J); with the
        benefit of the doubt (R, J).
    weights
        Their weights within the components, shape (..., J); not used with the benefit of
        the doubt.
    registry
        Checked registry.
    method
        The method.

    Returns
    -------
    ndarray
        `SCORES`, shape (..., R, 6).

    Raises
    ------
    IndicatorError
        If level weights are not sound, or the benefit of the doubt has no solution.
    """
    names = [str(name) for name in registry.index[registry["role"] == "index"]]
    result = np.full((*scores.shape[:-1], len(SCORES)), np.nan)
    for position, component in enumerate(COMPONENTS):
        where = [names.index(name) for name in indicators_of(registry, component)]
        if not where:
            continue
        own = scores[..., where]
        if method.weights == "bod":
            value = 100 * benefit_of_the_doubt(own)[0]
        else:
            value = aggregate(own, weights[..., where], how=method.aggregation)
        result[..., position] = np.where(enough(own, method.least_share), value, np.nan)
    result[..., -1] = combined(
        result[..., : len(LEVELS)], level_weights(method), method.aggregation
    )
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Indicators on the way to the levels.

    Parameters
    ----------
    scores
        Normalised values, 0 to 100, a column for each indicator.
    weights
        Weight of each indicator within its component, adding up to 1 there; missing
        where the benefit of the doubt gives each region its own.
    treatment
        Account of the treatment, see `geo_border.index.treatment.Treated`.
    registry
        The checked registry.
    """

    scores: pd.DataFrame
    weights: pd.Series
    treatment: pd.DataFrame
    registry: pd.DataFrame


def scores_of(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    *,
    method: IndexMethod = IndexMethod(),
) -> Scores:
    """Treat, normalise and weigh the indicators.

    Parameters
    ----------
    values, registry, method
        As in `levels`.

    Returns
    -------
    Scores
        Scores, weights, account.

    Raises
    ------
    IndicatorError
        As in `levels`.
    """
    registry = checked_registry(registry)
    values = checked_values(values, registry)
    names = list(values.columns)
    treated = treat(values, rule=method.treatment, outliers=method.outliers)
    array = normalise(
        treated.table.to_numpy(),
        registry.loc[names, "direction"].to_numpy(),
        how=method.normalisation,
        goalposts=goalposts_of(method, names),
    )
    scores = pd.DataFrame(array, index=values.index, columns=values.columns)
    weights = pd.Series(np.nan, index=pd.Index(names, name="indicator_id"), name="weight")
    if method.weights != "bod":
        weights[:] = component_weights(array, names, registry, rule_of(method), given_of(method))
    return Scores(scores, weights, treated.account, registry)


def checked_values(values: pd.DataFrame, registry: pd.DataFrame) -> pd.DataFrame:
    """Values of the indicators that enter the index, in the order of the registry.

    Parameters
    ----------
    values
        As in `levels`.
    registry
        Checked registry.

    Returns
    -------
    DataFrame
        A column for each indicator of role ``index``, floats.

    Raises
    ------
    IndicatorError
        If an indicator of the registry has no column, a column is not in the registry, a
        value is infinite, or a region or column is there twice.
    """
    values = by_id(values, "region_id")
    for axis, what in ((values.index, "region"), (values.columns, "indicator")):
        if axis.has_duplicates:
            raise IndicatorError(f"{what} {axis[axis.duplicated()][0]!r} is there twice")
    strange = values.columns.difference(registry.index, sort=False)
    if len(strange):
        raise IndicatorError(f"indicator {strange[0]!r} is not in the registry")
    names = [str(name) for name in registry.index[registry["role"] == "index"]]
    absent = [name for name in names if name not in values.columns]
    if absent:
        raise IndicatorError(
            f"indicator {absent[0]!r} enters the index but has no values",
            remedy="Give it values, or the role 'context'",
        )
    try:
        checked = values[names].astype(float)
    except (TypeError, ValueError) as error:
        raise IndicatorError(f"a value is not a number ({error})") from error
    infinite = np.isinf(checked.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise IndicatorError(f"{names[column]!r} of {values.index[row]!r} is infinite")
    return checked


def enough(scores: NDArray[np.float64], least_share: float) -> NDArray[np.bool_]:
    """Whether a region has enough of the indicators of a component.

    Parameters
    ----------
    scores
        Shape (..., R, J).
    least_share
        Share that is enough.

    Returns
    -------
    ndarray
        Shape (..., R).
    """
    share = np.asarray((~np.isnan(scores)).mean(axis=-1))
    # 2 of 3 is two thirds, whatever the last binary digit.
    result: NDArray[np.bool_] = (share >= least_share - 1e-9) & (share > 0)
    return result


def combined(
    parts: NDArray[np.float64], weights: NDArray[np.float64], how: Aggregation
) -> NDArray[np.float64]:
    """Index of the levels, missing where one of them is.

    Parameters
    ----------
    parts
        Levels, shape (..., R, 3).
    weights
        Shape (..., 3).
    how
        Aggregation.

    Returns
    -------
    ndarray
        Shape (..., R).
    """
    whole = np.asarray(~np.isnan(parts).any(axis=-1))
    # A region without one level takes no part in the comparison of pairs either.
    filled = np.where(whole[..., None], parts, np.nan)
    return np.where(whole, aggregate(filled, weights, how=how), np.nan)


def level_weights(method: IndexMethod) -> NDArray[np.float64]:
    """Weights of the three levels.

    Parameters
    ----------
    method
        The method.

    Returns
    -------
    ndarray
        Adding up to 1, shape (3,).

    Raises
    ------
    IndicatorError
        If they are not given for each level, negative, or all zero.
    """
    if method.level_weights is None:
        return np.full(len(LEVELS), 1 / len(LEVELS))
    return _given(method.level_weights, list(LEVELS), "level")


def rule_of(method: IndexMethod) -> Weighting | Literal["given"]:
    """Name of the rule of the weights.

    Parameters
    ----------
    method
        The method; not with the benefit of the doubt.

    Returns
    -------
    str
        A rule, or ``"given"``.
    """
    return cast("Weighting", method.weights) if isinstance(method.weights, str) else "given"


def given_of(method: IndexMethod) -> Mapping[str, float] | None:
    """Weights that the method itself states.

    Parameters
    ----------
    method
        The method.

    Returns
    -------
    Mapping or None
        By indicator; None where a rule makes them.
    """
    return None if isinstance(method.weights, str) else method.weights


def component_weights(
    scores: NDArray[np.float64],
    names: list[str],
    registry: pd.DataFrame,
    rule: Weighting | Literal["given"],
    given: Mapping[str, float] | None = None,
) -> NDArray[np.float64]:
    """Weights of the indicators, adding up to 1 within each component.

    Parameters
    ----------
    scores
        Shape (..., R, J).
    names
        Indicators, J of them.
    registry
        Checked registry.
    rule
        Rule of the weights.
    given
        Weights by indicator for the rule ``"given"``.

    Returns
    -------
    ndarray
        Shape (..., J).

    Raises
    ------
    IndicatorError
        If given weights lack an indicator, are negative, or all zero in a component.
    """
    weights = np.zeros((*scores.shape[:-2], len(names)))
    for component in COMPONENTS:
        here = indicators_of(registry, component)
        where = [names.index(name) for name in here]
        if not here:
            continue
        if rule == "given":
            weights[..., where] = _given(given or {}, here, "indicator")
        else:
            weights[..., where] = data_weights(scores[..., where], rule)
    return weights


def _given(given: Mapping[str, float], names: list[str], what: str) -> NDArray[np.float64]:
    """Weights from a mapping, adding up to 1."""
    absent = [name for name in names if name not in given]
    if absent:
        raise IndicatorError(f"the weights lack the {what} {absent[0]!r}")
    weights = np.array([given[name] for name in names], float)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise IndicatorError(f"weights must be 0 or more, and not all 0: {names}")
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def goalposts_of(method: IndexMethod, names: list[str]) -> NDArray[np.float64] | None:
    """Goalposts of the indicators.

    Parameters
    ----------
    method
        The method.
    names
        Indicators, J of them.

    Returns
    -------
    ndarray or None
        Low and high posts, shape (2, J); None for other normalisations.

    Raises
    ------
    IndicatorError
        If an indicator has none, or the low one is not below the high one.
    """
    if method.normalisation != "goalposts":
        return None
    absent = [name for name in names if name not in method.goalposts]
    if absent:
        raise IndicatorError(f"the goalposts lack the indicator {absent[0]!r}")
    controls = np.array([method.goalposts[name] for name in names], float).T
    wrong = ~(controls[0] < controls[1])
    if wrong.any():
        raise IndicatorError(
            f"the low goalpost of {names[int(wrong.argmax())]!r} is not below the high one"
        )
    return controls
