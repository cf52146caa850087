"""One call from lines or extracts to a network, on made-up land and on two small countries."""

import extracts
import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from geo_border import from_lines, from_osm
from geo_border.errors import (
    CheckpointError,
    ExtractError,
    GeometryError,
    NetworkError,
    ParameterError,
    SideError,
    TableError,
)
from geo_border.network.build import build_network
from geo_border.osm.graphs import lines_from_osmnx
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract
from geo_border.pipeline.sources import from_osmnx
from geo_border.terms import MODES, SIDES

WGS84 = Geod(ellps="WGS84")


def test_lines_alone_make_a_network_of_candidates(lines, territory, speeds):
    built = from_lines(lines, territory, speeds=speeds)
    assert built.gates["is_candidate"].tolist() == [True] * 3
    assert built.places.empty
    assert built.network.regions == ("A", "X")
    assert len(built.crossings) == 3


def test_crossings_without_a_checkpoint_can_be_open(lines, territory, controls, speeds):
    alone = from_lines(lines, territory, speeds=speeds, open_crossings=True)
    assert alone.gates["is_open"].tolist() == [True] * 3
    assert (alone.gates[["delay_out_h", "delay_in_h"]] == 0).all(axis=None)
    both = from_lines(lines, territory, checkpoints=controls, speeds=speeds, open_crossings=True)
    assert both.gates["delay_out_h"].tolist() == [2.0, 1.0, 0.0]


def test_a_register_may_say_little(lines, territory, speeds):
    bare = pd.DataFrame({"checkpoint_id": ["a"], "lon": [0.503], "lat": [50.0]})
    points = gpd.GeoDataFrame(
        {"name": ["Gate"]}, geometry=[shapely.Point(0.503, 50)], index=["a"], crs=4326
    ).to_crs(3857)
    for given in (bare, points):
        built = from_lines(lines, territory, checkpoints=given, speeds=speeds)
        assert built.gates.loc["a", ["mode", "is_open", "delay_out_h"]].tolist() == [
            "road",
            True,
            0,
        ]
    with pytest.raises(CheckpointError, match="where the checkpoints are"):
        from_lines(lines, territory, checkpoints=bare.drop(columns="lat"), speeds=speeds)
    with pytest.raises(TableError, match="checkpoint_id 'a' stands twice"):
        from_lines(lines, territory, checkpoints=pd.concat([bare, bare]), speeds=speeds)


def test_a_graph_of_osmnx_is_what_its_lines_are(territory):
    """Both ways of a street once, one-way streets in their direction, times by what is known."""
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    at = {1: (0.5, 49.2), 2: (0.5, 49.9), 3: (0.5, 50.8), 4: (0.9, 49.9)}
    graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in at.items())
    two_way = {"oneway": False, "highway": "primary", "osmid": [5, 6], "maxspeed": ["60", "100"]}
    graph.add_edges_from([(1, 2, two_way), (2, 1, two_way)])
    graph.add_edge(2, 3, oneway=True, highway=["trunk", "primary"], osmid=7, travel_time=3600.0)
    graph.add_edge(3, 2, oneway=True, highway="trunk", osmid=8, speed_kph=50.0)
    graph.add_edge(2, 4, oneway=False, highway="bridleway", osmid=9)
    built = from_osmnx(graph, territory, open_crossings=True)
    assert built.gates["is_open"].tolist() == [True] * len(built.gates)
    lines = lines_from_osmnx(graph, territory)
    assert lines["oneway"].tolist() == [0, 1, 0, 1]
    assert lines["travel_kmh"].tolist()[::3] == [80.0, 50.0]
    assert lines["hours"].tolist()[1] == 1.0
    assert lines["travel_kmh"].iloc[2] > 0
    assert lines["road_class"].tolist()[::3] == ["primary", "trunk"]
    del graph.nodes[4]["x"]
    with pytest.raises(NetworkError, match="does not say where it is"):
        from_osmnx(graph, territory)
    with pytest.raises(NetworkError, match="no edges"):
        from_osmnx(nx.MultiDiGraph(), territory)


def test_what_is_no_layer_of_lines_is_one_clear_error(lines, territory, speeds):
    with pytest.raises(NetworkError, match="a Point among the lines"):
        from_lines(lines.assign(geometry=lines.representative_point()), territory, speeds=speeds)
    with pytest.raises(ParameterError, match="not a GeoDataFrame"):
        from_lines(pd.DataFrame(lines), territory, speeds=speeds)


def test_lines_with_a_register_are_what_the_stages_build(
    lines, territory, border, controls, checkpoints, places, speeds
):
    one = from_lines(lines, territory, checkpoints=controls, places=places, speeds=speeds)
    other = build_network(lines, territory, border, checkpoints, places, speeds)
    assert one.gates["name"].dropna().tolist() == controls["name"].tolist()
    pd.testing.assert_frame_equal(one.gates.drop(columns="name").iloc[:2], other.gates.iloc[:2])
    pd.testing.assert_frame_equal(one.places, other.places)
    assert (one.network.hours == other.network.hours).all()


def test_sides_of_places_are_found(lines, territory, controls, places, speeds):
    far = gpd.GeoDataFrame({"population": [5.0]}, geometry=[shapely.Point(9, 9)], crs=4326)
    bare = pd.concat([places[["population", "geometry"]], far])
    built = from_lines(lines, territory, checkpoints=controls, places=bare, speeds=speeds)
    assert built.places["side"].tolist() == places["side"].tolist()
    assert built.places["region_id"].tolist() == places["region_id"].tolist()


def test_land_without_regions_is_one_region_a_side(lines, territory, speeds):
    halves = gpd.GeoDataFrame(
        {"side": ["home", "home", "neighbour"]},
        geometry=[shapely.box(0, 49, 0.4, 50), shapely.box(0.4, 49, 1, 50),
                  territory.geometry.iloc[1]],
        crs=4326,
    )  # fmt: skip
    assert from_lines(lines, halves, speeds=speeds).network.regions == SIDES
    with pytest.raises(SideError, match="no polygon of the neighbour side"):
        from_lines(lines, halves.iloc[:2], speeds=speeds)


def test_land_without_sides_or_projection_is_one_clear_error(lines, territory, speeds):
    with pytest.raises(SideError, match="no polygon of the home side"):
        from_lines(lines, territory.drop(columns="side"), speeds=speeds)
    with pytest.raises(GeometryError, match="set_crs"):
        from_lines(lines, territory.set_crs(None, allow_override=True), speeds=speeds)


def test_one_extract_needs_no_list(territory, tmp_path):
    nowhere = tmp_path / "a.osm.pbf"
    with pytest.raises(ExtractError, match=r"a\.osm\.pbf: the extract cannot be opened"):
        from_osm(str(nowhere), territory)


@pytest.fixture(scope="module", params=extracts.ANDORRA)
def andorra(request, extract_file):
    return extracts.network_of(extract_file(request.param), "AD")


@pytest.fixture(scope="module", params=extracts.LIECHTENSTEIN)
def liechtenstein(request, extract_file):
    return extracts.network_of(extract_file(request.param), "LI")


def near(crossings, lon, lat, metres=60):
    """Crossings within some metres of a place."""
    away = WGS84.inv(
        crossings["lon"], crossings["lat"], [lon] * len(crossings), [lat] * len(crossings)
    )[2]
    return crossings[np.array(away) < metres]


def test_the_two_border_controls_of_andorra_are_open(andorra):
    pas, runer = near(andorra.crossings, 1.7356, 42.5434), near(andorra.crossings, 1.4728, 42.4353)
    assert set(pas["ref"]) <= {"N 22", "CG-2"}  # one road, of a number on either side
    assert "CG-1" in set(runer["ref"]) | set(runer["name"])
    for found in (pas, runer):
        assert len(set(found["checkpoint_id"])) == 1
        assert (found["confidence"] == "high").all()
        gate = andorra.gates.loc[found["checkpoint_id"].iloc[0]]
        assert gate["is_open"]
    assert (runer["tagged"]).all()  # the control is a node of the road
    assert set(andorra.crossings["road_class"]) <= {"primary", "trunk", "trunk_link", "service"}
    assert andorra.crossings["mode"].eq("road").all()


def test_most_of_andorra_leads_to_a_border_control(andorra):
    home = andorra.parts[(andorra.parts["side"] == "home") & (andorra.parts["mode"] == "road")]
    first = home.iloc[0]
    assert first["gates"] == 2
    assert first["km"] > 0.98 * home["km"].sum()
    assert first["no_way_out_km"] < 0.01 * first["km"]
    assert andorra.places["access_km"].iloc[0] < 0.5
    assert home.iloc[1:]["no_way_out_km"].sum() == pytest.approx(home.iloc[1:]["km"].sum())


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (9.5202, 47.2437),  # Ruggell-Salez
        (9.4988, 47.2102),  # Bendern-Haag
        (9.4893, 47.1691),  # Schaan-Buchs
        (9.5123, 47.1305),  # Vaduz-Sevelen
        (9.4897, 47.0728),  # Balzers-Trübbach
        (9.5595, 47.2504),  # Ruggell-Nofels
    ],
)
def test_the_bridges_over_the_rhine_are_crossings(liechtenstein, lon, lat):
    found = near(liechtenstein.crossings, lon, lat)
    assert found["found_by"].tolist() == ["geometry"]
    assert found["name"].notna().all()
    assert found["mode"].tolist() == ["road"]
    # The customs union has no posts there.
    assert found["checkpoint_id"].isna().all()


def test_schaanwald_is_a_checkpoint_and_the_railway_passes_twice(liechtenstein):
    crossings = liechtenstein.crossings
    control = near(crossings, 9.5708, 47.2183, 100)
    assert len(set(control["checkpoint_id"])) == 1
    assert liechtenstein.gates.loc[control["checkpoint_id"].iloc[0], "is_open"]
    rail = crossings[crossings["mode"] == "rail"].sort_values("lon")
    assert rail["lon"].tolist() == pytest.approx([9.4907, 9.5698], abs=1e-3)
    assert rail["name"].str.contains("Feldkirch").all()


def test_stations_of_liechtenstein_join_road_and_railway(liechtenstein):
    network = liechtenstein.network
    edges = np.flatnonzero(network.mode == MODES.index("transfer"))
    links = np.unique(network.link[edges])
    assert 2 <= len(links) <= 4  # Schaan-Vaduz, Forst Hilti, Nendeln, Schaanwald
    assert len(edges) == 2 * len(links)
    of_rail = set(network.indices[network.mode == MODES.index("rail")])
    for tail, head in zip(network.tail[edges], network.indices[edges], strict=True):
        assert len({tail, head} & of_rail) == 1
    metres = network.length_m[edges]
    assert (metres < 1.3 * 2000).all()


def test_the_network_of_andorra_is_sound(andorra):
    is_sound(andorra)


def test_the_network_of_liechtenstein_is_sound(liechtenstein):
    is_sound(liechtenstein)


def is_sound(built):
    network = built.network
    assert (network.hours > 0).all()
    kmh = network.length_m / 1000 / network.hours
    road = network.mode == MODES.index("road")
    assert kmh[road].max() <= 130
    assert not {"track", "path", "footway", "cycleway"} & set(network.classes)
    geodesic = [WGS84.geometry_length(line) for line in network.lines[network.link]]
    inner = network.mode != MODES.index("transfer")
    assert network.length_m[inner] == pytest.approx(np.array(geodesic)[inner], rel=2e-3, abs=0.02)
    account = built.speeds
    assert account["imputed_km"].sum() > 0
    assert (account["tagged_km"] + account["imputed_km"]).to_numpy() == pytest.approx(
        account["km"].to_numpy()
    )


def test_a_border_whose_only_checkpoint_is_closed_is_built(extract_file):
    file = extract_file("andorra-sketch")
    register = pd.DataFrame(
        {"name": ["Closed"], "mode": "road", "status": "closed", "users": None, "home_id": None,
         "neighbour_id": None, "lon": [1.7356], "lat": [42.5434], "accuracy_km": [0.1],
         "hours": None, "capacity_day": [np.nan], "delay_h": [np.nan]},
        index=pd.Index(["closed"], name="checkpoint_id"),
    )  # fmt: skip
    box = shapely.box(1.3, 42.4, 1.73, 42.7)
    land = gpd.GeoDataFrame(
        {"side": list(SIDES)}, geometry=[box, shapely.box(1.73, 42.4, 1.9, 42.7)], crs=4326
    )
    built = from_osm([file], land, checkpoints=register)
    assert built.network.n_edges > 0
    assert not built.gates["is_open"].any()


def test_overlapping_extracts_are_merged_by_id(tmp_path, extract_file):
    """A file beside its own copy is read as one: no node and no way is there twice."""
    file = extract_file("liechtenstein-sketch")
    copy = tmp_path / "copy.osm.pbf"
    copy.write_bytes(file.read_bytes())
    once, twice = (
        lines_from_extract(read_extract(files, wanted()))[0] for files in ([file], [file, copy])
    )
    pd.testing.assert_frame_equal(pd.DataFrame(once), pd.DataFrame(twice))
