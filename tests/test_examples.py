"""The example studies, run on sketches of their countries and on real extracts."""

import functools
import json
import shutil

import extracts
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import RULE
from geo_border.columns import _found, columns
from geo_border.network.beyond import LOCAL_WAY
from geo_border.pipeline.inputs.extracts import BOTH, TAGS
from geo_border.pipeline.stages.declared import STAGES
from geo_border.pipeline.templates import new_study, templates
from geo_border.study import open_study

pytestmark = pytest.mark.slow
EXAMPLES = ("andorra", "liechtenstein")


@pytest.fixture(scope="module")
def ran(extract_file, tmp_path_factory):
    """The example of an extract in a folder of its own, its results and outputs."""

    def run(key):
        folder = tmp_path_factory.mktemp(key) / key
        new_study(folder, template=key.partition("-")[0])
        settings = open_study(folder).settings
        (folder / settings.osm.extracts[0].file).symlink_to(extract_file(key))
        study = open_study(folder)
        return study, study.run(folder / "out"), folder / "out"

    return functools.cache(run)


@pytest.fixture(params=extracts.ANDORRA)
def andorra(request, ran):
    return ran(request.param)


@pytest.fixture(params=extracts.LIECHTENSTEIN)
def liechtenstein(request, ran):
    return ran(request.param)


@pytest.fixture(params=extracts.of(*EXAMPLES))
def example(request, ran):
    return ran(request.param)


def test_every_column_of_a_study_of_extracts_is_described(liechtenstein, written_columns):
    _, results, out = liechtenstein
    own = {(table, name) for table, rows in results.further.items() for name in rows}
    written = {(table, name) for table, name, _ in written_columns(out)} - own
    found = {pair: _found(*pair) for pair in sorted(written)}
    assert [pair for pair, rows in found.items() if not rows] == []
    used = {(table, by.name) for (table, _), rows in found.items() for by in rows[1]}
    of_extracts = {
        (table, column.name)
        for column in columns()
        for table in column.tables
        if column.source == "extracts"
    }
    assert sorted(of_extracts - used) == []


def roads(results, way="served"):
    found = results.crossings
    served = found["checkpoint_id"].notna()
    return found[(found["mode"] == "road") & (served if way == "served" else ~served)]


def near(frame, lon, lat, km=0.6):
    """Rows within a distance of a point."""
    north = (frame["lat"] - lat) * 111.2
    east = (frame["lon"] - lon) * 111.2 * 0.7
    return frame[north**2 + east**2 <= km**2]


def test_real_extracts_are_at_hand():
    if not all(map(extracts.real, EXAMPLES)):
        pytest.skip(f"sketches alone were read: a real extract is not in {extracts.FOLDER}")


# The border, against published lengths


def test_length_of_the_border_of_andorra(andorra):
    # 120.3 km, CIA World Factbook 2010; a finer line is longer.
    assert andorra[1].border["length_km"].sum() == pytest.approx(120.3, rel=0.03)


def test_length_of_the_border_of_liechtenstein(liechtenstein):
    # 41.2 km with Switzerland and 36.7 km with Austria, Liechtenstein in Zahlen 2014.
    by_country = liechtenstein[1].border.groupby("neighbour_id")["length_km"].sum()
    assert by_country["CH"] == pytest.approx(41.2, rel=0.02)
    assert by_country["AT"] == pytest.approx(36.7, rel=0.02)


@pytest.mark.parametrize(
    ("key", "regions", "neighbours"),
    extracts.each({"andorra": (7, ["ES", "FR"]), "liechtenstein": (11, ["AT", "CH"])}),
)
def test_regions_are_the_units_of_the_extract(key, regions, neighbours, ran):
    found = ran(key)[1].regions
    assert (found["side"] == "home").sum() == regions
    assert sorted(found.index[found["side"] == "neighbour"]) == neighbours
    assert found["capital"].notna().all()
    home = found[found["side"] == "home"]
    assert home.index.str.match(r"(AD|LI)-\d\d").all()


# Crossings


def test_no_way_is_shorter_than_the_straight_one(example, holds_on_any_network):
    holds_on_any_network(example[1].network)


def test_the_crossings_of_andorra(andorra):
    results = andorra[1]
    controls = results.checkpoints
    assert sorted(controls.index) == ["pas-de-la-casa", "riu-runer"]
    assert (controls["known_from"] == BOTH).all()
    assert controls["osm"].notna().all()
    served = roads(results)
    assert set(served["checkpoint_id"]) == set(controls.index)
    assert {"CG-1", "N-145"} & set(near(served, 1.4728, 42.4353)["ref"].dropna())
    # The road to Os de Civís has no post: it is there, and carries nothing.
    unserved = roads(results, "unserved")
    assert len(unserved) == 1
    assert "Os de Civ" in f"{unserved['name'].iloc[0]}" or unserved["ref"].iloc[0] == "CG-6"


RHINE = {
    "Balzers": (9.4901, 47.0725),
    "Vaduz": (9.5123, 47.1305),
    "Schaan": (9.4897, 47.1692),
    "Bendern": (9.4988, 47.2102),
    "Ruggell": (9.5202, 47.2437),
}


@pytest.mark.parametrize("bridge", RHINE)
def test_the_bridges_over_the_rhine(liechtenstein, bridge):
    found = near(roads(liechtenstein[1]), *RHINE[bridge])
    assert len(found) >= 1
    controls = liechtenstein[1].checkpoints.loc[found["checkpoint_id"].unique()]
    assert len(controls) == 1
    assert controls["neighbour_id"].tolist() == ["CH"]
    assert controls["known_from"].tolist() == [RULE]


def test_crossings_are_named_by_what_they_join(liechtenstein):
    names = liechtenstein[1].checkpoints["name"].tolist()
    assert {"Vaduz – Sevelen", "Balzers – Sargans", "Ruggell – Sennwald"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("lon", "lat", "known_from"),
    [(9.5708, 47.2183, TAGS), (9.5595, 47.2504, RULE)],  # Schaanwald-Tisis, Ruggell-Nofels
)
def test_the_roads_to_austria(liechtenstein, lon, lat, known_from):
    found = near(roads(liechtenstein[1]), lon, lat, 0.3)
    controls = liechtenstein[1].checkpoints.loc[found["checkpoint_id"].unique()]
    assert controls["known_from"].tolist() == [known_from]
    assert controls["neighbour_id"].tolist() == ["AT"]


def test_the_railway_from_buchs_to_feldkirch(liechtenstein):
    results = liechtenstein[1]
    rail = results.checkpoints[results.checkpoints["mode"] == "rail"]
    assert sorted(rail["neighbour_id"]) == ["AT", "CH"]
    assert rail["is_open"].all()
    assert rail["name"].str.contains("Feldkirch").all()
    lines = results.edges[results.edges["mode"] == "rail"]
    track = shapely.union_all(lines.geometry.to_numpy())
    for lon, lat in [(9.4907, 47.1645), (9.5085, 47.1688), (9.5420, 47.1976), (9.5698, 47.2189)]:
        assert track.distance(shapely.Point(lon, lat)) < 0.005  # Buchs, Schaan, Nendeln, border
    # In one piece from border to border.
    assert lines.loc[lines["side"] == "home", "length_km"].sum() == pytest.approx(9, abs=1)


def test_paths_and_tracks_are_no_roads(example):
    results = example[1]
    classes = set(results.edges.loc[results.edges["mode"] == "road", "road_class"])
    assert classes & {"primary", "secondary", "residential"}
    assert not classes & {"path", "footway", "track", "cycleway", "steps", "bridleway"}
    crossing = set(results.crossings["road_class"])
    assert not crossing & {"path", "footway", "track", "cycleway", "steps", "bridleway"}


# What the run says of itself


def test_only_the_transport_level_is_scored_and_the_study_says_so(example):
    _, results, out = example
    assert results.levels["transport_communication"].notna().all()
    assert results.levels[["joint_projects", "social_services", "index"]].isna().all(axis=None)
    assert (results.typology["type"] == "undetermined").all()
    assert results.typology["reasons"].str.contains("this study has no indicators of it").all()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "This study has no figures for joint projects and social services" in page
    assert not (out / "maps" / "types.png").exists()


@pytest.mark.parametrize(
    ("key", "least"),
    extracts.each(dict.fromkeys(EXAMPLES, 100), sketched=dict.fromkeys(EXAMPLES, 10)),
)
def test_the_manifest_names_the_extract_and_what_was_done_to_it(key, least, ran):
    study, _, out = ran(key)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    (file,) = manifest["extracts"]["files"]
    assert file["file"] == study.settings.osm.extracts[0].file
    assert len(manifest["inputs"]["osm.extracts.0"]) == 64
    assert file["timestamp"][:4] in {"2024", "2025"}
    assert manifest["extracts"]["ways"]["road"]["speed by country and class"]["ways"] > least


def test_the_licence_is_printed_by_itself(example):
    study, _, out = example
    assert "OpenStreetMap" not in study.settings.study.licence
    assert "© OpenStreetMap contributors (ODbL); GeoNames" in (out / "report.html").read_text()


def test_the_account_of_the_data_and_where_it_is_doubtful(andorra):
    quality = pd.read_csv(andorra[2] / "tables" / "quality.csv").set_index("item")
    assert quality.loc["settlements without a population", "value"] > 50
    assert quality.loc["without a checkpoint, road", "value"] == 1
    assert "extracts" in set(quality["topic"])
    flaws = gpd.read_file(andorra[2] / "study.gpkg", layer="flaws").set_index("kind")
    unserved = flaws.loc[["crossing without a checkpoint"]]
    assert unserved.geometry.iloc[0].distance(shapely.Point(1.4436, 42.4953)) < 0.01
    assert (flaws.loc["settlement without a population"].geometry.x > 1.4).all()
    # The longest piece of road that leads to no checkpoint is that to Os de Civís.
    assert flaws.loc["roads apart from all checkpoints", "value"].max() < 10
    assert "settlement far from all roads" in flaws.index  # the towns beyond the extract
    imputed = flaws.loc["speed imputed"]
    what = "speed by country and class, road"
    account = float(quality.loc[what, "note"].removesuffix(" km").replace(",", ""))
    assert imputed["value"].sum() == pytest.approx(account, abs=0.1)
    assert imputed["name"].str.fullmatch(r"\d+ % of the length, most of it \w+").all()


# Places beyond the extract


def test_a_town_beyond_the_extract_enters_by_every_road_that_leads_to_it(liechtenstein):
    results = liechtenstein[1]
    local = results.edges[results.edges["road_class"] == LOCAL_WAY]
    assert set(local["side"]) == {"neighbour"}
    closed = results.checkpoints.dropna(subset=["closure_extra_hours"])
    assert len(closed) > 5
    # There is always another bridge, but for towns south of the last.
    cut = closed.index[closed["closure_unserved"] > 0]
    assert len(cut) <= 1
    assert (closed["closure_unserved"] < 0.05).all()
    home = shapely.union_all(results.regions[results.regions["side"] == "home"].geometry.to_numpy())
    inside = shapely.length(shapely.intersection(local.geometry.to_numpy(), home))
    assert (inside <= 0.2 * shapely.length(local.geometry.to_numpy()) + 1e-9).all()


def test_people_of_the_towns_of_andorra_are_those_of_the_source(andorra):
    places = andorra[1].places
    assert places.loc[places["side"] == "home", "population"].sum() == 85_903


def test_people_of_liechtenstein_are_those_of_the_extract(liechtenstein):
    places = liechtenstein[1].places
    home = places[places["side"] == "home"]
    assert home["source"].eq(TAGS).all()
    # The population at the end of 2021 was 39,308 (Amt für Statistik).
    assert home["population"].sum() == pytest.approx(39_308, rel=0.06)


# Remembered stages


def test_a_changed_weight_does_not_read_the_extract_again(andorra, run_without_outputs):
    study, _, out = andorra
    toml = study.folder / "study.toml"
    before = toml.read_text(encoding="utf-8")
    try:
        toml.write_text(f'{before}\n[index]\nweights = "entropy"\n', encoding="utf-8")
        stated = []
        again = run_without_outputs(study.folder, out, progress=stated.append)
    finally:
        toml.write_text(before, encoding="utf-8")
    of_cells = {"cells", "surfaces", "cell_trips", "cell_services"}
    assert stated == [stage for stage in STAGES if stage not in of_cells | {"outputs"}]
    assert again.stages_reused[:4] == ("extracts", "border", "network", "searches")


def test_names_in_another_language_are_new_names(andorra, tmp_path):
    study = andorra[0]
    toml = study.folder / "study.toml"
    before = toml.read_text(encoding="utf-8")

    def until_network(stage):
        if stage == "network":
            raise InterruptedError

    names = []
    try:
        for language in ("ca", "ru"):
            text = before.replace('language = "en"', f'language = "{language}"')
            toml.write_text(text, encoding="utf-8")
            with pytest.raises(InterruptedError):
                open_study(study.folder).run(tmp_path / "out", progress=until_network)
            (kept,) = (tmp_path / "out" / ".stages" / "border").glob("*/regions.geo.parquet")
            names.append(gpd.read_parquet(kept)["name"].tolist())
    finally:
        toml.write_text(before, encoding="utf-8")
    assert "Canillo" in names[0]
    assert "Канильо" in names[1]


# As a stranger has them


def test_examples_are_small_and_come_without_extracts():
    for name in EXAMPLES:
        folder = templates()[name]
        assert {path.suffix for path in folder.iterdir()} <= {".toml", ".csv", ".md"}
        for row in open_study(folder).settings.osm.extracts:
            assert row.url.startswith("https://download.geofabrik.de/europe/")
        towns = pd.read_csv(folder / "towns.csv")
        assert towns["source"].str.fullmatch(r"GeoNames \d+").all()


def test_without_its_extract_an_example_says_how_to_get_it(tmp_path):
    new_study(tmp_path / "a", template="andorra")
    with pytest.raises(Exception, match=r"not there.*`geo-border fetch`"):
        open_study(tmp_path / "a").run()
    shutil.rmtree(tmp_path / "a")
