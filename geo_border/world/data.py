"""Where the data of the world are: those that come with the package, and those of the extra."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import WorldError
from geo_border.pipeline.folders import carried

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRA = 'pip install "geo-border[world]"'


def world_file(name: str) -> Path:
    """File of the data set that comes with the package.

    Parameters
    ----------
    name
        Its name.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WorldError
        If it is not there.
    """
    path = carried("data") / "world" / name
    if not path.is_file():
        raise WorldError(
            "a file of the world data is missing", file=path, remedy="Install geo-border anew"
        )
    return path


@cache
def data_version() -> str:
    """Version of the data set that comes with the package.

    Returns
    -------
    str
        It changes whenever a line, a region or a name does.
    """
    version: str = json.loads(world_file("manifest.json").read_text(encoding="utf-8"))["version"]
    return version


@cache
def countries() -> pd.DataFrame:
    """Countries whose outlines are known.

    Returns
    -------
    DataFrame
        ``alpha2`` by ISO 3166-1 alpha-3 code.
    """
    return pd.read_csv(world_file("countries.csv"), index_col="country", keep_default_na=False)


def alpha3(country: str) -> str:
    """ISO 3166-1 alpha-3 code of a country.

    Parameters
    ----------
    country
        Its code, alpha-2 or alpha-3, in any case.

    Returns
    -------
    str
        Three capitals.

    Raises
    ------
    WorldError
        If no country has that code.
    """
    table, code = countries(), country.strip().upper()
    if code in table.index:
        return code
    found = table.index[table["alpha2"] == code]
    if code and len(found):
        return str(found[0])
    raise WorldError(
        f"no country has the code {country!r}",
        remedy="Give its code by ISO 3166-1, of two or three letters",
    )


def packaged(package: str, name: str) -> Path:
    """File of an installed package of the extra ``world``, which is read and never imported.

    Parameters
    ----------
    package
        Its name in the registry.
    name
        Path of the file in it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WorldError
        If the package is not installed, or has no such file.
    """
    try:
        path = Path(str(distribution(package).locate_file(name)))
    except PackageNotFoundError:
        raise WorldError(f"{package} is not installed", remedy=f"Run: {EXTRA}") from None
    if not path.is_file():
        raise WorldError(
            f"this version of {package} has no such file", file=path, remedy=f"Run: {EXTRA}"
        )
    return path


def kept(package: str, kind: str, make: Callable[[Path], None]) -> Path:
    """File made of an installed package, kept in the user's cache until its version changes.

    Parameters
    ----------
    package
        Name of the package.
    kind
        Name of what is made, with its suffix.
    make
        Writes it to a path.

    Returns
    -------
    Path
        The file, whole.
    """
    path = _cache_folder() / f"{package}-{distribution(package).version}-{kind}"
    if not path.is_file():
        sys.stderr.write(f"{package} is read once, which takes up to a minute: {path}\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            aside = Path(folder) / kind
            make(aside)
            aside.replace(path)
    return path


def _cache_folder() -> Path:
    """Folder of the user for what can be made again."""
    named = os.environ.get("GEO_BORDER_CACHE") or os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named) / "geo-border"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "geo-border"
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "geo-border"
