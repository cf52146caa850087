"""What cells can reach: sums by the entries that cells share, never by pairs of cells.

A trip from cell ``c`` to cell ``d`` takes ``a_c + t(e, f) + a_d`` hours: off the road to its
entry, between the entries, and off the road again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.cells.cell_sums import CellSums, discounted
from geo_border.access.decay import Decay, Exponential, Step, codes
from geo_border.access.losses import loss_by_checkpoint
from geo_border.access.nearest import nearest_gate
from geo_border.access.reach import border_effect, without_delays
from geo_border.access.regions import population_of
from geo_border.compute.compiled import in_blocks
from geo_border.errors import SideError, TableError
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.engine.kernels import fill_times
from geo_border.routing.inside import rows_at_once
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.travel import Travel
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.access.cells.cell_entries import Entries
    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables

    Factors = tuple[NDArray[np.float64], NDArray[np.float64]]


CASES = ("own_closed", "own", "own_open", "across", "across_open")
"""What is reached: on the own side with the border closed, as it is, and without delays; beyond."""

ORDER = ("own", "across", "own_open", "across_open", "own_closed")
"""The same in the order of columns, as `geo_border.access.reach.potential` has them."""

POTENTIAL: Mapping[str, Decay] = {"potential": Exponential()}


def cell_accessibility(
    cells: pd.DataFrame,
    entries: Entries,
    tables: GateTables,
    own: Inside,
    *,
    decays: Mapping[str, Decay] = POTENTIAL,
    hours: Sequence[float] = (1.0,),
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Accessibility of cells: what `potential`, `cumulative` and the rest give for places.

    Every cell is a place: it reaches itself in no time, and others of its own side by the
    other side where that is faster. Times between entries are asked for once. Sums are
    exact; under power, Gaussian and logistic functions each person counts to within
    `geo_border.access.cells.cell_sums.ERROR`, three times at most.

    Parameters
    ----------
    cells
        As `geo_border.access.cells.cell_entries.shared_entries` took them.
    entries
        Its result.
    tables
        Checkpoint tables of ``entries.places``.
    own
        Times inside the sides between ``entries.places``, from those with ``is_origin``.
    decays
        Impedance functions of travel time by the name of their potential, which begins with
        ``potential``.
    hours
        Times within which people are counted, hours.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of `cells`: ``hours_to_checkpoint`` (infinite where none is reached),
        ``population_60min_`` for each of `hours`, and each name of `decays`, all with
        ``own``, ``across``, ``own_open``, ``across_open`` and ``own_closed`` (persons), and
        ``border_effect`` (0 to 1) in place of ``potential`` in each name, as
        `geo_border.access.reach` defines them.

    Raises
    ------
    TableError
        If cells, entries and tables do not match, or a function changes within seconds.
    SideError
        If nobody lives on one of the sides within reach of the network.
    CheckpointError
        If the scenario does not fit the tables.
    """
    _check(cells, entries, tables, own)
    names = [f"population_{round(within * 60)}min" for within in hours]
    functions = dict(zip(names, map(Step, hours), strict=True)) | dict(decays)
    sums = CellSums.of(entries, list(functions.values()))
    cases = [passages(tables, what) for what in (scenario, without_delays(scenario))]
    reached = np.zeros((len(cells), len(CASES), len(functions)))
    for side in range(len(SIDES)):
        origins = own.origins[side]
        here, there = own.destinations[side], own.destinations[1 - side]
        routes = [transit(tables, case, side, origins=origins, destinations=here) for case in cases]
        over = [across(tables, case, side, origins=origins, destinations=there) for case in cases]
        inside = partial(_inside, sums, own, side, [(way.A, way.E) for way in routes])
        beyond = partial(_across, sums, origins, there, [(way.A, way.E) for way in over])
        for work, ends, columns in (
            (inside, here, slice(len(cases) + 1)),
            (beyond, there, slice(len(cases) + 1, None)),
        ):
            for rows, found in in_blocks(len(origins), work, size=rows_at_once(len(ends))):
                reached[rows, columns] = found
    return _by_cell(cells, entries, tables, reached, functions, scenario)


def cell_losses(
    cells: pd.DataFrame,
    entries: Entries,
    tables: GateTables,
    own: Inside,
    *,
    decay: Exponential = Exponential(),
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Potential that each checkpoint's delay costs each cell.

    What `geo_border.access.losses.loss_by_checkpoint` gives for places: a cell loses what its
    entry does, discounted by the way to it, since exponential functions factor.

    Parameters
    ----------
    cells, entries, tables, own, scenario
        As in `cell_accessibility`.
    decay
        Impedance function of travel time.

    Returns
    -------
    DataFrame
        Index of `cells`, a column for each checkpoint: persons. A row adds up to
        ``own_open + across_open - own - across`` of the potential.

    Raises
    ------
    TableError, SideError, CheckpointError
        As in `cell_accessibility`.
    """
    _check(cells, entries, tables, own)
    rate = codes([decay])[0, 1]
    behind = entries.places.assign(population=discounted(entries.destinations, rate))
    of_entries = loss_by_checkpoint(Travel(behind, tables, own), decay=decay, scenario=scenario)
    joined = entries.entry >= 0
    losses = np.zeros((len(cells), tables.n_gates))
    losses[joined] = of_entries.to_numpy()[entries.entry[joined]]
    losses[joined] *= decay(cells["access_h"].to_numpy(float)[joined])[:, None]
    return pd.DataFrame(losses, index=cells.index, columns=of_entries.columns)


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


def _inside(
    sums: CellSums, own: Inside, side: int, factors: list[Factors], rows: slice
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells that enter at some entries, and their sums over the own side: closed, by case."""
    direct = own.block(side, rows)
    origins, ends = own.origins[side][rows], own.destinations[side]
    cells, closed = sums.over(direct, origins, ends)
    found = [closed]
    for A, E in factors:
        # Few pairs are faster by the other side.
        gained = sums.over(_least(direct, A, E, rows), origins, ends, base=direct)[1]
        found.append(closed + gained)
    return cells, np.stack(found, axis=1)


def _across(
    sums: CellSums,
    origins: NDArray[np.int64],
    ends: NDArray[np.int64],
    factors: list[Factors],
    rows: slice,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells that enter at some entries, and their sums over the other side, by case."""
    found = [sums.over(_least(NO_DIRECT, A, E, rows), origins[rows], ends) for A, E in factors]
    return found[0][0], np.stack([values for _, values in found], axis=1)


def _least(
    direct: NDArray[np.float64], A: NDArray[np.float64], E: NDArray[np.float64], rows: slice
) -> NDArray[np.float64]:
    """Times of some origins, through the gates or direct."""
    shape = rows.stop - rows.start, E.shape[1]
    times, first = np.empty(shape), np.empty(shape, np.int32)
    fill_times(direct, A[rows], E, times, first)
    return times


def _by_cell(
    cells: pd.DataFrame,
    entries: Entries,
    tables: GateTables,
    reached: NDArray[np.float64],
    functions: Mapping[str, Decay],
    scenario: Scenario,
) -> pd.DataFrame:
    """Measures of the cells from the sums."""
    joined = entries.entry >= 0
    access = np.where(joined, cells["access_h"].to_numpy(float), np.inf)
    nearest = nearest_gate(tables, scenario=scenario)["hours"].to_numpy()
    population = population_of(cells)
    columns = {"hours_to_checkpoint": access.copy()}
    columns["hours_to_checkpoint"][joined] += nearest[entries.entry[joined]]
    effects = {}
    for position, (name, decay) in enumerate(functions.items()):
        # A cell reaches itself in no time, not by its entry and back.
        itself = population * (decay(0.0) - decay(2 * access))
        of_name = {
            case: reached[:, CASES.index(case), position] + itself * case.startswith("own")
            for case in ORDER
        }
        columns |= {f"{name}_{case}": values for case, values in of_name.items()}
        if name.startswith("potential"):
            effect = border_effect(pd.DataFrame(of_name, cells.index))["all"]
            effects[name.replace("potential", "border_effect")] = effect
    return pd.DataFrame(columns | effects, index=cells.index)
