"""The typology: each region's type with its reasons, its certainty and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.index.registry import LEVELS
from geo_border.typology.points import (
    Evidence,
    bottleneck,
    growth_conditions,
    growth_point,
    largest_gap,
    readiness,
)
from geo_border.typology.rules import (
    CLASSES,
    LABELS,
    TYPE_OF,
    TYPES,
    UNDETERMINED,
    Thresholds,
    classes,
    type_of,
    type_probabilities,
)
from geo_border.typology.words import article, listed, percent, points, record, sentence

if TYPE_CHECKING:
    from geo_border.index.uncertainty import Uncertainty


def typology(
    levels: pd.DataFrame,
    uncertainty: Uncertainty | None = None,
    *,
    evidence: Evidence = Evidence(),
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Type of each region, with everything that speaks for it and against.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.
    uncertainty
        Draws; without them there are no probabilities.
    evidence
        What the earlier stages found.
    thresholds
        The cuts.

    Returns
    -------
    DataFrame
        Index of `levels`: ``type``, ``probability`` (of that type over the draws; missing
        where the type is undetermined),
        ``reasons``, ``growth_point``, ``bottleneck``, ``would_change``, ``code`` (such as
        ``HML``), ``likeliest`` and ``likeliest_probability`` (the most frequent type of the
        draws), ``readiness`` (0 to 100), ``is_growth_point``, ``gap`` (points that the
        lowest level is behind the potential).

    Raises
    ------
    IndicatorError
        If a level, the potential, the dynamics or the index has no column.
    """
    ready = readiness(levels)
    found = classes(levels, thresholds=thresholds)
    kinds = type_of(found)
    table = pd.DataFrame({"type": kinds["type"]}, index=levels.index)
    probabilities = None
    if uncertainty is not None:
        probabilities = type_probabilities(uncertainty, thresholds=thresholds)
        probabilities = probabilities.reindex(levels.index)
    regions = [str(region) for region in levels.index]
    table["probability"] = [
        float("nan")
        if probabilities is None or kind == UNDETERMINED
        else record(probabilities, region).get(kind)
        for region, kind in zip(regions, kinds["type"], strict=True)
    ]
    table["reasons"] = [
        _reasons(levels, found, region, thresholds, probabilities) for region in regions
    ]
    table["growth_point"] = [
        growth_point(region, levels, evidence=evidence, thresholds=thresholds) for region in regions
    ]
    table["bottleneck"] = [
        bottleneck(region, levels, evidence=evidence, thresholds=thresholds) for region in regions
    ]
    table["would_change"] = [
        would_change(region, levels, evidence=evidence, thresholds=thresholds) for region in regions
    ]
    table["code"] = kinds["code"]
    if probabilities is not None:
        table["likeliest"] = probabilities.idxmax(axis=1)
        table["likeliest_probability"] = probabilities.max(axis=1)
    table["readiness"] = ready
    table["is_growth_point"] = growth_conditions(levels, thresholds=thresholds)["growth_point"]
    table["gap"] = largest_gap(levels)
    return table


def _stands_alone(levels: pd.DataFrame) -> bool:
    """Whether there is one region, which nothing scores."""
    return len(levels) == 1 and not levels[list(LEVELS)].notna().to_numpy().any()


def _reasons(
    levels: pd.DataFrame,
    found: pd.DataFrame,
    region: str,
    thresholds: Thresholds,
    probabilities: pd.DataFrame | None,
) -> str:
    """Sentences on the classes of the levels, what they mean, and how sure that is."""
    row, of_region = record(levels, region), record(found, region)
    parts = []
    for level in LEVELS:
        if level not in of_region:
            share = row.get(f"{level}_share")
            why = f" (it has {percent(share)} of the indicators)" if share is not None else ""
            if _stands_alone(levels):
                why = " (there is no other region to compare with)"
            elif not levels.get(f"{level}_share", pd.Series([1.0])).any():
                why = " (this study has no indicators of it)"
            parts.append(f"{LABELS[level]} cannot be scored{why}")
            continue
        name = of_region[level]
        low, high = thresholds.cuts(levels[level].to_numpy(float))
        where = {
            "low": f"below {low:.3g}",
            "medium": f"{low:.3g} to {high:.3g}",
            "high": f"from {high:.3g} on",
        }[name]
        parts.append(f"{LABELS[level]} {points(row[level])} ({name}, {where})")
    code = "".join(of_region.get(level, "?")[0].upper() for level in LEVELS)
    kind = TYPE_OF.get(code, UNDETERMINED)
    text = sentence(listed(parts))
    if kind in TYPES:
        text = f"{sentence(TYPES[kind][0])} {text}"
    if probabilities is None or kind == UNDETERMINED:
        return text
    others = {name: float(share) for name, share in record(probabilities, region).items()}
    if not others:
        return text
    own = others.pop(kind)
    following = max(others, key=lambda name: others[name])
    agree = f"In {percent(own)} of the draws the type is the same"
    if others[following] > own:
        agree += f", more ({percent(others[following])}) make it {article(following)}"
    elif others[following] > 0:
        agree += f"; the next type is {following} ({percent(others[following])})"
    return f"{text} {sentence(agree)}"


def moves(
    region_id: str,
    levels: pd.DataFrame,
    *,
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Changes of one level by one class, and the type they would lead to.

    Parameters
    ----------
    region_id
        The region.
    levels
        Result of `geo_border.index.levels.levels`.
    thresholds
        The cuts; where they are quantiles, as they lie now.

    Returns
    -------
    DataFrame
        ``level``, ``points`` (positive: more is needed; negative: less would do), ``class``
        (the new one), ``type`` (the new one), nearest first.
    """
    found = record(classes(levels, thresholds=thresholds), region_id)
    row = record(levels, region_id)
    now = [str(found.get(level)) for level in LEVELS]
    rows = []
    for position, level in enumerate(LEVELS):
        # From a missing level nothing can be told.
        if not set(LEVELS) <= set(found):
            break
        cuts = thresholds.cuts(levels[level].to_numpy(float))
        number = CLASSES.index(now[position])
        for step in (-1, 1):
            if not 0 <= number + step < len(CLASSES):
                continue
            cut = cuts[number] if step > 0 else cuts[number - 1]
            new = [*now]
            new[position] = CLASSES[number + step]
            code = "".join(name[0].upper() for name in new)
            distance = float(cut - row[level])
            rows.append((level, distance, new[position], TYPE_OF[code]))
    table = pd.DataFrame(rows, columns=["level", "points", "class", "type"])
    return table.sort_values("points", key=lambda p: p.abs(), kind="stable", ignore_index=True)


def would_change(
    region_id: str,
    levels: pd.DataFrame,
    *,
    evidence: Evidence = Evidence(),
    thresholds: Thresholds = Thresholds(),
) -> str:
    """Say which single change of a level is nearest to changing the type, up and down.

    Parameters
    ----------
    region_id
        The region.
    levels
        Result of `geo_border.index.levels.levels`.
    evidence
        Its `sensitivity` says what a shorter delay would add.
    thresholds
        The cuts.

    Returns
    -------
    str
        Sentences.
    """
    found = classes(levels, thresholds=thresholds)
    current = record(type_of(found[found.index == region_id]), region_id)["type"]
    if current == UNDETERMINED and _stands_alone(levels):
        return "Other regions to compare it with would give it a type."
    if current == UNDETERMINED:
        scored = record(found, region_id)
        lacking = [LABELS[level] for level in LEVELS if level not in scored]
        return sentence(f"figures for {listed(lacking)} would give it a type")
    options = moves(region_id, levels, thresholds=thresholds)
    options = options[options["type"] != current]
    parts = []
    for way, what in ((options["points"] > 0, "more"), (options["points"] <= 0, "less")):
        if way.any():
            nearest = options[way].iloc[0].to_dict()
            parts.append(
                f"{points(abs(nearest['points']))} points {what} of {LABELS[nearest['level']]} "
                f"would make it {article(nearest['type'])}"
            )
    text = (
        sentence("; ".join(parts))
        if parts
        else "No level would change the type by one class alone."
    )
    scores = evidence.sensitivity
    if scores.empty:
        return text
    mine = scores[scores["region_id"] == region_id]
    level = "transport_communication"
    # Less than a twentieth of a point would be shown as nothing.
    if mine.empty or not (mine[level] >= 0.05).any():
        return text
    best = record(mine, mine[level].idxmax())
    text += f" {best['change']} would add {points(best[level])} points of {LABELS[level]}"
    upward = options[(options["level"] == level) & (options["points"] > 0)]
    if len(upward) and best[level] >= float(upward["points"].iloc[0]):
        text += f", enough for {article(str(upward['type'].iloc[0]))}"
    return text + "."
