"""Whole outputs: what is in a folder is complete, or is not there."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; what is written replaces `folder` only on success.

    Parameters
    ----------
    folder
        Where the results shall be; entries that are not written again stay.

    Yields
    ------
    Path
        An empty folder beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        yield aside
        for entry in sorted(aside.iterdir()):
            target = folder / entry.name
            if target.is_dir() and not target.is_symlink():
                old = Path(tempfile.mkdtemp(prefix=".old-", dir=folder)) / entry.name
                target.rename(old)
                entry.rename(target)
                shutil.rmtree(old.parent)
            else:
                entry.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
