"""What study.toml may say: the parameters of a study, their defaults and their limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from geo_border.border.hours import INFORMED
from geo_border.pipeline.mistakes import in_form, read_toml, study_error
from geo_border.pipeline.section import (
    Around,
    Delay,
    Exponent,
    File,
    NotNegative,
    Positive,
    Section,
)
from geo_border.pipeline.traffic_settings import ClassName, PassageSection, TrafficSection
from geo_border.terms import CAR

TripHours = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
HalfLife = Annotated[float, Field(ge=0.01, le=1000, allow_inf_nan=False)]
Minutes = Annotated[float, Field(ge=1, le=6000, allow_inf_nan=False)]
Reach = Annotated[float, Field(ge=0.01, le=1000, allow_inf_nan=False)]
Kmh = Annotated[float, Field(ge=1, le=500, allow_inf_nan=False)]
OffRoadKmh = Annotated[float, Field(ge=0.1, le=200, allow_inf_nan=False)]
Times = Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
Status = Literal["open", "restricted", "uncertain", "closed", "planned"]
Users = Literal["multilateral", "bilateral", "local"]
CheckpointMode = Literal["road", "rail", "ferry", "foot", "air"]
OSM_LICENCE = "© OpenStreetMap contributors (ODbL)"
Language = Annotated[str, in_form(r"[a-z]{2,3}", 'the small letters of ISO 639, such as "en"')]
CountryCode = Annotated[
    str,
    in_form(r"[A-Z]{2}", 'the two letters of ISO 3166-1, such as "KZ"'),
    BeforeValidator(lambda given: given.strip().upper() if isinstance(given, str) else given),
]


def _minutes_apart(given: list[float], per_minute: float) -> list[float]:
    """Times in order, each once; measures are named by whole minutes, so these must differ."""
    times = sorted(set(given))
    minutes = [round(time / per_minute) for time in times]
    if minutes[0] < 1 or len(set(minutes)) < len(minutes):
        raise ValueError("should be a minute or more, and a minute apart from each other")
    return times


MinutesInOrder = AfterValidator(lambda given: _minutes_apart(given, 1))
HoursInOrder = AfterValidator(lambda given: _minutes_apart(given, 1 / 60))
OneOrSeveral = BeforeValidator(lambda given: given if isinstance(given, list) else [given])


_Section = TypeVar("_Section", bound=Section)


class StudySection(Section):
    """What the study is of."""

    id: Annotated[
        str, in_form(r"[a-z0-9][a-z0-9-]*", 'small letters, digits and hyphens, such as "ru-kz"')
    ]
    title: str
    home: str
    neighbour: str
    as_of: str = ""
    licence: str = ""
    level: Literal["trunk"] | None = None


class LayerSection(Section):
    """A layer of a file; its name is needed where the file has several that may be meant."""

    file: File
    layer: Annotated[str, Field(min_length=1)] | None = None


class UnitsSection(Section):
    """Administrative units of a country, from the boundary relations of the extracts."""

    country: CountryCode
    admin_level: Annotated[int, Field(ge=2, le=11)] = 2
    keep: list[str] = []


class EverythingElseSection(Section):
    """All that lies outside the other side, as far as the extracts reach."""

    everything_else: Literal[True]
    region_id: Annotated[str, Field(min_length=1)] = "elsewhere"
    name: str = ""


class CountrySection(Section):
    """A country, from its boundary relation in the extracts."""

    country: CountryCode


def _form(value: object) -> str | None:
    """Which of the forms of a side or a territory is meant."""
    if isinstance(value, Section):
        return f"<{type(value).__name__}>"
    if isinstance(value, dict):
        forms = {
            "everything_else": EverythingElseSection,
            "country": UnitsSection,
            "file": LayerSection,
        }
        return next((f"<{form.__name__}>" for key, form in forms.items() if key in value), None)
    return None


def _layer(given: object) -> object:
    """A file's name is that of its only layer."""
    return {"file": given} if isinstance(given, str) else given


Side = Annotated[
    Annotated[LayerSection, Tag("<LayerSection>")]
    | Annotated[UnitsSection, Tag("<UnitsSection>")]
    | Annotated[EverythingElseSection, Tag("<EverythingElseSection>")],
    Discriminator(
        _form,
        custom_error_type="side",
        custom_error_message='should be a file, { country = "KZ", admin_level = 4 } or '
        '{ everything_else = true }; a layer of a file is { file = "adm.gpkg", layer = "adm1" }',
    ),
    BeforeValidator(_layer),
]
Territory = Annotated[
    Annotated[LayerSection, Tag("<LayerSection>")]
    | Annotated[CountrySection, Tag("<CountrySection>")],
    Discriminator(
        lambda value: "<CountrySection>" if _form(value) == "<UnitsSection>" else _form(value),
        custom_error_type="territory",
        custom_error_message='should be a file or { country = "KZ" }; a layer of a file is '
        '{ file = "adm.gpkg", layer = "adm0" }',
    ),
    BeforeValidator(_layer),
]


class RegionsSection(Section):
    """Polygons of the regions, and of the rest of each side."""

    home: Side
    neighbour: Side
    home_territory: Territory | None = None
    neighbour_territory: Territory | None = None
    edge_tolerance_km: Annotated[float, Field(gt=0, le=50)] = 5
    local_language: Language | None = None
    kinds: list[str] = []
    published_border_km: dict[str, NotNegative] = {}
    published_border_source: str = ""
    official_border_km: Positive | None = None
    official_border_source: str = ""


class ExtractSection(Section):
    """An extract of OpenStreetMap, and where it can be downloaded."""

    file: File
    url: (
        Annotated[str, in_form(r"(?s)https?://.*", "an address with http:// or https://")] | None
    ) = None


class OsmSection(Section):
    """Extracts of OpenStreetMap that the network and whatever else is asked for come from."""

    extracts: Annotated[list[ExtractSection], Field(min_length=1)]
    language: Language | None = None


class LinesSection(LayerSection):
    """A layer of lines of one mode."""

    mode: Literal["road", "rail", "ferry", "foot"]


class NetworkSection(Section):
    """Line layers, default speeds and how places join the network."""

    lines: list[LinesSection] = []
    speeds: File | None = None
    speed_factor: Annotated[float, Field(ge=0.1, le=10)] = 1
    crossing_tolerance_km: Annotated[float, Field(gt=0, le=50)] | None = None
    stub_tolerance_m: Annotated[float, Field(ge=0, le=1000)] = 100
    along_border_m: Annotated[float, Field(ge=0, le=5000)] = 25
    most_candidates: Annotated[int, Field(ge=0, le=10_000)] = 300
    place_reach_km: Reach = 100
    beyond_km: Reach | None = None
    place_detour: Times = 1.3
    place_kmh: OffRoadKmh = 40
    station_km: Reach = 5
    transfer_h: Annotated[float, Field(ge=0, le=24)] = 0.5
    gauge_break_h: Annotated[float, Field(ge=0, le=240)] = 0
    speeds_note: str = ""
    good_for: list[str] = []
    not_good_for: list[str] = []


class CheckpointsSection(Section):
    """The register of checkpoints, and what a passage costs where it says nothing."""

    file: File | None = None
    open_crossings: bool = False
    open_status: Annotated[list[Status], Field(min_length=1)] = ["open", "restricted"]
    open_users: Annotated[list[Users], Field(min_length=1)] = ["multilateral", "bilateral"]
    farthest_km: Reach = 50
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    informed: Annotated[float, Field(ge=0, le=1)] = INFORMED
    delay_h: dict[CheckpointMode, Delay] = {}
    delay_source: str = ""
    classes: dict[ClassName, PassageSection] = {}


class PlacesSection(Section):
    """Settlements with their population."""

    file: File | None = None
    tagged: bool | None = None
    leave_out: list[str] = []


class OuterSection(Section):
    """Cities and trunk roads beyond the sides' land: demand across the border knows them."""

    places: File
    roads: Annotated[LayerSection, BeforeValidator(_layer)]


class IndicatorsSection(Section):
    """The registry of indicators and their values."""

    registry: File
    table: File


class ServicesSection(Section):
    """Hospitals, universities and the like, on both sides."""

    file: File
    within_h: TripHours = 1
    source: str = ""


class CorridorSection(Section):
    """A way through given places."""

    name: Annotated[str, Field(min_length=1)]
    places: Annotated[list[str], Field(min_length=2, description="ids or unique names")]


class CorridorCostsSection(Section):
    """What a trip along a corridor costs."""

    per_km: NotNegative = 0
    per_hour: NotNegative = 0
    per_passage: NotNegative = 0
    currency: str
    source: str = ""


class AccessSection(Section):
    """Accessibility: how far people go."""

    decay: Literal["exponential", "power", "gaussian", "logistic", "step", "linear"] = "exponential"
    half_life_h: HalfLife = 2
    within_h: Annotated[list[TripHours], Field(min_length=1), HoursInOrder, OneOrSeveral] | None = (
        None
    )
    zones_min: Annotated[list[Minutes], Field(min_length=1), MinutesInOrder] | None = None
    modes: list[Literal["road", "rail", "both"]] = ["road", "rail", "both"]
    reference_kmh: Kmh = 90
    performance_h: TripHours = 1.5
    performance_km: Annotated[float, Field(gt=0, le=20_000)] = 120
    off_road_kmh: OffRoadKmh | None = None

    @property
    def limits_h(self) -> list[float]:
        """Times of the cumulative measures, hours; an hour is always one of them."""
        stated = self.within_h or []
        is_there = any(round(60 * hours) == 60 for hours in stated)
        return sorted({*stated, *([] if is_there else [1.0])})


class SurfaceSection(Section):
    """Accessibility of square cells along the border, from rasters of population."""

    population: Annotated[list[File], Field(min_length=1), OneOrSeveral]
    unit: Literal["persons", "persons_km2"] = "persons"
    band: Annotated[int, Field(ge=1)] | None = None
    cell_km: Annotated[float, Field(ge=0.01, le=100)] = 1
    belt_km: Annotated[float, Field(ge=0.1, le=1000)] = 75
    crs: str | None = None
    entry_km: Annotated[float, Field(ge=0.05, le=100)] = 1
    modes: list[Literal["road", "rail", "both"]] = ["road"]
    offroad_kmh: OffRoadKmh | None = None
    offroad_detour: Times | None = None
    reach_km: Reach | None = None


class DemandSection(Section):
    """Gravity demand across the border."""

    alpha: Exponent = 1
    gamma: Exponent = 1
    half_life_h: HalfLife = 4


class IndexSection(Section):
    """From indicators to levels."""

    normalisation: Literal["minmax", "zscore", "rank", "percentile", "distance", "borda"] = "minmax"
    weights: Literal["equal", "pca", "entropy", "critic"] = "equal"
    aggregation: Literal["arithmetic", "geometric", "harmonic", "copeland"] = "arithmetic"
    least_share: Share = 0.66
    draws: Annotated[int, Field(ge=100, le=100_000)] = 2_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    delay_correlation: Annotated[float, Field(ge=0, le=1)] = 0.5
    decay_range: Around = (0.5, 2)
    speed_range: Around = (1, 1)


class TypologySection(Section):
    """Where a level is low, medium or high."""

    low: Annotated[float, Field(gt=0, lt=100)] = 40
    high: Annotated[float, Field(gt=0, lt=100)] = 60

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class Settings(Section):
    """The whole of study.toml."""

    study: StudySection
    osm: OsmSection | None = None
    regions: RegionsSection
    network: NetworkSection = NetworkSection()
    checkpoints: CheckpointsSection = CheckpointsSection()
    places: PlacesSection = PlacesSection()
    outer: OuterSection | None = None
    services: ServicesSection | None = None
    corridors: list[CorridorSection] = []
    corridor_costs: CorridorCostsSection | None = None
    indicators: IndicatorsSection | None = None
    access: AccessSection = AccessSection()
    surface: SurfaceSection | None = None
    demand: DemandSection = DemandSection()
    traffic: TrafficSection = TrafficSection()
    index: IndexSection = IndexSection()
    typology: TypologySection = TypologySection()

    def only(self, names: Collection[str]) -> Self:
        """Cut to some of the keys: to read another is an AttributeError.

        Parameters
        ----------
        names
            Keys of study.toml, such as ``access`` or ``regions.edge_tolerance_km``; ``osm.`` is
            whether there is such a section.

        Returns
        -------
        Settings
            The same parameters, as far as they are named.
        """
        return _cut(self, names)

    @property
    def attribution(self) -> str:
        """What is printed under every map: the study's licence line, and that of its extracts."""
        own = self.study.licence.strip()
        if self.osm is None or "OpenStreetMap" in own:
            return own
        return "; ".join(filter(None, [OSM_LICENCE, own]))

    @property
    def delay_h(self) -> dict[str, float]:
        """Delay by mode where a checkpoint has none, hours, by road that of cars."""
        return self.class_delay_h(CAR)

    def class_delay_h(self, name: str) -> dict[str, float]:
        """Delay by mode where a checkpoint has none for a class.

        Parameters
        ----------
        name
            The class.

        Returns
        -------
        dict
            Hours; what study.toml says of the mode where it says nothing of the class, and with
            extracts 0 where it says nothing at all.
        """
        free = {} if self.osm is None else dict.fromkeys(get_args(CheckpointMode), 0.0)
        return free | self.stated_delay_h(name)

    def stated_delay_h(self, name: str) -> dict[str, float]:
        """Delay by mode that study.toml states for checkpoints that have none for a class.

        Parameters
        ----------
        name
            The class.

        Returns
        -------
        dict
            Hours; what is said of the mode where nothing is said of the class.
        """
        own = self.checkpoints.classes.get(name)
        of_class = {} if own is None or own.delay_h is None else {"road": own.delay_h}
        return {str(k): hours for k, hours in self.checkpoints.delay_h.items()} | of_class

    @property
    def road_delay_h(self) -> dict[str, float | None]:
        """Delay by road where a checkpoint has none, by class, hours; None for unknown."""
        return {name: self.class_delay_h(name).get("road") for name in self.traffic.classes}

    @property
    def beyond_km(self) -> float | None:
        """Distance from all roads at which a settlement lies beyond them, km; None for never."""
        given = self.network.beyond_km
        # Extracts have every road: where none is near, they end.
        return 1.0 if given is None and self.osm is not None else given

    @model_validator(mode="before")
    @classmethod
    def _classes(cls, given: object) -> object:
        """Give each class a passage, its own or that of every class."""
        if not isinstance(given, dict):
            return given
        traffic, checkpoints = given.get("traffic", {}), given.get("checkpoints", {})
        if not isinstance(traffic, dict) or not isinstance(checkpoints, dict):
            return given
        classes, own = traffic.get("classes", {}), checkpoints.get("classes", {})
        if not isinstance(classes, dict) or not isinstance(own, dict):
            return given
        passages = {CAR: {}, **{name: {} for name in classes}, **own}
        return given | {"checkpoints": checkpoints | {"classes": passages}}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        sides = {"home": self.regions.home, "neighbour": self.regions.neighbour}
        if self.osm is None:
            self._without_extracts(sides)
        if all(isinstance(side, EverythingElseSection) for side in sides.values()):
            raise ValueError("regions: only one side can be everything else; name the other")
        names = [corridor.name for corridor in self.corridors]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"corridors: {twice[0]!r} is the name of two; give each its own")
        strange = self.checkpoints.classes.keys() - self.traffic.classes.keys()
        if strange:
            raise ValueError(f"checkpoints.classes: there is no [traffic.classes.{min(strange)}]")
        if self.network.lines and self.network.speeds is None:
            raise ValueError("network.speeds: is missing for the layers of network.lines")
        return self

    def _without_extracts(self, sides: Mapping[str, object]) -> None:
        """Without extracts everything must be in files."""
        needed = {
            "network.lines": bool(self.network.lines),
            "network.speeds": self.network.speeds is not None,
            # Who says whether crossings are open needs no register.
            "checkpoints.file": self.checkpoints.file is not None
            or "open_crossings" in self.checkpoints.model_fields_set,
            "checkpoints.delay_h": bool(self.delay_h),
            "places.file": self.places.file is not None,
        }
        missing = [key for key, given in needed.items() if not given]
        if missing:
            raise ValueError(f"{missing[0]}: is missing, as are extracts of OpenStreetMap in [osm]")
        elsewhere = [name for name, side in sides.items() if not isinstance(side, LayerSection)]
        if elsewhere:
            raise ValueError(
                f"regions.{elsewhere[0]}: name a file, or extracts in [osm] to take it from"
            )
        lands = (self.regions.home_territory, self.regions.neighbour_territory)
        if any(isinstance(land, CountrySection) for land in lands):
            raise ValueError(
                "regions: a territory by country needs extracts of OpenStreetMap in [osm]"
            )
        if self.places.tagged:
            raise ValueError("places.tagged: needs extracts of OpenStreetMap in [osm]")


def _cut(section: _Section, names: Collection[str]) -> _Section:
    """Section with some of its keys alone."""
    deeper: dict[str, list[str]] = {}
    for name in names:
        key, _, rest = name.partition(".")
        deeper.setdefault(key, []).append(rest if "." in name else "*")
    kept = section.model_copy()
    for key, value in section.__dict__.items():
        if key not in deeper:
            del kept.__dict__[key]
        elif "*" not in deeper[key] and isinstance(value, Section):
            kept.__dict__[key] = _cut(value, [rest for rest in deeper[key] if rest])
    return kept


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
        return Settings.model_validate(read_toml(file))
    except ValidationError as error:
        raise study_error(error, Settings, file) from error
