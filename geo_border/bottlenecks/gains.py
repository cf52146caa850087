"""What a shorter delay at a checkpoint would bring each region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from geo_border.access.decay import Decay, Exponential, codes
from geo_border.bottlenecks.change_tiles import changed_sums
from geo_border.errors import ParameterError, TableError
from geo_border.routing.pair_tiles import tiled
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.spots import merge
from geo_border.traffic.demand import Gravity, demand_at, masses, travellers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel


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
    merged = merge(travel)
    persons = travellers(travel, among)
    demand = demand_at(merged, routes, replace(gravity, total=1.0), persons)
    gates = np.flatnonzero(np.isfinite(routes.delay).any(axis=0))
    delay = routes.delay[:, gates]
    shorter = np.maximum(delay - cut_h, 0.0)
    cut_ways = []
    for gate, hours in zip(gates, shorter.T, strict=True):
        other = dict(zip(tables.gates.index[gates], delay.T.tolist(), strict=True))
        other[tables.gates.index[int(gate)]] = hours.tolist()
        cut_ways.append(passages(tables, _exactly(tables, other)))

    spots = merged.travel.tables
    gain, saved = np.zeros((2, len(gates), len(merged.travel.places)))
    for side, market in enumerate(demand.markets):
        pairs = tiled(spots, market.origins, market.destinations)
        found = changed_sums(
            pairs,
            routes.across[side],
            np.array([way.across[side] for way in cut_ways]).reshape(
                len(cut_ways), *spots.within.shape[1:]
            ),
            codes([decay]),
            merged.total(persons),
            market=market,
            demand_code=codes([gravity.decay])[0],
        )
        gain[:, pairs.origins], saved[:, pairs.origins] = found.sums[:, 0], -found.moved[:, 1]

    # Each place of a spot gains the same, and begins its part of the trips.
    inside = np.flatnonzero(places["region_id"].notna().to_numpy() & (persons > 0))
    region, names = pd.factorize(places["region_id"].iloc[inside], sort=True)
    at = region, merged.spot[inside]
    shape = len(names), len(merged.travel.places)
    living = coo_array((persons[inside], at), shape).tocsr()
    begin = merged.share(masses(gravity, persons)[0])[inside]
    trips = coo_array((begin, at), shape).tocsr()
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = living @ gain.T / living.sum(axis=1)[:, None]
        saved = trips @ saved.T / (trips @ demand.to_gate.sum(axis=1))[:, None]
    with np.errstate(invalid="ignore"):
        fall = np.nan_to_num(delay - shorter).max(axis=0, initial=0.0)
    return pd.DataFrame(
        {
            "checkpoint_id": np.repeat(tables.gates.index[gates], len(names)),
            "region_id": np.tile(np.asarray(names, object), len(gates)),
            "delay_cut_h": np.repeat(fall, len(names)),
            "potential_across_gain": gain.T.ravel(),
            "hours_saved": saved.T.ravel(),
        }
    )


def _exactly(tables: GateTables, delay_h: dict[str, tuple[float, float]]) -> Scenario:
    """Scenario in which only the named checkpoints are open, with these delays."""
    others = tables.gates.index.difference(list(delay_h))
    return Scenario(close=others, open=delay_h, delay=delay_h)
