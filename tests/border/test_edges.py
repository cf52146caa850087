import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.border.edges import edge_match, equal_area_crs, extent, geodesic_km2
from geo_border.errors import SideError


def layer(**polygons):
    return gpd.GeoDataFrame(
        geometry=list(polygons.values()), index=list(polygons), crs=4326
    ).rename_axis("region_id")


def lens(frame):
    return geodesic_km2(frame.geometry)


def dense(frame):
    return frame.set_geometry(frame.segmentize(0.02))


def test_equal_area_crs_keeps_areas():
    box = layer(a=shapely.segmentize(shapely.box(46, 48, 87, 56), 0.01))
    planar = box.to_crs(equal_area_crs(box)).area.iloc[0] / 1e6
    assert planar == pytest.approx(lens(box)["a"], rel=1e-4)


def test_a_gap_goes_to_the_home_region():
    home = layer(h=shapely.box(0, 0, 1, 1))
    neighbour = layer(n=shapely.box(1.02, 0, 2, 1))
    match = edge_match(home, neighbour, tolerance_m=5000)
    assert match.overlaps.empty
    gap = lens(layer(g=shapely.box(1, 0, 1.02, 1)))["g"]
    # The corners at the ends of the border stay round.
    assert match.gaps["area_km2"].sum() == pytest.approx(gap, rel=5e-3)
    assert match.gaps["home_id"].tolist() == ["h"]
    grown = lens(match.home)["h"] - lens(dense(home))["h"]
    assert grown == pytest.approx(match.gaps["area_km2"].sum(), rel=1e-4)


def test_an_overlap_is_taken_from_the_home_region():
    home = layer(h=shapely.box(0, 0, 1.01, 1))
    neighbour = layer(n=shapely.box(1, 0, 2, 1))
    match = edge_match(home, neighbour)
    overlap = lens(layer(o=shapely.box(1, 0, 1.01, 1)))["o"]
    assert match.overlaps["area_km2"].sum() == pytest.approx(overlap, rel=1e-6)
    assert match.gaps["area_km2"].sum() < 1e-3
    assert match.home.geometry.iloc[0].symmetric_difference(shapely.box(0, 0, 1, 1)).area < 1e-6


def test_a_gap_between_two_home_regions_is_shared_by_the_nearer_edge():
    home = layer(south=shapely.box(0, 0, 1, 1), north=shapely.box(0, 1, 1, 2))
    neighbour = layer(n=shapely.box(1.02, 0, 2, 2))
    match = edge_match(home, neighbour)
    shares = match.gaps.groupby("home_id")["area_km2"].sum()
    assert shares["south"] == pytest.approx(shares["north"], rel=0.01)
    assert not match.home.geometry.iloc[0].overlaps(match.home.geometry.iloc[1].buffer(-1e-9))


def test_a_long_narrow_gap_is_cut_where_the_regions_meet():
    """Straight edges along a parallel, where points of the edges are all but collinear."""
    home = layer(a=shapely.box(0, 49, 1, 50), b=shapely.box(1, 49, 3, 50))
    match = edge_match(home, layer(n=shapely.box(0, 50.003, 3, 51)))
    shares = match.gaps.groupby("home_id")["area_km2"].sum()
    assert shares["b"] == pytest.approx(2 * shares["a"], rel=0.01)
    assert match.home.geometry["a"].bounds[2] == pytest.approx(1, abs=0.003)


def test_matched_sides_stay_as_they_are():
    home = layer(h=shapely.box(0, 0, 1, 1))
    neighbour = layer(n=shapely.box(1, 0, 2, 1))
    match = edge_match(home, neighbour)
    assert match.home.geometry.iloc[0].symmetric_difference(shapely.box(0, 0, 1, 1)).area < 1e-6
    assert match.overlaps["area_km2"].sum() < 1e-3
    assert match.gaps["area_km2"].sum() < 1e-3


def test_a_region_away_from_the_border_is_not_touched():
    home = layer(h=shapely.box(0, 0, 1, 1), far=shapely.box(-2, 0, -1, 1))
    match = edge_match(home, layer(n=shapely.box(1.01, 0, 2, 1)))
    assert match.home.geometry["far"].equals_exact(home.geometry["far"], 1e-9)


def test_a_gap_wider_than_the_tolerance_stays_open():
    home = layer(h=shapely.box(0, 0, 1, 1))
    neighbour = layer(n=shapely.union(shapely.box(1.5, 0, 2, 1), shapely.box(1.0, -0.5, 2, 0)))
    match = edge_match(home, neighbour, tolerance_m=2000)
    assert match.gaps["area_km2"].sum() < 10


def test_sides_far_apart_are_an_error():
    says = r"nowhere within 5 km of each other: home is at longitude .*, the neighbour at longitude"
    with pytest.raises(SideError, match=says):
        edge_match(layer(h=shapely.box(0, 0, 1, 1)), layer(n=shapely.box(3, 0, 4, 1)))
    with pytest.raises(SideError, match="both sides"):
        edge_match(layer(h=shapely.box(0, 0, 1, 1)).iloc[:0], layer(n=shapely.box(1, 0, 2, 1)))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.03, 0.03), min_size=4, max_size=12), st.integers(1, 3))
def test_matching_conserves_area_and_leaves_no_overlap(offsets, regions):
    lat = np.linspace(50, 52, len(offsets))
    edge = np.c_[20 + np.array(offsets), lat]
    neighbour = layer(n=shapely.Polygon([*edge, (22, 52), (22, 50)]))
    bands = np.linspace(50, 52, regions + 1)
    home = layer(
        **{
            f"h{k}": shapely.box(18, south, 20, north)
            for k, (south, north) in enumerate(zip(bands[:-1], bands[1:], strict=True))
        }
    )
    match = edge_match(home, neighbour, tolerance_m=3000)
    assert match.home.is_valid.all()
    both = shapely.intersection(match.home.geometry.to_numpy(), neighbour.geometry.iloc[0])
    assert shapely.area(both).sum() < 1e-6
    change = match.gaps.groupby("home_id")["area_km2"].sum().reindex(home.index, fill_value=0)
    change -= match.overlaps.groupby("home_id")["area_km2"].sum().reindex(home.index, fill_value=0)
    # Long edges follow their parallel, not the geodesic between their ends.
    assert lens(match.home).to_numpy() == pytest.approx(
        (lens(dense(home)) + change).to_numpy(), abs=0.05
    )


def test_a_border_on_the_equator_has_an_equal_area_projection_too():
    box = layer(a=shapely.segmentize(shapely.box(-71, -1, -69, 1), 0.01))
    planar = box.to_crs(equal_area_crs(box)).area.iloc[0] / 1e6
    assert planar == pytest.approx(lens(box)["a"], rel=1e-4)


def test_an_extent_in_words():
    assert extent((-1, 2.345, 3, 4)) == "longitude -1.00 to 3.00, latitude 2.35 to 4.00"
    # A frame around the 180th meridian is nobody's business but ours.
    assert extent((178, -1, 187, 4)) == "longitude 178.00 to -173.00, latitude -1.00 to 4.00"
