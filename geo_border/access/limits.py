"""Which limits of time tell regions apart, and what one delay everywhere makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import ROUNDING_H, Decay, Exponential
from geo_border.access.regions import population_of
from geo_border.routing.crossing import across
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.routing.travel import Travel

USUAL_H = tuple(
    minutes / 60 for minutes in (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720)
)
"""Limits that are tried, hours."""

QUARTERS = (0.25, 0.5, 0.75)
"""Shares of the people that the zones around checkpoints have within them."""

ACROSS = re.compile(r"population_([0-9]+(?:\.[0-9]+)?)min_across")
"""Columns of the people across within a limit, minutes."""

ALIKE = 0.01
"""Effects that differ by no more are the same: a point of per cent."""


def soonest_across(travel: Travel, *, scenario: Scenario = AS_IS) -> pd.Series[float]:
    """Time from each origin to the nearest place with people on the other side.

    Parameters
    ----------
    travel
        The trips.
    scenario
        What is different at the border.

    Returns
    -------
    Series
        Hours, index of the places; infinite where none is reached, missing for places that are
        no origins.

    Raises
    ------
    TableError, CheckpointError
        As in `geo_border.access.reach.potential`.
    """
    routes, persons = passages(travel.tables, scenario), population_of(travel.places)
    soonest = np.full(len(persons), np.nan)
    for side in range(len(SIDES)):
        origins, ends = travel.own.origins[side], travel.own.destinations[1 - side]
        ends = ends[persons[ends] > 0]
        crossing = across(travel.tables, routes, side, origins=origins, destinations=ends)
        beyond = crossing.E.min(axis=1, initial=np.inf)
        soonest[origins] = (crossing.A + beyond).min(axis=1, initial=np.inf)
    return pd.Series(soonest, travel.places.index)


def telling_limit(soonest: pd.Series[float], places: pd.DataFrame) -> float:
    """Find the least usual limit within which people of half the home regions get across.

    Parameters
    ----------
    soonest
        As `soonest_across` gives it.
    places
        The same places: ``region_id``, ``side``, ``population``.

    Returns
    -------
    float
        One of `USUAL_H`; the last where no limit does.
    """
    ours = _of_regions(places)
    first = soonest[ours].groupby(places["region_id"][ours]).min()
    return _within(first, pd.Series(1.0, first.index), 0.5)


def telling_zones(hours: pd.Series[float], places: pd.DataFrame) -> list[float]:
    """Find the least usual limits within which quarters of the people of the home regions are.

    Parameters
    ----------
    hours
        To a checkpoint.
    places
        The same places: ``region_id``, ``side``, ``population``.

    Returns
    -------
    list of float
        As many of `USUAL_H` as there are `QUARTERS`, ascending: where two quarters have one
        limit, the second has the next greater one.
    """
    ours = _of_regions(places)
    persons = places["population"][ours].astype(float)
    found: list[int] = []
    for share in QUARTERS:
        least = found[-1] + 1 if found else 0
        found.append(max(least, USUAL_H.index(_within(hours[ours], persons, share))))
    last = len(USUAL_H) - len(QUARTERS)
    return [USUAL_H[min(at, last + number)] for number, at in enumerate(found)]


def _of_regions(places: pd.DataFrame) -> pd.Series[bool]:
    """Whether somebody of the home regions lives at a place."""
    inside = places["region_id"].notna() & (places["side"] == SIDES[0])
    return inside & (places["population"] > 0)


def _within(hours: pd.Series[float], weight: pd.Series[float], share: float) -> float:
    """Least usual limit within which a share of the weight is, the last where none is."""
    whole = float(weight.sum())
    for limit in USUAL_H:
        if whole > 0 and weight[hours <= limit + ROUNDING_H].sum() >= share * whole:
            return limit
    return USUAL_H[-1]


def reach_that_tells(regions: pd.DataFrame) -> tuple[float, pd.Series[float]] | None:
    """Choose the limit whose count of people across says something about the regions.

    Parameters
    ----------
    regions
        Index ``region_id``; ``population_{n}min_across`` for one or several limits.

    Returns
    -------
    tuple or None
        Minutes, and the people of each region within them: of the least limit within which half
        the regions reach anybody, else of the least within which any does. None where all
        regions reach as many: that says nothing of any of them.
    """
    found = [(float(match[1]), name) for name in regions if (match := ACROSS.fullmatch(str(name)))]
    telling = [
        (minutes, regions[name].astype(float))
        for minutes, name in sorted(found)
        if len(regions) == 1 or tells_apart(regions[name])
    ]
    for least in (len(regions) / 2, 1):
        for minutes, people in telling:
            if (people >= 1).sum() >= least:
                return minutes, people
    return telling[0] if telling and len(regions) == 1 else None


def tells_apart(values: pd.Series[float]) -> bool:
    """Whether figures differ between regions.

    Parameters
    ----------
    values
        Figures, missing where there are none.

    Returns
    -------
    bool
        False where all that there are agree to three digits.
    """
    known = values.dropna().astype(float)
    return len({f"{value:.3g}" for value in known}) > 1


@dataclass(frozen=True, slots=True)
class OneDelay:
    """An effect that one delay makes the same for most regions, wherever they lie.

    Parameters
    ----------
    delay_h
        The delay.
    effect
        Share of what is across that it takes.
    regions, of
        Regions of which this is the effect, and all that have one.
    """

    delay_h: float
    effect: float
    regions: int
    of: int


def made_by_one_delay(
    effect: pd.Series[float], delays_h: NDArray[np.float64] | Sequence[float], decay: Decay
) -> OneDelay | None:
    """Say if the border effect across is that of a single delay by construction.

    With exponential decay of half-life `h` and one delay `d` at every checkpoint on a trip, every
    place loses the share ``1 - 2^(-d / h)`` of what is across, whatever lies there.

    Parameters
    ----------
    effect
        Border effect across by region.
    delays_h
        Of the open checkpoints, hours.
    decay
        Impedance function of the effect.

    Returns
    -------
    OneDelay or None
        Where at least half of two or more regions have the effect of the commonest delay,
        within `ALIKE`.
    """
    known, hours = effect.dropna().astype(float), np.asarray(delays_h, float)
    hours = np.round(hours[np.isfinite(hours)], 3)
    if not isinstance(decay, Exponential) or len(known) < 2 or not len(hours):
        return None
    values, counts = np.unique(hours, return_counts=True)
    delay = float(values[counts.argmax()])
    share = 1 - 2 ** (-delay / decay.half_life)
    same = int(((known - share).abs() <= ALIKE).sum())
    return (
        OneDelay(delay, share, same, len(known)) if delay > 0 and 2 * same >= len(known) else None
    )
