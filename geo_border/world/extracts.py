"""Which extracts of OpenStreetMap have the land of a country, or of some of its regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import WorldError
from geo_border.world.data import world_file

if TYPE_CHECKING:
    from collections.abc import Collection

    from geo_border.world.countries import CountryFacts


def extracts_of(country: CountryFacts, region_ids: Collection[str]) -> list[str]:
    """Addresses of the extracts that hold regions of a country.

    Parameters
    ----------
    country
        The country.
    region_ids
        Its regions, by ISO 3166-2 where they have a code of it.

    Returns
    -------
    list of str
        An extract for each region where each has one, else that of the country.

    Raises
    ------
    WorldError
        If the index has no extract of the country.
    """
    index = pd.read_csv(world_file("extracts.csv"), dtype=str, keep_default_na=False)
    url = index.sort_values("url").drop_duplicates("code").set_index("code")["url"]
    wanted = sorted(set(region_ids))
    if wanted and url.index.isin(wanted).sum() == len(wanted):
        return sorted(set(url[wanted]))
    if country.alpha2 not in url.index:
        raise WorldError(
            f"there is no extract of {country.name} in the index",
            remedy="Name one with its address in [osm] of study.toml",
        )
    return [str(url[country.alpha2])]
