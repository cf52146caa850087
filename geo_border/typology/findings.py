"""Findings: what is to be said of regions, dyads and checkpoints, as ids and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.limits import reach_that_tells, tells_apart
from geo_border.index.registry import SCORES
from geo_border.terms import LEVELS
from geo_border.typology.evidence import (
    Evidence,
    best_cities,
    best_relief,
    best_step,
    busiest,
    costliest,
    most_relieved,
    narrowest,
)
from geo_border.typology.rules import Thresholds
from geo_border.typology.types import moves, region_types

if TYPE_CHECKING:
    from geo_border.index.uncertainty import Uncertainty

DELAYED = "transport_communication"
"""Level that a shorter delay adds to."""

STANDING = (
    *SCORES,
    *(f"{score}_share" for score in SCORES if score != "index"),
    "rank",
    "rank_low",
    "rank_high",
)
"""What the levels say of a region as it is."""

LOST_H = ("hours_lost_to_detours", "hours_lost_to_delays")
"""What a trip across takes longer."""

MEASURES = (
    "population",
    "border_km",
    "checkpoints_open",
    "km_per_checkpoint",
    "hours_to_checkpoint",
    "border_effect",
    *LOST_H,
    "reach_min",
    "reach_persons",
)
"""What the earlier stages say of a region as it is."""

OF_CHECKPOINT = (
    "mode",
    "status",
    "home_id",
    "neighbour_id",
    "is_open",
    "delay_out_h",
    "delay_in_h",
    "delay_imputed",
    "capacity_day",
    "load_share",
    "closure_extra_hours",
    "closure_detour_h",
    "closure_unserved",
    "diverted_to",
    "diverted_to_share",
)
"""What the earlier stages say of a checkpoint as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Everything that sentences are made of; figures that are not there are missing.

    Parameters
    ----------
    scale
        Index of `LEVELS`: ``low`` and ``high`` (the cuts), ``is_measured`` (the study has
        indicators of it).
    regions
        Index ``region_id``: `STANDING`, the columns of
        `geo_border.typology.types.region_types`, `MEASURES`, the columns of `best_relief`,
        `best_step`, `best_cities`, `costliest` and `narrowest` of
        `geo_border.typology.evidence`, and the nearest changes to another type: ``more_level``,
        ``more_points``, ``more_type``, ``less_level``, ``less_points``, ``less_type``,
        ``step_type`` (that the best step is enough for).
    dyads
        ``home_id``, ``neighbour_id``, ``length_km``, open checkpoints by mode, the columns of
        `geo_border.typology.evidence.busiest`, and of the way between the capitals ``hours``,
        ``km`` and ``via``.
    gradients
        ``home_id``, ``neighbour_id``, ``indicator_id``, ``ratio`` (home over neighbour), a row
        for each dyad and each indicator that both have.
    checkpoints
        Index ``checkpoint_id``: `OF_CHECKPOINT`, ``load_rank``, and the columns of
        `geo_border.typology.evidence.most_relieved`.
    sensitivity
        ``region_id``, ``checkpoint_id``, ``delay_cut_h`` and what that less of delay there adds
        to each of `SCORES`, points.
    """

    scale: pd.DataFrame
    regions: pd.DataFrame
    dyads: pd.DataFrame
    gradients: pd.DataFrame
    checkpoints: pd.DataFrame
    sensitivity: pd.DataFrame


def find(
    levels: pd.DataFrame,
    uncertainty: Uncertainty | None = None,
    *,
    evidence: Evidence = Evidence(),
    thresholds: Thresholds = Thresholds(),
    dyads: pd.DataFrame | None = None,
    travel_times: pd.DataFrame | None = None,
    gradients: pd.DataFrame | None = None,
) -> Findings:
    """Find what is to be said of every region, dyad and checkpoint.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`, with the intervals of the ranks if they are
        to be told.
    uncertainty
        Draws; without them nothing is said of certainty.
    evidence
        What the earlier stages found.
    thresholds
        The cuts.
    dyads
        ``home_id``, ``neighbour_id``, ``length_km`` and open checkpoints by mode.
    travel_times
        Between the capitals of regions: ``from_id``, ``to_id``, ``km``, ``hours``, ``via``.
    gradients
        Index of `dyads`, a column for each indicator compared.

    Returns
    -------
    Findings
        Ids and figures.

    Raises
    ------
    IndicatorError
        If a level, the potential, the dynamics or the index has no column.
    """
    pairs = pd.DataFrame(columns=["home_id", "neighbour_id"]) if dyads is None else dyads
    shared = [levels.get(f"{level}_share", pd.Series([1.0])) for level in LEVELS]
    cuts = [thresholds.cuts(levels[level].to_numpy(float)) for level in LEVELS]
    return Findings(
        scale=pd.DataFrame(cuts, index=pd.Index(LEVELS), columns=["low", "high"]).assign(
            is_measured=[bool(share.any()) for share in shared]
        ),
        regions=_of_regions(levels, uncertainty, evidence, thresholds),
        dyads=_of_dyads(pairs, evidence.checkpoints, travel_times),
        gradients=_gradients(pairs, pd.DataFrame() if gradients is None else gradients),
        checkpoints=_of_checkpoints(evidence),
        sensitivity=evidence.sensitivity,
    )


def _of_regions(
    levels: pd.DataFrame,
    uncertainty: Uncertainty | None,
    evidence: Evidence,
    thresholds: Thresholds,
) -> pd.DataFrame:
    """What is to be said of every region."""
    types = region_types(levels, uncertainty, thresholds=thresholds)
    table = levels.reindex(columns=list(STANDING)).join(types)
    parts = [
        _measured(evidence.regions.reindex(levels.index)),
        best_relief(evidence),
        best_cities(evidence.places),
        costliest(evidence.losses),
        narrowest(evidence.checkpoints),
        best_step(evidence, DELAYED),
    ]
    options = moves(levels, thresholds=thresholds)
    others = options[options["type"] != options["region_id"].map(types["type"])]
    for name, step in (("more", 1), ("less", -1)):
        nearest = others[others["step"] == step].drop_duplicates("region_id")
        nearest = nearest.set_index("region_id")[["level", "points", "type"]]
        parts.append(nearest.add_prefix(f"{name}_"))
    table = table.join([part.reindex(levels.index) for part in parts])
    up = others[(others["level"] == DELAYED) & (others["step"] == 1)].set_index("region_id")
    up = up.reindex(levels.index)
    return table.assign(step_type=up["type"].where(table["step_points"] >= up["points"]))


def _measured(regions: pd.DataFrame) -> pd.DataFrame:
    """Measures of the home regions, and the people across within a time that tells them apart."""
    reach = reach_that_tells(regions)
    if reach is not None:
        regions = regions.assign(reach_min=reach[0], reach_persons=reach[1])
    found = regions.reindex(columns=list(MEASURES))
    alike = [name for name in LOST_H if len(found) > 1 and not tells_apart(found[name])]
    return found.assign(**dict.fromkeys(alike, np.nan))


def _of_dyads(
    dyads: pd.DataFrame, checkpoints: pd.DataFrame, travel_times: pd.DataFrame | None
) -> pd.DataFrame:
    """What is to be said of every dyad."""
    trip = ["hours", "km", "via"]
    if travel_times is None:
        trips = pd.DataFrame(columns=trip, index=dyads.index)
    else:
        ends = travel_times.set_index(["from_id", "to_id"])
        pairs = pd.MultiIndex.from_frame(dyads[["home_id", "neighbour_id"]])
        trips = ends.reindex(pairs, columns=trip).set_axis(dyads.index)
    hours = trips["hours"].astype(float)
    trips["hours"] = hours.where(np.isfinite(hours))
    figures = pd.DataFrame(dyads.drop(columns="geometry", errors="ignore"))
    return figures.join([busiest(dyads, checkpoints), trips])


def _gradients(dyads: pd.DataFrame, ratios: pd.DataFrame) -> pd.DataFrame:
    """Rows of the figures that are compared, from a column for each indicator."""
    columns = ["home_id", "neighbour_id"]
    ends = pd.DataFrame(dyads[columns])
    rows = [ends.assign(indicator_id=str(name), ratio=ratios[name]) for name in ratios]
    none = pd.DataFrame(columns=[*columns, "indicator_id", "ratio"])
    return pd.concat(rows, ignore_index=True).dropna(subset=["ratio"]) if rows else none


def _of_checkpoints(evidence: Evidence) -> pd.DataFrame:
    """What is to be said of every checkpoint."""
    table = pd.DataFrame(evidence.checkpoints.reindex(columns=list(OF_CHECKPOINT)))
    load = table["load_share"].astype(float)
    rank = load.rank(method="min", ascending=False)
    return table.assign(load_share=load, load_rank=rank).join(most_relieved(evidence.gains))
