"""Rebuild the generated files of this study from registry packages and the entered tables."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from builders.factors import known_routes, length_factors
from builders.network import layer, read_lines, with_lengths, without_scraps
from builders.patches import apply_patches
from builders.places import places, read_cities
from builders.polygons import read_land, write_land
from builders.writing import write_geojson, write_table

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
    known = pd.read_csv(HERE / "entered" / "known_lengths.csv")
    factors = []
    for mode, name in (("road", "roads"), ("rail", "railways")):
        lines = apply_patches(read_lines(mode, land, options.cache), patches, checkpoints)
        lines = without_scraps(lines)
        factors.append(length_factors(known_routes(lines, known), mode))
        lines = with_lengths(lines, factors[-1], connector_factor=CONNECTOR_FACTOR)
        write_geojson(options.out / f"{name}.geojson", layer(lines))
    write_table(options.out / "length_factors.csv", pd.concat(factors))


if __name__ == "__main__":
    main()
