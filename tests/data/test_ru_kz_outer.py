"""Beyond the belt of the embedded study: roads, cities, and how long the ways are."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geo_border.border.edges import WGS84
from geo_border.network.doubles import listed_twice
from geo_border.pipeline.inputs.schemas import OUTER_PLACES
from geo_border.pipeline.inputs.tables import read_table
from geo_border.pipeline.stages.border import border_stage
from geo_border.pipeline.stages.network import network_stage
from geo_border.pipeline.stages.outer import outer_stage
from geo_border.routing.engine.searches import search_columns, search_graph
from geo_border.study import open_study
from geo_border.terms import SIDES

STUDY = Path(__file__).parents[2] / "data" / "ru-kz"
COUNTRIES = {"RU": "home"} | dict.fromkeys(["KZ", "KG", "UZ", "TJ", "TM"], "neighbour")


def table(name):
    return pd.read_csv(STUDY / name)


@pytest.fixture(scope="module")
def cities():
    return table("outer_places.csv")


@pytest.fixture(scope="module")
def roads():
    return gpd.read_file(STUDY / "outer_roads.geojson")


def test_cities_are_of_their_size_and_side_and_none_is_counted_twice(cities):
    assert (cities["population"] >= 100_000).all()
    assert (cities["side"] == cities["country"].map(COUNTRIES)).all()
    everyone = pd.concat([table("places.csv"), cities], ignore_index=True)
    assert everyone["place_id"].is_unique
    twice = listed_twice(everyone.set_index("place_id"))
    assert not set(twice["place_id"]) & set(cities["place_id"])
    assert not set(twice["other_id"]) & set(cities["place_id"])
    read_table(STUDY / "outer_places.csv", OUTER_PLACES)


def test_what_is_left_out_says_why(cities):
    left_out = table("outer_left_out.csv")
    assert left_out["reason"].notna().all()
    assert not set(left_out["place_id"]) & set(cities["place_id"])
    assert (left_out["population"] >= 100_000).all()


def test_paths_along_the_thinned_roads_are_as_long_as_along_all_of_the_source(roads):
    sample = table("outer_lengths.csv")
    assert len(sample) > 100
    tips = [shapely.get_coordinates(shapely.get_point(roads.geometry, end)) for end in (0, -1)]
    side = np.tile(roads["side"].map(SIDES.index).to_numpy(float), 2)
    spots, node = np.unique(np.c_[side, np.concatenate(tips)], axis=0, return_inverse=True)
    edges = pd.DataFrame(
        {"u": node, "v": np.roll(node, len(roads)), "km": np.tile(roads["length_km"], 2)}
    )
    best = edges.groupby(["u", "v"], as_index=False)["km"].min()
    graph = csr_array((best["km"], (best["u"], best["v"])), shape=(len(spots),) * 2)
    number = {tuple(spot): n for n, spot in enumerate(spots)}
    of_side = sample["side"].map(SIDES.index).astype(float)
    start, stop = (
        [number[key] for key in zip(of_side, sample[f"{e}_lon"], sample[f"{e}_lat"], strict=True)]
        for e in ("from", "to")
    )
    km = dijkstra(graph, indices=start)[np.arange(len(sample)), stop]
    assert np.abs(km - sample["km"]).max() < 0.02


def test_roads_of_the_two_sides_share_no_end(roads):
    ends = gpd.GeoDataFrame(
        {"side": np.tile(roads["side"], 2)},
        geometry=np.r_[shapely.get_point(roads.geometry, 0), shapely.get_point(roads.geometry, -1)],
    )
    sides = ends.groupby(ends.geometry.to_wkb())["side"].nunique()
    assert (sides == 1).all()


@pytest.fixture(scope="module")
def wide():
    study = open_study("ru-kz")
    inputs = study.read()
    border = border_stage(study.settings, inputs)
    net = network_stage(study.settings, inputs, border)
    return net, outer_stage(study.settings, inputs, net)


@pytest.mark.slow
def test_every_city_reaches_a_checkpoint_of_its_side_and_none_of_the_other(wide):
    net, outer = wide
    places = outer.places
    assert (places["node"] >= 0).all()
    piece = connected_components(outer.network.matrix(("road",)), directed=False)[1]
    road = net.gates[net.gates["mode"] == "road"]
    for side in SIDES:
        mine = set(piece[places.loc[places["side"] == side, "node"]])
        gates = set(piece[road[f"{side}_node"]])
        assert mine <= gates
        other = SIDES[1 - SIDES.index(side)]
        assert not mine & set(piece[road[f"{other}_node"]])


@pytest.mark.slow
def test_published_distances_beyond_are_met(wide):
    net, outer = wide
    lengths = outer.network.matrix(("road",), weight="length_m")
    node = {str(place): n for place, n in net.places["node"].items()}
    node |= {str(place): n for place, n in outer.places["node"].items()}
    node |= net.gates["neighbour_node"].to_dict()
    known = table("outer_distances_reference.csv")
    ends = known[["from_id", "to_id"]].astype(str).map(node.get)
    km = dijkstra(lengths, indices=ends["from_id"])[range(len(known)), ends["to_id"]] / 1000
    error = km / known["km"] - 1
    # Straight links are as long as 400 km here; those along Lake Balkhash come out too short.
    assert error.abs().max() < 0.15, error
    assert error.abs().mean() < 0.07
    assert abs(error.median()) < 0.05


@pytest.mark.slow
def test_no_way_from_a_city_to_a_checkpoint_is_shorter_than_the_globe_or_a_world_round(wide):
    net, outer = wide
    lengths = outer.network.matrix(("road",), weight="length_m")
    graph = search_graph(lengths / 1e5, outer.network.lon, outer.network.lat)
    road = net.gates[net.gates["mode"] == "road"]
    for side in SIDES:
        cities = outer.places[outer.places["side"] == side]
        gates = road[f"{side}_node"].to_numpy(np.int64)
        columns = np.unique(cities["node"])
        km = (
            100 * search_columns(graph, gates, columns)[:, np.searchsorted(columns, cities["node"])]
        )
        lon, lat = outer.network.lon, outer.network.lat
        a, b = np.meshgrid(gates, cities["node"], indexing="ij")
        direct = np.asarray(WGS84.inv(lon[a], lat[a], lon[b], lat[b])[2]) / 1000
        detour = km / direct
        assert (detour[np.isfinite(km)] > 0.999).all()
        assert np.isfinite(km).any(axis=0).all()
        assert 1.1 < np.median(detour[np.isfinite(km)]) < 1.5
