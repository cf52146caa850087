import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.ops
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo_border.errors import NetworkError
from geo_border.network.links import between, links_from_lines, split_links

WGS84 = Geod(ellps="WGS84")


def test_lines_that_meet_at_their_ends_share_a_node(lines, territory):
    nodes, links = links_from_lines(lines, territory)
    assert len(links) == 6
    assert len(nodes) == 9 + 1  # 12 ends, of which two pairs meet
    assert links.loc[0, "head"] == links.loc[1, "tail"]
    ends = nodes.loc[links["tail"], ["lon", "lat"]].to_numpy()
    assert np.allclose(ends, [line.coords[0] for line in links.geometry])
    assert nodes.loc[links["tail"], "side"].tolist() == [0] * 6
    assert nodes.loc[links["head"], "region_id"].tolist() == ["A", "X", "A", "X", "A", "X"]


def test_length_is_geodesic_unless_given(lines, territory):
    given_length = lines.assign(length_km=[85, np.nan, 1.5, np.nan, np.nan, np.nan])
    _, links = links_from_lines(given_length, territory)
    assert links.loc[0, "length_km"] == 85
    # No way is shorter than the straight one.
    assert links.loc[2, "length_km"] == pytest.approx(WGS84.inv(0.2, 49.2, 0.5, 49.2)[2] / 1000)
    assert links.loc[1, "length_km"] == pytest.approx(WGS84.inv(0.5, 49.9, 0.5, 50.8)[2] / 1000)


def test_a_length_and_a_time_of_several_parts_are_shared_out_among_them(lines, territory):
    parts = shapely.MultiLineString([[(0.2, 49.2), (0.5, 49.2)], [(0.5, 49.2), (0.6, 49.2)]])
    two = lines.iloc[[0]].set_geometry([parts]).assign(length_km=40.0, hours=2.0)
    _, links = links_from_lines(pd.concat([two, lines], ignore_index=True), territory)
    assert links["line"].tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert links.loc[:1, "length_km"].tolist() == pytest.approx([30, 10])
    assert links.loc[:1, "hours"].tolist() == pytest.approx([1.5, 0.5])


def test_lines_outside_both_sides_are_dropped(lines, territory):
    abroad = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.2), (3, 49.2)])])
    _, links = links_from_lines(pd.concat([lines, abroad], ignore_index=True), territory)
    assert len(links) == 6


def test_a_node_just_off_the_coast_belongs_to_the_nearest_side(lines, territory):
    pier = lines.iloc[[0]].set_geometry([shapely.LineString([(0.2, 49.2), (-0.05, 49.2)])])
    nodes, links = links_from_lines(pd.concat([lines, pier], ignore_index=True), territory)
    assert nodes.loc[links.loc[6, "head"], "side"] == 0


def test_a_network_on_one_side_only_is_an_error(lines, territory):
    with pytest.raises(NetworkError, match="does not touch the neighbour side"):
        links_from_lines(lines.iloc[[0, 2]], territory)
    with pytest.raises(NetworkError, match="no lines"):
        links_from_lines(lines.iloc[:0], territory)
    with pytest.raises(NetworkError, match="unknown mode tram"):
        links_from_lines(lines.assign(mode="tram"), territory)


def test_cuts_share_out_the_length_and_meet_at_one_node(lines, territory):
    nodes, links = links_from_lines(lines, territory)
    cuts = pd.DataFrame({"link": [2, 2, 0, 2, 2], "share": [0.25, 0.25, 1.0, 0.5, 0.0]})
    new_nodes, new_links, at = split_links(nodes, links, cuts)
    assert at[0] == at[1] >= len(nodes)
    assert at[2] == links.loc[0, "head"]
    assert at[4] == links.loc[2, "tail"]
    assert len(new_links) == len(links) + 2
    parts = new_links[new_links["line"] == 2]
    assert parts["length_km"].to_numpy() == pytest.approx(
        links.loc[2, "length_km"] * np.array([0.25, 0.25, 0.5])
    )
    assert parts["tail"].tolist() == [links.loc[2, "tail"], at[0], at[3]]
    assert parts["head"].tolist() == [at[0], at[3], links.loc[2, "head"]]
    assert new_nodes.loc[at[0], ["lon", "lat"]].tolist() == pytest.approx([0.275, 49.2])


def test_a_bent_line_is_cut_where_the_share_of_its_length_lies(lines, territory):
    """As far to the east as to the north: the corner is half way on the ground."""
    north = 0.1
    east = WGS84.inv(0.2, 49.2, 0.2, 49.3)[2] / WGS84.inv(0.2, 49.25, 1.2, 49.25)[2]
    corner = shapely.LineString([(0.2, 49.2), (0.2 + east, 49.2), (0.2 + east, 49.2 + north)])
    bent = lines.copy()
    bent.loc[2, "geometry"] = corner
    nodes, links = links_from_lines(bent, territory)
    cuts = pd.DataFrame({"link": [2, 2], "share": [0.5, 0.75]})
    nodes, parts, at = split_links(nodes, links, cuts)
    at_corner = nodes.loc[at[0], ["lon", "lat"]].astype(float).tolist()
    assert at_corner == pytest.approx([0.2 + east, 49.2], abs=2e-4)
    for row in parts[parts["line"] == 2].itertuples():
        assert row.length_km == pytest.approx(WGS84.geometry_length(row.geometry) / 1000, rel=2e-3)


def test_no_inner_cut_changes_nothing(lines, territory):
    nodes, links = links_from_lines(lines, territory)
    cuts = pd.DataFrame({"link": [0], "share": [0.0]})
    same_nodes, same_links, at = split_links(nodes, links, cuts)
    assert same_nodes is nodes
    assert same_links is links
    assert at.tolist() == [links.loc[0, "tail"]]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1, allow_subnormal=False)), max_size=20))
def test_splitting_conserves_length_and_connects_the_ends(cut_list):
    rows = [[(0, 0), (1, 0)], [(1, 0), (1, 1), (2, 1)], [(2, 1), (0, 0)]]
    nodes = pd.DataFrame({"lon": [0.0, 1, 2], "lat": [0.0, 0, 1], "side": 0, "region_id": None})
    links = gpd.GeoDataFrame(
        {
            "tail": [0, 1, 2],
            "head": [1, 2, 0],
            "length_km": [112.0, 230.0, 260.0],
            "line": [0, 1, 2],
        },
        geometry=[shapely.LineString(row) for row in rows],
        crs=4326,
    )
    cuts = pd.DataFrame(cut_list, columns=["link", "share"]).astype({"link": int, "share": float})
    _, parts, at = split_links(nodes, links, cuts)
    assert len(at) == len(cuts)
    assert parts.groupby("line")["length_km"].sum().tolist() == pytest.approx([112, 230, 260])
    for line, rows in parts.groupby("line"):
        step = dict(zip(rows["tail"], rows["head"], strict=True))
        node = links.loc[line, "tail"]
        for _ in range(len(rows)):
            node = step[node]
        assert node == links.loc[line, "head"]


def with_ids(lines, ends, **columns):
    """Lines with the OSM ids of their ends; None where a line is of another source."""
    tails, heads = zip(*ends, strict=True)
    return lines.assign(tail_osm=tails, head_osm=heads, **columns)


def test_lines_with_osm_ids_meet_by_id_alone(lines, territory):
    """The trunk road in two ways that touch in space only, the railway by a node of the road."""
    far = 12_345_678_901
    ends = [(1, 2), (far, 4), (5, 1), (6, 7), (8, 9), (2, far)]
    nodes, links = links_from_lines(with_ids(lines, ends), territory)
    assert links.loc[0, "head"] != links.loc[1, "tail"]
    assert links.loc[0, "tail"] == links.loc[2, "head"]
    # The railway ends at two nodes of the roads, and meets neither.
    rail = set(links.loc[5, ["tail", "head"]])
    assert not rail & set(links.loc[:4, ["tail", "head"]].to_numpy().ravel())
    assert len(nodes) == 9 + 2
    # The place of a node is that of OSM, not rounded.
    moved = lines.set_geometry(shapely.transform(lines.geometry.to_numpy(), lambda xy: xy + 4e-8))
    nodes, links = links_from_lines(with_ids(moved, ends), territory)
    assert nodes.loc[links.loc[0, "tail"], "lon"] == 0.5 + 4e-8


@pytest.mark.parametrize("seam", [180.0, -180.0])
def test_what_is_cut_at_the_180th_meridian_goes_on_behind_it(seam):
    """OpenStreetMap has a node of its own on either edge of the map, at one place of the globe."""
    rows = [
        [(-180.4, 49.5), (seam, 49.5)],
        [(-180.0, 49.5), (-179.6, 49.5)],
        [(-180.0, 49.6), (-179.6, 50.5)],
    ]
    roads = gpd.GeoDataFrame(
        {"mode": "road", "road_class": "primary"},
        geometry=[shapely.LineString(row) for row in rows],
        index=range(3),
        crs=4326,
    )
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[shapely.box(-181, 49, 181, 50), shapely.box(-181, 50, 181, 51)],
        crs=4326,
    )
    _, links = links_from_lines(with_ids(roads, [(1, 2), (3, 4), (5, 6)]), land)
    assert links.loc[0, "head"] == links.loc[1, "tail"] != links.loc[2, "tail"]
    elsewhere = roads.set_geometry(roads.geometry.translate(0.1))
    _, links = links_from_lines(with_ids(elsewhere, [(1, 2), (3, 4), (5, 6)]), land)
    assert links.loc[0, "head"] != links.loc[1, "tail"]


def test_a_blocked_end_meets_nothing(lines, territory):
    ends = [(1, 2), (2, 4), (2, 1), (6, 7), (8, 9), (10, 11)]
    blocked = with_ids(lines, ends, head_blocked=[True, *[False] * 5])
    nodes, links = links_from_lines(blocked, territory)
    assert links.loc[1, "tail"] == links.loc[2, "tail"] != links.loc[0, "head"]
    assert links.loc[0, "tail"] == links.loc[2, "head"]
    at = nodes.loc[links.loc[0, "head"], ["lon", "lat"]].tolist()
    assert at == pytest.approx([0.5, 49.9])


def test_a_layer_beside_osm_meets_it_where_the_places_agree(lines, territory):
    """The feeder and the railway are of a user's layer: the one ends on a road, the other not."""
    rail = lines.iloc[[5]].set_geometry([shapely.LineString([(0.5, 49.9), (0.49, 50.8)])])
    mixed = pd.concat([lines.iloc[:5], rail], ignore_index=True)
    ends = [(1, 2), (2, 4), (None, None), (6, 7), (8, 9), (None, None)]
    nodes, links = links_from_lines(with_ids(mixed, ends), territory)
    assert links.loc[2, "head"] == links.loc[0, "tail"]
    assert links.loc[5, "tail"] != links.loc[0, "head"] == links.loc[1, "tail"]
    assert len(nodes) == 7 + 1 + 2


def test_both_sources_alone_give_the_same_network(lines, territory):
    """Ids numbered by place make the nodes that places make, up to their order."""
    points = [shapely.get_point(lines.geometry.to_numpy(), end) for end in (0, -1)]
    keys = [[point.wkt for point in part] for part in points]
    number = {key: at for at, key in enumerate(sorted({*keys[0], *keys[1]}), start=-3)}
    ids = [(number[a], number[b]) for a, b in zip(*keys, strict=True)]
    for one, other in zip(
        links_from_lines(lines, territory),
        links_from_lines(with_ids(lines, ids), territory),
        strict=True,
    ):
        assert len(one) == len(other)
    by_place, by_id = (
        nodes.loc[links[["tail", "head"]].to_numpy().ravel()].reset_index(drop=True)
        for nodes, links in (
            links_from_lines(lines, territory),
            links_from_lines(with_ids(lines, ids), territory),
        )
    )
    pd.testing.assert_frame_equal(by_place.drop(columns="osm"), by_id.drop(columns="osm"))


def test_parts_of_many_lines_are_those_of_each():
    random = np.random.default_rng(0)
    walks = [random.normal(size=(n % 7 + 2, 2)).cumsum(axis=0) for n in range(300)]
    whole = np.array([shapely.LineString(walk) for walk in walks])
    start = np.where(np.arange(300) % 3, random.uniform(0, 0.5, 300), 0.0)
    stop = np.where(np.arange(300) % 5, start + random.uniform(0.1, 0.5, 300), 1.0)
    expected = [
        shapely.ops.substring(line, a, b, normalized=True)
        for line, a, b in zip(whole, start, stop, strict=True)
    ]
    assert shapely.equals_exact(between(whole, start, stop), expected, 1e-12).all()


def test_the_time_of_a_cut_link_is_shared_out_among_its_parts(lines, territory):
    nodes, links = links_from_lines(lines.assign(hours=2.0), territory)
    cuts = pd.DataFrame({"link": [0, 0, 1], "share": [0.25, 0.75, 0.5]})
    _, parts, _ = split_links(nodes, links, cuts)
    assert parts.groupby("line")["hours"].sum().tolist() == pytest.approx([2.0] * len(links))
    assert parts.loc[parts["line"] == 0, "hours"].tolist() == pytest.approx([0.5, 1.0, 0.5])
