"""The matrix of a study: chosen places, scenarios, files that are there whole or not at all."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from geo_border.cli import app
from geo_border.errors import StudyError
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.pipeline.matrix_files import MATRIX_STAGES
from geo_border.study import open_study


@pytest.fixture(scope="module")
def kept(tmp_path_factory, make_mini):
    """The made-up study, and the folder of its finished stages."""
    folder = tmp_path_factory.mktemp("matrix")
    return make_mini(folder / "mini"), folder / "out"


def test_the_whole_matrix_and_whose_it_is(kept, tmp_path):
    study, memory = kept
    stages = []
    file = tmp_path / "new" / "times.npy"
    shape = open_study(study).matrix(file, memory=memory, progress=stages.append)
    assert list(dict.fromkeys(stages))[:5] == list(MATRIX_STAGES[:5])
    assert stages[-1] == "pairs 100 %"
    hours = np.load(file, mmap_mode="r")
    assert hours.shape == shape == (6, 6)
    rows, columns = (pd.read_csv(file.with_suffix(f".{end}.csv")) for end in ("from", "to"))
    assert rows["place_id"].tolist() == columns["place_id"].tolist()
    assert rows.columns.tolist() == ["place_id", "name", "side", "region_id"]
    assert (hours.diagonal() == 0).all()
    # Streets at 60 km an hour: own side as the ways lie, across with an hour or half of it.
    at = dict(zip(rows["name"], rows.index, strict=True))
    a, b, x = at["Town A"], at["Town B"], at["Town X"]
    assert 1 < hours[a, b] < 2
    assert hours[a, x] > 2
    assert sorted(path.name for path in file.parent.iterdir()) == [
        ".times.npy.written.json",
        "times.from.csv",
        "times.npy",
        "times.to.csv",
    ]


def test_a_block_under_another_border(kept, tmp_path):
    study, memory = kept
    opened = open_study(study)
    file = tmp_path / "a.parquet"

    def hours(**requested):
        opened.matrix(file, origins=["A", "Town C"], destinations=["neighbour"], **requested)
        return pd.read_parquet(file)

    as_is = hours(memory=memory)
    assert as_is["from_id"].unique().tolist() == ["h0", "h2"]
    assert as_is["to_id"].unique().tolist() == ["n0", "n1", "n9"]
    free, shut = hours(passed="no-delay"), hours(passed="closed")
    assert (free["hours"] < as_is["hours"]).all()
    assert np.isinf(shut["hours"]).all()
    west = hours(scenario=parsed_scenario(close=("west",)))
    assert (west["hours"] >= as_is["hours"]).all()
    assert (west["hours"] > as_is["hours"]).any()
    assert len(hours(mode="both")) == len(as_is)


def test_what_cannot_be_written_is_refused_and_the_earlier_file_stays(kept, tmp_path, monkeypatch):
    study, memory = kept
    opened = open_study(study)
    with pytest.raises(StudyError, match=r"\.npy or \.parquet"):
        opened.matrix(tmp_path / "a.csv")
    with pytest.raises(StudyError, match="the origins: there is no region or place 'Town Q'"):
        opened.matrix(tmp_path / "a.npy", origins=["Town Q"], memory=memory)
    file = tmp_path / "a.npy"
    opened.matrix(file, destinations=["B"], memory=memory)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr("geo_border.routing.matrix.fill_times", None)
        with pytest.raises(TypeError):
            opened.matrix(file, memory=memory)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: type("usage", (), {"free": 10}))
        with pytest.raises(StudyError, match="no room for"):
            opened.matrix(file, memory=memory)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_command(kept, tmp_path):
    study, memory = kept
    file = tmp_path / "b.npy"
    stated = CliRunner().invoke(
        app,
        ["matrix", str(study), "-o", str(file), "--from", "home", "--run", str(memory)],
    )
    assert stated.exit_code == 0, stated.output
    assert "3 x 6 pairs" in stated.output
    assert np.load(file).shape == (3, 6)
