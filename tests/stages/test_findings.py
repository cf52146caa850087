"""What `check` finds in a study before it is run."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from geo_border.study import open_study

OSM = Path(__file__).resolve().parents[3] / "shared" / "osm"


def told(folder, severity):
    found = open_study(folder).check()
    return found[found["severity"] == severity]


def edit(folder, old, new):
    toml = folder / "study.toml"
    text = toml.read_text(encoding="utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), encoding="utf-8")


def test_settlements_on_the_other_side_than_said_are_named_with_their_row(mini):
    assert told(mini, "error").empty
    places = pd.read_csv(mini / "places.csv")
    places.loc[1, ["side", "region_id"]] = ["neighbour", None]
    places.to_csv(mini / "places.csv", index=False)
    row = told(mini, "error").iloc[0]
    assert row["item"] == "Town B"
    assert row["problem"] == "side is neighbour, but it lies 56 km inside the home side"
    assert row["where"] == "places.csv, row 3"


def test_a_corridor_through_no_place_is_found_before_the_run(mini):
    edit(mini, "[index]", '[[corridors]]\nname = "x"\nplaces = ["Town A", "Town Q"]\n[index]')
    row = told(mini, "error").iloc[0]
    assert row["topic"] == "corridors"
    assert "there is no place 'Town Q'" in row["problem"]


def test_an_extract_of_somewhere_else_is_named(mini):
    extract = OSM / "andorra_geodude.osm.pbf"
    if not extract.is_file():
        pytest.skip(f"{extract} is not there")
    shutil.copy(extract, mini / "x.osm.pbf")
    edit(mini, "[regions]", '[osm]\nextracts = [{ file = "x.osm.pbf" }]\n[regions]')
    found = told(mini, "warning")
    row = found[found["topic"] == "extracts"].iloc[0]
    assert row["problem"].startswith("lies elsewhere, at longitude 1.4")
