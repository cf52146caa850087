"""Draw what `access.py --csv` measured: processor time by number of places, engine by engine.

python benchmarks/figure.py access.csv docs/images/speed.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

SHOWN = {
    "geo_border": "geo_border",
    "scipy, a search from each place": "scipy",
    "networkit, the same": "networkit",
    "igraph, the same": "igraph",
    "if it could be asked for places alone": "pandana (places alone)",
}
"""Label of each engine that does the whole work."""

OURS = "#b5332e"

APART = 1.5
"""Ratio by which labels must lie apart to be read."""


def draw(measured: pd.DataFrame, target: Path) -> None:
    """One line for each engine on two logarithmic axes, named at its end."""
    figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
    ends = []
    for engine, label in SHOWN.items():
        rows = measured[measured["engine"] == engine].sort_values("places")
        if rows.empty:
            continue
        ours = engine == "geo_border"
        color, width = (OURS, 2.5) if ours else ("#6b7280", 1.2)
        axes.plot(rows["places"], rows["processor_s"], "o-", color=color, lw=width, ms=4)
        ends.append((rows["places"].iloc[-1], rows["processor_s"].iloc[-1], label, color))
    below = 0.0
    for x, y, label, color in sorted(ends):
        below = max(APART * below, y)
        axes.annotate(
            label, (x, below), (6, 0), textcoords="offset points", va="center", color=color,
            weight="bold" if color == OURS else "normal",
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="places", ylabel="processor seconds")
    sizes = sorted(measured["places"].unique())
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_title("Accessibility of every place, own side and across 64 checkpoints", loc="left")
    axes.grid(which="major", color="#e5e7eb", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.18)
    figure.savefig(target, dpi=160)


def main() -> None:
    """Draw the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measured", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    draw(pd.read_csv(options.measured), options.target)


if __name__ == "__main__":
    main()
