"""Every error a user can meet, under one base class.

A message says what is wrong, where (file and row), and how to mend it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class GeoBorderError(Exception):
    """Base of all errors that the input can cause; the command line prints its text alone.

    Parameters
    ----------
    problem
        What is wrong, in one clause.
    file
        The file it is in.
    row
        The row, link or feature in that file, as a user would look it up.
    remedy
        What to do about it.

    Attributes
    ----------
    problem, remedy
        As given, to be said again with another place.

    Examples
    --------
    >>> import geo_border as gb
    >>> try:
    ...     gb.open_study("atlantis")
    ... except gb.GeoBorderError as error:
    ...     print(error.problem)
    there is no study 'atlantis'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        row: str | int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.remedy = problem, remedy
        where = "" if file is None else f"{file}"
        if row is not None:
            where += f", row {row}" if where else f"row {row}"
        text = f"{where}: {problem}" if where else problem
        if remedy:
            text = f"{text}. {remedy}"
        # Values come out of frames, whose numbers numpy shows as np.float64(0.0).
        text = re.sub(r"\bnp\.(?:\w+\(([^()]*)\)|(True|False)_)", r"\1\2", text)
        # An error that a worker process sends here is made again from its own text.
        super().__init__(text if text.endswith((".", "?")) else f"{text}.")


class StudyError(GeoBorderError):
    """`study.toml` is missing, is not TOML, or does not describe a study."""


class NotKeptError(StudyError, AttributeError):
    """What results have and the folder of a run has not; an `AttributeError` too."""


class TableError(GeoBorderError):
    """A table lacks a column, repeats a key, or holds a value of the wrong kind."""


class GeometryError(GeoBorderError):
    """A layer has no CRS, an invalid or empty geometry, or lies somewhere else."""


class SideError(GeoBorderError):
    """One of the two sides is absent where both are needed."""


class SchedulerError(GeoBorderError):
    """A dask scheduler that does not answer, or whose workers cannot do the work."""


class NetworkError(GeoBorderError):
    """A network that cannot be built or does not reach where it must."""


class ExtractError(GeoBorderError):
    """An OSM extract that is cut short, damaged, or of a kind that cannot be read.

    Parameters
    ----------
    problem
        What is wrong, in one clause.
    file
        The extract.
    row
        The object in it, as a user would look it up.
    offset
        The byte of the file at which it was found.
    remedy
        What to do about it.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        row: str | int | None = None,
        offset: int | None = None,
        remedy: str | None = None,
    ) -> None:
        where = file if offset is None else f"{file}, byte {offset}"
        super().__init__(problem, file=where, row=row, remedy=remedy)


class DownloadError(GeoBorderError):
    """A file that a server does not give, or not as it says, or that finds no place."""


class WorldError(GeoBorderError):
    """World data that is not installed, or that does not have what it was asked for."""


class CheckpointError(GeoBorderError):
    """A checkpoint that does not lie on the border or cannot be reached."""


class IndicatorError(GeoBorderError):
    """An indicator that the registry, the regions or the method do not allow."""


class ParameterError(GeoBorderError, ValueError):
    """A parameter that no measure or method allows; a `ValueError` too, as in other packages."""


def all_of(errors: Sequence[GeoBorderError]) -> GeoBorderError:
    """One error that says all that was found wrong, a line each.

    Parameters
    ----------
    errors
        One or more.

    Returns
    -------
    GeoBorderError
        Of the class of the first.
    """
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])("\n".join(dict.fromkeys(map(str, errors))))
