"""The typology: each region's type, its certainty, and which changes would lead to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.ids import by_id
from geo_border.terms import LEVELS
from geo_border.typology.points import growth, largest_gap, readiness
from geo_border.typology.rules import (
    CLASSES,
    TYPE_OF,
    UNDETERMINED,
    Thresholds,
    classes,
    type_of,
    type_probabilities,
)

if TYPE_CHECKING:
    from geo_border.index.uncertainty import Uncertainty


def region_types(
    levels: pd.DataFrame,
    uncertainty: Uncertainty | None = None,
    *,
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Type of each region, how sure it is, and what the scores say besides.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`, or scores of one's own by the same names.
    uncertainty
        Draws; without them there are no probabilities.
    thresholds
        The cuts.

    Returns
    -------
    DataFrame
        Index of `levels`: ``type``, ``probability`` (of that type over the draws; missing
        where the type is undetermined), ``code`` (such as ``HML``), with draws ``likeliest``
        and ``likeliest_probability`` (their most frequent type), ``next_type`` and
        ``next_probability`` (the most frequent of the others), ``readiness`` (0 to 100),
        ``is_growth_point``, ``gap`` (points that the lowest level is behind the potential),
        ``growth`` (one of `geo_border.typology.points.GROWTH`) and the class of each score,
        ``<score>_class``.

    Raises
    ------
    IndicatorError
        If a level, the potential, the dynamics or the index has no column.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> scores = {"transport_communication": [80, 30], "joint_projects": [70, 35]}
    >>> scores |= {"social_services": [65, 20], "potential": [60, 70], "dynamics": [50, 75]}
    >>> levels = pd.DataFrame(scores | {"index": [72, 28]}, index=["north", "south"])
    >>> gb.region_types(levels)["type"].to_dict()
    {'north': 'integrated region', 'south': 'border periphery'}
    """
    levels = by_id(levels, "region_id")
    ready = readiness(levels)
    found = classes(levels, thresholds=thresholds)
    kinds = type_of(found)
    points = growth(found)
    table = kinds[["type"]].assign(probability=np.nan, code=kinds["code"])
    if uncertainty is not None:
        share = type_probabilities(uncertainty, thresholds=thresholds).reindex(levels.index)
        own = pd.get_dummies(kinds["type"]).reindex(columns=share.columns, fill_value=False)
        is_typed = kinds["type"] != UNDETERMINED
        table["probability"] = share.where(own).max(axis=1).where(is_typed)
        table["likeliest"] = share.idxmax(axis=1)
        table["likeliest_probability"] = share.max(axis=1)
        others = share.where(~own, -1.0)
        table["next_type"] = others.idxmax(axis=1)
        table["next_probability"] = others.max(axis=1)
    return table.assign(
        readiness=ready,
        is_growth_point=points["is_growth_point"],
        gap=largest_gap(levels),
        growth=points["growth"],
        **{f"{score}_class": found[score] for score in found},
    )


def moves(levels: pd.DataFrame, *, thresholds: Thresholds = Thresholds()) -> pd.DataFrame:
    """Changes of one level by one class, and the type they would lead to.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.
    thresholds
        The cuts; where they are quantiles, as they lie now.

    Returns
    -------
    DataFrame
        ``region_id``, ``level``, ``step`` (1 for more of it, -1 for less), ``points`` (positive:
        more is needed; negative: less would do), ``class`` (the new one), ``type`` (the new
        one); of the regions in their order, of each the nearest first. Regions that lack a
        level have none.
    """
    found = classes(levels, thresholds=thresholds)[list(LEVELS)].dropna()
    ladder = pd.Index(CLASSES)
    numbers = np.stack([ladder.get_indexer(pd.Index(found[level])) for level in LEVELS], axis=1)
    scores = levels.loc[found.index, list(LEVELS)].to_numpy(float)
    order, rows = np.arange(len(found)), []
    for position, level in enumerate(LEVELS):
        cuts = np.array([*thresholds.cuts(levels[level].to_numpy(float)), np.nan])
        for step in (-1, 1):
            new = numbers.copy()
            new[:, position] += step
            # Beyond the lowest and the highest class there is nothing.
            possible = (new[:, position] >= 0) & (new[:, position] < len(CLASSES))
            cut = cuts[np.minimum(numbers[:, position], new[:, position])[possible]]
            codes = ["".join(CLASSES[number][0].upper() for number in row) for row in new[possible]]
            rows.append(
                pd.DataFrame(
                    {
                        "region": order[possible],
                        "region_id": found.index[possible],
                        "level": level,
                        "step": step,
                        "points": cut - scores[possible, position],
                        "class": [CLASSES[number] for number in new[possible, position]],
                        "type": [TYPE_OF[code] for code in codes],
                    }
                )
            )
    table = pd.concat(rows, ignore_index=True)
    table["far"] = table["points"].abs()
    ordered = table.sort_values(["region", "far"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["region", "far"])
