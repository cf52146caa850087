"""Times inside the sides by either engine, chosen by the number of searches."""

import numpy as np
import pytest
from borderland import brute_times, random_borderland

from geo_border.routing.engine.contraction import Fresh, contract
from geo_border.routing.inside import (
    OwnTimes,
    can_be_held,
    held_or_searched,
    own_searches,
    own_times,
    rows_at_once,
)


@pytest.mark.parametrize("seed", range(3))
def test_sweeps_and_searches_give_the_same_bits(seed, monkeypatch):
    land = random_borderland(seed, n=60, n_places=90)
    by_queue = own_times(land.network, land.places)
    monkeypatch.setattr("geo_border.routing.engine.hierarchy.LOAD_S", -1.0)
    requested = []

    class InTurn(Fresh):
        def contraction(self, matrix):
            requested.append(matrix)
            return contract(matrix, np.arange(matrix.shape[0], dtype=np.int32))

    by_sweep = own_times(land.network, land.places, contractor=InTurn())
    assert len(requested) == 1
    expected = brute_times(land, None, only_side=0)
    for side in range(2):
        np.testing.assert_array_equal(by_sweep.origins[side], by_queue.origins[side])
        np.testing.assert_array_equal(by_sweep.hours[side], by_queue.hours[side])
        there = expected[np.ix_(by_sweep.origins[side], by_sweep.destinations[side])]
        np.testing.assert_allclose(by_sweep.hours[side], there)


def test_places_without_a_node_are_nowhere_but_at_themselves():
    land = random_borderland(4, n_places=40)
    lost = np.flatnonzero(land.places["node"] < 0)
    assert len(lost)
    every = np.ones(len(land.places), bool)
    found = own_searches(land.network, land.places, origins=every)
    for side in range(2):
        hours = found.block(side, slice(None))
        here = np.isin(found.origins[side], lost)
        assert np.isinf(hours[here]).sum() == here.sum() * (hours.shape[1] - 1)
        assert (hours.diagonal() == 0).all()


def test_only_the_destinations_asked_for_are_searched_to():
    land = random_borderland(4, n_places=12)
    everywhere = own_times(land.network, land.places, origins=np.ones(len(land.places), bool))
    requested = np.arange(len(land.places)) % 3 == 0
    some = own_searches(land.network, land.places, origins=~requested, destinations=requested)
    for side in range(2):
        assert some.destinations[side].tolist() == [
            place for place in everywhere.destinations[side] if requested[place]
        ]
        rows = np.isin(everywhere.origins[side], some.origins[side])
        columns = requested[everywhere.destinations[side]]
        np.testing.assert_array_equal(
            some.block(side, slice(0, len(some.origins[side]))),
            everywhere.hours[side][np.ix_(rows, columns)],
        )


@pytest.mark.parametrize(("columns", "rows"), [(0, 64), (1000, 64), (100_000, 32), (10**6, 16)])
def test_rows_at_once_fill_lanes(columns, rows):
    assert rows_at_once(columns) == rows


def test_times_are_held_up_to_a_number_of_pairs(monkeypatch):
    land = random_borderland(2, n=40, n_places=60)
    held = held_or_searched(land.network, land.places)
    assert isinstance(held, OwnTimes)
    pairs = sum(hours.size for hours in held.hours)
    for most, fits in ((pairs, True), (pairs - 1, False)):
        monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", most)
        assert can_be_held(land.places) == fits
    searched = held_or_searched(land.network, land.places)
    assert not isinstance(searched, OwnTimes)
    for side in range(2):
        np.testing.assert_array_equal(searched.block(side, slice(None)), held.hours[side])
