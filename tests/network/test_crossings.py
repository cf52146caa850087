import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import RULE, placed_checkpoints
from geo_border.border.line import border_line
from geo_border.network.crossings import (
    candidates,
    find_crossings,
    gates_in_use,
    open_gates,
)
from geo_border.network.links import links_from_lines


@pytest.fixture
def built(lines, territory):
    return links_from_lines(lines, territory)


def test_crossings_are_served_by_the_nearest_checkpoint_of_their_mode(built, border, checkpoints):
    found = find_crossings(*built, border, checkpoints).set_index("link")
    assert sorted(found.index) == [1, 3, 5]
    assert found.loc[1, "checkpoint_id"] == "road-post"
    assert found.loc[5, "checkpoint_id"] == "rail-post"
    assert pd.isna(found.loc[3, "checkpoint_id"])
    assert found["found_by"].unique().tolist() == ["geometry"]
    assert found.loc[3, ["lon", "lat"]].tolist() == pytest.approx([0.9, 50], abs=1e-3)
    assert found.loc[1, "checkpoint_km"] == pytest.approx(0.215, abs=0.01)
    assert found.loc[1, "confidence"] == "high"
    assert found.loc[3, "confidence"] == "low"  # a straight line of 111 km


def zigzag(swing, step):
    """Land on both sides of a border that swings about the parallel 50."""
    lon = np.arange(0, 1 + step / 2, step)
    line = [*zip(lon, 50 + swing * (-1.0) ** np.arange(len(lon)), strict=True)]
    shapes = [shapely.Polygon([*line, (1, end), (0, end)]) for end in (49, 51)]
    return gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]}, geometry=shapes, crs=4326
    )


@pytest.mark.parametrize(
    ("swing", "step", "sure"),
    [
        (0.0, 0.1, "low"),  # two points 71 km apart: nothing is known of what lies between
        (0.0001, 0.002, "high"),  # bends of 5 m every 143 m
        (0.003, 0.02, "medium"),  # bends of 50 degrees every 1.6 km, up to 330 m off
        (0.01, 0.05, "medium"),  # of 64 degrees every 4.2 km, up to 1.3 km off
        (0.05, 0.1, "low"),  # of 114 degrees every 13 km, up to 10 km off
    ],
)
def test_a_coarse_border_makes_a_fine_road_no_sure_crossing(checkpoints, swing, step, sure):
    land = zigzag(swing, step)
    sides = land.set_index("region_id")
    border = border_line(sides.loc[["A"]], sides.loc[["X"]])
    fine = shapely.segmentize(shapely.LineString([(0.33, 49.5), (0.33, 50.5)]), 0.001)
    road = gpd.GeoDataFrame({"mode": ["road"], "road_class": ["trunk"]}, geometry=[fine], crs=4326)
    found = find_crossings(*links_from_lines(road, land), border, checkpoints.iloc[:0])
    assert found["confidence"].tolist() == [sure]


def test_a_checkpoint_that_a_rule_put_on_a_crossing_does_not_vouch_for_it(
    built, border, checkpoints
):
    by_rule = checkpoints.assign(known_from=[RULE, "register"])
    found = find_crossings(*built, border, by_rule).set_index("checkpoint_id")
    assert found.loc["road-post", "confidence"] == "low"
    assert found.loc["rail-post", "confidence"] == "high"


def test_a_checkpoint_beyond_the_tolerance_serves_nothing(built, border, posts):
    far = placed_checkpoints(posts.assign(lon=[0.6, 0.3]), border, delay_h={"road": 2, "rail": 1})
    assert find_crossings(*built, border, far)["checkpoint_id"].isna().all()
    # Its own accuracy may reach farther than the tolerance.
    vague = far.assign(accuracy_km=9.0)
    assert find_crossings(*built, border, vague).set_index("link").loc[1, "checkpoint_id"]


def test_a_line_that_cuts_a_bend_and_comes_back_is_no_crossing(
    lines, territory, border, checkpoints
):
    bend = lines.iloc[[0]].set_geometry(
        [shapely.LineString([(0.6, 49.9), (0.7, 50.1), (0.8, 49.9)])]
    )
    nodes, links = links_from_lines(pd.concat([lines, bend], ignore_index=True), territory)
    assert 6 not in find_crossings(nodes, links, border, checkpoints)["link"].tolist()


def test_gates_are_the_only_way_between_the_sides(built, border, checkpoints):
    crossings = find_crossings(*built, border, checkpoints)
    nodes, links, gates = open_gates(*built, crossings, checkpoints)
    assert gates.index.tolist() == ["road-post", "rail-post", "x0002"]
    assert nodes.loc[gates["home_node"], "side"].tolist() == [0, 0, 0]
    assert nodes.loc[gates["neighbour_node"], "side"].tolist() == [1, 1, 1]
    assert nodes.loc[gates.loc["x0002", ["home_node", "neighbour_node"]], "region_id"].tolist() == [
        "A",
        "X",
    ]
    side = nodes["side"].to_numpy()
    assert (side[links["tail"]] == side[links["head"]]).all()
    halves = links[links["line"] == 1]
    assert halves["length_km"].sum() == pytest.approx(built[1].loc[1, "length_km"])
    assert set(halves["head"]) | set(halves["tail"]) >= set(
        gates.loc["road-post", ["home_node", "neighbour_node"]]
    )
    assert gates.loc["road-post", "delay_out_h"] == 2


def test_two_carriageways_meet_at_one_gate(lines, territory, border, checkpoints):
    twin = lines.iloc[[1]].set_geometry(
        [shapely.LineString([(0.5, 49.9), (0.501, 50.4), (0.5, 50.8)])]
    )
    nodes, links = links_from_lines(pd.concat([lines, twin], ignore_index=True), territory)
    crossings = find_crossings(nodes, links, border, checkpoints)
    assert (crossings["checkpoint_id"] == "road-post").sum() == 2
    nodes, links, gates = open_gates(nodes, links, crossings, checkpoints)
    assert len(gates_in_use(gates)) == 2
    assert (links["head"] == gates.loc["road-post", "home_node"]).sum() == 2


def test_stubs_on_both_sides_make_a_gate(lines, territory, border, checkpoints):
    lon, lat = checkpoints.loc["road-post", ["lon", "lat"]]
    stubs = lines.iloc[[0, 0]].set_geometry(
        [
            shapely.LineString([(0.5, 49.9), (lon, lat - 0.0002)]),
            shapely.LineString([(lon, lat + 0.0002), (0.6, 50.5)]),
        ]
    )
    without = pd.concat([lines.drop(index=1), stubs], ignore_index=True)
    nodes, links = links_from_lines(without, territory)
    crossings = find_crossings(nodes, links, border, checkpoints)
    assert (crossings["found_by"] == "stub").sum() == 2
    nodes, links, gates = open_gates(nodes, links, crossings, checkpoints)
    assert "road-post" in gates.index
    side = nodes["side"].to_numpy()
    served = links[links["line"].isin([5, 6])]
    assert (side[served["tail"]] == side[served["head"]]).all()


def test_a_stub_from_one_side_alone_makes_no_gate(lines, territory, border, checkpoints):
    point = checkpoints.loc["road-post", ["lon", "lat"]].tolist()
    stub = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.9), point])])
    nodes, links = links_from_lines(
        pd.concat([lines.drop(index=1), stub], ignore_index=True), territory
    )
    crossings = find_crossings(nodes, links, border, checkpoints)
    _, _, gates = open_gates(nodes, links, crossings, checkpoints)
    assert gates_in_use(gates).index.tolist() == ["rail-post"]


def test_no_checkpoint_at_all(built, border, checkpoints):
    crossings = find_crossings(*built, border, checkpoints.iloc[:0])
    assert crossings["checkpoint_id"].isna().all()
    assert np.isnan(crossings["checkpoint_km"]).all()


def test_a_road_that_goes_on_past_a_checkpoint_is_no_stub(lines, territory, border, checkpoints):
    """Both links meet at the post on their own side; the crossing is where the second passes."""
    post = checkpoints.loc["road-post", ["lon", "lat"]].tolist()
    halves = lines.iloc[[1, 1]].set_geometry(
        [
            shapely.LineString([(0.5, 49.9), (post[0], 49.9997)]),
            shapely.LineString([(post[0], 49.9997), (0.5, 50.8)]),
        ]
    )
    cut = pd.concat([lines.drop(index=1), halves], ignore_index=True)
    more = lines.iloc[[0]].set_geometry([shapely.LineString([(post[0], 49.9997), (0.6, 49.8)])])
    nodes, links = links_from_lines(pd.concat([cut, more], ignore_index=True), territory)
    found = find_crossings(nodes, links, border, checkpoints)
    roads = found[(found["mode"] == "road") & found["checkpoint_id"].notna()]
    assert roads["found_by"].tolist() == ["geometry"]


def test_an_unserved_crossing_is_a_closed_gate_with_the_delay_of_its_mode(
    built, border, checkpoints
):
    crossings = find_crossings(*built, border, checkpoints)
    gates = open_gates(*built, crossings, checkpoints, delay_h={"road": 2.4})[2]
    assert gates.loc["x0002", ["delay_out_h", "delay_in_h"]].tolist() == [2.4, 2.4]
    assert not gates.loc["x0002", "is_open"]
    assert gates["is_candidate"].tolist() == [False, False, True]
    unknown = open_gates(*built, crossings, checkpoints)[2]
    assert np.isinf(unknown.loc["x0002", "delay_out_h"])


def test_of_many_unserved_crossings_the_greater_and_surer_are_candidates():
    crossings = pd.DataFrame(
        {
            "checkpoint_id": [None, None, "post", None, None, None],
            "road_class": ["track", "trunk_link", "trunk", "trunk", "secondary", "residential"],
            "confidence": ["high", "medium", "high", "high", "low", "high"],
        },
        index=["x1", "x2", "x3", "x4", "x5", "x6"],
    )
    assert candidates(crossings).index.tolist() == ["x1", "x2", "x4", "x5", "x6"]
    assert candidates(crossings, most=1).index.tolist() == ["x4"]
    assert candidates(crossings, most=3).index.tolist() == ["x2", "x4", "x5"]
    assert candidates(crossings, most=4).index.tolist() == ["x2", "x4", "x5", "x6"]
    assert candidates(crossings, most=1, taken=["x4"]).index.tolist() == ["x2"]


def test_a_link_without_a_checkpoint_near_says_how_far_is_near(lines, territory, border, posts):
    """The post lies 1 km beside the road: near for a coarse layer, far for a way of OSM."""
    beside = posts.assign(lon=[0.514, 0.49], accuracy_km=[np.nan, np.nan])
    placed = placed_checkpoints(beside, border, delay_h={"road": 2, "rail": 1})
    coarse = find_crossings(*links_from_lines(lines, territory), border, placed)
    assert coarse.set_index("link").loc[1, "checkpoint_id"] == "road-post"
    mapped = lines.assign(way_id=range(10, 16), name="Main road", ref=None)
    fine = find_crossings(*links_from_lines(mapped, territory), border, placed)
    assert pd.isna(fine.set_index("link").loc[1, "checkpoint_id"])
    assert fine["name"].tolist() == ["Main road"] * 3
    assert fine["ref"].isna().all()
    stated = find_crossings(*links_from_lines(mapped, territory), border, placed, tolerance_km=2)
    assert stated.set_index("link").loc[1, "checkpoint_id"] == "road-post"


def test_a_checkpoint_on_a_node_of_a_road_that_ends_is_found_by_its_tag(
    lines, territory, border, posts
):
    """The road ends 220 m before the line at its border control; nothing leads across."""
    north = shapely.LineString([(0.5, 50.1), (0.5, 50.8)])
    south = shapely.LineString([(0.5, 49.9), (0.5, 49.998)])
    cut = pd.concat([lines.drop(index=1), lines.iloc[[1, 1]].set_geometry([south, north])])
    ids = np.arange(1, 1 + 2 * len(cut)).reshape(-1, 2)
    cut = cut.assign(tail_osm=ids[:, 0], head_osm=ids[:, 1]).reset_index(drop=True)
    cut.loc[0, "head_osm"] = cut.loc[5, "tail_osm"] = 77
    post = int(cut.loc[5, "head_osm"])
    marked = posts.assign(lat=[49.998, 50.001], lon=[0.5, 0.488], osm=[f"n{post} w3", "n77x"])
    placed = placed_checkpoints(marked, border, delay_h={"road": 2, "rail": 1})
    nodes, links = links_from_lines(cut, territory)
    found = find_crossings(nodes, links, border, placed.assign(accuracy_km=0.01))
    row = found[found["checkpoint_id"] == "road-post"].iloc[0]
    # Ending blind at the post it is a stub too; that is what is named.
    assert row[["found_by", "tagged"]].tolist() == ["stub", True]
    goes_on = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.998), (0.7, 49.99)])])
    more = pd.concat([cut, goes_on.assign(tail_osm=post, head_osm=99)], ignore_index=True)
    nodes, links = links_from_lines(more, territory)
    found = find_crossings(nodes, links, border, placed.assign(accuracy_km=0.01))
    row = found[found["checkpoint_id"] == "road-post"]
    assert row[["found_by", "tagged", "confidence"]].to_numpy().tolist() == [["tag", True, "low"]]
    _, _, gates = open_gates(nodes, links, found, placed)
    assert "road-post" not in gates.index
