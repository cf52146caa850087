"""What is said of checkpoints: how they stand, what they carry, where delays are from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.checkpoints import RULE
from geo_border.report.style import MODES, checkpoint_label, short_names
from geo_border.terms import CAR, ROAD
from geo_border.typology.words import hours, listed, passage, percent

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


NOT_GIVEN = "not given"
"""Where a delay is from that is zero because no one gives one."""


def checkpoint_words(results: Results, controls: pd.DataFrame) -> dict[str, list[str]]:
    """What the page tells of checkpoints.

    Parameters
    ----------
    results
        What a run gave.
    controls
        Rows of its checkpoints.

    Returns
    -------
    dict
        Lists of words: ``name``, ``mode_text``, ``status``, ``between``, ``load_text``,
        ``delay_text``, ``closure_text``.
    """
    short = short_names(results)
    ends = [
        " and ".join(str(short.get(end, end)) for end in pair if pd.notna(end))
        for pair in controls[["home_id", "neighbour_id"]].itertuples(index=False)
    ]
    extra = controls["closure_extra_hours"].to_numpy(float, na_value=np.nan)
    detours = controls.get("closure_detour_h", pd.Series(np.nan, controls.index)).to_numpy(float)
    lost = controls["closure_unserved"].to_numpy(float, na_value=np.nan)
    closure = []
    for more, detour, share in zip(extra, detours, lost, strict=True):
        words = []
        if np.isfinite(more):
            words.append(f"{hours(more)} lost by each trip that passed")
        if np.isfinite(detour):
            words.append(f"the next way takes {hours(detour)} longer")
        if np.isfinite(share) and share >= 5e-5:
            words.append(f"{percent(share, 1)} of the demand finds no other way")
        closure.append("; ".join(words) or "not modelled")
    return {
        "name": [checkpoint_label(str(name)) for name in controls["name"]],
        "mode_text": [MODES.get(mode, str(mode)) for mode in controls["mode"]],
        "status": [
            f"{status}, to border residents alone" if users == "local" and not is_open else status
            for status, users, is_open in zip(
                _status(controls),
                controls.get("users", pd.Series(None, controls.index, dtype=object)),
                controls["is_open"],
                strict=True,
            )
        ],
        "between": ends,
        "load_text": [
            f"{percent(share, 1)} of the demand" if np.isfinite(share) else "not modelled"
            for share in controls["load_share"].to_numpy(float, na_value=np.nan)
        ],
        "delay_text": [
            f"{passage(out, 'out')}, {passage(back, 'back')} ({origin})" if shown else "none known"
            for out, back, origin, shown in zip(
                controls["delay_out_h"],
                controls["delay_in_h"],
                delay_origin(controls),
                delay_known(controls),
                strict=True,
            )
        ],
        "closure_text": closure,
    }


def _status(controls: pd.DataFrame) -> list[str]:
    """Status of each checkpoint, and the classes that may not pass where others may."""
    keys = {CAR: "is_open"} | {
        str(column).removeprefix("is_open_"): str(column)
        for column in controls
        if str(column).startswith("is_open_")
    }
    passed = controls[list(keys.values())].to_numpy(bool)
    by_road = controls["mode"].isin(ROAD)
    words = []
    for status, may_pass, is_road in zip(controls["status"], passed, by_road, strict=True):
        shut = [name for name, may in zip(keys, may_pass, strict=True) if not may]
        closed = is_road and may_pass.any() and shut
        words.append(f"{status}, closed to the class {listed(shut)}" if closed else str(status))
    return words


def guessed(controls: pd.DataFrame) -> list[str]:
    """Where the delays are from that are drawn hollow: no one measured them.

    Parameters
    ----------
    controls
        Rows of the checkpoints.

    Returns
    -------
    list of str
        Of `delay_origin`, each once.
    """
    origins = np.array(delay_origin(controls), object)[controls["delay_imputed"].to_numpy(bool)]
    return sorted(set(origins))


def delay_known(controls: pd.DataFrame) -> list[bool]:
    """Whether a checkpoint has a delay that can be told: it is passed, and someone gives one.

    Parameters
    ----------
    controls
        Rows of the checkpoints.

    Returns
    -------
    list of bool
        One for each checkpoint.
    """
    origins = delay_origin(controls)
    return [
        bool(is_open) and origin != NOT_GIVEN
        for is_open, origin in zip(controls["is_open"], origins, strict=True)
    ]


def delay_origin(controls: pd.DataFrame) -> list[str]:
    """Where the delay of each checkpoint is from.

    Parameters
    ----------
    controls
        Rows of the checkpoints.

    Returns
    -------
    list of str
        ``from a source``; ``default``; ``by open_crossings``, which nobody measured; ``not
        given``, where the default is none.
    """
    known_from = controls.get("known_from", pd.Series("", controls.index))
    none = (controls["delay_out_h"] == 0) & (controls["delay_in_h"] == 0)
    origin = np.where(none, NOT_GIVEN, "default").astype(object)
    origin[~controls["delay_imputed"].to_numpy(bool)] = "from a source"
    origin[(known_from == RULE).to_numpy() & none.to_numpy()] = "by open_crossings"
    stated: list[str] = origin.tolist()
    return stated
