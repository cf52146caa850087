"""Where the outputs of a study may go: never where its inputs are."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geo_border.errors import StudyError
from geo_border.pipeline.folders import MANIFEST, OutputFolder
from geo_border.pipeline.inputs.files import extract_files, input_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo_border.pipeline.settings import Settings

OUTPUTS = ("tables", "maps", "study.gpkg", "report.html")
"""What each run writes beside its manifest."""

SURFACES = ("surfaces",)
"""What a run writes besides where there is a population raster."""

_ELSEWHERE = "Name another with -o"


def output_folder(out: Path | str) -> Path:
    """Folder for outputs, which need not be there.

    Parameters
    ----------
    out
        As a user named it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StudyError
        If it cannot be one.
    """
    if not str(out).strip():
        raise StudyError("the name of the output folder is empty", remedy=_ELSEWHERE)
    folder = Path(out)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        what = "the output folder" if there == folder else "a part of the path to the output folder"
        raise StudyError(f"{what} is a file", file=there, remedy="Name a folder with -o")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StudyError("nothing may be written there", file=there, remedy=_ELSEWHERE)
    return folder


def study_output(
    settings: Settings, study: Path, out: Path | str, entries: tuple[str, ...] = ()
) -> OutputFolder:
    """Where a command on a study may write, and remember stages.

    Parameters
    ----------
    settings
        What study.toml says.
    study
        Its folder.
    out
        The output folder.
    entries
        Files and folders in it that the command may write.

    Returns
    -------
    OutputFolder
        The place.

    Raises
    ------
    StudyError
        If the folder cannot be one for outputs, or holds inputs of the study.
    """
    folder = output_folder(out)
    if folder.exists() and folder.samefile(study):
        raise StudyError("this is the folder of the study itself", file=folder, remedy=_ELSEWHERE)
    for key, file in _inputs(settings, study).items():
        if folder.resolve() in file.resolve().parents or folder.absolute() in file.parents:
            raise StudyError(
                f"an input of the study lies in it ({key}: {file})", file=folder, remedy=_ELSEWHERE
            )
    return OutputFolder(folder, entries)


def run_output(settings: Settings, study: Path, out: Path | str) -> OutputFolder:
    """Where a run of a study may write.

    Parameters
    ----------
    settings, study, out
        As in `study_output`.

    Returns
    -------
    OutputFolder
        The place of all outputs of a run; its record is the manifest.

    Raises
    ------
    StudyError
        As in `study_output`.
    """
    written, dropped = (SURFACES, ()) if settings.surface is not None else ((), SURFACES)
    output = study_output(settings, study, out, (*OUTPUTS, *written))
    return replace(output, record=MANIFEST, dropped=dropped)


def check_outputs(settings: Settings, study: Path, files: Iterable[Path]) -> None:
    """Raise if a file to be written is one that a study reads.

    Parameters
    ----------
    settings
        What study.toml says.
    study
        Its folder.
    files
        The files.

    Raises
    ------
    StudyError
        If one of them is an input.
    """
    inputs = {file.resolve(): key for key, file in _inputs(settings, study).items()}
    for file in files:
        if (key := inputs.get(file.resolve())) is not None:
            raise StudyError(f"it is an input of the study ({key})", file=file, remedy=_ELSEWHERE)


def check_room(folder: Path, size: int) -> None:
    """Refuse to begin what the disk has no room for.

    Parameters
    ----------
    folder
        Where is written.
    size
        Bytes.

    Raises
    ------
    StudyError
        If fewer are free.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise StudyError(
            f"there is no room for {size / 1e9:,.1f} GB, {free / 1e9:,.1f} GB are free",
            file=folder,
            remedy="Ask for fewer places, or write elsewhere",
        )


def _inputs(settings: Settings, study: Path) -> dict[str, Path]:
    """Absolute paths of what a study reads, by the key that names each."""
    files = input_files(settings, study) | extract_files(settings, study)
    named = {"study.toml": study / "study.toml", **files}
    return {key: file.absolute() for key, file in named.items()}
