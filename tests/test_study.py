import itertools
import json
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

import geo_border as gb
from geo_border.errors import NetworkError, StudyError
from geo_border.network.exports import read_parquet
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages.declared import STAGES
from geo_border.pipeline.templates import new_study
from geo_border.report.files.tables import write_tables
from geo_border.routing.engine.contraction import contract
from geo_border.study import open_study

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
    "levels": (
        "region_id, transport_communication, joint_projects, social_services, potential, index, "
        "rank_low, rank_high"
    ),
    "typology": "region_id, type, probability, reasons, growth_point, bottleneck",
    "indicators": "region_id, indicator_id, year, value, source",
}
LAYERS = ["regions", "border", "dyads", "checkpoints", "crossings", "edges", "places"]


@pytest.fixture
def run(mini_run):
    return mini_run


def test_progress_tells_every_stage_in_order(run):
    of_cells = {"cells", "surfaces", "cell_trips", "cell_services"}
    assert run[3] == [stage for stage in STAGES if stage not in of_cells]
    assert run[2].surfaces is None


def test_outputs_are_those_of_the_contract(run):
    out = run[1]
    names = {path.name for path in out.iterdir()}
    assert names == {".stages", "manifest.json", "report.html", "study.gpkg", "maps", "tables"}
    for name, columns in CONTRACT.items():
        table = pd.read_csv(out / "tables" / f"{name}.csv")
        assert list(table.columns)[: len(columns.split(", "))] == columns.split(", "), name
        assert len(table) > 0
    layers = pyogrio.list_layers(out / "study.gpkg")[:, 0].tolist()
    assert set(LAYERS) <= set(layers)
    for layer in LAYERS:
        assert gpd.read_file(out / "study.gpkg", layer=layer).crs == 4326
    assert len(list((out / "maps").glob("*.png"))) >= 4


def test_the_manifest_says_what_was_run_on_what(run):
    manifest = json.loads((run[1] / "manifest.json").read_text())
    assert manifest["geo_border"] == gb.__version__
    assert manifest["study"]["study"]["id"] == "mini"
    assert all(len(digest) == 64 for digest in manifest["inputs"].values())
    assert {"regions.home", "checkpoints", "indicators.table"} <= set(manifest["inputs"])


def test_figures_of_the_small_border_by_hand(run):
    results = run[2]
    # Towns B (1.5, 49.5) and the middle post (1.25, 50.0015): a quarter degree west along the
    # parallel at the network's 60 km/h and half a degree north, then the delay of one hour.
    times = results.travel_times.set_index(["from_id", "to_id"])
    assert times.loc[("B", "X"), "via"] == "middle"
    assert times.loc[("A", "X"), "via"] == "west"
    home = results.regions.loc["B"]
    assert home["checkpoints_open"] == 2
    assert home["checkpoints_road"] == home["checkpoints_rail"] == 1
    load = results.checkpoints["load_share"]
    assert load[["west", "middle"]].sum() == pytest.approx(1, abs=1e-9)
    closed = results.checkpoints.loc["west"]
    assert closed["diverted_to"] == "middle"
    assert closed["closure_unserved"] == 0
    assert closed["closure_extra_hours"] > 0


def same_tables(results, out, folder):
    """Assert that the tables of results, written into a folder, are those of a run."""
    write_tables(results, folder)
    written = sorted((out / "tables").iterdir())
    assert written
    for path in written:
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_second_run_reuses_every_stage_and_writes_the_same_bytes(
    mini_again, run_without_outputs, tmp_path
):
    folder, out = mini_again
    again = run_without_outputs(folder, out)
    assert list(again.stages_reused) == [
        "border",
        "network",
        "searches",
        "access",
        "routes",
        "traffic",
        "effects",
        "bottlenecks",
        "draws",
        "index",
    ]
    same_tables(again, out, tmp_path / "tables")


@pytest.mark.slow
def test_a_run_anew_writes_the_same_bytes(run, run_without_outputs, tmp_path):
    same_tables(run_without_outputs(run[0], tmp_path / "fresh"), run[1], tmp_path / "tables")


def test_a_changed_weight_does_not_rebuild_the_network(mini_again, run_without_outputs):
    folder, out = mini_again
    toml = folder / "study.toml"
    toml.write_text(toml.read_text().replace("draws = 200", 'draws = 200\nweights = "entropy"'))
    reused = run_without_outputs(folder, out).stages_reused
    stages = ("border", "network", "searches", "access", "routes", "traffic", "effects")
    assert reused == (*stages, "bottlenecks", "draws")


@pytest.mark.slow
def test_each_exponent_of_demand_voids_what_demand_goes_into_and_no_more(
    run, mini_again, run_without_outputs
):
    folder, out = mini_again
    toml = folder / "study.toml"
    text, loads = toml.read_text(), [run[2].checkpoints["load_share"].to_numpy()]
    # The second is the first the other way round.
    for alpha, gamma in ((2, 0.5), (0.5, 2)):
        toml.write_text(f"{text}[demand]\nalpha = {alpha}\ngamma = {gamma}\n")
        again = run_without_outputs(folder, out)
        assert again.stages_reused == ("border", "network", "searches", "access", "draws")
        loads.append(again.checkpoints["load_share"].to_numpy())
    assert not any(np.allclose(one, other) for one, other in itertools.combinations(loads, 2))


@pytest.mark.slow
def test_changed_speeds_cost_one_customisation(mini, tmp_path, monkeypatch):
    # As with very many places: sweeps over a hierarchy pay.
    monkeypatch.setattr("geo_border.routing.engine.hierarchy.LOAD_S", -1.0)
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + '[access]\nmodes = ["road", "rail", "both"]\n')
    found = []

    def counted(matrix, order):
        found.append(matrix)
        return contract(matrix, order)

    monkeypatch.setattr("geo_border.routing.engine.contraction.contract", counted)

    def until_bottlenecks(stage):
        if stage == "bottlenecks":
            raise InterruptedError

    hours = []
    for factor in (1, 2):
        speeds = pd.read_csv(mini / "speeds.csv")
        speeds["kmh"] *= factor
        speeds.to_csv(mini / "speeds.csv", index=False)
        with pytest.raises(InterruptedError):
            open_study(mini).run(tmp_path / "out", progress=until_bottlenecks)
        (kept,) = (tmp_path / "out" / ".stages" / "searches").glob("*/hours.0.npy")
        hours.append(np.load(kept))
    # By road, by rail and by both, once each.
    assert len(found) == 3
    assert (hours[1] <= hours[0]).all()
    assert (hours[1] < hours[0]).any()


@pytest.mark.slow
def test_times_too_many_to_hold_are_searched_for_and_give_the_same_tables(
    mini, run_without_outputs, tmp_path, monkeypatch
):
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + '[access]\nmodes = ["road", "rail", "both"]\n')
    held = tmp_path / "held"
    write_tables(run_without_outputs(mini, held), held / "tables")
    monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", 0)
    monkeypatch.setattr("geo_border.pipeline.stages.searches.own_times", None)
    searched = tmp_path / "searched"
    same_tables(run_without_outputs(mini, searched), held, searched / "tables")
    assert not (searched / ".stages" / "searches").exists()
    what = {"shut": parsed_scenario(close=("west",))}
    before, after = (open_study(mini).whatif(what, out) for out in (held, searched))
    pd.testing.assert_frame_equal(before.changes.places, after.changes.places)


@pytest.mark.slow
def test_settlements_in_many_rows_are_measured_at_their_spots_and_the_same(mini, monkeypatch):
    towns = pd.read_csv(mini / "places.csv")
    rows = towns.loc[towns.index.repeat(3)].reset_index(drop=True)
    rows["population"] += np.arange(len(rows))
    rows["place_id"] = [f"{name}-{number}" for number, name in enumerate(rows["place_id"])]
    rows.to_csv(mini / "places.csv", index=False)
    held = open_study(mini).run()
    monkeypatch.setattr("geo_border.routing.inside.MOST_HELD", 0)
    at_spots = open_study(mini).run()
    for one, other in (
        (held.measures_of_places.tidy(), at_spots.measures_of_places.tidy()),
        (held.more["access_measures"], at_spots.more["access_measures"]),
        (held.places, at_spots.places),
        (held.checkpoints, at_spots.checkpoints),
    ):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_a_run_that_fails_leaves_the_earlier_outputs(mini_again):
    mini, out = mini_again
    before = (out / "tables" / "regions.csv").read_bytes()
    (mini / "places.csv").write_text("nonsense")
    with pytest.raises(gb.GeoBorderError):
        open_study(mini).run(out)
    assert (out / "tables" / "regions.csv").read_bytes() == before
    assert not list(out.glob(".writing-*"))


@pytest.mark.parametrize("of_study", ["run", "export_network"])
def test_an_output_folder_below_a_file_is_named_by_the_file(mini, tmp_path, of_study):
    file = tmp_path / "a-file"
    file.write_text("mine")
    with pytest.raises(StudyError, match=rf"^{file}: a part of the path .* is a file\. Name a"):
        getattr(open_study(mini), of_study)(file / "a" / "b")
    with pytest.raises(StudyError, match=rf"^{file}: the output folder is a file"):
        getattr(open_study(mini), of_study)(file)


def test_an_output_folder_that_may_not_be_written(mini, tmp_path, monkeypatch):
    monkeypatch.setattr("geo_border.pipeline.outputs.os.access", lambda path, _: path != tmp_path)
    with pytest.raises(StudyError, match=rf"^{tmp_path}: nothing may be written there"):
        open_study(mini).run(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


def test_the_embedded_study_is_found_by_name_folder_and_file():
    by_name = open_study("ru-kz")
    assert open_study(by_name.folder).settings == by_name.settings
    assert open_study(by_name.folder / "study.toml").settings == by_name.settings
    with pytest.raises(StudyError, match=r"there is no study 'atlantis'.*ru-kz"):
        open_study("atlantis")


def test_a_new_study_is_a_copy_that_never_overwrites(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StudyError, match="file: it is no folder"):
        new_study(tmp_path / "file")
    new_study(tmp_path / "mine")
    assert open_study(tmp_path / "mine").settings.study.id == "mine"
    assert len(open_study(tmp_path / "mine").read().regions) == 20
    assert not (tmp_path / "mine" / "build.py").exists()
    with pytest.raises(StudyError, match="not empty"):
        new_study(tmp_path / "mine")
    with pytest.raises(StudyError, match="no study 'x' to copy"):
        new_study(tmp_path / "other", template="x")


def test_the_network_alone_reuses_what_a_run_has_finished(run, mini_again, tmp_path):
    """And a run what the network alone has: the same network, to the bit."""
    (folder, out), results = mini_again, run[2]
    stated = []
    stamps = {path: path.stat().st_mtime_ns for path in (out / ".stages").rglob("*.npz")}
    built = open_study(folder).export_network(out, ["parquet"], progress=stated.append)
    assert stated == [*STAGES[: STAGES.index("network") + 1], "outputs"]
    assert {path: path.stat().st_mtime_ns for path in (out / ".stages").rglob("*.npz")} == stamps
    assert (built.network.hours == results.network.hours).all()
    back = read_parquet(out / "network")
    assert (back.hours == results.network.hours).all()
    shutil.rmtree(out / "network")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StudyError, match="output folder is a file"):
        open_study(folder).export_network(tmp_path / "file")
    with pytest.raises(NetworkError, match="cannot be written as dxf"):
        open_study(folder).export_network(tmp_path / "new", ["dxf"])
    assert not (tmp_path / "new").exists()


def test_where_nothing_is_kept_no_input_is_digested(mini):
    run = Run(open_study(mini).settings, mini, Memory(None), lambda _: None)
    run.network()
    assert not {"digests", "keys"} & vars(run).keys()


def test_check_names_a_seam_of_speeds(mini):
    speeds = pd.read_csv(mini / "speeds.csv")
    fast = (speeds["side"] == "neighbour") & (speeds["class"] == "street")
    speeds.loc[fast, "kmh"] = 80.0
    speeds.to_csv(mini / "speeds.csv", index=False)
    found = open_study(mini).check()
    seams = found[found["topic"] == "speeds"]
    assert seams["item"].tolist() == ["road, street"]
    assert seams["problem"].iloc[0].startswith("60 km/h in home, 80 in neighbour")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("delay_h", "soon", "'soon'"), ("lat", "49", "checkpoint lies"), ("mode", "", "mode")],
)
def test_errors_name_files_as_study_toml_does(mini, tmp_path, column, value, says):
    table = pd.read_csv(mini / "checkpoints.csv", dtype=str)
    table.loc[1, column] = value
    table.to_csv(mini / "checkpoints.csv", index=False)
    with pytest.raises(gb.GeoBorderError) as raised:
        open_study(mini).run(tmp_path / "out")
    assert str(raised.value).startswith("checkpoints.csv, row 3")
    assert says in str(raised.value)
