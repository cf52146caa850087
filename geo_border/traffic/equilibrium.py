"""Traffic across the border in equilibrium with the delays that it meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.routing.scenarios import AS_IS
from geo_border.shown import shown
from geo_border.traffic.choice import respond

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Scenario
    from geo_border.traffic.border_routes import BorderRoutes
    from geo_border.traffic.choice import Response
    from geo_border.traffic.model import ClassModel, TrafficModel


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
            at, potential = origins.positions, origins.potential
            made[at] += potential * response.made
            left[at] += potential * (1 - response.made)
            value = np.logaddexp(origins.log_outside, response.worth) / origins.theta
            surplus[at] += np.where(potential > 0, potential * value, 0.0)
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
    <Equilibrium: scenario Scenario, classes 1, residual 0, steps 0>
    """

    __repr__ = shown

    scenario: Scenario
    classes: Mapping[str, ClassTraffic]
    residual: float
    steps: int


def equilibrium(model: TrafficModel, scenario: Scenario = AS_IS) -> Equilibrium:
    """Traffic by class under a scenario.

    Parameters
    ----------
    model
        As `traffic_model` gives it.
    scenario
        What is different at the border.

    Returns
    -------
    Equilibrium
        Flows and delays by class.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=3.65e6)])
    >>> traffic = gb.equilibrium(model)
    >>> round(float(traffic.classes["car"].by_origin()["trips"].sum()))
    10000
    """
    free = model.free_delays(scenario)
    routes = {name: model.routes(name, delay) for name, delay in free.items()}
    classes = {
        name: ClassTraffic(
            model=each,
            routes=routes[name],
            free=free[name],
            delay=free[name],
            responses=tuple(respond(origins, routes[name], free[name]) for origins in each.origins),
        )
        for name, each in model.classes.items()
    }
    return Equilibrium(scenario, classes, 0.0, 0)
