"""Thousands of spoilt files: each is read or refused, none crashes, hangs or eats memory."""

import random
import resource
import time

import extracts
import pytest
from osm_pbf_writer import Variant, blob, blocks, header_block

from geo_border.errors import ExtractError
from geo_border.pbf import pbf
from geo_border.pbf.extract import Wanted, read_extract

pytestmark = pytest.mark.slow
WANTED = Wanted(
    ("highway",),
    ("highway", "name"),
    ("barrier", "highway"),
    ("barrier", "name"),
    ("boundary", "type"),
    ("boundary", "name"),
    {"highway": ("x",)},
    {"type": ("b",)},
)
NODES = [(i * 7, i * 1000, -i * 999, {"barrier": "gate"} if i % 5 == 0 else {}) for i in range(60)]
WAYS = [(i, [7 * j for j in range(i, i + 6)], {"highway": "x", "name": f"{i}"}) for i in range(30)]
RELATIONS = [
    (i, [("w", i, "outer"), ("n", 7, "")], {"boundary": "b", "name": "ñ"}) for i in range(12)
]
VARIANTS = [
    Variant(block=20, says_sorted=True, metadata=True),
    Variant(block=20, dense=False, metadata=True),
    Variant(block=20, mixed=True, granularity=10),
]
SECONDS = 60.0
"""What counts as a hang: thousands of times what any of these files needs."""


@pytest.fixture(scope="module", autouse=True)
def _compiled(tmp_path_factory):
    """Compile before the clock runs; that takes a slow machine minutes."""
    path = tmp_path_factory.mktemp("compiled") / "a.osm.pbf"
    head, made = clean_blocks(0)
    path.write_bytes(b"".join([blob("OSMHeader", head), *(blob("OSMData", d) for d in made)]))
    read_extract([path], WANTED)


def spoilt(data, rng):
    """Bytes with one to four injuries."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        if not data:
            break
        at = rng.randrange(len(data))
        kind = rng.randrange(8)
        if kind <= 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif kind == 3:
            del data[at : at + rng.choice([1, 2, 7, 100])]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.choice([1, 2, 9]))
        elif kind == 5:
            # A length or number of nine bytes, or one that never ends.
            data[at : at + 1] = b"\xff" * rng.choice([4, 9, 12]) + bytes([rng.choice([1, 0x7F])])
        elif kind == 6:
            other = rng.randrange(len(data))
            data[at:at] = data[other : other + rng.randrange(40)]
        else:
            del data[at:]
    return bytes(data)


def survives(path, data):
    """Read a spoilt file; whether it was refused."""
    path.write_bytes(data)
    start = time.perf_counter()
    try:
        read_extract([path], WANTED)
        refused = False
    except ExtractError as error:
        refused = True
        assert str(error).startswith(str(path))
    assert time.perf_counter() - start < SECONDS
    return refused


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def clean_blocks(number):
    variant = VARIANTS[number]
    return header_block(variant), blocks(NODES, WAYS, RELATIONS, variant)


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_spoilt_blocks(tmp_path, number):
    """The blocks themselves are spoilt, then packed: no checksum protects the kernels."""
    rng = random.Random(number)
    head, made = clean_blocks(number)
    path = tmp_path / "a.osm.pbf"
    assert not survives(
        path, b"".join([blob("OSMHeader", head), *(blob("OSMData", d) for d in made)])
    )
    before, refused = peak_mb(), 0
    for _ in range(900):
        spoiled = list(made)
        which = rng.randrange(len(made))
        spoiled[which] = spoilt(spoiled[which], rng)
        packing = rng.choice(["raw", "zlib"])
        refused += survives(
            path, blob("OSMHeader", head) + b"".join(blob("OSMData", d, packing) for d in spoiled)
        )
    assert 300 < refused < 900
    assert peak_mb() - before < 300


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_spoilt_files(tmp_path, number):
    """Frames, headers and packed blocks are spoilt."""
    rng = random.Random(100 + number)
    head, made = clean_blocks(number)
    packing = ["raw", "zlib", "zlib"][number]
    data = blob("OSMHeader", head, packing) + b"".join(blob("OSMData", d, packing) for d in made)
    before = peak_mb()
    refused = sum(survives(tmp_path / "a.osm.pbf", spoilt(data, rng)) for _ in range(400))
    assert 150 < refused <= 400
    assert peak_mb() - before < 300


def test_every_cut_is_refused_or_ends_between_blobs(tmp_path):
    head, made = clean_blocks(0)
    parts = [blob("OSMHeader", head), *(blob("OSMData", d) for d in made)]
    data = b"".join(parts)
    whole = {sum(len(part) for part in parts[:n]) for n in range(1, len(parts) + 1)}
    for size in [*range(0, len(data), 3), *whole]:
        assert survives(tmp_path / "a.osm.pbf", data[:size]) == (size not in whole)


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_spoilt_cuts_of_an_extract(tmp_path, key, extract_file):
    """One block each of its nodes, ways and relations."""
    source = extract_file(key)
    with source.open("rb") as file:
        found = pbf.blobs(file, source)
        chosen = [found[0], found[1], found[-2], found[-1]]
        made = []
        for one in chosen:
            file.seek(one.start)
            made.append(pbf.inflate(file.read(one.size), one, source).tobytes())
    rng = random.Random(7)
    path = tmp_path / "a.osm.pbf"
    before, refused = peak_mb(), 0
    for _ in range(150):
        spoiled = list(made)
        which = rng.randrange(1, len(made))
        spoiled[which] = spoilt(spoiled[which], rng)
        kinds = ["OSMHeader", "OSMData", "OSMData", "OSMData"]
        refused += survives(
            path, b"".join(blob(k, d, "raw") for k, d in zip(kinds, spoiled, strict=True))
        )
    assert refused > 50
    assert peak_mb() - before < 300
