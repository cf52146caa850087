"""How far levels, index and ranks depend on the choices made on the way to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError, ParameterError
from geo_border.index.aggregate import AGGREGATIONS, Aggregation, aggregate
from geo_border.index.levels import (
    IndexMethod,
    checked_values,
    combined,
    component_weights,
    enough,
    given_of,
    level_weights,
    rule_of,
)
from geo_border.index.normalise import NORMALISATIONS, Normalisation, normalise
from geo_border.index.registry import COMPONENTS, SCORES, checked_registry, indicators_of
from geo_border.index.treatment import RULES, Rule, treated_array
from geo_border.index.weights import WEIGHTINGS, Weighting
from geo_border.shown import shown
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

AS_IS = "as is"
"""Name of the measured values themselves among the transport tables."""

NONE_LEFT_OUT = ""
"""No indicator is left out."""

FACTORS = (
    "normalisation",
    "weights",
    "perturbation",
    "aggregation",
    "treatment",
    "left_out",
    "transport",
)
"""What is varied."""

BATCH = 4_000_000
"""Scores held at once; bounds the memory of a run."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Choices that a Monte Carlo run takes at random, each with the same probability.

    Percentile and Borda order regions as ranks do and are left out; so is the harmonic
    mean, which with a score near 0 listens to one indicator only.

    Parameters
    ----------
    normalisation, weights, aggregation, treatment
        Methods to choose from. Weights that the reference method gives by hand are
        chosen as ``"given"``.
    weight_variation
        Coefficient of variation of the random factor on each weight, of indicators and
        levels: with equal weights this is a Dirichlet distribution with the parameters
        ``1 / variation²``. 0 leaves the weights of the rules.
    leave_one_out
        Whether one indicator is left out (or, as likely as any, none), among those whose
        component has more than two.
    """

    normalisation: tuple[Normalisation, ...] = ("minmax", "zscore", "rank")
    weights: tuple[Weighting | Literal["given"], ...] = ("equal", "pca", "entropy", "critic")
    aggregation: tuple[Aggregation, ...] = ("arithmetic", "geometric", "copeland")
    treatment: tuple[Rule, ...] = ("winsorise", "none")
    weight_variation: float = 0.25
    leave_one_out: bool = True

    def __post_init__(self) -> None:
        for what, chosen, allowed in (
            ("normalisation", self.normalisation, NORMALISATIONS),
            ("weights", self.weights, (*WEIGHTINGS, "given")),
            ("aggregation", self.aggregation, AGGREGATIONS),
            ("treatment", self.treatment, RULES),
        ):
            if not chosen or not set(chosen) <= set(allowed):
                raise ParameterError(f"{what}: choose among {', '.join(allowed)}, not {chosen}")
        if not 0 <= self.weight_variation < np.inf:
            raise ParameterError("weight_variation must be a number from 0")


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """Draws of a Monte Carlo run, and what they say.

    Parameters
    ----------
    regions
        Ids, R of them.
    scores
        Score of each region in each draw, `SCORES` in that order, shape (D, R, 6).
    rank
        Rank of the index, 1 the highest, shape (D, R); missing where the index is.
    choices
        One row a draw, columns of `FACTORS` but the perturbation: what was chosen.
    reference
        Scores under the reference method, index ``region_id``, columns `SCORES`.
    intervals
        Index ``region_id``: ``rank_low``, ``rank_median``, ``rank_high`` and, for each
        score, ``<score>_low`` and ``<score>_high``: 5th and 95th percentiles of the draws
        (a rank interval takes in whole ranks on both sides).
    rank_shift
        Mean over the regions of how many ranks a draw moves them from the reference, one
        value a draw.
    """

    __repr__ = shown

    regions: pd.Index
    scores: NDArray[np.float64]
    rank: NDArray[np.float64]
    choices: pd.DataFrame
    reference: pd.DataFrame
    intervals: pd.DataFrame
    rank_shift: NDArray[np.float64]


def uncertainty(
    values: pd.DataFrame,
    registry: pd.DataFrame,
    *,
    draws: int = 2000,
    seed: int = 1,
    method: IndexMethod = IndexMethod(),
    alternatives: Alternatives = Alternatives(),
    transport_draws: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame] | None = None,
) -> Uncertainty:
    """Draw methods, weights, indicators and transport parameters at random.

    Parameters
    ----------
    values, registry
        As in `geo_border.index.levels.levels`.
    draws
        Number of draws.
    seed
        Of the random numbers: the same seed gives the same bits.
    method
        The reference method, whose scores the draws are held against; its
        ``least_share`` and ``level_weights`` hold in every draw, and where it gives a level
        a draw does too.
    alternatives
        What is drawn from.
    transport_draws
        Tables that replace measured columns of `values`, from other delays, impedance
        functions or speeds: by name, or numbered from 1. `values` themselves are as likely
        as any of them.

    Returns
    -------
    Uncertainty
        Draws and their summary.

    Raises
    ------
    IndicatorError
        As `geo_border.index.levels.levels`; if a transport table does not fit the values;
        if weights are by the benefit of the doubt, which has no common weights to vary.
    ParameterError
        If `draws` is below 1.

    References
    ----------
    Saisana, Saltelli & Tarantola (2005), Uncertainty and sensitivity analysis techniques as
    tools for the quality assessment of composite indicators, J. R. Stat. Soc. A 168(2)
    307-323.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> found = gb.uncertainty(values, registry, draws=50)
    >>> list(found.intervals)[:3]
    ['rank_low', 'rank_median', 'rank_high']
    """
    if draws < 1:
        raise ParameterError(f"draws must be 1 or more, not {draws}")
    model = Model(values, registry, method, alternatives, transport_draws)
    random = np.random.default_rng(seed)
    picks = {factor: random.integers(0, n, draws) for factor, n in model.sizes.items()}
    noise = model.perturbations(random, draws)
    scores = model.scores(picks, noise)
    rank = ranks(scores[..., -1])
    reference = model.reference()
    shift = rank_shift(rank, ranks(reference[:, -1]))
    return Uncertainty(
        regions=model.table.index,
        scores=scores,
        rank=rank,
        choices=model.choices(picks),
        reference=pd.DataFrame(reference, index=model.table.index, columns=list(SCORES)),
        intervals=_intervals(scores, rank, model.table.index),
        rank_shift=shift,
    )


class Model:
    """The way from values to scores with every choice open, for many choices at once.

    Every pair of transport table and treatment, in every normalisation, is scored once;
    every rule weighs each of them once. A draw then only picks, weighs and aggregates.

    Parameters
    ----------
    values, registry, method, alternatives, transport_draws
        As in `uncertainty`.
    """

    def __init__(
        self,
        values: pd.DataFrame,
        registry: pd.DataFrame,
        method: IndexMethod,
        alternatives: Alternatives,
        transport_draws: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame] | None = None,
    ) -> None:
        if method.weights == "bod":
            raise IndicatorError(
                "the benefit of the doubt has no common weights to vary",
                remedy="Take another rule of weights as the reference",
            )
        self.registry = checked_registry(registry)
        self.table = checked_values(values, self.registry)
        self.method, self.alternatives = method, alternatives
        self.names = [str(name) for name in self.table.columns]
        self.where = {
            component: [self.names.index(name) for name in indicators_of(self.registry, component)]
            for component in COMPONENTS
        }
        self.tables = {AS_IS: self.table.to_numpy()} | self._variants(transport_draws)
        self.droppable = [NONE_LEFT_OUT]
        if alternatives.leave_one_out:
            self.droppable += [
                self.names[j] for where in self.where.values() if len(where) > 2 for j in where
            ]
        self.sizes = {
            "normalisation": len(alternatives.normalisation),
            "weights": len(alternatives.weights),
            "aggregation": len(alternatives.aggregation),
            "treatment": len(alternatives.treatment),
            "left_out": len(self.droppable),
            "transport": len(self.tables),
        }
        self._score_tables()

    def _variants(
        self, transport_draws: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame] | None
    ) -> dict[str, NDArray[np.float64]]:
        """Values with the columns of each transport table put in."""
        if transport_draws is None:
            return {}
        if not hasattr(transport_draws, "items"):
            numbered = enumerate(transport_draws, 1)
            transport_draws = {str(number): table for number, table in numbered}
        variants = {}
        for name, table in cast("Mapping[str, pd.DataFrame]", transport_draws).items():
            strange = sorted(set(table.columns) - set(self.table.columns))
            known = not table.index.has_duplicates
            rows = table.index.get_indexer(self.table.index) if known else np.array([-1])
            if strange or (rows < 0).any():
                what = f"has the column {strange[0]!r}" if strange else "lacks regions"
                raise IndicatorError(
                    f"transport table {name!r} {what}",
                    remedy="It must have a row for each region, and only columns of the values",
                )
            replaced = table.to_numpy(float)[rows]
            variant = self.table.to_numpy(copy=True)
            where = self.table.columns.get_indexer(table.columns)
            variant[:, where] = np.where(np.isfinite(replaced), replaced, np.nan)
            variants[str(name)] = variant
        if AS_IS in variants:
            raise IndicatorError(f"a transport table may not be named {AS_IS!r}")
        return variants

    def _score_tables(self) -> None:
        """Score and weigh every table: (transport, treatment, normalisation[, rule], ...)."""
        options = self.alternatives
        direction = self.registry.loc[self.names, "direction"].to_numpy()
        treated = self._treated(np.stack(list(self.tables.values()), axis=1))
        controls = None
        if "goalposts" in options.normalisation:
            controls = np.array([self.method.goalposts[name] for name in self.names], float).T
        self.scored = np.stack(
            [
                normalise(treated, direction, how=how, goalposts=controls)
                for how in options.normalisation
            ],
            axis=2,
        )
        given = given_of(self.method)
        self.weights = np.stack(
            [
                component_weights(self.scored, self.names, self.registry, rule, given)
                for rule in options.weights
            ],
            axis=3,
        )
        base = self.table.to_numpy()
        self.given_level = {
            component: enough(base[:, where], self.method.least_share) if where else None
            for component, where in self.where.items()
        }

    def _treated(self, tables: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of tables, (R, tables, J), under each treatment: (tables, treatments, R, J)."""
        n_regions, n_tables, n_indicators = tables.shape
        result = np.empty((n_tables, len(self.alternatives.treatment), n_regions, n_indicators))
        columns = tables.reshape(n_regions, n_tables * n_indicators)
        for number, rule in enumerate(self.alternatives.treatment):
            done = treated_array(columns, rule, self.method.outliers)[0]
            result[:, number] = done.reshape(tables.shape).swapaxes(0, 1)
        return result

    def perturbations(self, random: np.random.Generator, draws: int) -> NDArray[np.float64]:
        """Draw random factors on the weights of indicators and levels.

        Parameters
        ----------
        random
            Source of random numbers.
        draws
            Number of draws.

        Returns
        -------
        ndarray
            Positive, mean 1, shape (draws, J + 3).
        """
        size = (draws, len(self.names) + len(LEVELS))
        variation = self.alternatives.weight_variation
        if variation == 0:
            return np.ones(size)
        shape = variation**-2
        return random.gamma(shape, 1 / shape, size)

    def scores(
        self, picks: Mapping[str, NDArray[np.int64]], noise: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Scores under the picked choices.

        Parameters
        ----------
        picks
            Position of the choice of each draw, by factor, each shape (D,).
        noise
            Factors on the weights, shape (D, J + 3).

        Returns
        -------
        ndarray
            `SCORES`, shape (D, R, 6).
        """
        n_draws = len(noise)
        n_regions, n_indicators = self.table.shape
        result = np.full((n_draws, n_regions, len(SCORES)), np.nan)
        pairs = n_regions if "copeland" in self.alternatives.aggregation else 1
        step = max(1, BATCH // (n_regions * max(n_indicators, 1) * pairs))
        for number, how in enumerate(self.alternatives.aggregation):
            mine = np.flatnonzero(picks["aggregation"] == number)
            for start in range(0, len(mine), step):
                rows = mine[start : start + step]
                chosen = {factor: pick[rows] for factor, pick in picks.items()}
                result[rows] = self._batch(chosen, noise[rows], how)
        return result

    def _batch(
        self, picks: dict[str, NDArray[np.int64]], noise: NDArray[np.float64], how: Aggregation
    ) -> NDArray[np.float64]:
        """Scores of draws with the same aggregation."""
        table = (picks["transport"], picks["treatment"], picks["normalisation"])
        scored = self.scored[table]
        weights = self.weights[(*table, picks["weights"])] * noise[:, : len(self.names)]
        dropped = np.array([-1, *(self.names.index(name) for name in self.droppable[1:])])
        left_out = dropped[picks["left_out"]]
        weights[np.arange(weights.shape[1]) == left_out[:, None]] = 0.0
        result = np.full((*scored.shape[:2], len(SCORES)), np.nan)
        for position, component in enumerate(COMPONENTS):
            where, given = self.where[component], self.given_level[component]
            if where and given is not None:
                value = aggregate(scored[..., where], weights[:, where], how=how)
                result[..., position] = np.where(given, value, np.nan)
        of_levels = level_weights(self.method) * noise[:, len(self.names) :]
        result[..., -1] = combined(result[..., : len(LEVELS)], of_levels, how)
        return result

    def reference(self) -> NDArray[np.float64]:
        """Scores under the reference method.

        Returns
        -------
        ndarray
            `SCORES`, shape (R, 6).
        """
        alone = Alternatives(
            normalisation=(self.method.normalisation,),
            weights=(rule_of(self.method),),
            aggregation=(self.method.aggregation,),
            treatment=(self.method.treatment,),
            weight_variation=0,
            leave_one_out=False,
        )
        model = Model(self.table, self.registry, self.method, alone)
        first = {factor: np.zeros(1, np.int64) for factor in model.sizes}
        alone_scores = model.scores(first, np.ones((1, len(self.names) + len(LEVELS))))
        reference: NDArray[np.float64] = alone_scores[0]
        return reference

    def choices(self, picks: Mapping[str, NDArray[np.int64]]) -> pd.DataFrame:
        """Names of the picked choices.

        Parameters
        ----------
        picks
            As in `scores`.

        Returns
        -------
        DataFrame
            One row a draw.
        """
        names: dict[str, tuple[str, ...]] = {
            "normalisation": self.alternatives.normalisation,
            "weights": self.alternatives.weights,
            "aggregation": self.alternatives.aggregation,
            "treatment": self.alternatives.treatment,
            "left_out": tuple(self.droppable),
            "transport": tuple(self.tables),
        }
        return pd.DataFrame(
            {
                factor: pd.Categorical(
                    np.array(words, object)[picks[factor]], categories=list(words)
                )
                for factor, words in names.items()
            }
        )


def ranks(index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of an index, 1 the highest, ties at the better rank.

    Parameters
    ----------
    index
        Shape (..., R).

    Returns
    -------
    ndarray
        Shape (..., R), missing where the index is.
    """
    better = (index[..., None, :] > index[..., :, None]).sum(axis=-1)
    return np.where(np.isnan(index), np.nan, 1.0 + better)


def rank_shift(rank: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean number of ranks by which regions move, one value a draw.

    Parameters
    ----------
    rank
        Shape (D, R).
    reference
        Shape (R,).

    Returns
    -------
    ndarray
        Shape (D,); missing where no region has both ranks.
    """
    moved = np.abs(rank - reference)
    known = ~np.isnan(moved)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.where(known, moved, 0.0).sum(axis=-1) / known.sum(axis=-1)
    return mean


def _intervals(
    scores: NDArray[np.float64], rank: NDArray[np.float64], regions: pd.Index
) -> pd.DataFrame:
    """5th and 95th percentiles of ranks and scores."""
    columns = {
        "rank_low": _quantile(rank, 0.05, "lower"),
        "rank_median": _quantile(rank, 0.5, "lower"),
        "rank_high": _quantile(rank, 0.95, "higher"),
    }
    for position, score in enumerate(SCORES):
        columns[f"{score}_low"] = _quantile(scores[..., position], 0.05, "linear")
        columns[f"{score}_high"] = _quantile(scores[..., position], 0.95, "linear")
    return pd.DataFrame(columns, index=regions)


def _quantile(
    draws: NDArray[np.float64], q: float, how: Literal["lower", "higher", "linear"]
) -> NDArray[np.float64]:
    """Quantile over the draws of each region, missing where it has no draw."""
    result = np.full(draws.shape[1], np.nan)
    known = ~np.isnan(draws).all(axis=0)
    result[known] = np.nanquantile(draws[:, known], q, axis=0, method=how)
    return result
