"""Machine code kept on disk is used while it is right, and never keeps anything from starting."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from geo_border.machine_code import digest_of_sources

KERNELS = """
from pathlib import Path
from geo_border.{decorator}

FACTOR = int(Path(__file__).with_name("constant_of_test.py").read_text())

@{name}
def times(x):
    return FACTOR * x
"""

DECORATORS = {
    "kernel": "routing.compiled import kernel",
    "uncounted": "network.osm.compiling import uncounted",
}

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from kernels_of_test import times
assert times(21) == 42
print("found" if sum(times.stats.cache_hits.values()) else "made")
"""


class Sources:
    """A folder of kernels, and whether their machine code is found."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / "kernels_of_test.py"
        self.cache = folder / "__pycache__"
        self.other = folder / "constant_of_test.py"
        folder.mkdir()
        self.file.write_text(KERNELS.format(decorator=DECORATORS[name], name=name))
        self.other.write_text("2")

    def found(self) -> bool:
        """Whether what a new process would use is found on disk."""
        digest_of_sources.cache_clear()
        times = runpy.run_path(str(self.file))["times"]
        assert times(21) == 21 * int(self.other.read_text())
        return sum(times.stats.cache_hits.values()) > 0

    def kept(self) -> list[Path]:
        """Files of machine code beside the sources."""
        return sorted(self.cache.glob("*.nb?"))

    def start(self, before: str = "", **environment: str) -> tuple[str, str]:
        """What a process says of the machine code, and what else it says."""
        ran = subprocess.run(
            [sys.executable, "-c", before + RUN, str(self.file.parent)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip(), ran.stderr.strip()


@pytest.mark.parametrize("name", DECORATORS)
def test_code_is_kept_until_any_source_of_its_folder_changes(tmp_path, name):
    sources = Sources(tmp_path / "sources", name)
    assert [sources.found(), sources.found()] == [False, True]
    sources.other.write_text("3")
    assert [sources.found(), sources.found()] == [False, True]
    assert len(sources.kept()) == 2


def cut(data):
    return data[: len(data) // 2]


def emptied(_):
    return b""


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("spoil", [cut, emptied, flipped])
def test_spoilt_files_are_made_anew(tmp_path, spoil):
    sources = Sources(tmp_path / "sources", "kernel")
    sources.found()
    files = sources.kept()
    assert len(files) == 2
    for file in files:
        file.write_bytes(spoil(file.read_bytes()))
        assert [sources.found(), sources.found()] == [False, True], file.name


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a home that takes nothing")
def test_without_a_home_code_is_kept_among_temporary_files(tmp_path):
    sources = Sources(tmp_path / "sources", "kernel")
    # Beside the sources nothing can be written, not even by root.
    sources.cache.write_text("")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    nowhere = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc", "TMPDIR": str(temporary)}
    assert sources.start(**nowhere) == ("made", "")
    assert sources.start(**nowhere) == ("found", "")
    (own,) = temporary.glob("geo-border-*")
    assert own.stat().st_mode & 0o077 == 0
    # Code that others may write is not run.
    own.chmod(0o777)
    word, said = sources.start(**nowhere)
    assert word == "made"
    assert "made anew at each start; NUMBA_CACHE_DIR" in said
    assert len(said.splitlines()) == 1
    shutil.rmtree(own)
    own.symlink_to(tmp_path)
    assert sources.start(**nowhere)[0] == "made"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_code_beside_sources_that_are_read_only_is_used(tmp_path):
    sources = Sources(tmp_path / "sources", "kernel")
    assert not sources.found()
    sources.cache.chmod(0o555)
    temporary = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc", "TMPDIR": str(tmp_path)}
    assert sources.start(**temporary) == ("found", "")


def test_no_room_says_which_folder_and_goes_on(tmp_path):
    sources = Sources(tmp_path / "sources", "kernel")
    full = (
        "import resource, geo_border.routing.compiled\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
    )
    word, said = sources.start(full)
    assert word == "made"
    assert f"cannot be kept in {sources.cache}" in said
    assert len(said.splitlines()) == 1
    assert [sources.found(), sources.found()] == [False, True]
