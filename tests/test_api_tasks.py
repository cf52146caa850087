"""What users of other libraries come to do, written from the reference alone."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from extracts import LIECHTENSTEIN

import geo_border as gb


@pytest.mark.parametrize("key", LIECHTENSTEIN)
def test_the_library_reads_in_five_lines(key, extract_file):
    over = gpd.GeoDataFrame(
        {"name": ["Feldkirch"], "population": [30_000]}, geometry=[shapely.Point(9.6, 47.24)],
        index=["fk"], crs=4326,
    )  # fmt: skip
    net = gb.from_osm(extract_file(key), home={"country": "LI"}, settlements=True, places=over)
    trip = gb.travel(net, mode="road")
    reach = gb.potential(trip, decay=gb.Exponential(2))
    effect = gb.border_effect(reach).join(net.places["name"])
    control = net.gates.index[net.gates["name"].str.contains("Schaanwald", na=False)]
    shut = gb.potential(
        trip, decay=gb.Exponential(2), scenario=gb.Scenario(close=frozenset(control))
    )
    assert effect["name"].notna().all()
    assert len(control) == 1
    assert (shut["across"] <= reach["across"] + 1e-9).all()
    assert shut["across"].sum() < reach["across"].sum()
    assert gb.isochrones(net, "schaanwald", hours=[0.2])["part"].isna().all()


ROADS = {
    "shore": ([(0.1, 49.5), (0.5, 49.5)], 60.0),
    "coast": ([(0.5, 49.5), (0.5, 50.5)], 60.0),
    "far shore": ([(0.5, 50.5), (0.9, 50.5)], 60.0),
    "inland": ([(0.5, 49.5), (0.9, 49.5)], 80.0),
    "pass": ([(0.9, 49.5), (0.9, 50.5)], 40.0),
    "lane": ([(0.1, 49.5), (0.1, 50.5), (0.5, 50.5)], 30.0),
}
"""Lines and speeds: two roads with a checkpoint over the parallel 50, and a lane without."""


@pytest.fixture(scope="module")
def roads():
    return gpd.GeoDataFrame(
        {"name": list(ROADS), "speed_kmh": [kmh for _, kmh in ROADS.values()]},
        geometry=[shapely.LineString(line) for line, _ in ROADS.values()],
        crs=4326,
    )


@pytest.fixture(scope="module")
def land():
    return gpd.GeoDataFrame(
        {"side": ["home", "home", "neighbour"]},
        geometry=[shapely.box(0, 49, 0.5, 50), shapely.box(0.5, 49, 1, 50),
                  shapely.box(0, 50, 1, 51)],
        index=pd.Index(["West", "East", "North"], name="region_id"),
        crs=4326,
    )  # fmt: skip


@pytest.fixture(scope="module")
def controls():
    return pd.DataFrame(
        {"checkpoint_id": ["c", "p"], "name": ["Coast Gate", "Pass Gate"], "lon": [0.5, 0.9],
         "lat": [50.0, 50.0], "delay_h": [1.0, 0.25]}
    )  # fmt: skip


@pytest.fixture(scope="module")
def towns():
    return gpd.GeoDataFrame(
        {
            "place_id": ["aber", "bray", "cove", "dale"],
            "name": ["Aber", "Bray", "Cove", "Dale"],
            "population": [1000, 500, 800, 300],
            "jobs": [100, 900, 50, 20],
        },
        geometry=gpd.points_from_xy([0.2, 0.89, 0.51, 0.88], [49.5, 49.51, 50.49, 50.48]),
        crs=4326,
    )


@pytest.fixture(scope="module")
def net(roads, land, controls, towns):
    # Ids of towns and posts are in a column, and not all is in WGS 84.
    return gb.from_lines(roads.to_crs(3857), land, checkpoints=controls, places=towns.to_crs(3857))


@pytest.fixture(scope="module")
def trips(net):
    return gb.travel(net)


def test_a_network_of_my_own_roads(net):
    assert net.network.regions == ("East", "North", "West")
    assert net.gates.loc[["c", "p"], "is_open"].all()
    assert net.places.index.tolist() == ["aber", "bray", "cove", "dale"]
    assert net.places["region_id"].tolist() == ["West", "East", "North", "North"]
    assert repr(net).startswith("<BuiltNetwork: ")
    assert len(repr(net)) < 300


def test_crossings_with_no_checkpoint_nearest_to_a_town(net, towns):
    unserved = net.crossings[net.crossings["checkpoint_id"].isna()]
    town = towns.set_index("name").geometry["Aber"]
    plane = unserved.estimate_utm_crs()
    away = unserved.to_crs(plane).distance(gpd.GeoSeries([town], crs=4326).to_crs(plane).iloc[0])
    assert unserved["name"][away.nsmallest(5).index].tolist() == ["lane"]


def test_an_isochrone_across_the_border_with_a_closed_checkpoint(net):
    shut = gb.Scenario(close=frozenset({"c"}))
    as_is = gb.isochrones(net, "bray", hours=[2, 4])
    closed = gb.isochrones(net, "Aber", hours=[2, 4], scenario=shut)
    assert as_is.set_index(["part", "hours"])["area_km2"].index.is_unique
    assert {"own", "across"} == set(as_is["part"])
    free = gb.isochrones(net, "Aber", hours=[2, 4])
    across = [found[found["part"] == "across"]["area_km2"].sum() for found in (closed, free)]
    assert across[0] < across[1]
    assert gb.isochrones(net, "pass gate", hours=[1])["side"].tolist() == ["home", "neighbour"]


def test_the_checkpoint_that_costs_my_region_most(trips):
    losses = gb.effect_by_checkpoint(gb.loss_by_checkpoint(trips), gb.potential(trips))
    shares = gb.loss_shares(losses, trips.places)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares.loc["West"].idxmax() == "c"
    assert shares.loc["East", "p"] > shares.loc["West", "p"]


def test_a_shortest_path_in_networkx_is_ours(net):
    graph = gb.to_networkx(net)
    hours = gb.pair_times(net, ["Aber"], ["Cove", "Dale"])
    for name, place in net.places.loc[["cove", "dale"]].iterrows():
        path = nx.dijkstra_path_length(
            graph, net.places.at["aber", "node"], place["node"], weight="hours"
        )
        local = net.places.at["aber", "access_h"] + place["access_h"]
        assert path + local == pytest.approx(hours.at["aber", name], abs=1e-5)
    ways = gb.travel_times(net, ["Aber", "Cove"])
    assert ways["via"].tolist() == ["c", "c"]
    assert ways["hours"].iloc[0] == pytest.approx(hours.at["aber", "cove"])


def test_jobs_instead_of_population(trips):
    people, jobs = gb.potential(trips), gb.potential(trips, weight="jobs")
    assert people["own"].idxmax() == "aber"
    assert jobs["own"].idxmax() == "bray"
    with pytest.raises(gb.GeoBorderError, match="beds"):
        gb.potential(trips, weight="beds")


def test_decays_side_by_side(trips):
    decays = {"half in 1 h": gb.Exponential(1), "within 2 h": gb.Step(2), "linear": gb.Linear(3)}
    table = pd.DataFrame(
        {name: gb.potential(trips, decay=f)["across"] for name, f in decays.items()}
    )
    assert table.index.equals(trips.places.index)
    assert (table >= 0).all(axis=None)
    assert table["half in 1 h"].notna().all()


def test_two_closures_and_where_they_hurt(trips, land):
    both = gb.Scenario(close=frozenset({"c", "p"}))
    lost = gb.potential(trips)["across"] - gb.potential(trips, scenario=both)["across"]
    by_region = gb.by_region(lost.to_frame("lost"), trips.places)
    shape = land.join(by_region).set_geometry("geometry")
    axes = shape.plot("lost")
    assert (shape["lost"] > 0).all()
    assert len(axes.collections)
    closed = gb.closures(trips, sets=[["c"], ["c", "p"]])
    assert closed.effects.loc["c;p", "closure_unserved"] == pytest.approx(1)
    assert closed.effects.loc["c", "closure_unserved"] == pytest.approx(0)
    assert repr(closed).startswith("<Closures: effects 2 x ")


def test_a_table_by_region_with_ids_in_columns(trips):
    values = gb.cumulative(trips, hours=[1.5])
    table = gb.by_region(values, trips.places)
    loose = gb.by_region(values.reset_index(), trips.places.reset_index())
    pd.testing.assert_frame_equal(table, loose)
    assert table.index.tolist() == ["East", "North", "West"]
    with pytest.raises(gb.GeoBorderError, match="place_id"):
        gb.by_region(values.iloc[:2], trips.places)


def test_services_on_both_sides(net):
    clinics = gpd.GeoDataFrame(
        {"service_id": ["south", "north"], "supply": [10.0, 40.0]},
        geometry=gpd.points_from_xy([0.3, 0.85], [49.501, 50.499]),
        crs=4326,
    )
    times = gb.service_times(net, clinics)
    nearest = gb.nearest_service(times, net.places, clinics)
    assert nearest["service_own"].tolist() == ["south", "south", "north", "north"]
    assert nearest["service_across"].tolist() == ["north", "north", "south", "south"]
    offer = gb.two_step(times, net.places, clinics, within_h=10)
    # Whatever the catchments, all that is offered is handed out.
    given = offer.places.sum(axis=1) @ net.places["population"]
    assert given == pytest.approx(50)
    assert offer.services.index.tolist() == ["south", "north"]
    with pytest.raises(gb.GeoBorderError, match="lies on neither side"):
        gb.service_times(net, clinics.set_geometry(clinics.translate(30, 0)))


def test_a_corridor_and_how_straight_ways_are(net):
    found = gb.corridors(net, {"coast": ["Aber", "Cove"], "round": ["aber", "bray", "dale"]})
    assert found["via"].tolist() == ["c", "p"]
    assert found.loc["coast", "delay_h"] == pytest.approx(1)
    assert (found["km"] > 0).all()
    assert found.crs == 4326
    index = gb.detour_index(net)
    assert (index[["own", "across"]] >= 1 - 1e-6).all(axis=None)


def test_a_network_kept_and_read_again(net, trips, tmp_path):
    gb.write_network(net, tmp_path)
    back = gb.travel(gb.read_network(tmp_path))
    pd.testing.assert_frame_equal(gb.potential(back), gb.potential(trips))


def test_one_column_is_summed_up_as_a_table_of_it(trips):
    across = gb.potential(trips)["across"]
    for function in (gb.by_region, gb.distribution):
        whole = function(across.to_frame(), trips.places)
        pd.testing.assert_frame_equal(function(across, trips.places), whole)
    assert "value" in gb.by_region(across.rename(None), trips.places)


MISTAKES = {
    "unknown mode": lambda net: gb.travel(net, mode="boat"),
    "graph alone": lambda net: gb.travel(net.network),
    "decay by name": lambda net: gb.potential(gb.travel(net), decay="exponential"),
    "loss by name": lambda net: gb.loss_by_checkpoint(gb.travel(net), decay="exponential"),
    "unknown place": lambda net: gb.isochrones(net, "Atlantis"),
    "limit below 0": lambda net: gb.isochrones(net, "Aber", [-1]),
    "scenario at a post": lambda net: gb.isochrones(net, "c", scenario=gb.Scenario(factor=0.0)),
    "a place twice": lambda net: gb.travel_times(net, ["Aber", "aber"]),
    "no place": lambda net: gb.pair_times(net, [], ["Aber"]),
    "one stop": lambda net: gb.corridors(net, {"short": ["Aber"]}),
    "unknown form": lambda net: gb.write_network(net, "never", ["shapefile"]),
    "mode of posts": lambda net: gb.nearest_checkpoint(gb.travel(net), mode="boat"),
    "no cut": lambda net: gb.delay_gains(gb.travel(net), cut_h=0),
    "other places": lambda net: gb.zones(pd.Series([1.0]), net.places),
    "bands": lambda net: gb.zones(net.places["jobs"], net.places, bands=[2, 1]),
    "half-life": lambda _: gb.Exponential(-1),
    "thresholds": lambda _: gb.Thresholds(low=70, high=30),
    "weights": lambda _: gb.IndexMethod(weights="loud"),
    "quantile": lambda net: gb.distribution(net.places[["jobs"]], net.places, quantiles=[2]),
    "unknown post": lambda net: gb.potential(
        gb.travel(net), scenario=gb.Scenario(close=frozenset({"x"}))
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_of_the_package(net, mistake):
    with pytest.raises(gb.GeoBorderError):
        MISTAKES[mistake](net)
