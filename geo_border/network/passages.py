"""Which crossings are one passage of one road, and which checkpoint stands on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from geo_border.network.carriageways import come_together
from geo_border.network.reach import roads_near
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

INLAND_KM = 10.0
"""A checkpoint may stand this far from the border by the road that it is on, km."""

ONE_PASSAGE_M = 150.0
"""Crossings of one road are no farther than this from the one that stands for its passage."""

CARRIAGEWAYS_M = 500.0
"""Two directions of one name or number, or that meet on both sides, are one road within this: a
terminal lies between them."""

TWIN_M = 50.0
"""Roads of one class that neither name nor number tells apart are one road within this."""

AT_THE_LINE_KM = 0.05
"""A checkpoint this near to the border is of both sides; those no farther apart are one place's."""

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

GATE, IN_SERIES, BESIDE, OFF = "gate", "in series", "beside", "off the road"
"""What a checkpoint is to a passage: the gate, one of several that one passes in turn, another
that one may pass by, or one that stands on no road that passes the border."""


def class_ranks(classes: pd.Series) -> NDArray[np.int64]:
    """Place of classes in `CLASS_ORDER`.

    Parameters
    ----------
    classes
        Names of classes.

    Returns
    -------
    ndarray
        Ranks, the greatest road first.
    """
    kind = classes.astype(str).str.removesuffix("_link")
    known = pd.Index(CLASS_ORDER).get_indexer(pd.Index(kind))
    return np.where(known < 0, len(CLASS_ORDER), known)


def of_kind(modes: pd.Series, *, rail: bool) -> NDArray[np.bool_]:
    """Which modes are of the railway, or are not.

    Parameters
    ----------
    modes
        Modes of links or crossings.
    rail
        Whether of the railway.

    Returns
    -------
    ndarray
        Shape (n,).
    """
    return np.asarray((modes == "rail") == rail, np.bool_)


def parts_met(links: pd.DataFrame, crossings: pd.DataFrame) -> pd.DataFrame:
    """The connected parts of either side that crossings lead to.

    Parameters
    ----------
    links
        As `geo_border.network.sides.cut_at_border` gives them.
    crossings
        ``home_link``, ``neighbour_link`` (positions).

    Returns
    -------
    DataFrame
        The index of `crossings`: ``home_part``, ``home_long`` (whether that part is longer than
        `INLAND_KM`), ``home_through`` (whether it is not, and leads to another crossing); the
        same of the neighbour.
    """
    kind = 2 * links["side"].to_numpy(np.int64) + of_kind(links["mode"], rail=True)
    ends = links[["tail", "head"]].to_numpy(np.int64).T * 4 + kind
    spots, number = np.unique(ends, return_inverse=True)
    pairs = tuple(number.reshape(ends.shape))
    graph = coo_array((np.ones(len(links), bool), pairs), shape=(len(spots),) * 2)
    part = connected_components(graph, directed=False)[1][pairs[0]]
    km = np.bincount(part, links["length_km"].to_numpy())
    found: dict[str, NDArray[np.generic]] = {}
    for side in SIDES:
        own = part[crossings[f"{side}_link"].to_numpy(np.int64)]
        long = km[own] > INLAND_KM
        through = ~long & (np.bincount(own, minlength=len(km))[own] > 1)
        found |= {f"{side}_part": own, f"{side}_long": long, f"{side}_through": through}
    return pd.DataFrame(found, crossings.index)


def one_passage(crossings: pd.DataFrame, links: gpd.GeoDataFrame, *, crs: CRS) -> NDArray[np.int64]:
    """The crossing that stands for the passage of each.

    A passage is of one road: its carriageways and lanes, which name, number or opposite
    directions tell: carriageways that part before the border and meet behind it are of one road
    however they are named, and the lanes beside each are of it too. Streets beside each other are
    passages of their own, and a chain of them is not one; nor are the two ends of a stretch
    through the other side.

    Parameters
    ----------
    crossings
        ``x``, ``y`` (metres), ``mode``, ``road_class``, ``name``, ``ref``, ``out``, ``back``
        (whether one may drive from home, and to home), ``node`` and what `parts_met` gives.
    links
        As `geo_border.network.sides.cut_at_border` gives them.
    crs
        Projection in which distances are measured.

    Returns
    -------
    ndarray
        Positions, shape (n,). The greater road stands for the passage; the cost is that of the
        pairs within `CARRIAGEWAYS_M`.
    """
    n = len(crossings)
    stands_for = np.arange(n)
    if n < 2:
        return stands_for
    at = crossings[["x", "y"]].to_numpy()
    pairs = cKDTree(at).query_pairs(CARRIAGEWAYS_M, output_type="ndarray")
    found, turned, beside = _one_road(crossings, links, at, pairs, crs)
    rank = class_ranks(crossings["road_class"])
    order = np.lexsort((at[:, 1], at[:, 0], rank))
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    others, back, lanes = (_neighbours(pairs[found & of]) for of in (True, turned, beside))
    free = np.ones(n, bool)
    for chief in order.tolist():
        if free[chief]:
            mine = set(others.get(chief, ()))
            mine.update(*(lanes.get(other, ()) for other in back.get(chief, ()) if free[other]))
            own = [other for other in mine if free[other] and other != chief]
            free[[chief, *own]] = False
            stands_for[own] = chief
    return stands_for


def _neighbours(pairs: NDArray[np.int64]) -> dict[int, list[int]]:
    """What each is paired with."""
    others: dict[int, list[int]] = {}
    for one, two in pairs.tolist():
        others.setdefault(one, []).append(two)
        others.setdefault(two, []).append(one)
    return others


def _one_road(
    crossings: pd.DataFrame,
    links: gpd.GeoDataFrame,
    at: NDArray[np.float64],
    pairs: NDArray[np.int64],
    crs: CRS,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each pair of crossings is of one road, are its carriageways, are road and lane."""
    one, two = pairs.T
    rail, kind = (crossings["mode"] == "rail").to_numpy(), crossings["road_class"].to_numpy(str)
    base = np.char.replace(kind, "_link", "")
    named = np.zeros(len(pairs), bool)
    known = np.zeros(len(crossings), bool)
    for column in ("name", "ref"):
        values = crossings[column].to_numpy(object)
        stated = ~pd.isna(values)
        known |= stated
        named |= stated[one] & (values[one] == values[two])
    out, back = crossings["out"].to_numpy(bool), crossings["back"].to_numpy(bool)
    oneway = out != back
    turned = oneway[one] & oneway[two] & (out[one] != out[two]) & (base[one] == base[two])
    lane = np.char.endswith(kind, "_link") | (kind == "service")
    beside = lane[one] != lane[two]
    metres = np.hypot(*(at[one] - at[two]).T)
    twin = (metres <= TWIN_M) & (kind[one] == kind[two]) & ~known[one] & ~known[two]
    both_lanes = lane[one] & lane[two] & (metres <= TWIN_M)
    alike = named | turned | beside | twin | both_lanes
    near = (metres <= ONE_PASSAGE_M) | (named & turned)
    turned &= rail[one] == rail[two]
    parted = np.flatnonzero(turned & ~near & _nearest_of_both(pairs, metres, turned & near))
    near[parted] = come_together(links, crossings, pairs[parted], crs=crs)
    # Of two divided roads that share a junction each keeps its own.
    near[parted] &= _nearest_of_both(pairs, metres, turned & near)[parted]
    found = alike & near & (rail[one] == rail[two])
    lanes = turned | lane[one] | lane[two]
    found &= ~_one_after_the_other(crossings, pairs, lanes)
    return np.asarray(found, np.bool_), np.asarray(turned), np.asarray(beside)


def _nearest_of_both(
    pairs: NDArray[np.int64], metres: NDArray[np.float64], among: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether neither of a pair has a nearer mate among some of the pairs."""
    nearest = np.full(pairs.max(initial=-1) + 1, np.inf)
    for end in pairs.T:
        np.minimum.at(nearest, end[among], metres[among])
    return np.asarray((metres[:, None] <= nearest[pairs]).all(axis=1), np.bool_)


def _one_after_the_other(
    crossings: pd.DataFrame, pairs: NDArray[np.int64], lanes: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether one road passes both crossings of each pair, there and back.

    A lane between them would be a way from one of its ends to the other that no road is. Of
    lanes an extract may have the ends alone on one of the sides.
    """
    one, two = pairs.T
    link, part, apart, through = np.zeros((4, len(SIDES), len(pairs)), bool)
    for number, side in enumerate(SIDES):
        at, own, long, leads = (
            crossings[f"{side}_{what}"].to_numpy() for what in ("link", "part", "long", "through")
        )
        link[number], part[number] = at[one] == at[two], own[one] == own[two]
        apart[number] = ~part[number] & long[one] & long[two]
        through[number] = leads[one] | leads[two]
    weaves = through.any(axis=0)
    parted = (part & apart[::-1]).any(axis=0)
    there_and_back = (part & through & ~part[::-1]).any(axis=0) | (weaves & ~part.any(axis=0))
    found = link.any(axis=0) | parted | np.where(lanes, there_and_back, weaves)
    return np.asarray(found, np.bool_)


def controls_on_roads(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    crossings: pd.DataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    crs: CRS,
    tolerance_km: float | None = None,
) -> pd.DataFrame:
    """The crossing that each checkpoint stands at, by the road that it stands on.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.sides.cut_at_border` gives them.
    crossings
        ``node`` and ``modes`` (those of its links) of what leads from side to side.
    checkpoints
        Those on the line whose place is known, with ``mode`` and ``accuracy_km``.
    crs
        Projection in which distances are measured.
    tolerance_km
        As `geo_border.network.reach.roads_near` takes it.

    Returns
    -------
    DataFrame
        The index of `checkpoints`: ``crossing`` (position, -1 for none), ``off_km`` (to the
        road), ``walk_km`` (along the road to the crossing), ``side`` (of the road there).
        A checkpoint goes to the crossing to which both together, the first doubled, are least.
    """
    found = pd.DataFrame(
        {"crossing": -1, "off_km": np.nan, "walk_km": np.nan, "side": -1}, index=checkpoints.index
    )
    near = roads_near(links, checkpoints, crs=crs, tolerance_km=tolerance_km)
    modes = crossings["modes"]
    for mode, within in near.groupby("mode"):
        # A post of the road to a landing is one of the ferry.
        served = {"road", "ferry"} if mode == "road" else {mode}
        goals = np.flatnonzero([not served.isdisjoint(of_crossing) for of_crossing in modes])
        if not len(goals):
            continue
        rail = mode == "rail"
        km, goal = _to_crossings(
            links[of_kind(links["mode"], rail=rail)],
            crossings["node"].to_numpy(np.int64)[goals],
            len(nodes),
        )
        ends = links[["tail", "head"]].to_numpy(np.int64)[within["link"]]
        along = within["share"].to_numpy() * links["length_km"].to_numpy()[within["link"]]
        back = links["length_km"].to_numpy()[within["link"]] - along
        walks = np.stack([along + km[ends[:, 0]], back + km[ends[:, 1]]])
        by_head = walks[1] < walks[0]
        walked = within.assign(
            walk_km=walks.min(axis=0),
            goal=goal[np.where(by_head, ends[:, 1], ends[:, 0])],
            side=links["side"].to_numpy()[within["link"]],
        )
        # To stand on the road counts for more than to stand near the line.
        cost = 2 * walked["off_km"] + walked["walk_km"]
        best = walked.iloc[np.argsort(cost, kind="stable")].query("walk_km <= @INLAND_KM")
        rows = best.drop_duplicates("control").set_index("control")
        at = checkpoints.index[rows.index]
        found.loc[at, "crossing"] = goals[rows["goal"].to_numpy(np.int64)]
        for column in ("off_km", "walk_km", "side"):
            found.loc[at, column] = rows[column].to_numpy()
    return found


def _to_crossings(
    links: pd.DataFrame, goals: NDArray[np.int64], n_nodes: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Way from each node to the nearest crossing, whatever the directions, and which it is."""
    tail, head = links["tail"].to_numpy(np.int64), links["head"].to_numpy(np.int64)
    km = np.maximum(links["length_km"].to_numpy(float), 1e-9)
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    order = np.lexsort((km, high, low))
    # Of parallel links the shortest: a matrix would add them up.
    first = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)][: len(order)]
    kept = order[first]
    graph = csr_array((km[kept], (low[kept], high[kept])), shape=(n_nodes, n_nodes))
    reached, _, source = dijkstra(
        graph,
        directed=False,
        indices=np.unique(goals),
        limit=INLAND_KM,
        min_only=True,
        return_predecessors=True,
    )
    number = np.full(n_nodes + 1, -1)
    number[goals] = np.arange(len(goals))
    return reached, number[np.where(source < 0, n_nodes, source)]


def parts_of_controls(
    controls: pd.DataFrame, passage: NDArray[np.int64], checkpoints: pd.DataFrame
) -> pd.DataFrame:
    """What each checkpoint is to the passage it stands at, and who stops at it.

    Parameters
    ----------
    controls
        As `controls_on_roads` gives them, with ``met_out`` and ``met_in`` as
        `geo_border.network.series.unavoidable` gives them.
    passage
        Of each crossing, as `one_passage` gives it.
    checkpoints
        With ``is_open`` and ``in_service``, in the order of `controls`.

    Returns
    -------
    DataFrame
        ``part``: one of `GATE`, `IN_SERIES`, `BESIDE`, `OFF`. Of several on one road an open one
        is the gate before a closed one, one that all meet before one on a lane, and the nearest
        before others: an old checkpoint does not shut the road that its successor stands on. All
        others in service that one cannot but meet, at places of their own or on a carriageway of
        their own, are passed in turn. ``stops_out``, ``stops_in``: whether one stops there who
        leaves home, who comes home; each stops at the gate if at no other.
    """
    part = pd.Series(OFF, controls.index, dtype=object)
    found = pd.DataFrame({"part": part, "stops_out": False, "stops_in": False})
    stands = controls[controls["crossing"] >= 0]
    at = passage[stands["crossing"].to_numpy(np.int64)]
    km = stands["off_km"] + stands["walk_km"]
    shut = ~checkpoints["is_open"].reindex(stands.index).to_numpy(bool)
    idle = ~checkpoints["in_service"].reindex(stands.index).to_numpy(bool)
    lane = ~stands[["met_out", "met_in"]].to_numpy(bool).any(axis=1)
    home_first = stands["side"].to_numpy()
    order = np.lexsort((np.arange(len(stands)), home_first, km.round(2), lane, idle, shut))
    for _, rows in stands.iloc[order].groupby(at[order], sort=False):
        working = checkpoints.loc[rows.index, "in_service"].to_numpy(bool)
        roles, stops = _roles(rows, working)
        found.loc[rows.index, "part"] = roles
        found.loc[rows.index, ["stops_out", "stops_in"]] = stops
    return found


def _roles(rows: pd.DataFrame, working: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.bool_]]:
    """Roles of the checkpoints of one passage, the gate first, and the directions that stop."""
    walk = rows["walk_km"].to_numpy()
    # Along the road, from home; those at the line are at one place.
    at = np.where(walk > AT_THE_LINE_KM, np.where(rows["side"] == 0, -walk, walk), 0.0)
    met = rows[["met_out", "met_in"]].to_numpy(bool)
    # At one that nobody must meet, everybody stops: there is no other.
    taken = [0]
    stops = np.zeros_like(met)
    stops[0] = met[0] if met[0].any() else True
    turn = met.any(axis=1) & working & working[0]
    turn[0] = False
    for number in np.flatnonzero(turn).tolist():
        here = np.abs(at[number] - at[taken]) <= AT_THE_LINE_KM
        stops[number] = met[number] & ~stops[taken][here].any(axis=0)
        if stops[number].any():
            taken.append(number)
    stops[0] |= ~stops.any(axis=0)
    roles = np.where(stops.any(axis=1), IN_SERIES, BESIDE).tolist()
    return [GATE, *roles[1:]], stops
