"""What earlier stages found, and what of it speaks for each region, dyad and checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo_border.typology.points import best_rows

NO_TABLE = pd.DataFrame()

NO_WAY = 1e-4
"""Share of the demand left without a way that is more than rounding."""

LEAST_POINTS = 0.05
"""Gain of a score that is shown as more than nothing, points."""

BUSIEST = 3
"""Checkpoints that are named of a dyad."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the earlier stages found; of what a missing table would say nothing is said.

    Parameters
    ----------
    regions
        Index ``region_id``; of ``name``, ``capital``, ``capital_known_from``, ``population``,
        ``border_km``, ``checkpoints_open``, ``km_per_checkpoint``, ``hours_to_checkpoint``,
        ``population_{n}min_across``, ``potential_across``, ``border_effect`` what there is.
    checkpoints
        Index ``checkpoint_id``; of ``name``, ``mode``, ``status``, ``home_id``,
        ``neighbour_id``, ``is_open``, ``delay_out_h``, ``delay_in_h``, ``delay_imputed``,
        ``capacity_day``, ``load_share``, ``closure_extra_hours``, ``closure_unserved``,
        ``diverted_to``, ``diverted_to_share``, ``in_min_cut`` what there is.
    gains
        Result of `geo_border.bottlenecks.gains.delay_gains`: ``checkpoint_id``,
        ``region_id``, ``delay_cut_h``, ``potential_across_gain``.
    losses
        Result of `geo_border.access.losses.loss_shares`: regions by checkpoints.
    places
        Index ``place_id``; ``name``, ``region_id``, ``population``, ``potential_across``.
    sensitivity
        ``region_id``, ``checkpoint_id``, ``delay_cut_h`` and what that less of delay there adds
        to each score, as `geo_border.index.gains.score_gains` gives it.
    """

    regions: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    checkpoints: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    gains: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    losses: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    places: pd.DataFrame = field(default_factory=lambda: NO_TABLE)
    sensitivity: pd.DataFrame = field(default_factory=lambda: NO_TABLE)


def best_relief(evidence: Evidence) -> pd.DataFrame:
    """Checkpoint where less delay brings most to what the people of each region reach.

    Parameters
    ----------
    evidence
        What the earlier stages found.

    Returns
    -------
    DataFrame
        Index ``region_id``: ``relief`` (the checkpoint), ``relief_cut_h``, ``relief_persons``
        (more within reach across the border, distance discounted), ``relief_share`` (of what
        they reach now; missing where that is nothing), ``relief_points`` (of the index; missing
        where too few to show), ``relief_is_largest`` (no region can gain more of the index).
    """
    columns = ["region_id", "checkpoint_id", "delay_cut_h", "potential_across_gain"]
    gains = evidence.gains.reindex(columns=columns)
    best = best_rows(gains[gains["potential_across_gain"] > 0], ["region_id"], columns[-1])
    best = best.set_index("region_id").set_axis(
        ["relief", "relief_cut_h", "relief_persons"], axis=1
    )
    now = evidence.regions.reindex(columns=["potential_across"])["potential_across"]
    now = now.where(now > 0).reindex(best.index)
    scores = evidence.sensitivity.reindex(columns=["region_id", "checkpoint_id", "index"])
    once = scores.drop_duplicates(["region_id", "checkpoint_id"])
    here = once.set_index(["region_id", "checkpoint_id"])["index"]
    points = here.reindex(pd.MultiIndex.from_arrays([best.index, best["relief"]])).to_numpy(float)
    points = np.where(points >= LEAST_POINTS, points, np.nan)
    most = scores.groupby("region_id")["index"].max().astype(float)
    return best.assign(
        relief_share=best["relief_persons"] / now,
        relief_points=points,
        relief_is_largest=(most.reindex(best.index) >= most.max()) & ~np.isnan(points),
    )


def best_step(evidence: Evidence, level: str) -> pd.DataFrame:
    """Checkpoint where less delay adds most to a level of each region.

    Parameters
    ----------
    evidence
        What the earlier stages found.
    level
        The level.

    Returns
    -------
    DataFrame
        Index ``region_id``: ``step`` (the checkpoint), ``step_cut_h``, ``step_points``; regions
        that gain too little to show are left out.
    """
    columns = ["region_id", "checkpoint_id", "delay_cut_h", level]
    best = best_rows(evidence.sensitivity.reindex(columns=columns), ["region_id"], level)
    best = best[best[level] >= LEAST_POINTS].set_index("region_id")
    return best.set_axis(["step", "step_cut_h", "step_points"], axis=1)


def best_cities(places: pd.DataFrame) -> pd.DataFrame:
    """Settlement of each region where most people are near most of the other side.

    Parameters
    ----------
    places
        As in `Evidence`.

    Returns
    -------
    DataFrame
        Index ``region_id``: ``city`` (the place), ``city_population``, ``city_share`` (of the
        region's population weighted by what it can reach across the border).
    """
    table = places.reindex(columns=["region_id", "population", "potential_across"])
    contacts = table["population"].astype(float) * table["potential_across"].astype(float)
    table = table.assign(city=places.index, contacts=contacts)
    best = best_rows(table, ["region_id"], "contacts").set_index("region_id")
    best = best[best["contacts"] > 0]
    total = table.groupby("region_id")["contacts"].sum().reindex(best.index)
    return pd.DataFrame(
        {
            "city": best["city"],
            "city_population": best["population"],
            "city_share": best["contacts"] / total,
        }
    )


def costliest(losses: pd.DataFrame) -> pd.DataFrame:
    """Checkpoint that has the largest share in what delays take from each region.

    Parameters
    ----------
    losses
        As in `Evidence`.

    Returns
    -------
    DataFrame
        Index of `losses` where a checkpoint takes anything: ``costliest`` and
        ``costliest_share``.
    """
    if losses.empty:
        return pd.DataFrame(columns=["costliest", "costliest_share"])
    taken = losses[(losses > 0).any(axis=1)]
    return pd.DataFrame({"costliest": taken.idxmax(axis=1), "costliest_share": taken.max(axis=1)})


def narrowest(checkpoints: pd.DataFrame) -> pd.DataFrame:
    """Checkpoint of each region, on either side, whose closure would cost most.

    What nothing can replace is the narrowest, whatever the detour of the rest.

    Parameters
    ----------
    checkpoints
        As in `Evidence`.

    Returns
    -------
    DataFrame
        Index ``region_id``: ``narrowest`` (the checkpoint), ``narrowest_load`` (share of the
        demand), ``narrowest_extra_h`` (for each trip that goes round), ``narrowest_unserved``
        (share of the demand without a way; missing where that is nothing),
        ``narrowest_in_min_cut``.
    """
    ends, cost = ["home_id", "neighbour_id"], ["load_share", "closure_extra_hours"]
    columns = [*ends, *cost, "closure_unserved", "in_min_cut"]
    table = checkpoints.reindex(columns=columns)
    table = table[table["load_share"] > 0].rename_axis("checkpoint_id").reset_index()
    of_side = [table.assign(region_id=table[end]) for end in ends]
    both = pd.concat(of_side).sort_index(kind="stable").dropna(subset="region_id")
    unserved = both["closure_unserved"].astype(float).fillna(0.0)
    cut = unserved.groupby(both["region_id"]).transform("max") > NO_WAY
    detour = both["load_share"] * both["closure_extra_hours"].astype(float).fillna(0.0)
    both = both.assign(hardship=unserved.where(cut, detour))
    found = best_rows(both, ["region_id"], "hardship").set_index("region_id")
    lost = found["closure_unserved"].astype(float)
    return pd.DataFrame(
        {
            "narrowest": found["checkpoint_id"],
            "narrowest_load": found["load_share"],
            "narrowest_extra_h": found["closure_extra_hours"],
            "narrowest_unserved": lost.where(lost > NO_WAY),
            "narrowest_in_min_cut": found["in_min_cut"].eq(True),
        }
    )


def busiest(dyads: pd.DataFrame, checkpoints: pd.DataFrame) -> pd.DataFrame:
    """Share of each dyad in the demand across the border, and where it passes.

    Parameters
    ----------
    dyads
        Columns ``home_id`` and ``neighbour_id``.
    checkpoints
        As in `Evidence`.

    Returns
    -------
    DataFrame
        Index of `dyads`: ``load_share``, ``loaded`` (checkpoints that carry any, 0 and more),
        ``busiest_1``, ``busiest_1_load`` and so on to `BUSIEST`, missing where there are fewer.
    """
    pair = ["home_id", "neighbour_id"]
    table = checkpoints.reindex(columns=[*pair, "load_share"])
    table = table[table["load_share"] > 0].rename_axis("checkpoint_id").reset_index()
    ordered = table.sort_values("load_share", ascending=False, kind="stable")
    ordered = ordered.assign(place=ordered.groupby(pair).cumcount() + 1)
    keys = pd.MultiIndex.from_frame(dyads[pair])
    of_pair = table.groupby(pair)["load_share"]
    found = {
        "load_share": of_pair.sum().reindex(keys).to_numpy(),
        "loaded": of_pair.size().reindex(keys, fill_value=0).to_numpy(),
    }
    for place in range(1, BUSIEST + 1):
        named = ordered[ordered["place"] == place].set_index(pair).reindex(keys)
        found[f"busiest_{place}"] = named["checkpoint_id"].to_numpy()
        found[f"busiest_{place}_load"] = named["load_share"].to_numpy()
    return pd.DataFrame(found, index=dyads.index)


def most_relieved(gains: pd.DataFrame) -> pd.DataFrame:
    """Region that less delay at each checkpoint brings most.

    Parameters
    ----------
    gains
        As in `Evidence`.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``: ``relieved`` (the region), ``relieved_cut_h``,
        ``relieved_persons`` (one or more).
    """
    columns = ["checkpoint_id", "region_id", "delay_cut_h", "potential_across_gain"]
    table = gains.reindex(columns=columns)
    best = best_rows(table[table[columns[-1]] >= 1], ["checkpoint_id"], columns[-1])
    best = best.set_index("checkpoint_id")
    return best.set_axis(["relieved", "relieved_cut_h", "relieved_persons"], axis=1)
