"""Which week is looked at, and when in it a checkpoint is open."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from geo_border.border.hours import DAY, OPEN, WEEK, YEAR, LonLat, states
from geo_border.errors import CheckpointError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ISO_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})")


def week_of(week: str | date) -> date:
    """Monday of a week.

    Parameters
    ----------
    week
        Such as ``"2026-W07"`` (ISO 8601), or a day in it.

    Returns
    -------
    date
        Its Monday.

    Raises
    ------
    ParameterError
        If there is no such week or day.
    """
    try:
        if isinstance(week, str):
            numbered = ISO_WEEK.fullmatch(week.strip().upper())
            if numbered:
                return date.fromisocalendar(int(numbered[1]), int(numbered[2]), 1)
            week = date.fromisoformat(week.strip())
        return week - timedelta(days=week.weekday())
    except (ValueError, OverflowError) as error:
        raise ParameterError(
            f"there is no week {week!r}",
            remedy=f'Write "{YEAR}-W07", or a day in it such as "{YEAR}-02-10"',
        ) from error


def name_of_week(monday: date) -> str:
    """Name of a week after ISO 8601.

    Parameters
    ----------
    monday
        A day in it.

    Returns
    -------
    str
        Such as ``"2026-W07"``.
    """
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02}"


def open_in_week(hours: str, monday: date, *, at: LonLat | None = None) -> NDArray[np.int64]:
    """When a checkpoint is open in a week.

    Parameters
    ----------
    hours, at
        As in `geo_border.border.hours.read_hours`.
    monday
        The first day of the week.

    Returns
    -------
    ndarray
        Minutes after the beginning of the week from which and until which it is open, in
        order and apart, shape (N, 2).

    Raises
    ------
    CheckpointError
        If the hours cannot be read, or it is closed in all of the week.
    """
    state, _ = states(hours, datetime.combine(monday, time()), 7, at=at)
    found = _intervals(state == OPEN)
    if not len(found):
        try:
            other = f"Choose another, such as {name_of_week(usual_week(hours, at=at))}"
        except CheckpointError:
            other = "It never opens: give other hours"
        raise CheckpointError(
            f"by the opening hours {hours!r} it is closed in the week {name_of_week(monday)}",
            remedy=other,
        )
    return found


def usual_week(hours: str, *, at: LonLat | None = None, month: int | None = None) -> date:
    """Find the week that stands for most of those in which a checkpoint opens.

    Parameters
    ----------
    hours, at
        As in `geo_border.border.hours.read_hours`.
    month
        Choose among the weeks that begin in this month alone, 1 to 12; where it opens in none of
        them, among those with a day of the month on which it opens.

    Returns
    -------
    date
        Monday of the first of the weeks of `YEAR` whose hours are the commonest.

    Raises
    ------
    CheckpointError
        If the hours cannot be read, or it never opens (in the month).
    """
    first = week_of(date(YEAR, 1, 1))
    days = [first + timedelta(days=number) for number in range(53 * 7)]
    state, _ = states(hours, datetime.combine(first, time()), len(days), at=at)
    is_open = state == OPEN
    counted = np.array([day.year == YEAR and month in (None, day.month) for day in days])
    opens = (counted & is_open.reshape(-1, DAY).any(axis=1)).reshape(-1, 7).any(axis=1)
    # Those that begin then; a week of two months or years only where it opens in no other.
    begins = counted[::7] & np.array([day.year == YEAR for day in days[6::7]])
    chosen = opens & begins if (opens & begins).any() else opens
    likely = [
        (days[7 * number], is_open.reshape(-1, WEEK)[number].tobytes())
        for number in np.flatnonzero(chosen)
    ]
    if not likely:
        in_month = "" if month is None else f" in the month {month}"
        raise CheckpointError(
            f"by the opening hours {hours!r} it never opens{in_month}",
            remedy="Give other hours, or leave them empty where they are not known"
            if month is None or not is_open.any()
            else f"Choose a week, such as {name_of_week(usual_week(hours, at=at))}, or another "
            "`month` in [checkpoints]",
        )
    (commonest, _), *_ = Counter(pattern for _, pattern in likely).most_common(1)
    return next(monday for monday, pattern in likely if pattern == commonest)


def hours_of_days(opened: NDArray[np.int64]) -> float:
    """Mean time that a checkpoint is open on a day on which it opens.

    Parameters
    ----------
    opened
        As `open_in_week` gives it.

    Returns
    -------
    float
        Hours.
    """
    minutes = np.zeros(WEEK, bool)
    for begin, end in opened:
        minutes[begin:end] = True
    of_day = minutes.reshape(7, DAY).sum(axis=1)
    return float(of_day[of_day > 0].mean() / 60)


def _intervals(is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Runs of open minutes."""
    edges = np.flatnonzero(np.diff(is_open.astype(np.int8), prepend=0, append=0))
    return edges.astype(np.int64).reshape(-1, 2)
