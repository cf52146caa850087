from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.report.files.qgis import TABLE
from geo_border.report.files.tables import csv_text, write_geopackage, write_tables

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.results import Results

# As the issue of record spells them, apart from the code.
CONTRACT = {
    "regions": (
        "region_id, name, side, population, border_km, checkpoints_open, km_per_checkpoint, "
        "hours_to_checkpoint, population_60min_own, population_60min_across, potential_own, "
        "potential_across, border_effect"
    ),
    "dyads": "home_id, neighbour_id, length_km",
    "checkpoints": (
        "checkpoint_id, name, mode, status, home_id, neighbour_id, lon, lat, delay_h, load_share, "
        "closure_extra_hours, closure_unserved"
    ),
    "travel_times": "from_id, to_id, km, hours, via",
    "levels": "region_id, transport_communication, joint_projects, social_services, potential, "
    "index, rank_low, rank_high",
    "typology": "region_id, type, probability, reasons, growth_point, bottleneck",
    "indicators": "region_id, indicator_id, year, value, source",
}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_tables(results, folder)
    return folder


@pytest.mark.parametrize("name", CONTRACT)
def test_a_table_begins_with_the_columns_of_the_contract(folder: Path, name: str):
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split(",")
    wanted = CONTRACT[name].split(", ")
    assert header[: len(wanted)] == wanted
    assert len(set(header)) == len(header)


def test_every_row_is_there(folder: Path, results: Results):
    for name in CONTRACT:
        assert len(_rows(folder / f"{name}.csv")) == len(getattr(results, name)), name


def test_numbers_are_rounded_by_what_they_measure(folder: Path):
    west, *_, lake = _rows(folder / "regions.csv")
    assert west["hours_to_checkpoint"] == "1.235"
    assert west["border_km"] == "71.5"
    assert west["population"] == "1000000"
    assert west["population_60min_own"] == "900000"
    assert west["border_effect"] == "0.25000"
    assert west["checkpoints_open"] == "1"
    assert lake["hours_to_checkpoint"] == "inf"
    assert lake["km_per_checkpoint"] == ""
    hill, ford, _ = _rows(folder / "checkpoints.csv")
    assert hill["lon"] == "60.50000"
    assert hill["delay_h"] == "1.500"  # the mean of 1 out and 2 back
    assert hill["is_open"] == "true"
    assert ford["closure_extra_hours"] == "0.000"  # no minus sign before nothing
    assert _rows(folder / "indicators.csv")[1]["value"] == "-0.5"
    assert _rows(folder / "travel_times.csv")[0]["km"] == "100.0"


def test_further_tables_are_written_too(folder: Path):
    assert [row["zone"] for row in _rows(folder / "zones.csv")] == ["'=30", "60"]
    names = {path.name for path in folder.iterdir()}
    assert {"diversions.csv", "quality.csv", "registry.csv", "cards.csv", "mismatch.csv"} <= names


def test_the_same_results_make_the_same_bytes(results: Results, folder: Path, tmp_path: Path):
    for path in write_tables(results, tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n="])
def test_no_cell_is_a_formula(results: Results, tmp_path: Path, start: str):
    names = results.regions.assign(name=f'{start}HYPERLINK("http://x";"y")')
    write_tables(replace(results, regions=names), tmp_path)
    rows = _rows(tmp_path / "regions.csv")
    assert all(row["name"].startswith("'") for row in rows)


def test_a_hostile_header_is_no_formula_either(results: Results, tmp_path: Path):
    more = {"odd": pd.DataFrame({"=1+1": [-1.5, 2.0]})}
    write_tables(replace(results, more=more), tmp_path)
    assert (tmp_path / "odd.csv").read_text().splitlines() == ["'=1+1", "-1.5", "2"]


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=30),
    number=st.floats(-1e300, 1e300) | st.just(np.inf),
)
def test_text_survives_and_is_never_a_formula(text: str, number: float):
    written = csv_text(pd.DataFrame({"text": [text], "value": [number]}))
    _, (stated, value) = csv.reader(io.StringIO(written, newline=""))
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert stated in (kept, f"'{kept}")
    assert not stated.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert float(value) == pytest.approx(number, rel=1e-9)


LAYERS = ["regions", "border", "dyads", "checkpoints", "crossings", "edges", "places", "mismatch"]


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_read_back(results: Results, tmp_path: Path, layer: str):
    write_geopackage(results, tmp_path / "study.gpkg")
    assert pyogrio.list_layers(tmp_path / "study.gpkg")[:, 0].tolist() == [*LAYERS, TABLE]
    read = gpd.read_file(tmp_path / "study.gpkg", layer=layer)
    written = getattr(results, layer)
    assert len(read) == len(written)
    assert read.crs == "EPSG:4326"
    assert read.geometry.geom_equals(written.geometry.reset_index(drop=True)).all()
    if written.index.name is not None:
        assert read[written.index.name].tolist() == written.index.tolist()


def test_an_empty_layer_is_still_a_layer(results: Results, tmp_path: Path):
    nothing = replace(results, mismatch=results.mismatch.iloc[:0], crossings=results.crossings[:0])
    write_geopackage(nothing, tmp_path / "study.gpkg")
    assert pyogrio.list_layers(tmp_path / "study.gpkg")[:, 0].tolist() == [*LAYERS, TABLE]
    assert gpd.read_file(tmp_path / "study.gpkg", layer="mismatch").empty


def test_the_same_geopackage_again(results: Results, tmp_path: Path):
    one, two = tmp_path / "one.gpkg", tmp_path / "two.gpkg"
    two.write_text("an earlier file that is not one")
    for path in (one, two):
        write_geopackage(results, path)
    assert one.read_bytes() == two.read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
