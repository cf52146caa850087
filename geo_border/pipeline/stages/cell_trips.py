"""The stages of trips from cells: to settlements one by one, and to services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.cells.cell_entries import shared_entries
from geo_border.access.cells.cell_services import cell_services
from geo_border.access.cells.cell_trips import cell_detour, cell_efficiency, cell_trips
from geo_border.access.detours import DISTANCE_KMH, by_distance
from geo_border.access.measure_table import MeasureTable
from geo_border.access.measures import (
    DETOUR_INDEX,
    DETOURS,
    SERVICES,
    CostsAcross,
    Directness,
    efficiency,
)
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.stages.cells import CellMeasures, CellsByMode, cell_measures, cells_by_mode
from geo_border.pipeline.stages.parameters import surface_access
from geo_border.pipeline.stages.services import offers
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.scenarios import OPEN_BORDER

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geo_border.border.belt import CellGrid
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.cells import CellEntries
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.engine.contraction import Contractor


def trip_stage(
    settings: Settings,
    grid: CellGrid,
    joined: CellEntries,
    border: Border,
    net: StudyNetwork,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> CellMeasures:
    """Measure the trips of cells to every settlement: efficiency, and detours.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    joined
        Cells on the network.
    border, net
        The border and the network of the study.
    contractor_of
        Gives what contracts each of the study's networks, where there are so many cells that
        it pays.

    Returns
    -------
    CellMeasures
        By cell and by region.
    """
    section, table = settings.surface, MeasureTable(joined.cells)
    assert section is not None
    speed, apart = settings.access.reference_kmh, section.cell_km
    measures = (*efficiency(speed), DETOUR_INDEX)
    in_use = gates_in_use(net.gates)
    for by in cells_by_mode(settings, grid, joined, border, net, contractor_of):
        trips, whole = (
            cell_trips(
                by.network,
                by.cells,
                by.entries,
                net.places,
                gates,
                modes=by.edges,
                contractor=by.contractor,
            )
            for gates in (in_use, net.gates)
        )
        found = Directness(
            mode=by.mode,
            efficiency=cell_efficiency(trips, reference_kmh=speed, apart_km=apart),
            index=_in_kilometres(by, net.places, in_use, apart),
        )
        table.fill(measures, found)
        table.fill(DETOURS, CostsAcross(by.mode, cell_detour(whole)))
    return cell_measures(table, grid, border, of=" of trips")


def _in_kilometres(
    by: CellsByMode, places: gpd.GeoDataFrame, gates: pd.DataFrame, apart_km: float
) -> pd.DataFrame:
    """Detour index of cells: efficiency on the network where hours are kilometres."""
    trips = cell_trips(
        by_distance(by.network),
        by.cells,
        shared_entries(by.cells.assign(access_h=by.cells["access_km"] / DISTANCE_KMH)),
        places.assign(access_h=places["access_km"] / DISTANCE_KMH),
        gates,
        modes=by.edges,
        contractor=by.contractor,
    )
    return cell_efficiency(
        trips, reference_kmh=DISTANCE_KMH, apart_km=apart_km, scenario=OPEN_BORDER
    )


def service_stage(
    settings: Settings,
    grid: CellGrid,
    joined: CellEntries,
    border: Border,
    net: StudyNetwork,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> CellMeasures:
    """Measure what services on both sides offer to the people of cells.

    People of cells, and of places beyond them, compete.

    Parameters
    ----------
    settings
        The study's parameters, with ``services``.
    grid
        The grid of the cells.
    joined
        Cells on the network.
    border, net
        The border and the network of the study.
    contractor_of
        As in `trip_stage`.

    Returns
    -------
    CellMeasures
        By cell and by region.
    """
    table = MeasureTable(joined.cells)
    columns = ["population", "region_id"]
    assert net.services is not None
    land = foreign_land(border.territory)
    for by in cells_by_mode(settings, grid, joined, border, net, contractor_of):
        times = cell_services(
            by.network,
            by.cells,
            by.beyond,
            by.entries,
            net.services,
            gates_in_use(net.gates),
            modes=by.edges,
            access=surface_access(settings),
            land=land,
            contractor=by.contractor,
        )
        people = pd.concat([by.cells[columns], by.beyond[columns]])
        for offer in offers(settings, times, times.searched.tables, people, net.services):
            table.fill(SERVICES, offer.measured(by.mode, joined.cells.index))
    return cell_measures(table, grid, border, of=" of services")
