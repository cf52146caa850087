from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.checkpoints import checkpoint_words, delay_origin, guessed

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_free_crossings_have_no_source(results: Results):
    rule = "open crossing by rule"
    controls = results.checkpoints.assign(known_from=["register", rule, rule])
    controls.loc[controls.index[1], ["delay_out_h", "delay_in_h"]] = 0.0
    # The third takes the default that the study states.
    assert delay_origin(controls) == ["from a source", "by open_crossings", "default"]


def test_no_delay_and_no_source_is_not_given(results: Results):
    free = results.checkpoints.assign(delay_out_h=0.0, delay_in_h=0.0)
    assert delay_origin(free) == ["from a source", "not given", "not given"]
    assert guessed(free) == ["not given"]
    assert guessed(results.checkpoints) == ["default"]


def test_short_delays_are_told_in_minutes(results: Results):
    controls = results.checkpoints.assign(delay_out_h=0.25)
    stated = checkpoint_words(results, controls)
    assert stated["delay_text"][0] == "15\u00a0min out, 2\u00a0h back (from a source)"
    assert stated["closure_text"][:2] == [
        "1.5\u00a0h lost by each trip that passed; 2.0\u00a0% of the demand finds no other way",
        "0\u00a0min lost by each trip that passed",
    ]
