"""The classes of traffic of a study: their trips, their parameters and the lanes they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.classes import class_columns, years_of
from geo_border.network.gates import gates_of_class
from geo_border.terms import CAR, DIRECTIONS
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.lanes import LANE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.pipeline.settings import Settings
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True, eq=False)
class ClassTrips:
    """What traffic by class is made of.

    Parameters
    ----------
    travels
        Trips over the gates as each class meets them, by its name; still at the speeds of cars:
        `geo_border.traffic.class_tables.class_travel` makes them those of the class.
    classes
        Their parameters.
    lanes
        Lanes that have a capacity, as `geo_border.traffic.equilibrium.equilibrium` takes them.
    least
        Least delays of each class, hours, shape (2, K).
    """

    travels: Mapping[str, Travel]
    classes: tuple[TrafficClass, ...]
    lanes: pd.DataFrame
    least: Mapping[str, NDArray[np.float64]]

    def on_own_tables(self) -> dict[str, Travel]:
        """Trips at the speed and with the delays of each class.

        Returns
        -------
        dict
            By class, in the order of the study.
        """
        return {each.name: class_travel(self.travels[each.name], each) for each in self.classes}


def measured_by_class(
    settings: Settings, checkpoints: pd.DataFrame, controls: pd.DataFrame, travel: Travel
) -> dict[str, Travel]:
    """Give each class the trips that measures of it are taken from.

    Parameters
    ----------
    settings, checkpoints, controls
        As `class_trips` takes them.
    travel
        Trips by road.

    Returns
    -------
    dict
        By class, in the order of the study.
    """
    return {
        each.name: class_travel(
            replace(travel, tables=tables_met(checkpoints, controls, travel.tables, each.name)),
            each,
        )
        for each in measured_classes(settings)
    }


def measured_classes(settings: Settings) -> list[TrafficClass]:
    """Classes with the speeds and delays that measures of them are of.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    list of TrafficClass
        Those of the study; cars at the speeds and delays that are stated, which every measure of
        accessibility is of, whatever counts say of their traffic.
    """
    classes = [_parameters(settings, name) for name in settings.traffic.classes]
    as_stated = {"speed_factor": 1.0, "delay_factor": 1.0}
    return [replace(each, **(as_stated if each.name == CAR else {})) for each in classes]


def tables_met(
    checkpoints: pd.DataFrame, controls: pd.DataFrame, tables: GateTables, name: str
) -> GateTables:
    """Tables with the gates as a class meets them, still at the speeds of cars.

    Parameters
    ----------
    checkpoints, controls
        As `class_trips` takes them.
    tables
        By road.
    name
        The class.

    Returns
    -------
    GateTables
        What `geo_border.traffic.class_tables.class_tables` takes.
    """
    return replace(tables, gates=gates_of_class(tables.gates, controls, checkpoints, name))


def class_trips(
    settings: Settings, checkpoints: pd.DataFrame, controls: pd.DataFrame, travel: Travel
) -> ClassTrips:
    """Give each class of a study its trips, parameters and lanes.

    Parameters
    ----------
    settings
        The study's parameters.
    checkpoints
        Of the border, with the columns of the classes.
    controls
        Of the network.
    travel
        Trips by road of all who make them.

    Returns
    -------
    ClassTrips
        What `geo_border.traffic.model.traffic_model` and calibration take.
    """
    names = list(settings.traffic.classes)
    gates = travel.tables.gates
    return ClassTrips(
        travels={
            name: replace(travel, tables=tables_met(checkpoints, controls, travel.tables, name))
            for name in names
        },
        classes=tuple(_parameters(settings, name) for name in names),
        lanes=_lanes(settings, checkpoints.reindex(gates.index)),
        least={
            name: part.delay_factor * _least(checkpoints.reindex(gates.index), name)
            for name, part in settings.traffic.classes.items()
        },
    )


def in_year(checkpoints: pd.DataFrame, year: float, open_status: list[str]) -> pd.DataFrame:
    """Checkpoints with the statuses of classes that held in a year.

    Parameters
    ----------
    checkpoints
        Of the border, with the columns of the classes.
    year
        The year; what began in it does not hold yet.
    open_status
        Statuses with which a checkpoint carries traffic.

    Returns
    -------
    DataFrame
        The same with ``is_open`` of the classes as the status of every class has it where that
        of the class began later; capacities that came with it are not known before.
    """
    found = checkpoints
    for column in [name for name in checkpoints if str(name).endswith("_since")]:
        name = str(column).removeprefix("status_").removesuffix("_since")
        since = years_of(checkpoints[column])
        later = since.notna() & (since >= year)
        key = "is_open" if name == CAR else f"is_open_{name}"
        opened = later & checkpoints["status"].isin(open_status)
        found = found.assign(**{key: found[key].astype(bool) | opened})
        own = class_columns(name)
        known = [own[f"capacity{way}_day"] for way in ("", "_out", "_in")]
        known = [capacity for capacity in known if capacity in found]
        found = found.assign(**{capacity: found[capacity].mask(later) for capacity in known})
    return found


def with_statuses(travel: Travel, checkpoints: pd.DataFrame) -> Travel:
    """Trips of cars through the checkpoints that are open in a register.

    Parameters
    ----------
    travel
        Trips by road.
    checkpoints
        With ``is_open``, such as `in_year` gives them.

    Returns
    -------
    Travel
        Gates that are no checkpoint of the register stay as they are.
    """
    gates = travel.tables.gates
    may_pass = checkpoints["is_open"].reindex(gates.index)
    opened = gates["is_open"].where(may_pass.isna(), may_pass.astype("boolean")).astype(bool)
    return replace(travel, tables=replace(travel.tables, gates=gates.assign(is_open=opened)))


def _parameters(settings: Settings, name: str) -> TrafficClass:
    """Parameters of a class: its own, or those of demand and of any class."""
    section = settings.traffic.classes[name]
    segments = tuple(Segment(part.share, part.theta, part.outside) for part in section.segments)
    return TrafficClass(
        name,
        segments or (Segment(),),
        alpha=settings.demand.alpha if section.alpha is None else section.alpha,
        gamma=settings.demand.gamma if section.gamma is None else section.gamma,
        total_year=section.total_year,
        pcu=section.pcu,
        speed_factor=section.speed_factor,
        delay_factor=section.delay_factor,
    )


def _least(checkpoints: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Lower ends of the delays of a class, 0 where none is known."""
    column = class_columns(name)["delay_lo_h"]
    low = checkpoints.get(column, pd.Series(np.nan, checkpoints.index)).fillna(0.0)
    return np.tile(low.to_numpy(float), (len(DIRECTIONS), 1))


def _lanes(settings: Settings, checkpoints: pd.DataFrame) -> pd.DataFrame:
    """Lanes with what they let pass a day, in passenger-car units.

    What a checkpoint was built for is no measure of what passes, and a class without a total
    makes no queue.
    """
    section = settings.traffic
    names = [name for name, part in section.classes.items() if part.total_year is not None]
    rows: list[tuple[object, ...]] = []
    for position, way in enumerate(DIRECTIONS):
        left = dict.fromkeys(checkpoints.index, tuple(names))
        for name in names:
            own = _capacity(checkpoints, class_columns(name), position)
            for key, vehicles in own.dropna().items():
                capacity = vehicles * section.classes[name].pcu
                rows.append((key, way, name, capacity, section.wait_h, section.wait_power))
                left[key] = tuple(other for other in left[key] if other != name)
        shared = _capacity(checkpoints, {}, position).fillna(_served(checkpoints))
        rows += [
            (key, way, " ".join(left[key]), units, section.wait_h, section.wait_power)
            for key, units in shared.dropna().items()
            if left[key]
        ]
    return pd.DataFrame(rows, columns=list(LANE_COLUMNS))


def _capacity(
    checkpoints: pd.DataFrame, columns: Mapping[str, str], position: int
) -> pd.Series[float]:
    """Vehicles a day in one direction; half of those of both where no direction is given."""

    def given(key: str) -> pd.Series[float]:
        column = columns.get(key, key)
        return checkpoints.get(column, pd.Series(np.nan, checkpoints.index)).astype(float)

    ways = [given(f"capacity_{way}_day") for way in DIRECTIONS]
    half = (given("capacity_day") / 2).where(ways[1 - position].isna())
    kind = columns.get("capacity_kind", "capacity_kind")
    is_design = checkpoints.get(kind, pd.Series(None, checkpoints.index)) == "design"
    capacity: pd.Series[float] = ways[position].fillna(half).mask(is_design)
    return capacity.where(capacity > 0)


def _served(checkpoints: pd.DataFrame) -> pd.Series[float]:
    """What the lanes of one direction serve in a day."""
    lanes, minutes = (
        checkpoints.get(column, pd.Series(np.nan, checkpoints.index)).astype(float)
        for column in ("lanes", "minutes_vehicle")
    )
    return lanes * MINUTES_PER_DAY / minutes
