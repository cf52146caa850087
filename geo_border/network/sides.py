"""Which side of the border each link is on: links are cut where they meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo_border.border.edges import equal_area_crs
from geo_border.border.line import along
from geo_border.geometry.locate import polygon_near, samples, segments
from geo_border.network.links import ANYWHERE_KM, flattened, split_links
from geo_border.network.reach import METRES_A_DEGREE, within_reach
from geo_border.network.third_ground import turns_of_sides
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

ON_M = 1.0
"""What lies this near to the border lies on it, metres, so that no side hangs on rounding."""

ON_THE_BORDER = len(SIDES)
"""Side of a piece of road that runs on the border itself, until it is given one."""

SAME_SHARE = 1e-9
"""Shares of a link's length that differ by less are one: rounding."""

_CELL_DEGREES = 0.02
_CELL_COLUMNS = 1 << 20


def cut_at_border(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    *,
    along_m: float = 25,
    edge_km: float = 5,
    checkpoints: gpd.GeoDataFrame | None = None,
    tolerance_km: float | None = None,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Cut links where they meet the border and give each piece its side.

    What lies within `ON_M` of the border lies on it. A road along the border may weave over the
    line, and one that ends at it may end a little beyond: pieces that hang together on one side,
    all within `along_m` of the border, and lead nowhere there belong to the side that they do
    lead to. So do those within reach of a checkpoint, unless two parts of a side would be joined
    by them: its road passes once, however often it meets the line, but a road from home to home
    through the neighbour passes twice. What leads from one side to the other without meeting the
    line is cut where it comes nearer to the other: within `edge_km` of the border, where a gap
    or water parts the sides, it passes there, and so do ferries anywhere. Farther off it leads
    over ground of neither side, such as a third country, and is parted.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    territory
        Polygons of both sides with ``side``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    along_m
        How far beyond the border pieces may lie to be given to the other side, metres.
    edge_km
        How far from the border one may pass it where the sides do not meet, km.
    checkpoints, tolerance_km
        As `geo_border.network.reach.roads_near` takes them; without checkpoints only what
        lies along the border is given over.

    Returns
    -------
    nodes : DataFrame
        With a node for each cut, two where a link is parted, and a column ``met``: ``geometry``
        on the border, ``ends`` where a link passes it that does not meet it, else None.
        ``side`` and ``region_id`` of nodes are those of their links, of home where links of both
        sides meet.
    links : GeoDataFrame
        Pieces with a column ``side``. The cost is linear in nodes and links.
    """
    on = np.zeros(len(nodes), bool)
    on[near_border(nodes, border, ON_M)] = True
    link, share = _meetings(links, border)
    whole = _metres(links.geometry.to_numpy()[link])
    metres = share * whole
    at_tail, at_head = metres <= ON_M, whole - metres <= ON_M
    on[links["tail"].to_numpy()[link[at_tail]]] = True
    on[links["head"].to_numpy()[link[at_head]]] = True
    again = np.r_[False, (np.diff(link) == 0) & (np.diff(metres) <= ON_M)]
    inner = ~(at_tail | at_head | again)
    side = np.where(on, -1, nodes["side"].to_numpy())
    tail, head = side[links["tail"]], side[links["head"]]
    apart = (tail >= 0) & (head >= 0) & (tail != head)
    apart[link[inner]] = False
    turns = _turns(nodes, links, territory, border, apart)
    far = turns["border_m"] > 1000 * edge_km
    far &= (turns["land_m"] > ON_M) & (links["mode"].to_numpy()[turns["link"]] != "ferry")
    cuts = pd.DataFrame(
        {
            "link": np.r_[link[inner], turns["link"]],
            "share": np.r_[share[inner], turns["share"]],
        }
    )
    found_by = np.r_[
        np.full(int(inner.sum()), "geometry", object), np.where(far, "nothing", "ends")
    ]
    while True:
        parted, pieces, at = split_links(nodes, links, cuts)
        own = _own_sides(pieces, np.append(side, np.full(len(parted) - len(nodes), -1)))
        unknown = np.flatnonzero(own < 0)
        own[unknown] = _farthest_sides(pieces.geometry.to_numpy()[unknown], territory, border)
        # A line drawn along the border meets it at every turn.
        off = np.zeros(len(parted), bool)
        for end in ("tail", "head"):
            off[pieces[end].to_numpy()[own != ON_THE_BORDER]] = True
        needed = off[at]
        if needed.all():
            break
        cuts, found_by = cuts[needed], found_by[needed]
    met = np.full(len(parted), None, object)
    met[: len(nodes)][on] = "geometry"
    met[at] = np.where(found_by == "nothing", None, found_by)
    nodes, links = _parted(parted.assign(met=met), pieces, np.unique(at[found_by == "nothing"]))
    shallow = _near_pieces(nodes, links, border, along_m)
    beside = np.zeros(len(links), bool)
    if checkpoints is not None:
        beside = within_reach(
            links, checkpoints, crs=equal_area_crs(border), tolerance_km=tolerance_km
        )
    own = _settled(nodes, links, own, shallow, beside & ~shallow)
    links = links.assign(side=own.astype(np.int8))
    return _sided(nodes, links, border), links


def _turns(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    apart: NDArray[np.bool_],
) -> pd.DataFrame:
    """Where links turn to the other side but do not meet the border, `apart` those that must."""
    found = turns_of_sides(nodes, links, territory, border)
    found = found[(found["border_m"] > ON_M) | apart[found["link"]]]
    # An end on an edge of both sides may be told to be of either.
    left = np.setdiff1d(np.flatnonzero(apart), found["link"])
    at_edge = pd.DataFrame({"link": left, "share": 0.5, "land_m": 0.0, "border_m": 0.0})
    return pd.concat([found, at_edge], ignore_index=True) if len(left) else found


def _parted(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, ends: NDArray[np.int64]
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Some nodes in the middle of links doubled: one ends a piece, the other begins the next."""
    number = np.arange(len(nodes))
    number[ends] = len(nodes) + np.arange(len(ends))
    nodes = pd.concat([nodes, nodes.iloc[ends]], ignore_index=True)
    return nodes, links.assign(tail=number[links["tail"]])


def _own_sides(links: gpd.GeoDataFrame, side: NDArray[np.int64]) -> NDArray[np.int64]:
    """Side of links by that of an end off the border, -1 where both are on it."""
    tail, head = side[links["tail"]], side[links["head"]]
    return np.asarray(np.where(tail >= 0, tail, head), np.int64)


def _metres(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Length of lines as they are drawn, nearly."""
    flat, _ = flattened(lines)
    return np.asarray(shapely.length(flat)) * METRES_A_DEGREE


def _meetings(
    links: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Links that meet the border, and shares of their length where they do, in order.

    Where a link runs along the border, the ends of that stretch.
    """
    edges, _ = segments(border.geometry.to_numpy())
    lines = links.geometry.to_numpy()
    line, edge = shapely.STRtree(edges).query(lines, predicate="intersects")
    parts, pair = shapely.get_parts(
        shapely.intersection(lines[line], edges[edge]), return_index=True
    )
    corners, part = shapely.get_coordinates(parts, return_index=True)
    row = line[pair[part]].astype(np.int64)
    flat, squeeze = flattened(lines[row])
    points = shapely.points(corners * np.c_[squeeze, np.ones(len(row))])
    at = pd.DataFrame(
        {"link": row, "share": shapely.line_locate_point(flat, points, normalized=True)}
    )
    spans = at.groupby(part).agg(link=("link", "first"), a=("share", "min"), b=("share", "max"))
    spans = spans.sort_values(["link", "a", "b"], ignore_index=True)
    reach = spans.groupby("link")["b"].cummax().shift(fill_value=-1.0)
    apart = (spans["link"] != spans["link"].shift()) | (spans["a"] > reach + SAME_SHARE)
    spans = spans.groupby(apart.cumsum()).agg(
        link=("link", "first"), a=("a", "min"), b=("b", "max")
    )
    found = spans.melt("link", value_name="share").sort_values(["link", "share"])
    return found["link"].to_numpy(np.int64), found["share"].to_numpy(float)


def _farthest_sides(
    lines: NDArray[np.object_], territory: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> NDArray[np.int64]:
    """Side of lines between nodes on the border: where they are farthest from it."""
    if not len(lines):
        return np.zeros(0, np.int64)
    # Ends are on the border, or where one side is as near as the other.
    at, line = _inner_samples(lines)
    crs = equal_area_crs(border)
    points = gpd.GeoSeries(shapely.points(at), crs=4326).to_crs(crs).to_numpy()
    edges, _ = segments(border.geometry.to_crs(crs).to_numpy())
    near, metres = shapely.STRtree(edges).query_nearest(
        points, return_distance=True, all_matches=False
    )
    distance = np.zeros(len(points))
    distance[near[0]] = metres
    order = np.lexsort((-distance, line))
    far = order[np.searchsorted(line[order], np.arange(len(lines)))]
    polygon = polygon_near(
        territory.geometry, at[far, 0], at[far, 1], crs=crs, reach_m=1000 * ANYWHERE_KM
    )
    side = territory["side"].map(SIDES.index).to_numpy(np.int64)[polygon]
    return np.where(distance[far] <= ON_M, ON_THE_BORDER, side)


def _inner_samples(
    lines: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertices between the ends of lines and the middles of their segments, as `samples`."""
    at, line = samples(lines)
    n = int(shapely.get_num_coordinates(lines).sum())
    is_end = np.r_[True, line[1:n] != line[: n - 1]] | np.r_[line[1:n] != line[: n - 1], True]
    inner = ~np.r_[is_end, np.zeros(len(at) - n, bool)]
    return at[inner], line[inner]


def _settled(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    side: NDArray[np.int64],
    shallow: NDArray[np.bool_],
    beside: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Sides of pieces, with those changed that stay near the border and lead to the other side.

    Pieces near the border that hang together are held by their side if they lead to a piece
    farther in; what is not held goes to the side that holds what it meets, the shortest first.
    """
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    n_sides = len(SIDES) + 1
    passes = np.zeros((len(nodes), n_sides), bool)
    for end in (tail, head):
        passes[end, side] = True
    met = passes.sum(axis=1) > 1
    if not met.any():
        return np.where(side == ON_THE_BORDER, 0, side)
    movable = shallow | _weaves(tail, head, side, len(nodes), shallow=shallow, beside=beside)
    holds = np.zeros((len(nodes), len(SIDES)), bool)
    for end in (tail, head):
        holds[end[~movable], side[~movable]] = True
    rows = np.flatnonzero(movable)
    spot = np.stack([tail[rows], head[rows]]) * n_sides + side[rows]
    spots, number = np.unique(spot, return_inverse=True)
    ends = number.reshape(spot.shape)
    graph = coo_array((np.ones(len(rows), bool), (ends[0], ends[1])), shape=(len(spots),) * 2)
    groups, group = connected_components(graph, directed=False)
    node, own = spots // n_sides, np.zeros(groups, np.int64)
    own[group] = spots % n_sides
    of_row = group[ends[0]]
    km = np.bincount(of_row, links["length_km"].to_numpy()[rows], minlength=groups)
    free = np.ones(groups, bool)
    # The shortest first, whatever the order of the rows.
    order = np.lexsort((node[np.unique(group, return_index=True)[1]], km))
    place = np.empty(groups, np.int64)
    place[order] = np.arange(groups)
    while True:
        leads = np.zeros((groups, len(SIDES)), bool)
        np.logical_or.at(leads, group, holds[node])
        stays = (own < ON_THE_BORDER) & leads[np.arange(groups), np.minimum(own, 1)]
        ready = free & leads.any(axis=1)
        first = np.full(len(nodes), groups)
        np.minimum.at(first, node[ready[group]], place[group[ready[group]]])
        turn = ready.copy()
        np.logical_and.at(turn, group, first[node] >= place[group])
        turn |= ready & stays
        if not turn.any():
            break
        moved = turn & ~stays
        own[moved] = np.where(leads[moved, 0], 0, 1)
        free &= ~turn
        held = turn[group]
        holds[node[held], own[group[held]]] = True
    own[own == ON_THE_BORDER] = 0
    settled = side.copy()
    settled[rows] = own[of_row]
    return settled


def _weaves(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    side: NDArray[np.int64],
    n_nodes: int,
    *,
    shallow: NDArray[np.bool_],
    beside: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Pieces beside a checkpoint that may be given over: a road weaves there.

    What leads no farther and hangs together leads on to parts of either side. Its pieces may go
    to a side of which it meets one part alone: given to one of which it meets two, they would
    make a free way between these, which is what a border is for to hinder.
    """
    n_sides = len(SIDES) + 1
    ends = tail * n_sides + side, head * n_sides + side
    spots = n_nodes * n_sides
    graph = coo_array((np.ones(len(tail), bool), ends), shape=(spots, spots))
    parts, part = connected_components(graph, directed=False)
    of_link = part[ends[0]]
    farther = np.bincount(of_link, ~(shallow | beside), minlength=parts) > 0
    own = np.zeros(parts, np.int64)
    own[of_link] = side
    used = np.zeros(spots, bool)
    for end in ends:
        used[end] = True
    # What hangs together without leading farther: at a node, its parts of all sides.
    there = np.where(used, part, -1).reshape(n_nodes, n_sides)
    pairs = np.concatenate([there[:, [0, 1]], there[:, [0, 2]], there[:, [1, 2]]])
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    loose = ~farther[pairs]
    inner = pairs[loose.all(axis=1)]
    graph = coo_array((np.ones(len(inner), bool), tuple(inner.T)), shape=(parts, parts))
    knots, knot = connected_components(graph, directed=False)
    out = loose[:, 0] != loose[:, 1]
    within = np.where(loose[out, 0], pairs[out, 0], pairs[out, 1])
    beyond = np.where(loose[out, 0], pairs[out, 1], pairs[out, 0])
    leads = np.unique(np.stack([knot[within], beyond], axis=1), axis=0)
    met = np.zeros((knots, n_sides), np.int64)
    np.add.at(met, (leads[:, 0], own[leads[:, 1]]), 1)
    both = np.asarray((met[:, : len(SIDES)] > 0).all(axis=1))
    goes = np.c_[both[:, None] & (met[:, 1::-1] == 1), both]
    found = beside & ~farther[of_link]
    return np.asarray(found & goes[knot[of_link], side], np.bool_)


def _near_pieces(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, border: gpd.GeoDataFrame, distance_m: float
) -> NDArray[np.bool_]:
    """Links all of which lies near the border."""
    near = np.zeros(len(nodes), bool)
    near[near_border(nodes, border, distance_m)] = True
    rows = np.flatnonzero(near[links["tail"]] & near[links["head"]])
    at, line = samples(links.geometry.to_numpy()[rows])
    beyond = np.ones(len(at), bool)
    beyond[near_border(pd.DataFrame(at, columns=["lon", "lat"]), border, distance_m)] = False
    whole = np.zeros(len(links), bool)
    whole[rows] = np.bincount(line, beyond, minlength=len(rows)) == 0
    return whole


def _sided(nodes: pd.DataFrame, links: gpd.GeoDataFrame, border: gpd.GeoDataFrame) -> pd.DataFrame:
    """Nodes on the side of their links; the region of those that moved is that of the border."""
    side = np.full(len(nodes), len(SIDES))
    for end in ("tail", "head"):
        np.minimum.at(side, links[end].to_numpy(), links["side"].to_numpy())
    lone = side == len(SIDES)
    side[lone] = nodes["side"].to_numpy()[lone]
    moved = np.flatnonzero((side != nodes["side"].to_numpy()) | nodes["met"].notna().to_numpy())
    points = gpd.GeoSeries.from_xy(nodes["lon"].iloc[moved], nodes["lat"].iloc[moved], crs=4326)
    there = along(border, points)[["home_id", "neighbour_id"]].to_numpy(object)
    region = nodes["region_id"].to_numpy(object).copy()
    region[moved] = there[np.arange(len(moved)), side[moved].clip(0, 1)]
    return nodes.assign(side=side.astype(np.int8), region_id=region)


def near_border(
    nodes: pd.DataFrame, border: gpd.GeoDataFrame, distance_m: float
) -> NDArray[np.int64]:
    """Nodes near the border.

    Parameters
    ----------
    nodes
        Columns ``lon``, ``lat``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    distance_m
        How near.

    Returns
    -------
    ndarray
        Their positions, ascending.
    """
    flattest = np.cos(np.radians(min(np.abs(border.total_bounds[[1, 3]]).max() + 1, 89.0)))
    cell = max(_CELL_DEGREES, 1.02 * distance_m / (METRES_A_DEGREE * flattest))
    corners = shapely.get_coordinates(shapely.segmentize(border.geometry.to_numpy(), cell / 2))
    step = cell * np.array([-1, 0, 1])
    around = _cells(
        corners[:, 0, None, None] + step[:, None], corners[:, 1, None, None] + step, cell
    )
    cells = _cells(nodes["lon"].to_numpy(), nodes["lat"].to_numpy(), cell)
    close = np.flatnonzero(np.isin(cells, np.unique(around)))
    crs = equal_area_crs(border)
    points = gpd.GeoSeries(
        gpd.points_from_xy(nodes["lon"].to_numpy()[close], nodes["lat"].to_numpy()[close]), crs=4326
    ).to_crs(crs)
    edges, _ = segments(border.geometry.to_crs(crs).to_numpy())
    hit = shapely.STRtree(edges).query(points.to_numpy(), predicate="dwithin", distance=distance_m)[
        0
    ]
    found: NDArray[np.int64] = close[np.unique(hit)]
    return found


def _cells(lon: NDArray[np.float64], lat: NDArray[np.float64], size: float) -> NDArray[np.int64]:
    """Number of the cell of a grid that each point lies in."""
    row, column = (np.floor(axis / size).astype(np.int64) for axis in (lat, lon))
    cells: NDArray[np.int64] = row * _CELL_COLUMNS + column
    return cells
