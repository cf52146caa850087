"""What `check`, the quality table, the map and the headline say of a doubtful network."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.report.headline import headline
from geo_border.study import open_study

OVER_THIRD_GROUND = [(2.75, 49.5), (3.9, 49.5), (3.9, 50.5), (2.75, 50.5)]
"""Out of home in the east, and into the neighbour a degree farther north."""


def stated(study, topic):
    found = study.check()
    rows = found[found["topic"] == topic]
    return dict(zip(rows["item"], rows["severity"] + ": " + rows["problem"], strict=True))


def with_road(folder, row, **columns):
    roads = gpd.read_file(folder / "roads.geojson")
    more = gpd.GeoDataFrame({"class": ["street"]}, geometry=[shapely.LineString(row)], crs=4326)
    both = pd.concat([roads, more], ignore_index=True)
    for name, value in columns.items():
        both[name] = [None] * len(roads) + [value]
    both.to_file(folder / "roads.geojson")


def test_a_sound_network_has_imputed_speeds_alone(mini):
    said = stated(open_study(mini), "network")
    assert set(said) == {
        f"speed imputed, {mode}, {side}"
        for mode in ("road", "rail")
        for side in ("home", "neighbour")
    }
    assert all(text.startswith("note: 100 %") for text in said.values())


def test_lines_that_cross_are_a_warning_with_places(mini):
    with_road(mini, [(0.5, 49.2), (0.5, 49.8)])
    study = open_study(mini)
    said = stated(study, "network")["lines cross or touch without a node, road"]
    assert said.startswith("warning: 1 places (at lon, lat 0.5000, 49.5000)")


@pytest.mark.parametrize(
    ("columns", "item"),
    [
        ({"hours": 60.0}, "hours imply a speed that nobody goes, road"),
        ({"speed_kmh": 200.0}, "speed that nobody goes, road"),
    ],
)
def test_times_and_speeds_that_cannot_be_are_warnings(mini, columns, item):
    with_road(mini, [(0.4, 49.2), (0.4, 49.3)], **columns)
    assert stated(open_study(mini), "network")[item].startswith("warning: 1 places, ")


def test_a_speed_table_that_nobody_drives_by_is_a_warning(mini):
    text = (mini / "speeds.csv").read_text(encoding="utf-8")
    (mini / "speeds.csv").write_text(text.replace("60.0", "300.0", 1), encoding="utf-8")
    said = stated(open_study(mini), "speeds")
    assert said["home, road, street"].startswith("warning: 300 km/h is a speed that nobody goes")


@pytest.mark.slow
def test_a_run_tells_it_all(mini):
    with_road(mini, [(0.5, 49.2), (0.5, 49.8)])
    with_road(mini, OVER_THIRD_GROUND)
    rails = gpd.read_file(mini / "rails.geojson")
    north = rails.geometry.bounds["maxy"] > 50.2
    rails["gauge_mm"] = north.map({True: 1435.0, False: 1520.0})
    rails.to_file(mini / "rails.geojson")
    results = open_study(mini).run()
    quality = results.quality.set_index("item")
    assert quality.loc["lines cross or touch without a node", "value"] == 1
    assert quality.loc["parts, road, home", "value"] == 2
    assert quality.loc["speed imputed, road, home", "value"] == 100
    assert quality.loc["break of gauge, rail", "note"] == "track 1520 to 1435 mm"
    assert quality.loc["nearest road beyond foreign land", "value"] == 0
    assert quality.loc["roads over ground of neither side", "value"] == 1
    assert (results.flaws["kind"] == "road over ground of neither side").sum() == 1
    assert (results.flaws["kind"] == "lines cross or touch without a node").sum() == 1
    words = headline(results)[-1].replace("\N{NO-BREAK SPACE}", " ")
    assert (
        words == "No sign or timetable tells any speed: all times are those of a table of speeds."
    )


def test_a_break_of_gauge_asks_for_its_time_once(mini):
    rails = gpd.read_file(mini / "rails.geojson")
    north = rails.geometry.bounds["maxy"] > 50.2
    rails.assign(gauge_mm=north.map({True: 1435.0, False: 1520.0})).to_file(mini / "rails.geojson")
    name = "track 1520 to 1435 mm"
    assert stated(open_study(mini), "checkpoints")[name].startswith("warning: there is a break")
    toml = (mini / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace('speeds = "speeds.csv"', 'speeds = "speeds.csv"\ngauge_break_h = 6')
    (mini / "study.toml").write_text(toml, encoding="utf-8")
    assert stated(open_study(mini), "checkpoints")[name] == (
        "note: there is a break of gauge, which takes 6 h"
    )


@pytest.mark.parametrize("cut", [False, True])
def test_a_town_whose_road_leads_to_no_checkpoint_is_told(mini, cut):
    """Without the streets from B to C, C is an island and its town joins the streets of B."""
    roads = gpd.read_file(mini / "roads.geojson")
    west, east = roads.bounds["minx"], roads.bounds["maxx"]
    between = (west < 2) & (east > 2) & (roads.bounds["maxy"] < 50)
    assert between.sum() == 3
    controls = pd.read_csv(mini / "checkpoints.csv")
    controls[controls["checkpoint_id"] != "east"].to_csv(mini / "checkpoints.csv", index=False)
    if cut:
        roads[~between].to_file(mini / "roads.geojson")
    said = stated(open_study(mini), "places")
    assert ("Town C" in said) == cut
    if cut:
        assert said["Town C"].startswith("warning: its road leads to no checkpoint")


def test_a_road_over_ground_of_neither_side_is_told(mini):
    with_road(mini, OVER_THIRD_GROUND, ref="M7")
    said = stated(open_study(mini), "network")["roads over ground of neither side"]
    assert said.startswith("note: M7 (road), 240.3 km from lon, lat 3.0000, 49.5000: nobody")
