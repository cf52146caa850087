"""Which checkpoint causes how much of what delays cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential, codes
from geo_border.access.regions import population_of, weight_of
from geo_border.compute.compiled import in_blocks, kernel
from geo_border.ids import by_id, in_order_of
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.detours import Detours
from geo_border.routing.engine.kernels import impedance, shorten_tiles
from geo_border.routing.inside import rows_at_once
from geo_border.routing.scenarios import AS_IS, Scenario, delays, passages
from geo_border.routing.spots import OwnSpots, at_spots
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.crossing import Crossing
    from geo_border.routing.inside import Inside
    from geo_border.routing.travel import Travel


def loss_by_checkpoint(
    travel: Travel,
    *,
    decay: Decay = Exponential(),
    weight: str = "population",
    scenario: Scenario = AS_IS,
    steps: int = 4,
) -> pd.DataFrame:
    """Potential that each checkpoint's delay costs each origin.

    The rule is that of Aumann and Shapley: all delays grow together from nothing to what
    they are, and what a pair of places loses on the way is charged at every moment to the
    checkpoints that its fastest route then passes, in proportion to their delays. So the
    charges of a place add up to its whole loss, a checkpoint without delay is charged
    nothing, and one that a trip avoids because of its delay is charged for the part of
    the loss up to the moment of avoidance.

    Parameters
    ----------
    travel, decay, weight, scenario
        As in `geo_border.access.reach.potential`.
    steps
        Into how many equal steps the growth of the delays is cut. The sum is exact with
        any number, the split among checkpoints where a route changes at most once within
        each step.

    Returns
    -------
    DataFrame
        Index of `places` (missing for places that are no origins), a column for each
        checkpoint: persons (or the unit of `weight`). A row adds up to
        ``own_open + across_open - own - across`` of `potential`.

    Raises
    ------
    TableError
        If places and tables do not match or the weights are not sound.
    CheckpointError
        If the scenario does not fit the tables.

    References
    ----------
    Aumann & Shapley (1974), Values of Non-Atomic Games, Princeton; Billera & Heath (1982),
    Allocation of shared costs, Math. Oper. Res. 7(1) 32-39.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> gb.loss_by_checkpoint(trips).sum().idxmax()
    'bugristoe-kairak'
    """
    places, tables, own = travel.places, travel.tables, travel.own
    if isinstance(own, OwnSpots):
        spots = at_spots(travel, own, weight)
        lost = loss_by_checkpoint(spots, decay=decay, weight=weight, scenario=scenario, steps=steps)
        return lost.iloc[own.spot].set_axis(places.index)
    weights = weight_of(places, weight)
    full = delays(tables, scenario)
    full[np.isinf(full)] = 0.0
    growing = [
        passages(tables, replace(scenario, factor=scenario.factor * s / steps))
        for s in range(steps + 1)
    ]
    losses = np.full((len(places), tables.n_gates), np.nan)
    for side in range(len(SIDES)):
        origins = own.origins[side]
        losses[origins] = 0.0
        for back in (False, True):
            ends = own.destinations[side if back else 1 - side]
            tabulate = transit if back else across
            crossings = [
                tabulate(tables, routes, side, origins=origins, destinations=ends)
                for routes in growing
            ]
            charge = [(routes.counts(side, back=back) * full).sum(axis=2) for routes in growing]
            losses[origins] += _losses(
                own if back else None,
                side,
                np.ascontiguousarray(tables.to_gate[origins]),
                crossings,
                np.stack(charge),
                weights[ends],
                codes([decay])[0],
            )
    return pd.DataFrame(losses, index=places.index, columns=tables.gates.index)


def effect_by_checkpoint(losses: pd.DataFrame, potentials: pd.DataFrame) -> pd.DataFrame:
    """Part of the border effect of each place that each checkpoint causes.

    Parameters
    ----------
    losses
        Result of `loss_by_checkpoint`.
    potentials
        Result of `geo_border.access.reach.potential` for the same places, decay and scenario.

    Returns
    -------
    DataFrame
        Shape of `losses`: share of what the place would reach without delays. A row adds up
        to ``all`` of `geo_border.access.reach.border_effect`; missing where nothing is
        reached even so.

    Raises
    ------
    TableError
        If the rows do not match.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> losses, reached = gb.loss_by_checkpoint(trips), gb.potential(trips)
    >>> parts = gb.effect_by_checkpoint(losses, reached)
    >>> bool(abs(parts.sum(axis=1) - gb.border_effect(reached)["all"]).max() < 1e-9)
    True
    """
    potentials = by_id(potentials, "place_id")
    losses = in_order_of(losses, potentials, "place_id")
    free = potentials["own_open"] + potentials["across_open"]
    return losses.div(free.where(free > 0), axis=0)


def loss_shares(parts: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Share of each checkpoint in the border effect of each region.

    Parameters
    ----------
    parts
        Result of `effect_by_checkpoint`.
    places
        The same places; columns ``region_id`` and ``population``.

    Returns
    -------
    DataFrame
        Index ``region_id``, sorted; a column for each checkpoint, adding up to 1 over a
        row; missing where a region loses nothing.

    Raises
    ------
    TableError
        If the rows do not match or the population is not sound.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> losses, reached = gb.loss_by_checkpoint(trips), gb.potential(trips)
    >>> shares = gb.loss_shares(gb.effect_by_checkpoint(losses, reached), trips.places)
    >>> shares.loc["RU-ORE"].idxmax()
    'orsk-alimbet'
    """
    places = by_id(places, "place_id")
    parts = in_order_of(parts, places, "place_id")
    weighted = parts.fillna(0.0).mul(population_of(places), axis=0)
    total = weighted.groupby(places["region_id"]).sum()
    return total.div(total.sum(axis=1).where(lambda lost: lost > 0), axis=0)


def _losses(
    own: Inside | None,
    side: int,
    A: NDArray[np.float64],
    crossings: list[Crossing],
    charge: NDArray[np.float64],
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Losses of the origins by checkpoint; crossings and charges by step."""
    E = np.stack([crossing.E for crossing in crossings])
    last = np.stack([crossing.last for crossing in crossings])
    detours = Detours.of([crossings[0], crossings[-1]])
    work = partial(_block_losses, own, side, A, detours, E, last, charge, weight, code)
    parts = in_blocks(len(A), work, size=rows_at_once(E.shape[2]))
    return np.concatenate([np.empty((0, A.shape[1])), *parts])


def _block_losses(
    own: Inside | None,
    side: int,
    A: NDArray[np.float64],
    detours: Detours,
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    charge: NDArray[np.float64],
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    rows: slice,
) -> NDArray[np.float64]:
    """Losses of some origins by checkpoint."""
    losses = np.zeros(A[rows].shape)
    if own is None:
        direct, latest = NO_DIRECT, np.full((len(losses), detours.least[0].shape[1]), np.inf)
    else:
        direct = own.block(side, rows)
        latest = detours.latest(direct)
    (free, full), (free_least, full_least) = detours.legs, detours.least
    _charge_losses(
        *(direct, A[rows], free, full, free_least, full_least, latest, detours.order),
        *(E, last, charge, weight, code, losses),
    )
    return losses


@kernel
def _charge_losses(
    direct: NDArray[np.float64],
    A: NDArray[np.float64],
    free_legs: NDArray[np.float64],
    full_legs: NDArray[np.float64],
    free_least: NDArray[np.float64],
    full_least: NDArray[np.float64],
    latest: NDArray[np.float64],
    order: NDArray[np.int64],
    E: NDArray[np.float64],
    last: NDArray[np.int32],
    charge: NDArray[np.float64],
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    losses: NDArray[np.float64],
) -> None:
    """Add up losses of some origins by checkpoint; the first axis of tables is the step."""
    steps, _, n_ends = E.shape
    straight = np.full(n_ends, np.inf)
    times = np.empty((2, n_ends))
    first = np.empty((2, n_ends), np.int32)
    rows = np.zeros((2, A.shape[1]))
    for i in range(len(A)):
        if len(direct) > 0:
            straight[:] = direct[i]
        times[:], first[:] = straight, -1
        if shorten_tiles(A[i], free_legs, free_least, latest[i], order, times[0], first[0]) == 0:
            continue
        shorten_tiles(A[i], full_legs, full_least, latest[i], order, times[1], first[1])
        for j in range(n_ends):
            if weight[j] == 0.0 or not times[0, j] < times[1, j]:
                continue
            _charged(charge[0], last[0, :, j], first[0, j], rows[0])
            _charged(charge[-1], last[-1, :, j], first[1, j], rows[1])
            # Time is concave: where it ends as it began, it is straight in between.
            if (rows[0] == rows[1]).all():
                _charge_step(times[0, j], times[1, j], rows, 1.0, weight[j], code, losses[i])
                continue
            before = times[0, j]
            for s in range(1, steps):
                after, gate = _fastest(A[i], E[s, :, j], straight[j])
                _charged(charge[s], last[s, :, j], gate, rows[1])
                if before < after:
                    _charge_step(before, after, rows, 1 / (steps - 1), weight[j], code, losses[i])
                before = after
                rows[0] = rows[1]


@kernel
def _fastest(A: NDArray[np.float64], E: NDArray[np.float64], direct: float) -> tuple[float, int]:
    """Time of a pair and the gate it first passes, -1 for none."""
    least, gate = direct, -1
    for k in range(len(A)):
        if A[k] + E[k] < least:
            least, gate = A[k] + E[k], k
    return least, gate


@kernel
def _charged(
    charge: NDArray[np.float64], last: NDArray[np.int32], gate: int, row: NDArray[np.float64]
) -> None:
    """Delays on the route that first passes a gate, none without; `last` is by first gate."""
    if gate >= 0:
        row[:] = charge[gate, last[gate]]
    else:
        row[:] = 0.0


@kernel
def _charge_step(
    before: float,
    after: float,
    rows: NDArray[np.float64],
    step: float,
    weight: float,
    code: NDArray[np.float64],
    losses: NDArray[np.float64],
) -> None:
    """Charge what a pair loses in one step to the gates of its routes at both ends.

    Time is a concave, piecewise linear function of the size of the delays: it rises along
    the route of the left end, then along that of the right. Its slopes are the delays on
    the routes.
    """
    slopes = rows[0].sum(), rows[1].sum()
    turn = after
    if slopes[0] == 0.0:
        turn = before
    elif slopes[0] > slopes[1] > 0.0:
        along = (after - before - step * slopes[1]) / (slopes[0] - slopes[1])
        turn = min(max(before + along * slopes[0], before), after)
    at_turn = impedance(code, turn)
    for end, lost in (
        (0, impedance(code, before) - at_turn),
        (1, at_turn - impedance(code, after)),
    ):
        if lost != 0.0 and slopes[end] > 0.0:
            losses += weight * lost / slopes[end] * rows[end]
