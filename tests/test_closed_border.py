"""A border that nobody passes: everything runs, all across is unreached, an opening is told."""

import numpy as np
import pandas as pd
import pytest
from rich.text import Text

from geo_border.cli.whatif_tables import whatif_tables
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.report.headline import headline
from geo_border.report.page.document import page
from geo_border.study import open_study


def all_closed(folder):
    controls = pd.read_csv(folder / "checkpoints.csv").assign(status="closed")
    controls.to_csv(folder / "checkpoints.csv", index=False)


def nowhere(folder):
    """Open, but nobody knows where."""
    controls = pd.read_csv(folder / "checkpoints.csv").assign(lon=None, lat=None)
    controls.to_csv(folder / "checkpoints.csv", index=False)


def off_the_roads(folder):
    """Open between the roads, where none leads."""
    controls = pd.read_csv(folder / "checkpoints.csv").assign(lon=2.5)
    controls.to_csv(folder / "checkpoints.csv", index=False)


@pytest.fixture(params=[all_closed, nowhere, off_the_roads])
def closed(mini, request):
    request.param(mini)
    return open_study(mini)


@pytest.mark.slow
def test_every_command_runs_and_nothing_across_is_reached(closed, tmp_path):
    found = closed.check()
    assert not (found["severity"] == "error").any()
    assert "nobody gets across" in found.loc[found["item"] == "closed border", "problem"].iloc[0]

    results = closed.run(tmp_path / "out")
    reached = results.more["access_measures"]
    across = reached[(reached["part"] == "across") & reached["measure"].str.startswith("pop")]
    assert len(across)
    assert (across["mean"] == 0).all()
    assert np.isinf(results.places["hours_to_checkpoint"]).all()
    stated = " ".join(headline(results))
    assert "Nobody gets across this border by road" in stated
    assert "every passage is free" not in stated

    closed.export_network(tmp_path / "out")
    closed.matrix(tmp_path / "hours.npy", memory=tmp_path / "out")
    places = closed.read().places
    hours = np.load(tmp_path / "hours.npy")
    same = places["side"].to_numpy()[:, None] == places["side"].to_numpy()
    assert np.isinf(hours[~same]).all()
    assert np.isfinite(hours[same]).all()
    inside = closed.isochrones("h0", [1.0])
    assert set(inside["side"]) == {"home"}


def test_a_direction_closed_to_cars_is_told_and_drawn(mini):
    controls = pd.read_csv(mini / "checkpoints.csv")
    controls.assign(status_car_out=["closed", None, None, None]).to_csv(
        mini / "checkpoints.csv", index=False
    )
    results = open_study(mini).run()
    assert np.isinf(results.checkpoints.loc["west", "delay_out_h"])
    assert "West post" in page(results)
    said = " ".join(results.cards["line"].astype(str))
    assert "back and is closed out" in said


@pytest.mark.parametrize("opened", ["west", pytest.param("x50.003n0.750e", marks=pytest.mark.slow)])
def test_an_opening_of_a_closed_border_is_told(mini, opened):
    all_closed(mini)
    result = open_study(mini).whatif({"open": parsed_scenario(open=(opened,))})
    regions = result.changes.regions.loc["open"]
    assert (regions["potential_across_before"] == 0).all()
    assert (regions["potential_across_after"] > 0).all()
    assert (regions["unreached_share_before"] == 1).all()
    assert (regions["unreached_share_after"] == 0).all()
    assert result.notes["remark"].str.contains("nobody passes the border as it is").all()


def test_an_opening_gives_what_the_same_border_open_has(mini, mini_run):
    as_it_is = mini_run[2].regions
    all_closed(mini)
    names = ("west", "middle")
    result = open_study(mini).whatif({"open": parsed_scenario(open=names)})
    after = result.changes.regions.loc["open", "potential_across_after"]
    assert after.to_numpy() == pytest.approx(
        as_it_is["potential_across"].reindex(after.index).to_numpy()
    )


def test_a_checkpoint_without_a_place_is_told_and_not_counted(mini):
    controls = pd.read_csv(mini / "checkpoints.csv")
    controls.loc[controls["checkpoint_id"] == "west", ["lon", "lat"]] = None
    controls.to_csv(mini / "checkpoints.csv", index=False)
    study = open_study(mini)
    found = study.check()
    stated = found[(found["item"] == "West post") & (found["severity"] == "warning")]
    assert stated["problem"].tolist() == [
        "is open, but its place is not known: it is not counted as open; add lon and lat"
    ]
    assert not study.run().checkpoints.loc["west", "is_open"]


def test_who_reaches_no_checkpoint_is_told_apart(mini):
    places = pd.read_csv(mini / "places.csv")
    island = {"place_id": "h9", "name": "Isle", "lon": 2.9, "lat": 49.2, "side": "home"}
    island |= {"region_id": "C", "population": 1500}
    pd.concat([places, pd.DataFrame([island])]).to_csv(mini / "places.csv", index=False)
    toml = (mini / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace('speeds = "speeds.csv"', 'speeds = "speeds.csv"\nplace_reach_km = 9')
    (mini / "study.toml").write_text(toml, encoding="utf-8")
    study = open_study(mini)
    stated = " ".join(headline(study.run()))
    assert "reach no open checkpoint by road" in stated
    assert "of Homeland" in stated


@pytest.mark.parametrize("what", [{"close": ("west",)}, {"delay": ("west=2",)}])
def test_what_changes_nothing_on_a_closed_border_is_told(mini, what):
    all_closed(mini)
    result = open_study(mini).whatif({"one": parsed_scenario(**what)})
    stated = "\n".join(str(part) for part in whatif_tables(result) if isinstance(part, Text))
    assert "nobody passes the border as it is" in stated
    assert "nan" not in stated
