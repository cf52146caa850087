"""What a shorter delay at a checkpoint would bring each region."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential
from geo_border.access.regions import population_of
from geo_border.compute.compiled import in_blocks, kernel
from geo_border.errors import ParameterError, TableError
from geo_border.routing.crossing import across
from geo_border.routing.engine.kernels import impedance, shorten
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.traffic.demand import Gravity, cross_demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel
    from geo_border.traffic.demand import Demand


def delay_gains(
    travel: Travel,
    *,
    cut_h: float = 1.0,
    decay: Decay = Exponential(),
    gravity: Gravity = Gravity(),
    scenario: Scenario = AS_IS,
    among: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Shorten the delay of one checkpoint at a time and see what each region gains.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    cut_h
        By how much the delay falls in both directions, hours, to 0 at the least.
    decay
        Impedance function of the potential.
    gravity
        Demand model; `Gravity.total` does not matter.
    scenario
        What is different at the border beforehand.
    among
        Which places travel, shape (P,); all if not given. They are also the population
        that the potential counts.

    Returns
    -------
    DataFrame
        For each open checkpoint and each region: ``checkpoint_id``, ``region_id``,
        ``delay_cut_h`` (the larger of the two directions, hours),
        ``potential_across_gain`` (persons, population-weighted mean over the region's
        travelling places) and ``hours_saved`` (fall of the mean travel time of the trips
        that begin in the region, demand as before; missing where none begins).

    Raises
    ------
    ParameterError
        If `cut_h` is not positive.
    TableError, SideError
        As `geo_border.traffic.demand.cross_demand`.
    CheckpointError
        If the scenario does not fit the tables.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> gains = gb.delay_gains(trips, cut_h=1)
    >>> gains.nlargest(1, "potential_across_gain")["checkpoint_id"].tolist()
    ['bugristoe-kairak']
    """
    places, tables = travel.places, travel.tables
    if not cut_h > 0:
        raise ParameterError(f"cut_h must be positive, not {cut_h}")
    if "region_id" not in places.columns:
        raise TableError("places lack the column 'region_id'")
    routes = passages(tables, scenario)
    demand = cross_demand(travel, routes, gravity=replace(gravity, total=1.0), among=among)
    gates = np.flatnonzero(np.isfinite(routes.delay).any(axis=0))
    delay = routes.delay[:, gates]
    shorter = np.maximum(delay - cut_h, 0.0)
    cut_ways = []
    for gate, hours in zip(gates, shorter.T, strict=True):
        other = dict(zip(tables.gates.index[gates], delay.T.tolist(), strict=True))
        other[tables.gates.index[int(gate)]] = hours.tolist()
        cut_ways.append(passages(tables, _exactly(tables, other)))

    population = population_of(places)
    gain = np.zeros((len(places), len(gates)))
    saved = np.zeros((len(places), len(gates)))
    trips = np.zeros(len(places))
    for side in range(2):
        origins = demand.markets[side].origins
        found = _gains(tables, demand, side, cut_ways, population, np.array(decay.code))
        gain[origins], saved[origins], trips[origins] = found

    with np.errstate(invalid="ignore"):
        fall = np.nan_to_num(delay - shorter).max(axis=0, initial=0.0)
    inside = places["region_id"].notna().to_numpy() & (population > 0)
    if among is not None:
        inside &= among
    region, names = pd.factorize(places["region_id"][inside], sort=True)
    with np.errstate(invalid="ignore"):
        gain = _totals(gain * population[:, None], inside, region) / _totals(
            population[:, None], inside, region
        )
        saved = _totals(saved, inside, region) / _totals(trips[:, None], inside, region)
    return pd.DataFrame(
        {
            "checkpoint_id": np.repeat(tables.gates.index[gates], len(names)),
            "region_id": np.tile(np.asarray(names, object), len(gates)),
            "delay_cut_h": np.repeat(fall, len(names)),
            "potential_across_gain": gain.T.ravel(),
            "hours_saved": saved.T.ravel(),
        }
    )


def _totals(
    values: NDArray[np.float64], inside: NDArray[np.bool_], region: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Sums by region of the rows of the places inside."""
    sums = np.zeros((region.max(initial=-1) + 1, values.shape[1]))
    np.add.at(sums, region, values[inside])
    return sums


def _exactly(tables: GateTables, delay_h: dict[str, tuple[float, float]]) -> Scenario:
    """Scenario in which only the named checkpoints are open, with these delays."""
    others = tables.gates.index.difference(list(delay_h))
    return Scenario(close=others, open=delay_h, delay=delay_h)


def _gains(
    tables: GateTables,
    demand: Demand,
    side: int,
    cut_ways: list[Passages],
    population: NDArray[np.float64],
    code: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Gain in potential and hours saved by origin and scenario, and trips by origin."""
    market = demand.markets[side]
    base = market.crossing
    cut = [
        across(tables, routes, side, origins=market.origins, destinations=market.destinations).E
        for routes in cut_ways
    ]
    E_cut = np.array(cut).reshape(len(cut), *base.E.shape)
    changed = np.any(E_cut < base.E, axis=2)
    demand_code = np.array(demand.gravity.decay.code)
    A = tables.to_gate[market.origins]
    tabled = base.E, E_cut, changed, population[market.destinations], code
    masses = market.origin_mass, market.destination_mass
    parts = list(in_blocks(len(A), partial(_block_gains, A, tabled, masses, demand_code)))
    gain, saved, trips = (np.concatenate(column) for column in zip(*parts, strict=True))
    return gain, saved, trips


def _block_gains(
    A: NDArray[np.float64],
    tabled: Any,
    masses: tuple[NDArray[np.float64], NDArray[np.float64]],
    demand_code: NDArray[np.float64],
    rows: slice,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Gains of some origins."""
    E, E_cut, changed, weight, code = tabled
    masses = masses[0][rows], masses[1]
    result: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] = _improve(
        A[rows], E, E_cut, changed, weight, code, *masses, demand_code
    )
    return result


@kernel
def _improve(
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    E_cut: NDArray[np.float64],
    changed: NDArray[np.bool_],
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    origin_mass: NDArray[np.float64],
    destination_mass: NDArray[np.float64],
    demand_code: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Gains of some origins; only gates whose tables fell are looked at again."""
    n_scenarios, n_gates, n_ends = E_cut.shape
    gain = np.zeros((len(A), n_scenarios))
    saved = np.zeros((len(A), n_scenarios))
    trips = np.zeros(len(A))
    times = np.empty(n_ends)
    faster = np.empty(n_ends)
    flow = np.empty(n_ends)
    for i in range(len(A)):
        times[:] = np.inf
        shorten(A[i], E, times)
        for j in range(n_ends):
            flow[j] = origin_mass[i] * destination_mass[j] * impedance(demand_code, times[j])
            trips[i] += flow[j]
        for s in range(n_scenarios):
            faster[:] = times
            for k in range(n_gates):
                if changed[s, k]:
                    shorten(A[i, k : k + 1], E_cut[s, k : k + 1], faster)
            for j in range(n_ends):
                if faster[j] < times[j]:
                    gain[i, s] += weight[j] * (
                        impedance(code, faster[j]) - impedance(code, times[j])
                    )
                    if times[j] < np.inf:
                        saved[i, s] += flow[j] * (times[j] - faster[j])
    return gain, saved, trips
