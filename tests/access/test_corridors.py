"""Profiles of corridors, by hand and against routes."""

import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.errors import NetworkError
from geo_border.routing.routes import routes
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables


@pytest.fixture
def road():
    """Home 0 - 1, gate at 1 | 2, neighbour 2 - 3, gate at 3 | 4, home 4 - 5; 60 km/h."""
    lonlat = np.array([[0, 0], [1, 0], [1, 0], [2, 0], [2, 0], [3, 0]], float)
    edges = [(0, 1, 1.0), (2, 3, 2.0), (4, 5, 0.5)]
    edges += [(v, u, hours) for u, v, hours in edges]
    network = make_network([0, 0, 1, 1, 0, 0], [(*edge, "road") for edge in edges], lonlat)
    places = make_places(
        network,
        [
            ("west", "home", 0, 0.3, 1.0, "H"),
            ("middle", "neighbour", 2, 0.0, 1.0, "N"),
            ("east", "home", 5, 0.2, 1.0, "H"),
            ("lost", "home", -1, np.nan, 1.0, "H"),
        ],
    )
    gates = make_gates([("g", 1, 2, 1.0, 9.0, True, "road"), ("k", 4, 3, 9.0, 4.0, True, "road")])
    return network, gate_tables(network, places, gates, trees=True), places


def test_profile_by_hand(road):
    network, tables, places = road
    found = find_corridors(network, tables, places, {"through": ["west", "middle", "east"]})
    profile = corridor_profiles(
        network, tables, found, costs=Costs(per_km=0.1, per_hour=2.0, per_passage=50.0)
    )
    # Local ways to the network are not in it; g costs 1 h out, k 4 h back in.
    assert profile["km"].tolist() == pytest.approx([0, 60, 60, 180, 180, 210])
    assert profile["hours"].tolist() == pytest.approx([0, 1, 2, 4, 8, 8.5])
    assert profile["driving_hours"].tolist() == pytest.approx([0, 1, 1, 3, 3, 3.5])
    assert profile["cost"].tolist() == pytest.approx([0, 8, 60, 76, 134, 138])
    # 2 an hour for the hours that are driven; both passages are still paid for.
    assert profile["driving_cost"].tolist() == pytest.approx([0, 8, 58, 74, 124, 128])
    assert profile["place_id"].fillna("-").tolist() == ["west", "-", "middle", "-", "-", "east"]
    assert profile["checkpoint_id"].fillna("-").tolist() == ["-", "-", "g", "-", "k", "-"]
    assert profile["delay_h"].tolist() == [0, 0, 1, 0, 4, 0]
    assert profile["side"].tolist() == ["home"] * 2 + ["neighbour"] * 2 + ["home"] * 2
    summary = corridor_summary(profile).loc["through"]
    assert summary["via"] == "g;k"
    assert summary["passages"] == 2
    assert summary["delay_h"] == 5
    assert summary["swod_kmh"] == pytest.approx(60)
    assert summary["swd_kmh"] == pytest.approx(210 / 8.5)
    assert summary["cost"] == pytest.approx(138)
    assert summary["driving_cost"] == pytest.approx(138 - 2 * 5)
    lines = corridor_lines(found)
    assert len(lines.geometry["through"].geoms) == 3


def test_the_way_back_has_other_delays(road):
    network, tables, places = road
    found = find_corridors(network, tables, places, {"back": ["east", "west"]})
    summary = corridor_summary(corridor_profiles(network, tables, found))
    assert summary.loc["back", "delay_h"] == 18
    assert "cost" not in summary
    free = Scenario(factor=0.0)
    found = find_corridors(network, tables, places, {"back": ["east", "west"]}, scenario=free)
    summary = corridor_summary(corridor_profiles(network, tables, found, scenario=free))
    assert summary.loc["back", "swd_kmh"] == summary.loc["back", "swod_kmh"]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), hostile=st.booleans())
def test_ends_where_the_routes_end(seed, hostile):
    land = random_borderland(seed, scale=0.1, hostile=hostile)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    joined = land.places[land.places["node"] >= 0].assign(access_h=0.0).iloc[:4]
    passing = routes(land.network, tables, joined)
    stops = [list(pair) for pair, way in passing.items() if np.isfinite(way.hours)][:6]
    found = find_corridors(
        land.network, tables, joined, {f"c{n}": pair for n, pair in enumerate(stops)}
    )
    profile = corridor_profiles(land.network, tables, found)
    for number, pair in enumerate(stops):
        part, way = profile[profile["corridor"] == f"c{number}"], passing[tuple(pair)]
        assert part["km"].iloc[-1] == pytest.approx(way.km, abs=1e-9)
        assert part["hours"].iloc[-1] == pytest.approx(way.hours, abs=1e-9)
        assert part["checkpoint_id"].dropna().tolist() == list(way.via)
        assert (part[["km", "hours", "driving_hours"]].diff().dropna() >= 0).all(axis=None)
        driving = part["driving_hours"] + part["delay_h"].cumsum()
        pd.testing.assert_series_equal(driving, part["hours"], check_names=False)
        assert part["place_id"].iloc[[0, -1]].tolist() == pair


def test_no_corridors_no_profiles(road):
    network, tables, _ = road
    assert corridor_profiles(network, tables, {}).empty
    assert corridor_summary(corridor_profiles(network, tables, {})).empty
    assert corridor_lines({}).empty


@pytest.mark.parametrize(
    ("stops", "problem"),
    [
        (["west"], "fewer than two"),
        (["west", "nowhere"], "'nowhere' is unknown"),
        (["west", "lost"], "'lost' does not reach"),
    ],
)
def test_wrong_stops_are_refused(road, stops, problem):
    network, tables, places = road
    with pytest.raises(NetworkError, match=problem):
        find_corridors(network, tables, places, {"c": stops})


def test_no_way_is_refused(road):
    network, tables, places = road
    with pytest.raises(NetworkError, match="no way leads from 'west' to 'middle'"):
        find_corridors(
            network,
            tables,
            places,
            {"c": ["west", "middle"]},
            scenario=Scenario(close=frozenset({"g", "k"})),
        )
    with pytest.raises(ValueError, match="per_km"):
        Costs(per_km=-1)
