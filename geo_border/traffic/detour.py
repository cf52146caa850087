"""The detour of those who travel before and after a change at the border, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.regions import weight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.traffic.border_routes import BorderRoutes
    from geo_border.traffic.choice import Leg, Origins
    from geo_border.traffic.equilibrium import ClassTraffic

    Floats = NDArray[np.float64]

PAIRS = 1 << 20
"""Pairs of origins and destinations looked at together."""


def detour_hours(before: ClassTraffic, after: ClassTraffic) -> pd.DataFrame:
    """Hours that those take longer who travel between the same places before and after.

    Between an origin and a destination as many travel on as before or after, whichever is less.
    They take the mean of the routes over the border by the shares that are chosen, out and home
    apart. Nobody's choice to stay at home, or to drive elsewhere, is in it: that is in the
    consumer surplus. All pairs are looked at, as products of matrices through the gates.

    Parameters
    ----------
    before, after
        One class in two equilibria of one model.

    Returns
    -------
    DataFrame
        Index ``place_id``, where they live; ``stayed`` (vehicles a day who travel before and
        after, out and home counted apart), ``driving_h`` and ``delay_h`` (vehicle-hours a day
        that they take longer inside the sides, and at the checkpoints).

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> shut = gb.equilibrium(model, gb.Scenario(close=["sagarchin-zhaisan"]))
    >>> now = gb.equilibrium(model)
    >>> longer = gb.detour_hours(now.classes["car"], shut.classes["car"]).sum()
    >>> lost = gb.welfare(now, shut).classes.loc["car", "hours_lost"]
    >>> bool(0 < longer["driving_h"] + longer["delay_h"] < lost)
    True
    """
    travel = before.model.travel
    tables = travel.tables
    mass = weight_of(travel.places, before.model.traffic_class.mass)
    pull = mass**before.model.traffic_class.gamma
    found = np.zeros((3, len(mass)))
    for number, origins in enumerate(before.model.origins):
        there = tables.places_on(1 - origins.side)
        there = there[mass[there] > 0]
        far = tables.from_gate[:, there], tables.to_gate[there].T
        of_point = np.zeros((3, len(origins.potential)))
        for leg, hours in zip((origins.there, origins.home), far, strict=True):
            states = [
                _Reached.of(each, origins, leg, hours, pull[there]) for each in (before, after)
            ]
            made = [each.responses[number].made for each in (before, after)]
            size = max(1, PAIRS // max(1, len(there)))
            for start in range(0, len(origins.potential), size):
                rows = slice(start, start + size)
                of_point[:, rows] += _longer(
                    leg.hours[rows],
                    origins.theta,
                    states,
                    [origins.potential[rows] * share[rows] / 2 for share in made],
                )
        found[:, origins.positions] += of_point[:, origins.point] * origins.part
    columns = dict(zip(("stayed", "driving_h", "delay_h"), found, strict=True))
    return pd.DataFrame(columns, index=travel.places.index)


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """What destinations one leg reaches by the gates at the side of the origins, U of them.

    Weights are ``exp(-θ t)`` of the hours beyond the least ones, which cancel.
    """

    gates: NDArray[np.int64]  # (U,)
    weight: Floats  # of all routes, (U, M)
    driving: Floats  # the same times the hours inside the sides, (U, M)
    delay: Floats  # the same times those at the checkpoints, (U, M)
    pull: Floats  # of the destinations, (M,)

    @classmethod
    def of(
        cls, traffic: ClassTraffic, origins: Origins, leg: Leg, far_hours: Floats, pull: Floats
    ) -> _Reached:
        """Add up the routes of a leg over the gates at the other side."""
        routes: BorderRoutes = traffic.routes[origins.side if leg.outward else 1 - origins.side]
        near, far = (routes.first, routes.last) if leg.outward else (routes.last, routes.first)
        near_gates, at_near = np.unique(near, return_inverse=True)
        far_gates, at_far = np.unique(far, return_inverse=True)
        theta, total = origins.theta, routes.hours(traffic.delay)
        weight = np.exp(-theta * (total - total.min(initial=np.inf)))
        delay = total - routes.drive
        tables = np.zeros((3, len(near_gates), len(far_gates)))
        for table, values in zip(tables, (1.0, routes.drive, delay), strict=True):
            np.add.at(table, (at_near, at_far), weight * values)
        hours = far_hours[far_gates]
        least = hours.min(axis=0, initial=np.inf)
        reached = np.isfinite(least)
        least = np.where(reached, least, 0.0)
        beyond = np.exp(-theta * (hours - least))
        driven = beyond * np.where(np.isfinite(hours), hours, 0.0)
        nearest = least[reached].min(initial=np.inf)
        return cls(
            gates=near_gates,
            weight=tables[0] @ beyond,
            driving=tables[1] @ beyond + tables[0] @ driven,
            delay=tables[2] @ beyond,
            pull=np.where(reached, pull * np.exp(-theta * np.maximum(least - nearest, 0.0)), 0.0),
        )


def _longer(
    hours: Floats, theta: float, states: list[_Reached], trips: list[Floats]
) -> tuple[Floats, Floats, Floats]:
    """Trips made before and after from some points, and what they take longer."""
    means = [_means(hours, theta, state) for state in states]
    flows = []
    for (weight, _, _), state, made in zip(means, states, trips, strict=True):
        share = weight * state.pull
        whole = share.sum(axis=1)
        flows.append(
            share * np.divide(made, whole, out=np.zeros_like(made), where=whole > 0)[:, None]
        )
    stayed = np.minimum(*flows)
    driving, delay = (((means[1][i] - means[0][i]) * stayed).sum(axis=1) for i in (1, 2))
    return stayed.sum(axis=1), driving, delay


def _means(hours: Floats, theta: float, state: _Reached) -> tuple[Floats, Floats, Floats]:
    """Weights of the routes between points and destinations, and their mean hours."""
    near = hours[:, state.gates]
    least = near.min(axis=1, initial=np.inf)
    reached = np.isfinite(near)
    weight = np.exp(-theta * (near - np.where(np.isfinite(least), least, 0.0)[:, None]))
    driven = weight * np.where(reached, near, 0.0)
    total = weight @ state.weight
    there = total > 0
    driving = np.divide(
        driven @ state.weight + weight @ state.driving, total, out=np.zeros_like(total), where=there
    )
    delay = np.divide(weight @ state.delay, total, out=np.zeros_like(total), where=there)
    return total, driving, delay
