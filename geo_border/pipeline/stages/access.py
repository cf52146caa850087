"""The stage of access: every measure of places, by place and by region, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, starmap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.border_costs import border_costs
from geo_border.access.decay import KINDS, Decay, Step, calibrated
from geo_border.access.detours import DISTANCE_KMH, by_distance
from geo_border.access.efficiency import network_efficiency
from geo_border.access.limits import soonest_across, telling_limit
from geo_border.access.losses import effect_by_checkpoint, loss_by_checkpoint, loss_shares
from geo_border.access.measure_table import MeasureTable, PlaceMeasures
from geo_border.access.measures import (
    DETOUR_INDEX,
    DETOURS,
    FURTHER,
    HOURS,
    CostsAcross,
    Directness,
    Reached,
    beside_places,
    costs,
    effect_at_checkpoints,
    efficiency,
    of_potential,
    performance,
    population,
)
from geo_border.access.nearest import nearest_gate, zones
from geo_border.access.performance import weight_near
from geo_border.access.reach import potentials
from geo_border.access.regions import by_region
from geo_border.network.beyond import local_km
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.stages.every_gate import over_every_gate
from geo_border.pipeline.stages.named_places import capital_places
from geo_border.pipeline.stages.parameters import CUT_H, modes_measured
from geo_border.pipeline.stages.services import ServiceAccess, service_access
from geo_border.pipeline.stages.zones import zone_ends
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.inside import held_or_searched
from geo_border.routing.scenarios import OPEN_BORDER, Scenario, delays
from geo_border.routing.spots import merge
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.routing.travel import travel as travel_by
from geo_border.routing.travel_times import times_and_ways
from geo_border.terms import MODES, MODES_OF, SIDES

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.tables import GateTables


@dataclass(frozen=True, slots=True, eq=False)
class Accessibility:
    """What can be reached.

    Parameters
    ----------
    places
        The places with their measures by road.
    regions
        Means of the same.
    measures
        All measures by region, tidy: mode, part, border; mean and quantiles.
    measures_of_places
        The same by place.
    zones
        People of each region by time to a checkpoint, by mode.
    losses
        Share of each checkpoint in the border effect of each region.
    travel_times
        Between capitals.
    less_delay
        Hours from home capitals to those of the neighbour where one checkpoint has less delay:
        ``checkpoint_id``, ``from_id``, ``to_id``, ``hours``.
    services
        None if the study names none.
    """

    places: gpd.GeoDataFrame
    regions: pd.DataFrame
    measures: pd.DataFrame
    measures_of_places: PlaceMeasures
    zones: pd.DataFrame
    losses: pd.DataFrame
    travel_times: pd.DataFrame
    less_delay: pd.DataFrame
    services: ServiceAccess | None

    @property
    def zones_by_road(self) -> pd.DataFrame:
        """People of each region by time to a checkpoint by road."""
        by_road = self.zones[self.zones["mode"] == "road"]
        return by_road.drop(columns="mode").set_index("region_id")


def access_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> Accessibility:
    """Measure what can be reached, for each place and each region.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    travel
        Trips by road, their tables with trees.
    contractor_of
        Gives what contracts the network of each mode, where that pays.

    Returns
    -------
    Accessibility
        By place and by region.
    """
    chosen, limits_h = next(iter(_decays(settings))), _limits(settings, travel)
    bands = zone_ends(settings, net, travel.tables)
    table, zones_of = MeasureTable(net.places), {}
    for mode in modes_measured(settings.access.modes, gates_in_use(net.gates)):
        contractor = contractor_of(mode)
        if mode == travel.mode:
            zones_of[mode], losses = _by_one_mode(
                settings, net, travel, table, contractor, limits_h, bands
            )
        else:
            # No name for the trips: they are large, and their memory is needed for the next mode.
            zones_of[mode], _ = _by_one_mode(
                settings,
                net,
                travel_by(net, mode=mode, contractor=contractor),
                table,
                contractor,
                limits_h,
                bands,
            )
    services = service_access(settings, border, net, table, contractor_of=contractor_of)
    places, regions = _beside(net, travel, table, beside_places(chosen, limits_h))
    capitals, less_delay = _between_capitals(border.regions, net, travel)
    return Accessibility(
        places=places,
        regions=regions,
        measures=table.by_region(),
        measures_of_places=table.by_place(),
        zones=pd.concat(zones_of, names=["mode"]).reset_index(),
        losses=losses,
        travel_times=capitals,
        less_delay=less_delay,
        services=services,
    )


def _decays(settings: Settings) -> dict[str, Decay]:
    """Impedance functions by the name of their potential, that of the study first."""
    chosen, half_life = settings.access.decay, settings.access.half_life_h
    kinds = [chosen, *(kind for kind in KINDS if kind != chosen)]
    return {f"potential_{kind}": calibrated(kind, half_life) for kind in kinds}


def _by_one_mode(
    settings: Settings,
    net: StudyNetwork,
    travel: Travel,
    table: MeasureTable,
    contractor: Contractor,
    limits_h: list[float],
    bands: list[float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure by one mode; people by zone, and shares of the checkpoints in the border effect."""
    section, decays = settings.access, _decays(settings)
    chosen, decay = next(iter(decays.items()))
    trips = _direct(settings, net, travel, contractor)
    table.fill((*efficiency(section.reference_kmh), DETOUR_INDEX), trips)
    reached = _reached(settings, travel, limits_h)
    table.fill([performance(section.performance_h, section.performance_km)], reached)
    if travel.mode != "road":  # by road they are of classes of traffic, in a stage of their own
        merged = merge(travel)
        cost = border_costs(over_every_gate(net, merged.travel), decay=decay)
        cost = cost.iloc[merged.spot].set_axis(net.places.index)
        table.fill((*DETOURS, *costs(decay)), CostsAcross(travel.mode, cost))
    measures = (
        HOURS,
        *map(population, limits_h),
        *chain(*starmap(of_potential, decays.items())),
        effect_at_checkpoints(chosen, decay),
    )
    table.fill(measures, reached)
    effects = effect_by_checkpoint(reached.lost, reached.potentials[chosen])
    return zones(reached.hours, net.places, bands=bands), loss_shares(effects, net.places)


def _limits(settings: Settings, travel: Travel) -> list[float]:
    """Times of the cumulative measures; where none is stated, one that tells regions apart."""
    stated = settings.access.limits_h
    if settings.access.within_h is not None:
        return stated
    return sorted({*stated, telling_limit(soonest_across(travel), travel.places)})


def _reached(settings: Settings, travel: Travel, limits_h: list[float]) -> Reached:
    """Who is reached by one mode, in one pass over its times for all impedance functions."""
    section, decays = settings.access, _decays(settings)
    hours = dict.fromkeys([*limits_h, section.performance_h])
    found = potentials(travel, decays=[*map(Step, hours), *decays.values()])
    return Reached(
        mode=travel.mode,
        hours=nearest_gate(travel.tables)["hours"],
        within=dict(zip(hours, found, strict=False)),
        potentials=dict(zip(decays, found[len(hours) :], strict=True)),
        near=weight_near(travel, within_km=section.performance_km),
        lost=loss_by_checkpoint(travel, decay=next(iter(decays.values()))),
    )


def _direct(
    settings: Settings, net: StudyNetwork, travel: Travel, contractor: Contractor
) -> Directness:
    """How direct trips by one mode are, looked at once for all places of a spot."""
    merged, ids, edges = merge(travel), travel.places.index, MODES_OF[travel.mode]
    travel, speed = merged.travel, settings.access.reference_kmh
    places = travel.places
    apart = local_km(places).fillna(0.0).to_numpy()
    flat = by_distance(net.network)
    measured = places.assign(access_h=places["access_km"] / DISTANCE_KMH)
    in_km = Travel(
        measured,
        gate_tables(flat, measured, gates_in_use(net.gates), modes=edges),
        held_or_searched(flat, measured, modes=edges, contractor=contractor),
    )
    index = network_efficiency(
        in_km, reference_kmh=DISTANCE_KMH, apart_km=apart, scenario=OPEN_BORDER
    )

    def of_places(found: pd.DataFrame) -> pd.DataFrame:
        return found.iloc[merged.spot].set_axis(ids)

    return Directness(
        mode=travel.mode,
        efficiency=of_places(network_efficiency(travel, reference_kmh=speed, apart_km=apart)),
        index=of_places(index),
    )


def _beside(
    net: StudyNetwork, travel: Travel, table: MeasureTable, first: dict[str, str]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Measures by road beside each place, and their means beside each region."""
    frame, places, gates = table.frame(), net.places, gates_in_use(net.gates)
    values = frame[list(first.values())].set_axis(list(first), axis=1)
    if (gates["mode"] == "rail").any():
        merged = merge(travel)
        by_rail = gate_tables(net.network, merged.travel.places, gates, modes=MODES)
        hours = nearest_gate(by_rail, mode="rail")["hours"].to_numpy()[merged.spot]
        values.insert(list(first).index("border_effect"), "hours_to_rail_checkpoint", hours)
    further = frame[list(FURTHER.values())].set_axis(list(FURTHER), axis=1)
    regions = by_region(values, places)
    regions.insert(0, "population", places.groupby("region_id")["population"].sum())
    values["nearest_checkpoint"] = nearest_gate(travel.tables)["checkpoint_id"]
    means = by_region(further, places)[list(FURTHER)]
    return places.join(values).join(further), regions.join(means)


def _between_capitals(
    regions: gpd.GeoDataFrame, net: StudyNetwork, travel: Travel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Travel times between capitals by road, as the delays are and with less at a checkpoint."""
    capitals, ends = capital_places(regions, travel.places), ["from_id", "to_id"]
    less = {f"less at {name}": what for name, what in with_less_delay(travel.tables).items()}
    times = times_and_ways(net.network, travel.tables, capitals, others=less)
    # Of all pairs of capitals for each checkpoint there are millions where regions are hundreds.
    side = capitals["side"]
    abroad = times[
        (times["from_id"].map(side) == SIDES[0]) & (times["to_id"].map(side) == SIDES[1])
    ]
    shorter = abroad[[*ends, *less]].melt(ends, var_name="checkpoint_id", value_name="hours")
    shorter["checkpoint_id"] = shorter["checkpoint_id"].str.removeprefix("less at ")
    times = times.drop(columns=list(less))
    for end in ends:
        times["km"] += times[end].map(capitals["access_km"]).astype(float)
    return times, shorter


def with_less_delay(tables: GateTables) -> dict[str, Scenario]:
    """Scenarios with `CUT_H` less delay at one checkpoint.

    Parameters
    ----------
    tables
        Checkpoint tables.

    Returns
    -------
    dict
        By the checkpoint: those that can be passed and have a delay.
    """
    hours = delays(tables)
    delayed = np.flatnonzero(np.isfinite(hours).any(axis=0) & (hours > 0).any(axis=0))
    shorter = np.maximum(hours - CUT_H, 0.0)
    return {
        str(name): Scenario(delay={str(name): tuple(of_gate)})
        for name, of_gate in zip(tables.gates.index[delayed], shorter.T[delayed], strict=True)
    }
