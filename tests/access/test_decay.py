"""Impedance functions: known values, and the compiled ones against numpy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.catchments import Stepwise
from geo_border.access.decay import (
    KINDS,
    Exponential,
    Gaussian,
    Linear,
    Logistic,
    Power,
    Step,
    calibrated,
    codes,
)
from geo_border.access.nearest import zones
from geo_border.routing.engine.kernels import impedance
from geo_border.routing.tiles import tile_closures, tile_sums

EACH = [
    Exponential(0.7),
    Power(1.7, 0.4),
    Gaussian(1.1),
    Logistic(1.2, 4.0),
    Step(1.5),
    Linear(2.5),
]


@pytest.mark.parametrize("decay", EACH, ids=lambda decay: type(decay).__name__)
@settings(deadline=None)
@given(hours=st.one_of(st.floats(0, 1e4), st.just(np.inf)))
def test_compiled_equals_numpy(decay, hours):
    assert impedance(codes([decay])[0], hours) == pytest.approx(float(decay(hours)), rel=1e-9)
    assert 0 <= float(decay(hours)) <= 1


@pytest.mark.parametrize("decay", EACH, ids=lambda decay: type(decay).__name__)
def test_falls_to_nothing(decay):
    values = decay(np.linspace(0, 30, 500))
    assert (np.diff(values) <= 0).all()
    assert float(decay(np.inf)) == 0


def test_known_values():
    assert Exponential(1.5)([0, 1.5, 3.0]).tolist() == [1, 0.5, 0.25]
    # exp(-0.1 t) has the half-life ln 2 / 0.1.
    assert Exponential(np.log(2) / 0.1)(15.0) == pytest.approx(np.exp(-1.5))
    np.testing.assert_allclose(Power(2.0, 0.5)([0.1, 0.5, 1.0, 2.0]), [1, 1, 1 / 4, 1 / 16])
    assert Gaussian(2.0)(2.0) == pytest.approx(np.exp(-0.5))
    assert Logistic(1.5, 3.0)(1.5) == 0.5
    assert Step(1.0)([1.0, 1.0 + 1 / 3.6e6]).tolist() == [1, 0]  # a millisecond late
    assert Linear(4.0)([0, 1, 4, 5]).tolist() == [1, 0.75, 0, 0]


@pytest.mark.parametrize("kind", [Exponential, Power, Gaussian, Logistic, Step, Linear])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_parameters_must_be_positive(kind, value):
    with pytest.raises(ValueError, match="must be positive"):
        kind(value)


@pytest.mark.parametrize("kind", KINDS)
@given(half_life=st.floats(0.1, 20))
def test_calibrated_functions_count_half_after_the_half_life(kind, half_life):
    decay = calibrated(kind, half_life)
    if kind == "step":
        assert decay([half_life, half_life * 1.0001]).tolist() == [1, 0]
    else:
        assert float(decay(half_life)) == pytest.approx(0.5)


def test_formulas_say_what_was_calibrated():
    assert calibrated("exponential", 2).formula == "exp(-βt), β = 0.3466 per hour (half-life 2 h)"
    assert calibrated("linear", 2).formula == "1 - t / 4 h, then 0"
    assert len({calibrated(kind, 2).formula for kind in KINDS}) == len(KINDS)
    with pytest.raises(ValueError, match="unknown impedance function 'cubic'"):
        calibrated("cubic", 2)


def sixty_minutes():
    """Legs in whole milliseconds to a gate, through it and beyond that make just an hour."""
    ms = np.sort(np.random.default_rng(7).integers(0, 3_600_001, (2, 500)), axis=0)
    legs = np.diff(ms, axis=0, prepend=0, append=3_600_000) / 3.6e6
    assert (legs[0] + legs[1] + legs[2] > 1).any()  # what rounding does to some of them
    return legs


def test_a_trip_of_sixty_minutes_is_within_the_hour():
    before, delay, after = sixty_minutes()
    for hours in (before + delay + after, before + (delay + after)):
        assert Step(1.0)(hours).all()
        assert [impedance(codes([Step(1.0)])[0], time) for time in hours] == [1.0] * len(hours)
        assert not Step(1.0)(hours + 1 / 3.6e6).any()
        steps = Stepwise(bounds=(0.5, 1.0), weights=(0.7, 0.2))
        assert (steps(hours) == 0.2).all()
        places = pd.DataFrame({"region_id": "A", "population": 1.0}, index=range(len(hours)))
        people = zones(pd.Series(hours), places)
        assert people.loc["A", "30-60"] == len(hours)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("gates", [1, 20])
def test_sums_over_tiles_count_trips_of_sixty_minutes(dtype, gates):
    before, delay, after = sixty_minutes()
    code, one = codes([Step(1.0)]), np.ones(1)
    for legs in zip(before[:50], (delay + after)[:50], strict=True):
        A, E = (
            np.full(shape, leg, dtype)
            for shape, leg in zip(((1, gates), (gates, 1)), legs, strict=True)
        )
        assert tile_sums(A, E, one, code) == 1
        sums, losses = tile_closures(A, E, one, code)
        assert sums == 1
        assert losses.sum() == (gates == 1)
