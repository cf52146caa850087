"""The stage of surfaces: cells of the belt joined to the network and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from geo_border.access.decay import Exponential
from geo_border.access.regions import by_region
from geo_border.access.surfaces import cell_accessibility, shared_entries
from geo_border.access.zonal import zonal_means, zones_area
from geo_border.border.belt import belt_of
from geo_border.border.edges import projected
from geo_border.network.crossings import gates_in_use
from geo_border.network.entries import join_cells
from geo_border.network.graph import SIDES
from geo_border.routing.contraction import FRESH
from geo_border.routing.inside import own_searches
from geo_border.routing.tables import gate_tables
from geo_border.stages.parameters import ROAD, surface_access

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.border.belt import CellGrid
    from geo_border.routing.contraction import Contractor
    from geo_border.settings import Settings, SurfaceSection

SHOWN = ("hours_to_checkpoint", "potential_own", "potential_across", "border_effect")
"""Measures whose regional means are taken from the raster too."""


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


def surface_stage(
    settings: Settings,
    grid: CellGrid,
    cells: pd.DataFrame,
    in_raster: pd.Series[float],
    border: dict[str, Any],
    built: dict[str, Any],
    *,
    contractor: Contractor = FRESH,
) -> dict[str, Any]:
    """Measure what the cells of the belt can reach.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    cells
        Cells with ``population``, ``covered``, ``negative``, see
        `geo_border.inputs.population.read_population`.
    in_raster
        Population of each region's part of the belt, straight from the raster.
    border, built
        Parts of the border and the network stage.
    contractor
        Gives the contraction of the network, where there are so many cells that it pays.

    Returns
    -------
    dict
        Frames ``cells`` (with their way to the network and every measure), ``zones_area``,
        ``surface_means`` (by region, from the raster) and ``account`` (lines for the quality
        table).
    """
    section = settings.surface
    assert section is not None
    network, cells = join_cells(
        built["network"],
        built["gates"],
        cells,
        grid.crs,
        access=surface_access(settings),
        spacing_km=section.entry_km,
    )
    gates = gates_in_use(built["gates"])
    entries = shared_entries(cells, places_beyond(built["places"], cells, grid))
    tables = gate_tables(network, entries.places, gates, modes=ROAD)
    own = own_searches(
        network, entries.places, modes=ROAD, origins=entries.is_origin, contractor=contractor
    )
    values = cell_accessibility(
        cells,
        entries,
        tables,
        own,
        decay=Exponential(settings.access.half_life_h),
        hours=settings.access.limits_h,
    )
    bands = [minutes / 60 for minutes in settings.access.zones_min]
    means = zonal_means(values[list(SHOWN)], cells, grid, border["regions"])
    return {
        "cells": cells.join(values),
        "zones_area": zones_area(
            values["hours_to_checkpoint"], cells, cell_km2=grid.cell_km2, bands=bands
        ),
        "surface_means": means.dropna(how="all").rename_axis("region_id").reset_index(),
        "account": _account(settings, cells, values, means, in_raster, entries.is_origin),
    }


def places_beyond(places: gpd.GeoDataFrame, cells: pd.DataFrame, grid: CellGrid) -> pd.DataFrame:
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
    DataFrame
        Rows of `places`.
    """
    x, y = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(
        places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    )
    column = np.floor((x - grid.west) / grid.cell_m)
    row = np.floor((grid.north - y) / grid.cell_m)
    inside = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    cell = np.where(inside, row * grid.columns + column, -1).astype(np.int64)
    return pd.DataFrame(places[~np.isin(cell, cells.index)].drop(columns="geometry"))


def _account(
    settings: Settings,
    cells: pd.DataFrame,
    values: pd.DataFrame,
    means: pd.DataFrame,
    in_raster: pd.Series[float],
    is_entry: np.ndarray[Any, np.dtype[np.bool_]],
) -> pd.DataFrame:
    """What a reader must know before believing the surfaces."""
    lines: list[tuple[str, str, float, str, str]] = []
    for side in SIDES:
        rows = cells[cells["side"] == side]
        lost = rows[rows["node"] < 0]
        share = 100 * rows["covered"].mean()
        lines += [
            ("surfaces", f"cells, {side}", len(rows), "", ""),
            (
                "surfaces",
                f"population of the cells, {side}",
                rows["population"].sum(),
                "persons",
                "",
            ),
            ("surfaces", f"area with data, {side}", share, "%", "elsewhere nobody is counted"),
            (
                "surfaces",
                f"cells the network does not reach, {side}",
                len(lost),
                "",
                f"{lost['population'].sum():,.0f} persons",
            ),
        ]
    if settings.access.decay != "exponential":
        half_life, note = settings.access.half_life_h, f"not {settings.access.decay}, as of places"
        lines.append(("surfaces", "half-life of exponential impedance", half_life, "h", note))
    for kind in ("negative", "infinite"):
        share = 100 * cells[kind].mean()
        if share:
            item = f"area with {kind} values"
            lines.append(("surfaces", item, share, "%", "nobody is counted there"))
    counted = cells.groupby("region_id")["population"].sum().reindex(in_raster.index).fillna(0)
    whole = 100 * (counted.sum() / in_raster.sum() - 1)
    off = (100 * (counted / in_raster[in_raster > 0] - 1)).dropna()
    worst = str(off.abs().idxmax())
    averages = by_region(values[list(means.columns)], cells)[list(means.columns)]
    apart = (100 * (means / averages - 1)).abs().max()
    part = 60 * cells["part_h"]
    lines += [
        (
            "surfaces",
            "population of the cells against the raster",
            whole,
            "%",
            f"regions in the belt; most in {worst}: {off[worst]:+.2f} %, along its edges",
        ),
        (
            "surfaces",
            "regional mean from the raster against that over cells, most",
            apart.max(),
            "%",
            str(apart.idxmax()),
        ),
        (
            "surfaces",
            "entries to the network",
            int(is_entry.sum()),
            "",
            (
                f"sharing them makes a trip longer by {part.mean() / 4:.1f} min at each end on "
                f"average, {part.max():.1f} min at most"
            ),
        ),
    ]
    return pd.DataFrame(lines, columns=["topic", "item", "value", "unit", "note"])
