import os

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from rasterio.transform import Affine, from_origin

import geo_border.pipeline.inputs.population
from geo_border.border.belt import belt_cells
from geo_border.errors import GeometryError, SideError
from geo_border.pipeline.inputs.population import (
    check_population,
    polygon_population,
    read_population,
)

GEOD = Geod(ellps="WGS84")

SHARE = 1e-6
"""Shares of pixels are 32-bit numbers."""


@pytest.fixture(scope="module")
def belt():
    """Grid and cells of 2 km along a degree of the parallel 50."""
    border = gpd.GeoDataFrame(
        {"length_km": [71.6], "at_sea": False},
        geometry=[shapely.LineString([(10, 50), (11, 50)])],
        crs=4326,
    )
    territory = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[shapely.box(9, 49, 12, 50), shapely.box(9, 50, 12, 51)],
        crs=4326,
    )
    return belt_cells(border, territory, cell_km=2, belt_km=10)


def write(path, values, crs, transform, *, nodata=None, dtype="float64", **options):
    values = np.atleast_3d(np.asarray(values).T).T
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[2],
        height=values.shape[1],
        count=len(values),
        dtype=dtype,
        crs=crs,
        transform=transform,
        nodata=nodata,
        **options,
    ) as raster:
        raster.write(values.astype(dtype))
    return path


def covering(cells, grid, crs, size, *, more=2):
    """Transform and shape of a raster around the cells, in whole pixels."""
    squares = grid.squares(cells, CRS.from_user_input(crs))
    west, south, east, north = shapely.total_bounds(squares)
    left, top = np.floor(west / size) - more, np.ceil(north / size) + more
    shape = int(top - np.floor(south / size)) + more, int(np.ceil(east / size) - left) + more
    return from_origin(left * size, top * size, size, size), shape


SYSTEMS = [("EPSG:4326", 0.005), ("EPSG:4326", 0.05), ("ESRI:54009", 1000), ("EPSG:32632", 300)]


@pytest.mark.parametrize(("crs", "size"), SYSTEMS)
def test_whatever_the_projection_nobody_is_lost(belt, tmp_path, crs, size):
    grid, cells = belt
    transform, shape = covering(cells, grid, crs, size)
    rng = np.random.default_rng(0)
    # People in pixels that lie whole inside the union of the cells only.
    union = shapely.union_all(grid.squares(cells, CRS.from_user_input(crs)))
    column, row = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    x = transform.c + size * (column + 0.5)
    y = transform.f - size * (row + 0.5)
    pixels = shapely.box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    inside = shapely.contains(union, pixels)
    values = np.where(inside, rng.integers(0, 900, shape), 0)
    assert inside.any()
    found = read_population([write(tmp_path / "p.tif", values, crs, transform)], grid, cells)
    assert found["population"].sum() == pytest.approx(values.sum(), rel=SHARE)
    np.testing.assert_allclose(found["covered"], 1, rtol=SHARE)
    assert (found["negative"] == 0).all()


def test_a_pixel_is_shared_out_by_area_by_hand(belt, tmp_path):
    grid, cells = belt
    # Pixels of 1.5 cells in the grid's own projection: a quarter of it lies in the fourth.
    transform = from_origin(grid.west, grid.north, 3000, 3000)
    shape = -(-2 * grid.rows // 3), -(-2 * grid.columns // 3)
    values = np.zeros(shape)
    cell = cells.iloc[np.hypot(cells["lon"] - 10.5, cells["lat"] - 50).argmin()]
    row, column = int(cell["row"]) // 3 * 2, int(cell["column"]) // 3 * 2
    values[row, column] = 900
    file = write(tmp_path / "p.tif", values, grid.crs.to_wkt(), transform)
    array = grid.raster(cells, read_population([file], grid, cells)["population"])
    top, left = row * 3 // 2, column * 3 // 2
    np.testing.assert_allclose(
        array[top : top + 2, left : left + 2], [[400, 200], [200, 100]], rtol=SHARE
    )


def test_densities_become_people_by_the_true_area_of_pixels(belt, tmp_path):
    grid, cells = belt
    for crs, size in SYSTEMS:
        transform, shape = covering(cells, grid, crs, size)
        file = write(tmp_path / "d.tif", np.full(shape, 25.0), crs, transform)
        found = read_population([file], grid, cells, unit="persons_km2")
        # 25 persons on each square kilometre, 4 square kilometres a cell.
        # Within a pixel of 0.05 degrees the scale of longitude changes by 0.03 %.
        np.testing.assert_allclose(found["population"], 100, rtol=5e-4)
        box = gpd.GeoSeries([shapely.box(10.2, 49.95, 10.8, 50.05)], crs=4326)
        km2 = abs(GEOD.geometry_area_perimeter(box.segmentize(0.01)[0])[0]) / 1e6
        plane = box.segmentize(0.001).to_crs(grid.crs)
        persons = polygon_population([file], plane, unit="persons_km2")
        assert persons[0] == pytest.approx(25 * km2, rel=2e-4)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SYSTEMS), st.integers(3, 40))
def test_cells_add_up_to_the_polygon_they_fill(belt, tmp_path_factory, seed, system, holes):
    grid, cells = belt
    crs, size = system
    rng = np.random.default_rng(seed)
    some = cells[rng.random(len(cells)) > holes / 100]
    transform, shape = covering(cells, grid, crs, size)
    values = rng.pareto(1.0, shape) * (rng.random(shape) > 0.5)
    values[rng.random(shape) > 0.9] = -9999
    file = write(tmp_path_factory.mktemp("h") / "p.tif", values, crs, transform, nodata=-9999)
    found = read_population([file], grid, some)
    union = shapely.union_all(grid.squares(some, CRS.from_user_input(crs)))
    # Straight edges in the raster's projection, so its own is where the polygon is true.
    whole = polygon_population([file], gpd.GeoSeries([union], crs=crs))
    assert found["population"].sum() == pytest.approx(whole[0], rel=SHARE)
    assert found["population"].min() >= 0
    assert found["covered"].between(0, 1).all()


@pytest.mark.parametrize("options", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 16}])
def test_windows_give_what_the_whole_gives(belt, tmp_path, monkeypatch, options):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.003, more=40)
    values = np.random.default_rng(1).random(shape)
    values[::7, ::5] = np.nan
    values[3::11] = -1
    file = write(tmp_path / "p.tif", values, "EPSG:4326", transform, nodata=np.nan, **options)
    whole = read_population([file], grid, cells)
    monkeypatch.setattr(geo_border.pipeline.inputs.population, "WINDOW_PIXELS", 3000)
    parts = read_population([file], grid, cells)
    np.testing.assert_allclose(parts, whole, rtol=SHARE)
    assert whole["negative"].mean() == pytest.approx(1 / 11, abs=0.02)


def test_no_more_than_the_belt_is_read(belt, tmp_path):
    grid, cells = belt
    # Half a million by a quarter of a million pixels declared, a handful written.
    file = tmp_path / "world.tif"
    size = 360 / 500_000
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=500_000,
        height=250_000,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(-180, 90, size, size),
        nodata=-1,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        sparse_ok=True,
        bigtiff=True,
    ) as raster:
        window = rasterio.windows.from_bounds(9.8, 49.8, 11.2, 50.2, raster.transform).round()
        ones = np.ones((int(window.height), int(window.width)), np.float32)
        raster.write(ones, 1, window=window)
    found = read_population([file], grid, cells)
    degrees2 = shapely.area(grid.squares(cells, CRS.from_epsg(4326)))
    np.testing.assert_allclose(found["population"], degrees2 / size**2, rtol=1e-6)


def test_a_raster_too_fine_to_read_is_refused(belt, tmp_path, monkeypatch):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    file = write(tmp_path / "p.tif", np.ones(shape), "EPSG:4326", transform)
    monkeypatch.setattr(geo_border.pipeline.inputs.population, "MOST_PIXELS", 1000)
    with pytest.raises(GeometryError, match=r"pixels around the belt. Aggregate it"):
        read_population([file], grid, cells)


def test_rasters_of_two_countries_are_put_together_but_not_twice(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    row = np.arange(shape[0])[:, None] + np.zeros(shape[1])
    lat = transform.f - (row + 0.5) * 0.01
    south = write(
        tmp_path / "s.tif", np.where(lat < 50, 5.0, -1), "EPSG:4326", transform, nodata=-1
    )
    north = write(
        tmp_path / "n.tif", np.where(lat > 50, 3.0, -1), "EPSG:4326", transform, nodata=-1
    )
    both = write(tmp_path / "b.tif", np.where(lat < 50, 5.0, 3.0), "EPSG:4326", transform)
    found = read_population([south, north], grid, cells)
    whole = read_population([both], grid, cells)
    np.testing.assert_allclose(found, whole, rtol=SHARE)
    with pytest.raises(SideError, match="no data on the neighbour side"):
        read_population([south], grid, cells)
    with pytest.raises(GeometryError, match=r"overlap on 5\d % of the belt"):
        read_population([both, south], grid, cells)


def test_scale_and_offset_of_a_band_are_applied(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    plain = write(tmp_path / "p.tif", np.full(shape, 7.0), "EPSG:4326", transform)
    packed = write(tmp_path / "q.tif", np.full(shape, 60), "EPSG:4326", transform, dtype="int16")
    with rasterio.open(packed, "r+") as raster:
        raster.scales, raster.offsets = [0.1], [1.0]
    np.testing.assert_allclose(
        read_population([packed], grid, cells), read_population([plain], grid, cells)
    )


def test_rasters_that_cannot_be_read_say_why(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    ones = np.ones(shape)
    rotated = Affine(0.01, 0.002, transform.c, -0.002, -0.01, transform.f)
    upside = Affine(0.01, 0, transform.c, 0, 0.01, transform.f - 0.01 * shape[0])
    cases = {
        "no coordinate reference system": write(tmp_path / "a.tif", ones, None, transform),
        "rotated or upside down": write(tmp_path / "b.tif", ones, "EPSG:4326", rotated),
        "rotated or upside down. Turn": write(tmp_path / "c.tif", ones, "EPSG:4326", upside),
        "has 3 bands. Say which": write(tmp_path / "d.tif", [ones] * 3, "EPSG:4326", transform),
        "complex numbers": write(
            tmp_path / "e.tif", ones, "EPSG:4326", transform, dtype="complex64"
        ),
    }
    text = tmp_path / "f.tif"
    text.write_text("no raster")
    cases["cannot be read as a raster"] = text
    cases[r"g.tif: cannot be read"] = tmp_path / "g.tif"
    for problem, file in cases.items():
        with pytest.raises(GeometryError, match=problem):
            check_population(file)
        with pytest.raises(GeometryError, match=problem):
            read_population([file], grid, cells)
    bands = write(tmp_path / "h.tif", [ones, 2 * ones, ones], "EPSG:4326", transform)
    with pytest.raises(GeometryError, match=r"no band 4\. It has 3"):
        check_population(bands, band=4)
    second = read_population([bands], grid, cells, band=2)["population"]
    first = read_population([bands], grid, cells, band=1)["population"]
    np.testing.assert_allclose(second, 2 * first)


def test_a_file_cut_short_is_one_clear_error(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.001)
    values = np.random.default_rng(0).random(shape)
    file = write(tmp_path / "p.tif", values, "EPSG:4326", transform)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(GeometryError, match=r"p\.tif: cannot be read"):
        read_population([file], grid, cells)


def test_nothing_but_nodata_or_somewhere_else_is_no_data(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    cases = {
        -99: "rasters have no data on the home side",
        np.nan: "rasters have no data on the home side",
        np.inf: "home side of the belt are infinite. If they mean that there are no data",
        -5: "home side of the belt are negative. If they mean that there are no data",
        0: "count nobody in the belt",
    }
    for number, (value, says) in enumerate(cases.items()):
        file = write(
            tmp_path / f"{number}.tif", np.full(shape, value), "EPSG:4326", transform, nodata=-99
        )
        with pytest.raises(SideError, match=says):
            read_population([file], grid, cells)
    away = write(tmp_path / "away.tif", np.ones((5, 5)), "EPSG:4326", from_origin(70, 5, 1, 1))
    says = r"do not reach the home side .*away\.tif at longitude 70\.00 to 75\.00.*\(EPSG:4326\)"
    with pytest.raises(SideError, match=says):
        read_population([away], grid, cells)
    # Degrees in a file that says metres lie around the zero meridian at the equator.
    metres = write(tmp_path / "metres.tif", np.ones(shape), "EPSG:3857", transform)
    with pytest.raises(SideError, match=r"latitude 0\.00 to 0\.00 \(EPSG:3857\)\. Check the CRS"):
        read_population([metres], grid, cells)


def test_negative_and_infinite_pixels_are_counted_apart_and_count_nobody(belt, tmp_path):
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    values = np.ones(shape)
    values[::4], values[1::4] = -1, np.inf
    file = write(tmp_path / "p.tif", values, "EPSG:4326", transform)
    found = read_population([file], grid, cells)
    assert found["negative"].mean() == pytest.approx(0.25, abs=0.06)
    assert found["infinite"].mean() == pytest.approx(0.25, abs=0.06)
    assert found["covered"].mean() == pytest.approx(0.5, abs=0.06)
    kinds = found[["covered", "negative", "infinite"]]
    np.testing.assert_allclose(kinds.sum(axis=1), 1, rtol=SHARE)
    assert np.isfinite(found["population"]).all()


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float32", np.finfo("float32").max),
        ("float64", np.finfo("float64").max),
        ("uint16", 65535),
        ("int16", 32767),
        ("int32", 2**31 - 1),
        ("float32", 1e20),
        ("int32", 2**31 - 2),
    ],
)
def test_values_that_no_pixel_has_count_nobody(belt, tmp_path, dtype, value):
    """Written where there is nobody, without a word on it in the file."""
    grid, cells = belt
    transform, shape = covering(cells, grid, "EPSG:4326", 0.01)
    values = np.full(shape, 3.0)
    values[::2] = value
    file = write(tmp_path / "p.tif", values, "EPSG:4326", transform, dtype=dtype)
    found = read_population([file], grid, cells)
    assert found["infinite"].mean() == pytest.approx(0.5, abs=0.06)
    assert found["population"].max() <= 3 * values.size


def test_a_projection_without_the_belt_in_it_is_refused(belt, tmp_path):
    grid, cells = belt
    near = "+proj=gnom +lat_0=-50 +lon_0=-170 +datum=WGS84"
    file = write(tmp_path / "p.tif", np.ones((5, 5)), near, from_origin(0, 0, 1000, 1000))
    with pytest.raises(GeometryError, match="no place in the projection"):
        read_population([file], grid, cells)


def test_the_squares_of_the_reader_are_those_of_the_grid(belt):
    grid, cells = belt
    x, y = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(
        cells["lon"].to_numpy(), cells["lat"].to_numpy()
    )
    middle = shapely.centroid(grid.squares(cells, grid.crs))
    np.testing.assert_allclose(shapely.get_x(middle), x, atol=0.01)
    np.testing.assert_allclose(shapely.get_y(middle), y, atol=0.01)


def test_a_pipe_is_no_raster(tmp_path):
    os.mkfifo(tmp_path / "people.tif")
    with pytest.raises(GeometryError, match=r"people\.tif: it is a pipe or a device"):
        check_population(tmp_path / "people.tif")


def belt_at(lon):
    """Grid and cells of 5 km along a degree of the parallel 50."""
    border = gpd.GeoDataFrame(
        {"length_km": [71.6], "at_sea": False},
        geometry=[shapely.LineString([(lon - 0.5, 50), (lon + 0.5, 50)])],
        crs=4326,
    )
    territory = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[shapely.box(lon - 2, 49, lon + 2, 50), shapely.box(lon - 2, 50, lon + 2, 51)],
        crs=4326,
    )
    return *belt_cells(border, territory, cell_km=5, belt_km=10), territory.set_index("region_id")


@pytest.mark.parametrize("west", [-180, 0])
@pytest.mark.parametrize("lon", [180, -180])
def test_a_raster_of_the_world_counts_everybody_on_both_sides_of_the_180th_meridian(
    tmp_path, west, lon
):
    ones = np.ones((16, 1440))
    file = write(tmp_path / "a.tif", ones, "EPSG:4326", from_origin(west, 52, 0.25, 0.25))
    grid, cells, land = belt_at(lon)
    found = read_population([file], grid, cells)
    grid, same, _ = belt_at(90)
    there = read_population([file], grid, same)
    assert len(found) == len(there)
    assert found["population"].sum() == pytest.approx(there["population"].sum(), rel=1e-5)
    assert found["covered"].min() == pytest.approx(1)
    assert polygon_population([file], land.geometry).tolist() == pytest.approx([64, 64])
    plane = land.geometry.to_crs("+proj=laea +lon_0=180 +lat_0=50")
    assert polygon_population([file], plane).tolist() == pytest.approx([64, 64], rel=1e-3)


def test_a_projection_torn_at_the_180th_meridian_is_refused_with_what_to_do(tmp_path):
    grid, cells, land = belt_at(180)
    there = from_origin(-2e7, 8e6, 1e5, 1e5)
    file = write(tmp_path / "a.tif", np.ones((40, 400)), "EPSG:3395", there)
    for read in (lambda: read_population([file], grid, cells),
                 lambda: polygon_population([file], land.geometry)):  # fmt: skip
        with pytest.raises(GeometryError, match=r"a\.tif.*180th meridian.*torn.*gdalwarp"):
            read()
    # One whose middle is there is whole.
    pacific = "+proj=merc +lon_0=180 +datum=WGS84"
    x, y = Transformer.from_crs(4326, pacific, always_xy=True).transform(180, 50)
    corner = from_origin(x - 4e5, y + 4e5, 2e4, 2e4)
    file = write(tmp_path / "b.tif", np.ones((40, 40)), pacific, corner)
    assert read_population([file], grid, cells)["covered"].min() == pytest.approx(1)
