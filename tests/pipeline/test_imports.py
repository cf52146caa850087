"""What code a module runs: found in its text, and held against what a start loads."""

import ast
import subprocess
import sys

import pytest

from geo_border.pipeline.imports import ROOT, closure, imports
from geo_border.pipeline.stages.declaration import SHARED
from geo_border.pipeline.stages.declared import DECLARED

FILES = {
    "__init__.py": "def __getattr__(name):\n    from pack import late\n    return late.thing\n",
    "top.py": "import numpy\nfrom pack import below\ndef f():\n    from pack.deep.lazy import g\n",
    "below.py": "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from pack import typed\nelse:\n    import pack.other\n",
    "deep/__init__.py": "",
    "deep/lazy.py": "class A:\n    def m(self):\n        import pack.in_class\n",
    "deep/table.csv": "",
    "deep/more/table.csv": "",
    "late.py": "thing = 1\n",
    "asks.py": "from pack import thing\n",
    "stubbed/__init__.py": "",
    "stubbed/__init__.pyi": "from ..alone import a\nfrom .part import b\n",
    "stubbed/part.py": "",
    "takes.py": "from pack.stubbed import a\n",
    "part_alone.py": "from pack.stubbed import part\n",
    "names.py": "import pack\nfrom pack import __version__\n",
    "bracketed.py": "from pack import (  # noqa: F401 (for others)\n    typed as kind,  # (a)\n"
    "    other,\n)\nimport numpy as np, pack.alone as one  # pack.late\n# import pack.late\n",
    **{f"{name}.py": "" for name in ("typed", "other", "in_class", "alone")},
}


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / "pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "pack"


def files(package, module):
    return {str(file.relative_to(package)) for file in closure(package, module)}


def test_what_is_imported_at_the_top_in_functions_and_in_turn_counts(package):
    assert files(package, "pack.top") == {
        *("__init__.py", "top.py", "below.py", "other.py"),
        *("deep/lazy.py", "in_class.py"),
        *("deep/table.csv", "deep/more/table.csv"),
    }


def test_what_a_package_imports_on_use_counts_for_who_uses_it(package):
    assert files(package, "pack.asks") == {"__init__.py", "asks.py", "late.py"}
    assert files(package, "pack.names") == {"__init__.py", "names.py"}
    both = {"stubbed/__init__.py", "stubbed/part.py"}
    assert files(package, "pack.takes") == {"takes.py", "alone.py", *both}
    assert files(package, "pack.part_alone") == {"part_alone.py", *both}


def test_brackets_and_comments_are_read_as_python_reads_them(package):
    assert files(package, "pack.bracketed") == {
        *("__init__.py", "bracketed.py", "typed.py", "other.py", "alone.py")
    }


def parsed(tree, *, at_top):
    """Imports that are run, as the parser of Python has them."""
    blocks = ("body", "orelse", "finalbody", "handlers", "cases")
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        blocks = ("orelse",)
    for node in (node for block in blocks for node in getattr(tree, block, ())):
        if isinstance(node, ast.Import):
            yield from ((name.name, ()) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), tuple(name.name for name in node.names)
        elif not (at_top and isinstance(node, ast.FunctionDef)):
            yield from parsed(node, at_top=at_top)


@pytest.mark.parametrize("at_top", [False, True])
def test_the_text_of_every_module_names_what_the_parser_finds(at_top):
    for file in ROOT.rglob("__init__.py*" if at_top else "*.py*"):
        if file.suffix not in {".py", ".pyi"}:
            continue
        text = file.read_text("utf-8")
        by_python = set(parsed(ast.parse(text), at_top=at_top))
        by_text = {(module, tuple(names)) for module, names in imports(text, at_top=at_top)}
        assert by_python <= by_text, file
        assert by_text - by_python <= {("geo_border", ())}, file  # in the example of a docstring


LOADED = """
import importlib, sys, types
from pathlib import Path
root, modules = Path(sys.argv[1]), sys.argv[2:]
for folder in (init.parent for init in root.rglob("__init__.py") if init.parent != root):
    # What a package imports for others is not run.
    name = ".".join(folder.relative_to(root.parent).parts)
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [str(folder)]
for module in modules:
    importlib.import_module(module)
print(*(module.__file__ for name, module in sys.modules.items()
        if name.split(".")[0] == "geo_border" and getattr(module, "__file__", None)))
"""


def test_a_start_loads_nothing_that_the_text_does_not_name():
    modules = sorted({stage.work.__module__ for stage in DECLARED} | set(SHARED))
    command = [sys.executable, "-c", LOADED, str(ROOT), *modules]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    loaded = ran.stdout.split()
    assert len(loaded) > 100
    # The face of the package, which no stage goes through.
    face = {str(ROOT / name) for name in ("__init__.py", "arguments.py")}
    assert set(loaded) - face <= set(map(str, closure(ROOT, *modules)))


@pytest.mark.parametrize(
    ("stage", "apart"),
    [
        ("extracts", ("access", "bottlenecks", "index", "typology", "report", "cli")),
        ("border", ("access", "bottlenecks", "index", "typology", "report", "cli")),
        ("network", ("access", "bottlenecks", "index", "typology", "report", "cli", "inputs")),
        ("searches", ("access", "bottlenecks", "index", "typology", "report", "cli", "inputs")),
        ("access", ("bottlenecks", "index", "typology", "report", "cli", "inputs")),
        ("bottlenecks", ("index", "typology", "report", "cli", "inputs")),
        ("index", ("bottlenecks", "report", "cli")),
    ],
)
def test_an_edit_of_what_comes_later_voids_no_stage(stage, apart):
    (work,) = (each.work.__module__ for each in DECLARED if each.name == stage)
    folders = {file.relative_to(ROOT).parts[0] for file in closure(ROOT, work)}
    assert not folders & set(apart)
    assert "runs.py" not in folders


def test_the_tables_of_speeds_count_for_the_network():
    (work,) = (each.work.__module__ for each in DECLARED if each.name == "extracts")
    assert ROOT / "osm/speeds/limits.csv" in closure(ROOT, work)
