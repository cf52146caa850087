"""What a change in the figures of one region would do to its scores."""

from __future__ import annotations

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


def score_gains(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    method: IndexMethod = IndexMethod(),
) -> pd.DataFrame:
    """Score the regions again, each time with other figures of one region.

    Every step is done anew, all other regions staying as they are: a region that already
    has the best figure gains nothing by a better one, since the scale is set by the best.

    Parameters
    ----------
    values, registry
        As in `geo_border.index.levels.levels`.
    changes
        Columns ``change`` (any label), ``region_id``, ``indicator_id``, ``value`` (the new
        figure). Rows with the same change and region are one change.
    method
        The method; not the benefit of the doubt.

    Returns
    -------
    DataFrame
        ``change``, ``region_id`` and the gain of that region in each of `SCORES`, points.

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
    keys = changes[["change", "region_id"]].drop_duplicates().reset_index(drop=True)
    case = pd.MultiIndex.from_frame(keys).get_indexer(
        pd.MultiIndex.from_frame(changes[["change", "region_id"]])
    )
    region = values.index.get_indexer(pd.Index(changes["region_id"]))
    indicator = values.columns.get_indexer(pd.Index(changes["indicator_id"]))
    # The last one is the reference.
    cases = np.repeat(values.to_numpy()[None], len(keys) + 1, axis=0)
    cases[case, region, indicator] = changes["value"].to_numpy(float)
    if np.isinf(cases).any():
        raise IndicatorError("a change sets a figure to infinity")

    treated = np.stack(
        [treated_array(values_of, method.treatment, method.outliers)[0] for values_of in cases]
    )
    scores = normalise(
        treated,
        registry.loc[names, "direction"].to_numpy(),
        how=method.normalisation,
        goalposts=goalposts_of(method, names),
    )
    weights = component_weights(scores, names, registry, rule_of(method), given_of(method))
    result = component_scores(scores, weights, registry, method)
    own = values.index.get_indexer(pd.Index(keys["region_id"]))
    gain = result[np.arange(len(keys)), own] - result[-1, own]
    return keys.join(pd.DataFrame(gain, columns=list(SCORES)))
