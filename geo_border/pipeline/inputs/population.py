"""Reader of population rasters: their people shared out to polygons by exact area."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from scipy.ndimage import maximum_filter

from geo_border.border.edges import equal_area_crs, extent
from geo_border.border.extraction import extract
from geo_border.errors import GeometryError, SideError
from geo_border.geometry.frame import HALF_TURN, middle_of, turned
from geo_border.pipeline.inputs.opening import refuse_endless
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray

    from geo_border.border.belt import CellGrid

WINDOW_PIXELS = 8_000_000
"""Pixels read at once."""

MOST_PIXELS = 20_000_000_000
"""Pixels around the belt from which on reading would take hours."""

CACHE_MB = 256
"""What GDAL may keep of blocks it has decoded."""

OVERLAP = 0.01
"""Share of the belt on which several rasters may have data, as they do along their edges."""

EDGE_CELLS = 2
"""How many cells beyond the border the raster of one side may reach."""

TORN_M = 1000.0
"""Places on both sides of the 180th meridian lie this far apart where a projection is torn there,
metres."""

LATTICE = 65
"""Points in each direction between which the area of pixels is interpolated."""

MOST_PER_KM2 = 5e6
"""No hectare has more people than this, per square kilometre: ten times the densest slum. More is
a value that was to say that there is none."""

HECTARE_KM2 = 0.01

SENTINEL_BYTES = 2
"""The largest number that a pixel can hold says that there is none, if it has this many bytes."""

Unit = Literal["persons", "persons_km2"]

SUMS = ("population", "covered", "negative", "infinite")
"""What is added up of the pixels in a polygon."""


def read_population(
    files: Sequence[Path],
    grid: CellGrid,
    cells: pd.DataFrame,
    *,
    band: int | None = None,
    unit: Unit = "persons",
) -> pd.DataFrame:
    """Read the population of cells.

    Parameters
    ----------
    files
        Rasters, of one country or tile each.
    grid, cells
        As `geo_border.border.belt.belt_cells` gives them.
    band
        The band of the rasters, from 1; needed where they have several.
    unit
        Whether pixels hold persons or persons per square kilometre.

    Returns
    -------
    DataFrame
        Index of `cells`; ``population`` (persons), ``covered``, ``negative`` and ``infinite``
        (share of the cell's area where a raster has data, and where its value is no number of
        people).

    Raises
    ------
    GeometryError
        If a raster cannot be read, lacks a CRS, is rotated, has several bands and none is
        named, or overlaps another one.
    SideError
        If no raster has data on one of the sides, or they count nobody at all.
    """
    total = pd.DataFrame(0.0, cells.index, list(SUMS))
    for file in files:
        with _open(file, band) as raster:
            squares = gpd.GeoSeries(grid.squares(cells, CRS(raster.crs)), cells.index)
            squares = _whole(raster, squares, cells["lon"].to_numpy(float))
            total += _shared_out(raster, squares, grid.crs, band=band, unit=unit)
    shared = float((total["covered"] - 1).clip(lower=0).mean())
    if shared > OVERLAP:
        raise GeometryError(
            f"the population rasters overlap on {100 * shared:.0f} % of the belt",
            remedy="Name each piece of ground in one of surface.population only",
        )
    known = total["covered"] > 0
    for side in SIDES:
        inland = _inland(grid, cells, side)
        # In a belt that is all edge, every cell has to do.
        inland = inland if inland.any() else (cells["side"] == side).to_numpy()
        if not known[inland].any():
            raise _no_data(side, files, cells[inland], total[inland])
    if not total["population"].any():
        raise SideError(
            "the population rasters count nobody in the belt",
            remedy="Check that surface.population names rasters of population",
        )
    total["covered"] = total["covered"].clip(upper=1.0)
    return total


def _no_data(
    side: str, files: Sequence[Path], cells: pd.DataFrame, found: pd.DataFrame
) -> SideError:
    """Say why rasters have no data on a side: wrong values, another place, or a gap."""
    wrong = [name for name in ("negative", "infinite") if found[name].any()]
    if wrong:
        return SideError(
            f"all values of the population rasters on the {side} side of the belt are "
            f"{' or '.join(wrong)}",
            remedy="If they mean that there are no data, say so with gdal_edit -a_nodata, and add "
            "the raster of that country to surface.population",
        )
    box = np.r_[cells[["lon", "lat"]].min(), cells[["lon", "lat"]].max()]
    lies = []
    for file in files:
        with rasterio.open(file) as raster:
            bounds = transform_bounds(raster.crs, CRS(4326), *raster.bounds)
            lies.append((shapely.box(*bounds), f"{file.name} at {extent(bounds)} ({raster.crs})"))
    if not any(shapely.box(*box).intersects(frame) for frame, _ in lies):
        return SideError(
            f"the population rasters do not reach the {side} side of the belt, which is at "
            f"{extent(box)}: {'; '.join(words for _, words in lies)}",
            remedy="Check the CRS that the raster names, or add the raster of that country to "
            "surface.population",
        )
    return SideError(
        f"the population rasters have no data on the {side} side of the belt",
        remedy="Add the raster of that country to surface.population",
    )


def _inland(grid: CellGrid, cells: pd.DataFrame, side: str) -> NDArray[np.bool_]:
    """Cells of a side that pixels of the other side's raster do not touch."""
    other = grid.raster(cells, (cells["side"] != side).astype(float))
    near = maximum_filter(np.nan_to_num(other), size=2 * EDGE_CELLS + 1)
    return np.asarray(near[cells["row"].to_numpy(), cells["column"].to_numpy()] == 0)


def polygon_population(
    files: Sequence[Path],
    polygons: gpd.GeoSeries,
    *,
    band: int | None = None,
    unit: Unit = "persons",
) -> pd.Series[float]:
    """Population of polygons, straight from the rasters.

    Parameters
    ----------
    files, band, unit
        As in `read_population`.
    polygons
        Valid polygons in degrees or an equal-area projection.

    Returns
    -------
    Series
        Persons, the index of `polygons`.

    Raises
    ------
    GeometryError
        As `read_population`.
    """
    plane = polygons.crs
    if not plane.is_projected:
        plane = equal_area_crs(gpd.GeoDataFrame(geometry=polygons.to_crs(4326)))
    total = pd.Series(0.0, polygons.index, name="population")
    for file in files:
        with _open(file, band) as raster:
            there = polygons.to_crs(CRS(raster.crs))
            lon = shapely.get_coordinates(polygons.to_crs(4326).to_numpy())[:, 0]
            there = _whole(raster, there, lon)
            found = _shared_out(raster, there, plane, band=band, unit=unit)
            total += found["population"]
    return total


def check_population(file: Path, *, band: int | None = None) -> None:
    """Refuse a raster that `read_population` could not read, by its header alone.

    Parameters
    ----------
    file
        The raster.
    band
        As in `read_population`.

    Raises
    ------
    GeometryError
        As `read_population`.
    """
    _open(file, band).close()


def _open(file: Path, band: int | None) -> Any:
    """Open a raster and refuse what cannot be read as one of population."""
    refuse_endless(file, GeometryError)
    try:
        raster = rasterio.open(file)
    except RasterioError as error:
        raise GeometryError(
            f"cannot be read as a raster ({error})", file=file, remedy="Save it as GeoTIFF"
        ) from error
    problem: tuple[str, str] | None = None
    if raster.crs is None:
        problem = "the raster has no coordinate reference system", "Add it with gdal_edit -a_srs"
    elif raster.transform.b or raster.transform.d or raster.transform.e >= 0:
        problem = "the raster is rotated or upside down", "Turn it north up with gdalwarp"
    elif band is None and raster.count > 1:
        problem = f"the raster has {raster.count} bands", "Say which one in surface.band"
    elif not 1 <= (band or 1) <= raster.count:
        problem = f"the raster has no band {band}", f"It has {raster.count}"
    elif np.issubdtype(np.dtype(raster.dtypes[(band or 1) - 1]), np.complexfloating):
        problem = "the raster has complex numbers", "Save it as Float32"
    if problem is not None:
        raster.close()
        raise GeometryError(problem[0], file=file, remedy=problem[1])
    return raster


def _whole(raster: Any, shapes: gpd.GeoSeries, lon: NDArray[np.float64]) -> gpd.GeoSeries:
    """Polygons in the raster's CRS without jumps over the 180th meridian.

    Parameters
    ----------
    raster
        The open raster.
    shapes
        Polygons in its CRS.
    lon
        Longitudes that they reach, degrees, in any frame.
    """
    if np.ptp(lon) <= HALF_TURN and np.abs(lon).max() <= HALF_TURN:
        return shapes
    crs = CRS(raster.crs)
    if crs.is_geographic:
        middle = middle_of(np.round(lon, 1))
        whole = shapely.transform(
            shapes.to_numpy(), lambda at: np.column_stack([turned(at[:, 0], middle), at[:, 1]])
        )
        return gpd.GeoSeries(whole, shapes.index, crs=shapes.crs)
    _, south, _, north = transform_bounds(crs, CRS(4326), *raster.bounds)
    beside = HALF_TURN - 1e-6
    ends = Transformer.from_crs(4326, crs, always_xy=True).transform(
        [beside, -beside], [(south + north) / 2] * 2
    )
    if not np.hypot(*np.diff(ends)[:, 0]) < TORN_M:
        raise GeometryError(
            f"the belt passes the 180th meridian, at which the raster's projection ({raster.crs}) "
            "is torn",
            file=raster.name,
            remedy="Warp it to longitude and latitude with gdalwarp -t_srs EPSG:4326",
        )
    return shapes


def _turns(raster: Any, shapes: NDArray[np.object_]) -> list[float]:
    """Degrees by which polygons are turned to lie on a raster: none in a projection."""
    if not CRS(raster.crs).is_geographic:
        return [0.0]
    west, _, east, _ = shapely.total_bounds(shapes)
    left, _, right, _ = raster.bounds
    turns = (-2 * HALF_TURN, 0.0, 2 * HALF_TURN)
    return [turn for turn in turns if west + turn < right and east + turn > left]


def _shared_out(
    raster: Any, polygons: gpd.GeoSeries, equal_area: CRS, *, band: int | None, unit: Unit
) -> pd.DataFrame:
    """Persons and shares of area of polygons in the raster's CRS, a window at a time."""
    whole = polygons.to_numpy()
    sums = np.zeros((len(whole), len(SUMS)))
    for turn in _turns(raster, whole):
        shapes = (
            shapely.transform(whole, lambda at, turn=turn: at + np.array([turn, 0]))
            if turn
            else whole
        )
        _add_windows(raster, shapes, equal_area, sums, band=band, unit=unit)
    pixels = shapely.area(whole) / abs(raster.transform.a * raster.transform.e)
    sums[:, 1:] /= pixels[:, None]
    return pd.DataFrame(sums, polygons.index, list(SUMS))


def _add_windows(
    raster: Any,
    shapes: NDArray[np.object_],
    equal_area: CRS,
    sums: NDArray[np.float64],
    *,
    band: int | None,
    unit: Unit,
) -> None:
    """Add to `sums` what each window of a raster has in polygons."""
    tree = shapely.STRtree(shapes)
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
            for window in _windows(raster, shapely.total_bounds(shapes)):
                box = shapely.box(*raster.window_bounds(window))
                hit = np.sort(tree.query(box, predicate="intersects"))
                if len(hit):
                    values, wrong = _values(raster, window, band or 1)
                    many = MOST_PER_KM2 * HECTARE_KM2
                    if unit == "persons_km2" or (values > many).any():
                        km2 = _pixel_km2(raster, window, equal_area)
                        values = values * km2 if unit == "persons_km2" else values
                        crowded = values > MOST_PER_KM2 * np.maximum(km2, HECTARE_KM2)
                        values[crowded] = np.nan
                        wrong[1] |= crowded
                    inside = raster.window_transform(window)
                    sums[hit] += _window_sums(values, wrong, inside, shapes[hit], box)
    except RasterioError as error:
        raise GeometryError(
            f"cannot be read ({error})", file=raster.name, remedy="Fetch the file again"
        ) from error


def _windows(raster: Any, bounds: NDArray[np.float64]) -> Iterator[Window]:
    """Bands of rows across the bounds, so that files in strips are decoded once."""
    west, south, east, north = bounds
    corner = raster.transform
    columns = (np.array([west, east]) - corner.c) / corner.a + [-1, 1]
    rows = (np.array([north, south]) - corner.f) / corner.e + [-1, 1]
    left, right = np.clip(columns, 0, raster.width).astype(int).tolist()
    start, stop = np.clip(rows, 0, raster.height).astype(int).tolist()
    if left == right or start == stop:
        return
    pixels = (right - left) * (stop - start)
    if pixels > MOST_PIXELS:
        raise GeometryError(
            f"the raster has {pixels:,} pixels around the belt",
            file=raster.name,
            remedy="Aggregate it to 100 m with gdalwarp -r sum",
        )
    high = max(1, WINDOW_PIXELS // (right - left))
    block = raster.block_shapes[0][0]
    # Cut where blocks are cut.
    high = high // block * block if high >= block else high
    edges = [start, *range((start // high + 1) * high, stop, high), stop]
    for top, bottom in pairwise(edges):
        yield Window(left, top, right - left, bottom - top)


def _values(
    raster: Any, window: Window, band: int
) -> tuple[NDArray[np.float64], list[NDArray[np.bool_]]]:
    """Values of a window, missing where there are none; where they are negative or infinite."""
    read = raster.read(band, window=window, masked=True)
    values = read.filled(0).astype(float) * raster.scales[band - 1] + raster.offsets[band - 1]
    values[np.ma.getmaskarray(read) | np.isnan(values)] = np.nan
    infinite = np.isinf(values) | (_is_sentinel(read) & ~np.isnan(values))
    negative = (values < 0) & ~infinite
    values[negative | infinite] = np.nan
    return values, [negative, infinite]


def _is_sentinel(read: np.ma.MaskedArray[Any, Any]) -> NDArray[np.bool_]:
    """Pixels that hold the largest number there is of their kind."""
    kind = read.dtype
    limits = np.iinfo(kind) if np.issubdtype(kind, np.integer) else np.finfo(kind)
    largest = limits.max if kind.itemsize >= SENTINEL_BYTES else np.inf
    return np.asarray(read.filled(0) == largest)


def _pixel_km2(raster: Any, window: Window, equal_area: CRS) -> NDArray[np.float64]:
    """Area of the pixels of a window, interpolated between some of them."""
    there = Transformer.from_crs(raster.crs, equal_area, always_xy=True)
    rows, columns = (
        np.unique(np.linspace(0, length - 1, min(LATTICE, length)).astype(int))
        for length in (window.height, window.width)
    )
    transform = raster.window_transform(window)
    corners = []
    for down, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
        column, row = np.meshgrid(columns + right, rows + down)
        x, y = transform.c + transform.a * column, transform.f + transform.e * row
        corners.append(np.stack(there.transform(x.ravel(), y.ravel()), axis=1))
    area = shapely.area(shapely.polygons(np.stack(corners, axis=1))) / 1e6
    area = np.where(np.isfinite(area), area, 0.0).reshape(len(rows), len(columns))
    along = _between(np.arange(window.height), rows)
    aside = _between(np.arange(window.width), columns)
    return np.asarray(along @ area @ aside.T)


def _between(wanted: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights of known points at wanted ones, linear."""
    return np.stack([np.interp(wanted, known, row) for row in np.eye(len(known))], axis=1)


def _window_sums(
    values: NDArray[np.float64],
    wrong: list[NDArray[np.bool_]],
    transform: Affine,
    shapes: NDArray[np.object_],
    box: shapely.Geometry,
) -> NDArray[np.float64]:
    """Persons, pixels with data and pixels with each kind of wrong value in each polygon."""
    sums = np.zeros((len(shapes), len(SUMS)))
    if np.isnan(values).all() and not any(where.any() for where in wrong):
        return sums
    pieces = _clipped(shapes, box)
    sums[:, :2] = extract(values, transform, pieces, ["sum", "count"])
    for column, where in enumerate(wrong, start=2):
        if where.any():
            is_there = np.where(where, 1.0, np.nan)
            sums[:, column] = extract(is_there, transform, pieces, ["count"])[:, 0]
    return np.nan_to_num(sums)


def _clipped(shapes: NDArray[np.object_], box: shapely.Geometry) -> NDArray[np.object_]:
    """Polygons, those that reach far beyond the window cut down to it."""
    bounds, frame = shapely.bounds(shapes), shapely.bounds(box)
    wide = 2 * (frame[2:] - frame[:2])
    large = ((bounds[:, 2:] - bounds[:, :2]) > wide).any(axis=1) | (
        shapely.get_num_coordinates(shapes) > 1000
    )
    clipped = shapes.copy()
    clipped[large] = shapely.intersection(shapes[large], box)
    return clipped
