"""The corridors that a study names: profiles, summary, lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.errors import StudyError
from geo_border.pipeline.stages.named_places import place_named

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.tables import GateTables


def corridor_stops(settings: Settings, places: pd.DataFrame) -> dict[str, list[str]]:
    """Places that the corridors of a study pass.

    Parameters
    ----------
    settings
        The study's parameters.
    places
        Index of ids; column ``name``.

    Returns
    -------
    dict
        Ids of places in order, by the name of the corridor.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name, or one place
        twice.
    """
    stops = {}
    for corridor in settings.corridors:
        where = f"corridor {corridor.name!r}"
        ids = [place_named(places, name, where=where) for name in corridor.places]
        twice = [place for place in ids if ids.count(place) > 1]
        if twice:
            raise StudyError(
                f"{where} leads through {places.at[twice[0], 'name']!s} twice",
                file="study.toml",
                remedy="Name each place once",
            )
        stops[corridor.name] = ids
    return stops


@dataclass(frozen=True, slots=True, eq=False)
class Corridors:
    """The corridors that a study names.

    Parameters
    ----------
    summary
        A row for each corridor.
    profiles
        A row for each stop and passage.
    lines
        The same as `summary`, as lines.
    """

    summary: pd.DataFrame
    profiles: pd.DataFrame
    lines: gpd.GeoDataFrame


def study_corridors(settings: Settings, net: StudyNetwork, tables: GateTables) -> Corridors | None:
    """Profiles, summary and lines of the corridors of the study.

    Parameters
    ----------
    settings
        The study's parameters.
    net
        The network of the study.
    tables
        Checkpoint tables by road, with their trees.

    Returns
    -------
    Corridors or None
        None if the study names no corridor.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor.
    """
    if not settings.corridors:
        return None
    places = net.places
    stops = corridor_stops(settings, places)
    prices = settings.corridor_costs
    costs = None if prices is None else Costs(prices.per_km, prices.per_hour, prices.per_passage)
    found = find_corridors(net.network, tables, places, stops)
    profiles = corridor_profiles(net.network, tables, found, costs=costs)
    after = profiles.columns.tolist().index("place_id") + 1
    profiles.insert(after, "place", profiles["place_id"].map(places["name"]))
    summary = corridor_summary(profiles)
    return Corridors(
        summary=summary.reset_index(),
        profiles=profiles,
        lines=corridor_lines(found).join(summary),
    )
