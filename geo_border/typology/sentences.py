"""Sentences on findings, in English: the figures come in, nothing is looked up or computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.terms import LEVELS
from geo_border.typology.rules import LABELS, TYPES, UNDETERMINED
from geo_border.typology.words import (
    article,
    hours,
    known,
    listed,
    percent,
    persons,
    points,
    sentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo_border.typology.findings import Findings

    Row = Mapping[str, Any]

LEAST_H = 1 / 60
"""Hours below which nothing is said of them."""

VERDICTS = {
    "unknown": "cannot be judged as a growth point",
    "growth point": "a growth point",
    "close": "close to a growth point",
    "none": "not a growth point now",
}
"""`geo_border.typology.points.GROWTH` in words."""


@dataclass(frozen=True, slots=True)
class NamesById:
    """Names of what findings are of, by id; what has none is called by its id.

    Parameters
    ----------
    regions, checkpoints, places, indicators
        Names.
    capitals
        The capital of each region, or what stands in for it, in words.
    """

    regions: Mapping[str, str] = field(default_factory=dict)
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, str] = field(default_factory=dict)
    capitals: Mapping[str, str] = field(default_factory=dict)

    def region(self, region_id: str) -> str:
        """Name of a region.

        Parameters
        ----------
        region_id
            Its id.

        Returns
        -------
        str
            The id if it has no name.
        """
        return self.regions.get(region_id, region_id)

    def checkpoint(self, checkpoint_id: str) -> str:
        """Name of a checkpoint.

        Parameters
        ----------
        checkpoint_id
            Its id.

        Returns
        -------
        str
            The id if it has no name.
        """
        return self.checkpoints.get(checkpoint_id, checkpoint_id)

    def capital(self, region_id: str) -> str:
        """Capital of a region.

        Parameters
        ----------
        region_id
            Its id.

        Returns
        -------
        str
            In words if its name is not known.
        """
        return self.capitals.get(region_id, f"the capital of {self.region(region_id)}")


def records(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of a table with their labels.

    Parameters
    ----------
    table
        The table.

    Yields
    ------
    tuple
        The label, and the cells by column without missing ones.
    """
    # Pandas has no rows where there are no columns.
    rows = table.to_dict("records") if len(table.columns) else [{} for _ in table.index]
    for key, row in zip(table.index, rows, strict=True):
        yield str(key), {str(name): value for name, value in row.items() if known(value)}


def relief(cut_h: float, checkpoint: str) -> str:
    """A shorter delay in words.

    Parameters
    ----------
    cut_h
        How much shorter, hours.
    checkpoint
        Name of the checkpoint.

    Returns
    -------
    str
        Such as ``"1 h less at Ozinki - Taskala"``.
    """
    return f"{hours(cut_h)} less at {checkpoint}"


def region_sentences(findings: Findings, names: NamesById) -> pd.DataFrame:
    """What is said of each region.

    Parameters
    ----------
    findings
        Ids and figures.
    names
        Names of the ids.

    Returns
    -------
    DataFrame
        Index ``region_id``; ``reasons`` (of its type), ``standing``, ``place``, ``reach``,
        ``growth_point``, ``bottleneck``, ``would_change`` (the type), ``missing`` (figures);
        empty where there is nothing to say.
    """
    table, scale = findings.regions, dict(records(findings.scale))
    ranked = int(table["index"].count())
    alone = len(table) == 1 and not table[list(LEVELS)].notna().to_numpy().any()
    rows = [
        {
            "reasons": _reasons(row, scale, alone=alone),
            "standing": _standing(row, ranked),
            "place": _place(row),
            "reach": _reach(row),
            "growth_point": _paragraph(_growth(row), _relief(row, names), _city(row, names)),
            "bottleneck": _paragraph(_lowest(row), _waiting(row, names), _narrowest(row, names)),
            "would_change": _would_change(row, names, alone=alone),
            "missing": _missing(row),
        }
        for _, row in records(table)
    ]
    columns = None if rows else ["reasons", "growth_point", "bottleneck", "would_change"]
    return pd.DataFrame(rows, index=table.index, columns=columns)


def _paragraph(*sentences: str) -> str:
    """Sentences one after the other, empty ones left out."""
    return " ".join(filter(None, sentences))


def _reasons(row: Row, scale: Mapping[str, Row], *, alone: bool) -> str:
    """Sentences on the classes of the levels, what they mean, and how sure that is."""
    parts = []
    for level in LEVELS:
        if level in row:
            name, low, high = row[f"{level}_class"], scale[level]["low"], scale[level]["high"]
            where = {
                "low": f"below {low:.3g}",
                "medium": f"{low:.3g} to {high:.3g}",
                "high": f"from {high:.3g} on",
            }[name]
            parts.append(f"{LABELS[level]} {points(row[level])} ({name}, {where})")
            continue
        share = row.get(f"{level}_share")
        why = f" (it has {percent(share)} of the indicators)" if share is not None else ""
        if alone:
            why = " (there is no other region to compare with)"
        elif not scale[level]["is_measured"]:
            why = " (this study has no indicators of it)"
        parts.append(f"{LABELS[level]} cannot be scored{why}")
    kind = row["type"]
    meaning = sentence(TYPES[kind][0]) if kind in TYPES else ""
    return _paragraph(meaning, sentence(listed(parts)), _certainty(row))


def _certainty(row: Row) -> str:
    """Sentence on how many of the draws agree with the type, and what the others say."""
    if row["type"] == UNDETERMINED or "probability" not in row:
        return ""
    text = f"In {percent(row['probability'])} of the draws the type is the same"
    following, share = row["next_type"], row["next_probability"]
    if share > row["probability"]:
        text += f", more ({percent(share)}) make it {article(following)}"
    elif share > 0:
        text += f"; the next type is {following} ({percent(share)})"
    return sentence(text)


def _standing(row: Row, ranked: int) -> str:
    """Index, rank and its interval, potential, dynamics, readiness."""
    if "index" not in row:
        return ""
    text = f"Index {points(row['index'])}, rank {row['rank']:.0f} of {ranked}"
    if "rank_low" in row:
        low, high = row["rank_low"], row["rank_high"]
        same = f"rank {low:.0f}" if low == high else f"ranks {low:.0f} to {high:.0f}"
        text += f" ({same} in nine of ten draws)"
    parts = [f"{LABELS[s]} {points(row[s])}" for s in ("potential", "dynamics") if s in row]
    if "readiness" in row:
        parts.append(f"readiness {points(row['readiness'])}")
    return f"{text}; {listed(parts)}." if parts else f"{text}."


def _place(row: Row) -> str:
    """Population, border, checkpoints."""
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


def _reach(row: Row) -> str:
    """Time to a checkpoint, people across."""
    near, across = row.get("hours_to_checkpoint"), row.get("reach_persons")
    parts = []
    if near is not None:
        parts.append(f"its people are {hours(near)} from the nearest open checkpoint on average")
    if across is not None:
        limit = row["reach_min"] / 60
        within = "an hour" if limit == 1 else hours(limit)
        whom = f"{persons(across)} persons" if across >= 1 else "no one"
        parts.append(f"reach {whom} on the other side within {within}")
    return sentence(listed(parts))


def _growth(row: Row) -> str:
    """Whether it is a growth point, and by which scores."""
    parts = [
        f"{LABELS[score]} {points(row[score])} ({row[f'{score}_class']})"
        if score in row
        else f"{LABELS[score]} unknown"
        for score in ("potential", "dynamics", "transport_communication")
    ]
    return sentence(f"{VERDICTS[row['growth']]}: {listed(parts)}")


def _relief(row: Row, names: NamesById) -> str:
    """Checkpoint where less delay brings most."""
    if "relief" not in row:
        return ""
    text = (
        f"{hours(row['relief_cut_h'])} less delay at {names.checkpoint(row['relief'])} would bring "
        f"most: {persons(row['relief_persons'])} persons more within reach across the border, "
        "distance discounted"
    )
    if "relief_share" in row:
        text += f" ({percent(row['relief_share'])} more)"
    if "relief_points" in row:
        text += f", {points(row['relief_points'])} points of the index"
        if row["relief_is_largest"]:
            text += ", the largest gain of all regions"
    return sentence(text)


def _city(row: Row, names: NamesById) -> str:
    """City with most people near most of the other side."""
    if "city" not in row:
        return ""
    return (
        "The settlement best placed for contacts across the border is "
        f"{names.places.get(row['city'], row['city'])} ({persons(row['city_population'])} "
        f"inhabitants), with {percent(row['city_share'])} of the region's population weighted by "
        "what it can reach there."
    )


def _lowest(row: Row) -> str:
    """Lowest level, beside the economic potential."""
    scores = {level: row[level] for level in LEVELS if level in row}
    if not scores:
        return "No level can be scored."
    if len(scores) == 1:
        return f"Only {LABELS[next(iter(scores))]} is scored: which level is lowest is not known."
    lowest = min(scores, key=lambda level: float(scores[level]))
    low = f"({points(scores[lowest])}, {row[f'{lowest}_class']})"
    text = f"the lowest level is {LABELS[lowest]} {low}"
    if "potential" in row:
        economy = f"({points(row['potential'])}, {row['potential_class']})"
        behind = row["potential"] - scores[lowest]
        text += (
            f", {points(behind)} points behind the economic potential {economy}"
            if behind > 0
            else f"; it is no lower than the economic potential {economy}, so that what holds the "
            "region back is its economy"
        )
    return sentence(text)


def _waiting(row: Row, names: NamesById) -> str:
    """What delays cost and where."""
    if not row.get("border_effect", 0.0) > 0:
        return ""
    effect = percent(row["border_effect"])
    text = f"delays at the border take {effect} of what its people could reach on both sides"
    if "costliest" in row:
        where = names.checkpoint(row["costliest"])
        text += f", {percent(row['costliest_share'])} of it at {where}"
    longer = [
        f"{hours(row[name])} for {cause}"
        for name, cause in (
            ("hours_lost_to_detours", "detours to open checkpoints"),
            ("hours_lost_to_delays", "delays"),
        )
        if name in row and row[name] >= LEAST_H
    ]
    if longer:
        text += f"; a trip across takes longer: {listed(longer)}"
    return sentence(text)


def _narrowest(row: Row, names: NamesById) -> str:
    """Checkpoint of the region whose closure would cost most."""
    effects = []
    if "narrowest_extra_h" in row:
        effects.append(f"cost each trip that passes it {hours(row['narrowest_extra_h'])}")
    if "narrowest_unserved" in row:
        effects.append(f"leave {percent(row['narrowest_unserved'])} of the demand without a way")
    if not effects:
        return ""
    if row["narrowest_in_min_cut"]:
        effects.append("narrow the whole border, whose least cut it belongs to")
    return sentence(
        f"its checkpoint that is hardest to replace is {names.checkpoint(row['narrowest'])} "
        f"({percent(row['narrowest_load'])} of the demand across the whole border): closed, it "
        f"would {listed(effects)}"
    )


def _would_change(row: Row, names: NamesById, *, alone: bool) -> str:
    """Which single change of a level is nearest to changing the type, up and down."""
    if row["type"] == UNDETERMINED:
        if alone:
            return "Other regions to compare it with would give it a type."
        lacking = [LABELS[level] for level in LEVELS if level not in row]
        return sentence(f"figures for {listed(lacking)} would give it a type")
    parts = [
        f"{points(abs(row[f'{way}_points']))} points {way} of {LABELS[row[f'{way}_level']]} would "
        f"make it {article(row[f'{way}_type'])}"
        for way in ("more", "less")
        if f"{way}_type" in row
    ]
    text = sentence("; ".join(parts)) or "No level would change the type by one class alone."
    if "step" not in row:
        return text
    text += f" {relief(row['step_cut_h'], names.checkpoint(row['step']))} would add "
    text += f"{points(row['step_points'])} points of {LABELS['transport_communication']}"
    if "step_type" in row:
        text += f", enough for {article(row['step_type'])}"
    return text + "."


def _missing(row: Row) -> str:
    """Scores that rest on a part of their indicators."""
    lacking = [
        f"{LABELS[score]} ({percent(row[f'{score}_share'])})"
        for score in (*LEVELS, "potential", "dynamics")
        if row.get(f"{score}_share", 1.0) < 1
    ]
    if not lacking:
        return ""
    return f"Figures are missing; share of the indicators it has: {listed(lacking)}."
