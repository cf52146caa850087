"""What-if on the made-up study, from the command line to the layers."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

import geo_border as gb
from geo_border.cli import main
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.routing.scenarios import Scenario


def whatif(*arguments):
    """Exit code, and what is printed, of one command."""
    said, complained = io.StringIO(), io.StringIO()
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        patch.setattr(sys, "argv", ["geo-border", "whatif", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            code = stop.code
    return code, said.getvalue(), complained.getvalue()


@pytest.fixture(scope="module")
def study(tmp_path_factory, make_mini):
    """The made-up study, and the folder of its outputs."""
    folder = make_mini(tmp_path_factory.mktemp("whatif") / "mini")
    toml = folder / "study.toml"
    given = toml.read_text(encoding="utf-8")
    toml.write_text(f'{given}\n[traffic]\nchoice = "fastest"\n', encoding="utf-8")
    return folder, folder.parent / "out"


@pytest.fixture(scope="module")
def closed(study):
    code, said, complained = whatif(study[0], "--close", "middle", "-o", study[1])
    assert not code, complained
    return said


@pytest.fixture(scope="module")
def results(study, closed, run_without_outputs):
    """What a run of the study gives after that."""
    assert closed
    return run_without_outputs(*study)


def test_the_screen_says_what_changes_within_eighty_columns(closed, study):
    assert max(map(len, closed.splitlines()[:-1])) <= 80
    assert "Middle post" in closed
    assert "West post" in closed
    assert "hours of a passage" in closed
    assert "detour" in closed
    assert str(study[1] / "whatif") in closed


@pytest.mark.usefixtures("closed")
def test_tables_and_layers_say_the_same(study):
    folder = study[1] / "whatif" / "whatif"
    regions = pd.read_csv(folder / "regions.csv", index_col="region_id")
    assert sorted(regions.index) == ["A", "B", "C", "X", "Y"]
    change = regions["potential_across_after"] - regions["potential_across_before"]
    np.testing.assert_allclose(regions["potential_across_change"], change, atol=1)
    assert (change <= 0).all()
    assert change["B"] < 0
    checkpoints = pd.read_csv(folder / "checkpoints.csv", index_col="checkpoint_id")
    assert checkpoints["share_after"]["middle"] == 0
    layers = ("regions", "traffic_regions", "checkpoints", "places")
    assert set(pyogrio.list_layers(folder / "whatif.gpkg")[:, 0]) == set(layers)
    for layer in layers:
        drawn = gpd.read_file(folder / "whatif.gpkg", layer=layer)
        table = pd.read_csv(folder / f"{layer}.csv")
        if layer == "traffic_regions":
            table = table[table["region_id"] != "outside"]
        assert drawn.crs == 4326
        assert not drawn.geometry.is_empty.any()
        assert drawn.iloc[:, 1].tolist() == table.iloc[:, 1].tolist()


def test_stages_are_remembered_and_shared_with_a_run(study, results):
    assert "searches" in results.stages_reused
    assert (study[1] / "whatif" / "whatif" / "regions.csv").exists()


def test_a_run_and_whatif_agree_on_what_is(study, results):
    result = gb.open_study(study[0]).whatif({"as is": Scenario()}, study[1])
    found = result.changes
    regions = found.regions.loc["as is"]
    for name in ("hours_to_checkpoint", "population_60min_across", "border_effect"):
        np.testing.assert_allclose(regions[f"{name}_after"], results.regions[name], rtol=1e-9)
    for name in ("own", "across"):
        np.testing.assert_allclose(
            regions[f"potential_{name}_before"], results.regions[f"potential_{name}"], rtol=1e-9
        )
    load = results.checkpoints["load_share"].dropna()
    known = found.checkpoints.loc["as is", "load_share_after"]
    pd.testing.assert_series_equal(known[load.index], load, check_names=False)
    assert (found.totals == 0).sum(axis=1).tolist() == [3]  # nobody is affected: no mean
    told = result.traffic.checkpoints.xs(("as is", "car"), level=("scenario", "class"))
    assert told["share_before"].equals(told["share_after"])
    pd.testing.assert_series_equal(told["share_after"][load.index], load, check_names=False)
    assert result.traffic.totals["detour_h"].tolist() == [0]


@pytest.mark.parametrize("mode", ["rail", "both"])
def test_trips_by_other_modes_are_those_of_the_measures(study, results, mode):
    opened = gb.open_study(study[0])
    stated = results.more["access_measures"]
    potential = f"potential_{opened.settings.access.decay}"
    found = opened.whatif({"shut": parsed_scenario(close=("track",))}, study[1], mode=mode).changes
    for part in ("own", "across"):
        of_part = stated[(stated["measure"] == potential) & (stated["part"] == part)]
        is_now = of_part[(of_part["mode"] == mode) & (of_part["border"] == "as is")]
        expected = is_now.set_index("region_id")["mean"]
        known = found.regions.loc["shut", f"potential_{part}_before"]
        np.testing.assert_allclose(known[expected.index], expected, rtol=1e-9)
    # No railway of this study leads to a place on the other side.
    across = found.regions.loc["shut", "potential_across_before"]
    assert (across.max() > 0) == (mode == "both")


def test_a_new_checkpoint_at_a_crossing_that_has_none(study, results):
    opened = gb.open_study(study[0])
    crossings = results.crossings
    free = crossings[crossings["checkpoint_id"].isna() & (crossings["mode"] == "road")]
    near_c = free.index[free["lon"].round(2) == 2.25][0]
    found = opened.whatif(
        {"new": parsed_scenario(open=(near_c,), delay=(f"{near_c}=0.1",))}, study[1]
    )
    load = found.traffic.checkpoints.xs(("new", "car"), level=("scenario", "class"))
    assert load.loc[near_c, "share_after"] > 0.1
    assert load.loc[near_c, "delay_in_h_after"] == 0.1
    assert found.changes.regions.loc[("new", "C"), "hours_to_checkpoint_change"] < -0.1
    assert found.checkpoints.loc[near_c, "is_candidate"]
    assert found.traffic.totals.loc[("new", "car"), "detour_h"] < 0


def test_a_scenario_without_effect_says_why(study, results):
    code, said, complained = whatif(study[0], "--open", "middle", "-o", study[1], "--name", "idle")
    assert not code, complained
    assert "Middle post: is open already" in said
    stated = pd.read_csv(study[1] / "whatif" / "idle" / "remarks.csv", index_col="checkpoint_id")
    assert stated["remark"].to_dict() == {"middle": "is open already"}
    opened = gb.open_study(study[0])
    as_it_is = opened.whatif({"0": Scenario()}, study[1])
    hours = as_it_is.changes.checkpoints.loc[("0", "middle"), ["delay_out_h", "delay_in_h"]]
    crossings = results.crossings
    served = crossings.index[crossings["checkpoint_id"] == "middle"][0]
    requested = {
        "a crossing": parsed_scenario(open=(served,)),
        "the same delay": parsed_scenario(delay=("middle={}/{}".format(*hours),)),
        "in turn": parsed_scenario(close=("middle",), delay=("middle=1",)),
        "nothing": parsed_scenario(),
    }
    found = opened.whatif(requested, study[1]).notes.groupby("scenario")["remark"].agg(list)
    assert found["a crossing"][0].startswith(f"serves the crossing {served} already")
    assert found["the same delay"] == ["takes these hours already"]
    assert "in turn" not in found
    assert found["nothing"] == ["no checkpoint opens, closes or takes other hours"]


def test_hours_of_a_season_alone_are_told(study):
    hours = ("--hours", "middle=Jun-Sep 08:00-20:00")
    code, said, complained = whatif(study[0], *hours, "-o", study[1], "--name", "summer")
    assert not code, complained
    assert "is open in 33 % of the time by these hours" in " ".join(said.split())
    stated = pd.read_csv(study[1] / "whatif" / "summer" / "remarks.csv", index_col="checkpoint_id")
    assert stated.loc["middle", "remark"].endswith("times over it are those of its open season")


@pytest.mark.usefixtures("closed")
def test_the_change_is_drawn(study):
    drawn = (study[1] / "whatif" / "whatif" / "map.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) > 20_000


def test_lists_of_the_same_name_keep_apart(study, tmp_path):
    (tmp_path / "plans.csv").write_text("name,close\na $1^2$,middle\nb,west\n")
    (tmp_path / "plans.toml").write_text('[[scenario]]\nname = "a"\nclose = ["west"]\n')
    for name in ("plans.csv", "plans.toml"):
        code, _, complained = whatif(study[0], "--scenarios", tmp_path / name, "-o", study[1])
        assert not code, complained
    drawn = sorted((study[1] / "whatif" / "plans-csv" / "maps").iterdir())
    assert [path.name for path in drawn] == ["01-a-1-2.png", "02-b.png"]
    assert (study[1] / "whatif" / "plans-toml" / "map.png").exists()


def test_other_hours_are_told_before_and_after(study):
    before = gb.open_study(study[0]).whatif({"one": Scenario(delay={"middle": (9, 9)})}, study[1])
    was = before.traffic.passages.iloc[0]["delay_out_h_before"]
    code, said, complained = whatif(study[0], "--delay", "middle=+1", "-o", study[1])
    assert not code, complained
    assert f"hours of a passage {was:.2f} > {was + 1:.2f}" in said
    table = pd.read_csv(study[1] / "whatif" / "whatif" / "delays.csv")
    assert table["checkpoint_id"].tolist() == ["middle"]
    assert (table["delay_in_h_after"] - table["delay_in_h_before"]).tolist() == [1]
    code, said, _ = whatif(study[0], "--close", "middle", "-o", study[1])
    assert f"hours of a passage {was:.2f} > none may pass" in said


def test_many_scenarios_say_how_many_are_done(study, monkeypatch):
    monkeypatch.setattr("geo_border.bottlenecks.changes.BATCH", 4)
    stated = []
    plans = {f"{n}": Scenario(delay={"middle": (n, n)}) for n in range(10)}
    gb.open_study(study[0]).whatif(plans, study[1], each_place=False, progress=stated.append)
    done = ["scenarios: 4 of 10", "scenarios: 8 of 10", "scenarios: 10 of 10"]
    assert stated[-3:] == done


def test_a_list_of_scenarios_is_a_line_each(study, tmp_path):
    file = tmp_path / "More checks.csv"
    rows = "".join(f"wait {n} h,middle={n}\n" for n in range(30))
    file.write_text(f"name,delay\n{rows}")
    code, said, complained = whatif(study[0], "--scenarios", file, "-o", study[1])
    assert not code, complained
    assert "wait 3 h" in said
    assert "and 5 more" in said
    folder = study[1] / "whatif" / "more-checks-csv"
    assert len(pd.read_csv(folder / "regions.csv")) == 30 * 5
    assert not (folder / "places.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--close", "midle"], "names checkpoint 'midle', which the tables do not have. They have"),
        (["--close", "middle", "--open", "middle"], "both closes and opens middle. Leave out --c"),
        (["--close", "qq"], "All that there are stand in tables/checkpoints.csv and"),
        (["--close", "track"], "'track' is one of mode rail"),
        (["--only", "rail"], "no trip by road passes a checkpoint of mode rail"),
        (["--close", "middle", "--mode", "rail"], "'middle' is one of mode road"),
        ([], "nothing is different"),
        (["--close", "middle", "--scenarios", "x.toml"], "cannot be combined"),
        (["--scenarios", "none.toml"], "none.toml: there is no such file"),
        (["--delay", "middle=x"], "gives no hours"),
        (["--users", "everybody"], "no group of users 'everybody'"),
    ],
)
def test_a_scenario_that_does_not_fit_is_one_message(study, arguments, says):
    code, _, complained = whatif(study[0], *arguments, "-o", study[1])
    assert code == 2
    assert says in complained
    assert "Traceback" not in complained
