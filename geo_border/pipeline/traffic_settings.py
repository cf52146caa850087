"""What study.toml may say of traffic: classes, how trips choose a checkpoint, counts."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from geo_border.pipeline.mistakes import in_form
from geo_border.pipeline.section import Around, Delay, Exponent, File, Section
from geo_border.terms import CAR, NO_CLASS
from geo_border.traffic.classes import Segment

DelayKind = Literal["mean", "rule", "lower end", "upper end", "peak", "anecdote", "design"]
Total = Annotated[float, Field(gt=0, le=1e10, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.1, le=10, allow_inf_nan=False)]

SEGMENT = Segment()
"""What a segment is that nothing is said of."""


def _not_taken(name: str) -> str:
    if name in NO_CLASS:
        raise ValueError(f"{name!r} is a word of columns; call the class something else")
    return name


ClassName = Annotated[
    str,
    in_form(r"[a-z][a-z0-9]*", 'small letters and digits, such as "truck"'),
    AfterValidator(_not_taken),
]


class PassageSection(Section):
    """What a passage takes a class where the register has no figure."""

    delay_h: Delay | None = None
    delay_lo_h: Delay | None = None
    delay_hi_h: Delay | None = None
    delay_kind: DelayKind | None = None
    delay_direction: Literal["both", "out", "in"] = "both"
    delay_source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ends = (self.delay_lo_h, self.delay_h, self.delay_hi_h)
        if self.delay_h is None and ends != (None, None, None):
            raise ValueError("delay_lo_h and delay_hi_h need a delay_h between them")
        known = [hours for hours in ends if hours is not None]
        if known != sorted(known):
            stated = " ≤ ".join(f"{hours:g}" for hours in known)
            raise ValueError(f"delay_lo_h ≤ delay_h ≤ delay_hi_h does not hold: {stated}")
        return self


class SegmentSection(Section):
    """Part of a class whose trips weigh hours alike, such as local ones or those over long ways."""

    share: Annotated[float, Field(gt=0, le=1)] = 1
    theta: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = SEGMENT.theta
    outside: Annotated[float, Field(ge=0, lt=1)] = SEGMENT.outside


class ClassSection(Section):
    """A class of traffic: its masses, its total, and how it weighs hours."""

    alpha: Exponent | None = None
    gamma: Exponent | None = None
    total_year: Total | None = None
    pcu: Factor = 1
    speed_factor: Factor = 1
    delay_factor: Annotated[float, Field(ge=0.05, le=20, allow_inf_nan=False)] = 1
    segments: list[SegmentSection] = []
    source: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        shares = sum(segment.share for segment in self.segments)
        if self.segments and abs(shares - 1) > 1e-6:
            raise ValueError(f"the shares of its segments should add up to 1, not {shares:g}")
        return self


def _with_cars(given: object) -> object:
    """Classes that a study names, and cars, which the measures of accessibility are of."""
    return {CAR: {}, **given} if isinstance(given, dict) else given


class TrafficSection(Section):
    """Traffic across the border by class."""

    choice: Literal["logit", "fastest"] = "logit"
    most_passages: Literal[1, 3] = 3
    wait_h: Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)] = 1
    wait_power: Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)] = 4
    counts: File | None = None
    theta_range: Around = (0.5, 2)
    mass_range: Around = (0.8, 1.25)
    capacity_range: Around = (0.75, 1.5)
    speed_range: Around = (0.8, 1.1)
    classes: Annotated[dict[ClassName, ClassSection], BeforeValidator(_with_cars)] = {
        CAR: ClassSection()
    }
