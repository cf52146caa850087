import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo_border.network.links import links_from_lines
from geo_border.network.meeting import MEETING_M, nearest_there, one_place

WGS84 = Geod(ellps="WGS84")

PLACES = st.tuples(st.floats(-180, 180), st.floats(-80, 80))


@given(
    PLACES,
    st.floats(0, 360),
    st.floats(0, 0.9 * MEETING_M) | st.floats(1.1 * MEETING_M, 5),
    st.floats(0, 360),
)
def test_points_are_one_place_by_their_distance_alone(place, towards, metres, other_way):
    lon, lat, _ = WGS84.fwd(*place, towards, metres)
    far = WGS84.fwd(*place, other_way, 1000)[:2]
    found, at = one_place(np.array([far, (lon, lat), place]))
    assert (found[1] == found[2]) == (metres < MEETING_M)
    assert found[0] not in found[1:]
    assert WGS84.inv(*at[found[2]], *place)[2] < MEETING_M


@given(st.lists(PLACES, min_size=1, max_size=8), st.randoms())
def test_the_order_of_points_changes_no_place(points, random):
    shuffled = list(points)
    random.shuffle(shuffled)
    by_point = {}
    for rows in (points, shuffled):
        place, at = one_place(np.array(rows))
        for point, where in zip(rows, at[place], strict=True):
            by_point.setdefault(point, []).append(tuple(where))
    assert all(len(set(found)) == 1 for found in by_point.values())


def test_no_points_are_no_places():
    place, at = one_place(np.empty((0, 2)))
    assert len(place) == len(at) == 0


def test_points_meet_what_is_nearest_and_of_their_kind():
    points = np.array([(5.0, 50.0), (5.0, 50.0), (6.0, 50.0)])
    others = np.array([(5.0, 50.0 + 1e-6), (5.0, 50.0 + 5e-7), (5.0, 50.0)])
    found = nearest_there(
        points, np.array([False, True, False]), others, np.array([False, False, True])
    )
    assert found.tolist() == [1, 2, -1]


@pytest.mark.parametrize("off", [8e-9, 9e-7, -9e-7])
@pytest.mark.parametrize("lon", [0.5, 0.5000005, 0.50000049])
def test_ends_a_hair_apart_meet_wherever_rounding_has_its_edge(lines, territory, lon, off):
    own = lines.iloc[[0, 0]].set_geometry(
        [
            type(lines.geometry.iloc[0])([(0.3, 49.3), (lon, 49.5000005)]),
            type(lines.geometry.iloc[0])([(lon + off, 49.5000005 + off / 2), (0.7, 49.3)]),
        ]
    )
    _, links = links_from_lines(pd.concat([lines, own], ignore_index=True), territory)
    assert links.loc[6, "head"] == links.loc[7, "tail"]


def test_a_loose_end_beside_a_node_of_osm_takes_those_that_lie_beside_it(lines, territory):
    line = type(lines.geometry.iloc[0])
    step = 0.8 * MEETING_M / 111_300
    own = lines.iloc[[0, 0, 0]].set_geometry(
        [
            line([(0.3, 49.3), (0.5, 49.5)]),
            line([(0.5, 49.5 + step), (0.7, 49.3)]),
            line([(0.5, 49.5 + 2 * step), (0.7, 49.7)]),
        ]
    )
    own = own.assign(tail_osm=[1, np.nan, np.nan], head_osm=[2, np.nan, np.nan])
    nodes, links = links_from_lines(pd.concat([lines, own], ignore_index=True), territory)
    assert links.loc[6, "head"] == links.loc[7, "tail"] == links.loc[8, "tail"]
    assert nodes.loc[links.loc[6, "head"], "osm"] == 2
