"""Files written whole, the same bytes for the same content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

DECIMALS = 6
"""Decimals of a degree: 0.1 m."""


def write_text(path: Path, text: str) -> None:
    """Write aside, then rename, so that a file appears whole.

    Parameters
    ----------
    path
        The file.
    text
        Its content.
    """
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8", newline="\n")
    aside.replace(path)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV UTF-8.

    Parameters
    ----------
    path
        The file.
    table
        Rows in order; missing values become empty cells.
    """
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def rounded(geometry: Any, decimals: int = DECIMALS) -> Any:
    """Geometry with rounded coordinates, without the repeated points that makes.

    Parameters
    ----------
    geometry
        Geometry or array of geometries in degrees.
    decimals
        Decimals to keep.

    Returns
    -------
    Geometry or ndarray
        The same, rounded.
    """
    return shapely.remove_repeated_points(
        shapely.transform(geometry, lambda xy: np.round(xy, decimals))
    )


def write_geojson(path: Path, layer: gpd.GeoDataFrame) -> None:
    """Write a layer as GeoJSON, one feature a line.

    Parameters
    ----------
    path
        The file.
    layer
        WGS 84; coordinates are written as they are, missing values become null.
    """
    columns = [name for name in layer.columns if name != layer.geometry.name]
    lines = []
    for values, shape in zip(layer[columns].astype(object).to_numpy(), layer.geometry, strict=True):
        properties = {
            name: None if value is None or value != value else value  # noqa: PLR0124
            for name, value in zip(columns, values, strict=True)
        }
        feature = {
            "type": "Feature",
            "properties": properties,
            "geometry": shapely.geometry.mapping(shape),
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = f'{{"type":"FeatureCollection","name":"{path.stem}","features":[\n'
    write_text(path, head + ",\n".join(lines) + "\n]}\n")
