"""What the closure of checkpoints costs, and where the traffic goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.compute.compiled import in_blocks, kernel
from geo_border.routing.crossing import across
from geo_border.routing.engine.kernels import impedance, shorten_by
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.shown import shown
from geo_border.traffic.demand import Gravity, cross_demand

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel
    from geo_border.traffic.demand import Demand, Market

BATCH = 32
"""Scenarios evaluated in one pass over the pairs; bounds the memory of their tables."""


@dataclass(frozen=True, slots=True, eq=False)
class Closures:
    """Effects of closures on a demand that stays as it was.

    Parameters
    ----------
    effects
        Index ``closed_id`` (several checkpoints joined by ``;``). ``closure_demand``:
        demand whose fastest route passes what is closed. ``closure_extra_total``: hours
        that the part of it that still finds a way loses, ``Σ T_ij (t'_ij - t_ij)``.
        ``closure_diverted``: that part. ``closure_extra_hours``: the mean over it, hours
        per diverted trip, missing where nothing is diverted. ``closure_unserved``:
        the part that finds no way. Demands as shares of the whole.
    diversions
        Columns ``closed_id``, ``to_id``, ``share``: of the demand that passed what is
        closed, how much passes ``to_id`` instead, largest first. A trip that passes n
        checkpoints counts 1/n at each, so the shares of a closure and its unserved part
        add up to 1.
    """

    __repr__ = shown

    effects: pd.DataFrame
    diversions: pd.DataFrame


def closures(
    travel: Travel,
    *,
    gravity: Gravity = Gravity(),
    scenario: Scenario = AS_IS,
    sets: Sequence[Collection[str]] | None = None,
    among: NDArray[np.bool_] | None = None,
) -> Closures:
    """Close checkpoints one set at a time and route the demand anew.

    The demand is that before the closure. Only pairs whose route passes what is closed
    are looked at again, through the checkpoint tables: no search.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    gravity
        Demand model; `Gravity.total` does not matter.
    scenario
        What is different at the border before the closures.
    sets
        What to close, each a collection of checkpoints; each open checkpoint alone if not
        given.
    among
        Which places travel, shape (P,); all if not given.

    Returns
    -------
    Closures
        Effects and diversions, in the order of `sets`.

    Raises
    ------
    TableError, SideError
        As `geo_border.traffic.demand.cross_demand`.
    CheckpointError
        If the scenario or a set does not fit the tables.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> one, other = "orsk-alimbet", "sagarchin-zhaisan"
    >>> found = gb.closures(trips, sets=[[one], [one, other]])
    >>> found.effects.index.tolist()
    ['orsk-alimbet', 'orsk-alimbet;sagarchin-zhaisan']
    """
    tables = travel.tables
    routes = passages(tables, scenario)
    gates = tables.gates.index
    if sets is None:
        sets = [(gate,) for gate in gates[np.any(np.isfinite(routes.delay), axis=0)]]
    demand = cross_demand(travel, routes, gravity=replace(gravity, total=1.0), among=among)
    used = [np.any(routes.counts(side, back=False) > 0, axis=2) for side in range(2)]
    names = [";".join(closed) for closed in sets]

    # Columns: demand that found a way, the hours it lost, demand that found none.
    sums = np.zeros((len(sets), 3))
    to = np.zeros((len(sets), len(gates)))
    for start in range(0, len(sets), BATCH):
        batch = slice(start, min(start + BATCH, len(sets)))
        closed_ways = [
            passages(tables, replace(scenario, close={*scenario.close, *closed}))
            for closed in sets[batch]
        ]
        for side in range(2):
            hit = np.stack([used[side][:, :, gates.isin(list(c))].any(axis=2) for c in sets[batch]])
            moved = _reroute(tables, demand, side, hit, closed_ways, sums[batch])
            for row, (flow, way) in enumerate(zip(moved, closed_ways, strict=True), start):
                passed = way.counts(side, back=False).sum(axis=2)
                share = passed / np.maximum(passed.sum(axis=2, keepdims=True), 1)
                to[row] += np.tensordot(flow, share, 2)
    return Closures(_effects(sums, names), _diversions(sums, to, names, gates))


def _effects(sums: NDArray[np.float64], names: list[str]) -> pd.DataFrame:
    """Table of the effects."""
    served, extra, cut = sums.T
    return pd.DataFrame(
        {
            "closure_demand": served + cut,
            "closure_diverted": served,
            "closure_extra_total": extra,
            "closure_extra_hours": np.divide(
                extra, served, out=np.full(len(sums), np.nan), where=served > 0
            ),
            "closure_unserved": cut,
        },
        index=pd.Index(names, name="closed_id"),
    )


def _diversions(
    sums: NDArray[np.float64], to: NDArray[np.float64], names: list[str], gates: pd.Index[str]
) -> pd.DataFrame:
    """Table of where the demand goes."""
    row, gate = np.nonzero(to)
    affected = (sums[:, 0] + sums[:, 2])[row]
    share = to[row, gate] / affected
    order = np.lexsort((gate, -share, row))
    return pd.DataFrame(
        {
            "closed_id": np.array(names, object)[row[order]],
            "to_id": gates.to_numpy(object)[gate[order]],
            "share": share[order],
        }
    )


def _reroute(
    tables: GateTables,
    demand: Demand,
    side: int,
    hit: NDArray[np.bool_],
    closed_ways: list[Passages],
    sums: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Add to the sums of a batch; demand by scenario and new first and last gate."""
    market: Market = demand.markets[side]
    crossings = [
        across(tables, routes, side, origins=market.origins, destinations=market.destinations)
        for routes in closed_ways
    ]
    # Gates last: one pair is looked up at a time.
    E_closed = np.stack([np.ascontiguousarray(crossing.E.T) for crossing in crossings])
    last_closed = np.stack([np.ascontiguousarray(crossing.last.T) for crossing in crossings])
    k = tables.n_gates
    scenario_of = [np.flatnonzero(hit[:, first, last]) for first in range(k) for last in range(k)]
    start = np.zeros(k * k + 1, np.int64)
    np.cumsum([len(scenarios) for scenarios in scenario_of], out=start[1:])
    hits = np.concatenate(scenario_of)
    code = np.array(demand.gravity.decay.code)
    work = partial(_block_diverted, market, code, (start, hits, E_closed, last_closed))
    moved = np.zeros((len(closed_ways), k, k))
    for part, flow in in_blocks(len(market.origins), work):
        sums += part
        moved += flow
    return moved


def _block_diverted(
    market: Market, code: NDArray[np.float64], closed: Any, rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Demand of some origins routed again."""
    base = market.crossing
    masses = market.origin_mass[rows], market.destination_mass
    result: tuple[NDArray[np.float64], NDArray[np.float64]] = _divert(
        base.A[rows], base.E, base.last, *masses, code, *closed
    )
    return result


@kernel
def _divert(
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    origin_mass: NDArray[np.float64],
    destination_mass: NDArray[np.float64],
    code: NDArray[np.float64],
    start: NDArray[np.int64],
    hits: NDArray[np.int64],
    E_closed: NDArray[np.float64],
    last_closed: NDArray[np.int32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Route again, for each scenario, the demand of some origins that it touches.

    ``hits[start[w]:start[w + 1]]`` are the scenarios that close a gate of way ``w``.
    """
    n_scenarios, n_ends, n_gates = E_closed.shape
    sums = np.zeros((n_scenarios, 3))
    moved = np.zeros((n_scenarios, n_gates, n_gates))
    times = np.empty(n_ends)
    first = np.empty(n_ends, np.int32)
    for i in range(len(A)):
        times[:] = np.inf
        shorten_by(A[i], E, times, first)
        for j in range(n_ends):
            if times[j] == np.inf:
                continue
            trips = origin_mass[i] * destination_mass[j] * impedance(code, times[j])
            way = first[j] * n_gates + last[first[j], j]
            for position in range(start[way], start[way + 1]):
                s = hits[position]
                best, leave = np.inf, -1
                for k in range(n_gates):
                    value = A[i, k] + E_closed[s, j, k]
                    if value < best:
                        best, leave = value, k
                if leave < 0:
                    sums[s, 2] += trips
                else:
                    sums[s, 0] += trips
                    sums[s, 1] += trips * max(best - times[j], 0.0)
                    moved[s, leave, last_closed[s, j, leave]] += trips
    return sums, moved
