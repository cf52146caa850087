"""The embedded study: its files keep their contract, and its network is what it says it is."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from opening_hours import OpeningHours
from pyproj import CRS, Geod

from geo_border.network.doubles import listed_twice

STUDY = Path(__file__).parents[2] / "data" / "ru-kz"
WGS84 = Geod(ellps="WGS84")
ALBERS = CRS.from_proj4("+proj=aea +lat_1=47 +lat_2=57 +lat_0=52 +lon_0=67 +datum=WGS84 +units=m")
GENERATED = (
    "regions_home.geojson",
    "regions_neighbour.geojson",
    "territory_home.geojson",
    "territory_neighbour.geojson",
    "roads.geojson",
    "railways.geojson",
    "length_factors.csv",
    "places.csv",
    "places_merged.csv",
    "outer_places.csv",
    "outer_left_out.csv",
    "outer_roads.geojson",
    "outer_lengths.csv",
    "counts.csv",
)
ENTERED = (
    "checkpoints.csv",
    "checkpoint_delays.csv",
    "checkpoint_flows.csv",
    "distances_reference.csv",
    "indicators.csv",
    "kazakhstan_links.csv",
    "patches.csv",
    "registry.csv",
    "speeds.csv",
    "outer_distances_reference.csv",
    "entered/known_lengths.csv",
    "entered/outer_gaps.csv",
    "entered/regions.csv",
)
HOME = [
    "RU-AST",
    "RU-VGG",
    "RU-SAR",
    "RU-SAM",
    "RU-ORE",
    "RU-CHE",
    "RU-KGN",
    "RU-TYU",
    "RU-OMS",
    "RU-NVS",
    "RU-ALT",
    "RU-AL",
]
NEIGHBOUR = ["KZ-23", "KZ-27", "KZ-15", "KZ-39", "KZ-59", "KZ-55", "KZ-10", "KZ-63"]


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(STUDY / name)


@pytest.fixture(scope="module")
def regions() -> gpd.GeoDataFrame:
    sides = [
        gpd.read_file(STUDY / f"regions_{side}.geojson").assign(side=side)
        for side in ("home", "neighbour")
    ]
    return pd.concat(sides).set_index("region_id")


@pytest.fixture(scope="module")
def territory() -> gpd.GeoDataFrame:
    sides = [
        gpd.read_file(STUDY / f"territory_{side}.geojson").assign(side=side)
        for side in ("home", "neighbour")
    ]
    return pd.concat(sides, ignore_index=True)


@pytest.fixture(scope="module")
def theirs(regions, territory):
    """The neighbour's land: what lies in it is on its side, for its outline is the border."""
    land = pd.concat([regions, territory])
    shape = shapely.union_all(land.geometry[land["side"] == "neighbour"].to_crs(ALBERS).to_numpy())
    shapely.prepare(shape)
    return shape


@pytest.fixture(scope="module")
def checkpoints() -> gpd.GeoDataFrame:
    rows = table("checkpoints.csv").set_index("checkpoint_id")
    return gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs=4326)


@pytest.fixture(scope="module")
def lines() -> dict[str, gpd.GeoDataFrame]:
    return {
        "road": gpd.read_file(STUDY / "roads.geojson"),
        "rail": gpd.read_file(STUDY / "railways.geojson"),
    }


def graph_of(layer: gpd.GeoDataFrame) -> nx.Graph:
    """Nodes are coordinates: ends of links and the vertices at checkpoints."""
    graph = nx.Graph()
    for link in layer.itertuples():
        points = list(link.geometry.coords)
        hops = WGS84.line_lengths(*np.array(points).T)
        for start, stop, metres in zip(points[:-1], points[1:], hops, strict=True):
            km = metres / 1000 * link.length_factor
            if not graph.has_edge(start, stop) or km < graph.edges[start, stop]["km"]:
                graph.add_edge(start, stop, km=km, hop_km=metres / 1000)
    return graph


def on_their_side(theirs, points: list[tuple[float, float]]) -> np.ndarray:
    xy = gpd.GeoSeries(gpd.points_from_xy(*np.array(points).T), crs=4326).to_crs(ALBERS)
    return shapely.contains(theirs, xy.to_numpy())


def test_files_are_there_and_small():
    files = [STUDY / name for name in (*GENERATED, *ENTERED, "SOURCES.md", "LICENSE-DATA.md")]
    assert all(file.is_file() for file in files)
    shipped = [file for file in STUDY.rglob("*") if file.is_file() and "cache" not in str(file)]
    assert sum(file.stat().st_size for file in shipped) < 15_000_000


def test_regions_have_names_and_capitals(regions):
    assert list(regions.index) == HOME + NEIGHBOUR
    assert regions.is_valid.all()
    assert regions[["name", "name_ru", "capital", "capital_ru"]].notna().all(axis=None)
    assert (regions.loc[NEIGHBOUR, "name_kk"].str.endswith("облысы")).all()
    capitals = gpd.GeoSeries(
        gpd.points_from_xy(regions["capital_lon"], regions["capital_lat"]), regions.index, crs=4326
    )
    assert regions.contains(capitals).all()


def test_territory_meets_the_regions_without_overlap_or_sliver(regions, territory):
    assert territory.is_valid.all()
    assert not set(territory["region_id"].dropna()) & set(regions.index)
    for side in ("home", "neighbour"):
        own = regions.geometry[regions["side"] == side].to_crs(ALBERS)
        rest = territory.geometry[territory["side"] == side].to_crs(ALBERS)
        whole = shapely.union_all(pd.concat([own, rest]).to_numpy())
        parts_km2 = (own.area.sum() + rest.area.sum()) / 1e6
        assert parts_km2 == pytest.approx(whole.area / 1e6, rel=1e-5)
        holes = [
            shapely.Polygon(ring).area / 1e6
            for part in shapely.get_parts(whole)
            for ring in part.interiors
        ]
        # What is left are lakes and islands of other states, not splinters between layers.
        assert sum(area for area in holes if area < 1) < 1


def test_checkpoints_are_those_of_the_register(checkpoints):
    assert len(checkpoints) == 57
    assert checkpoints.index.is_unique
    modes = checkpoints["mode"].value_counts()
    assert modes.to_dict() == {"road": 31, "rail": 22, "air": 3, "ferry": 1}
    general = checkpoints[(checkpoints["mode"] == "road") & (checkpoints["users"] != "local")]
    assert len(general) == 30
    assert general["status"].isin(["open", "restricted", "uncertain"]).all()
    rail = checkpoints[checkpoints["mode"] == "rail"]
    assert (rail["status"] == "open").sum() == 21
    assert list(rail.index[rail["status"] == "closed"]) == ["rail-granichnaya-kzyltu"]
    assert checkpoints["home_id"].dropna().isin(HOME).all()
    assert checkpoints["neighbour_id"].dropna().isin(NEIGHBOUR).all()
    on_land = checkpoints[checkpoints["mode"].isin(["road", "rail"])]
    assert on_land[["home_id", "neighbour_id"]].notna().all(axis=None)


def test_checkpoints_say_where_their_figures_are_from(checkpoints):
    said = checkpoints[["name", "status", "status_note", "source", "source_url", "confidence"]]
    assert said.notna().all(axis=None)
    with_delay = checkpoints["delay_h"].notna()
    assert checkpoints.loc[with_delay, "mode"].tolist() == ["rail", "rail"]
    sourced = checkpoints.loc[with_delay, ["delay_kind", "delay_source"]]
    assert sourced.notna().all(axis=None)
    of_trucks = checkpoints[["delay_truck_in_h", "delay_truck_hi_h"]].notna().any(axis=1)
    assert checkpoints.loc[of_trucks, "delay_truck_source"].notna().all()
    assert of_trucks.sum() == 2
    assert checkpoints.loc[checkpoints["lon"].notna(), "accuracy_km"].notna().all()
    for hours in checkpoints["hours"].dropna():
        OpeningHours(hours)


def test_land_checkpoints_lie_on_the_border_within_their_accuracy(checkpoints, theirs):
    placed = checkpoints[checkpoints["mode"].isin(["road", "rail"]) & checkpoints["lon"].notna()]
    assert len(placed) == 51
    away = placed.to_crs(ALBERS).distance(shapely.boundary(theirs)) / 1000
    assert (away <= placed["accuracy_km"]).all()
    assert away.max() < 4


def test_land_checkpoints_lie_in_the_regions_they_name(checkpoints, regions):
    placed = checkpoints[checkpoints["mode"].isin(["road", "rail"]) & checkpoints["lon"].notna()]
    shapes = regions.to_crs(ALBERS).geometry
    points = placed.to_crs(ALBERS).geometry
    for side in ("home_id", "neighbour_id"):
        named = gpd.GeoSeries(shapes[placed[side]].to_numpy(), placed.index, crs=ALBERS)
        # The raw home polygons lie up to some km off the border line.
        assert (points.distance(named) / 1000).max() < 5


def test_links_have_ids_classes_and_lengths(lines):
    for mode, classes in (("road", {"trunk", "connector"}), ("rail", {"rail"})):
        layer = lines[mode]
        assert layer["link_id"].is_unique
        assert set(layer["class"]) == classes
        assert set(layer["source"]) == {"scgraph-data 2.0.0", "patch"}
        assert (layer.geom_type == "LineString").all()
        drawn = np.array([WGS84.geometry_length(shape) / 1000 for shape in layer.geometry])
        assert layer["length_km"].to_numpy() == pytest.approx(
            drawn * layer["length_factor"].to_numpy(), rel=1e-3, abs=1e-3
        )
        assert layer["length_factor"].between(1, 1.6).all()


def test_only_checkpoints_join_the_sides(lines, theirs):
    for layer in lines.values():
        ends = [[link.coords[0], link.coords[-1]] for link in layer.geometry]
        side = on_their_side(theirs, [end for pair in ends for end in pair]).reshape(-1, 2)
        controls = set(table("checkpoints.csv")[["lon", "lat"]].apply(tuple, axis=1))
        at_control = np.array([[end in controls for end in pair] for pair in ends])
        passing = (side[:, 0] != side[:, 1]) & ~at_control.any(axis=1)
        assert layer["checkpoint_id"][passing].notna().all()


def test_every_checkpoint_is_a_vertex_reached_from_both_sides(lines, checkpoints, theirs):
    for mode, count in (("road", 30), ("rail", 21)):
        graph = graph_of(lines[mode])
        nodes = list(graph)
        theirs_too = dict(zip(nodes, on_their_side(theirs, nodes), strict=True))
        placed = checkpoints[(checkpoints["mode"] == mode) & checkpoints["lon"].notna()]
        assert len(placed) == count
        controls = {(row.lon, row.lat): name for name, row in placed.iterrows()}
        assert set(controls) <= set(nodes)
        inside = graph.subgraph(node for node in nodes if node not in controls)
        for side in (False, True):
            own = inside.subgraph(node for node in inside if theirs_too[node] == side)
            greatest = max(nx.connected_components(own), key=len)
            for control, name in controls.items():
                ways = [node for node in graph[control] if theirs_too.get(node) == side]
                assert ways, f"{name} has no way to the {'neighbour' if side else 'home'} side"
                if mode == "road":
                    reach = set(ways) & greatest or {node for node in ways if node in controls}
                    assert reach, f"{name} does not reach the roads of its side"


def test_connectors_stay_on_their_side(lines, theirs):
    roads = lines["road"]
    connectors = roads[roads["class"] == "connector"].to_crs(ALBERS)
    assert connectors["checkpoint_id"].nunique() == 12
    for link in connectors.itertuples():
        across = shapely.intersection(link.geometry, theirs).length
        across_km = min(across, link.geometry.length - across) / 1000
        # Posts lie up to some km off the line, and one road cuts a corner of the other side.
        assert across_km < 6, link.link_id


def test_network_stays_off_third_countries_and_the_sea(lines, regions, territory):
    land = pd.concat([regions.geometry, territory.geometry]).to_crs(ALBERS)
    ground = shapely.union_all(land.simplify(500).to_numpy()).buffer(5000)
    shapely.prepare(ground)
    for layer in lines.values():
        assert shapely.contains(ground, layer.segmentize(0.1).to_crs(ALBERS).to_numpy()).all()


def test_patches_give_a_reason_and_a_source(lines):
    patches = table("patches.csv")
    assert patches["patch_id"].is_unique
    assert set(patches["action"]) <= {"add", "remove", "via"}
    assert patches[["reason", "source"]].notna().all(axis=None)
    for mode, layer in lines.items():
        mine = patches[(patches["mode"] == mode) & (patches["action"] == "add")]
        named = layer["patch_id"].dropna()
        assert set(mine["patch_id"]) <= set(named)


def road_km(layer: gpd.GeoDataFrame, capitals: pd.DataFrame) -> dict[str, dict[str, float]]:
    graph = graph_of(layer)
    trunk = layer[layer["class"] == "trunk"].geometry
    nodes = np.unique(shapely.get_coordinates(trunk.to_numpy()), axis=0)
    entry, way = {}, {}
    for row in capitals.itertuples():
        here = np.tile([row.capital_lon, row.capital_lat], (len(nodes), 1))
        metres = WGS84.inv(*nodes.T, *here.T)[2]
        entry[row.Index] = tuple(nodes[metres.argmin()])
        way[row.Index] = 1.3 * metres.min() / 1000
    found = {}
    for start, node in entry.items():
        km = nx.single_source_dijkstra_path_length(graph, node, weight="km")
        found[start] = {end: way[start] + km[entry[end]] + way[end] for end in entry}
    return found


def test_road_distances_between_capitals_are_right_to_a_tenth(lines, regions):
    km = road_km(lines["road"], regions)
    known = table("distances_reference.csv")
    assert len(known) >= 8
    cross_border = known["from_id"].str[:2] != known["to_id"].str[:2]
    assert cross_border.sum() >= 4
    assert (~cross_border).sum() >= 4
    error = [km[row.from_id][row.to_id] / row.km - 1 for row in known.itertuples()]
    assert np.abs(error).max() < 0.10
    assert abs(np.mean(error)) < 0.03


def test_no_capital_is_cut_off_or_a_world_away(lines, regions):
    km = pd.DataFrame(road_km(lines["road"], regions))
    lon, lat = regions["capital_lon"].to_numpy(), regions["capital_lat"].to_numpy()
    n = len(regions)
    straight = WGS84.inv(np.repeat(lon, n), np.repeat(lat, n), np.tile(lon, n), np.tile(lat, n))[2]
    ratio = km.to_numpy() / (straight.reshape(n, n) / 1000 + np.eye(n))
    off = ~np.eye(n, dtype=bool)
    assert np.isfinite(km.to_numpy()).all()
    assert np.median(ratio[off]) < 1.25
    # Between Gorno-Altaysk and Oskemen lie the Altai mountains.
    assert ratio[off].max() < 2.4


def test_length_factors_are_documented():
    factors = table("length_factors.csv")
    for _, rows in factors.groupby("mode"):
        assert rows["from_km"].is_monotonic_increasing
        assert (rows["to_km"].to_numpy()[:-1] == rows["from_km"].to_numpy()[1:]).all()
    assert factors["factor"].between(1, 1.2).all()
    assert (factors["n"] >= 3).all()
    known = table("entered/known_lengths.csv")
    assert known[["source", "url", "quote"]].notna().all(axis=None)


def test_places_add_up_to_the_official_totals():
    places, figures = table("places.csv"), table("indicators.csv")
    assert places["place_id"].is_unique
    assert places["population"].dtype == np.int64
    assert (places["population"] >= 0).all()
    population = figures[figures["indicator_id"] == "population"].sort_values("year")
    official = (population.groupby("region_id")["value"].last() * 1000).round().astype(int)
    summed = places.groupby("region_id")["population"].sum()
    assert summed.to_dict() == official.to_dict()
    assert set(summed.index) == set(HOME + NEIGHBOUR)


def test_places_lie_where_they_say(regions):
    places = table("places.csv")
    side = places["region_id"].dropna().str[:2].map({"RU": "home", "KZ": "neighbour"})
    assert (places["side"][side.index] == side).all()
    points = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs=4326)
    named = places["region_id"].notna()
    shapes = gpd.GeoSeries(
        regions.geometry[places["region_id"][named]].to_numpy(), points[named].index, crs=4326
    )
    away = points[named].to_crs(ALBERS).distance(shapes.to_crs(ALBERS))
    assert away.max() <= 5000
    kazakh = places["name_kk"].dropna()
    assert kazakh.str.contains("[ӘәҒғҚқҢңӨөҰұҮүҺһІі]").all()


def test_cities_keep_their_own_population():
    places = table("places.csv").dropna(subset="region_id")
    surplus = places["population"] - places["population_geonames"]
    cities = places["population_geonames"] > 100_000
    grown = surplus[cities] / places["population_geonames"][cities]
    assert grown.between(0, 0.15).all()
    assert grown.median() < 0.03
    assert (places.loc[places["population_geonames"] == 0, "population"] > 0).all()


def test_no_settlement_is_listed_twice():
    places = table("places.csv").set_index("place_id")
    assert listed_twice(places).empty
    assert listed_twice(places.assign(population=places["population_geonames"])).empty
    merged = table("places_merged.csv")
    assert merged["place_id"].isin(places.index).all()
    assert not merged["merged_id"].isin(places.index).any()
    pairs = set(zip(merged["name"], merged["merged_name"], strict=True))
    assert {("Verkhniy Uymon", "Verkh-Uymon"), ("Petra-Dubrava", "Petrova Dubrava")} <= pairs
    assert {("Taiynsha", "Tayynsha"), ("Ozersk", "Ozërsk"), ("Kiselëvsk", "Kisilevsk")} <= pairs
    kept = places["population_geonames"][merged["place_id"]].to_numpy()
    assert (merged["population_geonames"] == kept).all()
    assert (kept > 0).all()
    neighbours = {"Yasnyy", "Komarovskiy", "Kapustin Yar", "Znamensk", "Slavgorodskoye"}
    assert neighbours <= set(places["name"])


def test_a_second_table_in_russian_is_known_for_the_same_settlements():
    places = table("places.csv").dropna(subset="name_ru").set_index("place_id")
    # As tagged in OpenStreetMap, of another year.
    russian = places.assign(name=places["name_ru"], population=places["population"] * 1.02 + 1)
    pairs = listed_twice(pd.concat([places, russian.set_index(-russian.index)]))
    assert (pairs["place_id"] == -pairs["other_id"]).all()
    assert len(pairs) > 0.95 * len(places)


def test_index_indicators_are_complete_and_sourced():
    registry = table("registry.csv").set_index("indicator_id")
    figures = table("indicators.csv")
    assert not figures.duplicated(["region_id", "indicator_id", "year"]).any()
    assert figures["source"].notna().all()
    assert np.isfinite(figures["value"]).all()
    assert set(figures["indicator_id"]) == set(registry.index)
    assert set(figures["region_id"]) == set(HOME + NEIGHBOUR)
    assert registry[["name", "unit", "definition", "source", "licence"]].notna().all(axis=None)
    assert registry["direction"].isin([-1, 1]).all()
    assert registry["denominator"].dropna().isin(registry.index).all()
    used = registry[registry["role"] == "index"]
    assert used["level"].value_counts().between(4, 8).all()
    assert set(used["level"]) == {
        "transport_communication",
        "joint_projects",
        "social_services",
        "potential",
        "dynamics",
    }
    for name, row in used.iterrows():
        mine = figures[(figures["indicator_id"] == name) & figures["region_id"].isin(HOME)]
        latest = mine["year"].max()
        span = int(row["years"]) if row["transform"] != "none" else 1
        there = mine[mine["year"] == latest]["region_id"]
        assert set(there) == set(HOME), name
        assert set(mine[mine["year"] == latest - span + 1]["region_id"]) == set(HOME), name


def test_births_less_deaths_are_the_natural_increase():
    figures = table("indicators.csv")
    wide = figures.pivot_table(index=["region_id", "year"], columns="indicator_id", values="value")
    gap = wide["birth_rate"] - wide["death_rate"] - wide["natural_increase"]
    # Rates are printed to a tenth.
    assert gap.dropna().abs().max() < 0.16


def test_flows_and_delays_name_checkpoints_that_are_there(checkpoints):
    known = set(checkpoints.index) | {"ALL_KZ", "ALL_RU_KZ"}
    known |= {f"REGION_{region}" for region in HOME + NEIGHBOUR}
    for name in ("checkpoint_flows.csv", "checkpoint_delays.csv"):
        rows = table(name)
        assert set(rows["checkpoint_id"]) <= known
        assert rows[["source_title", "quote"]].notna().all(axis=None)
    links = table("kazakhstan_links.csv")
    assert links["source_title"].notna().all()


@pytest.fixture(scope="module")
def of_traffic():
    """What the study's own builder makes of the entered delays and flows."""
    sys.path.insert(0, str(STUDY))
    try:
        return importlib.import_module("builders.traffic")
    finally:
        sys.path.remove(str(STUDY))


def test_delays_and_flows_say_which_class_they_are_of():
    delays, flows = table("checkpoint_delays.csv"), table("checkpoint_flows.csv")
    road = delays[delays["mode"] == "road"]
    assert set(road["class"]) == {"car", "truck", "all"}
    assert delays["measure"].notna().all()
    # What a figure is of is in the words of its source, or the note says that it is not.
    assert road.loc[road["class"] == "all", "note"].notna().all()
    counted = flows["metric"].isin(["vehicles", "trucks", "cars", "truck arrivals"])
    assert flows.loc[counted, "class"].isin(["car", "truck", "all"]).all()


def test_the_default_delay_of_a_class_follows_from_the_entered_delays(of_traffic):
    toml = tomllib.loads((STUDY / "study.toml").read_text(encoding="utf-8"))
    for name, default in toml["checkpoints"]["classes"].items():
        low, central, high, kind = of_traffic.default_delay(table("checkpoint_delays.csv"), name)
        assert default["delay_lo_h"] == low
        assert default["delay_h"] == pytest.approx(central, abs=0.005)
        assert default["delay_hi_h"] == high
        assert default["delay_kind"] == kind
    assert "road" not in toml["checkpoints"]["delay_h"]


def test_no_figure_of_trucks_decides_the_delay_of_cars(of_traffic):
    delays = table("checkpoint_delays.csv")
    without = delays[delays["class"] != "truck"]
    assert of_traffic.default_delay(delays, "car") == of_traffic.default_delay(without, "car")


def test_mashtakovo_is_closed_to_cars_since_the_date_that_its_source_names(checkpoints):
    row = checkpoints.loc["mashtakovo-syrym"]
    assert (row["status_car"], row["status_car_since"]) == ("closed", "2025-08-04")
    assert row["status_note"].startswith(f"restricted {row['status_car_since']}")
    assert checkpoints["status_car"].notna().sum() == 1
    by_road = checkpoints[checkpoints["mode"] == "road"]
    assert by_road["delay_h"].isna().all()


def test_counts_are_those_of_the_flows(of_traffic, checkpoints):
    made = of_traffic.counts(table("checkpoint_flows.csv"), checkpoints.index)
    kept = table("counts.csv")
    assert made.astype(object).where(made.notna(), None).to_numpy().tolist() == (
        kept.astype({"year": "Int64"}).astype(object).where(kept.notna(), None).to_numpy().tolist()
    )
    assert kept[["source", "source_url", "quote"]].notna().all(axis=None)
    assert kept["checkpoint_id"].nunique() >= 5


def test_speeds_cover_both_sides_and_say_what_is_assumed(lines):
    speeds = table("speeds.csv")
    assert speeds["source"].notna().all()
    assert set(speeds["kind"]) == {"legal limit", "assumption"}
    pairs = set(speeds[["side", "mode", "class"]].apply(tuple, axis=1))
    for mode, layer in lines.items():
        for class_ in layer["class"].unique():
            assert {(side, mode, class_) for side in ("home", "neighbour")} <= pairs


def test_rebuilt_files_are_the_same_bytes(tmp_path):
    cache = os.environ.get("GEO_BORDER_PACKAGES")
    if not cache:
        pytest.skip("set GEO_BORDER_PACKAGES to the folder of the source packages to rebuild")
    build = [sys.executable, str(STUDY / "build.py"), "--cache", cache, "--out", str(tmp_path)]
    subprocess.run(build, check=True, timeout=300)
    for name in GENERATED:
        assert (tmp_path / name).read_bytes() == (STUDY / name).read_bytes(), name
