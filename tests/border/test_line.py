import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo_border.border.line import along, border_line, dyads, is_ring
from geo_border.errors import SideError

WGS84 = Geod(ellps="WGS84")


def layer(**polygons):
    return gpd.GeoDataFrame(
        geometry=list(polygons.values()), index=list(polygons), crs=4326
    ).rename_axis("region_id")


@pytest.fixture
def four():
    """Two regions below the parallel 50 and two above, offset by half a degree."""
    home = layer(A=shapely.box(0, 49, 1, 50), B=shapely.box(1, 49, 2, 50))
    neighbour = layer(
        X=shapely.Polygon([(0, 50), (1, 50), (1.5, 50), (1.5, 51), (0, 51)]),
        Y=shapely.Polygon([(1.5, 50), (2, 50), (2, 51), (1.5, 51)]),
    )
    return home, neighbour


def test_pieces_run_from_west_to_east_and_cut_where_a_region_changes(four):
    border = border_line(*four)
    assert border[["home_id", "neighbour_id"]].to_numpy().tolist() == [
        ["A", "X"],
        ["B", "X"],
        ["B", "Y"],
    ]
    assert border["from_km"].iloc[0] == 0
    assert border["from_km"].to_numpy()[1:] == pytest.approx(border["to_km"].to_numpy()[:-1])
    # Vertices every 500 m: the parallel, not the great circle between its ends.
    degree_km = WGS84.inv(0, 50, 0.001, 50)[2]
    assert border["length_km"].to_numpy() == pytest.approx(
        [degree_km, degree_km / 2, degree_km / 2], rel=0.01
    )


def test_dyads_add_up_to_the_border(four):
    border = border_line(*four)
    pairs = dyads(border)
    assert pairs["length_km"].sum() == pytest.approx(border["length_km"].sum())
    assert pairs[["home_id", "neighbour_id"]].to_numpy().tolist() == [
        ["A", "X"],
        ["B", "X"],
        ["B", "Y"],
    ]
    assert np.allclose(shapely.length(pairs.geometry.to_numpy()), [1, 0.5, 0.5], atol=0.01)


def test_a_dyad_in_two_pieces_is_one_row():
    home = layer(A=shapely.box(0, 49, 3, 50))
    neighbour = layer(
        X=shapely.union(shapely.box(0, 50, 1, 51), shapely.box(2, 50, 3, 51)),
        Y=shapely.box(1, 50, 2, 51),
    )
    border = border_line(home, neighbour)
    assert border["neighbour_id"].tolist() == ["X", "Y", "X"]
    pairs = dyads(border).set_index("neighbour_id")
    assert pairs.loc["X", "length_km"] == pytest.approx(2 * pairs.loc["Y", "length_km"], rel=0.01)


def test_an_interrupted_border_keeps_its_order():
    home = layer(A=shapely.box(0, 49, 1, 50), B=shapely.box(3, 49, 5, 50))
    neighbour = layer(X=shapely.box(0, 50, 5, 51))
    border = border_line(home, neighbour)
    assert border["home_id"].tolist() == ["A", "B"]
    assert border["from_km"].iloc[1] == pytest.approx(border["to_km"].iloc[0])


def test_sides_without_a_common_line_are_an_error():
    with pytest.raises(SideError, match="share no border"):
        border_line(layer(A=shapely.box(0, 0, 1, 1)), layer(X=shapely.box(3, 0, 4, 1)))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-0.4, 0.4), min_size=3, max_size=10))
def test_length_is_the_geodesic_length_of_the_common_edge(offsets):
    lon = np.linspace(10, 14, len(offsets))
    edge = np.c_[lon, 50 + np.array(offsets)]
    home = layer(A=shapely.Polygon([*edge, (14, 48), (10, 48)]))
    neighbour = layer(X=shapely.Polygon([*edge, (14, 52), (10, 52)]))
    border = border_line(home, neighbour)
    # Straight in the projection and in degrees differ little over half a degree.
    expected = (
        WGS84.line_length(
            *shapely.get_coordinates(shapely.segmentize(shapely.LineString(edge), 0.01)).T
        )
        / 1000
    )
    assert border["length_km"].sum() == pytest.approx(expected, rel=2e-3)


def test_along_gives_distance_from_the_western_end(four):
    border = border_line(*four)
    points = gpd.GeoSeries(
        [shapely.Point(1.25, 50), shapely.Point(0.5, 50.1), shapely.Point()],
        index=["on", "off", "nowhere"],
        crs=4326,
    )
    found = along(border, points)
    total = border["length_km"].sum()
    assert found.loc["on", "chainage_km"] == pytest.approx(total * 1.25 / 2, rel=0.01)
    assert found.loc["on", "border_distance_km"] == pytest.approx(0, abs=0.2)
    assert found.loc["on", ["home_id", "neighbour_id"]].tolist() == ["B", "X"]
    metres = WGS84.inv(0.5, 50, 0.5, 50.1)[2]
    assert found.loc["off", "border_distance_km"] == pytest.approx(metres / 1000, rel=0.01)
    assert found.loc["nowhere"].isna().all()


def test_a_ring_begins_at_its_westernmost_point_and_runs_clockwise():
    home = layer(A=shapely.Polygon([(1, 49.5), (1.5, 50), (2, 49.5), (1.5, 49)]))
    around = shapely.difference(shapely.box(0, 48, 3, 51), home.geometry.iloc[0])
    halves = {"X": shapely.box(0, 48, 3, 49.5), "Y": shapely.box(0, 49.5, 3, 51)}
    border = border_line(home, layer(**{k: around.intersection(h) for k, h in halves.items()}))
    assert is_ring(border)
    assert border["neighbour_id"].tolist() == ["Y", "X"]
    assert shapely.get_coordinates(border.geometry.iloc[0])[0] == pytest.approx([1, 49.5])
    assert not is_ring(border.iloc[:1])
