"""The stage of access: the measures that the index is made of, by place and by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.decay import Step, calibrated
from geo_border.access.losses import effect_by_checkpoint, loss_by_checkpoint, loss_shares
from geo_border.access.nearest import nearest_gate, zones
from geo_border.access.reach import border_effect, by_minutes, potentials
from geo_border.access.regions import by_region
from geo_border.access.variants import transport_variants
from geo_border.network.gates import gates_in_use
from geo_border.network.graph import MODES
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel_times import times_and_ways
from geo_border.stages.named_places import capital_places

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.routing.travel import Travel
    from geo_border.settings import Settings
    from geo_border.stages.network import StudyNetwork

DELAY_FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0)
"""Delays of the Monte Carlo, as multiples of what they are taken to be."""


HALF_LIFE_FACTORS = (0.5, 1.0, 2.0)
"""Half-lives of the Monte Carlo, as multiples of that of the study."""


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """What can be reached by road, as the index needs it.

    Parameters
    ----------
    places
        The places with their measures.
    regions
        Measures by region.
    zones
        People of each region by time to a checkpoint.
    losses
        Share of each checkpoint in the border effect of each region.
    travel_times
        Between capitals.
    variants
        Potentials under other delays and decays.
    """

    places: gpd.GeoDataFrame
    regions: pd.DataFrame
    zones: pd.DataFrame
    losses: pd.DataFrame
    travel_times: pd.DataFrame
    variants: pd.DataFrame


def access_stage(
    settings: Settings,
    regions: gpd.GeoDataFrame,
    net: StudyNetwork,
    travel: Travel,
) -> Access:
    """Measure what can be reached, for each place and each region.

    Parameters
    ----------
    settings
        The study's parameters.
    regions
        Regions of `geo_border.stages.border.border_stage`.
    net
        The network of the study.
    travel
        Trips by road.

    Returns
    -------
    Access
        By place and by region.
    """
    network, places, tables = net.network, travel.places, travel.tables
    gates = gates_in_use(net.gates)
    half_life = settings.access.half_life_h
    decay = calibrated(settings.access.decay, half_life)
    nearest = nearest_gate(tables)
    within = settings.access.limits_h
    reach, *people = potentials(travel, decays=[decay, *map(Step, within)])
    values = pd.DataFrame({"hours_to_checkpoint": nearest["hours"]}, index=places.index)
    values = values.join(by_minutes(people, within))
    values = values.join(reach.add_prefix("potential_"))
    if (gates["mode"] == "rail").any():
        by_rail = gate_tables(network, places, gates, modes=MODES)
        values["hours_to_rail_checkpoint"] = nearest_gate(by_rail, mode="rail")["hours"]
    effect = border_effect(reach)
    values["border_effect"] = effect["all"]
    values["border_effect_own"] = effect["own"]
    values["border_effect_across"] = effect["across"]
    measures = by_region(values, places)
    measures.insert(0, "population", places.groupby("region_id")["population"].sum())
    values["nearest_checkpoint"] = nearest["checkpoint_id"]
    charged = loss_by_checkpoint(travel, decay=decay)
    losses = loss_shares(effect_by_checkpoint(charged, reach), places)
    bands = zones(
        nearest["hours"], places, bands=[minutes / 60 for minutes in settings.access.zones_min]
    )
    variants = transport_variants(
        travel,
        delay_factors=DELAY_FACTORS,
        decays={
            f"half-life {factor * half_life:g} h": calibrated(
                settings.access.decay, factor * half_life
            )
            for factor in HALF_LIFE_FACTORS
        },
    )
    capitals = capital_places(regions, places)
    others = {hours_column(factor): Scenario(delay_factor=factor) for factor in DELAY_FACTORS}
    times = times_and_ways(network, tables, capitals, others=others)
    for end in ("from_id", "to_id"):
        times["km"] += times[end].map(capitals["access_km"]).astype(float)
    return Access(
        places=places.join(values),
        regions=measures,
        zones=bands,
        losses=losses,
        travel_times=times,
        variants=variants.reset_index(),
    )


def hours_column(delay_factor: float) -> str:
    """Name of the column of travel times with multiplied delays.

    Parameters
    ----------
    delay_factor
        The multiple.

    Returns
    -------
    str
        Such as ``hours_delays_x0.5``.
    """
    return f"hours_delays_x{delay_factor:g}"
