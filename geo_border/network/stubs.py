"""Links that end at the border and go on at the other side, in two sources that do not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.border.edges import equal_area_crs
from geo_border.network.links import straight_km
from geo_border.network.sides import near_border
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray


SHORTEST_KM = 1e-4
"""Least length of a way between two nodes."""


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
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Join links that end blind on either side of the border and are one road.

    Two stubs are one road if each is the nearest blind end on the other side to the other, not
    farther than `tolerance_m`, both are roads or both railways, their class, name or reference
    is the same, and one may drive from one to the other. Where OpenStreetMap has both and neither
    is clipped, as at the banks of a river whose bridge is gone, the gap is real and stays.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.sides.cut_at_border` gives them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    tolerance_m
        Greatest gap, and greatest distance of either end from the border, metres; at most 1000.

    Returns
    -------
    nodes : DataFrame
        With a node in the middle of each gap, ``met`` by ``stub``.
    links : GeoDataFrame
        With two straight links over each gap, one on each side, that have the attributes of
        its home stub.
    """
    blind = blind_ends(nodes, links)
    blind = blind[np.isin(blind["node"], near_border(nodes, border, tolerance_m))]
    point = gpd.GeoSeries(
        gpd.points_from_xy(nodes["lon"].iloc[blind["node"]], nodes["lat"].iloc[blind["node"]]),
        crs=4326,
    ).to_crs(equal_area_crs(border))
    blind = blind.assign(
        side=links["side"].to_numpy()[blind["link"]],
        x=point.x.to_numpy(),
        y=point.y.to_numpy(),
    )
    pairs = [
        _pairs(rows[rows["side"] == 0], rows[rows["side"] == 1], tolerance_m)
        for _, rows in blind.groupby("rail")
        if rows["side"].nunique() == len(SIDES)
    ]
    if not any(map(len, pairs)):
        return nodes, links
    pair = pd.concat(pairs, ignore_index=True)
    forth, back = _ways_over(links, pair)
    kept = _alike(links, pair) & (forth | back) & ~_mapped(nodes, pair)
    pair, forth, back = pair[kept], forth[kept], back[kept]
    return _bridged(nodes, links, pair, forth.astype(np.int8) - back.astype(np.int8))


def _bridged(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, pair: pd.DataFrame, oneway: NDArray[np.int8]
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """The network with a node in the middle of each gap and a link to it from either side."""
    lonlat = nodes[["lon", "lat"]].to_numpy()
    ends = [pair[f"node_{name}"].to_numpy() for name in SIDES]
    middle = (lonlat[ends[0]] + lonlat[ends[1]]) / 2
    new = nodes.iloc[ends[0]].assign(lon=middle[:, 0], lat=middle[:, 1], osm=0, met="stub")
    middles = len(nodes) + np.arange(len(pair))
    frames = [links]
    for number, (tail, head) in enumerate(((ends[0], middles), (middles, ends[1]))):
        at = np.concatenate([lonlat, middle])
        lines = shapely.linestrings(np.stack([at[tail], at[head]], axis=1))
        gap = links.iloc[pair["link_home"]].assign(
            tail=tail,
            head=head,
            side=np.int8(number),
            length_km=np.maximum(straight_km(lines), SHORTEST_KM),
            oneway=oneway,
            hours=np.nan,
        )
        frames.append(gap.set_geometry(lines, crs=links.crs))
    return (
        pd.concat([nodes, new], ignore_index=True),
        gpd.GeoDataFrame(pd.concat(frames, ignore_index=True)),
    )


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


def _mapped(nodes: pd.DataFrame, pair: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether one source has both ends as they are on the ground."""
    whole = ((nodes["osm"] != 0) & ~nodes["clipped"].astype(bool)).to_numpy()
    of_home, of_neighbour = (whole[pair[f"node_{name}"].to_numpy()] for name in SIDES)
    mapped: NDArray[np.bool_] = of_home & of_neighbour
    return mapped


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
