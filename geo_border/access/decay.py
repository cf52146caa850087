"""Impedance functions: how much an opportunity counts after a travel time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from scipy.special import expit

from geo_border.errors import ParameterError
from geo_border.routing.engine import kernels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray


ROUNDING_H = 1e-9
"""Hours (4 microseconds) by which a time may pass a limit and still be within it: a trip of 60
minutes is one whatever legs it is added up from."""


@runtime_checkable
class Decay(Protocol):
    """An impedance function of travel time, between 0 and 1, 0 at infinity."""

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters, as `geo_border.routing.engine.kernels.impedance` takes them."""

    @property
    def formula(self) -> str:
        """The function in words and numbers, for tables."""

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""


def _positive(**values: float) -> None:
    """Refuse parameters that are not positive numbers."""
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ParameterError(f"{name} must be positive and finite, not {value}")


@dataclass(frozen=True, slots=True)
class Exponential:
    """``exp(-β t)``, given by the time after which half is left.

    Parameters
    ----------
    half_life
        ``ln 2 / β``, hours.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Exponential(half_life=2)([0, 2, 4]).tolist()
    [1.0, 0.5, 0.25]
    """

    half_life: float = 1.5

    def __post_init__(self) -> None:
        _positive(half_life=self.half_life)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.EXPONENTIAL, np.log(2) / self.half_life, 0.0

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        beta = np.log(2) / self.half_life
        return f"exp(-βt), β = {beta:.4g} per hour (half-life {self.half_life:g} h)"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        return np.exp2(-np.asarray(hours, float) / self.half_life)


@dataclass(frozen=True, slots=True)
class Power:
    """``(t / t0)^-a`` beyond ``t0``, 1 before it.

    Parameters
    ----------
    exponent
        ``a``.
    floor
        ``t0``, hours: without it the nearest places would count without limit.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Power(exponent=1)([1, 2, 4]).round(2).tolist()
    [0.5, 0.25, 0.12]
    """

    exponent: float = 1.0
    floor: float = 0.5

    def __post_init__(self) -> None:
        _positive(exponent=self.exponent, floor=self.floor)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.POWER, self.exponent, self.floor

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        return f"(t / {self.floor:g} h)^-{self.exponent:g} beyond {self.floor:g} h"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        ratio = np.maximum(np.asarray(hours, float), self.floor) / self.floor
        return np.asarray(ratio**-self.exponent)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """``exp(-t² / 2σ²)``.

    Parameters
    ----------
    sigma
        ``σ``, hours.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Gaussian(sigma=1)([0, 1, 2]).round(2).tolist()
    [1.0, 0.61, 0.14]
    """

    sigma: float = 1.5

    def __post_init__(self) -> None:
        _positive(sigma=self.sigma)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.GAUSSIAN, self.sigma, 0.0

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        return f"exp(-t² / 2σ²), σ = {self.sigma:.4g} h"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        return np.exp(-0.5 * (np.asarray(hours, float) / self.sigma) ** 2)


@dataclass(frozen=True, slots=True)
class Logistic:
    """``1 / (1 + exp(s (t - t½)))``; a little below 1 at ``t = 0``.

    Parameters
    ----------
    midpoint
        ``t½``, hours: where half counts.
    slope
        ``s``, per hour.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Logistic(midpoint=2)([1, 2, 3]).round(2).tolist()
    [0.95, 0.5, 0.05]
    """

    midpoint: float = 1.5
    slope: float = 3.0

    def __post_init__(self) -> None:
        _positive(midpoint=self.midpoint, slope=self.slope)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.LOGISTIC, self.midpoint, self.slope

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        return f"1 / (1 + exp({self.slope:g} (t - {self.midpoint:g} h)))"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        return np.asarray(expit(self.slope * (self.midpoint - np.asarray(hours, float))))


@dataclass(frozen=True, slots=True)
class Step:
    """1 up to a time, 0 beyond: cumulative opportunities.

    Parameters
    ----------
    within
        The time, hours; itself still inside, whatever its rounding (`ROUNDING_H`).

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Step(within=1)([0.5, 1, 1.5]).tolist()
    [1.0, 1.0, 0.0]
    """

    within: float = 1.0

    def __post_init__(self) -> None:
        _positive(within=self.within)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.STEP, self.within + ROUNDING_H, 0.0

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        return f"1 up to {self.within:g} h, then 0"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        return (np.asarray(hours, float) <= self.within + ROUNDING_H).astype(float)


@dataclass(frozen=True, slots=True)
class Linear:
    """``1 - t / T`` up to ``T``, 0 beyond.

    Parameters
    ----------
    reach
        ``T``, hours.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Linear(reach=4)([0, 1, 5]).tolist()
    [1.0, 0.75, 0.0]
    """

    reach: float = 3.0

    def __post_init__(self) -> None:
        _positive(reach=self.reach)

    @property
    def code(self) -> tuple[float, float, float]:
        """Kind and parameters of the compiled function."""
        return kernels.LINEAR, self.reach, 0.0

    @property
    def formula(self) -> str:
        """The function in words and numbers."""
        return f"1 - t / {self.reach:g} h, then 0"

    def __call__(self, hours: ArrayLike) -> NDArray[np.float64]:
        """Value after the given hours."""
        return np.maximum(0.0, 1.0 - np.asarray(hours, float) / self.reach)


KINDS = ("exponential", "power", "gaussian", "logistic", "step", "linear")
"""Names of the impedance functions, as `calibrated` takes them."""


def calibrated(kind: str, half_life: float) -> Decay:
    """Impedance function by name, such that an opportunity counts half after a given time.

    Parameters
    ----------
    kind
        One of `KINDS`.
    half_life
        Travel time after which half counts, hours.

    Returns
    -------
    Decay
        Power with exponent 1 (its floor is half the time), logistic with a slope of 4 over
        the time, a step at the time (before it all counts, beyond it nothing), linear to
        twice the time.

    Raises
    ------
    ParameterError
        If the kind is unknown or the time is not positive.
    """
    _positive(half_life=half_life)
    made: dict[str, Decay] = {
        "exponential": Exponential(half_life=half_life),
        "power": Power(exponent=1.0, floor=half_life / 2),
        "gaussian": Gaussian(sigma=half_life / np.sqrt(2 * np.log(2))),
        "logistic": Logistic(midpoint=half_life, slope=4 / half_life),
        "step": Step(within=half_life),
        "linear": Linear(reach=2 * half_life),
    }
    if kind not in made:
        raise ParameterError(f"unknown impedance function {kind!r}; there are {', '.join(KINDS)}")
    return made[kind]


def codes(decays: Iterable[Decay]) -> NDArray[np.float64]:
    """Impedance functions as kernels take them.

    Parameters
    ----------
    decays
        The functions.

    Returns
    -------
    ndarray
        Kind and parameters, shape (D, 3).

    Raises
    ------
    ParameterError
        If one is no such function.
    """
    return np.array([_code(decay) for decay in decays], float).reshape(-1, 3)


def _code(decay: Decay) -> tuple[float, float, float]:
    """Kind and parameters of an impedance function."""
    if not isinstance(decay, Decay):
        raise ParameterError(
            f"{decay!r} is no impedance function", remedy="Give one, such as Exponential(2)"
        )
    return decay.code
