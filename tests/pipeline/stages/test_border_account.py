"""What is told of a border, and of extracts that end before it."""

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.pipeline.stages.border_account import border_findings
from geo_border.pipeline.stages.extract_ends import beside_border, ends_before_border
from geo_border.study import open_study

LAND = gpd.GeoDataFrame(
    {"side": ["home", "neighbour"]},
    geometry=[shapely.box(0, 49, 1, 50), shapely.box(0, 50, 1, 51)],
    crs=4326,
)
BORDER = gpd.GeoDataFrame(
    geometry=[shapely.segmentize(shapely.LineString([(0, 50), (1, 50)]), 0.01)], crs=4326
)


def roads(*rows):
    frame = pd.DataFrame(
        [row[1:] for row in rows], columns=["name", "road_class", "tail_clipped", "head_clipped"]
    )
    return gpd.GeoDataFrame(frame, geometry=[shapely.LineString(row[0]) for row in rows], crs=4326)


def test_roads_that_stop_short_of_the_border_are_told_with_their_place():
    lines = roads(
        ([(0.2, 49.5), (0.2, 49.998)], "Main", "primary", False, False),
        ([(0.4, 49.5), (0.4, 49.997)], "Cut", "service", False, True),
        ([(0.6, 49.5), (0.6, 49.999)], "Lane", "service", False, False),
        ([(0.8, 49.5), (0.8, 49.9)], "Far", "trunk", False, True),
        ([(0.9, 49.5), (0.9, 50.0)], "There", "trunk", False, False),
    )
    found = ends_before_border(lines, BORDER, LAND)
    assert found["name"].tolist() == ["Main", "Cut"]
    assert found["short_m"].to_numpy() == pytest.approx([222, 334], abs=2)
    assert found["side"].tolist() == ["home", "home"]
    assert found["clipped"].tolist() == [False, True]
    assert ends_before_border(lines.iloc[4:], BORDER, LAND).empty


def test_what_lies_on_either_side_of_the_border():
    lines = roads(
        ([(0.2, 49.95), (0.5, 49.95)], "a", "primary", False, False),
        ([(0.2, 50.01), (0.23, 50.01)], "b", "primary", False, False),
        ([(0.2, 50.6), (0.9, 50.6)], "inland", "primary", False, False),
        ([(0.7, 49.9), (0.7, 50.7)], "over the border and far inland", "primary", False, False),
    )
    places = gpd.GeoDataFrame(
        {"population": [100.0, 7.0, 5000.0]},
        geometry=[shapely.Point(0.5, lat) for lat in (49.98, 50.02, 50.7)],
        crs=4326,
    )
    found = beside_border(lines, LAND, BORDER, places)
    assert found["road_km"].to_numpy() == pytest.approx([31.5, 12.1], abs=0.6)
    assert found["population"].tolist() == [100, 7]
    assert found["places"].tolist() == [1, 1]


def stated(study, topic="border"):
    found = open_study(study).check()
    rows = found[(found["severity"] == "warning") & (found["topic"] == topic)]
    return (rows["item"] + ": " + rows["problem"]).tolist()


def test_a_length_far_from_the_published_one_is_a_warning(mini):
    toml = mini / "study.toml"
    text = toml.read_text(encoding="utf-8").replace(
        "[network]",
        "official_border_km = 180\n[regions.published_border_km]\nA = 71\nB = 60\n[network]",
    )
    toml.write_text(text, encoding="utf-8")
    rows = stated(mini)
    assert any(row.startswith("length of Region B: 71") and "+19 %" in row for row in rows)
    assert any(row.startswith("length of the common line: 215") for row in rows)
    assert not any("Region A" in row for row in rows)


def test_overlaps_breaks_and_wide_gaps_are_told(mini):
    layer = gpd.read_file(mini / "home.geojson")
    # A reaches into B, and C lies 4 km south of the border.
    layer.loc[0, "geometry"] = shapely.box(0, 49, 1.1, 50)
    layer.loc[2, "geometry"] = shapely.box(2, 49, 3, 49.96)
    layer.to_file(mini / "home.geojson")
    assert any("A and B: both claim" in row for row in stated(mini, "regions"))
    rows = stated(mini)
    assert any(row.startswith("gaps given to home regions: ") and "to C at" in row for row in rows)


def test_a_tagged_control_off_all_roads_is_told_if_it_is_near_the_border(mini):
    study = open_study(mini)
    inputs, border, _ = study._run().network()
    controls = pd.DataFrame(
        {
            "checkpoint_id": ["osm-n1", "osm-n2", "osm-n3"],
            "name": ["Lonely post", "Inland customs", None],
            "mode": [None, None, "road"],
            "lon": [0.6, 0.6, 0.25],
            "lat": [50.02, 49.3, 50.0],
        }
    )

    def off_all(controls):
        land = SimpleNamespace(report=None)
        given = replace(
            inputs, extracts=SimpleNamespace(checkpoints=controls, land=land, sea=LAND[:0])
        )
        found = border_findings(study.settings, given, border)
        return [row[2] for row in found if "off all" in row[2]]

    assert off_all(controls) == ["1 tagged off all roads (Lonely post)"]
    assert not off_all(controls[2:])
