"""Isochrones of a study: of its open checkpoints, and of a place that is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.access.isochrones import checkpoint_origin, isochrones, place_origin
from geo_border.errors import StudyError
from geo_border.network.crossings import gates_in_use
from geo_border.routing.tables import gate_tables
from geo_border.stages.named_places import place_named
from geo_border.stages.parameters import ROAD, off_road

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geo_border.routing.tables import GateTables
    from geo_border.settings import Settings


def zone_isochrones(
    settings: Settings, border: dict[str, Any], built: dict[str, Any], tables: GateTables
) -> gpd.GeoDataFrame:
    """Isochrones of the open checkpoints at the ends of the zones.

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

    Returns
    -------
    GeoDataFrame
        What `geo_border.access.isochrones.isochrones` gives.
    """
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
        Parts of `geo_border.stages.border.border_stage`.
    built
        Parts of `geo_border.stages.network.network_stage`.
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
        names = pd.concat([posts["name"], places["name"]])
        known = {*names, *names.index}
        if start not in known:
            like = get_close_matches(start, sorted(map(str, known)), n=3, cutoff=0.4)
            raise StudyError(
                f"the start: there is no place or checkpoint {start!r}",
                remedy=f"Is it {' or '.join(like)}?"
                if like
                else "Give an id or a name of tables/checkpoints.csv or of the places table",
            )
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
