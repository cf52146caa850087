"""What kind of border two countries have at a date, and what a passage of that kind takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from math import prod, sqrt
from typing import TYPE_CHECKING, Literal

import pandas as pd

from geo_border.world.data import world_file

if TYPE_CHECKING:
    from collections.abc import Iterator

Control = Literal["none", "persons", "customs", "both", "closed"]
"""What is controlled at a border: nothing, persons, goods, both, or nobody passes."""

CONTROLS: dict[Control, str] = {
    "none": "no control of persons or goods",
    "persons": "control of persons, none of goods",
    "customs": "control of goods, none of persons",
    "both": "control of persons and of goods",
    "closed": "closed to all traffic",
}
"""What each kind is, in words."""

EVERYBODY = "all"
"""Whom a closure concerns where it is everybody; else persons, and goods pass."""


@dataclass(frozen=True, slots=True)
class BorderKind:
    """Kind of the border of a pair of countries at a date.

    Parameters
    ----------
    control
        What is controlled.
    on
        The date.
    reasons
        Unions and closures that it follows from, each with its source. None where the two are
        in no union that abolished a control: then both are controlled.
    closed_to_persons
        Whether private travellers do not pass, though goods do.
    """

    control: Control
    on: date
    reasons: tuple[str, ...]
    closed_to_persons: bool = False


@dataclass(frozen=True, slots=True)
class PassageDelay:
    """What a passage takes a class of traffic at a kind of border.

    Parameters
    ----------
    lo_h, mid_h, hi_h
        Ends and middle, hours.
    source
        Sources of the ends, each with what it measured.
    """

    lo_h: float
    mid_h: float
    hi_h: float
    source: str


def facts_date() -> date:
    """Date of what is known of closures: the latest at which a source saw one.

    Returns
    -------
    date
        The date for which studies of pairs are made.
    """
    return date.fromisoformat(max(_table("closures.csv")["seen"]))


def border_kind(one: str, other: str, on: date | None = None) -> BorderKind:
    """Kind of the border of two countries.

    Parameters
    ----------
    one, other
        Alpha-3 codes, in any order.
    on
        The date; that of what is known if not given.

    Returns
    -------
    BorderKind
        Closed if a closure to all says so; else what is left of the control of persons and goods
        by unions of both countries that abolished it.
    """
    day = on or facts_date()
    closures = list(_closures(one, other, day))
    reasons = [f"{note} ({source})" for _, note, source in closures]
    if any(closed_to == EVERYBODY for closed_to, _, _ in closures):
        return BorderKind("closed", day, tuple(reasons))
    free = set()
    for abolished, reason in _unions(one, other, day):
        free.add(abolished)
        reasons.append(reason)
    left: Control = "both"
    if {"persons", "customs"} <= free:
        left = "none"
    elif "persons" in free:
        left = "customs"
    elif "customs" in free:
        left = "persons"
    return BorderKind(left, day, tuple(reasons), closed_to_persons=bool(closures))


def passage_delays(control: Control) -> dict[str, PassageDelay]:
    """Delays of a passage at a kind of border by class of traffic.

    Parameters
    ----------
    control
        What is controlled there.

    Returns
    -------
    dict
        By class: ``car``, ``truck`` and ``rail`` (passenger trains); empty for a closed border.
        The ends are the least and the greatest of the sources. The middle is the geometric mean
        of the middles of the sources: each one's mean where it measured one, else the
        geometric mean of its ends (the arithmetic one where an end is 0).
    """
    table = _table("border_delays.csv")
    found = {}
    for name, rows in table[table["kind"] == control].groupby("class", sort=True):
        ends = rows[["lo_h", "hi_h"]].astype(float)
        means = pd.to_numeric(rows["mean_h"])
        middles = [
            mean if mean == mean else (sqrt(lo * hi) if lo else (lo + hi) / 2)  # noqa: PLR0124  (missing)
            for lo, mean, hi in zip(ends["lo_h"], means, ends["hi_h"], strict=True)
        ]
        found[str(name)] = PassageDelay(
            lo_h=float(ends["lo_h"].min()),
            mid_h=round(prod(middles) ** (1 / len(middles)), 3),
            hi_h=float(ends["hi_h"].max()),
            source="; ".join(f"{row.source}: {row.note}" for row in rows.itertuples()),
        )
    return found


def _closures(one: str, other: str, day: date) -> Iterator[tuple[str, str, str]]:
    """Closures of a border at a date: to whom, what is said of it, source."""
    table = _table("closures.csv")
    first, last = sorted((one, other))
    rows = table[(table["one"] == first) & (table["other"] == last) & _holds(table, day)]
    yield from rows[["closed_to", "note", "source"]].itertuples(index=False, name=None)


def _unions(one: str, other: str, day: date) -> Iterator[tuple[str, str]]:
    """Unions of two countries at a date: which control they abolished, and which they are."""
    members = _table("union_members.csv")
    members = members[_holds(members, day)]
    shared = members[members["country"].isin([one, other])].groupby("union")["country"].nunique()
    for union in _table("unions.csv").itertuples():
        if shared.get(union.union, 0) == len({one, other}):
            yield str(union.abolishes), f"{union.name}: {union.note} ({union.source})"


def _holds(table: pd.DataFrame, day: date) -> pd.Series[bool]:
    """Whether what a row says holds at a date."""
    iso = day.isoformat()
    return (table["since"] <= iso) & ((table["until"] == "") | (table["until"] >= iso))


@cache
def _table(name: str) -> pd.DataFrame:
    """Table of the data of the world, as text."""
    return pd.read_csv(world_file(name), dtype=str, keep_default_na=False)
