"""Isochrones of a study: of its open checkpoints, and of a place that is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.isochrones import (
    OffRoad,
    checkpoint_origin,
    isochrone_polygons,
    place_origin,
)
from geo_border.border.sea import without_sea
from geo_border.errors import CheckpointError, StudyError
from geo_border.pipeline.stages.named_places import place_named
from geo_border.pipeline.stages.parameters import local_ways
from geo_border.pipeline.stages.requested import requested_tables
from geo_border.pipeline.stages.zones import zone_ends
from geo_border.routing.scenarios import AS_IS
from geo_border.terms import MODES_OF, ROAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.requested import Passed
    from geo_border.routing.scenarios import Scenario
    from geo_border.routing.tables import GateTables
    from geo_border.terms import Mode


LIMITS_H = (0.01, 100.0)
"""Least and greatest limit of an isochrone that is asked for, hours."""


def zone_isochrones(
    settings: Settings, border: Border, net: StudyNetwork, tables: GateTables
) -> gpd.GeoDataFrame:
    """Isochrones of the open checkpoints at the ends of the zones.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    tables
        Checkpoint tables by road, with their trees.

    Returns
    -------
    GeoDataFrame
        What `geo_border.access.isochrones.isochrone_polygons` gives.
    """
    gates = tables.gates
    origins = (
        (str(name), checkpoint_origin(net.network, tables, str(name)))
        for name in gates.index[gates["is_open"]]
    )
    return isochrone_polygons(
        net.network,
        without_sea(net.land, border.sea),
        origins,
        hours=zone_ends(settings, net, tables),
        off_road=off_road(settings),
        places=net.places,
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


def check_limits(hours: Sequence[float]) -> None:
    """Refuse limits of isochrones that nothing lies within, or that everything does.

    Parameters
    ----------
    hours
        The limits.

    Raises
    ------
    StudyError
        If there is none, or one is not within `LIMITS_H`.
    """
    least, most = LIMITS_H
    wrong = [limit for limit in hours if not least <= limit <= most]
    if wrong or not hours:
        raise StudyError(
            f"an isochrone of {wrong[0]:g} hours" if wrong else "isochrones without a limit",
            remedy=f"Give limits of {least:g} to {most:g} hours",
        )


def isochrones_from(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    start: str,
    hours: Sequence[float],
    *,
    scenario: Scenario = AS_IS,
    passed: Passed = "as-is",
    mode: Mode = "road",
) -> gpd.GeoDataFrame:
    """Isochrones of one place or checkpoint.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        The border of the study.
    net
        The network of the study.
    start
        Id or name of a checkpoint or a place.
    hours
        The limits, hours.
    scenario
        What is different at the border.
    passed
        How the border is passed.
    mode
        Mode of the trips.

    Returns
    -------
    GeoDataFrame
        What `geo_border.access.isochrones.isochrone_polygons` gives.

    Raises
    ------
    StudyError
        If nothing, or more than one place, is called so, or a mode or border is unknown.
    NetworkError
        If the place does not reach the network.
    CheckpointError
        If the checkpoint does not, or the border at a checkpoint is asked to be different:
        from there one goes into both sides without passing it.
    """
    network, places = net.network, net.places
    controls = border.checkpoints
    tables, scenario = requested_tables(
        net,
        scenario,
        passed,
        mode,
        checkpoints=controls,
        month=settings.checkpoints.month,
        informed=settings.checkpoints.informed,
        trees=True,
    )
    named = controls.index[(controls.index == start) | (controls["name"] == start)]
    if len(named):
        if scenario != AS_IS:
            raise CheckpointError(
                f"{start!r} is a checkpoint: from there one goes into both sides at once",
                remedy="Begin at a place to see what another border changes",
            )
        origin = checkpoint_origin(network, tables, str(named[0]))
    else:
        names = pd.concat([controls["name"], places["name"]])
        known = {*names, *names.index}
        if start not in known:
            like = get_close_matches(start, sorted(map(str, known)), n=3, cutoff=0.4)
            raise StudyError(
                f"the start: there is no place or checkpoint {start!r}",
                remedy=f"Is it {' or '.join(like)}?"
                if like
                else "Give an id or a name of the places table, or of tables/checkpoints.csv of a "
                "run's output folder",
            )
        place = place_named(places, start, where="the start")
        origin = place_origin(network, tables, places.loc[place], scenario=scenario)
    return isochrone_polygons(
        network,
        without_sea(net.land, border.sea),
        [(start, origin)],
        hours=hours,
        off_road=off_road(settings),
        places=places,
        modes=MODES_OF[mode],
    )
