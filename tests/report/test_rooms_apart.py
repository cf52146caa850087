from __future__ import annotations

import ast
from pathlib import Path

import pytest

import geo_border.report

REPORT = Path(geo_border.report.__file__).parent
ROOMS = ("page", "print", "files")
WRITERS = ("write.py", "whatif.py", "week.py", "calibration.py")
"""Of all that a command writes."""
MODULES = [file.relative_to(REPORT).as_posix() for file in sorted(REPORT.rglob("*.py"))]


def imported(module: str) -> list[tuple[str, str]]:
    """Modules of the package that a module of the report imports, with the names it takes."""
    tree = ast.parse((REPORT / module).read_text(encoding="utf-8"))
    return [
        (str(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("geo_border")
        for alias in node.names
    ]


def test_each_room_has_modules():
    assert {module.split("/")[0] for module in MODULES if "/" in module} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_takes_nothing_from_another_and_no_private_name(module: str):
    """What two rooms need lies beside them; that and the rooms know nothing of the writers."""
    room = module.split("/", maxsplit=1)[0] if "/" in module else None
    for source, name in imported(module):
        assert not name.startswith("_"), f"{module} takes {name} from {source}"
        within = source.removeprefix("geo_border.report.").split(".")
        if source.startswith("geo_border.report.") and module not in WRITERS:
            writers = {name.removesuffix(".py") for name in WRITERS}
            assert within[0] not in {*ROOMS, *writers} - {room}, f"{module}: {source}"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_of_the_report_has_two_subjects(module: str):
    assert len((REPORT / module).read_text(encoding="utf-8").splitlines()) <= 600
