"""What holds on any border: random lines, roads that dip and weave, checkpoints on and off them."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from tries import tries

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.edges import WGS84
from geo_border.border.line import border_line
from geo_border.network.build import build_network
from geo_border.network.gates import gates_in_use

SPEEDS = pd.DataFrame(
    [(side, "road", "trunk", 60.0) for side in ("home", "neighbour")],
    columns=["side", "mode", "class", "kmh"],
)


@st.composite
def borders(draw):
    """Home below, neighbour above, in either hemisphere, with salients and an enclave or none."""
    south = draw(st.sampled_from([-41.0, 0.0, 49.0, 68.0]))
    west = draw(st.sampled_from([-71.0, 0.0, 130.0]))
    lat = draw(st.lists(st.floats(0.35, 0.65), min_size=3, max_size=9))
    lon = np.linspace(0, 1, len(lat))
    line = [(west + x, south + y) for x, y in zip(lon, lat, strict=True)]
    home = shapely.Polygon([*line, (west + 1, south), (west, south)])
    neighbour = shapely.Polygon([*line, (west + 1, south + 1), (west, south + 1)])
    if draw(st.booleans()):
        enclave = shapely.box(west + 0.42, south + 0.12, west + 0.58, south + 0.22)
        home, neighbour = home - enclave, neighbour | enclave
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[home, neighbour],
        crs=4326,
    )
    sides = land.set_index("region_id")
    return land, border_line(sides.loc[["A"]], sides.loc[["X"]])


@st.composite
def roads(draw, land):
    """A grid that is joined at its corners, some of them moved, some streets left out."""
    west, south, _, _ = land.total_bounds
    n = 4
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = west + np.linspace(0.08, 0.92, n) + random.uniform(-0.06, 0.06, (n, n))
    y = south + np.linspace(0.06, 0.94, n)[:, None] + random.uniform(-0.06, 0.06, (n, n))
    at = np.stack([x, y], axis=-1)
    streets = [
        shapely.LineString([at[i, j], (at[i, j] + to) / 2 + random.normal(0, 0.03, 2), to])
        for i in range(n)
        for j in range(n)
        for to in ([at[i + 1, j]] if i + 1 < n else []) + ([at[i, j + 1]] if j + 1 < n else [])
    ]
    kept = random.permutation(len(streets))[: draw(st.integers(12, len(streets)))]
    return lines_of([streets[number] for number in sorted(kept)])


def lines_of(shapes):
    return gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk"},
        geometry=list(shapes),
        index=range(len(shapes)),
        crs=4326,
    )


@st.composite
def controls(draw, lines, border):
    """Checkpoints where some roads meet the line, and one somewhere on it."""
    whole = border.union_all()
    crossed = shapely.intersection(lines.geometry.to_numpy(), whole)
    met = shapely.get_parts(crossed[~shapely.is_empty(crossed)])
    number = draw(st.integers(1, 4))
    at = [shapely.centroid(point) for point in met[:number]]
    at.append(shapely.line_interpolate_point(border.geometry.iloc[0], 0.3, normalized=True))
    status = st.sampled_from(["open", "open", "closed"])
    return controls_at(at).assign(status=draw(st.lists(status, min_size=len(at), max_size=len(at))))


def controls_at(points):
    """A register of open checkpoints of an hour."""
    return pd.DataFrame(
        {
            "name": [f"Post {n}" for n in range(len(points))],
            "mode": "road",
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": [point.x for point in points],
            "lat": [point.y for point in points],
            "accuracy_km": np.nan,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": 1.0,
        },
        index=pd.Index([f"k{n}" for n in range(len(points))], name="checkpoint_id"),
    )


@st.composite
def studies(draw):
    land, border = draw(borders())
    lines = draw(roads(land))
    return land, border, lines, draw(controls(lines, border))


def built_of(land, border, lines, table, places):
    checkpoints = placed_checkpoints(table, border, delay_h={"road": 1.0})
    return build_network(lines, land, border, checkpoints, places, SPEEDS)


def towns(lines, land):
    """A town at the middle of each street: where it lies there is its side."""
    at = shapely.line_interpolate_point(lines.geometry.to_numpy(), 0.2, normalized=True)
    home = land.geometry.iloc[0]
    side = np.where(shapely.contains(home, at), "home", "neighbour")
    region = np.where(side == "home", "A", "X")
    return gpd.GeoDataFrame(
        {"side": side, "region_id": region, "population": 1.0, "name": "Town"},
        geometry=at,
        index=pd.Index([f"p{n}" for n in range(len(at))], name="place_id"),
        crs=4326,
    )


def hours_and_metres(built, *, gates):
    """All pairs of places by the network and some gates: hours, and metres of the shortest way."""
    network = built.network
    tail, head = network.tail, network.indices
    ours, theirs = (gates[f"{side}_node"].to_numpy(np.int64) for side in ("home", "neighbour"))
    found = []
    for weight, passage in ((network.hours, 1.0), (network.length_m, 1e-6)):
        value = np.r_[weight, np.full(2 * len(gates), passage)]
        rows, columns = np.r_[tail, ours, theirs], np.r_[head, theirs, ours]
        order = np.lexsort((value, columns, rows))
        rows, columns, value = rows[order], columns[order], value[order]
        first = np.r_[True, (np.diff(rows) != 0) | (np.diff(columns) != 0)]
        graph = coo_array(
            (value[first], (rows[first], columns[first])), shape=(network.n_nodes,) * 2
        )
        node = built.places["node"].to_numpy()
        times = dijkstra(graph.tocsr(), indices=node.clip(0))[:, node.clip(0)]
        times[node < 0] = times[:, node < 0] = np.inf
        found.append(times)
    return found


def pair_hours(built):
    used = gates_in_use(built.gates)
    return hours_and_metres(built, gates=used[used["is_open"]])[0]


def on_roads_of_both(*networks):
    """Times between places on the roads of both: what lies beside may join another road."""
    on_road = np.logical_and.reduce(
        [(built.places["access_km"] < 1e-3).to_numpy() for built in networks]
    )
    return [pair_hours(built)[on_road][:, on_road] for built in networks]


@given(studies())
@settings(max_examples=tries(8))
def test_nobody_passes_but_through_a_gate_and_no_way_is_shorter_than_the_straight_one(study):
    land, border, lines, table = study
    places = towns(lines, land)
    built = built_of(land, border, lines, table, places)
    network = built.network
    assert not network.crosses.any()
    side = (built.places["side"] == "neighbour").to_numpy()
    closed, _ = hours_and_metres(built, gates=built.gates.iloc[:0])
    assert np.isinf(closed[side][:, ~side]).all()
    assert np.isinf(closed[~side][:, side]).all()
    _, metres = hours_and_metres(built, gates=built.gates)
    node = built.places["node"].to_numpy().clip(0)
    lon, lat = network.lon[node], network.lat[node]
    n = len(node)
    straight = WGS84.inv(np.repeat(lon, n), np.repeat(lat, n), np.tile(lon, n), np.tile(lat, n))[
        2
    ].reshape(n, n)
    assert (metres >= straight - 0.5).all()
    # No stretch of road lies on the other side, but for what strays within reach of a post.
    ends = network.side[network.tail], network.side[network.indices]
    assert (ends[0] == ends[1]).all()
    of_line = np.zeros(len(network.lines), np.int64)
    of_line[network.link] = ends[0]
    other = land.geometry.to_numpy()[1 - of_line]
    middle = shapely.line_interpolate_point(network.lines, 0.5, normalized=True)
    assert not shapely.contains(shapely.buffer(other, -0.03), middle).any()


@given(borders(), st.integers(0, 2**32 - 1))
@settings(max_examples=tries(6))
def test_a_closed_border_leaves_joined_what_roads_at_home_join(bordered, seed):
    """Roads that dip over the line at their post: at home none joins what no road joins there."""
    land, border = bordered
    random = np.random.default_rng(seed)
    home = land.geometry.iloc[0]
    line = border.geometry.iloc[0]
    meets = [line.interpolate(share, normalized=True) for share in random.uniform(0.1, 0.9, 3)]
    ways, ends = [], []
    for at in meets:
        turns = [(at.x + dx, at.y + dy) for dx, dy in random.uniform(-0.006, 0.006, (5, 2))]
        west, east = ((at.x + dx, at.y - 0.08) for dx in (-0.05, 0.05))
        ways += map(shapely.LineString, pairwise([west, *turns, east]))
        if random.random() < 0.3:
            ways.append(shapely.LineString([turns[2], (at.x, at.y + 0.08)]))
        ends += [west, east]
    table = controls_at(meets)
    inside = shapely.contains_xy(home.buffer(-0.001), *np.transpose(ends))
    places = towns(lines_of(ways), land).iloc[:0]
    west, _, _, north = land.total_bounds
    theirs = shapely.LineString([(west + 0.9, north - 0.05), (west + 0.9, north - 0.1)])
    lines = lines_of([*ways, theirs]).assign(oneway=random.choice([0, 0, 1], len(ways) + 1))
    network = built_of(land, border, lines, table, places).network
    edges = coo_array(
        (network.hours, (network.tail, network.indices)), shape=(network.n_nodes,) * 2
    )
    closed = connected_components(edges, directed=False)[1]
    nodes = shapely.STRtree(shapely.points(network.lon, network.lat))
    # What lies within the drawing's tolerance of home is of home.
    degrees = 25 / 111_195
    wide = home.buffer(degrees / np.cos(np.radians(min(abs(land.total_bounds[1]) + 1, 80))))
    kept = [part for way in ways for part in shapely.get_parts(way.intersection(wide))]
    tree = shapely.STRtree(kept)
    one, two = tree.query(kept, predicate="dwithin", distance=1e-9)
    graph = coo_array((np.ones(len(one), bool), (one, two)), shape=(len(kept),) * 2)
    at_home = connected_components(graph, directed=False)[1]
    points = shapely.points(np.array(ends)[inside])
    joined, may_be = closed[nodes.nearest(points)], at_home[tree.nearest(points)]
    assert (may_be[:, None] == may_be)[joined[:, None] == joined].all()


@given(studies(), st.randoms(use_true_random=False))
@settings(max_examples=tries(4))
def test_the_order_of_rows_changes_nothing(study, random):
    land, border, lines, table = study
    places = towns(lines, land)
    times = pair_hours(built_of(land, border, lines, table, places))
    rows, controls_at = list(range(len(lines))), list(range(len(table)))
    random.shuffle(rows)
    random.shuffle(controls_at)
    again = built_of(land, border, lines.iloc[rows], table.iloc[controls_at], places)
    np.testing.assert_allclose(pair_hours(again), times, rtol=1e-6)


@given(studies())
@settings(max_examples=tries(4))
def test_a_finer_drawing_of_the_same_roads_changes_nothing_beyond_rounding(study):
    land, border, lines, table = study
    places = towns(lines, land)
    fine = lines.set_geometry(shapely.segmentize(lines.geometry.to_numpy(), 0.02))
    times, again = on_roads_of_both(
        built_of(land, border, lines, table, places), built_of(land, border, fine, table, places)
    )
    np.testing.assert_allclose(again, times, rtol=1e-5)


@given(studies(), st.integers(0, 2**32 - 1))
@settings(max_examples=tries(4))
def test_dead_ends_change_nothing(study, seed):
    """Streets that end blind within a side, from corners of the grid."""
    land, border, lines, table = study
    places = towns(lines, land)
    first = built_of(land, border, lines, table, places)
    random = np.random.default_rng(seed)
    corner = shapely.get_coordinates(shapely.get_point(lines.geometry.to_numpy(), 0))
    ends = corner + random.uniform(-0.02, 0.02, corner.shape)
    streets = shapely.linestrings(np.stack([corner, ends], axis=1))
    whole = border.union_all()
    blind = streets[~shapely.dwithin(streets, whole, 0.001)][:5]
    more = pd.concat([lines, lines_of(list(blind))], ignore_index=True)
    with_them = built_of(land, border, more, table, places)
    times, again = on_roads_of_both(first, with_them)
    np.testing.assert_allclose(again, times, rtol=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1e-13, -1e-13, 1e-9, -1e-9])
def test_a_border_moved_by_rounding_moves_nothing(shift):
    """Roads meet on the border itself, whose place no two libraries give to the last digit."""
    at = 50 + shift
    land = gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"]},
        geometry=[shapely.box(0, 49, 1, at), shapely.box(0, at, 1, 51)],
        crs=4326,
    )
    sides = land.set_index("region_id")
    border = border_line(sides.loc[["A"]], sides.loc[["X"]])
    junctions = [(x, 50.0) for x in (0.2, 0.5, 0.8)]
    streets = [
        shapely.LineString(pair)
        for x, here in zip((0.2, 0.5, 0.8), junctions, strict=True)
        for pair in ([(x, 49.5), here], [here, (x, 50.5)])
    ]
    streets += [shapely.LineString(junctions[:2]), shapely.LineString([(0.2, 49.5), (0.8, 49.5)])]
    control = pd.DataFrame(
        {
            "name": ["Middle"],
            "mode": "road",
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": 0.5,
            "lat": 50.0,
            "accuracy_km": 0.1,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": 1.0,
        },
        index=pd.Index(["middle"], name="checkpoint_id"),
    )
    lines = lines_of(streets)
    built = built_of(land, border, lines, control, towns(lines, land).iloc[:0])
    assert built.crossings.index.tolist() == [f"x50.000n0.{x}00e" for x in (2, 5, 8)]
    assert built.gates["is_candidate"].tolist() == [False, True, True]
    network = built.network
    assert (network.n_nodes, network.n_edges) == (12, 16)
    half, street, feeder = 55_616, 21_500, 43_000
    assert sorted(network.length_m[network.side[network.tail] == 0]) == pytest.approx(
        [street] * 2 + [feeder] * 2 + [half] * 6, rel=0.02
    )
