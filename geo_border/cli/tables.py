"""Tables and lines that the command line prints, within 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.network.build import BuiltNetwork
    from geo_border.pipeline.results import Results

MOST_ROWS = 25
"""Longest table on the screen; the files have all rows."""

SCORES = ("transport_communication", "joint_projects", "social_services", "potential", "index")


def levels_table(results: Results) -> Table:
    """Levels and type of each home region, best first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    Table
        A row a region.
    """
    from geo_border.report.style import short_names  # noqa: PLC0415  (--help stays quick)

    table = Table(
        title=Text(results.settings.study.title),
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("region")
    for heading in ("trans-\nport", "pro-\njects", "ser-\nvices", "poten-\ntial", "index", "rank"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("type")
    table.add_column("share", justify="right", no_wrap=True)
    names = short_names(results)
    rows = results.levels.join(results.typology[["type", "probability"]]).join(names)
    by = ["index", "transport_communication"]
    for row in rows.sort_values(by, ascending=False).to_dict("records"):
        table.add_row(
            Text(str(row["short"])),
            *(_score(float(row[column])) for column in SCORES),
            "-" if math.isnan(row["rank_low"]) else f"{row['rank_low']:.0f}-{row['rank_high']:.0f}",
            Text(str(row["type"])),
            "-" if math.isnan(row["probability"]) else f"{100 * row['probability']:.0f} %",
        )
    return table


def _score(value: float) -> str:
    """Score for the table; a level with too little data has none."""
    return "-" if math.isnan(value) else f"{value:.0f}"


def network_lines(built: BuiltNetwork) -> list[str]:
    """Size of a network and how its crossings are served.

    Parameters
    ----------
    built
        What `geo_border.study.Study.export_network` gave.

    Returns
    -------
    list of str
        Lines for the screen.
    """
    from geo_border.network.beyond import LOCAL_WAY  # noqa: PLC0415  (--help stays quick)

    made_up = built.speeds["class"].isin([LOCAL_WAY, "transfer"])
    ways = built.speeds[~made_up]
    km = ways.groupby("mode")["km"].sum().sort_values(ascending=False)
    lengths = ", ".join(f"{length:,.0f} km {mode}" for mode, length in km.items())
    imputed = 100 * ways["imputed_km"].sum() / ways["km"].sum()
    served = int(built.crossings["checkpoint_id"].notna().sum())
    size = f"{built.network.n_nodes:,} nodes, {len(built.network.lines):,} links, {lengths}"
    passed = f"{served:,} served by a checkpoint, {len(built.crossings) - served:,} unserved"
    count = int(built.gates["is_open"].sum())
    return [
        f"{size}; speed imputed on {imputed:.0f} % of the length",
        f"{len(built.crossings):,} crossings: {passed}; {count:,} open checkpoints on the network",
    ]


def worst_findings(findings: pd.DataFrame, study: str) -> list[Text]:
    """What a run says of its inputs before it goes on.

    Parameters
    ----------
    findings
        As `geo_border.study.Study.check` gives them.
    study
        How the study was named.

    Returns
    -------
    list of Text
        The errors, how many warnings there are, and where to read all; nothing without any.
    """
    count = findings["severity"].value_counts()
    errors, warnings = int(count.get("error", 0)), int(count.get("warning", 0))
    if not errors + warnings:
        return []
    lines = [
        Text(f"{row['where'] or row['topic']}: {row['item']}: {row['problem']}", style="red")
        for row in findings[findings["severity"] == "error"].head(MOST_ROWS).to_dict("records")
    ]
    counts = {"error": errors, "warning": warnings}
    stated = [f"{n} {what}{'s' if n > 1 else ''}" for what, n in counts.items() if n]
    text = f"The inputs have {' and '.join(stated)}: `geo-border check {study}` says which."
    return [*lines, Text(text, style="yellow")]
