"""Cards: what is said of a region, a dyad or a checkpoint, in a few sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.index.registry import SCORES
from geo_border.network.places import STAND_IN
from geo_border.typology.evidence import BUSIEST, NO_WAY
from geo_border.typology.sentences import NamesById, records, region_sentences, relief
from geo_border.typology.words import (
    hours,
    known,
    listed,
    passage,
    percent,
    persons,
    sentence,
)

if TYPE_CHECKING:
    from geo_border.typology.findings import Findings
    from geo_border.typology.sentences import Row

MODES = {"road": "road", "rail": "railway", "ferry": "ferry", "foot": "foot", "air": "air"}
"""Modes of checkpoints in words."""

SAID = ("reasons", "growth_point", "bottleneck", "would_change")
"""Sentences on a region that stand in the table of types too."""


@dataclass(frozen=True, slots=True, eq=False)
class InWords:
    """Findings in sentences, beside the figures that users look for in the same tables.

    Parameters
    ----------
    typology
        Index ``region_id``: ``type``, ``probability``, `SAID`, ``code``, with draws
        ``likeliest`` and ``likeliest_probability``, ``readiness``, ``is_growth_point``,
        ``gap``, as `geo_border.typology.types.region_types` has them.
    cards
        ``kind`` (region, dyad, checkpoint), ``id`` (of a dyad both regions with a stroke
        between), ``title``, ``line``: one row a sentence or paragraph.
    sensitivity
        ``change`` (less of delay at a checkpoint), ``region_id``, what it adds to each score,
        ``checkpoint_id``.
    """

    typology: pd.DataFrame
    cards: pd.DataFrame
    sensitivity: pd.DataFrame


def in_words(findings: Findings, names: NamesById) -> InWords:
    """Say what was found.

    Parameters
    ----------
    findings
        Ids and figures.
    names
        Names of the ids.

    Returns
    -------
    InWords
        A sentence whose figures are not there is left out.
    """
    said = region_sentences(findings, names)
    steps = findings.sensitivity
    if "checkpoint_id" in steps:
        pairs = zip(steps["delay_cut_h"], steps["checkpoint_id"], strict=True)
        change = [relief(cut, names.checkpoint(key)) for cut, key in pairs]
        columns = ["region_id", *SCORES, "checkpoint_id"]
        steps = steps[columns].assign(change=change)[["change", *columns]]
    return InWords(
        typology=_typology(findings.regions, said),
        cards=_cards(findings, said, names),
        sensitivity=steps,
    )


def names_of(
    regions: pd.DataFrame,
    checkpoints: pd.DataFrame,
    places: pd.DataFrame,
    registry: pd.DataFrame,
) -> NamesById:
    """Names of what findings are of.

    Parameters
    ----------
    regions, checkpoints, places, registry
        Tables by id; column ``name``, of the regions ``capital`` and ``capital_known_from``.

    Returns
    -------
    NamesById
        Those that are known.
    """
    ends = regions.reindex(columns=["capital", "capital_known_from"])
    stands_in = ends["capital_known_from"] == STAND_IN
    capitals = {
        str(key): f"{name} (the largest settlement)" if largest else str(name)
        for key, name, largest in zip(ends.index, ends["capital"], stands_in, strict=True)
        if known(name)
    }
    return NamesById(
        regions=_named(regions),
        checkpoints=_named(checkpoints),
        places=_named(places),
        indicators=_named(registry),
        capitals=capitals,
    )


def _named(table: pd.DataFrame) -> dict[str, str]:
    """Names in a table by its index."""
    names = table.reindex(columns=["name"])["name"]
    return {str(key): str(name) for key, name in names.items() if known(name)}


def _typology(found: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Types with the figures and the sentences that speak for them."""
    before, draws = ["type", "probability"], ["likeliest", "likeliest_probability"]
    after = ["code", *draws, "readiness", "is_growth_point", "gap"]
    kept = [name for name in after if name in found]
    return pd.concat([found[before], said[list(SAID)], found[kept]], axis=1)


def _cards(findings: Findings, said: pd.DataFrame, names: NamesById) -> pd.DataFrame:
    """Cards of every region, dyad and checkpoint."""
    types = findings.regions["type"]
    rows = []
    for region_id, row in records(said):
        lines = [
            f"{sentence(types[region_id])} {row['reasons']}",
            *(row[part] for part in ("standing", "place", "reach", "growth_point", "bottleneck")),
            f"What would change the type: {_lower(row['would_change'])}",
            row["missing"],
        ]
        rows += [("region", region_id, names.region(region_id), line) for line in lines if line]
    ratios = dict(list(findings.gradients.groupby(["home_id", "neighbour_id"])))
    for _, row in records(findings.dyads):
        home, neighbour = (str(row[f"{side}_id"]) for side in ("home", "neighbour"))
        ends = names.region(home), names.region(neighbour)
        lines = [_border(row), _busiest(row, names), _trip(row, names)]
        lines.append(_compared(ratios.get((home, neighbour)), ends, names))
        title = " and ".join(ends)
        rows += [("dyad", f"{home}/{neighbour}", title, line) for line in lines if line]
    loaded = int((findings.checkpoints["load_share"] > 0).sum())
    for key, row in records(findings.checkpoints):
        lines = [_kind(row, names), _delay(row), _load(row, loaded), _closure(row, names)]
        lines.append(_relieved(row, names))
        rows += [("checkpoint", key, names.checkpoint(key), line) for line in lines if line]
    return pd.DataFrame(rows, columns=["kind", "id", "title", "line"])


def _lower(text: str) -> str:
    """Sentence that goes on after a colon; numbers and names stay."""
    return text[0].lower() + text[1:] if text[:3] in {"No ", "Fig"} else text


def _border(row: Row) -> str:
    """Length of the common border, and what is open on it."""
    modes = [f"{int(row[mode])} by {word}" for mode, word in MODES.items() if row.get(mode, 0) > 0]
    there = f"open checkpoints: {listed(modes)}" if modes else "no open checkpoint"
    return f"{row['length_km']:,.0f} km of common border; {there}."


def _busiest(row: Row, names: NamesById) -> str:
    """Share of a dyad in the demand, and where it passes."""
    busy = [
        f"{names.checkpoint(row[f'busiest_{n}'])} ({percent(row[f'busiest_{n}_load'])})"
        for n in range(1, BUSIEST + 1)
        if f"busiest_{n}" in row
    ]
    if not busy:
        return ""
    return (
        f"{percent(row['load_share'])} of the demand across the whole border passes here, "
        f"{'all' if row['loaded'] == 1 else 'most'} of it at {listed(busy)}."
    )


def _trip(row: Row, names: NamesById) -> str:
    """Way between the capitals, or what stands in for them."""
    if "hours" not in row:
        return ""
    ends = [names.capital(str(row[f"{side}_id"])) for side in ("home", "neighbour")]
    text = f"From {ends[0]} to {ends[1]} {hours(row['hours'])}"
    text += f" and {row['km']:,.0f} km by road" if "km" in row else " by road"
    via = [names.checkpoint(key) for key in str(row.get("via", "")).split(";")]
    return f"{text}{f', through {listed(via)}' if via[0] else ''}."


def _compared(ratios: pd.DataFrame | None, ends: tuple[str, str], names: NamesById) -> str:
    """How figures of the home region stand beside those of the neighbour."""
    if ratios is None:
        return ""
    said = [
        f"{names.indicators.get(key, key)} is {ratio:.2f} times that of {ends[1]}"
        for key, ratio in zip(ratios["indicator_id"], ratios["ratio"], strict=True)
    ]
    return f"In {ends[0]}, {listed(said)}."


def _kind(row: Row, names: NamesById) -> str:
    """Mode of a checkpoint, where it is, whether it is open."""
    mode = str(row.get("mode", ""))
    ends = [names.region(str(row[end])) for end in ("home_id", "neighbour_id") if end in row]
    text = f"{MODES.get(mode, mode)} checkpoint".strip()
    text += f" between {listed(ends)}" if len(ends) == 2 else ""
    return sentence(text + (f", {row['status']}" if "status" in row else ""))


def _delay(row: Row) -> str:
    """Delay by direction and whose it is, capacity; nothing where nobody passes."""
    if not row.get("is_open", True):
        return ""
    out, back = row.get("delay_out_h"), row.get("delay_in_h")
    parts = []
    imputed = row.get("delay_imputed", False)
    if out is not None and back is not None and (out or back or not imputed):
        ways = sorted([(out, "out"), (back, "back")], key=lambda way: math.isinf(way[0]))
        first, second = (passage(*way) for way in ways)
        takes = hours(out) if abs(out - back) < 1 / 120 else f"{first} and {second}"
        whose = " (no source gives it: the default of its mode)" if imputed else ""
        parts.append(f"a passage takes {takes}{whose}")
    if "capacity_day" in row:
        # Of what, trucks or all vehicles, trains or pairs of them, the register does not say.
        parts.append(f"its capacity in the register is {row['capacity_day']:,.0f} a day")
    return sentence("; ".join(parts))


def _load(row: Row, loaded: int) -> str:
    """Load and its rank."""
    load = row.get("load_share")
    if load is None:
        return ""
    if load <= 0:
        return "It carries none of the modelled demand."
    rank = f"rank {row['load_rank']:.0f} of {loaded}"
    return f"It carries {percent(load)} of the modelled demand, {rank}."


def _closure(row: Row, names: NamesById) -> str:
    """What its closure would do."""
    parts = []
    if "closure_extra_hours" in row:
        lost = f"{hours(row['closure_extra_hours'])} lost by each trip that passed"
        if "closure_detour_h" in row:
            lost += f", a detour of {hours(row['closure_detour_h'])} by the next way"
        parts.append(lost)
    if row.get("closure_unserved", 0.0) > NO_WAY:
        parts.append(f"{percent(row['closure_unserved'])} of all demand without a way")
    if not parts:
        return ""
    text = f"Its closure would mean {listed(parts)}"
    if "diverted_to" in row:
        text += f"; most of its traffic would go to {names.checkpoint(row['diverted_to'])}"
        if "diverted_to_share" in row:
            text += f" ({percent(row['diverted_to_share'])})"
    return text + "."


def _relieved(row: Row, names: NamesById) -> str:
    """Region that less delay brings most."""
    if "relieved" not in row:
        return ""
    return (
        f"{hours(row['relieved_cut_h'])} less delay would bring most to "
        f"{names.region(str(row['relieved']))}: {persons(row['relieved_persons'])} persons more "
        "within reach across the border, distance discounted."
    )
