"""Scenarios: what they change and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.border.hours import INFORMED
from geo_border.errors import CheckpointError
from geo_border.routing.crossing import across
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, Scenario, delays, passages
from geo_border.routing.tables import gate_tables


@pytest.fixture
def tables():
    network = make_network([0, 1], [])
    places = make_places(network, [("a", "home", 0, 0.0, 1.0, "H")])
    rows = [
        ("free", 0, 1, 0.0, 1.0, True, "road"),
        ("slow", 0, 1, 4.0, 6.0, True, "road"),
        ("shut", 0, 1, 2.0, 2.0, False, "road"),
        ("one-way", 0, 1, 3.0, np.inf, True, "road"),
    ]
    return gate_tables(network, places, make_gates(rows))


def test_delays(tables):
    inf = np.inf
    cases = {
        AS_IS.factor: delays(tables),
        "open": delays(tables, OPEN_BORDER),
        "half": delays(tables, Scenario(factor=0.5, delay={"slow": (2.0, 1.0)})),
        "opened": delays(tables, Scenario(open=frozenset({"shut"}))),
        "closed wins": delays(
            tables, Scenario(open=frozenset({"shut"}), close=frozenset({"shut", "slow"}))
        ),
    }
    np.testing.assert_array_equal(cases[1.0], [[0, 4, inf, 3], [1, 6, inf, inf]])
    np.testing.assert_array_equal(cases["open"], [[0, 0, inf, 0], [0, 0, inf, inf]])
    np.testing.assert_array_equal(cases["half"], [[0, 1, inf, 1.5], [0.5, 0.5, inf, inf]])
    np.testing.assert_array_equal(cases["opened"], [[0, 4, 2, 3], [1, 6, 2, inf]])
    np.testing.assert_array_equal(cases["closed wins"], [[0, inf, inf, 3], [1, inf, inf, inf]])


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        (Scenario(close=frozenset({"nowhere"})), "names checkpoint 'nowhere'"),
        (Scenario(open=frozenset({"nowhere"})), "names checkpoint 'nowhere'"),
        (Scenario(delay={"nowhere": (1, 1)}), "names checkpoint 'nowhere'"),
        (Scenario(delay={"free": (-1, 1)}), "negative"),
        (Scenario(delay={"free": (np.nan, 1)}), "negative or missing"),
        (Scenario(hours={"nowhere": "24/7"}), "names checkpoint 'nowhere'"),
        (Scenario(one_way={"nowhere": "out"}), "names checkpoint 'nowhere'"),
        (Scenario(close=frozenset({"shute"})), "They have shut"),
        (Scenario(hours={"free": "at noon"}), "not in OSM syntax"),
        (Scenario(one_way={"free": "away"}), "'away'"),
        (Scenario(users="everybody"), "no group of users 'everybody'"),
        (Scenario(users="local"), "do not say who may pass"),
        (Scenario(factor=-1), "negative"),
        (Scenario(factor=np.nan), "negative or missing"),
    ],
)
def test_scenarios_that_do_not_fit(tables, scenario, text):
    with pytest.raises(CheckpointError, match=text):
        passages(tables, scenario)


def test_a_checkpoint_that_never_opens_needs_a_delay_with_its_new_hours(tables):
    frame = tables.gates.assign(wait_h=[np.inf, 0, 0, 0], delay_out_h=[np.inf, 4, 2, 3])
    never = replace(tables, gates=frame.assign(delay_in_h=[np.inf, 6, 2, np.inf]))
    hours = {"free": "Mo-Su 08:00-20:00"}
    with pytest.raises(CheckpointError, match="never opens"):
        delays(never, Scenario(hours=hours))
    known = delays(never, Scenario(hours=hours, delay={"free": (1.0, 2.0)}))
    wait = (1 - INFORMED) * 3
    assert known[:, 0] == pytest.approx([1 + wait, 2 + wait])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_ways_are_made_of_their_hops(seed):
    # Zero delays and gates that share nodes make many ties: no way may run in a circle.
    land = random_borderland(seed, k=6, scale=0.0, symmetric=True, n=6)
    tables = gate_tables(land.network, land.places, land.gates)
    routes = passages(tables)
    for side in range(2):
        for back, table in ((False, routes.across), (True, routes.transit)):
            for first, last in np.argwhere(np.isfinite(table[side])):
                hops = routes.hops(side, first, last, back=back)
                assert hops[0] == (side, first)
                assert hops[1] == (1 - side, first)
                assert hops[-1] == (side if back else 1 - side, last)
                assert hops[-2] == (1 - side if back else side, last)
                assert len(set(hops)) == len(hops)
                total = sum(
                    routes.delay[a_side, a] if a == b else tables.within[a_side, a, b]
                    for (a_side, a), (_, b) in zip(hops[:-1], hops[1:], strict=True)
                )
                assert total == pytest.approx(table[side, first, last])


def test_only_ways_that_pay_are_kept():
    # Two gates at one place, nothing to gain from going out by one and back by the other.
    land = random_borderland(3, hostile=False, scale=100.0)
    tables = gate_tables(land.network, land.places, land.gates)
    routes = passages(tables)
    assert np.isinf(routes.transit).all()
    off_diagonal = ~np.eye(tables.n_gates, dtype=bool)
    assert np.isinf(routes.across[:, off_diagonal]).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_longer_delays_and_closures_never_shorten_a_trip(seed):
    land = random_borderland(seed)
    tables = gate_tables(land.network, land.places, land.gates)

    def times(scenario):
        return across(tables, passages(tables, scenario), 0).matrix()[0]

    base = times(AS_IS)
    assert (times(OPEN_BORDER) <= base + 1e-12).all()
    assert (times(Scenario(factor=2.0)) >= base - 1e-12).all()
    assert (times(Scenario(close=frozenset({"g0"}))) >= base - 1e-12).all()
    assert (times(Scenario(open=frozenset({"g0"}))) <= base + 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.0, 0.03, 0.5]))
def test_the_ways_that_are_kept_lead_everywhere_in_the_least_time(seed, scale):
    land = random_borderland(seed, k=6, scale=scale, symmetric=seed % 2 == 0, n=6)
    tables = gate_tables(land.network, land.places, land.gates)
    for scenario in (AS_IS, OPEN_BORDER, Scenario(close=frozenset({"g1"}))):
        routes = passages(tables, scenario)
        passed = np.isfinite(routes.delay).any(axis=0)
        k = tables.n_gates
        arcs = np.full((2 * k, 2 * k), np.inf)
        arcs[:k, :k], arcs[k:, k:] = tables.within
        gate = np.arange(k)
        arcs[gate, gate + k], arcs[gate + k, gate] = routes.delay
        least = arcs.copy()
        np.fill_diagonal(least, 0)
        for node in range(2 * k):
            least = np.minimum(least, least[:, node, None] + least[node])
        for side, (here, there) in enumerate(((gate, gate + k), (gate + k, gate))):
            before, after = tables.within[side], tables.within[1 - side]
            first = (before[:, :, None] + routes.across[side]).min(axis=1)
            found = (first[:, :, None] + after).min(axis=1)
            among = np.ix_(passed, passed)
            np.testing.assert_allclose(found[among], least[np.ix_(here, there)][among], rtol=1e-9)
            first = (before[:, :, None] + routes.transit[side]).min(axis=1)
            found = np.minimum(before, (first[:, :, None] + before).min(axis=1))
            np.testing.assert_allclose(found[among], least[np.ix_(here, here)][among], rtol=1e-9)
