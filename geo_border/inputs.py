"""Readers: the files a study names become checked frames, or one clear error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyogrio
import shapely
from pandera.errors import SchemaErrors

from geo_border.border.checkpoints import STATUSES, USERS
from geo_border.border.edges import checked_polygons
from geo_border.errors import (
    CheckpointError,
    GeoBorderError,
    GeometryError,
    IndicatorError,
    TableError,
)
from geo_border.extracts import (
    REGISTER,
    checkpoints_of,
    settlements_of,
    sides_of,
    stations_of,
    with_capitals,
)
from geo_border.network.graph import MODES, SIDES
from geo_border.population import check_population

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.settings import Settings

LEVELS = (
    "transport_communication",
    "joint_projects",
    "social_services",
    "potential",
    "dynamics",
    "context",
)


def _key() -> pa.Column:
    return pa.Column(str, unique=True)


def _number(*checks: pa.Check, required: bool = True, nullable: bool = True) -> pa.Column:
    return pa.Column(float, [FINITE, *checks], nullable=nullable, required=required)


def _text(*values: str, nullable: bool = False, required: bool = True) -> pa.Column:
    may_be = f"it may be {', '.join(values)}"
    checks = [pa.Check.isin(values, error=may_be)] if values else []
    return pa.Column(str, checks, nullable=nullable, required=required)


def _between(low: float, high: float) -> pa.Check:
    return pa.Check.in_range(low, high, error=f"it must lie between {low} and {high}")


FINITE = pa.Check(np.isfinite, error="it must be a finite number")
LON, LAT = _between(-180, 180), _between(-90, 90)
NOT_NEGATIVE = pa.Check.ge(0, error="it must not be negative")

CHECKPOINTS = pa.DataFrameSchema(
    {
        "checkpoint_id": _key(),
        "name": _text(),
        "mode": _text(*MODES),
        "status": _text(*STATUSES),
        "users": _text(*USERS, nullable=True),
        "home_id": _text(nullable=True),
        "neighbour_id": _text(nullable=True),
        "lon": _number(LON),
        "lat": _number(LAT),
        "accuracy_km": _number(NOT_NEGATIVE),
        "hours": _text(nullable=True),
        "capacity_day": _number(NOT_NEGATIVE),
        "delay_h": _number(NOT_NEGATIVE),
        "delay_out_h": _number(NOT_NEGATIVE, required=False),
        "delay_in_h": _number(NOT_NEGATIVE, required=False),
    },
    coerce=True,
)
PLACES = pa.DataFrameSchema(
    {
        "place_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "region_id": _text(nullable=True),
        "population": _number(NOT_NEGATIVE, nullable=False),
    },
    coerce=True,
)
SERVICES = pa.DataFrameSchema(
    {
        "service_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "kind": _text(),
        "supply": _number(NOT_NEGATIVE, nullable=False),
    },
    coerce=True,
)
SPEEDS = pa.DataFrameSchema(
    {
        "side": _text(*SIDES),
        "mode": _text(*MODES),
        "class": _text(),
        "kmh": _number(_between(1, 400), nullable=False),
        "source": _text(),
    },
    unique=["side", "mode", "class"],
    coerce=True,
)
REGISTRY = pa.DataFrameSchema(
    {
        "indicator_id": _key(),
        "name": _text(),
        "level": _text(*LEVELS),
        "role": _text("index", "context"),
        "unit": _text(),
        "direction": _number(pa.Check.isin([-1, 1], error="it may be 1 or -1"), nullable=False),
        "denominator": _text(nullable=True),
        "transform": _text(nullable=True),
        "years": _number(pa.Check.ge(1, error="it must be at least 1")),
        "year_rule": _text("latest", "mean", nullable=True),
        "definition": _text(),
        "source": _text(),
        "licence": _text(),
    },
    coerce=True,
)
INDICATORS = pa.DataFrameSchema(
    {
        "region_id": _text(),
        "indicator_id": _text(),
        "year": pa.Column(int, _between(1800, 2200)),
        "value": _number(nullable=False),
        "source": _text(),
    },
    unique=["region_id", "indicator_id", "year"],
    coerce=True,
)


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
    regions, indicators = settings.regions, settings.indicators
    names = {
        "regions.home": regions.home,
        "regions.neighbour": regions.neighbour,
        "regions.home_territory": regions.home_territory,
        "regions.neighbour_territory": regions.neighbour_territory,
        **{f"network.lines.{n}": layer.file for n, layer in enumerate(settings.network.lines)},
        "network.speeds": settings.network.speeds,
        "checkpoints": settings.checkpoints.file,
        "places": settings.places.file,
        "services": settings.services and settings.services.file,
        "indicators.registry": indicators and indicators.registry,
        "indicators.table": indicators and indicators.table,
        **{
            f"surface.population.{n}": name
            for n, name in enumerate(settings.surface.files if settings.surface else [])
        },
    }
    return {key: folder / name for key, name in names.items() if isinstance(name, str)}


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
        Parts of `geo_border.extracts.extract_stage`, where the study names extracts.

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
        for name in settings.surface.files:
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


def read_services(file: Path) -> gpd.GeoDataFrame:
    """Read the table of services.

    Parameters
    ----------
    file
        Table with ``service_id``, ``name``, ``lon``, ``lat``, ``side``, ``kind`` and
        ``supply`` (beds, places, whatever people compete for).

    Returns
    -------
    GeoDataFrame
        Points in WGS 84, index ``service_id``.

    Raises
    ------
    TableError
        As `read_table`.
    """
    services = read_table(file, SERVICES).set_index("service_id")
    points = gpd.points_from_xy(services["lon"], services["lat"])
    return gpd.GeoDataFrame(services, geometry=points, crs=4326)


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


def read_table(file: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a CSV table and check it.

    Parameters
    ----------
    file
        Comma-separated, UTF-8, with a header.
    schema
        Columns and what they may hold; other columns are kept as text.

    Returns
    -------
    DataFrame
        One row a line, in the file's order; empty cells are missing.

    Raises
    ------
    TableError
        If the file is missing or not a table, lacks a column, repeats a key, or holds a value
        that its column does not allow.
    """
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise TableError(
            "there is no such file", file=file, remedy="Check the path in study.toml"
        ) from error
    except OSError as error:
        raise TableError(
            f"cannot be read ({error.strerror})", file=file, remedy="Name a file you may read"
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise TableError(
            f"not a comma-separated table in UTF-8 ({str(error).strip()})",
            file=file,
            remedy="Save it as CSV UTF-8",
        ) from error
    if len(frame.columns) == 1 and ";" in frame.columns[0]:
        raise TableError(
            "its columns are parted by semicolons", file=file, remedy="Save it with commas"
        )
    missing = [name for name, column in schema.columns.items() if column.required]
    missing = [name for name in missing if name not in frame]
    if missing:
        raise TableError(
            f"lacks the column {', '.join(missing)}",
            file=file,
            remedy=f"It has {', '.join(frame.columns)}; rename or add",
        )
    if frame.empty:
        raise TableError("has no rows", file=file, remedy="Fill it in")
    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        raise _table_error(error.failure_cases, frame, file) from None


def _table_error(failures: pd.DataFrame, frame: pd.DataFrame, file: Path) -> TableError:
    """Say the first thing that a schema found wrong."""
    check = str(failures.sort_values("index", kind="stable").iloc[0]["check"])
    same = failures[failures["check"].astype(str) == check].sort_values("index", kind="stable")
    twice = check in ("field_uniqueness", "multiple_fields_uniqueness")
    # Of rows with the same key, the later is the one too many.
    case = same.iloc[-1 if twice else 0]
    column, row = case["column"], None if pd.isna(case["index"]) else int(case["index"])
    value = None if row is None or column not in frame else frame[column].iloc[row]
    rows = same["index"].nunique() - (2 if twice else 1)
    more = f" (and {rows} more rows like it)" if rows > 0 else ""
    place = None if row is None else row + 2
    if check == "field_uniqueness":
        problem, remedy = f"{column} {value!r} stands twice", "Keep one of them"
    elif twice:
        columns = ", ".join(dict.fromkeys(same["column"]))
        problem, remedy = f"the same {columns} stand twice", "Keep one row of each"
    elif check == "not_nullable":
        problem, remedy = f"{column} is empty", "Fill it in"
    elif check.startswith(("coerce_dtype", "dtype")):
        problem = f"{column} should be a number, not {value!r}"
        remedy = "Write digits with a decimal point, or leave it empty where that is allowed"
    else:
        problem, remedy = f"{column} is {value!r}; {check}", "Correct the value"
    return TableError(f"{problem}{more}", file=file, row=place, remedy=remedy)


def read_layer(file: Path) -> gpd.GeoDataFrame:
    """Read a vector layer of any format that GDAL knows, or GeoParquet.

    Parameters
    ----------
    file
        Path of the layer; of several layers the first is read.

    Returns
    -------
    GeoDataFrame
        The layer with two-dimensional geometry.

    Raises
    ------
    GeometryError
        If the file is missing or not a vector layer, or holds no feature.
    """
    if not file.exists():
        raise GeometryError(
            "there is no such file", file=file, remedy="Check the path in study.toml"
        )
    try:
        layer = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.FieldError, ValueError) as error:
        raise GeometryError(
            f"cannot be read as a vector layer ({error})",
            file=file,
            remedy="Open it in QGIS and export it again, for example as GeoPackage",
        ) from error
    if not isinstance(layer, gpd.GeoDataFrame) or layer.empty:
        raise GeometryError("holds no feature with geometry", file=file, remedy="Check the export")
    return layer.set_geometry(shapely.force_2d(layer.geometry))


def read_regions(file: Path, side: str) -> gpd.GeoDataFrame:
    """Read the region polygons of one side.

    Parameters
    ----------
    file
        Layer with ``region_id``, ``name`` and, if known, ``name_ru``, ``name_kk``, ``capital``,
        ``capital_lon``, ``capital_lat``.
    side
        ``"home"`` or ``"neighbour"``.

    Returns
    -------
    GeoDataFrame
        Polygons in WGS 84, index ``region_id``, with ``side``.

    Raises
    ------
    TableError
        If a column is missing or an id stands twice.
    """
    layer = read_layer(file)
    missing = [column for column in ("region_id", "name") if column not in layer]
    if missing:
        raise TableError(
            f"lacks the column {', '.join(missing)}",
            file=file,
            remedy=f"It has {', '.join(map(str, layer.columns))}; rename or add",
        )
    twice = layer["region_id"].duplicated()
    if twice.any():
        raise TableError(
            f"region_id {layer.loc[twice.idxmax(), 'region_id']!r} stands twice",
            file=file,
            row=int(twice.to_numpy().argmax()) + 1,
            remedy="Dissolve its parts into one multipolygon, or give each its own id",
        )
    for column in ("capital_lon", "capital_lat"):
        given = layer[column] if column in layer else pd.Series(np.nan, layer.index)
        layer[column] = pd.to_numeric(given, errors="coerce").astype(float)
    return checked_polygons(layer, file=file.name).assign(side=side)


def read_lines(file: Path, mode: str) -> gpd.GeoDataFrame:
    """Read a layer of roads or railways.

    Parameters
    ----------
    file
        Layer of LineStrings with ``class`` and, if known, ``length_km``, ``oneway``,
        ``speed_kmh``, ``hours``.
    mode
        Mode of all its lines.

    Returns
    -------
    GeoDataFrame
        Lines in WGS 84 with ``mode`` and ``road_class``.

    Raises
    ------
    GeometryError
        If the layer has no CRS or holds anything but lines.
    TableError
        If ``class`` is missing or a length is not positive.
    """
    layer = read_layer(file)
    if layer.crs is None:
        raise GeometryError(
            "the layer has no coordinate reference system",
            file=file,
            remedy="Save it with its CRS",
        )
    wrong = ~layer.geom_type.isin(["LineString", "MultiLineString"])
    if wrong.any():
        raise GeometryError(
            f"expected lines, found {layer.geom_type[wrong].iloc[0]}",
            file=file,
            row=int(wrong.to_numpy().argmax()) + 1,
            remedy="Keep the lines only",
        )
    if "class" not in layer:
        raise TableError("lacks the column class", file=file, remedy="Add the class of each line")
    for column in ("length_km", "speed_kmh", "hours"):
        if column in layer:
            numbers = pd.to_numeric(layer[column], errors="coerce")
            bad = (numbers <= 0) | (numbers.isna() & layer[column].notna())
            if bad.any():
                row = int(bad.to_numpy().argmax())
                raise TableError(
                    f"{column} should be a positive number, not {layer[column].iloc[row]!r}",
                    file=file,
                    row=row + 1,
                    remedy="Correct it, or leave it empty",
                )
            layer[column] = numbers
    return layer.to_crs(4326).rename(columns={"class": "road_class"}).assign(mode=mode)
