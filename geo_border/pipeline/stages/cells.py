"""Cells of the belt: joined to the network for each mode, and what is kept of their measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer

from geo_border.access.cells.cell_entries import Entries, shared_entries
from geo_border.access.cells.zonal import zonal_means
from geo_border.access.regions import by_region
from geo_border.border.belt import belt_of
from geo_border.border.edges import projected
from geo_border.network.entries import join_cells, join_cells_to_stations
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.inputs.population import polygon_population, read_population
from geo_border.pipeline.stages.parameters import modes_measured, surface_access
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import geopandas as gpd

    from geo_border.access.measure_table import MeasureTable
    from geo_border.border.belt import CellGrid
    from geo_border.network.graph import Network
    from geo_border.pipeline.settings import Settings, SurfaceSection
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.engine.contraction import Contractor

NETWORK_OF = {"road": "cells", "rail": "rail", "both": "cells_both"}
"""Network of the trips of cells by each mode: entries are cut into the roads alone."""

SMOOTH = r"hours_.*|(potential|border_effect)(?!_step).*|network_efficiency$|.*detour.*"
"""Measures that change little from a cell to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class CellsByMode:
    """Cells as they enter the network for trips by one mode.

    Parameters
    ----------
    mode
        Its name.
    edges
        Modes of the edges of such a trip.
    network
        The graph, with the entries in it.
    cells
        Cells with their way to it.
    beyond
        Places in none of the cells.
    entries
        Both by entry.
    contractor
        Gives the contraction of the network, where there are so many entries that it pays.
    """

    mode: str
    edges: tuple[str, ...]
    network: Network
    cells: pd.DataFrame
    beyond: gpd.GeoDataFrame
    entries: Entries
    contractor: Contractor


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """People of the belt.

    Parameters
    ----------
    cells
        Index ``cell_id``, with ``population`` and the rest that
        `geo_border.pipeline.inputs.population.read_population` gives.
    regions
        ``population`` of each region's part of the belt, straight from the raster.
    """

    cells: pd.DataFrame
    regions: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class CellEntries:
    """Cells on the roads.

    Parameters
    ----------
    network
        The graph with the entries of the cells in it.
    cells
        The cells with their way to it.
    """

    network: Network
    cells: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class CellMeasures:
    """Measures of the cells.

    Parameters
    ----------
    by_cell
        A row for each cell.
    layers
        What the columns of `by_cell` are.
    measures
        By region: mean and quantiles.
    means
        By region, of what is as is and by road, straight from the raster.
    account
        Lines for the quality table.
    zones_area
        Land and people of each region by time to a checkpoint; None where others have it.
    """

    by_cell: pd.DataFrame
    layers: pd.DataFrame
    measures: pd.DataFrame
    means: pd.DataFrame
    account: pd.DataFrame
    zones_area: pd.DataFrame | None = None


def cell_stage(
    settings: Settings, grid: CellGrid, cells: pd.DataFrame, files: Sequence[Path], border: Border
) -> Cells:
    """Read the population of the belt.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    cells
        The cells, see `geo_border.border.belt.belt_cells`.
    files
        Rasters of population.
    border
        The border of the study.

    Returns
    -------
    Cells
        People of cells and of regions.
    """
    section = settings.surface
    assert section is not None
    band, unit = section.band, section.unit
    regions = regions_in_belt(section, grid, border)
    return Cells(
        cells=cells.join(read_population(files, grid, cells, band=band, unit=unit)),
        regions=polygon_population(files, regions, band=band, unit=unit).to_frame(),
    )


def regions_in_belt(section: SurfaceSection, grid: CellGrid, border: Border) -> gpd.GeoSeries:
    """Part of each region that lies in the belt.

    Parameters
    ----------
    section
        ``[surface]`` of the study.
    grid
        The grid of the cells.
    border
        The border of the study.

    Returns
    -------
    GeoSeries
        Polygons in the grid's projection, index ``region_id``; regions outside are left out.
    """
    belt = belt_of(border.line, grid.crs, belt_km=section.belt_km)
    parts = projected(border.regions, grid.crs).intersection(belt)
    return parts[~parts.is_empty]


def entry_stage(
    settings: Settings,
    grid: CellGrid,
    cells: pd.DataFrame,
    border: Border,
    net: StudyNetwork,
) -> CellEntries:
    """Join the cells to the roads.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    cells
        Cells with ``population``, ``covered``, ``negative``, see
        `geo_border.pipeline.inputs.population.read_population`.
    border, net
        The border and the network of the study.

    Returns
    -------
    CellEntries
        The network with their entries, and their way to it.
    """
    section = settings.surface
    assert section is not None
    network, joined = join_cells(
        net.network,
        net.gates,
        cells,
        grid.crs,
        foreign_land(border.territory),
        access=surface_access(settings),
        spacing_km=section.entry_km,
    )
    return CellEntries(network, joined)


def cells_by_mode(
    settings: Settings,
    grid: CellGrid,
    joined: CellEntries,
    border: Border,
    net: StudyNetwork,
    contractor_of: Callable[[str], Contractor],
) -> Iterator[CellsByMode]:
    """Give the cells as they enter the network, for each mode that is asked for.

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
        Gives what contracts each of the study's networks.

    Yields
    ------
    CellsByMode
        By road first; other modes only where there is a checkpoint by rail.
    """
    section = settings.surface
    assert section is not None
    beyond = places_beyond(net.places, joined.cells, grid)
    for mode in modes_measured(section.modes, gates_in_use(net.gates)):
        network, cells = joined.network, joined.cells
        if mode == "rail":
            network = net.network
            land = foreign_land(border.territory)
            cells = join_cells_to_stations(
                network, cells, grid.crs, land, access=surface_access(settings)
            )
        entries = shared_entries(cells, beyond)
        contractor = contractor_of(NETWORK_OF[mode])
        yield CellsByMode(mode, MODES_OF[mode], network, cells, beyond, entries, contractor)


def places_beyond(
    places: gpd.GeoDataFrame, cells: pd.DataFrame, grid: CellGrid
) -> gpd.GeoDataFrame:
    """Places that lie in none of the cells, whose people the raster has not counted.

    Parameters
    ----------
    places
        Points in WGS 84.
    cells
        Index ``cell_id``.
    grid
        The grid of the cells.

    Returns
    -------
    GeoDataFrame
        Rows of `places`.
    """
    x, y = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(
        places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    )
    column = np.floor((x - grid.west) / grid.cell_m)
    row = np.floor((grid.north - y) / grid.cell_m)
    inside = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    cell = np.where(inside, row * grid.columns + column, -1).astype(np.int64)
    return places[~np.isin(cell, cells.index)]


def cell_measures(
    table: MeasureTable, grid: CellGrid, border: Border, *, of: str = ""
) -> CellMeasures:
    """Put measures of cells together as a stage keeps them.

    Parameters
    ----------
    table
        The measures.
    of
        What they are of, for the quality table.
    grid
        The grid of the cells.
    border
        The border of the study.

    Returns
    -------
    CellMeasures
        With an account of how far the means of the raster and of cells lie apart, of measures
        that do not jump from cell to cell.
    """
    values, layers = table.frame(), table.layers()
    shown = layers[(layers["border"] == "as is") & (layers["mode"] == "road")]
    names = shown["column"].tolist()
    means = zonal_means(values[names], table.places, grid, border.regions)
    smooth = shown.loc[shown["measure"].str.match(SMOOTH), "column"].tolist()
    averages = by_region(values[smooth], table.places)[smooth]
    apart = (100 * (means[smooth] / averages - 1)).abs().replace(np.inf, np.nan).max()
    line = (
        "surfaces",
        f"regional mean{of} from the raster against that over cells, most",
        apart.max(),
        "%",
        str(apart.idxmax()),
    )
    return CellMeasures(
        by_cell=values,
        layers=layers,
        measures=table.by_region(),
        means=means.dropna(how="all").rename_axis("region_id").reset_index(),
        account=pd.DataFrame([line], columns=["topic", "item", "value", "unit", "note"]),
    )
