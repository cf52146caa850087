"""All files of a study opened, each with what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from geo_border.pipeline.inputs.files import input_files, layers
from geo_border.pipeline.inputs.layers import Layer, open_lines, open_regions, open_territory
from geo_border.pipeline.inputs.population import check_population
from geo_border.pipeline.inputs.schemas import (
    COUNTS,
    INDICATORS,
    OUTER_PLACES,
    OUTER_ROADS,
    PLACES,
    REGISTRY,
    SERVICES,
    SPEEDS,
    checkpoints_schema,
)
from geo_border.pipeline.inputs.tables import Table, open_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo_border.pipeline.inputs.faults import Faults
    from geo_border.pipeline.settings import Settings

SCHEMAS = {
    "network.speeds": SPEEDS,
    "places": PLACES,
    "outer.places": OUTER_PLACES,
    "services": SERVICES,
    "indicators.registry": REGISTRY,
    "indicators.table": INDICATORS,
    "traffic.counts": COUNTS,
}
"""What a table may hold, by the key of study.toml that names it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The files of a study.

    Parameters
    ----------
    layers, tables
        Those that could be read, sound or not, by the key of study.toml that names them.
    """

    layers: dict[str, Layer]
    tables: dict[str, Table]


def open_files(settings: Settings, folder: Path, faults: Faults) -> Opened:
    """Open every layer, table and raster that a study names.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.
    faults
        What is wrong is added to it.

    Returns
    -------
    Opened
        What could be read.
    """
    files = input_files(settings, folder)
    opened = Opened({}, {})
    if settings.surface is not None:
        for name in settings.surface.population:
            with faults.kept():
                check_population(folder / name, band=settings.surface.band)
    for key, layer in layers(settings).items():
        with faults.kept():
            read: Callable[[Path, str | None], Layer] = open_lines
            if key == "outer.roads":
                read = partial(open_lines, schema=OUTER_ROADS)
            elif key.startswith("regions."):
                read = open_territory if key.endswith("_territory") else open_regions
            opened.layers[key] = read(files[key], layer.layer)
            faults.add(opened.layers[key].faults)
    register = checkpoints_schema(settings.traffic.classes)
    for key, schema in {"checkpoints": register, **SCHEMAS}.items():
        if key in files:
            with faults.kept():
                opened.tables[key] = open_table(files[key], schema)
                faults.add(opened.tables[key].faults)
    return opened
