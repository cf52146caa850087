"""How fast vehicles are served at a checkpoint, by its register or as it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.border.capacities import DESIGN, lanes_served, without_capacity
from geo_border.border.classes import class_columns
from geo_border.errors import CheckpointError, ParameterError
from geo_border.pipeline.stages.class_trips import mean_pcu
from geo_border.typology.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from geo_border.pipeline.traffic_settings import ClassSection
    from geo_border.traffic.week import Profile

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


NO_CLASSES: Mapping[str, ClassSection] = MappingProxyType({})

BY_REGISTER = Operation()
"""As the register of the study has it."""


@dataclass(frozen=True, slots=True)
class Service:
    """How fast vehicles of some classes are served in one direction.

    Parameters
    ----------
    classes
        Names of those that share the lanes.
    lanes, minutes, capacity, pcu
        As `geo_border.traffic.week.border_week` takes them.
    source
        What says so; empty where the command does.
    """

    classes: tuple[str, ...]
    lanes: float | None = None
    minutes: ByClass | None = None
    capacity: float | None = None
    pcu: Mapping[str, float] | None = None
    source: str = ""


def service_at(
    checkpoint: pd.DataFrame,
    way: str,
    coming: tuple[str, ...],
    operation: Operation,
    classes: Mapping[str, ClassSection],
) -> list[Service]:
    """Find what `border_week` is given of each group of classes that share lanes.

    Parameters
    ----------
    checkpoint
        One row of the checkpoints.
    way
        The direction.
    coming
        Classes of which some come.
    operation
        What is given besides the register.
    classes
        What study.toml says of the classes.

    Returns
    -------
    list of Service
        Classes of which nothing is known are in none.

    Raises
    ------
    CheckpointError
        If lanes or minutes are given, and the other is not known.
    ParameterError
        If what is given is not whole, or said twice.
    """
    lanes, minutes, capacity = operation.lanes, operation.minutes, operation.capacity
    if capacity is not None and not lanes == minutes == None:  # noqa: E711  (both)
        raise ParameterError(
            "how many vehicles can be served is said twice",
            remedy="Give lanes and minutes a vehicle, or a capacity a day",
        )
    if isinstance(capacity, Mapping):
        return [Service((name,), capacity=_of(capacity, name) / 2) for name in coming]
    if capacity is not None:
        return [Service(coming, capacity=capacity / 2)] if coming else []
    if lanes is not None or minutes is not None:
        return _by_lanes(checkpoint, coming, lanes, minutes)
    # As in equilibrium: classes that share lanes do so where none of them comes.
    of_study = [name for name, part in classes.items() if part.total_year is not None]
    found = []
    for each in lanes_served(checkpoint, list(dict.fromkeys([*of_study, *coming]))):
        here = tuple(name for name in coming if name in each.classes)
        if each.direction != way or not here:
            continue
        if each.vehicles is None:
            found.append(Service(here, each.lanes, each.minutes, source=each.source))
            continue
        mean, pcu = mean_pcu(classes, each.classes), None
        capacity, source = each.vehicles, each.source
        if mean is not None and len(each.classes) > 1 and {*here} <= {*classes}:
            pcu, capacity = {name: classes[name].pcu for name in here}, mean * capacity
            source += f", a mean vehicle taken for {mean:.3g} passenger cars"
        found.append(Service(here, capacity=capacity, pcu=pcu, source=source))
    return found


def _by_lanes(
    checkpoint: pd.DataFrame,
    coming: tuple[str, ...],
    lanes: ByClass | None,
    minutes: ByClass | None,
) -> list[Service]:
    """Lanes and minutes a vehicle as given, what is not given as the register has it."""
    (row,) = checkpoint.to_dict("records")
    key, source = checkpoint.index[0], []
    if lanes is None:
        lanes = _number(row, "lanes")
        source = [] if lanes is None else [f"lanes {lanes:g}"]
    if minutes is None:
        minutes = _number(row, "minutes_vehicle")
        source += [] if minutes is None else [f"minutes_vehicle {minutes:g}"]
    if lanes is None:
        raise CheckpointError(
            f"the lanes of {key} are not known",
            remedy="Add --lanes 2 (`lanes` in Python), or a column `lanes` of the register",
        )
    if minutes is None:
        raise CheckpointError(
            f"how long the service of a vehicle takes at {key} is not known",
            remedy="Add --minutes 3, or --minutes car=3,truck=12 (`minutes` in Python)",
        )
    said = " and ".join(source)
    if isinstance(lanes, Mapping):
        return [Service((name,), _of(lanes, name), minutes, source=said) for name in coming]
    return [Service(coming, lanes, minutes, source=said)] if coming else []


def not_served(checkpoint: pd.DataFrame, way: str, left: Sequence[str]) -> CheckpointError:
    """Say that nothing tells how many of some classes can be served.

    Parameters
    ----------
    checkpoint, way
        As `service_at` takes them.
    left
        The classes.

    Returns
    -------
    CheckpointError
        To be raised.
    """
    key = checkpoint.index[0]
    kinds = ["capacity_kind", *(class_columns(name)["capacity_kind"] for name in left)]
    is_design = any((checkpoint[kind] == DESIGN).any() for kind in kinds if kind in checkpoint)
    closed = [name for name in left if without_capacity(checkpoint, name)[way].any()]
    if closed:
        return CheckpointError(
            f"nobody of the class {closed[0]!r} may pass {key}, direction {way}: the capacity is 0",
            remedy="Give none that come (car=500/0 in one direction alone), or --capacity",
        )
    built = "; what it was built for (design) is no measure of what passes" if is_design else ""
    return CheckpointError(
        f"neither the lanes nor a capacity of {key} are known for {listed(left)}, "
        f"direction {way}{built}",
        remedy="Add --lanes 2 --minutes car=3,truck=12, or --capacity 500 (vehicles a day in "
        "both directions), or columns of the register: `lanes` and `minutes_vehicle`, or "
        "`capacity_day`",
    )


def _of(by_class: Mapping[str, float], name: str) -> float:
    """Number of a class that has its own lanes."""
    if name not in by_class:
        raise ParameterError(
            f"lanes or capacity of the class {name!r} are not said",
            remedy="Give them for every class that comes, or one number that all share",
        )
    return by_class[name]


def _number(row: Mapping[Any, object], column: str) -> float | None:
    """Number of the register above 0, if it has one."""
    value = row.get(column)
    if isinstance(value, int | float | np.number) and 0 < value < np.inf:
        return float(value)
    return None
