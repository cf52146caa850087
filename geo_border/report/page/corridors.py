"""Corridors for the page: hours against kilometres, delays as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.report.style import checkpoint_names
from geo_border.report.traffic import by_class

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.pipeline.results import Results


WIDE, HIGH = 300.0, 130.0
"""Size of a panel of the page, in units of its drawing."""


def corridor_panels(results: Results) -> list[dict[str, Any]]:
    """Small drawings of the corridors for the page, all to one scale.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        ``title``, ``line`` and ``free`` (points of the way with and without delays, in a
        box of `WIDE` by `HIGH`), ``steps`` (where a checkpoint is passed, its name and
        delay), ``end`` (hours and km in words), ``words`` (for those who do not see the drawing).
    """
    profiles = results.more.get("corridor_profiles")
    if profiles is None or profiles.empty:
        return []
    names = checkpoint_names(results)
    x = WIDE / float(profiles["km"].max())
    y = HIGH / float(profiles["hours"].max())
    panels = []
    for title, rows in by_class(profiles):
        passed = rows[rows["checkpoint_id"].notna()]
        last = rows.iloc[-1]
        panels.append(
            {
                "title": title,
                "line": _points(rows["km"] * x, HIGH - rows["hours"] * y),
                "free": _points(rows["km"] * x, HIGH - rows["driving_hours"] * y),
                "steps": [
                    {
                        "x": round(row["km"] * x, 1),
                        "top": round(HIGH - row["hours"] * y, 1),
                        "foot": round(HIGH - (row["hours"] - row["delay_h"]) * y, 1),
                        "name": str(names.get(row["checkpoint_id"], row["checkpoint_id"])),
                        "delay": f"{row['delay_h']:.1f} h",
                    }
                    for row in passed.to_dict("records")
                ],
                "end": f"{last['hours']:.1f} h, {last['km']:,.0f} km",
                "words": (
                    f"{title}: {last['km']:,.0f} km in {last['hours']:.1f} hours, "
                    f"{last['hours'] - last['driving_hours']:.1f} of them at the border"
                ),
            }
        )
    return panels


def _points(x: pd.Series[float], y: pd.Series[float]) -> str:
    """Points of a polyline; neighbours closer than half a unit are one."""
    at: NDArray[np.float64] = np.round(np.stack([x, y], axis=1), 1)
    kept = np.append(True, np.abs(np.diff(at, axis=0)).max(axis=1) >= 0.5)
    kept[-1] = True
    return " ".join(f"{a:g},{b:g}" for a, b in at[kept])
