import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.network.links import links_from_lines
from geo_border.network.sides import cut_at_border, near_border

METRE = 1 / 111_230
"""Of latitude at the parallel 50, degrees."""


def road(*points):
    """A line of points given as longitude and metres north of the border."""
    return shapely.LineString([(lon, 50 + metres * METRE) for lon, metres in points])


def sides_of(roads, territory, border, **options):
    """Nodes and pieces of roads, and the lines of which pieces of both sides meet."""
    frame = gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk"},
        geometry=[*roads, road((0.95, 5000), (0.96, 5000)), road((0.95, -5000), (0.96, -5000))],
        index=range(len(roads) + 2),
        crs=4326,
    )
    nodes, links = links_from_lines(frame, territory)
    nodes, links = cut_at_border(nodes, links, territory, border, **options)
    at = [
        set(links.loc[links["side"] == side, ["tail", "head"]].to_numpy().ravel())
        for side in (0, 1)
    ]
    met = at[0] & at[1]
    lines = links.loc[links["tail"].isin(met) | links["head"].isin(met), "line"]
    return nodes, links, sorted(set(lines)), len(met)


def test_each_piece_is_on_its_side(territory, border):
    nodes, links, lines, met = sides_of([road((0.1, -3000), (0.1, 2000))], territory, border)
    assert (lines, met) == ([0], 1)
    own = links[links["line"] == 0].sort_values("side")
    assert own["length_km"].tolist() == pytest.approx([3, 2], rel=1e-3)
    cut = nodes[nodes["met"] == "geometry"]
    assert cut[["lon", "lat", "side"]].to_numpy().tolist() == [pytest.approx([0.1, 50, 0])]
    assert cut["region_id"].tolist() == ["A"]


def test_a_dip_into_the_other_side_passes_twice(territory, border):
    """However the line is drawn, and whether or not a street ends blind in it."""
    dip = [road((0.1, -3000), (0.2, 4000), (0.3, -3000))]
    fine = [shapely.segmentize(dip[0], 0.001)]
    halves = [road((0.1, -3000), (0.2, 4000)), road((0.2, 4000), (0.3, -3000))]
    street = [*halves, road((0.2, 4000), (0.2, 6000))]
    counts = [sides_of(roads, territory, border)[3] for roads in (dip, fine, halves, street)]
    assert counts == [2, 2, 2, 2]


def test_a_road_along_the_border_does_not_cross_it(territory, border):
    """Two junctions of a home road, one of them with a lane, lie a few metres beyond."""
    weaving = [
        road((0.1, -500), (0.2, 8)),
        road((0.2, 8), (0.21, 20)),
        road((0.2, 8), (0.25, 12)),
        road((0.25, 12), (0.3, -400)),
    ]
    nodes, links, lines, _ = sides_of(weaving, territory, border)
    assert lines == []
    assert set(links.loc[links["line"] < 4, "side"]) == {0}
    beyond = (nodes["lat"] > 50 + METRE) & (nodes["lat"] < 50 + 100 * METRE)
    assert set(nodes.loc[beyond, "side"]) == {0}
    assert set(nodes.loc[beyond, "region_id"]) == {"A"}
    # Within 10 m only what lies within 10 m may be given over: the lane holds the rest.
    assert sides_of(weaving, territory, border, along_m=10)[2] == [0, 3]


def test_a_road_that_goes_on_beyond_the_border_crosses_it(territory, border):
    bridge = [road((0.4, -300), (0.4, 6)), road((0.4, 6), (0.4, 700))]
    _, links, lines, met = sides_of(bridge, territory, border)
    assert (lines, met) == ([0], 1)
    assert set(links.loc[links["line"] == 1, "side"]) == {1}


@pytest.mark.parametrize(("beyond", "passes"), [(10, []), (24, []), (26, [0]), (300, [0])])
def test_a_road_that_ends_just_beyond_the_border_ends_at_it(territory, border, beyond, passes):
    assert sides_of([road((0.5, -400), (0.5, beyond))], territory, border)[2] == passes


@pytest.mark.parametrize("rounding", [-1e-13, 0, 1e-13, 5e-7])
def test_no_side_hangs_on_rounding(territory, border, rounding):
    """A junction on the border, where OpenStreetMap has roads and boundary share a node."""
    junction = (0.5, 50 + rounding)
    roads = [
        shapely.LineString([(0.5, 49.9), junction]),
        shapely.LineString([junction, (0.5, 50.1)]),
        shapely.LineString([junction, (0.55, 49.95)]),
        shapely.LineString([junction, (0.7, 50 + rounding)]),
    ]
    nodes, links, _, met = sides_of(roads, territory, border)
    assert met == 1
    assert links.loc[links["line"] < 4, "side"].tolist() == [0, 1, 0, 0]
    assert len(links) == 6
    assert nodes["met"].notna().sum() == 2


def test_a_road_that_ends_on_the_line(territory, border):
    assert sides_of([road((0.5, -400), (0.5, 0))], territory, border)[2] == []


def test_a_line_that_dips_across_and_back_is_no_crossing(territory, border):
    weaving = road((0.1, -50), (0.15, 15), (0.2, -50), (0.25, 15), (0.3, -50))
    straight = road((0.8, -200), (0.8, 200))
    assert sides_of([weaving, straight], territory, border)[2] == [1]


def test_a_road_that_weaves_at_a_checkpoint_passes_once(lines, crossings_of, checkpoints):
    """Five meetings within a few hundred metres of the post; without it each is its own."""
    weaving = road(
        *((0.5, -9000), (0.5, -200), (0.501, 250), (0.503, -250), (0.505, 250)),
        *((0.507, -200), (0.51, 9000)),
    )
    roads = lines.copy()
    roads.loc[1, "geometry"] = shapely.LineString([(0.5, 49.9), *weaving.coords, (0.5, 50.8)])
    found, controls = crossings_of(roads, checkpoints)
    on_road = found[(found["mode"] == "road") & (found["lon"] < 0.6)]
    assert on_road["checkpoint_id"].tolist() == ["road-post"]
    assert controls.loc["road-post", "part"] == "gate"
    alone, _ = crossings_of(roads, checkpoints.iloc[:0])
    assert ((alone["mode"] == "road") & (alone["lon"] < 0.6)).sum() == 5


def test_a_link_that_passes_beside_the_line_is_cut_in_its_middle(border):
    """Water parts the sides: the road goes round the end of the border."""
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[shapely.box(0, 49, 1, 50), shapely.box(0, 50, 1, 51)],
        crs=4326,
    )
    ferry = shapely.LineString([(0.999, 49.99), (1.02, 50), (0.999, 50.01)])
    frame = gpd.GeoDataFrame(
        {"mode": "ferry", "road_class": "ferry"}, geometry=[ferry], index=[0], crs=4326
    )
    nodes, links = cut_at_border(*links_from_lines(frame, land), land, border)
    assert links["side"].tolist() == [0, 1]
    assert links["length_km"].iloc[0] == pytest.approx(links["length_km"].iloc[1], rel=1e-3)
    assert nodes["met"].dropna().tolist() == ["ends"]


def test_nodes_near_the_border_are_those_within_the_distance(border):
    """Against the distance of every node."""
    random = np.random.default_rng(7)
    nodes = pd.DataFrame(
        {
            "lon": random.uniform(-0.1, 1.1, 4000),
            "lat": 50 + random.uniform(-5000, 5000, 4000) * METRE,
        }
    )
    crs = border.estimate_utm_crs()
    points = gpd.GeoSeries(gpd.points_from_xy(nodes["lon"], nodes["lat"]), crs=4326).to_crs(crs)
    metres = points.distance(border.to_crs(crs).union_all())
    for reach in (30.0, 500.0, 3400.0):
        found = near_border(nodes, border, reach)
        assert set(np.flatnonzero(metres < 0.995 * reach)) <= set(found)
        assert set(found) <= set(np.flatnonzero(metres < 1.005 * reach))
