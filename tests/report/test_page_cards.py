from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.page_cards import region_cards

if TYPE_CHECKING:
    from geo_border.results import Results


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
