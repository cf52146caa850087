"""Pairs in tiles: what scenarios change, against every pair looked at again."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential, Power, Step, codes
from geo_border.bottlenecks.change_tiles import changed_sums
from geo_border.routing.inside import OwnTimes
from geo_border.routing.pair_tiles import tiled

DECAYS = [Exponential(0.7), Step(0.6), Power(2.0, 0.2)]
CODE = np.array(Exponential(1.1).code)


def countries(rng, n, m, gates):
    """Legs between places and gates in a plane that the line x = 0 cuts, some without a way."""
    at = rng.uniform(-1, 1, (n + m, 2))
    at[:n, 0], at[n:, 0] = -abs(at[:n, 0]), abs(at[n:, 0])
    control = np.column_stack([np.zeros(gates), rng.uniform(-1, 1, gates)])
    legs = np.hypot(*(at[:, None] - control).transpose(2, 0, 1))
    legs[rng.random(n + m) < 0.03] = np.inf
    legs[:, 0][rng.random(n + m) < 0.1] = np.inf
    return SimpleNamespace(to_gate=legs, from_gate=legs.T.copy()), at


def some_ways(rng, gates, scenarios, diagonal):
    """Ways as they are and under scenarios: closures, openings, delays, a few with two passages."""
    routes = np.full((gates, gates), np.inf)
    few = rng.random((gates, gates)) < 0.05
    routes[few] = rng.uniform(0.1, 1, few.sum())
    if diagonal:
        np.fill_diagonal(routes, rng.uniform(0, 0.5, gates))
    others = np.repeat(routes[None], scenarios, axis=0)
    for other in others[1:]:
        touched = rng.random(gates) < rng.choice([0.1, 0.5, 1.0])
        other[touched] *= rng.uniform(0.5, 2, touched.sum())[:, None]
        other[rng.random(gates) < 0.15] = np.inf
    closed = rng.random(gates) < 0.2
    as_is = np.where(closed[:, None], np.inf, routes)
    others[0] = as_is
    return as_is, others


def routed(A, routes, B, direct):
    """Times of all pairs, first and last gates, with those of the lowest numbers first."""
    by_last = routes[:, :, None] + B
    E, last = by_last.min(axis=1), by_last.argmin(axis=1)
    by_first = A[:, :, None] + E
    times, first = by_first.min(axis=1), by_first.argmin(axis=1)
    first = np.where(times < direct, first, -1)
    times = np.minimum(times, direct)
    return times, first, np.where(first >= 0, last[first, np.arange(B.shape[1])], -1)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), back=st.booleans())
def test_changes_are_those_of_every_pair(seed, back):
    rng = np.random.default_rng(seed)
    n, m, gates, scenarios = rng.integers(1, 60), rng.integers(1, 50), rng.integers(1, 14), 7
    tables, at = countries(rng, n, m, gates)
    people = np.round(rng.pareto(1.2, n + m) * 100)
    every = np.arange(n + m)
    origins, ends = (every[:n], every[:n]) if back else (every[:n], every[n:])
    as_is, others = some_ways(rng, gates, scenarios, diagonal=not back)
    hours = 2 * np.hypot(*(at[origins][:, None] - at[ends]).transpose(2, 0, 1))
    own = OwnTimes((origins, every[n:]), (ends, every[n:]), (hours, np.zeros((m, m))))
    market = SimpleNamespace(
        origins=origins,
        destinations=ends,
        origin_mass=people[origins],
        destination_mass=people[ends],
    )
    pairs = tiled(tables, origins, ends)
    found = changed_sums(
        pairs,
        as_is,
        others,
        codes(DECAYS),
        people,
        own=own if back else None,
        market=None if back else market,
        demand_code=CODE,
    )
    direct = hours if back else np.full((n, m), np.inf)
    A, B = tables.to_gate[origins], tables.from_gate[:, ends]
    times, first, last = routed(A, as_is, B, direct)
    flow = people[origins][:, None] * people[ends] * Exponential(1.1)(times)
    order = np.argsort(pairs.origins)
    for s, routes in enumerate(others):
        other, way, end = routed(A, routes, B, direct)
        for d, decay in enumerate(DECAYS):
            gained = (decay(other) - decay(times)) @ people[ends]
            np.testing.assert_allclose(found.sums[s, d, order], gained, rtol=1e-9, atol=1e-8)
        if back:
            assert not found.moved.any()
            continue
        served = (first >= 0) & (way >= 0)
        anew = served & ((other != times) | (way != first) | (end != last))
        extra = np.subtract(other, times, out=np.zeros(times.shape), where=served)
        expected = [(flow * anew).sum(1), (flow * extra).sum(1), (flow * (way < 0)).sum(1)]
        np.testing.assert_allclose(found.moved[s][:, order], expected, rtol=1e-9, atol=1e-7)
        change = np.zeros((gates, gates))
        np.add.at(change, (way[served], end[served]), flow[served])
        lost = first >= 0
        np.add.at(change, (first[lost], last[lost]), -flow[lost])
        np.testing.assert_allclose(found.taken[s] - found.left[s], change, atol=1e-6)
    # The first scenario is the border as it is.
    assert not any(part[0].any() for part in (found.sums, found.moved, found.left, found.taken))


@pytest.mark.parametrize("sizes", [(0, 5), (5, 0)])
def test_where_there_is_nobody_nothing_changes(sizes):
    tables, _ = countries(np.random.default_rng(1), *sizes, 3)
    every = np.arange(5)
    pairs = tiled(tables, every[: sizes[0]], every[sizes[0] :])
    closed = np.full((1, 3, 3), np.inf)
    found = changed_sums(pairs, np.diag([1.0] * 3), closed, codes(DECAYS), np.ones(5))
    assert found.sums.shape == (1, 3, sizes[0])
    assert not found.sums.any()
