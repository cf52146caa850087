"""What is told of traffic: of which class, how it was solved, and what it was held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.terms import CAR, EVERY_CLASS

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.pipeline.results import Results


def traffic_of(results: Results) -> str:
    """Class that loads and closures without the name of one are of.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A class of the study, or `geo_border.terms.EVERY_CLASS`.
    """
    return str(results.manifest.get("traffic", {}).get("of", CAR))


def class_words(name: str) -> str:
    """Name a class of traffic.

    Parameters
    ----------
    name
        A class of the study, or `geo_border.terms.EVERY_CLASS`.

    Returns
    -------
    str
        The name; that of every class in words.
    """
    return "all classes" if name == EVERY_CLASS else name


def by_class(profiles: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Profiles of corridors, each way of a class apart.

    Parameters
    ----------
    profiles
        Of all corridors.

    Returns
    -------
    list of tuple
        Title, with the class where there are several, and rows.
    """
    several = len(profiles["class"].unique()) > 1
    return [
        (f"{corridor}, {class_words(str(name))}" if several else str(corridor), rows)
        for (corridor, name), rows in profiles.groupby(["corridor", "class"], sort=False)
    ]


def held_against(results: Results) -> str:
    """Say whether modelled loads were held against counts.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A sentence.
    """
    counts = results.more.get("validation")
    if counts is None or not counts["modelled"].notna().any():
        return "Not validated: the study has no counts that these loads could be held against."
    counts = counts[counts["modelled"].notna()]
    return f"Held against {len(counts)} counts at {counts['checkpoint_id'].nunique()} checkpoints."
