"""Borders that may be crossed on every road: a checkpoint wherever a line passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo_border.border.edges import equal_area_crs
from geo_border.border.locate import segments
from geo_border.network.crossings import find_crossings
from geo_border.network.graph import SIDES
from geo_border.network.links import links_from_lines
from geo_border.network.sides import settle_sides
from geo_border.network.stubs import join_stubs
from geo_border.network.tolerances import Tolerances

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

FREE_MODES = ("road", "rail", "ferry")
"""Modes whose crossings are opened."""

ONE_CROSSING_M = 150.0
"""Links that cross this near to each other are one crossing: the two ways of a dual road."""

NEAR_BORDER_DEGREES = 0.05
"""Lines farther from the border than this do not cross it, degrees."""

NAMED_KM = 10.0
"""A settlement farther from a crossing than this does not give it its name, km."""


def open_crossings(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    *,
    tolerances: Tolerances = Tolerances(),
) -> pd.DataFrame:
    """Checkpoints without delay where lines pass the border and no checkpoint serves them.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        Polygons of both sides with ``side`` and ``region_id``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        Those that are known, as `geo_border.border.checkpoints.placed_checkpoints` gives them.
    places
        Points with ``name`` and ``side``, to name the crossings.
    tolerances
        As `geo_border.network.build.build_network` takes them.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` (``open-w`` and the id of the way in OpenStreetMap, else
        ``open-`` and a number); columns of a register of checkpoints.
    """
    nodes, links = links_from_lines(lines[_near(lines, border)], territory)
    nodes = settle_sides(nodes, links, border, along_m=tolerances.along_m)
    links = join_stubs(nodes, links, border, tolerance_m=tolerances.stub_m)
    crossings = find_crossings(
        nodes, links, border, checkpoints, tolerance_km=tolerances.crossing_km
    )
    free = crossings["checkpoint_id"].isna() & crossings["mode"].isin(FREE_MODES)
    found = crossings[free].assign(way_id=_ways(links)[crossings.loc[free, "link"]])
    found["group"] = _groups(found)
    first = found.drop_duplicates("group")
    ids = pd.Series(_ids(first), index=first.index, dtype=object)
    return pd.DataFrame(
        {
            "name": _names(first, places),
            "mode": first["mode"],
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": first["lon"],
            "lat": first["lat"],
            "accuracy_km": np.nan,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": 0.0,
        }
    ).set_index(pd.Index(ids, name="checkpoint_id"))


def _near(lines: gpd.GeoDataFrame, border: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Whether each line comes near the border."""
    pieces = segments(shapely.simplify(border.geometry.to_numpy(), NEAR_BORDER_DEGREES / 10))[0]
    tree = shapely.STRtree(lines.geometry.to_numpy())
    hit = tree.query(pieces, predicate="dwithin", distance=NEAR_BORDER_DEGREES)[1]
    near = np.zeros(len(lines), bool)
    near[hit] = True
    return near


def _ways(links: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Way in OpenStreetMap of each link, missing for lines of other sources."""
    if "way_id" not in links:
        return np.full(len(links), np.nan)
    ways: NDArray[np.float64] = links["way_id"].to_numpy(float)
    return ways


def _groups(found: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Number of the crossing that each link is of."""
    if found.empty:
        return np.zeros(0, np.int32)
    points = found.geometry.to_crs(equal_area_crs(found)).to_numpy()
    here, there = shapely.STRtree(points).query(
        points, predicate="dwithin", distance=ONE_CROSSING_M
    )
    mode = found["mode"].to_numpy(dtype=str)
    same = mode[here] == mode[there]
    pairs = (np.ones(int(same.sum()), bool), (here[same], there[same]))
    group: NDArray[np.int32] = connected_components(
        coo_array(pairs, shape=(len(found), len(found))), directed=False
    )[1]
    return group


def _ids(first: gpd.GeoDataFrame) -> list[str]:
    """Ids that stay the same when other crossings come or go."""
    ids = [
        f"open-{number}" if np.isnan(way) else f"open-w{way:.0f}"
        for number, way in enumerate(first["way_id"], start=1)
    ]
    again = pd.Series(ids).groupby(ids).cumcount()
    return [f"{name}-{n + 1}" if n else name for name, n in zip(ids, again, strict=True)]


def _names(first: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> pd.Series[str]:
    """Road and the nearest settlement on either side."""
    crs = equal_area_crs(first if len(first) > 1 else places)
    points = first.geometry.to_crs(crs).to_numpy()
    ends = []
    for side in SIDES:
        there = places[places["side"] == side]
        near, hit = shapely.STRtree(there.geometry.to_crs(crs).to_numpy()).query_nearest(
            points, max_distance=1000 * NAMED_KM, all_matches=False
        )
        name = np.full(len(first), None, object)
        name[near] = there["name"].to_numpy(dtype=object)[hit]
        ends.append(name)
    road = first["name"].fillna(first["ref"]).fillna(first["road_class"])
    names = []
    for own, *both in zip(road, *ends, strict=True):
        known = " – ".join(end for end in both if end is not None)
        names.append(f"{own} ({known})" if known else str(own))
    return pd.Series(names, first.index, dtype=object)
