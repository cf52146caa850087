"""Outputs: whole or not there, and nothing of the user's is ever lost for them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from geo_border.errors import StudyError
from geo_border.pipeline.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST = "manifest.json"
"""What a run says of itself, with the digest of each file that it wrote."""

WRITTEN = ".written.json"
"""The files that the other commands wrote into a folder, with the digest of each."""

_ASIDE = ".writing-"
_NEW, _SWAP, _RECORD = "new", "swap.json", "record.json"
_MOST_BYTES = 1 << 26
"""A record that is longer is none."""

_ELSEWHERE = "Name another folder with -o, or move it away"


def carried(name: str) -> Path:
    """Folder of data or examples that comes with the package.

    Parameters
    ----------
    name
        Its name.

    Returns
    -------
    Path
        In a wheel it lies inside the package; a checkout has it beside the package.
    """
    here = Path(__file__).parents[1]
    return here / name if (here / name).is_dir() else here.parent / name


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


def is_real_folder(path: Path) -> bool:
    """Whether there is a folder, and no link to one.

    Parameters
    ----------
    path
        Where.

    Returns
    -------
    bool
        False if there is nothing.

    Raises
    ------
    StudyError
        If there is something else.
    """
    kind = _kind(path)
    if kind not in ("nothing", "folder"):
        raise StudyError(
            f"a folder is needed there, and there is a {kind}", file=path, remedy=_ELSEWHERE
        )
    return kind == "folder"


def _kind(path: Path) -> str:
    """What there is, links not followed."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    if stat.S_ISLNK(mode):
        return "link"
    return "folder" if stat.S_ISDIR(mode) else "file"


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Make one clear error of all that libraries say when nothing more can be written.

    Parameters
    ----------
    folder
        Where is written.

    Yields
    ------
    None
        While it is.

    Raises
    ------
    StudyError
        If the disk is full, or broken, or the rights do not suffice.
    """
    try:
        yield
    except _failures_to_write() as error:
        why = getattr(error, "strerror", None) or str(error).strip().rstrip(".")
        raise StudyError(
            f"cannot be written ({why})",
            file=folder,
            remedy="Check its rights and the space on its disk, or name another folder with -o",
        ) from error


def _failures_to_write() -> tuple[type[Exception], ...]:
    """What libraries raise when they cannot write; those of GDAL take a second to import."""
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError  # noqa: PLC0415
    from rasterio.errors import RasterioError  # noqa: PLC0415

    return (OSError, DataSourceError, DataLayerError, FeatureError, RasterioError)


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Where a command writes, and what of it an earlier command wrote.

    Parameters
    ----------
    folder
        Any folder; it is made if missing.
    entries
        Files and folders in it that the command may write, such as ``tables`` or
        ``whatif/closed``.
    record
        File in it that says what earlier commands wrote; None if they can have written nothing.
    dropped
        Entries that earlier commands may have written, and this one does not.
    own
        What the place is for, where the folder has other things in it: commands for other
        things do not wait for each other.
    """

    folder: Path
    entries: tuple[str, ...]
    record: str | None = WRITTEN
    dropped: tuple[str, ...] = ()
    own: str = ""

    @property
    def lock(self) -> Path:
        """The file that is there while a command works at the place."""
        return self.folder / f".geo-border{self.own and f'-{self.own}'}.lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the place for oneself, tidied of what commands that died have left.

        Yields
        ------
        None
            While no other command works there.

        Raises
        ------
        StudyError
            If there is anything at the place that no earlier command wrote; it stays as it is.
        """
        made = not self.folder.exists()
        try:
            with ExitStack() as stack:
                with written_to(self.folder):
                    stack.enter_context(locked(self.lock))
                    self._tidy()
                self._check()
                yield
        finally:
            if made:
                with suppress(OSError):
                    self.folder.rmdir()  # if nothing came of it

    def check(self) -> None:
        """Refuse the place now, before anything is computed for it, if it would be refused later.

        Raises
        ------
        StudyError
            As in `held`.
        """
        with self.held():
            return

    @contextmanager
    def writing(self, about: Mapping[str, object] | None = None) -> Iterator[Path]:
        """Give a folder to write into; what is in it comes to the place only on success.

        Parameters
        ----------
        about
            What the record says besides; with it, it speaks for what is written now alone.

        Yields
        ------
        Path
            An empty folder for the entries.

        Raises
        ------
        StudyError
            If there is no room, or a file is in the way that no earlier command wrote; all
            that was there stays.
        """
        aside = Path(tempfile.mkdtemp(prefix=self._aside, dir=self.folder))
        try:
            with written_to(self.folder):
                (aside / _NEW).mkdir()
                yield aside / _NEW
                self._get_ready(aside, about)
                try:
                    _swap(self.folder, aside)
                except KeyboardInterrupt:
                    _swap(self.folder, aside)
                    raise
        finally:
            # A swap that has begun is brought to its end by the next command.
            if not (aside / _SWAP).exists():
                shutil.rmtree(aside, ignore_errors=True)

    @property
    def _aside(self) -> str:
        """How the names of folders begin into which is written."""
        return f".writing-{self.own and f'{self.own}-'}"

    def _tidy(self) -> None:
        """End the swaps of commands that died in them, and remove what others left."""
        for left in leftovers(self.folder, self._aside):
            if _kind(left / _SWAP) == "file":
                _swap(self.folder, left)
            shutil.rmtree(left, ignore_errors=True)

    def _check(self) -> None:
        """Refuse what no earlier command wrote, and links anywhere."""
        former = self._former()
        for entry in self.entries:
            named = [name for name in former if _within(name, entry)]
            _check_way(self.folder, entry)
            if _kind(self.folder / entry) != "nothing" and not named:
                raise StudyError(
                    "is there, and no earlier run says that it wrote it",
                    file=self.folder / entry,
                    remedy=_ELSEWHERE,
                )
            for name in named:
                _check_way(self.folder, name)
                if _kind(self.folder / name) == "folder":
                    raise StudyError(
                        "is a folder, and was a file when an earlier run wrote it",
                        file=self.folder / name,
                        remedy=_ELSEWHERE,
                    )

    def _former(self) -> dict[str, str]:
        """Digests of what the record says was written, by name."""
        if self.record is None or _kind(file := self.folder / self.record) == "nothing":
            return {}
        if _kind(file) == "file" and file.stat().st_size <= _MOST_BYTES:
            with suppress(ValueError, RecursionError):
                said = json.loads(file.read_bytes())
                written = said.get("outputs") if isinstance(said, dict) else None
                if isinstance(written, dict) and all(map(_is_inside, written)):
                    return written
        raise StudyError(
            "it does not say what a run wrote, so that nothing there is replaced",
            file=file,
            remedy=_ELSEWHERE,
        )

    def _get_ready(self, aside: Path, about: Mapping[str, object] | None) -> None:
        """Write down what is to be done, once it is sure that nothing is in the way."""
        written = {name: file_digest(aside / _NEW / name) for name in _files_in(aside / _NEW)}
        former = self._former()
        for name in written:
            _check_way(self.folder, name)
            if _kind(self.folder / name) != "nothing" and name not in former:
                raise StudyError(
                    "is in the way of an output, and no earlier run says that it wrote it",
                    file=self.folder / name,
                    remedy=_ELSEWHERE,
                )
        mine = {
            name
            for name in former
            if any(_within(name, entry) for entry in (*self.entries, *self.dropped))
        }
        if self.record is not None:
            others = {name: former[name] for name in former if about is None and name not in mine}
            _write_json(aside / _RECORD, {**(about or {}), "outputs": others | written})
        _write_json(aside / _SWAP, {"record": self.record, "stale": sorted(mine - set(written))})


def leftovers(folder: Path, prefix: str = ".writing-") -> list[Path]:
    """Folders that commands have left in which they wrote when they died.

    Parameters
    ----------
    folder
        Where to look.
    prefix
        How their names begin.

    Returns
    -------
    list of Path
        Folders, not links.
    """
    # As `tempfile.mkdtemp` names them.
    name = re.compile(re.escape(prefix) + r"[a-z0-9_]{8}")
    found = [path for path in folder.iterdir() if name.fullmatch(path.name)]
    return sorted(path for path in found if _kind(path) == "folder")


def _swap(folder: Path, aside: Path) -> None:
    """Bring what is ready to its place; called again, go on where it was stopped."""
    plan = json.loads((aside / _SWAP).read_bytes())
    record = aside / _RECORD
    if record.exists():
        # It speaks for files that are gone from now on.
        (folder / plan["record"]).unlink(missing_ok=True)
    for name in _files_in(aside / _NEW):
        target = folder / name
        _check_way(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        (aside / _NEW / name).replace(target)
    for name in filter(_is_inside, plan["stale"]):
        _forget(folder, name)
    if record.exists():
        record.replace(folder / plan["record"])
    (aside / _SWAP).unlink()


def _forget(folder: Path, name: str) -> None:
    """Remove a file that is not written any more, and the folders that it leaves empty."""
    with suppress(StudyError):  # what is behind a link was never written by us
        _check_way(folder, name)
        if _kind(folder / name) == "file":
            (folder / name).unlink()
        for parent in PurePosixPath(name).parents[:-1]:
            with suppress(OSError):
                (folder / parent).rmdir()


def _files_in(folder: Path) -> list[str]:
    """Names of the files in a folder and those below, from it."""
    return sorted(
        (Path(below) / name).relative_to(folder).as_posix()
        for below, _, names in os.walk(folder)
        for name in names
    )


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True)
    part = file.with_suffix(".part")
    part.write_text(f"{text}\n", encoding="utf-8")
    part.replace(file)


def _check_way(folder: Path, name: str) -> None:
    """Raise if a link leads out of the folder, or a file stands where a folder must."""
    for parent in reversed(PurePosixPath(name).parents[:-1]):
        is_real_folder(folder / parent)
    if _kind(folder / name) == "link":
        raise StudyError(
            "it is a link, and nothing is written through links",
            file=folder / name,
            remedy=_ELSEWHERE,
        )


def _is_inside(name: object) -> bool:
    """Whether a name leads to something in the folder that it is said of."""
    if not isinstance(name, str) or "\0" in name:
        return False
    path = PurePosixPath(name)
    return str(path) == name != "." and not path.is_absolute() and ".." not in path.parts


def _within(name: str, entry: str) -> bool:
    """Whether a name is that of an entry, or of a file in it."""
    return name == entry or name.startswith(f"{entry}/")
