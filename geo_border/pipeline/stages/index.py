"""The stage of the index: levels, their uncertainty, types, cards, clusters, disparity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.index.gains import score_gains
from geo_border.index.levels import IndexMethod, levels
from geo_border.index.measured import (
    hours_to_neighbour_capital,
    measured_indicators,
    measured_registry,
)
from geo_border.index.registry import checked_registry
from geo_border.index.selection import select
from geo_border.index.uncertainty import uncertainty
from geo_border.index.variance import variance_shares
from geo_border.terms import CAR, LEVELS, SIDES
from geo_border.typology.clusters import clusters
from geo_border.typology.disparity import disparity, dyad_gradient
from geo_border.typology.evidence import Evidence
from geo_border.typology.findings import Findings, find
from geo_border.typology.rules import Thresholds

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.access import Accessibility
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.bottlenecks import Bottlenecks
    from geo_border.pipeline.stages.draws import TransportDraws


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTables:
    """Groups of home regions that the numbers alone make.

    Parameters
    ----------
    labels, quality, stability
        As `geo_border.typology.clusters.clusters` gives them.
    agreement
        How far they agree with the types.
    """

    labels: pd.DataFrame
    quality: pd.DataFrame
    stability: pd.DataFrame
    agreement: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Scores and types of the home regions, and how sure they are.

    Parameters
    ----------
    registry
        What each indicator is.
    indicators
        The values that entered, tidy.
    levels
        By region, with rank intervals.
    findings
        Types, their evidence, and what is to be said of regions, dyads and checkpoints.
    variance_shares
        What the uncertainty is from.
    disparity
        Inequality of the regions in each indicator of the economic potential.
    clusters
        None where the regions are too few for any.
    """

    registry: pd.DataFrame
    indicators: pd.DataFrame
    levels: pd.DataFrame
    findings: Findings
    variance_shares: pd.DataFrame
    disparity: pd.DataFrame
    clusters: ClusterTables | None

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables beyond levels and types, by name.

        Returns
        -------
        dict
            Those that there are.
        """
        found = {"variance_shares": self.variance_shares}
        if self.clusters is not None:
            found |= {
                "clusters": self.clusters.labels,
                "cluster_quality": self.clusters.quality,
                "cluster_stability": self.clusters.stability,
                "cluster_agreement": self.clusters.agreement,
            }
        return found | {"disparity": self.disparity}


def index_stage(
    settings: Settings,
    inputs: Inputs,
    regions: gpd.GeoDataFrame,
    border: Border,
    access: Accessibility,
    bottlenecks: Bottlenecks,
    draws: TransportDraws,
) -> Judgement:
    """Score the home regions on the three levels, type them, and say how sure that is.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    regions
        Regions of both sides with their measures.
    border, access, bottlenecks, draws
        Of the study.

    Returns
    -------
    Judgement
        By region, by dyad and by checkpoint.
    """
    section = settings.index
    home = regions[regions["side"] == SIDES[0]]
    measured = measured_indicators(home, access.travel_times)
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
    transport_draws = _tables(draws, selected.values)
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
    checkpoints = border.checkpoints.join(bottlenecks.ranking)
    gains = bottlenecks.gains[bottlenecks.gains["class"] == CAR].drop(columns="class")
    changes = _less_delay(gains, access, measured)
    steps = score_gains(selected.values, registry, changes, method=method)
    cuts = changes.drop_duplicates("change").set_index("change")["delay_cut_h"]
    evidence = Evidence(
        regions=regions,
        checkpoints=checkpoints,
        gains=gains,
        losses=access.losses,
        places=access.places,
        sensitivity=steps.rename(columns={"change": "checkpoint_id"}).assign(
            delay_cut_h=steps["change"].map(cuts)
        ),
    )
    found = find(
        scores.join(drawn.intervals),
        drawn,
        evidence=evidence,
        thresholds=Thresholds(low=settings.typology.low, high=settings.typology.high),
        dyads=border.dyads,
        travel_times=access.travel_times,
        gradients=_gradients(inputs, registry, border.dyads),
    )
    return Judgement(
        registry=registry,
        indicators=selected.used,
        levels=scores.rename(columns={"rank": "index_rank"}).join(drawn.intervals),
        findings=found,
        variance_shares=shares,
        disparity=_disparities(selected.used, regions["population"]),
        clusters=_clusters(scores, found.regions["type"]),
    )


def _less_delay(gains: pd.DataFrame, access: Accessibility, measured: pd.DataFrame) -> pd.DataFrame:
    """Every figure of every home region that less delay at a checkpoint changes."""
    gains = gains[gains["region_id"].isin(measured.index)]
    now = gains["region_id"].map(access.regions["potential_across"]).astype(float)
    reached = gains.assign(
        indicator_id="potential_across", value=now + gains["potential_across_gain"]
    )[gains["potential_across_gain"] > 0]
    cut = gains.groupby("checkpoint_id")["delay_cut_h"].max()
    before = hours_to_neighbour_capital(access.travel_times, measured.index)
    found = [reached]
    for name, times in access.less_delay.groupby("checkpoint_id", sort=False):
        after = hours_to_neighbour_capital(times, measured.index)
        nearer = after[after < before]
        found.append(
            pd.DataFrame(
                {
                    "checkpoint_id": name,
                    "region_id": nearer.index,
                    "delay_cut_h": cut.get(name),
                    "indicator_id": "hours_to_neighbour_capital",
                    "value": nearer.to_numpy(),
                }
            )
        )
    changes = pd.concat(found, ignore_index=True)
    changes = changes[changes["indicator_id"].isin(measured.columns)]
    return changes.assign(change=changes["checkpoint_id"])[
        ["change", "region_id", "indicator_id", "value", "delay_cut_h"]
    ]


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


def _clusters(scores: pd.DataFrame, types: pd.Series[str]) -> ClusterTables | None:
    """Clusters beside the rules, where there are regions enough for any."""
    complete = scores[list(LEVELS)].dropna()
    if len(complete) < 4:
        return None
    found = clusters(scores, types=types)
    agreement = pd.DataFrame([found.agreement]).assign(k=found.k, k_gap=found.k_gap)
    return ClusterTables(
        labels=found.labels,
        quality=found.quality.reset_index(),
        stability=found.stability,
        agreement=agreement.assign(note=found.note),
    )


def _disparities(used: pd.DataFrame, population: pd.Series[float]) -> pd.DataFrame:
    """Inequality of the home regions in each indicator of the economic potential."""
    potential_of = used[(used["level"] == "potential") & (used["direction"] > 0)]
    rows = {
        name: disparity(values["value"], population.reindex(values.index))
        for name, values in potential_of.set_index("region_id").groupby("indicator_id")
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator_id")


def _tables(draws: TransportDraws, values: pd.DataFrame) -> list[pd.DataFrame]:
    """Measured indicators of each draw, as far as they are among the values."""
    found = draws.measures.set_index("region_id")
    names = found.columns.intersection(values.columns)
    return [rows[names].reindex(values.index) for _, rows in found.groupby("draw")]
