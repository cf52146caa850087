"""What it costs to make a network of an extract, step by step.

    python benchmarks/network.py andorra.osm.pbf --copies 23 92

Large extracts are made as `osm_reader.py` makes them. A wavy line of 80,000 vertices through
the middle is the border, 40 of its crossings have a checkpoint, 4,000 places lie anywhere.
Service roads and tracks count as roads, so that the network is as large as a country's. Every
size runs in a process of its own; processor seconds and peak memory of each step are printed. The
whole network is made last, so its steps before are in it once more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import geopandas as gpd
import numpy as np
import osm_reader
import pandas as pd
import shapely

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.line import border_line
from geo_border.network.build import build_network
from geo_border.network.divided import divide
from geo_border.network.links import links_from_lines
from geo_border.network.tolerances import Tolerances
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.roads import RoadRules
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract

BORDER_VERTICES = 80_000
PLACES = 4_000
CONTROLS = 40
MARGIN = 0.1


def memory_gb() -> float:
    """Memory that this process holds now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    row = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(row.split()[1]) / 1e6


class Steps:
    """Prints what each step took since the one before."""

    def __init__(self) -> None:
        self.peak = 0.0
        self.started = time.process_time()
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self) -> None:
        """Follow the memory."""
        while True:
            self.peak = max(self.peak, memory_gb())
            time.sleep(0.02)

    def done(self, step: str, result: str = "") -> None:
        """End a step."""
        now = time.process_time()
        print(f"{step:12} {now - self.started:7.1f} s {self.peak:6.2f} GB  {result}", flush=True)
        self.peak, self.started = memory_gb(), time.process_time()


def halves(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two sides that meet in a wavy line from south to north through the middle of the lines."""
    west, south, east, north = lines.total_bounds + MARGIN * np.array([-1, -1, 1, 1])
    y = np.linspace(south, north, BORDER_VERTICES)
    x = (west + east) / 2 + 0.01 * np.sin(200 * y) + 0.0002 * np.sin(20_000 * y)
    line = np.column_stack([x, y])
    sides = [shapely.Polygon([*line, (end, north), (end, south)]) for end in (west, east)]
    ids = {"side": ["home", "neighbour"], "region_id": ["A", "B"]}
    return gpd.GeoDataFrame(ids, geometry=sides, crs=4326)


def register(nodes: pd.DataFrame, links: gpd.GeoDataFrame) -> pd.DataFrame:
    """Checkpoints in the middle of some of the links that pass."""
    side = nodes["side"].to_numpy()
    passing = np.flatnonzero(side[links["tail"]] != side[links["head"]])
    some = passing[:: max(1, len(passing) // CONTROLS)]
    at = shapely.line_interpolate_point(links.geometry.to_numpy()[some], 0.5, normalized=True)
    given: dict[str, Any] = {"name": "post", "mode": "road", "status": "open", "delay_h": 1.0}
    unknown = dict.fromkeys(["users", "home_id", "neighbour_id", "hours"])
    return pd.DataFrame(
        given
        | unknown
        | {"lon": shapely.get_x(at), "lat": shapely.get_y(at)}
        | {"accuracy_km": 0.05, "capacity_day": np.nan},
        index=pd.Index([f"post{n}" for n in range(len(some))], name="checkpoint_id"),
    )


def scattered(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Places anywhere, without regard to roads."""
    random = np.random.default_rng(1)
    west, south, east, north = land.total_bounds
    x, y = random.uniform(west, east, PLACES), random.uniform(south, north, PLACES)
    home = shapely.contains_xy(land.geometry.iloc[0], x, y)
    return gpd.GeoDataFrame(
        {"population": 1.0, "side": np.where(home, "home", "neighbour")},
        geometry=gpd.points_from_xy(x, y),
        crs=4326,
    )


def measure(file: Path) -> None:
    """Make the network of one file."""
    steps = Steps()
    extract = read_extract([file], wanted())
    steps.done("read", f"{file.stat().st_size / 1e6:,.0f} MB, {len(extract.way_id):,} ways")
    classes = (*RoadRules().classes, "service", "track")
    lines, _ = lines_from_extract(extract, roads=RoadRules(classes=classes, closed_access=()))
    del extract
    steps.done("lines", f"{len(lines):,}")
    land = halves(lines)
    regions = land.set_index("region_id")
    border = border_line(regions.loc[["A"]], regions.loc[["B"]])
    places = scattered(land)
    steps.done("border", f"{border['length_km'].sum():,.0f} km")
    nodes, links = links_from_lines(lines, land)
    steps.done("links", f"{len(links):,}, {len(nodes):,} nodes")
    controls = placed_checkpoints(register(nodes, links), border, delay_h={"road": 1})
    del nodes, links
    divided = divide(lines, land, border, controls, Tolerances())
    steps.done("divided", f"{len(divided.links):,} links, {len(divided.crossings):,} crossings")
    del divided
    built = build_network(lines, land, border, controls, places)
    steps.done("network", f"{built.network.n_edges:,} edges, {len(built.gates):,} gates")


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extract", type=Path)
    parser.add_argument("--copies", type=int, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    requested = parser.parse_args()
    if not requested.copies:
        measure(requested.extract)
    for copies in requested.copies:
        file = requested.cache / f"{requested.extract.stem}-{copies}.osm.pbf"
        if not file.exists():
            osm_reader.multiply(requested.extract, copies, file)
        print(f"\n{copies} copies")
        subprocess.run([sys.executable, __file__, str(file)], check=True)


if __name__ == "__main__":
    main()
