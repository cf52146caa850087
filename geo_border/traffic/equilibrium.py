"""Traffic across the border in equilibrium with the queues that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import ParameterError
from geo_border.routing.scenarios import AS_IS
from geo_border.shown import shown
from geo_border.traffic.choice import respond
from geo_border.traffic.lanes import LANE_COLUMNS, Lanes, read_lanes
from geo_border.traffic.model import TrafficModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Scenario
    from geo_border.traffic.border_routes import BorderRoutes
    from geo_border.traffic.choice import Origins, Response
    from geo_border.traffic.model import ClassModel

RESIDUAL_H = 1e-10
"""Hours by which a delay may differ from the one that its flow makes."""

NEAR_H = 1e-2
"""Hours of a residual from which slopes of the flows are used twice."""

SHRINKS = 1e-2
"""Part of the residual that a step must leave at most for its slopes to be used again."""

MOST_STEPS = 100

SMALLEST_STEP = 2.0**-40

DESCENT = 1e-4
"""Part of the decrease that its slope promises which a step must bring."""

NO_LANES = pd.DataFrame({column: [] for column in LANE_COLUMNS})


@dataclass(frozen=True, slots=True, eq=False)
class ClassTraffic:
    """Traffic of one class.

    Parameters
    ----------
    model
        What it is chosen from.
    routes
        Routes over the border by the side that they leave.
    free
        Delays without queues, hours, infinite where the class may not pass, shape (2, K).
    delay
        Delays that it meets, hours, shape (2, K).
    responses
        What each of the origins of the model does.
    """

    __repr__ = shown

    model: ClassModel
    routes: tuple[BorderRoutes, BorderRoutes]
    free: NDArray[np.float64]
    delay: NDArray[np.float64]
    responses: tuple[Response, ...]

    @property
    def passed(self) -> NDArray[np.float64]:
        """Vehicles a day by direction and gate, shape (2, K)."""
        total: NDArray[np.float64] = np.sum([each.passed for each in self.responses], axis=0)
        return total

    @property
    def slope(self) -> NDArray[np.float64]:
        """What is lost of each flow for an hour more of each delay, shape (2K, 2K)."""
        total = np.zeros((self.free.size, self.free.size))
        for origins, response in zip(self.model.origins, self.responses, strict=True):
            found = response
            if found.slope is None:
                found = respond(origins, self.routes, self.delay, slope=True)
            assert found.slope is not None
            total += found.slope
        return total

    def reached(self) -> NDArray[np.bool_]:
        """Whether each place has a way out and home.

        Returns
        -------
        ndarray
            Shape (P,).
        """
        reached = np.zeros(len(self.model.travel.places), bool)
        for origins, response in zip(self.model.origins, self.responses, strict=True):
            reached[origins.positions] |= np.isfinite(response.worth[origins.point])
        return reached

    def by_origin(self) -> pd.DataFrame:
        """Trips and surplus of the places.

        Returns
        -------
        DataFrame
            Index ``place_id``; ``trips`` (vehicles a day of those who live there, out and back
            counted apart), ``trips_not_made``, ``surplus_h`` (consumer surplus, vehicle-hours a
            day; differences alone have a meaning; minus infinity where no trip can be made and
            none may be left out).
        """
        places = self.model.travel.places.index
        made, left, surplus = np.zeros((3, len(places)))
        for origins, response in zip(self.model.origins, self.responses, strict=True):
            at, point = origins.positions, origins.point
            potential = origins.potential[point] * origins.part
            made[at] += potential * response.made[point]
            left[at] += potential * (1 - response.made[point])
            value = np.logaddexp(origins.log_outside, response.worth) / origins.theta
            surplus[at] += potential * value[point] if potential.any() else 0.0
        return pd.DataFrame(
            {"trips": made, "trips_not_made": left, "surplus_h": surplus}, index=places
        )


@dataclass(frozen=True, slots=True, eq=False)
class Equilibrium:
    """Traffic at which every delay is the one that its flow makes.

    Parameters
    ----------
    scenario
        What is different at the border.
    classes
        Traffic by class.
    lanes
        Rows of the lanes that answer to their flow, with ``flow_day`` (passenger-car units a
        day), ``utilisation`` (over the capacity) and the wait ``queue_h`` (hours).
    residual
        Largest difference between a delay and the one that its flow makes, hours: the
        certificate of the equilibrium.
    steps
        Steps that it took.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car")])
    >>> gb.equilibrium(model, gb.Scenario(close=["ilek-aksay"]))
    <Equilibrium: scenario Scenario, classes 1, lanes 0 x 9, residual 0, steps 0>
    """

    __repr__ = shown

    scenario: Scenario
    classes: Mapping[str, ClassTraffic]
    lanes: pd.DataFrame
    residual: float
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Traffic at some waits.

    Parameters
    ----------
    waits
        Of the lanes, hours, shape (L,).
    classes
        Traffic by class.
    flow
        Of the lanes, passenger-car units a day, shape (L,).
    excess
        Flow that makes the waits less the one that there is: the gradient of `cost`, shape (L,).
    gap
        Waits less those that the flow makes, hours, shape (L,).
    cost
        The convex function of the waits that is least in equilibrium.
    """

    waits: NDArray[np.float64]
    classes: dict[str, ClassTraffic]
    flow: NDArray[np.float64]
    excess: NDArray[np.float64]
    gap: NDArray[np.float64]
    cost: float


def equilibrium(
    model: TrafficModel,
    scenario: Scenario = AS_IS,
    *,
    lanes: pd.DataFrame | Lanes = NO_LANES,
    start: NDArray[np.float64] | None = None,
) -> Equilibrium:
    """Traffic by class under a scenario, in equilibrium with its queues.

    Waits grow with flows and flows fall with waits, so there is one equilibrium: the least
    value of a convex function of the waits, found by Newton's method with the exact slopes of
    the flows. Classes that share lanes count in passenger-car units.

    Parameters
    ----------
    model
        As `traffic_model` gives it.
    scenario
        What is different at the border, for all classes or some. Its delays are free ones:
        queues come to them.
    lanes
        Those that answer to their flow: columns ``checkpoint_id``, ``direction`` (``"out"``,
        ``"in"``), ``classes`` (names, parted by blanks), ``capacity_day`` (passenger-car units
        a day), ``wait_h`` (hours at a flow of the capacity) and ``power`` ``β`` of the wait
        ``wait_h (x / c)^β``. Delays of what has no lanes, or no capacity, are constant. What
        `read_lanes` made of them saves time where there are many scenarios.
    start
        Waits to start from, hours, one for each row of `Equilibrium.lanes`; none if not given.

    Returns
    -------
    Equilibrium
        Flows and delays by class, and the largest difference between a delay and the one that
        its flow makes.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables, or lanes hold a class twice.
    TableError
        If the lanes are not sound.
    ParameterError
        If a class that has lanes has no total: shares make no queue.

    References
    ----------
    Evans (1976), Derivation and analysis of some models for combining trip distribution and
    assignment, Transp. Res. 10(1) 37-57.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=3.65e6)])
    >>> lanes = pd.DataFrame({"checkpoint_id": ["ilek-aksay"] * 2, "direction": ["out", "in"]})
    >>> lanes = lanes.assign(classes="car", capacity_day=150, wait_h=1.0, power=4)
    >>> traffic = gb.equilibrium(model, lanes=lanes)
    >>> traffic.residual < 1e-9
    True
    >>> bool((traffic.lanes["queue_h"] > 0).all())
    True
    """
    names = list(model.classes)
    free = model.free_delays(scenario)
    routes = {name: model.routes(name, delay) for name, delay in free.items()}
    gates = model.classes[names[0]].travel.tables.gates.index
    known = lanes if isinstance(lanes, Lanes) else read_lanes(lanes, gates, names)
    _check_totals(model, known)
    waits = np.zeros(len(known.slot)) if start is None else np.array(start, float)
    fall = None
    if start is None and any(each.thinned for each in model.classes.values()):
        few = {name: each.thin() for name, each in model.classes.items()}
        problem = _Problem(TrafficModel(few, model.most_passages), routes, free, known)
        near, _ = _solved(problem, waits, NEAR_H)
        waits, fall = near.waits, problem.fall(near)
    state, steps = _solved(_Problem(model, routes, free, known), waits, RESIDUAL_H, fall)
    table = known.table.assign(
        flow_day=state.flow, utilisation=state.flow / known.capacity, queue_h=state.waits
    )
    return Equilibrium(scenario, state.classes, table, _residual(state), steps)


def _solved(
    problem: _Problem,
    waits: NDArray[np.float64],
    residual: float,
    fall: NDArray[np.float64] | None = None,
) -> tuple[State, int]:
    """Traffic in equilibrium from some waits on, and the steps to it."""
    state = problem.at(waits, slope=fall is None)
    steps = 0
    while _residual(state) > residual and steps < MOST_STEPS:
        if fall is None:
            fall = problem.fall(state)
        following = problem.step(state, fall)
        if following is None:
            break
        # While steps shrink the residual that much, slopes of the step before do.
        if _residual(following) > min(NEAR_H, SHRINKS * _residual(state)):
            fall = None
        state, steps = following, steps + 1
    return state, steps


def _residual(state: State) -> float:
    """Largest gap, hours."""
    return float(np.abs(state.gap).max(initial=0.0))


def _check_totals(model: TrafficModel, lanes: Lanes) -> None:
    """Refuse shares where vehicles must queue."""
    for (name, each), members in zip(model.classes.items(), lanes.members.T, strict=True):
        if members.any() and each.traffic_class.total_year is None:
            raise ParameterError(
                f"the class {name!r} has lanes with a capacity and no total a year",
                remedy="Give its total_year, or leave the capacity out",
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Waits that are looked for."""

    model: TrafficModel
    routes: Mapping[str, tuple[BorderRoutes, BorderRoutes]]
    free: Mapping[str, NDArray[np.float64]]
    lanes: Lanes

    def at(self, waits: NDArray[np.float64], *, slope: bool) -> State:
        """Traffic at some waits."""
        lanes = self.lanes
        classes, surplus = {}, 0.0
        flow: NDArray[np.float64] = np.zeros(len(waits))
        for (name, each), members in zip(self.model.classes.items(), lanes.members.T, strict=True):
            free = self.free[name]
            delay = free.copy()
            delay.reshape(-1)[lanes.slot[members]] += waits[members]
            responses = tuple(
                respond(origins, self.routes[name], delay, slope=slope and bool(members.any()))
                for origins in each.origins
            )
            traffic = ClassTraffic(each, self.routes[name], free, delay, responses)
            classes[name] = traffic
            pcu = each.traffic_class.pcu
            flow[members] += pcu * traffic.passed.ravel()[lanes.slot[members]]
            surplus += pcu * _surplus(each.origins, responses)
        return State(
            waits=waits,
            classes=classes,
            flow=flow,
            excess=lanes.flow_at(waits) - flow,
            gap=waits - lanes.wait_at(flow),
            cost=surplus + lanes.area_to(waits),
        )

    def fall(self, state: State) -> NDArray[np.float64]:
        """What is lost of each flow for an hour more of each wait, shape (L, L)."""
        lanes = self.lanes
        fall = np.zeros((len(lanes.slot), len(lanes.slot)))
        for traffic, members in zip(state.classes.values(), lanes.members.T, strict=True):
            if members.any():
                at = np.flatnonzero(members)
                slots = lanes.slot[at]
                pcu = traffic.model.traffic_class.pcu
                fall[np.ix_(at, at)] += pcu * traffic.slope[np.ix_(slots, slots)]
        return fall

    def step(self, state: State, fall: NDArray[np.float64]) -> State | None:
        """Traffic one step nearer to equilibrium, none if nothing is."""
        lanes = self.lanes
        # The secant between the waits and those that the flow makes: with it every step goes
        # downhill, and it is the slope where both are the same.
        rise = lanes.slope_at(state.flow)
        apart = np.abs(state.excess) > 1e-9 * lanes.capacity
        rise[apart] = state.gap[apart] / state.excess[apart]
        direction = np.linalg.solve(np.eye(len(rise)) + rise[:, None] * fall, -state.gap)
        descent = float(state.excess @ direction)
        length = 1.0
        # Near the equilibrium each step squares the residual, and needs no new slopes.
        slope = _residual(state) > NEAR_H
        while length >= SMALLEST_STEP:
            found = self.at(state.waits + length * direction, slope=slope)
            rounding = 1e-14 * abs(state.cost)
            if found.cost <= state.cost + DESCENT * length * descent + rounding and (
                found.cost < state.cost - rounding or _residual(found) < _residual(state)
            ):
                return found
            length /= 2
        return None


def _surplus(origins: Sequence[Origins], responses: Sequence[Response]) -> float:
    """Consumer surplus of those who can travel, vehicle-hours a day."""
    total = 0.0
    for each, response in zip(origins, responses, strict=True):
        reached = np.isfinite(response.worth)
        value = np.logaddexp(each.log_outside, response.worth[reached])
        total += float(each.potential[reached] @ value) / each.theta
    return total
