"""Straight links that cut over a border and come back."""

import geopandas as gpd
import pytest
import shapely

from geo_border.world.bends import bent

BORDER = gpd.GeoDataFrame(
    geometry=[shapely.LineString([(0, 0), (1, 0), (1.5, 0.4), (2, 0), (3, 0)])], crs=4326
)


def links(*ends):
    lines = [shapely.LineString(two) for two in ends]
    return gpd.GeoDataFrame({"length_km": 1.0}, index=range(len(lines)), geometry=lines, crs=4326)


def test_a_link_that_comes_back_runs_along_the_border():
    found = bent(links(((1, 0.1), (2, 0.1))), BORDER)
    assert found["bent"].tolist() == [True]
    line = found.geometry[0]
    assert shapely.get_coordinates(line)[[0, -1]].tolist() == [[1, 0.1], [2, 0.1]]
    below = shapely.Polygon([(0, 0), (1, 0), (1.5, 0.4), (2, 0), (3, 0), (3, -9), (0, -9)])
    assert shapely.intersection(line, below).area == 0
    assert shapely.intersection(line, shapely.buffer(below, -1e-9)).is_empty
    assert found["length_km"].tolist() == [1.0]


@pytest.mark.parametrize(
    "ends",
    [
        ((0.5, 1), (0.5, -1)),  # crosses once
        ((0.5, 1), (2.5, 1)),  # does not reach it
        ((1.5, 1), (1.5, -1)),  # crosses at a vertex
    ],
)
def test_other_links_stay_as_they_are(ends):
    given = links(ends)
    found = bent(given, BORDER)
    assert found["bent"].tolist() == [False]
    assert found.geometry.to_wkt().tolist() == given.geometry.to_wkt().tolist()


def test_no_link_is_led_far_round():
    horn = [(0, 0), (1, 0), (1, 90), (1.001, 90), (1.001, 0), (2, 0)]
    border = gpd.GeoDataFrame(geometry=[shapely.LineString(horn)], crs=4326)
    assert bent(links(((0.5, 1), (1.5, 1))), border)["bent"].tolist() == [False]
