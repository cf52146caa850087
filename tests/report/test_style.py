from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.report.style import (
    NO_DATA,
    TYPE_COLOURS,
    classes,
    pretty_classes,
    score_classes,
    short_names,
    type_colours,
    type_order,
)
from geo_border.typology.words import PERCENT

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_short_names_leave_off_the_kinds_of_the_study_where_they_stay_distinct(results: Results):
    names = ["Upper Shire", "Upper (Town)", "Lower Shire", "Shire"]
    named = replace(results, regions=results.regions.assign(name=names))

    def short(*kinds: str) -> list[str]:
        regions = results.settings.regions.model_copy(update={"kinds": list(kinds)})
        settings = results.settings.model_copy(update={"regions": regions})
        return short_names(replace(named, settings=settings)).tolist()

    assert short("Shire", "(Town)") == ["Upper Shire", "Upper (Town)", "Lower", "Shire"]
    assert short("Shire") == ["Upper", "Upper (Town)", "Lower", "Shire"]
    assert short() == names


def test_types_come_in_the_order_of_their_index(results: Results):
    assert type_order(results) == ["Neighbour", "Gateway"]


def test_an_undetermined_type_is_grey_and_shifts_no_colour(results: Results):
    kinds = results.typology.assign(type=["Gateway", "undetermined"])
    colours = type_colours(replace(results, typology=kinds))
    assert colours["undetermined"] == NO_DATA
    assert colours["Gateway"] == TYPE_COLOURS[0]


def test_values_on_a_limit_belong_below_it():
    scale = classes([20, 40, np.inf], colours="YlGnBu", unit=" h")
    assert scale.labels == ("up to 20 h", "20\N{EN DASH}40 h", "over 40 h")
    found = scale.colour(pd.Series([20.0, 20.1, np.inf, np.nan]))
    assert found.tolist() == [*scale.colours, NO_DATA]


def test_scores_use_the_thresholds_of_the_typology(results: Results):
    scale = score_classes(results)
    ends = [20, 40, 60, 80, 100]
    np.testing.assert_allclose(scale.bins, ends)
    assert scale.labels[2] == "40\N{EN DASH}60"
    # A score that reaches a limit, but for rounding, is above it, as the typology has it.
    found = scale.colour(pd.Series([0, 20, 40 - 1e-12, 60, 80, 100]))
    assert found.tolist() == [*scale.colours, scale.colours[-1]]


def test_round_classes_hold_every_value():
    values = pd.Series([0.012, 0.2, 0.31, np.nan])
    scale = pretty_classes(values, colours="YlOrBr", unit=PERCENT, scale=100)
    assert scale.bins[-1] >= 0.31
    assert scale.labels[0] == "up to 10\u00a0%"
    assert pretty_classes(values[:1], colours="YlOrBr").labels == ("all",)
