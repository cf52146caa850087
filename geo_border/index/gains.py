"""What a change in the figures of regions would do to their scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError
from geo_border.index.levels import (
    IndexMethod,
    checked_values,
    component_scores,
    component_weights,
    given_of,
    goalposts_of,
    rule_of,
)
from geo_border.index.normalise import normalise
from geo_border.index.registry import SCORES, checked_registry
from geo_border.index.treatment import treated_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES_HELD = 4_000_000
"""Most figures of regions that are scored at once."""


def score_gains(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    method: IndexMethod = IndexMethod(),
) -> pd.DataFrame:
    """Score the regions again, each time with other figures of some of them.

    Every step that a figure touches is done anew for all regions, as in a run with these
    figures: a region whose own figures stay can lose where others become better.

    Parameters
    ----------
    values, registry
        As in `geo_border.index.levels.levels`.
    changes
        Columns ``change`` (any label), ``region_id``, ``indicator_id``, ``value`` (the new
        figure). Rows with the same label are one change.
    method
        The method; not the benefit of the doubt.

    Returns
    -------
    DataFrame
        A row for each ``change`` and ``region_id``, in the order of `changes` and `values`: the
        gain in each of `SCORES`, points.

    Raises
    ------
    IndicatorError
        As `geo_border.index.levels.levels`; if a change names an unknown region or
        indicator; with the benefit of the doubt.
    """
    registry = checked_registry(registry)
    values = checked_values(values, registry)
    if method.weights == "bod":
        raise IndicatorError("the benefit of the doubt has no common weights to score gains with")
    names = [str(name) for name in values.columns]
    for column, known in (("region_id", values.index), ("indicator_id", values.columns)):
        strange = changes.loc[~changes[column].isin(known), column]
        if len(strange):
            raise IndicatorError(f"a change names the unknown {column[:-3]} {strange.iloc[0]!r}")
    case, labels = pd.factorize(changes["change"])
    region = values.index.get_indexer(pd.Index(changes["region_id"]))
    indicator = values.columns.get_indexer(pd.Index(changes["indicator_id"]))
    figures = changes["value"].to_numpy(float)
    if np.isinf(figures).any():
        raise IndicatorError("a change sets a figure to infinity")
    given = values.to_numpy(float)
    as_is = treated_array(given, method.treatment, method.outliers)[0]
    reference = _scores(as_is[None], names, registry, method)[0]
    gain = np.empty((len(labels), len(values), len(SCORES)))
    size = max(1, FIGURES_HELD // max(1, given.size))
    for first in range(0, len(labels), size):
        here = slice(first, min(first + size, len(labels)))
        cases = np.repeat(as_is[None], here.stop - first, axis=0)
        rows = np.flatnonzero((case >= first) & (case < here.stop))
        for j in np.unique(indicator[rows]):
            of_case = rows[indicator[rows] == j]
            changed, copy = np.unique(case[of_case], return_inverse=True)
            figures_of = np.repeat(given[:, [j]], len(changed), axis=1)
            figures_of[region[of_case], copy] = figures[of_case]
            treated = treated_array(figures_of, method.treatment, method.outliers)[0]
            cases[changed - first, :, j] = treated.T
        found = _scores(cases, names, registry, method)
        gain[here] = found - reference
    keys = pd.DataFrame(
        {
            "change": np.repeat(np.asarray(labels, object), len(values)),
            "region_id": np.tile(values.index.to_numpy(object), len(labels)),
        }
    )
    return keys.join(pd.DataFrame(gain.reshape(-1, len(SCORES)), columns=list(SCORES)))


def _scores(
    treated: NDArray[np.float64], names: list[str], registry: pd.DataFrame, method: IndexMethod
) -> NDArray[np.float64]:
    """Scores of all regions in some cases of treated figures, shape (cases, R, scores)."""
    scores = normalise(
        treated,
        registry.loc[names, "direction"].to_numpy(),
        how=method.normalisation,
        goalposts=goalposts_of(method, names),
    )
    weights = component_weights(scores, names, registry, rule_of(method), given_of(method))
    return component_scores(scores, weights, registry, method)
