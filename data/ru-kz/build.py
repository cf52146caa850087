"""Rebuild the generated files of this study from registry packages and the entered tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from builders.factors import known_routes, length_factors
from builders.network import layer, read_lines, with_lengths, without_scraps
from builders.outer import chains, compare, read_trunks, thinned
from builders.outer_places import outer_places
from builders.patches import apply_patches
from builders.places import places, read_cities
from builders.polygons import read_land, write_land
from builders.traffic import counts
from builders.writing import write_geojson, write_table

if TYPE_CHECKING:
    from builders.network import Lines
    from builders.polygons import Land

HERE = Path(__file__).parent
CONNECTOR_FACTOR = 1.3
"""Length of a local road over the straight line between its ends."""


def population_totals(indicators: pd.DataFrame) -> pd.Series:
    """Latest official population of each region.

    Parameters
    ----------
    indicators
        The tidy table of the study; ``population`` in thousand persons.

    Returns
    -------
    Series
        Persons by ``region_id``.
    """
    population = indicators[indicators["indicator_id"] == "population"].sort_values("year")
    latest = population.groupby("region_id")["value"].last()
    return (latest * 1000).round().astype(int)


def main() -> None:
    """Read the command line, build everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of downloaded packages")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    land = read_land(HERE / "entered", options.cache)
    write_land(land, options.out)

    totals = population_totals(pd.read_csv(HERE / "indicators.csv"))
    settlements, merged = places(read_cities(options.cache), land, totals)
    write_table(options.out / "places.csv", settlements)
    write_table(options.out / "places_merged.csv", merged)

    patches = pd.read_csv(HERE / "patches.csv")
    checkpoints = pd.read_csv(HERE / "checkpoints.csv", index_col="checkpoint_id")
    flows = pd.read_csv(HERE / "checkpoint_flows.csv")
    write_table(options.out / "counts.csv", counts(flows, checkpoints.index))
    known = pd.read_csv(HERE / "entered" / "known_lengths.csv")
    factors = []
    for mode, name in (("road", "roads"), ("rail", "railways")):
        lines = apply_patches(read_lines(mode, land, options.cache), patches, checkpoints)
        lines = without_scraps(lines)
        factors.append(length_factors(known_routes(lines, known), mode))
        lines = with_lengths(lines, factors[-1], connector_factor=CONNECTOR_FACTOR)
        write_geojson(options.out / f"{name}.geojson", layer(lines))
        if mode == "road":
            within = {*settlements["place_id"], *merged["merged_id"]}
            build_outer(land, lines, within, factors[-1], options)
    write_table(options.out / "length_factors.csv", pd.concat(factors))


def build_outer(
    land: Land, roads: Lines, within: set[int], factors: pd.DataFrame, options: argparse.Namespace
) -> None:
    """Write the cities and trunk roads beyond the territory layers.

    Parameters
    ----------
    land
        The two sides.
    roads
        The roads within the layers.
    within
        Ids of the settlements within them.
    factors
        Length factors of roads.
    options
        ``cache`` and ``out``.
    """
    gaps = pd.read_csv(HERE / "entered" / "outer_gaps.csv")
    trunks = read_trunks(land, roads, gaps, factors, options.cache)
    cities, left_out, kept = outer_places(within, trunks, options.cache)
    links = thinned(trunks, kept)
    thin = chains(trunks, links, kept)
    write_table(options.out / "outer_lengths.csv", compare(trunks, thin, kept))
    write_geojson(options.out / "outer_roads.geojson", thin)
    write_table(options.out / "outer_places.csv", cities)
    write_table(options.out / "outer_left_out.csv", left_out)


if __name__ == "__main__":
    main()
