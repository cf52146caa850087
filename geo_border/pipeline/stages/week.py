"""A week at a checkpoint of a study: what its register says, and what is given besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.weeks import name_of_week, usual_week
from geo_border.errors import CheckpointError, ParameterError
from geo_border.shown import shown
from geo_border.terms import DIRECTIONS
from geo_border.traffic.week import BorderWeek, Profile, border_week

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from geo_border.border.hours import LonLat

ALWAYS = "24/7"
"""Hours of a checkpoint of which none are known."""

ByClass = float | Mapping[str, float]
"""Of all classes together, or of each one's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """How a checkpoint is operated and how vehicles come to it, where the study does not say.

    Parameters
    ----------
    lanes
        Of each direction: a number that all classes share, or those that each has for itself.
    minutes
        What the service of a vehicle takes, of all classes or by class.
    capacity
        Instead of both: vehicles a day of both directions, of all classes, or of each at lanes of
        its own.
    hours
        Other opening hours than those of the register, in OSM syntax.
    profile
        As `geo_border.traffic.week.border_week` takes it.
    informed
        Share that knows the opening hours and comes within them; that of the study if not given.

    Examples
    --------
    >>> import geo_border as gb
    >>> two = gb.Operation(lanes=2, minutes={"car": 3, "truck": 12})
    >>> found = gb.open_study("ru-kz").week("ilek-aksay", {"car": 900, "truck": 200}, operation=two)
    >>> found.summary["utilisation"].round(2).unique().tolist()
    [0.89]
    """

    lanes: ByClass | None = None
    minutes: ByClass | None = None
    capacity: ByClass | None = None
    hours: str | None = None
    profile: Profile | None = None
    informed: float | None = None


BY_REGISTER = Operation()
"""As the register of the study has it."""


@dataclass(frozen=True, slots=True)
class Service:
    """How fast vehicles of some classes are served in one direction.

    Parameters
    ----------
    lanes, minutes, capacity
        As `geo_border.traffic.week.border_week` takes them.
    """

    lanes: float | None = None
    minutes: ByClass | None = None
    capacity: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointWeek:
    """A week at a checkpoint, in both directions.

    Parameters
    ----------
    checkpoint_id, name
        Which.
    week
        The week, after ISO 8601.
    hours
        Its opening hours.
    weeks
        By direction, one for each group of classes that share lanes.
    assumptions
        What was taken where the study says nothing, and where from.
    """

    __repr__ = shown

    checkpoint_id: str
    name: str
    week: str
    hours: str
    weeks: Mapping[str, Sequence[BorderWeek]]
    assumptions: Sequence[str]

    @property
    def hourly(self) -> pd.DataFrame:
        """The week hour by hour.

        Returns
        -------
        DataFrame
            168 rows for each ``direction`` and ``class``; see `BorderWeek.hourly`.
        """
        return self._joined([(way, found.hourly) for way, found in self._each()])

    @property
    def summary(self) -> pd.DataFrame:
        """The week of each direction and class.

        Returns
        -------
        DataFrame
            A row for each ``direction`` and ``class``; see `BorderWeek.summary`.
        """
        return self._joined([(way, found.summary.reset_index()) for way, found in self._each()])

    def _each(self) -> list[tuple[str, BorderWeek]]:
        """Each week with its direction."""
        return [(way, found) for way, several in self.weeks.items() for found in several]

    def _joined(self, frames: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
        """Frames below each other, with what they are of."""
        named = []
        for way, frame in frames:
            frame.insert(0, "direction", way)
            frame.insert(0, "week", self.week)
            frame.insert(0, "checkpoint_id", self.checkpoint_id)
            named.append(frame)
        return pd.concat(named, ignore_index=True)


def checkpoint_week(
    checkpoints: pd.DataFrame,
    checkpoint: str,
    vehicles: Mapping[str, float | tuple[float, float]],
    *,
    operation: Operation = BY_REGISTER,
    week: str | date | None = None,
    informed: float,
    month: int | None = None,
) -> CheckpointWeek:
    """Work out a week at a checkpoint.

    Parameters
    ----------
    checkpoints
        Index ``checkpoint_id``: ``name``, ``lon``, ``lat``, ``hours``, and of ``lanes``,
        ``minutes_vehicle``, ``capacity_day`` and ``capacity_<class>_day`` what is known.
    checkpoint
        Id or name.
    vehicles
        That come a day, by class: of both directions together, or as (home to neighbour, back).
    operation
        What is given besides the register.
    week
        As `geo_border.traffic.week.border_week` takes it.
    informed
        Share that knows the opening hours, where `operation` does not say.
    month
        Month whose commonest week is taken where none is given.

    Returns
    -------
    CheckpointWeek
        The week.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, it is not known how many vehicles it can serve, or it is
        closed all week.
    ParameterError
        If a number makes no sense.
    """
    key = _found(checkpoints, checkpoint)
    row = {str(column): value for column, value in checkpoints.loc[key].items()}
    assumed: list[str] = []
    text = operation.hours or _text(row, "hours")
    if text is None:
        text = ALWAYS
        assumed.append("its opening hours are not known: it is taken to be always open")
    lon, lat = (float(str(row[name])) for name in ("lon", "lat"))
    at: LonLat | None = None if np.isnan(lon + lat) else (lon, lat)
    monday = usual_week(text, at=at, month=month) if week is None else week
    informed = informed if operation.informed is None else operation.informed
    service = _service(row, key, tuple(vehicles), operation, assumed)
    found: dict[str, list[BorderWeek]] = {}
    for number, way in enumerate(DIRECTIONS):
        coming = {name: _of_direction(count, number) for name, count in vehicles.items()}
        found[way] = [
            border_week(
                {name: coming[name] for name in classes},
                lanes=of.lanes,
                minutes=of.minutes,
                capacity=of.capacity,
                hours=text,
                week=monday,
                at=at,
                profile=operation.profile,
                informed=informed,
            )
            for classes, of in service
            if any(coming[name] for name in classes)
        ]
    if not any(found.values()):
        raise CheckpointError(
            f"no vehicles come to {key}", remedy="Give those of a day, such as car=800,truck=400"
        )
    if text != ALWAYS:
        assumed.append(f"{100 * informed:g} % of those who come know the opening hours")
    first = next(several[0] for several in found.values() if several)
    return CheckpointWeek(
        checkpoint_id=key,
        name=str(row["name"]) if pd.notna(row["name"]) else key,
        week=first.week if week is not None else name_of_week(monday),  # type: ignore[arg-type]
        hours=text,
        weeks=found,
        assumptions=tuple(assumed),
    )


def _found(checkpoints: pd.DataFrame, checkpoint: str) -> str:
    """Id of a checkpoint that is named."""
    named = checkpoints.index[
        (checkpoints.index == checkpoint) | (checkpoints["name"] == checkpoint).to_numpy()
    ]
    if len(named) == 1:
        return str(named[0])
    if len(named):
        raise CheckpointError(
            f"{len(named)} checkpoints are named {checkpoint!r}",
            remedy=f"Give the id of one: {', '.join(map(str, named))}",
        )
    known = {str(name).casefold(): str(key) for key, name in checkpoints["name"].items()}
    known |= {str(key).casefold(): str(key) for key in checkpoints.index}
    near = get_close_matches(checkpoint.casefold(), known, n=3, cutoff=0.4)
    like = list(dict.fromkeys(known[text] for text in near)) or list(checkpoints.index[:3])
    raise CheckpointError(
        f"there is no checkpoint {checkpoint!r}",
        remedy=f"Its ids are {', '.join(map(str, like))} …" if like else "The study has none",
    )


def _service(
    row: Mapping[str, object],
    key: str,
    classes: tuple[str, ...],
    operation: Operation,
    assumed: list[str],
) -> list[tuple[tuple[str, ...], Service]]:
    """What `border_week` is given of each group of classes that share lanes."""
    lanes, minutes, capacity = operation.lanes, operation.minutes, operation.capacity
    if capacity is not None and not lanes == minutes == None:  # noqa: E711  (both)
        raise ParameterError(
            "how many vehicles can be served is said twice",
            remedy="Give lanes and minutes a vehicle, or a capacity a day",
        )
    if capacity is None:
        lanes, minutes = _by_lanes(row, lanes, minutes, assumed)
        capacity = _capacity(row, classes, assumed) if lanes is None else None
    if lanes is not None and minutes is None:
        raise CheckpointError(
            f"how long the service of a vehicle takes at {key} is not known",
            remedy="Add --minutes 3, or --minutes car=3,truck=12 (`minutes` in Python)",
        )
    if isinstance(lanes, Mapping):
        return [((name,), Service(lanes=_of(lanes, name), minutes=minutes)) for name in classes]
    if lanes is not None:
        return [(classes, Service(lanes=lanes, minutes=minutes))]
    if capacity is None:
        raise CheckpointError(
            f"neither the lanes nor a capacity of {key} are known",
            remedy="Add --lanes 2 --minutes car=3,truck=12, or --capacity 500 (vehicles a day in "
            "both directions), or columns of the register: `lanes` and `minutes_vehicle`, or "
            "`capacity_day`",
        )
    if isinstance(capacity, Mapping):
        return [((name,), Service(capacity=_of(capacity, name) / 2)) for name in classes]
    return [(classes, Service(capacity=capacity / 2))]


def _by_lanes(
    row: Mapping[str, object], lanes: ByClass | None, minutes: ByClass | None, assumed: list[str]
) -> tuple[ByClass | None, ByClass | None]:
    """Lanes and minutes a vehicle as given, else as the register has them."""
    known, takes = _number(row, "lanes"), _number(row, "minutes_vehicle")
    if lanes is None and known is not None and (minutes is not None or takes is not None):
        lanes = known
        assumed.append(f"{lanes:g} lanes in each direction, by the register")
    if lanes is not None and minutes is None and takes is not None:
        minutes = takes
        assumed.append(f"{minutes:g} minutes a vehicle of any class, by the register")
    return lanes, minutes


def _capacity(
    row: Mapping[str, object], classes: tuple[str, ...], assumed: list[str]
) -> ByClass | None:
    """Capacity of the register: by class where it has that of each."""
    own = {name: _number(row, f"capacity_{name}_day") for name in classes}
    known = {name: count for name, count in own.items() if count is not None}
    if len(known) == len(classes):
        stated = ", ".join(f"{name} {count:g}" for name, count in known.items())
        assumed.append(f"capacity a day of {stated}, by the register, half in each direction")
        return known
    count = _number(row, "capacity_day")
    if count is not None:
        assumed.append(
            f"capacity of {count:g} vehicles a day of all classes, by the register, half in "
            "each direction"
        )
    return count


def _of(by_class: Mapping[str, float], name: str) -> float:
    """Number of a class that has its own lanes."""
    if name not in by_class:
        raise ParameterError(
            f"lanes or capacity of the class {name!r} are not said",
            remedy="Give them for every class that comes, or one number that all share",
        )
    return by_class[name]


def _of_direction(count: float | tuple[float, float], number: int) -> float:
    """Vehicles of one direction."""
    return count[number] if isinstance(count, tuple) else count / 2


def _number(row: Mapping[str, object], column: str) -> float | None:
    """Number of the register above 0, if it has one."""
    value = row.get(column)
    if isinstance(value, int | float | np.number) and 0 < value < np.inf:
        return float(value)
    return None


def _text(row: Mapping[str, object], column: str) -> str | None:
    """Words of the register, if it has any."""
    value = row.get(column)
    return value if isinstance(value, str) and value.strip() else None
