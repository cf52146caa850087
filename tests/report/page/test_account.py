from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.page.account import indicator_tables

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_indicators_say_how_far_they_are_known(results: Results):
    transport, social = indicator_tables(results)
    assert transport["title"] == "Transport communication"
    assert (transport["rows"][0]["years"], transport["rows"][0]["regions"]) == (
        "2020\N{EN DASH}2021",
        "2 of 2",
    )
    assert (social["rows"][0]["better"], social["rows"][0]["role"]) == ("less", "context")
