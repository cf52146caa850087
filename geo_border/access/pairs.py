"""Measures that look at every pair of places, a block of origins at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from geo_border.compute.compiled import in_blocks
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.engine.kernels import fill_times
from geo_border.routing.inside import rows_at_once
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.access.cells.cell_entries import Legs
    from geo_border.routing.inside import Inside
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables


PAIRS_AT_ONCE = 2_000_000
"""Times of pairs that a thread holds where origins have others behind them."""


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """Those from whom trips really begin, where the origins are entries that they share.

    Parameters
    ----------
    legs
        Ways to the origins, by the position of the origin.
    n
        How many there are, with those who have no way.
    """

    legs: Legs
    n: int


class PairMeasure(Protocol):
    """What is summed over the pairs of an origin; has to survive a trip to a worker."""

    def __call__(
        self,
        times: NDArray[np.float64],
        origins: NDArray[np.int64],
        ends: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Sums of some origins.

        Parameters
        ----------
        times
            Hours under each case, infinite where there is no way, shape (C, N, M).
        origins, ends
            Positions of the places, shapes (N,) and (M,).

        Returns
        -------
        ndarray
            Shape (N, S).
        """


def inside_pairs(
    tables: GateTables,
    own: Inside,
    cases: Sequence[Passages | None],
    measure: PairMeasure,
    *,
    behind: Behind | None = None,
) -> NDArray[np.float64]:
    """Sums over the pairs on the own side.

    Takes the times inside a side once, a block of origins at a time; each case costs
    ``K N M`` additions where a way through the other side may be faster, else nothing.

    Parameters
    ----------
    tables
        Checkpoint tables.
    own
        Times inside the sides.
    cases
        Ways between the gates under some scenarios; None is the closed border.
    measure
        What is summed.
    behind
        Whose trips begin at the origins; the origins' own if not given.

    Returns
    -------
    ndarray
        Missing for places that are no origins, shape (P, S); with `behind` a row for each of
        those, missing without a way.
    """
    parts: list[tuple[NDArray[np.int64], list[NDArray[np.float64]]]] = []
    for side in range(len(SIDES)):
        origins, ends = own.origins[side], own.destinations[side]
        factors: list[tuple[NDArray[np.float64], NDArray[np.float64]] | None] = []
        for routes in cases:
            if routes is None:
                factors.append(None)
                continue
            crossing = transit(tables, routes, side, origins=origins, destinations=ends)
            factors.append((crossing.A, crossing.E))
        work = partial(_inside, own, side, factors, measure, behind)
        blocks = in_blocks(len(origins), work, size=rows_at_once(len(ends)))
        parts.append((origins, list(blocks)))
    return _scattered(len(tables.place_ids), len(cases), measure, parts, behind)


def across_pairs(
    tables: GateTables,
    own: Inside,
    cases: Sequence[Passages],
    measure: PairMeasure,
    *,
    behind: Behind | None = None,
) -> NDArray[np.float64]:
    """Sums over the pairs across the border.

    Costs ``K N M`` additions a case; memory holds a block of origins.

    Parameters
    ----------
    tables, own, measure, behind
        As in `inside_pairs`; of `own` only origins and destinations count.
    cases
        Ways between the gates under some scenarios.

    Returns
    -------
    ndarray
        As of `inside_pairs`.
    """
    parts: list[tuple[NDArray[np.int64], list[NDArray[np.float64]]]] = []
    for side in range(len(SIDES)):
        origins, ends = own.origins[side], own.destinations[1 - side]
        crossings = [
            across(tables, routes, side, origins=origins, destinations=ends) for routes in cases
        ]
        factors = [(crossing.A, crossing.E) for crossing in crossings]
        work = partial(_across, origins, ends, factors, measure, behind)
        blocks = in_blocks(len(origins), work, size=rows_at_once(len(ends)))
        parts.append((origins, list(blocks)))
    return _scattered(len(tables.place_ids), len(cases), measure, parts, behind)


def _inside(
    own: Inside,
    side: int,
    factors: list[tuple[NDArray[np.float64], NDArray[np.float64]] | None],
    measure: PairMeasure,
    behind: Behind | None,
    rows: slice,
) -> NDArray[np.float64]:
    """Sums of some origins over their own side."""
    direct = own.block(side, rows)
    times = np.empty((len(factors), *direct.shape))
    first = np.empty(direct.shape, np.int32)
    for case, pair in zip(times, factors, strict=True):
        if pair is None:
            case[:] = direct
        else:
            fill_times(direct, pair[0][rows], pair[1], case, first)
    return _measured(measure, times, own.origins[side][rows], own.destinations[side], behind)


def _across(
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    factors: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    measure: PairMeasure,
    behind: Behind | None,
    rows: slice,
) -> NDArray[np.float64]:
    """Sums of some origins over the other side."""
    shape = len(origins[rows]), len(ends)
    times, first = np.empty((len(factors), *shape)), np.empty(shape, np.int32)
    for case, (A, E) in zip(times, factors, strict=True):
        fill_times(NO_DIRECT, A[rows], E, case, first)
    return _measured(measure, times, origins[rows], ends, behind)


def _measured(
    measure: PairMeasure,
    times: NDArray[np.float64],
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    behind: Behind | None,
) -> NDArray[np.float64]:
    """Sums of some origins, or of those behind them: their times are longer by their legs."""
    if behind is None:
        return measure(times, origins, ends)
    begin, at = behind.legs.of(origins)
    of = np.repeat(np.arange(len(origins)), np.diff(begin))
    size = max(1, PAIRS_AT_ONCE // max(1, len(times) * len(ends)))
    sums = []
    for first in range(0, len(at), size):
        some = slice(first, first + size)
        longer = times[:, of[some]]
        longer += behind.legs.hours[at[some], None]
        sums.append(measure(longer, behind.legs.row[at[some]], ends))
    return np.concatenate(sums)


def _scattered(
    n: int,
    cases: int,
    measure: PairMeasure,
    parts: list[tuple[NDArray[np.int64], list[NDArray[np.float64]]]],
    behind: Behind | None,
) -> NDArray[np.float64]:
    """Put the sums of the origins, or of those behind them, at their places."""
    nobody = np.empty(0, np.int64)
    width = measure(np.empty((cases, 0, 0)), nobody, nobody).shape[1]
    sums = np.full((n if behind is None else behind.n, width), np.nan)
    for origins, blocks in parts:
        rows = origins if behind is None else behind.legs.row[behind.legs.of(origins)[1]]
        if blocks:
            sums[rows] = np.concatenate(blocks)
    return sums
