"""Cities and trunk roads beyond the land of a study, checked against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo_border.errors import NetworkError, TableError
from geo_border.network.links import geodesic_km
from geo_border.pipeline.inputs.faults import fault_of_rows
from geo_border.pipeline.inputs.tables import points_of
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.inputs.layers import Layer
    from geo_border.pipeline.inputs.opened import Opened
    from geo_border.pipeline.inputs.tables import Table
    from geo_border.pipeline.settings import Settings


def read_outer(
    settings: Settings, opened: Opened, territory: gpd.GeoDataFrame, places: pd.DataFrame
) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Cities and trunk roads beyond the land of a study.

    Parameters
    ----------
    settings
        The study's settings.
    opened
        Its files, in one frame of longitudes.
    territory
        Land of both sides with ``side`` and ``region_id``.
    places
        The places of the study, index ``place_id``.

    Returns
    -------
    places : GeoDataFrame or None
        Points, index ``place_id``, with ``name``, ``side``, ``population``, and a ``region_id``
        that is missing.
    roads : GeoDataFrame or None
        Lines with ``side``, ``road_class``, and what `geo_border.network.links.links_from_lines`
        takes; the index is the row in the file.

    Raises
    ------
    TableError
        If a city is among the places of the study, or in one of its regions.
    NetworkError
        If a road of one side leads through the land of the other.
    """
    if settings.outer is None:
        return None, None
    cities = _cities(opened.tables["outer.places"], territory, places)
    layer = opened.layers["outer.roads"]
    _refuse_foreign(layer, territory, settings.regions.edge_tolerance_km)
    return cities, layer.frame.assign(mode="road")


def _cities(table: Table, territory: gpd.GeoDataFrame, places: pd.DataFrame) -> gpd.GeoDataFrame:
    """The cities as points, each refused that is in the study already."""
    cities = points_of(table.frame.rename_axis("row").reset_index().set_index("place_id"))
    regions = territory[territory["region_id"].notna()]
    within = np.unique(
        shapely.STRtree(regions.geometry.to_numpy()).query(
            cities.geometry.to_numpy(), predicate="intersects"
        )[0]
    )
    remedy = "Leave it out: the places of the regions are those of `file` in [places]"
    for problem, wrong in (
        ("is among the places of the study too", cities.index.isin(places.index)),
        ("lies in a region of the study", np.isin(np.arange(len(cities)), within)),
    ):
        if wrong.any():
            first = cities[wrong].iloc[0]
            raise fault_of_rows(
                TableError,
                f"{first['name']} ({cities.index[wrong][0]!r}) {problem}",
                cities["row"][wrong],
                file=table.file,
                remedy=remedy,
            )
    return cities.drop(columns="row").assign(region_id=None)


def _refuse_foreign(layer: Layer, territory: gpd.GeoDataFrame, tolerance_km: float) -> None:
    """Raise on the first road of one side that leads through the land of the other."""
    lines = layer.frame.geometry.to_numpy()
    for side in SIDES:
        land = territory.geometry[territory["side"] != side].to_numpy()
        mine = np.flatnonzero((layer.frame["side"] == side).to_numpy())
        line, polygon = shapely.STRtree(land).query(lines[mine], predicate="intersects")
        parts, pair = shapely.get_parts(
            shapely.intersection(lines[mine[line]], land[polygon]), return_index=True
        )
        drawn = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
        km = np.bincount(line[pair[drawn]], geodesic_km(parts[drawn]), minlength=len(mine))
        far = np.flatnonzero(km > tolerance_km)
        if len(far):
            raise fault_of_rows(
                NetworkError,
                f"a road of the {side} side leads {km[far[0]]:,.0f} km through the land of the "
                "other",
                layer.frame.index[mine[far]],
                file=layer.file,
                remedy="Cut it where it meets the border: only the lines of [network] pass it",
            )
