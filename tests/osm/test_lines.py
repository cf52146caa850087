from collections import Counter
from itertools import pairwise

import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo_border.errors import NetworkError
from geo_border.network.links import links_from_lines
from geo_border.osm.boundaries import boundaries_from_extract
from geo_border.osm.lines import (
    cut_ways,
    lines_from_extract,
    piece_lengths,
    segment_lengths,
    sphere,
)
from geo_border.osm.roads import CAR_ROADS, RoadRules

WGS84 = Geod(ellps="WGS84")
GRID = {
    row * 10 + column: (column / 100, 50 + row / 100) for row in range(8) for column in range(8)
}
ROAD = {"highway": "primary"}


def pieces_of(extract, **options):
    """Pieces as lists of OSM ids, with the way they are of."""
    pieces = cut_ways(extract, np.arange(len(extract.way_id)), **options)
    ids = extract.node_id[pieces.vertex].tolist()
    bounds = zip(pieces.start[:-1], pieces.start[1:], strict=True)
    return [
        (int(extract.way_id[way]), ids[begin:end])
        for way, (begin, end) in zip(pieces.way, bounds, strict=True)
    ]


def test_ways_are_cut_where_they_share_a_node(make_extract):
    extract = make_extract(
        GRID, {1: ([0, 1, 2, 3], ROAD), 2: ([11, 1, 21], ROAD), 3: ([3, 4], ROAD)}
    )
    assert pieces_of(extract) == [
        (1, [0, 1]),
        (1, [1, 2, 3]),
        (2, [11, 1]),
        (2, [1, 21]),
        (3, [3, 4]),
    ]


def test_ways_that_cross_without_a_node_are_not_joined(make_extract):
    bridge = ROAD | {"bridge": "yes", "layer": "1"}
    extract = make_extract(GRID, {1: ([0, 22], ROAD), 2: ([2, 20], bridge)})
    assert pieces_of(extract) == [(1, [0, 22]), (2, [2, 20])]
    lines, _ = lines_from_extract(extract)
    assert lines["bridge"].tolist() == [False, True]
    assert lines["layer"].tolist() == [0, 1]


def test_special_nodes_cut(make_extract):
    extract = make_extract(GRID, {1: ([0, 1, 2, 3], ROAD)})
    special = np.flatnonzero(np.isin(extract.node_id, [0, 2, 70]))
    assert pieces_of(extract, special=special) == [(1, [0, 1, 2]), (1, [2, 3])]
    lines, _ = lines_from_extract(extract, keep_nodes=[1, 999])
    assert lines[["tail_osm", "head_osm"]].to_numpy().tolist() == [[0, 1], [1, 3]]


def test_a_loop_gets_two_ends(make_extract):
    extract = make_extract(GRID, {1: ([0, 1, 11, 10, 0], ROAD)})
    assert pieces_of(extract) == [(1, [0, 1, 11]), (1, [11, 10, 0])]
    assert pieces_of(extract, open_loops=False) == [(1, [0, 1, 11, 10, 0])]
    lollipop = make_extract(GRID, {1: ([0, 1, 2, 12, 11, 1], ROAD)})
    assert pieces_of(lollipop) == [(1, [0, 1]), (1, [1, 2, 12]), (1, [12, 11, 1])]
    back = make_extract(GRID, {1: ([0, 1, 0], ROAD)})
    assert pieces_of(back) == [(1, [0, 1]), (1, [1, 0])]


def test_a_roundabout_is_cut_at_its_roads_and_keeps_its_direction(make_extract):
    ring = ROAD | {"junction": "roundabout"}
    extract = make_extract(
        GRID, {1: ([1, 12, 21, 10, 1], ring), 2: ([21, 31], ROAD), 3: ([1, 2], ROAD)}
    )
    lines, account = lines_from_extract(extract)
    assert lines["oneway"].tolist() == [1, 1, 0, 0]
    ends = lines[["tail_osm", "head_osm"]].to_numpy().tolist()
    assert ends == [[1, 21], [21, 1], [21, 31], [1, 2]]
    assert account.set_index("what").loc["oneway by junction or class", "ways"] == 1


def test_missing_nodes_drop_only_their_part(make_extract):
    extract = make_extract(
        GRID,
        {
            1: ([900, 0, 1, 901, 2, 3, 4, 902], ROAD),
            2: ([903, 5, 904], ROAD),
            3: ([905, 906], ROAD),
            4: ([1, 1, 11, 11], ROAD),
        },
    )
    assert pieces_of(extract) == [(1, [0, 1]), (1, [2, 3, 4]), (4, [1, 11])]
    lines, account = lines_from_extract(extract)
    # Ways 2 and 3 have nothing left; where way 4 ends, it ends.
    assert lines["tail_clipped"].tolist() == [True, True, False]
    assert lines["head_clipped"].tolist() == [True, True, False]
    clipped = account.set_index("what").loc["clipped: only the part in the extract"]
    assert clipped["ways"] == 1


def test_nothing_gives_nothing(make_extract):
    for extract in (make_extract({}), make_extract(GRID, {1: ([], ROAD), 2: ([0], ROAD)})):
        lines, account = lines_from_extract(extract)
        assert lines.empty
        assert lines.crs == 4326
        assert {"mode", "road_class", "oneway", "speed_kmh", "hours"} <= set(lines)
        assert list(account) == ["mode", "what", "ways", "km"]


node_lists = st.lists(st.sampled_from([*GRID, 997, 998]), max_size=9)


@settings(max_examples=100, deadline=None)
@given(st.lists(node_lists, min_size=1, max_size=7), st.booleans())
def test_cutting_conserves_length_and_makes_every_junction_a_node(make_extract, ways, loops):
    extract = make_extract(GRID, {number: (refs, ROAD) for number, refs in enumerate(ways)})
    pieces = pieces_of(extract, open_loops=loops)

    def steps(refs):
        return [(a, b) for a, b in pairwise(refs) if a != b and a in GRID and b in GRID]

    # Each step of each way is in one piece of that way, in its direction, and no other is.
    requested = Counter((number, step) for number, refs in enumerate(ways) for step in steps(refs))
    made = Counter((number, step) for number, refs in pieces for step in steps(refs))
    assert made == requested
    # A vertex inside a piece is nowhere else.
    count = Counter(node for _, refs in pieces for node in refs)
    inner = [node for _, refs in pieces for node in refs[1:-1]]
    assert all(count[node] == 1 for node in inner)
    assert all(len(refs) >= 2 for _, refs in pieces)
    if loops:
        assert all(refs[0] != refs[-1] for _, refs in pieces)
    cut = cut_ways(extract, np.arange(len(ways)), open_loops=loops)
    km = piece_lengths(extract, cut)
    for length, (_, refs) in zip(km, pieces, strict=True):
        lon, lat = zip(*(GRID[node] for node in refs), strict=True)
        assert length == pytest.approx(WGS84.line_length(lon, lat) / 1000, abs=1e-6)


def test_few_ways_of_many_nodes_are_cut_the_same(make_extract):
    many = {n: (n % 100 / 100, n // 100 / 100) for n in range(5000)}
    extract = make_extract(many, {1: ([0, 1, 2], ROAD), 2: ([101, 1, 201], ROAD)})
    assert pieces_of(extract) == [(1, [0, 1]), (1, [1, 2]), (2, [101, 1]), (2, [1, 201])]


@given(st.floats(-180, 180), st.floats(-85, 85), st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_lengths_are_geodesic(lon, lat, east, north):
    here, there = np.array([lon]), np.array([lat])
    ahead = lon + east / max(np.cos(np.radians(lat)), 0.05)
    ends = np.array([(ahead + 180) % 360 - 180]), np.array([lat + north])
    exact = WGS84.inv(lon, lat, ends[0][0], ends[1][0])[2]
    assert segment_lengths(here, there, *ends)[0] == pytest.approx(exact, rel=1e-6, abs=1e-3)


def test_long_segments_and_the_date_line():
    lon0, lat0 = np.array([170.0, 179.999, 10.0]), np.array([60.0, 60, 89])
    lon1, lat1 = np.array([-170.0, -179.999, 100.0]), np.array([62.0, 60, 89])
    exact = WGS84.inv(lon0, lat0, lon1, lat1)[2]
    assert segment_lengths(lon0, lat0, lon1, lat1) == pytest.approx(exact, rel=1e-9)


def test_points_in_space_are_as_far_apart_as_on_the_ground():
    at = sphere(np.array([179.99, -179.99]), np.array([50.0, 50.0]))
    exact = WGS84.inv(179.99, 50, -179.99, 50)[2]
    assert np.linalg.norm(at[0] - at[1]) == pytest.approx(exact, rel=5e-3)


def test_a_ferry_shares_its_time_by_length(make_extract):
    ferry = {"route": "ferry", "duration": "PT1H"}
    ways = {1: ([0, 2, 3], ferry), 2: ([2, 12], ROAD)}
    lines, account = lines_from_extract(make_extract(GRID, ways))
    ferries = lines[lines["mode"] == "ferry"]
    assert ferries["hours"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert lines["hours"].isna().tolist() == [False, False, True]
    assert account.set_index("what").loc["ferry by duration", "ways"] == 1


@pytest.mark.parametrize(
    ("refs", "duration"),
    [([0, 3], "00:01"), ([0, 3], "99:00"), ([0, 3], "soon"), ([0, 3, 900], "1:00")],
)
def test_a_ferry_without_a_believable_duration_goes_by_its_class(make_extract, refs, duration):
    extract = make_extract(GRID, {1: (refs, {"route": "ferry", "duration": duration})})
    lines, account = lines_from_extract(extract)
    assert lines["hours"].isna().all()
    assert lines["travel_kmh"].tolist() == [20]
    assert "ferry without a usable duration" in set(account["what"])


def joined(lines):
    """Number of nodes that the network of some lines has, and of its links."""
    territory = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "B"]},
        geometry=[shapely.box(-1, 49, 1, 50.035), shapely.box(-1, 50.035, 1, 51)],
        crs=4326,
    )
    return links_from_lines(lines, territory)


def test_trains_do_not_leave_the_track_at_a_level_crossing(make_extract):
    rail = {"railway": "rail", "usage": "main"}
    extract = make_extract(
        GRID,
        {
            1: ([0, 11, 22], rail),
            2: ([22, 33, 55], rail),
            3: ([2, 11, 20], ROAD),
            4: ([13, 22], ROAD),
            5: ([22, 31, 60], ROAD),
        },
    )
    lines, account = lines_from_extract(extract)
    nodes, links = joined(lines)
    tracks = links[links["mode"] == "rail"]
    streets = links[links["mode"] == "road"]
    assert not set(tracks[["tail", "head"]].to_numpy().ravel()) & set(
        streets[["tail", "head"]].to_numpy().ravel()
    )
    assert len(tracks) == 2
    assert len(set(tracks[["tail", "head"]].to_numpy().ravel())) == 3
    kept = account.set_index("what").loc["level crossing kept apart (nodes)", "ways"]
    assert kept == 1
    assert len(nodes) == 3 + 5


def test_a_bollard_ends_the_road_a_gate_does_not(make_extract):
    nodes = GRID | {
        1: (*GRID[1], {"barrier": "bollard"}),
        11: (*GRID[11], {"barrier": "lift_gate"}),
        21: (*GRID[21], {"barrier": "bollard"}),
    }
    ways = {
        1: ([0, 1, 2], ROAD),
        2: ([10, 11, 12], ROAD),
        3: ([20, 21, 22], ROAD),
        4: ([21, 31], {"highway": "footway"}),
        5: ([2, 12, 60], ROAD),
    }
    lines, account = lines_from_extract(make_extract(nodes, ways))
    assert lines.loc[0, "head_osm"] == lines.loc[1, "tail_osm"] == 1
    assert lines["head_blocked"].tolist()[:2] == [True, False]
    assert lines["tail_blocked"].tolist()[:2] == [False, True]
    assert lines.geometry[0].coords[-1] == lines.geometry[1].coords[0] == GRID[1]
    assert len(lines[lines["way_id"] == 2]) == 1
    assert len(lines[lines["way_id"] == 3]) == 1
    account = account.set_index("what")["ways"]
    assert account["ends before a barrier (nodes)"] == 1
    assert account["barrier where a path begins ignored (nodes)"] == 1
    _, links = joined(lines)
    assert links.loc[0, "head"] != links.loc[1, "tail"]


def test_lanes_at_a_border_control_belong_to_the_road(make_extract):
    nodes = GRID | {11: (*GRID[11], {"barrier": "border_control"})}
    lanes = {
        1: ([0, 1], ROAD),
        2: ([1, 11, 21], {"highway": "service"}),
        3: ([66, 67], {"highway": "service"}),
        4: ([11, 12], {"highway": "service", "access": "private"}),
    }
    lines, account = lines_from_extract(make_extract(nodes, lanes))
    assert lines["way_id"].tolist() == [1, 2, 2]
    assert account.set_index("what").loc["kept: service road at a border control", "ways"] == 1
    assert lines["road_class"].tolist() == ["primary", "service", "service"]
    none, _ = lines_from_extract(
        make_extract(nodes, lanes), roads=RoadRules(service_at_controls_m=0)
    )
    assert none["way_id"].tolist() == [1]


def test_speeds_by_country_and_settlement(make_extract):
    ways = {1: ([0, 1], ROAD), 2: ([70, 71], ROAD), 3: ([4, 5], ROAD | {"maxspeed": "50"})}
    extract = make_extract(GRID, ways)
    countries = gpd.GeoDataFrame(
        {"country": ["RU", "KZ"]},
        geometry=[shapely.box(-1, 49, 1, 50.035), shapely.box(-1, 50.035, 1, 51)],
        crs=4326,
    )
    town = gpd.GeoDataFrame(geometry=[shapely.box(0, 50.06, 0.02, 50.08)], crs=4326)
    lines, account = lines_from_extract(extract, countries=countries, settlements=town)
    assert lines["country"].tolist() == ["RU", "KZ", "RU"]
    assert lines["urban"].tolist() == [False, True, False]
    assert lines["travel_kmh"].tolist() == pytest.approx([90, 0.8 * 60, 50])
    assert lines["speed_kmh"].tolist() == pytest.approx([np.nan, np.nan, 50], nan_ok=True)
    what = account.set_index("what")
    assert what.loc["speed by country and class", "ways"] == 2
    assert what.loc["speed tagged", "km"] == pytest.approx(lines["length_km"][2])
    assert "country unknown: fallback speeds" not in what.index
    alone, account = lines_from_extract(extract)
    assert alone["country"].tolist() == ["", "", ""]
    assert account.set_index("what").loc["country unknown: fallback speeds", "ways"] == 2


def test_a_class_without_a_default_speed_is_named(make_extract):
    with pytest.raises(NetworkError, match="class footway, path"):
        lines_from_extract(
            make_extract(GRID), roads=RoadRules(classes=("path", "trunk", "footway"))
        )


def test_the_same_roads_on_both_sides_have_the_same_times(make_extract):
    ways = {
        n: ([10 * n, 10 * n + 7], {"highway": kind}) for n, kind in enumerate(CAR_ROADS.classes[:8])
    }
    lines, _ = lines_from_extract(make_extract(GRID, ways))
    mirrored = {key: (-lon, *rest) for key, (lon, *rest) in GRID.items()}
    mirror, _ = lines_from_extract(make_extract(mirrored, ways))
    assert mirror["travel_kmh"].tolist() == lines["travel_kmh"].tolist()
    assert mirror["length_km"].to_numpy() == pytest.approx(lines["length_km"].to_numpy())


def test_lines_feed_the_links(make_extract):
    extract = make_extract(
        GRID,
        {
            1: ([0, 10, 20, 30, 40, 50], ROAD | {"oneway": "-1", "maxspeed": "60", "name": "A 1"}),
            2: ([20, 21], ROAD),
            3: ([5, 15, 55], {"railway": "rail"}),
        },
    )
    lines, _ = lines_from_extract(extract)
    nodes, links = joined(lines)
    assert links["oneway"].tolist() == [-1, -1, 0, 0]
    assert links["speed_kmh"].tolist() == pytest.approx([60, 60, np.nan, np.nan], nan_ok=True)
    assert links["mode"].tolist() == ["road", "road", "road", "rail"]
    geodesic = [WGS84.geometry_length(line) / 1000 for line in links.geometry]
    assert links["length_km"].to_numpy() == pytest.approx(geodesic, rel=1e-7)
    assert len(nodes) == 6
    assert lines["name"].tolist()[:2] == ["A 1", "A 1"]


# Sketches and real extracts

BOTH = extracts.of("andorra", "liechtenstein")


@pytest.mark.parametrize("key", BOTH)
def test_network_length_by_class(key, extract_of, ways_of):
    extract, ways = extract_of(key), ways_of(key)
    everything = RoadRules(closed_access=(), service_at_controls_m=0)
    lines, _ = lines_from_extract(extract, roads=everything)
    roads = lines[lines["mode"] == "road"].groupby("road_class")["length_km"].sum()
    steps = [
        (tags["highway"], *here, *there)
        for _, at, tags in ways.values()
        if tags.get("highway") in CAR_ROADS.classes and tags.get("area") != "yes"
        for here, there in pairwise(at)
    ]
    table = pd.DataFrame(steps, columns=["kind", "lon0", "lat0", "lon1", "lat1"])
    table["km"] = WGS84.inv(*(table[name].to_numpy() for name in list(table)[1:]))[2] / 1000
    expected = table.groupby("kind")["km"].sum()
    assert roads.index.tolist() == expected.index.tolist()
    assert roads.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


@pytest.mark.parametrize("key", BOTH)
def test_every_shared_node_of_the_network_is_an_end(key, extract_of, ways_of):
    extract, ways = extract_of(key), ways_of(key)
    lines, account = lines_from_extract(extract)
    roads = lines[lines["mode"] == "road"]
    count = Counter(
        ref for number in roads["way_id"].unique() for ref in dict.fromkeys(ways[number][0])
    )
    shared = {ref for ref, n in count.items() if n > 1}
    assert shared <= set(roads["tail_osm"]) | set(roads["head_osm"])
    assert (lines["length_km"] > 0).all()
    assert lines.geometry.is_valid.all()
    assert (lines["travel_kmh"].between(3, 200)).all()
    assert account["km"].ge(0).all()


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_paths_and_tracks_are_not_taken_for_roads(key, extract_of, ways_of):
    extract, ways = extract_of(key), ways_of(key)
    lines, _ = lines_from_extract(extract)
    kinds = Counter(
        ways[number][2].get("highway", "railway") for number in lines["way_id"].unique()
    )
    assert set(kinds) <= {*CAR_ROADS.classes, "service", "railway"}
    # Service roads only within reach of the one border control.
    service = lines[lines["road_class"] == "service"]
    at = sphere(*shapely.get_coordinates(shapely.get_point(service.geometry.to_numpy(), 0)).T)
    control = sphere(np.array([9.5708]), np.array([47.2183]))
    assert np.linalg.norm(at - control, axis=1).max() < 1500


@pytest.mark.parametrize(
    ("key", "code", "passed", "ringed"),
    extracts.each(
        {"andorra": ("AD", 10, 50), "liechtenstein": ("LI", 10, 50)},
        sketched={"andorra": ("AD", 0, 2), "liechtenstein": ("LI", 10, 2)},
    ),
)
def test_roads_meet_where_they_share_a_node_and_nowhere_else(
    key, code, passed, ringed, extract_of, ways_of
):
    """Bridges and tunnels included: the graph of the links is that of the ids."""
    extract, ways = extract_of(key), ways_of(key)
    lines, _ = lines_from_extract(extract)
    country = boundaries_from_extract(extract)[0].geometry[code]
    around = shapely.box(*extract_bounds(extract)).buffer(0.1).difference(country)
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "B"]},
        geometry=[country, around],
        crs=4326,
    )
    _, links = links_from_lines(lines, land)
    own = lines.loc[links["line"]]
    rail = np.tile(own["mode"].eq("rail").to_numpy(), 2)
    free = ~np.concatenate([own["tail_blocked"], own["head_blocked"]])
    osm = np.concatenate([own["tail_osm"], own["head_osm"]])
    node = np.concatenate([links["tail"], links["head"]])
    pairs = pd.DataFrame({"osm": osm, "rail": rail, "node": node})[free]
    distinct = pairs.drop_duplicates()
    assert not distinct.duplicated(["osm", "rail"]).any()
    assert not distinct.duplicated("node").any()
    # Lines that cross without a common node are parts of a bridge, a tunnel or another layer.
    geometry = links.geometry.to_numpy()
    one, other = shapely.STRtree(geometry).query(geometry, predicate="crosses")
    apart = own[["bridge", "tunnel"]].any(axis=1).to_numpy() | (own["layer"] != 0).to_numpy()
    rails = own["mode"].eq("rail").to_numpy()
    assert len(one) >= passed
    crossing = ~(apart[one] | apart[other]) & (rails[one] == rails[other])
    assert not len(one) or crossing.mean() < 0.1
    # Rings are driven one way round.
    rings = [n for n, (_, _, tags) in ways.items() if tags.get("junction") == "roundabout"]
    of_rings = own[own["way_id"].isin(rings)]
    assert len(of_rings) >= ringed
    assert (of_rings["oneway"] == 1).all()


def extract_bounds(extract):
    """Bounds of all nodes of an extract."""
    return extract.lon.min(), extract.lat.min(), extract.lon.max(), extract.lat.max()


def crossings(extract, code):
    """Lines that reach the outline of a country, with the places where they do."""
    units, _ = boundaries_from_extract(extract)
    outline = units.geometry[code].boundary
    lines, _ = lines_from_extract(extract)
    hit = lines[lines.intersects(outline)]
    return hit.assign(at=shapely.centroid(hit.geometry.intersection(outline).to_numpy()))


def reaches(found, lon, lat):
    """Whether a line reaches the outline within 50 m of a place."""
    at = shapely.get_x(found["at"].to_numpy()), shapely.get_y(found["at"].to_numpy())
    return bool((WGS84.inv(*at, *np.broadcast_arrays([lon], [lat], at[0])[:2])[2] < 50).any())


@pytest.mark.parametrize("key", extracts.ANDORRA)
def test_the_roads_out_of_andorra(key, extract_of):
    found = crossings(extract_of(key), "AD")
    main = found[found["road_class"].isin(["trunk", "primary"])]
    riu_runer, pas_de_la_casa = (1.4728, 42.4353), (1.7356, 42.5434)
    assert reaches(main[main["ref"] == "CG-1"], *riu_runer)
    assert reaches(found[found["ref"] == "N-145"], *riu_runer)
    assert reaches(main[main["ref"] == "CG-2"], *pas_de_la_casa)
    assert reaches(main[main["ref"] == "N 22"], *pas_de_la_casa)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (9.5202, 47.2437),  # Ruggell-Salez
        (9.4988, 47.2102),  # Bendern-Haag
        (9.4893, 47.1691),  # Schaan-Buchs
        (9.5123, 47.1305),  # Vaduz-Sevelen
        (9.4897, 47.0728),  # Balzers-Trübbach
    ],
)
@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_the_bridges_over_the_rhine(key, lon, lat, extract_of):
    found = crossings(extract_of(key), "LI")
    bridges = found[found["bridge"] & found["road_class"].isin(["primary", "secondary"])]
    assert reaches(bridges, lon, lat)


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_the_roads_and_the_railway_to_feldkirch(key, extract_of):
    found = crossings(extract_of(key), "LI")
    roads, rail = found[found["mode"] == "road"], found[found["mode"] == "rail"]
    assert reaches(roads[roads["road_class"] == "primary"], 9.5704, 47.2182)  # Schaanwald-Tisis
    assert reaches(roads[roads["name"] == "Nofler Strasse"], 9.5595, 47.2504)  # Ruggell-Nofels
    assert reaches(rail, 9.4907, 47.1645)  # over the Rhine to Buchs
    assert reaches(rail, 9.5697, 47.2189)  # to Feldkirch
    lines, _ = lines_from_extract(extract_of(key))
    tracks = lines[lines["mode"] == "rail"].reset_index(drop=True)
    nodes = pd.Series(np.concatenate([tracks["tail_osm"], tracks["head_osm"]]))
    graph = coo_array(
        (np.ones(len(tracks)), nodes.factorize()[0].reshape(2, -1)), shape=(nodes.nunique(),) * 2
    )
    _, label = connected_components(graph, directed=False)
    ends = rail.merge(tracks.reset_index(), on=["tail_osm", "head_osm"])["index"]
    assert len(set(label[nodes.factorize()[0][ends]])) == 1  # one line from border to border
    assert (tracks["gauge_mm"] == 1435).all()
