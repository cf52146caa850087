import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.network.crossings import find_crossings
from geo_border.network.links import links_from_lines
from geo_border.network.sides import near_border, settle_sides

METRE = 1 / 111_230
"""Of latitude at the parallel 50, degrees."""


def road(*points):
    """A line of points given as longitude and metres north of the border."""
    return shapely.LineString([(lon, 50 + metres * METRE) for lon, metres in points])


def settled(roads, territory, border, **options):
    """Sides before and after, and the links that still pass."""
    frame = gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk"},
        geometry=[*roads, road((0.95, 5000), (0.96, 5000)), road((0.95, -5000), (0.96, -5000))],
        index=range(len(roads) + 2),
        crs=4326,
    )
    nodes, links = links_from_lines(frame, territory)
    after = settle_sides(nodes, links, border, **options)
    side = after["side"].to_numpy()
    return nodes, after, links[side[links["tail"]] != side[links["head"]]]["line"].tolist()


def test_a_road_along_the_border_does_not_cross_it(territory, border):
    """Two junctions of a home road, one of them with a lane, lie a few metres beyond."""
    weaving = [
        road((0.1, -500), (0.2, 8)),
        road((0.2, 8), (0.21, 20)),
        road((0.2, 8), (0.25, 12)),
        road((0.25, 12), (0.3, -400)),
    ]
    nodes, after, passing = settled(weaving, territory, border)
    assert passing == []
    moved = nodes["side"].to_numpy() != after["side"].to_numpy()
    assert nodes.loc[moved, "lon"].tolist() == [0.2, 0.21, 0.25]
    assert after.loc[moved, "region_id"].tolist() == ["A"] * 3
    # Within 10 m only those that lie within 10 m may be given over: the lane holds the first.
    _, _, passing = settled(weaving, territory, border, along_m=10)
    assert passing == [0, 3]


def test_a_road_that_goes_on_beyond_the_border_crosses_it(territory, border):
    bridge = [road((0.4, -300), (0.4, 6)), road((0.4, 6), (0.4, 700))]
    _, after, passing = settled(bridge, territory, border)
    assert passing == [0]
    assert after["side"].tolist().count(0) == 3


@pytest.mark.parametrize(("beyond", "passes"), [(10, []), (24, []), (26, [0]), (300, [0])])
def test_a_road_that_ends_just_beyond_the_border_ends_at_it(territory, border, beyond, passes):
    _, _, passing = settled([road((0.5, -400), (0.5, beyond))], territory, border)
    assert passing == passes


def test_a_road_that_ends_on_the_line(territory, border):
    _, _, passing = settled([road((0.5, -400), (0.5, 0))], territory, border)
    assert passing == []


def test_an_island_on_the_line_stays_where_it_is(territory, border):
    nodes, after, passing = settled([road((0.5, -9), (0.501, 9))], territory, border)
    assert passing == [0]
    pd.testing.assert_frame_equal(nodes, after)


def test_a_line_that_dips_across_and_back_is_no_crossing(territory, border, checkpoints):
    frame = gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk"},
        geometry=[
            road((0.1, -50), (0.15, 15), (0.2, -50), (0.25, 15), (0.3, -50)),
            road((0.6, 3000), (0.7, 3000)),
            road((0.8, -200), (0.8, 200)),
        ],
        index=range(3),
        crs=4326,
    )
    nodes, links = links_from_lines(frame, territory)
    found = find_crossings(settle_sides(nodes, links, border), links, border, checkpoints)
    assert found["link"].tolist() == [2]
    assert found["lon"].tolist() == pytest.approx([0.8])
    assert found["lat"].tolist() == pytest.approx([50], abs=1e-5)


def test_nodes_near_the_border_are_those_within_the_distance(border):
    """Against the distance of every node."""
    random = np.random.default_rng(7)
    nodes = pd.DataFrame(
        {
            "lon": random.uniform(-0.1, 1.1, 4000),
            "lat": 50 + random.uniform(-900, 900, 4000) * METRE,
        }
    )
    crs = border.estimate_utm_crs()
    points = gpd.GeoSeries(gpd.points_from_xy(nodes["lon"], nodes["lat"]), crs=4326).to_crs(crs)
    metres = points.distance(border.to_crs(crs).union_all())
    for reach in (30.0, 500.0):
        found = near_border(nodes, border, reach)
        assert set(np.flatnonzero(metres < 0.995 * reach)) <= set(found)
        assert set(found) <= set(np.flatnonzero(metres < 1.005 * reach))
