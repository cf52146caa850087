"""A study that lies across the 180th meridian gives what it gives anywhere else."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from geo_border.geometry.frame import to_globe, turned
from geo_border.study import open_study

pytestmark = pytest.mark.slow
EAST = 178.7
"""How far the made-up study is moved, degrees; its border then runs from 178.7 to -178.3."""


def move(folder):
    """Move a study to the east, onto the globe as WGS 84 has it."""
    for file in folder.glob("*.geojson"):
        layer = gpd.read_file(file)
        if "capital_lon" in layer:
            layer["capital_lon"] = turned(layer["capital_lon"].to_numpy() + EAST, 0.0)
        to_globe(layer.set_geometry(layer.geometry.translate(EAST))).to_file(file)
    for name in ("places", "checkpoints"):
        table = pd.read_csv(folder / f"{name}.csv")
        table["lon"] = turned(table["lon"].to_numpy() + EAST, 0.0)
        table.to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="module")
def both(tmp_path_factory, make_mini, mini_run):
    folder = tmp_path_factory.mktemp("globe")
    study = make_mini(folder / "there")
    move(study)
    there = open_study(study).run(folder / "there-out")
    return {"here": mini_run[2], "there": there}, folder / "there-out"


def test_figures_are_the_same(both):
    here, there = both[0]["here"], both[0]["there"]
    for frame, columns in (
        ("border", ["home_id", "neighbour_id", "from_km", "to_km", "length_km"]),
        ("dyads", ["home_id", "neighbour_id", "length_km", "sea_km"]),
        ("checkpoints", ["chainage_km", "home_id", "neighbour_id", "is_open"]),
        ("regions", ["border_km"]),
        ("regions", ["potential_across", "potential_own"]),
        ("places", ["access_km", "potential_across"]),
        ("travel_times", ["from_id", "to_id", "km", "hours"]),
    ):
        one, other = (pd.DataFrame(getattr(part, frame)[columns]) for part in (here, there))
        # Where regions change is known to half a segment of the line, 0.25 km.
        lengths = frame in ("border", "dyads", "checkpoints", "regions")
        pd.testing.assert_frame_equal(one, other, rtol=2e-3, atol=0.3 if lengths else 1e-3)
    assert len(here.crossings) == len(there.crossings)


def test_what_is_written_is_valid_wgs_84(both):
    folder = both[1]
    file = folder / "study.gpkg"
    for layer, kind in pyogrio.list_layers(file):
        if kind is None:
            continue
        west, _, east, _ = gpd.read_file(file, layer=layer).total_bounds
        assert -180 <= west <= east <= 180
    for name in ("checkpoints", "places", "crossings"):
        lon = pd.read_csv(folder / "tables" / f"{name}.csv")["lon"].to_numpy(float)
        assert (np.abs(lon[np.isfinite(lon)]) <= 180).all()
    assert (gpd.read_file(file, layer="regions").total_bounds[[0, 2]] == [-180, 180]).all()


def test_islands_on_the_other_side_of_the_globe_change_nothing(mini):
    study = open_study(mini)
    before = study._run().network()[1].line
    layer = gpd.read_file(mini / "home.geojson")
    island = gpd.GeoSeries.from_wkt(["POLYGON ((-179 50, -170 50, -170 52, -179 52, -179 50))"])
    layer.loc[0, "geometry"] = layer.geometry[0].union(island[0])
    layer.to_file(mini / "home.geojson")
    after = open_study(mini)._run().network()[1].line
    same = ["home_id", "neighbour_id", "from_km", "to_km"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(before[same]), pd.DataFrame(after[same]), rtol=1e-4, atol=0.02
    )
