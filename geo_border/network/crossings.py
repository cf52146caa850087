"""Where links pass the border, which checkpoint serves them, and the gates this makes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.checkpoints import ON_THE_LINE
from geo_border.border.edges import equal_area_crs
from geo_border.network.graph import SIDES
from geo_border.network.links import split_links

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

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
    tolerance_km: float = 2,
) -> gpd.GeoDataFrame:
    """Links that pass from one side to the other, each with its checkpoint or none.

    A link whose ends lie on different sides is a crossing, however often its line meets the
    border in between; a link that ends blind on its side within `STUB_M` of a checkpoint of
    its mode is one by its stub. A crossing belongs to the nearest checkpoint of its mode not
    farther than `tolerance_km` or the checkpoint's own accuracy, whichever is more.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    tolerance_km
        Distance within which link and checkpoint are taken for the same place, km.

    Returns
    -------
    GeoDataFrame
        Index ``crossing_id``; ``link`` (position), ``share`` (of the link's length from its
        tail), ``mode``, ``road_class``, ``name`` and ``ref`` of the way where known,
        ``checkpoint_id`` or none, ``checkpoint_km``
        (distance to it), ``found_by`` (``geometry``; ``ends`` where the line itself does not
        meet the border line; ``stub``), ``confidence``, ``lon``, ``lat``, points.
    """
    crs = equal_area_crs(border)
    line = links.geometry.to_crs(crs).to_numpy()
    on_line = checkpoints[checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["lon"].notna()]
    posts = on_line.geometry.to_crs(crs)
    reach_m = 1000 * on_line["accuracy_km"].fillna(0).clip(lower=tolerance_km)

    side = nodes["side"].to_numpy()
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    passing = np.flatnonzero(side[tail] != side[head])
    border_m = shapely.union_all(border.geometry.to_crs(crs).to_numpy())
    share, meets = _meeting(line[passing], border_m)
    post = _nearest_post(links["mode"].to_numpy()[passing], line[passing], on_line, posts, reach_m)
    served = post >= 0
    share[served] = shapely.line_locate_point(
        line[passing[served]], posts.to_numpy()[post[served]], normalized=True
    ).clip(0.001, 0.999)
    stub, stub_share, stub_post = _stubs(nodes, links, line, on_line, posts)

    link = np.r_[passing, stub]
    post, share = np.r_[post, stub_post], np.r_[share, stub_share]
    found_by = np.r_[np.where(meets, "geometry", "ends"), np.full(len(stub), "stub")]
    at = shapely.line_interpolate_point(line[link], share, normalized=True)
    served = post >= 0
    km = np.full(len(link), np.nan)
    km[served] = shapely.distance(at[served], posts.to_numpy()[post[served]]) / 1000
    # The true course can lie as far from a line as its vertices lie apart.
    gap_km = shapely.length(line[link]) / 1000 / (shapely.get_num_coordinates(line[link]) - 1)
    sure = np.where((km <= 1) | ((gap_km <= 1) & (found_by == "geometry")), "high", "medium")
    sure[(gap_km > 10) & ~(km <= 1)] = "low"
    points = gpd.GeoSeries(at, crs=crs).to_crs(4326)
    names = on_line.index.to_numpy(dtype=object)
    return gpd.GeoDataFrame(
        {
            "link": link,
            "share": share,
            "mode": links["mode"].to_numpy()[link],
            "road_class": links["road_class"].to_numpy()[link],
            "name": _text(links, "name")[link],
            "ref": _text(links, "ref")[link],
            "checkpoint_id": np.where(served, names[post] if len(names) else None, None),
            "checkpoint_km": km,
            "found_by": found_by,
            "confidence": sure,
            "lon": points.x.to_numpy(),
            "lat": points.y.to_numpy(),
        },
        index=pd.Index([f"x{n:04d}" for n in range(1, len(link) + 1)], name="crossing_id"),
        geometry=points.to_numpy(),
        crs=4326,
    )


def _text(links: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Values of an optional column of text."""
    if name not in links:
        return np.full(len(links), None, object)
    return links[name].to_numpy(dtype=object)


def _meeting(
    lines: NDArray[np.object_], border: shapely.Geometry
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Share of each line at which it first meets the border, and whether it does."""
    shapely.prepare(border)
    meets = shapely.intersects(border, lines)
    share = np.full(len(lines), 0.5)
    for number in np.flatnonzero(meets):
        points = shapely.points(shapely.get_coordinates(lines[number].intersection(border)))
        share[number] = shapely.line_locate_point(lines[number], points, normalized=True).min()
    return share.clip(0.001, 0.999), meets


def _nearest_post(
    modes: NDArray[np.object_],
    lines: NDArray[np.object_],
    checkpoints: gpd.GeoDataFrame,
    posts: gpd.GeoSeries,
    reach_m: pd.Series,
) -> NDArray[np.int64]:
    """Position of the nearest checkpoint of each line's mode within reach, else -1."""
    distance = shapely.distance(lines[:, None], posts.to_numpy()[None, :])
    distance[modes[:, None] != checkpoints["mode"].to_numpy()[None, :]] = np.inf
    distance[distance > reach_m.to_numpy()[None, :]] = np.inf
    if not distance.size:
        return np.full(len(lines), -1)
    return np.where(np.isfinite(distance.min(axis=1)), distance.argmin(axis=1), -1)


def _stubs(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    lines: NDArray[np.object_],
    checkpoints: gpd.GeoDataFrame,
    posts: gpd.GeoSeries,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Links that end blind at a checkpoint: positions, the end as a share, the checkpoint."""
    side, mode = nodes["side"].to_numpy(), links["mode"].to_numpy()
    ends = links[["tail", "head"]].to_numpy()
    inside = side[ends[:, 0]] == side[ends[:, 1]]
    rest = np.flatnonzero(inside)
    meeting = pd.DataFrame({"node": ends[rest].ravel(), "mode": np.repeat(mode[rest], 2)})
    alone = ~meeting.duplicated(keep=False).to_numpy().reshape(-1, 2)
    found: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]] = []
    tree = shapely.STRtree(posts.to_numpy())
    for end, share in ((0, 0.0), (-1, 1.0)):
        link, post = tree.query(
            shapely.get_point(lines[rest], end), predicate="dwithin", distance=STUB_M
        )
        blind = alone[link, end]
        link, post = link[blind], post[blind]
        right = mode[rest[link]] == checkpoints["mode"].to_numpy()[post]
        found.append((rest[link[right]], np.full(int(right.sum()), share), post[right]))
    link, shares, post = (np.concatenate(part) for part in zip(*found, strict=True))
    return link, shares, post


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
