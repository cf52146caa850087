"""What is told of traffic: of which class, how it was solved, and what it was held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.terms import CAR

if TYPE_CHECKING:
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
