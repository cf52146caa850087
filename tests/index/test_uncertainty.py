"""Monte Carlo: every draw by brute force, reproducible, and Sobol indices in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from geo_border.errors import IndicatorError
from geo_border.index.levels import IndexMethod, levels
from geo_border.index.registry import COMPONENTS, SCORES
from geo_border.index.uncertainty import (
    AS_IS,
    NONE_LEFT_OUT,
    Alternatives,
    rank_shift,
    ranks,
    uncertainty,
)
from geo_border.index.variance import indices, sample_pair, variance_shares

STILL = Alternatives(
    normalisation=("minmax",),
    weights=("equal",),
    aggregation=("arithmetic",),
    treatment=("winsorise",),
    weight_variation=0,
    leave_one_out=False,
)


def study(seed=0, n=9, counts=(4, 3, 3, 3, 1), gaps=0.0):
    names = [f"{c[0]}{i}" for c, k in zip(COMPONENTS, counts, strict=True) for i in range(k)]
    level = [c for c, k in zip(COMPONENTS, counts, strict=True) for _ in range(k)]
    about = pd.DataFrame(
        {"name": names, "level": level, "role": "index", "unit": "u", "direction": 1},
        index=pd.Index(names, name="indicator_id"),
    )
    random = np.random.default_rng(seed)
    values = random.lognormal(size=(n, len(names)))
    values[random.uniform(size=values.shape) < gaps] = np.nan
    index = pd.Index([f"R{i}" for i in range(n)], name="region_id")
    return pd.DataFrame(values, index=index, columns=names), about


def other_transport(values, seed=5):
    random = np.random.default_rng(seed)
    columns = ["t0", "t2"]
    return {
        f"delay {k}": values[columns] * random.lognormal(0, 0.5, (len(values), 2)) for k in range(3)
    }


def test_without_choices_every_draw_is_the_reference():
    values, about = study(gaps=0.1)
    found = uncertainty(values, about, draws=5, alternatives=STILL)
    expected = levels(values, about)
    for draw in found.scores:
        np.testing.assert_allclose(draw, expected[list(SCORES)])
    np.testing.assert_allclose(found.reference, expected[list(SCORES)])
    np.testing.assert_array_equal(found.rank[0], expected["rank"])
    assert (found.rank_shift == 0).all()
    assert (found.intervals["rank_low"].dropna() == expected["rank"].dropna()).all()


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_every_draw_is_the_index_of_its_choices(gaps):
    values, about = study(1, gaps=gaps)
    transport = other_transport(values)
    options = Alternatives(
        aggregation=("arithmetic", "geometric", "harmonic", "copeland"),
        treatment=("winsorise", "none", "log"),
        weight_variation=0,
        leave_one_out=False,
    )
    found = uncertainty(
        values, about, draws=60, seed=3, alternatives=options, transport_draws=transport
    )
    base = levels(values, about)[list(SCORES)]
    assert set(found.choices["transport"]) == {AS_IS, *transport}
    for draw, choice in zip(found.scores, found.choices.itertuples(), strict=True):
        table = values.copy()
        if choice.transport != AS_IS:
            table[["t0", "t2"]] = transport[choice.transport]
        method = IndexMethod(
            normalisation=choice.normalisation,
            weights=choice.weights,
            aggregation=choice.aggregation,
            treatment=choice.treatment,
        )
        expected = levels(table, about, method=method)[list(SCORES)]
        np.testing.assert_allclose(draw, expected.where(base.notna()), atol=1e-9)


def test_an_indicator_left_out_does_not_count():
    values, about = study(2)
    options = Alternatives(
        normalisation=("minmax",),
        weights=("equal",),
        aggregation=("arithmetic",),
        treatment=("none",),
        weight_variation=0,
    )
    found = uncertainty(values, about, draws=40, alternatives=options)
    # The dynamics have one indicator: it cannot be left out.
    assert set(found.choices["left_out"]) <= {NONE_LEFT_OUT, *about.index} - {"d0"}
    method = IndexMethod(treatment="none")
    for draw, out in zip(found.scores, found.choices["left_out"], strict=True):
        kept = [name for name in about.index if name != out]
        expected = levels(values[kept], about.loc[kept], method=method)
        np.testing.assert_allclose(draw, expected[list(SCORES)])


def test_a_level_that_the_reference_gives_is_given_in_every_draw():
    values, about = study(gaps=0.2, seed=11)
    found = uncertainty(values, about, draws=300, transport_draws=other_transport(values))
    given = found.reference.notna().to_numpy()
    np.testing.assert_array_equal(
        ~np.isnan(found.scores), np.broadcast_to(given, found.scores.shape)
    )


def test_the_same_seed_gives_the_same_bits():
    values, about = study()
    transport = other_transport(values)
    one, two, three = (
        uncertainty(values, about, draws=50, seed=s, transport_draws=transport) for s in (7, 7, 8)
    )
    assert one.scores.tobytes() == two.scores.tobytes()
    assert one.choices.equals(two.choices)
    assert one.scores.tobytes() != three.scores.tobytes()


def test_perturbed_weights_are_a_dirichlet_distribution():
    # Four equal weights with a coefficient of variation of 1/2 are Dirichlet(4, 4, 4, 4).
    values, about = study(counts=(4, 1, 1, 1, 1))
    values["t0"] = [0.0] * 8 + [1.0]
    for name in ("t1", "t2", "t3"):
        values[name] = [1.0] + [0.0] * 8
    options = Alternatives(
        normalisation=("minmax",),
        weights=("equal",),
        aggregation=("arithmetic",),
        treatment=("none",),
        weight_variation=0.5,
        leave_one_out=False,
    )
    found = uncertainty(values, about, draws=3000, alternatives=options)
    weight_of_first = found.scores[:, -1, 0] / 100
    test = stats.kstest(weight_of_first, stats.beta(4, 12).cdf)
    assert test.pvalue > 0.01


def test_ranks_and_their_shift():
    rank = ranks(np.array([[10, 30, 20, np.nan], [5, 5, 1, 2]]))
    np.testing.assert_array_equal(rank[0], [3, 1, 2, np.nan])
    np.testing.assert_array_equal(rank[1], [1, 1, 4, 3])
    np.testing.assert_allclose(rank_shift(rank, np.array([1, 2, 3, 4.0])), [4 / 3, 3 / 4])


def test_intervals_hold_nine_of_ten_draws():
    values, about = study(4)
    found = uncertainty(values, about, draws=500)
    inside = (found.rank >= found.intervals["rank_low"].to_numpy()) & (
        found.rank <= found.intervals["rank_high"].to_numpy()
    )
    assert (inside.mean(axis=0) >= 0.9).all()
    for score in SCORES:
        assert (found.intervals[f"{score}_low"] <= found.intervals[f"{score}_high"]).all()


def test_order_of_regions_does_not_matter():
    values, about = study(6)
    found = uncertainty(values, about, draws=60)
    turned = values.sample(frac=1, random_state=1)
    again = uncertainty(turned, about, draws=60)
    np.testing.assert_allclose(
        again.scores, found.scores[:, values.index.get_indexer(turned.index)], atol=1e-9
    )


def test_numbered_transport_tables():
    values, about = study()
    tables = list(other_transport(values).values())
    found = uncertainty(values, about, draws=40, transport_draws=tables)
    assert set(found.choices["transport"]) == {AS_IS, "1", "2", "3"}


def test_what_it_refuses():
    values, about = study()
    for wrong, message in (
        ({"x": pd.DataFrame({"z": 1.0}, index=values.index)}, "has the column 'z'"),
        ({"x": values[["t0"]].iloc[:-1]}, "lacks regions"),
        ({AS_IS: values[["t0"]]}, "may not be named"),
    ):
        with pytest.raises(IndicatorError, match=message):
            uncertainty(values, about, draws=5, transport_draws=wrong)
    with pytest.raises(IndicatorError, match="benefit of the doubt"):
        uncertainty(values, about, draws=5, method=IndexMethod(weights="bod"))
    with pytest.raises(ValueError, match="draws"):
        uncertainty(values, about, draws=0)
    with pytest.raises(ValueError, match="weights"):
        Alternatives(weights=("bod",))
    with pytest.raises(ValueError, match="aggregation"):
        Alternatives(aggregation=())
    with pytest.raises(ValueError, match="weight_variation"):
        Alternatives(weight_variation=-1)


def test_sobol_indices_of_a_sum_and_a_product():
    # y = a1 x1 + a2 x2: first and total are a² shares. y = (x1 - 1/2)(x2 - 1/2): first 0, total 1.
    random = np.random.default_rng(0)
    A, B = sample_pair(4096, 3, random)

    def outputs(x):
        return np.column_stack(
            [x[:, 0] + 2 * x[:, 1], (x[:, 0] - 0.5) * (x[:, 1] - 0.5), np.ones(len(x))]
        )

    expected = {0: ([0.2, 0, np.nan], [0.2, 1, np.nan]), 1: ([0.8, 0, np.nan], [0.8, 1, np.nan])}
    expected[2] = ([0, 0, np.nan], [0, 0, np.nan])
    for factor, (first, total) in expected.items():
        mixed = A.copy()
        mixed[:, factor] = B[:, factor]
        found = indices(outputs(A), outputs(B), outputs(mixed))
        np.testing.assert_allclose(found[0], first, atol=0.02)
        np.testing.assert_allclose(found[1], total, atol=0.02)


def test_sobol_indices_are_those_of_scipy():
    def ishigami(x):
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    reference = stats.sobol_indices(
        func=ishigami, n=4096, dists=[stats.uniform(-np.pi, 2 * np.pi)] * 3
    )
    A, B = (np.pi * (2 * x - 1) for x in sample_pair(4096, 3, np.random.default_rng(1)))
    for factor in range(3):
        mixed = A.copy()
        mixed[:, factor] = B[:, factor]
        first, total = indices(*(ishigami(x.T)[:, None] for x in (A, B, mixed)))
        assert first[0] == pytest.approx(reference.first_order[factor], abs=0.03)
        assert total[0] == pytest.approx(reference.total_order[factor], abs=0.03)


def test_sample_is_uniform_and_its_halves_differ():
    A, B = sample_pair(256, 2, np.random.default_rng(2))
    assert A.shape == B.shape == (256, 2)
    for x in (*A.T, *B.T):
        assert stats.kstest(x, "uniform").pvalue > 0.5
    assert not np.allclose(A, B)


def test_one_factor_alone_causes_everything():
    values, about = study()
    only = Alternatives(
        normalisation=("minmax", "rank"),
        weights=("equal",),
        aggregation=("arithmetic",),
        treatment=("none",),
        weight_variation=0,
        leave_one_out=False,
    )
    found = variance_shares(values, about, size=128, alternatives=only)
    assert found["factor"].unique().tolist() == ["normalisation"]
    moving = found.dropna()
    np.testing.assert_allclose(moving["first"], 1, atol=0.15)
    np.testing.assert_allclose(moving["total"], 1, atol=0.15)
    assert variance_shares(values, about, size=16, alternatives=STILL).empty


def test_variance_shares_of_the_whole():
    values, about = study()
    found = variance_shares(values, about, size=64, transport_draws=other_transport(values))
    shift = found[found["output"] == "rank_shift"].set_index("factor")
    assert shift.index.tolist() == [
        "normalisation",
        "weights",
        "perturbation",
        "aggregation",
        "treatment",
        "left_out",
        "transport",
    ]
    assert (shift["total"] >= 0).all()
    assert found["output"].unique().tolist() == ["rank_shift", *values.index]
    again = variance_shares(values, about, size=64, transport_draws=other_transport(values))
    pd.testing.assert_frame_equal(found, again, check_exact=True)
    with pytest.raises(ValueError, match="power of 2"):
        variance_shares(values, about, size=100)
