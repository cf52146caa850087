"""Types of border regions: three levels, three classes, one name for each combination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError, ParameterError
from geo_border.index.registry import SCORES
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.index.uncertainty import Uncertainty

CLASSES = ("low", "medium", "high")
"""Classes of a level."""

ROUNDING = 1e-9
"""A score that is a cut but for this much has reached it, points."""

UNDETERMINED = "undetermined"
"""Type of a region one of whose levels is missing."""

TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "integrated region": (
        "two or three levels are high and none is low: the conditions of integration are there",
        ("HHH", "HHM", "HMH", "MHH"),
    ),
    "gateway": (
        "transport leads and joint projects are at least medium: a way across, with partners at it",
        ("HHL", "HMM"),
    ),
    "transit corridor": (
        "transport is high and joint projects or services are low: a way through rather than to it",
        ("HML", "HLM", "HLL"),
    ),
    "economic partner": (
        "joint projects lead on sufficient transport: firms are readier than services for people",
        ("MHM", "MHL"),
    ),
    "service centre": (
        "social services lead on sufficient transport: the other side could come for them",
        ("HLH", "MLH", "MMH"),
    ),
    "partner behind a barrier": (
        "joint projects or services are high and transport is low: the way across holds them back",
        ("LHH", "LHM", "LHL", "LMH", "LLH"),
    ),
    "transitional region": (
        "most levels are medium and none is high: neither ready for integration nor apart",
        ("MMM", "MML", "MLM", "LMM"),
    ),
    "border periphery": (
        "two or three levels are low and none is high: the border is an edge, not a contact",
        ("LLL", "LLM", "LML", "MLL"),
    ),
}
"""Each type with its meaning and its combinations: classes of transport communication,
joint projects, social services, in that order (L, M, H). Levels measure conditions, so a
type says what a region is fit for, not what crosses its border. The words are those of border
studies (barrier, bridge, corridor, gateway; integrated and peripheral borderlands after
Martinez 1994, Border People, Tucson), made into rules here."""

TYPE_OF = {code: name for name, (_, codes) in TYPES.items() for code in codes}
"""Type of each of the 27 combinations."""

LABELS = {
    "transport_communication": "transport communication",
    "joint_projects": "joint projects",
    "social_services": "social services",
    "potential": "economic potential",
    "dynamics": "dynamics of the potential",
    "index": "index",
}
"""Scores in words."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a score is low, medium or high.

    The cuts are fixed points of the scale from 0 to 100 by default, so that a class can be
    read off a map and does not change when another region joins the study but does not set
    the scale. 40 and 60 lie one fifth of the scale apart around its middle: a level is a
    mean of several indicators and keeps to the middle, so that these cuts part off about
    the upper and the lower quarter to third of the regions. With `quantile` the cuts are at
    these percentages of the regions instead: classes of fixed size, terciles with 33.3 and
    66.7.

    Parameters
    ----------
    low
        Below it a score is low.
    high
        From it on a score is high.
    quantile
        Whether `low` and `high` are percentages of the regions.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Thresholds(low=30, high=70)
    Thresholds(low=30, high=70, quantile=False)
    >>> gb.Thresholds(low=70, high=30)
    Traceback (most recent call last):
    geo_border.errors.ParameterError: thresholds must be 0 < low < high < 100: 70, 30.
    """

    low: float = 40.0
    high: float = 60.0
    quantile: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < 100:
            raise ParameterError(
                f"thresholds must be 0 < low < high < 100: {self.low}, {self.high}"
            )

    def cuts(self, scores: NDArray[np.float64]) -> tuple[float, float]:
        """The two cuts on the scale from 0 to 100.

        Parameters
        ----------
        scores
            Scores of the regions, shape (R,).

        Returns
        -------
        tuple
            Low and high cut.
        """
        if not self.quantile or np.isnan(scores).all():
            return self.low, self.high
        low, high = np.nanpercentile(scores, [self.low, self.high])
        return float(low), float(high)


def classes(
    levels: pd.DataFrame,
    *,
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Class of each score of each region.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`; the columns of `SCORES` it has.
    thresholds
        The cuts.

    Returns
    -------
    DataFrame
        Index of `levels`; ``low``, ``medium``, ``high``, None where the score is missing.

    Raises
    ------
    IndicatorError
        If a level has no column.
    """
    absent = [level for level in LEVELS if level not in levels.columns]
    if absent:
        raise IndicatorError(f"the levels lack the column {absent[0]!r}")
    columns = {}
    for score in SCORES:
        if score not in levels.columns:
            continue
        values = levels[score].to_numpy(float)
        number = _class_numbers(values, *thresholds.cuts(values))
        names = np.array([*CLASSES, None], object)
        columns[score] = names[number]
    return pd.DataFrame(columns, index=levels.index, dtype=object)


def type_of(classes: pd.DataFrame) -> pd.DataFrame:
    """Type of each region by the classes of its levels.

    Parameters
    ----------
    classes
        Result of `classes`.

    Returns
    -------
    DataFrame
        Index of `classes`; ``type`` and ``code`` (such as ``HML``, ``?`` for a missing
        level).
    """
    letters = classes[list(LEVELS)].map(lambda name: name[0].upper() if name else "?")
    codes = ["".join(row) for row in letters.to_numpy()]
    code = pd.Series(codes, index=classes.index, dtype=str)
    kinds = code.map(lambda c: TYPE_OF.get(c, UNDETERMINED))
    return pd.DataFrame({"type": kinds, "code": code}, index=classes.index)


def type_probabilities(
    uncertainty: Uncertainty,
    *,
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Share of the draws in which each region is of each type.

    Methods place scores differently on the scale: a geometric mean lies below an arithmetic
    one, ranks spread evenly. What is asked of a draw is whether the region would stand
    elsewhere among the others, so the cuts are carried over to the scale of each draw: a
    cut between the reference scores of two regions lies in the draw at the same place
    between the scores of those two ranks (the quantile-quantile line through 0 and 100).
    As many regions are low, medium and high in each level as under the reference method.

    Parameters
    ----------
    uncertainty
        Draws.
    thresholds
        The cuts on the reference scale.

    Returns
    -------
    DataFrame
        Index ``region_id``, a column for each of `TYPES` and for `UNDETERMINED`; rows add
        up to 1.
    """
    numbers = []
    for level in LEVELS:
        draws = uncertainty.scores[..., SCORES.index(level)]
        reference = uncertainty.reference[level].to_numpy(float)
        low, high = carried(draws, reference, thresholds.cuts(reference))
        numbers.append(_class_numbers(draws, low[:, None], high[:, None]))
    names = [*TYPES, UNDETERMINED]
    lookup = np.full((4, 4, 4), len(TYPES))
    for code, name in TYPE_OF.items():
        lookup[tuple("LMH".index(letter) for letter in code)] = names.index(name)
    kinds = lookup[tuple(numbers)]
    share = np.stack([(kinds == number).mean(axis=0) for number in range(len(names))], axis=1)
    return pd.DataFrame(share, index=uncertainty.regions, columns=names)


def carried(
    draws: NDArray[np.float64], reference: NDArray[np.float64], cuts: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cuts of the reference on the scale of each draw.

    Parameters
    ----------
    draws
        Scores, shape (D, R).
    reference
        Scores, shape (R,).
    cuts
        Low and high cut of the reference.

    Returns
    -------
    tuple of ndarray
        Low and high cut of each draw, shape (D,).
    """
    known = ~np.isnan(reference)
    ordered = np.sort(reference[known])
    moved = np.sort(draws[:, known], axis=1)
    ends = np.zeros((len(draws), 1)), np.full((len(draws), 1), 100.0)
    scale = np.concatenate([[0.0], ordered, [100.0]])
    target = np.concatenate([ends[0], moved, ends[1]], axis=1)
    result = []
    for cut in cuts:
        # Scores that reach the cut go on reaching it, and those below it stay below.
        right = int(np.searchsorted(scale, cut - ROUNDING, side="left"))
        left = max(right - 1, 0)
        width = scale[right] - scale[left]
        part = min((cut - scale[left]) / width, 1.0) if width > 0 else 1.0
        moved_cut = target[:, left] + part * (target[:, right] - target[:, left])
        # A draw without the score of some region has no such line; its scale is taken as is.
        result.append(np.where(np.isnan(moved_cut), cut, moved_cut))
    return result[0], result[1]


def _class_numbers(
    scores: NDArray[np.float64],
    low: float | NDArray[np.float64],
    high: float | NDArray[np.float64],
) -> NDArray[np.int64]:
    """Positions in `CLASSES`, 3 where the score is missing."""
    number = (scores >= low - ROUNDING).astype(np.int64) + (scores >= high - ROUNDING)
    return np.where(np.isnan(scores), len(CLASSES), number)
