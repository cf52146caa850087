"""Border regions measured: networks through checkpoints, accessibility, levels and types.

Five lines from a border to its typology::

    import geo_border as gb

    study = gb.open_study("ru-kz")
    results = study.run("out/ru-kz")
    print(results.typology[["type", "bottleneck"]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.errors import GeoBorderError

if TYPE_CHECKING:
    from geo_border.study import Study, open_study
    from geo_border.templates import embedded_studies, new_study

__version__ = "0.1.0"

__all__ = ["GeoBorderError", "Study", "embedded_studies", "new_study", "open_study"]


def __getattr__(name: str) -> object:
    """Import the study on first use: `import geo_border` stays quick."""
    if name in ("Study", "open_study"):
        from geo_border import study  # noqa: PLC0415  (on first use)

        return getattr(study, name)
    if name in __all__:
        from geo_border import templates  # noqa: PLC0415  (on first use)

        return getattr(templates, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
