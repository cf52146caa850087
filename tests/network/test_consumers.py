"""Each form of the network, read by the tool that it is for, gives the same trips.

AequilibraE is tried where it and mod_spatialite are installed and Python's sqlite3 loads
extensions.
"""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import Geod

from geo_border.access.corridors import corridor_profiles, corridor_summary, find_corridors
from geo_border.border.checkpoints import placed_checkpoints
from geo_border.network.build import build_network
from geo_border.network.exchange import from_networkx, gates_from_networkx, to_networkx
from geo_border.network.exports import FORMATS, write_network
from geo_border.routing.tables import gate_tables

GATE_COLUMNS = [
    *("mode", "home_node", "neighbour_node", "delay_out_h", "delay_in_h"),
    *("is_open", "is_candidate"),
]

MODES = ("road", "ferry")


@pytest.fixture
def built(controls, border, territory, places, speeds):
    """A road with a slow post, and faster ones with a closed post, a candidate and nothing."""
    columns = [0.5, 0.7, 0.8, 0.9]
    rows = [[(x, 49.2), (x, 50.8)] for x in columns]
    rows += [
        [(a, y), (b, y)]
        for a, b in zip(columns[:-1], columns[1:], strict=True)
        for y in (49.2, 50.8)
    ]
    rows.append([(0.49, 49.2), (0.49, 50.8)])
    lines = gpd.GeoDataFrame(
        {
            "mode": ["road"] * (len(rows) - 1) + ["rail"],
            "road_class": ["trunk"] * (len(rows) - 1) + ["rail"],
        },
        geometry=[shapely.LineString(row) for row in rows],
        crs=4326,
    )
    shut = controls.iloc[:1].assign(name="Old post", status="closed", lon=0.7, delay_h=0.0)
    register = pd.concat([controls, shut.rename(index={"road-post": "old-post"})])
    register = register.assign(delay_out_h=[2.0, 6.0, 0.0], delay_in_h=[3.5, 6.0, 0.0])
    checkpoints = placed_checkpoints(register, border, delay_h={"road": 2, "rail": 1})
    return build_network(
        lines,
        territory,
        border,
        checkpoints,
        places.loc[["p1", "p3"]],
        speeds,
        delay_h={"road": 0.1},
        most_candidates=1,
    )


@pytest.fixture
def ours(built):
    """Hours and km there and back by the package's own tables."""
    tables = gate_tables(built.network, built.places, built.gates, modes=MODES, trees=True)
    stops = {"out": ["p1", "p3"], "in": ["p3", "p1"]}
    found = find_corridors(built.network, tables, built.places, stops)
    summary = corridor_summary(corridor_profiles(built.network, tables, found))
    assert summary["delay_h"].tolist() == [2.0, 3.5]
    assert summary["via"].tolist() == ["road-post", "road-post"]
    return summary[["hours", "km"]].to_numpy()


def trips(edges, start, stop):
    """Hours and km there and back over (tail, head, hours, km), infinite where there is no way."""
    graph = nx.MultiDiGraph()
    for tail, head, hours, km in edges:
        graph.add_edge(tail, head, hours=hours, km=km)
    return np.array([trip(graph, *pair) for pair in ((start, stop), (stop, start))])


def trip(graph, start, stop, hours="hours", km="km"):
    if not nx.has_path(graph, start, stop):
        return np.inf, np.nan
    path = nx.dijkstra_path(graph, start, stop, weight=hours)
    way = nx.path_weight(graph, path, hours)
    return way, nx.path_weight(graph, path, km) if np.isfinite(way) else np.nan


def by_networkx(_, built, start, stop):
    graph = to_networkx(built)
    found = np.array([trip(graph, *way, km="length") for way in ((start, stop), (stop, start))])
    return found / [1, 1000]


def by_osmnx(folder, _, start, stop):
    graph = ox.load_graphml(folder / "network.graphml")
    found = []
    for way in ((start, stop), (stop, start)):
        path = ox.routing.shortest_path(graph, *way, weight="travel_time")
        seconds = nx.path_weight(graph, path, "travel_time")
        metres = nx.path_weight(graph, path, "length") if np.isfinite(seconds) else np.nan
        found.append((seconds / 3600, metres / 1000))
    return np.array(found)


def by_geopackage(folder, _, start, stop):
    links = pyogrio.read_dataframe(folder / "network.gpkg", layer="links", read_geometry=False)
    edges = [
        (*row[ends], row[hours], row["length_m"] / 1000)
        for ends, hours in ((["tail", "head"], "hours_along"), (["head", "tail"], "hours_against"))
        for _, row in links.dropna(subset=hours).iterrows()
    ]
    return trips(edges, start, stop)


def by_geoparquet(folder, _, start, stop):
    edges = pd.read_parquet(folder / "network" / "edges.parquet")
    lines = gpd.read_parquet(folder / "network" / "links.parquet")
    assert edges["link"].isin(lines.index).all()
    edges["km"] = edges["length_m"] / 1000
    columns = ["tail", "head", "hours", "km"]
    return trips(edges[columns].itertuples(index=False), start, stop)


def by_frictionless(folder, _, start, stop):
    """The fields of the specification alone."""
    frictionless = pytest.importorskip("frictionless")
    package = frictionless.Package(str(folder / "gmns" / "datapackage.json"))
    rows = package.get_resource("link").read_rows()
    edges = [
        (*(row["from_node_id"], row["to_node_id"]), float(row["length"] / row["free_speed"]),
         float(row["length"]))
        for row in rows
        if row["allowed_uses"] in MODES
    ]  # fmt: skip
    return trips(edges, start, stop)


CONSUMERS = [by_networkx, by_osmnx, by_geopackage, by_geoparquet, by_frictionless]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_every_form_gives_the_same_hours_and_km_across_the_border(built, ours, consumer, tmp_path):
    write_network(built, tmp_path, FORMATS)
    start, stop = built.places["node"].tolist()
    # A checkpoint of GMNS is some 0.1 m long.
    assert consumer(tmp_path, built, start, stop) == pytest.approx(ours, rel=1e-6, abs=2e-4)


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_nobody_passes_a_closed_border_in_any_form(built, consumer, tmp_path):
    shut = replace(built, gates=built.gates.assign(is_open=False))
    write_network(shut, tmp_path, FORMATS)
    start, stop = built.places["node"].tolist()
    assert np.isinf(consumer(tmp_path, shut, start, stop)[:, 0]).all()


def test_gates_are_edges_that_say_what_they_are(built, tmp_path):
    """The same words in every form; no network is in two parts for want of them."""
    write_network(built, tmp_path, FORMATS, names=pd.Series({"road-post": "Road post"}))
    graph = to_networkx(built)
    assert nx.is_weakly_connected(graph.edge_subgraph(graph.edges))
    forms = {
        "networkx": pd.DataFrame([data for *_, data in graph.edges(data=True)]),
        "gpkg": pyogrio.read_dataframe(tmp_path / "network.gpkg", layer="links"),
        "parquet": gpd.read_parquet(tmp_path / "network" / "links.parquet"),
        "gmns": pd.read_csv(tmp_path / "gmns" / "link.csv"),
    }
    for name, table in forms.items():
        gates = table.dropna(subset="checkpoint_id")
        assert set(gates["checkpoint_id"]) == set(built.gates.index), name
        first = gates.drop_duplicates("checkpoint_id").set_index("checkpoint_id")
        stated = built.gates.loc[first.index]
        for flag in ("is_open", "is_candidate"):
            assert (first[flag].astype(bool) == stated[flag].astype(bool)).all(), (name, flag)
        if name != "gmns":
            assert (first["mode"] == stated["mode"]).all(), name
            for delay in ("delay_out_h", "delay_in_h"):
                assert first[delay].to_numpy() == pytest.approx(stated[delay].to_numpy()), name
            assert (shapely.get_num_coordinates(first["geometry"].to_numpy()) == 2).all(), name
    assert forms["gpkg"].set_index("checkpoint_id").loc["road-post", "name"] == "Road post"
    delays = forms["gmns"].groupby("checkpoint_id")["delay_h"].apply(list)
    assert delays["road-post"] == [2.0, 3.5]


def test_networkx_gives_gates_and_network_back(built, tmp_path):
    write_network(built, tmp_path, ["graphml"])
    plain = nx.read_graphml(tmp_path / "network.graphml", node_type=int, force_multigraph=True)
    for graph in (to_networkx(built), ox.load_graphml(tmp_path / "network.graphml"), plain):
        gates = gates_from_networkx(graph)
        expected = built.gates[GATE_COLUMNS].astype({"is_candidate": bool, "is_open": bool})
        pd.testing.assert_frame_equal(gates, expected, check_dtype=False)
    back = from_networkx(to_networkx(built))
    for field in ("lon", "lat", "side", "indptr", "indices", "hours", "length_m"):
        assert np.array_equal(getattr(back, field), getattr(built.network, field)), field


def test_what_osmnx_does_with_its_own_graphs_it_does_with_ours(built, tmp_path):
    write_network(built, tmp_path, ["graphml"])
    graph = ox.load_graphml(tmp_path / "network.graphml")
    nodes, edges = ox.convert.graph_to_gdfs(graph)
    assert len(edges) == built.network.n_edges + 2 * len(built.gates)
    assert nodes.crs == 4326
    assert edges["travel_time"].dtype == float
    assert ox.stats.basic_stats(graph)["n"] == built.network.n_nodes
    assert ox.convert.to_undirected(graph).number_of_nodes() == len(nodes)
    start = built.places["node"].iloc[0]
    at = nodes.loc[start]
    assert ox.distance.nearest_nodes(ox.project_graph(graph), *_projected(graph, at)) == start


def _projected(graph, at):
    point = gpd.GeoSeries([shapely.Point(at["x"], at["y"])], crs=4326)
    point = point.to_crs(ox.project_graph(graph).graph["crs"]).iloc[0]
    return point.x, point.y


def test_the_gmns_package_is_valid(built, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    write_network(built, tmp_path, ["gmns"])
    report = frictionless.Package(str(tmp_path / "gmns" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]
    described = json.loads((tmp_path / "gmns" / "datapackage.json").read_text(encoding="utf-8"))
    files = {resource["path"] for resource in described["resources"]}
    assert files == {path.name for path in (tmp_path / "gmns").glob("*.csv")}
    uses = pd.read_csv(tmp_path / "gmns" / "use_definition.csv")["use"]
    assert pd.read_csv(tmp_path / "gmns" / "link.csv")["allowed_uses"].isin(uses).all()


@pytest.mark.parametrize("table", ["link", "node", "geometry", "use_definition"])
def test_gmns_keeps_to_the_published_schema(built, table, tmp_path, monkeypatch):
    frictionless = pytest.importorskip("frictionless")
    gmnspy = pytest.importorskip("gmnspy")
    write_network(built, tmp_path, ["gmns"])
    published = Path(gmnspy.__file__).parent / "spec" / f"{table}.schema.json"
    schema = frictionless.Schema.from_descriptor(json.loads(published.read_text("utf-8")))
    monkeypatch.chdir(tmp_path / "gmns")
    report = frictionless.Resource(
        path=f"{table}.csv", schema=schema, detector=frictionless.Detector(schema_sync=True)
    ).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]


def test_gmns_has_what_aequilibrae_asks_for(built, tmp_path):
    """Nodes it tells by their place, lines that end just there, ids above zero, lanes."""
    write_network(built, tmp_path, ["gmns"])
    node, link, geometry = (
        pd.read_csv(tmp_path / "gmns" / f"{name}.csv") for name in ("node", "link", "geometry")
    )
    assert not node.duplicated(["x_coord", "y_coord"]).any()
    assert (link["link_id"] > 0).all()
    assert "lanes" in link
    assert np.isfinite(link["free_speed"]).all()
    wkt = geometry.set_index("geometry_id")["geometry"]
    lines = shapely.from_wkt(wkt[link["geometry_id"]].to_numpy())
    assert (shapely.length(lines) > 0).all()
    at = node.set_index("node_id")[["x_coord", "y_coord"]]
    turned = (link["dir_flag"] == -1).to_numpy()
    for end, place in (("from_node_id", 0), ("to_node_id", -1)):
        there = np.where(
            turned, shapely.get_point(lines, -1 - place), shapely.get_point(lines, place)
        )
        assert (shapely.get_coordinates(there) == at.loc[link[end]].to_numpy()).all()
    gates = link[link["checkpoint_id"].notna()]
    metres = 1000 * gates["length"].to_numpy()
    assert metres == pytest.approx(0.11, abs=0.01)
    drawn = [
        Geod(ellps="WGS84").geometry_length(line) for line in lines[link["checkpoint_id"].notna()]
    ]
    assert metres == pytest.approx(drawn, rel=1e-3)


def test_aequilibrae_finds_the_same_trip(built, ours, tmp_path):
    pytest.importorskip("aequilibrae")
    if not _has_spatialite():
        pytest.skip("sqlite3 cannot load mod_spatialite")
    from aequilibrae import Parameters, Project  # noqa: PLC0415  (where it is installed)
    from aequilibrae.paths import PathResults  # noqa: PLC0415

    # It takes both directions of a link for one, with the times of the first, and gives the
    # same letter to several classes, which it then refuses.
    write_network(built, tmp_path, ["gmns"])
    classless = pd.read_csv(tmp_path / "gmns" / "link.csv").drop(columns="facility_type")
    classless.to_csv(tmp_path / "gmns" / "link.csv", index=False)
    link, node, geometry = (
        str(tmp_path / "gmns" / f"{n}.csv") for n in ("link", "node", "geometry")
    )
    project = Project()
    project.new(str(tmp_path / "project"))
    uses = pd.read_csv(tmp_path / "gmns" / "use_definition.csv")["use"]
    letters = dict(zip(uses, "nopqrsu", strict=True))
    for use, letter in letters.items():
        mode = project.network.modes.new(letter)
        mode.mode_name = use
        project.network.modes.add(mode)
        mode.save()
    parameters = Parameters()
    fields = parameters.parameters["network"]["gmns"]["link"]["fields"]
    fields["hours"] = {"description": "Hours", "type": "numeric", "required": False}
    parameters.write_back()
    project.network.create_from_gmns(link, node, geometry_path=geometry)
    project.network.build_graphs(modes=[letters["road"]])
    graph = project.network.graphs[letters["road"]]
    graph.set_graph("hours")
    graph.set_skimming(["hours", "distance"])
    graph.set_blocked_centroid_flows(False)
    paths = PathResults()
    paths.prepare(graph)
    paths.compute_path(*built.places["node"].tolist())
    assert paths.milepost[-1] == pytest.approx(ours[0, 0], rel=1e-6)
    table = project.network.links.data.set_index("link_id").loc[paths.path]
    assert table["distance"].sum() / 1000 == pytest.approx(ours[0, 1], rel=1e-4)
    project.close()


def _has_spatialite():
    connection = sqlite3.connect(":memory:")
    try:
        connection.enable_load_extension(True)
        connection.load_extension("mod_spatialite")
    except (AttributeError, sqlite3.OperationalError):
        return False
    return True
