"""How much longer trips take than they could: network efficiency, and detours by checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.pairs import Behind, across_pairs, inside_pairs
from geo_border.access.reach import without_delays
from geo_border.access.regions import weight_of
from geo_border.compute.compiled import kernel
from geo_border.errors import GeometryError
from geo_border.geometry.geodesic import geodesic_km, reduced_vectors
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.spots import OwnSpots, at_spots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel


def network_efficiency(
    travel: Travel,
    *,
    reference_kmh: float = 90.0,
    weight: str = "population",
    apart_km: NDArray[np.float64] | float = 0.0,
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Mean ratio of travel times to those along a straight line at a reference speed.

    ``E_i = Σ_j P_j (t_ij / t*_ij) / Σ_j P_j`` with ``t* = d_geodesic / v_ref``: 1 where every
    trip takes what a straight road would, 2 where it takes twice as long. A place is no
    destination of its own. Pairs without a way are counted, never averaged. Costs one look
    at each pair (of spots, as `geo_border.access.reach.potentials`) and case, in blocks: no
    N x M matrix is held.

    Parameters
    ----------
    travel
        The trips; a value is given to the origins of their times inside the sides.
    reference_kmh
        Speed along the straight line, km an hour.
    weight
        Column of `places` that weighs the destinations.
    apart_km
        How far each place is from the network, km: a pair no farther apart than both
        together is beside the network, and left out.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; ratios ``own``,
        ``across`` under the scenario, ``own_open`` and ``across_open`` without delays,
        ``own_closed``; and for each of them, such as ``across_unreached``, the share of the
        weight that no way leads to.

    Raises
    ------
    GeometryError
        If the places are not in EPSG:4326.
    TableError
        If places and tables do not match or the weights are not sound.
    SideError, CheckpointError
        As in `geo_border.access.reach.potential`.

    References
    ----------
    Gutiérrez (2001), J. Transp. Geogr. 9(4) 229-242; Christodoulou & Christidis (2019),
    Sustainability 11(14) 4000; (2020), J. Transp. Geogr. 83 102666.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> efficiency = gb.network_efficiency(trips, reference_kmh=90)
    >>> bool(efficiency["across"].mean() > efficiency["across_open"].mean())
    True
    """
    places, tables, own = travel.places, travel.tables, travel.own
    weights, points = _located(travel, weight)
    apart = np.broadcast_to(np.asarray(apart_km, np.float64), len(points))
    if isinstance(own, OwnSpots):
        # No pair of a spot counts: its places are at one point.
        spots = at_spots(travel, own, weight)
        ratios = network_efficiency(
            spots,
            reference_kmh=reference_kmh,
            weight=weight,
            apart_km=apart[own.first],
            scenario=scenario,
        )
        return ratios.iloc[own.spot].set_axis(places.index)
    measure = Ratios(weights, points, points, reference_kmh, apart, apart)
    return efficiency_of(tables, own, measure, scenario=scenario).set_axis(places.index)


def efficiency_of(
    tables: GateTables,
    own: Inside,
    measure: Ratios,
    *,
    scenario: Scenario = AS_IS,
    behind: Behind | None = None,
) -> pd.DataFrame:
    """Network efficiency of the origins of tables, or of those behind them.

    Parameters
    ----------
    tables, own, scenario
        As in `network_efficiency`.
    measure
        Where trips begin and end, and what they are compared with.
    behind
        Whose trips begin at the origins; the origins' own if not given.

    Returns
    -------
    DataFrame
        The columns of `network_efficiency`, a row for each place or for each behind.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    as_is, open_ = (passages(tables, what) for what in (scenario, without_delays(scenario)))
    inside = inside_pairs(tables, own, (as_is, open_, None), measure, behind=behind)
    beyond = across_pairs(tables, own, (as_is, open_), measure, behind=behind)
    columns: dict[str, NDArray[np.float64]] = {}
    for sums, names in (
        (inside, ("own", "own_open", "own_closed")),
        (beyond, ("across", "across_open")),
    ):
        for case, name in enumerate(names):
            columns |= _shares(name, sums[:, 3 * case : 3 * case + 3])
    order = ["own", "across", "own_open", "across_open", "own_closed"]
    order += [f"{name}_unreached" for name in order]
    return pd.DataFrame(columns)[order]


def checkpoint_detour(
    travel: Travel,
    *,
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """What closed and missing checkpoints cost: way by open ones over way by any.

    For each pair across the border the driving time by the checkpoints that are open,
    without delays, over that of the shortest physical way, on which every gate of the tables
    may be passed: the closed ones, and the unserved crossings if they have gates. 1 where
    the nearest crossing is open. Delays are in neither, so that the ratio isolates status.
    Costs one look at each pair across, in blocks.

    Parameters
    ----------
    travel, weight
        As in `network_efficiency`.
    scenario
        What is different at the border; its closures count, its delays do not.

    Returns
    -------
    DataFrame
        Index of `places`, missing for places that are no origins; ``checkpoint_detour``
        (mean ratio over the destinations across, weighted), ``checkpoint_detour_unreached``
        (share of the weight that only a closed or missing checkpoint leads to, or nothing)
        and ``detour_hours`` (mean hours that it costs, driving).

    Raises
    ------
    GeometryError, TableError, SideError, CheckpointError
        As in `network_efficiency`.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network(), candidates=True)
    >>> detour = gb.checkpoint_detour(trips)["checkpoint_detour"].dropna()
    >>> bool((detour >= 1).all())
    True
    """
    places, tables, own = travel.places, travel.tables, travel.own
    weights, _ = _located(travel, weight)
    if isinstance(own, OwnSpots):
        found = checkpoint_detour(at_spots(travel, own, weight), weight=weight, scenario=scenario)
        return found.iloc[own.spot].set_axis(places.index)
    return detour_of(tables, own, weights, scenario=scenario).set_axis(places.index)


def detour_of(
    tables: GateTables,
    own: Inside,
    weight: NDArray[np.float64],
    *,
    scenario: Scenario = AS_IS,
    behind: Behind | None = None,
) -> pd.DataFrame:
    """Checkpoint detour of the origins of tables, or of those behind them.

    Parameters
    ----------
    tables, own, scenario
        As in `checkpoint_detour`.
    weight
        Of the destinations, shape (P,).
    behind
        Whose trips begin at the origins; the origins' own if not given.

    Returns
    -------
    DataFrame
        The columns of `checkpoint_detour`, a row for each place or for each behind.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    routes = [passages(tables, what) for what in (without_delays(scenario), every_gate(tables))]
    sums = across_pairs(tables, own, routes, DetourSums(weight), behind=behind)
    return pd.DataFrame(detour_columns(sums))


def detour_columns(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Columns of `checkpoint_detour` from what `DetourSums` sums.

    Parameters
    ----------
    sums
        Of ratios, reached weight, unreached weight and hours, shape (N, 4).

    Returns
    -------
    dict
        Arrays by the name of the column.
    """
    columns = _shares("checkpoint_detour", sums[:, :3])
    with np.errstate(invalid="ignore"):
        columns["detour_hours"] = sums[:, 3] / sums[:, 1]
    return columns


def every_gate(tables: GateTables) -> Scenario:
    """Let everybody pass every gate without delay.

    Parameters
    ----------
    tables
        Checkpoint tables.

    Returns
    -------
    Scenario
        The border as the ground has it, whatever the status of checkpoints.
    """
    names = [str(name) for name in tables.gates.index]
    free = dict.fromkeys(names, (0.0, 0.0))
    return replace(AS_IS, open=names, delay=free, factor=0.0)


def _located(travel: Travel, weight: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and positions of the places, checked."""
    places = travel.places
    if places.crs is None or places.crs.to_epsg() != 4326:
        raise GeometryError("the places are not in EPSG:4326", remedy="Use to_crs(4326)")
    weights = weight_of(travel.places, weight)
    return weights, reduced_vectors(places.geometry.x, places.geometry.y)


def _shares(name: str, sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Mean ratio and unreached share from sums of ratios, reached and unreached weight."""
    ratio, reached, lost = sums.T
    with np.errstate(invalid="ignore"):
        return {name: ratio / reached, f"{name}_unreached": lost / (reached + lost)}


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """Weighted ratios of times to straight ones, for `geo_border.access.pairs`.

    Parameters
    ----------
    weight
        Of the destinations, shape (P,).
    starts, points
        Where origins, or those behind them, and destinations are, as
        `geo_border.geometry.geodesic.reduced_vectors` gives it.
    kmh
        Speed along the straight line.
    start_km, end_km
        Pairs no farther apart than the kilometres of start and destination together are at
        one place, and left out.
    """

    weight: NDArray[np.float64]
    starts: NDArray[np.float64]
    points: NDArray[np.float64]
    kmh: float
    start_km: NDArray[np.float64]
    end_km: NDArray[np.float64]

    def __call__(
        self, times: NDArray[np.float64], origins: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Sum of ratios, reached weight and unreached weight for each case."""
        sums = np.zeros((len(origins), 3 * len(times)))
        start, start_km = self.starts[origins], self.start_km[origins]
        end, end_km = self.points[ends], self.end_km[ends]
        _sum_ratios(times, start, end, start_km, end_km, self.weight[ends], self.kmh, sums)
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class DetourSums:
    """Weighted ratios of times under the first case to those under the second.

    Parameters
    ----------
    weight
        Of the destinations, shape (P,).
    """

    weight: NDArray[np.float64]

    def __call__(
        self, times: NDArray[np.float64], origins: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Sum of ratios, reached weight, unreached weight, sum of hours lost."""
        sums = np.zeros((len(origins), 4))
        _sum_detours(times, self.weight[ends], sums)
        return sums


@kernel
def _sum_ratios(
    times: NDArray[np.float64],
    start: NDArray[np.float64],
    ends: NDArray[np.float64],
    start_km: NDArray[np.float64],
    end_km: NDArray[np.float64],
    weight: NDArray[np.float64],
    kmh: float,
    sums: NDArray[np.float64],
) -> None:
    """Add up ratios of times to straight ones; pairs at one place are left out."""
    km = np.empty(len(ends))
    for i in range(len(start)):
        geodesic_km(start[i], ends, km)
        for j in range(len(ends)):
            if km[j] <= start_km[i] + end_km[j]:
                continue
            for case in range(len(times)):
                hours = times[case, i, j]
                if hours < np.inf:
                    sums[i, 3 * case] += weight[j] * hours * kmh / km[j]
                    sums[i, 3 * case + 1] += weight[j]
                else:
                    sums[i, 3 * case + 2] += weight[j]


@kernel
def _sum_detours(
    times: NDArray[np.float64], weight: NDArray[np.float64], sums: NDArray[np.float64]
) -> None:
    """Add up ratios of the first times to the second; no time at all is no detour."""
    for i in range(times.shape[1]):
        for j in range(len(weight)):
            hours, least = times[0, i, j], times[1, i, j]
            if hours == np.inf:
                sums[i, 2] += weight[j]
                continue
            sums[i, 0] += weight[j] * (hours / least if least > 0.0 else 1.0)
            sums[i, 1] += weight[j]
            sums[i, 3] += weight[j] * (hours - least)
