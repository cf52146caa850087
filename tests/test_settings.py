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
