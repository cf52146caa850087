"""Registers of checkpoints as users give them, made whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.errors import CheckpointError, GeometryError
from geo_border.ids import by_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_REGISTER: Mapping[str, Any] = {
    "name": None,
    "mode": "road",
    "status": "open",
    "users": None,
    "home_id": None,
    "neighbour_id": None,
    "lon": np.nan,
    "lat": np.nan,
    "accuracy_km": np.nan,
    "hours": None,
    "capacity_day": np.nan,
    "delay_h": np.nan,
}
"""Columns of a register of checkpoints, and what stands there if the user gives none."""


def register_of(checkpoints: pd.DataFrame | None) -> pd.DataFrame:
    """A register with all its columns.

    Parameters
    ----------
    checkpoints
        Checkpoints with ``lon`` and ``lat``, or points; ids are the index or
        ``checkpoint_id``. What else is not said: by road, open, to anybody.

    Returns
    -------
    DataFrame
        As `geo_border.border.checkpoints.placed_checkpoints` takes it; empty if none are given.

    Raises
    ------
    CheckpointError
        If it is not said where they are.
    GeometryError
        If the points have no coordinate reference system.
    TableError
        If an id stands twice.
    """
    if checkpoints is None:
        index = pd.Index([], name="checkpoint_id", dtype=object)
        columns = {
            key: pd.Series(dtype=float if isinstance(value, float) else object)
            for key, value in _REGISTER.items()
        }
        return pd.DataFrame(columns, index)
    table = by_id(checkpoints, "checkpoint_id")
    if isinstance(table, gpd.GeoDataFrame):
        points = referenced(table, "the checkpoints").geometry
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
        table = table.assign(**{"lon": points.x, "lat": points.y, **table})
    if not {"lon", "lat"} <= {*table}:
        raise CheckpointError(
            "it is not said where the checkpoints are",
            remedy="Give `lon` and `lat` (degrees), or a GeoDataFrame of points",
        )
    table = table.set_axis(table.index.astype(str)).rename_axis("checkpoint_id")
    missing = {key: value for key, value in _REGISTER.items() if key not in table}
    return table.assign(**missing)


def referenced(frame: gpd.GeoDataFrame, what: str) -> gpd.GeoDataFrame:
    """Bring a layer that a user gives to WGS 84.

    Parameters
    ----------
    frame
        The layer.
    what
        What it is of, for messages.

    Returns
    -------
    GeoDataFrame
        In WGS 84.

    Raises
    ------
    GeometryError
        If it is no layer, or has no coordinate reference system.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryError(
            f"{what} are no GeoDataFrame" if what[-1] == "s" else f"{what} is no GeoDataFrame",
            remedy="Make one, such as with geopandas.points_from_xy and crs=4326",
        )
    if frame.crs is None:
        raise GeometryError(
            f"{what} have no coordinate reference system"
            if what[-1] == "s"
            else f"{what} has no coordinate reference system",
            remedy="Say which it is with set_crs, such as set_crs(4326)",
        )
    return frame.to_crs(4326)
