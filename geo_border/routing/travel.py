"""Trips of one mode: the places, their times to the gates, and their times inside the sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Trips between the places of both sides, which every measure across the border is made of.

    Parameters
    ----------
    places
        Index ``place_id``, P rows; ``side``, ``population`` (persons), ``region_id``, and what
        the network knows of them. What measures distances needs them as points in EPSG:4326.
    tables
        Times between places and gates, and between gates, by the mode of the trips.
    own
        Times inside the sides by the same mode: `OwnTimes`, or `OwnSearches` where they are
        too many to hold. Measures give a value to its origins.

    Raises
    ------
    TableError
        If the places are not those of the tables.
    """

    places: pd.DataFrame
    tables: GateTables
    own: Inside

    def __post_init__(self) -> None:
        """Refuse places and tables that do not belong together."""
        if not self.places.index.equals(self.tables.place_ids):
            raise TableError("the places are not those of the checkpoint tables")
