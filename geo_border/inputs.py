"""Readers: the files a study names become checked frames, or one clear error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from geo_border.network.graph import MODES, SIDES

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
    speeds, checkpoints, places, registry, indicators
        The tables of the same names.
    """

    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    speeds: pd.DataFrame
    checkpoints: pd.DataFrame
    places: gpd.GeoDataFrame
    registry: pd.DataFrame
    indicators: pd.DataFrame


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
    names = {
        "regions.home": settings.regions.home,
        "regions.neighbour": settings.regions.neighbour,
        "regions.home_territory": settings.regions.home_territory,
        "regions.neighbour_territory": settings.regions.neighbour_territory,
        **{f"network.lines.{n}": layer.file for n, layer in enumerate(settings.network.lines)},
        "network.speeds": settings.network.speeds,
        "checkpoints": settings.checkpoints.file,
        "places": settings.places.file,
        "indicators.registry": settings.indicators.registry,
        "indicators.table": settings.indicators.table,
    }
    return {key: folder / name for key, name in names.items() if name is not None}


def read_inputs(settings: Settings, folder: Path) -> Inputs:
    """Read and check every file of a study.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.

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
    sides = {side: read_regions(files[f"regions.{side}"], side) for side in SIDES}
    regions = pd.concat(sides.values())
    twice = regions.index[regions.index.duplicated()]
    if len(twice):
        raise TableError(
            f"region {twice[0]} stands on both sides",
            file=files["regions.neighbour"],
            row=twice[0],
            remedy="Give every region its own id, and one side",
        )
    territory = [regions[["side", "geometry"]].reset_index()]
    for side in SIDES:
        if (file := files.get(f"regions.{side}_territory")) is not None:
            rest = checked_polygons(read_layer(file).assign(region_id=None), file=file.name)
            territory.append(rest[["geometry"]].reset_index().assign(side=side))
    speeds = read_table(files["network.speeds"], SPEEDS)
    speeds["kmh"] *= settings.network.speed_factor
    checkpoints = read_table(files["checkpoints"], CHECKPOINTS).set_index("checkpoint_id")
    places = read_table(files["places"], PLACES).set_index("place_id")
    registry = read_table(files["indicators.registry"], REGISTRY).set_index("indicator_id")
    indicators = read_table(files["indicators.table"], INDICATORS)
    for column in ("home_id", "neighbour_id"):
        _known(checkpoints[column], regions.index, "region", files["checkpoints"], CheckpointError)
    _known(places["region_id"], regions.index, "region", files["places"], TableError)
    table = files["indicators.table"]
    _known(indicators["region_id"], regions.index, "region", table, IndicatorError)
    _known(indicators["indicator_id"], registry.index, "indicator", table, IndicatorError)
    return Inputs(
        regions=regions,
        territory=gpd.GeoDataFrame(pd.concat(territory, ignore_index=True), crs=4326),
        lines=pd.concat(
            [
                read_lines(files[f"network.lines.{n}"], layer.mode)
                for n, layer in enumerate(settings.network.lines)
            ],
            ignore_index=True,
        ),
        speeds=speeds,
        checkpoints=checkpoints,
        places=gpd.GeoDataFrame(
            places, geometry=gpd.points_from_xy(places["lon"], places["lat"]), crs=4326
        ),
        registry=registry,
        indicators=indicators,
    )


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
