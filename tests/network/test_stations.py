import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra

from geo_border.network.build import build_network
from geo_border.network.places import Access
from geo_border.terms import MODES

BY_RAIL = ("rail", "transfer")


@pytest.fixture
def halts(places):
    """A station on the railway at lon 0.49 on each side."""
    rows = places.iloc[[0, 0]].assign(side=["home", "neighbour"])
    return rows.set_geometry(shapely.points([[0.49, 49.4], [0.49, 50.6]]))


def across(built, start, stop, modes):
    """Hours between two places through the open rail post, by some modes."""
    network, gate = built.network, built.gates.loc["rail-post"]
    nodes = built.places.loc[[start, stop], "node"].to_numpy()
    hours = dijkstra(network.matrix(modes), indices=[nodes[0], gate["neighbour_node"]])
    return hours[0, gate["home_node"]] + gate["delay_out_h"] + hours[1, nodes[1]]


def test_a_place_within_reach_of_a_station_takes_the_train(
    lines, territory, border, checkpoints, places, speeds, halts
):
    access = Access(station_km=120)
    built = build_network(
        lines, territory, border, checkpoints, places, speeds, stations=halts, access=access
    )
    neighbour = built.places.index[built.places["side"] == "neighbour"][0]
    assert np.isfinite(across(built, "p1", neighbour, BY_RAIL))
    assert across(built, "p1", neighbour, MODES) <= across(built, "p1", neighbour, BY_RAIL)
    near = build_network(
        lines, territory, border, checkpoints, places, speeds, stations=halts.iloc[:1],
        access=access,
    )  # fmt: skip
    assert np.isinf(across(near, "p1", neighbour, BY_RAIL))


def test_of_many_stations_a_place_has_the_nearest_alone(
    lines, territory, border, checkpoints, places, speeds, halts
):
    more = halts.iloc[[0, 0, 0]].set_geometry(
        shapely.points([[0.49, 49.3], [0.49, 49.4], [0.49, 49.6]])
    )
    built = build_network(
        lines, territory, border, checkpoints, places, speeds, stations=more,
        access=Access(station_km=60),
    )  # fmt: skip
    network, node = built.network, built.places.loc["p1", "node"]
    leaving = np.arange(network.indptr[node], network.indptr[node + 1])
    trains = leaving[network.mode[leaving] == MODES.index("transfer")]
    assert len(trains) == 1
    lat = built.places.loc["p1"].geometry.y
    nearest = min([49.3, 49.4, 49.6], key=lambda there: abs(there - lat))
    assert network.lat[network.indices[trains[0]]] == pytest.approx(nearest, abs=0.01)


@pytest.mark.parametrize(
    ("gauges", "broken"),
    [((1520, 1435), True), ((1520, 1524), False), ((1520, None), False), (("1,520", "x"), False)],
)
def test_a_break_of_gauge_is_told_and_takes_its_time(
    lines, territory, border, checkpoints, places, speeds, gauges, broken
):
    rail = (lines["mode"] == "rail").to_numpy()
    line = lines.geometry[rail].iloc[0]
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    halves = [shapely.LineString([(x0, y0), (x0, 50)]), shapely.LineString([(x1, 50), (x1, y1)])]
    rows = lines[rail].iloc[[0, 0]].set_geometry(halves).assign(gauge_mm=list(gauges))
    both = pd.concat([lines[~rail].assign(gauge_mm=None), rows], ignore_index=True)
    args = (both, territory, border, checkpoints, places, speeds)
    free = build_network(*args).gates
    slow = build_network(*args, access=Access(gauge_break_h=3)).gates
    assert free["gauge_break"].to_dict() == {
        name: broken and name == "rail-post" for name in free.index
    }
    more = slow["delay_in_h"] - free["delay_in_h"]
    assert more.replace(np.nan, 0)["rail-post"] == (3 if broken else 0)
    assert (more.drop("rail-post").fillna(0) == 0).all()


def test_a_gauge_that_changes_behind_the_border_is_a_break_there(
    lines, territory, border, checkpoints, places, speeds
):
    rail = (lines["mode"] == "rail").to_numpy()
    (x, south), (_, north) = lines.geometry[rail].iloc[0].coords
    parts = [[(x, south), (x, 49.95)], [(x, 49.95), (x, 50.05)], [(x, 50.05), (x, north)]]
    rows = lines[rail].iloc[[0, 0, 0]].set_geometry([shapely.LineString(part) for part in parts])
    rows = rows.assign(gauge_mm=[1520, 1520, 1435])
    both = pd.concat([lines[~rail].assign(gauge_mm=None), rows], ignore_index=True)
    gate = build_network(both, territory, border, checkpoints, places, speeds).gates.loc[
        "rail-post"
    ]
    assert gate["gauge_break"]
    assert (gate["home_gauge_mm"], gate["neighbour_gauge_mm"]) == (1520, 1435)
