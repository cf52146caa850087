"""Lines to links of either side, and where these meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_border.network.crossings import checkpoints_on_line, find_crossings
from geo_border.network.links import REACH_KM, links_from_lines
from geo_border.network.sides import cut_at_border
from geo_border.network.stubs import join_stubs
from geo_border.network.third_ground import cut_at_reach

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo_border.network.tolerances import Tolerances


class Divided(NamedTuple):
    """Links cut at the border, and where those of both sides meet.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.stubs.join_stubs` gives them.
    crossings, controls
        As `geo_border.network.crossings.find_crossings` gives them.
    """

    nodes: pd.DataFrame
    links: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    controls: pd.DataFrame


def divide(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    tolerances: Tolerances,
) -> Divided:
    """Make links of lines, cut them at the border and find where they pass it.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        Polygons of both sides with ``side`` and ``region_id``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    tolerances
        How far apart lines that are one, and lines and checkpoints, may lie.

    Returns
    -------
    Divided
        Nothing joins the two sides of it but the nodes of its crossings.

    Raises
    ------
    NetworkError
        If there is no line, or the lines do not touch a side.
    """
    reach_km = max(REACH_KM, tolerances.edge_km)
    lines = cut_at_reach(lines, territory, reach_km=reach_km)
    nodes, links = links_from_lines(lines, territory, reach_km=reach_km)
    nodes, links = cut_at_border(
        nodes,
        links,
        territory,
        border,
        along_m=tolerances.along_m,
        edge_km=tolerances.edge_km,
        checkpoints=checkpoints_on_line(checkpoints),
        tolerance_km=tolerances.crossing_km,
    )
    nodes, links = join_stubs(nodes, links, border, tolerance_m=tolerances.stub_m)
    crossings, controls = find_crossings(
        nodes, links, border, checkpoints, tolerance_km=tolerances.crossing_km
    )
    return Divided(nodes, links, crossings, controls)
