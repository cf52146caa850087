"""Network efficiency, checkpoint detours and transport performance."""

import numpy as np
import pytest
from borderland import brute_times, make_gates, make_network, make_places, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo_border.access.efficiency import checkpoint_detour, every_gate, network_efficiency
from geo_border.access.performance import transport_performance
from geo_border.access.reach import cumulative
from geo_border.errors import CheckpointError, GeometryError, TableError
from geo_border.routing.inside import own_searches, own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel

WGS84 = Geod(ellps="WGS84")


@pytest.fixture
def equator():
    """Home places at 0 and 1 degree, a neighbour at 2, gates at 1 (open) and 0 (closed)."""
    lonlat = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 0.0]])
    edges = [(0, 1, 2.0), (1, 0, 2.0), (2, 3, 3.0), (3, 2, 3.0), (4, 3, 4.0), (3, 4, 4.0)]
    network = make_network([0, 0, 1, 1, 1], [(*edge, "road") for edge in edges], lonlat)
    places = make_places(
        network,
        [
            ("a", "home", 0, 0.0, 100.0, "A"),
            ("b", "home", 1, 0.0, 300.0, "A"),
            ("c", "neighbour", 3, 0.0, 500.0, "C"),
            ("lost", "neighbour", -1, np.nan, 50.0, "C"),
        ],
    )
    places.loc["lost", "geometry"] = places.geometry["c"]
    gates = make_gates(
        [("open", 1, 2, 1.0, 1.0, True, "road"), ("shut", 0, 4, np.inf, np.inf, False, "road")]
    )
    return places, gate_tables(network, places, gates), own_times(network, places)


def test_efficiency_by_hand(equator):
    # At a degree an hour a straight road takes 1 h from a to b, 2 h from a to c.
    found = network_efficiency(Travel(*equator), reference_kmh=111.319491)
    row = found.loc["a"]
    np.testing.assert_allclose(row["own"], 2.0, rtol=1e-7)
    np.testing.assert_allclose(row["across"], (2 + 1 + 3) / 2, rtol=1e-7)
    np.testing.assert_allclose(row["across_open"], 5 / 2, rtol=1e-7)
    assert row["own_closed"] == row["own"] == row["own_open"]
    assert row["own_unreached"] == 0
    assert row["across_unreached"] == pytest.approx(50 / 550)
    # c sees b over one degree in 4 h and a over two degrees in 6 h.
    c = found.loc["c"]
    np.testing.assert_allclose(c["across"], (300 * 4 + 100 * 3) / 400, rtol=1e-7)
    # Its only companion lies at the same point: there is no straight time to compare with.
    assert np.isnan(c["own"])
    assert np.isnan(c["own_unreached"])
    assert np.isnan(found.loc["lost", "across"])
    assert found.loc["lost", "across_unreached"] == 1


def test_pairs_beside_the_network_are_left_out(equator):
    # a and b are 111 km apart, a and c 223 km: local ways of 60 km at both ends reach a to b.
    degree = 111.319491
    far = np.array([60.0, 60.0, 60.0, 0.0])
    found = network_efficiency(Travel(*equator), reference_kmh=degree, apart_km=far)
    assert np.isnan(found.loc["a", "own"])
    assert np.isnan(found.loc["a", "own_unreached"])
    np.testing.assert_allclose(found.loc["a", "across"], (2 + 1 + 3) / 2, rtol=1e-7)
    # c sees a alone, in 6 h over two degrees, where its own local way is 60 km and more.
    far = np.array([60.0, 60.0, 60.0, 60.0])
    found = network_efficiency(Travel(*equator), reference_kmh=degree, apart_km=far)
    np.testing.assert_allclose(found.loc["c", "across"], 3.0, rtol=1e-7)
    near = network_efficiency(Travel(*equator), reference_kmh=degree, apart_km=55.0)
    np.testing.assert_allclose(near.loc["a", "own"], 2.0, rtol=1e-7)


def test_detours_by_checkpoints_by_hand(equator):
    found = checkpoint_detour(Travel(*equator))
    # a drives 5 h through the open checkpoint, 4 h if the one at its door were open.
    assert found.loc["a", "checkpoint_detour"] == pytest.approx(5 / 4)
    assert found.loc["a", "detour_hours"] == pytest.approx(1)
    assert found.loc["a", "checkpoint_detour_unreached"] == pytest.approx(50 / 550)
    assert found.loc["b", "checkpoint_detour"] == pytest.approx(1)
    assert found.loc["c", "checkpoint_detour"] == pytest.approx((300 + 100 * 5 / 4) / 400)
    opened = checkpoint_detour(
        Travel(*equator),
        scenario=Scenario(open=frozenset({"shut"}), delay={"shut": (9.0, 9.0)}),
    )
    assert opened.loc["a", "checkpoint_detour"] == 1  # its delay is no matter of status
    shut = checkpoint_detour(Travel(*equator), scenario=Scenario(close=frozenset({"open"})))
    assert shut.loc["a", "checkpoint_detour_unreached"] == 1
    assert np.isnan(shut.loc["a", "checkpoint_detour"])


def test_performance_by_hand(equator):
    found = transport_performance(Travel(*equator), within_h=5.0, within_km=112.0)
    # Near a are a and b; in 5 h one reaches both, and c only if there is no delay.
    assert found.loc["a", ["near_own", "near_across"]].tolist() == [400, 0]
    assert found.loc["a", "performance"] == 1
    assert np.isnan(found.loc["a", "performance_across"])
    assert found.loc["a", "performance_open"] == pytest.approx(900 / 400)
    # Near b are both sides.
    b = found.loc["b"]
    assert b[["near_own", "near_across"]].tolist() == [400, 550]
    assert b["performance_across"] == pytest.approx(500 / 550)
    assert b["performance"] == pytest.approx(900 / 950)
    assert b["performance_closed"] == pytest.approx(400 / 950)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_sums_equal_brute_force(seed):
    land = random_borderland(seed, scale=0.3)
    tables = gate_tables(land.network, land.places, land.gates)
    places, own = land.places, own_times(land.network, land.places)
    scenario = Scenario(open=frozenset({"g1"}), factor=0.5)
    found = network_efficiency(Travel(places, tables, own), reference_kmh=70, scenario=scenario)
    near = transport_performance(Travel(places, tables, own), within_km=200, scenario=scenario)
    detour = checkpoint_detour(Travel(places, tables, own), scenario=scenario)
    persons = places["population"].to_numpy()
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    same = tables.place_side[:, None] == tables.place_side
    hours = brute_times(land, tables, scenario)
    free = Scenario(open=frozenset({"g1"}), factor=0)
    bare, any_gate = brute_times(land, tables, free), brute_times(land, tables, every_gate(tables))
    for i in np.flatnonzero(places["region_id"].notna()):
        km = WGS84.inv(np.full(len(lon), lon[i]), np.full(len(lat), lat[i]), lon, lat)[2] / 1000
        for name, side in (("own", same[i]), ("across", ~same[i])):
            there = side & (km > 0)
            reached = there & np.isfinite(hours[i])
            weight = persons[reached].sum()
            if weight > 0:
                ratio = hours[i][reached] * 70 / km[reached]
                expected = (persons[reached] * ratio).sum() / weight
                assert found[name].iloc[i] == pytest.approx(expected, rel=1e-4)
            else:
                assert np.isnan(found[name].iloc[i])
            total = persons[there].sum()
            if total > 0:
                assert found[f"{name}_unreached"].iloc[i] == pytest.approx(
                    persons[there & ~reached].sum() / total
                )
            assert near[f"near_{name}"].iloc[i] == persons[side & (km <= 200)].sum()
        pairs = ~same[i] & np.isfinite(bare[i]) & (persons > 0)
        if pairs.any():
            driven, least = bare[i][pairs], any_gate[i][pairs]
            ratio = np.where(least > 0, driven / np.where(least > 0, least, 1), 1)
            expected = np.average(ratio, weights=persons[pairs])
            assert detour["checkpoint_detour"].iloc[i] == pytest.approx(expected)
            assert detour["checkpoint_detour"].iloc[i] >= 1 - 1e-9


def test_held_and_searched_times_give_the_same_bits():
    land = random_borderland(8, n_places=40, scale=0.1)
    tables = gate_tables(land.network, land.places, land.gates)
    for measure in (network_efficiency, transport_performance):
        held, searched = (
            measure(Travel(land.places, tables, make(land.network, land.places)))
            for make in (own_times, own_searches)
        )
        assert held.equals(searched)


def test_performance_counts_what_cumulative_counts(equator):
    found = transport_performance(Travel(*equator), within_h=4.0, within_km=112.0)
    within = cumulative(Travel(*equator), hours=(4.0,))
    np.testing.assert_allclose(
        (found["performance_own"] * found["near_own"]), within["population_240min_own"]
    )


def test_wrong_places_are_refused(equator):
    places, tables, own = equator
    for measure in (network_efficiency, checkpoint_detour, transport_performance):
        with pytest.raises(GeometryError, match="4326"):
            measure(Travel(places.to_crs(3857), tables, own))
        with pytest.raises(TableError, match="not those"):
            measure(Travel(places.iloc[::-1], tables, own))
        with pytest.raises(CheckpointError, match="nowhere"):
            measure(Travel(places, tables, own), scenario=Scenario(close=frozenset({"nowhere"})))
