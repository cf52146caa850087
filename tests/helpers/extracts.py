"""The extracts that tests read: the sketches, and real ones where they are at hand."""

import os
from pathlib import Path

import andorra
import liechtenstein
import pytest

FOLDER = Path(os.environ.get("GEO_BORDER_EXTRACTS", Path(__file__).parents[3] / "shared" / "osm"))
"""Where real extracts lie, named for their country: ``liechtenstein-latest.osm.pbf``."""

SKETCHES = {"andorra": andorra.write, "liechtenstein": liechtenstein.write}


def real(country):
    """The real extract of a country, if it is at hand."""
    return min(FOLDER.glob(f"{country}*.osm.pbf"), default=None)


def each(facts, *, sketched=None):
    """Parameters of a test: a key and facts of the sketch and, at hand, the extract of countries.

    What differs where little is drawn is `sketched`.
    """
    rows = []
    for country, fact in facts.items():
        drawn = fact if sketched is None else sketched[country]
        rows.append(pytest.param(f"{country}-sketch", *_facts(drawn)))
        if real(country):
            rows.append(pytest.param(country, *_facts(fact), marks=pytest.mark.real))
    return rows


def _facts(fact):
    return fact if isinstance(fact, tuple) else (fact,)


def of(*countries):
    """As `each`, without facts."""
    return each(dict.fromkeys(countries, ()))


LIECHTENSTEIN = of("liechtenstein")
ANDORRA = of("andorra")


def write(key, folder):
    """The file of a key; a sketch is drawn into a folder."""
    country, _, kind = key.partition("-")
    if kind:
        return SKETCHES[country](folder / f"{key}.osm.pbf")
    return real(country)
