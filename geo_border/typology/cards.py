"""Cards: what is known of a region, a dyad or a checkpoint, in a few sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.index.registry import LEVELS
from geo_border.network.places import STAND_IN
from geo_border.typology.rules import LABELS
from geo_border.typology.words import (
    hours,
    listed,
    percent,
    persons,
    points,
    record,
    sentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo_border.typology.points import Evidence

MODES = {"road": "road", "rail": "railway", "ferry": "ferry", "foot": "foot", "air": "air"}
"""Modes of checkpoints in words."""


@dataclass(frozen=True, slots=True)
class Card:
    """One card.

    Parameters
    ----------
    kind
        ``region``, ``dyad`` or ``checkpoint``.
    id
        Of what it is; of a dyad both regions with a stroke between.
    title
        Its name.
    lines
        Sentences, each a paragraph.
    """

    kind: str
    id: str
    title: str
    lines: tuple[str, ...]


def cards(
    levels: pd.DataFrame,
    typology: pd.DataFrame,
    evidence: Evidence,
    *,
    intervals: pd.DataFrame | None = None,
    dyads: pd.DataFrame | None = None,
    travel_times: pd.DataFrame | None = None,
    gradients: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Cards of every region, dyad and checkpoint.

    A sentence whose figures are not there is left out.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.
    typology
        Result of `geo_border.typology.types.typology`.
    evidence
        What the earlier stages found.
    intervals
        `geo_border.index.uncertainty.Uncertainty.intervals`.
    dyads
        ``home_id``, ``neighbour_id``, ``length_km`` and open checkpoints by mode.
    travel_times
        Between the capitals of regions: ``from_id``, ``to_id``, ``km``, ``hours``, ``via``.
    gradients
        Index of `dyads`, a column for each quantity compared (its name in words) with
        ``y_home / y_neighbour``.

    Returns
    -------
    DataFrame
        ``kind``, ``id``, ``title``, ``line``: one row a sentence or paragraph.
    """
    made = [region_card(str(r), levels, typology, evidence, intervals) for r in levels.index]
    if dyads is not None:
        trips = _trips(dyads, travel_times)
        made += [
            dyad_card(
                record(dyads, key),
                evidence,
                trip,
                {} if gradients is None else record(gradients, key),
            )
            for key, trip in zip(dyads.index, trips, strict=True)
        ]
    made += [checkpoint_card(str(key), evidence) for key in evidence.checkpoints.index]
    return as_table(made)


def _trips(dyads: pd.DataFrame, travel_times: pd.DataFrame | None) -> list[dict[str, Any] | None]:
    """Row of the travel times for each dyad, without missing cells; None where there is none."""
    if travel_times is None:
        return [None] * len(dyads)
    ends = pd.MultiIndex.from_frame(travel_times[["from_id", "to_id"]])
    at = ends.get_indexer(pd.MultiIndex.from_frame(dyads[["home_id", "neighbour_id"]]))
    rows = travel_times.reset_index(drop=True)
    return [record(rows, row) if row >= 0 else None for row in at]


def as_table(made: Iterable[Card]) -> pd.DataFrame:
    """Cards as a table.

    Parameters
    ----------
    made
        The cards.

    Returns
    -------
    DataFrame
        ``kind``, ``id``, ``title``, ``line``.
    """
    rows = [(card.kind, card.id, card.title, line) for card in made for line in card.lines]
    return pd.DataFrame(rows, columns=["kind", "id", "title", "line"])


def region_card(
    region_id: str,
    levels: pd.DataFrame,
    typology: pd.DataFrame,
    evidence: Evidence,
    intervals: pd.DataFrame | None = None,
) -> Card:
    """Card of a region.

    Parameters
    ----------
    region_id
        The region.
    levels, typology, evidence, intervals
        As in `cards`.

    Returns
    -------
    Card
        With the region's type in its first line.
    """
    row, kind = record(levels, region_id), record(typology, region_id)
    lines = [
        f"{sentence(str(kind['type']))} {kind['reasons']}",
        _standing(region_id, levels, kind, intervals),
        _place(region_id, evidence),
        _reach(region_id, evidence),
        str(kind["growth_point"]),
        str(kind["bottleneck"]),
        f"What would change the type: {_lower(str(kind['would_change']))}",
    ]
    lacking = [
        f"{LABELS[c]} ({percent(row[f'{c}_share'])})"
        for c in (*LEVELS, "potential", "dynamics")
        if row.get(f"{c}_share", 1.0) < 1
    ]
    if lacking:
        lines.append(f"Figures are missing; share of the indicators it has: {listed(lacking)}.")
    return Card(
        "region", region_id, evidence.region_name(region_id), tuple(line for line in lines if line)
    )


def _standing(
    region_id: str, levels: pd.DataFrame, kind: dict[str, Any], intervals: pd.DataFrame | None
) -> str:
    """Index, rank and its interval, potential, dynamics, readiness."""
    row = record(levels, region_id)
    if "index" not in row:
        return ""
    text = f"Index {points(row['index'])}, rank {row['rank']:.0f} of {levels['index'].count()}"
    within = {} if intervals is None else record(intervals, region_id)
    if "rank_low" in within:
        low, high = within["rank_low"], within["rank_high"]
        same = f"rank {low:.0f}" if low == high else f"ranks {low:.0f} to {high:.0f}"
        text += f" ({same} in nine of ten draws)"
    parts = [f"{LABELS[s]} {points(row[s])}" for s in ("potential", "dynamics") if s in row]
    if "readiness" in kind:
        parts.append(f"readiness {points(kind['readiness'])}")
    return f"{text}; {listed(parts)}." if parts else f"{text}."


def _place(region_id: str, evidence: Evidence) -> str:
    """Population, border, checkpoints."""
    row = record(evidence.regions, region_id)
    parts = []
    if "population" in row:
        parts.append(f"{persons(row['population'])} inhabitants")
    if "border_km" in row:
        parts.append(f"{row['border_km']:,.0f} km of border")
    if "checkpoints_open" in row:
        n = int(row["checkpoints_open"])
        text = f"{n or 'no'} open checkpoint{'' if n == 1 else 's'}"
        if n and "km_per_checkpoint" in row:
            text += f", one every {row['km_per_checkpoint']:,.0f} km"
        parts.append(text)
    return sentence("; ".join(parts))


def _reach(region_id: str, evidence: Evidence) -> str:
    """Time to a checkpoint, people across."""
    row = record(evidence.regions, region_id)
    near, across = row.get("hours_to_checkpoint"), row.get("population_60min_across")
    parts = []
    if near is not None:
        parts.append(f"its people are {hours(near)} from the nearest open checkpoint on average")
    if across is not None:
        parts.append(
            f"reach {persons(across)} persons on the other side within an hour"
            if across >= 1
            else "reach no one on the other side within an hour"
        )
    return sentence(listed(parts))


def dyad_card(
    dyad: Mapping[str, Any],
    evidence: Evidence,
    trip: Mapping[str, Any] | None = None,
    gradients: Mapping[str, float] | None = None,
) -> Card:
    """Card of a pair of regions that face each other.

    Parameters
    ----------
    dyad
        A row of the dyads, by column.
    evidence
        As in `cards`.
    trip
        Row of the travel times between the two capitals, by column; None where there is none.
    gradients
        ``y_home / y_neighbour`` by quantity.

    Returns
    -------
    Card
        Length, checkpoints, way between the capitals or what stands in for them, gradients.
    """
    home, neighbour = str(dyad["home_id"]), str(dyad["neighbour_id"])
    names = evidence.region_name(home), evidence.region_name(neighbour)
    modes = [
        f"{int(dyad[mode])} by {word}" for mode, word in MODES.items() if dyad.get(mode, 0) > 0
    ]
    lines = [
        f"{dyad['length_km']:,.0f} km of common border; "
        + (f"open checkpoints: {listed(modes)}." if modes else "no open checkpoint.")
    ]
    table = evidence.checkpoints
    if {"home_id", "neighbour_id", "load_share"} <= set(table.columns):
        mine = table[(table["home_id"] == home) & (table["neighbour_id"] == neighbour)]
        busy = mine[mine["load_share"] > 0].sort_values("load_share", ascending=False).head(3)
        if len(busy):
            said = [
                f"{evidence.checkpoint_name(str(key))} ({percent(float(share))})"
                for key, share in zip(busy.index, busy["load_share"], strict=True)
            ]
            lines.append(
                f"{percent(float(mine['load_share'].sum()))} of the demand across the whole border "
                f"passes here, {'all' if len(mine[mine['load_share'] > 0]) == 1 else 'most'} of it "
                f"at {listed(said)}."
            )
    if trip is not None and trip.get("hours", float("inf")) < float("inf"):
        ends = [_end(evidence, key) for key in (home, neighbour)]
        text = f"From {ends[0]} to {ends[1]} {hours(trip['hours'])}"
        text += f" and {trip['km']:,.0f} km by road" if "km" in trip else " by road"
        via = [evidence.checkpoint_name(key) for key in str(trip.get("via", "")).split(";")]
        lines.append(f"{text}{f', through {listed(via)}' if via[0] else ''}.")
    said = [
        f"{name} is {value:.2f} times that of {names[1]}"
        for name, value in (gradients or {}).items()
    ]
    if said:
        lines.append(f"In {names[0]}, {listed(said)}.")
    return Card("dyad", f"{home}/{neighbour}", f"{names[0]} and {names[1]}", tuple(lines))


def checkpoint_card(checkpoint_id: str, evidence: Evidence) -> Card:
    """Card of a checkpoint.

    Parameters
    ----------
    checkpoint_id
        The checkpoint.
    evidence
        What the earlier stages found.

    Returns
    -------
    Card
        Mode, status, delay, load, closure, who gains by less delay.
    """
    row = record(evidence.checkpoints, checkpoint_id)
    mode = str(row.get("mode", ""))
    ends = [row[side] for side in ("home_id", "neighbour_id") if side in row]
    first = f"{MODES.get(mode, mode)} checkpoint".strip()
    if len(ends) == 2:
        first += f" between {listed([evidence.region_name(str(end)) for end in ends])}"
    if "status" in row:
        first += f", {row['status']}"
    lines = [sentence(first), _delay(row), _load(checkpoint_id, evidence)]
    lines.append(_closure(row, evidence))
    gains = evidence.gains
    if not gains.empty:
        mine = gains[
            (gains["checkpoint_id"] == checkpoint_id) & (gains["potential_across_gain"] >= 1)
        ]
        if len(mine):
            best = record(mine, mine["potential_across_gain"].idxmax())
            lines.append(
                f"{hours(best['delay_cut_h'])} less delay would bring most to "
                f"{evidence.region_name(str(best['region_id']))}: "
                f"{persons(best['potential_across_gain'])} persons more within reach across the "
                "border, distance discounted."
            )
    return Card(
        "checkpoint",
        checkpoint_id,
        evidence.checkpoint_name(checkpoint_id),
        tuple(line for line in lines if line),
    )


def _delay(row: Mapping[str, Any]) -> str:
    """Delay by direction and whose it is, capacity; nothing where nobody passes."""
    if not row.get("is_open", True):
        return ""
    out, back = row.get("delay_out_h"), row.get("delay_in_h")
    parts = []
    imputed = row.get("delay_imputed", False)
    if out is not None and back is not None and (out or back or not imputed):
        same = abs(out - back) < 1 / 120
        takes = hours(out) if same else f"{hours(out)} out and {hours(back)} back"
        whose = " (no source gives it: the default of its mode)" if imputed else ""
        parts.append(f"a passage takes {takes}{whose}")
    if "capacity_day" in row:
        # Of what, trucks or all vehicles, trains or pairs of them, the register does not say.
        parts.append(f"its capacity in the register is {row['capacity_day']:,.0f} a day")
    return sentence("; ".join(parts))


def _load(checkpoint_id: str, evidence: Evidence) -> str:
    """Load and its rank."""
    table = evidence.checkpoints
    load = record(table, checkpoint_id).get("load_share")
    if load is None:
        return ""
    if load <= 0:
        return "It carries none of the modelled demand."
    rank, count = 1 + int((table["load_share"] > load).sum()), int((table["load_share"] > 0).sum())
    return f"It carries {percent(load)} of the modelled demand, rank {rank} of {count}."


def _closure(row: Mapping[str, Any], evidence: Evidence) -> str:
    """What its closure would do."""
    parts = []
    if "closure_extra_hours" in row:
        parts.append(f"{hours(row['closure_extra_hours'])} more for each diverted trip")
    if row.get("closure_unserved", 0.0) > 1e-4:
        parts.append(f"{percent(row['closure_unserved'])} of all demand without a way")
    if not parts:
        return ""
    text = f"Its closure would mean {listed(parts)}"
    if "diverted_to" in row:
        text += f"; most of its traffic would go to {evidence.checkpoint_name(row['diverted_to'])}"
        if "diverted_to_share" in row:
            text += f" ({percent(row['diverted_to_share'])})"
    return text + "."


def _end(evidence: Evidence, region_id: str) -> str:
    """Capital of a region, by name where it is known, or the settlement that stands in for it."""
    row = record(evidence.regions, region_id)
    if "capital" not in row:
        return f"the capital of {evidence.region_name(region_id)}"
    stand_in = row.get("capital_known_from") == STAND_IN
    return f"{row['capital']}{' (the largest settlement)' if stand_in else ''}"


def _lower(text: str) -> str:
    """Sentence that goes on after a colon; numbers and names stay."""
    return text[0].lower() + text[1:] if text[:3] in {"No ", "Fig"} else text
