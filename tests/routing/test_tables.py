"""Checkpoint tables: values against networkx, refusal of what cannot be."""

import networkx as nx
import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, random_borderland, whole_graph

from geo_border.errors import CheckpointError, NetworkError, SideError, TableError
from geo_border.routing.inside import own_times
from geo_border.routing.tables import gate_tables


@pytest.mark.parametrize("seed", range(6))
def test_tables_equal_networkx(seed):
    land = random_borderland(seed, symmetric=seed % 2 == 0)
    tables = gate_tables(land.network, land.places, land.gates)
    graph = whole_graph(land, tables, only_side=True)
    times = dict(nx.all_pairs_dijkstra_path_length(graph, weight="hours"))
    for p, place in enumerate(land.places.index):
        for g in range(tables.n_gates):
            node = int(land.gates.iloc[g][["home_node", "neighbour_node"][tables.place_side[p]]])
            assert tables.to_gate[p, g] == pytest.approx(times[place].get(node, np.inf))
            assert tables.from_gate[g, p] == pytest.approx(times[node].get(place, np.inf))
    for side, column in enumerate(("home_node", "neighbour_node")):
        for a in range(tables.n_gates):
            for b in range(tables.n_gates):
                u, v = (int(land.gates.iloc[g][column]) for g in (a, b))
                assert tables.within[side, a, b] == pytest.approx(times[u].get(v, np.inf))


@pytest.mark.parametrize("seed", range(4))
def test_own_times_equal_networkx(seed):
    land = random_borderland(seed)
    tables = gate_tables(land.network, land.places, land.gates)
    own = own_times(land.network, land.places)
    graph = whole_graph(land, tables, only_side=True)
    for side in range(2):
        wanted = land.places["region_id"].notna().to_numpy() & (tables.place_side == side)
        np.testing.assert_array_equal(own.origins[side], np.flatnonzero(wanted))
        for row, i in enumerate(own.origins[side]):
            found = nx.single_source_dijkstra_path_length(
                graph, land.places.index[i], weight="hours"
            )
            expected = [found.get(land.places.index[j], np.inf) for j in own.destinations[side]]
            np.testing.assert_allclose(own.hours[side][row], expected, rtol=1e-12)


def test_own_times_of_a_place_without_network_to_itself_are_zero():
    network = make_network([0, 1], [])
    places = make_places(
        network,
        [("lost", "home", -1, np.nan, 5.0, "H"), ("here", "home", 0, 0.5, 5.0, "H")],
    )
    own = own_times(network, places)
    np.testing.assert_array_equal(own.hours[0], [[0, np.inf], [np.inf, 0]])
    assert own.hours[1].shape == (0, 0)


def test_modes_decide_which_edges_and_gates_count():
    edges = [(0, 1, 1.0, "rail"), (0, 1, 3.0, "road")]
    network = make_network([0, 0, 1], edges)
    gates = make_gates([("r", 1, 2, 0.0, 0.0, True, "road"), ("t", 1, 2, 0.0, 0.0, True, "rail")])
    places = make_places(network, [("a", "home", 0, 0.0, 1.0, "H")])
    road = gate_tables(network, places, gates)
    assert list(road.gates.index) == ["r"]
    assert road.to_gate[0, 0] == 3.0
    both = gate_tables(network, places, gates, modes=("road", "rail"))
    np.testing.assert_array_equal(both.to_gate, [[1.0, 1.0]])
    none = gate_tables(network, places, gates, modes=("ferry",))
    assert none.n_gates == 0
    assert none.to_gate.shape == (1, 0)


def change(frame, row, column, value):
    changed = frame.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("what", "row", "column", "value", "error", "text"),
    [
        ("places", "p0", "side", "Home", SideError, "'p0' lies on side 'Home'"),
        ("places", "p0", "node", 20, NetworkError, "'p0' is joined to a node"),
        ("places", "p0", "node", 999, NetworkError, "'p0' is joined to a node"),
        ("places", "p0", "access_h", -0.5, TableError, "'p0' has no access time"),
        ("places", "p0", "access_h", np.nan, TableError, "'p0' has no access time"),
        ("gates", "g1", "home_node", 20, CheckpointError, "home_node of checkpoint 'g1'"),
        ("gates", "g1", "neighbour_node", 0, CheckpointError, "neighbour_node of checkpoint"),
        ("gates", "g1", "neighbour_node", -1, CheckpointError, "neighbour_node of checkpoint"),
        ("gates", "g1", "delay_out_h", np.nan, CheckpointError, "'g1' has no delay_out_h"),
        ("gates", "g1", "delay_in_h", -1.0, CheckpointError, "'g1' has no delay_in_h"),
    ],
)
def test_impossible_values_are_named(what, row, column, value, error, text):
    land = random_borderland(1, hostile=False)
    frames = {"places": land.places, "gates": land.gates}
    frames[what] = change(frames[what], row, column, value)
    with pytest.raises(error, match=text):
        gate_tables(land.network, **frames)


def test_missing_columns_and_repeated_ids_are_named():
    land = random_borderland(1)
    with pytest.raises(TableError, match="places lack the column 'access_h'"):
        gate_tables(land.network, land.places.drop(columns="access_h"), land.gates)
    twice = land.gates.rename(index={"g1": "g0"})
    with pytest.raises(TableError, match="gates repeat the id 'g0'"):
        gate_tables(land.network, land.places, twice)
