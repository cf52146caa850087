"""The stage of the border: matched polygons, the line, dyads, checkpoints on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.border.audit import by_area, of_nobody, overlaps
from geo_border.border.checkpoints import RULE, permeability, placed_checkpoints
from geo_border.border.classes import (
    class_columns,
    classes_in,
    closed_to_class,
    delay_range,
    register_of_class,
)
from geo_border.border.line import along, dyads, lengths
from geo_border.border.matching import match_sides
from geo_border.border.sea import sea_within, without_sea
from geo_border.network.free_border import open_crossings
from geo_border.network.passages import BESIDE, IN_SERIES
from geo_border.pipeline.inputs.extracts import TAGS
from geo_border.pipeline.settings import LayerSection
from geo_border.pipeline.stages.parameters import tolerances
from geo_border.terms import CAR, DIRECTIONS, ROAD, SIDES

if TYPE_CHECKING:
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.traffic_settings import PassageSection

INLAND_KM = 10.0
"""What is tagged as customs farther from the border than this is an office inland, km."""


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The border of a study and what it parts; geometries in WGS 84.

    Parameters
    ----------
    regions
        Polygons of the studied regions of both sides after edge matching, index ``region_id``.
    territory
        Polygons of both sides, studied or not, with ``side`` and ``region_id``.
    mismatch, followed, between
        What was taken and given in edge matching, outlines that were followed, and land of
        others, as `geo_border.border.matching.match_sides` gives them.
    overlaps, nobody
        Regions of one side that lie on each other, and land between the sides that neither has,
        as `geo_border.border.audit` gives them.
    sea
        Ground of the territory that is sea, as `geo_border.border.sea.sea_within` gives it.
    line
        Pieces of the border, as `geo_border.border.line.border_line` gives them.
    dyads
        Pairs of regions with the length of their common border.
    checkpoints
        On the border, as `geo_border.border.checkpoints.placed_checkpoints` gives them.
    """

    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    mismatch: gpd.GeoDataFrame
    followed: pd.DataFrame
    between: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame
    nobody: gpd.GeoDataFrame
    sea: gpd.GeoDataFrame
    line: gpd.GeoDataFrame
    dyads: gpd.GeoDataFrame
    checkpoints: gpd.GeoDataFrame

    @property
    def at_sea(self) -> gpd.GeoSeries:
        """Ground that is known to be sea."""
        return self.sea.geometry[self.sea["is_known"]]


def border_stage(settings: Settings, inputs: Inputs) -> Border:
    """Find the border: matched polygons, the line, dyads, checkpoints on it.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.

    Returns
    -------
    Border
        The border, checkpoints not yet counted.
    """
    land, regions, section = inputs.territory, inputs.regions, settings.regions
    of_files = isinstance(section.home, LayerSection) and isinstance(
        section.neighbour, LayerSection
    )
    matched = match_sides(
        land,
        kept=_exact_side(settings),
        outlines=inputs.outlines if of_files else None,
        countries=inputs.outlines,
        sea=inputs.sea,
        tolerance_m=1000 * section.edge_tolerance_km,
    )
    territory, border = matched.land, matched.border
    studied = territory.dropna(subset="region_id").set_index("region_id")
    regions = regions.set_geometry(studied.geometry.reindex(regions.index))
    pairs = dyads(border)
    checkpoints = _checkpoints(inputs, settings, territory, border)
    km = pd.concat([lengths(border, by) for by in ("home_id", "neighbour_id")])
    length = km.reindex(regions.index, fill_value=0.0)
    nobody = of_nobody(territory, matched.between)
    sea = sea_within(pd.concat([territory.geometry, nobody.geometry]), inputs.sea)
    nobody = by_area(without_sea(nobody, sea))
    regions = regions.assign(border_km=length["length_km"], sea_border_km=length["sea_km"])
    return Border(
        regions=regions,
        territory=territory,
        mismatch=matched.mismatch,
        followed=matched.followed,
        between=matched.between,
        overlaps=overlaps(territory),
        nobody=nobody,
        sea=sea,
        line=border,
        dyads=pairs,
        checkpoints=checkpoints,
    )


def with_passages(border: Border, controls: pd.DataFrame) -> Border:
    """Count the checkpoints of regions and dyads, those of one passage once.

    Parameters
    ----------
    border
        The border.
    controls
        What each checkpoint is to the roads there, as
        `geo_border.network.crossings.find_crossings` gives it.

    Returns
    -------
    Border
        With permeability in ``regions`` and checkpoints by mode in ``dyads``.
    """
    checkpoints, regions, pairs = border.checkpoints, border.regions, border.dyads
    further = controls.index[controls["part"].isin([IN_SERIES, BESIDE])]
    counted = checkpoints[~checkpoints.index.isin(further)]
    permeable = pd.concat(
        [
            permeability(pairs.groupby(by)["length_km"].sum(), counted, by=by)
            for by in ("home_id", "neighbour_id")
        ]
    ).reindex(regions.index)
    counts = permeable.columns[permeable.columns.str.match("checkpoints_(?!per_)")]
    permeable[counts] = permeable[counts].fillna(0).astype(int)
    open_now = counted[counted["is_open"]]
    by_pair = open_now.groupby(["home_id", "neighbour_id", "mode"]).size().unstack(fill_value=0)
    pairs = pairs.join(by_pair, on=["home_id", "neighbour_id"])
    pairs[by_pair.columns] = pairs[by_pair.columns].fillna(0).astype(int)
    regions = regions.join(permeable.drop(columns="border_km"))
    return replace(border, regions=regions, dyads=pairs)


def _exact_side(settings: Settings) -> str:
    """The side whose outline is the border.

    An outline of OpenStreetMap goes before one of a file; else the neighbour's is taken.
    """
    ours, theirs = settings.regions.home, settings.regions.neighbour
    only_ours = isinstance(theirs, LayerSection) and not isinstance(ours, LayerSection)
    return SIDES[0] if only_ours else SIDES[1]


def _checkpoints(
    inputs: Inputs, settings: Settings, territory: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Checkpoints on the border, by register, by tags and by the rule of open crossings."""
    section = settings.checkpoints

    def placed(table: pd.DataFrame, name: str) -> gpd.GeoDataFrame:
        found = placed_checkpoints(
            register_of_class(table, name),
            border,
            delay_h=settings.class_delay_h(name),
            open_status=section.open_status,
            open_users=section.open_users,
            farthest_km=section.farthest_km,
            month=section.month,
            informed=section.informed,
            file=section.file or TAGS,
            rows=inputs.checkpoint_rows,
        )
        shut = closed_to_class(table, name, section.open_status)
        for way in DIRECTIONS:
            found[f"delay_{way}_h"] = found[f"delay_{way}_h"].mask(shut[way], np.inf)
        found["delay_h"] = found[["delay_out_h", "delay_in_h"]].mean(axis=1)
        # Nobody measured what a crossing of the rule takes.
        by_rule = found["known_from"] == RULE
        return found.assign(delay_imputed=found["delay_imputed"] | by_rule)

    points = gpd.GeoSeries.from_xy(inputs.checkpoints["lon"], inputs.checkpoints["lat"], crs=4326)
    inland = along(border, points)["border_distance_km"] > INLAND_KM
    known = inputs.checkpoints[~(inland & (inputs.checkpoints["known_from"] == TAGS))]
    checkpoints = placed(known, CAR)
    if section.open_crossings:
        free = open_crossings(
            inputs.lines,
            territory,
            border,
            checkpoints,
            inputs.places,
            tolerances=tolerances(settings),
        ).assign(known_from=RULE)
        # A delay that the study states by default is one of these crossings too.
        stated = [set(settings.stated_delay_h(name)) for name in {CAR, *section.classes}]
        free["delay_h"] = free["delay_h"].mask(free["mode"].isin(set.intersection(*stated)))
        if len(free):
            tables = [t.dropna(axis="columns", how="all") for t in (known, free) if len(t)]
            known = pd.concat(tables).reindex(columns=known.columns)
            checkpoints = placed(known, CAR)
    said = [class_columns(CAR)[key] for key in ("delay_h", "delay_out_h", "delay_in_h")]
    found = checkpoints.assign(status=known["status"]).drop(columns=said, errors="ignore")
    classes = dict.fromkeys([CAR, *section.classes, *classes_in(known.columns)])
    for name in classes:
        own = checkpoints if name == CAR else placed(known, name)
        found = found.assign(**_of_class(known, own, name, section.classes.get(name)))
    return found


def _of_class(
    register: pd.DataFrame, placed: pd.DataFrame, name: str, default: PassageSection | None
) -> dict[str, pd.Series]:
    """What checkpoints are to one class, by column; to cars what the columns of no class say."""
    columns = class_columns(name)
    ends = (None, None) if default is None else (default.delay_lo_h, default.delay_hi_h)
    between = delay_range(register, name, ends)
    by_road = placed["mode"].isin(ROAD)
    found = {columns[f"delay_{end}_h"]: between[end].where(by_road) for end in ("lo", "hi")}
    if name != CAR:
        delays = ("delay_h", *(f"delay_{way}_h" for way in DIRECTIONS))
        found |= {columns[key]: placed[key].where(by_road) for key in delays}
        found[f"is_open_{name}"] = placed["is_open"] & by_road
        found[f"delay_{name}_imputed"] = placed["delay_imputed"] & by_road
    return {key: values for key, values in found.items() if values.notna().any()}
