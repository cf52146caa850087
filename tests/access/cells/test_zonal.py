import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from geo_border.access.cells.zonal import zonal_means, zones_area
from geo_border.border.belt import CellGrid

GRID = CellGrid(CRS.from_epsg(3035), 4_000_000.0, 3_000_000.0, 1000.0, 3, 4)


@pytest.fixture
def cells():
    row, column = np.divmod(np.arange(12), 4)
    return pd.DataFrame(
        {
            "row": row,
            "column": column,
            "region_id": np.where(column < 2, "A", "B"),
            "population": [10, 0, 5, 1, 20, 30, 0, 2, 0, 0, 0, 3],
        }
    )


def test_zones_share_out_people_and_land_by_hand(cells):
    hours = pd.Series([0.2, 0.5, 0.6, 1.6, 1.0, 2.0, 0.1, np.inf, 0.3, 1.2, 0.4, 1.5])
    table = zones_area(hours, cells, area_km2=4).set_index(["region_id", "zone"])
    assert list(table.loc["A"].index) == ["0-30", "30-60", "60-90", "90+", "unreached"]
    assert table.loc["A", "population"].tolist() == [10, 20, 0, 30, 0]
    assert table.loc["A", "area_km2"].tolist() == [12, 4, 4, 4, 0]
    assert table.loc["B", "population"].tolist() == [0, 5, 3, 1, 2]
    assert table.loc["B", "area_km2"].tolist() == [8, 4, 4, 4, 4]
    for share in ("population_share", "area_share"):
        np.testing.assert_allclose(table[share].groupby("region_id").sum(), 1)
    assert table.loc[("A", "90+"), "population_share"] == 0.5


def test_a_region_where_nobody_lives_has_no_share_of_people(cells):
    table = zones_area(pd.Series(np.ones(12)), cells.assign(population=0.0), area_km2=1)
    assert table["population_share"].isna().all()
    assert table.groupby("region_id")["area_share"].sum().eq(1).all()


def region(*boxes):
    shapes = [shapely.box(4e6 + w, 3e6 - s, 4e6 + e, 3e6 - n) for w, s, e, n in boxes]
    names = [f"R{i}" for i in range(len(boxes))]
    plane = gpd.GeoDataFrame(index=names, geometry=shapes, crs=3035)
    return plane.segmentize(50).to_frame("geometry").to_crs(4326)


def test_means_weigh_cells_by_people_and_by_the_share_inside(cells):
    values = pd.DataFrame({"x": np.arange(12.0), "y": np.r_[np.inf, np.nan, np.ones(10)]})
    regions = region((0, 3000, 2000, 0), (500, 1000, 4000, 0), (9000, 9900, 9990, 9000))
    found = zonal_means(values, cells, GRID, regions)
    # x: 0*10 + 1*0 + 4*20 + 5*30 over 60; then half of the first cell, 5 and 1 people beyond.
    assert found.loc["R0", "x"] == pytest.approx(230 / 60, rel=1e-4)
    assert found.loc["R1", "x"] == pytest.approx((2 * 5 + 3 * 1) / (5 + 5 + 1), rel=1e-3)
    # What is infinite or missing is left out, with its people.
    assert found["y"].tolist()[:2] == pytest.approx([1, 1])
    assert found.loc["R2"].isna().all()


def test_over_whole_cells_the_raster_and_the_cells_agree():
    rng = np.random.default_rng(0)
    row, column = np.divmod(np.arange(12), 4)
    cells = pd.DataFrame({"row": row, "column": column, "population": rng.random(12)})
    values = pd.DataFrame({"x": rng.random(12)})
    grid = region((0, 3000, 4000, 0))
    found = zonal_means(values, cells, GRID, grid)["x"].iloc[0]
    assert found == pytest.approx(np.average(values["x"], weights=cells["population"]), rel=1e-4)
