"""Scenarios as options and files say them."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from geo_border.errors import CheckpointError, StudyError
from geo_border.pipeline.mistakes import parsed_toml
from geo_border.routing.scenarios import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class _Row(BaseModel):
    """Keys of a scenario in a file."""

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


_OF_CLASS = re.compile(r"(?P<id>.+):(?P<name>[a-z][a-z0-9]*)")
"""A checkpoint and the class of traffic that a change is for."""

_Entries = dict[str, dict[str, list[str]]]
"""Entries of options, by class and option; the class of none is ``""``."""


def parsed_scenario(
    *,
    close: Iterable[str] | None = None,
    open: Iterable[str] | None = None,  # noqa: A002  (the option's name)
    delay: Iterable[str] | None = None,
    delay_out: Iterable[str] | None = None,
    delay_in: Iterable[str] | None = None,
    hours: Iterable[str] | None = None,
    one_way: Iterable[str] | None = None,
    modes: Iterable[str] | None = None,
    users: str | None = None,
    factor: float = 1.0,
) -> Scenario:
    """Make a scenario of the options of the command line.

    Parameters
    ----------
    close, open
        ``ID``, or ``ID:CLASS`` for a class of traffic alone, as in all that follow.
    delay, delay_out, delay_in
        ``ID=HOURS`` (or ``ID=OUT/IN``), the whole of a passage, or with a plus sign what comes
        to the passage as it is; the last two leave the other direction as it is.
    hours
        ``ID=OPENING HOURS`` in OSM syntax.
    one_way
        ``ID=out`` (home to neighbour alone) or ``ID=in``.
    modes, users, factor
        As `geo_border.routing.scenarios.Scenario` takes them.

    Returns
    -------
    Scenario
        What they mean, whatever the study.

    Raises
    ------
    CheckpointError
        If an option is not of this form.
    """
    lists = {
        "close": close,
        "open": open,
        "delay": delay,
        "delay_out": delay_out,
        "delay_in": delay_in,
        "hours": hours,
        "one_way": one_way,
    }
    entries: _Entries = defaultdict(lambda: {option: [] for option in lists})
    for option, stated in lists.items():
        for entry in stated or ():
            name, equals, value = entry.partition("=")
            at = _OF_CLASS.fullmatch(name.strip())
            of_class, gate = ("", name) if at is None else (at["name"], at["id"])
            entries[of_class][option].append(f"{gate}{equals}{value}")
    every = _parsed(**entries.pop("", {}))
    return replace(
        every,
        modes=frozenset(modes or ()),
        users=users,
        factor=factor,
        classes={name: _parsed(**own) for name, own in entries.items()},
    )


def _parsed(
    *,
    close: Iterable[str] = (),
    open: Iterable[str] = (),  # noqa: A002  (the option's name)
    delay: Iterable[str] = (),
    delay_out: Iterable[str] = (),
    delay_in: Iterable[str] = (),
    hours: Iterable[str] = (),
    one_way: Iterable[str] = (),
) -> Scenario:
    """Make a scenario of entries without classes."""
    given: dict[str, _Directions] = {}
    added: dict[str, _Directions] = {}
    for entry in delay:
        name, value = _pair(entry)
        out, _, back = value.partition("/")
        both = [_number(text, entry) for text in (out, back or out)]
        if all(np.isinf(hours) for hours, _ in both):
            raise CheckpointError(
                f"{entry!r} lets nobody pass",
                remedy=f"Use --close {name} (`close` in a list of scenarios)",
            )
        given[name], added[name] = [None, None], [None, None]
        for direction, (number, more) in enumerate(both):
            (added if more else given)[name][direction] = number
    for direction, entries in enumerate((delay_out, delay_in)):
        for entry in entries:
            name, value = _pair(entry)
            number, more = _number(value, entry)
            before = added.setdefault(name, [None, None])
            if more:
                before[direction] = (before[direction] or 0.0) + number
            else:
                given.setdefault(name, [None, None])[direction], before[direction] = number, None
    return Scenario(
        close=frozenset(close),
        open=frozenset(open),
        delay=_known(given),
        added=_known(added),
        hours=dict(map(_pair, hours)),
        one_way=dict(map(_pair, one_way)),
    )


_Directions = list[float | None]


def _known(hours: dict[str, _Directions]) -> dict[str, tuple[float | None, float | None]]:
    """Hours of those of which any are given."""
    return {name: (out, back) for name, (out, back) in hours.items() if (out, back) != (None, None)}


def read_scenarios(file: Path) -> dict[str, Scenario]:
    """Read a list of scenarios.

    Parameters
    ----------
    file
        TOML with a table ``[[scenario]]`` for each: ``name`` and the arguments of
        `parsed_scenario`, lists of strings, but ``delay_factor`` for ``factor``. Or CSV with a row
        for each and the same columns, entries of a cell divided by ``|``.

    Returns
    -------
    dict
        Scenarios by name, in the order of the file.

    Raises
    ------
    StudyError
        If the file cannot be read, names no scenario, one twice, or says what none can say.
    CheckpointError
        As in `parsed_scenario`.
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
    found: dict[str, Scenario] = {}
    for number, row in enumerate(rows, start=1):
        where = f"scenario {number}"
        name = row.pop("name", None)
        if not isinstance(name, str) or not name.strip() or name in found:
            raise StudyError(
                "has no name, or that of another one", file=file, row=where, remedy="Name it"
            )
        try:
            stated = _Row.model_validate(row).model_dump()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise StudyError(
                f"{key}: {first['msg'].lower()}",
                file=file,
                row=f"{where} ({name})",
                remedy=f"The keys are name, {', '.join(_Row.model_fields)}",
            ) from error
        found[name] = parsed_scenario(factor=stated.pop("delay_factor"), **stated)
    if not found:
        raise StudyError("names no scenario", file=file, remedy="Begin one with [[scenario]]")
    return found


def _toml_rows(text: str, file: Path) -> list[dict[str, Any]]:
    """Tables of a TOML file."""
    stated = parsed_toml(text, file)
    rows = stated.pop("scenario", [])
    if stated or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
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


def _pair(entry: str) -> tuple[str, str]:
    """Id and value of ``ID=VALUE``."""
    name, equals, value = entry.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise CheckpointError(f"{entry!r} is not ID=VALUE", remedy="Write for example my-post=1.5")
    return name.strip(), value.strip()


def _number(text: str, entry: str) -> tuple[float, bool]:
    """Hours of an entry, and whether they come to the passage as it is."""
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
    return hours, text.strip().startswith("+")
