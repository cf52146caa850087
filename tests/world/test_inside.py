"""What of networks and settlements lies on the land of a pair."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.world import inside
from geo_border.world.ground import PairGround, _within_reach
from geo_border.world.inside import links_inside, settlements_inside, with_seats

HOME, NEIGHBOUR, BEHIND = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)


def frame(**shapes):
    return gpd.GeoDataFrame(
        {"name": list(shapes)},
        geometry=list(shapes.values()),
        index=pd.Index([f"X-{name}" for name in shapes], name="region_id"),
        crs=4326,
    )


@pytest.fixture
def ground():
    line = gpd.GeoDataFrame(
        {"kind": ["land"], "length_km": [111.0]},
        geometry=[shapely.LineString([(1, 0), (1, 1)])],
        crs=4326,
    )
    rest = gpd.GeoDataFrame(
        {"name": ["rest"]},
        geometry=[BEHIND],
        index=pd.Index([None], name="region_id", dtype=object),
        crs=4326,
    )
    return PairGround(
        border=line,
        regions={"home": frame(A=HOME), "neighbour": frame(B=NEIGHBOUR)},
        territory={"home": rest.iloc[:0], "neighbour": rest},
        bounds=(0, 0, 3, 1),
    )


def places_at(*points, population=None):
    lon, lat = np.array(points, float).T
    many = population or [1000] * len(points)
    return gpd.GeoDataFrame(
        {"name": [f"P{n}" for n in range(len(points))], "lon": lon, "lat": lat, "population": many},
        geometry=gpd.points_from_xy(lon, lat),
        index=pd.Index(range(len(points)), name="place_id"),
        crs=4326,
    )


def test_a_settlement_lies_where_it_lies_and_beside_the_coast_in_the_nearest(ground):
    # In A, in B, behind B, 3 km off the coast of A, 50 km off it.
    known = places_at((0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (0.5, -0.03), (0.5, -0.5))
    found = settlements_inside(known, ground).set_index("place_id")
    assert found["side"].tolist() == ["home", "neighbour", "neighbour", "home"]
    assert found["region_id"].fillna("").tolist() == ["X-A", "X-B", "", "X-A"]


def test_links_of_third_countries_are_left_out(ground):
    ends = [((0.5, 0.5), (1.5, 0.5)), ((0.5, 0.5), (0.5, 3.0)), ((4, 0.5), (5, 0.5))]
    links = gpd.GeoDataFrame(geometry=[shapely.LineString(two) for two in ends], crs=4326)
    assert links_inside(links, ground.sides()).index.tolist() == [0]


def test_villages_count_with_the_nearest_larger_and_nobody_is_lost(ground, monkeypatch):
    monkeypatch.setattr(inside, "MOST_PLACES", 2)
    points = [(0.2, 0.2), (0.8, 0.8), (0.21, 0.2), (0.79, 0.8), (2.5, 0.5), (1.5, 0.5), (1.6, 0.5)]
    people = [9000, 8000, 700, 600, 500, 5000, 4000]
    found = settlements_inside(places_at(*points, population=people), ground)
    by_id = found.set_index("place_id")
    assert by_id["population"].to_dict() == {
        "0": 9700, "1": 8600, "4": 500, "5": 5000, "6": 4000,
    }  # fmt: skip
    assert by_id["villages"].tolist() == [1, 1, 0, 0, 0]
    assert found["population"].sum() == sum(people)


def test_the_most_populous_settlement_stands_for_the_capital(ground):
    known = places_at((0.5, 0.5), (0.6, 0.6), (1.5, 0.5), population=[10, 20, 30])
    places = settlements_inside(known, ground)
    seats = with_seats(ground.regions["home"], places)
    assert seats["capital"].tolist() == ["P1"]
    assert seats[["capital_lon", "capital_lat"]].to_numpy().tolist() == [[0.6, 0.6]]


@pytest.mark.parametrize("lat", [0, 45, 68])
def test_the_land_within_reach_is_as_wide_at_any_latitude(lat):
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(10, lat), (10.5, lat + 0.5)])], crs=4326)
    area = gpd.GeoSeries([_within_reach(line)], crs=4326)
    metres = area.to_crs(f"+proj=aeqd +lat_0={lat} +lon_0=10")
    west, south, _, north = metres.total_bounds / 1000
    assert -west == pytest.approx(200, rel=0.15)
    assert -south == pytest.approx(200, rel=0.15)
    assert north == pytest.approx(255, rel=0.15)
