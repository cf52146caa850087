"""Collecting what is wrong with the inputs, so that all of it is said at once."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from geo_border.errors import GeoBorderError, all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

E = TypeVar("E", bound=GeoBorderError)

MOST_ROWS = 10
"""Rows with the same fault that are named one by one."""

MOST_LETTERS = 60
"""Letters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What was found wrong so far.

    Parameters
    ----------
    found
        The errors, in order.
    """

    found: list[GeoBorderError] = field(default_factory=list)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the error that the block raises, if it does, and go on behind it.

        Yields
        ------
        None
            While the block runs.
        """
        try:
            yield
        except GeoBorderError as error:
            self.found.append(error)

    def add(self, errors: Iterable[GeoBorderError]) -> None:
        """Keep errors.

        Parameters
        ----------
        errors
            Any number.
        """
        self.found.extend(errors)

    def raise_all(self) -> None:
        """Raise what was found, if anything was.

        Raises
        ------
        GeoBorderError
            One that says all.
        """
        if self.found:
            raise all_of(self.found)


@contextmanager
def files_named_from(folder: Path) -> Iterator[None]:
    """Name files in errors as study.toml does.

    Parameters
    ----------
    folder
        The folder of study.toml.

    Yields
    ------
    None
        While the block runs.

    Raises
    ------
    GeoBorderError
        What the block raises, the folder left out of its text where it begins the path of a file.
    """
    try:
        yield
    except GeoBorderError as error:
        if folder.name:
            begins = rf"(?m)(?:^|(?<=\s)){re.escape(str(folder))}{re.escape(os.sep)}"
            error.args = (re.sub(begins, "", str(error)),)
        raise


def fault_of_rows(
    kind: type[E], problem: str, rows: Iterable[Any], *, file: Path | str, remedy: str | None
) -> E:
    """Build the error of a fault that some rows of a file share.

    Parameters
    ----------
    kind
        Its class.
    problem
        What is wrong, without an end stop.
    rows
        Rows in the file, one at least; the first stands for all of them.
    file
        Where they are from.
    remedy
        What to do.

    Returns
    -------
    GeoBorderError
        With the first row, and the others named after the problem.
    """
    first, *others = rows
    return kind(f"{problem}{more_rows(others)}", file=file, row=first, remedy=remedy)


def more_rows(rows: Iterable[object]) -> str:
    """Name further rows with the same fault.

    Parameters
    ----------
    rows
        The rows but for the first.

    Returns
    -------
    str
        In brackets, after the problem; empty if there are none.
    """
    named = list(rows)
    if not named:
        return ""
    first = ", ".join(map(str, named[:MOST_ROWS])) + (", …" if len(named) > MOST_ROWS else "")
    return f" (and {len(named)} more row{'s' if len(named) > 1 else ''} like it: {first})"


def shown(value: object) -> str:
    """Write a value as a message shows it.

    Parameters
    ----------
    value
        A cell.

    Returns
    -------
    str
        In quotes if it is text, cut if it is long.
    """
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        text = repr(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
