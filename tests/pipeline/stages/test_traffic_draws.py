"""Flows and ranks over draws: exact where places share points, and at any speed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo_border.pipeline.stages.class_trips import class_trips
from geo_border.pipeline.stages.traffic import traffic_stage
from geo_border.pipeline.stages.traffic_draws import at_speed
from geo_border.routing.spots import OwnSpots
from geo_border.study import open_study
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.model import traffic_model
from geo_border.traffic.observed import without_queues

TWO = """
[traffic.classes.car]
total_year = 36500
[traffic.classes.truck]
total_year = 18250
pcu = 2
speed_factor = 0.5
"""


@pytest.fixture
def parts(mini):
    """What the stage of traffic takes, with every other settlement in three rows of one point."""
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + TWO)
    file = mini / "places.csv"
    places = pd.read_csv(file)
    # Were all of them parted alike, sums of powers would be in proportion to powers of sums.
    parted = places.iloc[::2]
    thirds = [
        parted.assign(
            place_id=parted["place_id"].astype(str) + f"-{number}",
            name=parted["name"] + f" {number}",
            population=parted["population"] * share,
        )
        for number, share in enumerate((0.7, 0.2, 0.1))
    ]
    pd.concat([places.iloc[1::2], *thirds]).to_csv(file, index=False)
    register = mini / "checkpoints.csv"
    pd.read_csv(register).assign(capacity_day=[60, 90, None, None]).to_csv(register, index=False)

    def read():
        study = open_study(mini)
        run = study._run()
        inputs, border, net = run.network()
        return study.settings, inputs, border, net, run.travel(net)

    return read


@pytest.mark.slow
def test_places_of_one_point_are_drawn_as_if_they_were_apart(parts, monkeypatch):
    found = []
    for most in (200_000_000, 0):
        monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", most)
        settings, inputs, border, net, travel = parts()
        assert isinstance(travel.own, OwnSpots) == (most == 0)
        found.append(traffic_stage(settings, inputs, border, net, travel, None).checkpoints)
    apart, merged = found
    pd.testing.assert_frame_equal(merged, apart, rtol=1e-7, atol=1e-9)
    assert (apart["vehicles_low"] < apart["vehicles_high"]).any()


@pytest.mark.parametrize("speed", [0.8, 1.1])
def test_a_faster_network_is_one_of_longer_delays_and_lesser_theta(parts, speed):
    settings, _, border, net, travel = parts()
    trips = class_trips(settings, border.checkpoints, net.controls, travel)
    travels = {each.name: class_travel(trips.travels[each.name], each) for each in trips.classes}
    found = at_speed(speed, travels, trips.classes, trips.lanes, trips.least, most_passages=3)
    faster = [replace(each, speed_factor=speed * each.speed_factor) for each in trips.classes]
    model = traffic_model(
        {each.name: class_travel(trips.travels[each.name], each) for each in faster}, faster
    )
    plain = equilibrium(without_queues(model, trips.lanes, least=trips.least), lanes=trips.lanes)
    for name, each in plain.classes.items():
        np.testing.assert_allclose(found.classes[name].passed, each.passed, rtol=1e-6)
    as_it_is = at_speed(1.0, travels, trips.classes, trips.lanes, trips.least, most_passages=3)
    moved = found.classes["car"].passed - as_it_is.classes["car"].passed
    assert np.abs(moved).max() > 1e-3
