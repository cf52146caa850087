"""The stage of the border: matched polygons, the line, dyads, checkpoints on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geo_border.border.audit import by_area, of_nobody, overlaps
from geo_border.border.checkpoints import RULE, permeability
from geo_border.border.line import along, dyads, lengths
from geo_border.border.matching import match_sides
from geo_border.border.sea import sea_within, without_sea
from geo_border.network.free_border import open_crossings
from geo_border.network.passages import BESIDE, IN_SERIES
from geo_border.pipeline.inputs.extracts import TAGS
from geo_border.pipeline.settings import LayerSection
from geo_border.pipeline.stages.class_checkpoints import checkpoints_of, placed_for
from geo_border.pipeline.stages.parameters import tolerances
from geo_border.terms import CAR, SIDES

if TYPE_CHECKING:
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings

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
    register
        All that is known of checkpoints, by files, by tags and by the rule of open crossings.
    checkpoints
        The same on the border as each class meets them, as
        `geo_border.pipeline.stages.class_checkpoints.checkpoints_of` gives them.
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
    register: pd.DataFrame
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
    register = _register(inputs, settings, territory, border)
    checkpoints = checkpoints_of(settings, register, border, rows=inputs.checkpoint_rows)
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
        register=register,
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


def _register(
    inputs: Inputs, settings: Settings, territory: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Checkpoints by register, by tags and by the rule of open crossings, not yet placed."""
    points = gpd.GeoSeries.from_xy(inputs.checkpoints["lon"], inputs.checkpoints["lat"], crs=4326)
    inland = along(border, points)["border_distance_km"] > INLAND_KM
    known = inputs.checkpoints[~(inland & (inputs.checkpoints["known_from"] == TAGS))]
    if not settings.checkpoints.open_crossings:
        return known
    free = open_crossings(
        inputs.lines,
        territory,
        border,
        placed_for(settings, known, border, CAR, rows=inputs.checkpoint_rows),
        inputs.places,
        tolerances=tolerances(settings),
    ).assign(known_from=RULE)
    if free.empty:
        return known
    # A delay that the study states by default is one of these crossings too.
    classes = {CAR, *settings.checkpoints.classes}
    stated = [set(settings.stated_delay_h(name)) for name in classes]
    free["delay_h"] = free["delay_h"].mask(free["mode"].isin(set.intersection(*stated)))
    tables = [t.dropna(axis="columns", how="all") for t in (known, free) if len(t)]
    return pd.concat(tables).reindex(columns=known.columns)
