"""What the commands share: consoles, arguments, the progress of stages."""

from __future__ import annotations

import logging
import re
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment

    from geo_border.study import Study


_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal takes for commands (all control characters but tab and line feed), what turns
the order of letters round, and what no encoding has."""


def harmless(text: str) -> str:
    """Take out of a text what a terminal would obey instead of showing it.

    Parameters
    ----------
    text
        Words from data, file names or a server.

    Returns
    -------
    str
        The same with ``?`` in the place of each such character.
    """
    return _COMMANDS.sub("?", text)


class _Harmless(Console):
    """Console through which no name from data or a server can command the terminal."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


out = _Harmless()
err = _Harmless(stderr=True)


class MessagePrinter(logging.Handler):
    """Print what the package says while it works, beside the progress of stages."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message.

        Parameters
        ----------
        record
            The message.
        """
        err.print(Text(record.getMessage()), soft_wrap=True)


def path_named(text: str) -> Path:
    """Path that a user names; an empty name, as of a variable that is not set, is none.

    Parameters
    ----------
    text
        As it was given.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    BadParameter
        If it is empty.
    """
    if not text.strip():
        raise typer.BadParameter("the name is empty; name a file or a folder")
    return Path(text)


StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="Name of an embedded study (see `geo-border studies`), a folder with a study.toml "
        "(./NAME if an embedded one has its name), or the path of a study.toml.",
        show_default=False,
    ),
]


SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Compute on the workers of a dask scheduler, such as tcp://10.0.0.5:8786 (needs "
        "`pip install 'geo-border[distributed]'`); results are the same to the bit.",
        show_default=False,
    ),
]


def list_option(name: str, metavar: str, says: str) -> Any:
    """Option that can be given several times.

    Parameters
    ----------
    name
        Without its dashes.
    metavar
        What stands for its value in the help.
    says
        Its help.

    Returns
    -------
    OptionInfo
        For an annotation.
    """
    return typer.Option(f"--{name}", metavar=metavar, help=says, show_default=False)


CloseOption = Annotated[
    list[str] | None, list_option("close", "ID", "Checkpoint that nobody may pass.")
]

DelayOption = Annotated[
    list[str] | None,
    list_option(
        "delay",
        "ID=HOURS",
        "Hours of a passage, ID=+HOURS for more than as it is, or ID=OUT/IN by direction.",
    ),
]

BorderOption = Annotated[
    Literal["as-is", "no-delay", "closed"], typer.Option(help="How the border is passed.")
]

ModeOption = Annotated[Literal["road", "rail", "both"], typer.Option(help="Mode of the trips.")]


def study_named(study: str) -> Study:
    """Open a study, and say so if a folder has the name of the embedded one that is opened.

    Parameters
    ----------
    study
        As `geo_border.study.open_study` takes it.

    Returns
    -------
    Study
        The study.
    """
    from geo_border.pipeline.templates import embedded_studies  # noqa: PLC0415  (--help stays quick)
    from geo_border.study import open_study  # noqa: PLC0415  (--help stays quick)

    if study in embedded_studies() and (Path(study) / "study.toml").exists():
        note = f"{study} is the study that comes with the package; ./{study} is the folder here"
        err.print(Text(note, style="yellow"), soft_wrap=True)
    return open_study(study)


def spread(scheduler: str | None) -> AbstractContextManager[None]:
    """Compute on a cluster if one is named.

    Parameters
    ----------
    scheduler
        Its address, or None.

    Returns
    -------
    context manager
        Within it, blocks of work go to the workers.
    """
    if scheduler is None:
        return nullcontext()
    from geo_border.compute.cluster import cluster  # noqa: PLC0415  (--help stays quick)

    return cluster(
        scheduler, tell=lambda text: err.print(Text(text, style="yellow"), soft_wrap=True)
    )


@contextmanager
def stages_shown(stages: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Show how far a run is.

    Parameters
    ----------
    stages
        All that it passes through, in order.

    Yields
    ------
    callable
        To be called with the name of each stage as it begins, and with the name, a colon and
        more while it lasts.
    """
    text = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), text, BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(stages[0], total=len(stages))
        yield lambda text: bar.update(
            task, description=text, completed=stages.index(text.partition(":")[0])
        )
