"""Floating catchments and spatial availability: published examples, sums, brute force."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from borderland import brute_times, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.catchments import (
    Stepwise,
    balanced,
    enhanced_two_step,
    spatial_availability,
    two_step,
)
from geo_border.access.decay import Exponential
from geo_border.access.services import nearest_service, searched_services
from geo_border.errors import TableError
from geo_border.network.places import Access
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, passages
from geo_border.routing.tables import gate_tables


@dataclass
class Held:
    """Times to services from a matrix that is at hand."""

    hours: np.ndarray
    place_side: np.ndarray
    service_side: np.ndarray

    @property
    def place_ids(self):
        return pd.RangeIndex(len(self.place_side))

    @property
    def service_ids(self):
        return pd.RangeIndex(len(self.service_side))

    def block(self, rows):
        return self.hours[:, rows]


def study(hours, population, supply, place_side=None, service_side=None):
    hours = np.array(hours, float)
    n, s = hours.shape
    place_side = np.zeros(n, np.int8) if place_side is None else np.array(place_side, np.int8)
    service_side = np.zeros(s, np.int8) if service_side is None else np.array(service_side, np.int8)
    places = pd.DataFrame({"population": np.array(population, float)})
    services = pd.DataFrame(
        {"side": service_side, "kind": "job", "supply": np.array(supply, float)}
    )
    return Held(hours, place_side, service_side), places, services


@pytest.fixture
def toy():
    """Urban centre, suburb and satellite town of Soukhov et al. (2023); minutes as hours."""
    minutes = [[15, 30, 100], [30, 15, 100], [100, 100, 15]]
    return study(
        minutes, [50_000, 150_000, 10_000], [100_000, 100_000, 10_000], [0, 0, 1], [0, 0, 1]
    )


BETA = Exponential(np.log(2) / 0.1)
"""``exp(-0.1 t)``."""


def test_spatial_availability_of_the_published_example(toy):
    # Soukhov et al. (2023), PLoS ONE 18(1) e0278468.
    found = spatial_availability(*toy, decay=BETA).places
    np.testing.assert_allclose(found.sum(axis=1), [66_833, 133_203, 9_963], atol=0.5)
    assert found.to_numpy().sum() == pytest.approx(210_000)
    # The satellite town lies on the other side: what it gets across comes out of the 200,000.
    assert found.loc[2, "across"] + found.loc[:1, "own"].sum() == pytest.approx(200_000)


def test_shen_accessibility_of_the_published_example(toy):
    # 1.337, 0.888 and 0.996 jobs a person in the same paper, by Shen's measure.
    found = enhanced_two_step(*toy, decay=BETA).places.sum(axis=1)
    np.testing.assert_allclose(found, [1.337, 0.888, 0.996], atol=5e-4)


def test_exercise_of_the_authors():
    # Páez, workshop on spatial availability, part 1: f = 1/c up to 45 min, beyond which B is
    # from a.
    times, places, services = study([[15, 999], [20, 15]], [80, 120], [100, 50])

    def inverse(c):
        return np.where(c <= 45, 1 / c, 0.0)

    found = spatial_availability(times, places, services, decay=inverse).places.sum(axis=1)
    np.testing.assert_allclose(found, [47.1, 102.9], atol=0.05)


def test_hospital_example_of_pysal():
    # Scenario 0 of the hospital example in the tests of pysal/access; the figures are what
    # access 1.1.10 gives for it (catchments of 61 minutes).
    minutes = [[1, 80, 40], [80, 1, 40], [40, 40, 1]]
    given = study(minutes, [100, 50, 10], [15, 20, 100])

    def gravity(c):
        return np.where(c < 61, 1 / c, 0.0)

    by_gravity = enhanced_two_step(*given, decay=gravity).places.sum(axis=1)
    np.testing.assert_allclose(by_gravity, [0.331444, 0.579828, 7.286418], atol=5e-7)
    flat = two_step(*given, within_h=61).places.sum(axis=1)
    np.testing.assert_allclose(flat, [0.761364, 0.958333, 1.094697], atol=5e-7)
    steps = Stepwise((30.0, 60.0, 90.0), (1.0, 0.68, 0.22))
    enhanced = enhanced_two_step(*given, decay=steps).places.sum(axis=1)
    np.testing.assert_allclose(enhanced, [0.790315, 0.888964, 1.152033], atol=5e-7)


def test_balanced_by_hand():
    # Weights 1 and 1/2: row sums 3/2 for the first place, 1/2 for the second.
    times, places, services = study([[0, 1], [9, 1]], [30, 20], [10, 6], [0, 1], [0, 0])
    found = balanced(times, places, services, decay=Stepwise((0.5, 2.0), (1.0, 0.5)))
    # The first place asks 30 x 2/3 of one service and 30 x 1/3 of the other; the second 20.
    assert found.services["demand_own"].tolist() == pytest.approx([20, 10])
    assert found.services["demand_across"].tolist() == pytest.approx([0, 20])
    assert found.services["level"].tolist() == pytest.approx([10 / 20, 6 / 30])
    assert found.places["own"].tolist() == pytest.approx([0.5 + 0.1, 0])
    assert found.places["across"].tolist() == pytest.approx([0, 0.1])


@st.composite
def problems(draw):
    n, s = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    hours = rng.choice([0.1, 0.3, 0.45, 0.8, 2.0, np.inf], (n, s))
    return study(
        hours,
        rng.integers(0, 50, n),
        rng.integers(0, 9, s),
        rng.integers(0, 2, n),
        rng.integers(0, 2, s),
    )


@given(problems())
def test_what_is_preserved(problem):
    times, places, services = problem
    decay = Exponential(0.4)
    weight = decay(times.hours)
    people, supply = places["population"].to_numpy(), services["supply"].to_numpy()
    available = spatial_availability(*problem, decay=decay)
    claimed = people @ weight > 0
    assert available.places.to_numpy().sum() == pytest.approx(supply[claimed].sum())
    per_head = enhanced_two_step(*problem, decay=decay)
    assert people @ per_head.places.sum(axis=1) == pytest.approx(supply[claimed].sum())
    shared = balanced(*problem, decay=decay)
    served = (weight > 0).any(axis=1)
    requested = shared.services[["demand_own", "demand_across"]].to_numpy().sum()
    assert requested == pytest.approx(people[served].sum())
    assert shared.places.to_numpy().sum() == pytest.approx(shared.services["level"].sum())
    for found in (available, per_head, shared):
        assert (found.places >= 0).all(axis=None)


@given(problems())
def test_blocks_do_not_matter(problem):
    with pytest.MonkeyPatch.context() as patch:
        whole = balanced(*problem, decay=Exponential(0.4))
        patch.setattr("geo_border.access.services.rows_at_once", lambda _: 1)
        apart = balanced(*problem, decay=Exponential(0.4))
        pd.testing.assert_frame_equal(whole.places, apart.places)
        pd.testing.assert_frame_equal(whole.services, apart.services)


def with_services(seed):
    """A random borderland whose last places are services."""
    land = random_borderland(seed, n_places=9, scale=0.3)
    services = land.places.iloc[-6:].assign(kind="clinic", supply=np.arange(6.0))
    return land, land.places.iloc[:-6], services


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), case=st.sampled_from([AS_IS, OPEN_BORDER, None]))
def test_searched_times_equal_brute_force(seed, case):
    land, places, services = with_services(seed)
    tables = gate_tables(land.network, land.places, land.gates)
    routes = None if case is None else passages(tables, case)
    times = searched_services(
        land.network, places, services, land.gates, routes=routes, access=Access(farthest_km=-1)
    )
    only_side = True if case is None else None
    brute = brute_times(land, tables, case or AS_IS, only_side=only_side)[:-6, -6:]
    found = np.concatenate([times.block(slice(0, 2)), times.block(slice(2, 6))], axis=1)
    np.testing.assert_allclose(found, brute, rtol=1e-9, atol=1e-9)
    nearest = nearest_service(times, places, services)
    same = times.place_side[:, None] == times.service_side
    np.testing.assert_allclose(
        nearest["hours_own"], np.where(same, brute, np.inf).min(axis=1), atol=1e-9
    )
    np.testing.assert_allclose(
        nearest["hours_across"], np.where(same, np.inf, brute).min(axis=1), atol=1e-9
    )
    assert (nearest["service_across"].isna() == np.isinf(nearest["hours_across"])).all()
    part = times.only(np.arange(6) % 2 == 0)
    np.testing.assert_array_equal(part.block(slice(0, 3)), found[:, ::2])
    closed = times.under(None).block(slice(0, 6))
    assert np.isinf(closed[~same]).all()
    held = times.held()
    for routes in (times.routes, None):
        again = held.under(routes)
        np.testing.assert_array_equal(
            again.block(slice(0, 6)), times.under(routes).block(slice(0, 6))
        )
        some = again.only(np.arange(6) > 3)
        np.testing.assert_array_equal(some.block(slice(1, 2)), again.block(slice(5, 6)))


def test_one_search_a_service_whatever_the_measures_and_borders(monkeypatch):
    land, places, services = with_services(5)
    searched = []
    times = searched_services(land.network, places, services, land.gates)
    search = times.times

    def counted(roots):
        searched.extend(roots)
        return search(roots)

    times = replace(times, times=counted)
    once = set(services.loc[services["node"] >= 0, "node"])

    def found():
        searched.clear()
        held = times.held()
        tables = [
            measure(held.under(routes), places, services)
            for routes in (passages(times.tables), passages(times.tables, OPEN_BORDER), None)
            for measure in (nearest_service, two_step, balanced, spatial_availability)
        ]
        return [table if isinstance(table, pd.DataFrame) else table.places for table in tables]

    few = found()
    assert sorted(searched) == sorted(once)
    # Too many times to hold: searched for with each pass, balanced takes two.
    monkeypatch.setattr("geo_border.access.services.HELD", 0)
    for held, again in zip(few, found(), strict=True):
        pd.testing.assert_frame_equal(held, again)
    assert len(searched) == 15 * len(once)


def test_many_services_are_reached_by_sweeps_with_the_same_times(monkeypatch):
    land, places, services = with_services(5)
    expected = searched_services(land.network, places, services, land.gates).block(slice(0, 6))
    monkeypatch.setattr("geo_border.routing.engine.hierarchy.LOAD_S", -1.0)
    monkeypatch.setattr("geo_border.routing.inside.search_graph", None)
    found = searched_services(land.network, places, services, land.gates).block(slice(0, 6))
    np.testing.assert_array_equal(found, expected)


def test_a_service_in_town_is_not_by_way_of_the_network():
    land = random_borderland(3, hostile=False)
    town = land.places.iloc[:1].assign(access_h=2.0)
    clinic = town.assign(kind="clinic", supply=5.0).set_axis(["clinic"])
    times = searched_services(land.network, town, clinic, land.gates)
    assert times.block(slice(0, 1)).tolist() == [[0.0]]
    far = searched_services(land.network, town, clinic, land.gates, access=Access(farthest_km=-1))
    assert far.block(slice(0, 1)).tolist() == [[4.0]]


def test_wrong_services_are_refused(toy):
    times, places, services = toy
    with pytest.raises(TableError, match="not of these"):
        two_step(times, places.iloc[:2], services)
    with pytest.raises(TableError, match="not of these places"):
        two_step(times, places.iloc[::-1], services)
    with pytest.raises(TableError, match="not of these services"):
        nearest_service(times, places, services.iloc[::-1])
    with pytest.raises(TableError, match="'supply'"):
        two_step(times, places, services.drop(columns="supply"))
    with pytest.raises(TableError, match="supply or a negative one"):
        two_step(times, places, services.assign(supply=-1.0))
    for bounds, weights in (((), ()), ((1.0, 0.5), (1.0, 0.5)), ((0.0,), (1.0,)), ((1.0,), ())):
        with pytest.raises(ValueError, match="step"):
            Stepwise(bounds, weights)
    assert Stepwise()([0.0, 1 / 6, 0.2, 0.5, 0.6, np.inf]).tolist() == [1, 1, 0.68, 0.22, 0, 0]
