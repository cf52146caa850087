"""What holds on any border: with enclaves, salients, tri-points, gaps, anywhere on the globe."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st
from tries import tries

from geo_border.border.audit import of_nobody, overlaps
from geo_border.border.edges import WGS84, edge_match, geodesic_km2
from geo_border.border.line import border_line, breaks, dyads
from geo_border.border.matching import match_sides
from geo_border.geometry.frame import central_meridian, in_frame, rounded, to_globe

PLACES = [(20, 50), (-70, -35), (25, -0.5), (100, 66), (180, 68), (-180, -17), (179.2, 52)]
"""Middles of borders: both hemispheres, the equator, the north, and the 180th meridian."""

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""To shrink a border that fails takes minutes."""


@st.composite
def borders(draw):
    """Land of two sides around a drawn line, in degrees, and what is odd about it."""
    lon, lat = draw(st.sampled_from(PLACES))
    n = draw(st.integers(4, 14))
    swing = st.floats(-0.05, 0.05, allow_subnormal=False)
    line = np.c_[draw(st.lists(swing, min_size=n, max_size=n)), np.linspace(-0.5, 0.5, n)]
    if draw(st.booleans()):
        # A salient: a narrow tongue of the eastern side.
        at = n // 2
        line = np.insert(
            line, at, [[-0.3, line[at - 1, 1] + 1e-3], [-0.3, line[at - 1, 1] + 2e-2]], 0
        )
    west = shapely.Polygon([*line, (-1, 0.5), (-1, -0.5)])
    east = shapely.Polygon([*line, (1, 0.5), (1, -0.5)])
    if not (west.is_valid and east.is_valid):
        west, east = shapely.box(-1, -0.5, 0, 0.5), shapely.box(0, -0.5, 1, 0.5)
    if draw(st.booleans()):
        enclave = shapely.box(-0.8, -0.1, -0.6, 0.1)
        west, east = west - enclave, east | enclave
    gap = draw(st.sampled_from([0.0, 0.0, 1e-13, 1e-9, 0.004]))
    if gap:
        east = shapely.affinity.translate(east, gap)
    cut = sorted(draw(st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=2)))
    bands = list(zip([-0.6, *cut], [*cut, 0.6], strict=True))
    rows = []
    for side, shape, names in (("home", west, "AB C"), ("neighbour", east, "XYZ")):
        for name, (low, high) in zip(names.replace(" ", ""), bands, strict=False):
            try:
                part = shapely.intersection(shape, shapely.box(-3, low, 3, high))
            except shapely.errors.GEOSException:  # it cannot cut every shape at every latitude
                reject()
            if part.area > 1e-6:
                rows.append((side, name, shapely.affinity.translate(part, lon, lat)))
    land = gpd.GeoDataFrame(
        {"side": [row[0] for row in rows], "region_id": [row[1] for row in rows]},
        geometry=[row[2] for row in rows],
        crs=4326,
    )
    return land, bool(gap)


def sides(land):
    return (
        land[land["side"] == side].set_index("region_id")[["geometry"]]
        for side in ("home", "neighbour")
    )


@settings(max_examples=tries(20), deadline=None, phases=QUICK)
@given(borders())
def test_a_border_of_any_shape(drawn):
    land, is_apart = drawn
    matched = match_sides(land, tolerance_m=2_000)
    border = matched.border
    # Every piece is of one pair, and follows the one before it.
    assert not border[["home_id", "neighbour_id"]].isna().any().any()
    assert border["length_km"].sum() == pytest.approx(dyads(border)["length_km"].sum(), abs=1e-9)
    assert border["to_km"].to_numpy()[:-1] == pytest.approx(border["from_km"].to_numpy()[1:])
    geodesic = [WGS84.geometry_length(line) / 1000 for line in border.geometry]
    assert border["length_km"].to_numpy() == pytest.approx(geodesic, rel=1e-9)
    # Rounded once: what libraries differ in cannot be seen.
    at = shapely.get_coordinates(border.geometry.to_numpy())
    assert (at == np.round(at, 7)).all()
    # What one side loses is told, and nothing lies twice.
    home, neighbour = sides(matched.land)
    assert matched.land.is_valid.all()
    common = shapely.intersection(
        shapely.union_all(home.geometry.to_numpy()),
        shapely.union_all(neighbour.geometry.to_numpy()),
    )
    assert common.area < 1e-6
    change = matched.mismatch.groupby("kind")["area_km2"].sum()
    before = geodesic_km2(rounded(land).segmentize(0.02)).sum()
    after = geodesic_km2(matched.land.segmentize(0.02)).sum()
    stated = change.get("gap", 0) - change.get("overlap", 0)
    assert after - before == pytest.approx(stated, abs=0.05)
    # The line is that of the neighbour, whole: no piece is lost to a gap of any size.
    wanted = _facing(land)
    assert border["length_km"].sum() == pytest.approx(wanted, abs=3 if is_apart else 0.1)
    assert len(breaks(border)) <= (2 if is_apart else 0)


def _facing(land):
    """Length of the neighbour's outline but for its far sides, km."""
    _, theirs = sides(land)
    # On a grid: regions with nothing but a hair between them are one land.
    union = shapely.union_all(theirs.geometry.to_numpy(), grid_size=1e-6)
    west, south, east, north = union.bounds
    far = shapely.box(west - 9, south + 1e-7, east - 1e-7, north - 1e-7)
    parts = shapely.get_parts(shapely.intersection(shapely.boundary(union), far))
    return sum(WGS84.geometry_length(shapely.segmentize(part, 0.02)) for part in parts) / 1000


@settings(max_examples=tries(6), deadline=None, phases=QUICK)
@given(borders(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    land, _ = drawn
    rows = list(range(len(land)))
    random.shuffle(rows)
    one, other = match_sides(land), match_sides(land.iloc[rows].reset_index(drop=True))
    assert one.border.equals(other.border)
    same = other.land.set_index("region_id").loc[one.land["region_id"]].geometry.to_numpy()
    assert shapely.equals_exact(one.land.geometry.to_numpy(), same, 0).all()


@settings(max_examples=tries(6), deadline=None, phases=QUICK)
@given(borders())
def test_the_sides_may_change_places(drawn):
    land, _ = drawn
    other = {"home": "neighbour", "neighbour": "home"}
    one = match_sides(land, kept="neighbour").border
    turned = match_sides(land.assign(side=land["side"].map(other)), kept="home").border
    assert one["length_km"].sum() == pytest.approx(turned["length_km"].sum(), abs=1e-2)
    lines = [shapely.union_all(border.geometry.to_numpy()) for border in (one, turned)]
    assert shapely.hausdorff_distance(*lines) < 1e-4


@settings(max_examples=tries(6), deadline=None, phases=QUICK)
@given(borders(), st.sampled_from([-360, 0, 360]))
def test_the_180th_meridian_is_a_meridian_like_others(drawn, turn):
    land, _ = drawn
    globe = to_globe(land)
    assert globe.total_bounds[0] >= -180
    assert globe.total_bounds[2] <= 180
    moved = land.set_geometry(land.geometry.translate(turn))
    lengths = []
    for given_as in (globe, moved):
        home, neighbour = sides(given_as)
        meridian = central_meridian(home.geometry, neighbour.geometry)
        border = match_sides(in_frame(given_as, meridian)).border
        # Which end of a line from south to north is the western one may be a matter of rounding.
        lengths.append(dyads(border).set_index(["home_id", "neighbour_id"])["length_km"])
    pd.testing.assert_series_equal(*(by.sort_index() for by in lengths), atol=5e-3)


def box(*at):
    return shapely.box(*at)


def layer(**shapes):
    return gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs=4326)


def test_where_a_border_ends_it_does_not_run_on_along_the_neighbour():
    # The neighbour's edge goes straight on where home ends: nobody's corner is not home's.
    match = edge_match(layer(h=box(0, 49, 1, 50)), layer(n=box(-1, 50, 2, 51)))
    border = border_line(match.home, layer(n=box(-1, 50, 2, 51)))
    true = WGS84.geometry_length(shapely.segmentize(shapely.LineString([(0, 50), (1, 50)]), 0.01))
    assert border["length_km"].sum() == pytest.approx(true / 1000, abs=0.02)
    assert match.gaps["area_km2"].sum() < 0.01


@pytest.mark.parametrize("apart", [0.004, 0.012])
def test_lines_of_two_sources_that_part_at_their_end(apart):
    # Two drawings of one border some 300 or 900 m apart; at its end the coasts go their ways.
    n = np.linspace(50, 52, 41)
    swings = np.random.default_rng(1).uniform(0.2, 1, 41) * apart
    theirs = shapely.Polygon([*np.c_[np.full(41, 10.0), n], (12, 52), (12, 49.6), (10.08, 49.93)])
    ours = shapely.Polygon([*np.c_[10 - swings, n], (8, 52), (8, 49.6), (9.92, 49.93)])
    match = edge_match(layer(h=ours), layer(n=theirs))
    border = border_line(match.home, layer(n=theirs))
    true = WGS84.geometry_length(shapely.segmentize(shapely.LineString([(10, 50), (10, 52)]), 0.01))
    assert border["length_km"].sum() == pytest.approx(true / 1000, abs=2 * 111 * apart)


def test_a_gap_at_the_last_bit_loses_nothing():
    for power in range(-16, -8):
        home = layer(h=box(0, 49, 1, 50), g=box(0, 50, 1, 51))
        neighbour = layer(n=box(1 + 10.0**power, 49, 2, 51))
        match = edge_match(home, neighbour)
        length = border_line(match.home, neighbour)["length_km"].sum()
        assert length == pytest.approx(222.4, abs=0.5)


def test_regions_of_one_side_that_overlap_are_told_and_the_border_is_one_region_s():
    land = gpd.GeoDataFrame(
        {"side": ["home", "home", "neighbour"], "region_id": ["B", "A", "X"]},
        geometry=[box(1, 49, 2, 50), box(0, 49, 1.4, 50), box(0, 50, 2, 51)],
        crs=4326,
    )
    found = overlaps(land).iloc[0]
    assert {found["region_id"], found["other_id"]} == {"A", "B"}
    true = geodesic_km2(gpd.GeoSeries([shapely.segmentize(box(1, 49, 1.4, 50), 0.01)], crs=4326))
    assert found["area_km2"] == pytest.approx(true.iloc[0], rel=1e-3)
    border = match_sides(land).border
    assert border["home_id"].tolist() == ["A", "B"]


def test_a_third_country_between_the_sides_is_annexed_by_none():
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[
            box(0, 49, 2, 50),
            shapely.union_all([box(0, 50, 2, 51) - box(0.8, 50, 1.2, 50.03)]),
        ],
        crs=4326,
    )
    third = box(0.8, 50, 1.2, 50.03)
    countries = gpd.GeoDataFrame({"country": ["LI"]}, geometry=[third], crs=4326)
    annexed = match_sides(land, tolerance_m=5_000)
    assert annexed.between.empty
    assert annexed.mismatch["area_km2"].max() > 80
    matched = match_sides(land, countries=countries, tolerance_m=5_000)
    assert matched.between["country"].tolist() == ["LI"]
    true = geodesic_km2(gpd.GeoSeries([shapely.segmentize(third, 0.01)], crs=4326)).iloc[0]
    assert matched.between["area_km2"].sum() == pytest.approx(true, rel=0.01)
    assert matched.land.geometry.iloc[0].intersection(third).area < 1e-6
    assert len(breaks(matched.border)) == 1
    own = gpd.GeoDataFrame({"country": ["AA"]}, geometry=[box(0, 49, 2, 50.03)], crs=4326)
    assert match_sides(land, countries=own).between.empty


def test_land_that_both_sides_enclose_and_neither_has():
    hole = box(0.4, 49.7, 1.6, 50.3)
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[box(0, 49, 2, 50) - hole, box(0, 50, 2, 51) - hole],
        crs=4326,
    )
    matched = match_sides(land)
    nobody = of_nobody(matched.land, matched.between)
    assert len(nobody) == 1
    true = geodesic_km2(gpd.GeoSeries([hole], crs=4326)).iloc[0]
    assert nobody["area_km2"].iloc[0] == pytest.approx(true, rel=0.02)
    gap = breaks(matched.border)
    assert gap["km"].tolist() == pytest.approx([86], rel=0.02)
    assert gap["chainage_km"].iloc[0] == pytest.approx(28.7, rel=0.03)


def test_a_coast_between_two_pieces_of_land_is_no_break():
    home, neighbour = layer(h=box(0, 49, 3, 50)), layer(n=box(0, 50, 3, 51))
    line = shapely.LineString([(1, 50), (2, 50)])
    sea = gpd.GeoDataFrame({"kind": ["maritime"]}, geometry=[line], crs=4326)
    border = border_line(home, neighbour, sea=sea)
    assert border["at_sea"].tolist() == [False, False, True]
    assert border["length_km"].to_numpy() == pytest.approx([71.7] * 3, abs=0.6)
    pair = dyads(border).iloc[0]
    assert pair["length_km"] == pytest.approx(143.4, abs=0.6)
    assert pair["sea_km"] == pytest.approx(71.7, abs=0.6)
    assert breaks(border).empty
