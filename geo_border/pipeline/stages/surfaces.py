"""The stage of surfaces: what the cells of the belt can reach."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, starmap
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.cells.surfaces import cell_accessibility, cell_losses
from geo_border.access.cells.zonal import zones_area
from geo_border.access.decay import KINDS, Decay, Exponential, calibrated
from geo_border.access.measure_table import MeasureTable
from geo_border.access.measures import (
    HOURS,
    REACHED,
    Reached,
    lost_at_checkpoints,
    of_potential,
    performance,
    population,
)
from geo_border.access.performance import people_near
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.stages.cells import CellMeasures, CellsByMode, cell_measures, cells_by_mode
from geo_border.pipeline.stages.zones import zone_ends
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.inside import own_searches
from geo_border.routing.tables import gate_tables
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from geo_border.border.belt import CellGrid
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.cells import CellEntries, Cells
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.engine.contraction import Contractor

WRONG_VALUES = {
    "negative": "negative values",
    "infinite": "values that are no number of people",
}
"""What is wrong with pixels that count nobody, by column of the cells."""


def surface_stage(
    settings: Settings,
    grid: CellGrid,
    joined: CellEntries,
    read: Cells,
    border: Border,
    net: StudyNetwork,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> CellMeasures:
    """Measure what the cells of the belt can reach.

    Parameters
    ----------
    settings
        The study's parameters.
    grid
        The grid of the cells.
    joined
        Cells on the network.
    read
        People of the belt.
    border, net
        The border and the network of the study.
    contractor_of
        Gives what contracts each of the study's networks, where there are so many cells that
        it pays.

    Returns
    -------
    CellMeasures
        Times, potentials, people within reach.
    """
    gates = gates_in_use(net.gates)
    section, table = settings.access, MeasureTable(joined.cells)
    measures = (
        HOURS,
        *map(population, section.limits_h),
        *chain(*starmap(of_potential, cell_decays(settings).items())),
        lost_at_checkpoints(_factored(settings)),
        performance(section.performance_h, section.performance_km),
    )
    for by in cells_by_mode(settings, grid, joined, border, net, contractor_of):
        table.fill(measures, _reached(settings, by, gates))
        if by.mode == "road":
            is_origin = by.entries.is_origin
    found = cell_measures(table, grid, border)
    hours = found.by_cell["hours_to_checkpoint"]
    bands = zone_ends(settings, net)
    land_km2 = grid.cell_km2 * joined.cells["land"]
    lines = _account(joined.cells, read.regions["population"], is_origin)
    return replace(
        found,
        zones_area=zones_area(hours, joined.cells, area_km2=land_km2, bands=bands),
        account=pd.concat([lines, found.account], ignore_index=True),
    )


def cell_decays(settings: Settings) -> dict[str, Decay]:
    """Impedance functions of cells by the name of their potential, that of the study first.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    dict
        ``potential``, and ``potential_`` with the kind of each other.
    """
    chosen, half_life = settings.access.decay, settings.access.half_life_h
    others = {f"potential_{kind}": calibrated(kind, half_life) for kind in KINDS if kind != chosen}
    return {"potential": calibrated(chosen, half_life)} | others


def _reached(settings: Settings, by: CellsByMode, gates: pd.DataFrame) -> Reached:
    """Search for what cells reach by one mode."""
    section, entries = settings.access, by.entries
    tables = gate_tables(by.network, entries.places, gates, modes=by.edges)
    own = own_searches(
        by.network,
        entries.places,
        modes=by.edges,
        origins=entries.is_origin,
        contractor=by.contractor,
    )
    decays = cell_decays(settings)
    hours = sorted({*section.limits_h, section.performance_h})
    values = cell_accessibility(by.cells, entries, tables, own, decays=decays, hours=hours)

    def of(name: str) -> pd.DataFrame:
        return values[[f"{name}_{part}" for part in REACHED]].set_axis(list(REACHED), axis=1)

    return Reached(
        mode=by.mode,
        hours=values[HOURS.name],
        within={within: of(population(within).name) for within in hours},
        potentials={name: of(name) for name in decays},
        near=people_near(by.cells, by.beyond, within_km=section.performance_km),
        lost=cell_losses(by.cells, entries, tables, own, decay=_factored(settings)),
    )


def _factored(settings: Settings) -> Exponential:
    """Impedance function of what checkpoints take: it falls apart into those of both ways."""
    return Exponential(settings.access.half_life_h)


def _account(
    cells: pd.DataFrame, in_raster: pd.Series[float], is_entry: NDArray[np.bool_]
) -> pd.DataFrame:
    """What a reader must know before believing the surfaces."""
    lines: list[tuple[str, str, float, str, str]] = []
    for side in SIDES:
        rows = cells[cells["side"] == side]
        lost = rows[rows["node"] < 0]
        share = 100 * rows["covered"].mean()
        people = rows["population"].sum()
        left = f"{lost['population'].sum():,.0f} persons"
        lines += [
            ("surfaces", f"cells, {side}", len(rows), "", ""),
            ("surfaces", f"population of the cells, {side}", people, "persons", ""),
            ("surfaces", f"area with data, {side}", share, "%", "elsewhere nobody is counted"),
            ("surfaces", f"cells the network does not reach, {side}", len(lost), "", left),
        ]
    for kind, words in WRONG_VALUES.items():
        share = 100 * cells[kind].mean()
        if share:
            item = f"area with {words}"
            lines.append(("surfaces", item, share, "%", "nobody is counted there"))
    counted = cells.groupby("region_id")["population"].sum().reindex(in_raster.index).fillna(0)
    whole = 100 * (counted.sum() / in_raster.sum() - 1)
    off = (100 * (counted / in_raster[in_raster > 0] - 1)).dropna()
    worst = str(off.abs().idxmax())
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
