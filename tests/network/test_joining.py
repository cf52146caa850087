"""Pieces of one road joined again, by hand, on random graphs and on two real countries."""

import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo_border import from_osm
from geo_border.network import build
from geo_border.network.joining import join_pieces
from geo_border.osm.boundaries import boundaries_from_extract
from geo_border.osm.settlements import settlements_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract

NOTHING = np.array([], np.int64)


def nodes_of(n, **columns):
    """Nodes on a parabola, so that no three lie on a line."""
    at = np.arange(n, dtype=float)
    table = {"lon": at, "lat": at**2 / 100, "osm": 1000 + np.arange(n), "blocked": False,
             "side": np.int8(0), "region_id": "A"}  # fmt: skip
    return pd.DataFrame(table | columns)


def links_of(nodes, pairs, **columns):
    """Links with a vertex beside the straight line, so that a turned one shows."""
    pairs = np.array(pairs)
    ends = nodes[["lon", "lat"]].to_numpy()[pairs]
    beside = ends[:, :1] * 0.7 + ends[:, 1:] * 0.3 + np.array([0, 0.1])
    table = {"tail": pairs[:, 0], "head": pairs[:, 1], "mode": "road", "road_class": "primary",
             "length_km": 1.0 + np.arange(len(pairs)), "oneway": np.int8(0),
             "speed_kmh": np.nan, "travel_kmh": 60.0, "hours": np.nan, "line": 7,
             "name": None, "way_id": 100 + np.arange(len(pairs))}  # fmt: skip
    lines = shapely.linestrings(np.concatenate([ends[:, :1], beside, ends[:, 1:]], axis=1))
    return gpd.GeoDataFrame(table | columns, geometry=lines, crs=4326)


def rows(links):
    return links[["tail", "head", "length_km", "oneway", "way_id"]].to_numpy().tolist()


def test_a_road_in_three_pieces_is_one_however_they_are_drawn():
    nodes = nodes_of(4)
    links = links_of(nodes, [(0, 1), (2, 1), (2, 3)])
    found = join_pieces(nodes, links, kept=NOTHING)
    assert rows(found) == [[0, 3, 6.0, 0, 100]]
    parts = [shapely.get_coordinates(line) for line in links.geometry]
    drawn = np.concatenate([parts[0], parts[1][::-1][1:], parts[2][1:]])
    assert shapely.get_coordinates(found.geometry.iloc[0]) == pytest.approx(drawn)
    assert found["oneway"].dtype == np.int8


def test_one_direction_goes_on_and_two_that_face_each_other_do_not():
    nodes = nodes_of(3)
    forth = links_of(nodes, [(0, 1), (2, 1)], oneway=np.array([1, -1], np.int8))
    assert rows(join_pieces(nodes, forth, kept=NOTHING)) == [[0, 2, 3.0, 1, 100]]
    back = links_of(nodes, [(1, 0), (1, 2)], oneway=np.array([1, -1], np.int8))
    found = join_pieces(nodes, back, kept=NOTHING)
    assert rows(found) in ([[2, 0, 3.0, 1, 101]], [[0, 2, 3.0, -1, 100]])
    facing = links_of(nodes, [(0, 1), (2, 1)], oneway=np.array([1, 1], np.int8))
    assert len(join_pieces(nodes, facing, kept=NOTHING)) == 2
    mixed = links_of(nodes, [(0, 1), (1, 2)], oneway=np.array([1, 0], np.int8))
    assert len(join_pieces(nodes, mixed, kept=NOTHING)) == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"name": ["Main Street", None]},
        {"ref": ["E 60", "E 70"]},
        {"bridge": [True, False]},
        {"tunnel": [True, False]},
        {"road_class": ["primary", "secondary"]},
        {"travel_kmh": [60.0, 50.0]},
        {"speed_kmh": [60.0, np.nan]},
        {"hours": [np.nan, 0.5]},
        {"mode": ["rail", "rail"], "gauge_mm": [1520.0, 1435.0]},
        {"mode": ["rail", "rail"], "electrified": ["no", None]},
    ],
)
def test_pieces_that_differ_stay_apart(columns):
    nodes = nodes_of(3)
    links = links_of(nodes, [(0, 1), (1, 2)], **columns)
    found = join_pieces(nodes, links, kept=NOTHING)
    pd.testing.assert_frame_equal(found, links)


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({}, [1]),
        ({"blocked": [False, True, False]}, []),
        ({"osm": [10, 0, 12]}, []),
        ({"side": np.array([0, 0, 1], np.int8)}, []),
        ({"region_id": ["A", "A", "B"]}, []),
    ],
)
def test_checkpoints_barriers_cuts_and_borders_part_what_is_alike(columns, kept):
    nodes = nodes_of(3, **columns)
    links = links_of(nodes, [(0, 1), (1, 2)])
    assert len(join_pieces(nodes, links, kept=np.array(kept, np.int64))) == 2


def test_what_would_end_where_it_begins_keeps_its_ends():
    ring = nodes_of(3)
    assert len(join_pieces(ring, links_of(ring, [(0, 1), (1, 2), (2, 0)]), kept=NOTHING)) == 3
    noose = nodes_of(5)
    links = links_of(noose, [(0, 1), (1, 2), (2, 3), (3, 1), (4, 0)])
    found = join_pieces(noose, links, kept=NOTHING)
    assert sorted(map(sorted, found[["tail", "head"]].to_numpy().tolist())) == [
        [1, 2], [1, 3], [1, 4], [2, 3],
    ]  # fmt: skip


def test_no_link_at_all():
    nodes = nodes_of(2)
    links = links_of(nodes, [(0, 1)])
    assert join_pieces(nodes, links.iloc[:0], kept=NOTHING).empty
    pd.testing.assert_frame_equal(join_pieces(nodes, links, kept=NOTHING), links)


def times(links, n):
    """Shortest times from every node to every other, by the links' own directions."""
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    hours = (links["length_km"] / links["travel_kmh"]).to_numpy()
    along, against = links["oneway"].to_numpy() >= 0, links["oneway"].to_numpy() <= 0
    start = np.r_[tail[along], head[against]]
    stop = np.r_[head[along], tail[against]]
    value = np.r_[hours[along], hours[against]]
    order = np.lexsort((value, stop, start))
    start, stop, value = start[order], stop[order], value[order]
    first = np.r_[True, (np.diff(start) != 0) | (np.diff(stop) != 0)]
    return dijkstra(coo_array((value[first], (start[first], stop[first])), shape=(n, n)).tocsr())


PIECE = st.tuples(
    st.integers(0, 9), st.integers(0, 9), st.sampled_from([-1, 0, 1]), st.sampled_from([60, 90])
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECE, min_size=1, max_size=16), st.sets(st.integers(0, 9)))
def test_no_time_and_no_length_changes_on_any_graph(pieces, kept):
    pieces = [piece for piece in pieces if piece[0] != piece[1]]
    if not pieces:
        return
    nodes = nodes_of(10, region_id=["A"] * 8 + ["B"] * 2)
    tail, head, oneway, kmh = zip(*pieces, strict=True)
    links = links_of(
        nodes,
        list(zip(tail, head, strict=True)),
        oneway=np.array(oneway, np.int8),
        travel_kmh=np.array(kmh, float),
    )
    found = join_pieces(nodes, links, kept=np.array(sorted(kept), np.int64))
    assert found["length_km"].sum() == pytest.approx(links["length_km"].sum())
    left = np.unique(np.r_[found["tail"], found["head"]])
    ends = np.unique(np.r_[links["tail"], links["head"]])
    assert set(ends) & kept <= set(left)
    before, after = (times(table, len(nodes))[np.ix_(left, left)] for table in (links, found))
    assert after == pytest.approx(before)
    at = nodes[["lon", "lat"]].to_numpy()
    for end, number in (("tail", 0), ("head", -1)):
        drawn = shapely.get_coordinates(shapely.get_point(found.geometry.to_numpy(), number))
        assert (drawn == at[found[end]]).all()
    # Another round finds nothing more.
    assert len(join_pieces(nodes, found, kept=np.array(sorted(kept), np.int64))) == len(found)


@pytest.mark.parametrize(
    ("key", "code", "lost"),
    extracts.each(
        {"andorra": ("AD", 200), "liechtenstein": ("LI", 200)},
        sketched={"andorra": ("AD", 5), "liechtenstein": ("LI", 5)},
    ),
)
def test_whole_networks_lose_nodes_and_nothing_else(key, code, lost, extract_file, monkeypatch):
    file = extract_file(key)
    extract = read_extract(file, wanted())
    country = boundaries_from_extract(extract)[0].geometry[code]
    around = shapely.box(*country.bounds).buffer(0.2).difference(country)
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": [code, "around"], "country": [code, None]},
        geometry=[country, around],
        crs=4326,
    )
    places = settlements_from_extract(extract)[["name", "geometry"]].assign(population=1.0)
    joined = from_osm(file, land, places=places)
    monkeypatch.setattr(build, "join_pieces", lambda _, links, **__: links)
    plain = from_osm(file, land, places=places)
    assert len(joined.links) < len(plain.links) - lost
    pd.testing.assert_frame_equal(pd.DataFrame(joined.crossings), pd.DataFrame(plain.crossings))
    km = [
        pd.Series(built.network.length_m).groupby(built.network.link).first().sum()
        for built in (joined, plain)
    ]
    assert km[0] == pytest.approx(km[1], rel=1e-12)
    assert joined.speeds["km"].to_numpy() == pytest.approx(plain.speeds["km"].to_numpy())
    for modes in (["road", "ferry"], ["rail"], ["road", "rail", "ferry", "transfer"]):
        hours = []
        for built in (joined, plain):
            entries = built.places.loc[built.places["node"] >= 0, "node"].to_numpy()
            gates = built.gates[["home_node", "neighbour_node"]].to_numpy().ravel()
            at = np.r_[entries, gates]
            hours.append(dijkstra(built.network.matrix(modes), indices=at)[:, at])
        assert hours[0] == pytest.approx(hours[1], rel=1e-12, abs=1e-12)
    network = joined.network
    used = np.r_[network.tail, network.indices]
    assert (np.bincount(used, minlength=network.n_nodes) > 0).all()
