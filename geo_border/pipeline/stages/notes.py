"""Why parts of a scenario change nothing, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.hours import Opening
from geo_border.routing.scenarios import delays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from geo_border.bottlenecks.changes import Changes
    from geo_border.routing.scenarios import Scenario
    from geo_border.routing.tables import GateTables


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
    tables: GateTables,
    found: Changes,
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
    tables
        Checkpoint tables.
    found
        What the scenarios change.

    Returns
    -------
    DataFrame
        Columns ``scenario``, ``checkpoint_id`` (missing where all are meant), ``remark``; no
        row where everything has an effect.
    """
    gates = tables.gates.index
    n = len(gates)
    before = delays(tables)
    shape = len(scenarios), n, 2
    after = found.checkpoints[["delay_out_h", "delay_in_h"]].to_numpy().reshape(shape)
    loads = found.checkpoints[["load_share_before", "load_share_after"]].to_numpy()
    idle = ~(loads > 0).any(axis=1).reshape(len(scenarios), n)
    no_trips = not (found.checkpoints["load_share_before"] > 0).any()
    rows: list[tuple[str, str | None, str]] = []
    for number, (name, scenario) in enumerate(scenarios.items()):
        rows += [(name, *note) for note in _served(requested[name], crossings, gates)]
        same = (before == after[number].T).all(axis=0)
        for gate in sorted(scenario.named):
            at = gates.get_loc(gate)
            text = _why(scenario, gate, before[:, at]) if same[at] else ""
            if not same[at] and idle[number, at] and not no_trips:
                text = "carries none of the trips across the border, before or after"
            if text:
                rows.append((name, gate, text))
        rows += [(name, *note) for note in _seasonal(scenario)]
        if same.all() and not scenario.named:
            rows.append((name, None, "no checkpoint opens, closes or takes other hours"))
        elif no_trips:
            rows.append((name, None, NOBODY))
    return pd.DataFrame(rows, columns=["scenario", "checkpoint_id", "remark"])


def _served(
    what: Scenario, crossings: pd.DataFrame, gates: pd.Index[str]
) -> Iterator[tuple[str, str]]:
    """Crossings to be opened that have a checkpoint."""
    for name in sorted(what.open):
        control = crossings["checkpoint_id"].get(name)
        if name not in gates and isinstance(control, str):
            yield (
                control,
                f"serves the crossing {name} already: it is the checkpoint that is opened",
            )


def _seasonal(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Opening hours of a scenario that close for a season."""
    for gate, opening in sorted(scenario.hours.items()):
        if isinstance(opening, Opening) and opening.season_share < 1:
            share = f"{100 * opening.season_share:.0f} %"
            yield gate, f"is open in {share} of the time by these hours: {OF_THE_SEASON}"


def _why(scenario: Scenario, gate: str, hours: NDArray[np.float64]) -> str:
    """Why nothing is different at a gate that a scenario names."""
    if gate in scenario.close:
        return "was not open: closing it changes nothing"
    if np.isinf(hours).all():
        return "is not open: what it would take changes nothing unless it is opened too"
    if gate in scenario.open:
        return "is open already"
    return "takes these hours already"
