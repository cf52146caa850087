"""What places reach: worked by hand, and against times from one graph."""

import numpy as np
import pandas as pd
import pytest
from borderland import brute_times, make_gates, make_network, make_places, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import KINDS, Exponential, Linear, Step, calibrated
from geo_border.access.losses import loss_by_checkpoint
from geo_border.access.reach import border_effect, cumulative, potential, potentials
from geo_border.errors import TableError
from geo_border.routing.inside import own_searches, own_times
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel


@pytest.fixture
def three_zones():
    """Zones a and b at home, c beyond one gate: a - 1 h - b - 1 h - gate (1 h) - 1 h - c."""
    sides = [0, 0, 0, 1, 1]
    edges = [(0, 1), (1, 2), (3, 4)]
    network = make_network(
        sides, [(u, v, 1.0, "road") for a, b in edges for u, v in ((a, b), (b, a))]
    )
    places = make_places(
        network,
        [
            ("a", "home", 0, 0.0, 100.0, "A"),
            ("b", "home", 1, 0.0, 200.0, "B"),
            ("c", "neighbour", 4, 0.0, 400.0, "C"),
        ],
    )
    gates = make_gates([("g", 2, 3, 1.0, 3.0, True, "road")])
    return places, gate_tables(network, places, gates), own_times(network, places)


def test_potential_of_three_zones(three_zones):
    half = potential(Travel(*three_zones), decay=Exponential(1.0))
    # With a half-life of an hour everything is a power of two.
    expected = pd.DataFrame(
        {
            "own": [100 + 200 / 2, 200 + 100 / 2, 400.0],
            "across": [400 / 2**4, 400 / 2**3, 100 / 2**6 + 200 / 2**5],
            "own_open": [200.0, 250.0, 400.0],
            "across_open": [400 / 2**3, 400 / 2**2, 100 / 2**3 + 200 / 2**2],
            "own_closed": [200.0, 250.0, 400.0],
        },
        index=three_zones[0].index,
    )
    pd.testing.assert_frame_equal(half, expected)
    effect = border_effect(half)
    parts = {
        "all": [1 - 225 / 250, 1 - 300 / 350, 1 - 407.8125 / 462.5],
        "own": [0.0, 0.0, 0.0],
        "across": [1 / 2, 1 / 2, 1 - 7.8125 / 62.5],
    }
    pd.testing.assert_frame_equal(effect, pd.DataFrame(parts, index=half.index))


def test_cumulative_of_three_zones(three_zones):
    within = cumulative(Travel(*three_zones), hours=(1.0, 3.0, 4.0))
    cases = ["own", "across", "own_open", "across_open", "own_closed"]
    expected = {
        "a": [300, 0, 300, 0, 300, 300, 0, 300, 400, 300, 300, 400, 300, 400, 300],
        "c": [400, 0, 400, 0, 400, 400, 0, 400, 300, 400, 400, 0, 400, 300, 400],
    }
    assert within.loc["a"].tolist() == expected["a"]
    assert within.loc["c"].tolist() == expected["c"]
    minutes = (60, 180, 240)
    assert list(within.columns) == [f"population_{m}min_{case}" for m in minutes for case in cases]


def test_any_column_may_be_what_is_counted(three_zones):
    places, tables, own = three_zones
    places = places.assign(jobs=[7.0, 20.0, 0.0])
    found = cumulative(Travel(places, tables, own), hours=(1.0,), weight="jobs")
    assert found["jobs_60min_own"].tolist() == [27, 27, 0]
    discounted = potential(Travel(places, tables, own), decay=Exponential(1.0), weight="jobs")
    assert discounted["own"].tolist() == [17, 23.5, 0]
    assert discounted["across"].tolist() == [0, 0, 7 / 2**6 + 20 / 2**5]
    with pytest.raises(TableError, match="lack the column 'beds'"):
        cumulative(Travel(places, tables, own), weight="beds")


def test_potentials_of_several_decays_are_those_of_each(three_zones):
    decays = [calibrated(kind, 1.3) for kind in KINDS]
    for decay, found in zip(decays, potentials(Travel(*three_zones), decays=decays), strict=True):
        pd.testing.assert_frame_equal(found, potential(Travel(*three_zones), decay=decay))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), hours=st.lists(st.floats(0.01, 9), min_size=2, max_size=5))
def test_more_time_never_reaches_less(seed, hours):
    land = random_borderland(seed, scale=0.3)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places)
    steps = [Step(h) for h in sorted(hours)]
    found = potentials(Travel(land.places, tables, own), decays=steps)
    for less, more in zip(found[:-1], found[1:], strict=True):
        assert (more.fillna(0) >= less.fillna(0) - 1e-9).all(axis=None)
        assert (less["across"].fillna(0) <= less["across_open"].fillna(0) + 1e-9).all()
        assert (less["own_closed"].fillna(0) <= less["own"].fillna(0) + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.02, 1.0]))
def test_potential_equals_sums_over_one_graph(seed, scale):
    land = random_borderland(seed, scale=scale)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places)
    scenario = Scenario(open=frozenset({"g0"}), factor=0.5)
    decay = Linear(3.0)
    found = potential(Travel(land.places, tables, own), decay=decay, scenario=scenario)
    within = cumulative(Travel(land.places, tables, own), hours=(2.0,), scenario=scenario)
    is_origin = land.places["region_id"].notna().to_numpy()
    assert found[~is_origin].isna().all(axis=None)
    population = land.places["population"].to_numpy()
    same = tables.place_side[:, None] == tables.place_side
    cases = {
        "": brute_times(land, tables, scenario),
        "_open": brute_times(land, tables, Scenario(open=frozenset({"g0"}), factor=0)),
        "_closed": brute_times(land, tables, only_side=True),
    }
    for suffix, times in cases.items():
        value = decay(times) * population
        own_sum = np.where(same, value, 0).sum(axis=1)
        np.testing.assert_allclose(found[f"own{suffix}"][is_origin], own_sum[is_origin])
        if suffix != "_closed":
            beyond = np.where(same, 0, value).sum(axis=1)
            np.testing.assert_allclose(
                found[f"across{suffix}"][is_origin], beyond[is_origin], atol=1e-9
            )
    value = Step(2.0)(cases[""]) * population
    np.testing.assert_allclose(
        within["population_120min_across"][is_origin],
        np.where(same, 0, value).sum(axis=1)[is_origin],
    )
    effect = border_effect(found)[is_origin]
    assert effect.apply(lambda part: part.dropna().between(0, 1)).fillna(True).all(axis=None)


@pytest.mark.parametrize("seed", range(4))
def test_times_held_or_searched_for_give_the_same_bits(seed, monkeypatch):
    land = random_borderland(seed, n_places=40, scale=0.1)
    tables = gate_tables(land.network, land.places, land.gates)
    held, searched = (find(land.network, land.places) for find in (own_times, own_searches))
    for side in range(2):
        whole = slice(0, len(held.origins[side]))
        np.testing.assert_array_equal(searched.block(side, whole), held.hours[side])
    expected = potential(Travel(land.places, tables, held))
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        pd.testing.assert_frame_equal(
            potential(Travel(land.places, tables, searched)), expected, check_exact=True
        )
        pd.testing.assert_frame_equal(
            loss_by_checkpoint(Travel(land.places, tables, searched)),
            loss_by_checkpoint(Travel(land.places, tables, held)),
            check_exact=True,
        )


def test_nothing_is_across_where_no_place_is_known_there(three_zones):
    places, _, _ = three_zones
    network = make_network([0, 0, 0, 1, 1], [])
    alone = places.iloc[:2]
    gates = make_gates([("g", 2, 3, 1.0, 3.0, True, "road")])
    tables = gate_tables(network, alone, gates)
    trips = Travel(alone, tables, own_times(network, alone))
    reached = potential(trips)
    assert (reached["own"] > 0).all()
    assert (reached[["across", "across_open"]] == 0).all(axis=None)
    effect = border_effect(reached)
    assert effect["across"].isna().all()
    assert (effect["all"] == 0).all()
    assert (loss_by_checkpoint(trips) == 0).all(axis=None)


def test_other_places_and_bad_populations_are_refused(three_zones):
    places, tables, own = three_zones
    with pytest.raises(TableError, match="not those of the checkpoint tables"):
        potential(Travel(places.iloc[::-1], tables, own))
    for bad in (np.nan, -1.0, np.inf):
        wrong = places.assign(population=[1.0, bad, 1.0])
        with pytest.raises(TableError, match="'b' has no population"):
            potential(Travel(wrong, tables, own))
    with pytest.raises(TableError, match="population"):
        potential(Travel(places.drop(columns="population"), tables, own))


def test_border_effect_where_nothing_is_reached():
    nothing = pd.DataFrame(0.0, index=["x"], columns=["own", "across", "own_open", "across_open"])
    assert border_effect(nothing).isna().all(axis=None)
    half = border_effect(nothing.assign(own=1.0, own_open=1.0))
    assert half.loc["x", ["all", "own"]].tolist() == [0, 0]
    assert np.isnan(half.loc["x", "across"])


def test_closing_every_checkpoint_is_the_closed_border(three_zones):
    shut = potential(Travel(*three_zones), scenario=Scenario(close=frozenset({"g"})))
    assert (shut["across"] == 0).all()
    assert (shut["across_open"] == 0).all()
    pd.testing.assert_series_equal(shut["own"], shut["own_closed"], check_names=False)
    base = potential(Travel(*three_zones), scenario=AS_IS)
    free = potential(Travel(*three_zones), scenario=OPEN_BORDER)
    pd.testing.assert_series_equal(free["across"], base["across_open"], check_names=False)
