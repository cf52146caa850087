"""What `run` refuses behind the network `check` says in the same words."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_bounds

from geo_border.errors import GeoBorderError
from geo_border.study import open_study


def add(folder, text):
    toml = folder / "study.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + text, encoding="utf-8")


def raster(folder, values, *, west=0.0):
    rows, columns = values.shape
    transform = from_bounds(west, 49, west + 3, 51, columns, rows)
    kind = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float32"}
    with rasterio.open(folder / "p.tif", "w", crs="EPSG:4326", transform=transform, **kind) as file:
        file.write(values.astype("float32"), 1)
    add(folder, '\n[surface]\npopulation = "p.tif"\ncell_km = 10\nbelt_km = 30\n')
    add(folder, '[access]\nmodes = ["road"]\n')


def all_negative(folder):
    raster(folder, np.full((40, 60), -5.0))


def all_infinite(folder):
    raster(folder, np.full((40, 60), np.inf))


def all_nan(folder):
    raster(folder, np.full((40, 60), np.nan))


def sentinel_without_nodata(folder):
    raster(folder, np.full((40, 60), np.finfo("float32").max))


def elsewhere(folder):
    raster(folder, np.ones((40, 60)), west=20.0)


def corridor_to_itself(folder):
    add(folder, '\n[[corridors]]\nname = "Round"\nplaces = ["h0", "h0"]\n')


def corridor_of_no_way(folder):
    places = pd.read_csv(folder / "places.csv")
    isle = {"place_id": "i", "name": "Isle", "lon": 2.99, "lat": 49.01, "side": "home"}
    isle |= {"region_id": "C", "population": 5}
    pd.concat([places, pd.DataFrame([isle])]).to_csv(folder / "places.csv", index=False)
    toml = folder / "study.toml"
    text = toml.read_text(encoding="utf-8")
    near = 'speeds = "speeds.csv"\nplace_reach_km = 10'
    toml.write_text(text.replace('speeds = "speeds.csv"', near), encoding="utf-8")
    add(folder, '\n[[corridors]]\nname = "Off"\nplaces = ["h0", "i"]\n')


SPOILT = [
    *(all_negative, sentinel_without_nodata, elsewhere, corridor_to_itself, corridor_of_no_way),
    *(pytest.param(spoil, marks=pytest.mark.slow) for spoil in (all_infinite, all_nan)),
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_check_says_what_run_refuses(mini, spoil):
    spoil(mini)
    study = open_study(mini)
    with pytest.raises(GeoBorderError) as refused:
        study.run()
    found = study.check()
    errors = found.loc[found["severity"] == "error", "problem"]
    assert str(refused.value).removesuffix(".") in set(errors)


def test_pixels_that_cannot_be_people_are_told_and_count_nobody(mini):
    values = np.ones((40, 60))
    values[:, :20] = np.finfo("float32").max
    values[0, 40:] = 2e9
    raster(mini, values)
    study = open_study(mini)
    found = study.check()
    stated = found[(found["topic"] == "surface") & (found["severity"] == "warning")]
    assert "no number of people" in stated["problem"].iloc[0]


def test_a_run_tells_what_check_finds_before_it_measures(mini):
    controls = pd.read_csv(mini / "checkpoints.csv").assign(delay_h=240.0)
    controls.to_csv(mini / "checkpoints.csv", index=False)
    stated, started = [], []

    def audited(found):
        stated.append(found)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        open_study(mini).run(progress=started.append, audited=audited)
    (found,) = stated
    assert started[-1] == "network"
    slow = found[found["problem"].str.contains("a passage takes 240 h")]
    assert (slow["severity"] == "warning").all()
    assert "West post" in set(slow["item"])


def test_a_capital_that_no_road_reaches_has_no_travel_times(mini):
    places = pd.read_csv(mini / "places.csv")
    isle = {"place_id": "i", "name": "Isle", "lon": 2.99, "lat": 49.01, "side": "home"}
    isle |= {"region_id": "C", "population": 5}
    pd.concat([places, pd.DataFrame([isle])]).to_csv(mini / "places.csv", index=False)
    home = gpd.read_file(mini / "home.geojson")
    home.loc[2, ["capital_lon", "capital_lat"]] = [2.99, 49.01]
    home.to_file(mini / "home.geojson")
    toml = mini / "study.toml"
    text = toml.read_text(encoding="utf-8")
    near = 'speeds = "speeds.csv"\nplace_reach_km = 10'
    toml.write_text(text.replace('speeds = "speeds.csv"', near), encoding="utf-8")
    study = open_study(mini)
    found = study.check()
    assert "its capital does not reach the network: no travel times" in set(found["problem"])
    times = study.run().travel_times
    assert "C" not in set(times["from_id"]) | set(times["to_id"])
    assert "A" in set(times["from_id"])
