import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from scipy.sparse.csgraph import dijkstra

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.errors import NetworkError
from geo_border.network.build import build_network
from geo_border.network.gates import gates_in_use
from geo_border.network.places import Access
from geo_border.network.tolerances import Tolerances
from geo_border.routing.crossing import across
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES, SIDES

WGS84 = Geod(ellps="WGS84")


@pytest.fixture
def built(lines, territory, border, checkpoints, places, speeds):
    return build_network(lines, territory, border, checkpoints, places, speeds)


def test_times_by_hand(built):
    network, gates = built.network, built.gates
    times = dijkstra(network.matrix(["road"]), indices=gates.loc["road-post", "home_node"])
    start = built.places.loc["p1", "node"]
    km = WGS84.inv(0.5, 49.21, 0.5, 50.0)[2] / 1000
    assert times[start] == pytest.approx(km / 80, rel=1e-3)
    # Nothing passes the border without a gate, the unserved road included.
    assert np.isinf(times[built.places.loc["p3", "node"]])


def test_every_two_way_link_is_two_edges_in_csr_order(built):
    network = built.network
    assert network.indptr[-1] == network.n_edges
    forth = set(zip(network.tail, network.indices, network.link, strict=True))
    assert {(head, tail, link) for tail, head, link in forth} == forth
    assert (network.hours > 0).all()
    line = network.lines[network.link[0]]
    assert {network.link.min(), network.link.max()} == {0, len(network.lines) - 1}
    assert line.geom_type == "LineString"


@pytest.mark.parametrize("oneway", [0, 1, -1])
def test_lines_begin_where_their_first_edge_does(
    lines, territory, border, checkpoints, places, speeds, oneway
):
    """Isochrones and ways are cut along lines, so a line must not run against its edge."""
    turned = lines.assign(oneway=[0, 0, oneway, 0, oneway, 0])
    turned.geometry = [
        shapely.reverse(line) if number % 2 else line for number, line in enumerate(lines.geometry)
    ]
    network = build_network(turned, territory, border, checkpoints, places, speeds).network
    first = np.unique(network.link, return_index=True)[1]
    starts = shapely.get_coordinates(shapely.get_point(network.lines, 0))
    ends = shapely.get_coordinates(shapely.get_point(network.lines, -1))
    tail, head = network.tail[first], network.indices[first]
    np.testing.assert_allclose(starts, np.c_[network.lon[tail], network.lat[tail]], atol=1e-9)
    np.testing.assert_allclose(ends, np.c_[network.lon[head], network.lat[head]], atol=1e-9)


def test_places_do_not_snap_to_an_island(built):
    island = built.places.loc["p4"]
    assert island["node"] >= 0
    # The island road is 1 km away, the road that leads out some 22 km.
    assert island["access_km"] > 20
    assert island["access_h"] == pytest.approx(island["access_km"] / 40)


def test_a_place_out_of_reach_is_reported(lines, territory, border, checkpoints, places, speeds):
    short = Access(farthest_km=10)
    built = build_network(lines, territory, border, checkpoints, places, speeds, access=short)
    assert built.places["node"].to_numpy().tolist().count(-1) == 1
    assert np.isnan(built.places.loc["p4", "access_h"])


def test_stations_join_road_and_railway(built):
    network = built.network
    transfers = network.mode == MODES.index("transfer")
    assert transfers.sum() == 2 * 2  # p1 and p3 lie on the railway, both directions
    assert (network.hours[transfers] >= 0.5).all()
    by_train = dijkstra(network.matrix(), indices=built.gates.loc["rail-post", "home_node"])
    assert np.isfinite(by_train[built.places.loc["p1", "node"]])


def test_oneway_links_are_one_edge(lines, territory, border, checkpoints, places, speeds):
    oneway = lines.assign(oneway=[0, 0, 1, 0, -1, 0])
    built = build_network(oneway, territory, border, checkpoints, places, speeds)
    network = built.network
    tail, head = network.tail, network.indices
    feeder = np.isclose(network.lat[tail], 49.2) & np.isclose(network.lat[head], 49.2)
    assert feeder.any()
    assert (network.lon[head][feeder] > network.lon[tail][feeder]).all()
    served = np.isclose(network.lon[tail], 0.5) & np.isclose(network.lon[head], 0.5)
    pairs = set(zip(tail[served], head[served], strict=True))
    assert pairs == {(end, start) for start, end in pairs}
    directed = {
        (network.lon[t], network.lon[h])
        for t, h in zip(network.tail, network.indices, strict=True)
        if network.lat[t] == network.lat[h] == 49.9
    }
    assert (0.3, 0.1) in directed
    assert (0.1, 0.3) not in directed


def test_speeds_are_accounted_for(lines, territory, border, checkpoints, places, speeds):
    tagged = lines.assign(speed_kmh=[100.0, np.nan, np.nan, np.nan, np.nan, np.nan])
    built = build_network(tagged, territory, border, checkpoints, places, speeds)
    account = built.speeds.set_index(["side", "mode", "class"])
    first_km = WGS84.inv(0.5, 49.2, 0.5, 49.9)[2] / 1000
    assert account.loc[("home", "road", "trunk"), "tagged_km"] == pytest.approx(first_km)
    assert account.loc[("neighbour", "road", "trunk"), "tagged_km"] == 0
    assert account.loc[("home", "rail", "rail"), "mean_kmh"] == pytest.approx(50)


def test_the_speed_one_goes_is_not_the_limit(lines, territory, border, checkpoints, places, speeds):
    """A travel speed sets the time; only a tagged limit counts as known."""
    km = WGS84.inv(0.5, 49.2, 0.5, 49.9)[2] / 1000
    own = lines.assign(travel_kmh=[70.0, 60, 60, 60, 60, 40], speed_kmh=[90.0, *[np.nan] * 5])
    built = build_network(own, territory, border, checkpoints, places)
    account = built.speeds.set_index(["side", "mode", "class"])
    home = account.loc[("home", "road", "trunk")]
    assert home["tagged_km"] == pytest.approx(km)
    assert home["imputed_km"] == pytest.approx(home["km"] - km)
    assert account.loc[("neighbour", "road", "trunk"), "mean_kmh"] == pytest.approx(60)
    network = built.network
    ends = network.lat[network.tail], network.lat[network.indices]
    trunk = np.isclose(np.abs(ends[0] - ends[1]), 49.9 - 49.21)
    assert network.hours[trunk] == pytest.approx(km * (49.9 - 49.21) / 0.7 / 70, rel=1e-4)
    # Where a line has none the limit is next, and the table last.
    part = own.assign(travel_kmh=[np.nan, np.nan, 60, np.nan, 60, 40])
    built = build_network(part, territory, border, checkpoints, places, speeds)
    account = built.speeds.set_index(["side", "mode", "class"])
    assert account.loc[("neighbour", "road", "trunk"), "mean_kmh"] == pytest.approx(80)


def test_a_class_without_a_speed_is_named(lines, territory, border, checkpoints, places, speeds):
    with pytest.raises(NetworkError, match=r"\(side, mode, class\) home, road, trunk"):
        build_network(lines, territory, border, checkpoints, places, speeds.iloc[1:])


def test_a_closed_border_has_a_network_and_no_way_across(
    lines, territory, border, checkpoints, places, speeds
):
    closed = checkpoints.assign(is_open=False, in_service=False, status="closed")
    away = checkpoints.set_geometry(checkpoints.translate(0.2, 0))
    for controls in (closed, away, checkpoints.iloc[:0]):
        built = build_network(lines, territory, border, controls, places, speeds)
        in_use = gates_in_use(built.gates)
        assert not in_use["is_open"].any()
        tables = gate_tables(built.network, built.places, in_use)
        for side in range(len(SIDES)):
            times = across(tables, passages(tables), side).matrix()[0]
            assert times.size
            assert np.isinf(times).all()


def test_matrix_keeps_the_fastest_of_parallel_edges(
    lines, territory, border, checkpoints, places, speeds
):
    double = pd.concat([lines, lines.iloc[[2]].assign(speed_kmh=160.0)], ignore_index=True)
    double["speed_kmh"] = double["speed_kmh"].astype(float)
    west = places.loc[["p1", "p3"]]
    network = build_network(double, territory, border, checkpoints, west, speeds).network
    tail = int(np.flatnonzero((network.lon == 0.2) & (network.lat == 49.2))[0])
    head = int(np.flatnonzero((network.lon == 0.5) & (network.lat == 49.2))[0])
    hours = network.matrix(["road"])[tail, head]
    metres = network.matrix(["road"], weight="length_m")[tail, head]
    assert metres / 1000 / hours == pytest.approx(160)
    assert network.edges_inside(["road"]).size == network.matrix(["road"]).nnz


def by_the_unserved_road(places):
    """The same places and one beside each half of the road that no checkpoint serves."""
    more = gpd.GeoDataFrame(
        {
            "side": ["home", "neighbour"],
            "region_id": ["A", "X"],
            "population": 50.0,
            "name": ["This side", "That side"],
        },
        geometry=gpd.points_from_xy([0.89, 0.89], [49.99, 50.01]),
        index=["p5", "p6"],
        crs=4326,
    )
    return pd.concat([places, more])


def test_candidates_change_nothing_while_they_are_closed(
    lines, territory, border, checkpoints, places, speeds
):
    given = lines, territory, border, checkpoints, by_the_unserved_road(places), speeds
    found = []
    for most in (0, 300):
        built = build_network(*given, delay_h={"road": 2}, most_candidates=most)
        assert len(built.gates) == 2 + (most > 0)
        tables = gate_tables(built.network, built.places, gates_in_use(built.gates), modes=MODES)
        found.append((built, tables))
    (without, few), (with_it, all_) = found
    pd.testing.assert_frame_equal(
        without.places.drop(columns="node"), with_it.places.drop(columns="node")
    )
    for name in ("to_gate", "from_gate", "within"):
        np.testing.assert_array_equal(getattr(few, name), getattr(all_, name))


def test_a_candidate_that_opens_is_a_checkpoint_in_the_register(
    lines, territory, border, controls, places, speeds
):
    feeders = lines.iloc[[2, 2]].set_geometry(
        [
            shapely.LineString([(0.9, 49.5), (0.5, 49.2)]),
            shapely.LineString([(0.9, 50.5), (0.5, 50.8)]),
        ]
    )
    lines = pd.concat([lines, feeders], ignore_index=True)
    delay = {"road": 2, "rail": 1}
    built = build_network(
        *(lines, territory, border, placed_checkpoints(controls, border, delay_h=delay)),
        *(places, speeds),
        delay_h=delay,
    )
    new = built.gates.index[built.gates["is_candidate"]][0]
    at = built.crossings.loc[new]
    row = controls.iloc[:1].assign(lon=at["lon"], lat=at["lat"], delay_h=0.1).set_axis([new])
    more = placed_checkpoints(pd.concat([controls, row]), border, delay_h=delay)
    register = build_network(lines, territory, border, more, places, speeds)
    assert register.gates["is_open"].all()
    times = []
    opened = Scenario(open=frozenset([new]), delay={new: (0.1, 0.1)})
    for one, what in ((built, opened), (register, Scenario())):
        tables = gate_tables(one.network, one.places, one.gates)
        times.append(across(tables, passages(tables, what), 0).matrix()[0])
    # The road by the new post is the shorter one for somebody.
    closed = gate_tables(built.network, built.places, built.gates)
    assert (times[0] < across(closed, passages(closed), 0).matrix()[0] - 0.01).any()
    np.testing.assert_allclose(*times, atol=1e-5)


def test_tolerances_say_what_is_one_road_and_what_only_runs_along(
    territory, border, checkpoints, places, speeds, lines
):
    """A gap of 150 m in the served road, and a dead end 60 m beyond the border."""
    metre = 1 / 111_239  # degrees of latitude here
    gap = [
        shapely.LineString([(0.5, 49.9), (0.5, 50 - 75 * metre)]),
        shapely.LineString([(0.5, 50 + 75 * metre), (0.5, 50.8)]),
    ]
    end = shapely.LineString([(0.2, 49.2), (0.2, 50 + 60 * metre)])
    extra = lines.iloc[[1, 1, 2]].set_geometry([*gap, end], crs=4326)
    roads = pd.concat([lines.drop(index=[1, 3]), extra], ignore_index=True)
    given = (roads, territory, border, checkpoints, places, speeds)
    kinds = {}
    for stub_m, along_m in ((100, 25), (200, 25), (100, 75)):
        built = build_network(*given, tolerances=Tolerances(stub_m=stub_m, along_m=along_m))
        found = built.crossings[built.crossings["mode"] == "road"]
        kinds[stub_m, along_m] = sorted(found["found_by"])
    assert kinds == {(100, 25): ["geometry"], (200, 25): ["geometry", "stub"], (100, 75): []}
