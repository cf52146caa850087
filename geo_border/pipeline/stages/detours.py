"""Detours of the ways between capitals: by checkpoints, and from the straight line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.access.detours import detours
from geo_border.access.efficiency import every_gate
from geo_border.pipeline.stages.named_places import capital_places
from geo_border.routing.crossing import across
from geo_border.routing.scenarios import OPEN_BORDER, passages
from geo_border.routing.tables import gate_tables
from geo_border.terms import ROAD, SIDES

if TYPE_CHECKING:
    from geo_border.pipeline.stages.network import StudyNetwork


def capital_detours(regions: gpd.GeoDataFrame, net: StudyNetwork) -> pd.DataFrame:
    """Ways between capitals across the border: as checkpoints are, and as the ground is.

    Parameters
    ----------
    regions
        Regions with ``side``, ``capital_lon``, ``capital_lat``.
    net
        Parts of `geo_border.pipeline.stages.network.network_stage`.

    Returns
    -------
    DataFrame
        ``from_id``, ``to_id``, ``driving_hours`` by open checkpoints without delay,
        ``least_hours`` and ``least_via`` by any crossing, ``checkpoint_detour``: their ratio.

    Raises
    ------
    NetworkError
        If a capital does not reach the network.
    """
    network, gates = net.network, net.gates
    capitals = capital_places(regions, net.places)
    tables = gate_tables(network, capitals, gates, modes=ROAD)
    cases = {"open": passages(tables, OPEN_BORDER), "any": passages(tables, every_gate(tables))}
    ids = capitals.index.to_numpy(object)
    # The gate of pairs that have none is -1.
    names = np.array([*tables.gates.index, None], object)
    parts = []
    for side in range(len(SIDES)):
        start, end = tables.places_on(side), tables.places_on(1 - side)
        open_h, _, _ = across(tables, cases["open"], side).matrix()
        least_h, first, _ = across(tables, cases["any"], side).matrix()
        part = {
            "from_id": np.repeat(ids[start], len(end)),
            "to_id": np.tile(ids[end], len(start)),
            "driving_hours": open_h.ravel(),
            "least_hours": least_h.ravel(),
            "least_via": names[first.ravel()],
        }
        parts.append(pd.DataFrame(part))
    found = pd.concat(parts, ignore_index=True)
    ratio = found["driving_hours"] / found["least_hours"].where(found["least_hours"] > 0)
    return found.assign(checkpoint_detour=ratio.replace(np.inf, np.nan))


def capital_detour_index(times: pd.DataFrame, regions: gpd.GeoDataFrame) -> pd.DataFrame:
    """How straight the ways between capitals are.

    Parameters
    ----------
    times
        ``from_id``, ``to_id``, ``km``, ``hours`` between capitals.
    regions
        Regions with ``capital_lon``, ``capital_lat``.

    Returns
    -------
    DataFrame
        Index of `times`; what `geo_border.access.detours.detours` gives.
    """
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(regions["capital_lon"], regions["capital_lat"]),
        index=regions.index,
        crs=4326,
    )
    return detours(times, points)
