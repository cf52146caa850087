"""The belt along the border, cut into square cells of equal area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from affine import Affine
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError
from rasterio.features import rasterize

from geo_border.border.edges import equal_area_crs, projected
from geo_border.border.extraction import coverage
from geo_border.border.line import on_land
from geo_border.errors import GeometryError, SideError
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

MOST_CELLS = 400_000_000
"""Cells of a grid that two arrays of it still fit into memory."""

LEAST_LAND = 1e-6
"""A smaller share of a cell is no land but rounding."""

UNEQUAL = 0.01
"""By how much the scale of areas may differ over the belt."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """A grid of square cells in a projection that keeps areas.

    Parameters
    ----------
    crs
        The projection, in metres.
    west, north
        Corner of the grid, metres: multiples of the cell size.
    cell_m
        Side of a cell, metres.
    rows, columns
        Size of the grid.
    """

    __repr__ = shown

    crs: CRS
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    @property
    def transform(self) -> Affine:
        """From column and row, counted from the corner, to metres."""
        return Affine(self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)

    @property
    def cell_km2(self) -> float:
        """Area of a cell, square kilometres."""
        return self.cell_m**2 / 1e6

    def squares(self, cells: pd.DataFrame, crs: CRS) -> NDArray[np.object_]:
        """Cells as polygons of another projection; neighbours share their corners to the bit.

        Parameters
        ----------
        cells
            Columns ``row`` and ``column``.
        crs
            The projection.

        Returns
        -------
        ndarray
            Polygons in the order of `cells`.

        Raises
        ------
        GeometryError
            If a cell has no place in the projection.
        """
        row, column = cells["row"].to_numpy(np.int64), cells["column"].to_numpy(np.int64)
        wide = self.columns + 1
        first = row * wide + column
        corners = np.stack([first, first + 1, first + wide + 1, first + wide, first], axis=1)
        used, at = np.unique(corners, return_inverse=True)
        x = self.west + used % wide * self.cell_m
        y = self.north - used // wide * self.cell_m
        there = np.stack(Transformer.from_crs(self.crs, crs, always_xy=True).transform(x, y), 1)
        if not np.isfinite(there).all():
            raise GeometryError(
                "a part of the belt has no place in the projection of the population raster",
                remedy="Take a raster in longitude and latitude, or in a projection of the area",
            )
        polygons: NDArray[np.object_] = shapely.polygons(there[at.reshape(corners.shape)])
        return polygons

    def raster(self, cells: pd.DataFrame, values: pd.Series[float]) -> NDArray[np.float64]:
        """Values of cells as an array of the whole grid.

        Parameters
        ----------
        cells
            Columns ``row`` and ``column``.
        values
            One for each cell.

        Returns
        -------
        ndarray
            Missing where there is no cell, shape (rows, columns).
        """
        array = np.full((self.rows, self.columns), np.nan)
        array[cells["row"].to_numpy(), cells["column"].to_numpy()] = values.to_numpy(float)
        return array


def belt_of(border: gpd.GeoDataFrame, crs: CRS, *, belt_km: float = 75) -> shapely.Geometry:
    """All that is near the border on land.

    Parameters
    ----------
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    crs
        An equal-area projection.
    belt_km
        Greatest distance from the line, km.

    Returns
    -------
    Geometry
        A polygon of the projection, on both sides of the line.
    """
    return shapely.union_all(projected(on_land(border), crs).buffer(1000 * belt_km).to_numpy())


def belt_cells(
    border: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    *,
    sea: gpd.GeoSeries | None = None,
    cell_km: float = 1,
    belt_km: float = 75,
    crs: str | None = None,
) -> tuple[CellGrid, pd.DataFrame]:
    """Cut the belt into cells; a cell belongs to the polygon that holds its centre.

    Parameters
    ----------
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    territory
        Polygons of both sides with ``side`` and ``region_id`` (missing outside the studied
        regions).
    sea
        Polygons of the territory that are sea, as far as that is known: cells without any land
        are left out.
    cell_km
        Side of a cell, km.
    belt_km
        Greatest distance of a centre from the border on land, km.
    crs
        Projection of the grid, such as ``"EPSG:3035"``; one fitted to the border by
        `geo_border.border.edges.equal_area_crs` if not given.

    Returns
    -------
    grid : CellGrid
        The grid around the belt.
    cells : DataFrame
        Cells of the belt, index ``cell_id`` (row by row from the north-western corner of the
        grid); ``row``, ``column``, ``lon`` and ``lat`` of the centre, ``side``, ``region_id``,
        ``land`` (share of the cell that is not sea).

    Raises
    ------
    GeometryError
        If the projection does not exist or does not keep areas, or the grid is too large.
    SideError
        If no cell lies on one of the sides.
    """
    border = on_land(border)
    plane = equal_area_crs(border) if crs is None else _named_crs(crs)
    belt = belt_of(border, plane, belt_km=belt_km)
    grid = _grid_over(belt, plane, cell_m=1000 * cell_km)
    _check_areas(grid)
    size = grid.rows, grid.columns
    inside = rasterize([belt], out_shape=size, transform=grid.transform, dtype="uint8")
    around = _around(border, belt_km)
    near = territory.set_geometry(territory.clip_by_rect(*around))
    near = near[~near.is_empty]
    numbered = [(shape, n) for n, shape in enumerate(projected(near, plane), 1)]
    polygon = rasterize(numbered, out_shape=size, transform=grid.transform, dtype="int32")
    land = np.ones(size)
    if sea is not None and len(sea):
        wet = sea.clip_by_rect(*around)
        wet = wet[~wet.is_empty]
        if len(wet):
            land -= coverage(projected(wet, plane).to_numpy(), grid.transform, size)
    row, column = np.nonzero((inside > 0) & (polygon > 0) & (land > LEAST_LAND))
    holder = polygon[row, column] - 1
    lon, lat = Transformer.from_crs(plane, 4326, always_xy=True).transform(
        grid.west + (column + 0.5) * grid.cell_m, grid.north - (row + 0.5) * grid.cell_m
    )
    cells = pd.DataFrame(
        {
            "row": row.astype(np.int32),
            "column": column.astype(np.int32),
            "lon": lon,
            "lat": lat,
            "side": near["side"].to_numpy(object)[holder],
            "region_id": near["region_id"].to_numpy(object)[holder],
            "land": land[row, column],
        },
        index=pd.Index(row * grid.columns + column, name="cell_id"),
    )
    for side in SIDES:
        if not (cells["side"] == side).any():
            raise SideError(
                f"no cell of the belt lies on the {side} side",
                remedy="Make the belt wider or its cells smaller",
            )
    return grid, cells


def _around(border: gpd.GeoDataFrame, belt_km: float) -> tuple[float, float, float, float]:
    """Degrees around the border that hold the belt for sure."""
    west, south, east, north = border.total_bounds
    up = belt_km / 110 + 0.1
    most = np.cos(np.radians(min(max(abs(south), abs(north)) + up, 89)))
    return west - up / most, south - up, east + up / most, north + up


def _named_crs(name: str) -> CRS:
    """Projection by its name, in metres."""
    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        raise GeometryError(
            f"surface.crs: there is no coordinate reference system {name!r}",
            remedy="Name one as EPSG:3035",
        ) from error
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise GeometryError(
            f"surface.crs: {name} is not a projection in metres",
            remedy="Take one that keeps areas: EPSG:3035",
        )
    return crs


def _grid_over(belt: shapely.Geometry, crs: CRS, *, cell_m: float) -> CellGrid:
    """Grid of whole cells over the belt."""
    west, south, east, north = shapely.bounds(belt)
    if not np.isfinite([west, south, east, north]).all():
        raise GeometryError(
            "the projection of the cells does not reach the border",
            remedy="Take one of the area, or leave surface.crs out",
        )
    left, top = np.floor(west / cell_m), np.ceil(north / cell_m)
    rows, columns = int(top - np.floor(south / cell_m)), int(np.ceil(east / cell_m) - left)
    if rows * columns > MOST_CELLS:
        raise GeometryError(
            f"the belt takes a grid of {rows:,} times {columns:,} cells",
            remedy="Make surface.cell_km larger",
        )
    return CellGrid(crs, float(left * cell_m), float(top * cell_m), cell_m, rows, columns)


def _check_areas(grid: CellGrid) -> None:
    """Refuse a projection in which cells have different areas."""
    x, y = np.meshgrid(
        grid.west + np.linspace(0, grid.columns, 9) * grid.cell_m,
        grid.north - np.linspace(0, grid.rows, 9) * grid.cell_m,
    )
    back = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    lon, lat = back.transform(x.ravel(), y.ravel())
    known = np.isfinite(lon) & np.isfinite(lat)
    scale = Proj(grid.crs).get_factors(np.asarray(lon)[known], np.asarray(lat)[known]).areal_scale
    if not (np.abs(np.asarray(scale) - 1) < UNEQUAL).all():
        raise GeometryError(
            "the projection of the cells does not keep areas",
            remedy="Take one that does: EPSG:3035 in Europe, or leave surface.crs out",
        )
