"""The stage of the network: lines, checkpoints, places and services in one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.network.build import build_network
from geo_border.network.doubles import listed_twice
from geo_border.stages.network_findings import audited
from geo_border.stages.parameters import local_ways, tolerances

if TYPE_CHECKING:
    from geo_border.inputs.read import Inputs
    from geo_border.settings import Settings

SERVICE = "service:"
"""Before the ids of services while they are joined to the network among the places."""


def network_stage(inputs: Inputs, settings: Settings, border: dict[str, Any]) -> dict[str, Any]:
    """Join lines, checkpoints and places into one network.

    Parameters
    ----------
    inputs
        The checked inputs.
    settings
        The study's parameters.
    border
        Parts of `geo_border.stages.border.border_stage`.

    Returns
    -------
    dict
        ``network`` and frames ``gates``, ``crossings``, ``posts``, ``places``, ``speeds``,
        ``parts``, ``links``, ``known`` (as `geo_border.network.known.known_ground` gives it),
        ``audit`` (as `geo_border.stages.network_findings.audited` gives it), ``twice`` (as
        `geo_border.network.doubles.listed_twice` gives it) and, if the study has any,
        ``services``, joined to the network as places are.
    """
    section = settings.network
    places = inputs.places
    if inputs.services is not None:
        services = inputs.services.assign(population=0.0, region_id=None)
        services.index = SERVICE + services.index
        places = pd.concat([places, services[places.columns.intersection(services.columns)]])
    built = build_network(
        inputs.lines,
        border["territory"],
        border["border"],
        border["checkpoints"],
        places,
        inputs.speeds,
        stations=inputs.stations,
        access=local_ways(settings),
        tolerances=tolerances(settings),
        delay_h=settings.delay_h,
        most_candidates=section.most_candidates,
    )
    parts: dict[str, Any] = {
        "network": built.network,
        "gates": built.gates,
        "crossings": built.crossings,
        "posts": built.posts,
        "places": built.places.iloc[: len(inputs.places)],
        "speeds": built.speeds,
        "parts": built.parts,
        "links": built.links,
        "known": built.land,
        "audit": audited(settings, inputs.lines, border),
        "twice": listed_twice(inputs.places),
    }
    if inputs.services is not None:
        joined = built.places.iloc[len(inputs.places) :].set_index(inputs.services.index)
        columns = ["node", "access_km", "access_h"]
        parts["services"] = inputs.services.join(joined[columns])
    return parts
