from dataclasses import fields

import networkx as nx
import numpy as np
import pytest

from geo_border.errors import NetworkError
from geo_border.network.build import build_network
from geo_border.network.exchange import from_networkx, to_networkx


@pytest.fixture
def network(lines, territory, border, checkpoints, places, speeds):
    return build_network(lines, territory, border, checkpoints, places, speeds).network


def test_there_and_back_is_the_same_network(network):
    graph = to_networkx(network)
    assert graph.number_of_nodes() == network.n_nodes
    assert graph.number_of_edges() == network.n_edges
    back = from_networkx(graph)
    for field in fields(network):
        if field.name not in ("link", "lines", "road_class", "classes"):
            there, here = getattr(network, field.name), getattr(back, field.name)
            assert np.array_equal(there, here), field.name
    kinds = [np.array(one.classes)[one.road_class] for one in (network, back)]
    assert (kinds[0] == kinds[1]).all()
    for edge in range(network.n_edges):
        one, other = network.lines[network.link[edge]], back.lines[back.link[edge]]
        assert one.equals(other)


def test_geometry_runs_from_tail_to_head(network):
    graph = to_networkx(network)
    for tail, _, data in graph.edges(data=True):
        at = graph.nodes[tail]
        ends = [data["geometry"].coords[0], data["geometry"].coords[-1]]
        gaps = [np.hypot(a - at["x"], b - at["y"]) for a, b in ends]
        assert gaps[0] <= gaps[1]


def test_networkx_finds_the_same_shortest_times(network):
    graph = to_networkx(network)
    inside = nx.MultiDiGraph(
        (tail, head, data)
        for tail, head, data in graph.edges(data=True)
        if graph.nodes[tail]["side"] == graph.nodes[head]["side"]
    )
    matrix = network.matrix()
    for tail, head in zip(*matrix.nonzero(), strict=True):
        hours = min(data["hours"] for data in inside[int(tail)][int(head)].values())
        assert matrix[tail, head] == pytest.approx(hours)


def test_a_graph_that_is_no_network_says_what_it_lacks():
    graph = nx.MultiDiGraph()
    graph.add_node(1, x=0.0)
    with pytest.raises(NetworkError, match=r"cannot be read as a network .*nodes x, y, side"):
        from_networkx(graph)
