"""Gates: the pairs of nodes through which one passes the border, and nowhere else."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.network.links import straight_km
from geo_border.network.passages import BESIDE, GATE, IN_SERIES, class_ranks, of_kind
from geo_border.network.stubs import SHORTEST_KM
from geo_border.terms import DIRECTIONS, SIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

SURENESS = ("high", "medium", "low")
CONTROL_COLUMNS = ("mode", "delay_out_h", "delay_in_h", "is_open", "in_service", "users", "wait_h")
NO_DELAYS: Mapping[Any, float] = MappingProxyType({})
UNKNOWN_ENDS = (0.5, 2.0)
"""Ends of a delay whose ends nobody stated, as multiples of it."""


def candidates(
    crossings: pd.DataFrame, *, most: int = 300, taken: Collection[str] = ()
) -> pd.DataFrame:
    """Passages without a checkpoint where one could be opened.

    Parameters
    ----------
    crossings
        As `geo_border.network.crossings.find_crossings` gives them.
    most
        How many to keep where there are more: those of the higher class
        (`geo_border.network.passages.CLASS_ORDER`) and, within a class, of the higher confidence.
    taken
        Ids of checkpoints, which no candidate may bear.

    Returns
    -------
    DataFrame
        Rows of `crossings` that stand for their passage, in their order.
    """
    free = crossings[
        crossings["checkpoint_id"].isna()
        & crossings["leads_across"]
        & (crossings["passage"] == crossings.index)
        & ~crossings.index.isin(list(taken))
    ]
    rank = class_ranks(free["road_class"])
    sure = pd.Index(SURENESS).get_indexer(pd.Index(free["confidence"]))
    return free.iloc[np.sort(np.lexsort((sure, rank))[:most])]


def open_gates(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame,
    controls: pd.DataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    delay_h: Mapping[Any, float] = NO_DELAYS,
    most_candidates: int = 300,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """Part the sides where links meet the border, so that only gates join them.

    A gate stands at the crossing that stands for its passage; what else is of the passage, such
    as the other carriageway, leads to it by the straight way. `candidates` get a gate too,
    closed: with one, a new checkpoint is no more than a scenario.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.sides.cut_at_border` and `geo_border.network.stubs.join_stubs`
        give them.
    crossings, controls
        As `geo_border.network.crossings.find_crossings` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.
    delay_h
        Delay by mode that a new checkpoint would have, hours; nobody passes where there is
        none.
    most_candidates
        Most of the passages without a checkpoint that get a gate.

    Returns
    -------
    nodes : DataFrame
        Where links of both sides met, one node for each side, at the same place.
    links : GeoDataFrame
        All end at nodes of their side; straight ways within passages are appended.
    gates : DataFrame
        Index ``checkpoint_id``, the crossing's id for a candidate: ``mode``,
        ``home_node``, ``neighbour_node``, ``delay_out_h``, ``delay_in_h``, ``is_open``,
        ``in_service``, ``users``, ``wait_h``, ``is_candidate``; candidates last. Delays of
        checkpoints in series on one road add up where they are known, by direction.
    """
    across = crossings[crossings["leads_across"]]
    nodes, links, ends = _parted(nodes, links, across)
    chief = across.index == across["passage"]
    served = across[chief & across["checkpoint_id"].notna()]
    register = checkpoints.index.get_indexer(served["checkpoint_id"])
    served = served.iloc[np.argsort(register)]
    free = candidates(across, most=most_candidates, taken=checkpoints.index)
    gates = pd.concat([_known(served, controls, checkpoints), _new(free, delay_h)])
    gates = gates.rename_axis("checkpoint_id")
    at = ends.loc[[*served.index, *free.index]].to_numpy()
    gates.insert(1, "home_node", at[:, 0])
    gates.insert(2, "neighbour_node", at[:, 1])
    of_gate = across["passage"].isin([*served.index, *free.index])
    links = _with_lanes(nodes, links, across[of_gate & ~chief], ends)
    return nodes, links, gates


def _parted(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, across: pd.DataFrame
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """The network with two nodes for each crossing, and those by crossing and side."""
    n = len(nodes)
    ends = pd.DataFrame(
        n + np.arange(len(SIDES) * len(across)).reshape(-1, len(SIDES)),
        index=across.index,
        columns=list(SIDES),
    )
    regions = across[["home_id", "neighbour_id"]].to_numpy(object)
    new = nodes.iloc[np.repeat(across["node"].to_numpy(np.int64), len(SIDES))].assign(
        side=np.tile(np.arange(len(SIDES), dtype=np.int8), len(across)),
        region_id=regions.ravel(),
    )
    rail = of_kind(links["mode"], rail=True).astype(np.int64)
    # One more row for nodes that are no crossing.
    copy = np.full((2, n, len(SIDES)), -1)
    copy[of_kind(across["mode"], rail=True).astype(np.int64), across["node"]] = ends.to_numpy()
    moved = {}
    for end in ("tail", "head"):
        own = links[end].to_numpy()
        there = copy[rail, own, links["side"].to_numpy()]
        moved[end] = np.where(there >= 0, there, own)
    return pd.concat([nodes, new], ignore_index=True), links.assign(**moved), ends


def _known(served: pd.DataFrame, controls: pd.DataFrame, checkpoints: pd.DataFrame) -> pd.DataFrame:
    """What gates know of the checkpoints that serve passages."""
    own = checkpoints.loc[served["checkpoint_id"], list(CONTROL_COLUMNS)].copy()
    passed = controls[
        controls["part"].isin([GATE, IN_SERIES]) & controls["passage"].isin(served.index)
    ]
    several = passed["passage"].duplicated(keep=False)
    for name, rows in passed[several].groupby("passage"):
        chief = served.at[name, "checkpoint_id"]
        stops = checkpoints.loc[rows.index]
        # One that lets nobody pass in turn closes the road, however long it would take.
        shut = ~stops["in_service"].astype(bool) & (stops.index != chief)
        waits = []
        for direction in DIRECTIONS:
            hours = stops[f"delay_{direction}_h"].mask(shut, np.inf)
            known = ~stops["delay_imputed"].astype(bool) | np.isinf(hours)
            met = rows[f"stops_{direction}"] & known
            if met.any():
                own.loc[chief, f"delay_{direction}_h"] = hours[met].sum()
                waits.append(stops.loc[met, "wait_h"].sum())
        # What is a wait in one direction alone is none that other hours would end.
        if waits:
            own.loc[chief, "wait_h"] = min(waits)
    return _passed_beside(own, served, controls, checkpoints)


def _passed_beside(
    own: pd.DataFrame, served: pd.DataFrame, controls: pd.DataFrame, checkpoints: pd.DataFrame
) -> pd.DataFrame:
    """Gates that are closed, or closed in one direction, as one passes beside them."""
    beside = controls[(controls["part"] == BESIDE) & controls["passage"].isin(served.index)]
    beside = beside[checkpoints.loc[beside.index, "is_open"].astype(bool)]
    in_turn = controls.loc[controls["part"] == IN_SERIES, "passage"]
    for name, rows in beside[~beside["passage"].isin(in_turn)].groupby("passage"):
        chief = str(served.at[name, "checkpoint_id"])
        is_shut = not own.at[chief, "is_open"]
        for way in DIRECTIONS:
            column = f"delay_{way}_h"
            if is_shut or own.at[chief, column] == np.inf:
                own.loc[chief, column] = checkpoints.loc[rows.index, column].min()
        own.loc[chief, ["is_open", "in_service"]] = True
    return own.assign(is_candidate=False)


def gates_of_class(
    gates: pd.DataFrame, controls: pd.DataFrame, checkpoints: pd.DataFrame, name: str
) -> pd.DataFrame:
    """Gates as a class of traffic meets them.

    Parameters
    ----------
    gates
        As `open_gates` gives them, some or all of its rows.
    controls
        As in `open_gates`.
    checkpoints
        As `geo_border.pipeline.stages.border` gives them: with the columns of the class.
    name
        The class.

    Returns
    -------
    DataFrame
        Rows of `gates` with ``is_open``, ``in_service`` and, in ``delay_<name>_out_h`` and
        ``delay_<name>_in_h``, the delays of the class; the same gates where the checkpoints have
        no columns of it. Who opens a crossing that has no checkpoint meets the delay that the
        gates have.
    """
    own = {way: f"delay_{name}_{way}_h" for way in DIRECTIONS}
    if not {*own.values()} <= {*checkpoints}:
        return gates
    met = gates_by(gates, controls, _as_met(checkpoints, name))
    return gates.assign(
        is_open=met["is_open"],
        in_service=met["in_service"],
        **{column: met[f"delay_{way}_h"] for way, column in own.items()},
    )


def gates_by(
    gates: pd.DataFrame, controls: pd.DataFrame, checkpoints: pd.DataFrame
) -> pd.DataFrame:
    """Gates by other checkpoints than those that they were opened for, such as of another day.

    Parameters
    ----------
    gates
        As `open_gates` gives them, some or all of its rows.
    controls
        As in `open_gates`.
    checkpoints
        The same ones, with other delays and statuses.

    Returns
    -------
    DataFrame
        Rows of `gates`; those that have no checkpoint are as they were.
    """
    known = _met(gates, controls, checkpoints)
    is_known = known["delay_out_h"].notna()
    hours = [column for column in ("delay_out_h", "delay_in_h", "wait_h") if column in gates]
    return gates.assign(
        **{column: known[column].where(is_known, gates[column]) for column in hours},
        **{
            column: known[column].where(is_known, gates[column]).astype(bool)
            for column in ("is_open", "in_service")
        },
    )


def _met(gates: pd.DataFrame, controls: pd.DataFrame, met: pd.DataFrame) -> pd.DataFrame:
    """What gates know of the checkpoints as a class meets them, missing where they have none."""
    chief = controls[(controls["part"] == GATE) & controls.index.isin(gates.index)]
    served = pd.DataFrame({"checkpoint_id": chief.index}, index=chief["passage"])
    return _known(served, controls, met).reindex(gates.index)


def _as_met(checkpoints: pd.DataFrame, name: str) -> pd.DataFrame:
    """Checkpoints with the columns of no class as those of one, where there are any of it."""
    own = {way: f"delay_{name}_{way}_h" for way in DIRECTIONS}
    if not {*own.values()} <= {*checkpoints}:
        return checkpoints
    may_pass = checkpoints[f"is_open_{name}"].astype(bool)
    return checkpoints.assign(
        is_open=may_pass,
        in_service=may_pass,
        delay_imputed=checkpoints[f"delay_{name}_imputed"],
        **{f"delay_{way}_h": checkpoints[column] for way, column in own.items()},
    )


def delay_ends(
    gates: pd.DataFrame, controls: pd.DataFrame, checkpoints: pd.DataFrame, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends between which the delays of gates lie.

    Those that are stated for the class or for its default, and where one is not, `UNKNOWN_ENDS`
    times the delay.
    The wait for the opening comes to both; of checkpoints in series, ends add up as delays do.

    Parameters
    ----------
    gates, controls, checkpoints, name
        As in `gates_of_class`, delays of the gates in ``delay_out_h`` and ``delay_in_h``.

    Returns
    -------
    low, high : ndarray
        Hours by direction, home to neighbour and back, shape (2, K); the delay itself lies
        between them, and is both where a gate is of no checkpoint.
    """
    met, columns = _as_met(checkpoints, name), [f"delay_{way}_h" for way in DIRECTIONS]
    delay = gates[columns].to_numpy(float).T
    ends = []
    for end, factor in zip(("lo", "hi"), UNKNOWN_ENDS, strict=True):
        at_end = {}
        for way, column in zip(DIRECTIONS, columns, strict=True):
            hours = factor * (met[column] - met["wait_h"])
            # What is of one direction goes before what is of both.
            for given in (f"delay_{name}_{end}_h", f"delay_{name}_{way}_{end}_h"):
                if given in met:
                    hours = met[given].astype(float).fillna(hours)
            at_end[column] = hours + met["wait_h"]
        found = _met(gates, controls, met.assign(**at_end))[columns].to_numpy(float).T
        ends.append(np.where(np.isnan(found), delay, found))
    return np.minimum(ends[0], delay), np.maximum(ends[1], delay)


def _new(free: pd.DataFrame, delay_h: Mapping[Any, float]) -> pd.DataFrame:
    """The same of the checkpoints that there could be."""
    delay = free["mode"].map(dict(delay_h)).astype(float).fillna(np.inf)
    columns = (free["mode"], delay, delay, False, False, None, 0.0)
    return pd.DataFrame(dict(zip(CONTROL_COLUMNS, columns, strict=True)), index=free.index).assign(
        is_candidate=True
    )


def _with_lanes(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, lanes: pd.DataFrame, ends: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Links with the straight ways from the other crossings of a passage to its gate."""
    if lanes.empty:
        return links
    frames = [links]
    lonlat = nodes[["lon", "lat"]].to_numpy()
    for number, side in enumerate(SIDES):
        tail, head = (ends.loc[rows, side].to_numpy() for rows in (lanes.index, lanes["passage"]))
        way = shapely.linestrings(np.stack([lonlat[tail], lonlat[head]], axis=1))
        own = links.iloc[lanes[f"{side}_link"]].assign(
            tail=tail,
            head=head,
            side=np.int8(number),
            length_km=np.maximum(straight_km(way), SHORTEST_KM),
            oneway=np.int8(0),
            hours=np.nan,
        )
        frames.append(own.set_geometry(way, crs=links.crs))
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True))


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
