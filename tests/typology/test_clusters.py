"""Clusters: known partitions, exact medoids by brute force, and what few regions allow."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from geo_border.errors import IndicatorError
from geo_border.terms import LEVELS
from geo_border.typology import clusters as module
from geo_border.typology.clusters import (
    clusters,
    gap_statistic,
    medoid_clusters,
    medoids,
    stability_of,
    ward,
)


def groups(centres, size=4, spread=3.0, seed=0):
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(c, spread, (size, 3)) for c in centres])
    index = pd.Index([f"R{i}" for i in range(len(x))], name="region_id")
    return pd.DataFrame(x, index=index, columns=list(LEVELS))


def test_three_groups_are_found():
    levels = groups([20, 50, 80])
    types = pd.Series(["low"] * 4 + ["middle"] * 4 + ["high"] * 4, index=levels.index)
    found = clusters(levels, types=types, bootstrap=50, references=50)
    assert found.k == 3
    # The cluster with the highest mean is the first.
    assert found.labels["ward"].tolist() == [3] * 4 + [2] * 4 + [1] * 4
    assert found.labels["medoids"].tolist() == found.labels["ward"].tolist()
    assert found.labels["is_medoid"].sum() == 3
    np.testing.assert_allclose(found.agreement, 1)
    assert (found.stability["jaccard"] > 0.9).all()
    assert found.quality.index.tolist() == [2, 3, 4]
    assert "12 regions are few: at most 4 clusters" in found.note


def test_the_gap_statistic_finds_groups_and_their_number():
    corners = [(20, 20, 20), (80, 20, 50), (20, 80, 80)]
    assert clusters(groups(corners, size=12), bootstrap=5, references=50).k_gap == 3


def test_nothing_to_find():
    random = np.random.default_rng(3)
    x = pd.DataFrame(random.uniform(0, 100, (60, 3)), columns=list(LEVELS))
    found = clusters(x, bootstrap=10, references=30)
    assert found.k_gap == 1
    assert found.note == ""


def test_the_same_seed_gives_the_same_result():
    levels = groups([30, 60], spread=15)
    one, two = (clusters(levels, bootstrap=20, references=20, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.quality, two.quality, check_exact=True)
    pd.testing.assert_frame_equal(one.stability, two.stability, check_exact=True)


def test_regions_with_a_missing_level_are_in_no_cluster():
    levels = groups([20, 80])
    levels.iloc[0, 1] = np.nan
    found = clusters(levels, bootstrap=10, references=10)
    assert found.labels["ward"].isna().tolist() == [True] + [False] * 7
    assert "1 of 8 regions lack a score" in found.note


def test_a_given_number():
    found = clusters(groups([20, 80], size=6), k=4, bootstrap=10, references=10)
    assert found.labels["ward"].nunique() == 4
    with pytest.raises(IndicatorError, match="12 clusters of 12"):
        clusters(groups([20, 80], size=6), k=12)


def test_too_few_regions():
    with pytest.raises(IndicatorError, match="only 3 regions"):
        clusters(groups([20], size=3))


def test_regions_that_coincide():
    same = pd.DataFrame(50.0, index=range(6), columns=list(LEVELS))
    found = clusters(same, bootstrap=5, references=5)
    assert found.labels["ward"].tolist() == [1] * 6


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 500), n=st.integers(4, 9), k=st.integers(1, 4))
def test_medoids_are_exact(seed, n, k):
    x = np.random.default_rng(seed).uniform(0, 100, (n, 3))
    distance = cdist(x, x)
    cost = {c: distance[:, c].min(axis=1).sum() for c in combinations(range(n), k)}
    assert distance[:, medoids(distance, k)].min(axis=1).sum() == pytest.approx(min(cost.values()))


def test_swaps_find_the_groups_of_many_regions(monkeypatch):
    x = groups([10, 40, 70], size=20).to_numpy()
    monkeypatch.setattr(module, "EXHAUSTIVE", 0)
    labels = medoid_clusters(x, 3)
    assert [len(set(labels[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert len(set(labels)) == 3
    # No single swap is better.
    distance = cdist(x, x)
    chosen = medoids(distance, 3)
    best = distance[:, chosen].min(axis=1).sum()
    for place in range(3):
        for other in range(60):
            tried = chosen.copy()
            tried[place] = other
            assert distance[:, tried].min(axis=1).sum() >= best - 1e-9


def test_gap_of_one_group_is_highest_for_one_cluster():
    x = np.random.default_rng(0).uniform(0, 100, (200, 2))
    gap, error = gap_statistic(x, [1, 2, 3], references=20, random=np.random.default_rng(1))
    assert gap[0] >= gap[1] - error[1]


def test_stability_of_a_random_cut_is_low():
    x = np.random.default_rng(0).uniform(0, 100, (30, 3))
    random = np.random.default_rng(1)
    cut = 1 + np.random.default_rng(2).integers(0, 2, 30)
    assert (stability_of(x, cut, ward, samples=40, random=random) < 0.6).all()
    made = stability_of(
        groups([20, 80], size=10).to_numpy(), np.repeat([2, 1], 10), ward, random=random
    )
    np.testing.assert_allclose(made, 1)
