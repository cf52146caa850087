"""Sides whose own polygons are coarse, and the finer outline of a country between them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.border.edges import WGS84, edge_match, geodesic_km2
from geo_border.border.line import border_line
from geo_border.border.matching import match_sides
from geo_border.errors import SideError

ZIGZAG = np.array([(10 + 0.02 * (n % 2), 50 + 0.05 * n) for n in range(21)])
"""A border that swings 1.4 km to the east and back every 11 km, from 50 to 51 degrees north."""


def frame(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


def coarse(west=9.0, east=11.0, at=10.0):
    """Two boxes that meet in a straight line where the true border swings."""
    boxes = [shapely.box(west, 50, at, 51), shapely.box(at, 50, east, 51)]
    return frame(boxes, side=["home", "neighbour"], region_id=["A", "X"])


def country(*, west=True):
    """The land to one side of the true border."""
    corners = [(9.0, 51), (9.0, 50)] if west else [(11.0, 51), (11.0, 50)]
    return shapely.Polygon([*ZIGZAG, *corners])


def outlines(*shapes, codes="AA"):
    return frame(list(shapes), country=list(codes)[: len(shapes)] or [])


def length_km(line):
    return WGS84.geometry_length(line) / 1000


def test_without_an_outline_the_kept_side_is_the_border():
    matched = match_sides(coarse())
    land = coarse()
    match = edge_match(land.iloc[:1], land.iloc[1:])
    sides = [part.set_index("region_id") for part in (match.home, land.iloc[1:])]
    pd.testing.assert_frame_equal(matched.border, border_line(*sides))
    assert matched.followed.empty
    assert set(matched.mismatch["side"]) <= {"home"}


@pytest.mark.parametrize("west", [True, False])
@pytest.mark.parametrize("kept", ["home", "neighbour"])
def test_both_sides_are_moved_to_the_outline_of_a_country_on_either(west, kept):
    matched = match_sides(coarse(), kept=kept, outlines=outlines(country(west=west)))
    true = shapely.LineString(ZIGZAG)
    assert matched.border["length_km"].sum() == pytest.approx(length_km(true), rel=2e-3)
    row = matched.followed.iloc[0]
    assert row["side"] == ("home" if west else "neighbour")
    assert row["share"] == pytest.approx(1, abs=2e-3)
    # The line swings 0.02 degrees of longitude at 50 to 51 degrees north.
    assert row["moved_km"] == pytest.approx(1.42, abs=0.02)
    areas = geodesic_km2(matched.land.geometry)
    for number, shape in enumerate((country(west=True), country(west=False))):
        moved = matched.land.geometry.iloc[number].symmetric_difference(shape)
        assert geodesic_km2(gpd.GeoSeries([moved])).sum() < 2e-3 * areas.iloc[number]
    assert set(matched.mismatch["side"]) == {"home", "neighbour"}
    assert set(matched.mismatch["region_id"]) == {"A", "X"}


def test_an_outline_that_is_farther_than_the_tolerance_is_left_alone():
    far = outlines(shapely.box(9, 50, 9.9, 51))  # 7 km short of the border
    matched = match_sides(coarse(), outlines=far)
    assert matched.followed.empty
    assert matched.border.geometry.union_all().equals_exact(
        match_sides(coarse()).border.geometry.union_all(), 0
    )


def test_a_country_of_both_sides_is_not_bounded_by_the_border_between_them():
    # A border between regions of one country, whose outline is near where the border ends.
    both = outlines(shapely.box(9.0, 50, 11.0, 51))
    assert match_sides(coarse(), outlines=both).followed.empty


def test_a_country_of_neither_side_at_the_end_of_the_border_is_left_alone():
    north = outlines(shapely.box(9.0, 51, 11.0, 52))
    assert match_sides(coarse(), outlines=north).followed.empty


def test_of_countries_on_both_sides_those_are_followed_that_bound_more():
    part = shapely.intersection(country(), shapely.box(9, 50, 11, 50.3))
    matched = match_sides(coarse(), outlines=outlines(part, country(west=False), codes="PQ"))
    assert matched.followed["country"].tolist() == ["Q"]
    assert matched.followed["share"].sum() == pytest.approx(1, abs=2e-3)


def test_where_no_outline_is_known_the_files_line_stays():
    south = shapely.intersection(country(), shapely.box(9, 50, 11, 50.5))
    matched = match_sides(coarse(), outlines=outlines(south))
    assert 0.4 < matched.followed["share"].sum() < 0.6
    lat = shapely.get_coordinates(matched.border.geometry.to_numpy())
    north = lat[lat[:, 1] > 50.6]
    assert north[:, 0] == pytest.approx(10.0, abs=1e-6)


def test_land_of_no_studied_region_is_moved_too():
    boxes = [
        shapely.box(9, 50, 10, 51),
        shapely.box(10, 50, 11, 50.5),
        shapely.box(10, 50.5, 11, 51),
    ]
    land = frame(boxes, side=["home", "neighbour", "neighbour"], region_id=["A", "X", None])
    matched = match_sides(land, outlines=outlines(country()))
    assert matched.border["length_km"].sum() == pytest.approx(
        length_km(shapely.LineString(ZIGZAG[:11])), rel=5e-3
    )
    rest = matched.land.geometry.iloc[2]
    true = shapely.intersection(country(west=False), shapely.box(9.9, 50.5, 11, 51))
    assert rest.symmetric_difference(true).area < 2e-3 * rest.area


def test_sides_that_share_nothing_are_one_clear_error():
    land = frame(
        [shapely.box(0, 50, 1, 51), shapely.box(3, 50, 4, 51)],
        side=["home", "neighbour"],
        region_id=["A", "X"],
    )
    with pytest.raises(SideError, match="nowhere within"):
        match_sides(land, outlines=outlines(country()))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-0.03, 0.03), min_size=21, max_size=21))
def test_any_outline_within_the_tolerance_is_followed(swings):
    line = [(10 + swing, 50 + 0.05 * n) for n, swing in enumerate(swings)]
    true = shapely.Polygon([*line, (9.0, 51), (9.0, 50)])
    matched = match_sides(coarse(), outlines=outlines(true))
    # Where the border ends either line may have the corner.
    middle = shapely.box(9, 50.1, 11, 50.9)
    found = shapely.intersection(matched.border.geometry.union_all(), middle)
    wanted = shapely.intersection(shapely.LineString(line), middle)
    assert shapely.hausdorff_distance(found, wanted) < 1e-5
    ours, theirs = matched.land.geometry
    assert ours.is_valid
    assert theirs.is_valid
    assert shapely.intersection(ours, theirs).area < 1e-6
    assert ours.symmetric_difference(true).area < 2e-3
