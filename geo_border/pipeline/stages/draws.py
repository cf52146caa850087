"""The stage of draws: what the index measures, under delays, speeds and decay drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import calibrated
from geo_border.access.reach import reached_across
from geo_border.access.regions import by_region
from geo_border.network.gates import delay_ends
from geo_border.pipeline.stages.named_places import capital_ids
from geo_border.routing.crossing import across
from geo_border.routing.draws import between, quantiles
from geo_border.routing.scenarios import passages
from geo_border.terms import CAR, SIDES
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import TrafficClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

MOST_DRAWS = 200
"""Draws of a study."""

FEWEST_DRAWS = 20
"""Draws of a study whose pairs across the border are so many that `LOOKS` allow no more."""

LOOKS = 2e9
"""Pairs across the border that are looked at in all draws together."""


@dataclass(frozen=True, slots=True, eq=False)
class TransportDraws:
    """What the index measures of transport, drawn at random.

    Parameters
    ----------
    measures
        A row for each draw and home region: ``draw``, ``region_id``, ``potential_across``
        (persons), ``hours_to_neighbour_capital`` (missing where none is reached).
    """

    measures: pd.DataFrame


def draw_stage(
    settings: Settings, border: Border, net: StudyNetwork, travel: Travel
) -> TransportDraws:
    """Measure what delays change, with each checkpoint's drawn between its own ends.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    travel
        Trips by road.

    Returns
    -------
    TransportDraws
        Of the home regions.
    """
    index, access, places = settings.index, settings.access, travel.places
    home, beyond = (len(travel.tables.places_on(side)) for side in range(len(SIDES)))
    draws = int(np.clip(LOOKS // max(home * beyond, 1), FEWEST_DRAWS, MOST_DRAWS))
    delays = drawn_delays(
        travel.tables.gates,
        delay_ends(travel.tables.gates, net.controls, border.checkpoints, CAR),
        draws=draws,
        seed=index.seed,
        correlation=index.delay_correlation,
    )
    of_decay, of_speed = quantiles(["half-life", "speed"], draws=draws, seed=index.seed).T
    shorter, longer = index.decay_range
    half_lives = access.half_life_h * between(of_decay, shorter, 1.0, longer)
    speeds = between(of_speed, index.speed_range[0], 1.0, index.speed_range[1])
    capitals = capital_ids(border.regions, places)
    reached, hours = {}, {}
    for number in range(draws):
        slower = class_travel(travel, TrafficClass(CAR, speed_factor=float(speeds[number])))
        trips = replace(slower, tables=with_delays(slower.tables, delays[number]))
        routes = passages(trips.tables)
        decay = calibrated(access.decay, float(half_lives[number]))
        reached[number] = reached_across(trips, routes, [decay], sides=(0,))[:, 0]
        hours[number] = _hours_abroad(trips, routes, capitals)
    means = by_region(pd.DataFrame(reached, places.index), places)[list(reached)]
    at_home = means.index.isin(places.loc[places["side"] == SIDES[0], "region_id"])
    abroad = pd.DataFrame(hours).reindex(means.index[at_home])
    measures = means[at_home].melt(
        ignore_index=False, var_name="draw", value_name="potential_across"
    )
    measures["hours_to_neighbour_capital"] = abroad.melt()["value"].to_numpy()
    return TransportDraws(measures.rename_axis("region_id").reset_index())


def drawn_delays(
    gates: pd.DataFrame,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    draws: int,
    seed: int,
    correlation: float,
    name: str = CAR,
) -> NDArray[np.float64]:
    """Delays of gates, each drawn between its ends, both directions at the same quantile.

    Parameters
    ----------
    gates
        Index ``checkpoint_id``, delays in ``delay_out_h`` and ``delay_in_h``.
    ends
        As `geo_border.network.gates.delay_ends` gives them.
    draws, seed, correlation
        As in `geo_border.routing.draws.quantiles`.
    name
        The class whose delays they are: those of another are drawn apart.

    Returns
    -------
    ndarray
        Hours, infinite where they are, shape (D, 2, K).
    """
    names = [f"{name} at {checkpoint}" for checkpoint in gates.index]
    at = quantiles(names, draws=draws, seed=seed, correlation=correlation)
    central = gates[["delay_out_h", "delay_in_h"]].to_numpy(float).T
    return between(at[:, None], ends[0], central, ends[1])


def with_delays(tables: GateTables, hours: NDArray[np.float64]) -> GateTables:
    """Checkpoint tables with other delays.

    Parameters
    ----------
    tables
        Checkpoint tables.
    hours
        Of the gates by direction, shape (2, K).

    Returns
    -------
    GateTables
        The same searches.
    """
    gates = tables.gates.assign(delay_out_h=hours[0], delay_in_h=hours[1])
    return replace(tables, gates=gates)


def _hours_abroad(travel: Travel, routes: Passages, capitals: pd.Series[str]) -> pd.Series[float]:
    """Hours from each home capital to the nearest one of the neighbour."""
    at = travel.places.index.get_indexer(pd.Index(capitals))
    side = travel.tables.place_side[at]
    ends = {"origins": at[side == 0], "destinations": at[side == 1]}
    ways = across(travel.tables, routes, 0, **ends)
    nearest = ways.matrix()[0].min(axis=1, initial=np.inf)
    return pd.Series(nearest, capitals.index[side == 0]).replace(np.inf, np.nan)
