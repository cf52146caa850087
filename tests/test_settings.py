import pytest

from geo_border.errors import StudyError
from geo_border.settings import read_settings

SOUND = """
[study]
id = "s"
title = "A study"
home = "H"
neighbour = "N"
[regions]
home = "h.geojson"
neighbour = "n.geojson"
[network]
lines = [{ file = "roads.geojson", mode = "road" }]
speeds = "speeds.csv"
[checkpoints]
file = "checkpoints.csv"
delay_h = { road = 1.0 }
[places]
file = "places.csv"
[indicators]
registry = "registry.csv"
table = "indicators.csv"
"""


def write(folder, text):
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_are_filled_in(tmp_path):
    settings = read_settings(write(tmp_path, SOUND))
    assert settings.regions.edge_tolerance_km == 5
    assert settings.index.draws == 2000
    assert settings.checkpoints.open_status == ["open", "restricted"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A study"', "", "study.title: field required"),
        ('home = "H"', 'home = "H"\ncolour = "red"', "study.colour: extra inputs"),
        ("delay_h = { road = 1.0 }", "delay_h = { road = -1.0 }", "greater than or equal to 0"),
        ("delay_h = { road = 1.0 }", 'delay_h = { road = "soon" }', "valid number"),
        ("delay_h = { road = 1.0 }", "delay_h = { tram = 1.0 }", "checkpoints.delay_h.tram"),
        ('mode = "road"', 'mode = "sea"', "network.lines.0.mode"),
        ('id = "s"', 'id = "../s"', "study.id"),
        ("[places]", "[places", "not valid TOML"),
        ("[places]", "[typology]\nlow = 70\nhigh = 20\n[places]", "low must not be above high"),
        ("[places]", "[access]\nhalf_life_h = inf\n[places]", "finite number"),
    ],
)
def test_what_a_study_cannot_say(tmp_path, old, new, message):
    assert old in SOUND
    with pytest.raises(StudyError) as caught:
        read_settings(write(tmp_path, SOUND.replace(old, new)))
    assert message in str(caught.value)
    assert "study.toml" in str(caught.value)


def test_a_missing_file_says_how_to_begin(tmp_path):
    with pytest.raises(StudyError, match=r"no such file.*geo-border new DIR"):
        read_settings(tmp_path / "study.toml")


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "study.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="cannot be read as text"):
        read_settings(file)


OSM = """
[study]
id = "s"
title = "A study"
home = "H"
neighbour = "N"
[osm]
extracts = [{ file = "x.osm.pbf", url = "https://example.org/x.osm.pbf" }]
[regions]
home = { country = "LI", admin_level = 8 }
neighbour = { everything_else = true }
"""


def test_a_study_of_an_extract_needs_no_more_than_ten_lines(tmp_path):
    settings = read_settings(write(tmp_path, OSM))
    assert settings.regions.home.admin_level == 8
    assert settings.attribution == "© OpenStreetMap contributors (ODbL)"
    assert settings.delay_h["road"] == 0
    assert settings.beyond_km == 1
    assert read_settings(write(tmp_path, SOUND)).beyond_km is None
    assert read_settings(write(tmp_path, SOUND)).delay_h == {"road": 1}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('country = "LI"', 'country = "Liechtenstein"', "regions.home.country"),
        ("admin_level = 8", "admin_level = 1", "regions.home.admin_level"),
        ("admin_level = 8", 'level = "8"', "regions.home.level: extra inputs"),
        ("everything_else = true", "everything_else = false", "regions.neighbour.everything_else"),
        ('home = { country = "LI", admin_level = 8 }', "home = { everything_else = true }", "only"),
        ('url = "https:', 'url = "file:', "osm.extracts.0.url"),
        ('url = "https:', 'url = "ftp:', "osm.extracts.0.url"),
        ("[osm]", '[network]\nlines = [{ file = "a", mode = "road" }]\n[osm]', "network.speeds"),
    ],
)
def test_what_a_study_of_an_extract_cannot_say(tmp_path, old, new, message):
    assert old in OSM
    with pytest.raises(StudyError) as caught:
        read_settings(write(tmp_path, OSM.replace(old, new)))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'lines = [{ file = "roads.geojson", mode = "road" }]\n',
            "",
            "network.lines: field required, or extracts of OpenStreetMap in [osm]",
        ),
        ('speeds = "speeds.csv"\n', "", "network.speeds: field required, or extracts"),
        ('file = "checkpoints.csv"\n', "", "checkpoints.file: field required, or extracts"),
        ("delay_h = { road = 1.0 }\n", "", "checkpoints.delay_h: field required, or extracts"),
        ('[places]\nfile = "places.csv"\n', "", "places.file: field required, or extracts"),
        (
            'home = "h.geojson"',
            'home = { country = "LI" }',
            "regions.home: name a file, or extracts",
        ),
        ('file = "places.csv"', 'file = "p.csv"\ntagged = true', "places.tagged: needs extracts"),
        (
            'neighbour = "n.geojson"',
            'neighbour = "n.geojson"\nhome_territory = { country = "LI" }',
            "a territory by country needs extracts",
        ),
    ],
)
def test_without_extracts_the_message_names_both_ways_out(tmp_path, old, new, message):
    assert old in SOUND
    with pytest.raises(StudyError) as caught:
        read_settings(write(tmp_path, SOUND.replace(old, new)))
    assert message in str(caught.value)


def test_the_licence_of_openstreetmap_is_not_said_twice(tmp_path):
    own = 'neighbour = "N"\nlicence = "© OpenStreetMap contributors (ODbL), own counts"'
    settings = read_settings(write(tmp_path, OSM.replace('neighbour = "N"', own)))
    assert settings.attribution == "© OpenStreetMap contributors (ODbL), own counts"
