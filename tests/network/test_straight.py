import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from tries import tries

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.edges import equal_area_crs
from geo_border.border.line import border_line
from geo_border.network.beyond import LOCAL_WAY
from geo_border.network.build import build_network
from geo_border.network.entries import join_cells
from geo_border.network.places import Access
from geo_border.network.straight import THROUGH_M, foreign_land, next_best

WGS84 = Geod(ellps="WGS84")
EAST = np.linspace(0.0, 2.0, 9)


def land_of(border):
    """Home below a line, the neighbour above."""
    south = shapely.Polygon([(0, 48), *border, (2, 48)])
    north = shapely.Polygon([(0, 52), *border, (2, 52)])
    polygons = [south.buffer(0), north.buffer(0)]
    return gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]}, geometry=polygons, crs=4326
    )


@pytest.fixture
def salient():
    """The neighbour comes down between the lon 0.9 and 1.1 to the lat 49."""
    return land_of([(0, 50), (0.9, 50), (0.9, 49), (1.1, 49), (1.1, 50), (2, 50)])


def bars(land, starts, ends, side=0):
    return foreign_land(land).bars(side, np.array(starts, float), np.array(ends, float)).tolist()


def test_ways_through_foreign_land_are_barred_and_those_round_it_are_not(salient):
    starts = [(0.5, 49.5), (0.5, 49.5), (0.5, 48.9), (0.5, 49.5)]
    ends = [(1.5, 49.5), (0.8, 49.9), (1.5, 48.9), (1.0, 49.5)]
    assert bars(salient, starts, ends) == [True, False, False, True]
    assert bars(salient, [(0.5, 50.5)], [(1.5, 50.5)], side=1) == [False]
    assert bars(salient, [(1.0, 49.2)], [(0.5, 50.5)], side=1) == [True]


def test_a_corner_may_be_cut_within_the_tolerance_alone(salient):
    for metres, barred in ((0.8 * THROUGH_M, False), (1.2 * THROUGH_M, True)):
        # Over the corner at 0.9, 49 under 45 degrees of the plane in metres.
        half = metres / np.sqrt(8)
        north = WGS84.fwd(0.9, 49, 0, half)[1] - 49
        east = WGS84.fwd(0.9, 49, 90, half)[0] - 0.9
        middle, along = np.array([0.9 + east, 49 + north]), np.array([20 * east, -20 * north])
        assert bars(salient, [middle - along], [middle + along]) == [barred]


def test_a_place_drawn_across_the_line_may_come_back_but_go_no_farther(salient):
    starts, ends = [(0.91, 49.5)] * 3, [(0.85, 49.5), (0.85, 49.505), (1.2, 49.5)]
    assert bars(salient, starts, ends) == [False, False, True]


def test_land_beyond_the_180th_meridian_bars_too():
    wall = shapely.box(-179.9, -10, -179.8, 10)
    land = gpd.GeoDataFrame(
        {"side": ["home", "home", "neighbour"]},
        geometry=[shapely.box(175, -10, 180, 10), shapely.box(-179.8, -10, -175, 10), wall],
        crs=4326,
    )
    starts, ends = (
        [(179.5, 0.0), (-179.5, 0.0), (179.5, 0.0)],
        [(-179.5, 0.0), (179.5, 0.0), (180, 0.0)],
    )
    assert bars(land, starts, ends) == [True, True, False]


def test_the_next_best_is_the_nearest_that_can_be_reached(salient):
    crs = equal_area_crs(salient)
    there = Transformer.from_crs(4326, crs, always_xy=True)
    rows = [[(1.2, 49.1), (1.2, 49.9)], [(0.2, 48.6), (1.8, 48.6)], [(0.1, 48.1), (1.9, 48.1)]]
    lines = gpd.GeoSeries([shapely.LineString(row) for row in rows], crs=4326).to_crs(crs)
    points = np.column_stack(there.transform([0.8, 1.15], [49.5, 49.5]))
    land = foreign_land(salient)
    found, spot = next_best(land, 0, points[:1], lines.to_numpy(), there, reach_m=2e5)
    assert found.tolist() == [1]
    # The southern road, where a way under the salient does not get nearer.
    assert np.hypot(*(spot - points[:1]).T)[0] == pytest.approx(
        shapely.distance(lines.iloc[1], shapely.Point(points[0])), rel=1e-6
    )
    far, nowhere = next_best(land, 0, points[:1], lines.to_numpy(), there, reach_m=5e4)
    assert far.tolist() == [-1]
    assert np.isnan(nowhere).all()
    assert len(next_best(land, 0, points[:0], lines.to_numpy(), there, reach_m=1e5)[0]) == 0


def network_of(lat, towns, beyond_km=20):
    """Roads along and across a border of these latitudes, a post on each that crosses it."""
    land = land_of(list(zip(EAST, lat, strict=True)))
    home, neighbour = (
        land[land["side"] == side].set_index("region_id") for side in ("home", "neighbour")
    )
    border = border_line(home, neighbour)
    controls_lon = np.array([0.3, 1.7])
    cross = np.interp(controls_lon, EAST, lat)
    roads = [[(x, y - 0.3), (x, y), (x, y + 0.3)] for x, y in zip(controls_lon, cross, strict=True)]
    roads = [[a, b] for road in roads for a, b in zip(road[:-1], road[1:], strict=True)]
    rails = [[(1.0, lat[4] - 0.3), (1.0, lat[4] + 0.3)]]
    lines = gpd.GeoDataFrame(
        {"mode": ["road"] * len(roads) + ["rail"], "road_class": "x", "speed_kmh": 60.0},
        geometry=[shapely.LineString(row) for row in roads + rails],
        crs=4326,
    )
    controls = pd.DataFrame(
        {
            "checkpoint_id": ["w", "e", "r"],
            "name": ["w", "e", "r"],
            "mode": ["road", "road", "rail"],
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": [*controls_lon, 1.0],
            "lat": [*cross, lat[4]],
            "accuracy_km": 1.0,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": 1.0,
        }
    ).set_index("checkpoint_id")
    checkpoints = placed_checkpoints(controls, border, delay_h={"road": 1, "rail": 1})
    x, y = np.array(towns).T
    side = np.where(shapely.contains_xy(land.geometry.iloc[0], x, y), "home", "neighbour")
    places = gpd.GeoDataFrame(
        {"side": side, "region_id": None, "population": 1.0},
        geometry=gpd.points_from_xy(x, y),
        index=[f"p{n}" for n in range(len(x))],
        crs=4326,
    )
    access = Access(farthest_km=150, station_km=30, beyond_km=beyond_km)
    built = build_network(lines, land, border, checkpoints, places, access=access)
    return land, built


@trial(max_examples=tries(4))
@given(
    st.lists(st.floats(49.2, 50.8), min_size=9, max_size=9),
    st.lists(st.tuples(st.floats(0.01, 1.99), st.floats(48.5, 51.5)), min_size=3, max_size=12),
)
def test_no_local_way_of_any_network_passes_the_border(lat, towns):
    land, built = network_of(lat, towns)
    network, places = built.network, built.places

    def abroad_m(starts, ends, side):
        # A way along the line itself is in neither land.
        other = land.geometry.iloc[1 - side].buffer(-1e-7)
        ways = shapely.linestrings(np.stack([starts, ends], axis=1))
        through = shapely.intersection(ways, other)
        return np.array([WGS84.geometry_length(way) for way in through])

    at = np.column_stack([network.lon, network.lat])
    town = shapely.get_coordinates(places.geometry.to_numpy())
    kinds = [
        network.classes.index(name) for name in (LOCAL_WAY, "transfer") if name in network.classes
    ]
    edges = np.flatnonzero(np.isin(network.road_class, kinds))
    cells = pd.DataFrame({"lon": town[:, 0], "lat": town[:, 1], "side": places["side"]})
    split, joined = join_cells(
        network,
        built.gates,
        cells,
        equal_area_crs(land),
        foreign_land(land),
        access=Access(farthest_km=150),
        spacing_km=0.01,
    )
    spots = np.column_stack([split.lon, split.lat])
    for side, name in enumerate(("home", "neighbour")):
        mine = (places["side"] == name).to_numpy() & (places["node"] >= 0).to_numpy()
        node = places["node"].to_numpy()[mine]
        assert (network.side[node] == side).all()
        assert (abroad_m(town[mine], at[node], side) < THROUGH_M + 1).all()
        own = edges[network.side[network.tail[edges]] == side]
        found = abroad_m(at[network.tail[own]], at[network.indices[own]], side)
        assert (found < THROUGH_M + 1).all()
        mine = (joined["side"] == name).to_numpy() & (joined["node"] >= 0).to_numpy()
        node = joined["node"].to_numpy()[mine]
        # A cell goes on along the road to its entry, 5 m at most here.
        assert (abroad_m(town[mine], spots[node], side) < THROUGH_M + 12).all()


def test_a_way_that_is_barred_is_told_and_another_taken():
    # Home's road at 0.3 is the nearest to the town, but beyond the salient at 0.75.
    for depth, barred, lon in ((48.6, True, 1.7), (50, False, 0.3)):
        lat = [50, 50, 50, depth, 50, 50, 50, 50, 50]
        _, built = network_of(lat, [(0.93, 49.4), (1.5, 49.4), (0.9, 50.2)], beyond_km=None)
        assert built.places["is_barred"].tolist() == [barred, False, False]
        assert built.network.lon[built.places["node"].iloc[0]] == pytest.approx(lon, abs=0.01)
