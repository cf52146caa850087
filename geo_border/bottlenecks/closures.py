"""What the closure of checkpoints costs, and where the traffic goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import codes
from geo_border.bottlenecks.change_tiles import changed_sums
from geo_border.routing.pair_tiles import tiled
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.spots import merge
from geo_border.shown import shown
from geo_border.terms import CAR
from geo_border.traffic.demand import Gravity, demand_at, travellers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Passages
    from geo_border.routing.travel import Travel

    Floats = NDArray[np.float64]

BATCH = 32
"""Scenarios evaluated in one pass over the pairs; bounds the memory of their tables."""

ROUNDING = 1e-12
"""Share of a demand below which what is left of it is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Closures:
    """Effects of closures on a demand that stays as it was.

    Parameters
    ----------
    effects
        Index ``closed_id`` (several checkpoints joined by ``;``). ``closure_demand``:
        demand whose fastest route passes what is closed. ``closure_extra_total``: hours
        that the part of it that still finds a way loses, ``Σ T_ij (t'_ij - t_ij)``.
        ``closure_diverted``: that part. ``closure_extra_hours``: the sum over
        ``closure_demand``, hours for each trip that passed, missing where nothing is diverted.
        ``closure_unserved``: the part that finds no way, which loses no finite time. Demands as
        shares of the whole.
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
    scenario = scenario.of_class(CAR)
    routes = passages(tables, scenario)
    gates = tables.gates.index
    if sets is None:
        sets = [(gate,) for gate in gates[np.any(np.isfinite(routes.delay), axis=0)]]
    merged = merge(travel)
    persons = travellers(travel, among)
    demand = demand_at(merged, routes, replace(gravity, total=1.0), persons)
    there, at_spots = merged.travel.tables, merged.total(persons)
    pairs = [tiled(there, market.origins, market.destinations) for market in demand.markets]
    used = [np.any(routes.counts(side, back=False) > 0, axis=2) for side in range(2)]
    names = [";".join(closed) for closed in sets]

    # Columns: demand that found a way, the hours it lost, demand that found none.
    sums = np.zeros((len(sets), 3))
    to = np.zeros((len(sets), len(gates)))
    for start in range(0, len(sets), BATCH):
        some = sets[start : start + BATCH]
        here = slice(start, start + len(some))
        ways = [
            passages(tables, replace(scenario, close={*scenario.close, *closed})) for closed in some
        ]
        for side, market in enumerate(demand.markets):
            found = changed_sums(
                pairs[side],
                routes.across[side],
                np.array([way.across[side] for way in ways]),
                codes([]),
                at_spots,
                market=market,
                demand_code=codes([gravity.decay])[0],
            )
            hit = np.stack([used[side][:, :, gates.isin(list(c))].any(axis=2) for c in some])
            flows = found.taken + _stayed(demand.through[side], hit, found.left, ways, side)
            sums[here, 0] += flows.sum(axis=(1, 2))
            sums[here, 1:] += found.moved[:, 1:].sum(axis=2)
            for row, (flow, way) in enumerate(zip(flows, ways, strict=True), start):
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
                extra, served + cut, out=np.full(len(sums), np.nan), where=served > 0
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


def _stayed(
    through: Floats, hit: NDArray[np.bool_], left: Floats, ways: list[Passages], side: int
) -> Floats:
    """Demand that keeps the first and last gate of a way that is closed in between."""
    still_open = np.isfinite([way.across[side] for way in ways])
    stayed = np.where(hit & still_open, through - left, 0.0)
    # What has left entirely must not leave a rest of rounding.
    return np.where(stayed > ROUNDING * through, stayed, 0.0)
