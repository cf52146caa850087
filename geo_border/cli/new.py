"""The commands that make a study."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer reads the annotations)
from typing import Annotated

import typer
from rich.text import Text

from geo_border.cli.console import StudyArgument, out, path_named, study_named
from geo_border.errors import ParameterError


def new(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", parser=path_named, help="Folder to make; must not exist, or be empty."
        ),
    ],
    template: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Study to copy: ru-kz (the default) from tables and layers; andorra or "
            "liechtenstein from OpenStreetMap.",
            show_default=False,
        ),
    ] = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--pair",
            metavar="HOME NEIGHBOUR",
            help="Two countries with a common border, by code or by name in any language: the "
            "study is made of main roads, railways and settlements of the world.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a study: of any two countries, or a copy to replace what it says by your own."""
    from geo_border.pipeline.settings import read_settings  # noqa: PLC0415  (--help stays quick)
    from geo_border.pipeline.templates import embedded_studies, new_study  # noqa: PLC0415  (--help stays quick)

    if pair is not None and template is not None:
        raise ParameterError(
            "--pair and --from are both given", remedy="Name two countries, or a study to copy"
        )
    # The name alone would be that of the embedded study.
    named = f"./{folder}" if str(folder) in embedded_studies() else f"{folder}"
    if pair is not None:
        from geo_border.world.pair import new_pair  # noqa: PLC0415  (--help stays quick)

        new_pair(folder, *pair)
        steps = [
            f"geo-border run {named}",
            f"read {folder / 'SOURCES.md'}, and change what you know better",
        ]
    else:
        new_study(folder, template=template or "ru-kz")
        steps = [f"edit {folder / 'study.toml'} and replace the files it names"]
        if read_settings(folder / "study.toml").osm is not None:
            steps.append(f"geo-border fetch {named}")
        steps += [f"geo-border check {named}", f"geo-border run {named}"]
    _say(f"{folder} is ready. Next:", steps)


def refine(
    study: StudyArgument,
    osm: Annotated[
        bool, typer.Option("--osm", help="With roads and railways of OpenStreetMap.")
    ] = False,
) -> None:
    """Give a study of a pair the extracts of OpenStreetMap to take its network from.

    What its study.toml says otherwise stays as it is.
    """
    from geo_border.world.refine import refine_with_osm  # noqa: PLC0415  (--help stays quick)

    if not osm:
        raise ParameterError("nothing to refine with is named", remedy="Add --osm")
    opened = study_named(study)
    extracts = refine_with_osm(opened.folder)
    for url in extracts:
        out.print(Text(url), soft_wrap=True)
    steps = [f"geo-border fetch {study}", f"geo-border check {study}", f"geo-border run {study}"]
    _say(f"{opened.folder / 'study.toml'} names {len(extracts)} extracts. Next:", steps)


def _say(first: str, steps: list[str]) -> None:
    """Print what has been done, and what to do next."""
    out.print(Text(first), soft_wrap=True)
    for number, step in enumerate(steps, start=1):
        out.print(Text(f"  {number}. {step}"), soft_wrap=True)
