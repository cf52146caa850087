"""What scenarios change against the border as it is, place by place, from the tables alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from geo_border.access.decay import Decay, Exponential, Step, codes
from geo_border.access.reach import reached_across, reached_inside, without_delays
from geo_border.access.regions import population_of
from geo_border.bottlenecks.change_tiles import changed_sums
from geo_border.compute.compiled import in_blocks
from geo_border.errors import CheckpointError
from geo_border.routing.pair_tiles import tiled
from geo_border.routing.scenarios import AS_IS, GateDelays, Scenario, passages, passages_with
from geo_border.routing.spots import merge
from geo_border.shown import shown
from geo_border.terms import DIRECTIONS, SIDES
from geo_border.traffic.demand import Gravity, demand_at, masses
from geo_border.traffic.loads import checkpoint_loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.bottlenecks.change_tiles import Found
    from geo_border.routing.pair_tiles import Pairs
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.spots import Merged
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel
    from geo_border.traffic.demand import Demand

    Floats = NDArray[np.float64]

BATCH = 128
"""Most scenarios evaluated in one pass over the pairs."""

WAYS_HELD = 20_000_000
"""Most times from gates to spots, and values of places, that the scenarios of a pass hold."""

MEASURES = (
    "hours_to_checkpoint",
    "population_60min_across",
    "potential_own",
    "potential_across",
    "border_effect",
)
"""What is given before and after, by place and by region."""

_VALUES = ("own", "across", "own_open", "across_open", "within", "hours")
"""What is known of every place: five sums, and hours to a checkpoint."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What scenarios change; trips are those of the demand as it is, routed anew, if any.

    Parameters
    ----------
    totals
        Index ``scenario``: ``affected_share`` (of the demand: trips that take another way or
        another time), ``extra_hours`` (mean of what those that still find a way take longer;
        negative where they take less; missing where there are none), ``extra_total`` (its
        sum, hours per trip of the whole demand), ``unserved_share`` (of the demand: trips
        that find no way).
    regions
        Index ``scenario``, ``region_id``: for each of `MEASURES` ``_before``, ``_after``
        and ``_change`` (population-weighted means over the places that are origins and reach one);
        ``unreached_share_before`` and ``_after`` (of the population: those who reach no open
        checkpoint); ``demand_share`` (of the trips, those that begin here),
        and ``affected_share``, ``extra_hours``, ``unserved_share`` of these.
    places
        Index ``scenario``, ``place_id``: the same measures, missing for places that are no
        origins, and the shares and hours of their trips; without rows if not asked for.
    checkpoints
        Index ``scenario``, ``checkpoint_id``: ``load_share_before``, ``load_share_after``,
        ``load_share_change``, and ``delay_out_h``, ``delay_in_h`` under the scenario,
        infinite where nobody may pass. Without a demand there is nothing of trips and loads in
        any of them.
    """

    __repr__ = shown

    totals: pd.DataFrame
    regions: pd.DataFrame
    places: pd.DataFrame
    checkpoints: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """The border as it is, and all that does not depend on the scenario."""

    merged: Merged
    place_ids: pd.Index[str]
    decay: Decay
    population: Floats  # of the spots, (U,)
    living: csr_array  # of the places by region, (R, P)
    belongs: csr_array  # 1 at the region of each place, (R, P)
    regions: pd.Index[str]
    routes: tuple[Passages, Passages]  # with delays and without
    pairs: tuple[tuple[Pairs, Pairs, Pairs], ...]  # by side: as `_pairs` gives them
    state: Floats  # (V, P)
    trips: _Trips | None


@dataclass(frozen=True, slots=True, eq=False)
class _Trips:
    """Trips as the border is."""

    demand: Demand  # of the spots
    share: Floats  # of the trips of its spot that begin at each place, (P,)
    started: Floats  # (P,)
    loads: Floats  # (K,)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What S scenarios give: values by place, trips by place, loads and delays."""

    state: Floats  # (V, S, P)
    trips: Floats  # (S, 3, P)
    loads: Floats  # (S, K)
    delay: Floats  # (S, 2, K)


def changes(
    travel: Travel,
    scenarios: Mapping[str, Scenario],
    *,
    decay: Decay = Exponential(),
    gravity: Gravity | None = Gravity(),
    base: Scenario = AS_IS,
    each_place: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Changes:
    """Compare scenarios with the border as it is.

    Of all pairs of places only those whose way or time a scenario touches are looked at
    again: no search, and thousands of scenarios in the time of a few runs.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    scenarios
        What is different at the border, by name.
    decay
        Impedance function of the potential.
    gravity
        Demand model; `Gravity.total` does not matter. With None accessibility alone is compared.
    base
        The border as it is.
    each_place
        Whether to give the places too, which a thousand scenarios need not.
    progress
        Called with how many scenarios are done.

    Returns
    -------
    Changes
        Totals, regions, places and checkpoints of each scenario, in the order of
        `scenarios`.

    Raises
    ------
    TableError, SideError
        As `geo_border.access.reach.potential` and `geo_border.traffic.demand.cross_demand`.
    CheckpointError
        If there is no scenario, or one does not fit the tables; the message names it.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> shut = gb.Scenario(close=frozenset({"orsk-alimbet"}))
    >>> found = gb.changes(trips, {"shut": shut})
    >>> found
    <Changes: totals 1 x 4, regions 20 x 21, places 1,420 x 18, checkpoints 30 x 5>
    """
    if not scenarios:
        raise CheckpointError("there is no scenario to compare with the border as it is")
    start = _base(travel, decay, gravity, base)
    names = list(scenarios)
    tabulate = {"totals": _totals, "regions": _regions, "checkpoints": _checkpoints}
    if each_place:
        tabulate["places"] = _places
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in tabulate}
    held = max(start.merged.travel.tables.from_gate.size, start.state.size)
    size = max(1, min(BATCH, WAYS_HELD // max(1, held)))
    for first in range(0, len(names), size):
        batch = pd.Index(names[first : first + size], name="scenario")
        found = _evaluated(start, {name: scenarios[name] for name in batch})
        for name, tabulated in tabulate.items():
            parts[name].append(tabulated(start, found, batch))
        progress(first + len(batch))
    frames = {name: pd.concat(part) for name, part in parts.items()}
    return Changes(**({"places": pd.DataFrame()} | frames))


def _base(
    travel: Travel,
    decay: Decay,
    gravity: Gravity | None,
    base: Scenario,
) -> _Base:
    """Evaluate the border as it is."""
    places, tables = travel.places, travel.tables
    routes = passages(tables, base), passages(tables, without_delays(base))
    inside = reached_inside(travel, routes, [decay])[:, :, 0]
    beyond = [reached_across(travel, case, [decay, Step(1.0)]) for case in routes]
    merged, population = merge(travel), population_of(places)
    trips = None if gravity is None else _trips(merged, routes[0], gravity, population)
    region, regions = pd.factorize(places["region_id"], sort=True)
    of_region = np.flatnonzero(region >= 0)
    at, shape = (region[of_region], of_region), (len(regions), len(places))
    return _Base(
        merged=merged,
        place_ids=places.index,
        decay=decay,
        population=merged.total(population),
        living=coo_array((population[of_region], at), shape).tocsr(),
        belongs=coo_array((np.ones(len(of_region)), at), shape).tocsr(),
        regions=pd.Index(regions, name="region_id"),
        routes=routes,
        pairs=tuple(_pairs(merged, trips, side) for side in range(len(SIDES))),
        state=np.stack(
            [
                inside[0] + inside[1],
                beyond[0][:, 0],
                inside[0] + inside[2],
                beyond[1][:, 0],
                beyond[0][:, 1],
                _nearest(tables, routes[0]),
            ]
        ),
        trips=trips,
    )


def _trips(merged: Merged, routes: Passages, gravity: Gravity, population: Floats) -> _Trips:
    """Trips with the border as it is."""
    demand = demand_at(merged, routes, replace(gravity, total=1.0), population)
    share = merged.share(masses(gravity, population)[0])
    tables = merged.travel.tables
    return _Trips(
        demand=demand,
        share=share,
        started=demand.to_gate.sum(axis=1)[merged.spot] * share,
        loads=checkpoint_loads(tables, routes, demand)["load"].to_numpy(float),
    )


def _nearest(tables: GateTables, routes: Passages) -> Floats:
    """Hours from each place to the nearest gate by which it can leave its side."""
    passable = np.isfinite(routes.delay)[tables.place_side]
    nearest: Floats = np.where(passable, tables.to_gate, np.inf).min(axis=1, initial=np.inf)
    return nearest


def _pairs(merged: Merged, trips: _Trips | None, side: int) -> tuple[Pairs, Pairs, Pairs]:
    """Pairs in tiles: across, across of those that only travel, and on the own side."""
    tables, own = merged.travel.tables, merged.travel.own
    inside, beyond = own.destinations[side], own.destinations[1 - side]
    origins = own.origins[side]
    others = origins[:0]
    if trips is not None:
        others = np.setdiff1d(trips.demand.markets[side].origins, origins)
    return (
        tiled(tables, origins, beyond),
        tiled(tables, others, beyond),
        tiled(tables, origins, inside),
    )


def _evaluated(base: _Base, scenarios: Mapping[str, Scenario]) -> _Found:
    """Evaluate a batch of scenarios."""
    cases = _cases(base, scenarios)
    as_is = [pair[0] for pair in cases]
    spot, tables = base.merged.spot, base.merged.travel.tables
    values = np.zeros((len(_VALUES), len(scenarios), len(base.population)))
    trips = np.zeros((len(scenarios), 3, len(base.population)))
    loads = np.zeros((len(scenarios), tables.n_gates))
    if base.trips is not None:
        loads += base.trips.loads
    for side, (across, travelling, inside) in enumerate(base.pairs):
        travels = base.trips is not None
        found = _sums(base, cases, side, across, [base.decay, Step(1.0)], travels=travels)
        values[1][:, across.origins], values[4][:, across.origins] = np.moveaxis(found.sums, 1, 0)
        if base.trips is not None:
            others = _sums(base, cases, side, travelling, [], travels=True)
            for pairs, part in ((across, found), (travelling, others)):
                trips[:, :, pairs.origins] = part.moved
            left, taken = found.left + others.left, found.taken + others.taken
            for number, routes in enumerate(as_is):
                loads[number] -= _passed(left[number], base.routes[0], side)
                loads[number] += _passed(taken[number], routes, side)
                stayed = base.trips.demand.through[side] - left[number]
                loads[number] += _in_between(stayed, base.routes[0], routes, side)
        for value, pairs, free, back in (
            (0, inside, False, True),
            (2, inside, True, True),
            (3, across, True, False),
        ):
            found = _sums(base, cases, side, pairs, [base.decay], free=free, back=back)
            values[value][:, pairs.origins] = found.sums[:, 0]
    delay = np.stack([routes.delay for routes in as_is])
    values[5] = [_nearest(tables, routes) for routes in as_is]
    values, trips = values[:, :, spot], trips[:, :, spot]
    if base.trips is not None:
        trips *= base.trips.share
    # What is lost entirely must not leave a rest of rounding.
    values[:5] = (values[:5] + base.state[:5, None]).clip(min=0)
    loads = np.where(np.isinf(delay).all(axis=1), 0.0, loads.clip(min=0))
    return _Found(values, trips, loads, delay)


def _cases(base: _Base, scenarios: Mapping[str, Scenario]) -> list[tuple[Passages, Passages]]:
    """Ways under each scenario, with delays and without; the same delays make the same ways."""
    tables = base.merged.travel.tables
    known = GateDelays.of(tables)
    wanted = []
    for name, what in scenarios.items():
        try:
            wanted.append((known.under(what), known.under(without_delays(what))))
        except CheckpointError as error:
            raise CheckpointError(f"scenario {name!r}: {error}") from error
    routes = {case.delay.tobytes(): case for case in base.routes}
    new = {delay.tobytes(): delay for pair in wanted for delay in pair}
    new = {key: delay for key, delay in new.items() if key not in routes}
    work = partial(_block_ways, tables.within, list(new.values()))
    found = [case for block in in_blocks(len(new), work, size=8) for case in block]
    routes |= dict(zip(new, found, strict=True))
    return [(routes[delay.tobytes()], routes[free.tobytes()]) for delay, free in wanted]


def _block_ways(within: Floats, delays: list[Floats], some: slice) -> list[Passages]:
    """Ways with some delays."""
    return [passages_with(delay, within) for delay in delays[some]]


def _sums(
    base: _Base,
    cases: list[tuple[Passages, Passages]],
    side: int,
    pairs: Pairs,
    decays: list[Decay],
    *,
    free: bool = False,
    back: bool = False,
    travels: bool = False,
) -> Found:
    """Changes of the sums over one side's destinations, and of the trips across."""
    as_is, *others = [
        (pair[free].transit if back else pair[free].across)[side] for pair in (base.routes, *cases)
    ]
    return changed_sums(
        pairs,
        as_is,
        np.array(others),
        codes(decays),
        base.population,
        own=base.merged.travel.own if back else None,
        side=side,
        market=base.trips.demand.markets[side] if travels and base.trips else None,
        demand_code=codes([(base.trips.demand.gravity if base.trips else Gravity()).decay])[0],
    )


def _passed(flow: Floats, routes: Passages, side: int) -> Floats:
    """Passages of each gate by demand on ways of known first and last gate."""
    passed = np.diag(flow).copy()
    for first, last in np.argwhere((flow > 0) & ~np.eye(len(flow), dtype=bool)):
        for (_, gate), (_, after) in pairwise(routes.hops(side, first, last, back=False)):
            if gate == after:
                passed[gate] += flow[first, last]
    return passed


def _in_between(stayed: Floats, before: Passages, after: Passages, side: int) -> Floats:
    """Passages that change where demand keeps its first and last gate, not those in between."""
    was, will_be = before.across[side], after.across[side]
    changed = np.where((was != will_be) & np.isfinite(will_be), stayed.clip(min=0), 0.0)
    np.fill_diagonal(changed, 0.0)
    return _passed(changed, after, side) - _passed(changed, before, side)


def _measured(values: Floats) -> Floats:
    """The measures of places, in the order of `MEASURES`."""
    own, across, own_open, across_open, within, hours = values
    free = own_open + across_open
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounding of the two sums must not make a loss below zero.
        effect = (1 - (own + across) / np.where(free > 0, free, np.nan)).clip(min=0)
    return np.stack([hours, within, own, across, effect])


def _beside(before: Floats, after: Floats) -> dict[str, Floats]:
    """Measures before and after, and by how much they change."""
    columns = {}
    for name, was, will_be in zip(MEASURES, before, after, strict=True):
        columns[f"{name}_before"] = np.broadcast_to(was, will_be.shape).ravel()
        columns[f"{name}_after"] = will_be.ravel()
        with np.errstate(invalid="ignore"):
            columns[f"{name}_change"] = (will_be - was).ravel()
    return columns


def _of_trips(trips: Floats, demand: Floats) -> dict[str, Floats]:
    """Shares of the demand, and hours, of trips by scenario and where they begin."""
    affected, extra, unserved = np.moveaxis(trips, 1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "affected_share": ((affected + unserved) / demand).ravel(),
            "extra_hours": (extra / affected).ravel(),
            "unserved_share": (unserved / demand).ravel(),
        }


def _totals(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Trips in all."""
    if base.trips is None:
        return pd.DataFrame(index=names)
    trips = found.trips.sum(axis=2)
    columns = _of_trips(trips, base.trips.started.sum())
    return pd.DataFrame({**columns, "extra_total": trips[:, 1]}, index=names)


def _regions(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Measures and trips by region."""
    index = pd.MultiIndex.from_product([names, base.regions])
    columns = _beside(*(_means(_measured(of.state), base.living) for of in (base, found)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, hours in (("before", base.state[5]), ("after", found.state[5])):
            lost = _summed(np.isinf(hours), base.living) / base.living.sum(axis=1)
            columns[f"unreached_share_{name}"] = np.broadcast_to(
                lost, (len(names), len(base.regions))
            ).ravel()
    if base.trips is not None:
        started = base.belongs @ base.trips.started
        columns["demand_share"] = np.tile(started, len(names))
        columns |= _of_trips(_summed(found.trips, base.belongs), started)
    return pd.DataFrame(columns, index=index)


def _summed(values: NDArray[Any], weights: csr_array) -> Floats:
    """Weighted sums over the places of each region, shape (..., R)."""
    flat = values.reshape(-1, values.shape[-1]).astype(float, copy=False)
    sums: Floats = (weights @ flat.T).T.reshape(*values.shape[:-1], weights.shape[0])
    return sums


def _means(values: Floats, persons: csr_array) -> Floats:
    """Means over the places of each region that have a finite value, shape (..., R)."""
    finite = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _summed(np.where(finite, values, 0.0), persons) / _summed(finite, persons)


def _places(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Measures and trips by place."""
    index = pd.MultiIndex.from_product([names, base.place_ids.rename("place_id")])
    columns = _beside(_measured(base.state), _measured(found.state))
    if base.trips is not None:
        columns |= _of_trips(found.trips, base.trips.started)
    return pd.DataFrame(columns, index=index)


def _checkpoints(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Loads and delays by checkpoint."""
    index = pd.MultiIndex.from_product(
        [names, base.merged.travel.tables.gates.index.rename("checkpoint_id")]
    )
    loads = {}
    if base.trips is not None:
        loads = {
            "load_share_before": np.tile(base.trips.loads, len(names)),
            "load_share_after": found.loads.ravel(),
            "load_share_change": (found.loads - base.trips.loads).ravel(),
        }
    delays = {f"delay_{way}_h": found.delay[:, at].ravel() for at, way in enumerate(DIRECTIONS)}
    return pd.DataFrame(loads | delays, index=index)
