"""Checkpoints as each class of traffic meets them, by the register as it is or as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.border.capacities import without_capacity
from geo_border.border.checkpoints import NO_ROWS, RULE, placed_checkpoints
from geo_border.border.classes import (
    class_columns,
    classes_in,
    closed_to_class,
    delay_range,
    register_as_of,
    register_of_class,
)
from geo_border.pipeline.inputs.extracts import TAGS
from geo_border.terms import CAR, DIRECTIONS, ROAD, SHUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.traffic_settings import PassageSection


def checkpoints_of(
    settings: Settings,
    register: pd.DataFrame,
    line: gpd.GeoDataFrame,
    *,
    day: date | None = None,
    rows: Mapping[Any, int] = NO_ROWS,
) -> gpd.GeoDataFrame:
    """Checkpoints on the border with what they are to each class.

    Parameters
    ----------
    settings
        The study's parameters.
    register
        All that is known of them, index ``checkpoint_id``.
    line
        Pieces of the border.
    day
        As of which, as `geo_border.border.classes.register_as_of` takes it; all of the register
        holds if not given.
    rows
        Row of each in its file, for messages.

    Returns
    -------
    GeoDataFrame
        As `geo_border.border.checkpoints.placed_checkpoints` gives them for cars, and columns of
        the classes.

    Raises
    ------
    CheckpointError
        As `geo_border.border.checkpoints.placed_checkpoints` does.
    """
    known = register if day is None else register_as_of(register, day)
    of_cars = placed_for(settings, known, line, CAR, rows=rows)
    said = [class_columns(CAR)[key] for key in ("delay_h", "delay_out_h", "delay_in_h")]
    found = of_cars.assign(status=known["status"]).drop(columns=said, errors="ignore")
    defaults = settings.checkpoints.classes
    for name in dict.fromkeys([CAR, *defaults, *classes_in(known.columns)]):
        own = of_cars if name == CAR else placed_for(settings, known, line, name, rows=rows)
        found = found.assign(**_of_class(known, own, name, defaults.get(name)))
    return found


def placed_for(
    settings: Settings,
    register: pd.DataFrame,
    line: gpd.GeoDataFrame,
    name: str,
    *,
    rows: Mapping[Any, int] = NO_ROWS,
) -> gpd.GeoDataFrame:
    """Checkpoints on the border as one class meets them.

    Parameters
    ----------
    settings, register, line, rows
        As `checkpoints_of` takes them.
    name
        The class.

    Returns
    -------
    GeoDataFrame
        Delays infinite in a direction in which it may not pass: by status, or as its capacity is
        0. Where it may in neither, the checkpoint is closed to it.
    """
    section = settings.checkpoints
    shut = closed_to_class(register, name, section.open_status) | without_capacity(register, name)
    at_all = shut.all(axis=1)
    own = register_of_class(register, name)
    found = placed_checkpoints(
        own.assign(status=own["status"].mask(at_all, SHUT)),
        line,
        delay_h=settings.class_delay_h(name),
        open_status=section.open_status,
        open_users=section.open_users,
        farthest_km=section.farthest_km,
        month=section.month,
        informed=section.informed,
        file=section.file or TAGS,
        rows=rows,
    )
    for way in DIRECTIONS:
        found[f"delay_{way}_h"] = found[f"delay_{way}_h"].mask(shut[way] & ~at_all, np.inf)
    found["delay_h"] = found[["delay_out_h", "delay_in_h"]].mean(axis=1)
    # Nobody measured what a crossing of the rule takes.
    return found.assign(delay_imputed=found["delay_imputed"] | (found["known_from"] == RULE))


def _of_class(
    register: pd.DataFrame, placed: pd.DataFrame, name: str, default: PassageSection | None
) -> dict[str, pd.Series]:
    """What checkpoints are to one class, by column; to cars what the columns of no class say."""
    columns = class_columns(name)
    ends = (None, None) if default is None else (default.delay_lo_h, default.delay_hi_h)
    between = delay_range(register, name, ends)
    by_road = placed["mode"].isin(ROAD)
    found = {f"delay_{name}_{end}_h": between[end].where(by_road) for end in between}
    if name != CAR:
        delays = ("delay_h", *(f"delay_{way}_h" for way in DIRECTIONS))
        found |= {columns[key]: placed[key].where(by_road) for key in delays}
        found[f"is_open_{name}"] = placed["is_open"] & by_road
        found[f"delay_{name}_imputed"] = placed["delay_imputed"] & by_road
    return {key: values for key, values in found.items() if values.notna().any()}
