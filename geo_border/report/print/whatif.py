"""The printed map of what a scenario changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.report.print.sheet import (
    MapSheet,
    class_handles,
    mark,
    region_names,
)
from geo_border.report.style import INK, Classes, checkpoint_label
from geo_border.terms import DIRECTIONS, EVERY_CLASS
from geo_border.typology.words import PERCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geo_border.pipeline.results import WhatIf
    from geo_border.report.ground import Ground
    from geo_border.report.print.labels import Labels

CHANGE = Classes(
    bins=(-0.25, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, np.inf),
    colours=(
        *("#b35806", "#e08214", "#fdb863", "#fee9ce"),
        "#f4f4f0",
        *("#dcdcec", "#a99fcb", "#6a51a3"),
    ),
    labels=(
        f"over 25{PERCENT} less",
        f"10\N{EN DASH}25{PERCENT} less",
        f"1\N{EN DASH}10{PERCENT} less",
        f"0.1\N{EN DASH}1{PERCENT} less",
        "about as before",
        f"0.1\N{EN DASH}1{PERCENT} more",
        f"1\N{EN DASH}10{PERCENT} more",
        f"over 10{PERCENT} more",
    ),
)
"""Change of what is reached across, as a share: orange and violet for every colour vision."""

LOST, WON = "#b2182b", "#1b7837"
"""Checkpoints with less and with more traffic."""

MORE = "checkpoint with more traffic, points of {trips}"

LEAST_SHARE = 5e-4
"""Least change of a checkpoint's share of the trips that is drawn."""

NAMED = 8
"""Most checkpoints that are named."""


def whatif_map(result: WhatIf, ground: Ground, scenario: str) -> Figure:
    """Draw what regions gain and lose, and where the traffic goes.

    Parameters
    ----------
    result
        What scenarios change.
    ground
        As `geo_border.report.ground.ground_of` gives it.
    scenario
        Name of the scenario.

    Returns
    -------
    Figure
        The map.
    """
    regions = result.changes.regions.loc[scenario].reindex(ground.regions.index)
    change = regions["potential_across_change"] / regions["potential_across_before"]
    sheet = MapSheet(ground, legend_rows=4, titled=True)
    axes = sheet.draw(
        fill=CHANGE.colour(change.replace([np.inf, -np.inf], np.nan)),
        line=1,
        title=f"{scenario[:60]}: change of the population reached across",
    )
    labels = sheet.labels(axes)
    labels.avoid_line(ground.border.geometry)
    _symbols(axes, result, ground, labels, scenario)
    region_names(labels, ground, ground.regions["short"])
    handles = [
        *class_handles(CHANGE),
        mark(WON, MORE.format(trips=_trips(result))),
        mark(LOST, "with less"),
        mark(INK, "closed now", marker="x", size=4, edge=INK, line=0.9),
    ]
    return sheet.finish(handles, columns=3)


def _trips(result: WhatIf) -> str:
    """What the shares of checkpoints are of."""
    classes = result.traffic.totals.index.unique("class")
    return "all trips" if len(classes) == 1 or result.traffic.of == EVERY_CLASS else "trips of cars"


def _symbols(axes: Axes, result: WhatIf, ground: Ground, labels: Labels, scenario: str) -> None:
    """Draw checkpoints by the share of the trips that they get or lose, and name some."""
    every = result.traffic.checkpoints.reset_index()
    # A border without a gate has no row of any scenario.
    every = every[every["scenario"] == scenario].set_index("checkpoint_id")
    controls = every[every["class"] == result.traffic.of].join(result.checkpoints["name"])
    controls["size"] = controls["share_change"].abs()
    passed = every[[f"delay_{way}_h_after" for way in DIRECTIONS]].notna().any(axis=1)
    is_open = passed.groupby(level="checkpoint_id").any()
    controls["shut"] = ~is_open.reindex(controls.index) & (controls["share_before"] > 0)
    controls = controls[(controls["size"] >= LEAST_SHARE) | controls["shut"]]
    controls = controls.sort_values("size", ascending=False, kind="stable")
    area = (110 * controls["size"] / max(controls["size"].max(), LEAST_SHARE)).clip(lower=4)
    at = result.checkpoints.geometry.to_crs(ground.crs)
    radius = np.sqrt(area) / 2
    for control, row in controls.to_dict("index").items():
        x, y = at[control].x, at[control].y
        colour = WON if row["share_change"] > 0 else LOST
        axes.scatter(x, y, s=area[control], c=colour, edgecolors="white", linewidths=0.4, zorder=5)
        if row["shut"]:
            axes.scatter(x, y, s=16, marker="x", c=INK, linewidths=0.9, zorder=6)
        labels.keep_clear(x, y, float(radius[control]))
    for control, row in controls.head(NAMED).to_dict("index").items():
        name, points = checkpoint_label(str(row["name"])), 100 * row["share_change"]
        text = f"{name} {points:+.1f}".replace(" -", " \N{MINUS SIGN}")
        labels.beside_point(at[control].x, at[control].y, text, radius_pt=float(radius[control]))
