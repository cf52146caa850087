"""Who reaches nothing across the border, told apart from the means that leave them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.report.along import open_on_the_line
from geo_border.terms import SIDES
from geo_border.typology.words import listed, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.pipeline.results import Results

NAMED = 5
"""Most regions that are named."""


def is_closed(results: Results) -> bool:
    """Whether nobody at all gets across the border.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    bool
        True where no settlement of either side reaches an open checkpoint by road.
    """
    return not np.isfinite(_hours(results)).any()


def unreached_in_words(results: Results) -> list[str]:
    """Say who reaches no open checkpoint.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of str
        Sentences; none where everybody reaches one.
    """
    if is_closed(results):
        return [_closed_in_words(results)]
    places = results.places.assign(is_lost=~np.isfinite(_hours(results)))
    sentences = []
    for side in SIDES:
        studied = places[(places["side"] == side) & places["region_id"].notna()]
        people, lost = studied["population"].sum(), studied[studied["is_lost"]]
        if not lost["population"].sum() > 0:
            continue
        whole = studied.groupby("region_id")["is_lost"].all()
        names = results.regions["name"].reindex(whole.index[whole]).astype(str).tolist()
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        among = f", among them all of {listed(names[:NAMED])}{more}" if names else ""
        count = "a settlement" if len(lost) == 1 else f"{len(lost)} settlements"
        share = percent(lost["population"].sum() / people, 1)
        sentences.append(
            f"{number(lost['population'].sum())} people ({share}) in {count} of "
            f"{getattr(results.settings.study, side)} reach no open checkpoint by road{among}: "
            "they are in no mean of hours."
        )
    return sentences


def _closed_in_words(results: Results) -> str:
    """Why nobody gets across."""
    count, on_line = len(results.checkpoints), len(open_on_the_line(results))
    if on_line:
        why = f"none of its {on_line} open checkpoints can be reached by road from the two sides"
    elif count:
        why = f"none of its {count} checkpoints is open"
    else:
        why = "it has no checkpoint"
    return (
        f"Nobody gets across this border by road: {why}. Everything on the other side is "
        "unreached by car; `geo-border whatif` says what an opening would bring."
    )


def _hours(results: Results) -> pd.Series[float]:
    """Hours of each settlement to the nearest open checkpoint."""
    hours: pd.Series[float] = results.places["hours_to_checkpoint"].astype(float)
    return hours
