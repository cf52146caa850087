from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geo_border.report.page_tables import capital_matrix, checkpoint_table, region_table

if TYPE_CHECKING:
    from geo_border.results import Results


def test_tables_sort_by_number_and_show_by_words(results: Results):
    table = region_table(results)
    assert all(len(row) == len(table["head"]) for row in table["rows"])
    effect = [row[-1] for row in table["rows"]]
    assert [cell["text"] for cell in effect] == ["10.0", "25.0"]
    assert [float(cell["key"]) for cell in effect] == [0.1, 0.25]


def test_checkpoints_are_ranked_with_where_their_traffic_goes(results: Results):
    table = checkpoint_table(results)
    assert [row[0]["text"] for row in table["rows"]] == ["Hill–Dale", "Ford–Mill", "Old–Shut"]
    assert table["rows"][0][-1]["text"] == "Ford–Mill 98\u00a0%"
    assert [row[6]["text"] for row in table["rows"]] == ["from a source", "default", "default"]
    assert table["rows"][2][4]["text"] == "\N{EN DASH}"


def test_capitals_meet_across_the_border(results: Results):
    matrix = capital_matrix(results)
    assert matrix["columns"] == ["Steppetown", "Lake"]  # no capital is known there
    assert [row["name"] for row in matrix["rows"]] == ["Westtown", "Easttown"]
    first = matrix["rows"][0]["cells"][0]
    assert (first["hours"], first["km"], first["via"]) == ("2.0", "101 km", "Hill–Dale")
    lost = results.travel_times.iloc[:1]
    told = capital_matrix(replace(results, travel_times=lost))
    assert told["rows"][0]["cells"][0]["hours"] == "\N{EN DASH}"


def test_a_settlement_that_stands_in_for_a_capital_is_not_called_one(results: Results):
    stand_in = results.regions.assign(capital_known_from="most populous settlement")
    assert capital_matrix(replace(results, regions=stand_in))["ends"] == "largest settlement"
    assert capital_matrix(results)["ends"] == "capital"
