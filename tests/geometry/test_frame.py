"""Longitudes in one frame, and back on the globe."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.edges import equal_area_crs
from geo_border.errors import GeometryError
from geo_border.geometry.frame import (
    central_meridian,
    in_frame,
    rounded,
    table_in_frame,
    table_to_globe,
    to_globe,
    turned,
)


def series(*shapes):
    return gpd.GeoSeries(list(shapes), crs=4326)


def test_longitudes_are_turned_only_where_they_must_be():
    lon = np.array([170.0, -170.0, np.nan])
    assert turned(lon, 0.0) is lon
    assert turned(lon, 180.0)[:2].tolist() == [170.0, 190.0]
    assert np.isnan(turned(lon, 180.0)[2])
    assert turned(np.array([173.0]), -119.5).tolist() == [-187.0]


def test_the_middle_is_of_the_border_wherever_islands_lie():
    alaska = shapely.box(-160, 60, -141, 70)
    yukon = shapely.box(-141, 60, -124, 70)
    islands = shapely.MultiPolygon([shapely.box(173, 51, 179, 53), alaska])
    assert central_meridian(series(islands), series(yukon)) == pytest.approx(-141, abs=3)
    assert central_meridian(series(alaska), series(yukon)) == pytest.approx(-142)


def test_a_border_on_the_180th_meridian():
    west, east = series(shapely.box(175, -20, 180, -15)), series(shapely.box(-180, -20, -175, -15))
    assert abs(central_meridian(west, east)) == pytest.approx(180, abs=1)


def test_parts_that_the_meridian_cut_are_one_again_and_cut_on_the_globe():
    whole = shapely.box(178, 60, 184, 66)
    globe = to_globe(series(whole))
    assert globe.total_bounds.tolist() == [-180, 60, 180, 66]
    assert len(globe.iloc[0].geoms) == 2
    assert in_frame(globe, 180.0).iloc[0].equals(whole)
    assert to_globe(in_frame(globe, 180.0)).iloc[0].equals(globe.iloc[0])


def test_lines_and_rings_that_jump_are_put_together():
    line = shapely.LineString([(179, 10), (-179, 10)])
    ring = shapely.Polygon([(179, 0), (-179, 0), (-179, 1), (179, 1)])
    found = in_frame(series(line, ring), 180.0)
    assert found.iloc[0].equals(shapely.LineString([(179, 10), (181, 10)]))
    assert found.iloc[1].equals(shapely.box(179, 0, 181, 1))
    assert to_globe(found).iloc[0].geom_type == "MultiLineString"


def test_tables_go_there_and_back():
    table = pd.DataFrame({"lon": [179.0, -179.0], "lat": [1.0, 2.0], "name": ["a", "b"]})
    points = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326
    )
    there = table_in_frame(points, 180.0)
    assert there["lon"].tolist() == [179, 181]
    assert there.geometry.x.tolist() == [179, 181]
    pd.testing.assert_frame_equal(pd.DataFrame(table_to_globe(there)), pd.DataFrame(points))
    assert table_in_frame(points, 0.0) is points


def test_projections_keep_the_frame():
    island = series(shapely.Point(-187, 52), shapely.Point(-60, 52))
    for extent in (series(shapely.box(-190, 40, -50, 60)), series(shapely.box(-190, -60, -50, 60))):
        crs = equal_area_crs(gpd.GeoDataFrame(geometry=extent))
        assert island.to_crs(crs).to_crs(4326).x.to_numpy() == pytest.approx([-187, -60])


def test_a_pole_is_refused():
    with pytest.raises(GeometryError, match="reaches the pole"):
        central_meridian(series(shapely.box(-180, -90, 180, -60)), series(shapely.box(0, 0, 1, 1)))


def test_rounding_is_the_same_for_what_differs_in_the_last_bits():
    rng = np.random.default_rng(0)
    at = rng.uniform(0, 1, (40, 2))
    ring = shapely.convex_hull(shapely.multipoints(at))
    shaken = shapely.transform(ring, lambda at: at + 1e-13 * np.sin(1e5 * at))
    assert rounded(series(ring)).iloc[0].equals_exact(rounded(series(shaken)).iloc[0], 0)
    thin = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 1e-9), (0, 1)])
    assert rounded(series(thin)).is_valid.all()
