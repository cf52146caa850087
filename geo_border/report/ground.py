"""What lies under every map: projection, regions, territory, border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo_border.border.edges import equal_area_crs
from geo_border.network.beyond import LOCAL_WAY
from geo_border.pipeline.settings import EverythingElseSection
from geo_border.report.style import short_names

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

    from geo_border.pipeline.results import Results, WhatIf


DETAIL = 3e-4
"""Details smaller than this share of a map are left out: less than a dot of the printer."""

AROUND = 0.2
"""Share of the width shown around one side where the other is everything else."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The layers under every map, projected and simplified for print.

    Parameters
    ----------
    crs
        Equal-area projection fitted to the regions.
    regions
        Polygons of the studied regions with ``side`` and ``short``.
    territory
        Polygons of both sides.
    border
        Pieces of the border line, with ``at_sea``.
    extent
        West, east, south, north of the map, metres.
    sides
        Name of each side and its ground outside the studied regions.
    source
        Attribution of the data.
    detail_m
        Details smaller than this are left out, metres.
    """

    crs: CRS
    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    border: gpd.GeoDataFrame
    extent: tuple[float, float, float, float]
    sides: dict[str, shapely.Geometry]
    source: str
    detail_m: float

    @property
    def aspect(self) -> float:
        """Height of the map over its width."""
        west, east, south, north = self.extent
        return (north - south) / (east - west)


def ground_of(
    results: Results | WhatIf, *, simplify_m: float | None = None, margin: float = 0.02
) -> Ground:
    """Project and simplify what lies under every map.

    Parameters
    ----------
    results
        What a run, or the comparison of scenarios, gave.
    simplify_m
        Details smaller than this are left out, metres; without it `DETAIL` of the extent.
    margin
        Share of the width left free around the regions; more where one side is everything else,
        of which only what lies near is shown.

    Returns
    -------
    Ground
        The ground.
    """
    crs = equal_area_crs(results.regions)
    west, south, east, north, free = _focus(results, crs, margin)
    extent = (west - free, east + free, south - free, north + free)
    if simplify_m is None:
        simplify_m = DETAIL * max(east - west, north - south)
    territory = results.territory[["region_id", "side", "geometry"]].to_crs(crs)
    # Common edges must stay common, or slivers open between neighbours.
    simple = shapely.coverage_simplify(territory.geometry.to_numpy(), simplify_m)
    territory = territory.set_geometry(simple)
    studied = territory.dropna(subset="region_id").set_index("region_id").geometry
    regions = results.regions[["side", "geometry"]].to_crs(crs)
    regions["short"] = short_names(results)
    regions = regions.set_geometry(studied.reindex(regions.index).set_crs(crs))
    border = results.border[["at_sea", "geometry"]].to_crs(crs)
    border = border.set_geometry(shapely.simplify(border.geometry, simplify_m))
    study = results.settings.study
    sides = {
        name: _rest(territory[territory["side"] == side], regions)
        for side, name in (("home", study.home), ("neighbour", study.neighbour))
    }
    source = results.settings.attribution
    return Ground(crs, regions, territory, border, extent, sides, source, simplify_m)


def _focus(
    results: Results | WhatIf, crs: CRS, margin: float
) -> tuple[float, float, float, float, float]:
    """West, south, east, north of what a map is of, and the free space around it, metres."""
    shown = results.regions
    for side, other in (("home", "neighbour"), ("neighbour", "home")):
        if isinstance(getattr(results.settings.regions, side), EverythingElseSection):
            shown = shown[shown["side"] == other]
            margin = AROUND
    west, south, east, north = shown.to_crs(crs).total_bounds
    return west, south, east, north, margin * max(east - west, (north - south) / 2)


def drawn_edges(results: Results) -> gpd.GeoDataFrame:
    """Links that are drawn: not changes of mode, nor straight ways that stand for roads.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    GeoDataFrame
        Rows of the edges.
    """
    edges = results.edges
    return edges[(edges["mode"] != "transfer") & (edges["road_class"] != LOCAL_WAY)]


def _rest(territory: gpd.GeoDataFrame, regions: gpd.GeoDataFrame) -> shapely.Geometry:
    """Ground of a side outside the studied regions."""
    whole = shapely.union_all(territory.geometry.make_valid().to_numpy())
    studied = shapely.union_all(regions.geometry.make_valid().to_numpy())
    return shapely.difference(whole, studied)
