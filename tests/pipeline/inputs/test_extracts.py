"""What a study takes from its extracts, on those of Liechtenstein and on small tables."""

import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border import from_osm
from geo_border.errors import ExtractError, SideError, StudyError, TableError
from geo_border.network.places import STAND_IN
from geo_border.pipeline.inputs.extracts import (
    BOTH,
    REGISTER,
    TAGS,
    _in_language,
    checkpoints_of,
    extract_stage,
    settlements_of,
    sides_of,
    with_capitals,
)
from geo_border.pipeline.inputs.read import read_inputs
from geo_border.pipeline.settings import EverythingElseSection as Else
from geo_border.pipeline.settings import Settings
from geo_border.pipeline.stages.border import border_stage

FILE = "liechtenstein-sketch.osm.pbf"
ABOUT = {"id": "li", "title": "LI", "home": "Liechtenstein", "neighbour": "Others"}
MUNICIPALITIES = {"country": "LI", "admin_level": 8}
ELSE = {"everything_else": True}


def settings(home=MUNICIPALITIES, neighbour=ELSE, **more):
    regions = {"home": home, "neighbour": neighbour} | more.pop("regions", {})
    osm = {"extracts": [{"file": FILE}]} | more.pop("osm", {})
    return Settings.model_validate({"study": ABOUT, "osm": osm, "regions": regions} | more)


@pytest.fixture(scope="module")
def file(extract_file):
    return extract_file("liechtenstein-sketch")


@pytest.fixture(scope="module")
def drawn(file):
    return extract_stage(settings(), file.parent)


@pytest.fixture(scope="module", params=extracts.LIECHTENSTEIN)
def parts(request, extract_file):
    read = extract_file(request.param)
    return extract_stage(settings(osm={"extracts": [{"file": read.name}]}), read.parent)


def sides(parts, wanted, **given):
    regions, rest = sides_of(wanted, parts.land, given)
    return {side: regions[regions["side"] == side] for side in ("home", "neighbour")}, rest


def test_units_of_a_level_of_a_country(parts):
    found, rest = sides(parts, settings())
    assert len(found["home"]) == 11
    assert found["home"].loc["LI-11", ["name", "capital"]].tolist() == ["Vaduz", "Vaduz"]
    assert sorted(found["neighbour"].index) == ["AT", "CH"]
    assert rest.empty


def test_some_of_the_units_by_id_and_name_and_the_rest_as_territory(parts):
    keep = {**MUNICIPALITIES, "keep": ["LI-01", "Vaduz"]}
    found, rest = sides(parts, settings(keep))
    assert sorted(found["home"].index) == ["LI-01", "LI-11"]
    assert rest["side"].tolist() == ["home"]
    whole = shapely.union_all([*found["home"].geometry, *rest.geometry])
    land = parts.land.countries.set_index("country").geometry["LI"]
    assert whole.symmetric_difference(land).area < 1e-6 * land.area
    # What is home's territory is not the neighbour's.
    other = shapely.union_all(found["neighbour"].geometry.to_numpy())
    assert other.intersection(land).area < 1e-6 * land.area


def test_a_country_as_one_region(parts):
    found, _ = sides(parts, settings({"country": "LI"}))
    assert found["home"].index.tolist() == ["LI"]
    assert found["home"].loc["LI", "capital"] == "Vaduz"


def test_the_sides_may_change_places(parts):
    found, _ = sides(parts, settings(ELSE, MUNICIPALITIES))
    assert sorted(found["home"].index) == ["AT", "CH"]
    assert len(found["neighbour"]) == 11


@pytest.mark.parametrize(
    ("home", "says"),
    [
        ({"country": "FR", "admin_level": 4}, "hold no whole unit of FR at admin_level 4"),
        ({"country": "LI", "admin_level": 5}, r"land of .*LI.* levels 2, 4, 6, 8, 10; choose"),
        ({"country": "CH", "admin_level": 4}, r"outlines are incomplete: .*St\. Gallen"),
        ({**MUNICIPALITIES, "keep": ["Buchs"]}, r"there is no unit 'Buchs'.*LI-01 Balzers"),
    ],
)
def test_what_the_extract_does_not_hold_is_named(home, says, file):
    wanted = settings(home)
    with pytest.raises(StudyError, match=says):
        sides_of(wanted, extract_stage(wanted, file.parent).land, {})


def test_a_coarse_file_on_the_other_side_gives_way_to_the_outline_of_the_extract(parts, tmp_path):
    # A neighbour that is a box around, 300 m short of the country in places and over it in others.
    land = parts.land.countries.set_index("country").geometry["LI"]
    coarse = shapely.simplify(land, 0.01)
    ring = shapely.difference(shapely.box(9.3, 46.9, 9.8, 47.4), coarse)
    gpd.GeoDataFrame(
        {"region_id": ["N"], "name": ["Neighbour"]}, geometry=[ring], crs=4326
    ).to_file(tmp_path / "n.geojson")
    pd.DataFrame(
        [("x", "Buchs", 9.478, 47.167, "neighbour", "N", 10_000)],
        columns=["place_id", "name", "lon", "lat", "side", "region_id", "population"],
    ).to_csv(tmp_path / "p.csv", index=False)
    places = {"file": "p.csv", "tagged": True}
    wanted = settings(neighbour="n.geojson", places=places, checkpoints={"open_crossings": True})
    border = border_stage(wanted, read_inputs(wanted, tmp_path, parts))
    # The fine line of 78 km, not the coarse one.
    assert border.line["length_km"].sum() == pytest.approx(78, rel=0.01)
    home = border.regions[border.regions["side"] == "home"]
    union = shapely.union_all(home.geometry.to_numpy())
    assert union.symmetric_difference(land).area < 1e-5 * land.area
    assert set(border.mismatch["side"]) == {"neighbour"}


@pytest.mark.parametrize("at_home", [True, False])
def test_where_both_sides_are_coarse_files_the_outline_of_the_extract_is_the_border(
    parts, tmp_path, at_home
):
    country = parts.land.countries.set_index("country").geometry["LI"]
    coarse = shapely.simplify(country, 0.01)
    ring = shapely.difference(shapely.box(9.3, 46.9, 9.8, 47.4), coarse)
    for name, number, shape in (("h", 0, coarse), ("n", 1, ring)):
        file = tmp_path / f"{name if at_home else 'nh'[number]}.geojson"
        row = {"region_id": ["LI" if number == 0 else "N"], "name": ["L" if number == 0 else "N"]}
        gpd.GeoDataFrame(row, geometry=[shape], crs=4326).to_file(file)
    towns = [("Vaduz", 9.521, 47.141, "LI"), ("Buchs", 9.478, 47.167, "N")]
    sides = ("home", "neighbour") if at_home else ("neighbour", "home")
    pd.DataFrame(
        [(name, name, x, y, side, region, 5_000)
         for (name, x, y, region), side in zip(towns, sides, strict=True)],
        columns=["place_id", "name", "lon", "lat", "side", "region_id", "population"],
    ).to_csv(tmp_path / "p.csv", index=False)  # fmt: skip
    free = {"open_crossings": True}
    wanted = settings("h.geojson", "n.geojson", places={"file": "p.csv"}, checkpoints=free)
    border = border_stage(wanted, read_inputs(wanted, tmp_path, parts))
    # 41.2 km with Switzerland and 36.7 km with Austria; the files' own line has 67.5.
    assert border.line["length_km"].sum() == pytest.approx(77.9, rel=0.01)
    followed = border.followed.iloc[0]
    assert followed["country"] == "LI"
    assert followed["side"] == ("home" if at_home else "neighbour")
    assert followed["share"] == pytest.approx(1)
    assert 0.5 < followed["moved_km"] < 1
    # The crossings are those of the sides of the extract, at the same places.
    forms = ({"country": "LI"}, ELSE) if at_home else (ELSE, {"country": "LI"})
    wanted = settings(*forms, places={"file": "p.csv"}, checkpoints=free)
    towns = pd.read_csv(tmp_path / "p.csv").replace({"region_id": {"N": "CH"}})
    towns.to_csv(tmp_path / "p.csv", index=False)
    exact = border_stage(wanted, read_inputs(wanted, tmp_path, parts)).checkpoints
    controls = border.checkpoints.reindex(exact.index)
    assert len(exact) == len(border.checkpoints) > 10
    assert controls[["lon", "lat"]].to_numpy() == pytest.approx(
        exact[["lon", "lat"]].to_numpy(), abs=1e-5
    )


def test_a_missing_extract_says_how_to_get_it(tmp_path):
    wanted = settings(osm={"extracts": [{"file": "x.osm.pbf", "url": "https://x.org/x.osm.pbf"}]})
    with pytest.raises(ExtractError, match=r"x\.osm\.pbf: the extract is not there.*fetch"):
        extract_stage(wanted, tmp_path)
    with pytest.raises(ExtractError, match="name its `url`"):
        extract_stage(settings(osm={"extracts": [{"file": "x.osm.pbf"}]}), tmp_path)


def test_a_network_of_extracts_alone_is_one_call(drawn, file):
    built = from_osm(file, home=MUNICIPALITIES, neighbour=Else(everything_else=True))
    assert {"LI-01", "LI-11", "AT", "CH"} <= set(built.network.regions)
    assert len(built.network.regions) == 13
    bridges = built.crossings[built.crossings["mode"] == "road"]
    vaduz = np.hypot(0.68 * (bridges["lon"] - 9.5123), bridges["lat"] - 47.1305)
    assert (vaduz < 0.0006).any()
    assert (built.crossings["mode"] == "rail").sum() == 2
    # Default speeds are those of the three countries, as in a study of the same sides.
    wanted = settings()
    regions, _ = sides_of(wanted, drawn.land, {})
    assert sorted(regions.index) == sorted(built.network.regions)


@pytest.mark.parametrize(
    ("sides", "says"),
    [
        ({"home": MUNICIPALITIES, "neighbour": {}}, "cannot be understood"),
        ({}, "the land of the sides is not given"),
        ({"home": "a.gpkg", "neighbour": ELSE}, "the name of a file"),
        ({"home": {"country": "Liechtenstein"}, "neighbour": ELSE}, "cannot be understood"),
    ],
)
def test_sides_in_no_known_form_are_one_clear_error(sides, says, file):
    with pytest.raises(SideError, match=says):
        from_osm(file, **sides)


# Checkpoints


def controls(*rows):
    columns = ["checkpoint_id", "name", "place", "mode", "lon", "lat", "hours"]
    return pd.DataFrame(rows, columns=columns).assign(
        status="open",
        users=None,
        home_id=None,
        neighbour_id=None,
        accuracy_km=0.05,
        capacity_day=np.nan,
        delay_h=np.nan,
        osm=[f"n{n}" for n in range(len(rows))],
        confidence="high",
        hours_unread=None,
    )


def register(*rows):
    columns = ["checkpoint_id", "name", "mode", "lon", "lat", "delay_h"]
    table = pd.DataFrame(rows, columns=columns).set_index("checkpoint_id")
    return table.assign(
        status="open",
        users="bilateral",
        home_id=None,
        neighbour_id=None,
        accuracy_km=np.nan,
        hours=None,
        capacity_day=np.nan,
    )


FOUND = controls(
    ("osm-n0", None, "Village", "road", 10.0, 50.0, "24/7"),
    ("osm-n1", "Customs", "Town", "road", 11.0, 50.0, None),
    ("osm-n2", "Office", None, None, 12.0, 50.0, None),
)


def test_tagged_controls_are_checkpoints_if_a_way_passes_them():
    found = checkpoints_of(FOUND, None)
    assert found.index.tolist() == ["osm-n0", "osm-n1"]
    assert found["name"].tolist() == ["Village", "Customs"]
    assert set(found["known_from"]) == {TAGS}


def test_a_register_speaks_first_but_for_the_place():
    ours = register(("a", "Village", "road", 10.01, 50.0, 1.5), ("b", "Far", "rail", 15.0, 50.0, 2))
    found = checkpoints_of(FOUND, ours)
    assert found["known_from"].to_dict() == {"a": BOTH, "b": REGISTER, "osm-n1": TAGS}
    assert found.loc["a", ["lon", "lat", "delay_h", "users"]].tolist() == [10, 50, 1.5, "bilateral"]
    assert found.loc["a", ["hours", "osm"]].tolist() == ["24/7", "n0"]
    assert found.loc["b", "lon"] == 15


@pytest.mark.parametrize(
    ("modes", "kept"),
    [(["road"], ["a0"]), (["rail"], ["a0"]), (["rail", "road"], ["a0", "a1"])],
)
def test_a_register_says_the_modes_of_a_joint_checkpoint(modes, kept):
    both = controls(
        ("osm-n0", "Bridge", None, "road", 10.0, 50.0, None),
        ("osm-n0-rail", "Bridge", None, "rail", 10.0, 50.0, None),
    ).assign(osm="n0")
    assert len(checkpoints_of(both, None)) == 2
    rows = [(f"a{n}", "Bridge", mode, 10.0, 50.0, 1.0) for n, mode in enumerate(modes)]
    found = checkpoints_of(both, register(*rows))
    assert found.index.tolist() == kept
    assert found["mode"].tolist() == modes


# Settlements and capitals

LAND = gpd.GeoDataFrame(
    {"side": ["home", "neighbour"], "region_id": ["A", None]},
    geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
    crs=4326,
)


def towns(*rows):
    table = pd.DataFrame(rows, columns=["place_id", "name", "lon", "lat", "population"])
    table["kind"] = "town"
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)


SETTLED = towns(
    ("t1", "Here", 0.5, 0.5, 100.0),
    ("t2", "There", 1.5, 0.5, 200.0),
    ("t3", "Unknown", 0.6, 0.5, np.nan),
    ("t4", "Nobody", 0.7, 0.5, 0.0),
    ("t5", "Away", 5.0, 5.0, 300.0),
    ("t6", "Edge", 0.5, 1.01, 50.0),
)


def test_settlements_with_people_on_the_side_they_lie_in():
    found = settlements_of(SETTLED, LAND, [])
    assert found.index.tolist() == ["t1", "t2", "t6"]
    assert found["side"].tolist() == ["home", "neighbour", "home"]
    assert found["region_id"].fillna("").tolist() == ["A", "", "A"]


def test_settlements_that_are_counted_elsewhere():
    assert settlements_of(SETTLED, LAND, ["Here", "t2"]).index.tolist() == ["t6"]
    with pytest.raises(StudyError, match=r"leave_out.*'Hre'"):
        settlements_of(SETTLED, LAND, ["Hre"])


def test_the_largest_settlement_stands_for_a_capital_that_is_not_named():
    regions = gpd.GeoDataFrame(
        {"capital": ["C", None, None], "capital_lon": [9.0, np.nan, np.nan], "capital_lat": 9.0},
        index=["A", "B", "D"],
        geometry=[shapely.box(0, 0, 1, 1)] * 3,
        crs=4326,
    )
    places = pd.DataFrame(
        {
            "region_id": ["A", "B", "B"],
            "name": ["a", "b", "bb"],
            "lon": [1.0, 2.0, 3.0],
            "lat": 0.0,
            "population": [9, 1, 5],
        }
    )
    found = with_capitals(regions, places)
    assert found["capital"].tolist()[:2] == ["C", "bb"]
    assert found["capital_lon"].tolist()[:2] == [9, 3]
    assert pd.isna(found.loc["D", "capital"])
    assert found["capital_known_from"].tolist()[:2] == [TAGS, STAND_IN]


def test_a_side_without_people_is_an_error_that_says_what_to_add(drawn, tmp_path):
    with pytest.raises(TableError, match=r"lies on the neighbour side.*tagged = true"):
        read_inputs(settings(), tmp_path, drawn)


def test_a_name_that_only_lacks_its_accents_keeps_them():
    there = ["Sant Julià de Lòria", "España", "Қостанай", "Алтай", "Ordino"]
    english = ["Sant Julia de Loria", "Spain", "Kostanay", None, "Ordino"]
    frame = gpd.GeoDataFrame({"name": there, "name_en": english}, geometry=[None] * 5)
    assert _in_language(frame, "en")["name"].tolist() == [
        *("Sant Julià de Lòria", "Spain", "Kostanay", "Алтай", "Ordino")
    ]
    assert _in_language(frame, None)["name"].tolist() == there


def test_the_stage_tells_how_far_the_reading_is(file):
    heard = []
    extract_stage(settings(), file.parent, progress=heard.append)
    last = {words.rsplit(", ", 1)[0]: words for words in heard}
    assert list(last) == [
        f"{FILE}, relations",
        f"{FILE}, ways",
        f"{FILE}, nodes",
        "boundaries",
        "roads and railways",
    ]
    for words in list(last.values())[:3]:
        done, size = words.rsplit(", ", 1)[1].removesuffix(" MB").split(" of ")
        assert done == size
