"""Opening hours: what a year of them costs who passes, and in which part of it one can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np
from opening_hours import (  # type: ignore[attr-defined]  # its stub forgets ParserError
    OpeningHours,
    ParserError,
    State,
)

from geo_border.errors import CheckpointError

YEAR = 2026
"""The year that hours are read in: a common one of 365 days, and a fixed one, so that a file means
the same whenever it is read."""

DAY = 24 * 60
WEEK = 7 * DAY

LONG_DAYS = 14
"""Closed for longer than this between two seasons of at least this length is a closed season."""

LONGEST_DAYS = 35
"""Nobody waits longer than this, which is what lies between two openings that come every month."""

INFORMED = 0.9
"""Share of travellers who know the opening hours and come within them, where a study does not
say: hours are public, yet some come late. An assumption."""

OF_THE_SUN = re.compile(r"sunrise|sunset|dawn|dusk", re.IGNORECASE)

LonLat = tuple[float, float]
"""Longitude and latitude, degrees."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening hours mean for who passes.

    Parameters
    ----------
    wait_h
        Mean wait for the opening of who passes in the open season, hours; infinite if it
        never opens.
    season_share
        Share of the days of the year (or of the month asked for) that are not of a closed
        season: 1 where there is none, 0 if it never opens.
    remark
        Words that stand in the hours, such as ``by appointment``; they are not reckoned with.
    open_share, day_share
        Share of all time of the year (or of that month) that it is open, and of the days on which
        it opens.
    """

    wait_h: float
    season_share: float
    remark: str = ""
    open_share: float = 1.0
    day_share: float = 1.0


ALWAYS = Opening(0.0, 1.0)
"""Of a checkpoint whose hours are not known."""


def expected_wait(
    hours: str,
    *,
    at: LonLat | None = None,
    month: int | None = None,
    informed: float = INFORMED,
) -> float:
    """Mean wait for the opening of a checkpoint where nobody queues once it is open.

    Parameters
    ----------
    hours, at, month, informed
        As in `read_hours`.

    Returns
    -------
    float
        Hours; infinite if it never opens.

    Raises
    ------
    CheckpointError
        If the text is not in the opening-hours syntax, or says that nothing is known.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.expected_wait("Mo-Su 08:00-20:00", informed=0)
    3.0
    """
    return read_hours(hours, at=at, month=month, informed=informed).wait_h


@cache
def read_hours(
    hours: str,
    *,
    at: LonLat | None = None,
    month: int | None = None,
    informed: float = INFORMED,
) -> Opening:
    """Read a year of opening hours, minute by minute in local time.

    Who knows the hours comes within them. Who does not comes at any time of the open season
    and waits, in the mean the sum over closed blocks of ``c² / 2`` over its hours: 3 h for 12
    closed hours a day. That is the limit of `geo_border.traffic.week.border_week` for few
    arrivals that are spread evenly; it has the queue where they are many.

    Nobody waits months: a closure of more than `LONGEST_DAYS` days, or of more than
    `LONG_DAYS` between two seasons that are at least as long, is a closed season, and its
    whole days are no time in which travellers arrive. All shorter closures are waited for.
    Hours that repeat every week are read from one week. Hours that only tell when it is closed
    (``Oct-May off``) are of a checkpoint that is open otherwise.

    Parameters
    ----------
    hours
        Opening hours in OSM syntax, such as ``"Mo-Su 08:00-20:00"``; seasons, weeks, n-th
        weekdays and dates are of the year `YEAR`.
    at
        Where the checkpoint is: whose public holidays ``PH`` are and when the sun rises; without
        it there is no holiday, and the sun is up from 7 to 19.
    month
        Read this month alone, 1 to 12.
    informed
        Share of those who pass that knows the hours, 0 to 1.

    Returns
    -------
    Opening
        Wait and season.

    Raises
    ------
    CheckpointError
        If the text is not in the opening-hours syntax, or says that nothing is known.
    """
    state, remark = states(hours, *_period(month), at=at)
    is_open = state == OPEN
    wait_h, share = _of_closures(_one_week(~is_open))
    return Opening(
        wait_h if share == 0 else (1 - informed) * wait_h,
        share,
        remark,
        open_share=float(is_open.mean()),
        day_share=float(is_open.reshape(-1, DAY).any(axis=1).mean()),
    )


def can_be_read(hours: object) -> bool:
    """Whether a text says when it is open; a missing one says nothing wrong.

    Parameters
    ----------
    hours
        Text or nothing.

    Returns
    -------
    bool
        False where `read_hours` raises.
    """
    try:
        return not isinstance(hours, str) or read_hours(hours) is not None
    except CheckpointError:
        return False


OPEN, _CLOSED, _UNKNOWN = range(3)
_STATES = {State.OPEN: OPEN, State.CLOSED: _CLOSED, State.UNKNOWN: _UNKNOWN}


def states(
    hours: str, start: datetime, days: int, *, at: LonLat | None = None
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int8]], str]:
    """Read what opening hours say of each minute of some days.

    Parameters
    ----------
    hours, at
        As in `read_hours`.
    start
        Midnight that begins the first day, local time.
    days
        How many.

    Returns
    -------
    tuple
        `OPEN` or another number by minute, and the words that stand beside the hours.

    Raises
    ------
    CheckpointError
        As in `read_hours`.
    """
    rule = _rule(hours, at)
    state, remark = _states(rule, start, days)
    if (state == _CLOSED).all() and not _ever_opens(rule):
        # Only what is closed is said. Of `off` alone nothing else is meant.
        state, remark = _states(_rule(f"24/7; {hours}", at), start, days)
    if not (state == OPEN).any() and (state == _UNKNOWN).any():
        raise CheckpointError(
            f"opening hours {hours!r} say that they are not known",
            remedy="Leave them empty where they are not known",
        )
    return state, remark


def _rule(hours: str, at: LonLat | None) -> OpeningHours:
    """Parse hours, with the country and the sun of their place."""
    try:
        if at is None:
            return OpeningHours(hours)
        # A time zone is of no use but for the sun: hours are those of the clock on the wall.
        sun = OF_THE_SUN.search(hours) is not None
        return OpeningHours(hours, coords=(at[1], at[0]), auto_timezone=sun)
    except ParserError as error:
        raise CheckpointError(
            f"opening hours {hours!r} are not in OSM syntax",
            remedy='Write for example "24/7" or "Mo-Fr 08:00-20:00"',
        ) from error


def _period(month: int | None) -> tuple[datetime, int]:
    """First day and number of days of the year or a month."""
    start = datetime(YEAR, month or 1, 1)  # noqa: DTZ001  (local time at the checkpoint)
    end = start.replace(year=YEAR + 1) if month is None else start + timedelta(days=31)
    end = end.replace(day=1)
    return start, (end - start).days


def _states(
    rule: OpeningHours, start: datetime, days: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int8]], str]:
    """State of each minute, and the words that stand beside hours."""
    state = np.full(days * DAY, _CLOSED, np.int8)
    remarks: dict[str, None] = {}
    for begin, end, kind, words in rule.intervals(start, start + timedelta(days=days)):
        first, last = (
            int((time.replace(tzinfo=None) - start) / timedelta(minutes=1)) for time in (begin, end)
        )
        state[max(first, 0) : max(last, 0)] = _STATES[kind]
        if words and kind != State.CLOSED:
            remarks[words] = None
    return state, "; ".join(remarks)


def _ever_opens(rule: OpeningHours) -> bool:
    """Whether there is any year in which it opens."""
    long_ago = datetime(1900, 1, 1)  # noqa: DTZ001  (as in `_period`)
    return bool(rule.is_open(long_ago)) or rule.next_change(long_ago) is not None


def _one_week(
    closed: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The week that repeats, where one does: a year has a day more than whole weeks."""
    week, repeats = closed[:WEEK], -(-len(closed) // WEEK)
    return week if (np.tile(week, repeats)[: len(closed)] == closed).all() else closed


def _of_closures(closed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
    """Mean wait, and the share of days in season, of a time that repeats."""
    if closed.all():
        return float("inf"), 0.0
    if not closed.any():
        return 0.0, 1.0
    # From an opening on, so that no closure is cut in two.
    offset = int(np.argmin(closed))
    edges = np.flatnonzero(np.diff(np.roll(closed, -offset).astype(np.int8), append=0))
    begin, end = edges[::2] + 1 + offset, edges[1::2] + 1 + offset
    length = end - begin
    whole_days = np.maximum(end // DAY - -(-begin // DAY), 0)
    away = DAY * np.where(_out_of_season(begin, length, len(closed)), whole_days, 0)
    season = len(closed) - away.sum()
    wait_min = ((length - away).astype(float) ** 2).sum() / 2 / season
    return float(wait_min / 60), float(season / len(closed))


def _out_of_season(
    begin: np.ndarray[tuple[int], np.dtype[np.intp]],
    length: np.ndarray[tuple[int], np.dtype[np.intp]],
    total: int,
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which closures are closed seasons."""
    found = length > LONGEST_DAYS * DAY
    long = np.flatnonzero(length > LONG_DAYS * DAY)
    if len(long):
        stop = begin[long] + length[long]
        after = np.roll(begin[long], -1) - stop
        after[-1] += total
        is_season = after >= LONG_DAYS * DAY
        found[long] |= is_season & np.roll(is_season, 1)
    return found
