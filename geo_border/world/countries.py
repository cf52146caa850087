"""Countries by any of their names or codes, and what is known of each."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache

import pandas as pd

from geo_border.errors import WorldError
from geo_border.osm.speeds import contexts_of, legal_limit, road_classes
from geo_border.osm.speeds import countries as with_limits
from geo_border.world.data import world_file

NEAR_NAMES = 3
"""How many near matches of an unknown name an error gives."""

NEAR_ENOUGH = 0.7
"""Likeness below which a name is no near match."""


@dataclass(frozen=True, slots=True)
class CountryFacts:
    """What is known of a country.

    Parameters
    ----------
    alpha3, alpha2
        Codes of ISO 3166-1 (and XKX, XK).
    name
        Common name in English.
    population, population_year
        Persons; None where unknown.
    income_ppp_usd, income_year
        Gross domestic product a head at purchasing power, dollars of the United States of 2021;
        None where unknown.
    gauge_mm
        Gauge of most kilometres of its railways, millimetres; None where unknown.
    drives_on
        ``left`` or ``right``.
    source
        Of population and income.
    """

    alpha3: str
    alpha2: str
    name: str
    population: int | None
    population_year: int | None
    income_ppp_usd: int | None
    income_year: int | None
    gauge_mm: int | None
    drives_on: str
    source: str


def find_country(name: str) -> CountryFacts:
    """Find a country by name or code.

    Parameters
    ----------
    name
        Its code by ISO 3166-1 (two or three letters), or a name in any language and script;
        case, accents and punctuation do not count.

    Returns
    -------
    CountryFacts
        The country.

    Raises
    ------
    WorldError
        If no country is called so, or several are.
    """
    facts = _facts()
    code = name.strip().upper()
    if code in facts:
        return facts[code]
    if code in (by_alpha2 := _by_alpha2()):
        return facts[by_alpha2[code]]
    found = _by_name().get(_plain(name), ())
    if len(found) == 1:
        return facts[found[0]]
    if found:
        several = ", ".join(f"{facts[each].name} ({each})" for each in found)
        raise WorldError(
            f"several countries are called {name!r}: {several}", remedy="Give the code of one"
        )
    raise WorldError(f"no country is called {name!r}", remedy=_suggestion(name))


def every_name() -> pd.DataFrame:
    """All names by which a country is found.

    Returns
    -------
    DataFrame
        ``country`` (alpha-3), ``name``.
    """
    return _table("country_names.csv")


def official_border_km(one: str, other: str) -> tuple[float, str] | None:
    """Find the published length of a land border.

    Parameters
    ----------
    one, other
        Alpha-3 codes, in any order.

    Returns
    -------
    tuple or None
        Kilometres and source; None where there is none.
    """
    table = _table("border_lengths.csv")
    first, last = sorted((one, other))
    row = table[(table["one"] == first) & (table["other"] == last)]
    return None if row.empty else (float(row["km"].iloc[0]), str(row["source"].iloc[0]))


def trunk_speed(alpha2: str) -> tuple[float, str, bool]:
    """Speed of a car on a trunk road of a network that does not tell motorways apart.

    Parameters
    ----------
    alpha2
        Code of the country.

    Returns
    -------
    tuple
        The legal default limit of main roads outside settlements, but no more than
        `geo_border.osm.speeds.road_classes` has for the class, km/h; the law or rule; and
        whether it is imputed, because no limit of the country is at hand.
    """
    limit, source = legal_limit(alpha2, *contexts_of("trunk", urban=False))
    cap = float(road_classes()["cap_kmh"].loc["trunk"])
    return min(limit, cap), source, alpha2 not in with_limits()


@cache
def _table(name: str) -> pd.DataFrame:
    """Table of the data of the world, as text."""
    return pd.read_csv(world_file(name), dtype=str, keep_default_na=False)


@cache
def _facts() -> dict[str, CountryFacts]:
    """Countries by alpha-3 code."""

    def whole(text: str) -> int | None:
        return int(text) if text else None

    rows = _table("country_facts.csv").to_dict("records")
    return {
        row["country"]: CountryFacts(
            alpha3=row["country"],
            alpha2=row["alpha2"],
            name=row["name"],
            population=whole(row["population"]),
            population_year=whole(row["population_year"]),
            income_ppp_usd=whole(row["income_ppp_usd"]),
            income_year=whole(row["income_year"]),
            gauge_mm=whole(row["gauge_mm"]),
            drives_on=row["drives_on"],
            source=row["source"],
        )
        for row in rows
    }


@cache
def _by_alpha2() -> dict[str, str]:
    """Alpha-3 code by alpha-2 code."""
    return {facts.alpha2: code for code, facts in _facts().items()}


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    """Alpha-3 codes by name, plainly written; the common name of a country goes first."""
    found: dict[str, set[str]] = {}
    for code, name in every_name()[["country", "name"]].itertuples(index=False):
        found.setdefault(_plain(name), set()).add(code)
    common = {_plain(facts.name): (code,) for code, facts in _facts().items()}
    return {name: tuple(sorted(codes)) for name, codes in found.items()} | common


def _plain(name: str) -> str:
    """A name without case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = (
        " " if unicodedata.category(letter)[0] in "PZ" else letter
        for letter in letters
        if not unicodedata.combining(letter) or unicodedata.category(letter) == "Mc"
    )
    words = "".join(kept).split()
    return " ".join(words[1:] if words[:1] == ["the"] and words[1:] else words)


def _suggestion(name: str) -> str:
    """What to do about an unknown name."""
    near = difflib.get_close_matches(_plain(name), _by_name(), n=12, cutoff=NEAR_ENOUGH)
    codes = list(dict.fromkeys(code for each in near for code in _by_name()[each]))[:NEAR_NAMES]
    if not codes:
        return "Give its name in any language, or its code by ISO 3166-1, of two or three letters"
    facts = _facts()
    return "Did you mean " + ", ".join(f"{facts[code].name} ({code})" for code in codes) + "?"
