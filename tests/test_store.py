import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.folders import whole_folder
from geo_border.network.graph import Network
from geo_border.store import Memory


def parts():
    points = gpd.GeoDataFrame(
        {"name": ["a", None]}, geometry=gpd.points_from_xy([1, 2], [3, 4]), crs=4326
    )
    network = Network(
        lon=np.array([0.0, 1]),
        lat=np.array([0.0, 1]),
        side=np.array([0, 1], np.int8),
        region=np.array([0, -1], np.int32),
        indptr=np.array([0, 1, 2]),
        indices=np.array([1, 0], np.int32),
        length_m=np.array([5.0, 5]),
        hours=np.array([0.1, 0.1]),
        mode=np.array([0, 0], np.int8),
        road_class=np.array([0, 0], np.int16),
        link=np.array([0, 0], np.int32),
        lines=np.array([shapely.LineString([(0, 0), (1, 1)])], object),
        regions=("A",),
        classes=("street",),
    )
    table = pd.DataFrame({"x": [1.5, np.nan]}, index=pd.Index(["p", "q"], name="id"))
    return {"points": points, "network": network, "table": table, "array": np.eye(2)}


def test_a_stage_is_computed_once_and_comes_back_the_same(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return parts()

    first, key = Memory(tmp_path).stage("s", {"a": 1}, compute)
    memory = Memory(tmp_path)
    again, same_key = memory.stage("s", {"a": 1}, compute)
    assert len(calls) == 1
    assert key == same_key
    assert memory.reused == ["s"]
    pd.testing.assert_frame_equal(again["table"], first["table"])
    assert again["points"].geometry.equals(first["points"].geometry)
    assert again["points"].crs == first["points"].crs
    assert np.array_equal(again["array"], first["array"])
    assert again["network"].regions == ("A",)
    assert again["network"].lines[0].equals(first["network"].lines[0])
    assert np.array_equal(again["network"].hours, first["network"].hours)


def test_a_changed_parameter_computes_again_and_forgets_the_old(tmp_path):
    _, old = Memory(tmp_path).stage("s", {"a": 1}, parts)
    _, new = Memory(tmp_path).stage("s", {"a": 2}, parts)
    assert old != new
    assert [path.name for path in (tmp_path / "s").iterdir()] == [new]


def test_a_stage_that_fails_leaves_nothing(tmp_path):
    def fail():
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        Memory(tmp_path).stage("s", {}, fail)
    assert not (tmp_path / "s").exists()


def test_a_damaged_stage_is_computed_again(tmp_path):
    _, key = Memory(tmp_path).stage("s", {}, parts)
    for file in (tmp_path / "s" / key).iterdir():
        file.write_bytes(file.read_bytes()[:40])
    memory = Memory(tmp_path)
    again, _ = memory.stage("s", {}, parts)
    assert memory.reused == []
    assert len(again["table"]) == 2
    assert Memory(tmp_path).stage("s", {}, parts)[0]["table"].equals(again["table"])


def test_another_run_in_the_same_folder_is_left_to_finish(tmp_path):
    other = tmp_path / "s" / ".writing-other"
    other.mkdir(parents=True)
    Memory(tmp_path).stage("s", {}, parts)
    assert other.is_dir()


def test_memory_without_a_folder_keeps_nothing():
    got, _ = Memory(None).stage("s", {}, lambda: {"n": 1})
    assert got == {"n": 1}


def test_outputs_appear_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "out"
    with whole_folder(folder) as aside:
        (aside / "tables").mkdir()
        (aside / "tables" / "a.csv").write_text("old")
        (aside / "report.html").write_text("old")
    (folder / "mine.txt").write_text("kept")
    with pytest.raises(RuntimeError), whole_folder(folder) as aside:
        (aside / "report.html").write_text("half")
        raise RuntimeError
    assert (folder / "report.html").read_text() == "old"
    with whole_folder(folder) as aside:
        (aside / "tables").mkdir()
        (aside / "tables" / "b.csv").write_text("new")
    assert sorted(path.name for path in folder.iterdir()) == ["mine.txt", "report.html", "tables"]
    assert [path.name for path in (folder / "tables").iterdir()] == ["b.csv"]
