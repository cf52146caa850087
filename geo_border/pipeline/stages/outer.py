"""The stage of what lies beyond the land of a study: it takes part in demand across the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.network.outer import OuterZones, outer_zones
from geo_border.pipeline.stages.parameters import local_ways

if TYPE_CHECKING:
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork


def outer_stage(
    settings: Settings, inputs: Inputs, border: Border, net: StudyNetwork
) -> OuterZones:
    """Join the cities and trunk roads beyond to the network.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs, with cities and roads beyond.
    border
        The border of the study.
    net
        The network of the study.

    Returns
    -------
    OuterZones
        A graph of its own.
    """
    assert inputs.outer_roads is not None
    assert inputs.outer_places is not None
    return outer_zones(
        net,
        border.territory,
        inputs.outer_roads,
        inputs.outer_places,
        inputs.speeds,
        access=local_ways(settings),
    )
