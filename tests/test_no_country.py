"""Nothing in the code knows a country: languages and names come from studies and tables."""

import ast
import tomllib
import unicodedata
from pathlib import Path

import pytest

import geo_border

PACKAGE = Path(geo_border.__file__).parent
ROOT = Path(__file__).parents[1]
CODE = [file for kind in ("*.py", "*.j2", "*.js", "*.css") for file in sorted(PACKAGE.rglob(kind))]
SCRIPTS = ("LATIN", "GREEK")
COUNTRIES = sorted(
    name.strip()
    for folder in ("data", "examples")
    for file in (ROOT / folder).glob("*/study.toml")
    for side in ("home", "neighbour")
    for name in tomllib.loads(file.read_text(encoding="utf-8"))["study"][side].split(" and ")
)


def texts(file: Path) -> list[str]:
    """What a file says when it runs: strings but docstrings; all of what is not Python."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return [text]
    tree = ast.parse(text)
    notes = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes
    ]


def test_the_studies_name_countries():
    assert {"Russia", "Kazakhstan", "Andorra", "Austria"} <= set(COUNTRIES)
    assert len(CODE) > 200


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_country_and_no_foreign_letters(file: Path):
    for text in texts(file):
        assert not [name for name in COUNTRIES if name in text]
        letters = {letter for letter in text if letter.isalpha() and not letter.isascii()}
        foreign = [x for x in letters if not unicodedata.name(x, "LATIN").startswith(SCRIPTS)]
        assert not foreign, text


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_language_is_built_in(file: Path):
    """English is what the code itself speaks; names in others are asked for by the study."""
    for text in texts(file):
        word = text.removeprefix("name:").removeprefix("name_")
        assert word == text or not (word.isalpha() and 2 <= len(word) <= 3), text
