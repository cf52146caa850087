"""Searches: the bucket queue and sweeps beside other engines, on one graph in one run.

    python benchmarks/searches.py [--nodes 100000 300000 1000000] [--roots 6] [--pandana]

Engines that are not installed are left out. All get the same whole milliseconds, nodes in
the same order (along a Hilbert curve, which helps every engine), the same roots, in turn.
Sweeps over a hierarchy are compared with the best library that searches from one root to all
nodes, and with copying the times that they find in memory once, on one thread each.
"""

# ruff: noqa: PLC0415  (engines are imported where they are installed and asked for)
from __future__ import annotations

import argparse
import importlib.util
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay

from geo_border.compute.compiled import in_blocks
from geo_border.routing.engine.contraction import contract
from geo_border.routing.engine.dissection import elimination_order
from geo_border.routing.engine.hierarchy import LANE_STEP, LANES, customise, sweep_to
from geo_border.routing.engine.ordering import hilbert_order
from geo_border.routing.engine.queue import MS_PER_H
from geo_border.routing.engine.searches import (
    milliseconds,
    search,
    search_columns,
    search_graph,
    times_from,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geo_border.routing.engine.hierarchy import Hierarchy, Sweep

T = TypeVar("T")

KMH, SHARE = (40.0, 60.0, 90.0, 110.0), (0.4, 0.35, 0.2, 0.05)


def road_graph(n: int) -> tuple[NDArray[np.float64], csr_array]:
    """Planar graph of 1.3 links a node: triangles thinned, long sides rather than short.

    Positions in km, one node a square km; hours of the edges.
    """
    rng = np.random.default_rng(n)
    xy = rng.random((n, 2)) * np.sqrt(n)
    xy = xy[hilbert_order(*xy.T)]
    corners = Delaunay(xy).simplices
    ends = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), 1)
    pair = np.unique(ends[:, 0].astype(np.int64) * n + ends[:, 1])
    tail, head = pair // n, pair % n
    km = np.linalg.norm(xy[tail] - xy[head], axis=1)
    kept = np.argsort(km * rng.random(len(km)))[: int(1.3 * n)]
    tail, head, km = tail[kept], head[kept], km[kept]
    hours = km / rng.choice(KMH, len(km), p=SHARE)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    matrix = csr_array(coo_array((np.tile(hours, 2), ends), shape=(n, n)))
    matrix.sort_indices()
    return xy, matrix


def peak_mb(work: Callable[[], object]) -> tuple[object, float]:
    """Result of the work and by how much memory rose at the most (Linux only, else nan)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return work(), np.nan

    def field(name: str) -> int:
        line = next(row for row in status.read_text().splitlines() if row.startswith(name))
        return int(line.split()[1])

    Path("/proc/self/clear_refs").write_text("5")
    before = field("VmRSS")
    result = work()
    return result, (field("VmHWM") - before) / 1024


def engines(  # noqa: C901  (a list of engines)
    matrix: csr_array, xy: NDArray[np.float64], columns: NDArray[np.int64]
) -> dict[str, Callable[[], Callable[[int], NDArray[np.float64]]]]:
    """By name, what prepares an engine and gives its search from a root, in hours."""
    n = matrix.shape[0]
    ms = milliseconds(matrix.data).astype(np.int64)
    tail = np.repeat(np.arange(n), np.diff(matrix.indptr))
    found: dict[str, Callable[[], Callable[[int], NDArray[np.float64]]]] = {}

    def ours() -> Callable[[int], NDArray[np.float64]]:
        graph = search_graph(matrix, *xy.T)
        return lambda root: times_from(graph, np.array([root]), columns)[0]

    def our_trees() -> Callable[[int], NDArray[np.float64]]:
        graph = search_graph(matrix, *xy.T)
        return lambda root: search(graph, np.array([root])).hours[0, columns]

    def scipy(*, trees: bool) -> Callable[[int], NDArray[np.float64]]:
        whole = csr_array((ms.astype(float), matrix.indices, matrix.indptr), matrix.shape)

        def one(root: int) -> NDArray[np.float64]:
            result = dijkstra(whole, indices=root, return_predecessors=trees)
            return np.asarray(result[0] if trees else result)[columns] / MS_PER_H

        return one

    def igraph() -> Callable[[int], NDArray[np.float64]]:
        import igraph as ig

        graph = ig.Graph(n, np.column_stack([tail, matrix.indices]).tolist(), directed=True)
        weights = ms.tolist()
        return lambda root: (
            np.array(graph.distances(root, None, weights)[0], float)[columns] / MS_PER_H
        )

    def networkit() -> Callable[[int], NDArray[np.float64]]:
        import networkit as nk

        nk.setNumberOfThreads(1)
        data = ms.astype(float), (tail.astype(np.uint64), matrix.indices.astype(np.uint64))
        graph = nk.GraphFromCoo(data, n=n, weighted=True, directed=True)

        def one(root: int) -> NDArray[np.float64]:
            run = nk.distance.Dijkstra(graph, root, storePaths=False)
            run.run()
            ms_to = np.array(run.getDistances(asarray=True))[columns]
            return np.where(ms_to < 1e300, ms_to, np.inf) / MS_PER_H

        return one

    def networkx() -> Callable[[int], NDArray[np.float64]]:
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from(range(n))
        edges = zip(tail.tolist(), matrix.indices.tolist(), ms.tolist(), strict=True)
        graph.add_weighted_edges_from(edges)

        def one(root: int) -> NDArray[np.float64]:
            found = nx.single_source_dijkstra_path_length(graph, int(root))
            return np.array([found.get(column, np.inf) for column in columns.tolist()]) / MS_PER_H

        return one

    found |= {"geo_border": ours, "geo_border trees": our_trees}
    found |= {"scipy": lambda: scipy(trees=False), "scipy trees": lambda: scipy(trees=True)}
    peers = {"igraph": igraph, "networkit": networkit, "networkx": networkx}
    for name, prepare in peers.items():
        if importlib.util.find_spec(name):
            found[name] = prepare
    return found


def compare(n: int, n_roots: int, *, pandana_too: bool) -> None:
    """Print a table for one size."""
    xy, matrix = road_graph(n)
    labels = connected_components(matrix)[1]
    rng = np.random.default_rng(1)
    roots = rng.choice(np.flatnonzero(labels == np.bincount(labels).argmax()), n_roots)
    columns = rng.choice(n, 10_000)
    print(f"\n{n:,} nodes, {matrix.nnz:,} edges, processor ms for one source (median of {n_roots})")
    ready, preparation, peak = {}, {}, {}
    for name, prepare in engines(matrix, xy, columns).items():
        start = time.perf_counter()
        ready[name], held = peak_mb(prepare)
        preparation[name] = time.perf_counter() - start
        peak[name] = held + peak_mb(lambda one=ready[name]: one(roots[0]))[1]
    cost = {name: [] for name in ready}
    worst = dict.fromkeys(ready, 0.0)
    for root in roots:
        expected = None
        for name, one in ready.items():
            start = time.process_time()
            hours = one(root)
            cost[name].append(time.process_time() - start)
            expected = hours if expected is None else expected
            same = (hours == expected) | (np.isinf(hours) & np.isinf(expected))
            worst[name] = max(worst[name], np.abs(hours[~same] - expected[~same]).max(initial=0.0))
    ours = np.median(cost["geo_border"])
    print(f"{'engine':18}{'ms':>9}{'x ours':>8}{'prepare s':>11}{'peak MB':>9}{'max diff h':>12}")
    for name, seconds in cost.items():
        middle = np.median(seconds)
        print(
            f"{name:18}{1000 * middle:9.1f}{middle / ours:8.2f}{preparation[name]:11.2f}"
            f"{peak[name]:9.0f}{worst[name]:12.1e}"
        )
    graph = search_graph(matrix, *xy.T)
    many = np.resize(roots, 4 * n_roots)
    start = time.perf_counter()
    search_columns(graph, many, columns)
    each = 1000 * (time.perf_counter() - start) / len(many)
    print(f"{'by the clock, ' + str(os.cpu_count()) + ' cores':24}{each:.1f} ms")
    best = compare_matrix(matrix, xy, rng, 1000 * ours, pandana_too=pandana_too)
    for name in {"scipy", "networkit", "igraph"} & set(cost):
        best = min(best, 1000 * float(np.median(cost[name])))
    compare_sweeps(matrix, xy, 1000 * ours, best)


def sweeping(matrix: csr_array) -> tuple[Hierarchy, dict[str, float]]:
    """Hierarchy, and the processor seconds of each step to it."""
    seconds = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        result = work()
        seconds[step] = time.process_time() - start
        return result

    order = timed("order", lambda: elimination_order(matrix))
    contraction = timed("contract", lambda: contract(matrix, order))
    assert contraction is not None
    return timed("customise", lambda: customise(contraction, matrix)), seconds


def median_ms(work: Callable[[], object], *, searches: int = LANES, times: int = 5) -> float:
    """Processor milliseconds of one of the searches that the work consists of."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * float(np.median(taken)) / searches


def compare_sweeps(matrix: csr_array, xy: NDArray[np.float64], queue: float, best: float) -> None:
    """Sweeps over a hierarchy: what preparing takes, and a search when it is done."""
    n = matrix.shape[0]
    hierarchy, seconds = sweeping(matrix)
    print("to prepare sweeps, s: " + ", ".join(f"{name} {s:.2f}" for name, s in seconds.items()))
    labels = connected_components(matrix)[1]
    rng = np.random.default_rng(2)
    roots = rng.choice(np.flatnonzero(labels == np.bincount(labels).argmax()), LANES)
    everything = sweep_to(hierarchy, np.arange(n))
    found = np.zeros((n, LANES), np.uint32)
    half = n // 2
    floor = median_ms(lambda: np.copyto(found[:half], found[half : 2 * half]), searches=LANES // 2)
    sweep = median_ms(lambda: everything.fill(roots, found))
    sixteen = np.zeros((n, LANE_STEP), np.uint32)
    narrow = median_ms(lambda: everything.fill(roots[:LANE_STEP], sixteen), searches=LANE_STEP)
    head = f"{'a search by sweep':34}{'ms':>9}{'queue / it':>12}{'best library / it':>19}"
    print(f"{head}{'it / memory':>13}")

    def row(name: str, ms: float) -> None:
        print(f"{name:34}{ms:9.3f}{queue / ms:12.0f}{best / ms:19.0f}{ms / floor:13.1f}")

    print(f"(the best library takes {best:.1f} ms, the copy in memory {floor:.3f} ms)")
    row(f"all nodes, {LANES} roots at once", sweep)
    row(f"all nodes, {LANE_STEP} roots at once", narrow)
    graph = search_graph(matrix, *xy.T)
    for c in sorted({10_000, n // 10}):
        columns = rng.choice(n, c)
        some = sweep_to(hierarchy, columns)
        row(f"hours to {c:,} nodes", median_ms(lambda some=some: some.times(roots)))
        expected = times_from(graph, roots[:8], columns)
        hours = some.times(roots)[:8]
        same = hours == expected
        worst = np.abs(hours[~same] - expected[~same]).max(initial=0.0)
        print(f"  greatest difference from the queue {worst:.1e} h")
    cores = os.cpu_count() or 1
    start = time.perf_counter()
    list(in_blocks(LANES * cores * 4, partial(some_times, some, roots), size=LANES))
    clock = (time.perf_counter() - start) / (LANES * cores * 4)
    print(f"{'by the clock, ' + str(cores) + ' cores':34}{1000 * clock:9.3f}")
    whole = 1000 * sum(seconds.values())
    print(
        f"sweeps to all nodes pay from {whole / (queue - sweep):.0f} searches,"
        f" {(whole - 1000 * seconds['order']) / (queue - sweep):.0f} if the order is known"
    )


def some_times(sweep: Sweep, roots: NDArray[np.int64], rows: slice) -> NDArray[np.float64]:
    """Times from as many roots as there are rows."""
    return sweep.times(np.resize(roots, rows.stop - rows.start))


def compare_matrix(
    matrix: csr_array,
    xy: NDArray[np.float64],
    rng: np.random.Generator,
    ours: float,
    *,
    pandana_too: bool,
) -> float:
    """Rows of 64 x 10,000 times by engines that prepare for them; their best to all nodes, ms."""
    n = matrix.shape[0]
    sources, targets = rng.choice(n, 64), rng.choice(n, 10_000)
    hierarchy, seconds = sweeping(matrix)
    some = sweep_to(hierarchy, targets)
    print(f"{'rows of 64 x 10,000':24}{'ms':>9}{'x queue':>9}{'prepare s':>11}{'all nodes ms':>14}")

    def row(name: str, ready: float, ms: float, all_nodes: float = np.nan) -> float:
        print(f"{name:24}{ms:9.2f}{ms / ours:9.3f}{ready:11.2f}{all_nodes:14.1f}")
        return all_nodes

    row("geo_border", sum(seconds.values()), median_ms(lambda: some.times(sources)))
    found = [np.inf]
    if importlib.util.find_spec("pyroutingkit"):
        found.append(row("pyroutingkit", *pyroutingkit_rows(matrix, xy, sources, targets)))
    if importlib.util.find_spec("routingkit_cch"):
        found.append(row("routingkit-cch", *routingkit_cch_rows(matrix, xy, sources, targets)))
    if pandana_too and importlib.util.find_spec("pandana"):
        row("pandana", *pandana_rows(matrix, xy, sources, targets))
    return min(found)


def pyroutingkit_rows(
    matrix: csr_array,
    xy: NDArray[np.float64],
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
) -> tuple[float, float, float]:
    """Seconds to prepare, ms of a row to the targets, ms of a row to all nodes."""
    import pyroutingkit

    n = matrix.shape[0]
    tail = np.repeat(np.arange(n), np.diff(matrix.indptr))
    lat, lon = (xy[:, axis].astype(np.float32) / 111 for axis in (1, 0))
    start = time.process_time()
    index = pyroutingkit.CCH()
    index.build_topology(tail.astype(np.uint32), matrix.indices.astype(np.uint32), lat, lon, n)
    index.customize_weights(milliseconds(matrix.data))
    ready = time.process_time() - start

    def rows(few: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
        ends = few.astype(np.uint32), wanted.astype(np.uint32)
        return median_ms(lambda: index.distances_many_to_many(*ends), searches=len(few), times=1)

    return ready, rows(sources, targets), rows(sources[:4], np.arange(n))


def routingkit_cch_rows(
    matrix: csr_array,
    xy: NDArray[np.float64],
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
) -> tuple[float, float, float]:
    """As `pyroutingkit_rows`."""
    import routingkit_cch

    n = matrix.shape[0]
    ends = np.repeat(np.arange(n), np.diff(matrix.indptr)).tolist(), matrix.indices.tolist()
    lat, lon = ((xy[:, axis] / 111).tolist() for axis in (1, 0))
    start = time.process_time()
    order = routingkit_cch.compute_order_inertial(n, *ends, lat, lon)
    graph = routingkit_cch.CCH(order, *ends, False)
    metric = routingkit_cch.CCHMetric(graph, milliseconds(matrix.data).tolist())
    ready = time.process_time() - start

    def rows(few: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
        to_all = routingkit_cch.CCHOneToMany(metric, wanted.tolist())
        return median_ms(
            lambda: [to_all.distances_from(source) for source in few.tolist()],
            searches=len(few),
            times=1,
        )

    return ready, rows(sources, targets), rows(sources[:4], np.arange(n))


def pandana_rows(
    matrix: csr_array,
    xy: NDArray[np.float64],
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
) -> tuple[float, float]:
    """Seconds to prepare, ms of a row to the targets."""
    import pandana
    import pandas as pd

    start = time.process_time()
    graph = pandana.Network(
        pd.Series(xy[:, 0]),
        pd.Series(xy[:, 1]),
        pd.Series(np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))),
        pd.Series(matrix.indices),
        # It multiplies by 1000 and cuts: seconds and a third of a millisecond keep them whole.
        pd.DataFrame({"s": (milliseconds(matrix.data) + 0.3) / 1000}),
        twoway=False,
    )
    ready = time.process_time() - start
    pairs = np.repeat(sources[:4], len(targets)), np.tile(targets, 4)
    row = median_ms(lambda: graph.shortest_path_lengths(*pairs, imp_name="s"), searches=4, times=1)
    return ready, row


def main() -> None:
    """Compare at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--roots", type=int, default=6)
    parser.add_argument("--pandana", action="store_true", help="prepares longest")
    options = parser.parse_args()
    sweep_to(sweeping(road_graph(1000)[1])[0], np.arange(9)).times(np.arange(9))  # compiles
    for n in options.nodes:
        compare(n, options.roots, pandana_too=options.pandana)


if __name__ == "__main__":
    main()
