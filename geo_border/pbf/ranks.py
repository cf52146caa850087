"""Which nodes ways need, and where among them each reference points: sorted on all cores.

References are dealt into buckets by their ids, so that each bucket is sorted within the cache
of a core. A bucket remembers the places of what it was dealt: once the nodes are known, the
references are collected in their order, and no id is ever searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo_border.pbf.kernels import UNPLACED
from geo_border.pbf.rank_kernels import (
    close_up,
    collect,
    deal,
    extent,
    find_spots,
    number,
    order,
    settle,
    spread,
    tally,
)

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

RANGES = 1 << 14
"""Ranges of ids whose references are counted; a bucket holds one or several."""

IN_BUCKET = 1 << 15
"""References a bucket holds at least: as many as fit a core's cache with room to sort."""

_AT_ONCE = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Needed:
    """The nodes that references need.

    Parameters
    ----------
    ids
        Ascending, once each.
    spare
        The memory that begins with `ids`; it has room for as many as there are references.
    firsts
        Least id that each bucket may hold.
    counts
        How many of the ids are in each bucket.
    starts
        Where the references of each bucket begin; one more than there are buckets.
    ranks
        Number in its bucket that each reference has, by bucket.
    buckets
        Bucket of each reference, in their order, part by part.
    cursors
        Where the first reference of each part lies in each bucket.
    """

    ids: NDArray[np.int64]
    spare: NDArray[np.int64]
    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ranks: NDArray[np.int32]
    buckets: list[NDArray[np.uint16]]
    cursors: NDArray[np.int64]


class Resolved(NamedTuple):
    """Nodes, and where references point among them.

    Parameters
    ----------
    ids, x, y
        Id, ascending, and coordinates of each node that files have.
    spots
        Where the tagged nodes are among them.
    refs
        Where each reference points; -1 for a node that files lack.
    lacking
        Ids of those nodes, one for each -1.
    """

    ids: NDArray[np.int64]
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    spots: NDArray[np.int64]
    refs: NDArray[np.int32]
    lacking: NDArray[np.int64]


def rank(refs: list[NDArray[np.int64]], pool: ThreadPoolExecutor) -> Needed:
    """Sort references.

    Parameters
    ----------
    refs
        Node ids, part after part. The list is emptied, so that its memory is free for others.
    pool
        Threads to work in.

    Returns
    -------
    Needed
        The ids in order, and where each reference went.
    """
    parts = [part[at : at + _AT_ONCE] for part in refs for at in range(0, part.size, _AT_ONCE)]
    refs.clear()
    if not parts:
        parts = [np.empty(0, np.int64)]
        low, high = 0, 0
    else:
        lows, highs = zip(*pool.map(extent, parts), strict=True)
        low, high = min(lows), max(highs)
    shift = max(0, int(high - low).bit_length() - (RANGES.bit_length() - 1))
    tallies = np.zeros((len(parts), RANGES), np.int64)
    list(pool.map(lambda part, own: tally(part, low, shift, own), parts, tallies))
    heads = _bucket_heads(tallies.sum(axis=0))
    sizes = np.add.reduceat(tallies, heads, axis=1)
    starts = np.concatenate([[0], np.cumsum(sizes.sum(axis=0))])
    place_bits = int(sizes.sum(axis=0).max()).bit_length()
    key_bits = int(np.diff(np.append(heads, RANGES)).max() - 1).bit_length() + shift
    if place_bits + key_bits > 64:
        return _by_search(parts)
    bucket_of = np.repeat(np.arange(len(heads), dtype=np.uint16), np.diff(np.append(heads, RANGES)))
    firsts = low + (heads << shift)
    cursors = starts[:-1] + np.cumsum(sizes, axis=0) - sizes
    packed = np.empty(starts[-1], np.uint64)

    def dealt(own: int) -> NDArray[np.uint16]:
        part, parts[own] = parts[own], parts[own][:0]
        bucket = np.empty(part.size, np.uint16)
        cursor = cursors[own].copy()
        deal(part, low, shift, bucket_of, firsts, starts, cursor, place_bits, packed, bucket)
        return bucket

    buckets = list(pool.map(dealt, range(len(parts))))
    ids = packed.view(np.int64)
    ranks = np.empty(packed.size, np.int32)

    def sorted_(bucket: int) -> int:
        own = slice(starts[bucket], starts[bucket + 1])
        order(packed[own], np.empty(own.stop - own.start, np.uint64), place_bits, key_bits)
        return number(packed[own], place_bits, firsts[bucket], ids[own], ranks[own])

    counts = np.fromiter(pool.map(sorted_, range(len(heads))), np.int64)
    n = close_up(ids, starts, counts)
    return Needed(ids[:n], ids, firsts, counts, starts, ranks, buckets, cursors)


def _bucket_heads(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """First range of each bucket."""
    heads, held = [0], 0
    for place, count in enumerate(counts.tolist()):
        if held >= IN_BUCKET:
            heads.append(place)
            held = 0
        held += count
    return np.array(heads, np.int64)


def _by_search(parts: list[NDArray[np.int64]]) -> Needed:
    """The same in one bucket, for ids too far apart to be packed: none of OpenStreetMap are."""
    sizes = np.array([part.size for part in parts])
    ids, ranks = np.unique(np.concatenate(parts), return_inverse=True)
    return Needed(
        ids,
        ids,
        ids[:1],
        np.array([ids.size]),
        np.array([0, ranks.size]),
        ranks.astype(np.int32),
        [np.zeros(size, np.uint16) for size in sizes],
        (np.cumsum(sizes) - sizes)[:, None],
    )


def resolved(
    needed: Needed,
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    tagged: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]],
    pool: ThreadPoolExecutor,
) -> Resolved:
    """All nodes, those that references need and the tagged ones, and where references point.

    Parameters
    ----------
    needed
        As `rank` gives it; it is used up, and its memory becomes that of the result.
    x, y
        Coordinates of the needed nodes, as long as ``needed.spare``; `UNPLACED` for those that
        files lack.
    tagged
        Ids, ascending, and coordinates of other nodes that are kept; they may be needed too.
    pool
        Threads to work in.

    Returns
    -------
    Resolved
        The nodes and positions among them.
    """
    n, ids = needed.ids.size, needed.spare
    ends = np.cumsum(needed.counts)
    bounds = np.append(np.searchsorted(tagged[0], needed.firsts), tagged[0].size)

    def settled(bucket: int) -> int:
        own = slice(ends[bucket] - needed.counts[bucket], ends[bucket])
        return settle(
            needed.ids[own],
            x[own],
            tagged[0][bounds[bucket] : bounds[bucket + 1]],
            needed.ranks[needed.starts[bucket] : needed.starts[bucket + 1]],
            np.empty(needed.counts[bucket], np.int32),
        )

    counts = np.fromiter(pool.map(settled, range(len(needed.counts))), np.int64)
    gone = np.flatnonzero(x[:n] == UNPLACED)
    gone_ids = needed.ids[gone]
    spots, is_new = np.empty(tagged[0].size, np.int64), np.empty(tagged[0].size, bool)
    find_spots(needed.ids, gone, tagged[0], spots, is_new)
    total = n - gone.size + int(is_new.sum())
    if total > ids.size:
        ids, x, y = (np.concatenate([a[:n], np.empty(total - n, a.dtype)]) for a in (ids, x, y))
    pairs: list[tuple[NDArray[Any], NDArray[Any]]]
    pairs = [(ids, tagged[0]), (x, tagged[1]), (y, tagged[2])]
    moves = [pool.submit(spread, values, n, gone, spots, is_new, own) for values, own in pairs]

    before = bounds[0] + np.cumsum(counts) - counts
    out = np.empty(needed.ranks.size, np.int32)
    stops = np.cumsum([bucket.size for bucket in needed.buckets])

    def collected(part: int) -> NDArray[np.int64]:
        bucket = needed.buckets[part]
        own = out[stops[part] - bucket.size : stops[part]]
        cursor = needed.cursors[part].copy()
        if not collect(bucket, cursor, before, ends - needed.counts, needed.ranks, own):
            return np.empty(0, np.int64)
        lost = np.flatnonzero(own < 0)
        ids = gone_ids[np.searchsorted(gone, -1 - own[lost])]
        own[lost] = -1
        return ids

    lacking = np.concatenate(list(pool.map(collected, range(len(needed.buckets)))))
    for move in moves:
        move.result()
    return Resolved(ids[:total], x[:total], y[:total], spots, out, lacking)
