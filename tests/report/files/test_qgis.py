"""Styles in the GeoPackage: those of the maps, in the form that QGIS reads."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo_border.report.files.qgis import TABLE, Style, Symbol, layer_styles, qml
from geo_border.report.files.tables import write_geopackage
from geo_border.report.style import score_classes, type_colours

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.results import Results


def _fills(xml: str) -> dict[str, str]:
    """Label and colour of each class."""
    root = ET.fromstring(xml)
    colour = {
        symbol.get("name"): next(
            prop.get("v", "") for prop in symbol.iter("prop") if prop.get("k") == "color"
        )
        for symbol in root.iter("symbol")
    }
    entries = [*root.iter("category"), *root.iter("range")]
    return {str(entry.get("label")): colour[entry.get("symbol")] for entry in entries}


def _style(results: Results, layer: str) -> str:
    styles = layer_styles(results, {}).set_index("f_table_name")["styleQML"]
    return str(styles[layer])


def test_every_styled_layer_is_in_the_file_and_opens_with_its_style(
    results: Results, tmp_path: Path
):
    path = tmp_path / "study.gpkg"
    write_geopackage(results, path)
    with closing(sqlite3.connect(path)) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        geometry = dict(
            file.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall()
        )
        rows = file.execute(
            f"SELECT f_table_name, f_geometry_column, useAsDefault, id FROM {TABLE}"
        ).fetchall()
    assert version == 10300
    assert [row[0] for row in rows] == layer_styles(results, {})["f_table_name"].tolist()
    assert all(geometry[layer] == column for layer, column, _, _ in rows)
    assert all(default == 1 for _, _, default, _ in rows)


def test_columns_have_headings_and_those_of_a_study_keep_their_names(
    results: Results, tmp_path: Path
):
    path = tmp_path / "study.gpkg"
    own = pd.DataFrame({"shoe_size": [1, 2, 3, 4]}, results.regions.index)
    write_geopackage(replace(results, further={"regions": own}), path)
    with closing(sqlite3.connect(path)) as file:
        (xml,) = file.execute(
            f"SELECT styleQML FROM {TABLE} WHERE f_table_name = 'regions'"
        ).fetchone()
        names = {row[1] for row in file.execute("PRAGMA table_info(regions)")}
    aliases = {alias.get("field"): alias.get("name") for alias in ET.fromstring(xml).iter("alias")}
    assert aliases["border_km"] == "Border, km"
    assert aliases["population_60min_own"] == "Within 60 min, own side, persons"
    assert names - aliases.keys() == {"fid", "geom", "shoe_size"}
    assert aliases.keys() < names


def test_regions_carry_what_is_told_of_them(results: Results, tmp_path: Path):
    path = tmp_path / "study.gpkg"
    write_geopackage(results, path)
    regions = gpd.read_file(path, layer="regions").set_index("region_id")
    assert regions.columns[:4].tolist() == [
        "name",
        "type",
        "probability",
        "transport_communication",
    ]
    assert regions.loc["UP-W", ["type", "index", "rank_high"]].tolist() == ["Gateway", 50.0, 2.0]
    assert regions.loc["LO-S", ["type", "index"]].isna().all()
    assert len(regions) == len(results.regions)


def test_types_have_the_colours_of_the_maps(results: Results):
    fills = _fills(_style(results, "regions"))
    for name, colour in type_colours(results).items():
        rgb = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
        assert fills[name] == f"{rgb},255"
    assert "Lowland" in fills


def test_without_types_the_first_score_is_drawn(results: Results):
    kinds = results.typology.assign(type="undetermined")
    xml = _style(replace(results, typology=kinds), "regions")
    assert 'attr="transport_communication"' in xml
    assert list(_fills(xml)) == list(score_classes(results).labels)
    nothing = results.levels.assign(**dict.fromkeys(results.levels.columns, np.nan))
    assert "singleSymbol" in _style(replace(results, typology=kinds, levels=nothing), "regions")


def test_names_from_data_do_not_become_markup(hostile: Results):
    root = ET.fromstring(_style(hostile, "regions"))
    assert {element.tag for element in root.iter()} <= {
        *("qgis", "renderer-v2", "categories", "category", "symbols", "symbol", "layer", "prop"),
        "aliases",
    }
    assert any("</script>" in str(entry.get("value")) for entry in root.iter("category"))


@pytest.mark.parametrize(("key", "kind"), [(0.5, "double"), ("rail", "string")])
def test_values_have_the_kind_of_their_column(key: float | str, kind: str):
    xml = qml(Style("hours", {key: Symbol("a", "fill", "#102030")}, largest_first="hours"))
    assert f'type="{kind}"' in xml
    assert '<orderByClause asc="0" nullsFirst="0">"hours"</orderByClause>' in xml
    assert 'v="16,32,48,255"' in xml
