import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo_border.network.audit import (
    CROSS,
    NEAR_M,
    NEAR_MISS,
    PACE,
    SPEED,
    audit_lines,
    imputed_shares,
)

METRE = 1 / 111_195


def lines_of(rows, **columns):
    columns.setdefault("mode", ["road"] * len(rows))
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(row) for row in rows], crs=4326)


def kinds(lines):
    return audit_lines(lines)["kind"].tolist()


CROSSED = [[(0, 0), (0, 0.02)], [(-0.01, 0.01), (0.01, 0.01)]]


def test_lines_that_cross_without_a_node_are_found_where_they_do():
    found = audit_lines(lines_of(CROSSED))
    assert found["kind"].tolist() == [CROSS]
    assert (found.geometry.iloc[0].x, found.geometry.iloc[0].y) == pytest.approx((0, 0.01))
    assert found.loc[0, ["line", "other"]].tolist() == [0, 1]


@pytest.mark.parametrize("column", ["bridge", "tunnel", "layer"])
@pytest.mark.parametrize("value", [True, "yes", 1, "-1", "viaduct"])
def test_on_another_level_nothing_crosses(column, value):
    assert kinds(lines_of(CROSSED, **{column: [None, value]})) == []
    for ground in (False, "no", 0, "0", None, np.nan, ""):
        assert kinds(lines_of(CROSSED, **{column: [None, ground]})) == [CROSS]


def test_a_level_crossing_and_a_ferry_join_nothing():
    for mode in ("rail", "ferry"):
        assert kinds(lines_of(CROSSED, mode=["road", mode])) == []
    assert kinds(lines_of(CROSSED, mode=["rail", "rail"])) == [CROSS]


def test_lines_that_meet_at_their_ends_are_sound():
    star = [[(0, 0), (0, 0.01)], [(0, 0), (0.01, 0)], [(0, 0), (-0.01, 0)], [(0, 0.01), (0.01, 0)]]
    assert kinds(lines_of(star)) == []


@given(st.floats(0, 4 * NEAR_M), st.floats(-80, 80))
def test_an_end_beside_a_line_is_a_near_miss_by_its_distance(metres, lat):
    long, wide = 0.02 / np.cos(np.radians(lat)), METRE / np.cos(np.radians(lat))
    rows = [[(0, lat), (0, lat + 0.02)], [(metres * wide, lat + 0.01), (long, lat + 0.01)]]
    found = audit_lines(lines_of(rows))
    if metres < 0.9 * 0.16:
        assert found["kind"].tolist() == [CROSS]
    elif 0.2 < metres < 0.98 * NEAR_M:
        assert found["kind"].tolist() == [NEAR_MISS]
        assert found["value"].iloc[0] == pytest.approx(metres, rel=0.01)
    elif metres > 1.02 * NEAR_M:
        assert found.empty


def test_ends_with_a_node_or_a_cut_say_themselves_where_they_meet():
    rows = [[(0, 0), (0, 0.02)], [(5 * METRE, 0.01), (0.01, 0.01)]]
    assert kinds(lines_of(rows)) == [NEAR_MISS]
    assert kinds(lines_of(rows, tail_osm=[1, 2], head_osm=[3, 4])) == []
    assert kinds(lines_of(rows, tail_clipped=[False, True], head_clipped=[False, False])) == []
    assert kinds(lines_of(rows, mode=["rail", "road"])) == []


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"hours": [36.0]}, PACE),
        ({"hours": [0.6]}, None),
        ({"hours": [0.001]}, PACE),
        ({"hours": [0.6], "length_km": [36_000.0]}, PACE),
        ({"speed_kmh": [5000.0]}, SPEED),
        ({"speed_kmh": [1e-3]}, SPEED),
        ({"speed_kmh": [0.0]}, SPEED),
        ({"speed_kmh": [90.0]}, None),
        ({"speed_kmh": [90.0], "travel_kmh": [3600.0]}, SPEED),
        ({"speed_kmh": [120.0], "mode": ["ferry"]}, None),
        ({"speed_kmh": [300.0], "mode": ["rail"]}, None),
    ],
)
def test_times_and_speeds_that_nobody_goes(columns, kind):
    line = lines_of([[(0, 0), (0, 36 / 111.2)]], **columns)
    assert kinds(line) == ([] if kind is None else [kind])


def test_nothing_is_found_in_no_lines():
    assert audit_lines(lines_of([], mode=[], hours=[], speed_kmh=[])).empty


def test_the_order_of_lines_changes_no_finding():
    rows = [*CROSSED, [(0.1, 0), (0.1, 0.02)], [(0.1 + 5 * METRE, 0.01), (0.2, 0.01)]]
    one, other = lines_of(rows), lines_of(rows[::-1])
    spots = [
        sorted(zip(found["kind"], found.geometry.to_wkt(rounding_precision=9), strict=True))
        for found in (audit_lines(one), audit_lines(other))
    ]
    assert spots[0] == spots[1]


def test_the_share_of_imputed_speeds_leaves_local_ways_out():
    speeds = pd.DataFrame(
        [
            ("home", "road", "a", 30, 30),
            ("home", "road", "b", 70, 0),
            ("home", "transfer", "t", 5, 5),
        ],
        columns=["side", "mode", "class", "km", "imputed_km"],
    )
    assert imputed_shares(speeds) == {("road", "home"): 0.3}
