"""Who is charged for what delays cost."""

import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential, Linear, Step
from geo_border.access.losses import effect_by_checkpoint, loss_by_checkpoint, loss_shares
from geo_border.access.reach import border_effect, potential
from geo_border.access.regions import by_region
from geo_border.errors import TableError
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel


def setup(land):
    tables = gate_tables(land.network, land.places, land.gates)
    return land.places, tables, own_times(land.network, land.places)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([0.05, 0.5, 3.0]),
    decay=st.sampled_from([Exponential(1.0), Linear(4.0), Step(2.0)]),
    steps=st.integers(1, 5),
)
def test_charges_add_up_to_the_loss(seed, scale, decay, steps):
    study = setup(random_borderland(seed, k=5, scale=scale))
    scenario = Scenario(factor=1.3, open=frozenset({"g1"}))
    charges = loss_by_checkpoint(Travel(*study), decay=decay, scenario=scenario, steps=steps)
    value = potential(Travel(*study), decay=decay, scenario=scenario)
    lost = value["own_open"] + value["across_open"] - value["own"] - value["across"]
    origins = study[0]["region_id"].notna().to_numpy()
    np.testing.assert_allclose(charges.sum(axis=1)[origins], lost[origins], rtol=1e-9, atol=1e-9)
    assert (charges[origins] >= -1e-12).all(axis=None)
    assert charges[~origins].isna().all(axis=None)
    free = study[1].gates.query("delay_out_h == 0 and delay_in_h == 0").index
    assert (charges.loc[origins, free].abs() < 1e-12).all(axis=None)


def test_charges_are_of_the_weight_that_is_named():
    study = setup(random_borderland(7, k=5, scale=0.5))
    people = loss_by_checkpoint(Travel(*study))
    places = study[0].assign(jobs=3 * study[0]["population"]).drop(columns="population")
    jobs = loss_by_checkpoint(Travel(places, *study[1:]), weight="jobs")
    assert (people > 0).any(axis=None)
    pd.testing.assert_frame_equal(jobs, 3 * people)
    with pytest.raises(TableError, match="lack the column 'beds'"):
        loss_by_checkpoint(Travel(*study), weight="beds")


def two_gates(delay_b):
    """A home place and a neighbour place, gate a on the short way, gate b on a long one."""
    sides = [0, 0, 1, 1]
    edges = [(0, 1), (1, 0), (2, 3), (3, 2)]
    network = make_network(sides, [(u, v, 1.0, "road") for u, v in edges])
    places = make_places(
        network,
        [("h", "home", 0, 0.0, 1.0, "H"), ("n", "neighbour", 2, 0.0, 100.0, "N")],
    )
    gates = make_gates(
        [("a", 0, 2, 4.0, 4.0, True, "road"), ("b", 1, 3, delay_b, delay_b, True, "road")]
    )
    return places, gate_tables(network, places, gates), own_times(network, places)


def test_charges_by_hand():
    # Through a: 4 λ hours; through b: 2 + λ hours. They meet at λ = 2/3, t = 8/3 h. With
    # linear decay to 10 h the place loses 10 persons an hour: a is charged the first 8/3 h,
    # b the rest up to the 3 h of λ = 1.
    study = two_gates(1.0)
    for steps in (1, 2, 4, 5):
        charges = loss_by_checkpoint(Travel(*study), decay=Linear(10.0), steps=steps)
        np.testing.assert_allclose(charges.loc["h"], [80 / 3, 10 / 3])


def test_delay_that_is_never_met_is_charged_nothing():
    # b would take 2 + 8 λ hours: a is faster whatever λ.
    charges = loss_by_checkpoint(Travel(*two_gates(8.0)), decay=Linear(10.0))
    np.testing.assert_allclose(charges.loc["h"], [40, 0])


def test_shares_weigh_places_by_population():
    land = random_borderland(11, hostile=False)
    places, tables, own = setup(land)
    charges = loss_by_checkpoint(Travel(places, tables, own))
    reach = potential(Travel(places, tables, own))
    parts = effect_by_checkpoint(charges, reach)
    effect = border_effect(reach)
    origins = places["region_id"].notna()
    np.testing.assert_allclose(parts.sum(axis=1)[origins], effect["all"][origins], atol=1e-12)
    shares = loss_shares(parts, places)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    # By hand: the mean person loses `lost` by each checkpoint, of the border effect in all.
    region = shares.index[0]
    here = places[places["region_id"] == region]
    lost = (parts.loc[here.index].mul(here["population"], axis=0)).sum()
    whole = by_region(effect, places).loc[region, "all"]
    np.testing.assert_allclose(shares.loc[region] * whole, lost / here["population"].sum())
    with pytest.raises(TableError, match="same index"):
        effect_by_checkpoint(charges, reach.iloc[1:])


def test_no_loss_has_no_shares():
    places, tables, own = two_gates(1.0)
    charges = loss_by_checkpoint(Travel(places, tables, own), scenario=Scenario(factor=0.0))
    assert (charges == 0).all(axis=None)
    assert loss_shares(charges, places).isna().all(axis=None)
    with pytest.raises(TableError):
        loss_shares(charges, places.iloc[:1])
    with pytest.raises(TableError):
        loss_by_checkpoint(Travel(places.iloc[::-1], tables, own))
