"""Readers of vector layers: regions and lines, or one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geo_border.border.edges import checked_polygons
from geo_border.errors import (
    GeometryError,
    TableError,
)

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
