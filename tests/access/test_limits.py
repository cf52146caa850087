"""Limits that tell regions apart, and effects that one delay makes."""

import numpy as np
import pandas as pd
import pytest
from borderland import brute_times, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

import geo_border as gb
from geo_border.access.decay import Exponential, Power
from geo_border.access.limits import (
    QUARTERS,
    made_by_one_delay,
    reach_that_tells,
    soonest_across,
    telling_limit,
    telling_zones,
    tells_apart,
)
from geo_border.routing.inside import own_times
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_soonest_place_across_is_that_of_all_pairs(seed):
    land = random_borderland(seed)
    tables = gate_tables(land.network, land.places, land.gates)
    trips = Travel(land.places, tables, own_times(land.network, land.places))
    found = soonest_across(trips)
    hours, persons = brute_times(land, tables), land.places["population"].to_numpy()
    for i in np.flatnonzero(found.notna()):
        beyond = (tables.place_side != tables.place_side[i]) & (persons > 0)
        assert found.iloc[i] == pytest.approx(hours[i][beyond].min(initial=np.inf))


def places_with(hours):
    """A home place with each time, in a region of its own."""
    ids = [f"p{number}" for number in range(len(hours))]
    places = pd.DataFrame({"region_id": ids, "side": "home", "population": 9.0}, index=ids)
    return pd.Series(hours, ids), places


@pytest.mark.parametrize(
    ("hours", "limit"),
    [
        ([0.5, 0.9, 5.0], 1.0),
        ([0.05, 0.1, 5.0], 1 / 6),
        ([2.4, 2.9, 3.5, 9.0], 3.0),
        ([2.4, 2.9, np.inf, np.inf], 3.0),
        ([np.inf, np.inf], 12.0),
    ],
)
def test_the_limit_is_the_least_within_which_half_the_regions_get_across(hours, limit):
    assert telling_limit(*places_with(hours)) == limit


def test_places_without_people_or_region_and_the_other_side_do_not_count():
    hours, places = places_with([0.5, 0.6, 0.7, 3.5])
    places.loc["p0", "population"] = 0
    places.loc["p1", "side"] = "neighbour"
    places.loc["p2", "region_id"] = None
    assert telling_limit(hours, places) == 4.0


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        ([0.2, 1.2, 2.5, 9.0], [15, 90, 180]),
        ([0.1, 0.1, 0.1, 0.1], [10, 15, 20]),
        ([np.inf, np.inf], [360, 480, 720]),
        ([0.4, 0.4, np.inf, np.inf], [30, 45, 720]),
    ],
)
def test_zones_have_quarters_of_the_people_within_them(hours, minutes):
    found = telling_zones(*places_with(hours))
    assert [60 * end for end in found] == pytest.approx(minutes)


def test_zones_of_nobody_are_still_zones():
    hours, places = places_with([0.5])
    assert len(telling_zones(hours, places.assign(population=0.0))) == len(QUARTERS)


def regions_with(**minutes):
    return pd.DataFrame({f"population_{key[1:]}min_across": who for key, who in minutes.items()})


def test_people_are_counted_within_a_limit_that_tells_regions_apart():
    zero = [0.0, 0.0, 0.0]
    both = regions_with(_60=zero, _120=[0.0, 0.0, 5.0], _240=[10.0, 0.0, 900.0])
    minutes, people = reach_that_tells(both)
    assert (minutes, people.tolist()) == (240, [10, 0, 900])
    # Half of them reach nobody at any: the least within which anyone is reached.
    assert reach_that_tells(both.drop(columns="population_240min_across"))[0] == 120
    assert reach_that_tells(regions_with(_60=zero)) is None
    assert reach_that_tells(regions_with(_60=zero, _90=[4.0, 4.0, 4.0])) is None
    # One region has nothing to be told apart from.
    assert reach_that_tells(regions_with(_60=[0.0]))[0] == 60
    assert reach_that_tells(pd.DataFrame(index=["A", "B"])) is None


def test_figures_that_agree_to_three_digits_tell_nothing_apart():
    assert not tells_apart(pd.Series([2.4, 2.4001, np.nan]))
    assert tells_apart(pd.Series([2.4, 2.5]))
    assert not tells_apart(pd.Series([np.nan, 1.0]))


def test_one_delay_makes_one_effect():
    trips = gb.travel(gb.example_network())
    everywhere = gb.Scenario(delay=dict.fromkeys(trips.tables.gates.index, 1.0))
    decay = Exponential(2)
    reached = gb.potential(trips, decay=decay, scenario=everywhere)
    effect = gb.by_region(gb.border_effect(reached), trips.places)["across"]
    found = made_by_one_delay(effect, [1.0, 1.0, 1.0], decay)
    assert found.effect == pytest.approx(1 - 2**-0.5)
    assert found.regions == found.of == len(effect.dropna())
    # No law of the delay of most of them when what they lose is something else.
    assert made_by_one_delay(effect + 0.1, [1.0, 1.0, 3.0], decay) is None
    assert made_by_one_delay(effect, [1.0], Power()) is None
    assert made_by_one_delay(effect.iloc[:1], [1.0], decay) is None
    assert made_by_one_delay(effect * 0, [0.0, 0.0], decay) is None
