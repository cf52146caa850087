"""The code that a module runs: its own and that of all it imports from the package."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
"""Folder of the package."""

# To parse every module takes longer than a small study: imports are found in the text. That this
# finds those that the parser finds is tested for each module of the package.
_TYPES = re.compile(
    r"^([ \t]*)if [^\n]*\bTYPE_CHECKING\b[^\n]*:\n(?:\1[ \t]+[^\n]*\n|[ \t]*\n)*", re.MULTILINE
)
_IMPORT = re.compile(
    r"^(?P<indent>[ \t]*)(?:import[ \t]+(?P<modules>[^\n#]+)"
    r"|from[ \t]+(?P<dots>\.*)(?P<module>[\w.]*)[ \t]+import[ \t]+"
    r"(?P<names>\((?:#[^\n]*|[^)#])*\)|[^\n#]+))",
    re.MULTILINE,
)
_NAME = re.compile(r"(?:^|,)\s*([\w.]+)")
_COMMENT = re.compile(r"#[^\n]*|[()]")


def code_digest(*modules: str) -> str:
    """SHA-256 of the code of modules and of all that they import, tables beside it included.

    Parameters
    ----------
    *modules
        Names of modules of the package.

    Returns
    -------
    str
        Hexadecimal digest: another formula is another digest, another module's is not.
    """
    total = hashlib.sha256()
    for file in closure(ROOT, *modules):
        total.update(f"{file.relative_to(ROOT)} {_digest(file)}\n".encode())
    return total.hexdigest()


@cache
def _digest(file: Path) -> str:
    """SHA-256 of a file, which is read once by a process that has loaded its code."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def closure(root: Path, *modules: str) -> tuple[Path, ...]:
    """Files that modules run: their own, those of what they import, and tables beside these.

    Imports within functions count like those at the top; what only type checkers see does not.

    Parameters
    ----------
    root
        Folder of a package.
    *modules
        Names of modules of it.

    Returns
    -------
    tuple of Path
        The files in order.
    """
    files = _files(root)
    waiting = [(module, False) for module in modules]
    seen: set[tuple[str, bool]] = set()
    while waiting:
        step = waiting.pop()
        if step not in seen:
            seen.add(step)
            waiting += _imported(root, step[0], is_asked=step[1])
    found = {files[module] for module, _ in seen}
    folders = {file.parent for file in found} - {root}
    tables = (table for table in _tables(root) if {table.parent, table.parent.parent} & folders)
    return tuple(sorted({*found, *tables}))


@cache
def _files(root: Path) -> Mapping[str, Path]:
    """File of each module and package, by name."""
    files = {}
    for file in root.rglob("*.py"):
        parts = file.relative_to(root.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


@cache
def _tables(root: Path) -> tuple[Path, ...]:
    """Tables beside modules."""
    return tuple(root.rglob("*.csv"))


@cache
def _imported(root: Path, module: str, *, is_asked: bool) -> tuple[tuple[str, bool], ...]:
    """Modules that a module imports, and whether names of theirs are taken from a package.

    A package imports on first use what its names stand for, in functions or as its stub says:
    that counts for whoever takes one.
    """
    files = _files(root)
    file = files[module]
    stub = file.with_suffix(".pyi")
    texts = [file, stub] if is_asked and stub.is_file() else [file]
    at_top = file.name == "__init__.py" and not is_asked
    found: list[tuple[str, bool]] = []
    for origin, names in (
        each for text in texts for each in imports(text.read_text("utf-8"), at_top=at_top)
    ):
        if not names:
            found.append((origin, False))
            continue
        level = len(origin) - len(origin.lstrip("."))
        folders = file.relative_to(root.parent).parts[:-level] if level else ()
        whole = ".".join(filter(None, [*folders, origin[level:]]))
        parts = [part for name in names if (part := f"{whole}.{name}") in files]
        taken = {name for name in names if not name.startswith("__")}
        found += [(whole, len(taken) > len(parts)), *((part, False) for part in parts)]
    return tuple(step for step in found if step[0] in files)


def imports(text: str, *, at_top: bool = False) -> list[tuple[str, list[str]]]:
    """Imports in the text of a module that are run.

    Parameters
    ----------
    text
        The text, as the formatter leaves it.
    at_top
        Whether those within functions do not count.

    Returns
    -------
    list of tuple
        Each module, with a dot for each level of a relative import, and the names taken from it.
    """
    found: list[tuple[str, list[str]]] = []
    for each in _IMPORT.finditer(_TYPES.sub("", text)):
        if at_top and each["indent"]:
            continue
        if each["modules"]:
            found += [(name, []) for name in _NAME.findall(each["modules"])]
        else:
            names = _NAME.findall(_COMMENT.sub("", each["names"]))
            found.append((each["dots"] + each["module"], names))
    return found
