"""Tables of travel times against the ways themselves."""

import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places, random_borderland

from geo_border.errors import TableError
from geo_border.routing import travel_times as module
from geo_border.routing.routes import routes
from geo_border.routing.scenarios import AS_IS, Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel_times import times_and_ways


def test_travel_times_table():
    network = make_network(
        [0, 0, 1, 1],
        [(0, 1, 2.0, "road"), (1, 0, 1.0, "road"), (2, 3, 4.0, "road")],
        np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 0.0]]),
    )
    gates = make_gates([("g", 1, 2, 0.5, 0.25, True, "road")])
    places = make_places(
        network, [("h", "home", 0, 0.1, 1.0, "H"), ("n", "neighbour", 3, 0.2, 1.0, "N")]
    )
    tables = gate_tables(network, places, gates, trees=True)
    expected = pd.DataFrame(
        [("h", "n", 360.0, 6.8, "g"), ("n", "h", np.nan, np.inf, "")],
        columns=["from_id", "to_id", "km", "hours", "via"],
    )
    pd.testing.assert_frame_equal(times_and_ways(network, tables, places), expected)


@pytest.mark.parametrize("seed", range(12))
def test_each_pair_is_its_route(seed):
    land = random_borderland(seed, k=5, n_places=20, scale=0.2)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    cases = {"no_delay": Scenario(factor=0.0), "opened": Scenario(open=frozenset({"g1"}))}
    places = land.places.assign(node=land.places["node"].where(land.places.index != "p3", -1))
    found = times_and_ways(land.network, tables, places, others=cases)
    for column, scenario in {"hours": AS_IS, **cases}.items():
        passing = routes(land.network, tables, places, scenario=scenario)
        assert found[column].tolist() == [
            passing[i, j].hours for i in places.index for j in places.index if i != j
        ]
        alone = times_and_ways(land.network, tables, places, scenario=scenario)
        for row in alone.to_dict("records"):
            way = passing[row["from_id"], row["to_id"]]
            assert row["hours"] == way.hours
            assert row["km"] == pytest.approx(way.km, nan_ok=True)
            assert row["via"] == ";".join(way.via)
    assert len(found) == len(places) * (len(places) - 1)


def test_searches_grow_with_the_places_and_not_with_pairs_or_scenarios(monkeypatch):
    land = random_borderland(1, k=5, n_places=40, scale=0.2)
    tables = gate_tables(land.network, land.places, land.gates, trees=True)
    grown = []
    monkeypatch.setattr(
        module, "along_tree", lambda *a, real=module.along_tree: grown.append(1) or real(*a)
    )
    count = []
    for n in (10, 20, 40):
        grown.clear()
        others = {f"x{factor}": Scenario(factor=factor) for factor in range(n)}
        times_and_ways(land.network, tables, land.places.iloc[:n], others=others)
        count.append(len(grown) - n)
    # Beyond a tree of each place there are two for each gate node.
    assert max(count) <= 4 * tables.n_gates


def test_trees_are_needed():
    land = random_borderland(0)
    tables = gate_tables(land.network, land.places, land.gates)
    with pytest.raises(TableError, match="trees=True"):
        times_and_ways(land.network, tables, land.places)
