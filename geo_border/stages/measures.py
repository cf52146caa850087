"""The stage of the full set of measures: every part, border, mode and distribution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.access.decay import KINDS, Decay, Step, calibrated
from geo_border.access.detours import DISTANCE_KMH, by_distance
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.losses import effect_by_checkpoint, loss_by_checkpoint
from geo_border.access.nearest import nearest_gate, zones
from geo_border.access.performance import performance_of, weight_near
from geo_border.access.reach import potentials
from geo_border.access.regions import by_region
from geo_border.network.beyond import local_km
from geo_border.network.gates import gates_in_use
from geo_border.routing.contraction import FRESH
from geo_border.routing.inside import held_or_searched
from geo_border.routing.scenarios import OPEN_BORDER
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.stages.corridors import Corridors, study_corridors
from geo_border.stages.detours import capital_detours
from geo_border.stages.isochrones import zone_isochrones
from geo_border.stages.land import land_zones
from geo_border.stages.parameters import MODES_OF, modes_told
from geo_border.stages.services import ServiceAccess, service_access
from geo_border.stages.told import Told, performance_parts, tell_detours, tell_efficiency

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geo_border.routing.contraction import Contractor
    from geo_border.settings import Settings
    from geo_border.stages.border import Border
    from geo_border.stages.network import StudyNetwork

PLACE_COLUMNS = {
    "efficiency_own": "network_efficiency_own",
    "efficiency_across": "network_efficiency_across",
    "performance": "transport_performance_all",
    "performance_across": "transport_performance_across",
    "checkpoint_detour": "checkpoint_detour",
    "detour_hours": "detour_hours",
}
"""Measures by road that stand beside each place and, as means, beside each region."""

PERFORMANCE = "performance"
"""Key of who is reached in the time that transport performance takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Everything that the index does not need but a planner asks for.

    Parameters
    ----------
    by_region
        Tidy: region, measure, mode, part, border; mean and quantiles.
    by_place
        The same by place.
    zones
        Population by time to a checkpoint, by mode.
    places, regions
        The columns `PLACE_COLUMNS`.
    capital_detours
        Ways between capitals as checkpoints are, and as the ground is.
    isochrones
        Of the open checkpoints.
    zones_area
        Land by time to a checkpoint; None where a raster has the people on it.
    corridors
        None if the study names none.
    services
        None if the study names none.
    """

    by_region: pd.DataFrame
    by_place: pd.DataFrame
    zones: pd.DataFrame
    places: pd.DataFrame
    regions: pd.DataFrame
    capital_detours: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    zones_area: pd.DataFrame | None
    corridors: Corridors | None
    services: ServiceAccess | None

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables to be written, by name.

        Returns
        -------
        dict
            Those that there are.
        """
        corridors, services = self.corridors, self.services
        named = {
            "access_measures": self.by_region,
            "access_places": self.by_place,
            "zones_by_mode": self.zones,
            "zones_area": self.zones_area,
            "capital_detours": self.capital_detours,
            "corridors": None if corridors is None else corridors.summary,
            "corridor_profiles": None if corridors is None else corridors.profiles,
            "service_access": None if services is None else services.regions,
            "services": None if services is None else services.services,
        }
        return {name: table for name, table in named.items() if table is not None}

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Layers of the map, by name.

        Returns
        -------
        dict
            Those that there are.
        """
        named = {"isochrones": self.isochrones}
        return named if self.corridors is None else named | {"corridors": self.corridors.lines}


def measures_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> Measures:
    """Measure everything the index does not need but a planner asks for.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        The border of the study.
    net
        The network of the study.
    travel
        Trips by road, their tables with trees.
    contractor_of
        Gives what contracts the network of each mode, where that pays.

    Returns
    -------
    Measures
        By region, by place and by mode.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor.
    """
    network, places = net.network, net.places
    told, bands, road = Told(places), {}, travel.tables
    gates = gates_in_use(net.gates)
    for mode in modes_told(settings.access.modes, gates):
        edges, contractor = MODES_OF[mode], contractor_of(mode)
        if mode != "road":
            tables = gate_tables(network, places, gates, modes=edges)
            own = held_or_searched(network, places, modes=edges, contractor=contractor)
            travel = Travel(places, tables, own)
        found = _found(settings, travel)
        _pairs(told, settings, net, travel, found[PERFORMANCE], mode, contractor)
        bands[mode] = _reached(told, settings, travel, found, mode)
    services = service_access(settings, border, net, told, contractor_of=contractor_of)
    shown = told.frame()[list(PLACE_COLUMNS.values())].set_axis(list(PLACE_COLUMNS), axis=1)
    return Measures(
        by_region=told.table(),
        by_place=told.by_place(),
        zones=pd.concat(bands, names=["mode"]).reset_index(),
        places=shown,
        regions=by_region(shown, places)[list(PLACE_COLUMNS)],
        capital_detours=capital_detours(border.regions, net),
        isochrones=zone_isochrones(settings, net, road),
        zones_area=land_zones(settings, border, net) if settings.surface is None else None,
        corridors=study_corridors(settings, net, road),
        services=services,
    )


def _decays(settings: Settings) -> dict[str, Decay]:
    """Impedance functions by the name of their potential, that of the study first."""
    chosen, half_life = settings.access.decay, settings.access.half_life_h
    kinds = [chosen, *(kind for kind in KINDS if kind != chosen)]
    return {f"potential_{kind}": calibrated(kind, half_life) for kind in kinds}


def _found(settings: Settings, travel: Travel) -> dict[Any, pd.DataFrame]:
    """Give what is reached by one mode, in one pass over its times for all impedance functions.

    By the limit in hours, by the name of the potential, and what performance is made of.
    """
    section = settings.access
    functions: dict[Any, Decay] = {within: Step(within) for within in section.limits_h}
    functions |= {PERFORMANCE: Step(section.performance_h)} | _decays(settings)
    found = potentials(travel, decays=list(functions.values()))
    return dict(zip(functions, found, strict=True))


def _pairs(
    told: Told,
    settings: Settings,
    net: StudyNetwork,
    travel: Travel,
    reached: pd.DataFrame,
    mode: str,
    contractor: Contractor,
) -> None:
    """Tell efficiency, performance and detours by one mode."""
    section, network, places = settings.access, net.network, travel.places
    speed, edges = section.reference_kmh, MODES_OF[mode]
    apart = local_km(places).fillna(0.0).to_numpy()
    ratios = network_efficiency(travel, reference_kmh=speed, apart_km=apart)
    tell_efficiency(told, ratios, mode=mode, reference_kmh=speed)
    within, near = section.performance_h, section.performance_km
    performance = performance_of(reached, weight_near(travel, within_km=near))
    note = f"population within {60 * within:g} min over population within {near:g} km"
    shown = performance_parts(performance)
    told.add(shown, "transport_performance", mode=mode, unit="ratio", note=note)

    whole = gate_tables(network, places, net.gates, modes=edges)
    detour = checkpoint_detour(replace(travel, tables=whole))
    flat = by_distance(network)
    measured = places.assign(access_h=places["access_km"] / DISTANCE_KMH)
    in_km = Travel(
        measured,
        gate_tables(flat, measured, gates_in_use(net.gates), modes=edges),
        held_or_searched(flat, measured, modes=edges, contractor=contractor),
    )
    index = network_efficiency(
        in_km,
        reference_kmh=DISTANCE_KMH,
        apart_km=apart,
        scenario=OPEN_BORDER,
    )
    tell_detours(told, detour, index, mode=mode)


def _reached(
    told: Told,
    settings: Settings,
    travel: Travel,
    found: dict[Any, pd.DataFrame],
    mode: str,
) -> pd.DataFrame:
    """Tell nearest checkpoints and what is reached by one mode; give the zones."""
    places, limits = told.places, settings.access.limits_h
    nearest = nearest_gate(travel.tables)
    hours = nearest[["hours"]].set_axis(["own"], axis=1)
    told.add(hours, "hours_to_checkpoint", mode=mode, unit="hours")
    decays = _decays(settings)
    for within in limits:
        minutes = round(within * 60)
        told.add(found[within], f"population_{minutes}min", mode=mode, unit="persons")
    reached = {name: found[name] for name in decays}
    told.add_potentials(reached, decays, mode=mode)
    chosen = next(iter(decays))
    charged = loss_by_checkpoint(travel, decay=decays[chosen])
    told.add_by_checkpoint(
        effect_by_checkpoint(charged, reached[chosen]),
        f"{chosen.replace('potential', 'border_effect')}_by_checkpoint",
        mode=mode,
        unit="share",
        note=f"adds up to the border effect; {decays[chosen].formula}",
    )
    bands = [minutes / 60 for minutes in settings.access.zones_min]
    return zones(nearest["hours"], places, bands=bands)
