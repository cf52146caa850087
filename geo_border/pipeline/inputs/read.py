"""The files a study names become checked frames, or one clear error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.border.edges import extent
from geo_border.errors import IndicatorError, TableError
from geo_border.geometry.frame import central_meridian, principal, table_in_frame
from geo_border.pipeline.inputs.agreement import (
    ids_by_side,
    layers_apart,
    lines_too_long,
    on_both_sides,
    settle_ids,
    unknown_language,
    unknown_lengths,
    unknown_regions,
    unknown_values,
)
from geo_border.pipeline.inputs.contradictions import (
    SETTLED,
    check_settled,
    settle_regions,
    unread_hours,
    wrong_sides,
)
from geo_border.pipeline.inputs.extracts import (
    REGISTER,
    checkpoints_of,
    settlements_of,
    sides_of,
    stations_of,
    with_capitals,
)
from geo_border.pipeline.inputs.faults import Faults, fault_of_rows
from geo_border.pipeline.inputs.opened import Opened, open_files
from geo_border.pipeline.inputs.outer import read_outer
from geo_border.pipeline.inputs.registers import class_faults, counted_elsewhere
from geo_border.pipeline.inputs.schemas import INDICATORS, REGISTRY, checkpoints_schema
from geo_border.pipeline.inputs.tables import points_of
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.settings import Settings


IDS = {
    "checkpoints": "checkpoint_id",
    "places": "place_id",
    "outer.places": "place_id",
    "indicators.table": None,
    "traffic.counts": None,
}
"""Columns by which rows of tables are known later on."""

FAR_DEGREES = 1.0
"""A place this far outside the frame of its region is not in it."""


_SIDES = (
    *("regions.home", "regions.neighbour", "study.home", "study.neighbour"),
    *("regions.home_territory", "regions.neighbour_territory"),
)

READ_FROM: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "regions": (*_SIDES, "places"),  # whose most populous settlement may be the capital
        "territory": _SIDES,
        "lines": (*_SIDES, "network.lines", "network.speed_factor"),
        "speeds": ("network.speeds", "network.speed_factor"),
        "checkpoints": (*_SIDES, "checkpoints.file"),
        "places": (*_SIDES, "places"),
        "registry": ("indicators",),
        "indicators": (*_SIDES, "indicators"),
        "stations": _SIDES,
        "services": (*_SIDES, "services.file"),
        "outlines": _SIDES,
        "checkpoint_rows": (*_SIDES, "checkpoints.file"),
        "counts": ("traffic.counts",),
        "sea": _SIDES,
        "outer_places": (*_SIDES, "outer.places"),
        "outer_roads": (*_SIDES, "outer.roads"),
    }
)
"""Keys of study.toml that each input of a stage depends on, besides the extracts: the sides lay
the frame of longitudes that all geometry is in."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a study reads, checked.

    Parameters
    ----------
    regions
        Polygons of the regions of both sides, index ``region_id``, with ``side``.
    territory
        The regions and the rest of each side: ``side``, ``region_id`` (missing outside).
    lines
        Roads and railways with ``mode``, ``road_class``.
    speeds
        The table of default speeds, None without one.
    checkpoints
        The register and what the extracts mark, with ``known_from``.
    places, registry, indicators
        The tables of the same names.
    stations
        Where one changes between road and railway, with ``side``; None where settlements near a
        railway have one.
    services
        Services on both sides, index ``service_id``; none if the study names no table.
    outlines
        Polygons of the countries that the extracts hold whole, with ``country``; None without
        extracts.
    checkpoint_rows
        Row in its file of each checkpoint of the register, by its id.
    rows
        The same of ``places`` and ``outer.places``, and by position of ``indicators.table`` and
        ``traffic.counts``.
    further
        Columns that nothing here reads, of ``regions``, ``checkpoints`` and ``places``, by their
        ids: they go into the tables of the results as they are.
    settled
        Places whose region is contradicted by where they lie, as
        `geo_border.pipeline.inputs.contradictions.settle_regions` gives them.
    sea
        Lines of the extracts at which land ends, as
        `geo_border.osm.boundaries.sea_lines` gives them; None without extracts.
    outer_places, outer_roads
        Cities and trunk roads beyond, as `geo_border.pipeline.inputs.outer.read_outer` gives
        them; None if the study has none.
    counts
        Counts of vehicles at checkpoints; None without any.
    extracts
        What is kept of the extracts, as they have it; None without any.
    """

    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    speeds: pd.DataFrame | None
    checkpoints: pd.DataFrame
    places: gpd.GeoDataFrame
    registry: pd.DataFrame
    indicators: pd.DataFrame
    stations: gpd.GeoDataFrame | None = None
    services: gpd.GeoDataFrame | None = None
    outlines: gpd.GeoDataFrame | None = None
    checkpoint_rows: dict[Any, int] = field(default_factory=dict)
    rows: dict[str, dict[Any, int]] = field(default_factory=dict)
    further: dict[str, pd.DataFrame] = field(default_factory=dict)
    settled: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SETTLED)))
    sea: gpd.GeoDataFrame | None = None
    outer_places: gpd.GeoDataFrame | None = None
    outer_roads: gpd.GeoDataFrame | None = None
    counts: pd.DataFrame | None = None
    extracts: Extracts | None = None

    def only(self, names: Collection[str]) -> Inputs:
        """Cut to some of the inputs: to read another is an AttributeError.

        Parameters
        ----------
        names
            Of the parameters above.

        Returns
        -------
        Inputs
            The same frames.
        """
        kept = object.__new__(Inputs)
        for name in names:
            object.__setattr__(kept, name, getattr(self, name))
        return kept


def read_inputs(settings: Settings, folder: Path, extracts: Extracts | None = None) -> Inputs:
    """Read and check every file of a study.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.
    extracts
        What is kept of the extracts, where the study names any.

    Returns
    -------
    Inputs
        Checked frames.

    Raises
    ------
    GeoBorderError
        One that says all that is wrong with the files, a line each with file, row and remedy.
    """
    faults = Faults()
    opened = open_files(settings, folder, faults)
    known = ids_by_side(opened)
    if len(known) == len(SIDES):
        # Without extracts ids can be compared whatever else is wrong.
        _compare_ids(settings, opened, known, faults)
    faults.raise_all()
    given = {
        key: layer.frame.set_index("region_id").assign(side=key.removeprefix("regions."))
        for key, layer in opened.layers.items()
        if key in ("regions.home", "regions.neighbour")
    }
    for side in SIDES:
        if (key := f"regions.{side}_territory") in opened.layers:
            land = opened.layers[key].frame.reset_index(drop=True)
            given[key] = land.assign(side=side, region_id=None)
    if extracts is not None:
        regions, rest = sides_of(settings, extracts.land, given)
    else:
        regions = pd.concat([given[f"regions.{side}"] for side in SIDES])
        territories = [
            given[key] for side in SIDES if (key := f"regions.{side}_territory") in given
        ]
        rest = pd.concat(territories) if territories else regions.iloc[:0]
    meridian = central_meridian(*(regions.geometry[regions["side"] == side] for side in SIDES))
    regions, rest = table_in_frame(regions, meridian), table_in_frame(rest, meridian)
    opened = _in_frame(opened, meridian)
    framed = None if extracts is None else extracts.in_frame(meridian)
    if len(known) < len(SIDES):
        known = {side: regions.index[regions["side"] == side].tolist() for side in SIDES}
        _compare_ids(settings, opened, known, faults)
    faults.add(unknown_language(settings, regions))
    faults.add(layers_apart(opened, regions))
    faults.add(lines_too_long(settings, opened))
    faults.raise_all()
    land = [regions[["side", "geometry"]].reset_index(), rest[["side", "geometry"]]]
    territory = gpd.GeoDataFrame(pd.concat(land, ignore_index=True), crs=4326)
    territory["region_id"] = (
        territory["region_id"].astype(object).where(territory["region_id"].notna(), None)
    )
    countries = None if framed is None else framed.land.countries
    registry, indicators = _indicators(opened)
    rows = _rows(opened)
    places, settled = _places(settings, opened, regions, territory, framed)
    outer_places, outer_roads = read_outer(settings, opened, territory, places)
    return Inputs(
        regions=regions if framed is None else with_capitals(regions, places),
        territory=territory,
        lines=_lines(settings, opened, framed),
        speeds=_speeds(settings, opened),
        checkpoints=_checkpoints(opened, framed),
        places=places,
        registry=registry,
        indicators=indicators,
        stations=None if framed is None else stations_of(framed.stations, territory),
        services=_services(opened),
        outlines=None if countries is None else countries[countries["is_whole"].astype(bool)],
        checkpoint_rows=rows.pop("checkpoints", {}),
        rows=rows,
        further=_further(opened),
        settled=settled,
        sea=None if framed is None else framed.sea,
        outer_places=outer_places,
        outer_roads=outer_roads,
        counts=_counts(opened),
        extracts=extracts,
    )


def _in_frame(opened: Opened, meridian: float) -> Opened:
    """Files whose longitudes lie within half a turn of a meridian."""
    layers = {
        key: replace(layer, frame=table_in_frame(layer.frame, meridian))
        for key, layer in opened.layers.items()
    }
    tables = {
        key: replace(table, frame=table_in_frame(table.frame, meridian))
        for key, table in opened.tables.items()
    }
    return Opened(layers, tables)


def _compare_ids(
    settings: Settings, opened: Opened, known: dict[str, list[str]], faults: Faults
) -> None:
    """Ids of regions and indicators that one file has and the other lacks."""
    settle_ids(opened, known)
    faults.add(on_both_sides(opened, known))
    faults.add(unknown_regions(opened, known))
    faults.add(wrong_sides(opened, known))
    faults.add(unread_hours(opened))
    faults.add(class_faults(opened, settings.road_delay_h))
    if settings.osm is None:
        faults.add(counted_elsewhere(opened))
    faults.add(unknown_lengths(settings, [*known["home"], *known["neighbour"]]))
    registry, values = (opened.tables.get(f"indicators.{name}") for name in ("registry", "table"))
    if registry is not None and values is not None:
        column, ids = values.frame["indicator_id"], registry.frame["indicator_id"].dropna()
        faults.add(unknown_values(column, ids, "indicator", values, IndicatorError))


def _rows(opened: Opened) -> dict[str, dict[Any, int]]:
    """Row in its file of each record of a table, by its id where it has one."""
    rows: dict[str, dict[Any, int]] = {}
    for key, name in IDS.items():
        if key in opened.tables:
            frame = opened.tables[key].frame
            ids = range(len(frame)) if name is None else frame[name]
            rows[key] = dict(zip(ids, frame.index.tolist(), strict=True))
    return rows


def _further(opened: Opened) -> dict[str, pd.DataFrame]:
    """Columns that the study does not use, by the table of the results that they go with."""
    regions = [
        layer.further.set_axis(pd.Index(layer.frame["region_id"]))
        for key, layer in opened.layers.items()
        if key in ("regions.home", "regions.neighbour")
    ]
    further = {"regions": pd.concat(regions)} if regions else {}
    for key in ("checkpoints", "places"):
        if key in opened.tables:
            table = opened.tables[key]
            further[key] = table.further.set_axis(pd.Index(table.frame[IDS[key]]))
    return {key: frame for key, frame in further.items() if len(frame.columns)}


def _lines(settings: Settings, opened: Opened, extracts: Extracts | None) -> gpd.GeoDataFrame:
    """Lines of the extracts and of the layers that are named besides."""
    layers = [
        opened.layers[f"network.lines.{n}"].frame.assign(mode=layer.mode)
        for n, layer in enumerate(settings.network.lines)
    ]
    if extracts is not None:
        lines = extracts.lines
        factor = settings.network.speed_factor
        layers.insert(0, lines.assign(travel_kmh=lines["travel_kmh"] * factor))
    return pd.concat(layers, ignore_index=True)


def _speeds(settings: Settings, opened: Opened) -> pd.DataFrame | None:
    """Default speeds, where the study has a table of them."""
    if "network.speeds" not in opened.tables:
        return None
    speeds = opened.tables["network.speeds"].frame.reset_index(drop=True)
    return speeds.assign(kmh=speeds["kmh"] * settings.network.speed_factor)


def _services(opened: Opened) -> gpd.GeoDataFrame | None:
    """Services as points, where the study has a table of them."""
    if "services" not in opened.tables:
        return None
    return points_of(opened.tables["services"].frame.set_index("service_id"))


def _counts(opened: Opened) -> pd.DataFrame | None:
    """Counts of vehicles, where the study has a table of them."""
    if "traffic.counts" not in opened.tables:
        return None
    return opened.tables["traffic.counts"].frame.reset_index(drop=True)


def _checkpoints(opened: Opened, extracts: Extracts | None) -> pd.DataFrame:
    """Checkpoints of the register and of the extracts, each with where it is known from."""
    register = None
    if "checkpoints" in opened.tables:
        register = opened.tables["checkpoints"].frame.set_index("checkpoint_id")
    if extracts is not None:
        return checkpoints_of(extracts.checkpoints, register)
    if register is None:
        schema = checkpoints_schema(())
        needed = [name for name, column in schema.columns.items() if column.required]
        register = schema.validate(pd.DataFrame(columns=needed)).set_index("checkpoint_id")
    return register.assign(known_from=REGISTER)


def _places(
    settings: Settings,
    opened: Opened,
    regions: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    extracts: Extracts | None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Settlements of the file, of the extracts, or of both; those whose region is in doubt."""
    layers, settled = [], pd.DataFrame(columns=list(SETTLED))
    tagged = settings.places.tagged
    table = opened.tables.get("places")
    if extracts is not None and (tagged if tagged is not None else table is None):
        layers.append(settlements_of(extracts.settlements, territory, settings.places.leave_out))
    if table is not None:
        _near_regions(table.frame, regions, table.file)
        rest = territory[territory["region_id"].isna()]
        towns, settled = settle_regions(table.frame, regions, rest)
        layers.append(points_of(towns.set_index("place_id")))
    places = pd.concat([layer for layer in layers if len(layer)] or layers)
    missing = [side for side in SIDES if not (places["side"] == side).any()]
    if missing:
        raise TableError(
            f"no settlement with a population lies on the {missing[0]} side",
            file="study.toml" if table is None else table.file,
            remedy="Add a table of towns with `file` in [places]; beside tagged ones with "
            "`tagged = true`",
        )
    twice = places.index[places.index.duplicated()]
    if len(twice):
        assert table is not None
        rows = table.frame.index[table.frame["place_id"].isin(twice)]
        raise fault_of_rows(
            TableError,
            f"place_id {twice[0]!r} is in the extracts too",
            rows,
            file=table.file,
            remedy="Give it another id, or leave it out",
        )
    check_settled(places, regions, "study.toml" if table is None else table.file)
    return places, settled


def _near_regions(places: pd.DataFrame, regions: gpd.GeoDataFrame, file: Path) -> None:
    """Raise on the first place that lies far from the region it is said to be in."""
    west, south, east, north = regions.bounds.reindex(places["region_id"]).to_numpy().T
    lon, lat = places["lon"].to_numpy(), places["lat"].to_numpy()
    beside = np.maximum(np.maximum(west - lon, lon - east), np.maximum(south - lat, lat - north))
    far = beside > FAR_DEGREES
    if far.any():
        row = int(far.argmax())
        at = f"lon {principal(lon[row]):g}, lat {lat[row]:g}"
        raise TableError(
            f"{places['name'].iloc[row]} at {at} is not in region "
            f"{places['region_id'].iloc[row]}, which is at "
            f"{extent((west[row], south[row], east[row], north[row]))}"
            + (f" (and {far.sum() - 1} more rows like it)" if far.sum() > 1 else ""),
            file=file,
            row=int(places.index[row]),
            remedy="Check lon and lat (degrees, in that order), region_id, and the regions",
        )


def _indicators(opened: Opened) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Registry and values; without them the run's own measures are all there is."""
    if "indicators.table" not in opened.tables:
        registry = pd.DataFrame({name: pd.Series(dtype=object) for name in REGISTRY.columns})
        values = pd.DataFrame({name: pd.Series(dtype=object) for name in INDICATORS.columns})
        return registry.set_index("indicator_id"), values.astype({"value": float, "year": int})
    registry = opened.tables["indicators.registry"].frame.set_index("indicator_id")
    indicators = opened.tables["indicators.table"].frame.reset_index(drop=True)
    return registry, indicators.astype({"year": int})
