"""Readers of vector layers: regions and lines, or one clear error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pandas.api.types import is_float_dtype

from geo_border.border.edges import checked_polygons, in_degrees
from geo_border.errors import GeometryError, TableError

if TYPE_CHECKING:
    from pathlib import Path


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
    if file.is_file() and not file.stat().st_size:
        raise GeometryError("it is empty", file=file, remedy="Export the layer again")
    if file.suffix == ".shp":
        lacking = [part for part in (".shx", ".dbf") if not file.with_suffix(part).exists()]
        if lacking:
            raise GeometryError(
                f"the Shapefile lacks its {' and '.join(lacking)}",
                file=file,
                remedy="Put all files of the same name there (.shp, .shx, .dbf, .prj)",
            )
    try:
        layer = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.FieldError, ValueError) as error:
        raise GeometryError(
            f"cannot be read as a vector layer ({_reason(error)})",
            file=file,
            remedy="Open it in QGIS and export it again, for example as GeoPackage",
        ) from error
    if not isinstance(layer, gpd.GeoDataFrame) or layer.empty:
        raise GeometryError("holds no feature with geometry", file=file, remedy="Check the export")
    return layer.set_geometry(shapely.force_2d(layer.geometry))


def _reason(error: Exception) -> str:
    """First sentence of what a library complains of; what follows is advice to programmers."""
    return re.split(r"\.?(?:;|\n|\. )", str(error), maxsplit=1)[0].removesuffix(".")


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
    for column in ("region_id", "name"):
        _refuse_empty(layer, column, file)
    if is_float_dtype(layer["region_id"]):
        layer["region_id"] = layer["region_id"].astype(int)
    layer["region_id"] = layer["region_id"].astype(str)
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
        kind = layer.geom_type[wrong].iloc[0]
        raise GeometryError(
            f"expected lines, found {'nothing' if pd.isna(kind) else kind}",
            file=file,
            row=int(wrong.to_numpy().argmax()) + 1,
            remedy="Keep the lines only",
        )
    if "class" not in layer:
        raise TableError("lacks the column class", file=file, remedy="Add the class of each line")
    _refuse_empty(layer, "class", file)
    for column in ("length_km", "speed_kmh", "hours"):
        if column in layer:
            numbers = pd.to_numeric(layer[column], errors="coerce")
            bad = ~(numbers.between(0, np.inf, inclusive="neither") | layer[column].isna())
            if bad.any():
                row = int(bad.to_numpy().argmax())
                raise TableError(
                    f"{column} should be a positive number, not {layer[column].iloc[row]!r}",
                    file=file,
                    row=row + 1,
                    remedy="Correct it, or leave it empty",
                )
            layer[column] = numbers
    if "oneway" in layer:
        given = pd.to_numeric(layer["oneway"], errors="coerce")
        bad = ~given.isin([-1, 0, 1]) & layer["oneway"].notna()
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise TableError(
                f"oneway is {layer['oneway'].iloc[row]!r}; it may be 1, -1 or 0",
                file=file,
                row=row + 1,
                remedy="Write 1 along the line, -1 against it, 0 for both ways",
            )
        layer["oneway"] = given
    lines = in_degrees(layer, file=file.name)
    return lines.rename(columns={"class": "road_class"}).assign(mode=mode)


def _refuse_empty(layer: gpd.GeoDataFrame, column: str, file: Path) -> None:
    """Raise on the first feature without a value in a column."""
    empty = layer[column].isna().to_numpy()
    if empty.any():
        row = int(empty.argmax()) + 1
        raise TableError(f"{column} is empty", file=file, row=row, remedy="Fill it in")
