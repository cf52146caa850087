"""Finished stages: what is remembered is complete, or is not there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from geo_border.pipeline.folders import file_digest, is_real_folder, leftovers, written_to
from geo_border.pipeline.memory_parts import file_names, parts_of, put_together, read, save
from geo_border.pipeline.versions import library_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

PARTS = "parts.json"
"""What the parts of a stage are, with the digest of each of their files."""

_KEY = re.compile("[0-9a-f]{32}")

_NAME = re.compile(r"\w+(\.\w+)*")


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
        self._stages()

    def _stages(self) -> list[Path]:
        """Folders of stages; what else there may be is left alone, but for links."""
        if self.folder is None or not is_real_folder(self.folder):
            return []
        entries = [path for path in self.folder.iterdir() if path.is_symlink() or path.is_dir()]
        return [path for path in entries if is_real_folder(path)]

    @staticmethod
    def key(name: str, depends: Mapping[str, object]) -> str:
        """Digest of all that a stage depends on.

        Parameters
        ----------
        name
            Name of the stage.
        depends
            Parameters, digests of files and code, keys of earlier stages; must be JSON.

        Returns
        -------
        str
            The key; of other versions of libraries it is another.
        """
        about = [name, library_versions(), sys.version_info[:2], depends]
        text = json.dumps(about, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def has(self, name: str, key: str) -> bool:
        """Whether the result of a stage is kept.

        Parameters
        ----------
        name, key
            As in `stage`.

        Returns
        -------
        bool
            False if it would be computed.
        """
        return self.folder is not None and is_real_folder(self.folder / name / key)

    def stage(self, name: str, key: str, compute: Callable[[], T], kind: type[T]) -> T:
        """Give the result of a stage, computed only if anything it depends on has changed.

        What is kept is used only while each of its parts is there, byte for byte as it was
        written.

        Parameters
        ----------
        name
            Name of the stage.
        key
            Digest of all that it depends on, see `key`.
        compute
            Makes the result.
        kind
            What it makes: a dataclass of frames, arrays and networks, see
            `geo_border.pipeline.memory_parts`.

        Returns
        -------
        dataclass
            The result.

        Raises
        ------
        StudyError
            If nothing can be written, or a link is in the way.
        """
        if self.folder is None:
            return compute()
        kept = self.folder / name / key
        if is_real_folder(kept.parent) and is_real_folder(kept):
            found = _load(kept, kind)
            if found is not None:
                self.reused.append(name)
                return found
            with written_to(kept):
                shutil.rmtree(kept)
        made = compute()
        with written_to(self.folder):
            _keep(made, kept)
        return made

    def tidy(self) -> None:
        """Remove what runs that died have left half written; for whoever is alone in it."""
        for stage in self._stages():
            for left in leftovers(stage):
                shutil.rmtree(left, ignore_errors=True)


def _keep(result: object, kept: Path) -> None:
    """Write the result of a stage, and remove those of its earlier keys."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=kept.parent))
    try:
        parts = parts_of(result)
        put_together(type(result), parts)  # what does not come back so is a mistake of ours
        said = {name: save(part, aside / name) for name, part in parts.items()}
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


def _load(kept: Path, kind: type[T]) -> T | None:
    """Read the result that `_keep` wrote, None unless all of it is there as it was."""
    try:
        if not _is_plain(kept / PARTS):
            return None
        said = json.loads((kept / PARTS).read_bytes())
        if (said["stage"], said["key"]) != (kept.parent.name, kept.name):
            return None
        for name, part in said["parts"].items():
            if not _NAME.fullmatch(name) or file_names(name, part["kind"]) != set(part["files"]):
                return None
            for file, digest in part["files"].items():
                if not _is_plain(kept / file) or file_digest(kept / file) != digest:
                    return None
        parts = {name: read(part["kind"], kept / name) for name, part in said["parts"].items()}
        return put_together(kind, parts)
    except Exception:  # noqa: BLE001  (whatever is wrong with what is kept: it is computed again)
        return None


def _is_plain(file: Path) -> bool:
    """Whether a file is there, no link to one and nothing that never ends."""
    return file.is_file() and not file.is_symlink()
