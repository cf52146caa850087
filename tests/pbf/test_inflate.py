"""Both ways to inflate give the same, and neither gives more than was announced."""

import random
import zlib

import numpy as np
import pytest

from geo_border.pbf import inflate

WAYS = [
    inflate.with_isal,
    pytest.param(
        inflate.with_libdeflate,
        marks=pytest.mark.skipif(
            inflate._libdeflate() is None, reason="`deflate` does not export libdeflate here"
        ),
    ),
]


@pytest.mark.parametrize("way", WAYS)
def test_streams_of_all_levels(way):
    rng = random.Random(1)
    for level in range(10):
        for size in (0, 1, 300, 70_000):
            data = bytes(rng.choices(b"abcd\x00\xff", k=size))
            block = way(memoryview(zlib.compress(data, level)), size)
            assert block.tobytes() == data
            assert block.dtype == np.uint8
            assert not block.flags.writeable


@pytest.mark.parametrize("way", WAYS)
def test_other_sizes_than_announced(way):
    packed = zlib.compress(b"x" * 1000)
    for size in (0, 1, 999, 1001, 50_000):
        with pytest.raises(inflate.InflateError, match="announced size"):
            way(packed, size)
    with pytest.raises(inflate.InflateError, match="announced size"):
        way(zlib.compress(bytes(1 << 26)), 1000)


@pytest.mark.parametrize("way", WAYS)
def test_spoilt_streams(way):
    rng = random.Random(2)
    data = bytes(rng.choices(b"abcdefg", k=500))
    packed = zlib.compress(data)
    for cut in range(len(packed)):
        with pytest.raises(inflate.InflateError):
            way(packed[:cut], len(data))
    for _ in range(2000):
        spoilt = bytearray(packed)
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
        # Adler-32 lets some through, for every reader alike.
        try:
            expected = zlib.decompress(bytes(spoilt))
        except zlib.error:
            expected = b""
        if len(expected) == len(data):
            assert way(bytes(spoilt), len(data)).tobytes() == expected
        else:
            with pytest.raises(inflate.InflateError):
                way(bytes(spoilt), len(data))
    for _ in range(2000):
        with pytest.raises(inflate.InflateError):
            way(rng.randbytes(rng.randrange(200)), 700)


def test_the_quickest_is_one_of_the_two():
    assert inflate.quickest() in {inflate.with_isal, inflate.with_libdeflate}
