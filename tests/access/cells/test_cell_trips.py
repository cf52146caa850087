"""Trips of cells to settlements: the measures of places, by the ways that cells share."""

import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places, random_borderland
from pyproj import Geod

from geo_border.access import pairs
from geo_border.access.cells.cell_entries import shared_entries
from geo_border.access.cells.cell_trips import cell_detour, cell_efficiency, cell_trips
from geo_border.access.detours import DISTANCE_KMH, by_distance
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.performance import people_near
from geo_border.errors import SideError
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import OPEN_BORDER, Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel

WGS84 = Geod(ellps="WGS84")


def as_cells(places):
    """Places as cells: some off the network, some of nobody."""
    return pd.DataFrame(places.drop(columns="geometry")).assign(
        lon=places.geometry.x, lat=places.geometry.y
    )


def trips_of(land, places=None):
    cells = as_cells(land.places)
    everywhere = land.places if places is None else places
    return cell_trips(land.network, cells, shared_entries(cells), everywhere, land.gates)


@pytest.mark.parametrize("seed", range(10))
def test_a_cell_at_a_place_has_its_measures(seed, monkeypatch):
    # Few pairs at once, so that cells of one entry fall into several parts.
    monkeypatch.setattr(pairs, "PAIRS_AT_ONCE", 100)
    land = random_borderland(seed, n_places=20)
    trips = trips_of(land)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places, origins=np.ones(len(land.places), bool))
    for what in (
        Scenario(),
        Scenario(close=frozenset({"g0"}), open=frozenset({"g2"}), factor=0.5),
    ):
        pd.testing.assert_frame_equal(
            cell_efficiency(trips, scenario=what),
            network_efficiency(Travel(land.places, tables, own), scenario=what),
            rtol=1e-9,
            check_names=False,
        )
        pd.testing.assert_frame_equal(
            cell_detour(trips, scenario=what),
            checkpoint_detour(Travel(land.places, tables, own), scenario=what),
            rtol=1e-9,
            check_names=False,
        )


def test_settlements_where_the_cell_is_are_left_out():
    # On the equator a degree is 111.3 km; home a - b - gate, 1 h each; c 1 h beyond.
    lonlat = np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    edges = [(0, 1, 1.0), (1, 2, 1.0), (3, 4, 1.0)]
    both = [(*edge, "road") for u, v, h in edges for edge in ((u, v, h), (v, u, h))]
    network = make_network([0, 0, 0, 1, 1], both, lonlat)
    gates = make_gates([("g", 2, 3, 0.5, 0.5, True, "road")])
    rows = [("a", "home", 0, 0.0, 10.0, "H"), ("b", "home", 1, 0.0, 30.0, "H")]
    rows += [("d", "home", 2, 0.0, 60.0, "H"), ("c", "neighbour", 4, 0.0, 5.0, "N")]
    land = type("Land", (), {"network": network, "gates": gates})
    land.places = make_places(network, rows)
    degree = 111.319491
    near = cell_efficiency(trips_of(land), reference_kmh=degree)
    # b in 1 h where a straight road takes a hundredth, d in 2 h.
    assert near.loc["a", "own"] == pytest.approx((30 * 100 + 60 * 2) / 90, rel=1e-6)
    apart = cell_efficiency(trips_of(land), reference_kmh=degree, apart_km=2)
    assert apart.loc["a", "own"] == pytest.approx(2, rel=1e-6)
    assert apart.loc["a", "across"] == pytest.approx(3.5 / 2, rel=1e-6)
    assert apart.loc["a", "across_open"] == pytest.approx(3 / 2, rel=1e-6)


def test_detour_index_is_of_kilometres():
    land = random_borderland(3, hostile=False, n_places=6)
    flat = by_distance(land.network)
    np.testing.assert_allclose(flat.hours * DISTANCE_KMH, land.network.length_m / 1000)
    # The random roads of the tests are driven at 60 km/h, so the shortest are the fastest.
    tables, times = {}, {}
    for name, network in (("km", flat), ("hours", land.network)):
        places = land.places.assign(access_h=0.0)
        tables[name] = gate_tables(network, places, land.gates)
        own = own_times(network, places, origins=np.ones(len(places), bool))
        kmh = DISTANCE_KMH if name == "km" else 60.0
        times[name] = network_efficiency(
            Travel(places, tables[name], own), reference_kmh=kmh, scenario=OPEN_BORDER
        )
    pd.testing.assert_frame_equal(times["km"], times["hours"], rtol=1e-5)


def test_settlements_on_both_sides_are_needed():
    land = random_borderland(1)
    with pytest.raises(SideError, match="no place lies on the side 'neighbour'"):
        trips_of(land, land.places[land.places["side"] == "home"])


def test_people_near_are_those_of_cells_and_of_places_beyond():
    rng = np.random.default_rng(5)
    land = random_borderland(7, n_places=40)
    cells = as_cells(land.places).assign(population=rng.integers(0, 9, len(land.places)) * 1.0)
    beyond = land.places.iloc[:10].assign(population=np.arange(10.0))
    everyone = pd.concat([cells[["side", "lon", "lat", "population"]], as_cells(beyond)])
    near = people_near(cells, beyond, within_km=150)
    assert near.index.equals(cells.index)
    for name, cell in cells.iterrows():
        km = WGS84.inv(
            *np.broadcast_arrays(cell["lon"], cell["lat"], everyone["lon"], everyone["lat"])
        )[2]
        # No pair of these lies within metres of the distance.
        assert np.abs(km - 150_000).min() > 10
        within = everyone[km <= 150_000]
        own = within.loc[within["side"] == cell["side"], "population"].sum()
        assert near.loc[name].tolist() == [own, within["population"].sum() - own]
