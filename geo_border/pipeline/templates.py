"""The studies that come with the package, and copies of them to begin with."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geo_border.errors import StudyError
from geo_border.pipeline.folders import OutputFolder, carried
from geo_border.pipeline.inputs.files import input_files
from geo_border.pipeline.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FRESH = "Name a folder that does not exist yet"


def embedded_studies() -> dict[str, Path]:
    """Find the studies that come with the package.

    Returns
    -------
    dict
        Folder of each study by its name.

    Examples
    --------
    >>> import geo_border as gb
    >>> sorted(gb.embedded_studies())
    ['ru-kz']
    """
    return _studies_in("data")


def templates() -> dict[str, Path]:
    """Find the studies that one's own can be copied from.

    Returns
    -------
    dict
        Folder of each by its name: the embedded studies, and examples whose extracts are still
        to be fetched.
    """
    return embedded_studies() | _studies_in("examples")


def _studies_in(name: str) -> dict[str, Path]:
    """Studies in a folder of the package."""
    return {file.parent.name: file.parent for file in sorted(carried(name).glob("*/study.toml"))}


def new_study(folder: Path, *, template: str = "ru-kz") -> None:
    """Copy the inputs of an embedded study or an example to start one's own border from.

    The copy is named after its folder.

    Parameters
    ----------
    folder
        Where to put it; must not exist, or be empty.
    template
        Name of one of the `templates`.

    Raises
    ------
    StudyError
        If the folder has something in it, or there is no such template.

    Examples
    --------
    >>> import geo_border as gb
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gb.new_study(Path(folder) / "mine")
    ...     gb.open_study(Path(folder) / "mine").settings.study.id
    'mine'
    """
    studies = templates()
    if template not in studies:
        raise StudyError(
            f"there is no study {template!r} to copy", remedy=f"There are {', '.join(studies)}"
        )
    source = studies[template]
    toml = source / "study.toml"
    needed = [*input_files(read_settings(toml), source).values(), *source.glob("*.md")]
    with fresh_folder(folder) as aside:
        text = toml.read_text(encoding="utf-8")
        text = text.replace(f'id = "{template}"', f'id = "{id_of(folder)}"', 1)
        (aside / "study.toml").write_text(text, encoding="utf-8")
        for file in needed:
            shutil.copy(file, aside / file.name)


def id_of(folder: Path) -> str:
    """Short name of a study that is called after its folder.

    Parameters
    ----------
    folder
        Where the study is.

    Returns
    -------
    str
        Small letters, digits and hyphens.
    """
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "my-border"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """Make the folder of a new study, whole or not at all.

    Parameters
    ----------
    folder
        Where; must not exist, or be empty.

    Yields
    ------
    Path
        Where its files are to be written; they are put in their place at the end.

    Raises
    ------
    StudyError
        If the folder has something in it.
    """
    if not folder.is_dir() and (folder.exists() or folder.is_symlink()):
        raise StudyError("it is no folder", file=folder, remedy=_FRESH)
    output = OutputFolder(folder, (), record=None)
    with output.held():
        if any(path != output.lock for path in folder.iterdir()):
            raise StudyError("the folder is not empty", file=folder, remedy=_FRESH)
        with output.writing() as aside:
            yield aside
