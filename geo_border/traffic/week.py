"""A week at the border: queue, wait and passages of each class, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.hours import INFORMED, WEEK, LonLat
from geo_border.border.weeks import (
    hours_of_days,
    name_of_week,
    open_in_week,
    usual_week,
    week_of,
)
from geo_border.errors import ParameterError
from geo_border.shown import shown
from geo_border.traffic.queue import FluidQueue, fluid_queue

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOURS = WEEK // 60
"""Hours of a week."""

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

OFTEN = 0.95
"""Share of the vehicles whose longest wait stands beside the mean."""

SAID_TWICE = "how many vehicles can be served is not said, or said twice"
HOW_SERVED = "Give lanes and minutes a vehicle, or a capacity a day"

Profile = Sequence[float] | Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True, eq=False)
class BorderWeek:
    """A week of one direction at lanes that some classes share.

    Parameters
    ----------
    week
        Which, after ISO 8601.
    hours
        Its opening hours.
    opened
        Minutes of the week from which and until which it is open, shape (N, 2).
    classes
        Names of the classes.
    queue
        Who came and left when.
    open_wait_h
        Mean wait that each class would have if it were always open and everybody came by
        the profile, hours; infinite where that is too little, shape (C,).
    """

    __repr__ = shown

    week: str
    hours: str
    opened: NDArray[np.int64]
    classes: tuple[str, ...]
    queue: FluidQueue
    open_wait_h: Floats

    @property
    def steady(self) -> bool:
        """Whether all who come in a week can be served in a week."""
        return self.queue.steady

    @property
    def hourly(self) -> pd.DataFrame:
        """The week hour by hour.

        Returns
        -------
        DataFrame
            A row for each class and hour: ``class``, ``hour`` (0 is Monday from 0 to 1),
            ``day``, ``open_share`` of the hour, ``arrivals``, ``passed`` (vehicles),
            ``queue`` (mean of the hour) and ``queue_end`` (vehicles), ``wait_h`` (mean of
            who arrives in the hour; missing where nobody does).
        """
        edges = np.arange(HOURS + 1.0)
        is_open = np.interp(edges, *_open_upto(self.opened))
        arrivals, wait = self._by_hour()
        with np.errstate(invalid="ignore"):
            mean = wait / arrivals
        measured = {
            "arrivals": arrivals,
            "passed": np.diff(self.queue.left(edges)),
            "queue": self.queue.mean_waiting(edges),
            "queue_end": self.queue.waiting(edges[1:]),
            "wait_h": mean,
        }
        count = len(self.classes)
        hour = np.tile(np.arange(HOURS), count)
        return pd.DataFrame(
            {
                "class": np.repeat(self.classes, HOURS),
                "hour": hour,
                "day": np.array(DAYS)[hour // 24],
                "open_share": np.tile(np.diff(is_open), count),
                **{name: values.ravel() for name, values in measured.items()},
            }
        )

    @property
    def summary(self) -> pd.DataFrame:
        """The week of each class.

        Returns
        -------
        DataFrame
            Index ``class``: ``arrivals`` and ``passed`` (vehicles a week), ``wait_h`` (mean),
            ``hours_wait_h`` (the part of it that opening hours make), ``often_wait_h`` (that
            95 % do not exceed), ``longest_wait_h``, ``longest_queue`` (vehicles),
            ``utilisation`` (of the lanes while open, by all that share them), ``growth``
            (vehicles a week). Where it grows there is no wait to last: infinite.
        """
        arrivals, wait = (values.sum(axis=1) for values in self._by_hour())
        with np.errstate(invalid="ignore"):
            mean = np.where(self.steady, wait / arrivals, np.inf)
            of_hours = np.where(self.steady, mean - self.open_wait_h, np.inf)
        often, longest = (self.queue.quantile_wait(share) for share in (OFTEN, 1.0))
        endless = np.where(self.steady, 0.0, np.inf)
        return pd.DataFrame(
            {
                "arrivals": arrivals,
                "passed": arrivals - self.queue.growth,
                "wait_h": mean,
                "hours_wait_h": of_hours,
                "often_wait_h": often + endless,
                "longest_wait_h": longest + endless,
                "longest_queue": self.queue.waiting(self.queue.turns).max(axis=1) + endless,
                "utilisation": self.queue.load,
                "growth": self.queue.growth,
            },
            index=pd.Index(self.classes, name="class"),
        )

    def _by_hour(self) -> tuple[Floats, Floats]:
        """Vehicles and their hours of waiting by class and hour of arrival."""
        queue = self.queue
        hour = np.minimum(queue.arrive.mean(axis=1).astype(int), HOURS - 1)
        wait = (queue.leave - queue.arrive).mean(axis=1)
        counted = [np.bincount(hour, of_class, HOURS) for of_class in queue.vehicles]
        waited = [np.bincount(hour, of_class * wait, HOURS) for of_class in queue.vehicles]
        return np.array(counted), np.array(waited)


def border_week(
    vehicles: Mapping[str, float],
    *,
    lanes: float | None = None,
    minutes: float | Mapping[str, float] | None = None,
    capacity: float | None = None,
    pcu: Mapping[str, float] | None = None,
    hours: str = "24/7",
    week: str | date | None = None,
    at: LonLat | None = None,
    profile: Profile | None = None,
    informed: float = INFORMED,
) -> BorderWeek:
    """Queue and wait over a week in one direction, at lanes that some classes share.

    A fluid queue, exact for rates that are constant between times: the queue at the end of
    the week is that at its beginning. First come, first served; what chance adds (vehicles
    that come in bunches) is not in it, nor the time of service itself.

    Parameters
    ----------
    vehicles
        That come a day, mean of the week, by class.
    lanes
        How many vehicles are served at a time.
    minutes
        What the service of a vehicle takes, of all classes or by class.
    capacity
        Instead of `lanes` and `minutes`: vehicles of all classes that are served on a day on
        which it is open, as long as it then is.
    pcu
        Passenger-car units that a vehicle of each class takes of the capacity, which is in these
        then.
    hours
        Opening hours in OSM syntax.
    week
        Such as ``"2026-W07"``, or a day in it; the commonest of 2026 if not given.
    at
        Longitude and latitude, whose public holidays and whose sun the hours speak of.
    profile
        How arrivals are spread over the 24 hours of a day or the 168 of a week, from Monday
        0:00, in any unit; of all classes or by class. Evenly if not given.
    informed
        Share that knows the opening hours, and comes within them by the profile; the others
        come by the profile at any time, and wait.

    Returns
    -------
    BorderWeek
        The week. Where more come in a week than can be served, `BorderWeek.steady` is
        false, and it is the week that begins without a queue.

    Raises
    ------
    ParameterError
        If a number is missing or makes no sense.
    CheckpointError
        If the hours cannot be read, or it is closed all week.

    Examples
    --------
    Closed for 12 hours every night, half as many as could pass, and nobody knows the hours:

    >>> import geo_border as gb
    >>> found = gb.border_week(
    ...     {"car": 360}, lanes=1, minutes=1, hours="Mo-Su 08:00-20:00", informed=0
    ... )
    >>> found.summary[["wait_h", "longest_queue"]].round(2).to_numpy().tolist()
    [[4.0, 180.0]]
    """
    classes = tuple(vehicles)
    _refuse(vehicles, informed)
    monday = usual_week(hours, at=at) if week is None else week_of(week)
    opened = open_in_week(hours, monday, at=at)
    if (capacity is not None and minutes is not None) or (pcu is not None and capacity is None):
        raise ParameterError(SAID_TWICE, remedy=HOW_SERVED)
    takes = pcu if minutes is None else minutes
    work, rate_open = _service(classes, lanes, takes, capacity, hours_of_days(opened))
    spread = np.array([_profile(profile, name) for name in classes])
    a_week = 7 * np.array([float(count) for count in vehicles.values()])

    edges = np.unique(np.concatenate([np.arange(HOURS + 1.0), opened.ravel() / 60]))
    middle = (edges[:-1] + edges[1:]) / 2
    is_open = ((middle[:, None] * 60 > opened[:, 0]) & (middle[:, None] * 60 < opened[:, 1])).any(1)
    hourly = spread[:, middle.astype(int)]
    within = hourly * is_open
    count = within @ np.diff(edges)
    if informed > 0 and (count[a_week > 0] == 0).any():
        raise ParameterError(
            "by the profile nobody comes within the opening hours",
            remedy="Give a profile with arrivals within them, or informed=0",
        )
    within /= np.where(count > 0, count, 1.0)[:, None]
    rate = a_week[:, None] * (informed * within + (1 - informed) * hourly)
    always = fluid_queue(edges, a_week[:, None] * hourly, work, np.full(len(middle), rate_open))
    return BorderWeek(
        week=name_of_week(monday),
        hours=hours,
        opened=opened,
        classes=classes,
        queue=fluid_queue(edges, rate, work, np.where(is_open, rate_open, 0.0)),
        open_wait_h=_mean_wait(always),
    )


def _refuse(vehicles: Mapping[str, float], informed: float) -> None:
    """Refuse numbers that make no sense."""
    wrong = [name for name, count in vehicles.items() if not 0 <= count < np.inf]
    if wrong or not any(vehicles.values()):
        raise ParameterError(
            f"{vehicles[wrong[0]]:g} vehicles a day of the class {wrong[0]!r}"
            if wrong
            else "no vehicles come",
            remedy='Give those of a day by class, such as {"car": 800, "truck": 400}',
        )
    if not 0 <= informed <= 1:
        raise ParameterError(
            f"the share that knows the opening hours is {informed:g}", remedy="Give 0 to 1"
        )


def _service(
    classes: tuple[str, ...],
    lanes: float | None,
    takes: float | Mapping[str, float] | None,
    capacity: float | None,
    open_h: float,
) -> tuple[Floats, float]:
    """Work that a vehicle of each class makes, and what is done in an hour while open."""
    if (lanes is None) == (capacity is None) or (lanes is not None and takes is None):
        raise ParameterError(SAID_TWICE, remedy=HOW_SERVED)
    if isinstance(takes, Mapping):
        missing = [name for name in classes if name not in takes]
        if missing:
            raise ParameterError(
                f"what the service of the class {missing[0]!r} takes is not said",
                remedy="Give it for every class that comes",
            )
    of = takes if isinstance(takes, Mapping) else dict.fromkeys(classes, takes or 1.0)
    work = np.array([float(of[name]) for name in classes])
    rate = 60.0 * lanes if lanes is not None else (capacity or 0.0) / open_h
    if not ((work > 0).all() and np.isfinite(work).all() and 0 < rate < np.inf):
        raise ParameterError(
            "lanes, minutes of service or capacity are not above 0",
            remedy="Give what is there while it is open; opening hours say when it is closed",
        )
    return work, rate


def _profile(profile: Profile | None, name: str) -> Floats:
    """Share of a week's arrivals of a class in each hour of the week."""
    given = profile.get(name) if isinstance(profile, Mapping) else profile
    values = np.ones(HOURS) if given is None else np.asarray(given, float)
    if values.shape not in {(24,), (HOURS,)} or not (values >= 0).all() or not values.sum() > 0:
        raise ParameterError(
            f"the profile of the class {name!r} has {values.size} numbers, or some below 0",
            remedy=f"Give 24 (a day) or {HOURS} (a week from Monday 0:00), 0 or more",
        )
    hourly = np.tile(values, HOURS // len(values))
    share: Floats = hourly / hourly.sum()
    return share


def _mean_wait(queue: FluidQueue) -> Floats:
    """Mean wait by class, hours."""
    if not queue.steady:
        return np.full(len(queue.vehicles), np.inf)
    waited = queue.vehicles @ (queue.leave - queue.arrive).mean(axis=1)
    with np.errstate(invalid="ignore"):
        mean: Floats = waited / queue.vehicles.sum(axis=1)
    return mean


def _open_upto(opened: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Times of the week, and hours that it has been open by then."""
    length = np.diff(opened)[:, 0]
    upto = np.cumsum(length)
    times = np.concatenate([[0], opened.ravel(), [WEEK]]) / 60
    done = np.concatenate([[0], np.stack([upto - length, upto], 1).ravel(), [upto[-1]]]) / 60
    return times, done
