"""The freeze sees what a user would see change, and nothing else."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

FILE = Path(__file__).parents[2] / "tools" / "freeze.py"


@pytest.fixture(scope="module")
def freeze():
    path = list(sys.path)
    spec = importlib.util.spec_from_file_location("freeze_of_test", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


def layer(**columns):
    points = shapely.points([[0.0, 1.0], [2.0, 3.0]])
    return gpd.GeoDataFrame({"x": [1.0, np.nan], **columns}, geometry=points, crs=4326)


def test_values_count_and_containers_do_not(freeze, tmp_path):
    found = {}
    for name, frame in (("a", layer()), ("b", layer()), ("c", layer(x=[1 + 2**-52, np.nan]))):
        (tmp_path / name).mkdir()
        frame.to_file(tmp_path / name / "layer.gpkg", layer="towns")
        frame.to_parquet(tmp_path / name / "layer.parquet", compression=None)
        np.save(tmp_path / name / "array.npy", frame["x"].to_numpy())
        (tmp_path / name / "table.csv").write_text(frame[["x"]].to_csv(index=False))
        (tmp_path / name / ".stages").mkdir()
        (tmp_path / name / ".stages" / name).write_text(name)
        found[name] = freeze.of_folder(tmp_path / name, tmp_path / name)
    assert freeze.differences(found["a"], found["b"]) == []
    assert freeze.differences(found["a"], found["c"]) == [
        "other  array.npy/",
        "other  layer.gpkg/towns[x]",
        "other  layer.parquet[x]",
        "other  table.csv",
        "other  table.csv[x]",
    ]
    shutil.rmtree(tmp_path / "c" / ".stages")
    (tmp_path / "c" / "table.csv").unlink()
    assert "gone   table.csv" in freeze.differences(
        found["a"], freeze.of_folder(tmp_path / "c", tmp_path / "c")
    )


def test_paths_and_durations_are_left_out(freeze, tmp_path):
    text = f"Report: {tmp_path}/out/report.html  (7.5 s), read in {freeze.REPO}/data (289 s)"
    assert freeze.normalised(text, tmp_path) == (
        "Report: <work>/out/report.html  (<n> s), read in <repo>/data (<n> s)"
    )


@pytest.mark.slow
def test_every_command_has_its_help_frozen(freeze, tmp_path):
    def run(*arguments):
        command = [sys.executable, str(FILE), *map(str, arguments), "--only", "help"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    file = tmp_path / "freeze.json"
    made = run("make", file)
    assert made.returncode == 0, made.stderr
    kept = json.loads(file.read_text())
    names = {name.split()[2] for name in kept["help"] if name.endswith("--help (out)")}
    assert names == {"--help", *freeze.COMMANDS}
    same = run("compare", file)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "nothing is other")
    kept["help"]["$ geo-border run --help (out)"] = "other"
    file.write_text(json.dumps(kept))
    other = run("compare", file)
    assert other.returncode == 1
    assert other.stdout.splitlines()[1:] == ["help: other  $ geo-border run --help (out)"]
