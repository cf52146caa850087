"""Readers of vector layers: regions, territories and lines, and all that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas.array import GeometryDtype
from pandas.api.types import (
    is_bool_dtype,
    is_datetime64_any_dtype,
    is_integer_dtype,
    is_numeric_dtype,
)

from geo_border.errors import TableError, all_of
from geo_border.network.links import CARRIED
from geo_border.pipeline.inputs.checks import checked_cells, is_number, known_columns
from geo_border.pipeline.inputs.faults import fault_of_rows
from geo_border.pipeline.inputs.gis import read_layer
from geo_border.pipeline.inputs.schemas import LINES, regions_schema
from geo_border.pipeline.inputs.shapes import LINES as LINE_KINDS
from geo_border.pipeline.inputs.shapes import POLYGONS, checked_shapes, without_empty_parts
from geo_border.pipeline.inputs.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandera.pandas as pa

    from geo_border.errors import GeoBorderError

LISTS = (list, tuple, dict, np.ndarray, bytes)
"""What may stand in a cell of a layer and is no single value."""

YES_NO = {
    **dict.fromkeys(("yes", "true", "t", "1"), "yes"),
    **dict.fromkeys(("no", "false", "f", "0"), "no"),
}
"""How layers say whether a line is on a bridge or in a tunnel."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that was read.

    Parameters
    ----------
    file
        Where it is from.
    frame
        Geometry in WGS 84 and the columns that its schema knows; the index is the row of the
        feature in the file, from 1.
    further
        Its other columns, the same index.
    faults
        All that is wrong with it.
    """

    file: Path
    frame: gpd.GeoDataFrame
    further: pd.DataFrame
    faults: Sequence[GeoBorderError] = field(default=())


def open_regions(file: Path, layer: str | None = None) -> Layer:
    """Read a layer of region polygons.

    Parameters
    ----------
    file
        Layer with ``region_id``, ``name`` and, if known, names by language (``name_`` and its
        code of ISO 639), ``capital``, ``capital_lon``, ``capital_lat``.
    layer
        Its name, where the file has several.

    Returns
    -------
    Layer
        What is in it, and what is wrong.

    Raises
    ------
    GeoBorderError
        If it cannot be read at all, or a column is missing.
    """
    raw = read_layer(file, kind="Polygon", layer=layer)
    schema = regions_schema(map(str, raw.columns))
    frame, faults = _attributes(raw, schema, file)
    for name in ("capital", "capital_lon", "capital_lat"):
        if name not in frame:
            frame[name] = np.nan if name != "capital" else pd.Series(None, frame.index, dtype="str")
    further = _further(raw, schema, file)
    names = frame["region_id"].fillna("without an id").tolist()
    shapes, wrong = checked_shapes(raw, POLYGONS, file=file, names=names)
    return Layer(file, gpd.GeoDataFrame(frame, geometry=shapes), further, [*wrong, *faults])


def open_territory(file: Path, layer: str | None = None) -> Layer:
    """Read a layer of the land of a side beyond its regions; nothing but the polygons counts.

    Parameters
    ----------
    file, layer
        As in `open_regions`.

    Returns
    -------
    Layer
        Polygons without columns.

    Raises
    ------
    GeoBorderError
        If it cannot be read at all.
    """
    raw = read_layer(file, kind="Polygon", layer=layer)
    shapes, wrong = checked_shapes(raw, POLYGONS, file=file)
    return Layer(file, gpd.GeoDataFrame(geometry=shapes), pd.DataFrame(index=raw.index), wrong)


def open_lines(
    file: Path, layer: str | None = None, *, schema: pa.DataFrameSchema = LINES
) -> Layer:
    """Read a layer of roads, railways or ferries.

    Parameters
    ----------
    file
        Layer of lines with ``class`` and, if known, ``length_km``, ``oneway``, ``speed_kmh``,
        ``hours``, and what is carried with links.
    layer
        As in `open_regions`.
    schema
        Columns and what they may hold.

    Returns
    -------
    Layer
        With ``road_class`` for the class; further columns are left out.

    Raises
    ------
    GeoBorderError
        As in `open_regions`.
    """
    raw = read_layer(file, kind="LineString", layer=layer)
    if "oneway" in raw and is_bool_dtype(raw["oneway"]):
        raw["oneway"] = raw["oneway"].astype(int)
    frame, faults = _attributes(raw, schema, file)
    for name in ("way_id", "gauge_mm"):
        if name in frame:
            frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    for name in ("bridge", "tunnel"):
        if name in frame:
            frame[name] = frame[name].str.lower().map(YES_NO)
    if "oneway" in frame:
        frame["oneway"] = pd.to_numeric(frame["oneway"], errors="coerce").astype(float)
    shapes, wrong = checked_shapes(raw, LINE_KINDS, file=file)
    if not wrong:
        shapes = without_empty_parts(shapes)
    lines = gpd.GeoDataFrame(frame.rename(columns={"class": "road_class"}), geometry=shapes)
    return Layer(file, lines, pd.DataFrame(index=raw.index), [*wrong, *faults])


def read_regions(file: Path, side: str) -> gpd.GeoDataFrame:
    """Read the region polygons of one side.

    Parameters
    ----------
    file
        As in `open_regions`.
    side
        ``"home"`` or ``"neighbour"``.

    Returns
    -------
    GeoDataFrame
        Polygons in WGS 84, index ``region_id``, with ``side``.

    Raises
    ------
    GeoBorderError
        One that says all that is wrong.
    """
    return _sound(open_regions(file)).set_index("region_id").assign(side=side)


def read_lines(file: Path, mode: str) -> gpd.GeoDataFrame:
    """Read a layer of roads or railways.

    Parameters
    ----------
    file
        As in `open_lines`.
    mode
        Mode of all its lines.

    Returns
    -------
    GeoDataFrame
        Lines in WGS 84 with ``mode`` and ``road_class``.

    Raises
    ------
    GeoBorderError
        One that says all that is wrong.
    """
    return _sound(open_lines(file)).assign(mode=mode)


def _sound(layer: Layer) -> gpd.GeoDataFrame:
    """The frame of a layer that has no faults."""
    if layer.faults:
        raise all_of(layer.faults)
    return layer.frame


def _attributes(
    raw: gpd.GeoDataFrame, schema: pa.DataFrameSchema, file: Path
) -> tuple[pd.DataFrame, list[TableError]]:
    """Columns that a schema knows, and what is wrong with them."""
    columns = raw.drop(columns=raw.geometry.name)
    known = known_columns(map(str, columns), schema, file)
    faults: list[TableError] = []
    reported: set[tuple[Any, str]] = set()
    cells = {}
    for name, wanted in known.items():
        values = _single(columns[name])
        lists = values.index[[isinstance(value, LISTS) for value in values]]
        if len(lists) and wanted not in CARRIED:
            problem = f"{wanted} is a list, not one value"
            remedy = "Keep one of it"
            faults.append(fault_of_rows(TableError, problem, lists, file=file, remedy=remedy))
            values = values.drop(lists).reindex(values.index)
            reported.update((row, wanted) for row in lists)
        # Ids and classes may be numbers in a layer, and are words.
        cells[wanted] = _numbers(values) if is_number(schema, wanted) else as_words(values)
    frame, more = checked_cells(
        pd.DataFrame(cells, raw.index), schema, file=file, reported=reported
    )
    return frame, [*faults, *more]


def _single(values: pd.Series) -> pd.Series:
    """Values, those that are alone in a list without it: one list makes lists of all."""
    if values.dtype != object:
        return values
    return values.map(
        lambda value: (
            value[0] if isinstance(value, list | np.ndarray) and len(value) == 1 else value
        )
    )


def _further(raw: gpd.GeoDataFrame, schema: pa.DataFrameSchema, file: Path) -> pd.DataFrame:
    """Columns that a schema does not know: numbers as they are, all else as text."""
    columns = raw.loc[:, [not isinstance(kind, GeometryDtype) for kind in raw.dtypes]]
    columns = columns.drop(columns=list(known_columns(map(str, columns), schema, file)))
    return pd.DataFrame({name: _numbers(columns[name]) for name in columns}, raw.index)


def _numbers(values: pd.Series) -> pd.Series:
    """Numbers as they are, all else as text."""
    is_number = is_numeric_dtype(values) and not is_bool_dtype(values)
    return values if is_number else as_words(values)


def as_words(values: pd.Series) -> pd.Series:
    """Values of any kind as one writes them.

    Parameters
    ----------
    values
        A column of a layer.

    Returns
    -------
    Series
        Text without blanks around it: 1 for 1.0, 1.1 for what is nearest to it, days without
        hours, lists with semicolons; missing where nothing is said.
    """
    if is_integer_dtype(values):
        return values.astype("str").mask(values.isna())
    if (
        is_datetime64_any_dtype(values)
        and (values.dropna() == values.dropna().dt.normalize()).all()
    ):
        days: pd.Series = values.dt.strftime("%Y-%m-%d").astype("str")
        return days
    text = pd.Series([_word(value) for value in values.to_numpy()], values.index, dtype="str")
    return text.mask(text == "")


def _word(value: Any) -> str:
    """Text of one value, empty where there is none."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, LISTS):
        parts = value.items() if isinstance(value, dict) else list(value)
        return ";".join(map(_word, parts))
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        return np.format_float_positional(value, trim="-") if np.isfinite(value) else str(value)
    return "" if pd.isna(value) else str(value)
