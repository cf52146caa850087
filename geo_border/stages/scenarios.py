"""The stage of scenarios: the border as it may be beside the border as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geo_border.errors import CheckpointError
from geo_border.routing.scenarios import Scenario

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from geo_border.settings import Settings

from geo_border.access.decay import calibrated
from geo_border.bottlenecks.changes import changes
from geo_border.inputs.proposals import Proposal, scenario_of
from geo_border.network.crossings import gates_in_use
from geo_border.results import WhatIf
from geo_border.routing.tables import gate_tables
from geo_border.stages.parameters import ROAD, gravity_of

if TYPE_CHECKING:
    from geo_border.routing.inside import Inside
    from geo_border.settings import Settings


def scenario_stage(
    settings: Settings,
    border: dict[str, Any],
    built: dict[str, Any],
    own: Inside,
    scenarios: Mapping[str, Scenario | Proposal],
    *,
    each_place: bool = True,
) -> WhatIf:
    """Compare scenarios at the border with the border as it is.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        Parts of `geo_border.stages.border.border_stage`.
    built
        Parts of `geo_border.stages.network.network_stage`.
    own
        Times inside the sides.
    scenarios
        What is different, by name: scenarios, or proposals in the words of a planner.
    each_place
        Whether to give the places too, which a thousand scenarios need not.

    Returns
    -------
    WhatIf
        What changes for places, regions and checkpoints.

    Raises
    ------
    CheckpointError
        If a scenario does not fit the border.
    """
    places, gates, crossings = built["places"], built["gates"], built["crossings"]
    checked = {
        name: what if isinstance(what, Scenario) else scenario_of(what, gates, crossings)
        for name, what in scenarios.items()
    }
    wanted = {name for what in checked.values() for name in what.named}
    by_road = gates["mode"].isin(ROAD)
    _check_modes(wanted & set(gates.index[~by_road]), gates)
    in_use = gates.index.isin(gates_in_use(gates).index)
    known = gates[by_road & (in_use | gates.index.isin(list(wanted)))]
    tables = gate_tables(built["network"], places, known, modes=ROAD)
    found = changes(
        places,
        tables,
        own,
        checked,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=gravity_of(settings),
        each_place=each_place,
    )
    return WhatIf(
        settings=settings,
        scenarios=checked,
        changes=found,
        regions=border["regions"],
        places=places,
        checkpoints=checkpoint_points(border["checkpoints"], crossings, known),
    )


def _check_modes(names: Collection[str], gates: pd.DataFrame) -> None:
    """Refuse checkpoints, named and of another mode, that no trip by road passes."""
    if names:
        name = min(names)
        raise CheckpointError(
            f"checkpoint {name!r} is one of mode {gates['mode'][name]}",
            remedy="What is compared are trips by road and ferry: name one of these",
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
    posts = checkpoints.loc[gates.index[~new]]
    points = pd.concat([posts.geometry, at]).reindex(gates.index)
    names = posts["name"].reindex(gates.index).fillna(pd.Series(gates.index, gates.index))
    return gpd.GeoDataFrame(
        {"name": names, "mode": gates["mode"], "is_candidate": new},
        geometry=points.to_numpy(),
        crs=4326,
    )
