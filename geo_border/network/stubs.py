"""Links that end at the border and go on at the other side, in two sources that do not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84, equal_area_crs
from geo_border.network.graph import SIDES
from geo_border.network.sides import near_border

if TYPE_CHECKING:
    from numpy.typing import NDArray


def blind_ends(nodes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Ends of links where nothing goes on: nodes with one link of road or ferry, or of railway.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.

    Returns
    -------
    DataFrame
        ``node``, ``link`` (positions), ``at_head`` (the node is the head of the link), ``rail``;
        nodes at a barrier are left out.
    """
    rail = (links["mode"] == "rail").to_numpy()
    ends = links[["tail", "head"]].to_numpy()
    alone = np.zeros(ends.shape, bool)
    for kind in (False, True):
        of_kind = rail == kind
        degree = np.bincount(ends[of_kind].ravel(), minlength=len(nodes))
        alone[of_kind] = degree[ends[of_kind]] == 1
    if "blocked" in nodes:
        alone &= ~nodes["blocked"].to_numpy()[ends]
    link, at_head = np.nonzero(alone)
    return pd.DataFrame(
        {"node": ends[link, at_head], "link": link, "at_head": at_head == 1, "rail": rail[link]}
    )


def join_stubs(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    *,
    tolerance_m: float = 100,
) -> gpd.GeoDataFrame:
    """Join links that end blind on either side of the border and are one road.

    Two stubs are one road if each is the nearest blind end on the other side to the other, not
    farther than `tolerance_m`, both are roads or both railways, their class, name or reference
    is the same, and one may drive from one to the other.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    tolerance_m
        Greatest gap, and greatest distance of either end from the border, metres; at most 1000.

    Returns
    -------
    GeoDataFrame
        The links with column ``joins`` (True for a straight link over a gap, which is appended
        with the attributes of its home stub).
    """
    blind = blind_ends(nodes, links)
    side = nodes["side"].to_numpy()
    blind = blind[np.isin(blind["node"], near_border(nodes, border, tolerance_m))]
    point = gpd.GeoSeries(
        gpd.points_from_xy(nodes["lon"].iloc[blind["node"]], nodes["lat"].iloc[blind["node"]]),
        crs=4326,
    ).to_crs(equal_area_crs(border))
    blind = blind.assign(side=side[blind["node"]], x=point.x.to_numpy(), y=point.y.to_numpy())
    pairs = [
        _pairs(rows[rows["side"] == 0], rows[rows["side"] == 1], tolerance_m)
        for _, rows in blind.groupby("rail")
        if rows["side"].nunique() == len(SIDES)
    ]
    links = links.assign(joins=False)
    if not any(map(len, pairs)):
        return links
    pair = pd.concat(pairs, ignore_index=True)
    forth, back = _ways_over(links, pair)
    alike = _alike(links, pair)
    kept = alike & (forth | back)
    pair, forth, back = pair[kept], forth[kept], back[kept]
    ends = nodes[["lon", "lat"]].to_numpy()
    start, stop = ends[pair["node_home"]], ends[pair["node_neighbour"]]
    metres = WGS84.inv(start[:, 0], start[:, 1], stop[:, 0], stop[:, 1])[2]
    gaps = links.iloc[pair["link_home"]].assign(
        tail=pair["node_home"].to_numpy(),
        head=pair["node_neighbour"].to_numpy(),
        length_km=np.maximum(metres, 0.1) / 1000,
        oneway=(forth.astype(np.int8) - back.astype(np.int8)),
        hours=np.nan,
        joins=True,
    )
    gaps.geometry = shapely.linestrings(np.stack([start, stop], axis=1))
    return gpd.GeoDataFrame(pd.concat([links, gaps], ignore_index=True))


def _pairs(home: pd.DataFrame, neighbour: pd.DataFrame, reach_m: float) -> pd.DataFrame:
    """Blind ends that are each other's nearest."""
    ours, theirs = home[["x", "y"]].to_numpy(), neighbour[["x", "y"]].to_numpy()
    metres, there = cKDTree(theirs).query(ours)
    back = cKDTree(ours).query(theirs)[1]
    mutual = np.flatnonzero((metres <= reach_m) & (back[there] == np.arange(len(ours))))
    pairs: pd.DataFrame = pd.concat(
        [
            home.iloc[mutual].reset_index(drop=True).add_suffix("_home"),
            neighbour.iloc[there[mutual]].reset_index(drop=True).add_suffix("_neighbour"),
        ],
        axis=1,
    )
    return pairs


def _ways_over(
    links: pd.DataFrame, pair: pd.DataFrame
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether one may drive over the gap from home, and to home."""
    oneway = links["oneway"].to_numpy()
    away, towards = {}, {}
    for name in SIDES:
        direction = oneway[pair[f"link_{name}"]] * np.where(pair[f"at_head_{name}"], 1, -1)
        away[name], towards[name] = direction >= 0, direction <= 0
    home, neighbour = SIDES
    return away[home] & towards[neighbour], away[neighbour] & towards[home]


def _alike(links: pd.DataFrame, pair: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether class, name or reference of two stubs agree."""
    alike = np.zeros(len(pair), bool)
    for column in ("road_class", "name", "ref"):
        if column in links:
            values = links[column].to_numpy(dtype=object)
            ours, theirs = (values[pair[f"link_{name}"]] for name in SIDES)
            alike |= (ours == theirs) & ~pd.isna(ours)
    return alike
