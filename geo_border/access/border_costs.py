"""What a border costs its people, apart by missing checkpoints, by delays and by queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import Decay, Exponential, codes
from geo_border.access.efficiency import DetourSums, detour_columns, every_gate
from geo_border.access.pairs import across_pairs
from geo_border.access.reach import without_delays
from geo_border.access.regions import weight_of
from geo_border.compute.compiled import kernel
from geo_border.routing.engine.kernels import impedance
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.spots import OwnSpots, at_spots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.travel import Travel

CAUSES = ("detours", "delays", "queues")
"""What takes time at a border, in the order in which it comes to a trip."""


def border_costs(
    travel: Travel,
    *,
    decay: Decay = Exponential(),
    weight: str = "population",
    scenario: Scenario = AS_IS,
    unqueued: Scenario | None = None,
) -> pd.DataFrame:
    """Hours and people that the border takes from each origin, apart by what takes them.

    Four borders stand beside each other: every gate of the tables may be passed without delay
    (as in `geo_border.access.efficiency.checkpoint_detour`), those that are open may, they may
    with their delays, and with queues too. What is lost from one to the next is the loss by
    detours, delays and queues; they add up. Hours are means over the people across, each
    counted as at the first of these borders: whom one would go to if there was none.

    Parameters
    ----------
    travel
        The trips, their tables with closed checkpoints, and unserved crossings if they are to
        count.
    decay
        Impedance function.
    weight
        Column of `places` with those who are reached.
    scenario
        What is different at the border, queues included.
    unqueued
        The same border if nobody queued; without it delays and queues are not told apart.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; the columns of
        `geo_border.access.efficiency.checkpoint_detour`; ``lost_to_detours``,
        ``lost_to_delays`` and, with `unqueued`, ``lost_to_queues`` (persons or the unit of
        `weight`, discounted), and the same with ``hours_`` before it (hours a trip, of the
        trips that find a way).

    Raises
    ------
    TableError, CheckpointError
        As in `geo_border.access.reach.potential`.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network(), candidates=True)
    >>> lost = gb.by_region(gb.border_costs(trips), trips.places)
    >>> lost["hours_lost_to_detours"].idxmax()
    'RU-SAM'
    """
    places, own = travel.places, travel.own
    if isinstance(own, OwnSpots):
        found = border_costs(
            at_spots(travel, own, weight),
            decay=decay,
            weight=weight,
            scenario=scenario,
            unqueued=unqueued,
        )
        return found.iloc[own.spot].set_axis(places.index)
    borders = [without_delays(scenario), every_gate(travel.tables), scenario]
    if unqueued is not None:
        borders.insert(2, unqueued)
    routes = [passages(travel.tables, what) for what in borders]
    measure = _Costs(weight_of(places, weight), codes([decay])[0])
    sums = across_pairs(travel.tables, own, routes, measure)
    causes = CAUSES[: len(borders) - 1]
    of_detours, counted, lost = sums[:, :4], sums[:, 4], sums[:, 5:]
    columns = detour_columns(of_detours)
    for number, cause in enumerate(causes):
        columns[f"lost_to_{cause}"] = lost[:, number]
        with np.errstate(invalid="ignore"):
            columns[f"hours_lost_to_{cause}"] = lost[:, len(causes) + number] / counted
    return pd.DataFrame(columns, index=places.index)


@dataclass(frozen=True, slots=True, eq=False)
class _Costs:
    """Losses between borders: the open one, that of every gate, and those with delays."""

    weight: NDArray[np.float64]
    code: NDArray[np.float64]

    def __call__(
        self, times: NDArray[np.float64], origins: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Sums of detours; weight that counts for hours; persons and hours by cause."""
        detours = DetourSums(self.weight)(times[:2], origins, ends)
        losses = np.zeros((len(origins), 2 * len(times) - 1))
        order = np.array([1, 0, *range(2, len(times))])
        _sum_losses(times, order, self.weight[ends], self.code, losses)
        return np.hstack([detours, losses])


@kernel
def _sum_losses(
    times: NDArray[np.float64],
    order: NDArray[np.int64],
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add up what is lost from each border to the next; no time at all is no hours."""
    causes = len(order) - 1
    for i in range(times.shape[1]):
        for j in range(len(weight)):
            first = times[order[0], i, j]
            if first == np.inf or weight[j] == 0.0:
                continue
            counted = weight[j] * impedance(code, first)
            reached = counted
            ends = times[order[causes], i, j] < np.inf
            if ends:
                sums[i, 0] += counted
            for cause in range(causes):
                before, after = times[order[cause], i, j], times[order[cause + 1], i, j]
                if not before < after:
                    continue
                left = weight[j] * impedance(code, after) if after < np.inf else 0.0
                sums[i, 1 + cause] += reached - left
                reached = left
                if ends:
                    sums[i, 1 + causes + cause] += counted * (after - before)
