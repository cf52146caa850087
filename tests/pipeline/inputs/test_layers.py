"""Layers as GIS programs write them: understood, or refused with file, row and remedy."""

import json
import os

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.errors import GeoBorderError, GeometryError
from geo_border.pipeline.inputs.layers import (
    as_words,
    open_lines,
    open_regions,
    read_lines,
    read_regions,
)
from geo_border.pipeline.runs import input_digests
from geo_border.pipeline.settings import read_settings

# What GDAL says of the writing of these files.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Column names longer"),
    pytest.mark.filterwarnings("ignore:.*crs.* was not provided"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning:pyogrio"),
]

BOXES = [shapely.box(west, 49, west + 1, 50) for west in range(3)]


def regions(**columns):
    given = {"region_id": ["A", "B", "C"], "name": ["Alpha", "Beta", "Gamma"], **columns}
    return gpd.GeoDataFrame(given, geometry=BOXES, crs=4326)


def ways(geometry=None, **columns):
    lines = [shapely.LineString([(x, 49.5), (x + 1, 49.5)]) for x in range(3)]
    given = {"class": ["street"] * 3, **columns}
    return gpd.GeoDataFrame(given, geometry=geometry or lines, crs=4326)


def edited(file, change):
    content = json.loads(file.read_text())
    change(content["features"])
    file.write_text(json.dumps(content))
    return file


def written(layer, file, **options):
    layer.to_file(file, **options)
    return file


def said(read, *args):
    with pytest.raises(GeoBorderError) as caught:
        read(*args, "home" if read is read_regions else "road")
    return str(caught.value)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([1, 2, 3], ["1", "2", "3"]),
        ([1.0, 2.0, 3.0], ["1", "2", "3"]),
        ([1.1, 1.2, 2.5], ["1.1", "1.2", "2.5"]),
        (["01", "02", "10"], ["01", "02", "10"]),
        ([" A", "B ", "C"], ["A", "B", "C"]),
        ([2**53 + 2, 1, 2], [str(2**53 + 2), "1", "2"]),
        (["2024/01/02", "2024/01/03", "2024/05/06"], ["2024/01/02", "2024/01/03", "2024/05/06"]),
        (["12:30", "12:31", "01:00"], ["12:30", "12:31", "01:00"]),
        (["A\u200b", "\u2060B\u00a0", "e\u0301"], ["A", "B", "\u00e9"]),
    ],
)
def test_ids_are_what_one_reads_in_the_layer(tmp_path, ids, words):
    for suffix in ("gpkg", "geojson", "fgb"):
        file = written(regions(region_id=ids), tmp_path / f"home.{suffix}")
        # FlatGeobuf has its features in an order of its own.
        assert sorted(read_regions(file, "home").index) == sorted(words), suffix


def test_days_have_no_hours(tmp_path):
    days = ["2024-01-02", "2024-01-03", "2024-05-06"]
    for unit in ("s", "ns"):
        file = written(regions(region_id=pd.to_datetime(days).as_unit(unit)), tmp_path / "h.gpkg")
        assert read_regions(file, "home").index.tolist() == days
    assert as_words(pd.Series(pd.to_datetime(["2024-01-02 12:30", None])))[0].startswith(
        "2024-01-02T12:30"
    )


def test_numbers_become_words_as_one_writes_them():
    single = pd.Series([1.1, 3, np.nan], dtype="float32")
    assert as_words(single).tolist()[:2] == ["1.1", "3"]
    mixed = pd.Series([1e16, True, None, ["A1", "E5"], " x ", pd.NaT, 5], dtype=object)
    assert as_words(mixed).fillna("none").tolist() == [
        "10000000000000000",
        "true",
        "none",
        "A1;E5",
        "x",
        "none",
        "5",
    ]


def test_regions_without_capitals_have_none(tmp_path):
    bare = regions().drop(columns=["capital", "capital_lon", "capital_lat"], errors="ignore")
    found = read_regions(written(bare, tmp_path / "home.gpkg"), "home")
    assert found[["capital", "capital_lon", "capital_lat"]].isna().all(axis=None)


@pytest.mark.parametrize("suffix", ["parquet", "geoparquet", "PARQUET", "pq"])
def test_parquet_is_known_by_its_content(tmp_path, suffix):
    file = tmp_path / f"home.{suffix}"
    regions().to_parquet(file)
    assert len(read_regions(file, "home")) == 3


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("home.fgb", "FlatGeobuf"),
        ("home.kml", "LIBKML"),
        ("home.gml", "GML"),
        ("home.shp", "ESRI Shapefile"),
        ("home.gdb", "OpenFileGDB"),
        ("home.sqlite", "SQLite"),
    ],
)
def test_formats_of_other_programs_are_read(tmp_path, name, driver):
    layer = regions(capital_lon=[0.5, 1.5, 2.5], capital_lat=49.5, people=["5", "6", "7"])
    read = open_regions(written(layer, tmp_path / name, driver=driver))
    assert not read.faults
    rows = read.frame.join(read.further["people"]).sort_values("region_id")
    assert rows["capital_lon"].tolist() == [0.5, 1.5, 2.5]
    assert rows["name"].tolist() == ["Alpha", "Beta", "Gamma"]
    assert rows["people"].tolist() == ["5", "6", "7"]
    assert shapely.area(rows.geometry.to_numpy()).tolist() == pytest.approx([1, 1, 1])


def test_capitals_and_cut_names_of_columns_are_understood(tmp_path):
    layer = regions(CAPITAL_LO=0.5, capital_la=49.5).rename(columns={"name": "NAME"})
    read = open_regions(written(layer, tmp_path / "home.gpkg"))
    assert read.frame[["name", "capital_lon", "capital_lat"]].iloc[0].tolist() == [
        "Alpha",
        0.5,
        49.5,
    ]
    assert read.further.empty
    twice = regions(Capital="x", CAPITAL_="y").rename(columns={"CAPITAL_": "CAPITAL"})
    twice.to_parquet(tmp_path / "home.parquet")
    assert "has the columns Capital, CAPITAL" in said(read_regions, tmp_path / "home.parquet")


def test_of_several_layers_one_is_named(tmp_path):
    file = tmp_path / "adm.gpkg"
    regions(name="whole").iloc[:1].to_file(file, layer="adm0")
    regions().to_file(file, layer="adm1")
    ways().to_file(file, layer="ways")
    assert len(open_regions(file, "adm1").frame) == 3
    assert len(open_lines(file).frame) == 3  # The only one of lines.
    says = said(read_regions, file)
    assert "has several layers: adm0 (Polygon), adm1 (Polygon), ways (LineString)" in says
    assert '{ file = "adm.gpkg", layer = "adm0" }' in says
    with pytest.raises(GeometryError, match=r"has no layer 'adm2'\. It has adm0 \(Polygon\), adm1"):
        open_regions(file, "adm2")


def test_heights_and_empty_parts_do_no_harm(tmp_path):
    lines = [
        shapely.from_wkt("MULTILINESTRING (EMPTY, (0 49, 1 49))"),
        shapely.from_wkt("LINESTRING Z (0 49 5, 1 49 7)"),
        shapely.from_wkt("LINESTRING (0 49, 1 49)"),
    ]
    for suffix in ("gpkg", "parquet"):
        file = tmp_path / f"roads.{suffix}"
        if suffix == "parquet":
            ways(lines).to_parquet(file)
        else:
            ways(lines).to_file(file)
        read = read_lines(file, "road").geometry.to_numpy()
        assert not shapely.has_z(read).any()
        assert shapely.get_num_geometries(read).tolist() == [1, 1, 1]
        assert shapely.length(read).tolist() == [1, 1, 1]


def test_lines_without_a_point_or_with_one_name_their_row(tmp_path):
    file = written(ways(), tmp_path / "roads.geojson")

    def spoil(features):
        features[0]["geometry"] = {"type": "LineString", "coordinates": []}
        features[1]["geometry"]["coordinates"] = [[1, 49.5]]
        features[2]["geometry"]["coordinates"][0] = [float("nan"), 49.5]

    says = said(read_lines, edited(file, spoil))
    assert "row 1: expected lines, found nothing" in says
    assert "(and 1 more row like it: 2)" in says
    assert "row 3: a coordinate is not a finite number" in says


def test_all_that_is_wrong_with_a_layer_is_said_at_once(tmp_path):
    file = written(
        regions(capital_lon=["east", "1.5", "2.5"], capital_lat=[49.5, None, 95]),
        tmp_path / "home.geojson",
    )

    def spoil(features):
        features[0]["properties"]["region_id"] = None
        features[1]["geometry"]["coordinates"][0][1] = [1e308, 50]
        features[2]["geometry"] = {"type": "Point", "coordinates": [1, 50]}

    says = said(read_regions, edited(file, spoil))
    for part in (
        "row 1: region_id is empty",
        "row 1: capital_lon should be a number, not 'east'",
        "row 2 (B): a coordinate is no place on the globe",
        "row 2: capital_lat is empty, but capital_lon is not",
        "row 3 (C): expected a polygon, found Point",
        "row 3: capital_lat is 95; it must lie between -90 and 90",
    ):
        assert part in says


def test_a_list_is_no_value_but_one_value_in_a_list_is(tmp_path):
    file = written(ways(), tmp_path / "roads.geojson")

    def spoil(features):
        features[0]["properties"].update({"class": ["a"], "ref": ["A1", "E5"]})
        features[2]["properties"]["class"] = ["b", "c"]

    says = said(read_lines, edited(file, spoil))
    assert "row 3: class is a list, not one value" in says
    assert says.count("row") == 1
    edited(file, lambda features: features[2]["properties"].update({"class": ["b"]}))
    assert read_lines(file, "road")["road_class"].tolist() == ["a", "street", "b"]
    assert read_lines(file, "road")["ref"].iloc[0] == "A1;E5"


def test_columns_of_lines_are_of_one_kind_whatever_the_layer_has(tmp_path):
    layer = ways(
        way_id=["x1", "5", None],
        gauge_mm=["1520;1435", "1520", None],
        bridge=[True, False, None],
        tunnel=["yes", "building_passage", "no"],
        oneway=[True, False, True],
        mode="boat",
        road_class=5,
        travel_kmh="quick",
        tail_osm="n1",
        country=7,
    ).assign(**{"class": [1, 2, 1]})
    layer["oneway"] = layer["oneway"].astype(bool)
    lines = read_lines(written(layer, tmp_path / "roads.gpkg"), "road")
    assert lines["way_id"].fillna(-1).tolist() == [-1, 5, -1]
    assert lines["gauge_mm"].fillna(-1).tolist() == [-1, 1520, -1]
    assert lines["tunnel"].fillna("").tolist() == ["yes", "", "no"]
    assert lines["bridge"].fillna("").tolist() == ["yes", "no", ""]
    assert lines["oneway"].tolist() == [1, 0, 1]
    assert lines["road_class"].tolist() == ["1", "2", "1"]
    assert (lines["mode"] == "road").all()
    assert not {"travel_kmh", "tail_osm", "country"} & set(lines)


LOCAL = 'LOCAL_CS["Local grid",LOCAL_DATUM["Local",32767],UNIT["Meter",1]]'


def test_layers_that_are_not_where_their_crs_says(tmp_path):
    file = tmp_path / "home.gpkg"
    for crs, part in (
        (3857, "its coordinates reach 50, as degrees do, but the CRS it names has metres or feet"),
        (LOCAL, "its CRS (Local grid) is a local one, which has no place on the globe"),
        (None, "the layer has no coordinate reference system"),
    ):
        file.unlink(missing_ok=True)
        regions().set_crs(crs, allow_override=True).to_file(file)
        assert part in said(read_regions, file)
    metres = shapely.transform(BOXES, lambda xy: xy * 1e5)
    file.unlink()
    regions().set_geometry(metres, crs=4326).to_file(file)
    says = said(read_regions, file)
    assert "home.gpkg: its coordinates reach 5,000,000, which is no place in the CRS" in says
    assert "Set Layer CRS" in says
    beyond = regions().set_geometry(
        shapely.transform(BOXES, lambda xy: xy + np.array([179, 0])), crs=4326
    )
    file.unlink()
    beyond.to_file(file)
    assert read_regions(file, "home").total_bounds.tolist() == [179, 49, 182, 50]


def test_a_polygon_that_crosses_itself_names_its_row_and_reason(tmp_path):
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    file = written(regions().set_geometry([BOXES[0], bow, bow], crs=4326), tmp_path / "home.fgb")
    says = said(read_regions, file)
    assert "row 2 (B): polygon is not valid: Self-intersection" in says
    assert "row 3 (C): polygon is not valid: Self-intersection" in says


def test_a_shapefile_says_its_code_page_or_is_refused(tmp_path):
    named = regions(name=["Область А", "Область Б", "Область В"])
    for encoding, is_read in (("utf-8", True), ("cp1251", False)):
        file = written(named, tmp_path / f"{encoding}.shp", encoding=encoding)
        file.with_suffix(".cpg").unlink()
        table = bytearray(file.with_suffix(".dbf").read_bytes())
        table[29] = 0
        file.with_suffix(".dbf").write_bytes(table)
        if is_read:
            assert read_regions(file, "home")["name"].iloc[0] == "Область А"
        else:
            assert "does not say the code page" in said(read_regions, file)
            file.with_suffix(".cpg").write_text("1251")
            assert read_regions(file, "home")["name"].iloc[0] == "Область А"


def test_cut_files_pipes_and_folders_are_refused(tmp_path):
    file = written(regions(), tmp_path / "home.shp")
    table = file.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[:150])
    assert "home.shp: cannot be read as a vector layer" in said(read_regions, file)
    os.mkfifo(tmp_path / "pipe.geojson")
    assert "it is a pipe or a device" in said(read_regions, tmp_path / "pipe.geojson")
    assert "it is a folder" in said(read_regions, tmp_path)
    regions().to_parquet(tmp_path / "home.parquet")
    content = (tmp_path / "home.parquet").read_bytes()
    (tmp_path / "home.parquet").write_bytes(content[: len(content) // 2])
    assert "cannot be read as a vector layer" in said(read_regions, tmp_path / "home.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    assert "Missing geo metadata" in said(read_regions, tmp_path / "plain.parquet")


def test_a_change_of_any_part_of_a_layer_is_seen(mini):
    gpd.read_file(mini / "home.geojson").to_file(mini / "home.shp")
    toml = mini / "study.toml"
    toml.write_text(toml.read_text().replace("home.geojson", "home.shp"))
    for name in ("capital_lo", "capital_la"):
        assert name in gpd.read_file(mini / "home.shp")
    before = input_digests(read_settings(toml), mini)
    table = mini / "home.dbf"
    table.write_bytes(table.read_bytes().replace(b"Region A", b"Region Z"))
    after = input_digests(read_settings(toml), mini)
    assert {key for key in before if before[key] != after[key]} == {"regions.home"}
