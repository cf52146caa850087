from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.report.headline import headline, key_figures, speeds_in_words, weighted_mean

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


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
    assert "would cost the trips that pass it, 75\u00a0% of all, 1.5\u00a0h each." in passage
    assert "If Hill–Dale closed, 2.0\u00a0% of the demand would find no other way." in passage
    # (0.25 * 1,000,000 + 0.1 * 500,000) / 1,500,000
    assert (
        " 20.0\u00a0% of what they could otherwise reach, most in West Oblast (25.0\u00a0%)"
        in effect
    )
    assert "from a source at 1 of 2 open checkpoints" in effect
    assert "railway 3\u00a0h" in effect


def test_what_detours_and_delays_take_is_said_apart(results: Results):
    regions = results.regions.assign(
        hours_lost_to_detours=[0.5, 0.0, np.nan, 9.0], hours_lost_to_delays=[2.0, 3.0, 1.0, 1.0]
    )
    effect = headline(replace(results, regions=regions))[2]
    # (0.5 * 1,000,000 + 0 * 500,000) / 1,500,000 hours
    assert (
        "takes 20\u00a0min longer by detours to open checkpoints, most in West Oblast "
        "(30\u00a0min) and least in East Oblast (0\u00a0min)."
    ) in effect
    assert "2.3\u00a0h longer by delays at checkpoints, most in East Oblast" in effect
    alike = replace(results, regions=regions.assign(hours_lost_to_delays=2.0))
    assert "2\u00a0h longer by delays at checkpoints, in all of them alike." in headline(alike)[2]


def test_an_effect_that_one_delay_makes_is_called_so(results: Results):
    delay, half_life = 2.0, results.settings.access.half_life_h
    controls = results.checkpoints.assign(delay_out_h=delay, delay_in_h=delay)
    across = 1 - 2 ** (-delay / half_life)
    regions = results.regions.assign(border_effect_across=across, hours_lost_to_delays=delay)
    effect = headline(replace(results, regions=regions, checkpoints=controls))[2]
    assert "in 2 of 2 regions: constant by construction, since one delay of 2\u00a0h" in effect
    assert "longer by delays" not in effect
    other = regions.assign(border_effect_across=[across - 0.1, across + 0.1, 0, 0])
    effect = headline(replace(results, regions=other, checkpoints=controls))[2]
    assert "by construction" not in effect


def test_sentences_without_figures_are_left_out(results: Results):
    unknown = results.checkpoints.assign(load_share=np.nan, closure_unserved=np.nan)
    stated = headline(
        replace(
            results,
            checkpoints=unknown,
            typology=results.typology.iloc[:0],
            levels=results.levels.assign(index=np.nan),
            regions=results.regions.assign(border_effect=np.nan),
        )
    )
    assert stated == []


def test_key_figures(results: Results):
    stated = {words: figure for figure, words in key_figures(results)}
    assert stated["of common border"] == "143 km"
    assert stated["open checkpoints on it, 1 of them by road"] == "2"
    assert stated["of border per road checkpoint"] == "143 km"
    assert stated["people in the 2 regions of Upland"] == "1.5 M"


def test_the_headline_says_how_much_of_the_border_is_at_sea_and_what_is_not_known(results):
    unknown = results.border.assign(sea_known=False)
    words = key_figures(replace(results, border=unknown))[0][1]
    assert words == "of common border; how much of it is at sea is not known"
    unknown = results.border.assign(sea_known=[True, False])
    dyads = results.dyads.assign(sea_km=[5.0, np.nan])
    words = key_figures(replace(results, border=unknown, dyads=dyads))[0][1]
    assert words == (
        "of common border on land, and 5 km at sea; whether 72 km of it are at sea is not known"
    )


def test_a_checkpoint_that_may_be_closed_is_told(results: Results):
    controls = results.checkpoints.assign(status=["open", "uncertain", "closed"])
    words = key_figures(replace(results, checkpoints=controls))[1][1]
    assert words.endswith("whether 1 of them is open is uncertain")
    assert "uncertain" not in key_figures(results)[1][1]


def test_levels_without_figures_are_named(results: Results):
    """A study without indicators of its own has a level, but no type."""
    levels = results.levels.assign(joint_projects=np.nan, social_services=np.nan, index=np.nan)
    kinds = results.typology.assign(type="undetermined", probability=np.nan)
    stated = headline(replace(results, levels=levels, typology=kinds))[0]
    assert stated == (
        "This study has no figures for joint projects and social services: the regions of Upland "
        "on the border with Lowland have no index and no type. Their transport communication is "
        "best in West Oblast (80 of 100) and worst in East Oblast (30)."
    )


def test_one_region_is_not_called_regions(results: Results):
    home = results.regions.index != "UP-E"
    alone = replace(
        results,
        regions=results.regions[home],
        levels=results.levels.loc[["UP-W"]],
        typology=results.typology.loc[["UP-W"]],
    )
    assert headline(alone)[0] == (
        "The region of Upland on the border with Lowland is of the type Gateway (West)."
    )
    assert ("1.0 M", "people in the region of Upland") in key_figures(alone)
    nothing = replace(
        alone,
        levels=alone.levels.assign(**dict.fromkeys(alone.levels.columns, np.nan)),
        typology=alone.typology.assign(type="undetermined"),
    )
    assert headline(nothing)[0] == (
        "Scores and types compare regions, and this study has one of Upland on the border with "
        "Lowland: it has neither."
    )


def test_what_the_times_are_of_is_said(results: Results):
    assert speeds_in_words(results) == (
        "Times are those of a car on a free road at the speed limits, signed or by the table of "
        "the study; no one measured them."
    )
    network = results.settings.network
    settings = results.settings.model_copy(
        update={"network": network.model_copy(update={"speed_factor": 0.8})}
    )
    assert "limits times 0.8," in speeds_in_words(replace(results, settings=settings))
