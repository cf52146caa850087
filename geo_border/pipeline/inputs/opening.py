"""Which paths are opened at all: regular files, and folders that are geodatabases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.errors import GeoBorderError


GEODATABASE = ".gdb"
"""How the name of the only folders ends that are layers."""


def refuse_endless(file: Path, error: type[GeoBorderError]) -> None:
    """Refuse pipes and devices, which may never end.

    Parameters
    ----------
    file
        The path; nothing need be there.
    error
        Class of the error.

    Raises
    ------
    GeoBorderError
        Of the class `error`.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise error(
            "it is a pipe or a device, not a file",
            file=file,
            remedy="Save what comes out of it as a file, and name that",
        )


def refuse_unreadable(
    file: Path, error: type[GeoBorderError], *, may_be_folder: bool = False
) -> None:
    """Refuse what is not there, and what is no regular file.

    Parameters
    ----------
    file
        The path.
    error
        Class of the error.
    may_be_folder
        Whether the folder of a file geodatabase will do.

    Raises
    ------
    GeoBorderError
        Of the class `error`.
    """
    try:
        if not file.exists():
            # A link may be there and lead nowhere.
            problem = "it is a link to nothing" if file.is_symlink() else "there is no such file"
            raise error(problem, file=file, remedy="Check the path in study.toml")
        if file.is_dir():
            if may_be_folder and file.suffix.lower() == GEODATABASE:
                return
            raise error("it is a folder", file=file, remedy="Name the file in it")
        refuse_endless(file, error)
        with file.open("rb") as stream:
            start = stream.read(1)
    except OSError as cause:
        raise error(
            f"cannot be read ({cause.strerror})", file=file, remedy="Name a file you may read"
        ) from cause
    if not start:
        raise error("it is empty", file=file, remedy="Export it again")
