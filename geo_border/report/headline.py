"""The answer in words, made from the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.decay import calibrated
from geo_border.access.limits import made_by_one_delay
from geo_border.network.audit import HIGH_IMPUTED
from geo_border.report.along import has_delays, open_on_the_line
from geo_border.report.isochrones import is_cut
from geo_border.report.style import (
    MODES,
    checkpoint_label,
    checkpoint_names,
    short_names,
    type_order,
)
from geo_border.report.unreached import is_closed, unreached_in_words
from geo_border.terms import LEVELS, ROAD
from geo_border.typology.rules import LABELS, UNDETERMINED
from geo_border.typology.words import hours, listed, number, percent

LEAST_H = 1 / 60
"""Hours below which nothing is said of them."""

LEVEL_WORDS = {
    "trunk": "Trunk level: main roads and railways alone, as straight links whose lengths are "
    "estimates; settlements are joined to them by straight local ways, and where no register says "
    "otherwise every link over the border is open, with the delay of its kind of border. Good for "
    "comparing regions, checkpoints and whole borders with each other, and for what a closure or "
    "an hour of delay costs. Not for trips within a district, the exact place of a road, the "
    "traffic of one checkpoint, or which small crossings exist.",
}
"""What a study of a level is good for and what not, which stands first on its page."""

IMPUTED = "speed imputed, "
"""What the lines of the quality table begin with that say how much has no speed of its own."""

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from geo_border.pipeline.results import Results


def weighted_mean(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Mean over those that have a finite value.

    Parameters
    ----------
    values, weights
        Of one index.

    Returns
    -------
    float
        Missing where no weight has a value.
    """
    good = np.isfinite(values.to_numpy(float, na_value=np.nan)) & weights.notna().to_numpy()
    if not weights[good].sum() > 0:
        return float("nan")
    return float(np.average(values[good].astype(float), weights=weights[good].astype(float)))


def key_figures(results: Results) -> list[tuple[str, str]]:
    """Give the few figures that stand first.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of tuple
        Figure and what it is.
    """
    home = results.regions[results.regions["side"] == "home"]
    length = results.dyads["length_km"].sum()
    at_sea = _at_sea(results)
    controls = open_on_the_line(results)
    roads = int((controls["mode"] == "road").sum())
    uncertain = int((controls["status"] == "uncertain").sum())
    doubt = f"; whether {uncertain} of them {'is' if uncertain == 1 else 'are'} open is uncertain"
    doubt = doubt if uncertain else ""
    people = home["population"]
    soon = hours(weighted_mean(home["hours_to_checkpoint"], people))
    effect = percent(weighted_mean(home["border_effect"], people), 1)
    side = results.settings.study.home
    many = people.sum()
    crowd = number(many / 1e6, 1, unit=" M") if many >= 1e6 else number(round(many, -2))
    where = "the region" if len(home) == 1 else f"the {len(home)} regions"
    figures = [
        (number(length, unit=" km"), f"of common border{at_sea}"),
        (
            f"{len(controls)}",
            (
                f"{'open checkpoint' if len(controls) == 1 else 'open checkpoints'} on it, "
                f"{roads} of them by road{doubt}"
            ),
        ),
        (number(length / roads if roads else None, unit=" km"), "of border per road checkpoint"),
        (crowd, f"people in {where} of {side}"),
        (soon, "from them to the nearest open checkpoint, on average"),
    ]
    if has_delays(results):
        made_up = 2 * controls["delay_imputed"].sum() > len(controls)
        whose = ", most of which are defaults that no source gives" if made_up else ""
        figures.append((effect, f"of their accessibility lost to delays there{whose}"))
    return [(figure, words) for figure, words in figures if figure[0].isdigit()]


def _at_sea(results: Results) -> str:
    """How much of a border is at sea, and of how much that is not known."""
    sea = results.dyads["sea_km"].sum()
    border = results.border
    unknown = border.loc[~border["sea_known"], "length_km"].sum()
    words = f" on land, and {number(sea, unit=' km')} at sea" if sea else ""
    if unknown < border["length_km"].sum():
        doubt = f"whether {number(unknown, unit=' km')} of it are at sea is not known"
    else:
        doubt = "how much of it is at sea is not known"
    return f"{words}; {doubt}" if unknown else words


def speeds_in_words(results: Results) -> str:
    """What the hours of the study are hours of, where a reader meets them.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        The study's own note, else what holds for every speed table.
    """
    section = results.settings.network
    if section.speeds_note:
        return section.speeds_note
    factor = f" times {section.speed_factor:g}" if section.speed_factor != 1 else ""
    return (
        f"Times are those of a car on a free road at the speed limits{factor}, signed or by the "
        "table of the study; no one measured them."
    )


def headline(results: Results) -> list[str]:
    """Answer the question of the study in a few sentences.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of str
        Paragraphs; sentences whose figures are missing are left out.
    """
    paragraphs = [
        _types_in_words(results) + _ends_in_words(results),
        _passage_in_words(results) + _closure_in_words(results),
        unreached_in_words(results),
        [] if is_closed(results) else _effect_in_words(results),
        _imputed_in_words(results),
    ]
    return [" ".join(sentences) for sentences in paragraphs if sentences]


def _types_in_words(results: Results) -> list[str]:
    """Which regions are of which type."""
    short = short_names(results)
    kind = results.typology["type"].dropna().astype(str)
    if kind.empty:
        return []
    if (kind == UNDETERMINED).all():
        return _levels_in_words(results)
    groups = [
        f"{name} ({listed([str(short.get(r, r)) for r in kind.index[kind == name]])})"
        for name in type_order(results)
    ]
    study = results.settings.study
    one = len(groups) == 1
    border = f"of {study.home} on the border with {study.neighbour}"
    if len(kind) == 1:
        return [f"The region {border} is of the type {groups[0]}."]
    return [
        (
            f"The {len(kind)} regions {border} are of "
            f"{'one type' if one else f'{len(groups)} types'}: {'; '.join(groups)}."
        )
    ]


def _levels_in_words(results: Results) -> list[str]:
    """What can be said where levels are missing, so that no region has a type."""
    scored = [level for level in LEVELS if results.levels[level].notna().any()]
    if len(results.levels) == 1 and not scored:
        study = results.settings.study
        return [
            (
                f"Scores and types compare regions, and this study has one of {study.home} on the "
                f"border with {study.neighbour}: it has neither."
            )
        ]
    missing = [LABELS[level] for level in LEVELS if level not in scored]
    study = results.settings.study
    text = [
        (
            f"This study has no figures for {listed(missing)}: the regions of "
            f"{study.home} on the border with {study.neighbour} have no index and no type."
        )
    ]
    names = results.regions["name"].astype(str)
    for level in scored:
        order = results.levels[level].dropna().sort_values(ascending=False, kind="stable")
        if len(order) > 1 and order.iloc[0] == order.iloc[-1]:
            text.append(f"Their {LABELS[level]} is the same in all ({order.iloc[0]:.0f} of 100).")
        elif len(order) > 1:
            text.append(
                f"Their {LABELS[level]} is best in {names[order.index[0]]} "
                f"({order.iloc[0]:.0f} of 100) and worst in {names[order.index[-1]]} "
                f"({order.iloc[-1]:.0f})."
            )
    return text


def _ends_in_words(results: Results) -> list[str]:
    """Name the first and the last by the index, with how sure their rank is."""
    levels = results.levels.dropna(subset=["index"]).sort_values("index", ascending=False)
    if len(levels) < 2:
        return []
    names = results.regions["name"].astype(str)

    def described(row: int) -> str:
        line = levels.iloc[row]
        ranks = ""
        if np.isfinite(line["rank_low"]) and np.isfinite(line["rank_high"]):
            low, high = round(line["rank_low"]), round(line["rank_high"])
            span = f"{low}" if low == high else f"{low} to {high}"
            ranks = f", rank {span} of {len(levels)} when the method is varied"
        name = names.get(levels.index[row], str(levels.index[row]))
        return f"{name} (index {line['index']:.0f}{ranks})"

    return [f"{described(0)} stands first and {described(-1)} last."]


def _passage_in_words(results: Results) -> list[str]:
    """Where cross-border traffic passes, by the model."""
    load = results.checkpoints["load_share"].dropna().sort_values(ascending=False, kind="stable")
    load = load[load > 0]
    if load.empty:
        return []
    names = checkpoint_names(results)
    half = int((load.cumsum() < 0.5 * load.sum()).sum()) + 1
    first = (
        f"Of the modelled demand across the border, {percent(load.iloc[0])} passes "
        f"{names[load.index[0]]}"
    )
    if half == 1:
        return [f"{first}."]
    others = [f"{names[name]} ({percent(load[name])})" for name in load.index[1 : min(half, 4)]]
    rest = f"the {half} busiest of {len(load)} checkpoints carry half of all passages"
    return [f"{first}, followed by {listed(others)}; {rest}."]


def _closure_in_words(results: Results) -> list[str]:
    """Which closure would cost most, demand without a way before hours."""
    controls = results.checkpoints
    total = (controls["closure_extra_hours"] * controls["load_share"]).dropna()
    names = controls["name"].astype(str).map(checkpoint_label)
    sentences = []
    if len(total) and total.max() > 0:
        worst = total.idxmax()
        extra, share = controls.at[worst, "closure_extra_hours"], controls.at[worst, "load_share"]
        longer = controls.loc[worst].get("closure_detour_h", np.nan)
        detour = f"; the next way takes {hours(longer)} longer" if np.isfinite(longer) else ""
        sentences.append(
            f"The costliest to lose is {names[worst]}: its closure would cost the "
            f"trips that pass it, {percent(share)} of all, {hours(extra)} each{detour}."
        )
    lost = controls["closure_unserved"].dropna()
    if len(lost) and lost.max() >= 5e-4:
        worst = lost.idxmax()
        known = " on the roads that the extracts hold" if is_cut(results) else ""
        sentences.append(
            f"If {names[worst]} closed, {percent(lost[worst], 1)} of the demand would find no "
            f"other way{known}."
        )
    return sentences


_DETOURS = "hours_lost_to_detours", "detours to open checkpoints"
_DELAYS = "hours_lost_to_delays", "delays at checkpoints"


def _effect_in_words(results: Results) -> list[str]:
    """What delays at the border and detours to its open checkpoints take."""
    home = results.regions[results.regions["side"] == "home"]
    mean = weighted_mean(home["border_effect"], home["population"])
    effect = home["border_effect"].dropna().astype(float)
    detours = _lost_in_words(results, home, *_DETOURS)
    if not has_delays(results):
        free = (
            "Passing the border takes no time in this study: what waiting there takes from people "
            "is not known from it."
        )
        return [free, *detours] if np.isfinite(mean) and len(effect) > 1 else []
    if not np.isfinite(mean) or len(effect) < 2:
        return []
    controls = open_on_the_line(results)
    guessed = int(controls["delay_imputed"].sum())
    caution = (
        f"The delay is known from a source at {len(controls) - guessed} of {len(controls)} open "
        f"checkpoints; the others have the default of their mode ({_defaults(results)})."
    )
    taken = (
        "Waiting at the border takes from the people of the regions of "
        f"{results.settings.study.home} {percent(mean, 1)} of what they could otherwise reach"
    )
    ends = _ends(home, effect, lambda share: percent(share, 1))
    return [
        f"{taken}, {ends}.",
        *detours,
        *(_by_construction(results, home) or _lost_in_words(results, home, *_DELAYS)),
        *([caution] if guessed else []),
    ]


def _ends(home: pd.DataFrame, values: pd.Series[float], shown: Callable[[float], str]) -> str:
    """Regions with most and least of something, if any region has more than another."""
    names = {str(key): str(name) for key, name in home["name"].items()}
    most, least = shown(values.max()), shown(values.min())
    if most == least:
        return "in all of them alike"
    first, last = names[str(values.idxmax())], names[str(values.idxmin())]
    return f"most in {first} ({most}) and least in {last} ({least})"


def _lost_in_words(results: Results, home: pd.DataFrame, column: str, cause: str) -> list[str]:
    """What a trip across takes longer."""
    values = home.reindex(columns=[column])[column].dropna().astype(float)
    mean = weighted_mean(home.reindex(columns=[column])[column], home["population"])
    if len(values) < 2 or not mean >= LEAST_H:
        return []
    ends = _ends(home, values, hours)
    over = results.settings.study.neighbour
    return [f"A trip to {over} takes {hours(mean)} longer by {cause}, {ends}."]


def _by_construction(results: Results, home: pd.DataFrame) -> list[str]:
    """Say that a figure is that of one delay, where it is."""
    section = results.settings.access
    controls = open_on_the_line(results)
    by_road = controls[controls["mode"].isin(ROAD)]
    found = made_by_one_delay(
        home.reindex(columns=["border_effect_across"])["border_effect_across"],
        by_road[["delay_out_h", "delay_in_h"]].to_numpy().mean(axis=1),
        calibrated(section.decay, section.half_life_h),
    )
    if found is None:
        return []
    text = (
        f"Of what lies across the border waiting takes {percent(found.effect, 1)} in "
        f"{found.regions} of {found.of} regions: constant by construction, since one delay of "
        f"{hours(found.delay_h)} at most checkpoints makes it so (1 \N{MINUS SIGN} 2^"
        f"(\N{MINUS SIGN}{found.delay_h:g}/{section.half_life_h:g})), wherever they lie."
    )
    return [text]


def _imputed_in_words(results: Results) -> list[str]:
    """How much of the network has no speed of its own, where that is much."""
    lines = results.quality[results.quality["item"].str.startswith(IMPUTED)]
    much = lines[lines["value"] > 100 * HIGH_IMPUTED]
    if much.empty:
        return []
    if len(much) == len(lines) and (much["value"] == 100).all():
        return ["No sign or timetable tells any speed: all times are those of a table of speeds."]
    parts = [
        f"{percent(value / 100)} of the length ({str(item).removeprefix(IMPUTED)})"
        for item, value in zip(much["item"], much["value"], strict=True)
    ]
    return [
        (
            f"No sign or timetable tells the speed on {listed(parts)}: times there are those of a "
            "table of speeds."
        )
    ]


def _defaults(results: Results) -> str:
    """Default delays of the modes that have open checkpoints."""
    used = open_on_the_line(results)["mode"].unique()
    delays = results.settings.delay_h.items()
    return ", ".join(
        f"{MODES[mode].lower()} {hours(delay)}" for mode, delay in delays if mode in used
    )
