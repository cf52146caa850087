"""The rules of the house: data goes one way, rooms keep their own, modules stay small."""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

import pytest

import geo_border as gb
from geo_border.pipeline.settings import Section

PACKAGE = Path(gb.__file__).parent
ROOT = Path(__file__).parents[1]
MODULES = sorted(PACKAGE.rglob("*.py"))

ROOMS = (
    *(
        "errors",
        "arguments",
        "version",
        "terms",
        "shown",
        "ids",
        "csv_files",
        "columns",
        "compute",
        "geometry",
        "pbf",
        "border",
        "osm",
    ),
    *("network", "routing", "access", "traffic", "bottlenecks", "index", "typology"),
    *("pipeline", "report", "study", "world", "cli"),
)
"""In the order of the data: a room imports from those before it. Only results that were read back
ask the report to draw them."""


@functools.cache
def tree_of(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def room_of(file):
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(file):
    """What a module imports of the package, in functions and for types too: (module, names)."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geo_border."):
            yield node.module.split(".")[1:], [name.name for name in node.names]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_data_goes_one_way(file):
    if (room := room_of(file)) == "__init__":
        return
    assert room in ROOMS
    back = {".".join(module) for module, _ in imports(file)
            if ROOMS.index(module[0]) > ROOMS.index(room)}  # fmt: skip
    drawn = {"report.print.maps", "report.tiles"}
    assert back <= (drawn if file.name == "results.py" else set())


def test_no_room_takes_what_is_private_in_another():
    taken = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in MODULES
        for module, names in imports(file)
        for name in (*module, *names)
        if name.startswith("_") and not name.startswith("__") and module[0] != room_of(file)
    ]
    assert not taken


def test_the_reader_of_pbf_could_be_released_alone():
    rooms = {module[0] for file in (PACKAGE / "pbf").glob("*.py") for module, _ in imports(file)}
    assert rooms <= {"pbf", "errors", "compute"}


def test_no_module_has_two_subjects():
    long = {file.name: n for file in MODULES if (n := file.read_text("utf-8").count("\n")) > 600}
    assert not long


def test_no_public_name_has_two_meanings():
    meanings = defaultdict(set)
    # A command is called what it calls.
    for file in (file for file in MODULES if room_of(file) != "cli"):
        for node in tree_of(file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in gb.__all__:
                meanings[node.name].add(str(file.relative_to(PACKAGE)))
    assert not {name: found for name, found in meanings.items() if len(found) > 1}


def _classes_and_aliases(file):
    """Names that a module gives to types: its classes, at any depth, and its aliases of types."""
    tree = tree_of(file)
    yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and re.fullmatch(r"_?[A-Z]+[a-z]\w*", target.id):
                yield target.id


def test_no_type_has_the_name_of_another():
    places = defaultdict(list)
    for file in MODULES:
        for name in _classes_and_aliases(file):
            places[name].append(str(file.relative_to(PACKAGE)))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_every_table_of_a_study_is_a_section():
    def below(kind):
        return {kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))}

    sections = {kind.__name__ for kind in below(Section)} - {"Settings"}
    assert all(name.endswith("Section") for name in sections)


def waits_for_ever(node):
    """Whether a call waits, for a process, a thread, a queue or a lock, without a bound."""
    if not isinstance(node.func, ast.Attribute):
        return False
    named = {keyword.arg for keyword in node.keywords}
    if isinstance(node.func.value, ast.Name) and node.func.value.id == "subprocess":
        return node.func.attr in {"run", "call", "check_call", "check_output"} and (
            "timeout" not in named
        )
    # With anything given they are methods of others, as of strings; constants hold no queues.
    of_constant = isinstance(node.func.value, ast.Name) and node.func.value.id.isupper()
    named_so = node.func.attr in {"communicate", "wait", "join", "acquire", "get"}
    return named_so and not (of_constant or node.args or named)


@pytest.mark.parametrize("folder", ["geo_border", "tests", "tools"])
def test_nobody_waits_for_ever(folder):
    """A test that hangs, or a command, says where; whoever waits for a lock is told for whom."""
    waiting = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and waits_for_ever(node)
    ]
    assert not waiting
