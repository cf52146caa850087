from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places
from pyproj import Geod

from geo_border.border.edges import equal_area_crs
from geo_border.errors import NetworkError
from geo_border.network.entries import join_cells, join_cells_to_stations
from geo_border.network.places import Access
from geo_border.network.straight import foreign_land
from geo_border.routing.engine.searches import search_columns, search_graph

GEOD = Geod(ellps="WGS84")
NO_LAND = foreign_land(gpd.GeoDataFrame({"side": []}, geometry=[], crs=4326))
ACCESS = Access(farthest_km=30, detour=1.5, speed_kmh=10)


def cells_at(rows):
    return pd.DataFrame(rows, columns=["lon", "lat", "side"])


def crs_of(network):
    node = [(f"n{i}", "home", i, 0.0, 1.0, "H") for i in range(network.n_nodes)]
    return equal_area_crs(make_places(network, node))


def both(edges):
    return [*edges, *((v, u, *rest) for u, v, *rest in edges)]


def two_way(network):
    """Edges there and back become one link."""
    tail, head = network.tail, network.indices
    pair = np.minimum(tail, head) * 1000 + np.maximum(tail, head)
    _, first, link = np.unique(pair, return_index=True, return_inverse=True)
    return replace(network, link=link.astype(np.int32), lines=network.lines[first])


@pytest.fixture
def road():
    """A road of an hour (60 km, drawn as 36) to the gate, and one beyond it."""
    lonlat = np.array([[10, 50], [10.5, 50], [10.5, 50.001], [11, 50.001]])
    network = make_network([0, 0, 1, 1], both([(0, 1, 1.0, "road"), (2, 3, 1.0, "road")]), lonlat)
    return two_way(network), make_gates([("g", 1, 2, 0.5, 0.5, True, "road")]).assign(
        is_candidate=False
    )


def test_a_cell_goes_straight_to_the_road_and_along_it_to_its_entry_by_hand(road):
    network, gates = road
    cells = cells_at([(10.15, 50.1, "home"), (10.16, 50.05, "home"), (10.01, 50.02, "home")])
    split, found = join_cells(
        network, gates, cells, crs_of(network), NO_LAND, access=ACCESS, spacing_km=15
    )
    # Parts of 15 km: entries at the ends and the quarters; 0.15 of 0.5 degrees is at 0.3.
    assert found["node"].tolist() == [4, 4, 0]
    assert split.n_nodes == 5
    assert (split.lon[4], split.lat[4]) == pytest.approx((10.125, 50), abs=3e-4)
    straight = GEOD.inv(10.15, 50, 10.15, 50.1)[2] / 1000
    hours = 1.5 * straight / 10 + 0.05 * 1.0
    assert found["access_h"][0] == pytest.approx(hours, rel=2e-3)
    assert found["access_km"][0] == pytest.approx(1.5 * straight + 0.05 * 60, rel=1e-3)
    np.testing.assert_allclose(found["part_h"], 0.25)
    times = search_columns(search_graph(split.matrix(("road",))), np.array([4]), np.arange(5))[0]
    np.testing.assert_allclose(times[[0, 1, 4]], [0.25, 0.75, 0], atol=1e-6)


def test_parts_keep_the_link_and_its_length(road):
    network, gates = road
    cells = cells_at([(lon, 50.01, "home") for lon in np.linspace(10, 10.5, 40)])
    split, found = join_cells(network, gates, cells, crs_of(network), NO_LAND, spacing_km=2.0)
    assert found["node"].nunique() == 31
    for link in range(len(network.lines)):
        for name in ("length_m", "hours"):
            before = getattr(network, name)[network.link == link].sum()
            assert getattr(split, name)[split.link == link].sum() == pytest.approx(before)
    assert (split.side[split.tail] == split.side[split.indices]).all()
    assert np.all(np.diff(split.tail) >= 0)
    assert split.indptr[-1] == split.n_edges == network.n_edges + 2 * 29


def test_the_nearest_road_of_the_other_side_does_not_serve(road):
    network, gates = road
    cells = cells_at([(10.6, 50.0, "home"), (10.4, 50.0, "neighbour"), (12, 52, "home")])
    _, found = join_cells(network, gates, cells, crs_of(network), NO_LAND, access=ACCESS)
    assert found["node"].tolist() == [1, 2, -1]
    assert np.isnan(found.loc[2, ["access_km", "access_h"]].astype(float)).all()


def test_a_side_without_roads_is_not_reached_and_the_other_is():
    lonlat = np.array([[10, 50], [10.5, 50], [10.5, 50.001]])
    network = two_way(make_network([0, 0, 1], both([(0, 1, 1.0, "road")]), lonlat))
    gates = make_gates([("g", 1, 2, 0.5, 0.5, True, "road")]).assign(is_candidate=False)
    cells = cells_at([(10.2, 50.0, "home"), (10.5, 50.002, "neighbour")])
    _, found = join_cells(network, gates, cells, crs_of(network), NO_LAND, spacing_km=100)
    assert found["node"].tolist() == [0, -1]


def test_roads_that_lead_nowhere_or_only_away_are_passed_over():
    lonlat = np.array(
        [[10, 50], [10.5, 50], [10.1, 50.1], [10.4, 50.1], [10.2, 50.05], [11, 50], [11, 51]]
    )
    edges = both([(0, 1, 1.0, "road"), (2, 3, 1.0, "road"), (0, 5, 0.5, "rail")])
    edges.append((0, 4, 0.3, "road"))  # can be reached, but nobody comes back
    edges += both([(5, 6, 1.0, "road")])
    network = two_way(make_network([0, 0, 0, 0, 0, 1, 1], edges, lonlat))
    gates = make_gates([("g", 1, 5, 0.5, 0.5, True, "road")]).assign(is_candidate=False)
    cells = cells_at([(10.2, 50.1, "home"), (10.2, 50.05, "home")])
    _, found = join_cells(network, gates, cells, crs_of(network), NO_LAND, spacing_km=100)
    assert set(found["node"]) <= {0, 1}
    alone = make_network([0, 0, 1, 1], both([(0, 1, 1.0, "rail"), (2, 3, 1.0, "rail")]), lonlat[:4])
    gates = make_gates([("g", 1, 2, 0.5, 0.5, True, "road")]).assign(is_candidate=False)
    with pytest.raises(NetworkError, match="no road leads to a checkpoint"):
        join_cells(alone, gates, cells, crs_of(alone), NO_LAND)


@pytest.mark.parametrize("seed", range(6))
def test_sharing_entries_costs_at_most_a_part_of_the_link(seed):
    rng = np.random.default_rng(seed)
    n = 12
    lonlat = np.column_stack([rng.uniform(10, 10.6, 2 * n), rng.uniform(50, 50.4, 2 * n)])
    edges = []
    for base in (0, n):
        for u in range(n):
            v = base + (u + 1) % n
            edges.append((base + u, v, rng.uniform(0.2, 1), "road"))
            if rng.random() < 0.7:
                edges.append((v, base + u, rng.uniform(0.2, 1), "road"))
    network = two_way(make_network(np.repeat([0, 1], n), edges, lonlat))
    gates = make_gates([("g", 3, n + 3, 0.5, 0.5, True, "road")]).assign(is_candidate=False)
    side = np.where(rng.random(80) < 0.5, "home", "neighbour")
    spots = (rng.uniform(10, 10.6, 80), rng.uniform(50, 50.4, 80), side)
    cells = cells_at(list(zip(*spots, strict=True)))
    crs = crs_of(network)
    shared_net, shared = join_cells(
        network, gates, cells, crs, NO_LAND, access=ACCESS, spacing_km=20
    )
    # Entries every ten metres are the nearest points themselves.
    own_net, own = join_cells(network, gates, cells, crs, NO_LAND, access=ACCESS, spacing_km=0.01)
    assert shared["node"].nunique() < own["node"].nunique()
    root = np.array([3, n + 3])
    for turn in (lambda matrix: matrix, lambda matrix: matrix.T.tocsr()):
        times = []
        for net, frame in ((shared_net, shared), (own_net, own)):
            node = frame["node"].to_numpy()
            found = search_columns(search_graph(turn(net.matrix(("road",)))), root, node)
            mine = np.where(frame["side"] == "home", found[0], found[1])
            times.append(mine + frame["access_h"].to_numpy())
        longer = times[0] - times[1]
        assert longer.min() > -1e-3
        assert (longer <= shared["part_h"].to_numpy() + 1e-3).all()
        assert longer.max() > 0.01  # it does cost something
    # Cuts change no time between the nodes that were there.
    before = search_columns(search_graph(network.matrix(("road",))), root, np.arange(2 * n))
    after = search_columns(search_graph(shared_net.matrix(("road",))), root, np.arange(2 * n))
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_by_rail_a_cell_goes_to_the_nearest_station_of_its_side():
    # Road nodes 0, 1 and 4; rail nodes 2 and 3 at the first two of them; 4 is beyond the border.
    lonlat = np.array([[10, 50], [10.5, 50], [10, 50.001], [10.5, 50.001], [10.3, 50], [10.3, 50]])
    edges = [(0, 1, 1.0, "road"), (2, 3, 0.5, "rail"), (0, 2, 0.5, "transfer")]
    edges += [(1, 3, 0.5, "transfer"), (4, 5, 0.5, "transfer")]
    network = make_network([0, 0, 0, 0, 1, 1], both(edges), lonlat)
    cells = cells_at([(10.2, 50.1, "home"), (10.3, 50.0, "home"), (10.2, 50.0, "neighbour")])
    cells.loc[3] = [12.0, 50.0, "home"]
    found = join_cells_to_stations(network, cells, crs_of(network), NO_LAND, access=ACCESS)
    assert found["node"].tolist()[:2] == [0, 1]
    assert found["node"][2] in {4, 5}
    assert found["node"][3] == -1
    assert np.isnan(found["access_h"][3])
    straight = GEOD.inv(10.2, 50.1, 10, 50)[2] / 1000
    assert found["access_km"][0] == pytest.approx(1.5 * straight)
    assert found["access_h"][0] == pytest.approx(1.5 * straight / 10)
    bare = make_network([0, 1], [], np.array([[10, 50], [10.5, 50]]))
    nowhere = join_cells_to_stations(bare, cells, crs_of(bare), NO_LAND, access=ACCESS)
    assert (nowhere["node"] == -1).all()
