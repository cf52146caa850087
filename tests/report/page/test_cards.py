from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo_border.report.page.cards import region_cards
from geo_border.report.style import NO_DATA

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_cards_grade_by_the_thresholds(results: Results):
    east, west = region_cards(results)
    assert (east["name"], west["name"]) == ("East Oblast", "West Oblast")
    grades = {bar["title"]: (bar["text"], bar["grade"]) for bar in west["bars"]}
    assert grades["Transport communication"] == ("80", "high")
    assert grades["Joint projects"] == ("50", "medium")
    assert grades["Social services"] == ("20", "low")
    missing = {bar["title"]: bar for bar in east["bars"]}["Joint projects"]
    assert (missing["text"], missing["width"], missing["grade"]) == ("no data", None, "missing")
    assert west["lines"] == ["Two hours from anywhere."]
    assert east["growth_point"] == "" or east["growth_point"] == "Westtown"


def test_a_score_at_a_cut_is_graded_as_the_typology_has_it(results: Results):
    levels = results.levels.assign(transport_communication=60 - 1e-12, joint_projects=40 - 1e-12)
    for card in region_cards(replace(results, levels=levels)):
        grades = {bar["title"]: bar["grade"] for bar in card["bars"]}
        assert grades["Transport communication"] == "high"
        assert grades["Joint projects"] == "medium"


def test_an_undetermined_type_has_no_probability(results: Results):
    kinds = results.typology.assign(type=["undetermined", "Neighbour"], probability=[np.nan, 0.997])
    cards = {card["id"]: card for card in region_cards(replace(results, typology=kinds))}
    assert (cards["UP-W"]["type"], cards["UP-W"]["probability"]) == ("Undetermined", "")
    assert cards["UP-W"]["colour"] == NO_DATA
    assert cards["UP-E"]["probability"] == "over 99\u00a0%"


def test_scores_that_no_region_has_are_left_out(results: Results):
    levels = results.levels.assign(joint_projects=np.nan, dynamics=np.nan)
    card = region_cards(replace(results, levels=levels))[0]
    titles = [bar["title"] for bar in card["bars"]]
    assert titles == ["Transport communication", "Social services", "Economic potential", "Index"]


def test_without_an_index_the_best_level_comes_first(results: Results):
    levels = results.levels.assign(index=np.nan)
    assert [card["id"] for card in region_cards(replace(results, levels=levels))] == [
        "UP-W",
        "UP-E",
    ]
    levels = levels.assign(transport_communication=[np.nan, 5.0])
    assert [card["id"] for card in region_cards(replace(results, levels=levels))] == [
        "UP-E",
        "UP-W",
    ]


def test_a_card_gives_the_name_in_the_language_that_the_study_names(results: Results):
    named = replace(results, regions=results.regions.assign(name_fr=["Ouest", None, "", ""]))
    regions = results.settings.regions.model_copy(update={"local_language": "fr"})
    settings = results.settings.model_copy(update={"regions": regions})
    stated = {card["id"]: card["local"] for card in region_cards(replace(named, settings=settings))}
    assert stated == {"UP-W": "Ouest", "UP-E": ""}
    assert {card["local"] for card in region_cards(named)} == {""}
