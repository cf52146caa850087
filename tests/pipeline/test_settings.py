import os
from pathlib import Path

import pytest

from geo_border.errors import StudyError
from geo_border.pipeline.inputs.files import input_files
from geo_border.pipeline.settings import read_settings

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


def test_cars_are_always_a_class_and_their_delay_is_that_by_road(tmp_path):
    text = SOUND.replace("[places]", "[traffic.classes.truck]\npcu = 2\n[places]")
    settings = read_settings(write(tmp_path, text))
    assert list(settings.traffic.classes) == ["car", "truck"]
    assert settings.road_delay_h == {"car": 1.0, "truck": 1.0}
    own = "[checkpoints.classes.car]\ndelay_h = 0.5\n[traffic.classes.truck]\n[places]"
    settings = read_settings(write(tmp_path, SOUND.replace("[places]", own)))
    assert settings.delay_h["road"] == 0.5
    assert settings.road_delay_h == {"car": 0.5, "truck": 1.0}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A study"', "", "study.title: is missing. Add it to [study]"),
        ('home = "H"', 'home = "H"\ncolour = "red"', "study.colour: there is no such key"),
        (
            'title = "A study"',
            'titel = "A study"',
            "study.titel: there is no such key. The nearest is 'title'",
        ),
        ("[places]", "[plcaes]", "plcaes: there is no such key. The nearest is 'places'"),
        ("[places]", "[index]\nhalf_life_h = 2\n[places]", "It is a key of [access] and [demand]"),
        ("[places]", "[index]\nqqq = 2\n[places]", "write one of normalisation, weights"),
        (
            "delay_h = { road = 1.0 }",
            "delay_h = { road = -1.0 }",
            "delay_h.road: should be at least 0, not -1.0",
        ),
        (
            "delay_h = { road = 1.0 }",
            'delay_h = { road = "soon" }',
            'should be a number, not "soon"',
        ),
        (
            "delay_h = { road = 1.0 }",
            "delay_h = { tram = 1.0 }",
            "delay_h.tram: should be 'road', 'rail'",
        ),
        (
            "[places]",
            "[checkpoints.classes.truck]\ndelay_h = 2\n[places]",
            "checkpoints.classes: there is no [traffic.classes.truck]",
        ),
        (
            "[places]",
            "[checkpoints.classes.car]\ndelay_h = 2\ndelay_hi_h = 1\n[places]",
            "delay_lo_h ≤ delay_h ≤ delay_hi_h does not hold: 2 ≤ 1",
        ),
        ("[places]", "[traffic.classes.all]\n[places]", "'all' is a word of columns"),
        ("[places]", "[traffic.classes.Truck]\n[places]", "should be small letters and digits"),
        (
            "[places]",
            "[traffic.classes.car]\nsegments = [{ share = 0.5, theta = 1 }]\n[places]",
            "the shares of its segments should add up to 1, not 0.5",
        ),
        ('mode = "road"', 'mode = "sea"', "network.lines (entry 1).mode: should be 'road'"),
        ('id = "s"', 'id = "../s"', "study.id: should be small letters, digits and hyphens"),
        ("[places]", "[index]\ndraws = 200.5\n[places]", "should be a whole number, not 200.5"),
        ("[places]", "[index]\ndraws = true\n[places]", "should be a whole number, not true"),
        ('home = "H"', 'home = ["H"]', "study.home: should be text in quotes, not a list"),
        ('file = "places.csv"', 'file = ""', "places.file: is empty"),
        ("delay_h = { road = 1.0 }", "delay_h = 1", "should be a table { key = value }, not 1"),
        (
            "[places]",
            "[access]\nwithin_h = [1, -2]\n[places]",
            "within_h (entry 2): should be greater than 0",
        ),
        ("[places]", '[access]\nwithin_h = "1"\n[places]', 'should be a number, not "1"'),
        ('"places.csv"', '"C:\\users\\x.csv"', "not valid TOML: Invalid hex value"),
        ('"places.csv"', '"C:\\data.csv"', "Write paths with / between folders"),
        ("[places]", "[network]\n[places]", "The table stands twice"),
        ('id = "s"', 'id = "s"\nid = "t"', "The key stands twice"),
        ("[places]", "[places", "not valid TOML: Expected ']'"),
        ("[places]", "[typology]\nlow = 70\nhigh = 20\n[places]", "low must be below high"),
        ("[places]", "[typology]\nlow = 50\nhigh = 50\n[places]", "low must be below high"),
        ("[places]", "[typology]\nlow = 0\n[places]", "should be greater than 0"),
        ("[places]", "[typology]\nhigh = 100\n[places]", "should be less than 100"),
        ("[places]", "[access]\nhalf_life_h = inf\n[places]", "should be a finite number, not inf"),
    ],
)
def test_what_a_study_cannot_say(tmp_path, old, new, message):
    assert old in SOUND
    with pytest.raises(StudyError) as caught:
        read_settings(write(tmp_path, SOUND.replace(old, new)))
    assert message in str(caught.value)
    assert "study.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x = " + "[" * 100_000, "too deep"),
        ("x = " + "{a=" * 100_000, "too deep"),
        ("x = " + "9" * 5000, "more digits"),
        ("x = 0x" + "f" * 5000, "more digits"),
        ("x = -" + "9" * 30, "more digits"),
        ('x = "pla\\u0000ces.csv"', "NUL"),
        ('x = [{ y = ["\\u0000"] }]', "NUL"),
        ('"\\u0000" = 1', "NUL"),
        ("\0", "not valid TOML"),
    ],
)
def test_what_no_file_should_hold_is_one_message(tmp_path, line, says):
    file = write(tmp_path, f"{SOUND}\n[more]\n{line}\n")
    with pytest.raises(StudyError, match=says) as caught:
        read_settings(file)
    assert len(str(caught.value)) < 400


def test_a_missing_file_says_how_to_begin(tmp_path):
    with pytest.raises(StudyError, match=r"no such file.*geo-border new DIR"):
        read_settings(tmp_path / "study.toml")


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "study.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match=r"cannot be read as text in UTF-8 \(byte 0\). Save it"):
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
        (
            'country = "LI"',
            'country = "Liechtenstein"',
            "regions.home.country: should be the two letters",
        ),
        ('country = "LI"', 'country = "l1"', 'such as "KZ", not "L1"'),
        (
            '{ country = "LI", admin_level = 8 }',
            '{ file = "h.gpkg", name = "x" }',
            "regions.home.name: there is no such key. ",
        ),
        ('{ country = "LI", admin_level = 8 }', '["h.gpkg"]', "regions.home: should be a file, {"),
        (
            '[{ file = "x.osm.pbf", url = "https://example.org/x.osm.pbf" }]',
            '"x.osm.pbf"',
            "should be a list",
        ),
        (
            '[{ file = "x.osm.pbf", url = "https://example.org/x.osm.pbf" }]',
            "[]",
            "1 or more entries, not 0",
        ),
        (
            '{ file = "x.osm.pbf", url = "https://example.org/x.osm.pbf" }',
            '"x.osm.pbf"',
            "osm.extracts (entry 1): should be a table { file = … }",
        ),
        (
            "[regions]",
            'language = "English"\n[regions]',
            'the small letters of ISO 639, such as "en"',
        ),
        (
            "[regions]",
            "home_territory = 3\n[regions]",
            "osm.home_territory: there is no such key. It is a key of [regions]",
        ),
        (
            "[regions]",
            "[regions]\nhome_territory = 3",
            "regions.home_territory: should be a file or",
        ),
        ("admin_level = 8", "admin_level = 1", "regions.home.admin_level"),
        (
            "admin_level = 8",
            'level = "8"',
            "regions.home.level: there is no such key. The nearest is 'admin_level'",
        ),
        (
            "everything_else = true",
            "everything_else = false",
            "regions.neighbour.everything_else: should be true, not false",
        ),
        ('home = { country = "LI", admin_level = 8 }', "home = { everything_else = true }", "only"),
        ('url = "https:', 'url = "file:', "osm.extracts (entry 1).url: should be an address"),
        ('url = "https:', 'url = "ftp:', "osm.extracts (entry 1).url: should be an address"),
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
            "network.lines: is missing, as are extracts of OpenStreetMap in [osm]",
        ),
        ('speeds = "speeds.csv"\n', "", "network.speeds: is missing, as are extracts"),
        ('file = "checkpoints.csv"\n', "", "checkpoints.file: is missing, as are extracts"),
        ("delay_h = { road = 1.0 }\n", "", "checkpoints.delay_h: is missing, as are extracts"),
        ('[places]\nfile = "places.csv"\n', "", "places.file: is missing, as are extracts"),
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


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(SOUND, encoding="utf-8-sig")
    assert read_settings(file).study.id == "s"


def test_an_empty_file_is_told_what_it_lacks(tmp_path):
    with pytest.raises(
        StudyError, match=r"Add the table \[study\] with id, title, home, neighbour"
    ):
        read_settings(write(tmp_path, ""))


def test_one_value_stands_for_a_list_of_one(tmp_path):
    one = '[access]\nwithin_h = 2\n[surface]\npopulation = "p.tif"\n[places]'
    settings = read_settings(write(tmp_path, SOUND.replace("[places]", one)))
    assert settings.access.limits_h == [1, 2]
    assert settings.surface.population == ["p.tif"]


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("index", "seed", "-1"),
        ("access", "zones_min", "[]"),
        ("access", "zones_min", "[1e300]"),
        ("access", "zones_min", "[30, 30.1]"),
        ("access", "within_h", "[]"),
        ("access", "within_h", "1e300"),
        ("access", "half_life_h", "1e-300"),
        ("access", "performance_km", "1e300"),
        ("demand", "half_life_h", "1e300"),
        ("demand", "alpha", "1e300"),
        ("demand", "gamma", "11"),
        ("network", "speed_factor", "1e-300"),
        ("network", "speed_factor", "40"),
        ("network", "place_kmh", "1e-300"),
        ("network", "place_detour", "1e308"),
        ("network", "transfer_h", "1e300"),
        ("network", "place_reach_km", "1e-9"),
        ("network", "most_candidates", "100000000"),
        ("regions", "edge_tolerance_km", "1e6"),
        ("regions", "published_border_km", "{ A = -5.0 }"),
        ("checkpoints", "open_users", "[]"),
        ("checkpoints", "open_status", "[]"),
        ("checkpoints", "month", "13"),
    ],
)
def test_what_no_border_can_have_is_refused_by_its_key(tmp_path, table, key, value):
    head = f"[{table}]"
    text = SOUND if head in SOUND else f"{SOUND}{head}\n"
    text = text.replace(head, f"{head}\n{key} = {value}")
    with pytest.raises(StudyError, match=rf"study\.toml: {table}\.{key}.*should"):
        read_settings(write(tmp_path, text))


def test_zones_are_put_in_order_and_each_is_one(tmp_path):
    text = f"{SOUND}[access]\nzones_min = [90, 30, 30]\nwithin_h = [2, 0.5, 2]"
    access = read_settings(write(tmp_path, text)).access
    assert access.zones_min == [30, 90]
    assert access.within_h == [0.5, 2]


def test_corridors_have_names_of_their_own(tmp_path):
    corridor = '[[corridors]]\nname = "North"\nplaces = ["a", "b"]\n'
    with pytest.raises(StudyError, match="corridors: 'North' is the name of two"):
        read_settings(write(tmp_path, SOUND + 2 * corridor))


SIDE_FORMS = (
    'regions.home: should be a file, { country = "KZ", admin_level = 4 } or '
    '{ everything_else = true }; a layer of a file is { file = "adm.gpkg", layer = "adm1" }'
)


def test_all_mistakes_are_said_at_once(tmp_path):
    text = SOUND.replace('title = "A study"', 'titel = "A study"\nhom = "H"')
    text = text.replace("delay_h = { road = 1.0 }", 'delay_h = { road = -1 }\nfarthest_km = "far"')
    text = text.replace('mode = "road"', 'mode = "sea", speed = 5')
    text = text.replace('home = "h.geojson"', "home = 5")
    with pytest.raises(StudyError) as caught:
        read_settings(write(tmp_path, text))
    said = [line.split("study.toml: ")[1].split(". ")[0] for line in str(caught.value).split("\n")]
    assert said == [
        "study.titel: there is no such key",
        "study.hom: there is no such key",
        "study.title: is missing",
        SIDE_FORMS,
        "network.lines (entry 1).speed: there is no such key",
        "network.lines (entry 1).mode: should be 'road', 'rail', 'ferry' or 'foot', not \"sea\"",
        'checkpoints.farthest_km: should be a number, not "far"',
        "checkpoints.delay_h.road: should be at least 0, not -1",
    ]


def test_a_layer_is_a_file_or_a_layer_of_one(tmp_path):
    text = SOUND.replace('"h.geojson"', '{ file = "adm.gpkg", layer = "adm1" }')
    text = text.replace('mode = "road"', 'layer = "ways", mode = "road"')
    settings = read_settings(write(tmp_path, text))
    assert settings.regions.home.layer == "adm1"
    assert settings.regions.neighbour.file == "n.geojson"
    assert settings.network.lines[0].layer == "ways"
    files = input_files(settings, tmp_path)
    assert files["regions.home"] == tmp_path / "adm.gpkg"
    for wrong, says in (
        ('{ file = "adm.gpkg", layer = "" }', "regions.home.layer: is empty"),
        ('{ file = "adm.gpkg", layer = 1 }', "regions.home.layer: should be text in quotes, not 1"),
        ('{ layer = "adm1" }', "regions.home: should be a file"),
    ):
        with pytest.raises(StudyError) as caught:
            read_settings(write(tmp_path, SOUND.replace('"h.geojson"', wrong)))
        assert says in str(caught.value)


def test_a_study_is_a_regular_file(tmp_path):
    os.mkfifo(tmp_path / "study.toml")
    for file in (tmp_path / "study.toml", Path("/dev/zero")):
        with pytest.raises(StudyError, match="it is a pipe or a device, not a file"):
            read_settings(file)
