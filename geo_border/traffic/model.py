"""What traffic is chosen from, made ready once for many scenarios."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from geo_border.access.regions import weight_of
from geo_border.errors import ParameterError, SideError, TableError
from geo_border.routing.scenarios import AS_IS, GateDelays
from geo_border.routing.spots import spot_of
from geo_border.shown import shown
from geo_border.terms import SIDES
from geo_border.traffic.border_routes import border_routes
from geo_border.traffic.choice import (
    Leg,
    Origins,
    made_share,
    pull_of,
    respond,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Scenario
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel
    from geo_border.traffic.border_routes import BorderRoutes
    from geo_border.traffic.classes import Segment, TrafficClass

FEW = 2048
"""Origins of a side and segment from which an equilibrium is looked for with fewer at first."""

MARGIN = 60.0
"""Logarithms beyond the worth of all origins between which that of ``U_0`` is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassModel:
    """One class: its trips and what they are chosen from.

    Parameters
    ----------
    traffic_class
        The class.
    travel
        Its trips.
    delays
        What its delays follow from.
    origins
        By segment and side.
    thinned
        The same where there are many, neighbours drawn together: what an equilibrium is looked
        for with at first. Empty where there are few.
    """

    __repr__ = shown

    traffic_class: TrafficClass
    travel: Travel
    delays: GateDelays
    origins: tuple[Origins, ...]
    thinned: tuple[Origins, ...] = ()

    def thin(self) -> ClassModel:
        """Give the class with `thinned` origins, if it has some.

        Returns
        -------
        ClassModel
            Itself where there are few.
        """
        return replace(self, origins=self.thinned, thinned=()) if self.thinned else self


@dataclass(frozen=True, slots=True, eq=False)
class TrafficModel:
    """Traffic by class, ready for any scenario.

    Parameters
    ----------
    classes
        By name.
    most_passages
        Most passages of the border in a trip one way.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car")])
    >>> model.free_delays()["car"].shape
    (2, 30)
    """

    __repr__ = shown

    classes: Mapping[str, ClassModel]
    most_passages: int

    def routes(self, name: str, delay: NDArray[np.float64]) -> tuple[BorderRoutes, BorderRoutes]:
        """Routes over the border of a class.

        Parameters
        ----------
        name
            The class.
        delay
            Its free delays, hours, infinite where closed, shape (2, K).

        Returns
        -------
        tuple of BorderRoutes
            By the side that they leave.
        """
        within = self.classes[name].travel.tables.within
        home, neighbour = (
            border_routes(delay, within, side, self.most_passages) for side in range(len(SIDES))
        )
        return home, neighbour

    def free_delays(self, scenario: Scenario = AS_IS) -> dict[str, NDArray[np.float64]]:
        """Delays that no queue is part of, by class.

        Parameters
        ----------
        scenario
            What is different at the border.

        Returns
        -------
        dict
            Hours by direction and gate, infinite where the class may not pass, shape (2, K).
        """
        return {name: each.delays.under(scenario) for name, each in self.classes.items()}


def traffic_model(
    travels: Mapping[str, Travel],
    classes: Sequence[TrafficClass],
    *,
    most_passages: int = 3,
) -> TrafficModel:
    """Make traffic ready: masses, outside options and totals with the border as it is.

    Parameters
    ----------
    travels
        Trips of each class by its name, as `class_travel` gives them.
    classes
        The classes.
    most_passages
        Most passages of the border in a trip one way, 1 or 3.

    Returns
    -------
    TrafficModel
        What `equilibrium` takes.

    Raises
    ------
    ParameterError
        If a class has no trips, or routes of another number of passages are wanted.
    TableError
        If a mass is not sound, or the classes do not have the same gates.
    SideError
        If nothing with a mass lies on one of the sides.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> car = gb.TrafficClass("car", total_year=5e6)
    >>> gb.traffic_model({"car": trips}, [car])
    <TrafficModel: classes 1, most_passages 3>
    """
    models = {}
    for traffic_class in classes:
        name = traffic_class.name
        if name not in travels:
            raise ParameterError(
                f"the class {name!r} has no trips",
                remedy=f"Give travels for it; there are some for {', '.join(travels)}",
            )
        models[name] = _class_model(travels[name], traffic_class, most_passages)
    gates = [model.travel.tables.gates.index for model in models.values()]
    if any(not index.equals(gates[0]) for index in gates[1:]):
        raise TableError("the classes do not have the same checkpoints")
    return TrafficModel(models, most_passages)


def _class_model(travel: Travel, traffic_class: TrafficClass, most_passages: int) -> ClassModel:
    """One class, scaled to its total with the border as it is."""
    tables = travel.tables
    gates = GateDelays.of(tables, traffic_class.name)
    delay = gates.under(AS_IS)
    routes = tuple(border_routes(delay, tables.within, side, most_passages) for side in range(2))
    mass = weight_of(travel.places, traffic_class.mass)
    spot = spot_of(travel)
    ends = [_Points.of(tables, side, mass, spot) for side in range(2)]
    for side, there in enumerate(ends):
        if not len(there.positions):
            raise SideError(
                f"nothing with a {traffic_class.mass} lies on the side {SIDES[side]!r}",
                remedy="Traffic across the border needs both",
            )
    of_all = sum(segment.share for segment in traffic_class.segments)
    origins: list[Origins] = []
    for segment in traffic_class.segments:
        trips = traffic_class.total_day * segment.share / of_all
        raw = [_origins(traffic_class, segment.theta, ends, side) for side in range(2)]
        origins += _scaled(raw, (routes[0], routes[1]), delay, segment, trips)
    many = any(len(each.potential) > FEW for each in origins)
    thinned = tuple(_thinned(each) for each in origins) if many else ()
    return ClassModel(traffic_class, travel, gates, tuple(origins), thinned)


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Places of a side with a mass, those of one spot together.

    Parameters
    ----------
    positions, point
        Of the places, shape (P,).
    mass
        Of the places, shape (P,).
    to_gate, from_gate
        Hours between the points and the gates, shape (N, K).
    """

    positions: NDArray[np.int64]
    point: NDArray[np.int64]
    mass: NDArray[np.float64]
    to_gate: NDArray[np.float64]
    from_gate: NDArray[np.float64]

    @classmethod
    def of(
        cls, tables: GateTables, side: int, mass: NDArray[np.float64], spot: NDArray[np.int64]
    ) -> _Points:
        """Find the points of a side."""
        places = tables.places_on(side)
        places = places[mass[places] > 0]
        _, first, point = np.unique(spot[places], return_index=True, return_inverse=True)
        return cls(
            places,
            point,
            mass[places],
            tables.to_gate[places[first]],
            np.ascontiguousarray(tables.from_gate[:, places[first]].T),
        )

    def of_points(self, exponent: float) -> NDArray[np.float64]:
        """Masses to a power, added up by point."""
        return np.asarray(np.bincount(self.point, self.mass**exponent), float)


def _origins(traffic_class: TrafficClass, theta: float, ends: list[_Points], side: int) -> Origins:
    """Origins of one side with their mass as potential and no outside option."""
    here, there = ends[side], ends[1 - side]
    pull = there.of_points(traffic_class.gamma)
    potential = here.of_points(traffic_class.alpha)
    return Origins(
        side=side,
        positions=here.positions,
        point=here.point,
        part=here.mass**traffic_class.alpha / potential[here.point],
        potential=potential,
        theta=theta,
        log_outside=-np.inf,
        there=Leg(here.to_gate, pull_of(pull, there.from_gate.T, theta), outward=True),
        home=Leg(here.from_gate, pull_of(pull, there.to_gate.T, theta), outward=False),
    )


def _scaled(
    raw: list[Origins],
    routes: tuple[BorderRoutes, BorderRoutes],
    delay: NDArray[np.float64],
    segment: Segment,
    trips: float,
) -> list[Origins]:
    """Origins of both sides with the outside option and the potential of their segment."""
    worth = np.concatenate([respond(origins, routes, delay).worth for origins in raw])
    mass = np.concatenate([origins.potential for origins in raw])
    log_outside = _log_outside(worth, mass, segment.outside)
    made = mass @ made_share(worth, log_outside)
    factor = trips / made if made > 0 else 0.0
    return [
        replace(origins, potential=origins.potential * factor, log_outside=log_outside)
        for origins in raw
    ]


def _thinned(origins: Origins) -> Origins:
    """About `FEW` origins for many: those with one nearest gate, and about as far from it."""
    count = len(origins.potential)
    if count <= FEW or not origins.potential.any():
        return origins
    hours = origins.there.hours
    nearest = hours.argmin(axis=1)
    order = np.lexsort((hours[np.arange(count), nearest], nearest))
    start = np.arange(0, count, -(-count // FEW))
    weight = origins.potential[order]
    total = np.add.reduceat(weight, start)
    legs = [
        replace(
            leg, hours=np.add.reduceat(leg.hours[order] * weight[:, None], start) / total[:, None]
        )
        for leg in (origins.there, origins.home)
    ]
    return replace(origins, potential=total, there=legs[0], home=legs[1])


def _log_outside(worth: NDArray[np.float64], mass: NDArray[np.float64], share: float) -> float:
    """``ln U_0`` at which a share of the trips of those who have a way is not made."""
    reached = np.isfinite(worth)
    if share == 0 or not reached.any():
        return -np.inf
    worth, mass = worth[reached], mass[reached] / mass[reached].sum()

    def surplus(log_outside: float) -> float:
        return float(mass @ made_share(worth, log_outside)) - (1 - share)

    return float(brentq(surplus, worth.min() - MARGIN, worth.max() + MARGIN, xtol=1e-12))
