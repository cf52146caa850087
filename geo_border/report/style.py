"""What maps and page have in common: names, colours and classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex

from geo_border.columns import column_of
from geo_border.typology.rules import ROUNDING, UNDETERMINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.pipeline.results import Results, WhatIf

SCORES = {
    name: column_of("levels", name).heading
    for name in (
        *("transport_communication", "joint_projects", "social_services"),
        *("potential", "dynamics", "index"),
    )
}
"""Every score from 0 to 100 that a region can have."""

LEVELS = dict(islice(SCORES.items(), 3))
"""The three levels, in the order of Roy (2022)."""

MODES = {
    "road": "Road",
    "rail": "Railway",
    "ferry": "Ferry",
    "foot": "On foot",
    "air": "Airport",
}
"""Modes of checkpoints in words."""

MODE_COLOURS = {
    "road": "#c2410c",
    "rail": "#1d5b9b",
    "ferry": "#0f766e",
    "foot": "#6b7280",
    "air": "#7c3aed",
}
"""Colours of modes: orange and blue stay apart for every kind of colour vision."""

TYPE_COLOURS = (
    "#77aadd",
    "#eedd88",
    "#44bb99",
    "#ffaabb",
    "#99ddff",
    "#bbcc33",
    "#c8b8d8",
    "#aaaa00",
    "#ee8866",
)
"""Fills that carry black letters and stay apart for every kind of colour vision (after P. Tol,
light); orange comes last, loaded roads are drawn in it."""

NO_DATA = "#dcdcd8"
NEIGHBOUR = "#f1efe9"
OUTSIDE = "#f8f7f4"
INK = "#1f2328"
MUTED = "#5f6670"
BORDER = "#111111"
SEA_BORDER = "#7d848c"

OUTLINE = "#8d8f8c"
"""Outlines of regions, and of what stands for areas."""

BANDS = {"home": ("#e7e4da", "#f4f2ec"), "neighbour": ("#dfe5ea", "#eef1f4")}
"""Bands of regions along the border, in turn."""

GOOD = "YlGnBu"
"""Colour map of what is better when there is more of it."""

BAD = "YlOrBr"
"""Colour map of what is worse when there is more of it."""


LEAST_LOAD = 0.005
"""Share of the demand across the border from which a link counts as loaded."""


def short_names(results: Results | WhatIf) -> pd.Series[str]:
    """Names of regions without the kind of region, where that leaves them distinct.

    Parameters
    ----------
    results
        What a run, or the comparison of scenarios, gave.

    Returns
    -------
    Series
        Short names, index ``region_id``.
    """
    names = results.regions["name"].astype(str)
    kinds = "|".join(map(re.escape, results.settings.regions.kinds))
    short = names.str.replace(rf"\s+(?:{kinds})$", "", regex=True) if kinds else names
    distinct: pd.Series[str] = short.where(~short.duplicated(keep=False), names).rename("short")
    return distinct


def checkpoint_label(name: str) -> str:
    """Name of a checkpoint with a dash between its two ends.

    Parameters
    ----------
    name
        Such as ``"Ozinki - Taskala"``.

    Returns
    -------
    str
        Such as ``"Ozinki\N{EN DASH}Taskala"``.
    """
    return name.replace(" - ", "\N{EN DASH}")


def checkpoint_names(results: Results) -> pd.Series[str]:
    """Names of the checkpoints as the page and the maps write them.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Series
        Index ``checkpoint_id``.
    """
    names: pd.Series[str] = results.checkpoints["name"].astype(str).map(checkpoint_label)
    return names


def best_first(results: Results) -> pd.Index:
    """Regions by their index; without one by the level that has scores.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Index
        The home regions.
    """
    by = ["index", *LEVELS]
    return results.levels.sort_values(by, ascending=False, na_position="last").index


def type_order(results: Results) -> list[str]:
    """Types that occur, the one with the highest mean index first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of str
        Each type once.
    """
    types = results.typology["type"].dropna().astype(str)
    index = results.levels["index"].reindex(types.index)
    mean = index.groupby(types).mean()
    return sorted(mean.index, key=lambda name: (-mean.fillna(-1)[name], name))


def type_colours(results: Results) -> dict[str, str]:
    """Fill of each type that occurs.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict
        Hexadecimal colours by type, in the order of `type_order`; they repeat when there are
        more types than colours, so letters tell types apart too. A region of undetermined type
        is grey.
    """
    types = [name for name in type_order(results) if name != UNDETERMINED]
    colours = {name: TYPE_COLOURS[number % len(TYPE_COLOURS)] for number, name in enumerate(types)}
    return {name: colours.get(name, NO_DATA) for name in type_order(results)}


@dataclass(frozen=True, slots=True)
class Classes:
    """Numbers sorted into classes, with a colour for each.

    Parameters
    ----------
    bins
        Upper limits of the classes, increasing; each belongs to the class that it ends.
    colours
        One for each class.
    labels
        What each class holds, in words.
    """

    bins: tuple[float, ...]
    colours: tuple[str, ...]
    labels: tuple[str, ...]

    def colour(self, values: pd.Series[float]) -> NDArray[np.object_]:
        """Colour of each value.

        Parameters
        ----------
        values
            Numbers, missing where there are no data.

        Returns
        -------
        ndarray
            Hexadecimal colours, `NO_DATA` for missing values.
        """
        number = values.to_numpy(float, na_value=np.nan)
        known = ~np.isnan(number)
        colours = np.full(len(number), NO_DATA, object)
        found = np.searchsorted(self.bins, number[known]).clip(max=len(self.bins) - 1)
        colours[known] = np.asarray(self.colours, object)[found]
        return colours


def classes(
    bins: Sequence[float],
    *,
    colours: str,
    unit: str = "",
    scale: float = 1,
    darkest: float = 0.74,
) -> Classes:
    """Classes with given limits.

    Parameters
    ----------
    bins
        Upper limits; the last may be infinite.
    colours
        Name of a sequential colour map of matplotlib.
    unit
        Written behind the numbers of the labels.
    scale
        The numbers are multiplied by it in the labels.
    darkest
        Where on the colour map the last class stands, 0 to 1.

    Returns
    -------
    Classes
        With colours from light to dark.
    """
    tones = mpl.colormaps[colours](np.linspace(0.06, darkest, len(bins)))
    shown = [f"{limit * scale:,.6g}" for limit in bins]
    labels = [f"up to {shown[0]}{unit}"]
    labels += [f"{a}\N{EN DASH}{b}{unit}" for a, b in pairwise(shown)]
    if np.isinf(bins[-1]):
        labels[-1] = f"over {shown[-2]}{unit}" if len(bins) > 1 else "all"
    return Classes(tuple(bins), tuple(map(to_hex, tones)), tuple(labels))


def score_classes(results: Results) -> Classes:
    """Classes of the scores: the thresholds of the typology and the middles beyond them.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Classes
        Five classes from 0 to 100; as for the typology, a score that has reached a limit is
        above it.
    """
    low, high = results.settings.typology.low, results.settings.typology.high
    limits = [limit - ROUNDING for limit in (low / 2, low, high, (high + 100) / 2)]
    return classes([*limits, 100], colours=GOOD)


def quantile_classes(
    values: pd.Series[float], *, colours: str, k: int = 5, unit: str = "", scale: float = 1
) -> Classes:
    """Classes with about as many values in each, their limits rounded to two digits.

    Parameters
    ----------
    values
        The numbers to be shown.
    colours, unit, scale
        As in `classes`.
    k
        How many classes at most.

    Returns
    -------
    Classes
        One class where there are fewer than two different numbers.
    """
    known = values.replace([np.inf, -np.inf], np.nan).dropna().to_numpy(float) * scale
    if len(np.unique(known)) < 2:
        return classes([np.inf], colours=colours, unit=unit)
    # As mapclassify.Quantiles, which warns where values repeat.
    limits = np.unique(np.percentile(known, np.linspace(100 / k, 100, k)))
    bins = [float(f"{limit:.2g}") for limit in limits]
    if bins[-1] < known.max():
        bins[-1] += 10.0 ** (np.floor(np.log10(abs(bins[-1]))) - 1)
    return classes((np.unique(bins) / scale).tolist(), colours=colours, unit=unit, scale=scale)


def pretty_classes(
    values: pd.Series[float],
    *,
    colours: str,
    k: int = 5,
    unit: str = "",
    scale: float = 1,
    darkest: float = 0.74,
) -> Classes:
    """Classes with round limits.

    Parameters
    ----------
    values
        The numbers to be shown.
    colours, unit, scale, darkest
        As in `classes`.
    k
        About how many classes.

    Returns
    -------
    Classes
        One class where there are fewer than two different numbers.
    """
    known = values.replace([np.inf, -np.inf], np.nan).dropna().to_numpy(float) * scale
    if len(np.unique(known)) < 2:
        return classes([np.inf], colours=colours, unit=unit, darkest=darkest)
    import mapclassify  # noqa: PLC0415  (compiles for seconds when imported)

    # Round limits depend on the range alone, and counting what is between them takes long.
    span = np.array([known.min(), known.max()])
    bins = np.unique(mapclassify.PrettyBreaks(span, k=k).bins)
    limits = (bins / scale).tolist()
    return classes(limits, colours=colours, unit=unit, scale=scale, darkest=darkest)
