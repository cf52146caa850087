"""What an OSM extract costs to read and to make a graph: ours, pyosmium, pyrosm, same files.

    python benchmarks/osm_reader.py andorra.osm.pbf --copies 8 32 92

Large files are made from a real extract: each copy has its ids shifted beyond those of the
one before, and its longitudes by a hundredth of a degree. They are kept in a cache folder
outside the repository. Every engine runs in processes of its own, the best of which counts, and
first reads the extract itself, which loads what an engine loads when it is first used. Printed
are seconds from the first byte to the last result, the same with the start of Python, the imports
and that first reading, processor seconds, peak memory, ratios of the three times, and the counts
that must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIFT = 1 << 34
"""Beyond the ids of nodes of this decade (13 thousand millions)."""

STEP_NANO = 10_000_000

WAY_KEYS = ("highway", "railway", "route", "barrier", "amenity")
TAG_KEYS = (
    *WAY_KEYS, "name", "ref", "oneway", "maxspeed", "access", "lanes", "surface", "bridge",
    "tunnel", "junction", "layer",
)  # fmt: skip
NODE_KEYS = ("barrier", "amenity", "railway", "border_type")


def varint(value: int) -> bytes:
    """Number of variable length."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> bytes:
    """Signed number of variable length."""
    return varint(value << 1 ^ value >> 63)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Number of variable length and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def read_zigzag(data: bytes, at: int) -> tuple[int, int]:
    """Signed number of variable length and the position after it."""
    value, at = read_varint(data, at)
    return value >> 1 ^ -(value & 1), at


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and content of each field."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            yield key >> 3, 2, data[at : at + value]
            at += value
        else:
            yield key >> 3, 0, value


def framed(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


class Template:
    """A block cut into bytes that stay and numbers that move with each copy."""

    def __init__(self, block: bytes) -> None:
        self.kinds: set[int] = set()
        self.pieces: list[Any] = []
        for number, wire, value in fields(block):
            if number == 2:
                self.pieces.append([self.group(*field) for field in fields(value)])
            elif wire == 2:
                self.pieces.append(framed(number, value))
            else:
                self.pieces.append(varint(number << 3) + varint(value))

    def group(self, number: int, _: int, value: bytes) -> tuple[int, list[Any]]:
        """Cut the objects of one kind."""
        self.kinds.add(number)
        moved = {2: (1,), 3: (8,), 4: (9,)}[number]
        parts = []
        for inner, wire, content in fields(value):
            if wire == 0:
                parts.append(content if inner == 1 else varint(inner << 3) + varint(content))
            elif inner in moved or (number == 2 and inner == 9):
                first, at = read_zigzag(content, 0) if content else (0, 0)
                parts.append((inner, first, content[at:], not content))
            else:
                parts.append(framed(inner, content))
        return number, parts

    def copy(self, k: int) -> bytes:
        """Make the block of the copy with number `k`."""
        out = []
        for piece in self.pieces:
            if isinstance(piece, bytes):
                out.append(piece)
                continue
            group = []
            for number, parts in piece:
                made = []
                for part in parts:
                    if isinstance(part, bytes):
                        made.append(part)
                    elif isinstance(part, int):
                        made.append(b"\x08" + varint(part + k * SHIFT))
                    else:
                        inner, first, rest, is_empty = part
                        # Field 9 of dense nodes (kind 2) is longitudes, of relations ids.
                        is_lon = number == 2 and inner == 9
                        first += k * (STEP_NANO // 100 if is_lon else SHIFT)
                        made.append(framed(inner, b"" if is_empty else zigzag(first) + rest))
                group.append(framed(number, b"".join(made)))
            out.append(framed(2, b"".join(group)))
        return b"".join(out)


def blobs(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Kind and inflated block of each blob."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        header = {n: v for n, _, v in fields(data[at + 4 : at + 4 + size])}
        at += 4 + size
        blob = {n: v for n, _, v in fields(data[at : at + header[3]])}
        at += header[3]
        yield header[1], blob[1] if 1 in blob else zlib.decompress(blob[3])


def packed(kind: bytes, block: bytes) -> bytes:
    """A blob as it lies in a file."""
    blob = varint(2 << 3) + varint(len(block)) + framed(3, zlib.compress(block, 6))
    header = framed(1, kind) + varint(3 << 3) + varint(len(blob))
    return len(header).to_bytes(4, "big") + header + blob


def multiply(source: Path, copies: int, target: Path) -> None:
    """Write `copies` shifted copies of a sorted extract as one sorted file."""
    (kind, header), *rest = blobs(source)
    by_kind: dict[int, list[Template]] = {2: [], 3: [], 4: []}
    for _, block in rest:
        template = Template(block)
        by_kind[min(template.kinds)].append(template)
    part = target.with_suffix(".part")
    with part.open("wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
        out.write(packed(kind, header))
        for templates in by_kind.values():
            for k in range(copies):
                blocks = [template.copy(k) for template in templates]
                out.writelines(pool.map(lambda block: packed(b"OSMData", block), blocks))
    part.rename(target)


def clock() -> tuple[float, float]:
    """Time on the wall and of all processors; imports come before it."""
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> dict[str, float]:
    """Seconds on the wall and of all processors."""
    return {"seconds": time.perf_counter() - start[0], "cpu": time.process_time() - start[1]}


def run_ours(path: str) -> dict[str, float]:
    """Ways, references, coordinates, tags, tagged nodes."""
    from geo_border.pbf.extract import Wanted, read_extract  # noqa: PLC0415

    wanted = Wanted(WAY_KEYS, TAG_KEYS, NODE_KEYS, (*NODE_KEYS, "name"))
    start = clock()
    extract = read_extract([path], wanted)
    took = since(start)
    is_road = extract.way_tags["highway"].notna().to_numpy()
    return {
        **took,
        "ways": len(extract.way_id),
        "refs": len(extract.ref_node),
        "nodes": len(extract.node_id),
        "roads": int(is_road.sum()),
        "sum_of_ids": int(extract.way_id.sum()) % 1_000_000_007,
    }


def run_pyosmium(path: str) -> dict[str, float]:
    """The same ways with references and locations, in one pass with a node index."""
    import osmium  # noqa: PLC0415

    start = clock()
    ways = refs = roads = total = 0
    # Both filters run in C++, so that Python sees the wanted ways alone.
    processor = (
        osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter(*WAY_KEYS))
    )
    for way in processor:
        ways += 1
        total += way.id
        roads += "highway" in way.tags
        nodes = [(node.ref, node.x, node.y) for node in way.nodes]
        refs += len(nodes)
    took = since(start)
    return {
        **took,
        "ways": ways,
        "refs": refs,
        "roads": roads,
        "sum_of_ids": total % 1_000_000_007,
    }


def run_pyosmium_plain(path: str) -> dict[str, float]:
    """The same by the plain loop over nodes and ways, chosen in Python."""
    import osmium  # noqa: PLC0415

    start = clock()
    ways = refs = roads = total = 0
    both = osmium.osm.NODE | osmium.osm.WAY
    for thing in osmium.FileProcessor(path, both).with_locations():
        if not thing.is_way() or not any(key in thing.tags for key in WAY_KEYS):
            continue
        ways += 1
        total += thing.id
        roads += "highway" in thing.tags
        nodes = [(node.ref, node.x, node.y) for node in thing.nodes]
        refs += len(nodes)
    return {
        **since(start),
        "ways": ways,
        "refs": refs,
        "roads": roads,
        "sum_of_ids": total % 1_000_000_007,
    }


def run_pyrosm(path: str) -> dict[str, float]:
    """All its roads as a frame; it has no call that stops at references."""
    import pyrosm  # noqa: PLC0415

    start = clock()
    edges = pyrosm.OSM(path).get_network(network_type="all")
    return {**since(start), "ways": len(edges)}


def run_ours_graph(path: str) -> dict[str, float]:
    """Roads, ferries and railways cut at junctions, with lengths, speeds and tags."""
    import numpy as np  # noqa: PLC0415

    from geo_border.osm.lines import lines_from_extract  # noqa: PLC0415
    from geo_border.osm.tags import wanted  # noqa: PLC0415
    from geo_border.pbf.extract import read_extract  # noqa: PLC0415

    start = clock()
    lines, _ = lines_from_extract(read_extract([path], wanted()))
    ends = np.concatenate([lines["tail_osm"], lines["head_osm"]])
    nodes, at = np.unique(ends, return_inverse=True)
    took = since(start)
    return {**took, "nodes": len(nodes), "edges": len(at) // 2, "km": lines["length_km"].sum()}


def run_pyrosm_network(path: str) -> dict[str, float]:
    """Roads for cars, an edge from each node to the next, with lengths and tags."""
    import pyrosm  # noqa: PLC0415

    start = clock()
    nodes, edges = pyrosm.OSM(path).get_network(network_type="driving", nodes=True)
    took = since(start)
    return {**took, "nodes": len(nodes), "edges": len(edges), "km": edges["length"].sum() / 1000}


def run_pyrosm_graph(path: str) -> dict[str, float]:
    """A graph of igraph, cut at junctions, in both directions where both are open."""
    import pyrosm  # noqa: PLC0415

    start = clock()
    graph = pyrosm.OSM(path).get_graph("driving", graph_type="igraph", retain_all=True)
    return {**since(start), "nodes": graph.vcount(), "edges": graph.ecount()}


REFERENCES = {
    "ours": run_ours,
    "pyosmium": run_pyosmium,
    "pyosmium_plain": run_pyosmium_plain,
    "pyrosm": run_pyrosm,
}
GRAPH = {
    "ours_graph": run_ours_graph,
    "pyrosm_network": run_pyrosm_network,
    "pyrosm_graph": run_pyrosm_graph,
}
ENGINES = {**REFERENCES, **GRAPH}


def in_process(python: str, engine: str, source: Path, path: Path) -> dict[str, float] | None:
    """Run an engine in a process of its own; None if it is not installed there."""
    start = time.perf_counter()
    done = subprocess.run(
        [python, __file__, "--engine", engine, "--large", str(path), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"  {engine}: {done.stderr.strip().splitlines()[-1]}")
        return None
    return {**json.loads(done.stdout.splitlines()[-1]), "whole": time.perf_counter() - start}


def main() -> None:
    """Make the files and compare the engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--copies", type=int, nargs="+", default=[8, 32, 92])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "osm_reader")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each engine")
    parser.add_argument("--skip", nargs="*", default=[], choices=ENGINES)
    parser.add_argument("--pyrosm-python", default=sys.executable)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--large", help="what the engine reads after the source")
    options = parser.parse_args()
    if options.engine:
        ENGINES[options.engine](str(options.source))
        result = ENGINES[options.engine](options.large)
        result["gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(result))
        return
    options.cache.mkdir(parents=True, exist_ok=True)
    for copies in options.copies:
        path = options.cache / f"{options.source.name.split('.')[0]}-x{copies}.osm.pbf"
        if not path.exists():
            multiply(options.source, copies, path)
        compare(path, options)


def compare(path: Path, options: argparse.Namespace) -> None:
    """Run every engine on a file and print what it took, a table for each kind of work."""
    size = path.stat().st_size / 1e6
    for title, engines in (("references, locations, tags", REFERENCES), ("road graph", GRAPH)):
        results = {}
        for engine in engines:
            if engine in options.skip:
                continue
            python = options.pyrosm_python if engine.startswith("pyrosm") else sys.executable
            runs = [in_process(python, engine, options.source, path) for _ in range(options.repeat)]
            if runs[0] is not None:
                results[engine] = min(runs, key=lambda run: run["seconds"])
        show(f"{size:.0f} MB, {title}", results)
        agree(results)


def show(title: str, results: dict[str, dict[str, float]]) -> None:
    """Print a table; ratios are to the first engine."""
    print(f"\n| {title} | s | with start | processor s | peak GB | ratios | |")
    print("|---|---|---|---|---|---|---|")
    first = next(iter(results.values()), {})
    measured = ("seconds", "whole", "cpu", "gb")
    for engine, run in results.items():
        ratios = " / ".join(f"{run[name] / first[name]:.1f}" for name in measured[:3])
        counts = ", ".join(f"{k} {v:.0f}" for k, v in run.items() if k not in measured)
        numbers = " | ".join(f"{run[name]:.2f}" for name in measured)
        print(f"| {engine} | {numbers} | {ratios} | {counts} |", flush=True)


def agree(results: dict[str, dict[str, float]]) -> None:
    """Stop if ours and pyosmium did not read the same."""
    if "ours" in results and "pyosmium" in results:
        for name in ("ways", "refs", "roads", "sum_of_ids"):
            mine, theirs = results["ours"][name], results["pyosmium"][name]
            if mine != theirs:
                sys.exit(f"{name} differ: {mine}, {theirs}")


if __name__ == "__main__":
    main()
