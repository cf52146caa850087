from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from geo_border.report.content import (
    capital_matrix,
    checkpoint_table,
    indicator_tables,
    region_cards,
    region_table,
)
from geo_border.report.hover import delay_origin
from geo_border.report.style import (
    NO_DATA,
    PERCENT,
    TYPE_COLOURS,
    classes,
    pretty_classes,
    score_classes,
    short_names,
    type_colours,
    type_order,
)
from geo_border.report.words import headline, key_figures, listed, number, weighted_mean

if TYPE_CHECKING:
    from geo_border.results import Results


@pytest.mark.parametrize(
    ("value", "decimals", "told"),
    [
        (1234.56, 1, "1,234.6"),
        (-0.04, 1, "0.0"),
        (-2, 0, "\N{MINUS SIGN}2"),
        (np.float64("nan"), 0, "\N{EN DASH}"),
        (np.inf, 0, "\N{EN DASH}"),
        (None, 0, "\N{EN DASH}"),
        (pd.NA, 0, "\N{EN DASH}"),
        (np.int64(7), 0, "7"),
    ],
)
def test_numbers_for_reading(value: object, decimals: int, told: str):
    assert number(value, decimals) == told


def test_lists_for_reading():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_infinity_is_never_averaged():
    mean = weighted_mean(pd.Series([1.0, np.inf, 4.0, np.nan]), pd.Series([1.0, 9.0, 2.0, 9.0]))
    assert mean == 3.0
    assert np.isnan(weighted_mean(pd.Series([np.inf]), pd.Series([1.0])))


def test_the_headline_says_what_the_figures_say(results: Results):
    types, passage, effect = headline(results)
    assert "2 types: Neighbour (East); Gateway (West)" in types
    assert "East Oblast (index 60, rank 1 to 2 of 2" in types
    assert "stands first and West Oblast (index 50" in types
    assert "75\u00a0% passes Hill–Dale; " not in passage
    assert "75\u00a0% passes Hill–Dale." in passage
    assert "its closure would add 1.5 h to each of the diverted trips, 75\u00a0% of all" in passage
    assert "If Hill–Dale closed, 2.0\u00a0% of the demand would find no other way." in passage
    # (0.25 * 1,000,000 + 0.1 * 500,000) / 1,500,000
    assert (
        " 20.0\u00a0% of what they could otherwise reach, most in West Oblast (25.0\u00a0%)"
        in effect
    )
    assert "from a source at 1 of 2 open checkpoints" in effect
    assert "railway 3 h" in effect


def test_sentences_without_figures_are_left_out(results: Results):
    unknown = results.checkpoints.assign(load_share=np.nan, closure_unserved=np.nan)
    told = headline(
        replace(
            results,
            checkpoints=unknown,
            typology=results.typology.iloc[:0],
            levels=results.levels.assign(index=np.nan),
            regions=results.regions.assign(border_effect=np.nan),
        )
    )
    assert told == []


def test_key_figures(results: Results):
    told = {words: figure for figure, words in key_figures(results)}
    assert told["of common border"] == "143 km"
    assert told["open checkpoints on it, 1 of them by road"] == "2"
    assert told["of border per road checkpoint"] == "143 km"
    assert told["people in the 2 regions of Upland"] == "1.5 M"


def test_short_names_stay_distinct():
    names = pd.Series(["Altai Krai", "Altai Republic", "Omsk Oblast", "Republic"])
    assert short_names(names).tolist() == ["Altai Krai", "Altai Republic", "Omsk", "Republic"]


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
    assert score_classes(results).bins == (20, 40, 60, 80, 100)


def test_round_classes_hold_every_value():
    values = pd.Series([0.012, 0.2, 0.31, np.nan])
    scale = pretty_classes(values, colours="YlOrBr", unit=PERCENT, scale=100)
    assert scale.bins[-1] >= 0.31
    assert scale.labels[0] == "up to 10\u00a0%"
    assert pretty_classes(values[:1], colours="YlOrBr").labels == ("all",)


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


def test_indicators_say_how_far_they_are_known(results: Results):
    transport, social = indicator_tables(results)
    assert transport["title"] == "Transport communication"
    assert (transport["rows"][0]["years"], transport["rows"][0]["regions"]) == (
        "2020\N{EN DASH}2021",
        "2 of 2",
    )
    assert (social["rows"][0]["better"], social["rows"][0]["role"]) == ("less", "context")


def test_free_crossings_have_no_source(results: Results):
    posts = results.checkpoints.assign(known_from=["register", "open crossing by rule", "register"])
    assert delay_origin(posts) == ["from a source", "by open_crossings", "default"]


def test_a_checkpoint_that_may_be_closed_is_told(results: Results):
    posts = results.checkpoints.assign(status=["open", "uncertain", "closed"])
    words = key_figures(replace(results, checkpoints=posts))[1][1]
    assert words.endswith("whether 1 of them is open is uncertain")
    assert "uncertain" not in key_figures(results)[1][1]


def test_a_settlement_that_stands_in_for_a_capital_is_not_called_one(results: Results):
    stand_in = results.regions.assign(capital_known_from="most populous settlement")
    assert capital_matrix(replace(results, regions=stand_in))["ends"] == "largest settlement"
    assert capital_matrix(results)["ends"] == "capital"
