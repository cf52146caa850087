"""The stage of the full set of measures: every part, border, mode and distribution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.access.decay import KINDS, Decay, Step, calibrated
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.nearest import nearest_checkpoint, zones
from geo_border.access.performance import transport_performance
from geo_border.access.reach import border_effect, potentials
from geo_border.access.regions import by_region, distribution
from geo_border.network.crossings import gates_in_use
from geo_border.network.graph import MODES
from geo_border.routing.contraction import FRESH
from geo_border.routing.inside import held_or_searched
from geo_border.routing.tables import gate_tables
from geo_border.stages.corridors import corridor_parts
from geo_border.stages.detours import capital_detours
from geo_border.stages.isochrones import zone_isochrones
from geo_border.stages.parameters import MODES_OF, ROAD
from geo_border.stages.services import service_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geo_border.routing.contraction import Contractor
    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables
    from geo_border.settings import Settings

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
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> dict[str, Any]:
    """Measure everything the index does not need but a planner asks for.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        Parts of `geo_border.stages.border.border_stage`.
    built
        Parts of `geo_border.stages.network.network_stage`.
    tables
        Checkpoint tables by road, with their trees.
    own
        Times by road inside the sides.
    contractor_of
        Gives what contracts the network of each mode, where that pays.

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
            inside = held_or_searched(
                built["network"], places, modes=modes, contractor=contractor_of(mode)
            )
            _efficiency(told, settings, other, inside, mode)
            _reached(told, settings, other, inside, decays[:1], mode)
    means = by_region(by_place, places)
    found = {
        "access_measures": told.table(),
        "zones_by_mode": pd.concat(told.zones, names=["mode"]).reset_index(),
        "places": by_place,
        "regions": means[list(PLACE_COLUMNS)],
        "capital_detours": capital_detours(border["regions"], built),
        "isochrones": zone_isochrones(settings, border, built, tables),
    }
    services = service_parts(settings, built, contractor=contractor_of("road"))
    return found | corridor_parts(settings, built, tables) | services


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
