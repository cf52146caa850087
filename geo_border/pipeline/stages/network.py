"""The stage of the network: lines, checkpoints, places and services in one graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.network.barred import over_third_ground
from geo_border.network.build import BuiltNetwork, build_network
from geo_border.network.doubles import listed_twice
from geo_border.pipeline.stages.network_findings import audited
from geo_border.pipeline.stages.parameters import local_ways, tolerances
from geo_border.shown import shown

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border

SERVICE = "service:"
"""Before the ids of services while they are joined to the network among the places."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyNetwork(BuiltNetwork):
    """The network of a study, and what else is joined to it or known of it.

    Parameters
    ----------
    audit
        What is doubtful in the lines, as
        `geo_border.pipeline.stages.network_findings.audited` gives it.
    twice
        Places that may be listed twice, as `geo_border.network.doubles.listed_twice` gives them.
    barred
        Roads that would join the sides over ground of neither, as
        `geo_border.network.barred.over_third_ground` gives them.
    services
        Services joined to the network as places are; None if the study has none.
    """

    __repr__ = shown

    audit: gpd.GeoDataFrame
    twice: pd.DataFrame
    barred: gpd.GeoDataFrame
    services: gpd.GeoDataFrame | None


def network_stage(settings: Settings, inputs: Inputs, border: Border) -> StudyNetwork:
    """Join lines, checkpoints and places into one network.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    border
        The border of the study.

    Returns
    -------
    StudyNetwork
        The graph, and what was learnt in building it.
    """
    section = settings.network
    places = inputs.places
    if inputs.services is not None:
        offers = inputs.services.assign(population=0.0, region_id=None)
        offers.index = (SERVICE + offers.index).rename(places.index.name)
        places = pd.concat([places, offers[places.columns.intersection(offers.columns)]])
    built = build_network(
        inputs.lines,
        border.territory,
        border.line,
        border.checkpoints,
        places,
        inputs.speeds,
        stations=inputs.stations,
        access=local_ways(settings),
        tolerances=tolerances(settings),
        delay_h=settings.delay_h,
        most_candidates=section.most_candidates,
    )
    services = inputs.services
    if services is not None:
        joined = built.places.iloc[len(inputs.places) :].set_index(services.index)
        services = services.join(joined[["node", "access_km", "access_h"]])
    return StudyNetwork(
        network=built.network,
        gates=built.gates,
        crossings=built.crossings,
        controls=built.controls,
        places=built.places.iloc[: len(inputs.places)],
        speeds=built.speeds,
        parts=built.parts,
        links=built.links,
        land=built.land,
        audit=audited(settings, inputs.lines, border),
        twice=listed_twice(inputs.places),
        barred=over_third_ground(
            inputs.lines,
            border.territory,
            border.line,
            edge_km=settings.regions.edge_tolerance_km,
        ),
        services=services,
    )
