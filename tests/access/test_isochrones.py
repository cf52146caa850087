"""Isochrones: by hand on a straight road, and on a study of two sides."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from borderland import make_gates, make_network, make_places
from pyproj import Geod

from geo_border.access.isochrones import (
    OffRoad,
    checkpoint_origin,
    isochrone_polygons,
    place_origin,
)
from geo_border.errors import CheckpointError, NetworkError, TableError
from geo_border.network.beyond import LOCAL_WAY
from geo_border.pipeline.stages.border import border_stage
from geo_border.pipeline.stages.network import network_stage
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.study import open_study
from geo_border.terms import ROAD

KM = 1 / 111.319491
"""Degrees of the equator in a kilometre."""

WGS84 = Geod(ellps="WGS84")


def straight_road(edges=()):
    """Home up to 30 km east of the origin, then the neighbour; a road of 60 km/h along it."""
    lonlat = np.array([[0, 0], [30, 0], [30, 0], [130, 0], [0, 40], [90, 0]]) * KM
    routes = [(0, 1, 0.5), (2, 5, 1.0), (5, 3, 40 / 60), *edges]
    routes += [(v, u, hours) for u, v, hours in routes]
    network = make_network([0, 0, 1, 1, 0, 1], [(*way, "road") for way in routes], lonlat)
    places = make_places(
        network,
        [
            ("start", "home", 0, 0.0, 10.0, "H"),
            ("off", "home", 0, 0.5, 5.0, "H"),
            ("end", "neighbour", 3, 0.0, 20.0, "N"),
            ("half", "neighbour", 5, 0.0, 7.0, "N"),
            ("lost", "home", -1, np.nan, 1.0, "H"),
        ],
    )
    gates = make_gates([("g", 1, 2, 0.25, 0.25, True, "road")])
    tables = gate_tables(network, places, gates, trees=True)
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"]},
        geometry=[shapely.box(-2, -2, 30 * KM, 2), shapely.box(30 * KM, -2, 4, 2)],
        crs=4326,
    )
    return network, tables, places, land


def of(found, side, hours):
    row = found[(found["side"] == side) & (found["hours"] == hours)]
    assert len(row) == 1
    return row.iloc[0]


def test_by_hand():
    network, tables, places, land = straight_road()
    origin = place_origin(network, tables, places.loc["start"])
    slow = OffRoad(kmh=6.0, detail_m=10)
    found = isochrone_polygons(
        network, land, [("s", origin)], hours=(1.0, 0.25), off_road=slow, places=places
    )
    assert found["hours"].tolist() == [0.25, 1.0, 1.0]
    assert found["part"].tolist() == ["own", "own", "across"]
    quarter = of(found, "home", 0.25).geometry
    # 15 km along the road, 1.5 km around the origin.
    west, south, east, north = quarter.bounds
    np.testing.assert_allclose([west, east], [-1.5 * KM, 15 * KM], atol=0.02 * KM)
    np.testing.assert_allclose([south, north], [-1.5 / 110.574, 1.5 / 110.574], rtol=0.01)
    # An hour: 6 km wide at the start, half of it is left at the border, none beyond it.
    own = of(found, "home", 1.0).geometry
    assert own.bounds[2] <= 30 * KM + 1e-9
    assert own.covers(shapely.Point(29.9 * KM, 3 / 110.574 * 0.99))
    assert not own.covers(shapely.Point(29.9 * KM, 3 / 110.574 * 1.02))
    # Passing takes a quarter: 15 km of the other side, 1.5 km wide where it begins.
    across = of(found, "neighbour", 1.0).geometry
    np.testing.assert_allclose(across.bounds[2], 45 * KM, atol=0.02 * KM)
    np.testing.assert_allclose(across.bounds[3], 1.5 / 110.574, rtol=0.01)
    assert across.bounds[0] >= 30 * KM - 1e-9
    assert of(found, "home", 1.0)["population"] == 15
    assert of(found, "home", 0.25)["population"] == 10
    assert of(found, "neighbour", 1.0)["population"] == 0


def test_area_by_hand():
    network, tables, places, land = straight_road()
    origin = place_origin(network, tables, places.loc["start"])
    found = isochrone_polygons(
        network, land, [("s", origin)], hours=(0.25,), off_road=OffRoad(kmh=6.0, detail_m=1)
    )
    # The hull of a circle of 1.5 km and a point 15 km away.
    r, d = 1.5, 15.0
    angle = np.arccos(r / d)
    area = r * np.sqrt(d**2 - r**2) + (np.pi - angle) * r**2
    assert found["area_km2"].iloc[0] == pytest.approx(area, rel=0.01)
    assert found["area_km2"].iloc[0] == pytest.approx(
        WGS84.geometry_area_perimeter(shapely.orient_polygons(found.geometry.iloc[0]))[0] / 1e6
    )


def test_scenarios_move_the_border():
    network, tables, places, land = straight_road()
    shut = Scenario(close=frozenset({"g"}))
    origin = place_origin(network, tables, places.loc["start"], scenario=shut)
    found = isochrone_polygons(network, land, [("s", origin)], hours=(1.0,))
    assert found["side"].tolist() == ["home"]
    free = place_origin(network, tables, places.loc["start"], scenario=Scenario(factor=0))
    found = isochrone_polygons(
        network, land, [("s", free)], hours=(1.0,), off_road=OffRoad(detail_m=10)
    )
    np.testing.assert_allclose(of(found, "neighbour", 1.0).geometry.bounds[2], 60 * KM, atol=1e-3)


def test_a_checkpoint_looks_both_ways():
    network, tables, places, land = straight_road()
    origin = checkpoint_origin(network, tables, "g")
    found = isochrone_polygons(network, land, [("g", origin)], hours=(0.25, 1.0), places=places)
    assert found["side"].tolist() == ["home", "home", "neighbour", "neighbour"]
    assert found["part"].isna().all()
    np.testing.assert_allclose(of(found, "home", 0.25).geometry.bounds[0], 15 * KM, atol=1e-3)
    np.testing.assert_allclose(of(found, "neighbour", 1.0).geometry.bounds[2], 90 * KM, atol=1e-3)
    assert of(found, "home", 1.0)["population"] == 15
    assert of(found, "neighbour", 1.0)["population"] == 7


def test_an_edge_is_reached_from_both_ends():
    # A loop of 20 km north of the road, one edge of an hour between its two ends.
    network, tables, places, land = straight_road(edges=[(0, 4, 0.5), (1, 4, 2.0)])
    origin = place_origin(network, tables, places.loc["start"])
    found = isochrone_polygons(
        network, land, [("s", origin)], hours=(1.0,), off_road=OffRoad(detail_m=10)
    )
    own = of(found, "home", 1.0).geometry
    line = shapely.LineString([(30 * KM, 0), (0, 40 * KM)])
    # Half an hour is left at both ends of the long edge, a quarter of it each.
    assert own.covers(line.interpolate(0.24, normalized=True))
    assert own.covers(line.interpolate(0.76, normalized=True))
    assert not own.covers(line.interpolate(0.5, normalized=True))


def test_ground_behind_a_bend_of_the_border_is_not_reached_beside_the_road():
    """A strip of the neighbour 500 m wide lies between the road and other land of the home side."""
    network, tables, places, _ = straight_road()
    origin = place_origin(network, tables, places.loc["start"])
    strip = shapely.box(-2, 1 * KM, 30 * KM, 1.5 * KM)
    home = shapely.box(-2, -2, 30 * KM, 2) - strip
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"]},
        geometry=[home, strip | shapely.box(30 * KM, -2, 4, 2)],
        crs=4326,
    )
    found = isochrone_polygons(
        network, land, [("s", origin)], hours=(1.0,), off_road=OffRoad(kmh=6.0)
    )
    own = of(found, "home", 1.0).geometry
    assert own.covers(shapely.Point(5 * KM, 0.9 * KM))
    assert not own.intersects(shapely.Point(5 * KM, 2 * KM))
    assert len(shapely.get_parts(own)) == 1


def test_ways_that_stand_for_unknown_roads_are_not_drawn():
    network, tables, places, land = straight_road()
    origin = place_origin(network, tables, places.loc["start"])
    made_up = np.where(network.side[network.tail] == 1, len(network.classes), network.road_class)
    beyond = replace(
        network,
        road_class=made_up.astype(network.road_class.dtype),
        classes=(*network.classes, LOCAL_WAY),
    )
    found = isochrone_polygons(beyond, land, [("s", origin)], hours=(2.0,), places=places)
    assert found["side"].tolist() == ["home"]
    assert of(found, "home", 2.0)["population"] == 15


def test_holes_without_roads_are_filled():
    square = [(0, 4, 0.1), (4, 1, 0.1)]
    network, tables, places, land = straight_road(edges=square)
    origin = place_origin(network, tables, places.loc["start"])
    found = isochrone_polygons(
        network, land, [("s", origin)], hours=(0.7,), off_road=OffRoad(kmh=1.0)
    )
    own = of(found, "home", 0.7).geometry
    assert own.covers(shapely.Point(8 * KM, 8 * KM))
    assert all(not len(part.interiors) for part in shapely.get_parts(own))


def test_gaps_between_the_polygons_of_a_side_leave_no_hole():
    network, tables, places, land = straight_road()
    # 20 km long and 400 m wide is a fault of the edges; 20 km square is foreign land.
    gap = shapely.box(5 * KM, -5 * KM, 25 * KM, -4.6 * KM)
    foreign = shapely.box(0, 5 * KM, 20 * KM, 25 * KM)
    land.loc[0, "geometry"] = land.geometry[0].difference(shapely.union(gap, foreign))
    origin = place_origin(network, tables, places.loc["start"])
    fast = OffRoad(kmh=60.0)
    own = of(
        isochrone_polygons(network, land, [("s", origin)], hours=(0.9,), off_road=fast), "home", 0.9
    )
    assert own.geometry.covers(gap)
    assert own.geometry.intersection(foreign).area == pytest.approx(0, abs=1e-12)
    assert shapely.get_num_interior_rings(own.geometry) == 1


@pytest.fixture(scope="module")
def mini_land(tmp_path_factory, make_mini):
    study = open_study(make_mini(tmp_path_factory.mktemp("isochrones")))
    border = border_stage(study.settings, study.read())
    built = network_stage(study.settings, study.read(), border)
    tables = gate_tables(built.network, built.places, built.gates, modes=ROAD, trees=True)
    return built.network, tables, built.places, border.territory


def test_valid_nested_and_on_their_own_side(mini_land):
    network, tables, places, land = mini_land
    origins = {name: place_origin(network, tables, places.loc[name]) for name in ("h0", "n1")}
    origins["west"] = checkpoint_origin(network, tables, "west")
    limits = (0.5, 1.0, 2.0, 4.0)
    off_road = OffRoad(kmh=40 / 1.3)
    found = isochrone_polygons(
        network, land, origins.items(), hours=limits, off_road=off_road, places=places, modes=ROAD
    )
    assert found.crs == 4326
    assert found.geometry.is_valid.all()
    ground = {
        side: land.geometry[land["side"] == side].union_all() for side in ("home", "neighbour")
    }
    for (_, side), group in found.groupby(["from_id", "side"]):
        assert group["hours"].is_monotonic_increasing
        assert group["area_km2"].is_monotonic_increasing
        assert group["population"].is_monotonic_increasing
        for less, more in zip(group.geometry[:-1], group.geometry[1:], strict=True):
            assert more.buffer(1e-9).covers(less)
        assert group.geometry.iloc[-1].difference(ground[side].buffer(1e-6)).is_empty
    # Whoever is reached in time lies inside.
    for row in found.itertuples():
        origin = origins[row.from_id]
        there = places[(places["side"] == row.side) & (places["node"] >= 0)]
        hours = origin.node_hours[there["node"]] + there["access_h"]
        reached = there[(hours <= 0.99 * row.hours).to_numpy()]
        assert row.geometry.buffer(2e-3).covers(reached.geometry.to_numpy()).all()


def test_what_is_refused(mini_land):
    network, tables, places, land = mini_land
    with pytest.raises(CheckpointError, match="'nowhere' has no gate"):
        checkpoint_origin(network, tables, "nowhere")
    with pytest.raises(NetworkError, match="does not reach"):
        place_origin(network, tables, places.iloc[0].copy().where(lambda p: p.index != "node", -1))
    bare = gate_tables(network, places, tables.gates, modes=ROAD)
    with pytest.raises(TableError, match="trees=True"):
        checkpoint_origin(network, bare, "west")
    origin = checkpoint_origin(network, tables, "west")
    for bad in ((), (0.0,), (np.inf,), (np.nan,)):
        with pytest.raises(ValueError, match="limits"):
            isochrone_polygons(network, land, [("w", origin)], hours=bad)
    for wrong in ({"kmh": 0}, {"farthest_km": np.inf}, {"detail_m": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            OffRoad(**wrong)
