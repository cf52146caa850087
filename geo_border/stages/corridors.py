"""The corridors that a study names: profiles, summary, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.errors import StudyError
from geo_border.stages.named_places import place_named

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.routing.tables import GateTables
    from geo_border.settings import Settings


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


def corridor_parts(settings: Settings, built: dict[str, Any], tables: GateTables) -> dict[str, Any]:
    """Profiles, summary and lines of the corridors of the study.

    Parameters
    ----------
    settings
        The study's parameters.
    built
        Parts of `geo_border.stages.network.network_stage`.
    tables
        Checkpoint tables by road, with their trees.

    Returns
    -------
    dict
        Frames ``corridors``, ``corridor_profiles`` and ``corridor_lines``; nothing if the study
        names no corridor.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor.
    """
    if not settings.corridors:
        return {}
    places = built["places"]
    stops = corridor_stops(settings, places)
    prices = settings.corridor_costs
    costs = None if prices is None else Costs(prices.per_km, prices.per_hour, prices.per_passage)
    found = find_corridors(built["network"], tables, places, stops)
    profiles = corridor_profiles(built["network"], tables, found, costs=costs)
    after = profiles.columns.tolist().index("place_id") + 1
    profiles.insert(after, "place", profiles["place_id"].map(places["name"]))
    summary = corridor_summary(profiles)
    return {
        "corridors": summary.reset_index(),
        "corridor_profiles": profiles,
        "corridor_lines": corridor_lines(found).join(summary),
    }
