"""Surfaces of the embedded study: own side and across at 1 km, at three widths of the belt.

    python benchmarks/surfaces.py [--belts 25 50 75] [--cell-km 1] [--check 20] [--keep FOLDER]

The population raster is the register of settlements of the study, each put into the pixel it
lies in: real figures, and every other pixel holds nobody. Belts are measured each in a
process of its own, so that the peak of one is not that of another. Of the cells some are drawn
and measured again without any of this: one search by scipy on both sides and the checkpoints as
one graph, and a sum over all cells; the greatest relative difference is in the last column.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import from_origin
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo_border.border.belt import belt_cells
from geo_border.inputs.population import polygon_population, read_population
from geo_border.network.crossings import gates_in_use
from geo_border.network.entries import join_cells
from geo_border.report.rasters import write_surfaces
from geo_border.results import Surfaces
from geo_border.routing.queue import MS_PER_H
from geo_border.routing.searches import milliseconds
from geo_border.settings import SurfaceSection
from geo_border.stages.border import border_stage
from geo_border.stages.network import network_stage
from geo_border.stages.parameters import ROAD, surface_access
from geo_border.stages.surfaces import places_beyond, regions_in_belt, surface_stage
from geo_border.study import open_study

if TYPE_CHECKING:
    from geo_border.border.belt import CellGrid
    from geo_border.settings import Settings

PIXEL = 1 / 120
"""Degrees: 30 seconds of arc, as the 1 km products of WorldPop and GHSL have."""


def write_register(places: pd.DataFrame, path: Path) -> None:
    """Rasterise the population of settlements, nobody elsewhere."""
    lon, lat = places["lon"].to_numpy(), places["lat"].to_numpy()
    west, north = np.floor(lon.min()) - 2, np.ceil(lat.max()) + 2
    columns = int((np.ceil(lon.max()) + 2 - west) / PIXEL)
    rows = int((north - np.floor(lat.min()) + 2) / PIXEL)
    persons = np.zeros((rows, columns), np.float32)
    at = ((north - lat) / PIXEL).astype(int), ((lon - west) / PIXEL).astype(int)
    np.add.at(persons, at, places["population"].to_numpy(np.float32))
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(west, north, PIXEL, PIXEL),
        compress="deflate",
        tiled=True,
    ) as raster:
        raster.write(persons, 1)


def processor_s() -> float:
    """Processor time of this process, all threads."""
    used = os.times()
    return used.user + used.system


def greatest_difference(
    cells: pd.DataFrame, grid: CellGrid, settings: Settings, built: dict[str, Any], n: int
) -> float:
    """Difference of potentials and counts to those of a search and a sum for each of n cells."""
    section = settings.surface
    assert section is not None
    network, _ = join_cells(
        built["network"],
        built["gates"],
        cells,
        grid.crs,
        access=surface_access(settings),
        spacing_km=section.entry_km,
    )
    gates = gates_in_use(built["gates"])
    gates = gates[gates["is_open"] & gates["mode"].isin(ROAD)]
    inside = network.matrix(ROAD).tocoo()
    out, back = (gates[name].to_numpy(np.int64) for name in ("home_node", "neighbour_node"))
    graph = coo_array(
        (
            np.concatenate(
                [milliseconds(inside.data) / MS_PER_H, gates["delay_out_h"], gates["delay_in_h"]]
            ),
            (np.r_[inside.row, out, back], np.r_[inside.col, back, out]),
        ),
        shape=inside.shape,
    ).tocsr()
    beyond = places_beyond(built["places"], cells, grid)
    ends = pd.concat([cells, beyond])[["side", "node", "access_h", "population"]]
    ends = ends[(ends["node"] >= 0) & (ends["population"] > 0)]
    node, access = ends["node"].to_numpy(), ends["access_h"].to_numpy()
    people, side = ends["population"].to_numpy(), ends["side"].to_numpy()
    worst = 0.0
    for name, cell in cells[cells["node"] >= 0].sample(n, random_state=1).iterrows():
        times = dijkstra(graph, indices=int(cell["node"]))[node] + cell["access_h"] + access
        times[ends.index == name] = 0.0
        for end, there in (("own", side == cell["side"]), ("across", side != cell["side"])):
            potential = (people * 0.5 ** (times / settings.access.half_life_h))[there].sum()
            near = people[there & (times <= 1)].sum()
            for found, wanted in (("potential", potential), ("population_60min", near)):
                difference = abs(cell[f"{found}_{end}"] - wanted) / max(wanted, 1.0)
                worst = max(worst, float(difference))
    return worst


def measure(belt_km: float, cell_km: float, out: str | None, check: int) -> dict[str, Any]:
    """Cost of the surfaces of one belt."""
    study = open_study("ru-kz")
    settings = study.settings.model_copy(
        update={
            "surface": SurfaceSection(population="register.tif", belt_km=belt_km, cell_km=cell_km)
        }
    )
    inputs = study.read()
    border = border_stage(inputs, settings)
    built = network_stage(inputs, settings, border)
    section = settings.surface
    assert section is not None
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "register.tif"]
        write_register(inputs.places, files[0])
        begun, used = time.perf_counter(), processor_s()
        grid, cells = belt_cells(
            border["border"], border["territory"], cell_km=cell_km, belt_km=belt_km
        )
        cells = cells.join(read_population(files, grid, cells))
        regions = polygon_population(files, regions_in_belt(section, grid, border))
        read, read_used = time.perf_counter() - begun, processor_s() - used
        begun, used = time.perf_counter(), processor_s()
        parts = surface_stage(settings, grid, cells, regions, border, built)
        took, took_used = time.perf_counter() - begun, processor_s() - used
        begun = time.perf_counter()
        target = Path(out or folder) / f"{belt_km:g}km"
        target.mkdir(parents=True, exist_ok=True)
        write_surfaces(Surfaces(grid, parts["cells"]), target)
        wrote = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    account = parts["account"].set_index("item")["value"]
    return {
        "belt km": belt_km,
        "cells": len(cells),
        "entries": int(account["entries to the network"]),
        "people": parts["cells"]["population"].sum(),
        "read s": read,
        "measure s": took,
        "write s": wrote,
        "processor s": read_used + took_used,
        "peak GB": peak,
        "cells-raster %": account["population of the cells against the raster"],
        "1e9 difference": 1e9 * greatest_difference(parts["cells"], grid, settings, built, check),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--belts", type=float, nargs="+", default=[25, 50, 75])
    parser.add_argument("--cell-km", type=float, default=1)
    parser.add_argument("--check", type=int, default=20, help="cells to measure again")
    parser.add_argument("--keep", help="folder to keep the rasters in")
    options = parser.parse_args()
    for number, belt in enumerate(options.belts):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            row = pool.submit(measure, belt, options.cell_km, options.keep, options.check).result()
        if not number:
            print("  ".join(f"{name:>14}" for name in row))
        print("  ".join(f"{value:>14,.2f}".replace(".00", "") for value in row.values()))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
