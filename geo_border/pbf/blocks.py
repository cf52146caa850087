"""Objects of a PBF file in batches: blobs inflated and decoded on all cores, in their order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from geo_border.errors import ExtractError
from geo_border.pbf import kernels, pbf
from geo_border.pbf.inflate import is_compiled, tool
from geo_border.pbf.node_kernels import read_nodes
from geo_border.pbf.pbf import (
    LARGEST_BLOB,
    Blob,
    Header,
    blobs,
    inflate,
    read_header,
)
from geo_border.pbf.relation_kernels import read_relations
from geo_border.pbf.unpack_kernels import PLAIN, find_frames, look_into
from geo_border.pbf.way_kernels import read_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from io import BufferedReader
    from pathlib import Path

    from numpy.typing import NDArray

    from geo_border.pbf.string_kernels import Names

    Progress = Callable[[Path, str, int, int], None]
    """Hears of a file how many bytes of the blocks of a kind are read, of how many."""

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 4
"""Tasks in work for each core; bounds the memory for blocks that wait for their turn."""

TOGETHER = 16
"""Blobs in a task; more would cost memory, fewer the time of threads that wait for another."""

TOGETHER_BYTES = 1 << 21
"""Bytes of the blobs in a task, if it has several; what a blob holds may take 240 times as many.

Of real extracts sixteen blobs of nodes have a third as many, ten of ways as many.
"""

MOST_TIMES, AT_LEAST = 40, 1 << 28
"""What is kept of a file may take so many times its size, and so many bytes whatever its size.

Real extracts take less than 4 times their size.
"""

_ALL = kernels.NODES | kernels.WAYS | kernels.RELATIONS


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Objects of one kind from some blocks.

    Parameters
    ----------
    path
        The file.
    origins
        How many of the strings come before each block, and where it lies; None in files
        without blocks.
    ids
        Id of each way, relation or tagged node.
    tags
        Row in `ids`, column and string of each tag, shape (n, 3).
    pool, ends
        Bytes of the strings back to back, and where each ends.
    counts, refs
        References of each way or members of each relation, and their ids.
    kinds, roles
        Kind (0 node, 1 way, 2 relation) and string of the role of each member.
    x, y
        Longitude and latitude of tagged nodes, 1e-7 degrees.
    places, place_x, place_y
        Position among the needed nodes and coordinates, 1e-7 degrees.
    """

    path: Path
    origins: tuple[tuple[int, int | None], ...]
    ids: NDArray[np.int64]
    tags: NDArray[np.int32]
    pool: NDArray[np.uint8]
    ends: NDArray[np.int64]
    counts: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    refs: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    kinds: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    roles: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    x: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    y: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    places: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    place_x: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    place_y: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @property
    def kept_bytes(self) -> int:
        """Memory of what is kept when the next batch comes."""
        kept = (self.ids, self.tags, self.pool, self.ends, self.counts, self.refs, self.kinds)
        return sum(part.nbytes for part in (*kept, self.roles, self.x, self.y))


def silent(path: Path, kind: str, done: int, size: int) -> None:
    """Tell nobody how far a file is read.

    Parameters
    ----------
    path, kind, done, size
        As `Progress` hears them.
    """


class PbfSource:
    """A PBF file whose relations, ways and nodes are read one after the other.

    Parameters
    ----------
    path
        The file.
    file
        The same, open for reading bytes.
    pool
        Threads to work in.
    progress
        Called after every few blocks.
    """

    def __init__(
        self,
        path: Path,
        file: BufferedReader,
        pool: ThreadPoolExecutor,
        progress: Progress = silent,
    ) -> None:
        self.path = path
        self._progress = progress
        self.counts = dict.fromkeys(("nodes", "ways", "relations"), 0)
        self._file = file
        self._room = AT_LEAST + MOST_TIMES * path.stat().st_size
        self._lock = Lock()
        self._pool = pool
        self._expected: dict[int, int] = {}
        found = blobs(file, path)
        heads = [self._header(blob) for blob in found if blob.kind == "OSMHeader"]
        self.header: Header = heads[0]
        self._blobs = [blob for blob in found if blob.kind == "OSMData"]
        self._kinds = self._kinds_by_order() if self.header.is_sorted else self._kinds_by_look()
        self._expected = {
            b.offset: kinds for b, kinds in zip(self._blobs, self._kinds, strict=True)
        }

    def relations(self, names: Names) -> Iterator[Batch]:
        """Read the relations with a wanted key.

        Parameters
        ----------
        names
            The keys.

        Yields
        ------
        Batch
            In the order of the file.
        """

        def work(part: Sequence[Blob]) -> tuple[Batch, int]:
            data, frames, status = self._load(part)
            with tool() as inflater:
                ids, counts, refs, members, tags, pool, ends, looks, total = read_relations(
                    data, frames, inflater, names, status
                )
            self._check(part, status, looks, data)
            _, kinds, roles = members.reshape(-1, 3).T
            batch = Batch(
                self.path, _origins(part, looks), ids, tags.reshape(-1, 3), pool, ends,
                counts=counts, refs=refs, kinds=kinds.astype(np.int8), roles=roles.copy(),
            )  # fmt: skip
            return batch, total

        return self._run(kernels.RELATIONS, "relations", work)

    def ways(self, names: Names, members: NDArray[np.int64]) -> Iterator[Batch]:
        """Read the ways with a wanted key, and those that relations need.

        Parameters
        ----------
        names
            The keys.
        members
            Ids of the others, ascending.

        Yields
        ------
        Batch
            In the order of the file.
        """

        def work(part: Sequence[Blob]) -> tuple[Batch, int]:
            data, frames, status = self._load(part)
            with tool() as inflater:
                ids, counts, refs, tags, pool, ends, looks, total = read_ways(
                    data, frames, inflater, names, members, status
                )
            self._check(part, status, looks, data)
            batch = Batch(
                self.path, _origins(part, looks), ids, tags.reshape(-1, 3), pool, ends,
                counts=counts, refs=refs,
            )  # fmt: skip
            return batch, total

        return self._run(kernels.WAYS, "ways", work)

    def nodes(self, names: Names, needed: NDArray[np.int64]) -> Iterator[Batch]:
        """Read the coordinates of needed nodes, and the nodes with a wanted key.

        Parameters
        ----------
        names
            The keys.
        needed
            Ids of the needed nodes, ascending.

        Yields
        ------
        Batch
            In the order of the file.
        """

        def work(part: Sequence[Blob]) -> tuple[Batch, int]:
            data, frames, status = self._load(part)
            with tool() as inflater:
                places, place_x, place_y, ids, x, y, tags, pool, ends, looks, total = read_nodes(
                    data, frames, inflater, names, needed, status
                )
            self._check(part, status, looks, data)
            batch = Batch(
                self.path, _origins(part, looks), ids, tags.reshape(-1, 3), pool, ends,
                x=x, y=y, places=places, place_x=place_x, place_y=place_y,
            )  # fmt: skip
            return batch, total

        return self._run(kernels.NODES, "nodes", work)

    def _run(
        self, kind: int, name: str, work: Callable[[Sequence[Blob]], tuple[Batch, int]]
    ) -> Iterator[Batch]:
        """Apply `work` to the blobs that hold a kind of objects."""
        chosen = [
            blob for blob, kinds in zip(self._blobs, self._kinds, strict=True) if kinds & kind
        ]
        parts = _parts(chosen)
        done, size = 0, sum(blob.size for blob in chosen)
        for part, (batch, total) in zip(parts, in_order(self._pool, work, parts), strict=True):
            done += sum(blob.size for blob in part)
            self._progress(self.path, name, done, size)
            self.counts[name] += total
            self._room -= batch.kept_bytes
            if self._room < 0:
                raise ExtractError(
                    f"what is in the file takes more than {MOST_TIMES} times its size in memory,"
                    " which no map does",
                    file=self.path,
                    offset=batch.origins[0][1],
                    remedy="Download it again, and compare its checksum",
                )
            yield batch

    def _load(
        self, part: Sequence[Blob]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """What blobs hold, where in it their blocks lie, and a status for kernels."""
        ends = np.cumsum([blob.size for blob in part])
        data = np.empty(ends[-1], np.uint8)
        for blob, end in zip(part, ends.tolist(), strict=True):
            self._read(blob, data[end - blob.size : end])
        frames = np.empty((len(part), 3), np.int64)
        status = np.zeros(3, np.int64)
        limits = LARGEST_BLOB, pbf.MOST_TIMES, pbf.AT_LEAST
        if is_compiled() and find_frames(data, ends, *limits, frames):
            return data, frames, status
        blocks = [
            inflate(data[end - blob.size : end].tobytes(), blob, self.path)
            for blob, end in zip(part, ends.tolist(), strict=True)
        ]
        frames[:, 1] = np.cumsum([block.size for block in blocks])
        frames[:, 0] = frames[:, 1] - [block.size for block in blocks]
        frames[:, 2] = PLAIN
        return np.concatenate(blocks), frames, status

    def _read(self, blob: Blob, into: NDArray[np.uint8]) -> None:
        with self._lock:
            self._file.seek(blob.start)
            size = self._file.readinto(into.data)
        if size < blob.size:
            raise ExtractError("the file has become shorter", file=self.path, offset=blob.offset)

    def _header(self, blob: Blob) -> Header:
        data = np.empty(blob.size, np.uint8)
        self._read(blob, data)
        return read_header(inflate(data.tobytes(), blob, self.path), blob, self.path)

    def _kinds_in(self, part: Sequence[Blob]) -> list[int]:
        """Kinds of objects in each of some blobs."""
        data, frames, status = self._load(part)
        with tool() as inflater:
            looks = look_into(data, frames, inflater, status)
        self._check(part, status, looks, data)
        return [int(seen) for seen in looks[:, 0]]

    def _kinds_by_look(self) -> list[int]:
        return [
            seen
            for part in in_order(self._pool, self._kinds_in, _parts(self._blobs))
            for seen in part
        ]

    def _kinds_by_order(self) -> list[int]:
        """Kinds in each blob of a sorted file, found by bisection; `_check` proves it right."""
        looked: dict[int, int] = {}

        def first_with(kinds: int, low: int) -> int:
            high = len(self._blobs)
            while low < high:
                middle = (low + high) // 2
                if middle not in looked:
                    looked[middle] = self._kinds_in(self._blobs[middle : middle + 1])[0]
                if looked[middle] & kinds:
                    high = middle
                else:
                    low = middle + 1
            return low

        ways = first_with(kernels.WAYS | kernels.RELATIONS, 0)
        relations = first_with(kernels.RELATIONS, ways)
        if 0 in looked.values():
            # An empty block does not say which way to go on.
            return self._kinds_by_look()
        kinds = [kernels.NODES] * ways + [kernels.WAYS] * (relations - ways)
        kinds += [kernels.RELATIONS] * (len(self._blobs) - relations)
        for number, found in looked.items():
            kinds[number] = found
        return kinds

    def _check(
        self,
        part: Sequence[Blob],
        status: NDArray[np.int64],
        looks: NDArray[np.int64],
        data: NDArray[np.uint8],
    ) -> None:
        """Refuse a block that is not sound or does not hold what its place promised."""
        code, at, bad = status.tolist()
        for number, blob in enumerate(part):
            if code != kernels.SOUND and number == bad:
                self._refuse(part, code, at, bad, data)
            if looks[number, 0] & ~self._expected.get(blob.offset, _ALL):
                raise ExtractError(
                    "the file says that it is sorted and is not",
                    file=self.path,
                    offset=blob.offset,
                    remedy="Sort it with `osmium sort`",
                )

    def _refuse(
        self, part: Sequence[Blob], code: int, at: int, bad: int, data: NDArray[np.uint8]
    ) -> None:
        if code == kernels.PACKED:
            start = sum(blob.size for blob in part[:bad])
            # Tells more precisely what is wrong.
            inflate(data[start : start + part[bad].size].tobytes(), part[bad], self.path)
        if code == kernels.HISTORY:
            remedy = "Take one point of time of it with `osmium time-filter`"
        else:
            remedy = "Download it again, and compare its checksum"
        raise ExtractError(
            f"{kernels.PROBLEMS[code]} (byte {at} of the block that begins here)",
            file=self.path,
            offset=part[bad].offset,
            remedy=remedy,
        )


def _parts(blobs: Sequence[Blob]) -> list[Sequence[Blob]]:
    """Blobs of each task, several where there are many small ones."""
    most = max(1, min(TOGETHER, len(blobs) // (AHEAD * (os.cpu_count() or 1))))
    parts: list[Sequence[Blob]] = []
    first = size = 0
    for at, blob in enumerate(blobs):
        if at > first and (at - first == most or size + blob.size > TOGETHER_BYTES):
            parts.append(blobs[first:at])
            first, size = at, 0
        size += blob.size
    return [*parts, blobs[first:]] if blobs else []


def _origins(part: Sequence[Blob], looks: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """How many strings there are before each blob, and where it lies."""
    before = [0, *looks[:-1, 1].tolist()]
    return tuple((strings, blob.offset) for strings, blob in zip(before, part, strict=True))


@contextmanager
def reading_threads() -> Iterator[ThreadPoolExecutor]:
    """Threads on all cores; where the block is stopped, nobody waits for their work.

    Yields
    ------
    ThreadPoolExecutor
        Its work is done when the block ends by itself.
    """
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def in_order(pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Apply `work` to items in threads, a few at a time.

    Parameters
    ----------
    pool
        The threads.
    work
        What to do; should spend its time without the interpreter lock.
    items
        Taken one by one, only as many as are in work.

    Yields
    ------
    object
        What `work` returned for each, in the order of the items.
    """
    waiting: deque[Future[R]] = deque()
    most = AHEAD * (os.cpu_count() or 1)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
