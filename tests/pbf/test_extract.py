"""The reader against what was written and against pyosmium, in every variant of the format."""

import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import extracts
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osm_pbf_writer import (
    Variant,
    blob,
    block,
    content,
    deltas,
    header_block,
    number,
    packed,
    sint,
    stated,
    truth,
    varint,
    write_pbf,
)
from tries import tries

from geo_border.errors import ExtractError, GeoBorderError
from geo_border.osm.tags import wanted
from geo_border.pbf import blocks
from geo_border.pbf.extract import Wanted, read_extract
from geo_border.pbf.pbf import Blob

WANTED = Wanted(
    way_keys=("highway", "railway"),
    tag_keys=("highway", "railway", "name", "oneway"),
    node_keys=("barrier", "amenity"),
    node_tag_keys=("barrier", "name"),
    relation_keys=("boundary",),
    relation_tag_keys=("boundary", "admin_level", "name"),
)
NODES = [
    (1, 0, 0, {}),
    (2, 10_000_000, 5_000_000, {"barrier": "border_control", "name": "Пост"}),
    (3, 1_800_000_000, 900_000_000, {"name": "not selected"}),
    (4, -1_800_000_000, -900_000_000, {"amenity": "customs"}),
    (5, 1230, -4560, {"barrier": ""}),
    (6, 70, 80, {}),
    (7, 90, 100, {"barrier": "gate"}),
    (13_000_000_000, 712345678, 523456789, {}),
]
WAYS = [
    (10, [1, 2, 3, 1], {"highway": "trunk", "name": "M-51"}),
    (11, [5, 6], {"building": "yes"}),
    (12, [4, 999], {"railway": "rail", "name": "Қазақ", "oneway": "-1"}),
    (13, [13_000_000_000, 1], {"name": "a member"}),
    (14, [], {"highway": "service"}),
]
RELATIONS = [
    (
        20,
        [("w", 13, "outer"), ("n", 2, "label"), ("r", 21, ""), ("w", 404, "outer")],
        {"boundary": "administrative", "admin_level": "2", "name": "Здесь"},
    ),
    (21, [("w", 11, "")], {"type": "route"}),
]
DATA = (NODES, WAYS, RELATIONS)
VARIANTS = {
    "osmium": Variant(says_sorted=True, metadata=True),
    "bare": Variant(),
    "raw": Variant(packing="raw"),
    "plain nodes": Variant(dense=False),
    "plain nodes with metadata": Variant(dense=False, metadata=True),
    "fine": Variant(granularity=1),
    "coarse": Variant(granularity=10),
    "offsets": Variant(granularity=50, lat_offset=-12_345_650, lon_offset=98_765_400),
    "backwards": Variant(order="rwn"),
    "ways first": Variant(order="wnr"),
    "mixed": Variant(mixed=True, block=2),
    "one block": Variant(mixed=True, block=100),
    "empty blocks": Variant(empty_blocks=True),
    "empty blocks, sorted": Variant(empty_blocks=True, says_sorted=True, block=1),
    "strings last": Variant(groups_first=True),
    "one object a block": Variant(block=1, says_sorted=True),
}  # fmt: skip


def read(path, wanted=WANTED):
    return stated(read_extract([path], wanted), wanted)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_what_was_written(tmp_path, name):
    path = write_pbf(tmp_path / "a.osm.pbf", *DATA, VARIANTS[name])
    lines, points, tagged, relations = read(path)
    assert (lines, points, tagged, relations) == truth(*DATA, WANTED)
    # By hand: the building is not kept, the member of the boundary is.
    assert list(lines) == [10, 12, 13, 14]
    assert lines[12] == ([4, 999], {"railway": "rail", "name": "Қазақ", "oneway": "-1"})
    assert list(points) == [1, 2, 3, 4, 5, 7, 13_000_000_000]
    assert tagged == {2: {"barrier": "border_control", "name": "Пост"}, 4: {}, 5: {"barrier": ""},
                      7: {"barrier": "gate"}}  # fmt: skip
    assert relations[20][0][1] == ("n", 2, "label")


@pytest.mark.parametrize("name", VARIANTS)
def test_a_key_of_many_values_selects_by_those_that_are_wanted(tmp_path, name):
    wanted = replace(
        WANTED,
        way_keys=("highway", "natural"),
        way_values={"natural": ("coastline", "cliff")},
        relation_keys=("boundary", "route"),
        relation_values={"route": ("ferry",)},
    )
    ways = [
        (1, [1, 2], {"natural": "wood", "name": "coastline"}),
        (2, [2, 3], {"name": "natural", "source": "x", "natural": "coastline"}),
        (3, [3, 1], {"coastline": "natural", "highway": "x", "natural": "wood"}),
        (4, [1, 5], {"natural": "wood"}),
        (5, [5, 6], {"natural": "cliff"}),
        (6, [6, 7], {"natural": ""}),
        (7, [7, 8], {"coastline": "coastline", "wood": "natural"}),
    ]
    relations = [
        (1, [("w", 4, "outer")], {"route": "ferry"}),
        (2, [("w", 1, "")], {"name": "ferry", "route": "bus"}),
        (3, [("w", 404, "")], {"route": "bus", "boundary": "x"}),
    ]
    path = write_pbf(tmp_path / "a.osm.pbf", NODES, ways, relations, VARIANTS[name])
    assert read(path, wanted) == truth(NODES, ways, relations, wanted)
    assert list(read(path, wanted)[0]) == [2, 3, 4, 5]
    assert list(read(path, wanted)[3]) == [1, 3]
    osmium = pytest.importorskip("osmium")
    with osmium.SimpleWriter(str(tmp_path / "a.osm")) as writer:
        for thing in osmium.FileProcessor(str(path)):
            writer.add(thing)
    assert read(tmp_path / "a.osm", wanted)[0].keys() == read(path, wanted)[0].keys()
    assert read(tmp_path / "a.osm", wanted)[3] == read(path, wanted)[3]


@pytest.mark.parametrize("name", VARIANTS)
def test_pyosmium_reads_the_same(tmp_path, name):
    pytest.importorskip("osmium")
    path = write_pbf(tmp_path / "a.osm.pbf", *DATA, VARIANTS[name])
    assert truth(*by_pyosmium(path), WANTED) == truth(*DATA, WANTED)


@pytest.mark.parametrize("name", ["osmium", "mixed", "raw"])
def test_without_a_compiled_way_to_inflate(tmp_path, name, monkeypatch):
    path = write_pbf(tmp_path / "a.osm.pbf", *DATA, VARIANTS[name])
    monkeypatch.setattr(blocks, "is_compiled", lambda: False)
    assert read(path) == truth(*DATA, WANTED)


def by_pyosmium(path):
    osmium = pytest.importorskip("osmium")
    nodes, ways, relations = [], [], []
    for thing in osmium.FileProcessor(str(path)):
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node():
            if thing.location.valid():
                nodes.append((thing.id, thing.location.x, thing.location.y, tags))
        elif thing.is_way():
            ways.append((thing.id, [node.ref for node in thing.nodes], tags))
        elif thing.is_relation():
            members = [(m.type, m.ref, m.role) for m in thing.members]
            relations.append((thing.id, members, tags))
    return nodes, ways, relations


def written_by_osmium(path, nodes, ways, relations):
    osmium = pytest.importorskip("osmium")
    m = osmium.osm.mutable
    with osmium.SimpleWriter(str(path)) as out:
        for i, x, y, tags in nodes:
            out.add_node(m.Node(id=i, location=(x / 1e7, y / 1e7), tags=tags, version=1))
        for i, refs, tags in ways:
            out.add_way(m.Way(id=i, nodes=refs, tags=tags, version=1))
        for i, members, tags in relations:
            out.add_relation(m.Relation(id=i, members=members, tags=tags, version=1))
    return path


@pytest.mark.parametrize("suffix", ["osm.pbf", "osm", "osm.gz", "osm.bz2"])
def test_files_that_osmium_writes(tmp_path, suffix):
    path = written_by_osmium(tmp_path / f"a.{suffix}", *DATA)
    assert read(path) == truth(*DATA, WANTED)


def test_negative_ids(tmp_path):
    nodes = [(-i, x, y, tags) for i, x, y, tags in NODES]
    ways = [(-i, [-ref for ref in refs], tags) for i, refs, tags in WAYS]
    relations = [(-i, [(t, -ref, role) for t, ref, role in m], tags) for i, m, tags in RELATIONS]
    path = write_pbf(tmp_path / "a.osm.pbf", nodes, ways, relations)
    assert read(path) == truth(nodes, ways, relations, WANTED)


def test_nothing_in_a_file(tmp_path):
    path = write_pbf(tmp_path / "a.osm.pbf", [], [], [])
    extract = read_extract([path], WANTED)
    assert stated(extract, WANTED) == ({}, {}, {}, {})
    assert list(extract.way_tags) == list(WANTED.tag_keys)
    assert list(extract.tagged_nodes) == ["node", *WANTED.node_tag_keys]
    assert list(extract.members) == ["relation_id", "member_type", "ref", "role"]


def test_a_key_twice_keeps_its_first_value(tmp_path):
    table = content(1, b"".join(content(1, text) for text in ("", "highway", "first", "second")))
    way = number(1, 5) + packed(2, [1, 1]) + packed(3, [2, 3]) + deltas(8, [1])
    data = blob("OSMData", table + content(2, content(3, way)))
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(blob("OSMHeader", header_block(Variant())) + data)
    assert read(path)[0] == {5: ([1], {"highway": "first"})}


def test_nodes_without_a_place_are_lacking(tmp_path):
    path = tmp_path / "a.osm.pbf"
    osmium = pytest.importorskip("osmium")
    with osmium.SimpleWriter(str(path)) as out:
        out.add_node(osmium.osm.mutable.Node(id=1, tags={"barrier": "gate"}))
        out.add_way(osmium.osm.mutable.Way(id=2, nodes=[1], tags={"highway": "x"}))
    lines, points, tagged, _ = read(path)
    assert lines == {2: ([1], {"highway": "x"})}
    assert not points
    assert not tagged


def test_overlapping_files_are_merged(tmp_path):
    """Each object once; of two copies that of the newest file, in whatever order."""
    old = write_pbf(
        tmp_path / "old.osm.pbf", NODES[:4], WAYS[:3], RELATIONS, Variant(header=number(32, 1000))
    )
    moved = [(i, x // 2, y // 2, tags) for i, x, y, tags in NODES[2:]]
    renamed = [(i, refs[::-1], {**tags, "name": "new"}) for i, refs, tags in WAYS[1:]]
    new = write_pbf(tmp_path / "new.osm.pbf", moved, renamed, [], Variant(header=number(32, 2000)))
    both = [*moved, *NODES[:2]], [*renamed, WAYS[0]], RELATIONS
    for files in ([old, new], [new, old], [str(new), old, new]):
        extract = read_extract(files, WANTED)
        assert stated(extract, WANTED) == truth(*both, WANTED)
        assert extract.sources["file"].tolist() == [str(file) for file in files]


def test_sources_tell_where_data_come_from(tmp_path):
    sides = [(1, 9_000_000_000), (2, 10_000_000_000), (3, 48_000_000_000), (4, -1)]
    box = b"".join(sint(key, nano) for key, nano in sides)
    head = content(1, box) + content(16, "a writer") + number(32, 1_700_000_000)
    path = write_pbf(tmp_path / "a.osm.pbf", *DATA, Variant(header=head))
    row = read_extract([path], WANTED).sources.iloc[0]
    assert row[["west", "east", "north", "south"]].tolist() == [9.0, 10.0, 48.0, -1e-9]
    assert row["timestamp"] == pd.Timestamp("2023-11-14T22:13:20Z")
    assert row["program"] == "a writer"
    assert row[["nodes", "ways", "relations"]].tolist() == [8, 5, 2]
    assert row["bytes"] == path.stat().st_size


KEYS = st.sampled_from(["highway", "railway", "name", "barrier", "boundary", "other", "é"])
TAGS = st.dictionaries(KEYS, st.text(st.characters(codec="utf-8"), max_size=4), max_size=4)
IDS = st.integers(-40, 40) | st.integers(-(1 << 59), 1 << 59)


@st.composite
def data_sets(draw):
    def unique(of):
        return st.lists(of, max_size=12, unique_by=lambda thing: thing[0])

    x, y = st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000)
    members = st.lists(
        st.tuples(st.sampled_from("nwr"), IDS, st.sampled_from(["", "a", "ю"])), max_size=5
    )
    return (
        draw(unique(st.tuples(IDS, x, y, TAGS))),
        draw(unique(st.tuples(IDS, st.lists(IDS, max_size=8), TAGS))),
        draw(unique(st.tuples(IDS, members, TAGS))),
    )


@settings(
    max_examples=tries(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    data=data_sets(), name=st.sampled_from(sorted(set(VARIANTS))), size=st.integers(1, 5),
    cut=st.integers(0, 12),
)  # fmt: skip
def test_any_data_in_any_variant_and_in_two_files(tmp_path, data, name, size, cut):
    variant = replace(VARIANTS[name], block=size)
    if variant.granularity == 50:
        variant = replace(variant, lat_offset=50, lon_offset=-100)
    path = write_pbf(tmp_path / "a.osm.pbf", *data, variant)
    expected = truth(*data, WANTED)
    assert read(path) == expected
    halves = [part[:cut] for part in data], [part[max(0, cut - 3) :] for part in data]
    files = [write_pbf(tmp_path / f"{n}.osm.pbf", *half, variant) for n, half in enumerate(halves)]
    assert stated(read_extract(files, WANTED), WANTED) == expected


@pytest.mark.parametrize("key", extracts.of("andorra", "liechtenstein"))
def test_whole_extracts_as_pyosmium_reads_them(key, extract_file):
    path = extract_file(key)
    extract = read_extract([path], WANTED)
    nodes, ways, relations = by_pyosmium(path)
    assert stated(extract, WANTED) == truth(nodes, ways, relations, WANTED)
    row = extract.sources.iloc[0]
    counted = row[["nodes", "ways", "relations"]].tolist()
    assert counted == [len(nodes), len(ways), len(relations)]
    # 1e-7 degrees exactly, as libosmium gives them.
    where = {i: (x / 1e7, y / 1e7) for i, x, y, _ in nodes}
    ours = zip(extract.lon.tolist(), extract.lat.tolist(), strict=True)
    assert all(where[i] == xy for i, xy in zip(extract.node_id.tolist(), ours, strict=True))


def one_block(tmp_path, data, packing="zlib", **options):
    path = tmp_path / "a.osm.pbf"
    head = blob("OSMHeader", header_block(Variant()))
    path.write_bytes(head + blob("OSMData", data, packing, **options))
    return path, len(head)


def refused(path, *words, wanted=WANTED):
    with pytest.raises(ExtractError) as caught:
        read_extract([path], wanted)
    text = str(caught.value)
    assert text.startswith(str(path))
    for word in words:
        assert word in text
    return text


def test_history_is_refused(tmp_path):
    for dense in (True, False):
        variant = Variant(metadata=True, visible=False, dense=dense)
        for data in ((NODES, [], []), ([], WAYS, []), ([], [], RELATIONS)):
            path = write_pbf(tmp_path / "a.osm.pbf", *data, variant)
            refused(path, "history", "osmium time-filter", "byte ")
    variant = Variant(required=("OsmSchema-V0.6", "HistoricalInformation"))
    refused(write_pbf(tmp_path / "a.osm.pbf", *DATA, variant), "history file")
    path = tmp_path / "a.osm"
    path.write_text(
        "<osm version='0.6'><node id='1' version='2' visible='false'/></osm>", encoding="utf-8"
    )
    refused(path, "history")


def test_what_is_not_understood_is_refused(tmp_path):
    variant = Variant(required=("OsmSchema-V0.6", "Teleportation"))
    refused(write_pbf(tmp_path / "a.osm.pbf", *DATA, variant), "Teleportation")
    variant = Variant(optional=("LocationsOnWays",))
    refused(write_pbf(tmp_path / "a.osm.pbf", *DATA, variant), "coordinates on ways")
    for packing in ("lzma", "bzip2", "lz4", "zstd"):
        refused(one_block(tmp_path, b"x", packing)[0], packing, "pbf_compression=zlib")


def test_a_false_claim_to_be_sorted_is_refused(tmp_path):
    for order in ("rwn", "wnr", "rnw"):
        variant = Variant(order=order, block=1, says_sorted=True)
        path = write_pbf(tmp_path / "a.osm.pbf", *DATA, variant)
        refused(path, "says that it is sorted", "osmium sort")


def test_files_that_are_none(tmp_path):
    with pytest.raises(ExtractError, match="no extract is named"):
        read_extract([], WANTED)
    refused(tmp_path / "missing.osm.pbf", "cannot be opened")
    for name, data, words in [
        ("empty.osm.pbf", b"", "does not begin"),
        ("text.osm.pbf", b"<html>not found</html>", "not the header"),
        ("cut.osm.pbf", blob("OSMHeader", b"")[:-1], "cut short"),
        ("headless.osm.pbf", blob("OSMData", b""), "does not begin"),
        ("a.txt", b"", "by its name"),
        ("a.osm", b"<osm", "pyosmium cannot read"),
    ]:
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, words)
    assert issubclass(ExtractError, GeoBorderError)


STRINGS = content(1, b"".join(content(1, text) for text in ("", "highway", "barrier")))
ROAD = packed(2, [1]) + packed(3, [0])
NODE = content(2, content(1, sint(1, 1) + sint(8, 1) + sint(9, 1)))
HUGE = 1 << 61
HOSTILE = {
    "a group longer than the block": (content(2, b"")[:1] + varint(1 << 40), "reaches past"),
    "a group of negative length": (content(2, b"")[:1] + varint(-1), "reaches past"),
    "a number of 11 bytes": (b"\x88\x01" + b"\xff" * 11, "reaches past"),
    "a group as a number": (number(2, 5), "a form"),
    "two string tables": (STRINGS, "comes twice"),
    "granularity zero": (number(17, 0), "granularity"),
    "granularity beyond all": (number(17, 1 << 62), "granularity"),
    "offset beyond all": (number(19, -(1 << 63)), "granularity"),
    "a string that is not there": (
        content(2, content(3, number(1, 5) + packed(2, [1]) + packed(3, [3]))), "string"),
    "a key of negative number": (
        content(2, content(3, number(1, 5) + packed(2, [-1]) + packed(3, [1]))), "string"),
    "more keys than values": (
        content(2, content(3, number(1, 5) + packed(2, [1, 1]) + packed(3, [1]))), "differ"),
    "more values than keys": (
        content(2, content(3, number(1, 5) + packed(2, [1]) + packed(3, [1, 1]))), "differ"),
    "keys twice": (content(2, content(3, number(1, 5) + ROAD + ROAD)), "comes twice"),
    "keys as a number": (content(2, content(3, number(1, 5) + number(2, 1))), "a form"),
    "a way without id": (content(2, content(3, ROAD)), "lacks"),
    "a way with id beyond all": (content(2, content(3, number(1, HUGE) + ROAD)), "out of range"),
    "refs that overflow": (
        content(2, content(3, number(1, 5) + ROAD + deltas(8, [HUGE // 4, -HUGE, HUGE]))),
        "out of range"),
    "refs that stop in a number": (
        content(2, content(3, number(1, 5) + ROAD + content(8, b"\x02\x80"))), "reaches past"),
    "ids without latitudes": (
        content(2, content(2, deltas(1, [1, 2]) + deltas(8, [1]) + deltas(9, [1, 2]))), "differ"),
    "latitudes that overflow": (
        content(2, content(2, deltas(1, [1, 2]) + deltas(8, [HUGE, -HUGE]) + deltas(9, [1, 2]))),
        "Earth"),
    "a latitude of 91 degrees": (
        content(2, content(2, deltas(1, [1]) + deltas(8, [910_000_000]) + deltas(9, [1])
                           + packed(10, [2, 1, 0]))), "Earth"),
    "tags of dense nodes that stop": (
        content(2, content(2, deltas(1, [1]) + deltas(8, [1]) + deltas(9, [1])
                           + packed(10, [2, 1]))), "differ"),
    "tags of more dense nodes than there are": (
        content(2, content(2, deltas(1, [1]) + deltas(8, [1]) + deltas(9, [1])
                           + packed(10, [2, 1, 0, 0]))), "differ"),
    "a plain node without longitude": (content(2, content(1, sint(1, 1) + sint(8, 1))), "lacks"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_blocks_are_refused_with_their_place(tmp_path, name):
    data, word = HOSTILE[name]
    for packing in ("raw", "zlib"):
        path, offset = one_block(tmp_path, STRINGS + data + NODE, packing)
        refused(path, word, f"byte {offset}")


def test_hostile_relations(tmp_path):
    table = content(1, b"".join(content(1, text) for text in ("", "boundary")))
    start = number(1, 5) + packed(2, [1]) + packed(3, [1])
    for members, word in [
        (packed(8, [1]) + deltas(9, [7]) + packed(10, [3]), "neither"),
        (packed(8, [2]) + deltas(9, [7]) + packed(10, [0]), "string"),
        (packed(8, [1, 1]) + deltas(9, [7]) + packed(10, [0]), "differ"),
        (packed(8, [1]) + deltas(9, [7, 8]) + packed(10, [0, 0]), "differ"),
    ]:
        path, offset = one_block(tmp_path, table + content(2, content(4, start + members)))
        refused(path, word, f"byte {offset}")


def test_bombs_do_not_go_off(tmp_path):
    bomb = bytes(200 << 20)
    for size, word in [
        (None, "32 MiB"), (1 << 40, "32 MiB"), (-1, "32 MiB"), (100, "announced size"),
        (32 << 20, "times its size"),
    ]:  # fmt: skip
        path, offset = one_block(tmp_path, bomb, size=size)
        tracemalloc.start()
        refused(path, word, f"byte {offset}")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 160 << 20


BOMBS = """
import sys
from pathlib import Path
from geo_border.errors import ExtractError
from geo_border.pbf.extract import read_extract
from geo_border.osm.tags import wanted
try:
    read_extract(sys.argv[1], wanted())
except ExtractError as error:
    print(error)
peak = next(row for row in Path("/proc/self/status").open() if row.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("blobs", "refs", "says"),
    [
        (24, (32 << 20) - 200, "a blob inflates to"),
        # Each is within bounds, all of them together are not.
        pytest.param(1000, (256 << 10) - 200, "takes more than", marks=pytest.mark.slow),
    ],
)
def test_many_bombs_do_not_go_off_either(tmp_path, blobs, refs, says):
    table = content(1, content(1, "") + content(1, "highway") + content(1, "primary"))
    path = tmp_path / "bombs.osm.pbf"
    way = number(1, 5) + packed(2, [1]) + packed(3, [2]) + content(8, b"\x02" * refs)
    one = blob("OSMData", table + content(2, content(3, way)))
    path.write_bytes(blob("OSMHeader", header_block(Variant())) + blobs * one)
    command = [sys.executable, "-c", BOMBS, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    message, peak_mb = done.stdout.splitlines()
    assert says in message
    assert str(path) in message
    assert int(peak_mb) < 1000


def test_large_blobs_are_not_read_together(monkeypatch):
    """A blob of a megabyte may hold 256 MB: sixteen of them in each thread are 4 GB each."""
    monkeypatch.setattr(blocks.os, "cpu_count", lambda: 2)
    sizes = 128 * [100_000], 128 * [1_200_000], 100 * [9] + [3 << 20] + 60 * [1 << 20], [9], []
    for each, tasks in zip(sizes, [8, 128, 38, 1, 0], strict=True):
        found = [Blob("OSMData", at, at, size) for at, size in enumerate(each)]
        parts = blocks._parts(found)
        assert [blob for part in parts for blob in part] == found
        assert len(parts) == tasks
        assert all(len(p) == 1 or sum(b.size for b in p) <= 2 << 20 for p in parts)
        assert all(1 <= len(p) <= 16 for p in parts)


def test_huge_lengths_in_the_frame(tmp_path):
    head = blob("OSMHeader", header_block(Variant()))
    path = tmp_path / "a.osm.pbf"
    frame = content(1, "OSMData") + number(3, 33 << 20)
    path.write_bytes(head + len(frame).to_bytes(4, "big") + frame)
    refused(path, "larger than", f"byte {len(head)}")
    frame = content(1, "OSMData") + number(3, 31 << 20)
    path.write_bytes(head + len(frame).to_bytes(4, "big") + frame)
    refused(path, "cut short", f"byte {len(head)}")
    path.write_bytes(head + b"\xff\xff\xff\xff")
    refused(path, "not the header", f"byte {len(head)}")


def test_text_that_is_not_utf8(tmp_path):
    table = content(1, content(1, "") + content(1, "highway") + content(1, b"\xff\xfe"))
    way = number(1, 5) + packed(2, [1]) + packed(3, [2])
    path, offset = one_block(tmp_path, table + content(2, content(3, way)))
    refused(path, "UTF-8", f"byte {offset}")
    # Of several blobs read in one go, the one that holds it.
    good = content(1, content(1, "") + content(1, "highway") + content(1, "ü"))
    good = blob("OSMData", good + content(2, content(3, way)))
    head, spoilt = path.read_bytes()[:offset], path.read_bytes()[offset:]
    path.write_bytes(head + 40 * good + spoilt + 40 * good)
    refused(path, "UTF-8", f"byte {offset + 40 * len(good)}")


def test_unknown_blobs_and_fields_are_passed_over(tmp_path):
    data = block([("n", NODES)], Variant()) + content(99, "later") + number(31, 4)
    path, _ = one_block(tmp_path, data)
    path.write_bytes(path.read_bytes() + blob("Later", b"anything"))
    assert np.array_equal(read_extract([path], WANTED).node_id, [2, 4, 5, 7])


def test_reading_tells_of_every_file_how_far_it_is(extract_file):
    files = [extract_file(key) for key in ("andorra-sketch", "liechtenstein-sketch")]
    names = [file.name for file in files]
    heard = []
    read_extract(
        files,
        wanted(),
        progress=lambda path, kind, done, size: heard.append((path.name, kind, done, size)),
    )
    assert {(name, kind) for name, kind, *_ in heard} == {
        (name, kind) for name in names for kind in ("relations", "ways", "nodes")
    }
    for name, path in zip(names, files, strict=True):
        of_file = [(kind, done, size) for file, kind, done, size in heard if file == name]
        assert list(dict.fromkeys(kind for kind, *_ in of_file)) == ["relations", "ways", "nodes"]
        for kind in ("relations", "ways", "nodes"):
            done = [row[1] for row in of_file if row[0] == kind]
            size = {row[2] for row in of_file if row[0] == kind}
            assert done == sorted(done)
            assert {done[-1]} == size
        whole = sum({row[0]: row[2] for row in of_file}.values())
        assert 0.9 < whole / path.stat().st_size < 1.5
