"""Every column that is written is described once, and nothing is that is not written."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin

import geo_border
from geo_border.border.classes import class_columns
from geo_border.columns import FORMS, NESTED, _found, column_of, columns, dictionary, find_column
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.pipeline.stages.week_service import Operation
from geo_border.report.calibration import write_calibration
from geo_border.report.week import write_week
from geo_border.report.whatif import write_whatif
from geo_border.study import open_study

DOCS = Path(__file__).parents[1] / "docs"
PACKAGE = Path(geo_border.__file__).parent

MORE = """
[[corridors]]
name = "A to X"
places = ["Town A", "Town X"]
[corridor_costs]
currency = "crowns"
per_km = 1
[surface]
population = "people.tif"
cell_km = 20
belt_km = 40
modes = []
[services]
file = "services.csv"
[traffic]
counts = "counts.csv"
[traffic.classes.car]
total_year = 1000
[checkpoints.classes.truck]
delay_h = 2
delay_lo_h = 1
delay_hi_h = 3
[traffic.classes.truck]
total_year = 500
pcu = 2
"""

COUNTS = """checkpoint_id,class,direction,vehicles_day,year,kind,source,source_url,quote
west,all,both,3,2019,actual,made up,https://example.org,three a day
middle,truck,out,1,,actual,made up,https://example.org,one a day
"""

SERVICES = """service_id,name,lon,lat,side,kind,supply
c1,Clinic A,0.5,49.75,home,clinic,10
c2,Clinic X,0.75,50.25,neighbour,clinic,30
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory, make_mini):
    """All that the commands write of a study that has everything."""
    folder = make_mini(tmp_path_factory.mktemp("columns") / "mini")
    people = np.full((60, 80), 250.0, np.float32)
    with rasterio.open(
        folder / "people.tif",
        "w",
        driver="GTiff",
        width=80,
        height=60,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(-0.5, 51.5, 0.05, 0.05),
    ) as raster:
        raster.write(people, 1)
    (folder / "services.csv").write_text(SERVICES)
    (folder / "counts.csv").write_text(COUNTS)
    home = gpd.read_file(folder / "home.geojson").assign(name_fr="Un", shoe_size=43)
    home.to_file(folder / "home.geojson")
    places = pd.read_csv(folder / "places.csv").assign(source="made up")
    places.to_csv(folder / "places.csv", index=False)
    controls = pd.read_csv(folder / "checkpoints.csv").assign(name_home="a", name_neighbour="b")
    controls = controls.assign(lanes=4, minutes_vehicle=6, capacity_kind="stated")
    controls = controls.assign(capacity_out_day=200, capacity_in_day=100)
    for name, value in class_columns("truck").items():
        figure = {"since": "2020", "status": "open", "kind": "mean", "source": "made up"}
        known = [text for part, text in figure.items() if part in name]
        controls[value] = "design" if name == "capacity_kind" else known[0] if known else 2.0
    controls["capacity_truck_day"] = 4.0  # as in both directions
    is_known = controls["checkpoint_id"] != "middle"  # of which one direction has the default
    for part in ("", "_out", "_lo", "_hi"):
        controls[f"delay_truck{part}_h"] = controls[f"delay_truck{part}_h"].where(is_known)
    controls.to_csv(folder / "checkpoints.csv", index=False)
    toml = folder / "study.toml"
    toml.write_text(toml.read_text() + MORE)
    study, out = open_study(folder), folder.parent / "out"
    study.run(out)
    study.export_network(out, ["parquet", "gpkg", "gmns"])
    study.isochrones("Town A", [1.0], out=folder.parent / "isochrones")
    (folder.parent / "isochrones" / "isochrones.gpkg").rename(out / "isochrones.gpkg")
    # One scenario names what is closed already.
    proposal = parsed_scenario(close=("west", "east"), delay=("middle=2",))
    result = study.whatif({"one": proposal}, out)
    (out / "whatif" / "one").mkdir(parents=True)
    write_whatif(result, out / "whatif" / "one")
    nights = Operation(lanes=2, minutes=2, hours="Mo-Su 08:00-20:00")
    (out / "week" / "west").mkdir(parents=True)
    week = study.week("west", {"car": 200}, out, operation=nights)
    write_week(week, out / "week" / "west", ("Homeland", "Neighbourland"))
    (out / "calibration").mkdir()
    write_calibration(study.calibrate(out), out / "calibration")
    for form in ("parquet", "npy"):
        study.matrix(out / f"times.{form}", memory=out)
    return out


@pytest.fixture(scope="module")
def written(out, written_columns):
    return written_columns(out)


def test_every_column_of_a_run_is_described(mini_run, written_columns):
    pairs = [(table, name) for table, name, _ in written_columns(mini_run[1])]
    assert pairs
    assert not [pair for pair in pairs if not find_column(*pair)]


@pytest.mark.slow
def test_every_column_that_is_written_is_described(written):
    unknown = {(table, name) for table, name, _ in written if not find_column(table, name)}
    assert unknown == {("regions", "shoe_size")}


@pytest.mark.slow
def test_every_column_that_is_described_is_written(written):
    found = [(table, _found(table, name)) for table, name, _ in written]
    used = {(table, by.name) for table, rows in found if rows for by in rows[1]}
    there = {
        (table, column.name)
        for column in columns()
        for table in column.tables
        if column.source != "extracts"
    }
    # Files of one's own tell few regions apart, and twelve make clusters.
    few = {pair for pair in there if pair[0].startswith("cluster")}
    assert sorted(there - few - used) == []


@pytest.mark.slow
def test_columns_are_of_the_type_that_is_said(written):
    for table, name, values in written:
        known = values.dropna()
        column = find_column(table, name)
        if column is None or known.empty:
            continue
        is_truth = known.isin([True, False]).all()
        is_number = pd.api.types.is_numeric_dtype(known.infer_objects())
        assert {"number": is_number, "boolean": is_truth, "text": True}[column.kind], (table, name)


def test_each_table_has_a_name_once():
    pairs = [(table, column.name) for column in columns() for table in column.tables]
    assert len(pairs) == len(set(pairs))


def test_each_row_says_all_there_is_to_say():
    rooms = {"study", "extracts"} | {
        folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()
    }
    for column in columns():
        assert column.heading, column
        assert column.meaning, column
        assert column.kind in ("number", "text", "boolean"), column
        assert column.source in rooms, column
        words = set(re.findall(r"\{(\w+)\}", column.name))
        assert set(re.findall(r"\{(\w+)\}", column.heading + column.meaning)) <= words, column
        assert not (words & NESTED.keys() and words & FORMS.keys()), column


def test_names_in_braces_are_filled_in():
    column = column_of("regions", "population_120min_across_open_unreached")
    assert column.heading == "Within 120 min, across, no delays: not reached"
    assert column.unit == "share"
    assert column_of("places", "potential_own_closed").label == (
        "Potential, own side, border closed, persons"
    )
    assert column_of("whatif.regions", "border_effect_change").unit == "share"
    with pytest.raises(KeyError, match=r"regions\.shoe_size_open"):
        column_of("regions", "shoe_size_open")


def test_the_dictionary_of_the_docs_is_made_from_the_table():
    file = DOCS / "columns.md"
    remedy = "python -c 'import geo_border.columns as c; print(c.dictionary(), end=\"\")'"
    assert file.read_text(encoding="utf-8") == dictionary(), f"write it anew: {remedy}"
