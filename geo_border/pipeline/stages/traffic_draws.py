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
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.class_trips import ClassTrips
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.travel import Travel
    from geo_border.traffic.classes import TrafficClass
    from geo_border.traffic.equilibrium import Equilibrium

DRAWS = 50
"""Equilibria of a study."""


def traffic_intervals(
    settings: Settings, checkpoints: pd.DataFrame, net: StudyNetwork, trips: ClassTrips
) -> pd.DataFrame:
    """Flows and ranks of checkpoints over draws of all that is not known of traffic.

    Each delay is drawn between its own ends, capacities checkpoint by checkpoint, speeds, and of
    every class ``theta`` and the exponents of masses between the ranges of the study; the totals
    of the classes are known and stay. Each draw is in equilibrium.

    Parameters
    ----------
    settings
        The study's parameters.
    checkpoints
        Of the border, with the columns of the classes.
    net
        The network of the study.
    trips
        Of the classes, between all places: where they are not in proportion to people, places of
        one point have not the trips of one.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` and ``class``; ``vehicles_low``, ``vehicles_high``, ``rank_low``,
        ``rank_high``: 5th and 95th percentiles, ranks among the checkpoints of the class,
        1 that of the most vehicles, rounded outward.
    """
    travels = trips.on_own_tables()
    delays = {each.name: _delays(settings, checkpoints, net, trips, each) for each in trips.classes}
    parts = [
        (part, f"{part} of {each.name}")
        for each in trips.classes
        for part in ("theta", "alpha", "gamma")
    ]
    factors = _factors(settings, [*parts, ("speed", "speed")])
    lanes = list(dict.fromkeys(trips.lanes["checkpoint_id"]))
    capacities = _factors(
        settings,
        [("capacity", f"capacity at {key}") for key in lanes],
        correlation=settings.index.delay_correlation,
    )
    found = []
    for draw in range(DRAWS):
        factor = {name: float(values[draw]) for name, values in factors.items()}
        capacity = {key: float(capacities[f"capacity at {key}"][draw]) for key in lanes}
        drawn_lanes = trips.lanes.assign(
            capacity_day=trips.lanes["capacity_day"] * trips.lanes["checkpoint_id"].map(capacity)
        )
        solved = at_speed(
            factor["speed"],
            {
                name: replace(travel, tables=with_delays(travel.tables, delays[name][draw]))
                for name, travel in travels.items()
            },
            [_drawn(each, factor) for each in trips.classes],
            drawn_lanes,
            trips.least,
            most_passages=settings.traffic.most_passages,
        )
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


def at_speed(
    speed: float,
    travels: Mapping[str, Travel],
    classes: Sequence[TrafficClass],
    lanes: pd.DataFrame,
    least: Mapping[str, NDArray[np.float64]],
    *,
    most_passages: int,
) -> Equilibrium:
    """Solve traffic on a faster or slower network, at the same delays.

    Parameters
    ----------
    speed
        Of all vehicles, as a multiple of what it is.
    travels
        Trips by class, as `geo_border.traffic.model.traffic_model` takes them.
    classes
        The classes.
    lanes, least
        As `geo_border.traffic.observed.without_queues` takes them.
    most_passages
        As `geo_border.traffic.model.traffic_model` takes it.

    Returns
    -------
    Equilibrium
        Its flows and shares; its hours are counted in units of ``1 / speed``.
    """
    # A network f times as fast has 1/f of the hours. In units of 1/f of an hour it has as many as
    # before, and delays and waits f times as many: no table of hours is made anew.
    slower = {
        name: replace(
            travel,
            tables=with_delays(
                travel.tables,
                speed * travel.tables.gates[["delay_out_h", "delay_in_h"]].to_numpy(float).T,
            ),
        )
        for name, travel in travels.items()
    }
    weighed = [
        replace(
            each,
            segments=tuple(replace(part, theta=part.theta / speed) for part in each.segments),
        )
        for each in classes
    ]
    waits = lanes.assign(wait_h=speed * lanes["wait_h"])
    observed = traffic_model(slower, weighed, most_passages=most_passages)
    floor = {name: speed * hours for name, hours in least.items()}
    return equilibrium(without_queues(observed, waits, least=floor), lanes=waits)


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


def _factors(
    settings: Settings, named: Sequence[tuple[str, str]], *, correlation: float = 0.0
) -> dict[str, NDArray[np.float64]]:
    """Multiples of parameters in each draw, by name, from the range of what they are."""
    section = settings.traffic
    ranges = {
        "theta": section.theta_range,
        "alpha": section.mass_range,
        "gamma": section.mass_range,
        "capacity": section.capacity_range,
        "speed": section.speed_range,
    }
    names = [name for _, name in named]
    at = quantiles(names, draws=DRAWS, seed=settings.index.seed, correlation=correlation)
    return {
        name: between(of_name, ranges[what][0], 1.0, ranges[what][1])
        for (what, name), of_name in zip(named, at.T, strict=True)
    }


def _drawn(traffic_class: TrafficClass, factor: Mapping[str, float]) -> TrafficClass:
    """A class with the parameters of a draw."""
    theta, alpha, gamma = (
        factor[f"{part} of {traffic_class.name}"] for part in ("theta", "alpha", "gamma")
    )
    segments = [replace(each, theta=theta * each.theta) for each in traffic_class.segments]
    return replace(
        traffic_class,
        segments=tuple(segments),
        alpha=alpha * traffic_class.alpha,
        gamma=gamma * traffic_class.gamma,
    )
