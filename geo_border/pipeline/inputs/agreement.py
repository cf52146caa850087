"""Files of a study held against each other: ids that must agree, layers of one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import extent
from geo_border.errors import (
    CheckpointError,
    GeoBorderError,
    GeometryError,
    IndicatorError,
    StudyError,
    TableError,
)
from geo_border.network.links import geodesic_km
from geo_border.pipeline.inputs.faults import fault_of_rows, shown
from geo_border.routing.engine.queue import LONGEST_EDGE_H
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

    from geo_border.pipeline.inputs.layers import Layer
    from geo_border.pipeline.inputs.opened import Opened
    from geo_border.pipeline.inputs.tables import Table
    from geo_border.pipeline.settings import Settings

NEAR_DEGREES = 1.0
"""A layer this far from all regions is not of the same border."""

MOST_VALUES = 20
"""Unknown values of a column that are told one by one."""

MOST_KNOWN = 30
"""Known values that a remedy lists."""

REGION_COLUMNS: tuple[tuple[str, str, type[GeoBorderError]], ...] = (
    ("places", "region_id", TableError),
    ("checkpoints", "home_id", CheckpointError),
    ("checkpoints", "neighbour_id", CheckpointError),
    ("indicators.table", "region_id", IndicatorError),
)
"""Tables and columns that name regions."""


def ids_by_side(opened: Opened) -> dict[str, list[str]]:
    """Region ids of the layers.

    Parameters
    ----------
    opened
        The files of a study.

    Returns
    -------
    dict
        Ids by side, for sides whose regions are in a file that could be read.
    """
    return {
        side: opened.layers[key].frame["region_id"].dropna().tolist()
        for side in SIDES
        if (key := f"regions.{side}") in opened.layers
    }


def settle_ids(opened: Opened, known: Mapping[str, Sequence[str]]) -> None:
    """Take 1.0 for the region 1: so programs write a column of numbers with gaps.

    Parameters
    ----------
    opened
        The files of a study; its tables are changed.
    known
        Region ids by side.
    """
    ids = {region_id for side in known.values() for region_id in side}
    for key, column, _ in REGION_COLUMNS:
        if key in opened.tables:
            frame = opened.tables[key].frame
            whole = frame[column].str.replace(r"^([0-9]+)\.0+$", r"\1", regex=True)
            taken = ~frame[column].isin(ids) & whole.isin(ids)
            frame[column] = frame[column].mask(taken, whole)


def on_both_sides(opened: Opened, known: Mapping[str, Sequence[str]]) -> list[GeoBorderError]:
    """Ids that a region of either side has.

    Parameters
    ----------
    opened
        The files of a study.
    known
        Region ids by side.

    Returns
    -------
    list of GeoBorderError
        One for each.
    """
    layer = opened.layers.get("regions.neighbour")
    neighbour = set(known[SIDES[1]])
    return [
        TableError(
            f"region {region_id} stands on both sides",
            file="study.toml" if layer is None else layer.file,
            row=None
            if layer is None
            else layer.frame.index[layer.frame["region_id"] == region_id][0],
            remedy="Give every region its own id, and one side",
        )
        for region_id in known[SIDES[0]]
        if region_id in neighbour
    ]


def unknown_regions(opened: Opened, known: Mapping[str, Sequence[str]]) -> list[GeoBorderError]:
    """Regions that tables name and no side has.

    A layer none of whose ids any table uses is at fault itself.

    Parameters
    ----------
    opened
        The files of a study.
    known
        Region ids by side.

    Returns
    -------
    list of GeoBorderError
        What is wrong, with file and rows.
    """
    ids = [region_id for side in SIDES for region_id in known[side]]
    found: list[GeoBorderError] = []
    settled: set[str] = set()
    for side in SIDES:
        used = _used(opened, side)
        strange = sorted(set().union(*used.values()) - set(ids))
        is_file = f"regions.{side}" in opened.layers and known[side]
        if is_file and strange and not set().union(*used.values()) & set(ids):
            layer = opened.layers[f"regions.{side}"]
            files = ", ".join(dict.fromkeys(opened.tables[key].file.name for key in used))
            found.append(
                TableError(
                    f"none of its region ids ({_some(known[side])}) stands in {files}, where one "
                    f"finds {_some(strange)}",
                    file=layer.file,
                    remedy="Give the regions the ids that the tables have, in a column region_id",
                )
            )
            settled.update(strange)
    for key, column, kind in REGION_COLUMNS:
        if key in opened.tables:
            table = opened.tables[key]
            values = table.frame[column].mask(table.frame[column].isin(settled))
            found += unknown_values(values, ids, "region", table, kind)
    return found


def _used(opened: Opened, side: str) -> dict[str, set[str]]:
    """Ids of the regions of a side as the tables have them."""
    used: dict[str, set[str]] = {}
    for key, column in (
        ("places", "region_id"),
        ("checkpoints", f"{side}_id"),
        *([("indicators.table", "region_id")] if side == SIDES[0] else []),
    ):
        if key in opened.tables:
            frame = opened.tables[key].frame
            mine = frame[frame["side"] == side] if key == "places" else frame
            if ids := set(mine[column].dropna()):
                used[key] = ids
    return used


def unknown_values(
    values: pd.Series, known: Iterable[str], what: str, table: Table, kind: type[GeoBorderError]
) -> list[GeoBorderError]:
    """Values of a column that are neither missing nor known.

    Parameters
    ----------
    values
        The column; its index is the row in the file.
    known
        What it may hold.
    what
        What the values are of, in one word.
    table
        Where they are from.
    kind
        Class of the errors.

    Returns
    -------
    list of GeoBorderError
        One for each value, with its rows.
    """
    ids = list(dict.fromkeys(map(str, known)))
    strange = values[values.notna() & ~values.isin(ids)]
    bare = {str(name).lstrip("0"): name for name in ids}
    found = []
    for value, rows in list(strange.groupby(strange, sort=False))[:MOST_VALUES]:
        alike = bare.get(str(value).lstrip("0"))
        remedy = f"Known are {_some(ids, MOST_KNOWN)}"
        if alike is not None:
            remedy = f"It may be {alike!r}: keep the column as text, so that ids keep their zeros"
        problem = f"unknown {what} {shown(value)}"
        found.append(fault_of_rows(kind, problem, rows.index, file=table.file, remedy=remedy))
    return found


def _some(values: Iterable[Any], most: int = 5) -> str:
    """The first of some values."""
    listed = list(map(str, values))
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "") or "none"


def unknown_lengths(settings: Settings, known: Iterable[str]) -> list[GeoBorderError]:
    """Regions that study.toml has a published length of, and no side has.

    Parameters
    ----------
    settings
        The study's settings.
    known
        Region ids.

    Returns
    -------
    list of GeoBorderError
        One for each.
    """
    ids = set(known)
    return [
        StudyError(
            f"regions.published_border_km: there is no region {name!r}",
            file="study.toml",
            remedy=f"Remove it; there are {_some(sorted(ids), MOST_KNOWN)}",
        )
        for name in settings.regions.published_border_km
        if name not in ids
    ]


def unknown_language(settings: Settings, regions: gpd.GeoDataFrame) -> list[GeoBorderError]:
    """The language of local names, where no region has a name in it.

    Parameters
    ----------
    settings
        The study's settings.
    regions
        Regions of both sides.

    Returns
    -------
    list of GeoBorderError
        One, or none.
    """
    language = settings.regions.local_language
    if language is None or (
        f"name_{language}" in regions and (regions[f"name_{language}"].fillna("") != "").any()
    ):
        return []
    return [
        StudyError(
            f"regions.local_language: no region has a name in {language!r}",
            file="study.toml",
            remedy=f"Remove it, or give the layer of regions a column name_{language}",
        )
    ]


def layers_apart(opened: Opened, regions: gpd.GeoDataFrame) -> list[GeoBorderError]:
    """Layers that lie somewhere else than the regions of the study.

    Parameters
    ----------
    opened
        The files of a study.
    regions
        Polygons with ``side``.

    Returns
    -------
    list of GeoBorderError
        One for each layer.
    """
    found: list[GeoBorderError] = []
    for key, layer in opened.layers.items():
        side = next((side for side in SIDES if key == f"regions.{side}_territory"), None)
        land = regions if side is None else regions[regions["side"] == side]
        if key in {f"regions.{side}" for side in SIDES} or layer.faults or land.empty:
            continue
        here, there = layer.frame.total_bounds, land.total_bounds
        around = shapely.box(*there).buffer(NEAR_DEGREES, join_style="mitre")
        # The same meridian may be 179 in one layer and -181 in another.
        frames = [shapely.box(*(here + np.array([turn, 0, turn, 0]))) for turn in (-360, 0, 360)]
        if not shapely.intersects(frames, around).any():
            found.append(
                GeometryError(
                    f"it lies at {extent(here)}; the {'regions' if side is None else side} "
                    f"{'are' if side is None else 'regions are'} at {extent(there)}",
                    file=layer.file,
                    remedy="Check that it is of the same border, and in the CRS that it names",
                )
            )
    return found


def lines_too_long(settings: Settings, opened: Opened) -> list[GeoBorderError]:
    """Lines that take longer than anyone travels, each with its row.

    Parameters
    ----------
    settings
        The study's settings.
    opened
        The files of a study.

    Returns
    -------
    list of GeoBorderError
        One for each layer.
    """
    found: list[GeoBorderError] = []
    speeds = opened.tables.get("network.speeds")
    modes = {f"network.lines.{n}": about.mode for n, about in enumerate(settings.network.lines)}
    for key, mode in {**modes, "outer.roads": "road"}.items():
        layer = opened.layers.get(key)
        if layer is None or layer.faults:
            continue
        kmh = pd.Series(np.nan, layer.frame.index)
        if speeds is not None:
            rows = speeds.frame[speeds.frame["mode"] == mode]
            slowest = rows.groupby("class")["kmh"].min() * settings.network.speed_factor
            kmh = layer.frame["road_class"].map(slowest).astype(float)
        frame = layer.frame.reindex(columns=["length_km", "speed_kmh", "hours"])
        km = frame["length_km"].fillna(pd.Series(_km(layer), layer.frame.index))
        hours = frame["hours"].fillna(km / frame["speed_kmh"].fillna(kmh))
        long = layer.frame.index[hours > LONGEST_EDGE_H]
        if len(long):
            found.append(_too_long(layer, long, km, hours))
    return found


def _km(layer: Layer) -> Any:
    """Length of the lines of a layer on the ellipsoid."""
    parts = layer.frame.geometry.explode()
    km = pd.Series(geodesic_km(parts.to_numpy()), parts.index)
    return km.groupby(level=0).sum().reindex(layer.frame.index).to_numpy()


def _too_long(
    layer: Layer, rows: pd.Index, km: pd.Series[float], hours: pd.Series[float]
) -> GeometryError:
    """Say which lines take too long."""
    first = rows[0]
    return fault_of_rows(
        GeometryError,
        f"{km[first]:,.0f} km in {hours[first]:,.0f} h: more than {LONGEST_EDGE_H:g} h",
        rows,
        file=layer.file,
        remedy="Check its length_km, speed_kmh and hours, the speed table and speed_factor",
    )
