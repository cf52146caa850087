"""The checkpoints as bottlenecks: one row each, from loads and closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.bottlenecks.closures import Closures


def checkpoint_ranking(loads: pd.DataFrame, closures: Closures) -> pd.DataFrame:
    """Loads and closure effects of each checkpoint beside each other.

    Parameters
    ----------
    loads
        Result of `geo_border.traffic.loads.checkpoint_loads`.
    closures
        Closures of single checkpoints.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` in the order of `loads`; its ``load_share``,
        ``load_out_share`` and ``load_in_share``; ``closure_extra_hours``,
        ``closure_extra_total`` and ``closure_unserved`` of `Closures.effects`, missing
        for checkpoints that were not closed; ``diverted_to`` (the checkpoint that takes
        most of the traffic, missing if none does) and ``diverted_to_share``.
    """
    shares = loads[["load_share", "load_out_share", "load_in_share"]]
    effects = closures.effects[["closure_extra_hours", "closure_extra_total", "closure_unserved"]]
    # Diversions are sorted by share within each closure.
    most = closures.diversions.drop_duplicates("closed_id").set_index("closed_id")
    most = most.rename(columns={"to_id": "diverted_to", "share": "diverted_to_share"})
    return shares.join(effects).join(most)
