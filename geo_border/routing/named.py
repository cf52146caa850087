"""Checkpoints that a scenario names and that there are none of."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from geo_border.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd


def check_names(names: Collection[str], known: pd.Index[str], *, listed: str = "") -> None:
    """Refuse names that the tables do not have.

    Parameters
    ----------
    names
        What is asked for.
    known
        What there is.
    listed
        Where all are listed, for names that read like none.

    Raises
    ------
    CheckpointError
        For the first of them in the alphabet, with those that read most like it.
    """
    unknown = sorted(set(names) - set(known))
    if unknown:
        like = get_close_matches(unknown[0], list(known), n=3, cutoff=0.4)
        some = f"They have {', '.join(map(str, like or known[:5]))}"
        if len(known) > len(like or known[:5]):
            some += " …"
        if not len(known):
            some = "They have none: the network reaches no checkpoint from both sides"
        raise CheckpointError(
            f"the scenario names checkpoint {unknown[0]!r}, which the tables do not have",
            remedy=some if like or not listed else f"All that there are stand in {listed}",
        )
