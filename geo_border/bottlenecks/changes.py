"""What scenarios change against the border as it is, place by place, from the tables alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential, Step, codes
from geo_border.access.reach import reached_across, reached_inside, without_delays
from geo_border.access.regions import population_of
from geo_border.bottlenecks.change_kernels import compare_rows, route_changes, sum_changes
from geo_border.bottlenecks.demand import Gravity, cross_demand
from geo_border.bottlenecks.loads import checkpoint_loads
from geo_border.errors import CheckpointError
from geo_border.network.graph import SIDES
from geo_border.routing.compiled import in_blocks
from geo_border.routing.crossing import NO_DIRECT
from geo_border.routing.inside import rows_at_once
from geo_border.routing.kernels import fill_times
from geo_border.routing.scenarios import AS_IS, Scenario, passages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.bottlenecks.demand import Demand
    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables

    Floats = NDArray[np.float64]

BATCH = 32
"""Scenarios evaluated in one pass over the pairs; bounds the memory of their tables."""

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
    """What scenarios change; trips are those of the demand as it is, routed anew.

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
        infinite where nobody may pass.
    """

    totals: pd.DataFrame
    regions: pd.DataFrame
    places: pd.DataFrame
    checkpoints: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """The border as it is, and all that does not depend on the scenario."""

    tables: GateTables
    own: Inside
    decay: Decay
    population: Floats
    region: NDArray[np.int64]  # of each place, -1 outside all
    regions: pd.Index[str]
    ways: tuple[Passages, Passages]  # with delays and without
    state: Floats  # (V, P)
    demand: Demand
    begun: Floats  # (P,)
    loads: Floats  # (K,)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What S scenarios give: values by place, trips by place, loads and delays."""

    state: Floats  # (V, S, P)
    trips: Floats  # (S, P, 3)
    loads: Floats  # (S, K)
    delay: Floats  # (S, 2, K)


def changes(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    scenarios: Mapping[str, Scenario],
    *,
    decay: Decay = Exponential(),
    gravity: Gravity = Gravity(),
    base: Scenario = AS_IS,
    each_place: bool = True,
) -> Changes:
    """Compare scenarios with the border as it is.

    Of all pairs of places only those whose way or time a scenario touches are looked at
    again: no search, and thousands of scenarios in the time of a few runs.

    Parameters
    ----------
    places
        The places of the tables; columns ``population`` and ``region_id``.
    tables
        Checkpoint tables, those of candidates too if scenarios open some.
    own
        Times inside the sides, see `geo_border.access.reach.potential`.
    scenarios
        What is different at the border, by name.
    decay
        Impedance function of the potential.
    gravity
        Demand model; `Gravity.total` does not matter.
    base
        The border as it is.
    each_place
        Whether to give the places too, which a thousand scenarios need not.

    Returns
    -------
    Changes
        Totals, regions, places and checkpoints of each scenario, in the order of
        `scenarios`.

    Raises
    ------
    TableError, SideError
        As `geo_border.access.reach.potential` and `geo_border.bottlenecks.demand.cross_demand`.
    CheckpointError
        If there is no scenario, or one does not fit the tables; the message names it.
    """
    if not scenarios:
        raise CheckpointError("there is no scenario to compare with the border as it is")
    start = _base(places, tables, own, decay, gravity, base)
    names = list(scenarios)
    tabulate = {"totals": _totals, "regions": _regions, "checkpoints": _checkpoints}
    if each_place:
        tabulate["places"] = _places
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in tabulate}
    for first in range(0, len(names), BATCH):
        batch = pd.Index(names[first : first + BATCH], name="scenario")
        found = _evaluated(start, {name: scenarios[name] for name in batch})
        for name, tabulated in tabulate.items():
            parts[name].append(tabulated(start, found, batch))
    frames = {name: pd.concat(part) for name, part in parts.items()}
    return Changes(**({"places": pd.DataFrame()} | frames))


def _base(
    places: pd.DataFrame,
    tables: GateTables,
    own: Inside,
    decay: Decay,
    gravity: Gravity,
    base: Scenario,
) -> _Base:
    """Evaluate the border as it is."""
    ways = passages(tables, base), passages(tables, without_delays(base))
    inside = reached_inside(places, tables, own, ways, [decay])[:, :, 0]
    beyond = [reached_across(places, tables, own, case, [decay, Step(1.0)]) for case in ways]
    demand = cross_demand(places, tables, ways[0], gravity=replace(gravity, total=1.0))
    region, regions = pd.factorize(places["region_id"], sort=True)
    return _Base(
        tables=tables,
        own=own,
        decay=decay,
        population=population_of(places),
        region=region,
        regions=pd.Index(regions, name="region_id"),
        ways=ways,
        state=np.stack(
            [
                inside[0] + inside[1],
                beyond[0][:, 0],
                inside[0] + inside[2],
                beyond[1][:, 0],
                beyond[0][:, 1],
                _nearest(tables, ways[0]),
            ]
        ),
        demand=demand,
        begun=demand.to_gate.sum(axis=1),
        loads=checkpoint_loads(tables, ways[0], demand)["load"].to_numpy(float),
    )


def _nearest(tables: GateTables, ways: Passages) -> Floats:
    """Hours from each place to the nearest gate by which it can leave its side."""
    passable = np.isfinite(ways.delay)[tables.place_side]
    nearest: Floats = np.where(passable, tables.to_gate, np.inf).min(axis=1, initial=np.inf)
    return nearest


def _evaluated(base: _Base, scenarios: Mapping[str, Scenario]) -> _Found:
    """Evaluate a batch of scenarios."""
    tables = replace(base.tables, trees=None)
    work = partial(_block_ways, tables, list(scenarios.items()))
    cases = [pair for block in in_blocks(len(scenarios), work, size=4) for pair in block]
    as_is = [pair[0] for pair in cases]
    values = np.zeros((len(_VALUES), len(scenarios), len(base.population)))
    trips = np.zeros((*values.shape[1:], 3))
    loads = np.tile(base.loads, (len(scenarios), 1))
    for side in range(len(SIDES)):
        origins = base.own.origins[side]
        for free in (False, True):
            for back in (False, True):
                changed = _sums(base, cases, side, free=free, back=back)
                values[2 * free + (not back)][:, origins] = changed[:, :, 0]
                if not (free or back):
                    values[4][:, origins] = changed[:, :, 1]
        market = base.demand.markets[side]
        trips[:, market.origins], left, taken = _rerouted(base, as_is, side)
        for number, ways in enumerate(as_is):
            loads[number] -= _passed(left[number], base.ways[0], side)
            loads[number] += _passed(taken[number], ways, side)
    delay = np.stack([ways.delay for ways in as_is])
    # What is lost entirely must not leave a rest of rounding.
    values[:5] = (values[:5] + base.state[:5, None]).clip(min=0)
    values[5] = [_nearest(tables, ways) for ways in as_is]
    loads = np.where(np.isinf(delay).all(axis=1), 0.0, loads.clip(min=0))
    return _Found(values, trips, loads, delay)


def _block_ways(
    tables: GateTables, scenarios: list[tuple[str, Scenario]], some: slice
) -> list[tuple[Passages, Passages]]:
    """Ways under some scenarios, with delays and without."""
    found = []
    for name, what in scenarios[some]:
        try:
            found.append((passages(tables, what), passages(tables, without_delays(what))))
        except CheckpointError as error:
            raise CheckpointError(f"scenario {name!r}: {error}") from error
    return found


def _factors(
    tables: GateTables, ways: Sequence[Floats], ends: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int32]]:
    """Times from the gates before the first passages to the destinations, and last gates."""
    B = np.ascontiguousarray(tables.from_gate[:, ends])
    E = np.empty((len(ways), *B.shape))
    last = np.empty(E.shape, np.int32)
    for number, way in enumerate(ways):
        fill_times(NO_DIRECT, way, B, E[number], last[number])
    return E, last


def _compared(
    E: Floats, last: NDArray[np.int32]
) -> tuple[Floats, NDArray[np.int32], NDArray[np.bool_]]:
    """Factors of all scenarios but the first, and what differs from it."""
    rows = np.empty((len(E) - 1, 3, E.shape[1]), np.bool_)
    for number in range(len(rows)):
        compare_rows(E[0], last[0], E[number + 1], last[number + 1], rows[number])
    return E[1:], last[1:], rows


def _sums(
    base: _Base, cases: list[tuple[Passages, Passages]], side: int, *, free: bool, back: bool
) -> Floats:
    """Changes of the sums over one side's destinations, shape (S, N, D)."""
    functions = codes([base.decay] if free or back else [base.decay, Step(1.0)])
    ends, origins = base.own.destinations[side if back else 1 - side], base.own.origins[side]
    every = [base.ways, *cases]
    ways = [(pair[free].transit if back else pair[free].across)[side] for pair in every]
    E, last = _factors(base.tables, ways, ends)
    others, _, rows = _compared(E, last)
    some = np.flatnonzero(rows[:, :2].any(axis=(1, 2)))
    found = np.zeros((len(cases), len(origins), len(functions)))
    if len(some):
        work = partial(
            _block_sums,
            base.own if back else None,
            side,
            np.ascontiguousarray(base.tables.to_gate[origins]),
            (E[0], others[some], rows[some], base.population[ends], functions),
        )
        parts = in_blocks(len(origins), work, size=rows_at_once(len(ends)))
        found[some] = np.concatenate(list(parts), axis=1)
    return found


def _block_sums(own: Inside | None, side: int, A: Floats, compared: Any, rows: slice) -> Floats:
    """Changes of the sums of some origins."""
    direct = NO_DIRECT if own is None else own.block(side, rows)
    found = np.empty((len(compared[1]), len(A[rows]), len(compared[-1])))
    sum_changes(*(direct, A[rows], *compared, found))
    return found


def _rerouted(base: _Base, cases: list[Passages], side: int) -> tuple[Floats, Floats, Floats]:
    """Trips by scenario and origin, and by scenario the ways they leave and take."""
    market = base.demand.markets[side]
    ways = [case.across[side] for case in (base.ways[0], *cases)]
    E, last = _factors(base.tables, ways, market.destinations)
    work = partial(
        _block_rerouted,
        np.ascontiguousarray(base.tables.to_gate[market.origins]),
        (E[0], last[0], *_compared(E, last)),
        market.origin_mass,
        (market.destination_mass, np.array(base.demand.gravity.decay.code)),
    )
    trips, left, taken = zip(*in_blocks(len(market.origins), work), strict=True)
    return np.concatenate(trips, axis=1), np.sum(left, axis=0), np.sum(taken, axis=0)


def _block_rerouted(
    A: Floats,
    compared: Any,
    origin_mass: Floats,
    ends: tuple[Floats, Floats],
    rows: slice,
) -> tuple[Floats, Floats, Floats]:
    """Trips of some origins."""
    scenarios, _, gates = compared[-1].shape
    trips = np.empty((scenarios, len(A[rows]), 3))
    left, taken = np.zeros((2, scenarios, gates, gates))
    route_changes(*(A[rows], *compared, origin_mass[rows], *ends, trips, left, taken))
    return trips, left, taken


def _passed(flow: Floats, ways: Passages, side: int) -> Floats:
    """Passages of each gate by demand on ways of known first and last gate."""
    passed = np.zeros(len(flow))
    for first, last in np.argwhere(flow > 0):
        for (_, gate), (_, after) in pairwise(ways.hops(side, first, last, back=False)):
            if gate == after:
                passed[gate] += flow[first, last]
    return passed


def _measured(values: Floats) -> Floats:
    """The measures, in the order of `MEASURES`, from the values of places or regions."""
    own, across, own_open, across_open, within, hours = values
    free = own_open + across_open
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounding of the two sums must not make a loss below zero.
        effect = (1 - (own + across) / np.where(free > 0, free, np.nan)).clip(min=0)
    return np.stack([hours, within, own, across, effect])


def _beside(before: Floats, after: Floats) -> dict[str, Floats]:
    """Measures before and after, and by how much they change."""
    columns = {}
    for name, was, will_be in zip(MEASURES, _measured(before), _measured(after), strict=True):
        columns[f"{name}_before"] = np.broadcast_to(was, will_be.shape).ravel()
        columns[f"{name}_after"] = will_be.ravel()
        with np.errstate(invalid="ignore"):
            columns[f"{name}_change"] = (will_be - was).ravel()
    return columns


def _of_trips(trips: Floats, demand: Floats) -> dict[str, Floats]:
    """Shares of the demand, and hours, of trips by scenario and where they begin."""
    affected, extra, unserved = np.moveaxis(trips, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "affected_share": ((affected + unserved) / demand).ravel(),
            "extra_hours": (extra / affected).ravel(),
            "unserved_share": (unserved / demand).ravel(),
        }


def _totals(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Trips in all."""
    trips = found.trips.sum(axis=1)
    columns = _of_trips(trips, base.begun.sum())
    return pd.DataFrame({**columns, "extra_total": trips[:, 1]}, index=names)


def _regions(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Measures and trips by region."""
    weights = np.zeros((len(base.regions), len(base.population)))
    inside = np.flatnonzero(base.region >= 0)
    weights[base.region[inside], inside] = 1.0
    persons = weights * base.population
    index = pd.MultiIndex.from_product([names, base.regions])
    trips = np.einsum("rp,spt->srt", weights, found.trips)
    begun = weights @ base.begun
    columns = _beside(_means(base.state, persons), _means(found.state, persons))
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, hours in (("before", base.state[5]), ("after", found.state[5])):
            lost = np.isinf(hours).astype(float) @ persons.T / persons.sum(axis=1)
            columns[f"unreached_share_{name}"] = np.broadcast_to(lost, trips.shape[:2]).ravel()
    columns["demand_share"] = np.tile(begun, len(names))
    return pd.DataFrame(columns | _of_trips(trips, begun), index=index)


def _means(values: Floats, persons: Floats) -> Floats:
    """Means over the places of each region that have a finite value, shape (..., R)."""
    finite = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.where(finite, values, 0.0) @ persons.T / (finite @ persons.T)
    return means


def _places(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Measures and trips by place."""
    index = pd.MultiIndex.from_product([names, base.tables.place_ids.rename("place_id")])
    trips = _of_trips(found.trips, base.begun)
    return pd.DataFrame(_beside(base.state, found.state) | trips, index=index)


def _checkpoints(base: _Base, found: _Found, names: pd.Index[str]) -> pd.DataFrame:
    """Loads and delays by checkpoint."""
    index = pd.MultiIndex.from_product([names, base.tables.gates.index.rename("checkpoint_id")])
    return pd.DataFrame(
        {
            "load_share_before": np.tile(base.loads, len(names)),
            "load_share_after": found.loads.ravel(),
            "load_share_change": (found.loads - base.loads).ravel(),
            "delay_out_h": found.delay[:, 0].ravel(),
            "delay_in_h": found.delay[:, 1].ravel(),
        },
        index=index,
    )
