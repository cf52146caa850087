"""Studies of pairs of countries, made of the world's data."""

import json

import pandas as pd
import pytest

from geo_border.errors import StudyError, WorldError
from geo_border.pipeline.settings import read_settings
from geo_border.study import open_study
from geo_border.world.pair import new_pair
from geo_border.world.refine import BEGIN, END, refine_with_osm

MADE = {
    *("LICENSE-DATA.md", "SOURCES.md", "places.csv", "regions_home.geojson"),
    *("regions_neighbour.geojson", "roads.geojson", "speeds.csv", "study.toml"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The same pair in both orders."""
    folder = tmp_path_factory.mktemp("pairs")
    new_pair(folder / "one", "Lesotho", "ZA")
    new_pair(folder / "other", "南非", "lso")
    return folder / "one", folder / "other"


def rows(file):
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    return sorted(json.dumps([f["properties"], f["geometry"]], sort_keys=True) for f in features)


def test_it_is_whole_and_says_where_all_is_from(made):
    folder = made[0]
    names = {file.name for file in folder.iterdir()}
    assert names >= MADE
    sources = (folder / "SOURCES.md").read_text(encoding="utf-8")
    data = {name for name in names if name.endswith(("csv", "geojson"))}
    assert all(name in sources or name.replace("territory_", "") != name for name in data)
    assert all(layer in sources for layer in ("regions_home", "territory_*", "roads", "places"))
    settings = read_settings(folder / "study.toml")
    assert settings.study.level == "trunk"
    assert settings.study.id == "one"
    assert settings.checkpoints.classes["car"].delay_source
    assert 0 < settings.checkpoints.classes["car"].delay_h < 3


def test_order_changes_nothing_but_names(made):
    one, other = made
    swapped = {"home": "neighbour", "neighbour": "home"}
    assert rows(one / "roads.geojson") == rows(other / "roads.geojson")
    for side, there in swapped.items():
        for layer in ("regions", "territory"):
            file = one / f"{layer}_{side}.geojson"
            assert file.exists() == (other / f"{layer}_{there}.geojson").exists()
            if file.exists():
                assert rows(file) == rows(other / f"{layer}_{there}.geojson")
    places = [pd.read_csv(folder / "places.csv") for folder in made]
    places[1]["side"] = places[1]["side"].map(swapped)
    pd.testing.assert_frame_equal(*places)
    delays = [read_settings(folder / "study.toml").checkpoints for folder in made]
    assert delays[0] == delays[1]


def test_an_existing_folder_is_refused_and_left_alone(made):
    before = {file.name: file.stat().st_mtime_ns for file in made[0].iterdir()}
    with pytest.raises(StudyError, match="not empty"):
        new_pair(made[0], "LS", "ZA")
    assert before == {file.name: file.stat().st_mtime_ns for file in made[0].iterdir()}


@pytest.mark.parametrize(
    ("home", "neighbour", "says"),
    [
        (
            "DE",
            "ES",
            r"no border on land; they share the neighbour France\. Germany borders on Austria",
        ),
        ("JP", "DE", "no neighbour either"),
        ("FR", "France", "named twice"),
        ("Atlantis", "FR", "no country is called"),
    ],
)
def test_two_without_a_border_are_told_what_they_share(tmp_path, home, neighbour, says):
    with pytest.raises(WorldError, match=says):
        new_pair(tmp_path / "none", home, neighbour)
    assert not list((tmp_path / "none").glob("*"))


def test_a_study_is_refined_with_extracts_and_keeps_what_was_changed(made, tmp_path):
    text = (made[0] / "study.toml").read_text(encoding="utf-8")
    text = text.replace("half_life_h = 2 ", "half_life_h = 3 ").replace("# file = ", "# mine = ")
    for file in made[0].glob("regions_*.geojson"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    urls = refine_with_osm(tmp_path)
    settings = read_settings(tmp_path / "study.toml")
    assert [extract.url for extract in settings.osm.extracts] == urls
    assert all(url.endswith("-latest.osm.pbf") for url in urls)
    assert settings.access.half_life_h == 3
    assert "# mine = " in (tmp_path / "study.toml").read_text(encoding="utf-8")
    assert settings.study.level is None
    assert not settings.network.lines
    with pytest.raises(StudyError, match="already"):
        refine_with_osm(tmp_path)
    bare = text.replace(BEGIN, "#").replace(END, "#")
    (tmp_path / "study.toml").write_text(bare, encoding="utf-8")
    with pytest.raises(StudyError, match=r"write \[osm\] yourself"):
        refine_with_osm(tmp_path)


@pytest.mark.slow
def test_a_border_without_control_costs_nothing_and_a_closed_one_everything(tmp_path):
    new_pair(tmp_path / "li", "Liechtenstein", "Switzerland")
    study = open_study(tmp_path / "li")
    text = (tmp_path / "li" / "study.toml").read_text(encoding="utf-8")
    results = study.run()
    assert (results.regions["border_effect"].dropna() == 0).all()
    (tmp_path / "li" / "study.toml").write_text(
        text.replace("open_crossings = true ", "open_crossings = false "), encoding="utf-8"
    )
    closed = open_study(tmp_path / "li").run()
    assert closed.checkpoints.empty
    assert not closed.regions["hours_to_checkpoint"].notna().any()


@pytest.mark.slow
@pytest.mark.parametrize(
    "pair", ["NO RU", "KG UZ", "LS ZA", "BR UY", "AD FR", "BE NL", "DE PL", "ES PT", "BD IN"]
)
def test_a_pair_runs(tmp_path, pair):
    new_pair(tmp_path / "pair", *pair.split())
    results = open_study(tmp_path / "pair").run()
    assert results.dyads["length_km"].sum() > 0
    effect = results.regions["border_effect"].dropna()
    assert effect.between(0, 1).all()
