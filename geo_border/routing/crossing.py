"""Pairs of places through the gates: factored times, the matrix, and fused sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.compute.compiled import in_blocks
from geo_border.routing.detours import Detours
from geo_border.routing.engine.kernels import fill_times, sum_direct, sum_gains
from geo_border.routing.inside import rows_at_once
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tiles import tile_closures, tile_sums
from geo_border.terms import CAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables

NO_DIRECT = np.empty((0, 0))
"""What kernels take for the direct times where every pair must pass the border."""


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """Times of N x M pairs as two factors: ``t_ij = min_k A[i, k] + E[k, j]``.

    Parameters
    ----------
    A
        From the origins to the gate node before the first passage k, hours, shape (N, K).
    E
        From there to the destinations, passages included, hours, shape (K, M).
    last
        Gate of the last passage of the trips in `E`, -1 where there is none,
        shape (K, M).
    """

    A: NDArray[np.float64]
    E: NDArray[np.float64]
    last: NDArray[np.int32]

    def matrix(
        self, direct: NDArray[np.float64] = NO_DIRECT
    ) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
        """Times of all pairs, with the gates of the first and the last passage.

        Parameters
        ----------
        direct
            Hours without passing the border, shape (N, M), for pairs on one side.

        Returns
        -------
        times : ndarray
            Hours, infinite where there is no way, shape (N, M).
        first, last : ndarray
            Gates, -1 for pairs that do not pass the border, shape (N, M).
        """
        shape = len(self.A), self.E.shape[1]
        parts = list(in_blocks(len(self.A), partial(_times, direct, self.A, self.E)))
        times = np.concatenate([np.empty((0, shape[1])), *(part for part, _ in parts)])
        first = np.concatenate([np.empty((0, shape[1]), np.int32), *(part for _, part in parts)])
        last = np.full_like(first, -1)
        row, column = np.nonzero(first >= 0)
        last[row, column] = self.last[first[row, column], column]
        return times, first, last.astype(np.int32)

    def sums(
        self,
        weight: NDArray[np.float64],
        codes: NDArray[np.float64],
        *,
        dtype: type[np.float64 | np.float32] = np.float64,
    ) -> NDArray[np.float64]:
        """Weighted sums of impedance functions over the destinations, without the matrix.

        Parameters
        ----------
        weight
            Opportunities at the destinations, shape (M,).
        codes
            Impedance functions as `geo_border.routing.engine.kernels.impedance` takes them,
            shape (D, 3).
        dtype
            Type in which times are added and compared; float32 (2e-7 of a time) takes
            half as long.

        Returns
        -------
        ndarray
            Shape (N, D).
        """
        A, E = _of_type(self, dtype)
        return tile_sums(A, E, weight, codes)


def own_sums(
    own: Inside,
    side: int,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    transits: Sequence[Crossing] = (),
) -> NDArray[np.float64]:
    """Weighted sums of impedance functions over the own side, in one pass over its times.

    Costs ``N M`` evaluations of each function and looks at the times, `K` more a tile of
    destinations and scenario, and `K` more for each pair of a tile where a way through the other
    side may be faster. Memory holds a block of origins.

    Parameters
    ----------
    own
        Times inside the sides, held or searched for: each is asked for once.
    side
        Position in `geo_border.terms.SIDES`.
    weight
        Opportunities at the destinations of the side, shape (M,).
    codes
        As in `Crossing.sums`.
    transits
        Ways by the other side under some scenarios, from the same origins to the same
        destinations, as `transit` gives them.

    Returns
    -------
    ndarray
        Sums over the times inside, and then for each of `transits` what it adds to them,
        shape (1 + transits, N, D).
    """
    shape = 1 + len(transits), len(own.origins[side]), len(codes)
    detours = Detours.of(transits) if transits else None
    work = partial(_own_sums, own, side, weight, codes, detours)
    parts = in_blocks(shape[1], work, size=rows_at_once(len(weight)))
    return np.concatenate([np.empty((shape[0], 0, shape[2])), *parts], axis=1)


def _own_sums(
    own: Inside,
    side: int,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    detours: Detours | None,
    rows: slice,
) -> NDArray[np.float64]:
    """Sums of `own_sums` over some origins."""
    direct = own.block(side, rows)
    sums = np.empty((1 + (len(detours.A) if detours else 0), len(direct), len(codes)))
    sum_direct(direct, weight, codes, sums[0])
    if detours:
        latest, order = detours.latest(direct), detours.order
        routes = zip(detours.A, detours.legs, detours.least, strict=True)
        for gained, (A, legs, least) in zip(sums[1:], routes, strict=True):
            sum_gains(direct, A[rows], legs, least, latest, order, weight, codes, gained)
    return sums


def _times(
    direct: NDArray[np.float64], A: NDArray[np.float64], E: NDArray[np.float64], rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Times and first gates of some origins."""
    A = A[rows]
    times, first = np.empty((len(A), E.shape[1])), np.empty((len(A), E.shape[1]), np.int32)
    fill_times(direct[rows], A, E, times, first)
    return times, first


def across(
    tables: GateTables,
    passages: Passages,
    side: int,
    *,
    origins: NDArray[np.int64] | None = None,
    destinations: NDArray[np.int64] | None = None,
) -> Crossing:
    """Factored times from places of one side to places of the other.

    Parameters
    ----------
    tables
        Checkpoint tables.
    passages
        Ways between the gates.
    side
        Side of the origins, position in `geo_border.terms.SIDES`.
    origins, destinations
        Positions of places; all of the side and all of the other side if not given.

    Returns
    -------
    Crossing
        Exact for any number of passages.
    """
    origins = tables.places_on(side) if origins is None else origins
    destinations = tables.places_on(1 - side) if destinations is None else destinations
    return _crossing(tables, passages.across[side], origins, destinations)


def transit(
    tables: GateTables,
    passages: Passages,
    side: int,
    *,
    origins: NDArray[np.int64] | None = None,
    destinations: NDArray[np.int64] | None = None,
) -> Crossing:
    """Factored times between places of one side by way of the other.

    Only ways that can beat the direct one are in it: combine with the direct times.

    Parameters
    ----------
    tables
        Checkpoint tables.
    passages
        Ways between the gates.
    side
        Side of origins and destinations.
    origins, destinations
        Positions of places; all of the side if not given.

    Returns
    -------
    Crossing
        With no gate at all in it where no way through the other side can be faster.
    """
    origins = tables.places_on(side) if origins is None else origins
    destinations = tables.places_on(side) if destinations is None else destinations
    return _crossing(tables, passages.transit[side], origins, destinations)


def closure_sums(
    tables: GateTables,
    side: int,
    weight: NDArray[np.float64],
    codes: NDArray[np.float64],
    *,
    scenario: Scenario = AS_IS,
    origins: NDArray[np.int64] | None = None,
    destinations: NDArray[np.int64] | None = None,
    dtype: type[np.float64 | np.float32] = np.float64,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums across the border as it is, and with each gate closed alone.

    All in one pass over the pairs, with the best and the second best gate of each. Only a
    gate that is a later passage of trips which leave by another one takes a pass of its
    own.

    Parameters
    ----------
    tables
        Checkpoint tables.
    side
        Side of the origins.
    weight
        Opportunities at the destinations, shape (M,).
    codes, dtype
        As in `Crossing.sums`.
    scenario
        What is different at the border beforehand.
    origins, destinations
        As in `across`.

    Returns
    -------
    sums : ndarray
        Shape (N, D).
    without : ndarray
        The sums without each gate, shape (K, N, D).

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    scenario = scenario.of_class(CAR)
    routes = passages(tables, scenario)
    base = across(tables, routes, side, origins=origins, destinations=destinations)
    A, E = _of_type(base, dtype)
    sums, losses = tile_closures(A, E, weight, codes)
    without = sums - losses
    passed = routes.counts(side, back=False).sum(axis=(1, 2)) > 0
    np.fill_diagonal(passed, val=False)
    for gate in np.flatnonzero(passed.any(axis=0)):
        name = str(tables.gates.index[int(gate)])
        closed = passages(tables, replace(scenario, close={*scenario.close, name}))
        crossing = across(tables, closed, side, origins=origins, destinations=destinations)
        without[gate] = crossing.sums(weight, codes, dtype=dtype)
    return sums, without


def _of_type(crossing: Crossing, dtype: type[np.float64 | np.float32]) -> tuple[Any, Any]:
    """Factors of the times in another type."""
    return crossing.A.astype(dtype, copy=False), crossing.E.astype(dtype, copy=False)


def _crossing(
    tables: GateTables,
    M: NDArray[np.float64],
    origins: NDArray[np.int64],
    destinations: NDArray[np.int64],
) -> Crossing:
    """Fold the ways between the gates into the legs of the destinations."""
    A = np.ascontiguousarray(tables.to_gate[origins])
    B = np.ascontiguousarray(tables.from_gate[:, destinations])
    E, last = np.empty(B.shape), np.empty(B.shape, np.int32)
    fill_times(NO_DIRECT, M, B, E, last)
    # A gate from which no way leads on is passed by no trip; infinite legs are skipped.
    A[:, ~np.isfinite(M).any(axis=1)] = np.inf
    return Crossing(A, E, last)
