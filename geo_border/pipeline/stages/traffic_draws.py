"""How far traffic hangs on what is not known of it: flows and ranks over random draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.network.gates import delay_ends
from geo_border.pipeline.stages.draws import drawn_delays, with_delays
from geo_border.pipeline.stages.traffic_tables import every_class
from geo_border.routing.draws import between, quantiles
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic
from geo_border.traffic.model import traffic_model
from geo_border.traffic.observed import without_queues

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.class_trips import ClassTrips
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.traffic.classes import TrafficClass

DRAWS = 50
"""Equilibria of a study."""

ENDS = {
    "theta": (0.5, 2.0),
    "alpha": (0.8, 1.25),
    "gamma": (0.8, 1.25),
    "capacity": (0.75, 1.5),
}
"""Ends between which parameters are drawn, as multiples of them."""


def traffic_intervals(
    settings: Settings, checkpoints: pd.DataFrame, net: StudyNetwork, trips: ClassTrips
) -> pd.DataFrame:
    """Flows and ranks of checkpoints over draws of delays, parameters and capacities.

    Every delay is drawn between its own ends, ``theta``, exponents of masses and capacities
    between `ENDS`; the totals of the classes are known and stay. Each draw is in equilibrium.

    Parameters
    ----------
    settings
        The study's parameters.
    checkpoints
        Of the border, with the columns of the classes.
    net
        The network of the study.
    trips
        Of the classes.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` and ``class``; ``vehicles_low``, ``vehicles_high``, ``rank_low``,
        ``rank_high``: 5th and 95th percentiles, ranks among the checkpoints of the class,
        1 that of the most vehicles, rounded outward.
    """
    names = [f"{part} of {each.name}" for each in trips.classes for part in ("theta", "gamma")]
    names += [f"alpha of {each.name}" for each in trips.classes]
    of_names = quantiles([*names, "capacity"], draws=DRAWS, seed=settings.index.seed).T
    factors = {
        name: between(of_name, ENDS[name.split()[0]][0], 1.0, ENDS[name.split()[0]][1])
        for name, of_name in zip([*names, "capacity"], of_names, strict=True)
    }
    delays = {each.name: _delays(settings, checkpoints, net, trips, each) for each in trips.classes}
    found = []
    for draw in range(DRAWS):
        classes = [_drawn(each, factors, draw) for each in trips.classes]
        travels = {}
        for each in classes:
            travel = class_travel(trips.travels[each.name], each)
            hours = delays[each.name][draw]
            travels[each.name] = replace(travel, tables=with_delays(travel.tables, hours))
        lanes = trips.lanes.assign(
            capacity_day=trips.lanes["capacity_day"] * factors["capacity"][draw]
        )
        observed = traffic_model(travels, classes, most_passages=settings.traffic.most_passages)
        model = without_queues(observed, lanes, least=trips.least)
        solved = equilibrium(model, lanes=lanes)
        found.append(every_class(checkpoint_traffic(solved)[["vehicles"]], solved)["vehicles"])
    flows = pd.concat(found, axis=1)
    ranks = flows.groupby(level="class").rank(ascending=False, method="min")
    low, high = (0.05, 0.95)
    return pd.DataFrame(
        {
            "vehicles_low": flows.quantile(low, axis=1),
            "vehicles_high": flows.quantile(high, axis=1),
            "rank_low": ranks.quantile(low, axis=1, interpolation="lower"),
            "rank_high": ranks.quantile(high, axis=1, interpolation="higher"),
        },
        index=flows.index,
    )


def _delays(
    settings: Settings,
    checkpoints: pd.DataFrame,
    net: StudyNetwork,
    trips: ClassTrips,
    traffic_class: TrafficClass,
) -> NDArray[np.float64]:
    """Delays of a class in each draw, shape (D, 2, K)."""
    name, factor = traffic_class.name, traffic_class.delay_factor
    plain = replace(traffic_class, delay_factor=1.0)
    gates = class_travel(trips.travels[name], plain).tables.gates
    return factor * drawn_delays(
        gates,
        delay_ends(gates, net.controls, checkpoints, name),
        draws=DRAWS,
        seed=settings.index.seed,
        correlation=settings.index.delay_correlation,
        name=name,
    )


def _drawn(
    traffic_class: TrafficClass, factors: dict[str, NDArray[np.float64]], draw: int
) -> TrafficClass:
    """A class with the parameters of a draw."""
    theta, alpha, gamma = (
        float(factors[f"{part} of {traffic_class.name}"][draw])
        for part in ("theta", "alpha", "gamma")
    )
    segments = [replace(each, theta=theta * each.theta) for each in traffic_class.segments]
    return replace(
        traffic_class,
        segments=tuple(segments),
        alpha=alpha * traffic_class.alpha,
        gamma=gamma * traffic_class.gamma,
    )
