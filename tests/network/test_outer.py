"""Cities and roads beyond a study: in demand across the border, and in nothing else."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.sparse.csgraph import connected_components, dijkstra

from geo_border.errors import NetworkError, TableError
from geo_border.network.outer import outer_zones
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.routing.outer import with_outer
from geo_border.study import open_study
from geo_border.terms import SIDES

ROUND = (4.0, 50.0)
"""Where roads of both sides beyond meet: around the border, were they one network."""

ROADS = [
    ("home", [(1.25, 49.1), (1.25, 48.0)]),
    ("home", [(1.25, 48.0), (1.0, 47.0)]),
    ("home", [(2.75, 49.5), ROUND]),
    ("neighbour", [(2.75, 50.5), ROUND]),
    ("neighbour", [(1.75, 50.9), (1.8, 52.0)]),
]
CITIES = [
    ("South", 1.0, 47.0, "home", 90_000),
    ("Wayside", 1.3, 48.5, "home", 40_000),
    ("North", 1.8, 52.1, "neighbour", 70_000),
    ("Round", 4.1, 50.2, "neighbour", 30_000),
    ("Afar", 30.0, 60.0, "home", 20_000),
]


def write_outer(folder, roads=ROADS, cities=CITIES):
    gpd.GeoDataFrame(
        {"class": "street", "side": [side for side, _ in roads]},
        geometry=[shapely.LineString(points) for _, points in roads],
        crs=4326,
    ).to_file(folder / "outer.geojson")
    pd.DataFrame(cities, columns=["name", "lon", "lat", "side", "population"]).assign(
        place_id=[f"o{n}" for n in range(len(cities))]
    ).to_csv(folder / "outer.csv", index=False)
    toml = folder / "study.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8")
        + '\n[outer]\nplaces = "outer.csv"\nroads = "outer.geojson"\n',
        encoding="utf-8",
    )
    return folder


def run_of(folder, out):
    study = open_study(folder)
    return Run(study.settings, study.folder, Memory(out), lambda _: None)


@pytest.fixture(scope="module")
def wide(make_mini, tmp_path_factory):
    folder = write_outer(make_mini(tmp_path_factory.mktemp("outer") / "mini"))
    run = run_of(folder, folder.parent / "out")
    inputs, border, net = run.network()
    travel, outer = run.travel(net), run.outer(inputs, net)
    return inputs, border, net, travel, outer, with_outer(travel, outer)


def test_the_inputs_and_the_network_of_a_study_do_not_know_what_lies_beyond(wide, mini_run):
    inputs, _, net, travel, *_ = wide
    assert not inputs.places.index.isin(inputs.outer_places.index).any()
    plain = open_study(mini_run[0]).network()
    for name in ("lon", "lat", "side", "indptr", "indices", "hours", "link"):
        assert np.array_equal(getattr(net.network, name), getattr(plain.network, name)), name
    assert travel.places.index.equals(inputs.places.index)


def test_cities_come_after_the_places_and_are_on_no_own_side(wide):
    inputs, _, _, travel, _, everyone = wide
    n = len(inputs.places)
    assert everyone.places.index[:n].equals(inputs.places.index)
    assert everyone.places.index[n:].tolist() == inputs.outer_places.index.tolist()
    assert everyone.places["region_id"].iloc[n:].isna().all()
    assert everyone.own is travel.own
    assert max(int(end.max()) for end in everyone.own.destinations) < n


def test_times_to_cities_are_those_along_their_roads(wide):
    *_, travel, outer, everyone = wide
    south, gate = everyone.places.index.get_loc("o0"), "middle"
    k = everyone.tables.gates.index.get_loc(gate)
    ends = [(1.0, 47.0), (1.25, 48.0), (1.25, 49.1), (1.25, 50.0015)]
    km = sum(geodesic(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True))
    assert everyone.tables.to_gate[south, k] == pytest.approx(km / 60, abs=0.01)
    afar = everyone.places.index.get_loc("o4")
    assert outer.places["node"].iloc[-1] == -1
    assert np.isinf(everyone.tables.to_gate[afar]).all()
    # The roads beyond may be a shorter way for the places of the study too, never a longer one.
    n = len(travel.places)
    assert (everyone.tables.to_gate[:n] <= travel.tables.to_gate + 1e-5).all()


def geodesic(a, b):
    return Geod(ellps="WGS84").inv(*a, *b)[2] / 1000


def test_nobody_passes_with_all_checkpoints_closed_whatever_roads_meet_beyond(
    wide, holds_on_any_network
):
    *_, outer, everyone = wide
    holds_on_any_network(outer.network, everyone.tables.gates)
    node = everyone.places["node"].to_numpy()
    side = everyone.places["side"].to_numpy()
    reach = node >= 0
    found = dijkstra(outer.network.matrix(), indices=node[reach])[:, node[reach]]
    across = side[reach][:, None] != side[reach][None, :]
    assert np.isinf(found[across]).all()
    assert np.isfinite(found[~across]).any()


SPOTS = st.tuples(st.sampled_from([0.25, 1.25, 2.75, 3.5, 4.0]), st.sampled_from(range(47, 54)))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(SIDES), SPOTS, SPOTS), min_size=1, max_size=12))
def test_no_roads_beyond_however_they_lie_lead_around_the_border(wide, drawn):
    inputs, _, net, *_ = wide
    roads = gpd.GeoDataFrame(
        {"side": [side for side, *_ in drawn], "mode": "road", "road_class": "street"},
        geometry=[shapely.LineString([start, stop]) for _, start, stop in drawn],
        crs=4326,
    )
    joints = [
        (side, shapely.LineString([(x, y), (x, y - 2 if side == "home" else y + 2)]))
        for side, x, y in (("home", 0.25, 49.1), ("neighbour", 0.25, 50.9))
    ]
    joined = gpd.GeoDataFrame(
        {"side": [side for side, _ in joints], "mode": "road", "road_class": "street"},
        geometry=[line for _, line in joints],
        crs=4326,
    )
    outer = outer_zones(net, pd.concat([roads, joined]), inputs.outer_places, inputs.speeds)
    piece = connected_components(outer.network.matrix(), directed=False)[1]
    assert not set(piece[outer.network.side == 0]) & set(piece[outer.network.side == 1])


def test_what_lies_beyond_changes_no_time_where_its_roads_lead_nowhere_else(make_mini, tmp_path):
    folder = write_outer(make_mini(tmp_path / "mini"), [ROADS[0], ROADS[4]], [CITIES[1], CITIES[2]])
    run = run_of(folder, tmp_path / "out")
    inputs, _, net = run.network()
    travel = run.travel(net)
    everyone = with_outer(travel, run.outer(inputs, net))
    n = len(travel.places)
    assert np.allclose(everyone.tables.to_gate[:n], travel.tables.to_gate, atol=2e-6)
    assert np.allclose(everyone.tables.within, travel.tables.within, atol=2e-6)


def test_load_beyond_is_found_again_on_the_roads_of_the_study(wide):
    _, _, net, _, outer, _ = wide
    m = net.network.n_edges
    inside = outer.inner >= 0
    assert set(outer.inner[inside]) == set(range(m))
    assert outer.inner_load(np.ones(outer.network.n_edges), m).tolist() == [1.0] * m
    tail, head = net.network.tail, net.network.indices
    whole = np.bincount(outer.inner[inside], minlength=m)[outer.inner] == 1
    whole &= inside
    assert (outer.network.tail[whole] == tail[outer.inner[whole]]).all()
    assert (outer.network.indices[whole] == head[outer.inner[whole]]).all()
    km = np.bincount(outer.inner[inside], outer.network.length_m[inside], minlength=m)
    assert np.allclose(km, net.network.length_m, rtol=1e-6)


def spoilt(make_mini, folder, roads=ROADS, cities=CITIES):
    return open_study(write_outer(make_mini(folder / "mini"), roads, cities))


def test_a_city_of_a_region_is_refused_with_its_row(make_mini, tmp_path):
    cities = [*CITIES, ("Inside", 0.5, 49.5, "home", 1_000)]
    with pytest.raises(TableError, match=r"Inside \('o5'\) lies in a region") as error:
        spoilt(make_mini, tmp_path, cities=cities).read()
    assert "outer.csv, row 7" in str(error.value)


def test_a_road_through_the_other_side_is_refused_with_its_row(make_mini, tmp_path):
    roads = [*ROADS, ("home", [(1.25, 49.1), (1.25, 52.0)])]
    with pytest.raises(NetworkError, match="a road of the home side leads") as error:
        spoilt(make_mini, tmp_path, roads).read()
    assert "outer.geojson, row 6" in str(error.value)


def test_roads_that_join_nothing_are_refused(wide):
    inputs, _, net, *_ = wide
    lost = inputs.outer_roads[inputs.outer_roads["side"] == "home"].iloc[[1]]
    with pytest.raises(NetworkError, match="no outer road of the home side meets"):
        outer_zones(net, lost, inputs.outer_places, inputs.speeds)


def test_check_tells_who_is_added_who_is_lost_and_who_may_be_counted_twice(make_mini, tmp_path):
    cities = [*CITIES, ("Southe", 1.0, 47.01, "home", 90_000)]
    study = spoilt(make_mini, tmp_path, cities=cities)
    found = study.check()
    mine = found[found["topic"] == "outer"].set_index("item")
    assert mine["problem"]["cities beyond, home"].startswith("4 with 240,000 persons")
    assert mine["severity"]["Afar"] == "warning"
    assert mine["where"]["Afar"] == "outer.csv, row 6"
    assert "may be South once more" in mine["problem"]["Southe"]
