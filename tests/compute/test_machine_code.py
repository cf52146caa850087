"""Machine code kept on disk is used while it is right, and never keeps anything from starting."""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import geo_border
from geo_border.compute.machine_code import digest_of_sources

KERNELS = """
from pathlib import Path
from geo_border.{decorator}

FACTOR = int(Path(__file__).with_name("constant_of_test.py").read_text())

@{name}
def times(x):
    return FACTOR * x
"""

DECORATORS = {
    "kernel": "compute.compiled import kernel",
    "uncounted": "pbf.compiling import uncounted",
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


CALLER = """
import sys
from pathlib import Path
from geo_border.compute.machine_code import kept
HELPERS = Path(sys.argv[1])
sys.path.insert(0, str(HELPERS))
from helper_of_test import times

def caller(x):
    return times(x) + 1

caller = kept(caller, HELPERS, nogil=True)
print(caller(21), "found" if sum(caller.stats.cache_hits.values()) else "made")
"""


def test_an_edit_of_a_helper_in_another_folder_makes_its_callers_anew(tmp_path):
    helper, caller = tmp_path / "helpers" / "helper_of_test.py", tmp_path / "callers" / "caller.py"
    for file in (helper, caller):
        file.parent.mkdir()
    caller.write_text(CALLER)
    said = []
    for factor in (2, 2, 3, 3):
        helper.write_text(
            "from geo_border.compute.compiled import kernel\n\n"
            f"@kernel\ndef times(x):\n    return {factor} * x\n"
        )
        # Python tells its own bytecode by the second and the size.
        shutil.rmtree(helper.parent / "__pycache__", ignore_errors=True)
        command = [sys.executable, str(caller), str(helper.parent)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        said.append(ran.stdout.strip())
    assert said == ["43 made", "43 found", "64 made", "64 found"]


PACKAGE = Path(geo_border.__file__).parent
COMPILERS = {
    "geo_border.compute.compiled.kernel": {"geometry", "routing", "routing/engine"},
    "geo_border.pbf.compiling.compiled": set(),
    "geo_border.pbf.compiling.inlined": set(),
    "geo_border.pbf.compiling.uncounted": set(),
}
"""The decorators, and the folders besides a kernel's own whose sources they look at."""


@cache
def module(name):
    """Where a module's names are from: those imported of the package, and those written here."""
    file = PACKAGE.parent.joinpath(*name.split("."))
    file = code if (code := file.with_suffix(".py")).exists() else file / "__init__.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geo_border")
        for alias in node.names
    }
    written = {}
    for node in tree.body:
        targets = [node.name] if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.Assign | ast.AnnAssign):
            roots = node.targets if isinstance(node, ast.Assign) else [node.target]
            targets = [n.id for root in roots for n in ast.walk(root) if isinstance(n, ast.Name)]
        written |= dict.fromkeys(targets, node)
    return file, imported, written


def read(node):
    """Names that the code of a definition reads; annotations are no code."""
    parts = node.body if isinstance(node, ast.FunctionDef) else [node.value]
    names = [n for part in parts if part for n in ast.walk(part) if isinstance(n, ast.Name)]
    return {name.id for name in names}


def needed(name, start):
    """Modules with anything that a definition reads, or that what it reads does."""
    found, left = set(), {(name, start)}
    while left:
        at = left.pop()
        found.add(at)
        _, imported, written = module(at[0])
        names = read(written[at[1]]) if at[1] in written else set()
        more = {imported.get(own, (at[0], own)) for own in names if own in {**imported, **written}}
        left |= more - found
    return {at[0] for at in found}


def kernels():
    """Each compiled function, and the decorator that compiles it."""
    for file in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        _, imported, written = module(name.removesuffix(".__init__"))
        for function, node in written.items():
            for by in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                of = imported.get(by.id, (name, by.id)) if isinstance(by, ast.Name) else ("", "")
                if ".".join(of) in COMPILERS:
                    yield name, function, ".".join(of)


def test_a_kernel_reads_nothing_whose_change_would_not_make_it_anew():
    count = 0
    for name, function, decorator in kernels():
        own = module(name)[0].parent
        looked_at = {own, *(PACKAGE / folder for folder in COMPILERS[decorator])}
        strange = {of for of in needed(name, function) if module(of)[0].parent not in looked_at}
        assert not strange, f"{name}.{function}"
        count += 1
    assert count > 100


def test_nothing_but_those_decorators_compiles():
    def files_with(pattern):
        files = sorted(PACKAGE.rglob("*.py"))
        found = [file for file in files if re.search(pattern, file.read_text(encoding="utf-8"))]
        return [file.relative_to(PACKAGE).as_posix() for file in found]

    assert files_with(r"\b(jit|njit|vectorize|guvectorize|cfunc)\b") == ["compute/machine_code.py"]
    users = ["compute/compiled.py", "pbf/compiling.py"]
    assert files_with(r"machine_code import .*\bkept\b") == users


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


@pytest.mark.slow
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
        "import resource, geo_border.compute.compiled\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
    )
    word, said = sources.start(full)
    assert word == "made"
    assert f"cannot be kept in {sources.cache}" in said
    assert len(said.splitlines()) == 1
    assert [sources.found(), sources.found()] == [False, True]
