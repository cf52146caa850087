from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.network.doubles import listed_twice
from geo_border.pipeline.stages.flaws import MOST_POINTS, flaws

NO_POINTS = pd.DataFrame({"lon": [], "lat": []})
BUILT = SimpleNamespace(
    crossings=NO_POINTS.assign(checkpoint_id=[], name=[], ref=[], road_class=[]),
    parts=NO_POINTS.assign(gates=[], mode=[], km=[]),
    places=NO_POINTS.assign(node=[], access_km=[], name=[], side=[], region_id=[], population=[]),
    audit=gpd.GeoDataFrame({"kind": [], "mode": [], "value": []}, geometry=[], crs=4326),
    twice=pd.DataFrame({"place_id": [], "other_id": [], "lesser": []}),
    barred=gpd.GeoDataFrame({"name": [], "km": []}, geometry=[], crs=4326),
)


def lines(rows):
    """Roads of 10 km, from west to east, on the equator: longitude, speed, hours, class."""
    length = 10 / 111.31949079
    frame = pd.DataFrame(rows, columns=["lon", "speed_kmh", "hours", "road_class"])
    shapes = [shapely.LineString([(x, 0), (x + length, 0)]) for x in frame.pop("lon")]
    return gpd.GeoDataFrame(
        frame.astype({"speed_kmh": float, "hours": float}), geometry=shapes, crs=4326
    )


def test_imputed_kilometres_are_added_up_where_they_lie():
    roads = lines(
        [
            (0.0, None, None, "residential"),
            (0.001, None, None, "residential"),
            (0.002, 50, None, "primary"),
            (0.003, None, 0.5, "ferry"),
            (5.0, 50, None, "primary"),
            (9.0, None, None, "track"),
        ]
    )
    found = flaws(BUILT, roads)
    assert found["kind"].unique().tolist() == ["speed imputed"]
    assert found["name"].tolist() == [
        "50 % of the length, most of it residential",
        "100 % of the length, most of it track",
    ]
    assert found["value"].tolist() == pytest.approx([20, 10])
    middle = 10 / 111.31949079 / 2
    assert found.geometry.x.tolist() == pytest.approx([0.0005 + middle, 9 + middle])
    given = flaws(BUILT, roads.assign(length_km=[1, 2, 3, 4, 5, np.nan]))
    assert given["value"].tolist() == pytest.approx([3, 10])


def test_a_country_of_imputed_roads_stays_small_and_loses_no_kilometre():
    rng = np.random.default_rng(1)
    many = rng.random((20_000, 2)) * [30, 20] + [50, 40]
    shapes = [shapely.LineString([(x, y), (x + 0.01, y)]) for x, y in many]
    roads = gpd.GeoDataFrame(
        {"road_class": ["track"] * 20_000, "length_km": 1.0}, geometry=shapes, crs=4326
    )
    found = flaws(BUILT, roads)
    assert MOST_POINTS / 5 < len(found) <= MOST_POINTS
    assert found["value"].sum() == pytest.approx(20_000)


def test_ends_of_ways_that_go_on_beyond_the_extract_are_points():
    roads = lines([(0.0, 50, None, "primary"), (1.0, 50, None, "track"), (2.0, 50, None, "track")])
    roads = roads.assign(
        name=["A road", None, None],
        ref=[None, "T1", None],
        length_km=10.0,
        travel_kmh=[90, 20, 20],
        tail_clipped=[True, False, False],
        head_clipped=[True, True, False],
    )
    settlements = gpd.GeoDataFrame(NO_POINTS.assign(population=[], name=[]))
    extracts = SimpleNamespace(lines=roads, settlements=settlements)
    found = flaws(BUILT, roads, extracts)
    cut = found[found["kind"] == "way cut at the edge of an extract"]
    assert sorted(zip(cut["name"], cut.geometry.x.round(2), strict=True)) == [
        ("A road", 0.0),
        ("A road", 0.09),
        ("T1", 1.09),
    ]


def test_of_settlements_listed_several_times_each_but_one_is_a_point():
    places = pd.DataFrame(
        {"name": "Ozersk", "lon": 60.0, "lat": [52, 52.01, 52.003], "population": [90, 90, 50]},
        index=["a", "b", "c"],
    ).assign(side="home", region_id="A", node=0, access_km=1.0)
    net = SimpleNamespace(**vars(BUILT) | {"places": places, "twice": listed_twice(places)})
    found = flaws(net, lines([(0.0, 50, None, "primary")]))
    assert set(found["kind"]) == {"settlement that may be listed twice"}
    assert found["value"].tolist() == [50, 90]
    assert found.geometry.y.tolist() == [52.003, 52.01]
