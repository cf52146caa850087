"""One process at a time in a folder; the lock of a process that has died holds nobody up."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is locked
    fcntl = None  # type: ignore[assignment]

_LOG = logging.getLogger(__name__)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock, waiting for whoever holds it.

    Parameters
    ----------
    file
        The file that stands for the lock; it is there, and its folder, while the lock is
        held. The system gives the lock back when its holder ends, however that comes about.

    Yields
    ------
    None
        While it is held.
    """
    stream = _taken(file)
    try:
        yield
    finally:
        # Unlinked before it is given back: whoever waits for it sees that, and makes another.
        with suppress(OSError):
            file.unlink()
        stream.close()


def _taken(file: Path) -> BinaryIO:
    """Make the file and lock it."""
    while True:
        # Whoever held it may have removed the folder, in which it did nothing.
        file.parent.mkdir(parents=True, exist_ok=True)
        # A link would lead elsewhere.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            stream = os.fdopen(os.open(file, flags, 0o666), "r+b", buffering=0)
        except FileNotFoundError:
            continue
        try:
            if not _lock(stream, wait=False):
                who = stream.read(32).decode("ascii", "replace").strip()
                _LOG.warning(
                    "waiting for another geo-border (process %s) that works in %s",
                    who if who.isdigit() else "unknown",
                    file.parent,
                )
                _lock(stream, wait=True)
            if _is_same(stream, file):
                stream.truncate(0)
                stream.seek(0)
                stream.write(str(os.getpid()).encode())
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()


def _is_same(stream: BinaryIO, file: Path) -> bool:
    """Whether a file that has been opened is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.lstat())
    except FileNotFoundError:
        return False


def _lock(stream: BinaryIO, *, wait: bool) -> bool:
    """Lock a file unless another has; where the system knows no locks, nobody ever has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
