"""From main roads to all of OpenStreetMap: extracts for a study of a pair."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from geo_border.errors import StudyError
from geo_border.pipeline.inputs.layers import read_regions
from geo_border.pipeline.settings import LayerSection, Settings, read_settings
from geo_border.terms import SIDES
from geo_border.world.countries import find_country
from geo_border.world.extracts import extracts_of

BEGIN, END = "# >>> trunk level", "# <<< trunk level"
"""Lines around what a study says of its network of main roads alone."""

_BLOCK = re.compile(rf"^{BEGIN}.*?\n(.*?)^{END}.*?\n", re.MULTILINE | re.DOTALL)


def refine_with_osm(folder: Path) -> list[str]:
    """Let a study of a pair take its network from extracts of OpenStreetMap.

    The extracts of both countries are named in its study.toml, and what it says of main roads
    between the marks of the trunk level becomes comments; everything else stays as it is. The
    file is replaced whole or not at all.

    Parameters
    ----------
    folder
        Folder of the study.

    Returns
    -------
    list of str
        Addresses of the extracts.

    Raises
    ------
    StudyError
        If it has extracts already, or the marks are gone.
    WorldError
        If home or neighbour are no countries any more, or there is no extract of one.
    """
    file = folder / "study.toml"
    settings = read_settings(file)
    if settings.osm is not None:
        raise StudyError("the study has extracts of OpenStreetMap already", file=file)
    text = file.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise StudyError(
            f"there is no line {BEGIN!r}, so it is not known what is of main roads alone",
            file=file,
            remedy="Make the study anew with `geo-border new --pair`, or write [osm] yourself",
        )
    urls = sorted({url for side in SIDES for url in _extracts(settings, folder, side)})
    listed = "".join(
        f'    {{ file = "{url.rsplit("/", 1)[1]}", url = "{url}" }},\n' for url in urls
    )
    section = f"[osm]\nextracts = [\n{listed}]\n\n"
    text = _BLOCK.sub(_as_comment, text)
    text = text.replace("[regions]\n", f"{section}[regions]\n", 1)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as aside:
        new = Path(aside) / "study.toml"
        new.write_text(text, encoding="utf-8")
        read_settings(new)
        new.replace(file)
    return urls


def _as_comment(block: re.Match[str]) -> str:
    """Lines of a block, none of which counts any more."""
    lines = block[1].splitlines()
    return "".join(f"{line}\n" if line.startswith("#") else f"# {line}\n" for line in lines)


def _extracts(settings: Settings, folder: Path, side: str) -> list[str]:
    """Extracts of one side of a study."""
    layer = getattr(settings.regions, side)
    assert isinstance(layer, LayerSection)
    regions = read_regions(folder / layer.file, side)
    return extracts_of(find_country(getattr(settings.study, side)), regions.index)
