"""The detour of those who still travel, against every pair and every route, one by one."""

from collections import defaultdict

import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, trips_of
from brute_traffic import brute_segment, random_lanes, random_model

from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.detour import detour_hours
from geo_border.traffic.equilibrium import NO_LANES, equilibrium
from geo_border.traffic.flows import passages_of
from geo_border.traffic.model import traffic_model


def driven(tables, a, b, passages):
    """Hours inside the sides from place to place on a route."""
    gates = [gate for _, gate in passages]
    hours = tables.to_gate[a, gates[0]] + tables.from_gate[gates[-1], b]
    for (side, gate), (_, following) in zip(passages[:-1], passages[1:], strict=True):
        hours += tables.within[1 - side, gate, following]
    return hours


def pairs(traffic, segment, most):
    """Trips, hours inside the sides and hours of delay of a segment, by origin, end and leg."""
    trips, _ = brute_segment(traffic.model, segment, traffic.delay, traffic.free, most)
    found = defaultdict(lambda: np.zeros(3))
    for i, j, passages, leg, vehicles in trips:
        if not vehicles:
            continue
        ends = (i, j) if leg == 0 else (j, i)
        drive = driven(traffic.model.travel.tables, *ends, passages)
        delay = sum(traffic.delay[passage] for passage in passages)
        found[i, j, leg] += vehicles * np.array([1, drive, delay])
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "what",
    [
        Scenario(close=["g0", "g2"]),
        Scenario(open=["g0", "g1", "g2", "g3"], delay={"g1": 0.1, "g2": 0.1}),
        Scenario(delay={"g3": (0.5, None)}, classes={"truck": Scenario(close=["g3"])}),
    ],
)
def test_detours_are_those_of_every_pair_alone(seed, what):
    most = 1 + 2 * (seed % 2)
    model = random_model(seed, hostile=seed > 3, most_passages=most, scale=0.05)
    # Where what is left open is jammed for months, the other way underflows.
    lanes = random_lanes(seed, model) if not what.close else NO_LANES
    before, after = (equilibrium(model, each, lanes=lanes) for each in (Scenario(), what))
    for name in model.classes:
        old, new = before.classes[name], after.classes[name]
        expected = np.zeros((3, len(old.model.travel.places)))
        for segment in old.model.traffic_class.segments:
            was, will_be = (pairs(each, segment, most) for each in (old, new))
            for key in was.keys() & will_be.keys():
                stayed = min(was[key][0], will_be[key][0])
                hours = will_be[key][1:] / will_be[key][0] - was[key][1:] / was[key][0]
                expected[:, key[0]] += stayed * np.array([1, *hours])
        found = detour_hours(old, new)
        np.testing.assert_allclose(found.to_numpy().T, expected, rtol=1e-7, atol=1e-7)
        same = detour_hours(old, old)
        np.testing.assert_allclose(same["stayed"], old.by_origin()["trips"], atol=1e-9)
        assert (same[["driving_h", "delay_h"]] == 0).all(axis=None)


def test_a_detour_by_hand():
    # Two ways that differ by half an hour; everybody of fixed trips takes the other one.
    edges = [(0, 1, 1.0, "road"), (1, 0, 1.0, "road"), (2, 3, 1.0, "road"), (3, 2, 1.0, "road")]
    network = make_network([0, 0, 1, 1], edges)
    places = make_places(
        network, [("h", "home", 0, 0.0, 1, "H"), ("n", "neighbour", 2, 0.0, 1, "N")]
    )
    rows = [("g0", 0, 2, 1.0, 1.0, True, "road"), ("g1", 1, 3, 0.5, 0.5, True, "road")]
    travel = trips_of(places, gate_tables(network, places, make_gates(rows)))
    only = TrafficClass("car", (Segment(theta=30, outside=0),), total_year=365 * 8)
    model = traffic_model({"car": travel}, [only])
    before, after = (
        equilibrium(model, each).classes["car"] for each in (Scenario(), Scenario(close=["g0"]))
    )
    longer = detour_hours(before, after).sum()
    assert longer["stayed"] == pytest.approx(8)
    assert longer["driving_h"] == pytest.approx(16)
    assert longer["delay_h"] == pytest.approx(-4)


@pytest.mark.parametrize("seed", range(3))
def test_passages_of_all_groups_are_those_there_are(seed):
    traffic = equilibrium(random_model(seed)).classes["car"]
    group = np.arange(len(traffic.model.travel.places)) % 3
    parts = passages_of(traffic, group, 3)
    np.testing.assert_allclose(parts.sum(axis=0), traffic.passed, atol=1e-9)
    trips = traffic.by_origin()["trips"].groupby(group).sum()
    assert (parts.sum(axis=(1, 2)) >= trips - 1e-9).all()
