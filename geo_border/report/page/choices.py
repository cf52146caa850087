"""Ways to colour the regions of the interactive map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.limits import reach_that_tells, tells_apart
from geo_border.columns import column_of
from geo_border.report.along import has_delays
from geo_border.report.page.hover import numbers
from geo_border.report.style import (
    BAD,
    GOOD,
    NEIGHBOUR,
    NO_DATA,
    SCORES,
    Classes,
    quantile_classes,
    score_classes,
    type_colours,
)
from geo_border.typology.rules import UNDETERMINED
from geo_border.typology.words import HOURS, MINUTES, PERCENT, capitalised

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


MEASURES: dict[str, tuple[str, str, float, int]] = {
    "hours_to_checkpoint": (BAD, HOURS, 1.0, 1),
    "border_effect": (BAD, PERCENT, 100.0, 1),
    "hours_lost_to_detours": (BAD, HOURS, 1.0, 1),
    "hours_lost_to_delays": (BAD, HOURS, 1.0, 1),
    "km_per_checkpoint": (BAD, " km", 1.0, 0),
    "potential_across": (GOOD, "", 1.0, 0),
}
"""Measures that the map can show, where they tell regions apart: colours, unit, factor, decimals;
and people across within a limit that does."""

REACH = (GOOD, "", 1.0, 0)
"""The same of people across within a limit."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to colour the regions.

    Parameters
    ----------
    key
        Its columns of colours and words are ``fill_`` and ``told_`` and this.
    title
        In words.
    group
        Heading it stands under.
    legend
        Colours and what they mean.
    """

    key: str
    title: str
    group: str
    legend: list[tuple[str, str]]


def region_fills(results: Results) -> tuple[pd.DataFrame, list[Choice]]:
    """Colours and words of the regions for every choice of the map.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    fills : DataFrame
        Index of the regions; for each choice a column of colours, ``fill_`` and its key, and
        one of words, ``told_`` and its key.
    choices : list of Choice
        The choices, types first.
    """
    regions = results.regions
    fills = pd.DataFrame(index=regions.index)
    colours = type_colours(results)
    kind = results.typology["type"].reindex(regions.index)
    fills["fill_type"] = [colours.get(name, NEIGHBOUR) for name in kind]
    fills["told_type"] = [capitalised(name) if name in colours else "not typed" for name in kind]
    choices = [
        Choice(
            "type", "Type of region", "Typology", [(c, capitalised(n)) for n, c in colours.items()]
        )
    ]
    scale = score_classes(results)
    home = (regions["side"] == "home").to_numpy()
    for key, title in SCORES.items():
        values = results.levels[key].reindex(regions.index)
        fills[f"fill_{key}"] = np.where(home, scale.colour(values), NEIGHBOUR)
        fills[f"told_{key}"] = numbers(values, "{:.0f}")
        choices.append(Choice(key, title, "Scores, 0 to 100", _legend(scale, values[home])))
    reach = reach_that_tells(regions)
    within = {} if reach is None else {f"population_{reach[0]:g}min_across": REACH}
    for key, form in (MEASURES | within).items():
        tones, unit, factor, decimals = form
        title = column_of("regions", key).title
        values = regions.reindex(columns=[key])[key].astype(float)
        unknown = key == "border_effect" and not has_delays(results)
        if unknown or not tells_apart(values):
            continue
        if unit == HOURS and values.max() < 2:
            unit, factor, decimals = MINUTES, 60.0, 0
        measure = quantile_classes(values, colours=tones, unit=unit, scale=factor)
        fills[f"fill_{key}"] = measure.colour(values)
        fills[f"told_{key}"] = numbers(values, f"{{:,.{decimals}f}}{unit}", factor=factor)
        choices.append(Choice(key, title, "Accessibility", _legend(measure, values)))
    if set(colours) == {UNDETERMINED}:
        # What there is comes first: the map opens with it.
        scored = [
            c for c in choices if c.key in results.levels and results.levels[c.key].notna().any()
        ]
        choices = scored + [c for c in choices if c not in scored and c.group == "Accessibility"]
    return fills, choices


def _legend(scale: Classes, values: pd.Series[float]) -> list[tuple[str, str]]:
    """Colours of classes with their labels, and of missing values if there are any."""
    rows = list(zip(scale.colours, scale.labels, strict=True))
    return [*rows, (NO_DATA, "no data")] if values.isna().any() else rows
