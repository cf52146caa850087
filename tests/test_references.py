"""What docs, docstrings, notebooks and benchmarks name of the package is there."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [
    *ROOT.glob("benchmarks/*.py"),
    *ROOT.glob("notebooks/*.py"),
    *ROOT.glob("tools/*.py"),
    *ROOT.glob("data/*/*.py"),
]
TEXTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("geo_border/**/*.py")]


def found(dotted):
    """Whether a module, or what a module or class has, is called so."""
    parts = dotted.split(".")
    for known in range(len(parts), 0, -1):
        try:
            at = importlib.import_module(".".join(parts[:known]))
        except ModuleNotFoundError:
            continue
        for name in parts[known:]:
            if name in getattr(at, "__annotations__", {}):
                return True
            if not hasattr(at, name):
                return False
            at = getattr(at, name)
        return True
    return False


def imported(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geo_border"):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_imported_is_there(file):
    assert [name for name in imported(file.read_text(encoding="utf-8")) if not found(name)] == []


@pytest.mark.parametrize(
    "file",
    # What changed may be called as it was.
    [file for file in TEXTS if file.name != "CHANGELOG.md"],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_what_is_named_is_there(file):
    text = file.read_text(encoding="utf-8")
    names = set(re.findall(r"`(geo_border(?:\.\w+)+)`", text))
    if file.suffix == ".md":
        lines = re.findall(r"^\s+(from geo_border[\w.]* import [\w, ]+)", text, re.MULTILINE)
        names |= {name for line in lines for name in imported(line)}
    assert sorted(name for name in names if not found(name)) == []
