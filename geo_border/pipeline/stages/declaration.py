"""What a stage of a study is: its work, and all that its results depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from geo_border.pipeline.imports import code_digest
from geo_border.pipeline.inputs.read import READ_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo_border.pipeline.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

SHARED = ("geo_border.pipeline.settings", "geo_border.pipeline.memory")
"""Modules that every stage depends on: what parameters mean, and how results are kept."""


@dataclass(frozen=True, slots=True)
class Stage(Generic[P, T]):
    """A stage of a study, declared once: its key, its order and its name follow from this.

    Parameters
    ----------
    name
        Its name.
    work
        The function that does it. Of settings and inputs it is given what is declared here.
    kind
        What it gives: a dataclass of frames, arrays and networks.
    after
        Stages whose results it is given.
    settings
        Keys of study.toml that it reads, as `geo_border.pipeline.settings.Settings.only` takes
        them.
    inputs
        Which of `geo_border.pipeline.inputs.read.Inputs` it reads.
    files
        Beginnings of the keys of files that it reads itself.
    shown
        Name in progress, if not its own: a stage before or after others shares theirs.
    """

    name: str
    work: Callable[P, T]
    kind: type[T]
    after: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    shown: str = ""

    @property
    def step(self) -> str:
        """Name in progress."""
        return self.shown or self.name

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of study.toml that it depends on, by what it reads itself and by its inputs."""
        read = (key for name in self.inputs for key in READ_FROM[name])
        return tuple(dict.fromkeys((*self.settings, *read)))

    def depends(
        self, settings: Settings, digests: Mapping[str, str], earlier: Mapping[str, str]
    ) -> dict[str, object]:
        """All that decides what the stage gives.

        Parameters
        ----------
        settings
            What study.toml says.
        digests
            SHA-256 of the input files, by the key of study.toml that names each.
        earlier
            Keys of the stages before it.

        Returns
        -------
        dict
            As JSON.
        """
        read = ("geo_border.pipeline.inputs.read",) if self.inputs else ()
        after = (*self.after, *(("extracts",) if self.inputs else ()))
        given = settings.model_dump(mode="json")
        return {
            "code": code_digest(self.work.__module__, *SHARED, *read),
            "settings": {key: _at(given, key.split(".")) for key in sorted(self.keys)},
            "files": {key: digest for key, digest in digests.items() if self._reads(key)},
            "after": {name: earlier[name] for name in after},
        }

    def _reads(self, file: str) -> bool:
        """Whether a file, by its key, is read for the stage."""
        read = {key.removesuffix(".file") for name in self.inputs for key in READ_FROM[name]}
        return file.startswith(self.files) or any(
            file == key or file.startswith(f"{key}.") for key in read
        )


def _at(given: Any, path: list[str]) -> object:
    """Value of a key that may be missing; of a section, if its key ends there, whether it is."""
    for name in path:
        if not name:
            return given is not None
        given = given.get(name) if isinstance(given, dict) else None
    return given


def keys(
    stages: tuple[Stage[Any, Any], ...],
    settings: Settings,
    digests: Mapping[str, str],
    key: Callable[[str, Mapping[str, object]], str],
) -> dict[str, str]:
    """Keys of all stages of a study, each made of those before it.

    Parameters
    ----------
    stages
        In order.
    settings, digests
        As in `Stage.depends`.
    key
        Makes a key of a name and what it depends on, such as
        `geo_border.pipeline.memory.Memory.key`.

    Returns
    -------
    dict
        Key by name.
    """
    found: dict[str, str] = {}
    for stage in stages:
        found[stage.name] = key(stage.name, stage.depends(settings, digests, found))
    return found
