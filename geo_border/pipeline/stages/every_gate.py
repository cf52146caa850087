"""Trips by every way that a border could be passed, to hold those that it is passed by against."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.travel import Travel


def over_every_gate(net: StudyNetwork, travel: Travel) -> Travel:
    """Trips over every gate of the network, those that are closed and those that could be.

    Parameters
    ----------
    net
        The network of the study.
    travel
        Trips over the gates in use, between spots.

    Returns
    -------
    Travel
        What `geo_border.access.border_costs.border_costs` takes.
    """
    edges = MODES_OF[travel.mode]
    return replace(travel, tables=gate_tables(net.network, travel.places, net.gates, modes=edges))
