"""Bytes from a server: taken up where they broke off, within bounds of time and size."""

from __future__ import annotations

import json
import queue
import re
import shutil
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests

from geo_border.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMEOUT_S = 60.0
"""Time in which a server must begin to answer, and in which each `CHUNK_BYTES` must come."""

ATTEMPTS = 5
"""How often a download that breaks off is taken up again."""

PAUSE_S = 2.0

CHUNK_BYTES = 1 << 16

MOST_BYTES = 200_000_000_000
"""Longest file that is fetched; the whole planet has some 90 GB."""

MOST_UNTOLD_BYTES = 8_000_000_000
"""The same where the server does not say how long the file is."""

MOST_OF_FREE = 0.9
"""Share of the free space that a download may take."""

MOST_REDIRECTS = 10

_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_LONGEST_SUM_BYTES = 4096
_LONGEST_REASON = 100
_GONE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_ABSENT = (requests.codes.not_found, requests.codes.gone, requests.codes.forbidden)
_MISTAKEN = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class Resuming:
    """Download that is taken up where it broke off.

    What has arrived is kept beside the file under a name with ``.part``; with it the mark by
    which the server tells versions apart, so that parts of two versions are never joined.

    Parameters
    ----------
    part
        File for what has arrived.
    check_begin
        Called with the first bytes as soon as they are there; raises if no file begins so.
    progress
        Called with the bytes that are there and those there will be, None if unknown.
    attempts
        How often a download that breaks off is taken up again.
    timeout_s
        See `TIMEOUT_S`.
    pause_s
        Wait after the first attempt that brings nothing, longer after each further one, seconds.
    """

    def __init__(
        self,
        part: Path,
        *,
        check_begin: Callable[[bytes], None] = lambda _: None,
        progress: Callable[[int, int | None], None] = lambda _, __: None,
        attempts: int = ATTEMPTS,
        timeout_s: float = TIMEOUT_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.part = part
        self.mark = part.with_name(f"{part.name}.json")
        self.check_begin = check_begin
        self.progress = progress
        self.attempts = attempts
        self.timeout_s = timeout_s
        self.pause_s = pause_s

    def __call__(self, url: str, *, whole_by_sum: bool) -> None:
        """Download a url whole into the part.

        Parameters
        ----------
        url
            Where from.
        whole_by_sum
            Whether a checksum tells afterwards that nothing is missing; without one the server
            must say how long the file is.

        Raises
        ------
        DownloadError
            If the server refuses, breaks off again and again, gives something else, or more
            than there is room for.
        """
        had = 0
        tries = 0
        while True:
            try:
                self._go_on(url, whole_by_sum=whole_by_sum)
                break
            except (*_GONE, _BrokenOffError) as error:
                have = self._have()
                # Only attempts that bring next to nothing are counted.
                tries = tries + 1 if have - had < CHUNK_BYTES else 0
                had = max(have, had)
                if tries >= self.attempts:
                    raise DownloadError(
                        f"the server is gone ({_reason(error)}); {have:,} bytes have arrived",
                        file=shown(url),
                        remedy="Run the same command again: it goes on from there",
                    ) from error
                time.sleep(self.pause_s * tries)
        self.mark.unlink(missing_ok=True)

    def _go_on(self, url: str, *, whole_by_sum: bool) -> None:
        """Fetch what is missing."""
        have, mark = self._have(), self._mark_of(url)
        headers = {"Range": f"bytes={have}-", "If-Range": mark} if have and mark else {}
        with _Asked(url, headers, self.timeout_s) as (answer, chunks):
            if headers and answer.status_code == requests.codes.requested_range_not_satisfiable:
                self.part.unlink(missing_ok=True)
                raise _BrokenOffError("the part that had arrived was not of this file")
            resumed = bool(headers) and answer.status_code == requests.codes.partial_content
            if resumed and (_begin_of(answer) != have or _mark(answer) not in {None, mark}):
                self.part.unlink(missing_ok=True)
                raise _BrokenOffError("the server went on at another byte, or in another version")
            if not resumed:
                _check_given(answer, url)
            length = _length(answer, url, whole_by_sum=whole_by_sum)
            done = have if resumed else 0
            total = None if length is None else done + length
            self._check_room(url, done, total)
            self.mark.write_text(json.dumps({"url": url, "mark": _mark(answer)}), encoding="utf-8")
            with self.part.open("ab" if resumed else "wb") as file:
                for chunk in chunks:
                    if done == 0:
                        self.check_begin(chunk)
                    file.write(chunk)
                    done += len(chunk)
                    self.progress(done, total)
                    if total is None and done > MOST_UNTOLD_BYTES:
                        self._refuse_length(url, f"more than {done / 1e9:,.1f} GB")
            if total is not None and done < total:
                raise _BrokenOffError(f"{total - done:,} bytes are missing")

    def _check_room(self, url: str, done: int, total: int | None) -> None:
        """Refuse what is too long for an extract, or for the disk."""
        if total is not None and total > MOST_BYTES:
            self._refuse_length(url, f"{total / 1e9:,.1f} GB")
        free = shutil.disk_usage(self.part.parent).free
        missing = (MOST_UNTOLD_BYTES if total is None else total) - done
        if missing > MOST_OF_FREE * free and total is not None:
            raise DownloadError(
                f"there is no space left: {missing / 1e6:,.1f} MB are to come, and "
                f"{free / 1e6:,.1f} MB are free",
                file=self.part.parent,
                remedy="Make room and run the same command again: what has arrived is kept",
            )

    def _refuse_length(self, url: str, length: str) -> None:
        """Throw away what is longer than any extract."""
        self.part.unlink(missing_ok=True)
        self.mark.unlink(missing_ok=True)
        raise DownloadError(
            f"the server would send {length}, which no extract has",
            file=shown(url),
            remedy="Check `url` in [osm]",
        )

    def _have(self) -> int:
        """Bytes that have arrived."""
        return self.part.stat().st_size if self.part.exists() else 0

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


class _Direct(requests.Session):
    """Session that goes nowhere by itself: requests reads the whole of a redirecting answer."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        del resp
        return None


class _Asked:
    """What a server answers, each step of which must come in time.

    The timeout of a socket counts from byte to byte, so that an answer of one byte a minute
    would never end. A thread waits for the server here, and is left behind if it waits too long.
    """

    def __init__(self, url: str, headers: dict[str, str], timeout_s: float) -> None:
        self._url = url
        self._headers = headers
        self._timeout_s = timeout_s
        self._steps: queue.Queue[Any] = queue.Queue(maxsize=1)
        self._left = threading.Event()

    def __enter__(self) -> tuple[requests.Response, Iterator[bytes]]:
        threading.Thread(target=self._read, daemon=True).start()
        return self._next(), iter(self._next, None)

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def _read(self) -> None:
        """Give the answer, its chunks and None, or the error that ends them."""
        try:
            with (
                _Direct() as session,
                _followed(session, self._url, self._headers, self._timeout_s) as answer,
            ):
                self._give(answer)
                for chunk in answer.iter_content(CHUNK_BYTES):
                    self._give(chunk)
            self._give(None)
        except Exception as error:  # noqa: BLE001  (raised again where it is awaited)
            with suppress(_BrokenOffError):
                self._give(error)

    def _give(self, step: object) -> None:
        """Hand a step over, unless nobody waits any more."""
        while not self._left.is_set():
            with suppress(queue.Full):
                self._steps.put(step, timeout=0.2)
                return
        raise _BrokenOffError

    def _next(self) -> Any:
        """Wait for a step."""
        try:
            step = self._steps.get(timeout=self._timeout_s)
        except queue.Empty:
            raise _BrokenOffError(f"too little has come in {self._timeout_s:g} s") from None
        if isinstance(step, (*_GONE, DownloadError)):
            raise step
        if isinstance(step, Exception):
            reason = "it is no address" if isinstance(step, _MISTAKEN) else _reason(step)
            raise DownloadError(
                f"cannot be fetched ({reason})",
                file=shown(self._url),
                remedy="Check `url` in [osm], or download the file by hand",
            ) from step
        return step


def _followed(
    session: requests.Session, url: str, headers: dict[str, str], timeout_s: float
) -> requests.Response:
    """Answer at the end of all redirects; its bytes are not unpacked."""
    requested = {"Accept-Encoding": "identity", **headers}
    at = url
    for _ in range(MOST_REDIRECTS + 1):
        answer = session.get(at, headers=requested, stream=True, timeout=timeout_s)
        if not answer.is_redirect:
            # A server that packs unasked may pack without end; what comes is kept as it comes.
            answer.raw.headers.discard("Content-Encoding")
            return answer
        answer.close()
        at = urljoin(at, answer.headers["Location"])
        if urlsplit(at).scheme not in {"http", "https"}:
            break
    raise DownloadError(
        "the server sends one from address to address, and never to the file",
        file=shown(url),
        remedy="Check `url` in [osm], or download the file by hand",
    )


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


def _length(answer: requests.Response, url: str, *, whole_by_sum: bool) -> int | None:
    """Bytes that an answer is to have; None where only its end tells."""
    length = answer.headers.get("Content-Length")
    if length is not None and re.fullmatch(r"\d{1,18}", length, re.ASCII):
        return int(length)
    chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    if length is None and (chunked or whole_by_sum):
        return None
    raise DownloadError(
        "the server does not say how long the file is"
        if length is None
        else f"the server says that the file has {length[:30]!r} bytes",
        file=shown(url),
        remedy="Nothing would tell whether all of it has arrived; download the file by hand",
    )


def _check_given(answer: requests.Response, url: str) -> None:
    """Raise if the server does not give what it was asked for."""
    if answer.status_code == requests.codes.ok:
        return
    missing = answer.status_code in (requests.codes.not_found, requests.codes.gone)
    raise DownloadError(
        f"the server answers {answer.status_code} {(answer.reason or '')[:_LONGEST_REASON]}",
        file=shown(url),
        remedy="Look the address up at https://download.geofabrik.de and correct `url` in [osm]"
        if missing
        else "Try again later, or download the file by hand",
    )


def _reason(error: Exception) -> str:
    """An error in a few words: those of the innermost cause."""
    cause: BaseException = error
    while cause.__cause__ or (cause.__context__ and not cause.__suppress_context__):
        cause = cause.__cause__ or cause.__context__ or cause
    text = str(cause).split(": ", 1)[-1].rstrip(".")[:_LONGEST_REASON]
    return shown(text) or type(cause).__name__


def shown(url: str) -> str:
    """Address as it may be shown: without name, password and query, which may be secret.

    Parameters
    ----------
    url
        The address, or words with addresses in them.

    Returns
    -------
    str
        The same with ``…`` in their place.
    """
    return re.sub(r"\?[^\s'\"]+", "?…", re.sub(r"//\S*@", "//…@", url))


def server_md5(url: str, *, timeout_s: float = TIMEOUT_S) -> str | None:
    """Checksum that a server has beside a file, as Geofabrik does.

    Parameters
    ----------
    url
        Address of the file; the checksum is at the same address with ``.md5``.
    timeout_s
        See `TIMEOUT_S`.

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
    text = b""
    try:
        with _Asked(address, {}, timeout_s) as (answer, chunks):
            if answer.status_code in _ABSENT:
                return None
            _check_given(answer, address)
            for chunk in chunks:
                text += chunk
                if len(text) > _LONGEST_SUM_BYTES:
                    break
    except (*_GONE, _BrokenOffError) as error:
        raise DownloadError(
            f"the server does not answer ({_reason(error)})",
            file=shown(address),
            remedy="Check the connection and `url` in [osm]",
        ) from error
    found = _MD5.match(text.decode("ascii", "replace").strip())
    if found is None:
        raise DownloadError(
            "what the server has there is no checksum",
            file=shown(address),
            remedy="Check `url` in [osm]: is there a page about the file instead of the file?",
        )
    return found[0].lower()
