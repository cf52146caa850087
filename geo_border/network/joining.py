"""Pieces of one road that meet where nothing else does: one link again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.network.links import CARRIED

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = ("mode", "road_class", "speed_kmh", "travel_kmh")
"""Columns besides those that are carried in which pieces must agree to be one link."""


def join_pieces(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, *, kept: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """Join links end to end at nodes of OpenStreetMap where only the two of them meet.

    Ways end where a tag changes or where they grew long, not only at junctions. Pieces are
    joined that agree in mode, class, direction, speeds and the columns of
    `geo_border.network.links.CARRIED` but the way. Links that pass the border, join regions, have
    a time of their own, or would end where they begin stay as they are, and nothing is joined
    at a barrier. Lengths and times add up to what they were.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.gates.open_gates` and what follows it give them.
    kept
        Nodes where links must end, such as gates and places.

    Returns
    -------
    GeoDataFrame
        The links, in the order of the first piece of each, with ``length_km`` added up and
        ``way_id`` and ``line`` of the piece each begins with; nodes between pieces are left
        without links. Memory is linear in the vertices of the links, time all but so.
    """
    mate = _mates(nodes, links, kept)
    chain, place, turned = _chains(mate)
    single = np.flatnonzero(chain < 0)
    order = np.lexsort((place, chain))
    order = order[np.searchsorted(chain[order], 0) :]
    if not len(order):
        return links
    first = np.flatnonzero(np.r_[True, np.diff(chain[order]) != 0])
    last = np.r_[first[1:], len(order)] - 1
    joined = links.iloc[order[first]].copy()
    ends = links[["tail", "head"]].to_numpy()
    joined["tail"] = ends[order[first], turned[order[first]].astype(int)]
    joined["head"] = ends[order[last], 1 - turned[order[last]].astype(int)]
    joined["length_km"] = np.add.reduceat(links["length_km"].to_numpy()[order], first)
    joined["oneway"] = np.where(turned[order[first]], np.int8(-1), np.int8(1)) * joined["oneway"]
    joined.geometry = _drawn(links.geometry.to_numpy()[order], turned[order], first)
    # A chain that ends where it begins would be a link from a node to itself.
    whole = (joined["tail"] != joined["head"]).to_numpy()
    loose = order[~np.repeat(whole, last - first + 1)]
    position = np.concatenate([single, loose, np.minimum.reduceat(order, first)[whole]])
    found = pd.concat([links.iloc[single], links.iloc[loose], joined[whole]], ignore_index=True)
    return gpd.GeoDataFrame(found.iloc[np.argsort(position)]).reset_index(drop=True)


def _mates(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, kept: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The end that each end of a link is joined to, else -1; end 2 i is the tail of link i."""
    ends = links[["tail", "head"]].to_numpy(np.int64)
    side, region = (pd.factorize(nodes[name])[0] for name in ("side", "region_id"))
    inner = np.all([code[ends[:, 0]] == code[ends[:, 1]] for code in (side, region)], axis=0)
    inner &= links["hours"].isna().to_numpy()
    degree = np.bincount(ends.ravel(), minlength=len(nodes))
    of_osm = (nodes["osm"].fillna(0) != 0).to_numpy()
    open_nodes = (degree == 2) & of_osm & nodes["blocked"].isin([False]).to_numpy()
    open_nodes[kept] = False
    at = ends.ravel()
    candidates = np.flatnonzero(open_nodes[at] & np.repeat(inner, 2))
    candidates = candidates[np.argsort(at[candidates], kind="stable")]
    pair = np.flatnonzero(at[candidates[1:]] == at[candidates[:-1]])
    one, other = candidates[pair], candidates[pair + 1]
    here, there = one // 2, other // 2
    # Forth through a head and on through a tail is one direction; two heads face each other.
    oneway = links["oneway"].to_numpy()
    same = oneway[here] == np.where(one % 2 == other % 2, -1, 1) * oneway[there]
    same &= here != there
    for name in (*ALIKE, *(name for name in CARRIED if name != "way_id")):
        if name in links:
            code = pd.factorize(links[name])[0]
            same &= code[here] == code[there]
    mate = np.full(len(at), -1)
    mate[one[same]], mate[other[same]] = other[same], one[same]
    return mate


def _chains(
    mate: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Chain of each link (-1: of none), its place in the chain, whether it is passed backwards.

    Every chain can be passed from either end; it is numbered by the end it is begun at. Rings of
    joints have no end: their links are of no chain.
    """
    n = len(mate)
    # From an end one enters a link by, to the one by which one enters the next.
    onward = mate[np.arange(n) ^ 1]
    left = (onward >= 0).astype(np.int64)
    stop = np.where(onward >= 0, onward, np.arange(n))
    # Each round looks twice as far; in a ring more joints lie ahead than there are ends.
    while left.max(initial=0) <= n and not np.array_equal(further := stop[stop], stop):
        left += left[stop]
        stop = further
    # The way back stops at the link where this one begins.
    begin = stop[np.arange(n) ^ 1] ^ 1
    several = (left > 0) | (left[np.arange(n) ^ 1] > 0)
    forth = (onward[stop] < 0) & several & (begin < (stop ^ 1))
    chain, place = np.full(n // 2, -1), np.zeros(n // 2, np.int64)
    turned = np.zeros(n // 2, bool)
    entry = np.flatnonzero(forth)
    chain[entry // 2], place[entry // 2] = begin[entry], -left[entry]
    turned[entry // 2] = entry % 2 == 1
    return chain, place, turned


def _drawn(
    lines: NDArray[np.object_], turned: NDArray[np.bool_], first: NDArray[np.int64]
) -> NDArray[np.object_]:
    """One line for the pieces from each of the first ones on, each drawn in its direction."""
    points, piece = shapely.get_coordinates(lines, return_index=True)
    size = np.bincount(piece, minlength=len(lines))
    start = np.cumsum(size) - size
    number = np.arange(len(points)) - start[piece]
    at = np.where(turned[piece], (start + size - 1)[piece] - number, np.arange(len(points)))
    whole = np.searchsorted(first, piece, side="right") - 1
    # What a piece begins with, the one before has ended with.
    drawn = (number > 0) | (first[whole] == piece)
    return np.asarray(shapely.linestrings(points[at[drawn]], indices=whole[drawn]))
