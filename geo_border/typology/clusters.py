"""Clusters of regions beside the rules: Ward, k-medoids, and how much there is to them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

from geo_border.errors import IndicatorError
from geo_border.ids import by_id
from geo_border.shown import shown
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Labels = NDArray[np.int64]
    Method = Callable[[NDArray[np.float64], int], Labels]

SMALL = 30
"""Below so many regions the result says that they are few, and k is at most a third of them."""

LARGEST_K = 8
"""Most clusters that are tried."""

EXHAUSTIVE = 10_000
"""Sets of medoids up to which all are tried; beyond, they are improved by swaps."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clusters by two methods, and what speaks for them.

    Parameters
    ----------
    labels
        Index ``region_id``: ``ward`` and ``medoids`` (clusters from 1, the one with the
        highest mean first; missing where a score is), ``is_medoid``.
    k
        Number of clusters: the one with the best mean silhouette of the two methods.
    quality
        Index ``k``: ``ward_silhouette``, ``medoids_silhouette``, ``ward_gap``, ``gap_se``.
    k_gap
        Number of clusters by the gap statistic; 1 means that there are none.
    stability
        ``method``, ``cluster``, ``regions`` (number), ``jaccard``: mean similarity to the
        most similar cluster of the bootstrap samples; below 0.6 a cluster is not to be
        trusted, from 0.75 it is stable.
    agreement
        Adjusted Rand index: ``ward_medoids`` and, with types, ``ward_types``,
        ``medoids_types``; 1 the same partition, about 0 chance.
    note
        What a reader must know.
    """

    __repr__ = shown

    labels: pd.DataFrame
    k: int
    quality: pd.DataFrame
    k_gap: int
    stability: pd.DataFrame
    agreement: pd.Series[float]
    note: str


def clusters(
    levels: pd.DataFrame,
    *,
    types: pd.Series[str] | None = None,
    scores: Sequence[str] = LEVELS,
    k: int | None = None,
    bootstrap: int = 200,
    references: int = 100,
    seed: int = 1,
) -> Clusters:
    """Group the regions by their levels without any threshold.

    The scores share one scale and are not standardised again: a level in which all regions
    are alike should not separate them.

    Parameters
    ----------
    levels
        Result of `geo_border.index.levels.levels`.
    types
        Types by the rules, to hold the clusters against.
    scores
        Columns to cluster by.
    k
        Number of clusters; chosen by the silhouette if not given.
    bootstrap
        Samples of the regions for the stability.
    references
        Uniform samples for the gap statistic.
    seed
        Of the random numbers.

    Returns
    -------
    Clusters
        Labels and what speaks for them.

    Raises
    ------
    IndicatorError
        If a score has no column, fewer than four regions have all scores, or `k` does not
        suit their number.

    References
    ----------
    Kaufman & Rousseeuw (1990), Finding Groups in Data, Wiley (k-medoids, silhouette);
    Tibshirani, Walther & Hastie (2001), Estimating the number of clusters via the gap
    statistic, J. R. Stat. Soc. B 63(2) 411-423; Hennig (2007), Cluster-wise assessment of
    cluster stability, Comput. Stat. Data Anal. 52(1) 258-271; Hubert & Arabie (1985),
    Comparing partitions, J. Classif. 2 193-218.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> gb.clusters(gb.levels(values, registry), k=2, bootstrap=5, references=5).k
    2
    """
    levels = by_id(levels, "region_id")
    absent = [score for score in scores if score not in levels.columns]
    if absent:
        raise IndicatorError(f"the levels lack the column {absent[0]!r}")
    complete = levels[list(scores)].dropna()
    n = len(complete)
    if n < 4:
        raise IndicatorError(f"only {n} regions have all scores: too few to cluster")
    most = min(LARGEST_K, n // 3 if n < SMALL else n - 1)
    tried = list(range(2, max(most, 2) + 1))
    if k is not None and not 2 <= k < n:
        raise IndicatorError(f"{k} clusters of {n} regions cannot be made")
    x = complete.to_numpy(float)
    random = np.random.default_rng(seed)
    methods: dict[str, Method] = {"ward": ward, "medoids": medoid_clusters}
    quality = pd.DataFrame(index=pd.Index(tried, name="k"))
    for name, method in methods.items():
        quality[f"{name}_silhouette"] = [_silhouette(x, method(x, number)) for number in tried]
    gap, error = gap_statistic(x, [1, *tried], references=references, random=random)
    quality["ward_gap"], quality["gap_se"] = gap[1:], error[1:]
    if k is None:
        mean = quality.filter(like="silhouette").mean(axis=1)
        k = tried[int(np.nanargmax(mean))] if mean.notna().any() else 2
    labels = pd.DataFrame(index=levels.index)
    stability = []
    for name, method in methods.items():
        found = _ordered(method(x, k), x)
        labels[name] = pd.Series(found, index=complete.index).reindex(levels.index).astype("Int64")
        jaccard = stability_of(x, found, method, samples=bootstrap, random=random)
        stability.append(
            pd.DataFrame(
                {
                    "method": name,
                    "cluster": np.arange(1, len(jaccard) + 1),
                    "regions": np.bincount(found)[1:],
                    "jaccard": jaccard,
                }
            )
        )
    central = complete.index[medoids(cdist(x, x), k)]
    labels["is_medoid"] = labels.index.isin(central)
    return Clusters(
        labels=labels,
        k=k,
        quality=quality,
        k_gap=_first_gap(gap, error, [1, *tried]),
        stability=pd.concat(stability, ignore_index=True),
        agreement=_agreement(labels, types),
        note=_note(n, len(levels), tried[-1]),
    )


def ward(x: NDArray[np.float64], k: int) -> Labels:
    """Ward's clusters.

    Parameters
    ----------
    x
        Regions by scores.
    k
        Number of clusters.

    Returns
    -------
    ndarray
        Labels from 1; fewer than `k` where regions coincide.
    """
    if len(np.unique(x, axis=0)) == 1:
        return np.ones(len(x), np.int64)
    labels: Labels = fcluster(linkage(x, "ward"), k, criterion="maxclust").astype(np.int64)
    return labels


def medoid_clusters(x: NDArray[np.float64], k: int) -> Labels:
    """Clusters around medoids.

    Parameters
    ----------
    x
        Regions by scores.
    k
        Number of clusters.

    Returns
    -------
    ndarray
        Labels from 1.
    """
    distance = cdist(x, x)
    chosen = medoids(distance, k)
    labels: Labels = 1 + distance[:, chosen].argmin(axis=1)
    return labels


def medoids(distance: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """The k regions whose distances to the regions nearest to them add up to least.

    All sets are tried where there are at most `EXHAUSTIVE`, so that the result is exact;
    otherwise medoids are added one by one and then exchanged as long as that helps.

    Parameters
    ----------
    distance
        Between regions, shape (n, n).
    k
        Number of medoids, at most n.

    Returns
    -------
    ndarray
        Positions, increasing.
    """
    n = len(distance)
    if comb(n, k) <= EXHAUSTIVE:
        sets = np.array(list(combinations(range(n), k)))
        cost = np.zeros(len(sets))
        for region in range(n):
            cost += distance[region][sets].min(axis=1)
        best: NDArray[np.int64] = sets[int(cost.argmin())]
        return best
    chosen: list[int] = []
    while len(chosen) < k:
        nearest = distance[:, chosen].min(axis=1) if chosen else np.full(n, np.inf)
        cost = np.minimum(distance, nearest[:, None]).sum(axis=0)
        cost[chosen] = np.inf
        chosen.append(int(cost.argmin()))
    improved = True
    while improved:
        improved = False
        now = distance[:, chosen].min(axis=1).sum()
        for place in range(k):
            rest = chosen[:place] + chosen[place + 1 :]
            nearest = distance[:, rest].min(axis=1) if rest else np.full(n, np.inf)
            cost = np.minimum(distance, nearest[:, None]).sum(axis=0)
            cost[rest] = np.inf
            if cost.min() < now - 1e-9:
                chosen[place], now, improved = int(cost.argmin()), cost.min(), True
    return np.sort(np.array(chosen))


def gap_statistic(
    x: NDArray[np.float64],
    tried: Sequence[int],
    *,
    references: int = 100,
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gap statistic of Ward's clusters against uniform data in the box of the principal axes.

    Parameters
    ----------
    x
        Regions by scores.
    tried
        Numbers of clusters.
    references
        Uniform samples.
    random
        Source of random numbers.

    Returns
    -------
    tuple of ndarray
        Gap and its standard error for each of `tried`.
    """
    mean = x.mean(axis=0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2]
    turned = (x - mean) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)

    def dispersion(data: NDArray[np.float64]) -> NDArray[np.float64]:
        # Logarithm of the pooled sum of squares for each k.
        logs = []
        for k in tried:
            labels = ward(data, k)
            within = sum(
                ((data[labels == c] - data[labels == c].mean(axis=0)) ** 2).sum()
                for c in np.unique(labels)
            )
            # Coinciding regions leave nothing within.
            logs.append(np.log(max(within, 1e-12)))
        return np.array(logs)

    drawn = np.stack(
        [dispersion(random.uniform(low, high, turned.shape)) for _ in range(references)]
    )
    gap = drawn.mean(axis=0) - dispersion(turned)
    return gap, drawn.std(axis=0) * np.sqrt(1 + 1 / references)


def stability_of(
    x: NDArray[np.float64],
    labels: Labels,
    method: Method,
    *,
    samples: int = 200,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Mean Jaccard similarity of each cluster to the most similar one of bootstrap samples.

    Parameters
    ----------
    x
        Regions by scores.
    labels
        Clusters from 1.
    method
        How clusters are made.
    samples
        Samples of the regions, drawn with replacement.
    random
        Source of random numbers.

    Returns
    -------
    ndarray
        One value a cluster, missing where no sample has a region of it.
    """
    n, k = len(x), int(labels.max())
    total, count = np.zeros(k), np.zeros(k)
    for _ in range(samples):
        # A region drawn twice is one region: weights would only pull it to itself.
        drawn = np.unique(random.integers(0, n, n))
        if len(drawn) <= k:
            continue
        again = method(x[drawn], k)
        for cluster in range(1, k + 1):
            mine = labels[drawn] == cluster
            if not mine.any():
                continue
            best = max(
                (mine & (again == other)).sum() / (mine | (again == other)).sum()
                for other in np.unique(again)
            )
            total[cluster - 1] += best
            count[cluster - 1] += 1
    with np.errstate(invalid="ignore"):
        return total / count


def _silhouette(x: NDArray[np.float64], labels: Labels) -> float:
    """Mean silhouette; missing where there is one cluster, or every region is one."""
    if not 2 <= len(np.unique(labels)) < len(x):
        return float("nan")
    from sklearn.metrics import silhouette_score  # noqa: PLC0415  (slow to import)

    return float(silhouette_score(x, labels))


def _ordered(labels: Labels, x: NDArray[np.float64]) -> Labels:
    """Labels from 1, the cluster with the highest mean first."""
    names, position = np.unique(labels, return_inverse=True)
    mean = np.array([x[position == place].mean() for place in range(len(names))])
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(-mean, kind="stable")] = np.arange(1, len(names) + 1)
    return rank[position]


def _first_gap(gap: NDArray[np.float64], error: NDArray[np.float64], tried: Sequence[int]) -> int:
    """Smallest k whose gap is within one standard error of the next one."""
    for place in range(len(tried) - 1):
        if gap[place] >= gap[place + 1] - error[place + 1]:
            return tried[place]
    return tried[-1]


def _agreement(labels: pd.DataFrame, types: pd.Series[str] | None) -> pd.Series[float]:
    """Adjusted Rand indices."""
    known = labels["ward"].notna()
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415  (slow to import)

    ward_labels, medoid_labels = (
        labels.loc[known, name].astype(int) for name in ("ward", "medoids")
    )
    values = {"ward_medoids": adjusted_rand_score(ward_labels, medoid_labels)}
    if types is not None:
        names = types.reindex(labels.index)[known].astype(str)
        values["ward_types"] = adjusted_rand_score(names, ward_labels)
        values["medoids_types"] = adjusted_rand_score(names, medoid_labels)
    return pd.Series(values, dtype=float, name="adjusted_rand")


def _note(n: int, of: int, most: int) -> str:
    """What a reader must know about the number of regions."""
    parts = []
    if n < of:
        parts.append(f"{of - n} of {of} regions lack a score and are in no cluster.")
    if n < SMALL:
        parts.append(
            f"{n} regions are few: at most {most} clusters were tried, and silhouettes, gaps and "
            "similarities are uncertain. Read the clusters beside the types, not instead of them."
        )
    return " ".join(parts)
