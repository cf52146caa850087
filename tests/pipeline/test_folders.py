"""Outputs come whole or not at all, and nothing that a command did not write is ever touched."""

import hashlib
import json
import os
import sys

import pyogrio
import pytest

from geo_border.errors import StudyError
from geo_border.pipeline.folders import MANIFEST, OutputFolder, written_to

ENTRIES = ("tables", "maps", "report.html")


def write(output, **files):
    """Write files, named with a double underscore for the slash."""
    about = {"said": "so"} if output.record == MANIFEST else None
    with output.held(), output.writing(about) as aside:
        for name, text in files.items():
            file = aside / name.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def tree(folder):
    """All there is below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = path.read_text() if path.is_file() else None
    return found


def vouched(folder):
    """Names of what the manifest speaks for; all of it is as it says."""
    said = json.loads((folder / MANIFEST).read_text())["outputs"]
    for name, digest in said.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    return set(said)


@pytest.fixture
def output(tmp_path):
    return OutputFolder(tmp_path / "out", ENTRIES, record=MANIFEST, dropped=("surfaces",))


def test_what_is_not_written_again_goes_and_what_is_not_ours_stays(output):
    folder = output.folder
    before = OutputFolder(folder, (*ENTRIES, "surfaces"), record=MANIFEST)
    write(before, tables__a="old", tables__b="old", surfaces__s="old", maps__m="old")
    (folder / "tables" / "mine.txt").write_text("mine")
    (folder / "mine.txt").write_text("mine")
    (folder / "surfaces" / "empty").mkdir()
    write(output, tables__b="new", tables__deep__c="new", maps__m="new")
    assert vouched(folder) == {"tables/b", "tables/deep/c", "maps/m"}
    content = tree(folder)
    content.pop(MANIFEST)
    assert content == {
        "maps": None,
        "maps/m": "new",
        "mine.txt": "mine",
        "surfaces": None,
        "surfaces/empty": None,
        "tables": None,
        "tables/b": "new",
        "tables/deep": None,
        "tables/deep/c": "new",
        "tables/mine.txt": "mine",
    }


def test_a_failure_leaves_all_as_it_was(output):
    write(output, tables__a="old", maps__m="old")
    before = tree(output.folder)

    class Failure(BaseException):
        pass

    with pytest.raises(Failure), output.held(), output.writing({}) as aside:
        (aside / "tables").mkdir()
        (aside / "tables" / "a").write_text("half")
        raise Failure
    assert tree(output.folder) == before


def test_a_folder_that_nothing_came_of_is_not_left(tmp_path):
    output = OutputFolder(tmp_path / "a" / "b", ENTRIES)
    with pytest.raises(InterruptedError), output.held():
        raise InterruptedError
    assert not output.folder.exists()


def own_folder(folder):
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "towns.csv").write_text("mine")


def own_empty_folder(folder):
    (folder / "maps").mkdir(parents=True)


def own_file(folder):
    folder.mkdir()
    (folder / "report.html").write_text("mine")


def own_manifest(folder):
    own_folder(folder)
    (folder / MANIFEST).write_text('{"name": "an app of mine", "outputs": ["tables/towns.csv"]}')


def no_json(folder):
    own_folder(folder)
    (folder / MANIFEST).write_text("[" * 100_000)


def manifest_that_leads_out(folder):
    own_folder(folder)
    (folder.parent / "precious").write_text("mine")
    outputs = {"tables/../../precious": "0", "tables/towns.csv": "0"}
    (folder / MANIFEST).write_text(json.dumps({"outputs": outputs}))


def linked_entry(folder):
    write(OutputFolder(folder, ENTRIES, record=MANIFEST), tables__a="a", maps__m="m")
    (folder / "tables").rename(folder.parent / "elsewhere")
    (folder / "tables").symlink_to(folder.parent / "elsewhere")


def linked_file(folder):
    write(OutputFolder(folder, ENTRIES, record=MANIFEST), tables__a="a", maps__m="m")
    (folder / "tables" / "a").rename(folder.parent / "elsewhere")
    (folder / "tables" / "a").symlink_to(folder.parent / "elsewhere")


def linked_manifest(folder):
    write(OutputFolder(folder, ENTRIES, record=MANIFEST), tables__a="a")
    (folder / MANIFEST).rename(folder.parent / "elsewhere")
    (folder / MANIFEST).symlink_to(folder.parent / "elsewhere")


def dangling_link(folder):
    folder.mkdir()
    (folder / "report.html").symlink_to(folder / "nothing")


def file_for_a_folder(folder):
    write(OutputFolder(folder, ENTRIES, record=MANIFEST), tables__a="a")
    (folder / "tables" / "a").unlink()
    (folder / "tables").rmdir()
    (folder / "tables").write_text("mine")


def folder_for_a_file(folder):
    write(OutputFolder(folder, ENTRIES, record=MANIFEST), tables__a="a")
    (folder / "tables" / "a").unlink()
    (folder / "tables" / "a").mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        own_folder,
        own_empty_folder,
        own_file,
        own_manifest,
        no_json,
        manifest_that_leads_out,
        linked_entry,
        linked_file,
        linked_manifest,
        dangling_link,
        file_for_a_folder,
        folder_for_a_file,
    ],
)
def test_what_no_run_wrote_is_refused_before_anything_is_done(output, spoil):
    spoil(output.folder)
    before = tree(output.folder.parent)
    started = []
    with pytest.raises(StudyError, match=r"-o"):
        output.check()
    with pytest.raises(StudyError, match=r"-o"), output.held():
        started.append(1)
    assert not started
    assert tree(output.folder.parent) == before


def test_a_file_in_the_way_is_refused_when_its_name_is_known(output):
    write(output, tables__a="old")
    (output.folder / "tables" / "b").write_text("mine")
    before = tree(output.folder)
    with pytest.raises(StudyError, match="b: is in the way"):
        write(output, tables__a="new", tables__b="new")
    assert tree(output.folder) == before


def test_commands_share_a_folder_and_a_record(tmp_path):
    first, second = OutputFolder(tmp_path, ("network.gpkg",)), OutputFolder(tmp_path, ("whatif/a",))
    write(first, **{"network.gpkg": "n"})
    write(second, whatif__a__x="x", whatif__a__y="y")
    write(second, whatif__a__x="again")
    write(first, **{"network.gpkg": "again"})
    content = tree(tmp_path)
    written = json.loads(content.pop(".written.json"))["outputs"]
    assert set(written) == {"network.gpkg", "whatif/a/x"}
    assert content == {
        "network.gpkg": "again",
        "whatif": None,
        "whatif/a": None,
        "whatif/a/x": "again",
    }


CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "open", "tempfile.mkdtemp"}


def dies_at(step, work):
    """Whether a process is killed at a step of its work on files; it is not if it is through."""
    child = os.fork()
    if child == 0:
        try:
            seen = 0

            def hook(event, _):
                nonlocal seen
                if event in CHANGES:
                    seen += 1
                    if seen > step:
                        os._exit(9)

            sys.addaudithook(hook)
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_old_or_the_new_and_no_rubbish(tmp_path):
    old = {"tables__a": "old", "tables__b": "old", "maps__m": "old"}
    new = {"tables__b": "new", "tables__c__d": "new", "maps__m": "new", "report.html": "new"}
    outcomes = []
    while True:
        output = OutputFolder(tmp_path / f"{len(outcomes)}", ENTRIES, record=MANIFEST)
        folder = output.folder
        write(output, **old)
        (folder / "tables" / "mine").write_text("mine")
        killed = dies_at(len(outcomes), lambda output=output: write(output, **new))
        if (folder / MANIFEST).exists():
            # Only now, before anybody has mended anything: what is vouched for is there.
            vouched(folder)
        with output.held():
            pass
        names = vouched(folder)
        content = tree(folder)
        content.pop(MANIFEST)
        assert content.pop("tables/mine") == "mine"
        files = {name: text for name, text in content.items() if text is not None}
        assert names == set(files)
        outcomes.append(files)
        if not killed:
            break
    wanted = [{name.replace("__", "/"): text for name, text in all_.items()} for all_ in (old, new)]
    assert len(outcomes) > 20
    assert outcomes[0] == wanted[0]
    assert outcomes[-1] == wanted[1]
    # Once it is decided, there is no way back.
    turn = outcomes.index(wanted[1])
    assert outcomes == [wanted[0]] * turn + [wanted[1]] * (len(outcomes) - turn)
    assert len(outcomes) - turn > 10


def test_rubbish_of_others_is_left(output):
    output.folder.mkdir()
    (output.folder / "elsewhere").mkdir()
    (output.folder / ".writing-abcdefgh").symlink_to(output.folder / "elsewhere")
    (output.folder / ".writing-abcdefghi").mkdir()
    (output.folder / ".writing-12345678").mkdir()
    with output.held():
        names = {path.name for path in output.folder.iterdir()} - {output.lock.name}
    assert names == {"elsewhere", ".writing-abcdefgh", ".writing-abcdefghi"}


def test_no_room_is_one_error_and_leaves_all_as_it_was(output, no_room):
    write(output, tables__a="old")
    before = tree(output.folder)
    with pytest.raises(StudyError, match=r"out: cannot be written \(File too large\)"):
        no_room(1000, lambda: write(output, tables__a="n" * 2000))
    assert tree(output.folder) == before


def test_what_gdal_says_is_one_error(tmp_path):
    with pytest.raises(StudyError, match="cannot be written"), written_to(tmp_path):
        pyogrio.read_info(tmp_path / "nothing.gpkg")
