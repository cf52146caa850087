"""What study.toml may say: the parameters of a study, their defaults and their limits."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geo_border.errors import StudyError

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
File = Annotated[str, Field(min_length=1, description="path relative to study.toml")]
Status = Literal["open", "restricted", "uncertain", "closed", "planned"]
Users = Literal["multilateral", "bilateral", "local"]
Mode = Literal["road", "rail", "ferry", "foot", "air"]


class Section(BaseModel):
    """A table of study.toml; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Section):
    """What the study is of."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    home: str
    neighbour: str
    as_of: str = ""
    licence: str = ""


class Regions(Section):
    """Polygons of the regions, and of the rest of each side."""

    home: File
    neighbour: File
    home_territory: File | None = None
    neighbour_territory: File | None = None
    edge_tolerance_km: Positive = 5
    published_border_km: dict[str, float] = {}
    published_border_source: str = ""
    official_border_km: Positive | None = None
    official_border_source: str = ""


class Extract(Section):
    """An extract of OpenStreetMap, and where it can be downloaded."""

    file: File
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None


class Osm(Section):
    """Extracts of OpenStreetMap that the network and whatever else is asked for come from."""

    extracts: Annotated[list[Extract], Field(min_length=1)]


class Lines(Section):
    """A layer of lines of one mode."""

    file: File
    mode: Literal["road", "rail", "ferry", "foot"]


class NetworkSection(Section):
    """Line layers, default speeds and how places join the network."""

    lines: Annotated[list[Lines], Field(min_length=1)]
    speeds: File
    speed_factor: Positive = 1
    crossing_tolerance_km: Positive | None = None
    most_candidates: Annotated[int, Field(ge=0)] = 300
    place_reach_km: Positive = 100
    place_detour: Annotated[float, Field(ge=1)] = 1.3
    place_kmh: Positive = 40
    station_km: Positive = 5
    transfer_h: NotNegative = 0.5
    good_for: list[str] = []
    not_good_for: list[str] = []


class Checkpoints(Section):
    """The register of checkpoints, and what a passage costs where it says nothing."""

    file: File
    open_status: list[Status] = ["open", "restricted"]
    open_users: list[Users] = ["multilateral", "bilateral"]
    farthest_km: Positive = 50
    delay_h: dict[Mode, NotNegative]
    delay_source: str = ""


class Places(Section):
    """Settlements with their population."""

    file: File


class Indicators(Section):
    """The registry of indicators and their values."""

    registry: File
    table: File


class AccessSection(Section):
    """Accessibility: how far people go."""

    half_life_h: Positive = 2
    within_h: Positive = 1
    zones_min: list[Positive] = [30, 60, 90]


class Demand(Section):
    """Gravity demand across the border."""

    alpha: Positive = 1
    gamma: Positive = 1
    half_life_h: Positive = 4


class Index(Section):
    """From indicators to levels."""

    normalisation: Literal["minmax", "zscore", "rank", "percentile", "distance", "borda"] = "minmax"
    weights: Literal["equal", "pca", "entropy", "critic"] = "equal"
    aggregation: Literal["arithmetic", "geometric", "harmonic", "copeland"] = "arithmetic"
    least_share: Share = 0.66
    draws: Annotated[int, Field(ge=100, le=100_000)] = 2_000
    seed: int = 1


class Typology(Section):
    """Where a level is low, medium or high."""

    low: Annotated[float, Field(ge=0, le=100)] = 40
    high: Annotated[float, Field(ge=0, le=100)] = 60

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


class Settings(Section):
    """The whole of study.toml."""

    study: About
    osm: Osm | None = None
    regions: Regions
    network: NetworkSection
    checkpoints: Checkpoints
    places: Places
    indicators: Indicators
    access: AccessSection = AccessSection()
    demand: Demand = Demand()
    index: Index = Index()
    typology: Typology = Typology()


def read_settings(file: Path) -> Settings:
    """Read and check study.toml.

    Parameters
    ----------
    file
        Path of the study.toml.

    Returns
    -------
    Settings
        The checked parameters, defaults filled in.

    Raises
    ------
    StudyError
        If the file is missing, is not TOML, or says what a study cannot say.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StudyError(
            "there is no such file",
            file=file,
            remedy="`geo-border new DIR` makes a study to start from, `geo-border studies` "
            "lists the embedded ones",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"cannot be read as text ({error})", file=file) from error
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"not valid TOML: {error}", file=file, remedy="Mend that line") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        remedy = (
            "Remove it, or check its spelling"
            if first["type"] == "extra_forbidden"
            else "See the reference of study.toml in the documentation"
        )
        raise StudyError(f"{key}: {first['msg'].lower()}", file=file, remedy=remedy) from error
