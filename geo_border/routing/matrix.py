"""Times of all pairs of some places, own side and across, a block of origins at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from geo_border.compute.compiled import in_blocks
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.engine.kernels import fill_times
from geo_border.routing.inside import own_searches, rows_at_once
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.crossing import Crossing
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.inside import OwnSearches
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables

BLOCKS = 16
"""Blocks of origins that may wait to be written."""


@dataclass(frozen=True, slots=True, eq=False)
class PairTimes:
    """Times from some places to others, found a block of origins at a time.

    Memory does not grow with the number of pairs.

    Parameters
    ----------
    origins, destinations
        Positions among the places, ascending, shapes (N,) and (M,).
    side
        Position of each place's side in `SIDES`, shape (P,).
    crossings
        Ways through the gates, by side of the origins and side of the destinations.
    own
        Searches inside the sides; None where no origin is on the side of a destination.
    """

    __repr__ = shown

    origins: NDArray[np.int64]
    destinations: NDArray[np.int64]
    side: NDArray[np.int8]
    crossings: tuple[tuple[Crossing, ...], ...]
    own: OwnSearches | None

    def block(self, rows: slice) -> NDArray[np.float64]:
        """Hours from some origins.

        Parameters
        ----------
        rows
            Which of the origins.

        Returns
        -------
        ndarray
            Infinite where there is no way, 0 from a place to itself, shape (rows, M).
        """
        start, ends = self.origins[rows], self.side[self.destinations]
        hours = np.empty((len(start), len(ends)))
        for side in range(len(SIDES)):
            here = self.side[start] == side
            before = int((self.side[self.origins[: rows.start]] == side).sum())
            part = slice(before, before + int(here.sum()))
            for other in range(len(SIDES)):
                there = ends == other
                if not here.any() or not there.any():
                    continue
                crossing, direct = self.crossings[side][other], NO_DIRECT
                if other == side and self.own is not None:
                    direct = self.own.block(side, part)
                times = np.empty((int(here.sum()), int(there.sum())))
                gates = np.empty(times.shape, np.int32)
                fill_times(direct, crossing.A[part], crossing.E, times, gates)
                hours[np.ix_(here, there)] = times
        return hours

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All hours in the order of the origins, on all cores or workers.

        Yields
        ------
        ndarray
            Some rows, the same on any number of cores, shape (rows, M).
        """
        size, n = rows_at_once(len(self.destinations)), len(self.origins)
        for start in range(0, n, BLOCKS * size):
            rows = min(BLOCKS * size, n - start)
            yield from in_blocks(rows, partial(self._block_after, start), size=size)

    def _block_after(self, start: int, rows: slice) -> NDArray[np.float64]:
        """Hours from some of the origins that follow one."""
        return self.block(slice(start + rows.start, start + rows.stop))


def prepared_pairs(
    network: Network,
    places: pd.DataFrame,
    tables: GateTables,
    routes: Passages,
    origins: NDArray[np.bool_],
    destinations: NDArray[np.bool_],
    *,
    modes: Collection[str] = ("road",),
    contractor: Contractor = FRESH,
) -> PairTimes:
    """Prepare the times of all pairs of some places.

    Parameters
    ----------
    network
        The graph.
    places
        The places of the tables.
    tables
        Checkpoint tables.
    routes
        Ways between their gates under a scenario.
    origins, destinations
        Which places, shape (P,).
    modes
        Modes of the edges that may be used.
    contractor
        Gives the contraction of a hierarchy.

    Returns
    -------
    PairTimes
        Exact for any number of passages.

    Raises
    ------
    TableError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    side = tables.place_side
    starts, ends = (
        [np.flatnonzero(mask & (side == s)) for s in range(len(SIDES))]
        for mask in (origins, destinations)
    )
    crossings = tuple(
        tuple(
            (transit if s == t else across)(
                tables, routes, s, origins=starts[s], destinations=ends[t]
            )
            for t in range(len(SIDES))
        )
        for s in range(len(SIDES))
    )
    # Origins are searched from where a destination is on their side.
    both = np.array([len(starts[s]) > 0 and len(ends[s]) > 0 for s in range(len(SIDES))])
    own = None
    if both.any():
        needed = [mask & both[side] for mask in (origins, destinations)]
        own = own_searches(
            network,
            places,
            modes=modes,
            origins=needed[0],
            destinations=needed[1],
            contractor=contractor,
        )
    return PairTimes(np.flatnonzero(origins), np.flatnonzero(destinations), side, crossings, own)


def write_npy(
    times: PairTimes, file: Path, *, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Write times as a NumPy array that can be mapped into memory.

    Parameters
    ----------
    times
        The times.
    file
        Where to; hours as float32, origins by destinations.
    progress
        Called with the share that is written.
    """
    shape = len(times.origins), len(times.destinations)
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        done = 0
        for block in times.blocks():
            # Not through a map: a full disk is an error there that ends the process.
            stream.write(block.astype("<f4").data)
            done += len(block)
            progress(done / shape[0])


def write_parquet(
    times: PairTimes,
    ids: NDArray[np.object_],
    file: Path,
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write times as a long table, one row for each pair, a row group for each block.

    Parameters
    ----------
    times
        The times.
    ids
        Id of each place, shape (P,).
    file
        Where to; columns ``from_id``, ``to_id`` (dictionaries) and ``hours`` (float32).
    progress
        Called with the share that is written.
    """
    code = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("from_id", code), ("to_id", code), ("hours", pa.float32())])
    start, end = (pa.array(ids[at].astype(str)) for at in (times.origins, times.destinations))
    columns = np.arange(len(end), dtype=np.int32)
    done = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for block in times.blocks():
            rows = np.arange(len(block), dtype=np.int32)
            parts: list[Any] = [
                pa.DictionaryArray.from_arrays(
                    np.repeat(rows, len(end)), start.slice(done, len(block))
                ),
                pa.DictionaryArray.from_arrays(np.tile(columns, len(block)), end),
                pa.array(block.astype(np.float32).ravel()),
            ]
            writer.write_table(pa.table(parts, schema=schema), row_group_size=max(block.size, 1))
            done += len(block)
            progress(done / len(start))
