"""The files that a study names, by the key that names each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.pipeline.inputs.opening import GEODATABASE
from geo_border.pipeline.settings import LayerSection

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.settings import Settings

SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""Parts of a Shapefile that say something."""


def extract_files(settings: Settings, folder: Path) -> dict[str, Path]:
    """Extracts that a study reads.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.

    Returns
    -------
    dict
        Path of each extract by the key of study.toml that names it.
    """
    extracts = [] if settings.osm is None else settings.osm.extracts
    return {f"osm.extracts.{n}": folder / row.file for n, row in enumerate(extracts)}


def layers(settings: Settings) -> dict[str, LayerSection]:
    """Layers that a study reads.

    Parameters
    ----------
    settings
        The study's settings.

    Returns
    -------
    dict
        File and name of each layer by the key of study.toml that names it.
    """
    regions = settings.regions
    named = {
        "regions.home": regions.home,
        "regions.neighbour": regions.neighbour,
        "regions.home_territory": regions.home_territory,
        "regions.neighbour_territory": regions.neighbour_territory,
        **{f"network.lines.{n}": layer for n, layer in enumerate(settings.network.lines)},
        "outer.roads": settings.outer and settings.outer.roads,
    }
    return {key: layer for key, layer in named.items() if isinstance(layer, LayerSection)}


def input_files(settings: Settings, folder: Path) -> dict[str, Path]:
    """Files that a study reads.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.

    Returns
    -------
    dict
        Path of each file by the key of study.toml that names it.
    """
    indicators = settings.indicators
    names = {
        **{key: layer.file for key, layer in layers(settings).items()},
        "network.speeds": settings.network.speeds,
        "checkpoints": settings.checkpoints.file,
        "places": settings.places.file,
        "outer.places": settings.outer and settings.outer.places,
        "services": settings.services and settings.services.file,
        "indicators.registry": indicators and indicators.registry,
        "indicators.table": indicators and indicators.table,
        "traffic.counts": settings.traffic.counts,
        **{
            f"surface.population.{n}": name
            for n, name in enumerate(settings.surface.population if settings.surface else [])
        },
    }
    return {key: folder / name for key, name in names.items() if isinstance(name, str)}


def parts_of(file: Path) -> list[Path]:
    """Files that make up one input: a Shapefile has several, a geodatabase is a folder.

    Parameters
    ----------
    file
        Path as study.toml names it.

    Returns
    -------
    list of Path
        Regular files in order of their names; none if there is none.
    """
    if file.is_dir() and file.suffix.lower() == GEODATABASE:
        return sorted(path for path in file.rglob("*") if path.is_file())
    if file.suffix.lower() != ".shp" or not file.is_file():
        return [file] if file.is_file() else []
    beside = (path for path in file.parent.iterdir() if path.stem == file.stem)
    return sorted(path for path in beside if path.suffix.lower() in SHAPEFILE and path.is_file())
