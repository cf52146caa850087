"""Cells joined to the network: entry points along the links, shared by many cells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from pyproj.enums import TransformDirection

from geo_border.border.edges import WGS84, projected
from geo_border.errors import NetworkError
from geo_border.network.parts import CAR_MODES, leading_links
from geo_border.network.places import Access
from geo_border.network.straight import BEND_M, in_degrees, nearest_free, next_best
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geo_border.network.graph import Network
    from geo_border.network.straight import ForeignLand


def join_cells(
    network: Network,
    gates: pd.DataFrame,
    cells: pd.DataFrame,
    crs: CRS,
    land: ForeignLand,
    *,
    access: Access = Access(),
    spacing_km: float = 1.0,
) -> tuple[Network, pd.DataFrame]:
    """Join each cell to the nearest road of its side, by entries that many cells share.

    A cell goes straight (times the detour) to the nearest point of a road that
    `geo_border.network.parts.leading_links` finds, or to the next where foreign land lies
    between, and from there along the road to the nearest entry. Entries are the ends of links
    and points that cut them into equal parts no longer than the spacing, on one-way links the
    middles of the parts. So a trip is never shorter than if every cell had an entry of its own,
    and longer at each end by at most the time that one part of the link takes.

    Parameters
    ----------
    network
        The graph.
    gates
        As `geo_border.network.gates.open_gates` gives them.
    cells
        ``lon``, ``lat``, ``side``.
    crs
        Projection in metres in which the nearest road is looked for.
    land
        What bars ways off the road.
    access
        Reach, detour and speed off the road.
    spacing_km
        Longest part of a link between entries, km.

    Returns
    -------
    network : Network
        With a node for each entry within a link that some cell uses. Parts of a link keep
        its number and its line: this network is for searches, not for drawing.
    cells : DataFrame
        With ``node`` (-1 where no road is within reach), ``access_km``, ``access_h``, and
        ``part_h``: by how much at most a trip is longer for sharing the entry, hours.

    Raises
    ------
    NetworkError
        If no road of either side leads to a checkpoint.
    """
    links = _joinable(network, gates)
    drawn = gpd.GeoDataFrame(geometry=network.lines[links["link"]], crs=4326)
    lines = projected(drawn, crs).to_numpy()
    # Long segments would be near to everything in the tree that is searched.
    lines = shapely.segmentize(shapely.simplify(lines, BEND_M), 1000 * spacing_km)
    there = Transformer.from_crs(4326, crs, always_xy=True)
    lon, lat = cells["lon"].to_numpy(), cells["lat"].to_numpy()
    points = shapely.points(np.stack(there.transform(lon, lat), axis=1))
    cell, at, share, spot = _nearest(
        lines, links, points, cells["side"], land, there, access.farthest_km
    )
    length_km = links["length_m"].to_numpy()[at] / 1000
    parts = np.maximum(1, np.ceil(length_km / spacing_km))
    # Nobody may leave against a one-way link, nor arrive: its entries lie within it.
    stop = np.where(
        links["oneway"].to_numpy()[at] != 0,
        (np.floor(share * parts).clip(max=parts - 1) + 0.5) / parts,
        np.rint(share * parts) / parts,
    )
    split, node = _with_entries(network, links, lines, there, at, stop)

    x, y = there.transform(spot[:, 0], spot[:, 1], direction=TransformDirection.INVERSE)
    off_km = WGS84.inv(lon[cell], lat[cell], x, y)[2] / 1000 * access.detour
    along = np.abs(stop - share)
    link_h = links["hours"].to_numpy()[at]
    entry = np.full(len(cells), -1)
    entry[cell] = node
    km, hours, part = np.full((3, len(cells)), np.nan)
    km[cell] = off_km + along * length_km
    hours[cell] = off_km / access.speed_kmh + along * link_h
    part[cell] = link_h / parts
    return split, cells.assign(node=entry, access_km=km, access_h=hours, part_h=part)


def join_cells_to_stations(
    network: Network,
    cells: pd.DataFrame,
    crs: CRS,
    land: ForeignLand,
    *,
    access: Access = Access(),
) -> pd.DataFrame:
    """Join each cell to the nearest station of its side, for trips by rail.

    A cell goes straight (times the detour) to where the road meets the station; the time to
    change there is that of the transfer.

    Parameters
    ----------
    network
        The graph.
    cells
        ``lon``, ``lat``, ``side``.
    crs
        Projection in metres in which the nearest station is looked for.
    land
        What bars the way to it: the next station is taken then.
    access
        Reach, detour and speed of the way to it.

    Returns
    -------
    DataFrame
        `cells` with ``node`` (-1 where no station is within reach), ``access_km``,
        ``access_h``.
    """
    tail = network.tail
    changes = network.mode == MODES.index("transfer")
    on_rail = np.zeros(network.n_nodes, np.bool_)
    on_rail[tail[network.mode == MODES.index("rail")]] = True
    stations = np.unique(tail[changes & ~on_rail[tail]])
    there = Transformer.from_crs(4326, crs, always_xy=True)
    lon, lat = cells["lon"].to_numpy(), cells["lat"].to_numpy()
    points = np.stack(there.transform(lon, lat), axis=1)
    node, km = np.full(len(cells), -1), np.full(len(cells), np.nan)
    for number, name in enumerate(SIDES):
        mine = np.flatnonzero((cells["side"] == name).to_numpy())
        here = stations[network.side[stations] == number]
        if not len(here):
            continue
        at = np.stack(there.transform(network.lon[here], network.lat[here]), axis=1)
        starts = np.column_stack([lon[mine], lat[mine]])
        ends = np.column_stack([network.lon[here], network.lat[here]])
        nearest = nearest_free(
            land, number, starts, points[mine], ends, at, 1000 * access.farthest_km
        )
        near = nearest >= 0
        rows, found = mine[near], here[nearest[near]]
        straight = WGS84.inv(lon[rows], lat[rows], network.lon[found], network.lat[found])[2]
        node[rows], km[rows] = found, straight / 1000 * access.detour
    return cells.assign(node=node, access_km=km, access_h=km / access.speed_kmh)


def _joinable(network: Network, gates: pd.DataFrame) -> pd.DataFrame:
    """Roads that a checkpoint can be reached from and that can be reached from one."""
    link, first, of = np.unique(network.link, return_index=True, return_inverse=True)
    start = shapely.get_point(network.lines[link], 0)
    ends = np.stack([network.tail[first], network.indices[first]], axis=1).astype(np.int64)
    away = np.hypot(
        network.lon[ends] - shapely.get_x(start)[:, None],
        network.lat[ends] - shapely.get_y(start)[:, None],
    )
    turned = away[:, 1] < away[:, 0]
    ends[turned] = ends[turned, ::-1]
    hours = np.zeros(len(link))
    # Where directions differ the slower one bounds the way along the link.
    np.maximum.at(hours, of, network.hours)
    links = pd.DataFrame(
        {
            "link": link,
            "tail": ends[:, 0],
            "head": ends[:, 1],
            "side": network.side[ends[:, 0]],
            "mode": np.array(MODES, object)[network.mode[first]],
            "oneway": np.where(np.bincount(of) == 1, np.where(turned, -1, 1), 0),
            "length_m": network.length_m[first],
            "hours": hours,
        }
    )
    nodes = pd.DataFrame({"side": network.side})
    usable = leading_links(nodes, links, gates, CAR_MODES) & (links["mode"] == "road").to_numpy()
    if not usable.any():
        raise NetworkError(
            "no road leads to a checkpoint", remedy="Check the network and the checkpoints"
        )
    return links[usable].reset_index(drop=True)


def _nearest(
    lines: NDArray[np.object_],
    links: pd.DataFrame,
    points: NDArray[np.object_],
    sides: pd.Series[str],
    land: ForeignLand,
    there: Transformer,
    farthest_km: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Nearest point on a link of its own side for each cell within reach.

    Positions of the cells and of the links, the share of the link's length, the point.
    """
    whole = shapely.length(lines)
    found = []
    for number, name in enumerate(SIDES):
        mine = np.flatnonzero((sides == name).to_numpy())
        here = np.flatnonzero(links["side"] == number)
        if not len(here):
            continue
        segments, of, begin = _segments(lines[here])
        # A greatest distance would make the search slower, not faster.
        (near, hit), away = shapely.STRtree(segments).query_nearest(
            points[mine], all_matches=False, return_distance=True
        )
        near, hit = near[away <= 1000 * farthest_km], hit[away <= 1000 * farthest_km]
        along = shapely.line_locate_point(segments[hit], points[mine[near]])
        spot = shapely.get_coordinates(shapely.line_interpolate_point(segments[hit], along))
        link, metres = here[of[hit]], begin[hit] + along
        starts = shapely.get_coordinates(points[mine[near]])
        bad = np.flatnonzero(land.bars(number, in_degrees(there, starts), in_degrees(there, spot)))
        line, at = next_best(
            land, number, starts[bad], lines[here], there, reach_m=1000 * farthest_km
        )
        link[bad], spot[bad] = np.where(line >= 0, here[line], -1), at
        good = bad[line >= 0]
        metres[good] = shapely.line_locate_point(lines[link[good]], shapely.points(spot[good]))
        kept = link >= 0
        near, link, metres, spot = near[kept], link[kept], metres[kept], spot[kept]
        share = np.zeros(len(link))
        np.divide(metres, whole[link], out=share, where=whole[link] > 0)
        found.append((mine[near], link, share.clip(0, 1), spot))
    cells, ats, shares, spots = zip(*found, strict=True)
    return np.concatenate(cells), np.concatenate(ats), np.concatenate(shares), np.concatenate(spots)


def _segments(
    lines: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.float64]]:
    """Straight segments of lines, the line of each, and where along it each begins, metres."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    steps = np.hypot(*np.diff(points, axis=0).T)[joined]
    of = line[1:][joined]
    begin = np.cumsum(steps) - steps
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    begin -= np.repeat(begin[first], np.diff(np.r_[first, len(of)]))
    ends = np.stack([points[:-1][joined], points[1:][joined]], axis=1)
    return shapely.linestrings(ends), of.astype(np.int64), begin


def _with_entries(
    network: Network,
    links: pd.DataFrame,
    lines: NDArray[np.object_],
    there: Transformer,
    at: NDArray[np.int64],
    share: NDArray[np.float64],
) -> tuple[Network, NDArray[np.int64]]:
    """Network with nodes at shares of links, and the node of each.

    `at` are positions in `links` and their `lines`, which `there` has projected.
    """
    node = np.where(share == 0, links["tail"].to_numpy()[at], links["head"].to_numpy()[at])
    inner = np.flatnonzero((share > 0) & (share < 1))
    cuts, new = np.unique(np.stack([at[inner], share[inner]], axis=1), axis=0, return_inverse=True)
    node = node.astype(np.int64)
    node[inner] = network.n_nodes + new.ravel()
    if not len(cuts):
        return network, node
    link, stop = cuts[:, 0].astype(np.int64), cuts[:, 1]
    nearer = np.where(stop < 0.5, links["tail"].to_numpy()[link], links["head"].to_numpy()[link])
    point = shapely.line_interpolate_point(lines[link], stop, normalized=True)
    lon, lat = there.transform(
        shapely.get_x(point), shapely.get_y(point), direction=TransformDirection.INVERSE
    )
    edges, tail, head, part = _parts(network, links, link, stop)
    order = np.lexsort((network.link[edges], head, tail))
    edges, tail, head, part = edges[order], tail[order], head[order], part[order]
    n = network.n_nodes + len(cuts)
    split = replace(
        network,
        lon=np.r_[network.lon, lon],
        lat=np.r_[network.lat, lat],
        side=np.r_[network.side, network.side[nearer]],
        region=np.r_[network.region, network.region[nearer]],
        indptr=np.searchsorted(tail, np.arange(n + 1)).astype(np.int64),
        indices=head.astype(np.int32),
        length_m=network.length_m[edges] * part,
        hours=network.hours[edges] * part,
        mode=network.mode[edges],
        road_class=network.road_class[edges],
        link=network.link[edges],
    )
    return split, node


def _parts(
    network: Network, links: pd.DataFrame, cut: NDArray[np.int64], stop: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Edges after the cuts: the edge each is part of, its tail and head, and its share of it.

    `cut` and `stop` are sorted; the n-th cut is node ``n_nodes + n``.
    """
    count = np.bincount(cut, minlength=len(links))
    before = np.cumsum(count) - count
    place = pd.Index(links["link"]).get_indexer(network.link)
    whole = np.flatnonzero((place < 0) | (count[place] == 0))
    edge = np.flatnonzero((place >= 0) & (count[place] > 0))
    parts = count[place[edge]] + 1
    of = np.repeat(edge, parts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
    link = place[of]
    start, end = links["tail"].to_numpy()[link], links["head"].to_numpy()[link]
    after = before[link] + number
    begins, ends = number == 0, number == count[link]
    last, following = np.minimum(after, len(cut) - 1), np.maximum(after - 1, 0)
    low = np.where(begins, start, network.n_nodes + following)
    high = np.where(ends, end, network.n_nodes + last)
    share = np.where(ends, 1.0, stop[last]) - np.where(begins, 0.0, stop[following])
    forward = network.tail[of] == start
    return (
        np.r_[whole, of],
        np.r_[network.tail[whole], np.where(forward, low, high)],
        np.r_[network.indices[whole], np.where(forward, high, low)],
        np.r_[np.ones(len(whole)), share],
    )
