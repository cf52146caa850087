"""Every column that is written: what it means, its unit, its type, where it is from.

The table is ``columns.csv`` beside this file. A name with braces stands for several columns:
``population_{n}min_own`` for any number of minutes, ``{measure}_open`` for any other column of
the same table.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import groupby

from geo_border.terms import DIRECTIONS

NUMBER, WORD = r"[0-9]+(?:\.[0-9]+)?", r"[a-z]+"
FORMS = {
    "n": NUMBER,
    "zone": r"[0-9]+-[0-9]+|[0-9]+\+",
    "mode": WORD,
    "class": r"[a-z][a-z0-9]*",
    "way": "|".join(DIRECTIONS),
    "part": "own|across",
}
"""What a word in braces may be; others are any text."""

NESTED = {"measure": "", "regions": "regions"}
"""Words in braces that stand for another column, and its table; without one the same."""

PARTS = {
    "": "`tables/` and layers of `study.gpkg`",
    "whatif": "`whatif/` and layers of its `whatif.gpkg`",
    "week": "`week/`",
    "calibration": "`calibration/`",
    "network": "`network/` and layers of `network.gpkg`",
    "gmns": "`gmns/`",
    "times": "matrices of times",
}
"""Where the tables are, by what their names begin with."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of some tables.

    Parameters
    ----------
    tables
        Names of the tables and layers that have it.
    name
        Its name, or a pattern of names.
    heading
        What stands over it in few words.
    unit
        Of its numbers, empty for none.
    kind
        ``number``, ``text`` or ``boolean``.
    source
        ``study`` or ``extracts`` where it is given, else the folder of the package that finds it.
    meaning
        In words.
    """

    tables: tuple[str, ...]
    name: str
    heading: str
    unit: str
    kind: str
    source: str
    meaning: str

    @property
    def title(self) -> str:
        """The meaning as a title."""
        return self.meaning[:1].upper() + self.meaning[1:]

    @property
    def label(self) -> str:
        """The heading with the unit."""
        return f"{self.heading}, {self.unit}" if self.unit else self.heading


@cache
def columns() -> tuple[Column, ...]:
    """Every column that is written.

    Returns
    -------
    tuple of Column
        In the order of ``columns.csv``.
    """
    with (files("geo_border") / "columns.csv").open(encoding="utf-8") as lines:
        return tuple(
            Column(
                tables=tuple(row["tables"].split()),
                name=row["column"],
                heading=row["heading"],
                unit=row["unit"],
                kind=row["type"],
                source=row["source"],
                meaning=row["meaning"],
            )
            for row in csv.DictReader(lines)
        )


def find_column(table: str, name: str) -> Column | None:
    """Find what a column of a table is.

    Parameters
    ----------
    table
        Name of the table or layer.
    name
        Name of the column.

    Returns
    -------
    Column or None
        With the words in braces filled in; None for a column that is not of ours.
    """
    found = _found(table, name)
    return found[0] if found else None


@cache
def _found(table: str, name: str) -> tuple[Column, tuple[Column, ...]] | None:
    """A column with its words filled in, and the rows of ``columns.csv`` that describe it."""
    of_table = [column for column in columns() if table in column.tables]
    # A name of its own goes before a pattern that it fits.
    for column in of_table:
        if column.name == name:
            return column, (column,)
    for column in of_table:
        match = _pattern(column.name).fullmatch(name)
        if match and (filled := _filled_in(column, table, match.groupdict())):
            return replace(filled[0], name=name), filled[1]
    return None


def _filled_in(
    column: Column, table: str, words: dict[str, str]
) -> tuple[Column, tuple[Column, ...]] | None:
    """A column with words for those in braces, headings for names of other columns."""
    unit = column.unit
    rows: tuple[Column, ...] = (column,)
    for word in sorted(NESTED.keys() & words.keys()):
        inner = _found(NESTED[word] or table, words[word])
        if inner is None:
            return None
        words = words | {word: inner[0].heading}
        unit, rows = unit or inner[0].unit, rows + inner[1]
    heading, meaning = (_said(text, words) for text in (column.heading, column.meaning))
    return replace(column, heading=heading, unit=unit, meaning=meaning), rows


def column_of(table: str, name: str) -> Column:
    """Tell what a column of a table of ours is.

    Parameters
    ----------
    table
        Name of the table or layer.
    name
        Name of the column.

    Returns
    -------
    Column
        With the words in braces filled in.

    Raises
    ------
    KeyError
        If no table of ours has it.
    """
    found = find_column(table, name)
    if found is None:
        raise KeyError(f"{table}.{name}")
    return found


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """Names that a name with braces stands for."""
    parts = re.split(r"\{([a-z]+)\}", name)
    return re.compile(
        "".join(
            f"(?P<{part}>{FORMS.get(part, '.+')})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )


def _said(text: str, words: dict[str, str]) -> str:
    """Text with words in place of those in braces."""
    for word, said in words.items():
        text = text.replace(f"{{{word}}}", said)
    return text


def dictionary() -> str:
    """Describe every column, table by table.

    Returns
    -------
    str
        Markdown; ``docs/columns.md`` is this text.
    """
    names = list(dict.fromkeys(table for column in columns() for table in column.tables))
    order = {part: number for number, part in enumerate(PARTS)}
    names.sort(key=lambda name: order[_part(name)])
    lines = [
        "# Columns of the outputs",
        "",
        "Made from `geo_border/columns.csv`. Words in braces stand for several columns; columns of",
        "your own files that nothing here reads come after these, as they are. *From* says who",
        "gives a column: the study's files, the extracts, or the part of the package that finds",
        "it.",
    ]
    for part, tables in groupby(names, key=_part):
        lines += ["", f"## {PARTS[part][:1].upper()}{PARTS[part][1:]}"]
        for table in tables:
            lines += ["", f"### {table.removeprefix(part + '.')}", ""]
            lines += [
                "| Column | Heading | Unit | Type | From | Meaning |",
                "|---|---|---|---|---|---|",
            ]
            lines += [
                f"| `{c.name}` | {c.heading} | {c.unit} | {c.kind} | {c.source} | {c.meaning} |"
                for c in columns()
                if table in c.tables
            ]
    return "\n".join([*lines, ""])


def _part(table: str) -> str:
    """Which of `PARTS` a table is of."""
    part = table.split(".", maxsplit=1)[0]
    return part if part in PARTS else ""
