from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo_border.report.page.tables import (
    capital_matrix,
    checkpoint_table,
    reach_table,
    region_table,
)

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


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
    assert [row[6]["text"] for row in table["rows"]] == ["from a source", "default", ""]
    assert table["rows"][2][4]["text"] == "\N{EN DASH}"


def test_capitals_meet_across_the_border(results: Results):
    matrix = capital_matrix(results)
    assert matrix["columns"] == ["Steppetown", "Lake"]  # no capital is known there
    assert [row["name"] for row in matrix["rows"]] == ["Westtown", "Easttown"]
    first = matrix["rows"][0]["cells"][0]
    assert (first["time"], first["km"], first["via"]) == ("2\u00a0h", "101 km", "Hill–Dale")
    lost = results.travel_times.iloc[:1]
    stated = capital_matrix(replace(results, travel_times=lost))
    assert stated["rows"][0]["cells"][0]["time"] == "\N{EN DASH}"


def test_a_settlement_that_stands_in_for_a_capital_is_not_called_one(results: Results):
    stand_in = results.regions.assign(capital_known_from="most populous settlement")
    assert capital_matrix(replace(results, regions=stand_in))["stand_in"]
    assert not capital_matrix(results)["stand_in"]


def test_times_below_an_hour_are_told_in_minutes(results: Results):
    near = results.regions.assign(hours_to_checkpoint=[0.1, 0.75, 0.2, np.inf])
    table = region_table(replace(results, regions=near))
    column = [title for title, _ in table["head"]].index("To the nearest check\u00adpoint")
    stated = {row[0]["text"]: row[column] for row in table["rows"]}
    assert stated["West Oblast"]["text"] == "6\u00a0min"
    assert float(stated["West Oblast"]["key"]) == 0.1
    times = results.travel_times.assign(hours=0.5)
    matrix = capital_matrix(replace(results, travel_times=times))
    assert matrix["rows"][0]["cells"][0]["time"] == "30\u00a0min"
    times = results.travel_times.assign(hours=np.linspace(0.2, 1.4, len(results.travel_times)))
    legend = capital_matrix(replace(results, travel_times=times))["legend"]
    assert all(words.endswith("\u00a0min") for _, words in legend)


def test_what_no_region_has_is_no_column(results: Results):
    levels = results.levels.assign(index=np.nan, rank_low=np.nan, rank_high=np.nan)
    titles = [title for title, _ in region_table(replace(results, levels=levels))["head"]]
    assert "Index" not in titles
    assert "Rank" not in titles
    assert "Joint projects" in titles  # one region has it


def test_without_any_delay_nothing_is_known_to_be_lost(results: Results):
    free = results.checkpoints.assign(delay_out_h=0.0, delay_in_h=0.0)
    stated = replace(results, checkpoints=free)
    for table in (region_table, reach_table):
        assert "Border effect" in [title for title, _ in table(results)["head"]]
        assert "Border effect" not in [title for title, _ in table(stated)["head"]]
