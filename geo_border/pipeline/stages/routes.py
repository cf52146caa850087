"""The stage of routes: corridors, detours between capitals, isochrones, land by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.pipeline.stages.corridors import Corridors, study_corridors
from geo_border.pipeline.stages.detours import capital_detours
from geo_border.pipeline.stages.isochrones import zone_isochrones
from geo_border.pipeline.stages.land import land_zones

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.tables import GateTables


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """What a planner asks for besides what places reach.

    Parameters
    ----------
    capital_detours
        Ways between capitals as checkpoints are, and as the ground is.
    isochrones
        Of the open checkpoints.
    zones_area
        Land by time to a checkpoint; None where a raster has the people on it.
    corridors
        None if the study names none.
    """

    capital_detours: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    zones_area: pd.DataFrame | None
    corridors: Corridors | None

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables to be written, by name.

        Returns
        -------
        dict
            Those that there are.
        """
        found = {} if self.zones_area is None else {"zones_area": self.zones_area}
        found["capital_detours"] = self.capital_detours
        if self.corridors is not None:
            found["corridors"] = self.corridors.summary
            found["corridor_profiles"] = self.corridors.profiles
        return found

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Layers of the map, by name.

        Returns
        -------
        dict
            Those that there are.
        """
        named = {"isochrones": self.isochrones}
        return named if self.corridors is None else named | {"corridors": self.corridors.lines}


def route_stage(
    settings: Settings, border: Border, net: StudyNetwork, tables: GateTables
) -> Routes:
    """Find what a planner asks for besides what places reach.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    tables
        Checkpoint tables by road, with their trees.

    Returns
    -------
    Routes
        All by road; corridors by class of traffic, all else of cars.

    Raises
    ------
    StudyError
        If a corridor names a place that is unknown or not the only one of its name.
    NetworkError
        If no way leads along a corridor for any class.
    """
    return Routes(
        capital_detours=capital_detours(border.regions, net),
        isochrones=zone_isochrones(settings, border, net, tables),
        zones_area=(
            land_zones(settings, border, net, tables) if settings.surface is None else None
        ),
        corridors=study_corridors(settings, border, net, tables),
    )
