"""Numbers of variable length: the quick ways against Python's integers, at every edge."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osm_pbf_writer import content, number
from osm_pbf_writer import zigzag as signed

from geo_border.pbf.dense_kernels import dense_places
from geo_border.pbf.id_kernels import match
from geo_border.pbf.kernels import (
    CUT,
    HISTORY,
    ID,
    SOUND,
    check_visible,
    message,
    numbers_in,
    take_sums,
)
from geo_border.pbf.way_kernels import WAY_LENGTHS, quick_way
from geo_border.pbf.wire import BAD, ID_LIMIT, difference, field, short, varint
from geo_border.pbf.words import SHORT, WORD

SIGNED = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-200, 200)
LIMITED = settings(max_examples=200, deadline=None)


def walled(data):
    """The bytes in the middle of others that would be taken for numbers if they were read."""
    wall = np.full(len(data) + 32, 0xFF, np.uint8)
    wall[16 : 16 + len(data)] = np.frombuffer(data, np.uint8)
    return wall[16 : 16 + len(data)]


@LIMITED
@given(SIGNED, st.binary(max_size=12))
def test_a_difference_is_what_was_written(value, behind):
    data = signed(value)
    buf = walled(data + behind)
    assert difference(buf, 0, len(data)) == (value, len(data))
    if len(buf) >= WORD:
        expected = (value, len(data)) if len(data) <= SHORT else (0, BAD)
        assert short(buf, 0) == expected


@LIMITED
@given(st.binary(min_size=1, max_size=24))
def test_any_bytes_are_read_as_varint_reads_them(data):
    """Any bytes at all, the last of which ends a number as callers see to."""
    buf = walled(data[:-1] + bytes([data[-1] & 0x7F]))
    value, after = varint(buf, 0, len(buf))
    unsigned = value & (1 << 64) - 1
    expected = (unsigned >> 1) ^ -(unsigned & 1)
    got, at = difference(buf, 0, len(buf))
    assert at == after
    if after > 0:
        assert got == expected


def sums(data, limit=ID_LIMIT):
    """The same whatever follows: short lists are read in rows of 64 bytes where bytes do."""
    results = [sums_before(data, tail, limit) for tail in (b"", bytes(90), b"\xff" * 90)]
    assert results[0] == results[1] == results[2]
    return results[0]


def sums_before(data, tail, limit):
    buf, status = walled(data + tail), np.zeros(2, np.int64)
    count = sum(byte < 0x80 for byte in data)
    assert numbers_in(buf, 0, len(data)) == count
    out = np.full(count + 8, -7)
    n = take_sums(buf, 0, len(data), limit, ID, out, 0, status)
    assert (out[count:] == -7).all()
    return out[:n].tolist(), int(status[0])


@LIMITED
@given(st.lists(st.integers(-70, 70) | st.integers(-(1 << 40), 1 << 40), max_size=60))
def test_sums_of_differences_long_and_short(deltas):
    data = b"".join(map(signed, deltas))
    assert sums(data) == (np.cumsum(deltas, dtype=np.int64).tolist(), SOUND)


def test_sums_stop_at_the_limit_within_eight_small_differences():
    data = signed(990) + b"".join(map(signed, [1] * 8)) * 3
    values, status = sums(data, limit=1000)
    assert (values, status) == (list(range(990, 1000)), ID)
    values, status = sums(signed(-990) + signed(-1) * 24, limit=1000)
    assert (values, status) == (list(range(-990, -1000, -1)), ID)


@pytest.mark.parametrize("cut", range(1, 40))
def test_sums_of_a_list_that_is_cut(cut):
    data = b"".join(map(signed, [5, 1 << 20, *[1] * 9, 1 << 55, -(1 << 34), *[-2] * 17, 300]))
    whole, _ = sums(data)
    values, status = sums(data[:cut])
    if data[cut - 1] > 0x7F:
        assert status == CUT
    else:
        assert status == SOUND
        assert values == whole[: len(values)]


def places(lats, lons, *, gap=0, tail=0, limit=1 << 41):
    """What two lists give, with bytes between and behind them."""
    first, second = b"".join(lats), b"".join(lons)
    buf = walled(first + b"\xff" * gap + second + b"\xff" * tail)
    fields = np.zeros((11, 2), np.int64)
    fields[8] = 0, len(first)
    fields[9] = len(first) + gap, len(first) + gap + len(second)
    count, status = len(lats), np.zeros(2, np.int64)
    out = np.zeros((2, count), np.int64)
    dense_places(buf, fields, count, limit, out[0], out[1], status)
    return out.tolist(), int(status[0])


COORDINATE = st.integers(-90, 90) | st.integers(-(1 << 34), 1 << 34)


@LIMITED
@given(st.lists(st.tuples(COORDINATE, COORDINATE), max_size=30), st.integers(0, 9))
def test_coordinates_up_to_the_last_byte(pairs, tail):
    lats, lons = [p[0] for p in pairs], [p[1] for p in pairs]
    out, status = places(list(map(signed, lats)), list(map(signed, lons)), tail=tail)
    assert status == SOUND
    assert out == [np.cumsum(lats, dtype=int).tolist(), np.cumsum(lons, dtype=int).tolist()]


def test_coordinates_beyond_all_measure():
    for huge in (1 << 56, -(1 << 62), (1 << 63) - 1, -(1 << 63)):
        for spot in range(12):
            numbers = [signed(1)] * 12
            numbers[spot] = signed(huge)
            assert places(numbers, [signed(1)] * 12)[1] != SOUND
            assert places([signed(1)] * 12, numbers)[1] != SOUND


def test_spoilt_lists_of_coordinates_stay_in_their_bytes():
    """Bits flipped anywhere; the ends are seen to before, as `dense_ids` does."""
    rng = random.Random(3)
    for _ in range(3000):
        count = rng.randrange(1, 20)
        lists = [
            bytearray(b"".join(signed(rng.choice([1, 70, 9000, 1 << 30])) for _ in range(count)))
            for _ in range(2)
        ]
        for data in lists:
            for _ in range(rng.randrange(4)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            data[-1] &= 0x7F
        counts = [sum(byte < 0x80 for byte in data) for data in lists]
        if counts[0] == counts[1]:
            split = [[bytes(data), *[b""] * (counts[0] - 1)] for data in lists]
            out, status = places(*split, tail=rng.randrange(10))
            if status == SOUND:
                for row, data in zip(out, lists, strict=True):
                    values, _ = sums(bytes(data))
                    assert row == values


ASCENDING = st.lists(st.integers(-60, 60), max_size=40)


@LIMITED
@given(ASCENDING, st.lists(st.integers(-70, 70), max_size=60), st.integers(0, 40))
def test_matching_in_any_order_of_nodes(ids, nodes, cursor):
    needed = np.unique(np.array(ids, np.int64))
    for order in (nodes, sorted(nodes), sorted(set(nodes))):
        rows, found = np.zeros((2, len(nodes)), np.int32)
        hits, _ = match(
            np.array(order, np.int64), len(order), needed, min(cursor, len(needed)), rows, found, 0
        )
        hit = [row for row, v in enumerate(order) if v in needed]
        assert rows[:hits].tolist() == hit
        assert found[:hits].tolist() == [needed.tolist().index(order[row]) for row in hit]


def test_long_lists_spoilt_anywhere_are_read_number_by_number():
    """Rows of 64 bytes at a time against one number at a time."""
    rng = random.Random(5)
    for _ in range(1500):
        choice = rng.choice([[1], [1, -1, 60], [1, 9000], [70, 1 << 30], [1, 1 << 54, -(1 << 59)]])
        data = bytearray(b"".join(signed(rng.choice(choice)) for _ in range(rng.randrange(1, 300))))
        for _ in range(rng.choice([0, 0, 1, 3, 40])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        values, at, total = [], 0, 0
        while at < len(data):
            delta, at = difference(walled(bytes(data)), at, len(data))
            total += delta
            if at < 0 or abs(delta) >= 1 << 61 or abs(total) >= ID_LIMIT:
                break
            values.append(total)
        if data[-1] > 0x7F:
            assert sums(bytes(data)) == ([], CUT)
        else:
            got, status = sums(bytes(data))
            assert got == values
            assert (status == SOUND) == (at == len(data) and abs(total) < ID_LIMIT)


@LIMITED
@given(st.binary(max_size=30), st.integers(0, 30), st.integers(0, 70))
def test_a_field_is_read_as_number_by_number(data, end, tail):
    """The quick way of reading a field, where bytes follow, against the slow one at the end."""
    end = min(end, len(data))
    alone = walled(data[:end])
    quick, slow = field(walled(data + b"\xff" * tail), 0, end), field(alone, 0, end)
    assert quick == slow or quick[2] == slow[2] == BAD
    key, at = varint(alone, 0, end)
    if at > 0 and key >= 8 and key & 7 in {0, 2}:
        value, at = varint(alone, at, end)
        if key & 7 == 0:
            assert field(alone, 0, end)[2] == at
        elif at > 0:
            assert field(alone, 0, end)[2] == (at + value if 0 <= value <= end - at else BAD)


FIELDS = st.tuples(st.sampled_from([1, 2, 3, 4, 8]), st.integers(0, 300) | st.just(17_000))


@LIMITED
@given(
    st.integers(-3, 1 << 60),
    st.lists(FIELDS, max_size=5, unique=True) | st.just([(2, 1), (3, 1), (4, 9), (8, 140)]),
    st.booleans(),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 7)), max_size=2),
    st.sampled_from([0, 1, 12]),
)
def test_a_way_read_quickly_is_one_read_field_by_field(way, fields, in_order, cut, flips, tail):
    """Fields in any order, twice, cut off or spoilt: the quick way says no, or says the same."""
    data = bytearray(number(1, way))
    for key, size in sorted(fields) if in_order else fields:
        data += content(key, bytes(size)) if key > 1 else number(1, size)
    data = data[: len(data) - cut]
    for place, bit in flips:
        if place < len(data):
            data[place] ^= 1 << bit
    buf = walled(bytes(data) + b"\x1a\x01" * tail)
    quick, slow, status = np.full((11, 2), -5), np.zeros((11, 2), np.int64), np.zeros(2, np.int64)
    is_quick = quick_way(buf, 0, len(data), quick)
    claimed = message(buf, 0, len(data), WAY_LENGTHS, 1 << 1, slow, status)
    if is_quick:
        assert status[0] == SOUND
        assert claimed & 1 << 1
        assert quick[1, 0] == slow[1, 0]
        for key in (2, 3, 4, 8):
            start, stop = quick[key]
            assert (start == stop and slow[key, 0] == slow[key, 1]) or (
                quick[key].tolist() == slow[key].tolist()
            )
    elif in_order and not cut and not flips and tail == 12:
        usual = len({key for key, _ in fields}) == len(fields) and 1 not in dict(fields)
        assert not (usual and way >= 0 and way < 1 << 56 and all(s < 1 << 14 for _, s in fields))


@LIMITED
@given(st.lists(st.tuples(st.integers(0, 7), SIGNED), max_size=9), st.binary(max_size=3))
def test_metadata_say_whether_an_object_is_visible(numbers, end):
    data = b"".join(bytes([number << 3]) + signed(value) for number, value in numbers) + end
    before, status, other = walled(data), np.zeros(2, np.int64), np.zeros(2, np.int64)
    check_visible(before, 0, len(data), status)
    check_visible(walled(data + bytes(80))[: len(data) + 80], 0, len(data), other)
    assert status[0] == other[0]
    hidden = [number for number, value in numbers if number == 6 and value == 0]
    if not end and not any(number == 0 for number, _ in numbers):
        assert (status[0] == HISTORY) == bool(hidden)
