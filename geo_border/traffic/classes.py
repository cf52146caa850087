"""Classes of traffic: vehicles that travel alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo_border.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Segment:
    """Trips of a class that weigh time alike, such as local or long-distance ones.

    Parameters
    ----------
    share
        Of the trips of the class that are made with the border as it is; the shares of the
        segments of a class are taken in proportion to their sum.
    theta
        Dispersion and decay ``θ`` in ``exp(-θ t)``, per hour: what is an hour longer is taken
        ``exp(-θ)`` times as often.
    outside
        Share of the trips that could be made and are not, with the border as it is, from 0 to
        below 1. The outside option ``U_0`` follows. With 0 the number of trips is fixed, and a
        closure only diverts; near 1 it is that of the unconstrained gravity model.

    Raises
    ------
    ParameterError
        If a value is outside its range.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Segment(theta=0.8, outside=0.6)
    Segment(share=1.0, theta=0.8, outside=0.6)
    """

    share: float = 1.0
    theta: float = 0.5
    outside: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.share < np.inf:
            raise ParameterError(f"the share of a segment must be positive, not {self.share}")
        if not 0 < self.theta < np.inf:
            raise ParameterError(f"theta must be positive and finite, not {self.theta}")
        if not 0 <= self.outside < 1:
            raise ParameterError(
                f"the outside share must be from 0 to below 1, not {self.outside}",
                remedy="Give the share of trips that are not made with the border as it is",
            )


@dataclass(frozen=True, slots=True)
class TrafficClass:
    """Vehicles that travel alike: cars, trucks, or what a study adds.

    Parameters
    ----------
    name
        What it is called in columns and tables.
    segments
        Of its trips.
    alpha, gamma
        Exponents of the mass at the origin and at the destination.
    total_year
        Vehicles a year in both directions with the border as it is, one that drives out and
        back counted twice. Flows are shares of the class if it is not given.
    pcu
        Passenger-car units that a vehicle takes of its lanes.
    speed_factor
        Its speed over that of a car.
    delay_factor
        What the stated delays of its checkpoints are multiplied by, where counts show that they
        are too long or too short.
    mass
        Column of the places with what trips begin and end at: people, jobs, product.

    Raises
    ------
    ParameterError
        If a value is outside its range, or there is no segment.

    Examples
    --------
    >>> import geo_border as gb
    >>> truck = gb.TrafficClass("truck", total_year=250_000, pcu=2.5, speed_factor=0.8)
    >>> truck.total_day
    684.9...
    """

    name: str
    segments: tuple[Segment, ...] = (Segment(),)
    alpha: float = 1.0
    gamma: float = 1.0
    total_year: float | None = None
    pcu: float = 1.0
    speed_factor: float = 1.0
    delay_factor: float = 1.0
    mass: str = "population"

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", tuple(self.segments))
        if not self.segments:
            raise ParameterError(f"the class {self.name!r} has no segment")
        total = 1.0 if self.total_year is None else self.total_year
        positive = {
            "pcu": self.pcu,
            "speed_factor": self.speed_factor,
            "delay_factor": self.delay_factor,
            "total_year": total,
        }
        for name, value in positive.items():
            if not 0 < value < np.inf:
                raise ParameterError(f"{name} of the class {self.name!r} must be positive: {value}")
        for name, value in (("alpha", self.alpha), ("gamma", self.gamma)):
            if not 0 <= value < np.inf:
                raise ParameterError(f"{name} of the class {self.name!r} is negative: {value}")

    @property
    def total_day(self) -> float:
        """Vehicles a day in both directions, 1 where no total is known."""
        return 1.0 if self.total_year is None else self.total_year / 365
