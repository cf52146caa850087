"""A small writer of PBF files in all the variants the format allows, and the plain truth.

Objects are tuples: nodes (id, x, y, tags) in 1e-7 degrees, ways (id, refs, tags), relations
(id, members, tags) with members (type, ref, role).
"""

import zlib
from dataclasses import dataclass, field
from itertools import pairwise

KINDS = "nwr"


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(value << 1 ^ value >> 63)


def number(key, value):
    return varint(key << 3) + varint(value)


def sint(key, value):
    return varint(key << 3) + zigzag(value)


def content(key, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(key << 3 | 2) + varint(len(data)) + data


def packed(key, values):
    return content(key, b"".join(varint(value) for value in values)) if values else b""


def deltas(key, values):
    return content(key, b"".join(zigzag(b - a) for a, b in pairwise([0, *values])))


@dataclass
class Variant:
    """How a file is written; by default as osmium does."""

    dense: bool = True
    packing: str = "zlib"
    metadata: bool = False
    granularity: int = 100
    lat_offset: int = 0
    lon_offset: int = 0
    block: int = 3
    mixed: bool = False
    order: str = "nwr"
    says_sorted: bool = False
    empty_blocks: bool = False
    groups_first: bool = False
    visible: bool = True
    required: tuple = ("OsmSchema-V0.6", "DenseNodes")
    optional: tuple = ()
    header: bytes = b""


@dataclass
class Strings:
    table: dict = field(default_factory=lambda: {"": 0})

    def __call__(self, text):
        return self.table.setdefault(text, len(self.table))

    def written(self):
        texts = (text if isinstance(text, bytes) else text.encode() for text in self.table)
        return b"".join(content(1, text) for text in texts)


def info(variant, strings):
    if not variant.metadata:
        return b""
    parts = number(1, 3) + number(2, 1600000000) + number(3, 77) + number(4, 5)
    return content(4, parts + number(5, strings("somebody")) + number(6, variant.visible))


def tags_of(tags, strings):
    keys, values = [strings(k) for k in tags], [strings(v) for v in tags.values()]
    return packed(2, keys) + packed(3, values)


def group(kind, things, variant, strings):
    v = variant

    def units(nano, offset):
        assert (nano - offset) % v.granularity == 0
        return (nano - offset) // v.granularity

    if kind == "n" and v.dense:
        ids = [thing[0] for thing in things]
        data = deltas(1, ids)
        if v.metadata:
            n = len(ids)
            dense = packed(1, [3] * n) + deltas(2, [1600000000 + i for i in ids])
            dense += deltas(3, [9] * n) + deltas(4, [5] * n)
            dense += deltas(5, [strings("somebody")] * n) + packed(6, [int(v.visible)] * n)
            data += content(5, dense)
        data += deltas(8, [units(thing[2] * 100, v.lat_offset) for thing in things])
        data += deltas(9, [units(thing[1] * 100, v.lon_offset) for thing in things])
        if any(thing[3] for thing in things):
            pairs = []
            for thing in things:
                for k, text in thing[3].items():
                    pairs += [strings(k), strings(text)]
                pairs.append(0)
            data += packed(10, pairs)
        return content(2, data)
    parts = []
    for thing in things:
        tags = tags_of(thing[-1], strings) + info(v, strings)
        if kind == "n":
            node = sint(1, thing[0]) + tags + sint(8, units(thing[2] * 100, v.lat_offset))
            parts.append(content(1, node + sint(9, units(thing[1] * 100, v.lon_offset))))
        elif kind == "w":
            parts.append(content(3, number(1, thing[0]) + tags + deltas(8, thing[1])))
        else:
            members = packed(8, [strings(role) for _, _, role in thing[1]])
            members += deltas(9, [ref for _, ref, _ in thing[1]])
            members += packed(10, [KINDS.index(t) for t, _, _ in thing[1]])
            parts.append(content(4, number(1, thing[0]) + tags + members))
    return b"".join(parts)


def block(groups, variant):
    """A primitive block of groups (kind, objects)."""
    strings = Strings()
    written = b"".join(content(2, group(k, things, variant, strings)) for k, things in groups)
    table = content(1, strings.written())
    units = b""
    if variant.granularity != 100:
        units += number(17, variant.granularity)
    if variant.lat_offset or variant.lon_offset:
        units += number(19, variant.lat_offset) + number(20, variant.lon_offset)
    return written + units + table if variant.groups_first else table + written + units


def blob(kind, data, packing="zlib", size=None):
    body = number(2, len(data) if size is None else size)
    if packing == "raw":
        body = content(1, data)
    elif packing == "zlib":
        body += content(3, zlib.compress(data))
    else:
        body += content({"lzma": 4, "bzip2": 5, "lz4": 6, "zstd": 7}[packing], data)
    header = content(1, kind) + number(3, len(body))
    return len(header).to_bytes(4, "big") + header + body


def header_block(variant):
    optional = (*variant.optional, *(["Sort.Type_then_ID"] if variant.says_sorted else []))
    parts = [content(4, feature) for feature in variant.required]
    return b"".join(parts + [content(5, feature) for feature in optional]) + variant.header


def blocks(nodes, ways, relations, variant):
    """The primitive blocks of a file."""
    by_kind = {"n": nodes, "w": ways, "r": relations}
    groups = [
        (kind, by_kind[kind][at : at + variant.block])
        for kind in variant.order
        for at in range(0, len(by_kind[kind]), variant.block)
    ]
    if variant.mixed:
        # Interleaved, three groups of different kinds in a block.
        groups = groups[::2] + groups[1::2]
        made = [block(groups[at : at + 3], variant) for at in range(0, len(groups), 3)]
    else:
        made = [block([one], variant) for one in groups]
    if variant.empty_blocks:
        empty = [block([], variant), content(1, b"") + content(2, b"")]
        made = [empty[0], *made[:1], empty[1], *made[1:], empty[0]]
    return made


def write_pbf(path, nodes, ways, relations, variant=None):
    variant = variant or Variant()
    made = [blob("OSMHeader", header_block(variant), variant.packing)]
    made += [
        blob("OSMData", data, variant.packing) for data in blocks(nodes, ways, relations, variant)
    ]
    path.write_bytes(b"".join(made))
    return path


def kept(tags, columns):
    return {k: v for k, v in tags.items() if k in columns}


def selected(tags, keys, values):
    return any(key in keys and value in values.get(key, {value}) for key, value in tags.items())


def truth(nodes, ways, relations, wanted):
    """What a reader must keep, as plain dictionaries by id."""
    chosen = {
        i: (members, kept(tags, wanted.relation_tag_keys))
        for i, members, tags in relations
        if selected(tags, wanted.relation_keys, wanted.relation_values)
    }
    members = {ref for each, _ in chosen.values() for t, ref, _ in each if t == "w"}
    lines = {
        i: (list(refs), kept(tags, wanted.tag_keys))
        for i, refs, tags in ways
        if i in members or selected(tags, wanted.way_keys, wanted.way_values)
    }
    used = {ref for refs, _ in lines.values() for ref in refs}
    tagged = {
        i: kept(t, wanted.node_tag_keys) for i, _, _, t in nodes if set(t) & set(wanted.node_keys)
    }
    points = {i: (x, y) for i, x, y, _ in nodes if i in used or i in tagged}
    return lines, points, tagged, chosen


def rows(frame, columns):
    """Tags of each row of a frame, without the missing ones."""
    texts = {key: frame[key].astype(object).where(frame[key].notna(), None) for key in columns}
    return (
        [
            {k: v for k, v in zip(columns, row, strict=True) if v is not None}
            for row in zip(*texts.values(), strict=True)
        ]
        if columns
        else [{} for _ in range(len(frame))]
    )


def stated(extract, wanted):
    """An extract in the form of `truth`; checks on the way that it is consistent."""
    e = extract
    assert (e.way_id[1:] > e.way_id[:-1]).all()
    assert (e.node_id[1:] > e.node_id[:-1]).all()
    assert len(e.way_start) == len(e.way_id) + 1
    assert e.way_start[0] == 0
    assert e.way_start[-1] == len(e.ref)
    has = e.ref_node >= 0
    assert (e.node_id[e.ref_node[has]] == e.ref[has]).all()
    assert not set(e.ref[~has].tolist()) & set(e.node_id.tolist())
    refs, start = e.ref.tolist(), e.way_start.tolist()
    lines = {
        i: (refs[a:b], tags)
        for i, a, b, tags in zip(
            e.way_id.tolist(),
            start[:-1],
            start[1:],
            rows(e.way_tags, wanted.tag_keys),
            strict=True,
        )
    }
    xy = zip(
        (e.lon * 1e7).round().astype(int).tolist(),
        (e.lat * 1e7).round().astype(int).tolist(),
        strict=True,
    )
    points = dict(zip(e.node_id.tolist(), xy, strict=True))
    ids = e.node_id[e.tagged_nodes["node"].to_numpy()].tolist()
    tagged = dict(zip(ids, rows(e.tagged_nodes, wanted.node_tag_keys), strict=True))
    members = {i: [] for i in e.relations["relation_id"].tolist()}
    m = e.members
    for i, t, ref, role in zip(
        m["relation_id"].tolist(),
        m["member_type"].tolist(),
        m["ref"].tolist(),
        m["role"].tolist(),
        strict=True,
    ):
        members[i].append((t, ref, role))
    tags = rows(e.relations, wanted.relation_tag_keys)
    return (
        lines,
        points,
        tagged,
        dict(zip(members, zip(members.values(), tags, strict=True), strict=True)),
    )
