import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from geo_border.border.belt import belt_cells, belt_of
from geo_border.errors import GeometryError, SideError

GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def border():
    line = shapely.LineString([(0, 50), (3, 50)])
    return gpd.GeoDataFrame({"length_km": [215.0], "at_sea": [False]}, geometry=[line], crs=4326)


@pytest.fixture(scope="module")
def territory():
    return gpd.GeoDataFrame(
        {"side": ["home", "home", "neighbour"], "region_id": ["A", None, "X"]},
        geometry=[
            shapely.box(0, 49, 1.5, 50),
            shapely.box(1.5, 49, 3, 50),
            shapely.box(0, 50, 3, 51),
        ],
        crs=4326,
    )


def test_cells_lie_in_the_polygon_of_their_centre_within_the_belt(border, territory):
    grid, cells = belt_cells(border, territory, cell_km=2, belt_km=20)
    points = shapely.points(cells["lon"], cells["lat"])
    # The polygons' edges are parallels: a cell's centre is compared with them.
    south = cells["lat"] < 50
    assert (cells.loc[south, "side"] == "home").all()
    assert (cells.loc[~south, "side"] == "neighbour").all()
    assert (cells.loc[south, "region_id"].isna() == (cells.loc[south, "lon"] > 1.5)).all()
    _, _, metres = GEOD.inv(cells["lon"], np.full(len(cells), 50.0), cells["lon"], cells["lat"])
    assert np.max(metres) < 20_100
    assert len(points) == len(cells)
    # 215 km of border, 20 km to each side, 4 km2 a cell; the round ends lie outside the sides.
    area = grid.cell_km2 * len(cells)
    assert area == pytest.approx(215.0 * 40, rel=0.02)


def test_cells_without_land_are_left_out_and_others_have_what_is_no_sea(border, territory):
    water = gpd.GeoSeries([shapely.box(0.71, 49.9, 1.23, 50.1)], crs=4326)
    of_all, cells = belt_cells(border, territory, cell_km=3, belt_km=30)
    grid, dry = belt_cells(border, territory, sea=water, cell_km=3, belt_km=30)
    assert grid == of_all
    sea_km2 = grid.cell_km2 * (len(cells) - dry["land"].sum())
    ring = shapely.segmentize(water.iloc[0], 0.01)
    assert sea_km2 == pytest.approx(abs(GEOD.geometry_area_perimeter(ring)[0]) / 1e6, rel=1e-3)
    lost = cells.drop(dry.index)
    inside = shapely.contains_xy(water.iloc[0], lost["lon"], lost["lat"])
    assert inside.all()
    assert 0.6 * sea_km2 / grid.cell_km2 < len(lost) < sea_km2 / grid.cell_km2
    assert ((dry["land"] > 0) & (dry["land"] < 1)).sum() > 20


def test_sea_far_from_the_border_takes_nothing_from_the_belt(border, territory):
    far = gpd.GeoSeries([shapely.box(20, 40, 21, 41)], crs=4326)
    _, cells = belt_cells(border, territory, cell_km=5, belt_km=30)
    _, beside = belt_cells(border, territory, sea=far, cell_km=5, belt_km=30)
    pd.testing.assert_frame_equal(cells, beside)


def test_the_belt_lies_along_the_border_on_land(border, territory):
    wet = border.assign(at_sea=True, geometry=[shapely.LineString([(0, 50.9), (3, 50.9)])])
    both = gpd.GeoDataFrame(pd.concat([border, wet], ignore_index=True), crs=4326)
    cells = belt_cells(both, territory, cell_km=5, belt_km=30)[1]
    pd.testing.assert_frame_equal(cells, belt_cells(border, territory, cell_km=5, belt_km=30)[1])


def test_the_area_of_cells_is_what_it_says(border, territory):
    grid, cells = belt_cells(border, territory, cell_km=5, belt_km=60)
    squares = grid.squares(cells, CRS.from_epsg(4326))
    km2 = [abs(GEOD.geometry_area_perimeter(square)[0]) / 1e6 for square in squares]
    np.testing.assert_allclose(km2, 25, rtol=1e-4)
    # Neighbours share their edges: the union has no holes and no overlaps.
    assert shapely.area(shapely.union_all(squares)) == pytest.approx(shapely.area(squares).sum())


def test_a_named_grid_is_that_of_the_european_statistics(border, territory):
    grid, cells = belt_cells(border, territory, cell_km=1, belt_km=10, crs="EPSG:3035")
    assert grid.west % 1000 == grid.north % 1000 == 0
    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(cells["lon"], cells["lat"])
    np.testing.assert_allclose(np.mod(x, 1000), 500, atol=0.01)
    np.testing.assert_allclose(np.mod(y, 1000), 500, atol=0.01)


def test_a_raster_of_cells_holds_their_values_where_they_lie(border, territory):
    grid, cells = belt_cells(border, territory, cell_km=5, belt_km=30)
    array = grid.raster(cells, cells["lat"])
    assert array.shape == (grid.rows, grid.columns)
    assert np.isfinite(array).sum() == len(cells)
    row, column = cells.iloc[7][["row", "column"]].astype(int)
    assert array[row, column] == cells["lat"].iloc[7]
    x = grid.west + (column + 0.5) * grid.cell_m
    y = grid.north - (row + 0.5) * grid.cell_m
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    assert (lon, lat) == pytest.approx(tuple(cells.iloc[7][["lon", "lat"]]))


def test_the_belt_has_the_width_asked_for(border):
    crs = CRS.from_epsg(3035)
    belt = belt_of(border, crs, belt_km=30)
    line = border.segmentize(0.01).to_crs(crs).union_all()
    away = shapely.distance(shapely.points(shapely.get_coordinates(belt.exterior)), line)
    # The edge is drawn with 16 corners to a quarter of a circle.
    np.testing.assert_allclose(away, 30_000, rtol=0.01)


@pytest.mark.parametrize(
    ("crs", "problem"),
    [
        ("EPSG:3857", "does not keep areas"),
        ("EPSG:4326", "not a projection in metres"),
        ("EPSG:2263", "not a projection in metres"),
        ("Atlantis", "no coordinate reference system 'Atlantis'"),
    ],
)
def test_projections_that_do_not_keep_areas_are_refused(border, territory, crs, problem):
    with pytest.raises(GeometryError, match=problem):
        belt_cells(border, territory, crs=crs)


def test_too_many_cells_and_a_side_without_any(border, territory):
    with pytest.raises(GeometryError, match=r"takes a grid of .* Make surface.cell_km larger"):
        belt_cells(border, territory, cell_km=0.001)
    with pytest.raises(SideError, match="on the neighbour side"):
        belt_cells(border, territory[territory["side"] == "home"], cell_km=5)
