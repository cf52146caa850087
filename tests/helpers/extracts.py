"""The extracts that tests read: the sketches, and real ones where they are at hand."""

import os
from pathlib import Path

import andorra
import geopandas as gpd
import liechtenstein
import pytest
import shapely

from geo_border import from_osm
from geo_border.network.places import Access
from geo_border.osm.boundaries import boundaries_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract
from geo_border.terms import SIDES

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
            rows.append(
                pytest.param(country, *_facts(fact), marks=(pytest.mark.real, pytest.mark.slow))
            )
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


def network_of(file, code):
    """The network of a country with what lies around it as the other side."""
    extract = read_extract([file], wanted())
    units, _ = boundaries_from_extract(extract)
    country = units.geometry[code]
    around = shapely.box(*country.bounds).buffer(0.2).difference(country)
    land = gpd.GeoDataFrame(
        {"side": list(SIDES), "region_id": [code, "around"], "country": [code, None]},
        geometry=[country, around],
        crs=4326,
    )
    capital = units.loc[code, ["capital_lon", "capital_lat"]].astype(float)
    place = gpd.GeoDataFrame({"population": [1000.0]}, geometry=[shapely.Point(*capital)], crs=4326)
    return from_osm([file], land, places=place, access=Access(station_km=2))
