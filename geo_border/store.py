"""Finished stages: what is remembered is complete, or is not there."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geo_border
from geo_border.network.graph import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


def file_digest(path: Path) -> str:
    """SHA-256 of a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_digest() -> str:
    """SHA-256 of the package's own source: a changed formula makes remembered stages void.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    root = Path(geo_border.__file__).parent
    total = hashlib.sha256()
    for source in sorted(root.rglob("*.py")):
        if "data" not in source.relative_to(root).parts:
            total.update(source.read_bytes())
    return total.hexdigest()


class Memory:
    """Finished stages of a study, by the digest of all that they depend on.

    Parameters
    ----------
    folder
        Where stages are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.reused: list[str] = []
        self._code = code_digest()

    def has(self, name: str, depends: Mapping[str, object]) -> bool:
        """Whether the parts of a stage are kept.

        Parameters
        ----------
        name, depends
            As in `stage`.

        Returns
        -------
        bool
            False if it would be computed.
        """
        return self.folder is not None and (self.folder / name / self._key(name, depends)).is_dir()

    def _key(self, name: str, depends: Mapping[str, object]) -> str:
        """Digest of all that a stage depends on."""
        text = json.dumps([name, self._code, depends], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def stage(
        self, name: str, depends: Mapping[str, object], compute: Callable[[], Mapping[str, Any]]
    ) -> tuple[dict[str, Any], str]:
        """Give the parts of a stage, computed only if anything it depends on has changed.

        Parameters
        ----------
        name
            Name of the stage.
        depends
            Parameters, file digests and keys of earlier stages; must be JSON.
        compute
            Makes the parts: frames, arrays or networks by name.

        Returns
        -------
        parts : dict
            The parts by name.
        key : str
            Digest for the stages that follow.
        """
        key = self._key(name, depends)
        if self.folder is None:
            return dict(compute()), key
        kept = self.folder / name / key
        if kept.is_dir():
            try:
                parts = _load(kept)
            except (OSError, ValueError, KeyError, EOFError, BadZipFile):
                shutil.rmtree(kept)  # damaged: as good as not there
            else:
                self.reused.append(name)
                return parts, key
        parts = dict(compute())
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=kept.parent))
        try:
            for part_name, part in parts.items():
                _save(part, aside / part_name)
            for older in kept.parent.iterdir():
                # What begins with a dot is being written, perhaps by another run.
                if not older.name.startswith(".") and not older.is_symlink():
                    shutil.rmtree(older, ignore_errors=True)
            if not kept.exists():
                aside.rename(kept)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return parts, key


def _save(part: pd.DataFrame | NDArray[Any] | Network, path: Path) -> None:
    """Write one part without pickles, so that a folder from elsewhere runs no code."""
    if isinstance(part, Network):
        arrays = {field.name: getattr(part, field.name) for field in fields(part)}
        arrays["lines"] = shapely.to_wkb(part.lines).astype(object)
        lines = pd.DataFrame({"line": arrays.pop("lines")})
        lines.to_parquet(path.with_suffix(".lines.parquet"))
        np.savez(path.with_suffix(".network.npz"), **arrays)
    elif isinstance(part, np.ndarray):
        np.save(path.with_suffix(".npy"), part, allow_pickle=False)
    elif isinstance(part, gpd.GeoDataFrame):
        part.to_parquet(path.with_suffix(".geo.parquet"))
    else:
        part.to_parquet(path.with_suffix(".table.parquet"))


def _load(folder: Path) -> dict[str, Any]:
    """Read the parts that `_save` wrote."""
    parts: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.split(".", 1)[0]
        if path.name.endswith(".network.npz"):
            with np.load(path, allow_pickle=False) as arrays:
                values = {key: arrays[key] for key in arrays.files}
            lines = pd.read_parquet(folder / f"{name}.lines.parquet")["line"]
            for key in ("regions", "classes"):
                values[key] = tuple(map(str, values[key]))
            parts[name] = Network(**values, lines=shapely.from_wkb(lines.to_numpy()))
        elif path.suffix == ".npy":
            parts[name] = np.load(path, allow_pickle=False)
        elif path.name.endswith(".geo.parquet"):
            parts[name] = gpd.read_parquet(path)
        elif path.name.endswith(".table.parquet"):
            parts[name] = pd.read_parquet(path)
    return parts
