"""Land by time to a checkpoint, where no raster says who lives on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.cells.zonal import zones_area
from geo_border.access.nearest import nearest_gate
from geo_border.border.belt import belt_cells
from geo_border.border.line import on_land
from geo_border.network.entries import join_cells
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.stages.parameters import local_ways
from geo_border.pipeline.stages.zones import zone_ends
from geo_border.routing.tables import gate_tables
from geo_border.terms import ROAD

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.tables import GateTables

BELT_KM = 75.0
"""Greatest distance of land that is counted from the border, as of surfaces."""

CELLS = 50_000
"""At most about so many cells: a kilometre each at a short border, more at a long one."""


def land_zones(
    settings: Settings, border: Border, net: StudyNetwork, of_places: GateTables
) -> pd.DataFrame:
    """Area of each region's part of the belt by driving time to an open checkpoint.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    of_places
        Checkpoint tables of its places by road.

    Returns
    -------
    DataFrame
        ``region_id``, ``zone``, ``area_km2``, ``area_share``, as
        `geo_border.access.cells.zonal.zones_area` gives them.
    """
    area = 2 * BELT_KM * on_land(border.line)["length_km"].sum() + np.pi * BELT_KM**2
    cell_km = float(max(1, np.ceil(np.sqrt(area / CELLS))))
    grid, cells = belt_cells(
        border.line, border.territory, sea=border.at_sea, cell_km=cell_km, belt_km=BELT_KM
    )
    cells = cells[cells["region_id"].notna()].assign(population=0.0)
    network, joined = join_cells(
        net.network,
        net.gates,
        cells,
        grid.crs,
        foreign_land(border.territory),
        access=local_ways(settings),
        spacing_km=cell_km,
    )
    tables = gate_tables(network, joined, gates_in_use(net.gates), modes=ROAD)
    hours = nearest_gate(tables)["hours"]
    area_km2, bands = grid.cell_km2 * joined["land"], zone_ends(settings, net, of_places)
    found = zones_area(hours, joined, area_km2=area_km2, bands=bands)
    return found.drop(columns=["population", "population_share"])
