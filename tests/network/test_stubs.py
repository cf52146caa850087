import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.network.build import build_network
from geo_border.network.links import links_from_lines
from geo_border.network.sides import cut_at_border
from geo_border.network.stubs import blind_ends, join_stubs

METRE = 1 / 111_230
"""Of latitude at the parallel 50, degrees."""


def stubs(south, north, lon=0.7, shift=0.0, **columns):
    """A road that ends some metres before the border, and one that begins behind it."""
    return gpd.GeoDataFrame(
        {"mode": "road", "road_class": "primary"} | columns,
        geometry=[
            shapely.LineString([(lon, 49.8), (lon, 50 - south * METRE)]),
            shapely.LineString([(lon + shift, 50 + north * METRE), (lon, 50.2)]),
        ],
        index=[0, 1],
        crs=4326,
    )


def joined(frame, territory, border, **options):
    """The network, and the links over gaps, home half first."""
    nodes, links = links_from_lines(frame, territory)
    nodes, links = cut_at_border(nodes, links, territory, border)
    n = len(links)
    nodes, links = join_stubs(nodes, links, border, **options)
    return nodes, links, links.iloc[n:]


def test_two_stubs_of_one_road_are_joined_straight(territory, border):
    nodes, links, gaps = joined(stubs(40, 30, name=["A 1", "Road 9"]), territory, border)
    assert gaps["side"].tolist() == [0, 1]
    middle = gaps["head"].iloc[0]
    assert gaps["tail"].tolist() == [links.loc[0, "head"], middle]
    assert gaps["head"].tolist() == [middle, links.loc[1, "tail"]]
    assert gaps["length_km"].sum() == pytest.approx(0.07, rel=2e-3)
    assert nodes.loc[middle, ["met", "osm"]].tolist() == ["stub", 0]
    for gap in gaps.itertuples():
        assert [gap.oneway, gap.road_class, gap.name] == [0, "primary", "A 1"]
        ends = shapely.get_coordinates(gap.geometry)
        assert ends.tolist() == nodes.loc[[gap.tail, gap.head], ["lon", "lat"]].to_numpy().tolist()


@pytest.mark.parametrize(
    "frame",
    [
        stubs(80, 40),  # 120 m apart
        stubs(40, 30, road_class=["primary", "residential"]),
        stubs(40, 30, mode=["road", "rail"]),
        stubs(40, 30, oneway=[1, -1]),  # both lead to the border
        stubs(40, 30, head_blocked=[True, False]),
    ],
    ids=["far", "another class", "another mode", "against each other", "a barrier"],
)
def test_stubs_that_are_not_one_road_stay_apart(territory, border, frame):
    _, links, gaps = joined(frame, territory, border)
    assert gaps.empty
    assert len(links) == 2


def test_the_name_or_the_tolerance_may_make_them_one(territory, border):
    classes = ["primary", "residential"]
    assert len(joined(stubs(40, 30, road_class=classes, ref="B7"), territory, border)[2]) == 2
    assert len(joined(stubs(80, 40), territory, border, tolerance_m=200)[2]) == 2


@pytest.mark.parametrize(("clipped", "gaps"), [(False, 0), (True, 2)])
def test_a_gap_between_mapped_ends_is_real_unless_a_source_ends_there(
    territory, border, clipped, gaps
):
    """The banks of a river whose bridge is gone, and a road cut by the edge of an extract."""
    frame = stubs(40, 30).assign(
        tail_osm=[1.0, 3.0], head_osm=[2.0, 4.0], head_clipped=[clipped, False], tail_clipped=False
    )
    assert len(joined(frame, territory, border)[2]) == gaps


@pytest.mark.parametrize(
    ("oneway", "over"), [([1, 1], 1), ([-1, -1], -1), ([0, 1], 1), ([-1, 0], -1), ([0, 0], 0)]
)
def test_the_gap_has_the_direction_of_the_road(territory, border, oneway, over):
    gaps = joined(stubs(40, 30, oneway=oneway), territory, border)[2]
    assert gaps["oneway"].tolist() == [over, over]


def test_each_stub_has_one_counterpart_the_nearest(territory, border):
    """A third stub on the far side, a little farther along, stays blind."""
    frame = stubs(20, 20)
    third = stubs(20, 20, shift=0.0006).iloc[[1]]
    frame = gpd.GeoDataFrame(pd.concat([third, frame], ignore_index=True))
    _, links, gaps = joined(frame, territory, border)
    assert [gaps["tail"].iloc[0], gaps["head"].iloc[1]] == [
        links.loc[1, "head"],
        links.loc[2, "tail"],
    ]


def test_a_joined_road_is_a_crossing_and_carries_traffic(
    lines, territory, border, checkpoints, places, speeds
):
    """The served road in two halves 60 m apart: the same network, but for the straight gap."""
    halves = [
        shapely.LineString([(0.5, 49.9), (0.5, 50 - 30 * METRE)]),
        shapely.LineString([(0.5, 50 + 30 * METRE), (0.5, 50.8)]),
    ]
    parted = lines.iloc[[0, 1, 1, 2, 3, 4, 5]].reset_index(drop=True)
    parted.loc[[1, 2], "geometry"] = halves
    built = build_network(parted, territory, border, checkpoints, places, speeds)
    whole = build_network(lines, territory, border, checkpoints, places, speeds)
    served = [set(one.gates.index[~one.gates["is_candidate"]]) for one in (built, whole)]
    assert served == [{"road-post", "rail-post"}] * 2
    row = built.crossings[built.crossings["checkpoint_id"] == "road-post"]
    assert row["found_by"].tolist() == ["stub"]
    assert row["confidence"].tolist() == ["medium"]
    assert built.network.length_m.sum() == pytest.approx(whole.network.length_m.sum(), abs=2)


def test_blind_ends_are_told_apart_by_mode(lines, territory):
    """A railway that ends at a road ends blind."""
    rail = lines.iloc[[5]].set_geometry([shapely.LineString([(0.49, 49.2), (0.5, 49.9)])])
    frame = gpd.GeoDataFrame(pd.concat([lines.iloc[:5], rail], ignore_index=True))
    nodes, links = links_from_lines(frame, territory)
    blind = blind_ends(nodes, links)
    of_rail = blind[blind["rail"]]
    assert of_rail["node"].tolist() == links.loc[5, ["tail", "head"]].tolist()
    junction = links.loc[0, "head"]
    assert junction not in blind.loc[~blind["rail"], "node"].tolist()
