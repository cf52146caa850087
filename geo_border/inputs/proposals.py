"""Scenarios in the words of a planner: options and files to scenarios, and what comes of them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from geo_border.border.hours import expected_wait
from geo_border.errors import CheckpointError, StudyError
from geo_border.mistakes import parsed_toml
from geo_border.routing.scenarios import Scenario, check_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

LISTED = "tables/checkpoints.csv and (new ones) tables/crossings.csv of a run's output folder"
"""Where the ids are, for whoever writes one that reads like none."""


class Proposal(BaseModel):
    """What a planner would change at the border, as on the command line.

    Attributes
    ----------
    close, open
        Checkpoints; `open` takes crossings without a checkpoint too.
    delay, delay_out, delay_in
        ``ID=HOURS`` (or ``ID=OUT/IN``), the whole of a passage, or with a plus sign what comes
        to the passage as it is; the last two leave the other direction as it is.
    hours
        ``ID=OPENING HOURS`` in OSM syntax.
    one_way
        ``ID=out`` (home to neighbour alone) or ``ID=in``.
    modes
        Modes of the checkpoints that may be passed.
    users
        Who travels: ``multilateral``, ``bilateral`` or ``local``.
    delay_factor
        Multiplies every delay.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    close: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    delay: tuple[str, ...] = ()
    delay_out: tuple[str, ...] = ()
    delay_in: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    one_way: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    users: str | None = None
    delay_factor: float = 1.0


def read_proposals(file: Path) -> dict[str, Proposal]:
    """Read a list of scenarios.

    Parameters
    ----------
    file
        TOML with a table ``[[scenario]]`` for each: ``name`` and the keys of `Proposal`,
        lists of strings. Or CSV with a row for each and the same columns, entries of a cell
        divided by ``|``.

    Returns
    -------
    dict
        Proposals by name, in the order of the file.

    Raises
    ------
    StudyError
        If the file cannot be read, names no scenario, one twice, or says what none can say.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise StudyError(
            "there is no such file", file=file, remedy="Check the path after --scenarios"
        ) from error
    except IsADirectoryError as error:
        raise StudyError("it is a folder", file=file, remedy="Name the file in it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"cannot be read as text ({error})", file=file) from error
    rows = list(_toml_rows(text, file) if file.suffix == ".toml" else _csv_rows(text))
    found: dict[str, Proposal] = {}
    for number, row in enumerate(rows, start=1):
        where = f"scenario {number}"
        name = row.pop("name", None)
        if not isinstance(name, str) or not name.strip() or name in found:
            raise StudyError(
                "has no name, or that of another one", file=file, row=where, remedy="Name it"
            )
        try:
            found[name] = Proposal.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise StudyError(
                f"{key}: {first['msg'].lower()}",
                file=file,
                row=f"{where} ({name})",
                remedy=f"The keys are name, {', '.join(Proposal.model_fields)}",
            ) from error
    if not found:
        raise StudyError("names no scenario", file=file, remedy="Begin one with [[scenario]]")
    return found


def _toml_rows(text: str, file: Path) -> list[dict[str, Any]]:
    """Tables of a TOML file."""
    told = parsed_toml(text, file)
    rows = told.pop("scenario", [])
    if told or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StudyError(
            "is not a list of scenarios", file=file, remedy="Begin each with [[scenario]]"
        )
    return [dict(row) for row in rows]


def _csv_rows(text: str) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file; empty cells say nothing."""
    single = {"name", "users", "delay_factor"}
    for row in csv.DictReader(text.splitlines()):
        yield {
            str(key): value if key in single or not isinstance(value, str) else value.split("|")
            for key, value in row.items()
            if value
        }


def scenario_of(
    proposal: Proposal,
    gates: pd.DataFrame,
    crossings: pd.DataFrame,
    posts: pd.DataFrame,
    *,
    month: int | None = None,
) -> Scenario:
    """Scenario that a proposal means.

    Parameters
    ----------
    proposal
        What a planner would change.
    gates, crossings, posts
        Of the network, see `geo_border.network.build.BuiltNetwork`. What stands on the road of a
        gate, another post or a lane, stands for it.
    month
        Month that opening hours are read of; the whole year if not given.

    Returns
    -------
    Scenario
        For tables of these gates.

    Raises
    ------
    CheckpointError
        If it names what is not there, or gives hours that are none.
    """
    _check_modes(proposal.modes, gates)

    def at(name: str) -> str:
        return _gate_at(name, gates, crossings, posts)

    delay: dict[str, tuple[float, float]] = {}
    for entry in proposal.delay:
        name, value = at(_pair(entry)[0]), _pair(entry)[1]
        before = gates.loc[[name], ["delay_out_h", "delay_in_h"]].to_numpy(float)[0]
        out, _, back = value.partition("/")
        both = _number(out, entry, before[0]), _number(back or out, entry, before[1])
        if np.isinf(both).all():
            raise CheckpointError(
                f"{entry!r} lets nobody pass",
                remedy=f"Use --close {name} (`close` in a list of scenarios)",
            )
        delay[name] = both
    for position, entries in enumerate((proposal.delay_out, proposal.delay_in)):
        for entry in entries:
            name, value = at(_pair(entry)[0]), _pair(entry)[1]
            hours_of = list(delay.get(name, gates.loc[name, ["delay_out_h", "delay_in_h"]]))
            hours_of[position] = _number(value, entry, hours_of[position])
            delay[name] = hours_of[0], hours_of[1]
    hours = {at(name): text for name, text in map(_pair, proposal.hours)}
    one_way = {at(name): way for name, way in map(_pair, proposal.one_way)}
    for name, text in hours.items():
        if np.isinf(expected_wait(text, month=month)):
            raise CheckpointError(
                f"by the opening hours {text!r} {name} never opens",
                remedy=f"Use --close {name} (`close` in a list of scenarios)",
            )
    opened = {at(name) for name in proposal.open}
    for name in sorted(opened - set(delay)):
        if np.isinf(gates.loc[name, ["delay_out_h", "delay_in_h"]].to_numpy(float)).all():
            raise CheckpointError(
                f"how long a passage at {name} would take is not known: its mode has no default",
                remedy=f"Add --delay {name}=HOURS, or its mode to `delay_h` in [checkpoints]",
            )
    return Scenario(
        closed=frozenset(map(at, proposal.close)),
        opened=frozenset(opened),
        delay_h=delay,
        opening_hours=hours,
        month=month if hours else None,
        one_way=one_way,
        modes=frozenset(proposal.modes),
        users=proposal.users,
        delay_factor=proposal.delay_factor,
    )


def _check_modes(modes: tuple[str, ...], gates: pd.DataFrame) -> None:
    """Refuse modes that no checkpoint has."""
    there = sorted(set(gates["mode"]))
    for mode in modes:
        if mode not in there:
            raise CheckpointError(
                f"no checkpoint has the mode {mode!r}",
                remedy=f"They have {', '.join(there)}"
                if there
                else "The network reaches no checkpoint from both sides",
            )


def _gate_at(name: str, gates: pd.DataFrame, crossings: pd.DataFrame, posts: pd.DataFrame) -> str:
    """Gate of a checkpoint or at a crossing."""
    if name in gates.index:
        return name
    passage = None
    for table in (crossings, posts):
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
    if name in posts.index:
        nearest = posts.at[name, "nearest"]
        raise CheckpointError(
            f"checkpoint {name!r} stands on no road that passes the border",
            remedy=f"Correct its place, or ask for the crossing {nearest}, which is nearest"
            if isinstance(nearest, str)
            else "Correct its place: no road of its mode passes the border",
        )
    check_names([name], gates.index, listed=LISTED)
    return name


def _pair(entry: str) -> tuple[str, str]:
    """Id and value of ``ID=VALUE``."""
    name, equals, value = entry.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise CheckpointError(f"{entry!r} is not ID=VALUE", remedy="Write for example my-post=1.5")
    return name.strip(), value.strip()


def _number(text: str, entry: str, before: float) -> float:
    """Hours of an entry: those of a passage, or with a plus sign those that come to it."""
    try:
        hours = float(text)
    except ValueError:
        hours = np.nan
    if not hours >= 0:
        raise CheckpointError(
            f"{entry!r} gives no hours",
            remedy="Write for example my-post=1.5 or my-post=1/2.5 for the whole of a passage, "
            "my-post=+1 for one hour more than as it is",
        )
    if not text.strip().startswith("+"):
        return hours
    if not np.isfinite(before):
        raise CheckpointError(
            f"{entry!r} adds to a passage that takes no finite time as it is",
            remedy="Write the whole of the passage, for example my-post=1.5",
        )
    return float(before) + hours
