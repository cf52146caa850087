"""How fast one may go: ``maxspeed`` in all its forms, and defaults by country and class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
import pandas as pd

Kind = Literal["number", "list", "context", "walk", "none", "signals", "nonsense"]
"""How a speed was written; ``signals`` is any speed that changes with the time."""

KINDS: tuple[Kind, ...] = get_args(Kind)

FALLBACK = ""
"""Country code of the defaults for countries that have no table."""

WALK_KMH = 7.0
"""Walking speed as routers take it (``de:living_street`` in OSRM's car profile), km/h."""

FASTEST_KMH = 400.0
"""No road or railway is faster; a larger number is a mistake."""

MAIN_CLASSES = ("trunk", "trunk_link", "primary", "primary_link")
"""Classes of main roads where a law tells them apart from other roads."""

_UNIT_KMH = {
    None: 1.0,
    "km/h": 1.0,
    "kmh": 1.0,
    "kph": 1.0,
    "mph": 1.609344,
    "mi/h": 1.609344,
    "knots": 1.852,
    "knot": 1.852,
    "kn": 1.852,
}
_NUMBER = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)\s*(km/h|kmh|kph|mph|mi/h|knots|knot|kn)?")
_CONTEXT = re.compile(r"([a-z]{2})(?:-[a-z0-9]{1,3})?:(.+)")
_ZONE = re.compile(r"(?:zone)?:?\s*([0-9]{1,3})")
_CHAINS = {
    "urban": ("urban",),
    "rural": ("rural",),
    "motorway": ("motorway",),
    "trunk": ("motorroad", "dual", "main", "rural"),
    "motorroad": ("motorroad", "dual", "main", "rural"),
    "living_street": ("living_street",),
}
_SIGNALS = frozenset({"signals", "variable", "digital", "dynamic"})


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed as a tag says it.

    Parameters
    ----------
    kmh
        Kilometres an hour; missing where the tag leaves it to a default.
    kind
        How it was written.
    """

    kmh: float
    kind: Kind


def parse_maxspeed(text: str, *, country: str = FALLBACK) -> Speed:
    """Speed that a ``maxspeed`` tag, or one like it, says.

    Parameters
    ----------
    text
        Value of the tag: ``60``, ``40 mph``, ``10 knots``, ``RU:urban``, ``DE:zone30``,
        ``walk``, ``none``, ``signals``, ``variable``, ``50;30``.
    country
        Code of the country the way is in, for contexts that do not name one (``rural``). The
        limits of a country without a table are those of the fallback.

    Returns
    -------
    Speed
        Of a list the lowest. Never raises: what cannot be read is ``nonsense``.
    """
    words = text.strip().lower()
    if ";" in words or "|" in words:
        parts = (parse_maxspeed(part, country=country).kmh for part in re.split(r"[;|]+", words))
        known = [kmh for kmh in parts if np.isfinite(kmh)]
        return Speed(min(known), "list") if known else Speed(np.nan, "nonsense")
    number = _NUMBER.fullmatch(words)
    if number:
        kmh = float(number[1]) * _UNIT_KMH[number[2]]
        return Speed(kmh, "number") if 1 <= kmh <= FASTEST_KMH else Speed(np.nan, "nonsense")
    if words == "none":
        return Speed(np.nan, "none")
    if words in _SIGNALS:
        return Speed(np.nan, "signals")
    return _by_context(words, country)


def _by_context(words: str, country: str) -> Speed:
    """Speed of ``country:context``, ``country:zone30`` or a context alone."""
    pair = _CONTEXT.fullmatch(words)
    if pair:
        country, words = _other_codes().get(pair[1].upper(), pair[1].upper()), pair[2]
    if words == "walk":
        return Speed(WALK_KMH, "walk")
    zone = _ZONE.fullmatch(words)
    if zone and int(zone[1]) > 0:
        return Speed(float(min(int(zone[1]), int(FASTEST_KMH))), "context")
    if words not in _CHAINS:
        return Speed(np.nan, "nonsense")
    kmh = legal_limit(country, *_CHAINS[words])[0]
    return Speed(kmh, "context") if np.isfinite(kmh) else Speed(np.nan, "none")


@lru_cache(maxsize=1)
def _limits() -> dict[tuple[str, str], tuple[float, str]]:
    """Limit in km/h and its source by country and context, from the tables of the package."""
    table = _read("limits")
    table["kmh"] = table["kmh"].replace({"walk": str(WALK_KMH), "none": "inf"}).astype(float)
    common = table.groupby("context")["kmh"].median()
    limits = {
        (country, context): (float(kmh), source)
        for country, context, kmh, source in table.itertuples(index=False)
    }
    for context in ("urban", "rural", "motorway"):
        limits[FALLBACK, context] = (
            float(common[context]),
            "assumption: median of the countries with a table",
        )
    return limits


@lru_cache(maxsize=1)
def road_classes() -> pd.DataFrame:
    """What the classes of lines allow where no law or tag sets a lower speed.

    Returns
    -------
    DataFrame
        Index ``class``: ``mode``, ``cap_kmh``, ``urban_factor`` (share of the limit that one
        reaches in settlements), ``note``. All are assumptions.
    """
    table = _read("classes").astype({"cap_kmh": float, "urban_factor": float})
    return table.set_index("class")


@lru_cache(maxsize=1)
def surface_caps() -> dict[str, dict[str, float]]:
    """Speeds that bad surfaces allow.

    Returns
    -------
    dict
        For the keys ``surface``, ``tracktype``, ``smoothness``: km/h by value.

    References
    ----------
    Car profile of the Open Source Routing Machine, version 5 (``profiles/car.lua``).
    """
    table = _read("surfaces").astype({"cap_kmh": float})
    return {
        str(key): dict(zip(rows["value"], rows["cap_kmh"], strict=True))
        for key, rows in table.groupby("key")
    }


@lru_cache(maxsize=1)
def _other_codes() -> dict[str, str]:
    """Codes that mappers write for countries besides those of ISO 3166-1."""
    table = _read("codes")
    return dict(zip(table["code"], table["country"], strict=True))


def _read(name: str) -> pd.DataFrame:
    """A table of the package as text."""
    file = files("geo_border.osm") / "speeds" / f"{name}.csv"
    with file.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Codes of the countries that have a table of their own.

    Returns
    -------
    tuple of str
        ISO 3166-1 alpha-2 codes, sorted.
    """
    return tuple(sorted({country for country, _ in _limits()} - {FALLBACK}))


def legal_limit(country: str, *contexts: str) -> tuple[float, str]:
    """Speed limit of cars where no sign says otherwise.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code.
    *contexts
        ``living_street``, ``urban``, ``urban_main`` (main roads in a settlement), ``rural``,
        ``main``, ``dual`` (carriageways apart), ``motorroad``, ``motorway``; the first that
        the law of the country knows counts.

    Returns
    -------
    kmh : float
        Infinite where the law sets no limit; missing where neither the country's table nor
        the fallback knows the context.
    source : str
        The law, or that it is an assumption.

    References
    ----------
    The laws are named row by row in ``speeds/limits.csv``; compared with OpenStreetMap Wiki,
    Default speed limits, revision 2413111 (2022).
    """
    limits = _limits()
    for home in (country, FALLBACK):
        for context in contexts:
            if (home, context) in limits:
                return limits[home, context]
    return np.nan, ""


def contexts_of(
    road_class: str, *, urban: bool, apart: bool = False, motorroad: bool = False
) -> tuple[str, ...]:
    """Contexts of the law that a road may fall under, the most specific first.

    Parameters
    ----------
    road_class
        ``highway`` value.
    urban
        Whether it lies in a settlement.
    apart
        Whether its carriageways are apart.
    motorroad
        Whether it is signed for motor vehicles only.

    Returns
    -------
    tuple of str
        For `legal_limit`.
    """
    if road_class == "living_street":
        return ("living_street",)
    if road_class.startswith("motorway"):
        return ("motorway",)
    main = road_class in MAIN_CLASSES
    if urban:
        return ("urban_main", "urban") if main else ("urban",)
    chain = [
        context
        for context, holds in (
            ("motorroad", motorroad),
            ("dual", apart or motorroad),
            ("main", main),
        )
        if holds
    ]
    return (*chain, "rural")


@lru_cache(maxsize=4096)
def default_kmh(
    country: str, road_class: str, *, urban: bool, apart: bool = False, motorroad: bool = False
) -> float:
    """Speed one goes on a road that has no tag for it.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code; the fallback's limits if it has no table.
    road_class
        Class in `road_classes`.
    urban, apart, motorroad
        As `contexts_of` takes them.

    Returns
    -------
    float
        The lower of the legal limit and what the class allows, times the share of it that one
        reaches in settlements, km/h. Railways and ferries: what the class allows.
    """
    classes = road_classes()
    cap = float(classes["cap_kmh"].loc[road_class])
    if classes["mode"].loc[road_class] != "road":
        return cap
    contexts = contexts_of(road_class, urban=urban, apart=apart, motorroad=motorroad)
    kmh = float(np.fmin(legal_limit(country, *contexts)[0], cap))
    return kmh * float(classes["urban_factor"].loc[road_class]) if urban else kmh


def speed_table(country: str) -> pd.DataFrame:
    """Default speeds by mode and class in a country.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code; the fallback if it has no table.

    Returns
    -------
    DataFrame
        ``mode``, ``class``, ``kmh`` (residential and living streets: in settlements; others:
        outside), ``urban_kmh``, ``rural_kmh``, ``limit_kmh`` (infinite: none), ``source`` of the
        limit, ``assumption`` (the class, not the law, sets ``kmh``) and ``note`` on the class.
    """
    table = road_classes().reset_index()
    town = table["class"].isin(["residential", "living_street"])
    law = [
        legal_limit(country, *contexts_of(name, urban=urban)) if mode == "road" else (np.inf, "")
        for mode, name, urban in zip(table["mode"], table["class"], town, strict=True)
    ]
    inside, outside = (
        [default_kmh(country, name, urban=urban) for name in table["class"]]
        for urban in (True, False)
    )
    limit = np.array([kmh for kmh, _ in law])
    by_law = np.array([bool(source) and not source.startswith("assumption") for _, source in law])
    return pd.DataFrame(
        {
            "mode": table["mode"],
            "class": table["class"],
            "kmh": np.where(town, inside, outside),
            "urban_kmh": inside,
            "rural_kmh": outside,
            "limit_kmh": limit,
            "source": [source for _, source in law],
            "assumption": ~((limit <= table["cap_kmh"]) & by_law),
            "note": table["note"],
        }
    )
