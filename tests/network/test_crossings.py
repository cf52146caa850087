import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import RULE, placed_checkpoints
from geo_border.border.line import border_line
from geo_border.network.crossings import find_crossings, place_ids
from geo_border.network.gates import gates_in_use
from geo_border.network.links import links_from_lines
from geo_border.network.sides import cut_at_border


def test_crossings_are_served_by_the_checkpoint_of_their_mode(lines, crossings_of, checkpoints):
    found, controls = crossings_of(lines, checkpoints)
    assert found.index.tolist() == ["x50.000n0.490e", "x50.000n0.500e", "x50.000n0.900e"]
    assert found["mode"].tolist() == ["rail", "road", "road"]
    assert found["checkpoint_id"].tolist()[:2] == ["rail-post", "road-post"]
    assert pd.isna(found["checkpoint_id"].iloc[2])
    assert found["found_by"].unique().tolist() == ["geometry"]
    assert found[["home_id", "neighbour_id"]].to_numpy().tolist() == [["A", "X"]] * 3
    road = found.loc["x50.000n0.500e"]
    assert road["checkpoint_km"] == pytest.approx(0.215, abs=0.01)
    assert road["confidence"] == "high"
    assert found["confidence"].iloc[2] == "low"  # a straight line of 111 km
    assert controls["part"].tolist() == ["gate", "gate"]
    assert controls.loc["road-post", "off_km"] == pytest.approx(0.215, abs=0.01)


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
    network = cut_at_border(*links_from_lines(road, land), land, border)
    found, _ = find_crossings(*network, border, checkpoints.iloc[:0])
    assert found["confidence"].tolist() == [sure]


@pytest.mark.parametrize("before_m", [0, 900])
@pytest.mark.parametrize("bridge", [False, True])
def test_a_control_on_the_road_to_a_landing_serves_the_ferry(
    crossings_of, border, controls, before_m, bridge
):
    lat = 49.99 - before_m / 111_200
    ways = [
        ("road", "trunk", [(0.5, 49.5), (0.5, lat)]),
        ("road", "trunk", [(0.5, lat), (0.5, 49.99)]),
        ("ferry", "ferry", [(0.5, 49.99), (0.5, 50.01)]),
        ("road", "trunk", [(0.5, 50.01), (0.5, 50.5)]),
        ("road", "trunk", [(0.5, lat), (0.52, lat), (0.52, 50.01), (0.5, 50.01)]),
    ][: 5 if bridge else 4]
    ways = [way for way in ways if way[2][0] != way[2][-1]]
    network = gpd.GeoDataFrame(
        [(mode, kind) for mode, kind, _ in ways],
        columns=["mode", "road_class"],
        geometry=[shapely.LineString(way) for *_, way in ways],
        crs=4326,
    )
    landing = placed_checkpoints(
        controls.iloc[[0]].assign(mode="road", lon=0.5, lat=lat), border, delay_h={"road": 1}
    )
    found, stated = crossings_of(network, landing)
    assert found.set_index("mode").loc["ferry", "checkpoint_id"] == landing.index[0]
    assert stated["part"].tolist() == ["gate"]
    assert found["checkpoint_id"].notna().sum() == 1


def test_a_checkpoint_that_a_rule_put_on_a_crossing_does_not_vouch_for_it(
    lines, crossings_of, checkpoints
):
    by_rule = checkpoints.assign(known_from=[RULE, "register"])
    found = crossings_of(lines, by_rule)[0].set_index("checkpoint_id")
    assert found.loc["road-post", "confidence"] == "low"
    assert found.loc["rail-post", "confidence"] == "high"


def test_a_checkpoint_beyond_the_tolerance_serves_nothing_and_is_told(
    lines, crossings_of, border, controls
):
    far = placed_checkpoints(
        controls.assign(lon=[0.6, 0.3]), border, delay_h={"road": 2, "rail": 1}
    )
    found, stated = crossings_of(lines, far)
    assert found["checkpoint_id"].isna().all()
    assert stated["part"].tolist() == ["off the road"] * 2
    assert stated["passage"].isna().all()
    assert stated["nearest"].tolist() == ["x50.000n0.500e", "x50.000n0.490e"]
    assert stated["nearest_km"].tolist() == pytest.approx([7.17, 13.6], rel=2e-2)
    # Its own accuracy may reach farther than the tolerance.
    found, _ = crossings_of(lines, far.assign(accuracy_km=9.0))
    assert found.loc["x50.000n0.500e", "checkpoint_id"] == "road-post"


def test_a_checkpoint_inland_serves_the_crossing_that_its_road_leads_to(
    lines, crossings_of, border, controls
):
    """Five kilometres from the line, past a junction; ten are too many."""
    branch = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.97), (0.6, 49.96)])])
    halves = lines.iloc[[1, 1]].set_geometry(
        [
            shapely.LineString([(0.5, 49.9), (0.5, 49.97)]),
            shapely.LineString([(0.5, 49.97), (0.5, 50.8)]),
        ]
    )
    roads = pd.concat([lines.drop(index=1), halves, branch], ignore_index=True)
    for lat, part in ((49.955, "gate"), (49.9, "off the road")):
        inland = controls.assign(lon=[0.501, 0.488], lat=[lat, 50.001])
        placed = placed_checkpoints(inland, border, delay_h={"road": 2, "rail": 1})
        found, stated = crossings_of(roads, placed)
        assert stated.loc["road-post", "part"] == part
        served = found.loc["x50.000n0.500e", "checkpoint_id"]
        assert (served == "road-post") == (part == "gate")


def test_gates_are_the_only_way_between_the_sides(lines, opened, checkpoints):
    nodes, links, gates = opened(lines, checkpoints)
    assert gates.index.tolist() == ["road-post", "rail-post", "x50.000n0.900e"]
    assert nodes.loc[gates["home_node"], "side"].tolist() == [0, 0, 0]
    assert nodes.loc[gates["neighbour_node"], "side"].tolist() == [1, 1, 1]
    ends = gates.loc["x50.000n0.900e", ["home_node", "neighbour_node"]]
    assert nodes.loc[ends, "region_id"].tolist() == ["A", "X"]
    side = nodes["side"].to_numpy()
    assert (side[links["tail"]] == links["side"]).all()
    assert (side[links["head"]] == links["side"]).all()
    halves = links[links["line"] == 1]
    assert halves["length_km"].sum() == pytest.approx(100.12, abs=0.01)
    assert set(halves["head"]) | set(halves["tail"]) >= set(
        gates.loc["road-post", ["home_node", "neighbour_node"]]
    )
    assert gates.loc["road-post", "delay_out_h"] == 2


def test_the_order_of_lines_and_checkpoints_changes_nothing(lines, crossings_of, checkpoints):
    found, controls = crossings_of(lines, checkpoints)
    again, stated = crossings_of(lines.iloc[::-1], checkpoints.iloc[::-1])
    kept = ["checkpoint_id", "passage", "mode", "road_class", "lon", "lat", "confidence"]
    pd.testing.assert_frame_equal(found[kept], again[kept])
    pd.testing.assert_frame_equal(controls, stated.loc[controls.index])


def test_two_carriageways_are_one_passage_with_their_own_ways(lines, opened, checkpoints):
    twin = lines.iloc[[1]].set_geometry(
        [shapely.LineString([(0.5, 49.9), (0.501, 50.4), (0.5, 50.8)])]
    )
    _, links, gates = opened(pd.concat([lines, twin], ignore_index=True), checkpoints)
    assert gates["is_candidate"].tolist() == [False, False, True]
    # Both cuts are 14 m apart; the second leads to the gate by that way on each side.
    short = links[links["length_km"] < 0.1]
    assert short["side"].tolist() == [0, 1]
    assert short["length_km"].tolist() == pytest.approx([0.0143, 0.0143], rel=0.02)
    assert (
        short["head"].tolist() == gates.loc["road-post", ["home_node", "neighbour_node"]].tolist()
    )


@pytest.mark.parametrize(
    ("ref", "oneway", "one_road"),
    [("R1", [1, -1], True), ("R1", [1, 1], False), ("R1", [0, 0], False), (None, [1, -1], False)],
)
def test_a_terminal_may_lie_between_the_carriageways(
    crossings_of, checkpoints, ref, oneway, one_road
):
    """With a post on one of them alone, one could leave and never come back."""
    roads = gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk", "ref": ref, "oneway": oneway},
        geometry=[shapely.LineString([(x, 49.5), (x, 50.5)]) for x in (0.503, 0.509)],
        index=range(2),
        crs=4326,
    )
    found, _ = crossings_of(roads, checkpoints.loc[["road-post"]], tolerance_km=0.1)
    assert found["checkpoint_id"].notna().tolist() == [True, one_road]
    assert found["passage"].nunique() == 2 - one_road


def test_two_roads_within_reach_of_one_checkpoint_are_not_joined(lines, opened, checkpoints):
    """The other lies 1.8 km east of the post: it is unserved, and nobody jumps across."""
    other = lines.iloc[[3]].set_geometry([shapely.LineString([(0.525, 49.5), (0.525, 50.5)])])
    nodes, _, gates = opened(pd.concat([lines, other], ignore_index=True), checkpoints)
    free = ["x50.000n0.525e", "x50.000n0.900e"]
    assert gates.index.tolist() == ["road-post", "rail-post", *free]
    at = nodes.loc[gates["home_node"], "lon"].tolist()
    assert at == pytest.approx([0.5, 0.49, 0.525, 0.9])


def test_a_checkpoint_with_a_stub_from_one_side_makes_no_gate(
    lines, crossings_of, opened, checkpoints
):
    point = checkpoints.loc["road-post", ["lon", "lat"]].tolist()
    stub = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.9), (point[0], 49.9998)])])
    roads = pd.concat([lines.drop(index=1), stub], ignore_index=True)
    found, controls = crossings_of(roads, checkpoints)
    row = found[found["checkpoint_id"] == "road-post"]
    assert row[["found_by", "leads_across"]].to_numpy().tolist() == [["stub", False]]
    assert controls.loc["road-post", "part"] == "off the road"
    gates = opened(roads, checkpoints)[2]
    assert gates_in_use(gates).index.tolist() == ["rail-post"]


def test_no_checkpoint_at_all(lines, crossings_of, checkpoints):
    found, controls = crossings_of(lines, checkpoints.iloc[:0])
    assert found["checkpoint_id"].isna().all()
    assert np.isnan(found["checkpoint_km"]).all()
    assert controls.empty


def test_a_link_without_a_checkpoint_near_says_how_far_is_near(
    lines, crossings_of, border, controls
):
    """The post lies 1 km beside the road: near for a coarse layer, far for a way of OSM."""
    beside = controls.assign(lon=[0.514, 0.49], accuracy_km=[np.nan, np.nan])
    placed = placed_checkpoints(beside, border, delay_h={"road": 2, "rail": 1})
    coarse, _ = crossings_of(lines, placed)
    assert coarse.loc["x50.000n0.500e", "checkpoint_id"] == "road-post"
    mapped = lines.assign(way_id=range(10, 16), name="Main road", ref=None)
    fine, _ = crossings_of(mapped, placed)
    assert pd.isna(fine.loc["x50.000n0.500e", "checkpoint_id"])
    assert fine["name"].tolist() == ["Main road"] * 3
    assert fine["ref"].isna().all()
    stated, _ = crossings_of(mapped, placed, tolerance_km=2)
    assert stated.loc["x50.000n0.500e", "checkpoint_id"] == "road-post"


def test_a_checkpoint_on_a_node_of_a_road_that_ends_is_found_by_its_tag(
    lines, crossings_of, opened, border, controls
):
    """The road ends 220 m before the line at its border control; nothing leads across."""
    north = shapely.LineString([(0.5, 50.1), (0.5, 50.8)])
    south = shapely.LineString([(0.5, 49.9), (0.5, 49.998)])
    cut = pd.concat([lines.drop(index=1), lines.iloc[[1, 1]].set_geometry([south, north])])
    ids = np.arange(1, 1 + 2 * len(cut)).reshape(-1, 2)
    cut = cut.assign(tail_osm=ids[:, 0], head_osm=ids[:, 1]).reset_index(drop=True)
    cut.loc[0, "head_osm"] = cut.loc[5, "tail_osm"] = 77
    control = int(cut.loc[5, "head_osm"])
    marked = controls.assign(lat=[49.998, 50.001], lon=[0.5, 0.488], osm=[f"n{control} w3", "n77x"])
    placed = placed_checkpoints(marked, border, delay_h={"road": 2, "rail": 1})
    found, _ = crossings_of(cut, placed.assign(accuracy_km=0.01))
    row = found[found["checkpoint_id"] == "road-post"].iloc[0]
    # Ending blind at the post it is a stub too; that is what is named.
    assert row[["found_by", "tagged"]].tolist() == ["stub", True]
    goes_on = lines.iloc[[0]].set_geometry([shapely.LineString([(0.5, 49.998), (0.7, 49.99)])])
    more = pd.concat([cut, goes_on.assign(tail_osm=control, head_osm=99)], ignore_index=True)
    found, _ = crossings_of(more, placed.assign(accuracy_km=0.01))
    row = found[found["checkpoint_id"] == "road-post"]
    assert row[["found_by", "tagged", "confidence"]].to_numpy().tolist() == [["tag", True, "low"]]
    assert "road-post" not in opened(more, placed)[2].index


@pytest.mark.parametrize("near", [7.0, 47.0])
def test_ids_are_of_places(near):
    lon, lat = np.array([9.5, 9.5001, -9.5, 9.5002]), np.array([near, near, -near, near - 0.0004])
    ids = place_ids("x", lon, lat)
    assert ids == [
        *(f"x{near:.3f}n9.500e-2", f"x{near:.3f}n9.500e-3", f"x{near:.3f}s9.500w"),
        f"x{near:.3f}n9.500e",
    ]
    order = [2, 0, 3, 1]
    assert place_ids("x", lon[order], lat[order]) == [ids[n] for n in order]


def test_ids_are_of_places_on_the_globe():
    """Behind the 180th meridian a frame goes on counting."""
    lon = np.array([-180.75, 179.25, 180.5, 180.0])
    ids = place_ids("x", lon, np.array([1.0, 2.0, 3.0, 4.0]))
    assert ids == ["x1.000n179.250e", "x2.000n179.250e", "x3.000n179.500w", "x4.000n180.000e"]
