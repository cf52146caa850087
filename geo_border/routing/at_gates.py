"""Scenarios that name checkpoints, crossings and lanes, as scenarios of the gates of a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo_border.border.hours import INFORMED, Opening, read_hours
from geo_border.errors import CheckpointError
from geo_border.routing.named import check_names
from geo_border.routing.scenarios import by_direction
from geo_border.terms import CAR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    from geo_border.routing.scenarios import Hours, Scenario

LISTED = "tables/checkpoints.csv and (new ones) tables/crossings.csv of a run's output folder"
"""Where the ids are, for whoever writes one that reads like none."""


def at_gates(
    scenario: Scenario,
    gates: pd.DataFrame,
    crossings: pd.DataFrame,
    controls: pd.DataFrame,
    *,
    checkpoints: pd.DataFrame | None = None,
    month: int | None = None,
    informed: float = INFORMED,
    classes: Collection[str] = (CAR,),
) -> Scenario:
    """Say what a scenario is for the gates of a network.

    Parameters
    ----------
    scenario
        What is different at the border.
    gates, crossings, controls
        Of the network, see `geo_border.network.build.BuiltNetwork`. What stands on the road of a
        gate, another post or a lane, stands for it.
    checkpoints
        Index ``checkpoint_id``; ``lon``, ``lat``, the place whose holidays and whose sun opening
        hours speak of.
    month
        Month that opening hours are read of; the whole year if not given.
    informed
        Share of those who pass that knows the opening hours.
    classes
        Classes of traffic that it may speak of.

    Returns
    -------
    Scenario
        For tables of these gates, its hours read.

    Raises
    ------
    CheckpointError
        If it names what is not there, closes what it opens, gives hours in which nobody passes,
        or opens what nobody knows the delay of.
    """
    _check_classes(scenario.classes, classes)
    of_classes = {
        name: at_gates(
            own,
            gates,
            crossings,
            controls,
            checkpoints=checkpoints,
            month=month,
            informed=informed,
        )
        for name, own in scenario.classes.items()
    }
    _check_modes(scenario.modes, gates)
    every = replace(scenario, classes={})
    gate = {name: _gate_at(name, gates, crossings, controls) for name in sorted(every.named)}
    opened, closed = ({gate[name] for name in names} for names in (scenario.open, scenario.close))
    if opened & closed:
        raise CheckpointError(
            f"the scenario both closes and opens {min(opened & closed)}",
            remedy="Leave out --close or --open (`close` or `open` in a list of scenarios)",
        )
    delay = _merged(scenario.delay, gate)
    added = _merged(scenario.added, gate)
    hours = {
        gate[name]: _read(
            text,
            gate[name],
            at=_place(checkpoints, gate[name], crossings),
            month=month,
            informed=informed,
        )
        for name, text in scenario.hours.items()
    }
    for name in sorted(opened - set(delay) - set(added)):
        if np.isinf(gates.loc[name, ["delay_out_h", "delay_in_h"]].to_numpy(float)).all():
            raise CheckpointError(
                f"how long a passage at {name} would take is not known: its mode has no default",
                remedy=f"Add --delay {name}=HOURS, or its mode to `delay_h` in [checkpoints]",
            )
    return replace(
        scenario,
        close=closed,
        open=opened,
        delay=delay,
        added=added,
        hours=hours,
        one_way={gate[name]: way for name, way in scenario.one_way.items()},
        classes=of_classes,
    )


def _merged(
    hours: Mapping[str, Hours], gate: Mapping[str, str]
) -> dict[str, tuple[float | None, float | None]]:
    """Hours by gate; of two names of one gate the later speaks where it says anything."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, given in hours.items():
        out, back = by_direction(given)
        before = found.get(gate[name], (None, None))
        found[gate[name]] = (
            before[0] if out is None else out,
            before[1] if back is None else back,
        )
    return found


def _place(
    checkpoints: pd.DataFrame | None, gate: str, crossings: pd.DataFrame
) -> tuple[float, float] | None:
    """Where a checkpoint, or one that there could be, stands."""
    for table in (checkpoints, crossings):
        if table is not None and "lon" in table and gate in table.index:
            lon, lat = table.loc[gate, ["lon", "lat"]].to_numpy(float)
            return None if np.isnan(lon + lat) else (float(lon), float(lat))
    return None


def _read(
    hours: str | Opening,
    gate: str,
    *,
    at: tuple[float, float] | None,
    month: int | None,
    informed: float,
) -> Opening:
    """What opening hours mean at their place."""
    opening = (
        hours
        if isinstance(hours, Opening)
        else read_hours(hours, at=at, month=month, informed=informed)
    )
    if np.isinf(opening.wait_h):
        raise CheckpointError(
            f"by the opening hours {hours!r} {gate} never opens",
            remedy=f"Use --close {gate} (`close` in a list of scenarios)",
        )
    return opening


def _check_classes(named: Collection[str], classes: Collection[str]) -> None:
    """Refuse classes of traffic that there are none of."""
    for name in sorted(set(named) - set(classes)):
        raise CheckpointError(
            f"the scenario speaks of the class {name!r}, and what is computed is of "
            f"{', '.join(classes)}",
            remedy="Name a class of [traffic.classes] in study.toml; measures of places and "
            'regions, and traffic with `choice = "fastest"`, are of cars',
        )


def _check_modes(modes: Collection[str], gates: pd.DataFrame) -> None:
    """Refuse modes that no checkpoint has."""
    there = sorted(set(gates["mode"]))
    for mode in sorted(modes):
        if mode not in there:
            raise CheckpointError(
                f"no checkpoint has the mode {mode!r}",
                remedy=f"They have {', '.join(there)}"
                if there
                else "The network reaches no checkpoint from both sides",
            )


def _gate_at(
    name: str, gates: pd.DataFrame, crossings: pd.DataFrame, controls: pd.DataFrame
) -> str:
    """Gate of a checkpoint or at a crossing."""
    if name in gates.index:
        return name
    passage = None
    for table in (crossings, controls):
        if name in table.index:
            passage = table.at[name, "passage"]
    if isinstance(passage, str):
        served = crossings.at[passage, "checkpoint_id"]
        for gate in (passage, served):
            if gate in gates.index:
                return str(gate)
        raise CheckpointError(
            f"crossing {name!r} is none of the candidates for a new checkpoint",
            remedy="Raise `most_candidates` in [network] of study.toml",
        )
    if name in controls.index:
        nearest = controls.at[name, "nearest"]
        raise CheckpointError(
            f"checkpoint {name!r} stands on no road that passes the border",
            remedy=f"Correct its place, or ask for the crossing {nearest}, which is nearest"
            if isinstance(nearest, str)
            else "Correct its place: no road of its mode passes the border",
        )
    check_names([name], gates.index, listed=LISTED)
    return name
