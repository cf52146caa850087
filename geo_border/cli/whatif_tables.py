"""What scenarios change, as the command line prints it, within 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from geo_border.cli.tables import MOST_ROWS
from geo_border.terms import DIRECTIONS, EVERY_CLASS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from geo_border.pipeline.results import WhatIf

LEAST_SHARE = 5e-5
"""Changes of a share, or relative ones, that are shown as none."""

LEGEND = (
    "trips, before > after, out and home counted apart: vehicles a day, or shares of the trips of "
    "a class whose total is not known. diverted: passages made elsewhere; not made: trips given "
    "up; cut: trips without any way; worth: hours of consumer surplus lost, those of lost choice "
    "too; detour: hours that trips still made take longer, in all and each. use: flow over "
    "capacity; hours: of a passage, with its queue."
)
REACHED = (
    "By car. hours: to the nearest open checkpoint; potential: change of what is reached across, "
    "in people where it was nothing; effect: border effect, per cent lost to delays."
)


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
    if len(result.scenarios) > 1:
        yield _scenarios(result)
        yield from _notes(result)
        yield Text(LEGEND, style="dim")
        return
    (name,) = result.scenarios
    yield Text(name, style="bold")
    totals = result.traffic.totals.droplevel("scenario")
    if totals["trips_before"].sum() > 0:
        yield _trips(totals, "class", totals.index)
    yield from _notes(result)
    yield from _delays(result)
    yield _checkpoints(result)
    if totals["trips_before"].sum() > 0:
        yield _regions(result)
    yield Text(LEGEND, style="dim")
    yield _reached(result)
    yield Text(REACHED, style="dim")


def _table(*headings: str, texts: int = 1) -> Table:
    """Table without lines: names and numbers."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for number, heading in enumerate(headings):
        is_text = number < texts
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=bool(number))
    return table


def _trips(rows: pd.DataFrame, what: str, names: Iterable[str]) -> Table:
    """Trips and hours, a row each."""
    table = _table(what, "trips", "", "diverted", "not made", "cut", "worth", "detour", "each")
    for name, row in zip(names, rows.to_dict("records"), strict=True):
        unit = str(row["unit"])
        table.add_row(
            Text(str(name)),
            _amount(row["trips_before"], unit),
            f"> {_amount(row['trips_after'], unit)}",
            _amount(row["diverted"], unit),
            _amount(row["suppressed"] - row["induced"], unit),
            _amount(row["cut"], unit),
            _hours(row["hours_lost"], unit),
            _hours(row["detour_h"], unit),
            f"{_passage(row['detour_each_h'])} h",
        )
    return table


def _scenarios(result: WhatIf) -> Table:
    """A line for each scenario, the one that costs most first."""
    rows = _of(result, result.traffic.totals)
    by = ["cut", "hours_lost", "detour_h"]
    worst = rows.sort_values(by, ascending=False, kind="stable").head(MOST_ROWS)
    table = _trips(worst, "scenario", worst.index)
    if len(rows) > MOST_ROWS:
        table.add_row(f"… and {len(rows) - MOST_ROWS} more in totals.csv")
    return table


def _of(result: WhatIf, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the class that one figure for all is of."""
    is_of = table.index.get_level_values("class") == result.traffic.of
    return table[is_of].droplevel("class")


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
    rows = result.traffic.passages.reset_index()
    several = len(result.traffic.totals) > 1
    for row in rows.head(MOST_ROWS).to_dict("records"):
        out, back = (
            f"{_passage(row[f'delay_{way}_h_before'])} > {_passage(row[f'delay_{way}_h_after'])}"
            for way in DIRECTIONS
        )
        stated = out if out == back else f"out {out}, back {back}"
        who = f" ({row['class']})" if several else ""
        yield Text(f"{names[row['checkpoint_id']]}{who}: hours of a passage {stated}")
    if len(rows) > MOST_ROWS:
        yield Text(f"… and {len(rows) - MOST_ROWS} more in delays.csv")


def _checkpoints(result: WhatIf) -> Table:
    """Checkpoints that get or lose traffic, the largest change first."""
    rows = result.traffic.checkpoints.droplevel("scenario")
    classes = rows.index.get_level_values("class")
    if len(set(classes)) > 1:
        rows = rows[classes != EVERY_CLASS]
    size = rows["share_change"].abs()
    most = size.groupby(level="checkpoint_id").transform("max")
    rows = rows.assign(most=most)[size >= LEAST_SHARE]
    rows = rows.sort_values("most", ascending=False, kind="stable")
    has_use = rows[[f"utilisation_{way}_after" for way in DIRECTIONS]].notna().any(axis=None)
    headings = ["checkpoint", "class", "before", "", "change", "hours", ""]
    table = _table(*headings, *(["use", ""] if has_use else []), texts=2)
    before = None
    for row in rows.head(MOST_ROWS).reset_index().to_dict("records"):
        unit, checkpoint_id = str(row["unit"]), row["checkpoint_id"]
        name = "" if checkpoint_id == before else str(result.checkpoints["name"][checkpoint_id])
        before = checkpoint_id
        use = _beside(_use(row, "before"), _use(row, "after")) if has_use else ()
        table.add_row(
            Text(name),
            str(row["class"]),
            _amount(row["vehicles_before"], unit),
            f"> {_amount(row['vehicles_after'], unit)}",
            _amount(row["vehicles_change"], unit, sign=True),
            *_beside(_mean_passage(row, "before"), _mean_passage(row, "after")),
            *use,
        )
    if rows.empty:
        table.add_row("no checkpoint gets or loses traffic")
    if len(rows) > MOST_ROWS:
        table.add_row(f"… and {len(rows) - MOST_ROWS} more in checkpoints.csv")
    return table


def _beside(before: str, after: str) -> tuple[str, str]:
    """Before and after; nothing where neither is known."""
    return ("", "") if before == after == "-" else (before, f"> {after}")


def _use(row: Mapping[Any, Any], when: str) -> str:
    """Utilisation of the direction that is used most."""
    most = max((row[f"utilisation_{way}_{when}"] for way in DIRECTIONS), key=_known)
    return "-" if math.isnan(most) else f"{100 * most:.0f} %"


def _known(value: float) -> float:
    """Number for which any other one is greater if it is missing."""
    return -math.inf if math.isnan(value) else value


def _mean_passage(row: Mapping[Any, Any], when: str) -> str:
    """Hours of a passage, the mean of the directions that are open."""
    hours = np.array([row[f"delay_{way}_h_{when}"] for way in DIRECTIONS], float)
    known = hours[~np.isnan(hours)]
    return _passage(float(known.mean()) if len(known) else math.nan)


def _regions(result: WhatIf) -> Table:
    """Regions whose trips change, of the class that stands for all."""
    from geo_border.report.style import short_names  # noqa: PLC0415  (--help stays quick)

    rows = _of(result, result.traffic.regions).droplevel("scenario")
    moved = rows[["diverted", "suppressed", "cut", "induced", "detour_h"]].abs().fillna(0.0)
    rows = rows[moved.max(axis=1) >= LEAST_SHARE * rows["trips_before"].sum()]
    short = short_names(result)
    names = [str(short.get(region_id, region_id)) for region_id in rows.index]
    several = len(result.traffic.totals) > 1
    heading = f"region ({result.traffic.of})" if several else "region"
    table = _trips(rows, heading, names)
    if rows.empty:
        table.add_row("no trip of any region changes")
    return table


def _reached(result: WhatIf) -> Table:
    """Regions for which what can be reached changes."""
    from geo_border.report.style import short_names  # noqa: PLC0415  (--help stays quick)

    table = _table("region", "hours", "", "potential", "effect", "")
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
    )
    for row in rows[moved].to_dict("records"):
        table.add_row(
            Text(str(row["short"])),
            _passage(row["hours_to_checkpoint_before"]),
            f"> {_passage(row['hours_to_checkpoint_after'])}",
            row["potential"],
            _percent(row["border_effect_before"]),
            f"> {_percent(row['border_effect_after'])}",
        )
    if not moved.any():
        table.add_row("no region changes")
    return table


def _amount(value: float, unit: str, *, sign: bool = False) -> str:
    """Vehicles, or a share as per cent; what is not known is a dash."""
    if unit == "share" or math.isnan(value):
        return _percent(value, sign=sign)
    text = f"{value:{'+' if sign else ''},.{0 if abs(value) >= 100 else 1}f}"
    return "0" if float(text.replace(",", "")) == 0 else text


def _hours(value: float, unit: str) -> str:
    """Vehicle-hours, or hours a trip."""
    return f"{_passage(value) if unit == 'share' else _amount(value, unit)} h"


def _percent(share: float, *, sign: bool = False) -> str:
    """Share as per cent; a share that is not known is a dash."""
    if math.isnan(share):
        return "-"
    text = f"{100 * share:{'+' if sign else ''}.2f}"
    return f"{'0.00' if float(text) == 0 else text} %"


def _passage(hours: float) -> str:
    """Hours; those that are not known are a dash, those without an end let nobody pass."""
    if math.isnan(hours):
        return "-"
    if math.isinf(hours):
        return "none may pass"
    text = f"{hours:.2f}"
    return "0.00" if float(text) == 0 else text
