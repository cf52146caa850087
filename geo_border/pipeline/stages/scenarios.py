"""The stage of scenarios: the border as it may be beside the border as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geo_border.access.decay import calibrated
from geo_border.bottlenecks.changes import changes
from geo_border.errors import CheckpointError
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.results import WhatIf
from geo_border.pipeline.stages.bottlenecks import gravity_of
from geo_border.pipeline.stages.notes import notes
from geo_border.pipeline.stages.traffic import in_proportion, traffic_now
from geo_border.pipeline.stages.traffic_changes import (
    fastest_changes,
    passage_hours,
    traffic_changes,
)
from geo_border.routing.at_gates import at_gates
from geo_border.routing.outer import with_outer
from geo_border.routing.scenarios import AS_IS, GateDelays
from geo_border.routing.spots import gathered
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.terms import CAR, EVERY_CLASS, MODES_OF
from geo_border.traffic.equilibrium import equilibrium

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from geo_border.bottlenecks.changes import Changes
    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.traffic_changes import TrafficChanges
    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Scenario
    from geo_border.terms import Mode


def scenario_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    own: Inside,
    scenarios: Mapping[str, Scenario],
    *,
    outer: OuterZones | None = None,
    mode: Mode = "road",
    each_place: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> WhatIf:
    """Compare scenarios at the border with the border as it is.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        The border of the study.
    net
        The network of the study.
    own
        Times inside the sides, by the same mode.
    scenarios
        What is different, by name.
    outer
        What lies beyond, for trips by road in equilibrium; None if nothing does.
    mode
        Mode of the trips.
    each_place
        Whether to give the places too, and the hours of detours, which are sums over all pairs of
        places: a thousand scenarios need neither.
    progress
        Called with how many scenarios are done.

    Returns
    -------
    WhatIf
        What changes for places, regions and checkpoints.

    Raises
    ------
    CheckpointError
        If a scenario does not fit the border.
    """
    places, gates, crossings = net.places, net.gates, net.crossings
    by_class = mode == "road" and settings.traffic.choice == "logit"
    checked = {
        name: at_gates(
            what,
            gates,
            crossings,
            net.controls,
            checkpoints=border.checkpoints,
            month=settings.checkpoints.month,
            informed=settings.checkpoints.informed,
            classes=list(settings.traffic.classes) if by_class else [CAR],
        )
        for name, what in scenarios.items()
    }
    known = _gates(checked, gates, mode)
    tables = gate_tables(net.network, places, known, modes=MODES_OF[mode])
    travel = Travel(places, tables, own, mode)
    found = changes(
        travel,
        checked,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=None if by_class else gravity_of(settings),
        each_place=each_place,
        progress=lambda done: progress(f"scenarios: {done:,} of {len(checked):,}"),
    )
    if by_class:
        everyone = travel if outer is None else with_outer(travel, outer)
        traffic = _in_equilibrium(settings, border, net, everyone, checked, with_detours=each_place)
    else:
        traffic = _fastest(found, checked, travel)
    return WhatIf(
        settings=settings,
        scenarios=checked,
        changes=found,
        traffic=traffic,
        regions=border.regions,
        places=places,
        checkpoints=checkpoint_points(border.checkpoints, crossings, known),
        territory=border.territory,
        border=border.line,
        notes=notes(scenarios, checked, crossings, traffic),
    )


def _in_equilibrium(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    everyone: Travel,
    scenarios: Mapping[str, Scenario],
    *,
    with_detours: bool,
) -> TrafficChanges:
    """Traffic by class, solved anew for each scenario."""
    if in_proportion(settings):
        everyone = gathered(everyone)
    now = traffic_now(settings, border.checkpoints, net.controls, everyone)
    solved = {
        name: equilibrium(now.model, what, lanes=now.lanes) for name, what in scenarios.items()
    }
    return traffic_changes(now.traffic, solved, everyone.places, with_detours=with_detours)


def _fastest(found: Changes, scenarios: Mapping[str, Scenario], travel: Travel) -> TrafficChanges:
    """Trips of the gravity model, all by the fastest way."""
    gates = GateDelays.of(travel.tables)
    before = gates.under(AS_IS)
    hours = {
        name: passage_hours(travel.tables.gates.index, before, gates.under(what))
        for name, what in scenarios.items()
    }
    return fastest_changes(found, CAR if travel.mode == "road" else EVERY_CLASS, hours)


def _gates(scenarios: Mapping[str, Scenario], gates: pd.DataFrame, mode: Mode) -> pd.DataFrame:
    """Gates that trips by a mode pass, or could in a scenario."""
    wanted = {name for what in scenarios.values() for name in what.named}
    passed = gates["mode"].isin(MODES_OF[mode])
    _check_named(wanted & set(gates.index[~passed]), gates, mode)
    in_use = gates.index.isin(gates_in_use(gates).index)
    known = gates[passed & (in_use | gates.index.isin(list(wanted)))]
    for name, what in scenarios.items():
        for part in (what, *what.classes.values()):
            if part.modes and not known["mode"].isin(part.modes).any():
                of_modes = ", ".join(sorted(part.modes))
                raise CheckpointError(
                    f"{name}: no trip by {mode} passes a checkpoint of mode {of_modes}",
                    remedy=f"Those it passes have {', '.join(sorted(set(known['mode']))) or 'none'}"
                    "; trips by another mode are compared with `--mode` (`mode=` in Python)",
                )
    return known


def _check_named(names: Collection[str], gates: pd.DataFrame, mode: Mode) -> None:
    """Refuse checkpoints that are named and that no trip by the mode passes."""
    if names:
        name = min(names)
        raise CheckpointError(
            f"checkpoint {name!r} is one of mode {gates['mode'][name]}",
            remedy=f"What is compared are trips by {mode}: name others, or compare trips by "
            "another mode with `--mode` (`mode=` in Python)",
        )


def checkpoint_points(
    checkpoints: gpd.GeoDataFrame, crossings: gpd.GeoDataFrame, gates: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Points of gates, for a layer.

    Parameters
    ----------
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    crossings
        As `geo_border.network.crossings.find_crossings` gives them.
    gates
        Of the network.

    Returns
    -------
    GeoDataFrame
        Index of `gates`; ``name`` (a candidate has none but its id), ``mode``,
        ``is_candidate``.
    """
    new = gates["is_candidate"].to_numpy(bool)
    at = crossings.geometry.reindex(gates.index[new])
    controls = checkpoints.loc[gates.index[~new]]
    points = pd.concat([controls.geometry, at]).reindex(gates.index)
    names = controls["name"].reindex(gates.index).fillna(pd.Series(gates.index, gates.index))
    return gpd.GeoDataFrame(
        {"name": names, "mode": gates["mode"], "is_candidate": new},
        geometry=points.to_numpy(),
        crs=4326,
    )
