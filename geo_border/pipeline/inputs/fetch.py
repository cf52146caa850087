"""Extracts that a study names: fetched, verified, there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from geo_border.errors import DownloadError
from geo_border.pipeline.inputs.download import (
    ATTEMPTS,
    PAUSE_S,
    TIMEOUT_S,
    Resuming,
    server_md5,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo_border.pipeline.settings import Settings

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
"""Ends of the names that an extract is fetched to."""

_LOOK_BYTES = 1024
_BZ2_BEGINS = (b"BZh", b"1AY&SY")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of an extract.

    Parameters
    ----------
    file
        Where it is.
    was_there
        Whether a verified file was there already.
    checked
        What it was verified by: ``md5`` of the server, or ``length`` (and that it begins as
        extracts do) where the server has no checksum.
    """

    file: Path
    was_there: bool
    checked: str


def fetch(
    url: str,
    file: Path,
    *,
    update: bool = False,
    progress: Callable[[int, int | None], None] = lambda _, __: None,
    attempts: int = ATTEMPTS,
    timeout_s: float = TIMEOUT_S,
    pause_s: float = PAUSE_S,
) -> Fetched:
    """Download a file, unless it is there and verified.

    Parameters
    ----------
    url
        Where from; http or https.
    file
        Where to. The url has no say in it.
    update
        Whether to ask the server for a newer version of a file that is there.
    progress, attempts, timeout_s, pause_s
        See `Resuming`.

    Returns
    -------
    Fetched
        Where the file is and how it was verified.

    Raises
    ------
    DownloadError
        If the server refuses, is gone, or gives a file that is not the one it says; if there is
        no space; if there is a file that is not the server's and `update` is not set. A file
        that was there stays as it was.
    """
    _check_url(url)
    kept = file.with_name(f"{file.name}.md5")
    if file.exists() and not update:
        return _already_there(url, file, kept, timeout_s)
    md5 = server_md5(url, timeout_s=timeout_s)
    if file.exists() and md5 is not None and _md5_of(file) == md5:
        _keep_sum(kept, md5, file)
        return Fetched(file, was_there=True, checked="md5")
    part = file.with_name(f".{file.name}.part")
    download = Resuming(
        part,
        check_begin=lambda begin: _check_begin(begin, url, file, part),
        progress=progress,
        attempts=attempts,
        timeout_s=timeout_s,
        pause_s=pause_s,
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        download(url, whole_by_sum=md5 is not None)
        _check_begin(_begin_of(part), url, file, part)
        if md5 is not None and _md5_of(part) != md5:
            part.unlink()
            raise DownloadError(
                "what arrived is not what the server's .md5 says, and was thrown away",
                file=shown(url),
                remedy="Try again in a while: the server may be replacing the file just now",
            )
        # The sum of the former file is not to stand beside the new one, whatever happens.
        kept.unlink(missing_ok=True)
        part.replace(file)
        if md5 is not None:
            _keep_sum(kept, md5, file)
    except OSError as error:
        raise _no_place(error, file) from error
    return Fetched(file, was_there=False, checked="length" if md5 is None else "md5")


def _check_url(url: str) -> None:
    """Refuse what is no address of the web."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isprintable():
        raise DownloadError(
            "is no address on the web; only http and https are fetched",
            file=shown(url),
            remedy="Write `url` in [osm] as https://host/path",
        )


def _check_begin(begin: bytes, url: str, file: Path, part: Path) -> None:
    """Throw away what does not begin as an extract of its name does."""
    if _begins_as(begin, file.name):
        return
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.json").unlink(missing_ok=True)
    what = "nothing" if not begin else repr(begin[:20].decode("ascii", "replace"))
    raise DownloadError(
        f"what the server sends is no extract as {file.name} would be: it begins with {what}",
        file=shown(url),
        remedy="Check `url` in [osm] (is there a page about the file instead of the file?) and "
        "the end of the name of `file`",
    )


def _already_there(url: str, file: Path, kept: Path, timeout_s: float) -> Fetched:
    """Verify a file that is there: by the checksum kept with it, else by the server's."""
    own = _md5_of(file)
    if kept.is_file():
        md5: str | None = kept.read_text(encoding="ascii", errors="replace")[:32].lower()
        remedy = "`--update` fetches it anew; or remove it if it is damaged"
        problem = f"is not the file whose checksum is in {kept.name}"
    else:
        md5 = server_md5(url, timeout_s=timeout_s)
        remedy = "`--update` replaces it by the server's; or take `url` out of [osm] to keep it"
        problem = "is not the file that the server has now"
    if md5 is not None and own != md5:
        raise DownloadError(problem, file=file, remedy=remedy)
    if md5 is not None:
        _keep_sum(kept, own, file)
    return Fetched(file, was_there=True, checked="length" if md5 is None else "md5")


def _md5_of(file: Path) -> str:
    """Checksum of a file; it guards against damage, not against a server that means ill."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _keep_sum(kept: Path, md5: str, file: Path) -> None:
    """Keep the checksum beside the file, as md5sum writes it."""
    kept.write_text(f"{md5}  {file.name}\n", encoding="utf-8")


def _no_place(error: OSError, file: Path) -> DownloadError:
    """An error of the disk in words."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return DownloadError(
        "there is no space left" if full else f"cannot be written ({error.strerror or error})",
        file=file,
        remedy="Make room and run the same command again: what has arrived is kept"
        if full
        else "Check the folder and its rights",
    )


def check_place(file: Path, folder: Path) -> None:
    """Refuse a place where a study may not have a file written.

    Parameters
    ----------
    file
        Where to.
    folder
        The folder of the study, the only one that is written to.

    Raises
    ------
    DownloadError
        If the file is outside of the folder, links followed; if its name is not that of an
        extract; or if what is there is neither an extract nor was fetched.
    """
    if "\0" in str(file):
        raise DownloadError("no file has such a name", file=f"{str(file)!r}")
    beside = (file.with_name(f"{file.name}.md5"), *_asides(file))
    if not all(each.resolve().is_relative_to(folder.resolve()) for each in (file, *beside)):
        raise DownloadError(
            "is outside the folder of the study, the only one that extracts are fetched to",
            file=file,
            remedy="Name a `file` in that folder in [osm], or take out its `url`: an extract "
            "elsewhere is read, not fetched",
        )
    if not file.name.lower().endswith(SUFFIXES):
        raise DownloadError(
            "does not have the name of an extract",
            file=file,
            remedy=f"End `file` in [osm] with {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
        )
    if file.exists() and not (file.is_file() and (_was_fetched(file) or _is_extract(file))):
        raise DownloadError(
            "is no extract of OpenStreetMap and was not fetched: it is not replaced",
            file=file,
            remedy="Move it away, or give another `file` in [osm]",
        )


def _asides(file: Path) -> tuple[Path, Path]:
    """Files beside one that is being fetched: what has arrived, and its mark."""
    part = file.with_name(f".{file.name}.part")
    return part, part.with_name(f"{part.name}.json")


def _was_fetched(file: Path) -> bool:
    """Whether the checksum kept beside a file is its own."""
    kept = file.with_name(f"{file.name}.md5")
    if not kept.is_file():
        return False
    own = _md5_of(file)
    with kept.open(encoding="ascii", errors="replace") as text:
        return text.read(len(own)).lower() == own


def _begin_of(file: Path) -> bytes:
    """First bytes of a file."""
    with file.open("rb") as opened:
        return opened.read(_LOOK_BYTES)


def _is_extract(file: Path) -> bool:
    """Whether a file begins as extracts of any kind do."""
    begin = _begin_of(file)
    return any(_begins_as(begin, suffix) for suffix in SUFFIXES)


def _begins_as(begin: bytes, name: str) -> bool:
    """Whether bytes are the first ones of an extract of that name."""
    name = name.lower()
    if name.endswith(".pbf"):
        return begin[6:15] == b"OSMHeader"
    if name.endswith(".bz2"):
        # A block must be whole before any of it can be unpacked.
        return begin.startswith(_BZ2_BEGINS[0]) and begin[4:].startswith(_BZ2_BEGINS[1])
    if name.endswith(".gz"):
        try:
            begin = zlib.decompressobj(31).decompress(begin, _LOOK_BYTES)
        except zlib.error:
            return False
    return b"<osm" in begin[:_LOOK_BYTES]


def fetch_extracts(
    settings: Settings,
    folder: Path,
    *,
    update: bool = False,
    begin: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int | None], None] = lambda _, __: None,
    **options: Any,
) -> list[Fetched]:
    """Download the extracts that a study names.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.
    update
        Whether to ask for newer versions of files that are there.
    begin
        Called with the name of each file in turn.
    progress
        See `Resuming`.
    **options
        Further options of `fetch`.

    Returns
    -------
    list of Fetched
        What became of each.

    Raises
    ------
    DownloadError
        If the study names no extracts, one is missing and has no url, cannot be fetched, or
        may not be written where it is named, see `check_place`.
    """
    if settings.osm is None:
        raise DownloadError(
            "the study names no extracts of OpenStreetMap",
            file=folder / "study.toml",
            remedy="Name them in [osm], each with its `url`",
        )
    done = []
    for row in settings.osm.extracts:
        if row.url is not None:
            check_place(folder / row.file, folder)
    for row in settings.osm.extracts:
        file = folder / row.file
        begin(row.file)
        if row.url is not None:
            done.append(fetch(row.url, file, update=update, progress=progress, **options))
        elif not file.is_file():
            raise DownloadError(
                "the extract is not there and has no url to fetch it from",
                file=file,
                remedy="Put it there, or add its `url` in [osm]; most are at "
                "https://download.geofabrik.de",
            )
    return done
