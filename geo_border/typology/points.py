"""Readiness, growth points and bottlenecks, in words with their figures."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from geo_border.errors import IndicatorError
from geo_border.index.registry import LEVELS
from geo_border.typology.rules import LABELS, Thresholds, classes
from geo_border.typology.words import (
    hours,
    listed,
    percent,
    persons,
    points,
    record,
    sentence,
)

READINESS = ("index", "potential", "dynamics")
"""What readiness is the mean of: the levels, the economic potential, its trend."""

NO_TABLE = pd.DataFrame()


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the earlier stages found; sentences that need a missing table are left out.

    Parameters
    ----------
    regions
        Index ``region_id``; of ``name``, ``capital``, ``population``, ``border_km``,
        ``checkpoints_open``, ``km_per_checkpoint``, ``hours_to_checkpoint``,
        ``population_60min_across``, ``potential_across``, ``border_effect`` what there is.
    checkpoints
        Index ``checkpoint_id``; of ``name``, ``mode``, ``status``, ``home_id``,
        ``neighbour_id``, ``is_open``, ``delay_out_h``, ``delay_in_h``, ``load_share``,
        ``closure_extra_hours``, ``closure_unserved``, ``diverted_to``,
        ``diverted_to_share``, ``in_min_cut`` what there is.
    gains
        Result of `geo_border.bottlenecks.gains.delay_gains`: ``checkpoint_id``,
        ``region_id``, ``delay_cut_h``, ``potential_across_gain``, ``hours_saved``.
    losses
        Result of `geo_border.access.losses.loss_shares`: regions by checkpoints.
    places
        Index ``place_id``; ``name``, ``region_id``, ``population``, ``potential_across``.
    sensitivity
        ``region_id``, ``change`` (in words, such as "1 h less at Ozinki - Taskala") and
        what it adds to each score, as `geo_border.index.gains.score_gains` gives it;
        ``checkpoint_id`` where the change is at one.
    """

    regions: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    checkpoints: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    gains: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    losses: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    places: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    sensitivity: pd.DataFrame = field(default_factory=lambda: NO_TABLE)

    def region_name(self, region_id: str) -> str:
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
        return str(record(self.regions, region_id).get("name", region_id))

    def checkpoint_name(self, checkpoint_id: str) -> str:
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
        return str(record(self.checkpoints, checkpoint_id).get("name", checkpoint_id))


def readiness(levels: pd.DataFrame) -> pd.Series[float]:
    """Readiness of each region for cross-border growth.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.

    Returns
    -------
    Series
        ``readiness``, 0 to 100: mean of `READINESS`, missing where one of them is.

    Raises
    ------
    IndicatorError
        If one of them has no column.
    """
    absent = [score for score in READINESS if score not in levels.columns]
    if absent:
        raise IndicatorError(f"the levels lack the column {absent[0]!r}")
    return levels[list(READINESS)].mean(axis=1, skipna=False).rename("readiness")


def growth_conditions(
    levels: pd.DataFrame,
    *,
    thresholds: Thresholds = Thresholds(),
) -> pd.DataFrame:
    """Which conditions of a growth point each region meets.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.
    thresholds
        The cuts.

    Returns
    -------
    DataFrame
        Index of `levels`, booleans: ``high_potential`` (the potential is high), ``rising``
        (the dynamics are not low), ``connected`` (transport communication are not low),
        ``growth_point`` (all three).
    """
    found = classes(levels, thresholds=thresholds)
    upper = {"medium", "high"}
    table = pd.DataFrame(
        {
            "high_potential": found["potential"] == "high",
            "rising": found["dynamics"].isin(upper),
            "connected": found["transport_communication"].isin(upper),
        },
        index=levels.index,
    )
    table["growth_point"] = table.all(axis=1)
    return table


def growth_point(
    region_id: str,
    levels: pd.DataFrame,
    *,
    evidence: Evidence = Evidence(),
    thresholds: Thresholds = Thresholds(),
) -> str:
    """Say whether a region is a growth point, and where its growth would begin.

    The place is the checkpoint at which less delay adds most to what its people reach
    across the border, and the city where most people are near most of it.

    Parameters
    ----------
    region_id
        The region.
    levels
        Result of `geo_border.index.levels.levels`.
    evidence
        What the earlier stages found.
    thresholds
        The cuts.

    Returns
    -------
    str
        Sentences.
    """
    met = record(growth_conditions(levels, thresholds=thresholds), region_id)
    row = record(levels, region_id)
    found = record(classes(levels, thresholds=thresholds), region_id)
    parts = [
        f"{LABELS[score]} {points(row[score])} ({found[score]})"
        if score in row
        else f"{LABELS[score]} unknown"
        for score in ("potential", "dynamics", "transport_communication")
    ]
    verdict = "not a growth point now"
    if "potential" not in row:
        verdict = "cannot be judged as a growth point"
    elif met["growth_point"]:
        verdict = "a growth point"
    elif sum(met.values()) == 2 and found.get("potential") in {"medium", "high"}:
        verdict = "close to a growth point"
    text = sentence(f"{verdict}: {listed(parts)}")
    for more in (_best_checkpoint(region_id, evidence), _best_city(region_id, evidence)):
        text += f" {more}" if more else ""
    return text


def _best_checkpoint(region_id: str, evidence: Evidence) -> str:
    """Sentence on the checkpoint where less delay brings most."""
    gains = evidence.gains
    if gains.empty:
        return ""
    per_region = gains.loc[gains["potential_across_gain"] > 0]
    mine = per_region[per_region["region_id"] == region_id]
    if mine.empty:
        return ""
    best = record(mine, mine["potential_across_gain"].idxmax())
    checkpoint = str(best["checkpoint_id"])
    gain = float(best["potential_across_gain"])
    text = (
        f"{hours(best['delay_cut_h'])} less delay at {evidence.checkpoint_name(checkpoint)} "
        f"would bring most: {persons(gain)} persons more within reach across the border, "
        "distance discounted"
    )
    before = float(record(evidence.regions, region_id).get("potential_across", 0.0))
    if before > 0:
        text += f" ({percent(gain / before)} more)"
    scores = evidence.sensitivity
    if {"checkpoint_id", "index"} <= set(scores.columns):
        here = scores[(scores["region_id"] == region_id) & (scores["checkpoint_id"] == checkpoint)]
        if len(here) and here["index"].iloc[0] >= 0.05:
            text += f", {points(float(here['index'].iloc[0]))} points of the index"
            most = scores.groupby("region_id")["index"].max().to_dict()
            if most[region_id] >= max(most.values()):
                text += ", the largest gain of all regions"
    return sentence(text)


def _best_city(region_id: str, evidence: Evidence) -> str:
    """Sentence on the city with most people near most of the other side."""
    places = evidence.places
    if not {"name", "region_id", "population", "potential_across"} <= set(places.columns):
        return ""
    mine = places[places["region_id"] == region_id]
    product = mine["population"] * mine["potential_across"]
    if not (product > 0).any():
        return ""
    place = record(mine, product.idxmax())
    share = float(product.max() / product.sum())
    return (
        f"The settlement best placed for contacts across the border is {place['name']} "
        f"({persons(place['population'])} inhabitants), with {percent(share)} of the region's "
        "population weighted by what it can reach there."
    )


def bottleneck(
    region_id: str,
    levels: pd.DataFrame,
    *,
    evidence: Evidence = Evidence(),
    thresholds: Thresholds = Thresholds(),
) -> str:
    """Say what holds a region back: its lowest level, and its narrowest checkpoint.

    Parameters
    ----------
    region_id
        The region.
    levels
        Result of `geo_border.index.levels.levels`.
    evidence
        What the earlier stages found.
    thresholds
        The cuts.

    Returns
    -------
    str
        Sentences.
    """
    row = record(levels, region_id)
    scores = {level: row[level] for level in LEVELS if level in row}
    found = record(classes(levels, thresholds=thresholds), region_id)
    if not scores:
        text = "No level can be scored."
    elif len(scores) == 1:
        text = f"Only {LABELS[next(iter(scores))]} is scored: which level is lowest is not known."
    else:
        lowest = min(scores, key=lambda level: float(scores[level]))
        text = f"the lowest level is {LABELS[lowest]} ({points(scores[lowest])}, {found[lowest]})"
        if "potential" in row:
            behind = float(row["potential"] - scores[lowest])
            text += (
                f", {points(behind)} points behind the economic potential "
                f"({points(row['potential'])}, {found['potential']})"
                if behind > 0
                else "; it is no lower than the economic potential "
                f"({points(row['potential'])}, {found['potential']}), so that what holds the "
                "region back is its economy"
            )
        text = sentence(text)
    for more in (_waiting(region_id, evidence), _narrowest(region_id, evidence)):
        text += f" {more}" if more else ""
    return text


def _waiting(region_id: str, evidence: Evidence) -> str:
    """Sentence on what delays cost and where."""
    effect = float(record(evidence.regions, region_id).get("border_effect", 0.0))
    if not effect > 0:
        return ""
    text = (
        f"delays at the border take {percent(effect)} of what its people could reach on both sides"
    )
    shares = {key: float(share) for key, share in record(evidence.losses, region_id).items()}
    if shares and max(shares.values()) > 0:
        worst = max(shares, key=lambda key: shares[key])
        text += f", {percent(shares[worst])} of it at {evidence.checkpoint_name(worst)}"
    return sentence(text)


def _narrowest(region_id: str, evidence: Evidence) -> str:
    """Sentence on the checkpoint of the region whose closure would cost most."""
    table = evidence.checkpoints
    if not {"home_id", "neighbour_id", "load_share", "closure_extra_hours"} <= set(table.columns):
        return ""
    here = (table["home_id"] == region_id) | (table["neighbour_id"] == region_id)
    mine = table[here & (table["load_share"] > 0)]
    if mine.empty:
        return ""
    # What nothing can replace is the narrowest, whatever the detour of the rest.
    unserved = (
        mine["closure_unserved"].fillna(0.0)
        if "closure_unserved" in mine
        else pd.Series(0.0, index=mine.index)
    )
    cost = mine["load_share"] * mine["closure_extra_hours"].fillna(0.0)
    key = str((cost if float(unserved.max()) <= 1e-4 else unserved).idxmax())
    post = record(mine, key)
    cut = float(post.get("closure_unserved", 0.0))
    text = (
        f"its checkpoint that is hardest to replace is {evidence.checkpoint_name(key)} "
        f"({percent(post['load_share'])} of the demand across the whole border): closed, it would "
    )
    effects = []
    if "closure_extra_hours" in post:
        effects.append(f"send trips round by {hours(post['closure_extra_hours'])} on average")
    if cut > 1e-4:
        effects.append(f"leave {percent(cut)} of the demand without a way")
    if not effects:
        return ""
    if post.get("in_min_cut"):
        effects.append("narrow the whole border, whose least cut it belongs to")
    return sentence(text + listed(effects))


def largest_gap(levels: pd.DataFrame) -> pd.Series[float]:
    """How far the lowest level of each region is behind its economic potential.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.

    Returns
    -------
    Series
        ``gap``, points; negative where no level is behind, missing where a score is.
    """
    lowest = levels[list(LEVELS)].min(axis=1, skipna=False)
    return (levels["potential"] - lowest).rename("gap")
