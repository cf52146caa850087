"""The stage of the full set of measures: every part, border, mode and distribution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.access.catchments import (
    balanced,
    enhanced_two_step,
    spatial_availability,
    two_step,
)
from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.access.decay import KINDS, Decay, Step, calibrated
from geo_border.access.detours import detours
from geo_border.access.efficiency import checkpoint_detour, every_gate, network_efficiency
from geo_border.access.isochrones import OffRoad, checkpoint_origin, isochrones, place_origin
from geo_border.access.nearest import nearest_checkpoint, zones
from geo_border.access.performance import transport_performance
from geo_border.access.reach import border_effect, potentials
from geo_border.access.regions import by_region, distribution
from geo_border.access.services import nearest_service, service_times
from geo_border.errors import StudyError
from geo_border.network.crossings import gates_in_use
from geo_border.network.graph import MODES, SIDES
from geo_border.routing.crossing import across
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import OPEN_BORDER, passages
from geo_border.routing.tables import gate_tables
from geo_border.stages import ROAD, capital_places, local_ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables
    from geo_border.settings import Settings

MODES_OF = {"road": ROAD, "rail": ("rail", "transfer"), "both": MODES}
"""Modes of the edges of a trip by each mode of the measures."""

PARTS = {
    "own": ("own", "as is"),
    "across": ("across", "as is"),
    "all": ("all", "as is"),
    "own_open": ("own", "no delay"),
    "across_open": ("across", "no delay"),
    "all_open": ("all", "no delay"),
    "own_closed": ("own", "closed"),
    "all_closed": ("all", "closed"),
}
"""Part and border of each column of a measure."""

PLACE_COLUMNS = (
    "efficiency_own",
    "efficiency_across",
    "performance",
    "performance_across",
    "checkpoint_detour",
    "detour_hours",
)
"""Measures by road that stand beside each place and, as means, beside each region."""


@dataclass(slots=True)
class _Told:
    """Measures collected for one tidy table."""

    places: gpd.GeoDataFrame
    rows: list[pd.DataFrame] = field(default_factory=list)
    zones: dict[str, pd.DataFrame] = field(default_factory=dict)

    def add(
        self, values: pd.DataFrame, measure: str, *, mode: str, unit: str, note: str = ""
    ) -> None:
        """Tell a measure by region: mean, distribution, what is left out."""
        means = by_region(values, self.places)
        spread = distribution(values, self.places)
        for column in values.columns:
            part, border = PARTS[column]
            rows = pd.DataFrame(
                {
                    "measure": measure,
                    "mode": mode,
                    "part": part,
                    "border": border,
                    "mean": means[column],
                }
            )
            rows = rows.join(spread.xs(column, level="measure"))
            rows["unreached_share"] = means[f"{column}_unreached"]
            rows["places_missing"] = means[f"{column}_missing"]
            self.rows.append(rows.assign(unit=unit, note=note).reset_index())

    def table(self) -> pd.DataFrame:
        """All of it, in the order of the measures, by region."""
        return pd.concat(self.rows, ignore_index=True)


def measures_stage(
    settings: Settings,
    border: dict[str, Any],
    built: dict[str, Any],
    tables: GateTables,
    own: Inside,
) -> dict[str, Any]:
    """Measure everything the index does not need but a planner asks for.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        Parts of `geo_border.stages.border_stage`.
    built
        Parts of `geo_border.stages.network_stage`.
    tables
        Checkpoint tables by road, with their trees.
    own
        Times by road inside the sides.

    Returns
    -------
    dict
        Frames ``access_measures`` (tidy: region, measure, mode, part, border; mean and
        quantiles), ``zones_by_mode`` (population by time to a checkpoint), ``places`` and
        ``regions`` (the columns `PLACE_COLUMNS`),
        ``capital_detours``, ``isochrones``; if the study names corridors ``corridors``,
        ``corridor_profiles`` and ``corridor_lines``; if it names services
        ``service_access`` and ``services``.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor.
    """
    places = built["places"]
    told = _Told(places)
    decays = _decays(settings)
    by_place = _by_road(settings, built, tables, own, told)
    gates = gates_in_use(built["gates"])
    for mode in settings.access.modes:
        if mode == "road":
            _reached(told, settings, tables, own, decays, mode)
        elif (gates["mode"] == "rail").any():
            modes = MODES_OF[mode]
            other = gate_tables(built["network"], places, gates, modes=modes)
            inside = own_times(built["network"], places, modes=modes)
            _efficiency(told, settings, other, inside, mode)
            _reached(told, settings, other, inside, decays[:1], mode)
    means = by_region(by_place, places)
    found = {
        "access_measures": told.table(),
        "zones_by_mode": pd.concat(told.zones, names=["mode"]).reset_index(),
        "places": by_place,
        "regions": means[list(PLACE_COLUMNS)],
        "capital_detours": _capital_detours(border["regions"], built),
        "isochrones": _isochrones(settings, border, built, tables),
    }
    return found | _corridors(settings, built, tables) | _services(settings, built)


def _decays(settings: Settings) -> list[tuple[str, Decay]]:
    """Impedance functions by the name of their measure, that of the study first."""
    chosen, half_life = settings.access.decay, settings.access.half_life_h
    kinds = [chosen, *(kind for kind in KINDS if kind != chosen)]
    return [(f"potential_{kind}", calibrated(kind, half_life)) for kind in kinds]


def _by_road(
    settings: Settings, built: dict[str, Any], tables: GateTables, own: Inside, told: _Told
) -> pd.DataFrame:
    """Efficiency, performance and checkpoint detours of each place, told by region."""
    section, places = settings.access, built["places"]
    ratios = _efficiency(told, settings, tables, own, "road")
    within, near = section.performance_h, section.performance_km
    performance = transport_performance(places, tables, own, within_h=within, within_km=near)
    shown = performance.filter(regex="^performance")
    shown.columns = [_part_of(name) for name in shown.columns]
    note = f"population within {60 * within:g} min over population within {near:g} km"
    told.add(shown, "transport_performance", mode="road", unit="ratio", note=note)

    whole = gate_tables(built["network"], places, built["gates"], modes=ROAD)
    detour = checkpoint_detour(places, whole, own)
    note = "driving time by open checkpoints over that by any crossing"
    columns = {
        "checkpoint_detour": "ratio of times",
        "detour_hours": "hours",
        "checkpoint_detour_unreached": "share",
    }
    for column, unit in columns.items():
        values = detour[[column]].set_axis(["across_open"], axis=1)
        told.add(values, column, mode="road", unit=unit, note=note)
    return pd.DataFrame(
        {
            "efficiency_own": ratios["own"],
            "efficiency_across": ratios["across"],
            "performance": performance["performance"],
            "performance_across": performance["performance_across"],
            "checkpoint_detour": detour["checkpoint_detour"],
            "detour_hours": detour["detour_hours"],
        }
    )


def _efficiency(
    told: _Told, settings: Settings, tables: GateTables, own: Inside, mode: str
) -> pd.DataFrame:
    """Tell the network efficiency by one mode, and give it by place."""
    speed = settings.access.reference_kmh
    found = network_efficiency(told.places, tables, own, reference_kmh=speed)
    lost = found.columns.str.endswith("_unreached")
    note = f"straight line at {speed:g} km/h"
    unit = "ratio of times"
    told.add(found.loc[:, ~lost], "network_efficiency", mode=mode, unit=unit, note=note)
    unreached = found.loc[:, lost]
    unreached.columns = unreached.columns.str.removesuffix("_unreached")
    told.add(unreached, "network_efficiency_unreached", mode=mode, unit="share", note=note)
    return found


def _part_of(name: str) -> str:
    """Column of `PARTS` for one of `transport_performance`."""
    rest = name.removeprefix("performance").removeprefix("_")
    return rest if rest.startswith(("own", "across")) else f"all_{rest}".rstrip("_")


def _reached(
    told: _Told,
    settings: Settings,
    tables: GateTables,
    own: Inside,
    decays: list[tuple[str, Decay]],
    mode: str,
) -> None:
    """Tell nearest checkpoints, cumulative population and potentials by one mode."""
    places, limits = told.places, settings.access.limits_h
    nearest = nearest_checkpoint(tables, mode=mode if mode in MODES else None)
    hours = nearest[["hours"]].set_axis(["own"], axis=1)
    told.add(hours, "hours_to_checkpoint", mode=mode, unit="hours")
    bands = [minutes / 60 for minutes in settings.access.zones_min]
    told.zones[mode] = zones(nearest["hours"], places, bands=bands)
    # One pass over the times for all of them.
    functions = [*(Step(within) for within in limits), *(decay for _, decay in decays)]
    found = potentials(places, tables, own, decays=functions)
    for within, values in zip(limits, found, strict=False):
        told.add(values, f"population_{round(within * 60)}min", mode=mode, unit="persons")
    for (name, decay), values in zip(decays, found[len(limits) :], strict=True):
        told.add(values, name, mode=mode, unit="persons, discounted", note=decay.formula)
        effect = border_effect(values).to_frame("all")
        effect_name = name.replace("potential", "border_effect")
        told.add(effect, effect_name, mode=mode, unit="share", note=decay.formula)


def _capital_detours(regions: gpd.GeoDataFrame, built: dict[str, Any]) -> pd.DataFrame:
    """Ways between capitals across the border: as checkpoints are, and as the ground is."""
    network, gates = built["network"], built["gates"]
    capitals = capital_places(regions, built["places"])
    tables = gate_tables(network, capitals, gates, modes=ROAD)
    cases = {"open": passages(tables, OPEN_BORDER), "any": passages(tables, every_gate(tables))}
    rows = []
    for side in range(len(SIDES)):
        start, end = tables.places_on(side), tables.places_on(1 - side)
        hours, first = {}, {}
        for name, ways in cases.items():
            hours[name], first[name], _ = across(tables, ways, side).matrix()
        names = tables.gates.index.to_numpy(object)
        for a, i in enumerate(start):
            for b, j in enumerate(end):
                least = hours["any"][a, b]
                rows.append(
                    {
                        "from_id": capitals.index[i],
                        "to_id": capitals.index[j],
                        "driving_hours": hours["open"][a, b],
                        "least_hours": least,
                        "least_via": names[first["any"][a, b]] if np.isfinite(least) else None,
                    }
                )
    found = pd.DataFrame(rows)
    ratio = found["driving_hours"] / found["least_hours"].where(found["least_hours"] > 0)
    return found.assign(checkpoint_detour=ratio.replace(np.inf, np.nan))


def capital_detour_index(times: pd.DataFrame, regions: gpd.GeoDataFrame) -> pd.DataFrame:
    """How straight the ways between capitals are.

    Parameters
    ----------
    times
        ``from_id``, ``to_id``, ``km``, ``hours`` between capitals.
    regions
        Regions with ``capital_lon``, ``capital_lat``.

    Returns
    -------
    DataFrame
        Index of `times`; what `geo_border.access.detours.detours` gives.
    """
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(regions["capital_lon"], regions["capital_lat"]),
        index=regions.index,
        crs=4326,
    )
    return detours(times, points)


def _isochrones(
    settings: Settings, border: dict[str, Any], built: dict[str, Any], tables: GateTables
) -> gpd.GeoDataFrame:
    """Isochrones of the open checkpoints at the ends of the zones."""
    gates = tables.gates
    origins = {
        str(name): checkpoint_origin(built["network"], tables, str(name))
        for name in gates.index[gates["is_open"]]
    }
    return isochrones(
        built["network"],
        border["territory"],
        origins,
        hours=[minutes / 60 for minutes in settings.access.zones_min],
        off_road=off_road(settings),
        places=built["places"],
        modes=ROAD,
    )


def isochrones_from(
    settings: Settings,
    border: dict[str, Any],
    built: dict[str, Any],
    start: str,
    hours: Sequence[float],
) -> gpd.GeoDataFrame:
    """Isochrones of one place or checkpoint, by road.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        Parts of `geo_border.stages.border_stage`.
    built
        Parts of `geo_border.stages.network_stage`.
    start
        Id or name of a checkpoint or a place.
    hours
        The limits, hours.

    Returns
    -------
    GeoDataFrame
        What `geo_border.access.isochrones.isochrones` gives.

    Raises
    ------
    StudyError
        If nothing, or more than one place, is called so.
    NetworkError, CheckpointError
        If it does not reach the network.
    """
    network, places, gates = built["network"], built["places"], gates_in_use(built["gates"])
    tables = gate_tables(network, places, gates, modes=ROAD, trees=True)
    posts = border["checkpoints"]
    named = posts.index[(posts.index == start) | (posts["name"] == start)]
    if len(named):
        origin = checkpoint_origin(network, tables, str(named[0]))
    else:
        place = place_named(places, start, where="the start")
        origin = place_origin(network, tables, places.loc[place])
    return isochrones(
        network,
        border["territory"],
        {start: origin},
        hours=hours,
        off_road=off_road(settings),
        places=places,
        modes=ROAD,
    )


def off_road(settings: Settings) -> OffRoad:
    """How isochrones leave the roads.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    OffRoad
        At the speed that the study says. Else on foot where the network is all of
        OpenStreetMap, and as settlements join it where it is of trunk roads: whoever is
        reached in time then lies inside.
    """
    local, given = local_ways(settings), settings.access.off_road_kmh
    if given is not None:
        return OffRoad(kmh=given, farthest_km=local.farthest_km)
    if settings.osm is not None:
        return OffRoad(farthest_km=local.farthest_km)
    return OffRoad(kmh=local.speed_kmh / local.detour, farthest_km=local.farthest_km)


def place_named(places: pd.DataFrame, name: str, *, where: str) -> str:
    """Find a place by its id or its name.

    Parameters
    ----------
    places
        Index of ids; column ``name``.
    name
        An id, or the name of one place alone.
    where
        What names it, for the message.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    StudyError
        If there is none, or there are several.
    """
    if name in places.index:
        return name
    same = places.index[places["name"] == name]
    if len(same) == 1:
        return str(same[0])
    if len(same):
        raise StudyError(
            f"{where}: {len(same)} places are called {name!r}",
            remedy=f"Give the id of one: {', '.join(map(str, same[:9]))}",
        )
    raise StudyError(
        f"{where}: there is no place {name!r}", remedy="Give an id or a name of the places table"
    )


def _corridors(settings: Settings, built: dict[str, Any], tables: GateTables) -> dict[str, Any]:
    """Profiles, summary and lines of the corridors of the study."""
    if not settings.corridors:
        return {}
    places = built["places"]
    stops = {
        corridor.name: [
            place_named(places, name, where=f"corridor {corridor.name!r}")
            for name in corridor.places
        ]
        for corridor in settings.corridors
    }
    prices = settings.corridor_costs
    costs = None if prices is None else Costs(prices.per_km, prices.per_hour, prices.per_passage)
    found = find_corridors(built["network"], tables, places, stops)
    profiles = corridor_profiles(built["network"], tables, found, costs=costs)
    profiles.insert(8, "place", profiles["place_id"].map(places["name"]))
    summary = corridor_summary(profiles)
    return {
        "corridors": summary.reset_index(),
        "corridor_profiles": profiles,
        "corridor_lines": corridor_lines(found).join(summary),
    }


def _services(settings: Settings, built: dict[str, Any]) -> dict[str, Any]:
    """What services on both sides offer to the people of each region, by kind and border."""
    if settings.services is None:
        return {}
    places, services = built["places"], built["services"]
    gates = gates_in_use(built["gates"])
    whole = service_times(
        built["network"], places, services, gates, modes=ROAD, access=local_ways(settings)
    )
    decay = calibrated(settings.access.decay, settings.access.half_life_h)
    ways = {
        "as is": passages(whole.tables),
        "no delay": passages(whole.tables, OPEN_BORDER),
        "closed": None,
    }
    regions, of_services = [], []
    for kind, rows in services.groupby("kind"):
        of_kind = whole.only((services["kind"] == kind).to_numpy())
        for border, passed in ways.items():
            times = of_kind.under(passed)
            nearest = nearest_service(times, places, rows)
            shares = {
                "two_step": two_step(times, places, rows, within_h=settings.services.within_h),
                "enhanced": enhanced_two_step(times, places, rows, decay=decay),
                "balanced": balanced(times, places, rows, decay=decay),
            }
            values = nearest[["hours_own", "hours_across"]]
            for name, found in shares.items():
                values = values.join(found.places.add_prefix(f"{name}_"))
            available = spatial_availability(times, places, rows, decay=decay).places
            sums = available.groupby(places["region_id"]).sum().add_prefix("available_")
            told = by_region(values, places).filter(regex="^(?!.*_missing$)").join(sums)
            regions.append(told.assign(kind=kind, border=border).reset_index())
            asked = shares["enhanced"].services.assign(border=border)
            of_services.append(rows[["name", "side", "kind", "supply"]].join(asked))
    table = pd.concat(regions, ignore_index=True)
    first = ["region_id", "kind", "border"]
    return {
        "service_access": table[[*first, *table.columns.drop(first)]],
        "services": pd.concat(of_services).reset_index(),
    }
