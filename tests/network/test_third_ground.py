"""Roads over ground of neither side: what they join does not hang on how they are drawn."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

import geo_border as gb
from geo_border.border.line import border_line
from geo_border.network.barred import over_third_ground
from geo_border.network.links import links_from_lines
from geo_border.network.sides import cut_at_border
from geo_border.network.third_ground import cut_at_reach

SPEEDS = pd.DataFrame(
    [
        (side, mode, kind, kmh)
        for side, kmh in (("home", 60.0), ("neighbour", 90.0))
        for mode, kind in (("road", "trunk"), ("rail", "rail"), ("ferry", "ferry"))
    ],
    columns=["side", "mode", "class", "kmh"],
)

DELAY = {"road": 0.5, "rail": 1.0, "ferry": 2.0}

CLASS = {"road": "trunk", "rail": "rail", "ferry": "ferry"}

BRIDGE = [(0.5, 49.9), (0.5, 50.1)]
"""A road that passes the border itself."""

KM = 1 / 71.5
"""Of longitude at the parallel 50, degrees."""


def land_of(home, neighbour):
    return gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[home, neighbour],
        crs=4326,
    )


LAND = land_of(shapely.box(0, 49, 1, 50), shapely.box(0, 50, 1, 51))


@pytest.fixture(scope="module")
def border_of_land():
    return border_line(*(LAND.set_index("region_id").loc[[name]] for name in ("A", "X")))


def drawn(routes, mode="road"):
    """Lines, one for each of some routes, all of which are lists of points."""
    return gpd.GeoDataFrame(
        {"mode": mode, "road_class": CLASS[mode]},
        geometry=[shapely.LineString(route) for route in routes],
        index=range(len(routes)),
        crs=4326,
    )


def lines_of(*routes, mode="road"):
    return pd.concat([drawn(routes, mode), drawn([BRIDGE])], ignore_index=True)


def from_lines(lines, land=LAND, **options):
    return gb.from_lines(lines, land, speeds=SPEEDS, delay_h=DELAY, **options)


def crossings_of(lines, land=LAND, **options):
    """Longitudes and latitudes of crossings beside that of the bridge."""
    found = from_lines(lines, land, **options).crossings
    at = found[["lon", "lat"]].to_numpy().round(3)
    return sorted(tuple(point) for point in at.tolist() if point != [0.5, 50.0])


def hours_between(lines, at, land=LAND):
    """Hours from each of some ends of lines to each, all crossings open; and the network."""
    built = from_lines(lines, land)
    network, gates = built.network, built.gates
    metres, node = cKDTree(np.column_stack([network.lon, network.lat])).query(at)
    assert (metres < 1e-9).all()
    ours, theirs = (gates[f"{side}_node"].to_numpy() for side in land["side"])
    delay = gates["delay_out_h"].to_numpy()
    tail, head = np.r_[network.tail, ours, theirs], np.r_[network.indices, theirs, ours]
    graph = coo_array((np.r_[network.hours, delay, delay], (tail, head)))
    return dijkstra(graph.tocsr(), indices=node)[:, node], built


def drawings(route, random):
    """One line; a line between each two points; a node every kilometre, or at some of these."""
    fine = shapely.get_coordinates(shapely.segmentize(shapely.LineString(route), 0.01))
    some = np.unique(np.r_[0, random.integers(0, len(fine), 4), len(fine) - 1])
    yield [route]
    yield list(pairwise(fine if random.random() < 0.5 else route))
    yield [fine[a : b + 1] for a, b in pairwise(some)]


def over_third(km, start=49.7, end=50.3):
    """A route from home that leads so far beyond the end of the border, into the neighbour."""
    x = 1 + km * KM
    return [(0.8, start), (x, start), (x, end), (0.8, end)]


@pytest.mark.parametrize("km", [8, 14, 60])
def test_over_a_third_country_one_does_not_cross_the_border(km):
    """However far from either side, and with 0, 1 or more nodes on the way."""
    route = over_third(km)
    middle = (route[1][0], 50.0)
    for lines in (
        [route],
        [[*route[:2], middle], [middle, *route[2:]]],
        pairwise(route),
        pairwise([*route[:2], middle, *route[2:]]),
    ):
        assert crossings_of(lines_of(*lines)) == []
    assert crossings_of(lines_of(route, mode="rail")) == []


def test_within_the_tolerance_of_the_edges_one_does():
    """The sides do not quite meet where the border ends, or water parts them."""
    at = [(round(1 + 4 * KM, 3), 50.0)]
    for lines in ([over_third(4)], pairwise(over_third(4))):
        assert crossings_of(lines_of(*lines)) == at
    assert crossings_of(lines_of(over_third(4)), tolerances=gb.Tolerances(edge_km=3)) == []
    wide = gb.Tolerances(edge_km=15)
    assert crossings_of(lines_of(over_third(14)), tolerances=wide) != []
    assert crossings_of(lines_of(*pairwise(over_third(14))), tolerances=wide) != []


def test_ferries_cross_the_border_on_any_water():
    """In one piece or two, also where their ways meet far from all land."""
    route = over_third(60)
    middle = (route[1][0], 50.0)
    for lines in ([route], [[*route[:2], middle], [middle, *route[2:]]], pairwise(route)):
        (at,) = crossings_of(lines_of(*lines, mode="ferry"))
        assert at == pytest.approx(middle, abs=0.005)


def test_a_ferry_to_a_third_country_is_none_of_the_border():
    """Two that end at a port of it are no way across, though both sides have one there."""
    route = over_third(60)
    port = (route[1][0], 50.0)
    there = [[*route[:2], port], [port, *route[2:]]]
    street = drawn([[port, (port[0] + 0.1, 50.0)]])
    lines = pd.concat([lines_of(*there, mode="ferry"), street], ignore_index=True)
    assert crossings_of(lines) == []
    assert crossings_of(lines_of(there[0], mode="ferry")) == []


def test_of_a_road_abroad_its_part_at_home_is_kept():
    road = [(0.2, 49.5), (3.0, 49.5)]
    lines = cut_at_reach(lines_of(road).assign(hours=[2.0, np.nan]), LAND)
    _, links = links_from_lines(lines, LAND)
    own = links[links["line"] == 0]
    assert own["length_km"].sum() == pytest.approx(0.8 / 0.01388 * 1.0035 + 10, rel=0.01)
    assert own["hours"].sum() == pytest.approx(2 * own["length_km"].sum() / 202.7, rel=0.01)
    # From home to home it is no way either, where it leads out of reach.
    there = [(0.8, 49.3), (1.6, 49.3), (1.6, 49.7), (0.8, 49.7)]
    for routes in ([there], pairwise(there)):
        hours, _ = hours_between(lines_of(*routes), [there[0], there[-1]])
        assert np.isinf(hours[0, 1])


def test_a_piece_between_the_line_and_third_ground_is_on_its_side(border_of_land):
    """Out of home over the border, and from the neighbour over a third country back to home."""
    road = [(0.9, 49.9), (0.9, 50.1), (1.2, 50.1), (1.2, 49.9), (0.95, 49.9)]
    nodes, links = links_from_lines(lines_of(road), LAND)
    nodes, links = cut_at_border(nodes, links, LAND, border_of_land)
    own = links[links["line"] == 0]
    assert own["side"].tolist() == [0, 1, 0]
    assert nodes.loc[own["head"], "met"].fillna("").tolist() == ["geometry", "", ""]
    assert own["head"].iloc[0] == own["tail"].iloc[1]
    assert own["head"].iloc[1] != own["tail"].iloc[2]


@st.composite
def routes(draw):
    """Land with a third country beside it, and roads that begin and end on the sides."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    edge = 1 + random.uniform(-0.15, 0.15, 5)
    lat = [49.0, 49.6, 50.0, 50.4, 51.0]
    home = shapely.Polygon([(0, 49), *zip(edge[:3], lat[:3], strict=True), (0, 50)])
    neighbour = shapely.Polygon([(0, 50), *zip(edge[2:], lat[2:], strict=True), (0, 51)])
    roads = []
    for _ in range(draw(st.integers(1, 3))):
        ends = [
            (random.uniform(0.5, 0.7), lat + random.uniform(0, 0.8))
            for lat in random.choice([49.1, 50.1], 2)
        ]
        abroad = [
            (1.2 + random.exponential(0.15), random.uniform(49.2, 50.8))
            for _ in range(draw(st.integers(1, 3)))
        ]
        roads.append([ends[0], *abroad, ends[1]])
    return land_of(home, neighbour), roads, random


@given(routes())
@settings(max_examples=6)
def test_the_drawing_of_roads_over_third_ground_changes_nothing(study):
    land, roads, random = study
    ends = [point for road in roads for point in (road[0], road[-1])]
    found = [
        hours_between(lines_of(*(line for lines in drawing for line in lines)), ends, land)
        for drawing in zip(*(drawings(road, random) for road in roads), strict=True)
    ]
    (hours, first), *others = found
    for again, built in others:
        # The length of a line of 200 km is shared out on a plane.
        np.testing.assert_allclose(again, hours, rtol=2e-3)
        assert len(built.crossings) == len(first.crossings)
        at, there = (each.crossings[["lon", "lat"]].to_numpy() for each in (built, first))
        np.testing.assert_allclose(at, there, atol=1e-4)


def test_roads_over_third_ground_are_told(border_of_land):
    """Which road, how far over ground of neither side, and where it leaves home."""
    far = over_third(60)
    fork = [(far[1][0], 49.9), (1.3, 49.9), (1.3, 49.5), (0.9, 49.5)]
    for routes in ([far], pairwise(far)):
        roads = lines_of(*routes, fork, over_third(4), BRIDGE, [(0.2, 49.5), (3.0, 49.5)])
        roads["ref"] = [*["M7"] * (len(roads) - 5), "Fork", "Near", "B1", "Abroad", "B2"]
        found = over_third_ground(roads, LAND, border_of_land)
        assert found["name"].tolist() == ["M7"]
        assert found["km"].tolist() == pytest.approx([2 * 60 + 66.7], rel=0.01)
        assert found.geometry.iloc[0].distance(shapely.Point(1, 49.7)) < 1e-3
    ferry = lines_of(far, mode="ferry")
    assert over_third_ground(ferry, LAND, border_of_land).empty
    rail = over_third_ground(lines_of(far, mode="rail"), LAND, border_of_land)
    assert rail[["mode", "name"]].to_numpy().tolist() == [["rail", "rail"]]
