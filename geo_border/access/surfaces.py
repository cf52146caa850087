"""What cells can reach: sums by the entries that cells share, never by pairs of cells.

A trip from cell ``c`` to cell ``d`` takes ``a_c + t(e, f) + a_d`` hours: off the road to its
entry, between the entries, and off the road again. With exponential impedance the sum over
all ``d`` is a product with a sum over entries; the people within a time are counted by the
sorted ``a_d`` of each entry. Both are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import Exponential, codes
from geo_border.access.nearest import nearest_checkpoint
from geo_border.access.reach import border_effect, without_delays
from geo_border.access.regions import population_of
from geo_border.errors import SideError, TableError
from geo_border.network.graph import SIDES
from geo_border.routing.compiled import in_blocks, kernel
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.inside import rows_at_once
from geo_border.routing.kernels import fill_times, sum_direct, sum_gains
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tables import PLACE_COLUMNS, check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_border.routing.crossing import Crossing
    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables


CASES = ("own_closed", "own", "own_open", "across", "across_open")
"""What is reached: on the own side with the border closed, as it is, and without delays; beyond."""

ORDER = ("own", "across", "own_open", "across_open", "own_closed")
"""The same in the order of columns, as `geo_border.access.reach.potential` has them."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Where cells and places enter the network, and how far each is from there.

    Parameters
    ----------
    places
        The E entries as places for `geo_border.routing.tables.gate_tables` and
        `geo_border.routing.inside.own_searches`: index ``node``; ``side``, ``node``,
        ``access_h`` (0), ``region_id`` (missing).
    is_origin
        Whether a cell enters there, shape (E,): the origins of the searches.
    entry
        Entry of each cell, -1 where it does not reach the network, shape (N,).
    origins
        Hours from the cells to their entries, by entry.
    destinations
        Hours from the entries to all that can be reached there, by entry.
    """

    places: pd.DataFrame
    is_origin: NDArray[np.bool_]
    entry: NDArray[np.int64]
    origins: Legs
    destinations: Legs


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """Ways off the road, sorted by their entry and then by their time.

    Parameters
    ----------
    start
        First leg of each entry, shape (E + 1,).
    row
        Position of each leg among those given, shape (n,).
    hours
        Time of each leg, shape (n,).
    persons
        People at the ends of the legs of an entry up to each, shape (n,).
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    hours: NDArray[np.float64]
    persons: NDArray[np.float64]


def shared_entries(cells: pd.DataFrame, beyond: pd.DataFrame | None = None) -> Entries:
    """Group cells, and places beyond the belt, by the node where they enter the network.

    Parameters
    ----------
    cells
        ``side``, ``node`` (-1 where the network is out of reach), ``access_h`` and
        ``population`` (persons): origins, and destinations where anyone lives.
    beyond
        Places with the same columns that are destinations only.

    Returns
    -------
    Entries
        The entries in the order of their nodes.

    Raises
    ------
    TableError
        If a column is missing or the population is not sound.
    """
    ends = cells if beyond is None else pd.concat([cells, beyond])
    check_columns(cells, PLACE_COLUMNS, "cells")
    population = population_of(ends)
    node = ends["node"].to_numpy(np.int64)
    access = ends["access_h"].to_numpy(float)
    joined = np.flatnonzero(node >= 0)
    nodes, first, of = np.unique(node[joined], return_index=True, return_inverse=True)
    entry = np.full(len(ends), -1)
    entry[joined] = of
    places = pd.DataFrame(
        {
            "side": ends["side"].to_numpy(object)[joined[first]],
            "node": nodes,
            "access_h": 0.0,
            "region_id": None,
        },
        index=pd.Index(nodes, name="node"),
    )
    mine = entry[: len(cells)]
    is_origin = np.zeros(len(nodes), np.bool_)
    is_origin[mine[mine >= 0]] = True
    living = np.flatnonzero((entry >= 0) & (population > 0))
    return Entries(
        places=places,
        is_origin=is_origin,
        entry=mine,
        origins=_legs(np.flatnonzero(mine >= 0), entry, access, population, len(nodes)),
        destinations=_legs(living, entry, access, population, len(nodes)),
    )


def _legs(
    rows: NDArray[np.int64],
    entry: NDArray[np.int64],
    access: NDArray[np.float64],
    population: NDArray[np.float64],
    n: int,
) -> Legs:
    """Legs of some rows."""
    rows = rows[np.lexsort((access[rows], entry[rows]))]
    start = np.searchsorted(entry[rows], np.arange(n + 1)).astype(np.int64)
    total = np.cumsum(population[rows])
    before = np.concatenate([[0.0], total])[start[:-1]]
    return Legs(start, rows, access[rows], total - before[entry[rows]])


def cell_accessibility(
    cells: pd.DataFrame,
    entries: Entries,
    tables: GateTables,
    own: Inside,
    *,
    decay: Exponential = Exponential(),
    hours: Sequence[float] = (1.0,),
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Accessibility of cells: what `potential`, `cumulative` and the rest give for places.

    Every cell is a place: it reaches itself in no time, and others of its own side by the
    other side where that is faster. Times inside the sides are asked for once.

    Parameters
    ----------
    cells
        As `shared_entries` took them.
    entries
        Result of `shared_entries`.
    tables
        Checkpoint tables of ``entries.places``.
    own
        Times inside the sides between ``entries.places``, from those with ``is_origin``.
    decay
        Impedance function of travel time.
    hours
        Times within which people are counted, hours.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `cells`: ``hours_to_checkpoint`` (infinite where none is reached),
        ``population_60min_`` for each of `hours` and ``potential_``, both with ``own``,
        ``across``, ``own_open``, ``across_open`` and ``own_closed`` (persons), and
        ``border_effect`` (0 to 1), as `geo_border.access.reach` defines them.

    Raises
    ------
    TableError
        If cells, entries and tables do not match.
    SideError
        If nobody lives on one of the sides within reach of the network.
    CheckpointError
        If the scenario does not fit the tables.
    """
    _check(cells, entries, tables, own)
    cases = [passages(tables, what) for what in (scenario, without_delays(scenario))]
    limits = np.asarray(hours, float)
    code = codes([decay])
    sums = np.zeros((len(entries.places), len(CASES)))
    counts = np.zeros((len(cells), len(CASES), len(limits)))
    weight = _discounted(entries, decay)
    for side in range(len(SIDES)):
        origins = own.origins[side]
        here, there = own.destinations[side], own.destinations[1 - side]
        ways = [transit(tables, case, side, origins=origins, destinations=here) for case in cases]
        inside = _inside(entries, own, side, weight[here], code, ways, limits, counts)
        sums[origins, :3] = inside.T
        for case, ways_over in enumerate(cases):
            crossing = across(tables, ways_over, side, origins=origins, destinations=there)
            sums[origins, 3 + case] = crossing.sums(weight[there], code)[:, 0]
            _count_across(entries, origins, there, crossing, limits, counts[:, 3 + case])
    return _by_cell(cells, entries, tables, sums, counts, decay, limits, scenario)


def _check(cells: pd.DataFrame, entries: Entries, tables: GateTables, own: Inside) -> None:
    """Refuse parts that are not of one another, and a side where nobody lives."""
    if len(cells) != len(entries.entry) or not entries.places.index.equals(tables.place_ids):
        raise TableError("cells, entries and checkpoint tables do not belong together")
    found = np.concatenate(own.origins)
    if not np.array_equal(np.sort(found), np.flatnonzero(entries.is_origin)):
        raise TableError(
            "the times inside the sides are not from the entries of the cells",
            remedy="Give `own_searches` the entries and origins=entries.is_origin",
        )
    settled = np.diff(entries.destinations.start) > 0
    for side, name in enumerate(SIDES):
        if not settled[own.destinations[side]].any():
            raise SideError(f"nobody lives on the side {name!r}", remedy="Both are needed")


def _discounted(entries: Entries, decay: Exponential) -> NDArray[np.float64]:
    """People behind each entry, discounted by their way to it, shape (E,)."""
    legs = entries.destinations
    persons = np.diff(legs.persons, prepend=0.0)
    at = np.repeat(np.arange(len(legs.start) - 1), np.diff(legs.start))
    first = legs.start[:-1][np.diff(legs.start) > 0]
    persons[first] = legs.persons[first]
    total = np.bincount(at, persons * decay(legs.hours), minlength=len(legs.start) - 1)
    return total.astype(float)


def _inside(
    entries: Entries,
    own: Inside,
    side: int,
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    ways: list[Crossing],
    limits: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sums over the own side, closed and in each case, by entry; fills in the same of counts."""
    factors = [(crossing.A, crossing.E) for crossing in ways]
    work = partial(_inside_block, entries, own, side, weight, code, factors, limits)
    size = rows_at_once(len(weight))
    sums = [np.zeros((1 + len(ways), 0))]
    for found, rows, number in in_blocks(len(own.origins[side]), work, size=size):
        sums.append(found)
        counts[rows, : 1 + len(ways)] = number
    return np.concatenate(sums, axis=1)


def _inside_block(
    entries: Entries,
    own: Inside,
    side: int,
    weight: NDArray[np.float64],
    code: NDArray[np.float64],
    factors: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    limits: NDArray[np.float64],
    rows: slice,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Sums of some entries, and the cells that enter there with their counts."""
    direct = own.block(side, rows)
    sums = np.empty((1 + len(factors), len(direct), 1))
    sum_direct(direct, weight, code, sums[0])
    for gained, (A, E) in zip(sums[1:], factors, strict=True):
        sum_gains(direct, A[rows], E, weight, code, gained)
    sums[1:] += sums[0]
    cases = [direct, *(_least(direct, A, E, rows) for A, E in factors)]
    origins, ends = own.origins[side][rows], own.destinations[side]
    found = [_counts(entries, origins, ends, times, limits) for times in cases]
    return sums[:, :, 0], found[0][0], np.stack([number for _, number in found], axis=1)


def _count_across(
    entries: Entries,
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    crossing: Crossing,
    limits: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Fill in the people across the border within each time."""
    work = partial(_across_block, entries, origins, ends, crossing.A, crossing.E, limits)
    for rows, number in in_blocks(len(origins), work, size=rows_at_once(len(ends))):
        counts[rows] = number


def _across_block(
    entries: Entries,
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    A: NDArray[np.float64],
    E: NDArray[np.float64],
    limits: NDArray[np.float64],
    rows: slice,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells that enter at some entries, and how many people each reaches across."""
    return _counts(entries, origins[rows], ends, _least(NO_DIRECT, A, E, rows), limits)


def _least(
    direct: NDArray[np.float64], A: NDArray[np.float64], E: NDArray[np.float64], rows: slice
) -> NDArray[np.float64]:
    """Times of some origins, through the gates or direct."""
    shape = rows.stop - rows.start, E.shape[1]
    times, first = np.empty(shape), np.empty(shape, np.int32)
    fill_times(direct, A[rows], E, times, first)
    return times


def _counts(
    entries: Entries,
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    times: NDArray[np.float64],
    limits: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells that enter at some entries, and the people each reaches within the limits."""
    start, legs = entries.origins.start, entries.origins
    number = start[origins + 1] - start[origins]
    begin = np.concatenate([[0], np.cumsum(number)])
    at = np.repeat(start[origins] - begin[:-1], number) + np.arange(begin[-1])
    counts = np.zeros((len(at), len(limits)))
    goals = entries.destinations
    _count(
        times, begin, legs.hours[at], ends, goals.start, goals.hours, goals.persons, limits, counts
    )
    return legs.row[at], counts


@kernel
def _count(
    times: NDArray[np.float64],
    begin: NDArray[np.int64],
    legs: NDArray[np.float64],
    ends: NDArray[np.int64],
    start: NDArray[np.int64],
    hours: NDArray[np.float64],
    persons: NDArray[np.float64],
    limits: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Count the people within limits, from the legs before to the legs after `times`.

    `legs` of origin i are ``begin[i]:begin[i + 1]``, those of end j ``hours[start[j]:
    start[j + 1]]``, both ascending; `persons` add up along the latter.
    """
    for i in range(len(times)):
        for h in range(len(limits)):
            for j in range(len(ends)):
                left = limits[h] - times[i, j]
                first, last = start[ends[j]], start[ends[j] + 1]
                if first == last:
                    continue
                # From the nearest origin on, fewer and fewer of the ends are within reach.
                for c in range(begin[i], begin[i + 1]):
                    over = left - legs[c]
                    while last > first and hours[last - 1] > over:
                        last -= 1
                    if last == first:
                        break
                    counts[c, h] += persons[last - 1]


def _by_cell(
    cells: pd.DataFrame,
    entries: Entries,
    tables: GateTables,
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    decay: Exponential,
    limits: NDArray[np.float64],
    scenario: Scenario,
) -> pd.DataFrame:
    """Measures of the cells from those of their entries."""
    joined = entries.entry >= 0
    access = np.where(joined, cells["access_h"].to_numpy(float), np.inf)
    nearest = nearest_checkpoint(tables, scenario=scenario)["hours"].to_numpy()
    population = population_of(cells)
    columns = {"hours_to_checkpoint": access.copy()}
    columns["hours_to_checkpoint"][joined] += nearest[entries.entry[joined]]
    # A cell reaches itself in no time, not by its entry and back.
    for position, limit in enumerate(limits):
        itself = np.where(2 * access > limit, population, 0.0)
        for name in ORDER:
            column = f"population_{round(limit * 60)}min_{name}"
            number = counts[:, CASES.index(name), position]
            columns[column] = number + itself * name.startswith("own")
    reached = np.zeros((len(cells), len(CASES)))
    reached[joined] = sums[entries.entry[joined]] * decay(access[joined])[:, None]
    itself = population * (1 - decay(2 * access))
    potentials = pd.DataFrame(
        {name: reached[:, CASES.index(name)] + itself * name.startswith("own") for name in ORDER},
        index=cells.index,
    )
    return (
        pd.DataFrame(columns, cells.index)
        .join(potentials.add_prefix("potential_"))
        .assign(border_effect=border_effect(potentials))
    )
