"""Profiles of arrivals over a day or a week, as users write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

ALL = "all"
"""Column of a profile that every class has."""


def read_profile(file: Path) -> list[float] | dict[str, list[float]]:
    """Read how arrivals are spread over a day or a week.

    Parameters
    ----------
    file
        CSV with a row for each hour, 24 or 168 of them from (Monday) 0:00, and a column for each
        class, or one that is called ``all``. A column ``hour`` is for the reader alone.

    Returns
    -------
    list or dict
        Arrivals in any unit, of all classes or by class.

    Raises
    ------
    TableError
        If it cannot be read, or holds something else than numbers.
    """
    remedy = "Write a CSV with a column for each class, or `all`, and a row for each hour"
    try:
        table = pd.read_csv(file).drop(columns="hour", errors="ignore")
    except FileNotFoundError as error:
        raise TableError("there is no such file", file=file, remedy=remedy) from error
    except (OSError, ValueError) as error:
        raise TableError("it cannot be read as a table", file=file, remedy=remedy) from error
    for name, values in table.items():
        numbers = pd.to_numeric(values, errors="coerce")
        if numbers.isna().any():
            row = int(numbers.isna().to_numpy().argmax()) + 2
            raise TableError(f"{name} is no number", file=file, row=row, remedy=remedy)
        table[name] = numbers.astype(float)
    if table.empty:
        raise TableError("it has no numbers", file=file, remedy=remedy)
    if list(table) == [ALL]:
        return [float(value) for value in table[ALL]]
    return {str(name): [float(value) for value in values] for name, values in table.items()}
