from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.report.headline import headline, key_figures, weighted_mean

if TYPE_CHECKING:
    from geo_border.results import Results


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


def test_a_checkpoint_that_may_be_closed_is_told(results: Results):
    posts = results.checkpoints.assign(status=["open", "uncertain", "closed"])
    words = key_figures(replace(results, checkpoints=posts))[1][1]
    assert words.endswith("whether 1 of them is open is uncertain")
    assert "uncertain" not in key_figures(results)[1][1]
