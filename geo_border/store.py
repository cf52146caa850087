"""Finished stages: what is remembered is complete, or is not there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.folders import file_digest, is_real_folder, leftovers, written_to
from geo_border.network.graph import Network
from geo_border.versions import library_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


PARTS = "parts.json"
"""What the parts of a stage are, with the digest of each of their files."""

_KEY = re.compile("[0-9a-f]{32}")

_ENDS = {
    "network": ("network.npz", "lines.parquet"),
    "array": ("npy",),
    "layer": ("geo.parquet",),
    "table": ("table.parquet",),
}
"""How the names of a part's files end, by its kind."""


def code_digest() -> str:
    """SHA-256 of the package's own code and tables: a changed formula makes stages void.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    root = Path(__file__).parent
    total = hashlib.sha256()
    for source in sorted([*root.rglob("*.py"), *root.rglob("*.csv")]):
        if source.relative_to(root).parts[0] not in {"data", "examples"}:
            total.update(source.read_bytes())
    return total.hexdigest()


class Memory:
    """Finished stages of a study, by the digest of all that they depend on.

    Parameters
    ----------
    folder
        Where stages are kept; None keeps nothing.

    Raises
    ------
    StudyError
        If a link or a file is where folders of stages must be: nothing outside is read or
        written through links.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.reused: list[str] = []
        self._code = code_digest()
        self._stages()

    def _stages(self) -> list[Path]:
        """Folders of stages; what else there may be is left alone, but for links."""
        if self.folder is None or not is_real_folder(self.folder):
            return []
        entries = [path for path in self.folder.iterdir() if path.is_symlink() or path.is_dir()]
        return [path for path in entries if is_real_folder(path)]

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
        return self.folder is not None and is_real_folder(
            self.folder / name / self._key(name, depends)
        )

    def _key(self, name: str, depends: Mapping[str, object]) -> str:
        """Digest of all that a stage depends on."""
        about = [name, self._code, library_versions(), sys.version_info[:2], depends]
        text = json.dumps(about, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def stage(
        self, name: str, depends: Mapping[str, object], compute: Callable[[], Mapping[str, Any]]
    ) -> tuple[dict[str, Any], str]:
        """Give the parts of a stage, computed only if anything it depends on has changed.

        What is kept is used only while each of its parts is there, byte for byte as it was
        written.

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

        Raises
        ------
        StudyError
            If nothing can be written, or a link is in the way.
        """
        key = self._key(name, depends)
        if self.folder is None:
            return dict(compute()), key
        kept = self.folder / name / key
        if is_real_folder(kept.parent) and is_real_folder(kept):
            parts = _load(kept)
            if parts is not None:
                self.reused.append(name)
                return parts, key
            with written_to(kept):
                shutil.rmtree(kept)
        parts = dict(compute())
        with written_to(self.folder):
            _keep(parts, kept)
        return parts, key

    def tidy(self) -> None:
        """Remove what runs that died have left half written; for whoever is alone in it."""
        for stage in self._stages():
            for left in leftovers(stage):
                shutil.rmtree(left, ignore_errors=True)


def _keep(parts: Mapping[str, Any], kept: Path) -> None:
    """Write the parts of a stage, and remove those of its earlier keys."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=kept.parent))
    try:
        said = {name: _save(part, aside / name) for name, part in parts.items()}
        text = json.dumps({"stage": kept.parent.name, "key": kept.name, "parts": said}, indent=1)
        (aside / PARTS).write_text(text, encoding="utf-8")
        if not is_real_folder(kept):
            aside.rename(kept)
        for older in kept.parent.iterdir():
            # Nothing but what this function makes: a folder from elsewhere may hold anything.
            is_stage = _KEY.fullmatch(older.name) and older != kept
            if is_stage and not older.is_symlink() and older.is_dir():
                shutil.rmtree(older, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _save(part: pd.DataFrame | NDArray[Any] | Network, path: Path) -> dict[str, Any]:
    """Write one part without pickles, so that a folder from elsewhere runs no code."""
    files = {end: path.with_name(f"{path.name}.{end}") for end in _ENDS[_kind(part)]}
    if isinstance(part, Network):
        arrays = {field.name: getattr(part, field.name) for field in fields(part)}
        lines = pd.DataFrame({"line": shapely.to_wkb(arrays.pop("lines")).astype(object)})
        lines.to_parquet(files["lines.parquet"])
        np.savez(files["network.npz"], **arrays)
    elif isinstance(part, np.ndarray):
        np.save(files["npy"], part, allow_pickle=False)
    else:
        (file,) = files.values()
        part.to_parquet(file)
    digests = {file.name: file_digest(file) for file in files.values()}
    return {"kind": _kind(part), "files": digests}


def _kind(part: object) -> str:
    """Which of the kinds a part is of."""
    for kind, of in (("network", Network), ("array", np.ndarray), ("layer", gpd.GeoDataFrame)):
        if isinstance(part, of):
            return kind
    return "table"


def _load(kept: Path) -> dict[str, Any] | None:
    """Read the parts that `_keep` wrote, None unless all are there as they were."""
    try:
        if not _is_plain(kept / PARTS):
            return None
        said = json.loads((kept / PARTS).read_bytes())
        if (said["stage"], said["key"]) != (kept.parent.name, kept.name):
            return None
        for name, part in said["parts"].items():
            files = {f"{name}.{end}" for end in _ENDS[part["kind"]]}
            if not name.isidentifier() or files != set(part["files"]):
                return None
            for file, digest in part["files"].items():
                if not _is_plain(kept / file) or file_digest(kept / file) != digest:
                    return None
        return {name: _read(part["kind"], kept / name) for name, part in said["parts"].items()}
    except Exception:  # noqa: BLE001  (whatever is wrong with what is kept: it is computed again)
        return None


def _is_plain(file: Path) -> bool:
    """Whether a file is there, no link to one and nothing that never ends."""
    return file.is_file() and not file.is_symlink()


def _read(kind: str, path: Path) -> Any:
    """Read one part."""
    files = [path.with_name(f"{path.name}.{end}") for end in _ENDS[kind]]
    if kind == "network":
        with np.load(files[0], allow_pickle=False) as arrays:
            values = {key: arrays[key] for key in arrays.files}
        lines = pd.read_parquet(files[1])["line"]
        for key in ("regions", "classes"):
            values[key] = tuple(map(str, values[key]))
        return Network(**values, lines=shapely.from_wkb(lines.to_numpy()))
    if kind == "array":
        return np.load(files[0], allow_pickle=False)
    return gpd.read_parquet(files[0]) if kind == "layer" else pd.read_parquet(files[0])
