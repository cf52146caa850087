"""The files a study names become checked frames, or one clear error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.border.edges import checked_polygons, extent
from geo_border.errors import (
    CheckpointError,
    GeoBorderError,
    IndicatorError,
    TableError,
)
from geo_border.inputs.extracts import (
    REGISTER,
    checkpoints_of,
    settlements_of,
    sides_of,
    stations_of,
    with_capitals,
)
from geo_border.inputs.files import input_files
from geo_border.inputs.layers import read_layer, read_lines, read_regions
from geo_border.inputs.population import check_population
from geo_border.inputs.schemas import CHECKPOINTS, INDICATORS, PLACES, REGISTRY, SPEEDS
from geo_border.inputs.tables import read_services, read_table
from geo_border.network.graph import SIDES

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.settings import Settings


FAR_DEGREES = 1.0
"""A place this far outside the frame of its region is not in it."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a study reads, checked.

    Parameters
    ----------
    regions
        Polygons of the regions of both sides, index ``region_id``, with ``side``.
    territory
        The regions and the rest of each side: ``side``, ``region_id`` (missing outside).
    lines
        Roads and railways with ``mode``, ``road_class``.
    speeds
        The table of default speeds, None without one.
    checkpoints
        The register and what the extracts mark, with ``known_from``.
    places, registry, indicators
        The tables of the same names.
    stations
        Where one changes between road and railway, with ``side``; None where settlements near a
        railway have one.
    services
        Services on both sides, index ``service_id``; none if the study names no table.
    outlines
        Polygons of the countries that the extracts hold whole, with ``country``; None without
        extracts.
    """

    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    speeds: pd.DataFrame | None
    checkpoints: pd.DataFrame
    places: gpd.GeoDataFrame
    registry: pd.DataFrame
    indicators: pd.DataFrame
    stations: gpd.GeoDataFrame | None = None
    services: gpd.GeoDataFrame | None = None
    outlines: gpd.GeoDataFrame | None = None


def read_inputs(
    settings: Settings, folder: Path, extracted: dict[str, Any] | None = None
) -> Inputs:
    """Read and check every file of a study.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.
    extracted
        Parts of `geo_border.inputs.extracts.extract_stage`, where the study names extracts.

    Returns
    -------
    Inputs
        Checked frames.

    Raises
    ------
    GeoBorderError
        For the first thing found wrong, with file, row and remedy.
    """
    files = input_files(settings, folder)
    if settings.surface is not None:
        for name in settings.surface.population:
            check_population(folder / name, band=settings.surface.band)
    given = {
        f"regions.{side}": read_regions(files[f"regions.{side}"], side)
        for side in SIDES
        if f"regions.{side}" in files
    }
    for side in SIDES:
        if (file := files.get(key := f"regions.{side}_territory")) is not None:
            land = checked_polygons(read_layer(file).assign(region_id=None), file=file.name)
            given[key] = land.assign(side=side)
    if extracted is not None:
        regions, rest = sides_of(settings, extracted, given)
    else:
        regions = pd.concat([given[f"regions.{side}"] for side in SIDES])
        territories = [
            given[key] for side in SIDES if (key := f"regions.{side}_territory") in given
        ]
        rest = pd.concat(territories).reset_index() if territories else regions.iloc[:0]
    twice = regions.index[regions.index.duplicated()]
    if len(twice):
        raise TableError(
            f"region {twice[0]} stands on both sides",
            file=files.get("regions.neighbour", "study.toml"),
            row=twice[0],
            remedy="Give every region its own id, and one side",
        )
    land = [regions[["side", "geometry"]].reset_index(), rest[["side", "geometry"]]]
    territory = gpd.GeoDataFrame(pd.concat(land, ignore_index=True), crs=4326)
    territory["region_id"] = (
        territory["region_id"].astype(object).where(territory["region_id"].notna(), None)
    )
    countries = None if extracted is None else extracted["osm_countries"]
    registry, indicators = _indicators(files, regions)
    places = _places(settings, files, regions, territory, extracted)
    return Inputs(
        regions=regions if extracted is None else with_capitals(regions, places),
        territory=territory,
        lines=_lines(settings, files, extracted),
        speeds=_speeds(settings, files),
        checkpoints=_checkpoints(files, regions, extracted),
        places=places,
        registry=registry,
        indicators=indicators,
        stations=None if extracted is None else stations_of(extracted, territory),
        services=read_services(files["services"]) if "services" in files else None,
        outlines=None if countries is None else countries[countries["is_whole"].astype(bool)],
    )


def _lines(
    settings: Settings, files: dict[str, Path], extracted: dict[str, Any] | None
) -> gpd.GeoDataFrame:
    """Lines of the extracts and of the layers that are named besides."""
    layers = [
        read_lines(files[f"network.lines.{n}"], layer.mode)
        for n, layer in enumerate(settings.network.lines)
    ]
    if extracted is not None:
        lines = extracted["osm_lines"]
        factor = settings.network.speed_factor
        layers.insert(0, lines.assign(travel_kmh=lines["travel_kmh"] * factor))
    return pd.concat(layers, ignore_index=True)


def _speeds(settings: Settings, files: dict[str, Path]) -> pd.DataFrame | None:
    """Default speeds, where the study has a table of them."""
    if "network.speeds" not in files:
        return None
    speeds = read_table(files["network.speeds"], SPEEDS)
    speeds["kmh"] *= settings.network.speed_factor
    return speeds


def _checkpoints(
    files: dict[str, Path], regions: gpd.GeoDataFrame, extracted: dict[str, Any] | None
) -> pd.DataFrame:
    """Checkpoints of the register and of the extracts, each with where it is known from."""
    register = None
    if "checkpoints" in files:
        register = read_table(files["checkpoints"], CHECKPOINTS).set_index("checkpoint_id")
        for column in ("home_id", "neighbour_id"):
            known = regions.index
            _known(register[column], known, "region", files["checkpoints"], CheckpointError)
    if extracted is not None:
        return checkpoints_of(extracted, register)
    assert register is not None
    return register.assign(known_from=REGISTER)


def _places(
    settings: Settings,
    files: dict[str, Path],
    regions: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    extracted: dict[str, Any] | None,
) -> gpd.GeoDataFrame:
    """Settlements of the file, of the extracts, or of both."""
    layers = []
    tagged = settings.places.tagged
    if extracted is not None and (tagged if tagged is not None else "places" not in files):
        layers.append(settlements_of(extracted, territory, settings.places.leave_out))
    if "places" in files:
        places = read_table(files["places"], PLACES).set_index("place_id")
        _known(places["region_id"], regions.index, "region", files["places"], TableError)
        _near_regions(places, regions, files["places"])
        points = gpd.points_from_xy(places["lon"], places["lat"])
        layers.append(gpd.GeoDataFrame(places, geometry=points, crs=4326))
    places = pd.concat([layer for layer in layers if len(layer)] or layers)
    missing = [side for side in SIDES if not (places["side"] == side).any()]
    if missing:
        raise TableError(
            f"no settlement with a population lies on the {missing[0]} side",
            file=files.get("places", "study.toml"),
            remedy="Add a table of towns with `file` in [places]; beside tagged ones with "
            "`tagged = true`",
        )
    twice = places.index[places.index.duplicated()]
    if len(twice):
        raise TableError(
            f"place_id {twice[0]!r} is in the extracts too",
            file=files["places"],
            remedy="Give it another id, or leave it out",
        )
    return places


def _near_regions(places: pd.DataFrame, regions: gpd.GeoDataFrame, file: Path) -> None:
    """Raise on the first place that lies far from the region it is said to be in."""
    west, south, east, north = regions.bounds.reindex(places["region_id"]).to_numpy().T
    lon, lat = places["lon"].to_numpy(), places["lat"].to_numpy()
    beside = np.maximum(np.maximum(west - lon, lon - east), np.maximum(south - lat, lat - north))
    far = beside > FAR_DEGREES
    if far.any():
        row = int(far.argmax())
        raise TableError(
            f"{places['name'].iloc[row]} at lon {lon[row]:g}, lat {lat[row]:g} is not in region "
            f"{places['region_id'].iloc[row]}, which is at "
            f"{extent((west[row], south[row], east[row], north[row]))}"
            + (f" (and {far.sum() - 1} more rows like it)" if far.sum() > 1 else ""),
            file=file,
            row=row + 2,
            remedy="Check lon and lat (degrees, in that order), region_id, and the regions",
        )


def _indicators(
    files: dict[str, Path], regions: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Registry and values; without them the run's own measures are all there is."""
    if "indicators.table" not in files:
        registry = pd.DataFrame({name: pd.Series(dtype=object) for name in REGISTRY.columns})
        values = pd.DataFrame({name: pd.Series(dtype=object) for name in INDICATORS.columns})
        return registry.set_index("indicator_id"), values.astype({"value": float, "year": int})
    registry = read_table(files["indicators.registry"], REGISTRY).set_index("indicator_id")
    indicators = read_table(files["indicators.table"], INDICATORS)
    table = files["indicators.table"]
    _known(indicators["region_id"], regions.index, "region", table, IndicatorError)
    _known(indicators["indicator_id"], registry.index, "indicator", table, IndicatorError)
    return registry, indicators


def _known(
    values: pd.Series, known: pd.Index, what: str, file: Path, error: type[GeoBorderError]
) -> None:
    """Raise on the first value that is neither missing nor known."""
    strange = values.notna() & ~values.isin(known)
    if strange.any():
        position = int(strange.to_numpy().argmax())
        raise error(
            f"unknown {what} {values.iloc[position]!r}",
            file=file,
            row=position + 2,
            remedy=f"Known are {', '.join(map(str, known[:30]))}",
        )
