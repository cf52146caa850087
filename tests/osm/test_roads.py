import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.osm.roads import (
    CAR_ROADS,
    RoadRules,
    blocks_cars,
    car_access,
    in_settlement,
    oneway,
    parse_duration,
    road_ways,
    tagged_speeds,
    travel_speeds,
)


def table(*rows):
    keys = sorted({key for row in rows for key in row} | {"highway"})
    return pd.DataFrame({key: pd.Categorical([row.get(key) for row in rows]) for key in keys})


@pytest.mark.parametrize(
    ("tag", "hours"),
    [
        ("01:30", 1.5),
        ("1:30", 1.5),
        ("00:20:30", 20 / 60 + 30 / 3600),
        ("25", 25 / 60),
        ("PT1H30M", 1.5),
        ("PT45M", 0.75),
        ("PT90S", 0.025),
        ("P1DT2H", 26),
        ("pt20m", 1 / 3),
    ],
)
def test_durations(tag, hours):
    assert parse_duration(tag) == pytest.approx(hours)


@pytest.mark.parametrize(
    "tag", ["", "PT", "P", "00:00", "0", "1:75", "an hour", "1h", "-5", "P400D", "99999", "1:2:3"]
)
def test_what_is_no_duration(tag):
    assert math.isnan(parse_duration(tag))


@given(st.text(alphabet="PTDHMS0123456789:.- ", max_size=16) | st.text(max_size=16))
def test_any_text_gives_a_sensible_duration_or_none(text):
    hours = parse_duration(text)
    assert math.isnan(hours) or 0 < hours <= 720


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_clock_and_iso_durations_agree(hour, minute, second):
    clock = parse_duration(f"{hour:02}:{minute:02}:{second:02}")
    iso = parse_duration(f"PT{hour}H{minute}M{second}S")
    assert clock == pytest.approx(iso, nan_ok=True)


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({}, -1),
        ({"access": "no"}, 0),
        ({"access": "private"}, 0),
        ({"access": "yes"}, 1),
        ({"access": "permissive"}, 1),
        ({"access": "destination"}, 1),
        ({"access": "agricultural"}, 0),
        ({"access": "forestry"}, 0),
        ({"access": "agricultural;forestry"}, 0),
        ({"vehicle": "destination;forestry;agricultural"}, 1),
        ({"access": "no", "motor_vehicle": "yes"}, 1),
        ({"access": "yes", "motor_vehicle": "no"}, 0),
        ({"motor_vehicle": "no", "motorcar": "yes"}, 1),
        ({"vehicle": "no", "motor_vehicle": "designated"}, 1),
        ({"access": "no", "foot": "yes"}, 0),
        ({"motorcar": "banana", "access": "no"}, 0),
        ({"access": "banana"}, -1),
        ({"access": "NO"}, 0),
    ],
)
def test_the_most_specific_access_decides(tags, is_open):
    assert car_access(table(tags), CAR_ROADS)["is_open"].tolist() == [is_open]


def test_destination_and_strange_values_are_marked():
    access = car_access(
        table({"access": "destination"}, {"access": "yes;destination"}, {"access": "banana"}),
        CAR_ROADS,
    )
    assert access["destination"].tolist() == [True, False, False]
    assert access["not_understood"].tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "1"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "reverse"}, -1),
        ({"oneway": "no"}, 0),
        ({"oneway": "reversible"}, 0),
        ({"oneway": "alternating"}, 0),
        ({"oneway": "perhaps"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "circular"}, 1),
        ({"junction": "roundabout", "oneway": "-1"}, -1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway_link"}, 0),
    ],
)
def test_oneway(tags, direction):
    assert oneway(table(tags))[0].tolist() == [direction]


def test_oneway_that_is_not_plain_is_counted():
    counts = oneway(table({"oneway": "reversible"}, {"oneway": "x"}, {"junction": "roundabout"}))[1]
    assert [holds.tolist() for holds in counts.values()] == [
        [True, False, False],
        [False, False, True],
        [False, True, False],
    ]


@pytest.mark.parametrize("kind", sorted(set(CAR_ROADS.classes) - {"road"}))
def test_classes_are_roads(kind):
    ways, _ = road_ways(table({"highway": kind}), CAR_ROADS)
    assert ways.loc[0, ["mode", "road_class"]].tolist() == ["road", kind]


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "service"},
        {"highway": "track"},
        {"highway": "path"},
        {"highway": "footway"},
        {"highway": "cycleway"},
        {"highway": "pedestrian"},
        {"highway": "busway"},
        {"highway": "construction", "construction": "primary"},
        {"highway": "proposed"},
        {"railway": "rail"},
        {"highway": "primary", "access": "private"},
        {"highway": "residential", "area": "yes"},
        {"highway": "unclassified", "winter_road": "yes"},
        {"highway": "unclassified", "ice_road": "yes"},
        {"highway": "tertiary", "smoothness": "impassable"},
        {"route": "ferry", "foot": "yes"},
        {"route": "ferry", "motor_vehicle": "no"},
        {"route": "bus"},
    ],
)
def test_what_is_no_road_for_cars(tags):
    ways, counts = road_ways(table(tags), CAR_ROADS)
    assert ways["mode"].isna().all()
    known = tags.get("highway") in CAR_ROADS.classes or tags.get("route") == "ferry"
    planned = tags.get("highway") in {"construction", "proposed"}
    dropped = sum(holds.sum() for name, holds in counts.items() if name.startswith("dropped"))
    assert dropped == (known or planned)


def test_ferries_and_unknown_roads():
    ways, counts = road_ways(
        table(
            {"route": "ferry"},
            {"route": "ferry", "motor_vehicle": "yes", "foot": "yes"},
            {"route": "shuttle_train"},
            {"highway": "road"},
        ),
        CAR_ROADS,
    )
    assert ways["mode"].tolist() == ["ferry", "ferry", "ferry", "road"]
    assert ways["road_class"].tolist() == ["ferry", "ferry", "shuttle_train", "unclassified"]
    assert counts["class unknown (highway=road): unclassified"].tolist() == [False] * 3 + [True]
    assert road_ways(table({"route": "ferry"}), RoadRules(ferries=False))[0]["mode"].isna().all()


def test_rules_can_take_in_more():
    rules = RoadRules(classes=("track",), seasonal=True)
    rows = table({"highway": "track", "ice_road": "yes"}, {"highway": "primary"})
    assert road_ways(rows, rules)[0]["road_class"].tolist()[:1] == ["track"]
    assert road_ways(rows, rules)[0]["mode"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("tags", "blocks"),
    [
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "motor_vehicle": "no"}, True),
        ({"barrier": "lift_gate"}, False),
        ({"barrier": "toll_booth"}, False),
        ({"barrier": "cattle_grid"}, False),
        ({"barrier": "border_control"}, False),
        ({"barrier": "border_control", "access": "no"}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "motorcar": "yes"}, False),
        ({"barrier": "bollard", "bollard": "rising"}, False),
        ({"barrier": "block"}, True),
        ({"barrier": "jersey_barrier"}, True),
        ({"barrier": "kerb"}, False),
        ({"highway": "crossing", "access": "no"}, False),
    ],
)
def test_barriers(tags, blocks):
    assert blocks_cars(table(tags), CAR_ROADS).tolist() == [blocks]


def speeds(*rows, direction=0, country="RU"):
    n = len(rows)
    return tagged_speeds(table(*rows), np.full(n, direction, np.int8), np.full(n, country, object))


def test_speeds_by_direction():
    rows = ({"maxspeed": "60", "maxspeed:forward": "40", "maxspeed:backward": "80"},)
    assert speeds(*rows, direction=1)[0] == pytest.approx([40])
    assert speeds(*rows, direction=-1)[0] == pytest.approx([80])
    both, counts = speeds(*rows)
    assert both == pytest.approx([2 / (1 / 40 + 1 / 80)])
    assert counts["maxspeed differs by direction"].tolist() == [True]
    assert speeds({"maxspeed:forward": "40"})[0] == pytest.approx([40])
    assert speeds({"maxspeed": "60", "maxspeed:backward": "30"})[0] == pytest.approx([40])


def test_speeds_by_zone_only_where_maxspeed_is_missing():
    kmh, counts = speeds(
        {"source:maxspeed": "RU:urban"},
        {"maxspeed": "40", "source:maxspeed": "RU:urban"},
        {"zone:maxspeed": "DE:30"},
        {"zone:maxspeed": "30"},
        {"source:maxspeed": "sign"},
        {"maxspeed": "none", "source:maxspeed": "RU:urban"},
    )
    assert kmh == pytest.approx([60, 40, 30, 30, np.nan, np.nan], nan_ok=True)
    zoned = counts["maxspeed from its zone or type"]
    assert zoned.tolist() == [True, False, True, True, False, False]


def test_forms_of_maxspeed_are_counted():
    _, counts = speeds(
        {"maxspeed": "signals"},
        {"maxspeed": "50;30"},
        {"maxspeed": "fast"},
        {"maxspeed": "60", "maxspeed:conditional": "40 @ (22:00-06:00)"},
        {"maxspeed": "RU:urban"},
    )
    for number, name in enumerate(
        ["maxspeed signals", "maxspeed list", "maxspeed nonsense", "maxspeed:conditional ignored"]
    ):
        assert np.flatnonzero(counts[name]).tolist() == [number]
    assert np.flatnonzero(counts["maxspeed context"]).tolist() == [4]


def test_bare_contexts_follow_the_country_of_each_way():
    rows = table({"maxspeed": "rural"}, {"maxspeed": "rural"}, {"maxspeed": "RU:rural"})
    country = np.array(["CH", "AT", "CH"], object)
    assert tagged_speeds(rows, np.zeros(3, np.int8), country)[0].tolist() == [80, 100, 90]


def test_settlement_by_tag():
    rows = table(
        {"maxspeed": "RU:urban"},
        {"zone:traffic": "RU:rural", "maxspeed": "RU:urban"},
        {"source:maxspeed": "sign"},
        {"highway": "residential"},
    )
    assert in_settlement(rows).tolist() == [1, 0, -1, -1]


def test_travel_speeds_take_tag_surface_and_settlement():
    rows = table(
        {"highway": "primary"},
        {"highway": "primary", "surface": "gravel"},
        {"highway": "primary"},
        {"highway": "primary"},
        {"highway": "primary"},
        {"highway": "motorway"},
        {"highway": "trunk", "motorroad": "yes"},
    )
    ways = pd.DataFrame(
        {
            "road_class": ["primary"] * 5 + ["motorway", "trunk"],
            "oneway": [0, 0, 0, 0, 1, 1, 0],
        }
    )
    tagged = np.array([np.nan, np.nan, 70, 60, np.nan, np.nan, np.nan])
    urban = np.array([False, False, False, True, False, False, False])
    country = np.array(["RU", "RU", "RU", "RU", "KZ", "KZ", "CH"], object)
    kmh = travel_speeds(rows, ways, tagged, country, urban)
    assert kmh == pytest.approx([90, 40, 70, 48, 100, 130, 100])
