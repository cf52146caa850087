from dataclasses import fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo_border.errors import NetworkError
from geo_border.network.build import build_network, with_names
from geo_border.network.exports import (
    FORMATS,
    link_layer,
    read_graphml,
    read_network,
    read_parquet,
    write_geopackage,
    write_gmns,
    write_graphml,
    write_network,
    write_parquet,
)
from geo_border.network.links import CARRIED

NAMES = pd.Series({"road-post": "Road post", "rail-post": "Пост <b>"})


@pytest.fixture
def built(lines, territory, border, checkpoints, places, speeds):
    bent = lines.assign(oneway=[0, 0, 1, -1, 0, 0])
    bent.loc[2, "geometry"] = shapely.LineString([(0.2, 49.2), (0.3, 49.25), (0.5, 49.2)])
    bent = bent.assign(
        name=["North Road", "North Road", "Шоссе <b>", None, None, "Main line"],
        ref=["M 1", "M 1", None, None, None, None],
        way_id=[11, 12, 13, 14, 15, 16],
        gauge_mm=[np.nan] * 5 + [1520.0],
        electrified=[None] * 5 + ["contact_line"],
        bridge=[False, True, False, False, False, False],
        tunnel=False,
    )
    return build_network(bent, territory, border, checkpoints, places, speeds)


def assert_same(one, other):
    """Every array of two networks is the same, to the bit and the type."""
    for field in fields(one):
        there, here = getattr(one, field.name), getattr(other, field.name)
        if field.name == "lines":
            assert (shapely.to_wkb(there) == shapely.to_wkb(here)).all()
        elif isinstance(there, tuple):
            assert there == here
        else:
            assert there.dtype == here.dtype, field.name
            assert np.array_equal(there, here), field.name


def test_parquet_gives_the_same_network_back(built, tmp_path):
    # A region without a node, as a study may have, must not be lost.
    network = replace(built.network, regions=(*built.network.regions, "Z"))
    write_parquet(replace(built, network=network), tmp_path / "out", names=NAMES)
    assert_same(network, read_parquet(tmp_path / "out"))
    controls = gpd.read_parquet(tmp_path / "out" / "checkpoints.parquet")
    assert controls.loc["rail-post", "name"] == "Пост <b>"
    assert controls.loc["road-post"].geometry.distance(shapely.Point(0.5, 50)) < 0.01
    crossings = gpd.read_parquet(tmp_path / "out" / "crossings.parquet")
    pd.testing.assert_frame_equal(pd.DataFrame(crossings), pd.DataFrame(built.crossings))


def plain(frame):
    """A frame whose text is text and whose gaps are None, whatever kind of column holds them."""
    frame = pd.DataFrame(frame)
    words = [name for name in frame if frame[name].dtype.kind not in "fibu"]
    return frame.assign(
        **{name: frame[name].astype(object).where(frame[name].notna(), None) for name in words}
    )


def test_a_network_read_back_is_the_one_that_was_written(built, tmp_path):
    named = with_names(built, NAMES)
    write_network(named, tmp_path / "out")
    back = read_network(tmp_path / "out")
    assert_same(named.network, back.network)
    for field in fields(named):
        there, here = getattr(named, field.name), getattr(back, field.name)
        if isinstance(there, pd.DataFrame):
            pd.testing.assert_frame_equal(plain(here), plain(there))
    assert read_network(str(tmp_path / "out" / "network")).land.crs == 4326
    with pytest.raises(NetworkError, match="there is one already"):
        write_network(named, tmp_path / "out")
    (tmp_path / "out" / "network" / "controls.parquet").unlink()
    with pytest.raises(NetworkError, match="no network can be read"):
        read_network(tmp_path / "out")


@pytest.mark.parametrize("spoil", ["nodes", "edges", "links", "order", "mode", "far"])
def test_a_spoilt_folder_is_one_error(built, tmp_path, spoil):
    folder = tmp_path / "out"
    write_parquet(built, folder)
    edges = pd.read_parquet(folder / "edges.parquet")
    attrs = edges.attrs
    if spoil in ("nodes", "links"):
        (folder / f"{spoil}.parquet").unlink()
    elif spoil == "edges":
        (folder / "edges.parquet").write_bytes(b"PAR1 no parquet")
    elif spoil == "order":
        edges = edges.iloc[::-1]
    elif spoil == "mode":
        edges["mode"] = "tram"
    else:
        edges["head"] = 10**6
    if spoil in ("order", "mode", "far"):
        edges.attrs = attrs
        edges.to_parquet(folder / "edges.parquet")
    with pytest.raises(NetworkError, match="no network can be read from it"):
        read_parquet(folder)


def test_the_geopackage_has_layers_for_qgis(built, tmp_path):
    file = tmp_path / "network.gpkg"
    write_geopackage(built, file, names=NAMES)
    layers = dict(pyogrio.list_layers(file))
    assert layers == {"nodes": "Point", "links": "LineString", "crossings": "Point",
                      "checkpoints": "Point", "places": "Point"}  # fmt: skip
    links = gpd.read_file(file, layer="links")
    assert links.crs == 4326
    assert len(links) == len(built.network.lines) + len(built.gates)
    nodes = gpd.read_file(file, layer="nodes").set_index("node")
    start = shapely.get_point(links.geometry.to_numpy(), 0)
    gaps = shapely.distance(start, nodes.geometry.loc[links["tail"]].to_numpy())
    assert gaps.max() < 1e-6
    controls = gpd.read_file(file, layer="checkpoints").set_index("checkpoint_id")
    assert controls.loc["rail-post", "name"] == "Пост <b>"
    assert bool(controls.loc["road-post", "is_open"])


def test_links_carry_what_their_lines_say(built, tmp_path):
    write_network(built, tmp_path, ["parquet", "gpkg", "gmns"])
    links = gpd.read_parquet(tmp_path / "network" / "links.parquet")
    assert links.index.name == "link"
    links = links[links["checkpoint_id"].isna()]
    assert (links.geometry.to_numpy() == built.network.lines).all()
    by_way = links.dropna(subset="way_id").groupby("way_id").first()
    assert by_way.index.tolist() == [11, 12, 13, 14, 15, 16]
    assert by_way.loc[13, "name"] == "Шоссе <b>"
    assert by_way["ref"].fillna("").tolist() == ["M 1", "M 1", "", "", "", ""]
    assert by_way.loc[16, ["gauge_mm", "electrified"]].tolist() == [1520.0, "contact_line"]
    assert by_way["bridge"].tolist() == [False, True, False, False, False, False]
    layer = gpd.read_file(tmp_path / "network.gpkg", layer="links").set_index("link")
    table = pd.read_csv(tmp_path / "gmns" / "link.csv").set_index("geometry_id")
    own = np.intersect1d(table.index, links.index)
    for found, index in ((layer, links.index), (table, own)):
        one = found[~found.index.duplicated()].loc[index]
        for column in ("name", "ref", "electrified"):
            same = one[column].fillna("") == links.loc[index, column].fillna("")
            assert same.all(), column
        for column in ("way_id", "gauge_mm", "bridge", "tunnel"):
            ours = links.loc[index, column].astype(float)
            assert one[column].astype(float).to_numpy() == pytest.approx(ours, nan_ok=True), column


def test_links_of_lines_that_say_nothing_have_the_columns_too(
    lines, territory, border, checkpoints, places, speeds, tmp_path
):
    bare = build_network(lines, territory, border, checkpoints, places, speeds)
    assert list(bare.links) == list(CARRIED)
    assert len(bare.links) == len(bare.network.lines)
    assert bare.links.isna().all(axis=None)
    write_network(bare, tmp_path, FORMATS)


def test_what_a_layer_says_in_other_words_is_understood_or_missing(
    lines, territory, border, checkpoints, places, speeds
):
    said = lines.assign(bridge=["yes", "no", "viaduct", True, None, 1], gauge_mm="1520 mm", name=7)
    found = build_network(said, territory, border, checkpoints, places, speeds).links
    assert set(found["name"].dropna().map(type)) == {str}
    assert found["gauge_mm"].isna().all()
    assert found["bridge"].dropna().isin([True, False]).all()
    assert found["bridge"].sum() > 1


def test_links_say_both_directions(built):
    links = link_layer(built)
    gates = links[links["side"] == "gate"].set_index("checkpoint_id")
    assert gates.loc["road-post", ["hours_along", "hours_against"]].tolist() == [2, 2]
    assert not gates.loc[~built.gates["is_open"], "is_open"].any()
    assert (
        gates.loc[~built.gates["is_open"], ["hours_along", "hours_against"]].isna().all(axis=None)
    )
    links = links[links["side"] != "gate"]
    oneway = links[links["hours_against"].isna() | links["hours_along"].isna()]
    # The feeder, cut where a place enters, and the unserved road, cut at its candidate.
    assert 2 <= len(oneway) <= 4
    both = links.drop(index=oneway.index)
    assert (both["hours_along"] == both["hours_against"]).all()
    road = links[links["mode"] == "road"]
    assert road["kmh"].to_numpy() == pytest.approx(80)
    assert links["length_m"].sum() == pytest.approx(
        pd.Series(built.network.length_m).groupby(built.network.link).first().sum()
    )


def test_graphml_gives_the_same_network_back(built, tmp_path):
    network = built.network
    file = tmp_path / "network.graphml"
    write_graphml(network, file)
    back = read_graphml(file)
    for field in ("lon", "lat", "side", "region", "indptr", "indices", "hours", "length_m"):
        assert np.array_equal(getattr(network, field), getattr(back, field)), field
    kinds = [np.array(one.classes)[one.road_class] for one in (network, back)]
    assert (kinds[0] == kinds[1]).all()
    for edge in range(network.n_edges):
        assert network.lines[network.link[edge]].equals(back.lines[back.link[edge]])


def test_names_from_data_do_not_break_graphml(built, tmp_path):
    wild = replace(built.network, regions=("<a href='x'>&", "line\nbreak \x0b \x00"))
    write_graphml(wild, tmp_path / "wild.graphml")
    assert read_graphml(tmp_path / "wild.graphml").regions == (
        "<a href='x'>&",
        "line\nbreak � �",
    )
    (tmp_path / "not.graphml").write_text("<graphml", encoding="utf-8")
    with pytest.raises(NetworkError, match="no network in GraphML"):
        read_graphml(tmp_path / "not.graphml")


def test_gmns_has_the_fields_of_the_specification(built, tmp_path):
    write_gmns(built, tmp_path / "gmns")
    node, link, geometry, config = (
        pd.read_csv(tmp_path / "gmns" / f"{name}.csv")
        for name in ("node", "link", "geometry", "config")
    )
    assert {"node_id", "x_coord", "y_coord"} <= set(node)
    assert {"link_id", "from_node_id", "to_node_id", "directed"} <= set(link)
    assert node["node_id"].is_unique
    assert set(node["node_id"]) == set(link["from_node_id"]) | set(link["to_node_id"])
    assert set(link["allowed_uses"]) == {"road", "rail", "transfer", "closed"}
    assert (link["link_id"] > 0).all()
    assert link["link_id"].is_unique
    assert link[["from_node_id", "to_node_id"]].isin(set(node["node_id"])).all(axis=None)
    assert set(link["geometry_id"].dropna().astype(int)) == set(geometry["geometry_id"])
    assert link["free_speed"].dropna().between(0, 200).all()
    assert link["dir_flag"].isin([-1, 0, 1]).all()
    assert config.loc[0, ["long_length", "speed", "crs"]].tolist() == ["km", "km/h", "EPSG:4326"]
    wkt = geometry.set_index("geometry_id")["geometry"]
    for row in link[link["geometry_id"].notna()].itertuples():
        line = shapely.from_wkt(wkt[int(row.geometry_id)])
        at = node.set_index("node_id").loc[row.from_node_id, ["x_coord", "y_coord"]].to_numpy(float)
        begin = line.coords[0 if row.dir_flag == 1 else -1]
        assert begin == tuple(at)  # readers tell nodes by their place


def test_another_tool_finds_the_same_times_across_the_border_in_gmns(built, tmp_path):
    """Searches on the files alone, against those on each side and the delay."""
    write_gmns(built, tmp_path / "gmns")
    link = pd.read_csv(tmp_path / "gmns" / "link.csv")
    link = link[link["allowed_uses"].isin(["road", "ferry"])]
    n = built.network.n_nodes
    ends = link[["from_node_id", "to_node_id"]].to_numpy().T
    hours = dijkstra(coo_array((link["hours"].to_numpy(), ends), shape=(n, n)).tocsr())
    delay = built.gates.loc["road-post", "delay_out_h"]
    start, stop = built.places.loc[["p1", "p3"], "node"]
    gate = built.gates.loc["road-post"]
    inside = built.network.matrix(["road", "ferry"])
    to_gate = dijkstra(inside, indices=start)[gate["home_node"]]
    onward = dijkstra(inside, indices=gate["neighbour_node"])[stop]
    assert hours[start, stop] == pytest.approx(to_gate + delay + onward)


def test_all_forms_at_once(built, tmp_path):
    write_network(built, tmp_path, FORMATS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gmns",
        "network",
        "network.gpkg",
        "network.graphml",
    ]
    with pytest.raises(NetworkError, match="cannot be written as shp"):
        write_network(built, tmp_path / "x", ["gpkg", "shp"])
