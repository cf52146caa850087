import numpy as np
import pandas as pd
import pytest
from borderland import brute_times, make_gates, make_network, make_places, random_borderland

from geo_border.access.cells.cell_entries import shared_entries
from geo_border.access.cells.cell_sums import ERROR
from geo_border.access.cells.surfaces import cell_accessibility, cell_losses
from geo_border.access.decay import KINDS, Exponential, calibrated
from geo_border.access.losses import loss_by_checkpoint
from geo_border.access.nearest import nearest_gate
from geo_border.access.reach import border_effect, cumulative, potentials
from geo_border.errors import SideError, TableError
from geo_border.routing.inside import own_searches, own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel

HOURS = (0.7, 1.0, 2.5)


def measured(land, cells, beyond=None, **options):
    entries = shared_entries(cells, beyond)
    tables = gate_tables(land.network, entries.places, land.gates)
    own = own_searches(land.network, entries.places, origins=entries.is_origin)
    return cell_accessibility(cells, entries, tables, own, hours=HOURS, **options)


def as_places(land, places, **options):
    """The measures of places, with every place an origin."""
    tables = gate_tables(land.network, places, land.gates)
    own = own_times(land.network, places, origins=np.ones(len(places), bool))
    scenario = {"scenario": options["scenario"]} if "scenario" in options else {}
    decays = options["decays"]
    found = potentials(Travel(places, tables, own), decays=list(decays.values()), **scenario)
    near = nearest_gate(tables, **scenario)["hours"]
    frame = pd.DataFrame({"hours_to_checkpoint": near})
    frame = frame.join(cumulative(Travel(places, tables, own), hours=HOURS, **scenario))
    for name, reach in zip(decays, found, strict=True):
        frame = frame.join(reach.add_prefix(f"{name}_"))
    for name, reach in zip(decays, found, strict=True):
        frame[name.replace("potential", "border_effect")] = border_effect(reach)["all"]
    return frame


@pytest.mark.parametrize("seed", range(12))
def test_cells_are_places_and_get_the_measures_of_places(seed):
    land = random_borderland(seed, n_places=25)
    found = measured(land, land.places, decays={"potential": Exponential(0.8)})
    wanted = as_places(land, land.places, decays={"potential": Exponential(0.8)})
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, atol=1e-7, check_names=False)


def six(half_life):
    return {f"potential_{kind}": calibrated(kind, half_life) for kind in KINDS}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("half_life", [0.05, 0.6, 8.0])
def test_all_impedance_functions_count_cells_as_places(seed, half_life):
    land = random_borderland(seed, n_places=25)
    found = measured(land, land.places, decays=six(half_life))
    wanted = as_places(land, land.places, decays=six(half_life))
    assert found.columns.tolist() == wanted.columns.tolist()
    # Each person counts to within three times the error of an interpolation.
    most = 3 * ERROR * land.places["population"].sum()
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, atol=most, check_names=False)


@pytest.mark.parametrize("seed", range(4))
def test_scenarios_and_beyond(seed):
    land = random_borderland(seed, n_places=20)
    what = Scenario(close=frozenset({"g1"}), open=frozenset({"g2"}), factor=0.5)
    cells, beyond = land.places.iloc[:22], land.places.iloc[22:]
    found = measured(land, cells, beyond, decays={"potential": Exponential(1.2)}, scenario=what)
    wanted = as_places(land, land.places, decays={"potential": Exponential(1.2)}, scenario=what)
    pd.testing.assert_frame_equal(
        found, wanted.loc[cells.index], rtol=1e-9, atol=1e-7, check_names=False
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_checkpoints_take_from_cells_is_what_they_take_from_places(seed):
    land = random_borderland(seed, n_places=20)
    entries = shared_entries(land.places)
    tables = gate_tables(land.network, entries.places, land.gates)
    own = own_searches(land.network, entries.places, origins=entries.is_origin)
    decay = Exponential(1.1)
    found = cell_losses(land.places, entries, tables, own, decay=decay)
    as_places = gate_tables(land.network, land.places, land.gates)
    inside = own_times(land.network, land.places, origins=np.ones(len(land.places), bool))
    wanted = loss_by_checkpoint(Travel(land.places, as_places, inside), decay=decay)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-8, atol=1e-8)
    reach = cell_accessibility(land.places, entries, tables, own, decays={"potential": decay})
    lost = reach["potential_own_open"] + reach["potential_across_open"]
    lost -= reach["potential_own"] + reach["potential_across"]
    np.testing.assert_allclose(found.sum(axis=1), lost, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_counts_and_potentials_are_those_of_all_pairs_one_by_one(seed):
    land = random_borderland(seed, n_places=15)
    tables = gate_tables(land.network, land.places, land.gates)
    times = brute_times(land, tables)
    np.fill_diagonal(times, 0)
    population = land.places["population"].to_numpy()
    same = np.equal.outer(land.places["side"].to_numpy(), land.places["side"].to_numpy())
    found = measured(land, land.places, decays={"potential": Exponential(2)})
    for name, pairs in (("own", same), ("across", ~same)):
        value = np.where(pairs, 0.5 ** (times / 2), 0.0) @ population
        np.testing.assert_allclose(found[f"potential_{name}"], value, rtol=1e-6, atol=1e-6)
        inside = np.where(pairs & (times <= 2.5), 1.0, 0.0) @ population
        np.testing.assert_allclose(found[f"population_150min_{name}"], inside)


def test_two_cells_of_one_entry_by_hand():
    # Home nodes 0-1 an hour apart, a gate from 1 to 2 with a delay of half an hour.
    network = make_network([0, 0, 1], [(0, 1, 1.0, "road"), (1, 0, 1.0, "road")])
    gates = make_gates([("g", 1, 2, 0.5, 0.5, True, "road")])
    cells = make_places(
        network,
        [
            ("near", "home", 0, 0.25, 100.0, "H"),
            ("far", "home", 0, 0.75, 0.0, "H"),
            ("lost", "home", -1, np.nan, 7.0, "H"),
            ("over", "neighbour", 2, 0.0, 1000.0, "N"),
        ],
    )
    land = type("Land", (), {"network": network, "gates": gates})
    found = measured(land, cells, decays={"potential": Exponential(1)})
    assert found.loc["near", "hours_to_checkpoint"] == pytest.approx(1.25)
    assert np.isinf(found.loc["lost", "hours_to_checkpoint"])
    # The empty cell reaches its neighbour by their entry: a quarter and three quarters.
    assert found.loc["far", "potential_own"] == pytest.approx(100 / 2)
    assert found.loc["far", "population_60min_own"] == 100
    assert found.loc["far", "population_42min_own"] == 0
    assert found.loc["near", "potential_own"] == pytest.approx(100)
    assert found.loc["near", "potential_across"] == pytest.approx(1000 * 0.5**1.75)
    assert found.loc["near", "potential_across_open"] == pytest.approx(1000 * 0.5**1.25)
    assert found.loc["near", "population_150min_across"] == 1000
    assert found.loc["over", "population_150min_across"] == 100
    # Off the network there is nobody but the cell itself.
    assert found.loc["lost", ["potential_own", "population_60min_own"]].tolist() == [7, 7]
    assert found.loc["lost", "potential_across"] == 0


def test_parts_that_do_not_belong_together_are_refused():
    land = random_borderland(1)
    entries = shared_entries(land.places)
    tables = gate_tables(land.network, entries.places, land.gates)
    own = own_searches(land.network, entries.places, origins=entries.is_origin)
    with pytest.raises(TableError, match="do not belong together"):
        cell_accessibility(land.places.iloc[1:], entries, tables, own)
    some = own_searches(land.network, entries.places, origins=np.arange(len(entries.places)) == 0)
    with pytest.raises(TableError, match="not from the entries"):
        cell_accessibility(land.places, entries, tables, some)
    empty = land.places.assign(population=0.0)
    entries = shared_entries(empty)
    tables = gate_tables(land.network, entries.places, land.gates)
    own = own_searches(land.network, entries.places, origins=entries.is_origin)
    with pytest.raises(SideError, match="nobody lives"):
        cell_accessibility(empty, entries, tables, own)
