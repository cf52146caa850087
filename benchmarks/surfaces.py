"""Surfaces of the embedded study: own side and across at 1 km, at three widths of the belt.

    python benchmarks/surfaces.py [--belts 25 50 75] [--cell-km 1] [--check 20] [--keep FOLDER]
        [--filled] [--services 100]

The population raster is the register of settlements of the study, each put into the pixel it
lies in: real figures, and every other pixel holds nobody. With --filled each pixel holds one
person more, so that every cell is a destination as in rasters of WorldPop; as many of the
largest settlements as --services says have one service each, in proportion to their people. Both
are for the cost alone. Belts are measured each in a
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
from dataclasses import replace
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
from geo_border.network.entries import join_cells
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.results import Surfaces
from geo_border.pipeline.settings import ServicesSection, SurfaceSection
from geo_border.pipeline.stages.border import border_stage
from geo_border.pipeline.stages.cell_trips import service_stage, trip_stage
from geo_border.pipeline.stages.cells import cell_stage, entry_stage, places_beyond
from geo_border.pipeline.stages.network import network_stage
from geo_border.pipeline.stages.parameters import surface_access
from geo_border.pipeline.stages.surfaces import cell_decays, surface_stage
from geo_border.report.files.rasters import write_surfaces
from geo_border.routing.engine.queue import MS_PER_H
from geo_border.routing.engine.searches import milliseconds
from geo_border.study import open_study
from geo_border.terms import ROAD

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.border.belt import CellGrid
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork

PIXEL = 1 / 120
"""Degrees: 30 seconds of arc, as the 1 km products of WorldPop and GHSL have."""


def write_register(places: pd.DataFrame, path: Path, *, elsewhere: float) -> None:
    """Rasterise the population of settlements, and so many persons elsewhere."""
    lon, lat = places["lon"].to_numpy(), places["lat"].to_numpy()
    west, north = np.floor(lon.min()) - 2, np.ceil(lat.max()) + 2
    columns = int((np.ceil(lon.max()) + 2 - west) / PIXEL)
    rows = int((north - np.floor(lat.min()) + 2) / PIXEL)
    persons = np.full((rows, columns), elsewhere, np.float32)
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
    cells: pd.DataFrame,
    grid: CellGrid,
    settings: Settings,
    border: Border,
    built: StudyNetwork,
    n: int,
) -> float:
    """Difference of potentials and counts to those of a search and a sum for each of n cells."""
    section = settings.surface
    assert section is not None
    network, _ = join_cells(
        built.network,
        built.gates,
        cells,
        grid.crs,
        foreign_land(border.territory),
        access=surface_access(settings),
        spacing_km=section.entry_km,
    )
    gates = gates_in_use(built.gates)
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
    beyond = places_beyond(built.places, cells, grid)
    ends = pd.concat([cells, beyond])[["side", "node", "access_h", "population"]]
    ends = ends[(ends["node"] >= 0) & (ends["population"] > 0)]
    node, access = ends["node"].to_numpy(), ends["access_h"].to_numpy()
    people, side = ends["population"].to_numpy(), ends["side"].to_numpy()
    worst = 0.0
    for name, cell in cells[cells["node"] >= 0].sample(n, random_state=1).iterrows():
        times = dijkstra(graph, indices=int(cell["node"]))[node] + cell["access_h"] + access
        times[ends.index == name] = 0.0
        for end, there in (("own", side == cell["side"]), ("across", side != cell["side"])):
            wanted = {"population_60min": people[there & (times <= 1)].sum()}
            for potential, decay in cell_decays(settings).items():
                wanted[potential] = (people * decay(times))[there].sum()
            for column, value in wanted.items():
                difference = abs(cell[f"{column}_{end}"] - value) / max(value, 1.0)
                worst = max(worst, float(difference))
    return worst


def largest(places: gpd.GeoDataFrame, n: int) -> gpd.GeoDataFrame:
    """Services in the largest settlements of both sides, in proportion to their people."""
    found = places[places["node"] >= 0].nlargest(n, "population")
    supply = found["population"] / 1000
    return found.assign(kind="hospital", supply=supply).rename_axis("service_id")


def measure(
    belt_km: float, cell_km: float, out: str | None, check: int, filled: float, services: int
) -> dict[str, Any]:
    """Cost of the surfaces of one belt."""
    study = open_study("ru-kz")
    section = SurfaceSection(population="register.tif", belt_km=belt_km, cell_km=cell_km)
    settings = study.settings.model_copy(
        update={"surface": section, "services": ServicesSection(file="largest.csv")}
    )
    inputs = study.read()
    border = border_stage(settings, inputs)
    built = network_stage(settings, inputs, border)
    built = replace(built, services=largest(built.places, services))
    row: dict[str, Any] = {"belt km": belt_km}
    used, clock = processor_s(), time.perf_counter()

    def timed(name: str) -> None:
        nonlocal used
        row[f"{name} s"] = processor_s() - used
        used = processor_s()

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "register.tif"]
        write_register(inputs.places, files[0], elsewhere=filled)
        grid, cells = belt_cells(border.line, border.territory, cell_km=cell_km, belt_km=belt_km)
        row["cells"] = len(cells)
        people = cell_stage(settings, grid, cells, files, border)
        timed("read")
        joined = entry_stage(settings, grid, people.cells, border, built)
        timed("join")
        stages = (joined, border, built)
        parts = [surface_stage(settings, grid, joined, people, border, built)]
        timed("reach")
        parts.append(trip_stage(settings, grid, *stages))
        timed("trips")
        if services:
            parts.append(service_stage(settings, grid, *stages))
            timed("services")
        cells = joined.cells.join([part.by_cell for part in parts])
        layers = pd.concat([part.layers for part in parts], ignore_index=True)
        target = Path(out or folder) / f"{belt_km:g}km"
        target.mkdir(parents=True, exist_ok=True)
        row["bands"] = len(layers) + 1
        write_surfaces(Surfaces(grid, cells, layers), target)
        timed("write")
    account = parts[0]["account"].set_index("item")["value"]
    return row | {
        "clock s": time.perf_counter() - clock,
        "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "entries": int(account["entries to the network"]),
        "inhabited": int((cells["population"] > 0).sum()),
        "cells-raster %": account["population of the cells against the raster"],
        "1e9 difference": 1e9 * greatest_difference(cells, grid, settings, border, built, check),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--belts", type=float, nargs="+", default=[25, 50, 75])
    parser.add_argument("--cell-km", type=float, default=1)
    parser.add_argument("--check", type=int, default=20, help="cells to measure again")
    parser.add_argument("--filled", action="store_true", help="a person more in every pixel")
    parser.add_argument("--services", type=int, default=100, help="settlements with a service")
    parser.add_argument("--keep", help="folder to keep the rasters in")
    options = parser.parse_args()
    for number, belt in enumerate(options.belts):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            row = pool.submit(
                measure,
                belt,
                options.cell_km,
                options.keep,
                options.check,
                float(options.filled),
                options.services,
            ).result()
        if not number:
            print("  ".join(f"{name:>{len(name) + 3}}" for name in row))
        print("  ".join(f"{value:>{len(name) + 3},.2f}" for name, value in row.items()))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
