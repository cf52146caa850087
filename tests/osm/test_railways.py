import extracts
import numpy as np
import pandas as pd
import pytest

from geo_border.osm.railways import (
    MAIN_RAILWAYS,
    RailRules,
    gauge_mm,
    rail_ways,
    stations_from_extract,
    stop_nodes,
)


def table(*rows):
    keys = sorted({key for row in rows for key in row} | {"railway"})
    return pd.DataFrame({key: pd.Categorical([row.get(key) for row in rows]) for key in keys})


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"railway": "rail", "usage": "main"}, "main"),
        ({"railway": "rail", "usage": "branch"}, "branch"),
        ({"railway": "rail"}, "rail"),
        ({"railway": "narrow_gauge"}, "rail"),
        ({"railway": "rail", "service": "crossover"}, "rail"),
    ],
)
def test_lines(tags, kind):
    ways, _ = rail_ways(table(tags), MAIN_RAILWAYS)
    assert ways.loc[0].tolist() == ["rail", kind, 0, False]


@pytest.mark.parametrize(
    "tags",
    [
        {"railway": "rail", "service": "siding"},
        {"railway": "rail", "service": "yard"},
        {"railway": "rail", "service": "spur", "usage": "main"},
        {"railway": "rail", "usage": "industrial"},
        {"railway": "rail", "usage": "military"},
        {"railway": "rail", "usage": "tourism"},
        {"railway": "abandoned"},
        {"railway": "disused"},
        {"railway": "construction", "construction": "rail"},
        {"railway": "proposed"},
        {"railway": "tram"},
        {"railway": "subway"},
        {"railway": "light_rail"},
        {"railway": "platform"},
        {"highway": "primary"},
    ],
)
def test_what_is_no_line(tags):
    ways, counts = rail_ways(table(tags), MAIN_RAILWAYS)
    assert ways["mode"].isna().all()
    dropped = sum(int(holds.sum()) for holds in counts.values())
    assert dropped == (tags.get("railway") == "rail")


def test_rules_can_take_in_more():
    rules = RailRules(kinds=("tram",), services=("siding",))
    rows = table({"railway": "tram", "service": "siding"}, {"railway": "rail"})
    assert rail_ways(rows, rules)[0]["mode"].isna().tolist() == [False, True]


def test_gauge():
    rows = table(
        {"gauge": "1520"}, {"gauge": "1520;1435"}, {"gauge": "1435 mm"}, {"gauge": "wide"}, {}
    )
    assert gauge_mm(rows) == pytest.approx([1520, 1520, 1435, np.nan, np.nan], nan_ok=True)


def test_stations_as_nodes_and_areas(make_extract):
    extract = make_extract(
        {
            1: (10.0, 50.0, {"railway": "station", "name": "Eins"}),
            2: (10.1, 50.0, {"railway": "signal"}),
            3: (10.2, 50.0, {"railway": "border"}),
            4: (11.0, 51.0),
            5: (11.2, 51.0),
            6: (11.2, 51.2),
            7: (11.0, 51.2),
        },
        {
            8: ([4, 5, 6, 7, 4], {"railway": "station", "name": "Zwei"}),
            9: ([90, 91], {"railway": "halt", "name": "lost"}),
        },
    )
    stations = stations_from_extract(extract)
    assert stations["osm"].tolist() == ["n1", "w8"]
    assert stations["name"].tolist() == ["Eins", "Zwei"]
    assert stations.geometry.x.to_numpy() == pytest.approx([10, 11.1])
    assert stations.geometry.y.to_numpy() == pytest.approx([50, 51.1])
    assert extract.node_id[stop_nodes(extract, MAIN_RAILWAYS)].tolist() == [1, 3]


def test_no_stations(make_extract):
    assert stations_from_extract(make_extract({1: (0.0, 0.0)})).empty


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_the_stations_of_liechtenstein(key, extract_of):
    stations = stations_from_extract(extract_of(key))
    assert set(stations["name"]) == {"Schaan-Vaduz", "Nendeln", "Forst Hilti"}
