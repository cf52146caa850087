import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.edges import WGS84
from geo_border.border.line import border_line
from geo_border.network.beyond import LOCAL_WAY, join_beyond
from geo_border.network.build import build_network
from geo_border.network.free_border import open_crossings
from geo_border.network.places import Access

ACCESS = Access(farthest_km=200, detour=1.5, speed_kmh=50, beyond_km=1)


def frame(rows, **columns):
    return gpd.GeoDataFrame(columns, geometry=rows, crs=4326)


@pytest.fixture
def stubs():
    """Home's roads whole; of the neighbour's only stubs of 1 km, the middle one two one-way."""
    rows = [
        ([(0.1, 49.9), (0.5, 49.9), (0.9, 49.9)], 0),
        ([(0.1, 49.9), (0.1, 50.01)], 0),
        ([(0.5, 49.9), (0.5, 50.01)], 1),
        ([(0.501, 50.01), (0.5, 49.9)], 1),
        ([(0.9, 49.9), (0.9, 50.01)], 0),
    ]
    lines = [
        shapely.LineString(pair) for row, _ in rows for pair in zip(row[:-1], row[1:], strict=True)
    ]
    oneway = [way for row, way in rows for _ in row[:-1]]
    return frame(lines, mode="road", road_class="trunk", oneway=oneway, travel_kmh=60.0)


@pytest.fixture
def towns():
    """A town by the road at home, two beyond the stubs."""
    return frame(
        gpd.points_from_xy([0.5, 0.5, 0.1], [49.9, 50.3, 50.2]),
        side=["home", "neighbour", "neighbour"],
        region_id=["A", "X", "X"],
        population=[1000.0, 800.0, 100.0],
        name=["Here", "There", "Yonder"],
    ).set_index(np.array(["p1", "p2", "p3"]))


def built(stubs, territory, border, towns, access=ACCESS):
    free = open_crossings(stubs, territory, border, none_of(border), towns)
    checkpoints = placed_checkpoints(free, border, delay_h={"road": 0})
    return build_network(stubs, territory, border, checkpoints, towns, access=access)


def none_of(border):
    empty = pd.DataFrame(
        {
            name: pd.Series(dtype=kind)
            for name, kind in [
                *((n, object) for n in ("name", "mode", "status", "users", "home_id")),
                *((n, object) for n in ("neighbour_id", "hours")),
                *((n, float) for n in ("lon", "lat", "accuracy_km", "capacity_day", "delay_h")),
            ]
        }
    ).rename_axis("checkpoint_id")
    return placed_checkpoints(empty, border, delay_h={"road": 0})


def test_every_crossing_is_open_and_named_by_what_is_near(stubs, territory, border, towns):
    found = open_crossings(stubs, territory, border, none_of(border), towns)
    # The two ways of the middle road are one crossing.
    assert len(found) == 3
    assert sorted(found["lon"].round(1)) == [0.1, 0.5, 0.9]
    np.testing.assert_allclose(found["lat"], 50, atol=1e-4)
    assert (found["delay_h"] == 0).all()
    assert (found["status"] == "open").all()
    # No settlement within 10 km.
    at = [f"crossing, 50.000° N {lon:.3f}° E" for lon in found["lon"]]
    assert found["name"].tolist() == at
    near = towns.set_geometry(gpd.points_from_xy([0.5, 0.5, 0.1], [49.95, 50.05, 50.2], crs=4326))
    named = open_crossings(stubs.assign(name="Main road"), territory, border, none_of(border), near)
    main = [f"Main road, 50.000° N {lon:.3f}° E" for lon in (0.1, 0.9)]
    assert sorted(named["name"]) == ["Here – There", *main]


def test_crossings_that_a_checkpoint_serves_stay_as_they_are(
    stubs, territory, border, controls, towns
):
    known = placed_checkpoints(controls, border, delay_h={"road": 2, "rail": 1})
    found = open_crossings(stubs, territory, border, known, towns)
    assert sorted(found["lon"].round(1)) == [0.1, 0.9]  # the post is at 0.503


def test_ids_outlast_what_comes_and_goes(stubs, territory, border, towns):
    found = open_crossings(stubs, territory, border, none_of(border), towns)
    assert found.index.tolist() == [f"open-50.000n0.{lon}00e" for lon in (1, 5, 9)]
    again = open_crossings(stubs.iloc[:-1], territory, border, none_of(border), towns)
    assert set(again.index) < set(found.index)


def test_a_town_beyond_enters_by_every_stub_in_both_directions(stubs, territory, border, towns):
    network = built(stubs, territory, border, towns)
    net, places = network.network, network.places
    node = places.loc["p2", "node"]
    local = net.classes.index(LOCAL_WAY)
    out = net.road_class[net.indptr[node] : net.indptr[node + 1]]
    into = (net.indices == node) & (net.road_class == local)
    assert (out == local).all()
    assert len(out) == into.sum() == 3
    km = WGS84.inv(0.5, 50.3, 0.1, 50.01)[2] / 1000 * 1.5
    hours = net.hours[net.indptr[node] : net.indptr[node + 1]]
    assert np.isclose(hours, km / 50).any()
    assert places.loc["p2", ["access_km", "access_h"]].tolist() == [0, 0]
    assert places.loc["p1", "access_km"] == pytest.approx(0, abs=1e-6)
    assert places.loc["p1", "local_km"] == places.loc["p1", "access_km"]
    assert places.loc["p3", "local_km"] == pytest.approx(
        WGS84.inv(0.1, 50.2, 0.1, 50.01)[2] / 1000 * 1.5
    )


def test_without_the_rule_it_enters_by_the_nearest_alone(stubs, territory, border, towns):
    network = built(stubs, territory, border, towns, access=Access(farthest_km=200))
    assert LOCAL_WAY not in network.network.classes
    assert (network.places.loc[["p2", "p3"], "access_km"] > 20).all()


def test_a_way_through_the_other_side_is_none(stubs, towns):
    # The home side reaches up between the eastern stub and the towns like a wall.
    wall = shapely.union(shapely.box(0, 49, 1, 50), shapely.box(0.6, 50, 0.8, 51))
    other = shapely.difference(shapely.box(0, 50, 1, 51), wall)
    land = frame([wall, other], side=["home", "neighbour"], region_id=["A", "X"])
    polygons = land.set_index("region_id")
    line = border_line(polygons.loc[["A"]], polygons.loc[["X"]])
    network = built(stubs, land, line, towns)
    node = network.places.loc["p3", "node"]
    net = network.network
    ends = net.indices[net.indptr[node] : net.indptr[node + 1]]
    assert sorted(net.lon[ends].round(1)) == [0.1, 0.5]


def test_places_out_of_all_reach_stay_out(stubs, territory, border, towns):
    near = Access(farthest_km=10, beyond_km=1)
    assert built(stubs, territory, border, towns, access=near).places["node"].tolist()[1:] == [
        -1,
        -1,
    ]


def test_no_places_no_ways(stubs, territory, border, towns):
    network = built(stubs, territory, border, towns.iloc[:1])
    assert LOCAL_WAY not in network.network.classes
    empty = join_beyond(
        None, None, None, towns.iloc[:0].assign(node=0, access_km=0.0), None, access=ACCESS
    )
    assert empty[2].empty
