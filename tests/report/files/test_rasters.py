import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import CRS
from rio_cogeo import cog_validate

from geo_border.access.measure_table import MeasureTable
from geo_border.access.measures import REACHED, Measure
from geo_border.border.belt import CellGrid
from geo_border.pipeline.results import Surfaces
from geo_border.report.files.rasters import Band, write_raster, write_surfaces

ALBERS = CRS.from_proj4("+proj=aea +lat_1=48 +lat_2=54 +lat_0=51 +lon_0=67 +datum=WGS84 +units=m")


@pytest.fixture
def grid():
    return CellGrid(ALBERS, -700_000.0, 450_000.0, 1000.0, 900, 1400)


@pytest.fixture
def band(grid):
    values = np.random.default_rng(0).random((grid.rows, grid.columns)).cumsum(axis=1)
    values[:, 100:300], values[5, 5] = np.nan, np.inf
    return Band(values, "people within reach", "persons")


def test_the_file_is_a_valid_cloud_optimized_geotiff(grid, band, tmp_path):
    path = write_raster(tmp_path / "x.tif", grid, [band, Band(-band.array, "the other", "h")])
    valid, errors, warnings = cog_validate(path, strict=True)
    assert valid, (errors, warnings)
    with rasterio.open(path) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
        assert raster.block_shapes == [(512, 512)] * 2
        assert raster.overviews(1) == [2, 4]
        assert raster.dtypes == ("float32", "float32")
        assert np.isnan(raster.nodata)
        assert raster.descriptions == ("people within reach", "the other")
        assert raster.units == ("persons", "h")
        assert CRS(raster.crs) == ALBERS
        assert raster.transform == grid.transform
        found = raster.read(1)
    wanted = np.where(np.isfinite(band.array), band.array, np.nan)
    np.testing.assert_array_equal(found, wanted.astype(np.float32))


def test_the_same_bands_make_the_same_bytes(grid, band, tmp_path):
    one, two = (write_raster(tmp_path / name, grid, [band]) for name in ("a.tif", "b.tif"))
    assert one.read_bytes() == two.read_bytes()


def test_what_cannot_be_written_leaves_the_earlier_file(grid, band, tmp_path):
    path = write_raster(tmp_path / "x.tif", grid, [band])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="of another size"):
        write_raster(path, grid, [Band(np.zeros((3, 3)), "too small", "1")])
    words = np.full(band.array.shape, "word", object)
    with pytest.raises(TypeError):  # in the middle of writing
        write_raster(path, grid, [band, Band(words, "no numbers", "1")])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.tif"]


def test_every_measure_gets_its_file_with_words_and_units(tmp_path):
    grid = CellGrid(ALBERS, 0.0, 0.0, 1000.0, 2, 2)
    cells = pd.DataFrame({"row": [0, 1], "column": [1, 0], "side": "home", "population": 1.0})
    table = MeasureTable(cells.assign(region_id="A"))
    value = 0.0
    for measure, mode, kind in (
        ("potential", "road", ""),
        ("potential", "rail", ""),
        ("hours_to_service", "both", "../clinic"),
        ("hours_to_service", "both", "school"),
    ):
        values = pd.DataFrame(
            {name: [value + i, value + i + 0.5] for i, name in enumerate(REACHED)}
        )
        of = Measure(measure, "h", lambda found: found, REACHED, note="as said")
        table.add(of, values, mode=mode, kind=kind)
        value += 10
    cells = cells.join(table.frame())
    files = write_surfaces(Surfaces(grid, cells, table.layers()), tmp_path / "surfaces")
    # Names that are the user's lead nowhere.
    assert [file.name for file in files] == [
        "hours_to_service_both.tif",
        "population.tif",
        "potential.tif",
        "potential_rail.tif",
    ]
    assert sorted(files) == sorted((tmp_path / "surfaces").iterdir())
    with rasterio.open(files[0]) as raster:
        assert raster.count == 10
        assert raster.descriptions[6] == (
            "hours to service school, by road and rail, across the border, delays as they are, "
            "as said"
        )
        np.testing.assert_array_equal(raster.read(7), [[np.nan, 31], [31.5, np.nan]])
    with rasterio.open(files[2]) as raster:
        assert raster.count == 5
        assert raster.descriptions[4] == "potential, own side, border closed, as said"
        np.testing.assert_array_equal(raster.read(3), [[np.nan, 2], [2.5, np.nan]])
        assert raster.units == ("h",) * 5
