"""What every table of study.toml has in common: no unknown keys, numbers within limits."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from geo_border.pipeline.mistakes import known_keys

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Delay = Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]
Exponent = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
Around = Annotated[
    tuple[Annotated[float, Field(ge=0.1, le=1)], Annotated[float, Field(ge=1, le=10)]],
    Field(strict=False, description="ends, as multiples of what lies between them"),
]
File = Annotated[str, Field(min_length=1, description="path relative to study.toml")]


class Section(BaseModel):
    """A table of study.toml; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _known(cls, given: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        found: Self = known_keys(cls, given, handler)
        return found
