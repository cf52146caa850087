"""The corridors that a study names: profiles, summary, lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.errors import NetworkError, StudyError
from geo_border.pipeline.stages.class_trips import measured_classes, tables_met
from geo_border.pipeline.stages.named_places import place_named
from geo_border.traffic.class_tables import class_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from geo_border.access.corridors import Corridor
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.tables import GateTables
    from geo_border.traffic.classes import TrafficClass


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
        A row for each corridor and class; without figures where the class has no way.
    profiles
        A row for each stop and passage of the ways that there are.
    lines
        The same as `summary` of those, as lines.
    """

    summary: pd.DataFrame
    profiles: pd.DataFrame
    lines: gpd.GeoDataFrame


def study_corridors(
    settings: Settings, border: Border, net: StudyNetwork, tables: GateTables
) -> Corridors | None:
    """Profiles, summary and lines of the corridors of the study, by class.

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
    Corridors or None
        None if the study names no corridor.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor for any class.
    """
    if not settings.corridors:
        return None
    stops = corridor_stops(settings, net.places)
    classes = {
        each: tables_met(border.checkpoints, net.controls, tables, each.name)
        for each in measured_classes(settings)
    }
    profiles, lines, summaries = [], [], []
    for name, ids in stops.items():
        refused: list[NetworkError] = []
        for each, met in classes.items():
            keys = {"corridor": name, "class": each.name}
            try:
                way, profile = _along(settings, net, met, each, {name: ids})
            except NetworkError as error:
                refused.append(error)
                summaries.append(pd.DataFrame([keys]))
                continue
            summary = corridor_summary(profile).reset_index(drop=True).assign(**keys)
            profiles.append(profile.assign(**keys))
            summaries.append(summary)
            lines.append(corridor_lines(way).reset_index(drop=True).join(summary))
        if len(refused) == len(classes):
            raise refused[0]
    profile = _first(pd.concat(profiles, ignore_index=True), ["corridor", "class"])
    after = profile.columns.tolist().index("place_id") + 1
    profile.insert(after, "place", profile["place_id"].map(net.places["name"]))
    return Corridors(
        summary=_first(pd.concat(summaries, ignore_index=True), ["corridor", "class"]),
        profiles=profile,
        lines=_first(pd.concat(lines).set_index("corridor"), ["class"]),
    )


def _along(
    settings: Settings,
    net: StudyNetwork,
    met: GateTables,
    each: TrafficClass,
    stops: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Corridor], pd.DataFrame]:
    """Way of a class through given places, and its profile.

    A class that is slower by a factor takes the way of a car that waits longer by it, so that
    its times are those of the trees that were grown for cars.
    """
    as_car = replace(each, speed_factor=1.0, delay_factor=each.delay_factor * each.speed_factor)
    tables = class_tables(met, as_car)
    found = find_corridors(net.network, tables, net.places, stops)
    prices, costs = settings.corridor_costs, None
    if prices is not None:
        per_hour = prices.per_hour / each.speed_factor
        costs = Costs(prices.per_km, per_hour, prices.per_passage)
    profile = corridor_profiles(net.network, tables, found, costs=costs)
    hours = ["hours", "driving_hours", "delay_h"]
    return found, profile.assign(**profile[hours] / each.speed_factor)


def _first(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The same table with some columns before all others."""
    return table[[*names, *table.columns.drop(names)]]
