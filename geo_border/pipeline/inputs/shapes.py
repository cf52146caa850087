"""Geometry of layers: the kind that is wanted, whole, and somewhere on the globe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj.exceptions import ProjError

from geo_border.errors import GeometryError
from geo_border.pipeline.inputs.faults import more_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

POLYGONS = ("Polygon", "MultiPolygon")

LINES = ("LineString", "MultiLineString")

_SET_CRS = (
    "Set the CRS that its coordinates are in (in QGIS: Set Layer CRS), and save it as GeoPackage"
)


def checked_shapes(
    layer: gpd.GeoDataFrame,
    kinds: Collection[str],
    *,
    file: Path | str,
    names: Sequence[Any] | None = None,
) -> tuple[gpd.GeoSeries, list[GeometryError]]:
    """Geometry of a layer in WGS 84.

    Parameters
    ----------
    layer
        Any layer; its index is the row of each feature.
    kinds
        `POLYGONS` or `LINES`.
    file
        Where it is from, for messages.
    names
        What each feature is called in messages, beside its row.

    Returns
    -------
    geometry : GeoSeries
        The same in WGS 84, the index of `layer`; as it was where the CRS is at fault.
    faults : list of GeometryError
        All that is wrong, each with its rows.
    """
    shapes = layer.geometry.to_numpy()
    rows: list[Any] = layer.index.tolist()
    if names is not None:
        rows = [f"{row} ({name})" for row, name in zip(rows, names, strict=True)]
    faults: list[GeometryError] = []

    def blame(bad: NDArray[np.bool_], problem: str, remedy: str) -> None:
        first, *others = np.flatnonzero(bad)
        problem += more_rows(layer.index[others])
        faults.append(GeometryError(problem, file=file, row=rows[first], remedy=remedy))

    what = "a polygon" if kinds is POLYGONS else "lines"
    remedy = "Give every region its polygon" if kinds is POLYGONS else "Keep the lines only"
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        found = f"expected {what}, found nothing, or nothing that can be drawn"
        blame(empty, found, "Draw it again, or delete the feature")
    kind = layer.geom_type.to_numpy(object)
    other = ~empty & ~np.isin(kind.astype(str), list(kinds))
    for found in dict.fromkeys(kind[other]):
        blame(other & (kind == found), f"expected {what}, found {found}", remedy)
    points, at = shapely.get_coordinates(shapes, return_index=True)
    endless = np.zeros(len(shapes), bool)
    endless[at[~np.isfinite(points).all(axis=1)]] = True
    if endless.any():
        blame(endless, "a coordinate is not a finite number", "Draw it again")
    if kinds is POLYGONS:
        faults += _invalid(shapes, ~(empty | other | endless), rows, file)
    sound = ~(empty | other | endless)
    there, beyond, problem = _in_degrees(gpd.GeoSeries(shapes, layer.index, crs=layer.crs), sound)
    if problem is not None:
        faults.append(GeometryError(problem[0], file=file, remedy=problem[1]))
    elif beyond.any():
        blame(beyond, "a coordinate is no place on the globe", "Draw it again")
    return there, faults


def _invalid(
    shapes: NDArray[np.object_], sound: NDArray[np.bool_], rows: list[Any], file: Path | str
) -> list[GeometryError]:
    """Polygons that cross themselves or the like, each with the reason."""
    bad = np.flatnonzero(sound & ~shapely.is_valid(shapes))
    return [
        GeometryError(
            f"polygon is not valid: {shapely.is_valid_reason(shapes[position])}",
            file=file,
            row=rows[position],
            remedy="Mend it, for example with QGIS: Fix geometries",
        )
        for position in bad
    ]


def _in_degrees(
    shapes: gpd.GeoSeries, sound: NDArray[np.bool_]
) -> tuple[gpd.GeoSeries, NDArray[np.bool_], tuple[str, str] | None]:
    """Shapes in WGS 84, which of them are off the globe, and what is wrong with their CRS."""
    crs, none = shapes.crs, np.zeros(len(shapes), bool)
    if crs is None:
        problem = "the layer has no coordinate reference system"
        return shapes, none, (problem, "Save it with its CRS (in QGIS: Export > Save Features As)")
    try:
        with np.errstate(all="ignore"):
            there = shapes.to_crs(4326)
    except ProjError:
        problem = f"its CRS ({crs.name}) is a local one, which has no place on the globe"
        return shapes, none, (problem, _SET_CRS)
    if not sound.any():
        return there, none, None
    given = shapely.total_bounds(shapes.to_numpy()[sound])
    reach = f"its coordinates reach {_size(np.abs(given).max())}"
    if crs.is_projected and _like_degrees(given):
        problem = f"{reach}, as degrees do, but the CRS it names has metres or feet ({crs.name})"
        return there, none, (problem, _SET_CRS)
    west, south, east, north = shapely.bounds(there.to_numpy()).T
    # Layers may go once around the globe beyond the 180th meridian.
    inside = (west >= -360) & (east <= 360) & (south >= -90) & (north <= 90)
    if (sound & inside).any():
        return there, sound & ~inside, None
    problem = f"{reach}, which is no place in the CRS it names ({crs.name})"
    return there, none, (problem, _SET_CRS)


def _size(number: float) -> str:
    """A number in digits, if they are few."""
    return f"{number:,.0f}" if number < 1e12 else f"{number:.0e}"


def _like_degrees(bounds: NDArray[np.float64]) -> bool:
    """Whether bounds are those of degrees: in metres, all would lie in one field."""
    west, south, east, north = np.abs(bounds)
    return bool(max(west, east) <= 360 and max(south, north) <= 90)


def without_empty_parts(lines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Lines without the parts that have no point.

    Parameters
    ----------
    lines
        LineStrings and MultiLineStrings.

    Returns
    -------
    GeoSeries
        The same, some of them with fewer parts.
    """
    shapes = lines.to_numpy()
    parts, at = shapely.get_parts(shapes, return_index=True)
    hollow = np.unique(at[shapely.is_empty(parts)])
    if not len(hollow):
        return lines
    whole = shapes.copy()
    for position in hollow:
        mine = parts[at == position]
        whole[position] = shapely.multilinestrings(mine[~shapely.is_empty(mine)])
    return gpd.GeoSeries(whole, lines.index, crs=lines.crs)
