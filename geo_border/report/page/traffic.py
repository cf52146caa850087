"""Traffic for the page: tables by checkpoint and region, modelled beside counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.pipeline.stages.traffic_draws import DRAWS
from geo_border.pipeline.stages.traffic_tables import DAY, OUTSIDE
from geo_border.pipeline.traffic_settings import SEGMENT, TrafficSection
from geo_border.report.page.tables import cell, duration, shown_column, table
from geo_border.report.style import checkpoint_names, short_names
from geo_border.report.traffic import class_words, traffic_of
from geo_border.terms import EVERY_CLASS
from geo_border.traffic.validation import validate
from geo_border.typology.words import capitalised, listed, number, percent

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results
    from geo_border.report.page.tables import Cell, SortableTable

WIDE, ROW = 640.0, 22.0
"""Width of the drawing of counts, and the height of a row, in units of the drawing."""

OF_PASSED = "% of those who passed"
"""What becomes of the traffic of a checkpoint that closes is said of that traffic."""

NEARLY_ALL = 0.75
"""Share of the trips that could be made from which on trips follow people."""

NEAR, MARGIN = 2.0, 1.1
"""Factor around a count that is drawn, and factor beyond all that is drawn."""

TICKS = (1, 2, 5)
"""Marks of the scale in a power of ten."""


def traffic_tables(results: Results) -> list[SortableTable]:
    """Tables of traffic by checkpoint and class, those of one unit in one table.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        As `geo_border.report.page.tables.table` makes them; none where all take the fastest way.
    """
    rows = results.more.get("traffic")
    if rows is None:
        return []
    of = traffic_of(results)
    order = rows[rows["class"] == of].sort_values("vehicles", ascending=False, kind="stable")
    rank = pd.Series(range(len(order)), order["checkpoint_id"])
    rows = rows.assign(rank=rows["checkpoint_id"].map(rank)).sort_values("rank", kind="stable")
    rows = rows[(rows["vehicles"] > 0) | (rows["class"] == of)]
    return [_of_unit(results, part, str(unit)) for unit, part in rows.groupby("unit", sort=False)]


def _of_unit(results: Results, rows: pd.DataFrame, unit: str) -> SortableTable:
    """Table of the classes that are counted in vehicles, or of those that have shares."""
    names, vehicles = checkpoint_names(results), unit == DAY

    def delay(row: Any) -> Cell:
        hours = [row["delay_out_h"], row["delay_in_h"]]
        found = duration(np.mean(hours))
        differ = np.isfinite(hours).all() and abs(hours[0] - hours[1]) > 1 / 120
        if differ:
            found["text"] = f"{duration(hours[0])['text']} out, {duration(hours[1])['text']} back"
        used = np.fmax(row["utilisation_out"], row["utilisation_in"])
        if np.isfinite(used):  # known of few lanes: no column of its own
            found["text"] += f"; {percent(used, 0)} of capacity"
        return found

    def flow(row: Any) -> Cell:
        found, likely = cell(row["vehicles"]), _interval(row, "vehicles")
        if likely:
            found["text"] += f" ({likely})"
        return found

    def share(name: str) -> Any:
        return lambda row: cell(row[name], 1, factor=100)

    def of_passed(name: str) -> Any:
        # What becomes of those who passed; who is neither diverted nor cut drives no more.
        return lambda row: cell(
            row[name] / row["share"] if row["share"] > 0 else np.nan, 0, factor=100
        )

    def rank(row: Any) -> Cell:
        return {**cell(row["rank_low"]), "text": _interval(row, "rank") or "\N{EN DASH}"}

    hours_lost = shown_column(
        "traffic",
        "closure_hours_lost",
        lambda row: cell(row["closure_hours_lost"], 0 if vehicles else 3),
        "h a day" if vehicles else "h a trip",
    )
    first = shown_column("traffic", "vehicles", flow, "a day (5\N{EN DASH}95 %)")
    columns = [
        ("Checkpoint", "", lambda row: cell(names.get(row["checkpoint_id"], ""))),
        shown_column("traffic", "class", lambda row: cell(class_words(row["class"]))),
        first if vehicles else shown_column("traffic", "share", share("share"), "% of the class"),
        ("Likely rank", "5\N{EN DASH}95 %", rank),
        ("Delay", "mean", delay),
        shown_column(
            "traffic", "closure_detour_h", lambda row: duration(row["closure_detour_h"]), "a trip"
        ),
        hours_lost,
        shown_column("traffic", "closure_diverted", of_passed("closure_diverted"), OF_PASSED),
        shown_column("traffic", "closure_cut", of_passed("closure_cut"), OF_PASSED),
        (
            "An hour less is worth",
            "h a day" if vehicles else "h a trip",
            lambda row: cell(row["hour_out"] + row["hour_in"], 0 if vehicles else 3),
        ),
    ]
    return table(rows.to_dict("records"), columns, drop_empty=True, drop_constant=True)


def _interval(row: Any, name: str) -> str:
    """Interval of the draws in words, empty where there is none."""
    low, high = cell(row[f"{name}_low"]), cell(row[f"{name}_high"])
    if not low["key"]:
        return ""
    same = low["text"] == high["text"]
    return str(low["text"]) if same else f"{low['text']}\N{EN DASH}{high['text']}"


def traffic_region_tables(results: Results) -> list[SortableTable]:
    """Tables of trips and surplus by region and class, those of one unit in one table.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of dict
        As `traffic_tables`.
    """
    rows = results.more.get("traffic_regions")
    if rows is None:
        return []
    short = short_names(results)
    people = results.regions["population"].astype(float)
    found = []
    for unit, part in rows.groupby("unit", sort=False):
        decimals, words = (0, "a day") if unit == DAY else (3, "share of the class")
        hours = "h a day" if unit == DAY else "h a trip"

        def figure(name: str, of: str, digits: int = decimals) -> Any:
            return shown_column("traffic_regions", name, lambda row: cell(row[name], digits), of)

        def per_head(row: Any) -> Cell:
            return cell(row["trips"] / people.get(row["region_id"], np.nan), 2, factor=1000)

        def region(row: Any) -> Cell:
            return cell(capitalised(str(short.get(row["region_id"], row["region_id"]))))

        columns = [
            ("Region", "", region),
            shown_column("traffic_regions", "class", lambda row: cell(class_words(row["class"]))),
            figure("trips", words),
            *([("Trips a day", "per 1,000 people", per_head)] if unit == DAY else []),
            shown_column(
                "traffic_regions",
                "trips_made_share",
                lambda row: cell(row["trips_made_share"], 0, factor=100),
                "% of those that could be",
            ),
            figure("surplus_h", hours),
            figure("delay_cost_h", hours),
        ]
        found.append(table(part.to_dict("records"), columns, drop_empty=True, drop_constant=True))
    return found


def trips_by_region(results: Results) -> str:
    """Say what decides how many trips a region makes.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        Sentences; empty where all take the fastest way.
    """
    rows = results.more.get("traffic_regions")
    if rows is None:
        return ""
    inside = rows[(rows["region_id"] != OUTSIDE) & (rows["class"] != EVERY_CLASS)]
    made = inside["trips_made_share"].dropna()
    if made.empty:
        return ""
    ends = [f"{percent(part)}" for part in (made.min(), made.max())]
    between = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    text = (
        "What is not made is one share of each class over all origins together, those far away "
        f"too: of the trips that the regions could make they make {between}"
    )
    outside = rows[(rows["region_id"] == OUTSIDE) & (rows["class"] != EVERY_CLASS)]
    if len(outside) and outside["trips_made_share"].notna().any():
        text += f", places outside {percent(outside['trips_made_share'].mean())}"
    if made.min() > NEARLY_ALL:
        return (
            f"{text}. So near to all that trips of the regions are nearly in proportion to their "
            "people: that follows from the one share, it is no finding, and no count tests it."
        )
    return f"{text}: the nearer a region is to the other side, the more it makes of them."


def counted_beside(results: Results) -> dict[str, Any] | None:
    """Drawing of what is modelled beside what was counted.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    dict or None
        ``rows`` (``y``, ``label``, ``counted``, ``modelled`` and their places), ``ticks``,
        ``high``, ``fit`` (words); None without counts.
    """
    counts = results.more.get("validation")
    if counts is None:
        return None
    counts = counts[counts["modelled"].notna() & (counts["counted"] > 0)]
    if counts.empty:
        return None
    names = checkpoint_names(results)
    counted, modelled = counts["counted"], counts["modelled"].clip(lower=1)
    low = np.log10(max(min(counted.min() / NEAR, modelled.min()), 1) / MARGIN)
    high = np.log10(max(counted.max() * NEAR, modelled.max()) * MARGIN)

    def x(value: float) -> float:
        return round(float(WIDE * (np.log10(max(value, 1)) - low) / (high - low)), 1)

    marks = [tick * 10**power for power in range(int(high) + 1) for tick in TICKS]
    rows = []
    order = counts.sort_values("counted", ascending=False, kind="stable")
    for place, row in enumerate(order.to_dict("records")):
        way = {"out": ", out", "in": ", back"}.get(row["direction"], "")
        year = "" if pd.isna(row["year"]) else f", {row['year']:.0f}"
        least = " or more" if row["kind"] == "at least" else ""
        rows.append(
            {
                "y": ROW * place + ROW / 2,
                "name": names.get(row["checkpoint_id"], row["checkpoint_id"]),
                "label": f"{class_words(row['class'])}{way}{year}",
                "counted": x(row["counted"]),
                "modelled": x(row["modelled"]),
                "low": x(row["counted"] / NEAR),
                "high": x(row["counted"] * NEAR),
                "words": (
                    f"{number(row['counted'])}{least} counted, {number(row['modelled'])} modelled"
                ),
            }
        )
    return {
        "rows": rows,
        "wide": WIDE,
        "high": ROW * len(rows),
        "ticks": [(x(mark), number(mark)) for mark in marks if low <= np.log10(mark) <= high],
        "fit": _fit(counts),
    }


def _fit(counts: pd.DataFrame) -> str:
    """How near the model comes, in words."""
    is_bound = counts["kind"].eq("at least")
    exact, bounds = counts[~is_bound], counts[is_bound]
    found = validate(exact["counted"], exact["modelled"])
    text = f"Of {len(exact)} counts {(found['within_2'] * found['n']):.0f} are within a factor of 2"
    if np.isfinite(found["spearman"]):
        text += f", rank correlation {found['spearman']:.2f}"
    if len(bounds):
        met = int((bounds["modelled"] >= bounds["counted"]).sum())
        text += f"; of {len(bounds)} that say \u201cmore than\u201d the model is above {met}"
    return text


def certificate(results: Results) -> str:
    """Say how exact the equilibrium is.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A sentence; empty where all take the fastest way.
    """
    about = results.manifest.get("traffic", {})
    if about.get("choice") != "logit":
        return ""
    if not about["lanes"]:
        return "No capacity is known that a flow would use, so no delay answers to flow."
    return (
        f"Delays and flows agree to {about['residual_h']:.0e} h after {about['steps']} steps; "
        f"{about['lanes']} lanes have a capacity that is known, elsewhere delays do not answer to "
        "flow. More than 100 % of it means that capacity, total or model is wrong there: such a "
        "queue would not end."
    )


def by_default(results: Results) -> str:
    """Say of which classes nobody has fitted how they weigh hours.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A sentence; empty where every class has segments of its own.
    """
    classes = results.settings.traffic.classes
    names = [class_words(name) for name, section in classes.items() if not section.segments]
    if not names:
        return ""
    segment = SEGMENT
    return (
        f"How trips weigh hours is a default, fitted to nothing, for {listed(names)}: each hour "
        f"more is taken exp(\N{MINUS SIGN}{segment.theta:g}) times as often, and "
        f"{percent(segment.outside)} of the trips that could be made are not. "
        "The command calibrate fits what counts can tell."
    )


def drawn_between(results: Results) -> str:
    """Say what was drawn for the likely flows, between which ends, and where these are from.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        Sentences.
    """
    section = results.settings.traffic
    ranges = {
        "theta_range": "theta",
        "mass_range": "the exponents of masses",
        "capacity_range": "capacities",
        "speed_range": "the speed of the network",
    }
    assumed = TrafficSection()
    said = [
        f"{words} ({low:g} to {high:g} times)"
        for key, words in ranges.items()
        for low, high in [getattr(section, key)]
    ]
    by_default = [
        words for key, words in ranges.items() if getattr(section, key) == getattr(assumed, key)
    ]
    text = (
        f"Likely flows and ranks are those of {DRAWS} draws of each delay between its own ends, "
        f"and of {listed(said)}, each put into equilibrium."
    )
    if by_default:
        text += f" The ends of {listed(by_default)} are assumptions, from no source."
    return text


def shut_out(results: Results) -> str:
    """Say which classes no checkpoint lets pass.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A sentence; empty where every class passes somewhere, or none does.
    """
    rows = results.more.get("traffic")
    if rows is None:
        return ""
    passed = rows.groupby("class", sort=False)["vehicles"].max() > 0
    names = [class_words(str(name)) for name in passed.index[~passed]]
    if not names or not passed.any():
        return ""
    return (
        f"No checkpoint is open to {listed(names)}: there is no such traffic, and nothing is said "
        "of its delays, closures and ranks."
    )


def least_lost(results: Results) -> str:
    """What a closure costs each trip that passed at the least, by class.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        Such as ``"2.0 h"``, with the classes where they differ.
    """
    least = {
        class_words(name): min(
            1 / theta for theta in [part.theta for part in section.segments] or [SEGMENT.theta]
        )
        for name, section in results.settings.traffic.classes.items()
    }
    words = {name: duration(hours)["text"] for name, hours in least.items()}
    if len(set(words.values())) == 1:
        return str(next(iter(words.values())))
    return listed([f"{name} {text}" for name, text in words.items()])


def of_whom(results: Results) -> str:
    """Say which class the figures without the name of one are of.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        Such as ``"all vehicles"``.
    """
    of = traffic_of(results)
    return "all classes of traffic" if of == EVERY_CLASS else f"the class {of}"
