"""Why parts of a scenario change nothing, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.border.hours import Opening
from geo_border.terms import EVERY_CLASS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo_border.pipeline.stages.traffic_changes import TrafficChanges
    from geo_border.routing.scenarios import Scenario


NOBODY = (
    "nobody passes the border as it is: there are no trips to share out; what can be reached, and "
    "in how many hours, is new"
)
"""Of scenarios that open a closed border."""

OF_THE_SEASON = "times over it are those of its open season"
"""Of hours that close for a season."""


def notes(
    requested: Mapping[str, Scenario],
    scenarios: Mapping[str, Scenario],
    crossings: pd.DataFrame,
    traffic: TrafficChanges,
) -> pd.DataFrame:
    """Say of each checkpoint that a scenario names without effect why it has none.

    Parameters
    ----------
    requested
        What was asked for, by name.
    scenarios
        The scenarios that it means.
    crossings
        Of the network, with ``checkpoint_id``.
    traffic
        What the scenarios change.

    Returns
    -------
    DataFrame
        Columns ``scenario``, ``checkpoint_id`` (missing where all are meant), ``remark``; no
        row where everything has an effect.
    """
    gates = traffic.checkpoints.index.unique("checkpoint_id")
    shares = traffic.checkpoints.filter(like="share_")
    no_trips = not (shares["share_before"] > 0).any()
    rows: list[tuple[str, str | None, str]] = []
    for name, scenario in scenarios.items():
        rows += [(name, *note) for note in _served(requested[name], crossings, gates)]
        other = traffic.passages[traffic.passages.index.get_level_values("scenario") == name]
        is_other = other.droplevel("scenario").index
        for gate in sorted(scenario.named):
            here = traffic.checkpoints.xs((name, gate), level=("scenario", "checkpoint_id"))
            texts = {
                of_class: _remark(
                    scenario.of_class(str(of_class)),
                    gate,
                    row,
                    changed=(gate, of_class) in is_other,
                    told=not no_trips,
                )
                for of_class, row in here.iterrows()
                if of_class != EVERY_CLASS or len(here) == 1
            }
            rows += [(name, gate, text) for text in _together(texts)]
        rows += [(name, *note) for note in _seasonal(scenario)]
        if is_other.empty and not scenario.named:
            rows.append((name, None, "no checkpoint opens, closes or takes other hours"))
        elif no_trips:
            rows.append((name, None, NOBODY))
    return pd.DataFrame(rows, columns=["scenario", "checkpoint_id", "remark"])


def _together(texts: Mapping[object, str]) -> list[str]:
    """Remarks of the classes, one where all have the same."""
    said = set(texts.values())
    if len(said) == 1:
        return [text for text in said if text]
    return [f"{of_class}: {text}" for of_class, text in texts.items() if text]


def _remark(
    scenario: Scenario, gate: str, row: pd.Series[float], *, changed: bool, told: bool
) -> str:
    """What is to be said of a class at a gate, nothing where it is changed or not named."""
    if gate not in scenario.named:
        return ""
    if not changed:
        return _why(scenario, gate, row)
    idle = not (row["share_before"] > 0 or row["share_after"] > 0)
    return "carries none of the trips across the border, before or after" if idle and told else ""


def _served(
    what: Scenario, crossings: pd.DataFrame, gates: pd.Index[str]
) -> Iterator[tuple[str, str]]:
    """Crossings to be opened that have a checkpoint."""
    every = [what, *what.classes.values()]
    for name in sorted({name for part in every for name in part.open}):
        control = crossings["checkpoint_id"].get(name)
        if name not in gates and isinstance(control, str):
            yield (
                control,
                f"serves the crossing {name} already: it is the checkpoint that is opened",
            )


def _seasonal(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Opening hours of a scenario that close for a season."""
    every = [scenario, *scenario.classes.values()]
    hours = {gate: opening for part in every for gate, opening in part.hours.items()}
    for gate, opening in sorted(hours.items()):
        if isinstance(opening, Opening) and opening.season_share < 1:
            share = f"{100 * opening.season_share:.0f} %"
            yield gate, f"is open in {share} of the time by these hours: {OF_THE_SEASON}"


def _why(scenario: Scenario, gate: str, row: pd.Series[float]) -> str:
    """Why nothing is different at a gate that a scenario names."""
    if gate in scenario.close:
        return "was not open: closing it changes nothing"
    if row[["delay_out_h_before", "delay_in_h_before"]].isna().all():
        return "is not open: what it would take changes nothing unless it is opened too"
    if gate in scenario.open:
        return "is open already"
    return "takes these hours already"
