"""Levels: a whole index by hand, missing data, methods, hostile tables, gains."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.errors import IndicatorError
from geo_border.index.gains import score_gains
from geo_border.index.levels import IndexMethod, enough, levels, scores_of
from geo_border.index.registry import COMPONENTS, SCORES
from geo_border.terms import LEVELS

PLAIN = IndexMethod(treatment="none")


def registry(counts=(2, 2, 2, 1, 1), direction=1):
    names = [f"{c[0]}{i}" for c, n in zip(COMPONENTS, counts, strict=True) for i in range(n)]
    level = [c for c, n in zip(COMPONENTS, counts, strict=True) for _ in range(n)]
    return pd.DataFrame(
        {"name": names, "level": level, "role": "index", "unit": "u", "direction": direction},
        index=pd.Index(names, name="indicator_id"),
    )


def table(seed=0, n=8, about=None, gaps=0.0):
    about = registry() if about is None else about
    random = np.random.default_rng(seed)
    values = random.lognormal(size=(n, len(about)))
    values[random.uniform(size=values.shape) < gaps] = np.nan
    index = pd.Index([f"R{i}" for i in range(n)], name="region_id")
    return pd.DataFrame(values, index=index, columns=about.index)


def test_a_whole_index_by_hand():
    about = registry((2, 1, 1, 1, 1))
    about.loc["t1", "direction"] = -1
    values = pd.DataFrame(
        {
            "t0": [0, 5, 10.0],
            "t1": [4, 2, 0.0],
            "j0": [1, 2, 5.0],
            "s0": [3, 2, 1.0],
            "p0": [7, 7, 8.0],
            "d0": [-1, 0, 3.0],
        },
        index=["A", "B", "C"],
    )
    found = levels(values, about, method=PLAIN)
    np.testing.assert_allclose(found["transport_communication"], [0, 50, 100])
    np.testing.assert_allclose(found["joint_projects"], [0, 25, 100])
    np.testing.assert_allclose(found["social_services"], [100, 50, 0])
    np.testing.assert_allclose(found["potential"], [0, 0, 100])
    np.testing.assert_allclose(found["dynamics"], [0, 25, 100])
    np.testing.assert_allclose(found["index"], [100 / 3, 125 / 3, 200 / 3])
    assert found["rank"].tolist() == [3, 2, 1]
    assert (found.filter(like="_share") == 1).all(axis=None)
    weighed = IndexMethod(
        treatment="none",
        level_weights={
            "transport_communication": 2,
            "joint_projects": 1,
            "social_services": 1,
        },
    )
    np.testing.assert_allclose(levels(values, about, method=weighed)["index"], [25, 175 / 4, 75])
    given_weights = IndexMethod(
        treatment="none", weights={"t0": 3, "t1": 1, "j0": 1, "s0": 1, "p0": 1, "d0": 1}
    )
    values.loc["B", "t1"] = 4
    np.testing.assert_allclose(
        levels(values, about, method=given_weights)["transport_communication"],
        [0, 37.5, 100],
    )


def test_two_thirds_of_the_indicators_are_enough():
    about = registry((3, 1, 1, 1, 1))
    values = table(about=about)
    values.loc["R0", "t0"] = np.nan
    values.loc["R1", ["t0", "t1"]] = np.nan
    found = levels(values, about)
    assert found.loc["R0", "transport_communication_share"] == pytest.approx(2 / 3)
    assert found.loc["R0", list(SCORES)].notna().all()
    # Nothing stands in for the missing level, and there is no index without it.
    assert np.isnan(found.loc["R1", "transport_communication"])
    assert np.isnan(found.loc["R1", "index"])
    assert np.isnan(found.loc["R1", "rank"])
    assert found.loc["R1", "joint_projects"] >= 0
    assert found["rank"].max() == len(values) - 1


def test_a_level_without_indicators_is_missing():
    about = registry((2, 2, 0, 1, 1))
    found = levels(table(about=about), about)
    assert found["social_services"].isna().all()
    assert (found["social_services_share"] == 0).all()
    assert found["index"].isna().all()


def test_enough():
    scores = np.array([[1, 2, np.nan], [1, np.nan, np.nan], [np.nan] * 3])
    assert enough(scores, 2 / 3).tolist() == [True, False, False]
    assert enough(scores, 0.01).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "method",
    [
        IndexMethod(),
        IndexMethod(normalisation="zscore", weights="pca"),
        IndexMethod(normalisation="rank", weights="entropy", aggregation="geometric"),
        IndexMethod(normalisation="distance", weights="critic", aggregation="harmonic"),
        IndexMethod(normalisation="borda", aggregation="copeland", treatment="log"),
        IndexMethod(normalisation="percentile", weights="bod", treatment="none"),
    ],
)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), gaps=st.sampled_from([0.0, 0.2]))
def test_properties(method, seed, gaps):
    values, about = table(seed, gaps=gaps), registry()
    found = levels(values, about, method=method)
    scores = found[list(SCORES)].to_numpy()
    known = scores[~np.isnan(scores)]
    assert ((known >= -1e-9) & (known <= 100 + 1e-9)).all()
    assert found["index"].isna().equals(found[list(LEVELS)].isna().any(axis=1))
    # Regions and indicators may come in any order.
    turned = values.sample(frac=1, random_state=seed).sample(frac=1, axis=1, random_state=seed)
    again = levels(turned, about, method=method)
    pd.testing.assert_frame_equal(again.loc[values.index], found, atol=1e-6, check_names=False)
    # A unit is only a name.
    pd.testing.assert_frame_equal(levels(values * 8, about, method=method), found, atol=1e-6)


def test_weights_add_up_within_each_component():
    about = registry((3, 2, 4, 1, 2))
    for rule in ("equal", "pca", "entropy", "critic"):
        parts = scores_of(table(about=about), about, method=IndexMethod(weights=rule))
        totals = parts.weights.groupby(about["level"]).sum()
        np.testing.assert_allclose(totals, 1)
    assert scores_of(table(), registry(), method=IndexMethod(weights="bod")).weights.isna().all()


def test_goalposts():
    about = registry((1, 1, 1, 1, 1))
    values = table(about=about)
    controls = dict.fromkeys(about.index, (0.0, 10.0))
    method = IndexMethod(normalisation="goalposts", goalposts=controls, treatment="none")
    found = levels(values, about, method=method)
    np.testing.assert_allclose(found["potential"], np.clip(10 * values["p0"], 0, 100))


@pytest.mark.parametrize(
    "options",
    [
        {"normalisation": "median"},
        {"weights": "budget"},
        {"aggregation": "sum"},
        {"treatment": "drop"},
        {"least_share": 0},
        {"least_share": 1.1},
    ],
)
def test_method_refuses(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        IndexMethod(**options)


def test_tables_it_refuses():
    values, about = table(), registry()
    for wrong, message in (
        (values.drop(columns="t0"), "'t0' enters the index but has no values"),
        (values.assign(z=1.0), "'z' is not in the registry"),
        (pd.concat([values, values.iloc[:1]]), "region 'R0' is there twice"),
        (pd.concat([values, values[["t0"]]], axis=1), "indicator 't0' is there twice"),
        (values.replace(values.iloc[2, 3], np.inf), "is infinite"),
        (values.astype(object).replace(values.iloc[2, 3], "many"), "not a number"),
    ):
        with pytest.raises(IndicatorError, match=message):
            levels(wrong, about)
    for method, message in (
        (IndexMethod(weights={"t0": 1.0}), "weights lack the indicator"),
        (IndexMethod(weights=dict.fromkeys(about.index, 0.0)), "not all 0"),
        (IndexMethod(weights=dict.fromkeys(about.index, -1.0)), "0 or more"),
        (IndexMethod(level_weights={"joint_projects": 1.0}), "lack the level"),
        (IndexMethod(normalisation="goalposts"), "goalposts lack"),
        (
            IndexMethod(
                normalisation="goalposts", goalposts=dict.fromkeys(about.index, (1.0, 0.0))
            ),
            "not below the high",
        ),
    ):
        with pytest.raises(IndicatorError, match=message):
            levels(values, about, method=method)


@pytest.mark.parametrize(
    "method", [IndexMethod(), IndexMethod(normalisation="rank", weights="critic")]
)
def test_gains_are_those_of_a_new_index(method):
    values, about = table(3, n=10), registry()
    changes = pd.DataFrame(
        [
            ("less delay", "R0", "t0", 9.0),
            ("less delay", "R0", "t1", 7.0),
            ("less delay", "R4", "t0", 2.5),
            ("more trade", "R4", "j1", 0.01),
        ],
        columns=["change", "region_id", "indicator_id", "value"],
    )
    found = score_gains(values, about, changes, method=method).set_index(["change", "region_id"])
    assert list(found.index) == [
        (change, region) for change in ("less delay", "more trade") for region in values.index
    ]
    before = levels(values, about, method=method)
    for change, rows in changes.groupby("change"):
        other = values.copy()
        for row in rows.itertuples():
            other.loc[row.region_id, row.indicator_id] = row.value
        gain = (levels(other, about, method=method) - before)[list(SCORES)]
        np.testing.assert_allclose(found.loc[change], gain, atol=1e-9)
    # The others are measured against those that became better.
    assert (found.loc["less delay", "transport_communication"].drop(["R0", "R4"]) < 0).any()


def test_gains_refuse():
    values, about = table(), registry()
    change = pd.DataFrame(
        {"change": ["x"], "region_id": ["R0"], "indicator_id": ["t0"], "value": 1.0}
    )
    with pytest.raises(IndicatorError, match="unknown region 'Z'"):
        score_gains(values, about, change.assign(region_id="Z"))
    with pytest.raises(IndicatorError, match="unknown indicator 'z'"):
        score_gains(values, about, change.assign(indicator_id="z"))
    with pytest.raises(IndicatorError, match="infinity"):
        score_gains(values, about, change.assign(value=np.inf))
    with pytest.raises(IndicatorError, match="benefit of the doubt"):
        score_gains(values, about, change, method=IndexMethod(weights="bod"))
    assert score_gains(values, about, change.iloc[:0]).empty
