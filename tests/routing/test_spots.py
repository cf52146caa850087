"""Places at one spot are measured together, and each has what it has alone."""

import numpy as np
import pandas as pd
import pytest
from borderland import random_borderland

from geo_border.access.decay import KINDS, Exponential, Step, calibrated
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.losses import loss_by_checkpoint
from geo_border.access.performance import transport_performance
from geo_border.access.reach import potentials
from geo_border.routing.inside import held_or_searched, own_times
from geo_border.routing.spots import OwnSpots
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel

DECAYS = [Step(1.5), *(calibrated(kind, 1.0) for kind in KINDS)]


def crowded(seed):
    """Every place three times, in turn, with people of its own."""
    land = random_borderland(seed, n=30, n_places=40)
    places = pd.concat([land.places.assign(region_id="R")] * 3)
    places["population"] = np.random.default_rng(seed).integers(0, 900, len(places))
    places.loc[places.index[:5], "region_id"] = None
    places.index = pd.Index([f"p{i}" for i in range(len(places))], name="place_id")
    return land, places


@pytest.fixture(params=[1, 0], ids=["held", "searched"])
def spots_of(request, monkeypatch):
    """Make times between spots, held or searched for."""

    def make(land, places):
        monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", request.param * 4_000)
        return held_or_searched(land.network, places)

    return make


@pytest.mark.parametrize("seed", range(4))
def test_spots_change_nothing(seed, spots_of):
    land, places = crowded(seed)
    own = own_times(land.network, places)
    merged = spots_of(land, places)
    assert isinstance(merged, OwnSpots)
    assert len(merged.first) < len(places) / 2
    for side in range(2):
        np.testing.assert_array_equal(merged.block(side, slice(None)), own.hours[side])
        rows = np.arange(len(own.origins[side]))[::-2]
        np.testing.assert_array_equal(merged.block(side, rows), own.hours[side][rows])
    tables = gate_tables(land.network, places, land.gates)
    trips = [Travel(places, tables, times) for times in (own, merged)]
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
