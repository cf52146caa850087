"""Tables and lines that the command line prints, within 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from geo_border.network.build import BuiltNetwork
    from geo_border.pipeline.results import Results, WhatIf

MOST_ROWS = 25
"""Longest table on the screen; the files have all rows."""

LEAST_SHARE = 5e-5
"""Changes of a share, or relative ones, that are shown as none."""

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


def whatif_tables(result: WhatIf) -> Iterator[Table | Text]:
    """What a scenario changes: trips in all, checkpoints, regions; a line each for several.

    Parameters
    ----------
    result
        What scenarios change.

    Yields
    ------
    Table or Text
        In the order of the screen.
    """
    totals = result.changes.totals
    if len(totals) > 1:
        yield _scenarios(totals)
        yield from _notes(result)
        return
    total = totals.iloc[0]
    if not math.isnan(total["affected_share"]):
        yield Text(
            f"{totals.index[0]}: {_percent(total['affected_share'])} of the trips across the "
            f"border are affected, {_hours(total['extra_hours'], sign=True)} h each; "
            f"{_percent(total['unserved_share'])} of all find no way."
        )
    yield from _notes(result)
    yield from _delays(result)
    yield _checkpoints(result)
    yield _regions(result)
    yield Text(
        "hours: to the nearest open checkpoint; potential: change of what is reached across, "
        "in people where it was nothing; "
        "effect: border effect, per cent lost to delays; extra: hours per affected trip; "
        "cut: trips from here that find no way.",
        style="dim",
    )
    if result.settings.traffic.choice == "logit":
        yield Text(
            "Trips are here those of the gravity model over fastest ways; a run loads the border "
            "with classes in equilibrium, so its loads are others.",
            style="dim",
        )


def _table(*headings: str) -> Table:
    """Table without lines: a name and numbers."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=bool(number))
    return table


def _scenarios(totals: pd.DataFrame) -> Table:
    """A line for each scenario, the one that costs most first."""
    table = _table("scenario", "affected", "hours each", "no way")
    worst = totals.sort_values(["unserved_share", "extra_total"], ascending=False, kind="stable")
    for name, row in worst.head(MOST_ROWS).iterrows():
        table.add_row(
            Text(str(name)),
            _percent(row["affected_share"]),
            _hours(row["extra_hours"], sign=True),
            _percent(row["unserved_share"]),
        )
    if len(worst) > MOST_ROWS:
        table.add_row(f"… and {len(worst) - MOST_ROWS} more in totals.csv")
    return table


def _notes(result: WhatIf) -> Iterator[Text]:
    """What changes nothing, and why."""
    several = len(result.scenarios) > 1
    names = result.checkpoints["name"]
    for row in result.notes.head(MOST_ROWS).to_dict("records"):
        about = [row["scenario"]] if several else []
        about += [names[row["checkpoint_id"]]] if isinstance(row["checkpoint_id"], str) else []
        yield Text(": ".join([*about, row["remark"]]), style="yellow")
    if len(result.notes) > MOST_ROWS:
        yield Text(f"… and {len(result.notes) - MOST_ROWS} more in remarks.csv", style="yellow")


def _delays(result: WhatIf) -> Iterator[Text]:
    """Hours of the passages that take others, before and after."""
    names = result.checkpoints["name"]
    rows = result.delays.droplevel(0)
    for checkpoint_id, row in rows.head(MOST_ROWS).iterrows():
        out, back = (
            f"{_passage(row[f'delay_{way}_h_before'])} > {_passage(row[f'delay_{way}_h_after'])}"
            for way in ("out", "in")
        )
        stated = out if out == back else f"out {out}, back {back}"
        yield Text(f"{names[checkpoint_id]}: hours of a passage {stated}")
    if len(rows) > MOST_ROWS:
        yield Text(f"… and {len(rows) - MOST_ROWS} more in delays.csv")


def _passage(hours: float) -> str:
    """Hours of a passage; infinite where nobody may pass."""
    return "none may pass" if math.isinf(hours) else _hours(hours)


def _checkpoints(result: WhatIf) -> Table:
    """Checkpoints that get or lose traffic, the largest change first."""
    table = _table("checkpoint", "before", "after", "change")
    rows = result.changes.checkpoints.droplevel(0).join(result.checkpoints["name"])
    rows = rows.assign(size=rows["load_share_change"].abs())
    rows = rows[rows["size"] >= LEAST_SHARE].sort_values("size", ascending=False, kind="stable")
    for row in rows.head(MOST_ROWS).to_dict("records"):
        table.add_row(
            Text(str(row["name"])),
            _percent(row["load_share_before"]),
            _percent(row["load_share_after"]),
            _percent(row["load_share_change"], sign=True),
        )
    if rows.empty:
        table.add_row("no checkpoint gets or loses traffic")
    return table


def _regions(result: WhatIf) -> Table:
    """Regions for which anything changes."""
    from geo_border.report.style import short_names  # noqa: PLC0415  (--help stays quick)

    table = _table("region", "hours", "", "potential", "effect", "", "extra", "cut")
    rows = result.changes.regions.droplevel(0).join(short_names(result))
    rows["relative"] = rows["potential_across_change"] / rows["potential_across_before"]
    is_new = (rows["potential_across_before"] == 0) & (rows["potential_across_after"] > 0)
    rows["potential"] = [
        f"+{change:,.0f}" if new else _percent(share, sign=True)
        for new, change, share in zip(
            is_new, rows["potential_across_change"], rows["relative"], strict=True
        )
    ]
    moved = (
        (rows["hours_to_checkpoint_change"].abs() >= 5e-3)
        | (rows["relative"].abs() >= LEAST_SHARE)
        | (rows["border_effect_change"].abs() >= LEAST_SHARE)
        | (rows["affected_share"] >= LEAST_SHARE)
    )
    for row in rows[moved].to_dict("records"):
        table.add_row(
            Text(str(row["short"])),
            _hours(row["hours_to_checkpoint_before"]),
            f"> {_hours(row['hours_to_checkpoint_after'])}",
            row["potential"],
            _percent(row["border_effect_before"]),
            f"> {_percent(row['border_effect_after'])}",
            _hours(row["extra_hours"], sign=True),
            _percent(row["unserved_share"]),
        )
    if not moved.any():
        table.add_row("no region changes")
    return table


def _percent(share: float, *, sign: bool = False) -> str:
    """Share as per cent; a share that is not known is a dash."""
    if math.isnan(share):
        return "-"
    text = f"{100 * share:{'+' if sign else ''}.2f}"
    return f"{'0.00' if float(text) == 0 else text} %"


def _hours(hours: float, *, sign: bool = False) -> str:
    """Hours; those that are not known are a dash."""
    if math.isnan(hours):
        return "-"
    text = f"{hours:{'+' if sign else ''}.2f}"
    return "0.00" if float(text) == 0 else text
