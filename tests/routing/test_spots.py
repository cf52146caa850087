"""Places at one spot are measured together, and each has what it has alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from borderland import apart_and_merged, crowded

from geo_border.access.decay import KINDS, Exponential, Step, calibrated
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.losses import loss_by_checkpoint
from geo_border.access.performance import transport_performance
from geo_border.access.reach import potentials
from geo_border.routing.inside import held_or_searched, own_times
from geo_border.routing.spots import OwnSpots, gathered, merge
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.traffic.classes import TrafficClass
from geo_border.traffic.demand import cross_demand
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.model import traffic_model

DECAYS = [Step(1.5), *(calibrated(kind, 1.0) for kind in KINDS)]


@pytest.mark.parametrize("held", [True, False], ids=["held", "searched"])
@pytest.mark.parametrize("seed", range(4))
def test_spots_change_nothing(seed, held, monkeypatch):
    land, places = crowded(seed)
    trips = apart_and_merged(land, places, monkeypatch, held=held)
    own, merged = (travel.own for travel in trips)
    for side in range(2):
        np.testing.assert_array_equal(merged.block(side, slice(None)), own.hours[side])
        rows = np.arange(len(own.origins[side]))[::-2]
        np.testing.assert_array_equal(merged.block(side, rows), own.hours[side][rows])
    for measure, options in (
        (loss_by_checkpoint, {"decay": Exponential(1.0)}),
        (network_efficiency, {}),
        (checkpoint_detour, {}),
        (transport_performance, {"within_km": 20.0}),
    ):
        alone, together = (measure(travel, **options) for travel in trips)
        pd.testing.assert_frame_equal(together, alone, rtol=1e-12, atol=1e-9)
    found = (potentials(travel, decays=DECAYS) for travel in trips)
    for alone, together in zip(*found, strict=True):
        pd.testing.assert_frame_equal(together, alone, rtol=1e-12, atol=0)


def test_what_is_merged_is_handed_back(monkeypatch):
    land, places = crowded(2)
    apart, together = apart_and_merged(land, places, monkeypatch)
    mass = places["population"].to_numpy(float)
    mass[places["side"] == "home"] = 0.0
    for travel in (apart, together):
        merged = merge(travel)
        total, share = merged.total(mass), merged.share(mass)
        assert len(total) == len(merged.travel.places)
        np.testing.assert_allclose(total[merged.spot] * share, mass, rtol=1e-15)
        assert not share[mass == 0].any()
        assert merged.travel.places["population"].sum() == places["population"].sum()
    assert merge(apart).travel is apart


def test_places_that_follow_those_of_the_spots_stay_alone(monkeypatch):
    land, places = crowded(5)
    monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", 0)
    own = held_or_searched(land.network, places.iloc[:-7])
    travel = Travel(places, gate_tables(land.network, places, land.gates), own)
    merged = merge(travel)
    assert (np.bincount(merged.spot)[-7:] == 1).all()
    mass = places["population"].to_numpy(float)
    np.testing.assert_array_equal(merged.travel.places["population"], merged.total(mass))
    apart = replace(travel, own=own_times(land.network, places.iloc[:-7]))
    demands = [cross_demand(trips) for trips in (apart, travel)]
    np.testing.assert_allclose(demands[1].to_gate, demands[0].to_gate, atol=1e-15)


def test_regions_have_the_same_traffic_from_few_points(monkeypatch):
    land, places = crowded(4)
    apart, together = apart_and_merged(land, places, monkeypatch)
    few = gathered(together)
    assert isinstance(few.own, OwnSpots)
    assert len(few.own.first) <= len(few.places) < len(places)
    assert few.places["population"].sum() == places["population"].sum()
    for side in range(2):
        hours = [
            pd.DataFrame(
                trips.own.block(side, slice(None)),
                trips.places.index[trips.own.origins[side]],
                trips.places.index[trips.own.destinations[side]],
            )
            for trips in (few, apart)
        ]
        pd.testing.assert_frame_equal(hours[0], hours[1].loc[hours[0].index, hours[0].columns])
    classes = [TrafficClass("car", total_year=1e6)]
    found = [equilibrium(traffic_model({"car": trips}, classes)) for trips in (apart, few)]
    every, merged = (each.classes["car"] for each in found)
    np.testing.assert_allclose(merged.passed, every.passed, rtol=1e-9)
    sums = [
        each.by_origin().groupby(trips.places["region_id"].to_numpy(), dropna=False).sum()
        for each, trips in ((every, apart), (merged, few))
    ]
    pd.testing.assert_frame_equal(*sums, rtol=1e-9)
    assert gathered(apart) is apart
