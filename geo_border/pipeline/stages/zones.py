"""How far from a checkpoint zones and isochrones reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.access.limits import telling_zones
from geo_border.access.nearest import nearest_gate
from geo_border.network.gates import gates_in_use
from geo_border.routing.tables import gate_tables
from geo_border.terms import ROAD

if TYPE_CHECKING:
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.tables import GateTables


def zone_ends(
    settings: Settings, net: StudyNetwork, tables: GateTables | None = None
) -> list[float]:
    """Ends of the zones around checkpoints, as stated, else by rule.

    Parameters
    ----------
    settings
        The study's parameters.
    net
        The network of the study.
    tables
        Checkpoint tables of its places by road; searched for where they are needed if not given.

    Returns
    -------
    list of float
        Hours, ascending: those of the study, else those of
        `geo_border.access.limits.telling_zones`, of trips by road.
    """
    stated = settings.access.zones_min
    if stated is not None:
        return [minutes / 60 for minutes in stated]
    if tables is None:
        tables = gate_tables(net.network, net.places, gates_in_use(net.gates), modes=ROAD)
    return telling_zones(nearest_gate(tables)["hours"], net.places)
