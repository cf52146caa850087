"""The stage of the index: levels, their uncertainty, types, cards, clusters, disparity."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.index.gains import score_gains
from geo_border.index.levels import IndexMethod, levels
from geo_border.index.measured import measured_indicators, measured_registry
from geo_border.index.registry import LEVELS, checked_registry
from geo_border.index.selection import select
from geo_border.index.uncertainty import uncertainty
from geo_border.index.variance import variance_shares
from geo_border.network.graph import SIDES
from geo_border.stages.access import hours_column
from geo_border.typology.clusters import clusters
from geo_border.typology.disparity import disparity, dyad_gradient
from geo_border.typology.evidence import Evidence
from geo_border.typology.findings import Findings, find
from geo_border.typology.rules import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from geo_border.inputs.read import Inputs
    from geo_border.settings import Settings


def index_stage(
    settings: Settings,
    inputs: Inputs,
    regions: gpd.GeoDataFrame,
    border: dict[str, Any],
    access: dict[str, Any],
    bottlenecks: dict[str, Any],
) -> dict[str, Any]:
    """Score the home regions on the three levels, type them, and say how sure that is.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    regions
        Regions of both sides with their measures.
    border, access, bottlenecks
        Parts of the earlier stages.

    Returns
    -------
    dict
        Frames ``registry``, ``indicators`` (the values that entered), ``levels`` (with rank
        intervals), those of `geo_border.typology.findings.Findings` (``found_`` and their names),
        ``variance_shares`` (what the uncertainty is from), ``clusters``, ``cluster_quality``,
        ``cluster_stability``, ``cluster_agreement``, ``disparity``.
    """
    section = settings.index
    home = regions[regions["side"] == SIDES[0]]
    measured = measured_indicators(home, access["travel_times"])
    registry = checked_registry(measured_registry(inputs.registry, measured))
    measured = measured[measured.columns.intersection(registry.index)]
    selected = select(registry, inputs.indicators, home.index, measured=measured)
    method = IndexMethod(
        normalisation=section.normalisation,
        weights=section.weights,
        aggregation=section.aggregation,
        least_share=section.least_share,
    )
    scores = levels(selected.values, registry, method=method)
    transport_draws = _transport_draws(access, measured, selected.values)
    drawn = uncertainty(
        selected.values,
        registry,
        draws=section.draws,
        seed=section.seed,
        method=method,
        transport_draws=transport_draws,
    )
    shares = variance_shares(
        selected.values,
        registry,
        seed=section.seed,
        method=method,
        transport_draws=transport_draws,
    )
    checkpoints = border["checkpoints"].join(bottlenecks["ranking"])
    changes = _less_delay(bottlenecks["gains"], measured)
    steps = score_gains(selected.values, registry, changes, method=method)
    cuts = changes.drop_duplicates("change").set_index("change")["delay_cut_h"]
    evidence = Evidence(
        regions=regions,
        checkpoints=checkpoints,
        gains=bottlenecks["gains"],
        losses=access["losses"],
        places=access["places"],
        sensitivity=steps.rename(columns={"change": "checkpoint_id"}).assign(
            delay_cut_h=steps["change"].map(cuts)
        ),
    )
    found = find(
        scores.join(drawn.intervals),
        drawn,
        evidence=evidence,
        thresholds=Thresholds(low=settings.typology.low, high=settings.typology.high),
        dyads=border["dyads"],
        travel_times=access["travel_times"],
        gradients=_gradients(inputs, registry, border["dyads"]),
    )
    return {
        "registry": registry,
        "indicators": selected.used,
        "levels": scores.rename(columns={"rank": "index_rank"}).join(drawn.intervals),
        **{f"found_{part.name}": getattr(found, part.name) for part in fields(found)},
        "variance_shares": shares,
        **_clusters(scores, found.regions["type"]),
        "disparity": _disparities(selected.used, regions["population"]),
    }


def index_findings(parts: Mapping[str, Any]) -> Findings:
    """Findings among the parts of the stage.

    Parameters
    ----------
    parts
        What `index_stage` gave.

    Returns
    -------
    Findings
        The findings.
    """
    return Findings(**{part.name: parts[f"found_{part.name}"] for part in fields(Findings)})


def _less_delay(gains: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """What each home region would reach across the border with less delay at a checkpoint."""
    ours = gains[
        gains["region_id"].isin(measured.index) & (gains["potential_across_gain"] > 0)
    ].copy()
    now = ours["region_id"].map(measured["potential_across"]).astype(float)
    return ours.assign(
        change=ours["checkpoint_id"],
        indicator_id="potential_across",
        value=now + ours["potential_across_gain"],
    )[["change", "region_id", "indicator_id", "value", "delay_cut_h"]]


def _gradients(inputs: Inputs, registry: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Home over neighbour, for every indicator of the index that both sides have."""
    latest = (
        inputs.indicators.sort_values("year")
        .groupby(["indicator_id", "region_id"])["value"]
        .last()
        .unstack(0)
    )
    neighbours = pairs["neighbour_id"].unique()
    both = [
        name
        for name in latest.columns[latest.reindex(neighbours).notna().any()]
        if registry.loc[name, "role"] == "index"
    ]
    return pd.DataFrame(
        {str(name): dyad_gradient(pairs, latest[name]) for name in both},
        index=pairs.index,
    )


def _clusters(scores: pd.DataFrame, types: pd.Series[str]) -> dict[str, pd.DataFrame]:
    """Clusters beside the rules, where there are regions enough for any."""
    complete = scores[list(LEVELS)].dropna()
    if len(complete) < 4:
        return {}
    found = clusters(scores, types=types)
    agreement = pd.DataFrame([found.agreement]).assign(k=found.k, k_gap=found.k_gap)
    return {
        "clusters": found.labels,
        "cluster_quality": found.quality.reset_index(),
        "cluster_stability": found.stability,
        "cluster_agreement": agreement.assign(note=found.note),
    }


def _disparities(used: pd.DataFrame, population: pd.Series[float]) -> pd.DataFrame:
    """Inequality of the home regions in each indicator of the economic potential."""
    potential_of = used[(used["level"] == "potential") & (used["direction"] > 0)]
    rows = {
        name: disparity(values["value"], population.reindex(values.index))
        for name, values in potential_of.set_index("region_id").groupby("indicator_id")
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator_id")


def _transport_draws(
    access: dict[str, Any], measured: pd.DataFrame, values: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Measured indicators under every pair of delays and decay of the Monte Carlo."""
    tables = {}
    for (factor, decay), rows in access["variants"].groupby(["delay_factor", "decay"]):
        times = access["travel_times"].assign(
            hours=access["travel_times"][hours_column(float(factor))]
        )
        changed = measured_indicators(
            rows.set_index("region_id").reindex(measured.index), times
        ).dropna(axis="columns", how="all")
        tables[f"delays x {factor:g}, {decay}"] = changed[
            changed.columns.intersection(values.columns)
        ]
    return tables
