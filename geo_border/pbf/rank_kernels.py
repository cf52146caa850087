"""Compiled sorting of ids: dealt into buckets by size, ordered in each, numbered in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.pbf.compiling import compiled, uncounted
from geo_border.pbf.id_kernels import seek
from geo_border.pbf.kernels import UNPLACED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Numbers = NDArray[np.int32]
    Flags = NDArray[np.bool_]

DIGIT = 11
"""Bits that one pass of sorting looks at: the counts of all values fit the nearest cache."""


@uncounted
def extent(ids: Ids) -> tuple[int, int]:
    """Least and greatest of some ids.

    Parameters
    ----------
    ids
        At least one.

    Returns
    -------
    low, high
        Ids.
    """
    low = high = ids[0]
    for i in range(ids.size):
        low = min(low, ids[i])
        high = max(high, ids[i])
    return low, high


@uncounted
def tally(ids: Ids, low: int, shift: int, counts: Ids) -> None:
    """Count the ids in equal ranges.

    Parameters
    ----------
    ids
        Not less than `low`.
    low
        Where the first range begins.
    shift
        A range holds 2 to this power ids.
    counts
        Changed in place; one for each range.
    """
    for i in range(ids.size):
        counts[(ids[i] - low) >> shift] += 1


@uncounted
def deal(
    ids: Ids,
    low: int,
    shift: int,
    bucket_of: NDArray[np.uint16],
    firsts: Ids,
    starts: Ids,
    cursor: Ids,
    bits: int,
    packed: Words,
    bucket: NDArray[np.uint16],
) -> None:
    """Put ids into buckets, each with its place in the bucket in its lowest bits.

    Parameters
    ----------
    ids
        Not less than `low`.
    low, shift
        As for `tally`.
    bucket_of
        Bucket of each range.
    firsts
        Least id that each bucket may hold.
    starts
        Where each bucket begins.
    cursor
        Where the next id of each bucket goes; changed in place.
    bits
        How many bits hold the place.
    packed
        Ids less the first of their bucket, and places; filled in place.
    bucket
        Bucket of each id; filled in place.
    """
    for i in range(ids.size):
        b = bucket_of[(ids[i] - low) >> shift]
        at = cursor[b]
        cursor[b] = at + 1
        packed[at] = np.uint64(ids[i] - firsts[b]) << np.uint64(bits) | np.uint64(at - starts[b])
        bucket[i] = b


@compiled
def order(packed: Words, spare: Words, bits: int, key_bits: int) -> None:
    """Sort a bucket by radix, from the lowest digit of its ids to the highest.

    Parameters
    ----------
    packed
        As `deal` leaves it, by place; sorted in place by id, of equal ids by place.
    spare
        Room for as many.
    bits
        How many bits hold the place.
    key_bits
        How many bits hold the id.
    """
    n = packed.size
    counts = np.empty(1 << DIGIT, np.int64)
    mask = np.uint64((1 << DIGIT) - 1)
    is_back = True
    for shift in range(bits, bits + key_bits, DIGIT):
        counts[:] = 0
        down = np.uint64(shift)
        source, target = (packed, spare) if is_back else (spare, packed)
        for i in range(n):
            counts[source[i] >> down & mask] += 1
        total = 0
        for digit in range(counts.size):
            total += counts[digit]
            counts[digit] = total - counts[digit]
        for i in range(n):
            digit = source[i] >> down & mask
            target[counts[digit]] = source[i]
            counts[digit] += 1
        is_back = not is_back
    if not is_back:
        packed[:] = spare[:n]


@uncounted
def number(packed: Words, bits: int, first: int, ids: Ids, ranks: Numbers) -> int:
    """Number the ids of a sorted bucket.

    Parameters
    ----------
    packed
        As `order` leaves it.
    bits
        How many bits hold the place.
    first
        Least id that the bucket may hold.
    ids
        The same memory as `packed`: its beginning is filled with the ids, once each.
    ranks
        Number of the id at each place; filled in place.

    Returns
    -------
    int
        How many different ids there are.
    """
    place = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    n = 0
    before = np.int64(-1)
    for i in range(packed.size):
        word = packed[i]
        key = np.int64(word >> np.uint64(bits))
        n += key != before
        before = key
        # Never behind the word that was read last.
        ids[n - 1] = first + key
        ranks[word & place] = n - 1
    return n


@uncounted
def close_up(ids: Ids, starts: Ids, counts: Ids) -> int:
    """Move the beginnings of buckets together.

    Parameters
    ----------
    ids
        The beginning of each bucket holds its ids; changed in place.
    starts, counts
        Where each bucket begins, and how many ids it holds.

    Returns
    -------
    int
        How many ids there are in all.
    """
    n = 0
    for b in range(counts.size):
        for i in range(starts[b], starts[b] + counts[b]):
            ids[n] = ids[i]
            n += 1
    return n


@uncounted
def settle(needed: Ids, x: Numbers, tagged: Ids, ranks: Numbers, spare: Numbers) -> int:
    """Turn numbers of ids in a bucket into positions among the nodes of its range.

    Parameters
    ----------
    needed
        The ids of the bucket, ascending.
    x
        Their longitudes; `UNPLACED` for a node that the files lack.
    tagged
        Ids of the tagged nodes in the range, ascending; those needed too are counted once.
    ranks
        Numbers of ids; changed in place to positions, or ``-1 - number`` for a node that the
        files lack.
    spare
        Room for a number for each id.

    Returns
    -------
    int
        How many nodes there are in the range.
    """
    position = at = 0
    for i in range(needed.size):
        while at < tagged.size and tagged[at] < needed[i]:
            at += 1
            position += 1
        at += at < tagged.size and tagged[at] == needed[i]
        there = x[i] != UNPLACED
        spare[i] = position if there else -1 - i
        position += there
    for i in range(ranks.size):
        ranks[i] = spare[ranks[i]]
    return position + tagged.size - at


@uncounted
def collect(
    bucket: NDArray[np.uint16],
    cursor: Ids,
    before: Ids,
    needed: Ids,
    ranks: Numbers,
    out: Numbers,
) -> int:
    """Take positions out of the buckets in the order in which `deal` put ids into them.

    Parameters
    ----------
    bucket
        Bucket of each id.
    cursor
        Where the first number of each bucket lies; changed in place.
    before
        How many nodes come before each bucket.
    needed
        How many needed ids come before each bucket.
    ranks
        What `settle` made of the numbers.
    out
        Filled in place: positions among all nodes, or -1 less the number among all needed ids
        for a node that the files lack.

    Returns
    -------
    int
        How many nodes the files lack.
    """
    lacking = 0
    for i in range(bucket.size):
        b = bucket[i]
        at = cursor[b]
        cursor[b] = at + 1
        rank = ranks[at]
        lacking += rank < 0
        out[i] = rank + before[b] if rank >= 0 else rank - needed[b]
    return lacking


@uncounted
def find_spots(ids: Ids, gone: Ids, tagged: Ids, spots: Ids, is_new: Flags) -> None:
    """Where tagged nodes come to lie among the others.

    Parameters
    ----------
    ids
        Ids of the needed nodes, ascending.
    gone
        Which of them the files lack, ascending; they are left out.
    tagged
        Ids of the tagged nodes, ascending.
    spots
        Filled in place: where the tagged nodes are then.
    is_new
        Filled in place: whether they are not among the needed ones that the files have.
    """
    at = lost = new = 0
    for j in range(tagged.size):
        at = seek(ids, at, tagged[j])
        while lost < gone.size and gone[lost] < at:
            lost += 1
        is_gone = lost < gone.size and gone[lost] == at
        is_new[j] = is_gone or at == ids.size or ids[at] != tagged[j]
        spots[j] = at - lost + new
        new += is_new[j]


@uncounted
def spread(
    values: NDArray[Any], n: int, gone: Ids, spots: Ids, is_new: Flags, tagged: NDArray[Any]
) -> None:
    """Leave values of lost nodes out, and enter those of new ones.

    Parameters
    ----------
    values
        A value for each needed node; changed in place, with room for all.
    n
        How many there are.
    gone
        Which of them are left out, ascending.
    spots, is_new
        As `find_spots` fills them.
    tagged
        Values of the tagged nodes.
    """
    kept = gone[0] if gone.size else n
    for g in range(gone.size):
        stop = gone[g + 1] if g + 1 < gone.size else n
        for i in range(gone[g] + 1, stop):
            values[kept] = values[i]
            kept += 1
    shift = 0
    for j in range(spots.size):
        shift += is_new[j]
    # From the end, so that nothing is written over before it has moved.
    end = kept + shift
    for j in range(spots.size - 1, -1, -1):
        if is_new[j]:
            for k in range(end - 1, spots[j], -1):
                values[k] = values[k - shift]
            end = spots[j]
            values[end] = tagged[j]
            shift -= 1
