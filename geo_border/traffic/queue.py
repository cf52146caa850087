"""A fluid queue that repeats: first come, first served, without a step in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_border.shown import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EVEN = 1e-12
"""Relative excess of arrivals over capacity that is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class FluidQueue:
    """Who came and left when, in portions within which both run evenly.

    Parameters
    ----------
    period
        After which arrivals and service repeat, hours.
    arrive
        When the first and the last of a portion arrive, within one period, hours, shape (P, 2).
    leave
        When they leave: later than the period where the queue goes over its end, shape (P, 2).
    vehicles
        Of each class in each portion, shape (C, P).
    load
        Work that arrives over what can be done, in a period; above 1 the queue grows without
        end, and what is given is the period that begins without one.
    """

    __repr__ = shown

    period: float
    arrive: Floats
    leave: Floats
    vehicles: Floats
    load: float

    @property
    def steady(self) -> bool:
        """Whether the queue at the end of a period is that at its beginning."""
        return self.load <= 1 + EVEN

    @property
    def growth(self) -> Floats:
        """Vehicles of each class by which the queue grows in a period, shape (C,)."""
        growth: Floats = self.vehicles.sum(axis=1) * (0.0 if self.steady else 1 - 1 / self.load)
        return growth

    def arrived(self, at: Floats) -> Floats:
        """Vehicles that have arrived since the period began.

        Parameters
        ----------
        at
            Times within the period, hours, shape (T,).

        Returns
        -------
        ndarray
            Shape (C, T).
        """
        return self._counted(self.arrive, at)

    def left(self, at: Floats) -> Floats:
        """Vehicles that have left since the period began, those of earlier periods too.

        Parameters
        ----------
        at
            Times within the period, hours, shape (T,).

        Returns
        -------
        ndarray
            Shape (C, T).
        """
        left = self._counted(self.leave, at)
        return sum((self._since(n, at) for n in self._later), left)

    def waiting(self, at: Floats) -> Floats:
        """Vehicles in the queue.

        Parameters
        ----------
        at
            Times within the period, hours, shape (T,).

        Returns
        -------
        ndarray
            Shape (C, T).
        """
        total = self.vehicles.sum(axis=1, keepdims=True)
        starts = [np.array([n * self.period]) for n in self._later]
        before = sum((total - self._counted(self.leave, at) for at in starts), np.zeros_like(total))
        waiting: Floats = np.maximum(before + self.arrived(at) - self.left(at), 0.0)
        return waiting

    def mean_waiting(self, edges: Floats) -> Floats:
        """Mean number of vehicles in the queue between times.

        Parameters
        ----------
        edges
            Times within the period, hours, increasing, shape (T + 1,).

        Returns
        -------
        ndarray
            Shape (C, T).
        """
        turns = self.turns
        at = np.unique(np.concatenate([edges, turns]))
        queue = self.waiting(at)
        area = np.zeros_like(queue)
        area[:, 1:] = np.cumsum((queue[:, 1:] + queue[:, :-1]) / 2 * np.diff(at), axis=1)
        mean: Floats = np.diff(area[:, np.searchsorted(at, edges)]) / np.diff(edges)
        return mean

    @property
    def turns(self) -> Floats:
        """Times in the period at which the queue may begin to grow or shrink, hours."""
        times = np.concatenate([self.arrive.ravel(), self.leave.ravel() % self.period])
        return np.unique(np.append(times, (0.0, self.period)))

    def quantile_wait(self, share: float) -> Floats:
        """Wait that is not exceeded by a share of the vehicles.

        Parameters
        ----------
        share
            From 0 to 1; 1 is the longest wait.

        Returns
        -------
        ndarray
            Hours by class, missing for one without vehicles, shape (C,).
        """
        waits = np.maximum(self.leave - self.arrive, 0.0)
        low, high = waits.min(axis=1), waits.max(axis=1)
        limits = np.unique(np.concatenate([low, high]))
        span = high - low
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.clip((limits[:, None] - low) / span, 0, 1)
        # Of a portion with one wait all wait no longer than it, and none less.
        upto = np.where(span > 0, below, limits[:, None] >= low)
        under = np.where(span > 0, below, limits[:, None] > low)
        found = []
        for vehicles in self.vehicles:
            total = vehicles.sum()
            if not total > 0:
                found.append(np.nan)
                continue
            at_most, less = upto @ vehicles / total, under @ vehicles / total
            first = int(np.argmax(at_most >= share * (1 - EVEN)))
            wait = limits[first]
            if first and less[first] > share:
                from_share, from_wait = at_most[first - 1], limits[first - 1]
                part = (share - from_share) / (less[first] - from_share)
                wait = from_wait + part * (wait - from_wait)
            found.append(float(wait))
        return np.array(found)

    @property
    def _later(self) -> range:
        """Number of the periods after this one in which those of it still leave."""
        last = self.leave[-1, 1] if len(self.leave) else 0.0
        return range(1, int(np.ceil(last / self.period * (1 - EVEN)))) if self.steady else range(0)

    def _since(self, period: int, at: Floats) -> Floats:
        """Vehicles that leave since a later period began."""
        start = period * self.period
        before = self._counted(self.leave, np.array([start]))
        return self._counted(self.leave, start + at) - before

    def _counted(self, times: Floats, at: Floats) -> Floats:
        """Vehicles of each class up to some times."""
        if not len(times):
            return np.zeros((len(self.vehicles), len(at)))
        upto = np.cumsum(self.vehicles, axis=1)
        both = np.stack([upto - self.vehicles, upto], axis=2).reshape(len(upto), -1)
        # Times of neighbours differ by rounding where they are one.
        order = np.maximum.accumulate(times.ravel())
        return np.array([np.interp(at, order, of_class) for of_class in both])


def fluid_queue(edges: Floats, rate: Floats, work: Floats, service: Floats) -> FluidQueue:
    """Queue of arrivals and service whose rates are constant between times, and repeat.

    A vehicle that arrives at ``t`` leaves when as much has been done as had come by ``t``.

    Parameters
    ----------
    edges
        Times at which a rate may change, hours from 0, increasing, shape (M + 1,).
    rate
        Vehicles of each class that arrive, an hour, shape (C, M).
    work
        Work that a vehicle of each class makes, above 0, shape (C,).
    service
        Work that can be done, an hour; somewhere above 0, shape (M,).

    Returns
    -------
    FluidQueue
        Where more arrives than can be done, that of the period that begins without a queue.

    References
    ----------
    Newell (1982), Applications of Queueing Theory, ch. 2: cumulative curves.
    """
    coming = work @ rate
    length = np.diff(edges)
    could = float(service @ length)
    load = float(coming @ length) / could
    grows = coming - service
    # Begun empty, a period ends with the queue that it must begin with to come back to it.
    start = _course(edges, grows, 0.0)[1][-1] if load <= 1 + EVEN else 0.0
    times, queue, of = _course(edges, grows, start)
    came = start + np.concatenate([[0.0], np.cumsum(coming[of] * np.diff(times))])
    done = came - queue
    # Those who still wait at the end are served without a pause from then on.
    later = range(1, 2 + int(np.ceil(queue[-1] / could)))
    leave_at = np.concatenate([times, *(edges[1:] + n * edges[-1] for n in later)])
    more = np.cumsum(np.tile(service * length, len(later)))
    done = np.concatenate([done, done[-1] + more])
    levels = np.unique(np.concatenate([came, done[(done > came[0]) & (done < came[-1])]]))
    first, last = levels[:-1], levels[1:]
    arrive = _times(first, last, times, came)
    return FluidQueue(
        period=float(edges[-1]),
        arrive=arrive,
        leave=np.maximum(_times(first, last, leave_at, done), arrive),
        vehicles=rate[:, of[_segment((first + last) / 2, came)]] * np.diff(arrive)[:, 0],
        load=load,
    )


def _course(edges: Floats, grows: Floats, start: float) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Course of a queue: times at which it turns, the work in it then, the segment between."""
    times, queue, of = [float(edges[0])], [start], []
    for number, rise in enumerate(grows.tolist()):
        begin, end, before = float(edges[number]), float(edges[number + 1]), queue[-1]
        after = before + rise * (end - begin)
        if before > 0 > after:
            times.append(min(begin - before / rise, end))
            queue.append(0.0)
            of.append(number)
        times.append(end)
        queue.append(max(after, 0.0))
        of.append(number)
    return np.array(times), np.array(queue), np.array(of)


def _segment(level: Floats, curve: Floats) -> NDArray[np.intp]:
    """Segment of a cumulative curve in which it passes levels."""
    return np.clip(np.searchsorted(curve, level, side="right") - 1, 0, len(curve) - 2)


def _times(first: Floats, last: Floats, times: Floats, curve: Floats) -> Floats:
    """When a cumulative curve passes the two ends of levels that lie in one of its segments."""
    at = _segment((first + last) / 2, curve)
    rise = curve[at + 1] - curve[at]
    found = [
        times[at] + np.clip((level - curve[at]) / rise, 0, 1) * (times[at + 1] - times[at])
        for level in (first, last)
    ]
    return np.stack(found, axis=1)
