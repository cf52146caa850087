"""Cells of the belt: joined to the network for each mode, and what is kept of their measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from geo_border.access.cell_entries import Entries, shared_entries
from geo_border.access.regions import by_region
from geo_border.access.zonal import zonal_means
from geo_border.border.belt import belt_of
from geo_border.border.edges import projected
from geo_border.network.entries import join_cells, join_cells_to_stations
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.stages.parameters import MODES_OF, modes_told, surface_access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd

    from geo_border.border.belt import CellGrid
    from geo_border.network.graph import Network
    from geo_border.routing.contraction import Contractor
    from geo_border.settings import Settings, SurfaceSection
    from geo_border.stages.told import Told

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


def regions_in_belt(
    section: SurfaceSection, grid: CellGrid, border: dict[str, Any]
) -> gpd.GeoSeries:
    """Part of each region that lies in the belt.

    Parameters
    ----------
    section
        ``[surface]`` of the study.
    grid
        The grid of the cells.
    border
        Parts of the border stage.

    Returns
    -------
    GeoSeries
        Polygons in the grid's projection, index ``region_id``; regions outside are left out.
    """
    belt = belt_of(border["border"], grid.crs, belt_km=section.belt_km)
    parts = projected(border["regions"], grid.crs).intersection(belt)
    return parts[~parts.is_empty]


def entry_stage(
    settings: Settings,
    grid: CellGrid,
    cells: pd.DataFrame,
    border: dict[str, Any],
    built: dict[str, Any],
) -> dict[str, Any]:
    """Join the cells to the roads.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    cells
        Cells with ``population``, ``covered``, ``negative``, see
        `geo_border.inputs.population.read_population`.
    border, built
        Parts of the border and the network stage.

    Returns
    -------
    dict
        ``network`` with the entries in it, and ``cells`` with their way to it.
    """
    section = settings.surface
    assert section is not None
    network, joined = join_cells(
        built["network"],
        built["gates"],
        cells,
        grid.crs,
        foreign_land(border["territory"]),
        access=surface_access(settings),
        spacing_km=section.entry_km,
    )
    return {"network": network, "cells": joined}


def cells_by_mode(
    settings: Settings,
    grid: CellGrid,
    joined: dict[str, Any],
    border: dict[str, Any],
    built: dict[str, Any],
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
        Parts of `entry_stage`.
    border, built
        Parts of the border and the network stage.
    contractor_of
        Gives what contracts each of the study's networks.

    Yields
    ------
    CellsByMode
        By road first; other modes only where there is a checkpoint by rail.
    """
    section = settings.surface
    assert section is not None
    beyond = places_beyond(built["places"], joined["cells"], grid)
    for mode in modes_told(section.modes, gates_in_use(built["gates"])):
        network, cells = joined["network"], joined["cells"]
        if mode == "rail":
            network = built["network"]
            land = foreign_land(border["territory"])
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


def cell_parts(
    told: Told, grid: CellGrid, border: dict[str, Any], *, of: str = ""
) -> dict[str, Any]:
    """Put measures of cells together as a stage keeps them.

    Parameters
    ----------
    told
        The measures.
    of
        What they are of, for the quality table.
    grid
        The grid of the cells.
    border
        Parts of the border stage.

    Returns
    -------
    dict
        Frames ``values`` (by cell), ``layers`` (what its columns are), ``measures`` (by
        region: mean and quantiles), ``means`` (by region, of what is as is and by road,
        straight from the raster) and ``account`` (how far these means lie apart, of measures
        that do not jump from cell to cell).
    """
    values, layers = told.frame(), told.layers()
    shown = layers[(layers["border"] == "as is") & (layers["mode"] == "road")]
    names = shown["column"].tolist()
    means = zonal_means(values[names], told.places, grid, border["regions"])
    smooth = shown.loc[shown["measure"].str.match(SMOOTH), "column"].tolist()
    averages = by_region(values[smooth], told.places)[smooth]
    apart = (100 * (means[smooth] / averages - 1)).abs().replace(np.inf, np.nan).max()
    line = (
        "surfaces",
        f"regional mean{of} from the raster against that over cells, most",
        apart.max(),
        "%",
        str(apart.idxmax()),
    )
    return {
        "values": values,
        "layers": layers,
        "measures": told.table(),
        "means": means.dropna(how="all").rename_axis("region_id").reset_index(),
        "account": pd.DataFrame([line], columns=["topic", "item", "value", "unit", "note"]),
    }
