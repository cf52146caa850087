import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray

from geo_border.errors import StudyError
from geo_border.network.graph import Network
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.versions import library_versions


@dataclass(frozen=True, slots=True)
class Inner:
    table: pd.DataFrame
    arrays: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class Result:
    points: gpd.GeoDataFrame
    network: Network
    inner: Inner
    none: Inner | None


def result():
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
    return Result(points, network, Inner(table, (np.eye(2), np.ones(3))), None)


def kept(folder, depends=None, compute=result):
    """The result of a stage, and its key."""
    key = Memory.key("s", depends or {})
    return Memory(folder).stage("s", key, compute, Result), key


def same(one, other):
    pd.testing.assert_frame_equal(one.inner.table, other.inner.table)
    assert one.points.geometry.equals(other.points.geometry)
    assert one.points.crs == other.points.crs
    for ours, theirs in zip(one.inner.arrays, other.inner.arrays, strict=True):
        assert np.array_equal(ours, theirs)
    assert one.network.regions == other.network.regions == ("A",)
    assert one.network.lines[0].equals(other.network.lines[0])
    assert np.array_equal(one.network.hours, other.network.hours)
    assert one.none is other.none is None


def test_a_stage_is_computed_once_and_comes_back_the_same(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return result()

    first, key = kept(tmp_path, {"a": 1}, compute)
    memory = Memory(tmp_path)
    again = memory.stage("s", key, compute, Result)
    assert len(calls) == 1
    assert memory.reused == ["s"]
    same(again, first)


def test_what_is_there_or_not_comes_back_so(tmp_path):
    with_both = replace(result(), none=Inner(pd.DataFrame({"x": [1]}), ()))
    kept(tmp_path, compute=lambda: with_both)
    again, _ = kept(tmp_path, compute=result)
    assert again.none.table["x"].tolist() == [1]
    assert again.none.arrays == ()


def test_a_result_of_another_kind_is_computed_again(tmp_path):
    kept(tmp_path)
    memory = Memory(tmp_path)
    table = Inner(pd.DataFrame({"x": [1]}), ())
    assert memory.stage("s", Memory.key("s", {}), lambda: table, Inner) is table
    assert memory.reused == []


def test_a_changed_parameter_computes_again_and_forgets_the_old(tmp_path):
    _, old = kept(tmp_path, {"a": 1})
    _, new = kept(tmp_path, {"a": 2})
    assert old != new
    assert [path.name for path in (tmp_path / "s").iterdir()] == [new]


def test_a_stage_that_fails_leaves_nothing(tmp_path):
    def fail():
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        kept(tmp_path, compute=fail)
    assert not (tmp_path / "s").exists()


def test_another_run_in_the_same_folder_is_left_to_finish(tmp_path):
    other = tmp_path / "s" / ".writing-other"
    other.mkdir(parents=True)
    kept(tmp_path)
    assert other.is_dir()


def test_memory_without_a_folder_keeps_nothing():
    made = result()
    assert kept(None, compute=lambda: made)[0] is made


def spoil_cut(file):
    file.write_bytes(file.read_bytes()[:40])


def spoil_flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def spoil_zeros(file):
    file.write_bytes(bytes(file.stat().st_size))


def spoil_link(file):
    kept = file.with_name("elsewhere")
    file.rename(kept)
    file.symlink_to(kept)


def spoil_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "spoil", [spoil_cut, spoil_flip, spoil_zeros, spoil_link, spoil_folder, Path.unlink]
)
def test_a_stage_is_whole_and_as_it_was_or_computed_again(tmp_path, spoil):
    first, key = kept(tmp_path)
    names = sorted(file.name for file in (tmp_path / "s" / key).iterdir())
    assert len(names) == 7
    for name in names:
        spoil(tmp_path / "s" / key / name)
        for reused in ([], ["s"]):
            memory = Memory(tmp_path)
            same(memory.stage("s", key, result, Result), first)
            assert memory.reused == reused, name


def test_a_stage_of_another_name_or_key_is_none(tmp_path):
    _, key = kept(tmp_path)
    memory = Memory(tmp_path)
    (tmp_path / "t").mkdir()
    other = Memory.key("t", {})
    shutil.copytree(tmp_path / "s" / key, tmp_path / "t" / other)
    memory.stage("t", other, result, Result)
    assert memory.reused == []


def test_a_part_of_another_kind_is_no_part(tmp_path):
    _, key = kept(tmp_path)
    file = tmp_path / "s" / key / "parts.json"
    said = json.loads(file.read_text())
    parts = said["parts"]
    table, array = parts["inner.table"], parts["inner.arrays.0"]
    for strange in (
        [],
        {"parts": {"array": 1}},
        said | {"parts": {"../x": table}},
        said | {"parts": parts | {"none": array}},
        said | {"parts": {name: part for name, part in parts.items() if name != "inner.table"}},
    ):
        file.write_text(json.dumps(strange))
        memory = Memory(tmp_path)
        same(memory.stage("s", key, result, Result), result())
        assert memory.reused == []


def test_other_versions_of_libraries_compute_again(tmp_path, monkeypatch):
    _, key = kept(tmp_path)
    for name in ("PROJ", "GEOS", "numpy", "pandas", "numba"):
        assert name in library_versions()
        with monkeypatch.context() as patch:
            changed = library_versions() | {name: "0"}
            patch.setattr(
                "geo_border.pipeline.memory.library_versions", lambda changed=changed: changed
            )
            assert not Memory(tmp_path).has("s", Memory.key("s", {}))
    assert Memory(tmp_path).has("s", key)


def linked_stages(tmp_path, victim):
    (tmp_path / "stages").symlink_to(victim)


def linked_stage(tmp_path, victim):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "s").symlink_to(victim)


def linked_key(tmp_path, victim):
    (tmp_path / "stages" / "s").mkdir(parents=True)
    (tmp_path / "stages" / "s" / Memory.key("s", {})).symlink_to(victim)


@pytest.mark.parametrize("link", [linked_stages, linked_stage, linked_key])
def test_nothing_is_read_written_or_removed_through_a_link(tmp_path, link):
    victim = tmp_path / "victim"
    for name in ("photos", "0" * 32, "s"):
        (victim / name).mkdir(parents=True)
        (victim / name / "mine").write_text("mine")
    before = sorted(victim.rglob("*"))
    link(tmp_path, victim)
    with pytest.raises(StudyError, match="there is a link"):
        kept(tmp_path / "stages")
    assert sorted(victim.rglob("*")) == before


def test_only_folders_of_stages_are_forgotten(tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    stage = tmp_path / "stages" / "s"
    for name in ("photos", "0" * 31, "0" * 33, "A" * 32, "1" * 32):
        (stage / name).mkdir(parents=True)
    (stage / ("2" * 32)).symlink_to(victim)
    (stage / ("3" * 32)).write_text("mine")
    (stage.parent / ".DS_Store").write_text("mine")
    _, key = kept(stage.parent)
    left = {path.name for path in stage.iterdir()}
    assert left == {"photos", "0" * 31, "0" * 33, "A" * 32, "2" * 32, "3" * 32, key}
    assert victim.is_dir()


def test_what_a_run_that_died_was_writing_is_tidied_away(tmp_path):
    left = tmp_path / "s" / ".writing-ab_cd123"
    left.mkdir(parents=True)
    (left / "half").write_text("")
    Memory(tmp_path).tidy()
    assert list((tmp_path / "s").iterdir()) == []


def test_no_room_for_a_stage_is_one_error(tmp_path, no_room):
    with pytest.raises(StudyError, match=r"cannot be written \(.*Check its rights and the space"):
        no_room(1000, kept, tmp_path)
    assert list((tmp_path / "s").iterdir()) == []
