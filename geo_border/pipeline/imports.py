"""The code that a module runs: its own and that of all it imports from the package."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
"""Folder of the package."""

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where statements hold others."""


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
    found: set[Path] = set()
    waiting = [(module, False) for module in modules]
    seen: set[tuple[str, bool]] = set()
    while waiting:
        step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        file = _file(root, step[0])
        assert file is not None, step
        found.add(file)
        waiting += _imported(root, file, is_asked=step[1])
    folders = {file.parent for file in found} - {root}
    tables = (
        table for table in root.rglob("*.csv") if {table.parent, table.parent.parent} & folders
    )
    return tuple(sorted({*found, *tables}))


def _file(root: Path, module: str) -> Path | None:
    """File of a module or package, None if the package has none of this name."""
    path = root.parent.joinpath(*module.split("."))
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


@cache
def _imported(root: Path, file: Path, *, is_asked: bool) -> tuple[tuple[str, bool], ...]:
    """Modules that a file imports, and whether names of theirs are taken from a package.

    A package imports on first use what its names stand for, in functions or as its stub says:
    that counts for whoever takes one.
    """
    stub = file.with_suffix(".pyi")
    texts = [file, stub] if is_asked and stub.is_file() else [file]
    at_top = file.name == "__init__.py" and not is_asked
    found: list[tuple[str, bool]] = []
    for node in (
        node for text in texts for node in _run(ast.parse(text.read_bytes()), at_top=at_top)
    ):
        if isinstance(node, ast.Import):
            found += [(name.name, False) for name in node.names]
            continue
        folders = file.relative_to(root.parent).parts[: -node.level] if node.level else ()
        module = ".".join([*folders, *([node.module] if node.module else [])])
        parts = [f"{module}.{name.name}" for name in node.names]
        known = [part for part in parts if _file(root, part) is not None]
        names = {name.name for name in node.names if not name.name.startswith("__")}
        found.append((module, len(names) > len(known)))
        found += [(part, False) for part in known]
    own = (step for step in found if step[0].split(".")[0] == root.name)
    return tuple(step for step in own if _file(root, step[0]))


def _run(tree: ast.AST, *, at_top: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are run, those within functions too where not the top alone counts."""
    blocks: tuple[str, ...] = _BLOCKS
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        blocks = ("orelse",)
    for part in (part for block in blocks for part in getattr(tree, block, ())):
        if isinstance(part, ast.Import | ast.ImportFrom):
            yield part
        elif not (at_top and isinstance(part, ast.FunctionDef)):
            yield from _run(part, at_top=at_top)
