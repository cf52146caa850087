"""Trips across the border of all who make them: the places of a study and the cities beyond."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from geo_border.network.outer import OuterZones
    from geo_border.routing.travel import Travel


def with_outer(travel: Travel, outer: OuterZones) -> Travel:
    """Trips across the border with those from and to cities beyond.

    The times inside the sides stay those between the places of the study: measures of these are
    made of the trips without the cities.

    Parameters
    ----------
    travel
        Trips by road between the places of the study.
    outer
        What lies beyond.

    Returns
    -------
    Travel
        The places of the study first, then the cities; the tables are of the network with the
        roads beyond, with trees.
    """
    places = pd.concat([travel.places, outer.places])
    tables = gate_tables(
        outer.network, places, travel.tables.gates, modes=MODES_OF[travel.mode], trees=True
    )
    return replace(travel, places=places, tables=tables)
