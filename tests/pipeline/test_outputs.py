"""Commands write into folders that are theirs, and leave the user's data alone."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from geo_border.errors import StudyError
from geo_border.pipeline.folders import OutputFolder
from geo_border.pipeline.templates import new_study
from geo_border.study import open_study


def content(folder):
    """Digests of all files below a folder, links by where they lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def command():
    """What starts a command in a process of its own, which does not outlive the test."""
    processes = []

    def start(*arguments):
        main = "from geo_border.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", main, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=60)


@pytest.fixture
def ran(mini_run):
    """The made-up study, and the folder of a run; not to be changed."""
    return mini_run[:2]


@pytest.fixture
def again(ran, tmp_path):
    """The same, to be changed."""
    shutil.copytree(ran[1], tmp_path / "out")
    return open_study(ran[0]), tmp_path / "out"


def nothing(*_, **__):
    raise AssertionError("computed before it was refused")


@pytest.fixture
def refused(monkeypatch):
    """Assert that what a command does is refused, at once, and nothing is changed."""

    def check(folder, says, work):
        monkeypatch.setattr("geo_border.pipeline.runs.Run.network", nothing)
        before = content(folder)
        with pytest.raises(StudyError, match=says):
            work()
        assert content(folder) == before

    return check


COMMANDS = {
    "run": lambda study, out: study.run(out),
    "network": lambda study, out: study.export_network(out),
    "isochrones": lambda study, out: study.isochrones("Town A", (1.0,), out),
    "whatif": lambda study, out: study.whatif({}, out),
    "memory of a matrix": lambda study, out: study.matrix(out.parent / "t.npy", memory=out),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_folder_of_the_study_is_no_output_folder(mini, refused, name):
    (mini / "tables").mkdir()
    (mini / "places.csv").rename(mini / "tables" / "towns.csv")
    toml = (mini / "study.toml").read_text()
    (mini / "study.toml").write_text(toml.replace("places.csv", "tables/towns.csv"))
    (mini.parent / "link").symlink_to(mini)
    study = open_study(mini)
    for out in (mini, mini / ".." / "mini", mini.parent / "link"):
        refused(mini, "the folder of the study itself", lambda o=out: COMMANDS[name](study, o))
    refused(mini, "an input of the study", lambda: COMMANDS[name](study, mini / "tables"))
    refused(mini, "an input of the study", lambda: COMMANDS[name](study, mini.parent))


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_written_through_links(mini, tmp_path, refused, name):
    victim, out = tmp_path / "victim", tmp_path / "out"
    (victim / "photos").mkdir(parents=True)
    (victim / "photos" / "one").write_text("mine")
    study = open_study(mini)
    (out / ".stages").mkdir(parents=True)
    (out / ".stages" / "border").symlink_to(victim)
    refused(tmp_path, "there is a link", lambda: COMMANDS[name](study, out))
    shutil.rmtree(out)
    out.mkdir()
    (out / ".stages").symlink_to(victim)
    refused(tmp_path, "there is a link", lambda: COMMANDS[name](study, out))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        *(("run", entry) for entry in ("tables", "maps", "study.gpkg", "report.html")),
        ("run", "manifest.json"),
        ("network", "network"),
        ("network", "network.gpkg"),
        ("isochrones", "isochrones.gpkg"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_no_run_wrote_is_not_replaced(mini, tmp_path, refused, name, entry, kind):
    out = tmp_path / "out"
    out.mkdir()
    if kind == "file":
        (out / entry).write_text("{}")
    elif kind == "folder":
        (out / entry).mkdir()
        (out / entry / "mine").write_text("mine")
    else:
        (out / entry).symlink_to(tmp_path)
    refused(out, re.escape(f"{out / entry}: "), lambda: COMMANDS[name](open_study(mini), out))


def test_a_run_replaces_what_a_run_wrote_and_nothing_else(again):
    study, out = again
    for name in ("mine.txt", "tables/mine.csv", "maps/my.qgz"):
        (out / name).write_text("mine")
    (out / "surfaces").mkdir()
    (out / "surfaces" / "mine.tif").write_text("mine")
    (out / "tables" / "regions.csv").write_text("spoilt")
    before = content(out)
    # What an earlier release or other settings wrote, and this run does not.
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["outputs"] |= {"tables/gone.csv": "0", "surfaces/gone.tif": "0"}
    (out / "manifest.json").write_text(json.dumps(manifest))
    for name in ("tables/gone.csv", "surfaces/gone.tif"):
        (out / name).write_text("old")
    study.run(out)
    after = content(out)
    assert {name for name in before if before[name] != after.get(name)} == {"tables/regions.csv"}
    assert set(after) == set(before)
    outputs = json.loads((out / "manifest.json").read_text())["outputs"]
    assert {name: after[name] for name in outputs} == outputs
    mine = {name for name in after if "mine" in name or "my" in name}
    stages = {name for name in after if name.startswith(".stages")}
    folders = {"tables", "maps", "surfaces"}
    assert set(after) - mine - stages - folders == {*outputs, "manifest.json"}


def test_entries_that_are_links_now_are_refused_before_a_rerun(again, refused, tmp_path):
    study, out = again
    (out / "tables").rename(tmp_path / "disk")
    (out / "tables").symlink_to(tmp_path / "disk")
    refused(tmp_path, "it is a link", lambda: study.run(out))


@pytest.mark.slow
def test_a_resumed_run_gives_the_same_bytes(ran, again):
    study, out = again
    shutil.rmtree(out / ".stages" / "index")
    assert "border" in study.run(out).stages_reused
    resumed, fresh = content(out), content(ran[1])
    outputs = {name for name in fresh if not name.startswith(".stages")}
    assert "report.html" in outputs
    assert {name: resumed[name] for name in outputs} == {name: fresh[name] for name in outputs}


def test_a_matrix_replaces_its_own_files_alone(ran, tmp_path, refused):
    study, out = open_study(ran[0]), tmp_path / "out"
    shutil.copytree(ran[1], out)
    file = tmp_path / "t.npy"
    for _ in range(2):
        study.matrix(file, memory=out)
    (tmp_path / "u.from.csv").write_text("mine")
    (tmp_path / "v.parquet").write_text("mine")
    for name in ("u.npy", "v.parquet"):
        work = lambda name=name: study.matrix(tmp_path / name, memory=out)  # noqa: E731
        refused(tmp_path, "no earlier run says that it wrote it", work)


def test_no_output_goes_over_an_input(mini, tmp_path, refused):
    shutil.copy(mini / "places.csv", tmp_path / "places.parquet")
    toml = (mini / "study.toml").read_text()
    (mini / "study.toml").write_text(toml.replace("places.csv", "../places.parquet"))
    study = open_study(mini)
    refused(tmp_path, "it is an input", lambda: study.matrix(tmp_path / "places.parquet"))


def test_a_new_study_goes_over_nothing(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / ".writing-abcd1234").mkdir()
    new_study(folder, template="andorra")
    assert (folder / "study.toml").exists()
    assert not list(folder.glob(".*"))
    before = content(folder)
    with pytest.raises(StudyError, match="not empty"):
        new_study(folder)
    assert content(folder) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "ru-kz", "-o", ""),
        ("network", "ru-kz", "-o", " "),
        ("isochrones", "ru-kz", "--from", "Orenburg", "-o", ""),
        ("whatif", "ru-kz", "--close", "x", "-o", ""),
        ("matrix", "ru-kz", "-o", ""),
        ("matrix", "ru-kz", "-o", "t.npy", "--run", ""),
        ("new", ""),
    ],
)
def test_an_empty_name_is_no_folder(arguments, geo_border, tmp_path):
    ran = geo_border(*arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert "the name is empty" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def started(out):
    """Wait until a run has finished a stage."""
    until = time.monotonic() + 200
    while time.monotonic() < until:
        if list(out.glob(".stages/*/*/parts.json")):
            return
        time.sleep(0.05)
    raise AssertionError("no stage was finished")


def test_a_run_that_is_stopped_says_what_is_kept(ran, command, tmp_path):
    out = tmp_path / "out"
    process = command("run", ran[0], "-o", out)
    started(out)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "finished stages are kept" in said
    assert "Traceback" not in said
    assert {path.name for path in out.iterdir()} == {".stages"}
    assert not list(out.rglob(".writing-*"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on_and_leaves_no_rubbish(ran, command, tmp_path, number):
    out = tmp_path / "out"
    process = command("run", ran[0], "-o", out)
    started(out)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode
    open_study(ran[0]).run(out)
    assert not [*out.rglob(".writing-*"), *out.glob("*.lock"), *out.glob(".*.lock")]
    assert (out / "report.html").read_bytes() == (ran[1] / "report.html").read_bytes()


def test_a_command_waits_for_another_in_its_folder(ran, command, tmp_path):
    out = tmp_path / "out"
    with OutputFolder(out, ()).held():
        waiting = command("network", ran[0], "-o", out, "--format", "parquet")
        said = waiting.stderr.readline()
        while "waiting" not in said and waiting.poll() is None:
            said += waiting.stderr.readline()
        assert f"waiting for another geo-border (process {os.getpid()}) that works in {out}" in said
        assert not (out / ".stages").exists()
    assert waiting.communicate(timeout=300)[0]
    assert waiting.returncode == 0
    assert {path.name for path in out.iterdir()} == {".stages", ".written.json", "network"}


def test_no_room_for_outputs_is_one_error(again, no_room):
    study, out = again
    before = content(out)
    with pytest.raises(
        StudyError, match=r"out: cannot be written .*Check its rights and the space"
    ):
        no_room(150_000, study.run, out)
    assert content(out) == before
