"""Downloads of extracts: resumed where they broke off, verified, there whole or not at all."""

from __future__ import annotations

import errno
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pooch
import requests
from pooch.hashes import file_hash

from geo_border.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo_border.settings import Settings

TIMEOUT_S = 60.0
"""Time without an answer after which a server is taken to be gone, seconds."""

ATTEMPTS = 5
"""How often a download that breaks off is taken up again."""

PAUSE_S = 2.0

CHUNK_BYTES = 1 << 16

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
"""Ends of the names that an extract is fetched to."""

_BEGINS = (b"OSMHeader", b"<osm", b"\x1f\x8b", b"BZh")
_LOOK_BYTES = 1024

_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_LONGEST_SUM_BYTES = 4096
_GONE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


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
        What it was verified by: ``md5`` of the server, or ``length`` where the server has no
        checksum.
    """

    file: Path
    was_there: bool
    checked: str


class Resuming:
    """Downloader for pooch that takes up broken downloads where they stopped.

    What has arrived is kept beside the file under a name with ``.part``; with it the mark by
    which the server tells versions apart, so that parts of two versions are never joined.

    Parameters
    ----------
    part
        File for what has arrived.
    progress
        Called with the bytes that are there and those there will be, None if unknown.
    attempts
        How often a download that breaks off is taken up again.
    timeout_s
        Time without an answer after which the server is taken to be gone, seconds.
    pause_s
        Wait after the first attempt that brings nothing, longer after each further one, seconds.
    """

    def __init__(
        self,
        part: Path,
        *,
        progress: Callable[[int, int | None], None] = lambda _, __: None,
        attempts: int = ATTEMPTS,
        timeout_s: float = TIMEOUT_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.part = part
        self.mark = part.with_name(f"{part.name}.json")
        self.progress = progress
        self.attempts = attempts
        self.timeout_s = timeout_s
        self.pause_s = pause_s

    def __call__(self, url: str, output_file: Path | str, _: object) -> None:
        """Download a url whole; pooch verifies what comes out.

        Parameters
        ----------
        url
            Where from.
        output_file
            Where to.

        Raises
        ------
        DownloadError
            If the server refuses, or breaks off again and again.
        """
        had = -1
        tries = 0
        while True:
            try:
                self._go_on(url)
                break
            except (*_GONE, _BrokenOffError) as error:
                have = self.part.stat().st_size if self.part.exists() else 0
                # Only attempts that bring nothing are counted.
                tries = tries + 1 if have <= had else 0
                had = max(have, had)
                if tries >= self.attempts:
                    raise DownloadError(
                        f"the server is gone ({_reason(error)}); {have:,} bytes have arrived",
                        file=url,
                        remedy="Run the same command again: it goes on from there",
                    ) from error
                time.sleep(self.pause_s * tries)
        self.part.replace(output_file)
        self.mark.unlink(missing_ok=True)

    def _go_on(self, url: str) -> None:
        """Fetch what is missing."""
        have = self.part.stat().st_size if self.part.exists() else 0
        mark = self._mark_of(url)
        headers = {"Accept-Encoding": "identity"}
        if have and mark:
            headers |= {"Range": f"bytes={have}-", "If-Range": mark}
        with requests.get(url, headers=headers, stream=True, timeout=self.timeout_s) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                self.part.unlink()
                raise _BrokenOffError("the part that had arrived was not of this file")
            _refused(answer, url)
            resumed = answer.status_code == requests.codes.partial_content
            if resumed and _begin_of(answer) != have:
                self.part.unlink()
                raise _BrokenOffError("the server went on at another byte")
            length = answer.headers.get("Content-Length")
            already = have if resumed else 0
            total = None if length is None else already + int(length)
            self.mark.write_text(json.dumps({"url": url, "mark": _mark(answer)}), encoding="utf-8")
            with self.part.open("ab" if resumed else "wb") as file:
                done = already
                for chunk in answer.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    self.progress(done, total)
            if total is not None and done < total:
                raise _BrokenOffError(f"{total - done:,} bytes are missing")

    def _mark_of(self, url: str) -> str | None:
        """Mark of the version that the part is of, if it is of this url."""
        try:
            kept = json.loads(self.mark.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        mark = kept.get("mark") if isinstance(kept, dict) and kept.get("url") == url else None
        return mark if isinstance(mark, str) else None


class _BrokenOffError(Exception):
    """A download that ended before its time."""


def _mark(answer: requests.Response) -> str | None:
    """Strong mark of a version, such as ``If-Range`` takes."""
    tag = answer.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return answer.headers.get("Last-Modified")


def _begin_of(answer: requests.Response) -> int | None:
    """First byte of a partial answer."""
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _refused(answer: requests.Response, url: str) -> None:
    """Raise if the server does not give what it was asked for."""
    if answer.ok:
        return
    missing = answer.status_code in (requests.codes.not_found, requests.codes.gone)
    raise DownloadError(
        f"the server answers {answer.status_code} {answer.reason}",
        file=url,
        remedy="Look the address up at https://download.geofabrik.de and correct `url` in [osm]"
        if missing
        else "Try again later, or download the file by hand",
    )


def _reason(error: Exception) -> str:
    """An error in a few words: those of the innermost cause."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    return str(cause).split(": ", 1)[-1].rstrip(".") or type(cause).__name__


def server_md5(url: str, *, timeout_s: float = TIMEOUT_S) -> str | None:
    """Checksum that a server has beside a file, as Geofabrik does.

    Parameters
    ----------
    url
        Address of the file; the checksum is at the same address with ``.md5``.
    timeout_s
        Time without an answer after which the server is taken to be gone, seconds.

    Returns
    -------
    str
        MD5 in hexadecimal digits; None where the server has none.

    Raises
    ------
    DownloadError
        If the server does not answer, or what it has is no checksum.
    """
    parts = urlsplit(url)
    address = parts._replace(path=f"{parts.path}.md5").geturl()
    try:
        with requests.get(address, stream=True, timeout=timeout_s) as answer:
            if answer.status_code in (requests.codes.not_found, requests.codes.gone):
                return None
            _refused(answer, address)
            text = next(answer.iter_content(_LONGEST_SUM_BYTES), b"").decode("ascii", "replace")
    except _GONE as error:
        raise DownloadError(
            f"the server does not answer ({_reason(error)})",
            file=address,
            remedy="Check the connection and `url` in [osm]",
        ) from error
    found = _MD5.match(text.strip())
    if found is None:
        raise DownloadError(
            "what the server has there is no checksum",
            file=address,
            remedy="Check `url` in [osm]: is there a page about the file instead of the file?",
        )
    return found[0].lower()


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
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadError("only http and https are fetched", file=url)
    kept = file.with_name(f"{file.name}.md5")
    if file.exists() and not update:
        return _already_there(url, file, kept, timeout_s)
    md5 = server_md5(url, timeout_s=timeout_s)
    if file.exists() and md5 is not None and file_hash(str(file), alg="md5") == md5:
        _keep_sum(kept, md5, file)
        return Fetched(file, was_there=True, checked="md5")
    downloader = Resuming(
        file.with_name(f".{file.name}.part"),
        progress=progress,
        attempts=attempts,
        timeout_s=timeout_s,
        pause_s=pause_s,
    )
    aside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        pooch.get_logger().setLevel("WARNING")
        pooch.retrieve(
            url,
            known_hash=None if md5 is None else f"md5:{md5}",
            fname=aside.name,
            path=file.parent,
            downloader=downloader,
        )
        aside.replace(file)
    except requests.RequestException as error:
        raise DownloadError(f"cannot be fetched ({_reason(error)})", file=url) from error
    except ValueError as error:
        raise DownloadError(
            "what arrived is not what the server's .md5 says, and was thrown away",
            file=url,
            remedy="Try again in a while: the server may be replacing the file just now",
        ) from error
    except OSError as error:
        raise _no_place(error, file) from error
    finally:
        aside.unlink(missing_ok=True)
    _keep_sum(kept, md5 or file_hash(str(file), alg="md5"), file)
    return Fetched(file, was_there=False, checked="length" if md5 is None else "md5")


def _already_there(url: str, file: Path, kept: Path, timeout_s: float) -> Fetched:
    """Verify a file that is there: by the checksum kept with it, else by the server's."""
    own = file_hash(str(file), alg="md5")
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
    _keep_sum(kept, own, file)
    return Fetched(file, was_there=True, checked="length" if md5 is None else "md5")


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


def _asides(file: Path) -> tuple[Path, Path, Path]:
    """Files beside one that is being fetched: what has arrived, its mark, and the new one."""
    part = file.with_name(f".{file.name}.part")
    return part, part.with_name(f"{part.name}.json"), file.with_name(f".{file.name}.new")


def _was_fetched(file: Path) -> bool:
    """Whether the checksum kept beside a file is its own."""
    kept = file.with_name(f"{file.name}.md5")
    if not kept.is_file():
        return False
    own: str = file_hash(str(file), alg="md5")
    with kept.open(encoding="ascii", errors="replace") as text:
        return text.read(len(own)).lower() == own


def _is_extract(file: Path) -> bool:
    """Whether a file begins as extracts do."""
    with file.open("rb") as opened:
        begin = opened.read(_LOOK_BYTES)
    pbf, xml, *packed = _BEGINS
    return begin[6:15] == pbf or xml in begin or begin.startswith(tuple(packed))


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
