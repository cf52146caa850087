"""Files held against each other: the right one is blamed, with its rows."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.errors import GeoBorderError
from geo_border.pipeline.inputs.read import read_inputs
from geo_border.pipeline.settings import read_settings
from geo_border.report.files.tables import write_geopackage, write_tables
from geo_border.study import open_study

NUMBER = {"A": "1", "B": "2", "C": "3"}


def read(folder):
    return read_inputs(read_settings(folder / "study.toml"), folder)


def said(folder):
    with pytest.raises(GeoBorderError) as caught:
        read(folder)
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def in_toml(folder, *changes):
    toml = folder / "study.toml"
    text = toml.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    toml.write_text(text)


def edit(folder, table, change):
    file = folder / f"{table}.csv"
    change(pd.read_csv(file, dtype=str, keep_default_na=False)).to_csv(file, index=False)


def renamed(folder, tables, ids):
    for table in tables:
        edit(folder, table, lambda rows: rows.assign(region_id=rows["region_id"].replace(ids)))


def relayered(folder, change, name="home.geojson"):
    layer = change(gpd.read_file(folder / name))
    (folder / name).unlink()
    layer.to_file(folder / name)


def with_ids(folder, ids):
    relayered(folder, lambda rows: rows.assign(region_id=rows["region_id"].map(ids)))


def test_ids_of_numbers_are_the_same_with_a_point_or_without(mini):
    with_ids(mini, {"A": 1, "B": 2, "C": 3})
    renamed(mini, ["indicators"], NUMBER)
    renamed(mini, ["places"], {name: f"{number}.0" for name, number in NUMBER.items()})
    places = read(mini).places
    assert places["region_id"].dropna().tolist() == ["1", "2", "3", "X", "Y"]


def test_ids_keep_their_zeros_and_lost_ones_are_told(mini):
    zeros = {name: f"0{number}" for name, number in NUMBER.items()}
    with_ids(mini, zeros)
    renamed(mini, ["indicators", "places"], zeros)
    assert read(mini).regions.index.tolist()[:3] == ["01", "02", "03"]
    renamed(mini, ["places"], {"02": "2"})
    assert said(mini) == [
        (
            "places.csv, row 3: unknown region '2'. It may be '02': keep the column as text, so "
            "that ids keep their zeros."
        )
    ]


def test_a_layer_with_ids_of_its_own_is_at_fault_itself(mini):
    with_ids(mini, {"A": 0, "B": 1, "C": 2})
    assert said(mini) == [
        (
            "home.geojson: none of its region ids (0, 1, 2) stands in places.csv, indicators.csv, "
            "where one finds A, B, C. Give the regions the ids that the tables have, in a column "
            "region_id."
        )
    ]


def test_all_files_are_told_of_at_once(mini):
    relayered(mini, lambda rows: rows.assign(capital_lon=["east", "1.5", "2.5"]))
    relayered(mini, lambda rows: rows.assign(speed_kmh=[-1.0] + [50.0] * 59), "roads.geojson")
    (mini / "speeds.csv").unlink()
    edit(mini, "places", lambda rows: rows.assign(population=["x", *rows["population"][1:]]))
    edit(mini, "indicators", lambda rows: rows.assign(region_id=["Q", *rows["region_id"][1:]]))
    edit(mini, "registry", lambda rows: rows.drop(columns="unit"))
    files = [line.partition(":")[0].partition(",")[0] for line in said(mini)]
    assert files == [
        "home.geojson",
        "roads.geojson",
        "speeds.csv",
        "places.csv",
        "registry.csv",
        "indicators.csv",
    ]
    with pytest.raises(GeoBorderError) as caught:
        open_study(mini).check()
    assert str(caught.value).count("\n") == 5


def test_an_unknown_id_is_told_once_with_all_its_rows(mini):
    renamed(mini, ["indicators"], {"B": "Q"})
    lines = said(mini)
    assert len(lines) == 1
    assert (
        "indicators.csv, row 16: unknown region 'Q' (and 13 more rows like it: 17, 18" in lines[0]
    )


def test_a_published_length_of_a_region_that_is_not_there(mini):
    in_toml(mini, ("[network]", "[regions.published_border_km]\nA = 5\nQ = 7\n[network]"))
    assert said(mini) == [
        (
            "study.toml: regions.published_border_km: there is no region 'Q'. Remove it; there are "
            "A, B, C, X, Y."
        )
    ]


def test_a_language_that_no_region_has_a_name_in(mini):
    in_toml(mini, ("[network]", "[regions.published_border_km]\nA = 5\n[network]"))
    in_toml(mini, ("[regions]", '[regions]\nlocal_language = "fr"'))
    assert said(mini) == [
        (
            "study.toml: regions.local_language: no region has a name in 'fr'. Remove it, or give "
            "the layer of regions a column name_fr."
        )
    ]
    relayered(mini, lambda rows: rows.assign(name_de="", name_fr=["Un", "", None]), "home.geojson")
    regions = read(mini).regions
    assert regions.columns[:3].tolist() == ["name", "name_de", "name_fr"]
    assert regions["name_fr"].dropna().tolist() == ["Un"]


def test_layers_of_another_place_are_told_before_anything_is_computed(mini):
    land = gpd.GeoDataFrame(geometry=[shapely.box(100, 10, 101, 11)], crs=4326)
    land.to_file(mini / "land.geojson")
    side = 'neighbour = "neighbour.geojson"'
    in_toml(mini, (side, f'{side}\nhome_territory = "land.geojson"'))
    relayered(
        mini,
        lambda rows: rows.set_geometry(rows.translate(xoff=50), crs=4326),
        "roads.geojson",
    )
    lines = said(mini)
    assert "land.geojson: it lies at longitude 100.00 to 101.00" in lines[0]
    assert "the home regions are at longitude 0.00 to 3.00, latitude 49.00 to 50.00" in lines[0]
    assert "roads.geojson: it lies at longitude 50.25 to 52.75" in lines[1]


def test_a_turn_around_the_globe_is_no_other_place(mini):
    relayered(
        mini, lambda rows: rows.set_geometry(rows.translate(xoff=-360), crs=4326), "rails.geojson"
    )
    assert read(mini).lines["mode"].eq("rail").sum() == 5


def test_a_line_that_takes_weeks_names_its_layer_and_row(mini):
    relayered(
        mini,
        lambda rows: rows.assign(
            length_km=[40_000.0] + [None] * 59, speed_kmh=[None, None, 1.0] + [None] * 57
        ),
        "roads.geojson",
    )
    lines = said(mini)
    assert len(lines) == 1
    assert "roads.geojson, row 1: 40,000 km in 667 h: more than 500 h. Check its" in lines[0]


@pytest.mark.slow
def test_columns_of_ones_own_meet_none_of_the_results(mini, tmp_path):
    own = {"population": 5, "type": "t", "side": "x", "fid": 7, "KIND": "k", "rank": [[1, 2]] * 3}
    relayered(mini, lambda rows: rows.assign(**own))
    taken = {"node": "n", "access_h": "a", "known_from": "k", "is_open": "i", "geometry": "g"}
    for table in ("places", "checkpoints"):
        edit(mini, table, lambda rows: rows.assign(**taken, note=rows.index.astype(str)))
    results = open_study(mini).run()
    write_tables(results, tmp_path / "tables")
    write_geopackage(results, tmp_path / "study.gpkg")
    regions = pd.read_csv(tmp_path / "tables/regions.csv")
    assert regions["given_population"].tolist()[:3] == [5, 5, 5]
    assert regions["rank"].tolist()[:3] == ["1;2"] * 3
    assert (regions["side"].tolist(), regions["given_side"].tolist()[:3]) == (
        ["home"] * 3 + ["neighbour"] * 2,
        ["x"] * 3,
    )
    places = pd.read_csv(tmp_path / "tables/places.csv").set_index("place_id")
    assert places["given_node"].eq("n").all()
    assert places["note"].tolist() == [0, 1, 2, 3, 4, 5]
    layer = gpd.read_file(tmp_path / "study.gpkg", layer="checkpoints")
    assert {"given_is_open", "given_geometry", "note"} <= set(layer)
    assert layer["is_open"].sum() == 3
