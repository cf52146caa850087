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
from geo_border.routing.at_gates import at_gates
from geo_border.routing.scenarios import AS_IS, GateDelays
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Scenario
    from geo_border.routing.tables import GateTables
    from geo_border.terms import Mode


def scenario_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    own: Inside,
    scenarios: Mapping[str, Scenario],
    *,
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
    mode
        Mode of the trips.
    each_place
        Whether to give the places too, which a thousand scenarios need not.
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
    checked = {
        name: at_gates(
            what,
            gates,
            crossings,
            net.controls,
            checkpoints=border.checkpoints,
            month=settings.checkpoints.month,
            informed=settings.checkpoints.informed,
        )
        for name, what in scenarios.items()
    }
    wanted = {name for what in checked.values() for name in what.named}
    passed = gates["mode"].isin(MODES_OF[mode])
    _check_named(wanted & set(gates.index[~passed]), gates, mode)
    in_use = gates.index.isin(gates_in_use(gates).index)
    known = gates[passed & (in_use | gates.index.isin(list(wanted)))]
    for name, what in checked.items():
        if what.modes and not known["mode"].isin(what.modes).any():
            of_modes = ", ".join(sorted(what.modes))
            raise CheckpointError(
                f"{name}: no trip by {mode} passes a checkpoint of mode {of_modes}",
                remedy=f"Those it passes have {', '.join(sorted(set(known['mode']))) or 'none'}; "
                "trips by another mode are compared with `--mode` (`mode=` in Python)",
            )
    tables = gate_tables(net.network, places, known, modes=MODES_OF[mode])
    found = changes(
        Travel(places, tables, own, mode),
        checked,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=gravity_of(settings),
        each_place=each_place,
        progress=lambda done: progress(f"scenarios: {done:,} of {len(checked):,}"),
    )
    return WhatIf(
        settings=settings,
        scenarios=checked,
        changes=found,
        regions=border.regions,
        places=places,
        checkpoints=checkpoint_points(border.checkpoints, crossings, known),
        territory=border.territory,
        border=border.line,
        notes=notes(scenarios, checked, crossings, tables, found),
        delays=_delays(checked, tables),
    )


def _delays(scenarios: Mapping[str, Scenario], tables: GateTables) -> pd.DataFrame:
    """Hours of the passages that take others than as they are."""
    gates, columns = GateDelays.of(tables), ("delay_out_h", "delay_in_h")
    before = gates.under(AS_IS)
    parts = {}
    for name, what in scenarios.items():
        after = gates.under(what)
        frame = pd.DataFrame(
            {
                f"{column}_{when}": hours[direction]
                for direction, column in enumerate(columns)
                for when, hours in (("before", before), ("after", after))
            },
            index=tables.gates.index,
        )
        parts[name] = frame[(before != after).any(axis=0)]
    stated: pd.DataFrame = pd.concat(parts, names=["scenario", "checkpoint_id"])
    return stated


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
