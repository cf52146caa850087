import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra

from geo_border.network.build import build_network
from geo_border.network.parts import CAR_MODES, leading_links, network_parts
from geo_border.terms import MODES


def more_roads(lines, rows):
    """The lines and further roads of a point list and a direction."""
    extra = lines.iloc[[0] * len(rows)].assign(oneway=[way for _, way in rows])
    extra = extra.set_geometry([shapely.LineString(points) for points, _ in rows])
    return pd.concat([lines.assign(oneway=0), extra], ignore_index=True)


ROADS = [
    ([(0.5, 49.5), (0.5, 49.2)], 0),
    ([(0.5, 49.2), (0.6, 49.2)], 1),  # 7: into a trap
    ([(0.6, 49.2), (0.7, 49.2)], 0),  # 8: the trap
    ([(0.5, 49.2), (0.4, 49.1)], -1),  # 9: out of a source
    ([(0.4, 49.1), (0.3, 49.1)], 0),  # 10: the source
    ([(0.5, 49.9), (0.55, 49.9)], 1),  # 11 and 12: a circle of one-way streets
    ([(0.55, 49.9), (0.55, 49.8), (0.5, 49.9)], 1),
    ([(0.5, 50.8), (0.6, 50.9)], 0),
]


@pytest.fixture
def town(lines, opened, checkpoints):
    return opened(more_roads(lines, ROADS), checkpoints)


def test_links_lead_where_one_can_leave_and_come_back(town):
    nodes, links, gates = town
    leading = leading_links(nodes, links, gates, CAR_MODES)
    named = set(links.loc[leading, "line"])
    assert {0, 1, 2, 11, 12} <= named
    assert not named & {4, 5, 7, 8, 9, 10}  # the island, the railway, the trap, the source


def test_leading_links_against_searches(town):
    nodes, links, gates = town
    leading = leading_links(nodes, links, gates, CAR_MODES)
    side = nodes["side"].to_numpy()
    road = links["mode"].isin(CAR_MODES) & (side[links["tail"]] == side[links["head"]])
    weight = np.zeros((len(nodes), len(nodes)))
    for tail, head, way in links.loc[road, ["tail", "head", "oneway"]].to_numpy():
        if way >= 0:
            weight[tail, head] = 1
        if way <= 0:
            weight[head, tail] = 1
    hops = dijkstra(weight, unweighted=True)
    controls = gates.loc["road-post", ["home_node", "neighbour_node"]].to_numpy(int)
    for number, row in enumerate(links.itertuples()):
        if road[number] and side[row.tail] == 0 and row.line != 3:
            ends = {row.tail, row.head}
            leaves = {1: {row.head}, -1: {row.tail}, 0: ends}[row.oneway]
            enters = {1: {row.tail}, -1: {row.head}, 0: ends}[row.oneway]
            out = np.isfinite(hops[np.ix_(sorted(leaves), controls)]).any()
            back = np.isfinite(hops[np.ix_(controls, sorted(enters))]).any()
            assert leading[number] == (out and back), row.line


def test_places_enter_no_trap(lines, territory, border, checkpoints, places, speeds):
    near_trap = places.iloc[[0, 2]].set_geometry(shapely.points([[0.65, 49.2001], [0.5, 50.7]]))
    built = build_network(
        more_roads(lines, ROADS), territory, border, checkpoints, near_trap, speeds
    )
    hours = dijkstra(built.network.matrix(["road"]), indices=built.places["node"].iloc[0])
    assert np.isfinite(hours[built.gates.loc["road-post", "home_node"]])
    assert built.places["access_km"].iloc[0] > 5


def test_parts_are_reported_with_what_leads_nowhere(town):
    parts = network_parts(*town)
    roads = parts[(parts["mode"] == "road") & (parts["side"] == "home")]
    assert roads["gates"].tolist() == [1, 0, 0]  # the second ends at the border, unserved
    links = town[1].set_index("line")["length_km"].groupby(level=0).sum()
    first, island = roads.iloc[0], roads.iloc[2]
    assert island["km"] == island["no_way_out_km"] == island["no_way_in_km"]
    assert island["km"] == pytest.approx(links[4])
    assert first["no_way_out_km"] == pytest.approx(links[7] + links[8])
    assert first["no_way_in_km"] == pytest.approx(links[9] + links[10])
    rail = parts[parts["mode"] == "rail"]
    assert rail["gates"].tolist() == [1, 1]
    assert parts["km"].is_monotonic_decreasing
    assert parts["nodes"].min() >= 2


def test_without_checkpoints_places_enter_the_largest_circuit(
    lines, territory, border, checkpoints, places, speeds
):
    built = build_network(
        more_roads(lines, ROADS), territory, border, checkpoints.iloc[:0], places, speeds
    )
    assert built.gates["is_candidate"].all()
    assert (built.places["node"] >= 0).all()
    assert built.places.loc["p4", "access_km"] > 20  # not on the island 1 km away
    assert (built.parts["gates"] == 0).all()
    assert built.parts["no_way_out_km"].sum() == pytest.approx(built.parts["km"].sum())
    none = build_network(lines, territory, border, checkpoints, places.iloc[:0], speeds)
    assert none.places.empty
    assert none.network.n_nodes


def test_a_one_way_border_still_takes_places(lines, territory, border, checkpoints, places, speeds):
    """The only road through the checkpoint is open outward only."""
    oneway = lines.assign(oneway=[0, 1, 0, 0, 0, 0])
    built = build_network(oneway, territory, border, checkpoints, places, speeds)
    assert (built.places["node"] >= 0).all()


def test_given_stations_are_the_only_transfers(
    lines, territory, border, checkpoints, places, speeds
):
    stations = places.iloc[[0, 1]].assign(side="home", name=["Halt", "No railway near"])
    stations = stations.set_geometry(shapely.points([[0.4903, 49.4], [0.2, 49.3]]))
    built = build_network(lines, territory, border, checkpoints, places, speeds, stations=stations)
    network = built.network
    transfers = np.flatnonzero(network.mode == MODES.index("transfer"))
    assert len(transfers) == 2
    ends = np.sort(network.lon[network.tail[transfers]])
    assert ends.tolist() == pytest.approx([0.49, 0.5])
    assert network.lat[network.tail[transfers]].tolist() == pytest.approx([49.4, 49.4], abs=1e-4)
    km = network.length_m[transfers[0]] / 1000
    assert network.hours[transfers[0]] == pytest.approx(0.5 + km / 40)
    none = build_network(
        lines, territory, border, checkpoints, places, speeds, stations=stations.iloc[:0]
    )
    assert not (none.network.mode == MODES.index("transfer")).any()
