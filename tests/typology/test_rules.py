"""Rules: every combination has one type, thresholds, carried cuts, probabilities."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo_border.errors import IndicatorError
from geo_border.index.registry import SCORES
from geo_border.index.uncertainty import Uncertainty
from geo_border.terms import LEVELS
from geo_border.typology.rules import (
    TYPE_OF,
    TYPES,
    UNDETERMINED,
    Thresholds,
    carried,
    classes,
    type_of,
    type_probabilities,
)


def frame(rows, columns=SCORES):
    index = pd.Index([f"R{i}" for i in range(len(rows))], name="region_id")
    return pd.DataFrame(rows, index=index, columns=list(columns), dtype=float)


def drawn(scores, reference):
    """Draws of the three levels, the other scores left out."""
    scores, reference = np.asarray(scores, float), np.asarray(reference, float)
    full = np.full((*scores.shape[:2], len(SCORES)), np.nan)
    full[..., : len(LEVELS)] = scores
    of_reference = np.full((len(reference), len(SCORES)), np.nan)
    of_reference[:, : len(LEVELS)] = reference
    table = frame(of_reference)
    empty = np.full(scores.shape[:2], np.nan)
    return Uncertainty(
        regions=table.index,
        scores=full,
        rank=empty,
        choices=pd.DataFrame(),
        reference=table,
        intervals=pd.DataFrame(),
        rank_shift=empty[:, 0],
    )


def test_every_combination_has_exactly_one_type():
    codes = [code for _, many in TYPES.values() for code in many]
    assert len(codes) == len(set(codes)) == 27
    assert set(codes) == {"".join(code) for code in product("LMH", repeat=3)}
    assert UNDETERMINED not in TYPES


@pytest.mark.parametrize("code", sorted(TYPE_OF))
def test_types_say_what_they_mean(code):
    kind = TYPE_OF[code]
    high, low = code.count("H"), code.count("L")
    if kind == "integrated region":
        assert high >= 2
        assert low == 0
    if kind == "border periphery":
        assert low >= 2
        assert high == 0
    if kind == "transitional region":
        assert code.count("M") >= 2
        assert high == 0
    if kind in {"gateway", "transit corridor"}:
        assert code[0] == "H"
    if kind == "partner behind a barrier":
        assert code[0] == "L"
        assert "H" in code[1:]
    if kind == "economic partner":
        assert code[0] != "L"
        assert code[1] == "H"
    if kind == "service centre":
        assert code[0] != "L"
        assert code[2] == "H"
        assert code[1] != "H"


def test_classes_at_the_cuts():
    levels = frame([[39.99, 40, 59.99, 60, 100, 0], [np.nan, 60 - 1e-12, 40 - 1e-12, 50, 50, 50]])
    found = classes(levels)
    assert found.loc["R0"].tolist() == ["low", "medium", "medium", "high", "high", "low"]
    # A score that is the cut but for rounding has reached it.
    assert found.loc["R1"].tolist() == [None, "high", "medium", "medium", "medium", "medium"]
    kinds = type_of(found)
    assert kinds["code"].tolist() == ["LMM", "?HM"]
    assert kinds["type"].tolist() == ["transitional region", UNDETERMINED]


def test_quantile_cuts_make_classes_of_one_size():
    levels = frame(np.column_stack([np.arange(9.0)] * 6))
    found = classes(levels, thresholds=Thresholds(100 / 3, 200 / 3, quantile=True))
    assert found["joint_projects"].value_counts().to_dict() == {"low": 3, "medium": 3, "high": 3}


@pytest.mark.parametrize("cuts", [(60, 40), (50, 50), (0, 60), (40, 100), (np.nan, 60)])
def test_thresholds_refuse(cuts):
    with pytest.raises(ValueError, match="thresholds must be"):
        Thresholds(*cuts)


def test_a_level_without_a_column():
    with pytest.raises(IndicatorError, match="lack the column 'social_services'"):
        classes(frame([[1, 2]], LEVELS[:2]))


def test_carried_cuts_by_hand():
    reference = np.array([30.0, 50, 70])
    draws = np.array([[10.0, 20, 30], [30, 50, 70], [60, 70, 90], [70, 50, 30]])
    low, high = carried(draws, reference, (40, 60))
    # 40 lies half way between the first two, 60 between the last two.
    np.testing.assert_allclose(low, [15, 40, 65, 40])
    np.testing.assert_allclose(high, [25, 60, 80, 60])
    # Beyond the regions the line runs to 0 and to 100.
    np.testing.assert_allclose(carried(draws, reference, (15, 85))[0], [5, 15, 30, 15])
    np.testing.assert_allclose(carried(draws, reference, (15, 85))[1], [65, 85, 95, 85])


@pytest.mark.parametrize("less", [0.0, 1e-12])
def test_all_that_stand_at_a_cut_carry_it(less):
    # Both of the middle have 40, one of them but for rounding; in the draw they are apart.
    reference = np.array([30.0, 40 - less, 40, 70])
    draws = np.array([[10.0, 20, 30, 90], [10, 30, 20, 90]])
    low, high = carried(draws, reference, (40, 60))
    np.testing.assert_allclose(low, 20)
    np.testing.assert_allclose(high, 70)
    levels = np.stack([draws] * len(LEVELS), axis=2)
    found = type_probabilities(drawn(levels, np.stack([reference] * len(LEVELS), axis=1)))
    assert found["transitional region"].tolist() == [0, 1, 1, 0]


@settings(max_examples=40, deadline=None)
@given(
    scores=hnp.arrays(float, 8, elements=st.floats(0, 100), unique=True),
    power=st.floats(0.3, 3),
)
def test_a_monotone_change_of_scale_changes_no_class(scores, power):
    # What a geometric mean does to an arithmetic one, or ranks to shares.
    moved = 100 * (scores / 100) ** power
    if len(np.unique(moved)) < len(scores):
        return
    low, high = carried(moved[None], scores, (40.0, 60.0))
    before = (scores >= 40 - 1e-9).astype(int) + (scores >= 60 - 1e-9)
    after = (moved >= low[0] - 1e-9).astype(int) + (moved >= high[0] - 1e-9)
    np.testing.assert_array_equal(before, after)


def test_probabilities_are_shares_of_the_draws():
    reference = [[70, 70, 70], [50, 50, 50], [20, 20, 20.0]]
    swapped = [[50, 50, 50], [70, 70, 70], [20, 20, 20.0]]
    found = type_probabilities(drawn([reference, reference, reference, swapped], reference))
    assert found.loc["R0", "integrated region"] == 0.75
    assert found.loc["R0", "transitional region"] == 0.25
    assert found.loc["R1", "integrated region"] == 0.25
    assert found.loc["R2", "border periphery"] == 1
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_the_reference_has_probability_one_without_uncertainty():
    random = np.random.default_rng(0)
    reference = random.uniform(0, 100, (12, 3))
    found = type_probabilities(drawn([reference] * 3, reference))
    kinds = type_of(classes(frame(np.column_stack([reference, np.zeros((12, 3))]))))["type"]
    assert all(found.at[region, kind] == 1 for region, kind in kinds.items())


def test_a_missing_level_is_undetermined_in_every_draw():
    reference = [[70, 70, np.nan], [50, 50, 50], [20, 20, 20.0]]
    found = type_probabilities(drawn([reference] * 2, reference))
    assert found.loc["R0", UNDETERMINED] == 1
    assert found.loc["R1", "transitional region"] == 1


def test_order_of_regions_does_not_matter():
    random = np.random.default_rng(1)
    reference, draws = random.uniform(0, 100, (10, 3)), random.uniform(0, 100, (20, 10, 3))
    turn = random.permutation(10)
    found = type_probabilities(drawn(draws, reference))
    again = type_probabilities(drawn(draws[:, turn], reference[turn]))
    np.testing.assert_allclose(again.to_numpy(), found.to_numpy()[turn])


def test_quantile_probabilities_add_up():
    random = np.random.default_rng(2)
    made = drawn(random.uniform(0, 100, (20, 10, 3)), random.uniform(0, 100, (10, 3)))
    found = type_probabilities(made, thresholds=Thresholds(30, 70, quantile=True))
    np.testing.assert_allclose(found.sum(axis=1), 1)
