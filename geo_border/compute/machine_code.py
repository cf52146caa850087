"""Machine code of kernels, kept on disk in such a way that nothing kept can break a start."""

from __future__ import annotations

import logging
import os
import pickle
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    UserWideCacheLocator,
)

F = TypeVar("F")

_LOG = logging.getLogger(__name__)


def kept(function: F, *folders: Path, **options: Any) -> F:
    """Compile a function of numbers and arrays, and keep its machine code for the next start.

    A compiled kernel holds the code and the constants of those that it calls, but numba looks at
    its own file alone. Here the code is found only while no source of the folders has changed,
    and only while it is byte for byte what was kept. Where no folder takes it, it is made anew.

    Parameters
    ----------
    function
        The function.
    *folders
        Folders besides its own with kernels that it calls.
    **options
        What `numba.njit` is to know.

    Returns
    -------
    callable
        The compiled function.
    """
    compiled: Any = njit(**options)(cast("Any", function))
    try:
        # What cache=True does, with other files.
        compiled._cache = _Cache(function, folders)  # noqa: SLF001
    except RuntimeError:  # numba has found no folder
        _say(
            "machine code of kernels is kept nowhere and made anew at each start; "
            "NUMBA_CACHE_DIR can name a folder for it"
        )
    return cast("F", compiled)


@cache
def digest_of_sources(folder: Path) -> str:
    """SHA-256 of the sources in a folder.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    return sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.py")))).hexdigest()


@cache
def _say(text: str) -> None:
    """Say once what costs time and harms nothing."""
    _LOG.warning(text)


class _Files(IndexDataCacheFile):
    """Files of machine code, each led by the digest of what follows."""

    def _dump(self, obj: object) -> bytes:
        data: bytes = super()._dump(obj)  # type: ignore[no-untyped-call]
        return _seal(data) + data

    def _save_index(self, overloads: dict[Any, str]) -> None:
        with self._open_for_write(self._index_path) as file:
            file.write(self._dump((self._source_stamp, overloads)))

    def _load_index(self) -> dict[Any, str]:
        stamp, overloads = self._opened(self._index_path) or (None, {})
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return self._opened(self._data_path(name))  # type: ignore[no-untyped-call]

    @staticmethod
    def _opened(path: str) -> Any:
        """What a file holds; None if it is not there, or not as it was written."""
        try:
            data = Path(path).read_bytes()
        except OSError:
            return None
        seal, data = data[:32], data[32:]
        return pickle.loads(data) if seal == _seal(data) else None  # noqa: S301  (our own bytes)


def _seal(data: bytes) -> bytes:
    """Digest of what a file holds, of no use to another release of numba."""
    return sha256(numba.__version__.encode() + data).digest()


class _Shipped(InTreeCacheLocator):
    """Machine code beside the sources where nothing can be written, as in a container."""

    @classmethod
    def from_function(cls, py_func: object, py_file: str) -> _Shipped | None:
        found = cls(py_func, py_file)
        there = Path(found._cache_path).glob(f"{Path(py_file).stem}.*.nbi")
        return found if any(there) else None


class _Temporary(UserWideCacheLocator):
    """A folder for temporary files that is the user's alone."""

    def __init__(self, py_func: object, py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]
        below = self.get_suitable_cache_subpath(py_file)  # type: ignore[no-untyped-call]
        self._cache_path = str(_own_temporary() / below)

    @classmethod
    def from_function(cls, py_func: object, py_file: str) -> _Temporary | None:
        try:
            found = cls(py_func, py_file)
            found.ensure_cache_path()  # type: ignore[no-untyped-call]
        except OSError:
            return None
        return found


def _own_temporary() -> Path:
    """Folder below that of temporary files; code is run from it, so nobody else may write there."""
    if not hasattr(os, "getuid"):
        raise PermissionError
    folder = Path(tempfile.gettempdir()) / f"geo-border-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError
    return folder


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [  # noqa: RUF012  (as numba has it)
        *CompileResultCacheImpl._locator_classes,  # noqa: SLF001
        _Shipped,
        _Temporary,
    ]


class _Cache(FunctionCache):
    """Machine code of one function."""

    _impl_class = _Implementation

    def __init__(self, function: object, folders: tuple[Path, ...]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        own = Path(cast("Any", function).__code__.co_filename).parent
        sources = [digest_of_sources(folder) for folder in (own, *folders)]
        self._cache_file = _Files(  # type: ignore[no-untyped-call]
            cache_path=self._cache_path,
            # Other releases of this package look for files of another form.
            filename_base=f"{self._impl.filename_base}-sealed",
            source_stamp=(self._impl.locator.get_source_stamp(), sources),
        )

    def load_overload(self, sig: object, target_context: object) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001  (whatever is wrong with what is kept: it can be made anew)
            return None

    def save_overload(self, sig: object, data: object) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except OSError as error:
            _say(
                f"machine code cannot be kept in {self._cache_path} "
                f"({error.strerror or error}) and is made anew at each start"
            )
