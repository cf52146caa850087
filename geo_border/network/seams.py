"""Where the default speeds of two sides differ, which makes a border effect of its own."""

from __future__ import annotations

import pandas as pd

SEAM_SHARE = 0.15
"""Sides whose default speeds differ by more than this share of the lower have a seam."""


def speed_seams(speeds: pd.DataFrame, *, share: float = SEAM_SHARE) -> pd.DataFrame:
    """Classes whose default speed is not the same on both sides.

    The same roads are then faster on one side, and accessibility differs without a border.
    Where the law differs that is right; where it is the table's doing, it is not.

    Parameters
    ----------
    speeds
        ``side`` (of the border, or the country), ``mode``, ``class``, ``kmh``: default speeds.
    share
        How much the highest may exceed the lowest.

    Returns
    -------
    DataFrame
        ``mode``, ``class``, ``slow`` and ``slow_kmh``, ``fast`` and ``fast_kmh`` (side and speed),
        ``excess`` (share by which the highest exceeds the lowest), the greatest first.
    """
    rows = []
    for (mode, name), group in speeds.groupby(["mode", "class"], sort=True):
        ordered = group.sort_values("kmh", kind="stable")
        slow, fast = ordered.iloc[0], ordered.iloc[-1]
        excess = fast["kmh"] / slow["kmh"] - 1
        if excess > share:
            rows.append((mode, name, slow["side"], slow["kmh"], fast["side"], fast["kmh"], excess))
    columns = ["mode", "class", "slow", "slow_kmh", "fast", "fast_kmh", "excess"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("excess", ascending=False, kind="stable", ignore_index=True)
