"""The classes of traffic of a study: their trips, their parameters and the lanes they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.capacities import lanes_served, openings
from geo_border.border.classes import class_columns
from geo_border.network.gates import gates_by, gates_of_class
from geo_border.terms import CAR, DIRECTIONS
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.lanes import LANE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.traffic_settings import ClassSection
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel


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
    return [
        replace(each, speed_factor=1.0, delay_factor=1.0) if each.name == CAR else each
        for each in classes
    ]


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


def trips_by(travel: Travel, controls: pd.DataFrame, checkpoints: pd.DataFrame) -> Travel:
    """Trips of cars past other checkpoints than those that the gates are by.

    Parameters
    ----------
    travel
        Trips by road.
    controls
        Of the network.
    checkpoints
        As of another day, as
        `geo_border.pipeline.stages.class_checkpoints.checkpoints_of` gives them.

    Returns
    -------
    Travel
        Gates that are no checkpoint of the register stay as they are.
    """
    gates = gates_by(travel.tables.gates, controls, checkpoints)
    return replace(travel, tables=replace(travel.tables, gates=gates))


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


def mean_pcu(classes: Mapping[str, ClassSection], names: Iterable[str]) -> float | None:
    """Passenger-car units of the mean vehicle of some classes.

    A capacity counts vehicles as they come; lanes count what they take.

    Parameters
    ----------
    classes
        What study.toml says of them.
    names
        Which.

    Returns
    -------
    float or None
        Weighted by their totals; None if none is known.
    """
    known = [classes[name] for name in names if name in classes and classes[name].total_year]
    total = sum(part.total_year or 0.0 for part in known)
    return sum(part.pcu * (part.total_year or 0.0) for part in known) / total if known else None


def _lanes(settings: Settings, checkpoints: pd.DataFrame) -> pd.DataFrame:
    """Lanes with what they let pass on the mean day, in passenger-car units.

    A class without a total makes no queue.
    """
    section = settings.traffic
    names = [name for name, part in section.classes.items() if part.total_year is not None]
    opening = openings(checkpoints, settings.checkpoints.month)
    rows = [
        (
            *(each.checkpoint_id, each.direction, " ".join(each.classes)),
            each.a_day(opening[each.checkpoint_id])
            * (mean_pcu(section.classes, each.classes) or 1.0),
            *(section.wait_h, section.wait_power),
        )
        for each in lanes_served(checkpoints, names)
        if opening[each.checkpoint_id].day_share > 0
    ]
    return pd.DataFrame(rows, columns=list(LANE_COLUMNS))
