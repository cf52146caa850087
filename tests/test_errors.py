import ast
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from pydantic import BaseModel

from geo_border import errors
from geo_border.cli import app
from geo_border.errors import GeoBorderError, TableError
from geo_border.pipeline.settings import Settings


def test_a_message_says_what_where_and_how_to_mend():
    error = TableError("kmh is empty", file=Path("speeds.csv"), row=3, remedy="Fill it in")
    assert str(error) == "speeds.csv, row 3: kmh is empty. Fill it in."
    assert str(TableError("kmh is empty")) == "kmh is empty."
    assert str(TableError("no such class", remedy="Is it trunk?")) == "no such class. Is it trunk?"
    assert str(TableError("kmh is empty", row="x")) == "row x: kmh is empty."


def test_every_error_has_the_one_base():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(ours) >= 8
    assert all(issubclass(kind, GeoBorderError) for kind in ours)
    with pytest.raises(GeoBorderError):
        raise errors.SideError("one side only")


def test_numbers_of_frames_are_shown_as_one_writes_them():
    values = [np.float64(0.0), np.str_("a"), np.bool_(True)]
    error = TableError(f"length is {values[0]!r}, not {values[1:]}", remedy=f"{values[0]!r}")
    assert str(error) == "length is 0.0, not ['a', True]. 0.0."


SECTIONS = {
    name: kind
    for name, field in Settings.model_fields.items()
    for kind in (field.annotation, *get_args(field.annotation))
    if isinstance(kind, type) and issubclass(kind, BaseModel)
}


def remedies():
    """Words of every remedy in the package, and where they stand."""
    folder = Path(errors.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for keyword in getattr(call, "keywords", ()):
                if keyword.arg == "remedy":
                    words = [
                        part.value
                        for part in ast.walk(keyword.value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    ]
                    yield f"{file.relative_to(folder)}:{keyword.value.lineno}", " ".join(words)


def test_remedies_name_what_there_is():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    seen = 0
    for where, words in remedies():
        for section in re.findall(r"(?<![\w\[])\[([a-z_]+)\](?!\])", words):
            assert section in SECTIONS, f"{where}: {words}"
            seen += 1
        for section, key in re.findall(r"(?<![.\w])([a-z_]+)\.([a-z_]+)\b", words):
            if section in SECTIONS and key not in {"toml", "csv"}:
                assert key in SECTIONS[section].model_fields, f"{where}: {words}"
                seen += 1
        for key, section in re.findall(r"`([a-z_]+)` in \[([a-z_]+)\]", words):
            fields = SECTIONS[section].model_fields
            nested = section == "osm" and key in {"file", "url"}  # of an extract
            assert key in fields or nested, f"{where}: {words}"
            seen += 1
        for command in re.findall(r"`geo-border ([a-z]+)", words):
            assert command in commands, f"{where}: {words}"
            seen += 1
    assert seen > 20
