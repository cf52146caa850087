"""Where the traffic of a class drives: between places and gates, over them, and between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.regions import weight_of
from geo_border.shown import shown
from geo_border.traffic.choice import BLOCK, near_shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.traffic.choice import GateShares, Origins, Response
    from geo_border.traffic.equilibrium import ClassTraffic, Equilibrium


@dataclass(frozen=True, slots=True, eq=False)
class PlaceFlows:
    """Vehicles a day of a class between places and gates.

    Parameters
    ----------
    to_gate
        From each place to the gate of its first passage, shape (P, K).
    from_gate
        From the gate of the last passage to each place, shape (K, P).
    between
        Between gates inside home and inside the neighbour, shape (2, K, K).
    """

    __repr__ = shown

    to_gate: NDArray[np.float64]
    from_gate: NDArray[np.float64]
    between: NDArray[np.float64]


def place_flows(traffic: ClassTraffic) -> PlaceFlows:
    """Flows of a class between places and gates.

    Parameters
    ----------
    traffic
        Of one class, from an equilibrium.

    Returns
    -------
    PlaceFlows
        Those who live at a place and those who visit it, out and home.
    """
    tables = traffic.model.travel.tables
    k, places = tables.n_gates, len(tables.place_ids)
    to_gate, from_gate = np.zeros((places, k)), np.zeros((k, places))
    between = np.zeros((2, k, k))
    mass = weight_of(traffic.model.travel.places, traffic.model.traffic_class.mass)
    pull = mass**traffic.model.traffic_class.gamma
    for origins, response in zip(traffic.model.origins, traffic.responses, strict=True):
        out, home = response.legs
        for start in range(0, len(origins.positions), BLOCK):
            rows = slice(start, start + BLOCK)
            at = origins.positions[rows]
            point = origins.point[rows]
            made = origins.potential[point] * origins.part[rows] * response.made[point]
            trips = made[:, None] / 2
            to_gate[at] += trips * near_shares(origins.there, out.worth, origins.theta, point)
            back = near_shares(origins.home, home.worth, origins.theta, point)
            from_gate[:, at] += (trips * back).T
        there = tables.places_on(1 - origins.side)
        there = there[mass[there] > 0]
        for start in range(0, len(there), BLOCK):
            at = there[start : start + BLOCK]
            visits = _visits(origins, response, pull[at], tables.from_gate[:, at], leg=0)
            from_gate[:, at] += visits
            to_gate[at] += _visits(origins, response, pull[at], tables.to_gate[at].T, leg=1).T
        between += _between(out, response.near[0], origins.side)
        between += _between(home, response.near[1], 1 - origins.side)
    return PlaceFlows(to_gate, from_gate, between)


def passages_of(traffic: ClassTraffic, group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Passages of those who live in some groups of places, such as regions.

    Parameters
    ----------
    traffic
        Of one class, from an equilibrium.
    group
        Group of each place, shape (P,).
    count
        Number of groups, G.

    Returns
    -------
    ndarray
        Vehicles a day by direction and gate, out and home, shape (G, 2, K).
    """
    k = traffic.free.shape[1]
    passed = np.zeros((count, 2 * k))
    for origins, response in zip(traffic.model.origins, traffic.responses, strict=True):
        legs = (origins.there, origins.home)
        for leg, shares in zip(legs, response.legs, strict=True):
            near = np.zeros((count, k))
            for start in range(0, len(origins.positions), BLOCK):
                rows = slice(start, start + BLOCK)
                at, point = origins.positions[rows], origins.point[rows]
                made = origins.potential[point] * origins.part[rows] * response.made[point]
                chosen = near_shares(leg, shares.worth, origins.theta, point)
                np.add.at(near, group[at], made[:, None] / 2 * chosen)
            passed += near @ shares.expected()
    return passed.reshape(count, 2, k)


def _visits(
    origins: Origins,
    response: Response,
    pull: NDArray[np.float64],
    hours: NDArray[np.float64],
    *,
    leg: int,
) -> NDArray[np.float64]:
    """Trips of a leg between its far gates and some destinations, shape (K, M)."""
    shares = response.legs[leg]
    at_far = np.bincount(
        shares.far, response.near[leg][shares.near] * shares.share, minlength=len(hours)
    )
    log_pull = (origins.there, origins.home)[leg].pull
    used = np.flatnonzero(at_far > 0)
    visits = np.zeros(hours.shape)
    logits = np.log(pull) - origins.theta * hours[used] - log_pull[used][:, None]
    visits[used] = at_far[used][:, None] * np.exp(logits)
    return visits


def _between(shares: GateShares, near: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Trips of a leg that leaves a side between the gates inside the sides, shape (2, K, K)."""
    k = len(near)
    driven = np.zeros((2, k, k))
    several = np.flatnonzero(shares.passages[:, 1] < 2 * k)
    first, turn, last = (shares.passages[several] % k).T
    flow = near[shares.near[several]] * shares.share[several]
    np.add.at(driven[1 - side], (first, turn), flow)
    np.add.at(driven[side], (turn, last), flow)
    return driven


def by_class(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Frames of the classes in one, the rows of a place or checkpoint together.

    Parameters
    ----------
    frames
        By class, with one index.

    Returns
    -------
    DataFrame
        Index that of the frames and ``class``.
    """
    table = pd.concat(frames, names=["class"]).swaplevel()
    ids = next(iter(frames.values())).index
    return table.reindex(pd.MultiIndex.from_product([ids, frames], names=table.index.names))


def checkpoint_traffic(traffic: Equilibrium) -> pd.DataFrame:
    """Vehicles a day and delays by checkpoint and class.

    Parameters
    ----------
    traffic
        As `geo_border.traffic.equilibrium.equilibrium` gives it.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` and ``class``; ``vehicles_out``, ``vehicles_in``, ``vehicles``
        (a day, or shares of the class where it has no total), ``share`` of the passages of the
        class, ``delay_out_h``, ``delay_in_h``, missing where it may not pass.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=3.65e6)])
    >>> table = gb.checkpoint_traffic(gb.equilibrium(model))
    >>> round(float(table["share"].sum()), 6)
    1.0
    """
    frames = {}
    for name, each in traffic.classes.items():
        out, back = each.passed
        total = out.sum() + back.sum()
        delay = np.where(np.isfinite(each.delay), each.delay, np.nan)
        frames[name] = pd.DataFrame(
            {
                "vehicles_out": out,
                "vehicles_in": back,
                "vehicles": out + back,
                "share": (out + back) / total if total > 0 else np.nan,
                "delay_out_h": delay[0],
                "delay_in_h": delay[1],
            },
            index=each.model.travel.tables.gates.index,
        )
    return by_class(frames)
