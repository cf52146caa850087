"""What `check` finds in a study before it is run."""

import re
import shutil

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.osm.boundaries import boundaries_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract
from geo_border.pipeline.templates import new_study
from geo_border.study import open_study


def stated(folder, severity):
    found = open_study(folder).check()
    return found[found["severity"] == severity]


def edit(folder, old, new):
    toml = folder / "study.toml"
    text = toml.read_text(encoding="utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), encoding="utf-8")


def test_settlements_on_the_other_side_than_said_are_named_with_their_row(mini):
    assert stated(mini, "error").empty
    places = pd.read_csv(mini / "places.csv")
    places.loc[1, ["side", "region_id"]] = ["neighbour", None]
    places.to_csv(mini / "places.csv", index=False)
    row = stated(mini, "error").iloc[0]
    assert row["item"] == "Town B"
    assert row["problem"] == "side is neighbour, but it lies 56 km inside the home side"
    assert row["where"] == "places.csv, row 3"


@pytest.mark.slow
def test_a_settlement_listed_twice_is_named_with_its_row_and_in_the_account(mini):
    places = pd.read_csv(mini / "places.csv")
    again = places[places["name"] == "Town B"].assign(
        place_id="h8", name="Tówn’ B", lat=lambda rows: rows["lat"] + 0.005
    )
    beside = again.assign(place_id="h9", name="Old Town B", population=400)
    pd.concat([places, again, beside]).to_csv(mini / "places.csv", index=False)
    found = stated(mini, "warning")
    rows = found[found["problem"].str.contains("once more")]
    assert rows["item"].tolist() == ["Tówn’ B"]
    assert rows["problem"].iloc[0] == (
        "may be Town B once more, 0.6 km from it (same population): 2,000 persons may be counted "
        "twice; leave one out"
    )
    assert rows["where"].iloc[0] == f"places.csv, row {len(places) + 2}"
    results = open_study(mini).run()
    line = results.quality.set_index("item").loc["settlements that may be listed twice"]
    assert line[["topic", "value", "unit"]].tolist() == ["places", 1, "pairs"]
    assert line["note"] == (
        "2,000 persons may be counted twice; Town B and Tówn’ B (0.6 km, same population)"
    )
    flaws = results.flaws[results.flaws["kind"] == "settlement that may be listed twice"]
    assert flaws[["name", "value", "unit"]].to_numpy().tolist() == [["Tówn’ B", 2000, "persons"]]
    assert flaws.geometry.y.tolist() == pytest.approx([49.505])


def test_a_corridor_through_no_place_is_found_before_the_run(mini):
    edit(mini, "[index]", '[[corridors]]\nname = "x"\nplaces = ["Town A", "Town Q"]\n[index]')
    row = stated(mini, "error").iloc[0]
    assert row["topic"] == "corridors"
    assert "there is no place 'Town Q'" in row["problem"]


def test_an_extract_of_somewhere_else_is_named(mini, extract_file):
    shutil.copy(extract_file("andorra-sketch"), mini / "x.osm.pbf")
    edit(mini, "[regions]", '[osm]\nextracts = [{ file = "x.osm.pbf" }]\n[regions]')
    found = stated(mini, "warning")
    row = found[found["topic"] == "extracts"].iloc[0]
    assert row["problem"].startswith("lies elsewhere, at longitude 1.4")


def test_a_border_of_coarse_files_is_told_with_its_greatest_distance(tmp_path, extract_file):
    extract = extract_file("liechtenstein-sketch")
    new_study(tmp_path / "li", template="liechtenstein")
    folder, settings = tmp_path / "li", open_study(tmp_path / "li").settings
    (folder / settings.osm.extracts[0].file).symlink_to(extract)
    units = boundaries_from_extract(read_extract(extract, wanted()))[0]
    land = shapely.simplify(units.loc["LI"].geometry, 0.01)
    ring = shapely.difference(shapely.box(9.3, 46.9, 9.8, 47.4), land)
    for name, shape in (("home", land), ("neighbour", ring)):
        row = {"region_id": [name], "name": [name]}
        polygons = gpd.GeoDataFrame(row, geometry=[shape], crs=4326)
        polygons.to_file(folder / f"{name}.geojson")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    for side in ("home", "neighbour"):
        text = re.sub(rf"(?m)^{side} = \{{.*$", f'{side} = "{side}.geojson"', text)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    towns = pd.read_csv(folder / "towns.csv")
    towns.assign(region_id=towns["side"]).to_csv(folder / "towns.csv", index=False)
    found = open_study(folder).check()
    row = found[(found["topic"] == "regions") & (found["severity"] == "warning")].iloc[0]
    assert row["item"] == "LI"
    assert re.search(r"lies up to [5-9]\d\d m from its outline in the extracts", row["problem"])
    line = found[found["item"] == "along the outline of LI in the extracts"].iloc[0]
    assert line["problem"].startswith("100 %")
