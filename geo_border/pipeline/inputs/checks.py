"""Cells held against a schema: numbers become numbers, and all that is wrong is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pandera.errors import SchemaErrors

from geo_border.errors import TableError
from geo_border.pipeline.inputs.faults import fault_of_rows, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import pandera.pandas as pa

TOGETHER = (("lon", "lat"), ("capital_lon", "capital_lat"))
"""Columns of which a row has both or none."""

_PLAIN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_COMMA = r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?"
_WHOLE = r"[+-]?[0-9]+(?:[eE][+-]?[0-9]+)?"
_THOUSANDS = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_WRITE = "Write digits with a decimal point, or leave it empty where that is allowed"


@dataclass(frozen=True, slots=True)
class _Blamed:
    """What was found wrong with cells so far."""

    file: Path
    cells: set[tuple[Any, str]] = field(default_factory=set)
    faults: list[tuple[Any, TableError]] = field(default_factory=list)

    def add(self, column: str, rows: Iterable[Any], problem: str, remedy: str) -> None:
        """Blame a column of some rows, but for those that are blamed already."""
        left = [row for row in sorted(set(rows)) if (row, column) not in self.cells]
        if left:
            self.cells.update((row, column) for row in left)
            error = fault_of_rows(TableError, problem, left, file=self.file, remedy=remedy)
            self.faults.append((left[0], error))

    def by_row(self) -> list[TableError]:
        """Give the faults in the order of the file."""
        return [error for _, error in sorted(self.faults, key=lambda fault: fault[0])]


def checked_cells(
    cells: pd.DataFrame,
    schema: pa.DataFrameSchema,
    *,
    file: Path,
    separator: str = ",",
    reported: Collection[tuple[Any, str]] = (),
) -> tuple[pd.DataFrame, list[TableError]]:
    """Hold cells against a schema.

    Parameters
    ----------
    cells
        Text or numbers in columns of the schema, all that it requires; the index is the row in
        the file.
    schema
        Columns and what they may hold.
    file
        Where the cells are from, for messages.
    separator
        The sign between cells: where it is no comma, numbers may have a decimal comma.
    reported
        Row and column of cells whose fault is known, and that are missing.

    Returns
    -------
    frame : DataFrame
        The same, numbers as such; missing what is wrong.
    faults : list of TableError
        All that is wrong, a fault of each kind in a column with its rows.

    Raises
    ------
    TableError
        If there is no row.
    """
    if cells.empty:
        raise TableError("has no rows", file=file, remedy="Fill it in")
    blamed = _Blamed(file, set(reported))
    comma = separator != "," and _has_decimal_comma(cells, schema)
    values = {}
    for name in map(str, cells):
        if is_number(schema, name):
            values[name], found = _numbers(cells[name], comma=comma)
        else:
            values[name], found = _texts(cells[name])
        for problem, remedy, rows in found:
            blamed.add(name, rows, problem, remedy)
    table = pd.DataFrame(values, index=cells.index)
    for name, beside in (*TOGETHER, *(pair[::-1] for pair in TOGETHER)):
        if name in table and beside in table:
            alone = table.index[cells[name].isna() & cells[beside].notna()]
            blamed.add(name, alone, f"{name} is empty, but {beside} is not", "Fill it in")
    for column, rows, problem, remedy in _repeated(table, schema):
        blamed.add(column, rows, problem, remedy)
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as error:
        _blame_failures(error.failure_cases, cells, blamed)
    return table, blamed.by_row()


def is_number(schema: pa.DataFrameSchema, name: str) -> bool:
    """Whether a column of a schema holds numbers.

    Parameters
    ----------
    schema
        Any of `geo_border.pipeline.inputs.schemas`.
    name
        The column.

    Returns
    -------
    bool
        False for text.
    """
    return bool(schema.columns[name].dtype.type == np.dtype(float))


def known_columns(names: Iterable[str], schema: pa.DataFrameSchema, file: Path) -> dict[str, str]:
    """The columns of a schema, whatever the case of their names, or cut at ten letters.

    Shapefiles cut names at ten letters, and some programs write them in capitals.

    Parameters
    ----------
    names
        Names of the columns that are there.
    schema
        Columns that are looked for.
    file
        Where they are from, for messages.

    Returns
    -------
    dict
        Name in the schema by name in the file.

    Raises
    ------
    TableError
        If a column is missing, or may be one of two.
    """
    names = list(names)
    found: dict[str, str] = {}
    for wanted in schema.columns:
        cut = wanted[:10]
        meant = (wanted,) if cut in schema.columns else (wanted, cut)
        alike = [name for name in names if name.casefold() in meant]
        if wanted in names:
            found[wanted] = wanted
        elif len(alike) == 1:
            found[wanted] = alike[0]
        elif alike:
            raise TableError(
                f"has the columns {', '.join(alike)}, each of which may be {wanted}",
                file=file,
                remedy=f"Name one of them {wanted}",
            )
    missing = [name for name, column in schema.columns.items() if column.required]
    missing = [name for name in missing if name not in found]
    if missing:
        several = "columns" if len(missing) > 1 else "column"
        has = f"It has {', '.join(names)}; rename or add" if found else "Name the right file"
        raise TableError(f"lacks the {several} {', '.join(missing)}", file=file, remedy=has)
    return {name: wanted for wanted, name in found.items()}


WrongCells = list[tuple[str, str, list[Any]]]


def _numbers(cells: pd.Series, *, comma: bool) -> tuple[pd.Series, WrongCells]:
    """Numbers of cells; what is none is missing, and told."""
    if is_numeric_dtype(cells) and not is_bool_dtype(cells):
        return cells.astype(float), []
    text = cells.astype("str")
    there = cells.notna().to_numpy(bool)
    pattern = rf"{_COMMA}|{_WHOLE}" if comma else _PLAIN
    good = there & text.str.fullmatch(pattern, na=False).to_numpy(bool)
    plain = text.str.replace(",", ".", regex=False) if comma else text
    values = plain.where(good).astype(float)
    bad = np.flatnonzero(there & ~good)
    kinds: dict[tuple[str, str], list[Any]] = {}
    firsts: dict[tuple[str, str], str] = {}
    for position in bad.tolist():
        value = text.iloc[position]
        key = _no_number(value, comma=comma)
        kinds.setdefault(key, []).append(cells.index[position])
        firsts.setdefault(key, shown(value))
    return values, [
        (f"{cells.name} {problem.format(value=firsts[problem, remedy])}", remedy, rows)
        for (problem, remedy), rows in kinds.items()
    ]


def _no_number(value: str, *, comma: bool) -> tuple[str, str]:
    """Say why a text is no number, and what to do."""
    bare = value.lstrip("+-").casefold()
    if bare in ("inf", "infinity"):
        return "is {value}; it must be a finite number", "Correct the value"
    if bare == "nan":
        return "is {value}, which is not a number", "Leave it empty where that is allowed"
    if comma:
        return (
            "should be a number, not {value}, beside others with a decimal comma",
            "Write digits with one sign for decimals, and none for thousands",
        )
    return "should be a number, not {value}", _WRITE


def _texts(cells: pd.Series) -> tuple[pd.Series, WrongCells]:
    """Texts of cells; what is none is missing, and told."""
    text = cells.astype("str").mask(cells.isna().to_numpy(bool))
    bad = text.str.contains(_CONTROL, na=False).to_numpy(bool)
    if not bad.any():
        return text, []
    rows = cells.index[bad].tolist()
    problem = f"{cells.name} has a control character: {shown(text[bad].iloc[0])}"
    return text.mask(bad), [(problem, "Delete it", rows)]


def _has_decimal_comma(cells: pd.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Whether numbers have a decimal comma: one at least that cannot part thousands."""
    for name in map(str, cells):
        if is_number(schema, name) and not is_numeric_dtype(cells[name]):
            text = cells[name].dropna().astype("str")
            if (text.str.fullmatch(_COMMA) & ~text.str.fullmatch(_THOUSANDS)).any():
                return True
    return False


def _repeated(
    table: pd.DataFrame, schema: pa.DataFrameSchema
) -> list[tuple[str, list[Any], str, str]]:
    """Keys that stand twice; of rows with the same key, the later is the one too many."""
    found = []
    for name in map(str, table):
        if schema.columns[name].unique:
            again = table[name].duplicated() & table[name].notna()
            if again.any():
                first = table.index[table[name] == table.loc[again, name].iloc[0]][0]
                problem = f"{name} {shown(table.loc[again, name].iloc[0])} stands twice"
                rows = table.index[again].tolist()
                found.append((name, rows, f"{problem}, first in row {first}", "Keep one of them"))
    if schema.unique and all(name in table for name in schema.unique):
        keys = list(schema.unique)
        whole = table.dropna(subset=keys)
        again = whole.duplicated(keys)
        if again.any():
            rows = whole.index[again].tolist()
            first = whole.index[(whole[keys] == whole.loc[rows[0], keys]).all(axis="columns")][0]
            problem = f"the same {', '.join(keys)} stand twice, first in row {first}"
            found.append((keys[0], rows, problem, "Keep one row of each"))
    return found


def _blame_failures(failures: pd.DataFrame, cells: pd.DataFrame, blamed: _Blamed) -> None:
    """Tell what a schema found, a fault for each column and check."""
    failures = failures.dropna(subset="index")
    failures = failures.assign(check=failures["check"].astype(str))
    for key, rows in failures.groupby(["column", "check"], sort=False):
        column, check = map(str, key)
        numbers = [row for row in sorted(set(rows["index"])) if (row, column) not in blamed.cells]
        if check in ("field_uniqueness", "multiple_fields_uniqueness") or not numbers:
            continue
        if check == "not_nullable":
            blamed.add(column, numbers, f"{column} is empty", "Fill it in")
        else:
            value = shown(cells[column].loc[numbers[0]])
            blamed.add(column, numbers, f"{column} is {value}; {check}", "Correct the value")
