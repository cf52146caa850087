from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo_border.typology.words import capitalised, hours, listed, number, percent, sentence


@pytest.mark.parametrize(
    ("value", "decimals", "stated"),
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
def test_numbers_for_reading(value: object, decimals: int, stated: str):
    assert number(value, decimals) == stated


def test_lists_for_reading():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("share", "stated"),
    [(0, "0 %"), (0.004, "0.4 %"), (0.0996, "10 %"), (0.995, "over 99 %"), (1, "100 %")],
)
def test_shares_keep_their_unit_and_claim_no_certainty(share: float, stated: str):
    assert percent(share) == stated.replace(" %", "\N{NO-BREAK SPACE}%")


def test_shares_with_given_decimals():
    assert percent(0.999, 1) == "99.9\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("value", "stated"),
    [(0.1, "6 min"), (59.4 / 60, "59 min"), (59.6 / 60, "1 h"), (1.25, "1.2 h"), (12.0, "12 h")],
)
def test_less_than_an_hour_is_told_in_minutes(value: float, stated: str):
    assert hours(value) == stated.replace(" ", "\N{NO-BREAK SPACE}")


def test_sentences_and_labels():
    assert sentence("a b") == "A b."
    assert sentence("A.") == "A."
    assert (sentence(""), capitalised("")) == ("", "")
    assert capitalised("aBC") == "ABC"
