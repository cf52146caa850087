"""Where links pass the border, which checkpoint serves them, and the gates this makes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.checkpoints import ON_THE_LINE, RULE
from geo_border.border.edges import equal_area_crs
from geo_border.border.locate import segments
from geo_border.network.graph import SIDES
from geo_border.network.links import split_links
from geo_border.network.stubs import blind_ends

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

TOLERANCE_KM = 2.0
"""A checkpoint this near to a link of an unknown or coarse source serves it."""

OSM_TOLERANCE_KM = 0.5
"""A checkpoint this near to a way of OpenStreetMap serves it: roads are drawn where they are."""

BEND_DEGREES = 5e-6
"""A vertex of the border that is nearer to a straight line than this is no bend: half a metre."""

STUB_M = 50.0
"""A link of the right mode that ends this near a checkpoint leads to it, metres."""

CLASS_ORDER = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "main",
    "branch",
    "rail",
    "ferry",
    "unclassified",
    "residential",
)
"""Classes by how likely a checkpoint is there; links of a class follow it, others are last."""

SURE_KM = 0.25
"""Where neither road nor border can lie farther from where it is drawn, a crossing is known, km."""

VAGUE_KM = 5.0
"""Where one of them may lie farther from where it is drawn than this, hardly anything is known."""

SURENESS = ("high", "medium", "low")
POST_COLUMNS = (
    *("mode", "home_id", "neighbour_id", "delay_out_h", "delay_in_h", "is_open"),
    *("in_service", "users", "wait_h"),
)
NO_DELAYS: Mapping[Any, float] = MappingProxyType({})


def find_crossings(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    tolerance_km: float | None = None,
) -> gpd.GeoDataFrame:
    """Links that pass from one side to the other, each with its checkpoint or none.

    A link whose ends lie on different sides is a crossing, however often its line meets the
    border in between. A link that ends blind on its side within `STUB_M` of a checkpoint of
    its mode is one by its stub, and a link that ends at the OSM node of a checkpoint which
    serves no other is one by its tag; neither leads to the other side. A crossing belongs to
    the nearest checkpoint of its mode not farther than `tolerance_km` or the checkpoint's own
    accuracy, whichever is more.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` and
        `geo_border.network.stubs.join_stubs` give them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them; with ``osm`` (ids of
        their objects, such as ``n12 w34``) they are found by tag.
    tolerance_km
        Distance within which link and checkpoint are taken for the same place, km; by default
        `OSM_TOLERANCE_KM` for links with an OSM way, `TOLERANCE_KM` for others.

    Returns
    -------
    GeoDataFrame
        Index ``crossing_id``; ``link`` (position), ``share`` (of the link's length from its
        tail), ``mode``, ``road_class``, ``name`` and ``ref`` of the way where known,
        ``checkpoint_id`` or none, ``checkpoint_km`` (distance to it), ``found_by``
        (``geometry``; ``ends`` where the line itself does not meet the border line; ``stub``;
        ``tag``), ``tagged`` (the checkpoint is a node of the network), ``confidence``
        (``high``, ``medium``, ``low``), ``lon``, ``lat``, points.
    """
    crs = equal_area_crs(border)
    on_line = checkpoints[checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["lon"].notna()]
    posts = on_line.geometry.to_crs(crs)
    side = nodes["side"].to_numpy()
    passing = np.flatnonzero(side[links["tail"]] != side[links["head"]])
    line = links.geometry.iloc[passing].to_crs(crs).to_numpy()
    share, meets = _meeting(line, border.geometry.to_crs(crs).to_numpy())
    by_default = np.where(_column(links, "way_id", passing) > 0, OSM_TOLERANCE_KM, TOLERANCE_KM)
    reach_km = by_default if tolerance_km is None else np.full(len(passing), tolerance_km)
    post = _nearest_post(links["mode"].to_numpy()[passing], line, on_line, posts, reach_km)
    served = post >= 0
    share[served] = shapely.line_locate_point(
        line[served], posts.to_numpy()[post[served]], normalized=True
    ).clip(0.001, 0.999)
    joins = _column(links, "joins", passing) == 1
    found_by = np.select([joins, meets], ["stub", "geometry"], "ends")
    tag_node = tagged_nodes(nodes, on_line)
    ends = pd.concat(
        [
            pd.DataFrame({"link": passing, "share": share, "post": post, "found_by": found_by}),
            _stubs(nodes, links, on_line, posts),
        ]
    )
    ends = pd.concat([ends, _tagged(links, tag_node, ends["post"].to_numpy())], ignore_index=True)
    link, post = ends["link"].to_numpy(), ends["post"].to_numpy()
    line = links.geometry.iloc[link].to_crs(crs).to_numpy()
    at = shapely.line_interpolate_point(line, ends["share"].to_numpy(), normalized=True)
    served = post >= 0
    km = np.full(len(link), np.nan)
    km[served] = shapely.distance(at[served], posts.to_numpy()[post[served]]) / 1000
    of_border = _leeway_at(border.geometry, gpd.GeoSeries(at, crs=crs))
    doubt_km = np.maximum(_own_leeway(line, at), of_border) / 1000
    known = (doubt_km <= SURE_KM) & (ends["found_by"] == "geometry").to_numpy()
    # A checkpoint that a rule has put on the crossing says nothing of where that is.
    by_rule = on_line.get("known_from", pd.Series("", on_line.index)) == RULE
    vouched = (km <= 1) & ~np.append(by_rule.to_numpy(bool), False)[post]
    sure = np.where(vouched | known, "high", "medium")
    sure[(doubt_km > VAGUE_KM) & ~vouched] = "low"
    sure[(_column(links, "joins", link) == 1) & (sure == "high")] = "medium"
    sure[(ends["found_by"] == "tag").to_numpy()] = "low"
    points = gpd.GeoSeries(at, crs=crs).to_crs(4326)
    names = np.array([*on_line.index, None], dtype=object)
    return gpd.GeoDataFrame(
        {
            "link": link,
            "share": ends["share"].to_numpy(),
            "mode": links["mode"].to_numpy()[link],
            "road_class": links["road_class"].to_numpy()[link],
            "name": _text(links, "name")[link],
            "ref": _text(links, "ref")[link],
            "checkpoint_id": names[post],
            "checkpoint_km": km,
            "found_by": ends["found_by"].to_numpy(dtype=object),
            "tagged": np.isin(post, tag_node.index) & served,
            "confidence": sure,
            "lon": points.x.to_numpy(),
            "lat": points.y.to_numpy(),
        },
        index=pd.Index([f"x{n:04d}" for n in range(1, len(link) + 1)], name="crossing_id"),
        geometry=points.to_numpy(),
        crs=4326,
    )


def _leeways(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """How far the course of each segment of lines may lie from it, metres.

    A course that bends at the ends of a segment stays within the triangle that its neighbours'
    directions make with it; where nothing is known of them, half the segment.
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    step = np.diff(points, axis=0)
    inside = line[1:] == line[:-1]
    step, line = step[inside], line[1:][inside]
    length, heading = np.hypot(*step.T), np.arctan2(step[:, 1], step[:, 0])
    turn = np.abs((np.diff(heading) + np.pi) % (2 * np.pi) - np.pi)
    turn[line[1:] != line[:-1]] = -1
    sharpest = np.maximum(np.append(turn, -1), np.insert(turn, 0, -1))
    sharpest[sharpest < 0] = np.pi / 2
    leeway: NDArray[np.float64] = length / 2 * np.minimum(np.tan(sharpest.clip(max=3) / 2), 2)
    return leeway


def _own_leeway(lines: NDArray[np.object_], at: NDArray[np.object_]) -> NDArray[np.float64]:
    """Leeway of each line where a point lies on it."""
    pieces, line = segments(lines)
    order = np.lexsort((shapely.distance(pieces, at[line]), line))
    first = order[np.searchsorted(line[order], np.arange(len(lines)))]
    return np.asarray(_leeways(lines)[first])


def _leeway_at(border: gpd.GeoSeries, at: gpd.GeoSeries) -> NDArray[np.float64]:
    """Leeway of the border nearest to each point; its vertices are those where it bends."""
    merged = shapely.line_merge(shapely.multilinestrings(border.to_numpy()))
    # In degrees, in which it was drawn: long straight pieces bend in any projection.
    bends = gpd.GeoSeries(shapely.get_parts(shapely.simplify(merged, BEND_DEGREES)), crs=4326)
    lines = bends.to_crs(at.crs).to_numpy()
    nearest = shapely.STRtree(segments(lines)[0]).nearest(at.to_numpy())
    return np.asarray(_leeways(lines)[nearest])


def _text(links: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Values of an optional column of text."""
    if name not in links:
        return np.full(len(links), None, object)
    return links[name].to_numpy(dtype=object)


def _column(links: pd.DataFrame, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values of an optional column of numbers, 0 where there are none."""
    if name not in links:
        return np.zeros(len(rows))
    values: NDArray[np.float64] = links[name].to_numpy()[rows].astype(float)
    return np.nan_to_num(values)


def _meeting(
    lines: NDArray[np.object_], border: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Share of each line at which it first meets the border, and whether it does."""
    edges, _ = segments(border)
    line, edge = shapely.STRtree(edges).query(lines, predicate="intersects")
    meeting = shapely.intersection(lines[line], edges[edge])
    corners, number = shapely.get_coordinates(meeting, return_index=True)
    row = line[number]
    share = np.full(len(lines), np.inf)
    np.minimum.at(
        share,
        row,
        shapely.line_locate_point(lines[row], shapely.points(corners), normalized=True),
    )
    meets = np.isfinite(share)
    return np.where(meets, share, 0.5).clip(0.001, 0.999), meets


def _nearest_post(
    modes: NDArray[np.object_],
    lines: NDArray[np.object_],
    checkpoints: gpd.GeoDataFrame,
    posts: gpd.GeoSeries,
    reach_km: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Position of the nearest checkpoint of each line's mode within reach, else -1."""
    own_km = checkpoints["accuracy_km"].fillna(0).to_numpy()
    distance = shapely.distance(lines[:, None], posts.to_numpy()[None, :])
    distance[modes[:, None] != checkpoints["mode"].to_numpy()[None, :]] = np.inf
    distance[distance > 1000 * np.maximum(own_km[None, :], reach_km[:, None])] = np.inf
    if not distance.size:
        return np.full(len(lines), -1)
    return np.where(np.isfinite(distance.min(axis=1)), distance.argmin(axis=1), -1)


def _stubs(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    posts: gpd.GeoSeries,
) -> pd.DataFrame:
    """Links of one side that end blind at a checkpoint of their mode."""
    side, mode = nodes["side"].to_numpy(), links["mode"].to_numpy()
    blind = blind_ends(nodes, links)
    ends = links[["tail", "head"]].to_numpy()[blind["link"]]
    blind = blind[side[ends[:, 0]] == side[ends[:, 1]]]
    at = nodes.iloc[blind["node"]]
    points = gpd.GeoSeries(gpd.points_from_xy(at["lon"], at["lat"]), crs=4326).to_crs(posts.crs)
    end, post = shapely.STRtree(posts.to_numpy()).query(
        points.to_numpy(), predicate="dwithin", distance=STUB_M
    )
    found = blind.iloc[end].assign(post=post, found_by="stub")
    found["share"] = found["at_head"].astype(float)
    right = mode[found["link"]] == checkpoints["mode"].to_numpy()[post]
    return pd.DataFrame(found.loc[right, ["link", "share", "post", "found_by"]])


def tagged_nodes(nodes: pd.DataFrame, marked: pd.DataFrame) -> pd.Series:
    """Nodes of the network that are among the objects of checkpoints or stations.

    Parameters
    ----------
    nodes
        With ``osm``, the id of each node in OpenStreetMap.
    marked
        Column ``osm``, ids of objects such as ``n12 w34``; without it there are none.

    Returns
    -------
    Series
        Positions of nodes; the index is the position in `marked`.
    """
    if "osm" not in marked or "osm" not in nodes:
        return pd.Series(dtype=np.int64)
    texts = (
        marked["osm"]
        .astype(object)
        .fillna("")
        .str.split()
        .reset_index(drop=True)
        .explode()
        .dropna()
    )
    ids = texts[texts.str.fullmatch(r"n-?\d{1,18}")].str[1:].astype(np.int64)
    number = pd.Series(nodes.index, index=nodes["osm"].to_numpy())
    return ids[ids.isin(number.index)].map(number[~number.index.duplicated()])


def _tagged(links: pd.DataFrame, tag_node: pd.Series, served: NDArray[np.int64]) -> pd.DataFrame:
    """One link at the node of each checkpoint that serves no crossing."""
    ends = links[["tail", "head"]].to_numpy()
    lost = tag_node[~tag_node.index.isin(served)]
    link, at_head = np.nonzero(np.isin(ends, lost.to_numpy()))
    post = pd.Series(lost.index, index=lost.to_numpy())[ends[link, at_head]].to_numpy(np.int64)
    found = pd.DataFrame({"link": link, "share": at_head.astype(float), "post": post})
    return found.assign(found_by="tag").drop_duplicates("post")


def candidates(
    crossings: pd.DataFrame, *, most: int = 300, taken: Collection[str] = ()
) -> pd.DataFrame:
    """Crossings without a checkpoint where one could be opened.

    Parameters
    ----------
    crossings
        As `find_crossings` gives them.
    most
        How many to keep where there are more: those of the higher class (`CLASS_ORDER`)
        and, within a class, of the higher confidence.
    taken
        Ids of checkpoints, which no candidate may bear.

    Returns
    -------
    DataFrame
        Rows of `crossings`, in their order.
    """
    free = crossings[crossings["checkpoint_id"].isna() & ~crossings.index.isin(list(taken))]
    kind = free["road_class"].astype(str).str.removesuffix("_link")
    known = pd.Index(CLASS_ORDER).get_indexer(pd.Index(kind))
    rank = np.where(known < 0, len(CLASS_ORDER), known)
    sure = pd.Index(SURENESS).get_indexer(pd.Index(free["confidence"]))
    return free.iloc[np.sort(np.lexsort((sure, rank))[:most])]


def open_gates(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    delay_h: Mapping[Any, float] = NO_DELAYS,
    most_candidates: int = 300,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """Cut crossings at their checkpoints, so that only gates join the sides.

    `candidates` get a gate too, closed: with one, a new checkpoint is no more than a
    scenario.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    crossings
        As `find_crossings` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    delay_h
        Delay by mode that a new checkpoint would have, hours; nobody passes where there is
        none.
    most_candidates
        Most of the crossings without a checkpoint that get a gate.

    Returns
    -------
    nodes : DataFrame
        With two nodes for each gate, one on each side, at the same place.
    links : GeoDataFrame
        Crossings with a gate end at the gate of their side; all others stay as they are.
    gates : DataFrame
        Index ``checkpoint_id``, the crossing's id for a candidate: ``mode``,
        ``home_node``, ``neighbour_node``, ``delay_out_h``, ``delay_in_h``, ``is_open``,
        ``in_service``, ``users``, ``wait_h``, ``is_candidate``; candidates last.
        Checkpoints that no link reaches from both sides have none.
    """
    served = crossings[crossings["checkpoint_id"].notna()]
    free = candidates(crossings, most=most_candidates, taken=checkpoints.index)
    cuts = pd.concat([served[["link", "share"]], free[["link", "share"]]])
    posts = pd.concat([_posts_of(served, checkpoints), _new_posts(free, nodes, links, delay_h)])
    nodes, links, cut = split_links(nodes, links, cuts)
    at = pd.Series(np.r_[served["checkpoint_id"].to_numpy(object), free.index], index=cut)
    at = at[~at.index.duplicated()]
    ids = at.drop_duplicates()
    first = len(nodes)
    gate = pd.Series(first + 2 * np.arange(len(ids)), index=ids.to_numpy())

    tail, head = links["tail"].to_numpy().copy(), links["head"].to_numpy().copy()
    side = nodes["side"].to_numpy()
    at_tail, at_head = np.isin(tail, at.index), np.isin(head, at.index)
    both = at_tail & at_head  # a link between two checkpoints lies on the side of neither end
    at_tail, at_head = at_tail & ~both, at_head & ~both
    new_tail = gate[at[tail[at_tail]]].to_numpy() + side[head[at_tail]]
    new_head = gate[at[head[at_head]]].to_numpy() + side[tail[at_head]]
    tail[at_tail], head[at_head] = new_tail, new_head
    links = links.assign(tail=tail, head=head)

    posts = posts.loc[gate.index]
    pairs = nodes.loc[np.repeat(ids.index, len(SIDES))].assign(
        side=np.tile(np.arange(len(SIDES), dtype=np.int8), len(ids)),
        region_id=posts[["home_id", "neighbour_id"]].to_numpy().ravel(),
    )
    nodes = pd.concat([nodes, pairs], ignore_index=True)
    gates = posts.drop(columns=["home_id", "neighbour_id"]).rename_axis("checkpoint_id")
    gates.insert(1, "home_node", gate)
    gates.insert(2, "neighbour_node", gate + 1)
    reached = gates[["home_node", "neighbour_node"]].isin(np.r_[tail, head]).all(axis=1)
    return nodes, links, gates.loc[reached]


def _posts_of(served: pd.DataFrame, checkpoints: pd.DataFrame) -> pd.DataFrame:
    """What gates know of the checkpoints that serve crossings."""
    posts = checkpoints.loc[served["checkpoint_id"].drop_duplicates(), list(POST_COLUMNS)]
    return posts.assign(is_candidate=False)


def _new_posts(
    free: pd.DataFrame,
    nodes: pd.DataFrame,
    links: pd.DataFrame,
    delay_h: Mapping[Any, float],
) -> pd.DataFrame:
    """The same of the checkpoints that there could be, with the regions that they would join."""
    ends = links[["tail", "head"]].to_numpy()[free["link"]]
    turned = nodes["side"].to_numpy()[ends[:, 0]] == 1
    region = nodes["region_id"].to_numpy(object)[np.where(turned[:, None], ends[:, ::-1], ends)]
    delay = free["mode"].map(dict(delay_h)).astype(float).fillna(np.inf)
    columns = (free["mode"], region[:, 0], region[:, 1], delay, delay, False, False, None, 0.0)
    return pd.DataFrame(dict(zip(POST_COLUMNS, columns, strict=True)), index=free.index).assign(
        is_candidate=True
    )


def gates_in_use(gates: pd.DataFrame) -> pd.DataFrame:
    """Gates of checkpoints and of open crossings: all but those that there only could be.

    Parameters
    ----------
    gates
        As `open_gates` gives them.

    Returns
    -------
    DataFrame
        Rows of `gates`.
    """
    return gates[gates["is_open"] | ~gates["is_candidate"]]


def unused_links(links: pd.DataFrame, gates: pd.DataFrame) -> NDArray[np.bool_]:
    """Links that lead to a gate that is only a candidate and nowhere else.

    Parameters
    ----------
    links, gates
        As `open_gates` gives them.

    Returns
    -------
    ndarray
        Shape (n,); whether nothing may be joined to the link.
    """
    closed = gates.drop(index=gates_in_use(gates).index)
    ends = closed[["home_node", "neighbour_node"]].to_numpy().ravel()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    unused: NDArray[np.bool_] = np.isin(tail, ends) | np.isin(head, ends)
    return unused
